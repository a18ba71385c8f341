/* Entities → SQL: built once, from the model's names and types only. */
#include "query.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

static struct arena forever;
static struct stmt statements[ENTITIES_MAX][Q__MAX];

/* What stands in the database where the row says nothing. */
static const struct {
	const char *name, *sql;
} defaults[] = {
	{ "sensitivity", "1" },
	{ "competent_line", "''" },
	{ "extra", "'{}'" },
	{ "attempt", "0" },
};

static void value(struct buf *, const struct entity *, const struct field *,
    unsigned n);
static void build(const struct entity *, struct stmt *);
static void build_insert(struct buf *, const struct entity *);
static void build_update(struct buf *, const struct entity *);
static void keep(struct stmt *, const struct entity *, const char *verb,
    struct buf *);

void
query_init(void)
{
	static bool made;

	if (made)
		return;
	made = true;
	REQUIRE(entity_count() <= ENTITIES_MAX);
	for (size_t i = 0; i < entity_count(); i++) {
		if (entity_at(i)->business)
			build(entity_at(i), statements[i]);
	}
}

const struct stmt *
query_stmt(const struct entity *e, enum query q)
{
	const struct stmt *s = &statements[entity_number(e)][q];

	REQUIRE(s->sql != NULL); /* only business entities have any */
	return s;
}

bool
query_writes(const struct field *f)
{
	static const char *const own[] = { "rev", "created_at", "created_by",
		"updated_at", "updated_by", "unit_code", "channel" };

	for (size_t i = 0; i < COUNT(own); i++)
		if (strcmp(f->name, own[i]) == 0)
			return false;
	return true;
}

unsigned
query_params(struct arena *a, const struct entity *e, enum query q,
    const struct scope *s, const char *id, const char *rev,
    const char *const *row, const char **out)
{
	unsigned n = 4;

	query_scope(a, s, out);
	if (q != Q_INSERT)
		out[n++] = id;
	if (q == Q_UPDATE)
		out[n++] = rev;
	if (q == Q_INSERT || q == Q_UPDATE) {
		for (size_t i = 0; i < field_total(e); i++)
			if (query_writes(field_at(e, (int)i)))
				out[n++] = row[i];
	}
	REQUIRE(n <= PARAMS_MAX);
	return n;
}

const char **
query_row(struct arena *a, const struct entity *e, const struct rows *rows,
    int at)
{
	size_t n = field_total(e);
	const char **row = arena_array(a, n, sizeof *row);

	rows_row(rows, at, n, row);
	return row;
}

void
query_columns(struct buf *b, const struct entity *e)
{
	static const char *columns[ENTITIES_MAX]; /* made once */
	const char **text = &columns[entity_number(e)];
	size_t from = b->len;

	if (*text != NULL) {
		buf_str(b, *text);
		return;
	}
	for (size_t i = 0; i < field_total(e); i++) {
		if (i > 0)
			buf_str(b, ", ");
		buf_str(b, field_at(e, (int)i)->name);
	}
	if (!b->over)
		*text = arena_strndup(&forever, b->data + from, b->len - from);
}

static void
build(const struct entity *e, struct stmt *out)
{
	struct buf b;

	buf_init(&b, 64 * 1024);
	buf_str(&b, "SELECT ");
	query_columns(&b, e);
	buf_printf(&b, " FROM %s WHERE ", e->table);
	query_where(&b, e);
	buf_str(&b, " AND id = $5::uuid");
	keep(&out[Q_GET], e, "get", &b);

	/* The list is asked for and not given: as long as its length is
	 * unknown, one plan is for all and is kept. Each row by itself, or a
	 * small table would be read whole. */
	buf_str(&b, "SELECT r.*, k.asked_nth FROM unnest((SELECT $5::uuid[]))"
	    " WITH ORDINALITY k(asked_id, asked_nth), LATERAL (SELECT ");
	query_columns(&b, e);
	buf_printf(&b, " FROM %s WHERE ", e->table);
	query_where(&b, e);
	buf_str(&b, " AND id = k.asked_id LIMIT 1) r");
	keep(&out[Q_MANY], e, "many", &b);

	buf_str(&b, out[Q_GET].sql);
	buf_str(&b, " FOR UPDATE");
	keep(&out[Q_LOCK], e, "lock", &b);

	build_insert(&b, e);
	keep(&out[Q_INSERT], e, "insert", &b);
	build_update(&b, e);
	keep(&out[Q_UPDATE], e, "update", &b);
	buf_free(&b);
}

/* The scope is tested on the new row: SELECT … WHERE, not VALUES. */
static void
build_insert(struct buf *b, const struct entity *e)
{
	const char *comma = "";
	unsigned n = 5;

	buf_printf(b, "INSERT INTO %s (", e->table);
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (!query_writes(f))
			continue;
		buf_printf(b, "%s%s", comma, f->name);
		comma = ", ";
	}
	buf_str(b, ") SELECT * FROM (SELECT ");
	comma = "";
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (!query_writes(f))
			continue;
		buf_str(b, comma);
		value(b, e, f, n++);
		buf_printf(b, " AS %s", f->name);
		comma = ", ";
	}
	buf_str(b, ") AS new WHERE ");
	query_where_own(b, e, "");
	buf_str(b, " RETURNING ");
	query_columns(b, e);
}

static void
build_update(struct buf *b, const struct entity *e)
{
	const char *comma = "";
	unsigned n = 7;

	buf_printf(b, "UPDATE %s SET ", e->table);
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (!query_writes(f))
			continue;
		buf_printf(b, "%s%s = ", comma, f->name);
		value(b, e, f, n++);
		comma = ", ";
	}
	buf_str(b, " WHERE ");
	query_where_own(b, e, "");
	buf_str(b, " AND id = $5::uuid"
	    " AND ($6::bigint IS NULL OR rev = $6::bigint) RETURNING ");
	query_columns(b, e);
}

void
query_value(struct buf *b, const struct entity *e, const struct field *f,
    const char *source)
{
	if (e->state != NULL && e->initial != NULL &&
	    strcmp(f->name, e->state) == 0) {
		buf_printf(b, "coalesce(%s::text, '%s')", source, e->initial);
		return;
	}
	for (size_t i = 0; i < COUNT(defaults); i++) {
		if (strcmp(defaults[i].name, f->name) == 0) {
			buf_printf(b, "coalesce(%s::%s, %s)", source,
			    query_cast(f), defaults[i].sql);
			return;
		}
	}
	buf_printf(b, "%s::%s", source, query_cast(f));
}

static void
value(struct buf *b, const struct entity *e, const struct field *f,
    unsigned n)
{
	char source[16];

	(void)snprintf(source, sizeof source, "$%u", n);
	query_value(b, e, f, source);
}

static void
keep(struct stmt *s, const struct entity *e, const char *verb, struct buf *b)
{
	REQUIRE(!b->over);
	s->name = arena_printf(&forever, "%s_%s", e->name, verb);
	s->sql = arena_strndup(&forever, b->data, b->len);
	buf_reset(b);
}

const char *
query_cast(const struct field *f)
{
	switch (f->type) {
	case T_INT:
	case T_RATIO: return "int";
	case T_MONEY:
	case T_DIVISION: return "bigint";
	case T_DATE: return "date";
	case T_TIME: return "timestamptz";
	case T_BOOL: return "boolean";
	case T_REF: return "uuid";
	case T_JSON: return "jsonb";
	case T_CODES: return "text[]";
	case T_DECIMAL: return "numeric";
	default: return "text";
	}
}
