/* The natural keys of many rows: which part each of them has, sent or stored. */
#include <stdlib.h>
#include <string.h>

#include "bulk.h"
#include "mask.h"
#include "query.h"
#include "value.h"

#define LIST_MAX (32u << 20)

static size_t key_parts(const struct entity *, const struct field **);
static bool placed(const struct entity *);
static const char *key_sent(struct request *, const struct entity *,
    const struct bulk_row *, struct buf *);
static const char *key_with(struct request *, const char *text,
    const char *part);

void
key_build(struct buf *b, const struct entity *e)
{
	const struct field *part[KEY_MAX];
	size_t n = key_parts(e, part);

	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s$%zu::%s[]", i == 0
		    ? " UNION SELECT o.id FROM unnest(" : ", ", 6 + i,
		    query_cast(part[i]));
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%s", i == 0 ? ") k(" : ", ", part[i]->name);
	buf_printf(b, ") JOIN %s o ON o.voided_at IS NULL", e->table);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, " AND o.%s = k.%s", part[i]->name,
		    part[i]->name);
}

size_t
key_plan(struct request *r, const struct entity *e, struct bulk *b,
    const char **list)
{
	const struct field *part[KEY_MAX];
	size_t n = e->key != NULL ? key_parts(e, part) : 0;
	struct buf text[KEY_MAX];

	for (size_t k = 0; k < n; k++) {
		buf_init(&text[k], LIST_MAX);
		buf_char(&text[k], '{');
	}
	for (size_t i = 0; n > 0 && i < b->n; i++)
		if (b->row[i].what != BULK_BAD && b->row[i].id == NULL)
			b->row[i].key = key_sent(r, e, &b->row[i], text);
	for (size_t k = 0; k < n; k++) {
		buf_char(&text[k], '}');
		REQUIRE(!text[k].over);
		list[k] = arena_strndup(&r->arena, text[k].data, text[k].len);
		buf_free(&text[k]);
	}
	return n;
}

const char *
key_stored(struct request *r, const struct entity *e, const char *const *row)
{
	const char *text = placed(e) ? arena_printf(&r->arena, "%lld",
	    strtoll(row_get(e, row, "division_code"), NULL, 10)) : "";

	for (size_t i = 0; e->key[i] != NULL; i++) {
		const char *v = row_get(e, row, e->key[i]);

		if (v == NULL)
			return NULL;
		text = key_with(r, text, v);
	}
	return text;
}

/* The division first, where it is part of the key. */
static size_t
key_parts(const struct entity *e, const struct field **part)
{
	size_t n = 0;

	if (placed(e))
		part[n++] = field_at(e, field_index(e, "division_code"));
	for (size_t i = 0; e->key[i] != NULL; i++) {
		REQUIRE(n < KEY_MAX);
		part[n++] = field_at(e, field_index(e, e->key[i]));
	}
	return n;
}

/* Whether the division is part of the key: not where a parent implies it. */
static bool
placed(const struct entity *e)
{
	return e->parent == NULL;
}

/* The row's natural key as one text, and its parts for the statement; NULL
 * when a part of it was not sent, is not right, or is not his to see: what is
 * masked is not to be guessed. */
static const char *
key_sent(struct request *r, const struct entity *e, const struct bulk_row *w,
    struct buf *keys)
{
	const json_t *code = json_object_get(w->body, "division_code");
	const char *division = json_string_value(code), *sql[KEY_MAX];
	const char *text = "";
	struct reason why;
	size_t n = 0;

	if (placed(e)) {
		if (division == NULL)
			division = arena_printf(&r->arena, "%012lld",
			    (long long)r->who.division);
		if (strlen(division) != 12 ||
		    strspn(division, "0123456789") != 12)
			return NULL;
		text = arena_printf(&r->arena, "%lld", strtoll(division, NULL,
		    10));
	}
	for (; e->key[n] != NULL; n++) {
		const struct field *f = field_at(e, field_index(e,
		    e->key[n]));
		const json_t *v = json_object_get(w->body, f->name);

		REQUIRE(n < COUNT(sql));
		if (v == NULL || mask_field(&r->who, e, f, NULL) != MASK_NONE ||
		    !value_from_json(&r->arena, f, conf_codes(), v, &sql[n],
		    &why) || sql[n] == NULL)
			return NULL;
		text = key_with(r, text, sql[n]);
	}
	if (placed(e))
		buf_element(keys++, division);
	for (size_t i = 0; i < n; i++)
		buf_element(&keys[i], sql[i]);
	return text;
}

/* A part may hold whatever parts them. */
static const char *
key_with(struct request *r, const char *text, const char *part)
{
	return arena_printf(&r->arena, "%s\n%zu %s", text, strlen(part),
	    part);
}
