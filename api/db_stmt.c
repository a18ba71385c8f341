/* Which statements a connection knows: the registered ones by slot, others
 * by their text in a small cache. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db_conn.h"

static const struct stmt *stmts[SLOTS_MAX];
static size_t nstmts;
/* Slots by the address of their stmt, open addressing. */
static short by_address[4 * SLOTS_MAX];

static size_t address_hash(const struct stmt *);
static bool text_ready(struct conn *, struct job *, unsigned index,
    const struct stmt *, struct text_slot **);
static uint64_t text_hash(const struct stmt *);
static struct text_slot *text_find(struct conn *, const struct stmt *,
    uint64_t hash);
static struct text_slot *text_victim(struct conn *);

void
db_register(const struct stmt *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t h = address_hash(list[i]);

		if (stmt_slot(list[i]) >= 0)
			continue;
		REQUIRE(nstmts < SLOTS_MAX && list[i]->name != NULL);
		for (size_t k = 0; k < nstmts; k++)
			REQUIRE(strcmp(stmts[k]->name, list[i]->name) != 0);
		while (by_address[h] != 0)
			h = (h + 1) % COUNT(by_address);
		stmts[nstmts++] = list[i];
		by_address[h] = (short)nstmts;
	}
}

const struct stmt *
stmt_at(size_t i)
{
	return stmts[i];
}

size_t
stmt_count(void)
{
	return nstmts;
}

int
stmt_slot(const struct stmt *s)
{
	for (size_t h = address_hash(s); by_address[h] != 0;
	     h = (h + 1) % COUNT(by_address))
		if (stmts[by_address[h] - 1] == s)
			return by_address[h] - 1;
	return -1;
}

const char *
stmt_ready(struct conn *c, struct job *j, unsigned index,
    const struct stmt *s)
{
	int slot = s->name != NULL ? stmt_slot(s) : -1;
	struct text_slot *t = NULL;
	bool *prepared;

	if (slot < 0 && !text_ready(c, j, index, s, &t))
		return NULL;
	prepared = slot >= 0 ? &c->prepared[slot] : &t->prepared;
	if (*prepared)
		return slot >= 0 ? s->name : t->name;
	*prepared = true;
	if (PQsendPrepare(c->pg, slot >= 0 ? s->name : t->name, s->sql, 0,
	    NULL) == 0)
		return NULL;
	job_expect(j, PART_PREPARE, index);
	j->expect[j->n - 1].slot = slot;
	j->expect[j->n - 1].text = t == NULL ? 0 : (unsigned)(t - c->text);
	j->expect[j->n - 1].serial = t == NULL ? 0 : t->serial;
	return slot >= 0 ? s->name : t->name;
}

/* The statement's place in the cache; another may have to leave it. */
static bool
text_ready(struct conn *c, struct job *j, unsigned index,
    const struct stmt *s, struct text_slot **out)
{
	uint64_t hash = text_hash(s);
	struct text_slot *t = text_find(c, s, hash);
	char sql[64];

	if (t == NULL) {
		t = text_victim(c);
		if (t->prepared) {
			(void)snprintf(sql, sizeof(sql), "deallocate %s",
			    t->name);
			if (PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL,
			    NULL, 0) == 0)
				return false;
			job_expect(j, PART_CLOSE, index);
		}
		free(t->sql);
		t->of = s->name != NULL ? s : NULL;
		t->sql = strdup(s->name != NULL ? "" : s->sql);
		REQUIRE(t->sql != NULL);
		t->hash = hash;
		t->serial = ++c->serial;
		(void)snprintf(t->name, sizeof(t->name), "t%u", t->serial);
		t->prepared = false;
	}
	t->used = ++c->used;
	*out = t;
	return true;
}

void
stmt_forget(struct conn *c)
{
	memset(c->prepared, 0, sizeof(c->prepared));
	memset(c->broken, 0, sizeof(c->broken));
	for (size_t i = 0; i < TEXTS_MAX; i++)
		free(c->text[i].sql);
	memset(c->text, 0, sizeof(c->text));
}

const struct stmt *
stmt_broken(const struct conn *c)
{
	for (size_t i = 0; i < nstmts; i++)
		if (c->broken[i])
			return stmts[i];
	return NULL;
}

static struct text_slot *
text_find(struct conn *c, const struct stmt *s, uint64_t hash)
{
	for (size_t i = 0; i < TEXTS_MAX; i++) {
		struct text_slot *t = &c->text[i];

		if (t->sql != NULL && t->hash == hash && (s->name != NULL
		    ? t->of == s : t->of == NULL &&
		    strcmp(t->sql, s->sql) == 0))
			return t;
	}
	return NULL;
}

/* A free place, or the one not used for the longest time. */
static struct text_slot *
text_victim(struct conn *c)
{
	struct text_slot *v = &c->text[0];

	for (size_t i = 0; i < TEXTS_MAX; i++) {
		if (c->text[i].sql == NULL)
			return &c->text[i];
		if (c->text[i].used < v->used)
			v = &c->text[i];
	}
	return v;
}

static size_t
address_hash(const struct stmt *s)
{
	return (size_t)(((uintptr_t)s >> 4) * 2654435761u) %
	    COUNT(by_address);
}

/* As FNV-1a, eight bytes at a time, of the text; one with a name is known by
 * its address. */
static uint64_t
text_hash(const struct stmt *s)
{
	uint64_t h = 14695981039346656037u, part;

	if (s->name != NULL)
		return (uint64_t)(uintptr_t)s;
	for (size_t n = strlen(s->sql), i = 0; i < n; i += sizeof part) {
		part = 0;
		memcpy(&part, s->sql + i, n - i < sizeof part ? n - i
							      : sizeof part);
		h = (h ^ part) * 1099511628211u;
		h ^= h >> 32;
	}
	return h;
}
