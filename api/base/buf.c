/* See buf.h. */
#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "text.h"

static bool room(struct buf *, size_t);
static size_t plain_run(const char *, size_t);

void
buf_init(struct buf *b, size_t limit)
{
	REQUIRE(limit > 0);
	*b = (struct buf){ .limit = limit };
}

void
buf_free(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->over = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void
buf_grow(struct buf *b, const void *p, size_t n)
{
	if (!room(b, n) || n == 0)
		return;
	memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	REQUIRE(n >= 0);
	if (room(b, (size_t)n)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	char text[U64_TEXT];

	buf_str(b, u64_text(text, v));
}

void
buf_reserve(struct buf *b, size_t n)
{
	if (!b->over && n <= b->limit - b->len)
		(void)room(b, n);
}

char *
buf_take(struct buf *b, size_t *len)
{
	char *data;

	room(b, 0);
	data = b->data;
	if (len != NULL)
		*len = b->len;
	b->data = NULL;
	b->len = b->cap = 0;
	return data;
}

void
buf_json(struct buf *b, const char *s)
{
	if (s == NULL)
		buf_str(b, "null");
	else
		buf_json_n(b, s, strlen(s));
}

void
buf_json_n(struct buf *b, const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const char *end = s + n;

	/* Most texts stand as they are: one copy, between two quotes. */
	if (n + 2 < b->cap - b->len && !b->over && n + 2 <= b->limit - b->len &&
	    plain_run(s, n) == n) {
		char *to = b->data + b->len;

		*to = '"';
		memcpy(to + 1, s, n);
		to[n + 1] = '"';
		to[n + 2] = '\0';
		b->len += n + 2;
		return;
	}
	buf_char(b, '"');
	for (;;) {
		char esc[6] = { '\\', 'u', '0', '0', 0, 0 };
		size_t len = plain_run(s, (size_t)(end - s));
		unsigned char c;

		buf_add(b, s, len);
		s += len;
		if (s == end)
			break;
		c = (unsigned char)*s++;
		len = 2;
		switch (c) {
		case '"':
		case '\\': esc[1] = (char)c; break;
		case '\n': esc[1] = 'n'; break;
		case '\r': esc[1] = 'r'; break;
		case '\t': esc[1] = 't'; break;
		default:
			esc[4] = hex[c >> 4];
			esc[5] = hex[c & 15];
			len = 6;
		}
		buf_add(b, esc, len);
	}
	buf_char(b, '"');
}

void
buf_key(struct buf *b, const char *key)
{
	buf_comma(b);
	buf_json(b, key);
	buf_char(b, ':');
}

void
buf_comma(struct buf *b)
{
	char last = b->len > 0 ? b->data[b->len - 1] : '{';

	if (last != '{' && last != '[' && last != ':' && last != ',')
		buf_char(b, ',');
}

/* How many bytes stand as they are in a JSON string: eight at a time, then
 * one by one. */
static size_t
plain_run(const char *s, size_t n)
{
	const uint64_t ones = 0x0101010101010101u, highs = ones << 7;
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t x, quote, slash, del;

		memcpy(&x, s + i, 8);
		quote = x ^ ones * '"';
		slash = x ^ ones * '\\';
		del = x ^ ones * 0x7f;
		/* A byte below m turns its high bit on in x - m; one that had
		 * it on before is no such byte. */
		if ((((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) |
		    ((slash - ones) & ~slash) | ((del - ones) & ~del)) & highs)
			break;
	}
	for (; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
			break;
	}
	return i;
}

/* Makes room for n more bytes and a NUL; false and `over` at the limit. */
static bool
room(struct buf *b, size_t n)
{
	size_t cap = b->cap > 0 ? b->cap : 256;
	char *data;

	if (b->over || n > b->limit - b->len) {
		b->over = true;
		return false;
	}
	if (b->data != NULL && b->cap - b->len > n)
		return true;
	while (cap - b->len <= n)
		cap *= 2;
	data = realloc(b->data, cap);
	REQUIRE(data != NULL);
	if (b->data == NULL)
		data[0] = '\0';
	b->data = data;
	b->cap = cap;
	return true;
}

void
buf_element(struct buf *b, const char *s)
{
	if (b->len > 0 && b->data[b->len - 1] != '{')
		buf_char(b, ',');
	if (s == NULL) {
		buf_str(b, "NULL");
		return;
	}
	buf_char(b, '"');
	for (;;) {
		size_t n = strcspn(s, "\"\\");

		buf_add(b, s, n);
		s += n;
		if (*s == '\0')
			break;
		buf_char(b, '\\');
		buf_char(b, *s++);
	}
	buf_char(b, '"');
}
