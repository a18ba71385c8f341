/* Code sets: a sorted-by-set array of items over an optional base. */
#include "codes.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

#define SLOTS 1024 /* of which at most half are taken */

struct codes {
	struct arena *arena;
	const struct codes *base;
	struct code *item; /* items of one set lie together */
	size_t n, cap;
	struct span {	   /* where each set lies, in the order of item */
		const char *set;
		size_t first, n;
	} *span;
	size_t nspans, spancap;
	unsigned short slot[SLOTS]; /* spans by hash of the set's name, + 1 */
};

static struct span *span_of(const struct codes *, const char *set);
static struct span *span_add(struct codes *, const char *set);
static unsigned hash(const char *);
static int by_name(const void *, const void *);

struct codes *
codes_new(struct arena *a, const struct codes *base)
{
	struct codes *c = arena_alloc(a, sizeof *c);

	c->arena = a;
	c->base = base;
	return c;
}

void
codes_add(struct codes *c, const char *set, const char *code,
    const char *label)
{
	struct span *span = span_of(c, set);
	struct code *item;
	size_t at;

	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 64;
		struct code *more = arena_array(c->arena, cap, sizeof *more);

		if (c->n > 0)
			memcpy(more, c->item, c->n * sizeof *more);
		c->item = more;
		c->cap = cap;
	}
	if (span == NULL) {
		span = span_add(c, set);
		span->first = c->n;
	}
	at = span->first + span->n++;
	item = c->item + at;
	memmove(item + 1, item, (c->n - at) * sizeof *item);
	*item = (struct code) { span->set, arena_strdup(c->arena, code),
		arena_strdup(c->arena, label) };
	c->n++;
	while (++span < c->span + c->nspans)
		span->first++;
}

size_t
codes_items(const struct codes *c, const char *set, const struct code **items)
{
	for (; c != NULL; c = c->base) {
		const struct span *span = span_of(c, set);

		if (span != NULL) {
			*items = c->item + span->first;
			return span->n;
		}
	}
	*items = NULL;
	return 0;
}

size_t
codes_sets(const struct codes *c, struct arena *a, const char ***sets)
{
	size_t room = 0, n = 0, kept = 0;

	for (const struct codes *k = c; k != NULL; k = k->base)
		room += k->nspans;
	*sets = arena_array(a, room + 1, sizeof **sets);
	for (const struct codes *k = c; k != NULL; k = k->base)
		for (size_t i = 0; i < k->nspans; i++)
			(*sets)[n++] = k->span[i].set;
	qsort(*sets, n, sizeof **sets, by_name);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp((*sets)[kept - 1], (*sets)[i]) != 0)
			(*sets)[kept++] = (*sets)[i];
	return kept;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *
codes_find(const struct codes *c, const char *set, const char *typed)
{
	const struct code *item;
	const char *found = NULL, *key;
	struct arena scratch;
	size_t n = codes_items(c, set, &item);

	for (size_t i = 0; i < n; i++)
		if (strcmp(item[i].label, typed) == 0 ||
		    strcmp(item[i].code, typed) == 0)
			return item[i].code;
	arena_init(&scratch, 0);
	key = text_key(&scratch, typed);
	for (size_t i = 0; i < n && *key != '\0' && found == NULL; i++)
		if (strcmp(text_key(&scratch, item[i].label), key) == 0)
			found = item[i].code;
	arena_free(&scratch);
	return found;
}

const char *
codes_label(const struct codes *c, const char *set, const char *code)
{
	const struct code *item;
	size_t n = codes_items(c, set, &item);

	for (size_t i = 0; i < n; i++)
		if (strcmp(item[i].code, code) == 0)
			return item[i].label;
	return code;
}

static struct span *
span_of(const struct codes *c, const char *set)
{
	for (unsigned at = hash(set); c->slot[at % SLOTS] != 0; at++) {
		struct span *span = &c->span[c->slot[at % SLOTS] - 1];

		if (strcmp(span->set, set) == 0)
			return span;
	}
	return NULL;
}

/* An empty one behind the others. */
static struct span *
span_add(struct codes *c, const char *set)
{
	unsigned at = hash(set);

	REQUIRE(c->nspans < SLOTS / 2);
	while (c->slot[at % SLOTS] != 0)
		at++;
	c->slot[at % SLOTS] = (unsigned short)(c->nspans + 1);
	if (c->nspans == c->spancap) {
		size_t cap = c->spancap ? c->spancap * 2 : 16;
		struct span *more = arena_array(c->arena, cap, sizeof *more);

		if (c->nspans > 0)
			memcpy(more, c->span, c->nspans * sizeof *more);
		c->span = more;
		c->spancap = cap;
	}
	c->span[c->nspans].set = arena_strdup(c->arena, set);
	return &c->span[c->nspans++];
}

static unsigned
hash(const char *s)
{
	unsigned h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}
