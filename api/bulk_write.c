/* What many rows shall be, written by one INSERT and one UPDATE. Refused, the
 * halves are tried alone, down to the rows that are to blame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulk.h"
#include "query.h"

#define SQL_MAX (64u * 1024)
#define LIST_MAX (32u << 20)

struct bulk_write {
	size_t *todo; /* rows to write, by their index */
	size_t n;
	struct range { size_t from, to; } stack[32]; /* halves of halves */
	size_t depth;
	int insert, update; /* index in the batch, or -1 */
};

static struct statements {
	struct stmt insert, update;
} made[ENTITIES_MAX];

static const struct statements *statements_of(const struct entity *);
static void build(struct buf *, const struct entity *, bool insert);
static void build_rows(struct buf *, const struct entity *);
static bool sends(const struct field *);
static struct bulk_write *begin(struct request *, struct bulk *);
static int by_key(const void *, const void *, void *);
static int plan(struct request *, const struct entity *, struct bulk *,
    struct range, enum bulk_what, const struct stmt *);
static const char *column(struct request *, const struct bulk *, struct range,
    enum bulk_what, size_t field);
static void taken(struct request *, const struct entity *, struct bulk *,
    struct range);
static void blame(struct request *, struct bulk *, size_t i);

enum next
write_next(struct request *r, const struct entity *e, struct bulk *b)
{
	struct bulk_write *w = b->write != NULL ? b->write : begin(r, b);
	const struct statements *s = statements_of(e);
	struct range at;

	if (w->depth == 0)
		return NEXT_DONE;
	at = w->stack[w->depth - 1];
	bulk_batch(r);
	r->batch.save = true;
	w->insert = plan(r, e, b, at, BULK_NEW, &s->insert);
	w->update = plan(r, e, b, at, BULK_CHANGED, &s->update);
	return NEXT_DB;
}

void
write_take(struct request *r, const struct entity *e, struct bulk *b)
{
	struct bulk_write *w = b->write;
	struct range at = w->stack[--w->depth];
	size_t middle = at.from + (at.to - at.from) / 2;

	if (r->batch.failed < 0) {
		taken(r, e, b, at);
	} else if (at.to - at.from == 1) {
		blame(r, b, w->todo[at.from]);
	} else {
		REQUIRE(w->depth + 2 <= COUNT(w->stack));
		w->stack[w->depth++] = (struct range) { middle, at.to };
		w->stack[w->depth++] = (struct range) { at.from, middle };
	}
}

static const struct statements *
statements_of(const struct entity *e)
{
	static struct arena forever;
	struct statements *s = &made[entity_number(e)];
	struct buf b;

	if (s->insert.sql != NULL)
		return s;
	buf_init(&b, SQL_MAX);
	build(&b, e, true);
	REQUIRE(!b.over);
	s->insert.sql = arena_strndup(&forever, b.data, b.len);
	s->insert.name = arena_printf(&forever, "bulk_insert_%s", e->name);
	buf_reset(&b);
	build(&b, e, false);
	REQUIRE(!b.over);
	s->update.sql = arena_strndup(&forever, b.data, b.len);
	s->update.name = arena_printf(&forever, "bulk_update_%s", e->name);
	buf_free(&b);
	return s;
}

/* $5…: a list for each column. The new ones pass the scope too. */
static void
build(struct buf *b, const struct entity *e, bool insert)
{
	const char *comma = "";

	if (insert) {
		buf_printf(b, "INSERT INTO %s (", e->table);
		for (size_t i = 0; i < field_total(e); i++) {
			if (!query_writes(field_at(e, (int)i)))
				continue;
			buf_printf(b, "%s%s", comma, field_at(e,
			    (int)i)->name);
			comma = ", ";
		}
		buf_str(b, ") SELECT * FROM (SELECT ");
	} else {
		buf_printf(b, "UPDATE %s t SET ", e->table);
	}
	comma = "";
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);
		char name[80];

		if (!query_writes(f) || (!insert && strcmp(f->name, "id") == 0))
			continue;
		(void)snprintf(name, sizeof name, "n.%s", f->name);
		buf_str(b, comma);
		if (!insert)
			buf_printf(b, "%s = ", f->name);
		query_value(b, e, f, name);
		if (insert)
			buf_printf(b, " AS %s", f->name);
		comma = ", ";
	}
	build_rows(b, e);
	if (insert) {
		buf_str(b, ") AS new WHERE ");
		query_where(b, e);
		buf_str(b, " RETURNING id, rev");
	} else {
		buf_str(b, " WHERE t.id = n.id AND t.rev = n.rev AND ");
		query_where_own(b, e, "t.");
		buf_str(b, " RETURNING t.id, t.rev");
	}
}

/* Lists, which PostgreSQL reads in a third of the time of objects; and of them
 * it expects a few rows, so that what is changed is found by its id, not by
 * reading through the caller's scope. They have their types here: behind
 * row-level security a cast keeps an index from being used. Lists of codes,
 * which may differ in length, are texts. */
