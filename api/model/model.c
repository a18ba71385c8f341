/* The registry of entities, and the self-check the server starts with. */
#include "model.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../base/err.h"
#include "chapters.h"

#define SLOTS 512

/* Each chapter names its entities, NULL-ended. */
static const struct entity *const *const chapters[] = {
	base_chapter,
	people_chapter,
	project_chapter,
	fund_chapter,
	asset_chapter,
	benefit_chapter,
	risk_chapter,
	order_chapter,
	form_chapter,
	archive_chapter,
	report_chapter,
};

static const struct entity *entities[ENTITIES_MAX];
static size_t count;

static void gather(void);
static unsigned hash(const char *);
static void check_fields(const struct entity *);
static void check_moves(const struct entity *);

void
model_check(void)
{
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entities[i];

		REQUIRE(e->name && e->path && e->table && e->label && e->text);
		REQUIRE(entity_find(e->name) == e); /* names are unique */
		check_fields(e);
		check_moves(e);
	}
}

size_t
entity_count(void)
{
	if (count == 0)
		gather();
	return count;
}

const struct entity *
entity_at(size_t i)
{
	return i < entity_count() ? entities[i] : NULL;
}

/* By its address. */
size_t
entity_number(const struct entity *e)
{
	static const struct entity *known[SLOTS];
	static unsigned char number[SLOTS];
	size_t at = (uintptr_t)e / sizeof *e % SLOTS, i = 0;

	for (; known[at] != NULL; at = (at + 1) % SLOTS)
		if (known[at] == e)
			return number[at];
	while (i < entity_count() && entities[i] != e)
		i++;
	REQUIRE(i < entity_count());
	number[at] = (unsigned char)i;
	known[at] = e;
	return i;
}

const struct entity *
entity_find(const char *name)
{
	static size_t last; /* asked again and again for the same route */

	if (last < entity_count() && strcmp(entities[last]->name, name) == 0)
		return entities[last];
	for (size_t i = 0; i < entity_count(); i++)
		if (strcmp(entities[i]->name, name) == 0)
			return entities[last = i];
	return NULL;
}

const struct entity *
entity_by_path(const char *path)
{
	for (size_t i = 0; i < entity_count(); i++)
		if (strcmp(entities[i]->path, path) == 0)
			return entities[i];
	return NULL;
}

size_t
field_total(const struct entity *e)
{
	return e->nfields + (e->business ? ncommon_fields : 0);
}

/* In the order of the table's columns, so that PostgreSQL hands out what it
 * reads without turning it over: its id, its own fields, the common ones, and
 * those of its own that came later. */
const struct field *
field_at(const struct entity *e, int i)
{
	size_t first = e->nfields - e->nlate, at;

	if (i < 0 || (size_t)i >= field_total(e))
		return NULL;
	if (!e->business)
		return &e->fields[i];
	at = (size_t)i;
	if (at > 0 && at <= first)
		return &e->fields[at - 1];
	if (at >= first + ncommon_fields)
		return &e->fields[at - ncommon_fields];
	return &common_fields[at > 0 ? at - first : 0];
}

/* Asked some hundred times for every row of a list: a hash of each entity's
 * names, made at its first use. */
int
field_index(const struct entity *e, const char *name)
{
	static short slots[ENTITIES_MAX][SLOTS];
	static bool made[ENTITIES_MAX];
	size_t which = entity_number(e);

	if (!made[which]) {
		REQUIRE(field_total(e) < SLOTS / 2);
		for (size_t i = 0; i < field_total(e); i++) {
			unsigned at = hash(field_at(e, (int)i)->name);

			while (slots[which][at % SLOTS] != 0)
				at++;
			slots[which][at % SLOTS] = (short)(i + 1);
		}
		made[which] = true;
	}
	for (unsigned at = hash(name); slots[which][at % SLOTS] != 0; at++) {
		int i = slots[which][at % SLOTS] - 1;

		if (strcmp(field_at(e, i)->name, name) == 0)
			return i;
	}
	return -1;
}

