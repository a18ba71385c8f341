/* See arena.h: chunks are linked, newest first; pieces are 16-byte aligned. */
#include "arena.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

#define CHUNK_FIRST ((size_t)8 * 1024)
#define CHUNK_MOST ((size_t)1024 * 1024)
#define ALIGNMENT ((size_t)16)

struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(16) unsigned char data[];
};

static struct chunk *chunk_new(struct arena *, size_t);

void
arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){ .limit = limit };
}

void *
arena_alloc(struct arena *a, size_t bytes)
{
	struct chunk *c = a->first;
	unsigned char *p;

	REQUIRE(bytes < SIZE_MAX / 2);
	bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	a->used += bytes;
	REQUIRE(a->limit == 0 || a->used <= a->limit);
	if (c == NULL || c->size - c->used < bytes)
		c = chunk_new(a, bytes);
	p = c->data + c->used;
	c->used += bytes;
	return memset(p, 0, bytes);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	REQUIRE(size == 0 || n < SIZE_MAX / 2 / size);
	return arena_alloc(a, n * size);
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n > 0)
		memcpy(p, s, n);
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

char *
arena_int(struct arena *a, int64_t n)
{
	return arena_printf(a, "%" PRId64, n);
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *s;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	REQUIRE(n >= 0);
	s = arena_alloc(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}

void
arena_scrub(struct arena *a)
{
	for (struct chunk *c = a->first; c != NULL; c = c->next)
		explicit_bzero(c->data, c->used);
}

void
arena_free(struct arena *a)
{
	struct chunk *c, *next;

	for (c = a->first; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	a->first = NULL;
	a->used = 0;
}

/* Chunks double up to 1 MiB, so that a big pass takes few of them. */
static struct chunk *
chunk_new(struct arena *a, size_t bytes)
{
	size_t size = a->first != NULL ? a->first->size * 2 : CHUNK_FIRST;
	struct chunk *c;

	if (size > CHUNK_MOST)
		size = CHUNK_MOST;
	if (size < bytes)
		size = bytes;
#ifdef ARENA_DEBUG
	size = bytes;
#endif
	c = malloc(sizeof(*c) + size);
	REQUIRE(c != NULL);
	c->size = size;
	c->used = 0;
	c->next = a->first;
	a->first = c;
	return c;
}