static void
build_rows(struct buf *b, const struct entity *e)
{
	unsigned n = 5;

	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (!sends(f))
			continue;
		buf_printf(b, "%s$%u::%s[]", n == 5 ? " FROM unnest(" : ", ",
		    n, f->type == T_CODES ? "text" : query_cast(f));
		n++;
	}
	n = 5;
	for (size_t i = 0; i < field_total(e); i++)
		if (sends(field_at(e, (int)i)))
			buf_printf(b, "%s%s", n++ == 5 ? ") n(" : ", ",
			    field_at(e, (int)i)->name);
	buf_char(b, ')');
}

static bool
sends(const struct field *f)
{
	return query_writes(f) || strcmp(f->name, "rev") == 0;
}

static struct bulk_write *
begin(struct request *r, struct bulk *b)
{
	struct bulk_write *w = arena_alloc(&r->arena, sizeof *w);

	b->write = w;
	w->todo = arena_array(&r->arena, b->n, sizeof *w->todo);
	for (size_t i = 0; i < b->n; i++)
		if (b->row[i].what == BULK_NEW ||
		    b->row[i].what == BULK_CHANGED)
			w->todo[w->n++] = i;
	qsort_r(w->todo, w->n, sizeof *w->todo, by_key, b->row);
	if (w->n > 0)
		w->stack[w->depth++] = (struct range) { 0, w->n };
	return w;
}

/* Who makes a row waits for who is making one of the same key: all in one
 * order, or two requests wait for each other. What is there was locked in the
 * order of ids. */
static int
by_key(const void *a, const void *b, void *rows)
{
	const size_t x = *(const size_t *)a, y = *(const size_t *)b;
	const struct bulk_row *row = rows;
	const char *p = row[x].key, *q = row[y].key;
	int order = p != NULL && q != NULL ? strcmp(p, q) :
	    (p != NULL) - (q != NULL);

	return order != 0 ? order : (x > y) - (x < y);
}

static int
plan(struct request *r, const struct entity *e, struct bulk *b,
    struct range at, enum bulk_what what, const struct stmt *s)
{
	const char *p[PARAMS_MAX];
	unsigned n = 4;
	bool any = false;

	for (size_t k = at.from; k < at.to; k++)
		any = any || b->row[b->write->todo[k]].what == what;
	if (!any)
		return -1;
	query_scope(&r->arena, &r->who.scope, p);
	for (size_t i = 0; i < field_total(e); i++) {
		if (!sends(field_at(e, (int)i)))
			continue;
		REQUIRE(n < COUNT(p));
		p[n++] = column(r, b, at, what, i);
	}
	return (int)batch_add(&r->batch, s, n, p);
}

/* What the rows say of a field; {} if none says anything: unnest() fills up
 * with nulls. */
static const char *
column(struct request *r, const struct bulk *b, struct range at,
    enum bulk_what what, size_t field)
{
	const char *text = "{}";
	struct buf list;
	bool any = false;

	buf_init(&list, LIST_MAX);
	buf_char(&list, '{');
	for (size_t k = at.from; k < at.to; k++) {
		const struct bulk_row *w = &b->row[b->write->todo[k]];

		if (w->what != what)
			continue;
		buf_element(&list, w->row[field]);
		any = any || w->row[field] != NULL;
	}
	buf_char(&list, '}');
	REQUIRE(!list.over);
	if (any)
		text = arena_strndup(&r->arena, list.data, list.len);
	buf_free(&list);
	return text;
}

/* Revisions of what was written; a row that was not is out of scope. */
static void
taken(struct request *r, const struct entity *e, struct bulk *b,
    struct range at)
{
	const int from[] = { b->write->insert, b->write->update };

	for (size_t k = at.from; k < at.to; k++) {
		struct bulk_row *w = &b->row[b->write->todo[k]];
		const struct rows *rows = batch_rows(&r->batch,
		    (unsigned)from[w->what == BULK_CHANGED]);
		const char *id = row_get(e, w->row, "id");

		/* They come back in the order they were sent, as a rule. */
		for (int i = 0; i < rows_n(rows) && w->new_rev == NULL; i++) {
			int n = (int)((k - at.from + (size_t)i) %
			    (size_t)rows_n(rows));

			if (strcmp(rows_text(rows, n, 0), id) == 0)
				w->new_rev = rows_text(rows, n, 1);
		}
		if (w->new_rev == NULL)
			bulk_fault(r, b, b->write->todo[k], 404, "", "5.1",
			    "unknown", "没有这条记录", "no such row");
	}
}

/* The refusal of a single statement, made the row's own. */
static void
blame(struct request *r, struct bulk *b, size_t i)
{
	unsigned status;

	(void)fail_data(r);
	status = r->err == E_CONFLICT ? 409 : r->err == E_UNKNOWN ? 404 : 422;
	if (r->faults == NULL)
		fault(r, "", "DQ-02", r->code != NULL ? r->code : "refused",
		    r->detail_zh != NULL ? r->detail_zh : "没有这条记录",
		    r->detail_en != NULL ? r->detail_en : "no such row");
	r->err = OK;
	r->code = r->detail_zh = r->detail_en = NULL;
	r->batch.failed = -1;
	bulk_faults(r, b, i, status);
}
