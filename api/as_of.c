/* as_of=: rows as they stood at a time, read from their history. */
#include "as_of.h"

#include <stdlib.h>
#include <string.h>

#include "base/uid.h"
#include "query.h"
#include "value.h"

static const char *moment_of(struct request *, const char *value);
static void candidates(struct buf *, const struct list *);
static void places(struct buf *, const struct list *, const char *prefix);

/* As the row would have been shown then, to somebody with the clearance of
 * today; not what may be done with it, which is a thing of today. */
enum next
as_of_get(struct request *r, const char *value)
{
	const struct entity *e = request_entity(r);
	const char *moment, *p[6];
	struct selection s;
	struct stmt *ask;
	struct buf b;

	if (r->state == NULL) {
		if (!uuid_ok(r->arg[0]))
			return fail_unknown(r);
		moment = moment_of(r, value);
		if (moment == NULL || !fields_ok(r, e))
			return fail(r, E_INPUT, "invalid",
			    "查询参数不正确",
			    "A query parameter is not right.");
		r->state = ask = arena_alloc(&r->arena, sizeof *ask);
		buf_init(&b, 64 * 1024);
		buf_str(&b, "SELECT ");
		query_columns(&b, e);
		buf_printf(&b, " FROM (SELECT p.* FROM history h,"
		    " LATERAL jsonb_populate_record(NULL::%s, h.data) p"
		    " WHERE h.entity = '%s' AND h.row_id = $5::uuid"
		    " AND h.rev = history_at('%s', $5::uuid, $6::timestamptz,"
		    " $4::int)) AS t WHERE ", e->table, e->table, e->table);
		query_where(&b, e);
		REQUIRE(!b.over);
		ask->sql = arena_strndup(&r->arena, b.data, b.len);
		buf_free(&b);
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = r->arg[0];
		p[5] = moment;
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		batch_read(&r->batch, ask, 6, p);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail(r, E_INTERNAL, NULL, NULL, NULL);
	if (rows_n(batch_rows(&r->batch, 0)) != 1)
		return fail_unknown(r);
	render_fields(r, e, &s);
	s.extras = false;
	render_row(r, &r->reply, e, query_row(&r->arena, e,
	    batch_rows(&r->batch, 0), 0), &s);
	return reply(r, 200);
}

bool
as_of_read(struct request *r, struct list *l, const char *value)
{
	const char *moment = moment_of(r, value);

	if (moment == NULL)
		return false;
	l->as_of = list_bind(r, l, moment);
	l->selection.extras = false;
	return l->as_of != NULL;
}

/* Sorted and filtered as the table would be; no more than AS_OF_MAX revisions
 * are looked at, and none if there are more. */
void
as_of_from(struct buf *b, const struct list *l)
{
	const char *table = l->entity->table;

	buf_printf(b, "(SELECT p.* FROM history h, LATERAL"
	    " jsonb_populate_record(NULL::%s, h.data) p WHERE (SELECT count(*)"
	    " <= %d FROM (SELECT ", table, AS_OF_MAX);
	candidates(b, l);
	buf_printf(b, " LIMIT %d) c) AND h.entity = '%s' AND h.at <="
	    " %s::timestamptz AND ", AS_OF_MAX + 1, table, l->as_of);
	places(b, l, "h.");
	buf_printf(b, " AND NOT EXISTS (SELECT FROM history n WHERE n.entity = '%s'"
	    " AND n.row_id = h.row_id AND n.rev > h.rev AND n.at <="
	    " %s::timestamptz) AND h.rev = history_at('%s', h.row_id,"
	    " %s::timestamptz, app_clearance()))", table, l->as_of, table,
	    l->as_of);
}

void
as_of_guard(struct request *r, const struct list *l)
{
	struct stmt *s = arena_alloc(&r->arena, sizeof *s);
	struct buf b;

	if (l->as_of == NULL)
		return;
	buf_init(&b, 4096);
	buf_printf(&b, "SELECT count(*) <= %d FROM (SELECT ", AS_OF_MAX);
	candidates(&b, l);
	/* The statement has the parameters of the page's. */
	for (unsigned i = 0; i < l->nparams; i++)
		buf_printf(&b, " AND ($%u::text IS NULL OR true)", i + 1);
	buf_printf(&b, " LIMIT %d) c", AS_OF_MAX + 1);
	REQUIRE(!b.over);
	s->sql = arena_strndup(&r->arena, b.data, b.len);
	buf_free(&b);
	batch_read(&r->batch, s, l->nparams, l->param);
}

bool
as_of_refused(struct request *r)
{
	const struct rows *rows = batch_rows(&r->batch, r->batch.n - 1);

	if (*rows_text(rows, 0, 0) == 't')
		return false;
	fault(r, "?as_of", "D4", "too_much", "范围内的修改过多，请用 division 缩小范围",
	    "There were too many changes in this scope: narrow it with "
	    "division.");
	fail(r, E_INPUT, "too_much", NULL, NULL);
	return true;
}

static void
candidates(struct buf *b, const struct list *l)
{
	buf_printf(b, "1 FROM history WHERE entity = '%s' AND at <= "
	    "%s::timestamptz AND ", l->entity->table, l->as_of);
	places(b, l, "");
}

/* As the list itself has it. */
static void
places(struct buf *b, const struct list *l, const char *prefix)
{
	if (l->entity->shared)
		list_shared(b, prefix, l->lo, l->hi);
	else
		buf_printf(b, "%sdivision_code BETWEEN %lld AND %lld", prefix,
		    (long long)l->lo, (long long)l->hi);
}

/* A time, or a day, which is meant with its end as the county's clock has it.
 * NULL after fault(). */
static const char *
moment_of(struct request *r, const char *value)
{
	static const struct field time = { .name = "as_of", .type = T_TIME };
	struct reason why;
	const char *sql;
	json_t *v;
	bool ok;

	if (value_is_date(value))
		return arena_printf(&r->arena, "%sT23:59:59.999999+08:00",
		    value);
	v = json_string(value);
	ok = v != NULL && value_from_json(&r->arena, &time, NULL, v, &sql,
	    &why) && sql != NULL;
	json_decref(v);
	if (ok)
		return sql;
	fault(r, "?as_of", "DQ-02", "invalid",
	    "时点写成 2023-04-06 或 2023-04-06T08:00:00Z",
	    "is written 2023-04-06 or 2023-04-06T08:00:00Z");
	return NULL;
}
