/*
 * A byte buffer that doubles and has a limit. Going over the limit never
 * writes: it sets `over`, which the owner checks once at the end.
 * data is always NUL-terminated (the NUL is not counted in len).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *data;
	size_t len, cap, limit;
	bool over;
};

void buf_init(struct buf *, size_t limit);
void buf_free(struct buf *);
void buf_reset(struct buf *);
/* What buf_add() does when there is no room yet. */
void buf_grow(struct buf *, const void *, size_t);
void buf_printf(struct buf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* The number in decimal. */
void buf_u64(struct buf *, uint64_t);
/* Room for n more bytes at once, where the length can be told before. */
void buf_reserve(struct buf *, size_t n);
/* The bytes, to be freed by the caller; the buffer is empty afterwards. */
char *buf_take(struct buf *, size_t *len);

/* JSON: s must be valid UTF-8. NULL writes null. */
void buf_json(struct buf *, const char *s);
void buf_json_n(struct buf *, const char *s, size_t n);
/* A text of PostgreSQL's {…}, in quotes; NULL writes NULL. With a comma before
 * it unless the last byte is {. */
void buf_element(struct buf *, const char *s);
/* "key": — with a comma before it unless the last byte is { or [ . */
void buf_key(struct buf *, const char *key);
/* A comma unless the last byte is { [ or : . */
void buf_comma(struct buf *);

static inline void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (n >= b->cap - b->len || n > b->limit - b->len || b->over) {
		buf_grow(b, p, n);
		return;
	}
	memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

static inline void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void
buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

#endif
