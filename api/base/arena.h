/*
 * Memory that lives exactly as long as one request or one sync pass: taken
 * piece by piece, given back all at once. Running out of memory aborts;
 * going over the arena's limit aborts too, so every input that sizes an
 * allocation must have been bounded before.
 * With -DARENA_DEBUG each piece is its own malloc, so that sanitizers see it.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct chunk;

struct arena {
	struct chunk *first; /* newest chunk */
	size_t used;	     /* bytes taken, all chunks */
	size_t limit;	     /* 0 = none */
};

void arena_init(struct arena *, size_t limit);
/* Zeroed, aligned for any type; never NULL. */
void *arena_alloc(struct arena *, size_t bytes);
/* n * size, checked for overflow. */
void *arena_array(struct arena *, size_t n, size_t size);
char *arena_strdup(struct arena *, const char *);
char *arena_strndup(struct arena *, const char *, size_t);
char *arena_printf(struct arena *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_int(struct arena *, int64_t); /* in decimal digits */
char *arena_vprintf(struct arena *, const char *, va_list)
    __attribute__((format(printf, 2, 0)));
/* Overwrites everything that was taken: it held a secret. */
void arena_scrub(struct arena *);
/* Everything back; the arena may be used again. */
void arena_free(struct arena *);

#endif