bool
field_searched(const struct entity *e, const struct field *f)
{
	unsigned flag = F_LABEL;

	for (size_t i = 0; i < field_total(e); i++)
		if ((field_at(e, (int)i)->flags & F_SEARCH) != 0 &&
		    field_at(e, (int)i)->type == T_TEXT)
			flag = F_SEARCH;
	return f->type == T_TEXT && (f->flags & flag) != 0;
}

bool
entity_made(const struct entity *e)
{
	const struct field *parent = e->parent != NULL
	    ? field_at(e, field_index(e, e->parent)) : NULL;
	size_t writable = 0;

	if (parent != NULL && (parent->flags & F_SERVER))
		return false;
	for (size_t i = 0; i < e->nfields; i++)
		writable += !(e->fields[i].flags & (F_SERVER | F_COMMAND)) &&
		    &e->fields[i] != parent;
	return writable > 0;
}

const char *
entity_group(const struct entity *e)
{
	return e->group != NULL ? e->group : e->name;
}

static void
gather(void)
{
	for (size_t c = 0; c < COUNT(chapters); c++) {
		for (size_t i = 0; chapters[c][i] != NULL; i++) {
			REQUIRE(count < ENTITIES_MAX);
			entities[count++] = chapters[c][i];
		}
	}
}

static unsigned
hash(const char *s)
{
	unsigned h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static void
check_fields(const struct entity *e)
{
	size_t n = field_total(e);

	for (size_t i = 0; i < n; i++) {
		const struct field *f = field_at(e, (int)i);

		REQUIRE(f->name && f->label && f->text && f->source);
		REQUIRE(field_index(e, f->name) == (int)i);
		REQUIRE((f->type != T_CODE && f->type != T_CODES) ||
		    f->of != NULL);
		REQUIRE(f->min <= f->max);
		REQUIRE(f->clearance >= 0 && f->clearance <= 4);
		/* Personal data is never open to everybody. */
		REQUIRE(!(f->flags & F_PII) || f->clearance > 0);
		REQUIRE(!(f->flags & F_PII) == (field_pii(f) == PII_NONE));
		REQUIRE(field_pii(f) < PII__MAX);
		REQUIRE(!(f->flags & F_REQUIRED) ||
		    !(f->flags & (F_SERVER | F_COMMAND)));
	}
	REQUIRE(e->state == NULL || field_index(e, e->state) >= 0);
	REQUIRE(!e->business || e->nmoves == 0 || e->state != NULL);
	REQUIRE(e->parent == NULL || field_index(e, e->parent) >= 0);
	REQUIRE(e->category == NULL || field_index(e, e->category) >= 0);
	for (size_t i = 0; e->key && e->key[i]; i++)
		REQUIRE(field_index(e, e->key[i]) >= 0);
	for (size_t i = 0; e->refusals && e->refusals[i].constraint; i++)
		REQUIRE(field_index(e, e->refusals[i].field) >= 0);
	for (size_t i = 0; e->quality && e->quality[i].rule; i++)
		REQUIRE(field_index(e, e->quality[i].field) >= 0);
}

static void
check_moves(const struct entity *e)
{
	for (size_t i = 0; i < e->nmoves; i++) {
		const struct move *m = &e->moves[i];

		REQUIRE(m->name && m->label && m->who && m->source);
		for (size_t k = 0; m->need && m->need[k]; k++)
			REQUIRE(field_index(e, m->need[k]) >= 0);
		for (size_t k = 0; m->take && m->take[k]; k++)
			REQUIRE(field_index(e, m->take[k]) >= 0);
		for (size_t k = 0; m->effects && m->effects[k].field; k++)
			REQUIRE(field_index(e, m->effects[k].field) >= 0);
		for (size_t k = 0; k < i; k++)
			REQUIRE(strcmp(e->moves[k].name, m->name) != 0);
	}
}
