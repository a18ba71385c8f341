/* GET /v1/<path>/{id}/findings: what the quality of a row suffers from. */
#include "quality.h"

#include <stdlib.h>

#include "base/uid.h"
#include "entity.h"
#include "query.h"
#include "route.h"

static struct stmt findings[ENTITIES_MAX];

static const char *findings_sql(struct arena *, const struct entity *);
static enum next quality_list(struct request *);
static enum next render(struct request *, const struct entity *);

void
quality_init(void)
{
	static struct arena forever;

	arena_init(&forever, 0);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);
		struct route *t = arena_array(&forever, 1, sizeof *t);

		if (e->quality == NULL)
			continue;
		findings[i] = (struct stmt) {
			arena_printf(&forever, "%s_findings", e->name),
			findings_sql(&forever, e) };
		*t = (struct route) { .method = M_GET,
			.pattern = arena_printf(&forever,
			    "/v1/%s/{id}/findings", e->path),
			.right = RIGHT_READ, .entity = e->name,
			.handle = quality_list, .lane = LANE_SLOW,
			.id = arena_printf(&forever, "list%sFindings",
			    entity_camel(&forever, e->name)),
			.summary = "Findings on the quality of a row",
			.summary_zh = arena_printf(&forever,
			    "%s的数据质量提示", e->label),
			.reply_schema = "QualityList" };
		route_register(t, 1);
	}
}

/* The row as its reader sees it, and the number of each rule that it breaks. */
static const char *
findings_sql(struct arena *a, const struct entity *e)
{
	const char *sql;
	struct buf b;

	buf_init(&b, 64 * 1024);
	buf_printf(&b, "SELECT f.at FROM (SELECT * FROM %s WHERE ", e->table);
	query_where(&b, e);
	buf_str(&b, " AND id = $5::uuid) r CROSS JOIN LATERAL (VALUES ");
	for (int i = 0; e->quality[i].rule != NULL; i++)
		buf_printf(&b, "%s(%d, (%s))", i > 0 ? ", " : "", i,
		    e->quality[i].sql);
	buf_str(&b, ") AS f (at, found) WHERE f.found ORDER BY f.at");
	REQUIRE(!b.over);
	sql = arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return sql;
}

static enum next
quality_list(struct request *r)
{
	const struct entity *e = request_entity(r);
	const char *p[6];

	if (r->step > 0)
		return r->batch.failed >= 0 ? fail_data(r) : render(r, e);
	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	batch_open(&r->batch, &r->arena, &r->who.scope, r->route->lane);
	batch_add(&r->batch, query_stmt(e, Q_GET), query_params(&r->arena, e,
	    Q_GET, &r->who.scope, r->arg[0], NULL, NULL, p), p);
	batch_add(&r->batch, &findings[entity_number(e)], 5, p);
	return NEXT_DB;
}

static enum next
render(struct request *r, const struct entity *e)
{
	const struct rows *rows = batch_rows(&r->batch, 1);
	struct buf *b = &r->reply;

	if (rows_n(batch_rows(&r->batch, 0)) != 1)
		return fail_unknown(r);
	buf_str(b, "{\"items\":[");
	for (int i = 0; i < rows_n(rows); i++) {
		const struct quality *q =
		    &e->quality[rows_long(rows, i, 0)];

		buf_comma(b);
		buf_str(b, "{\"pointer\":");
		buf_json(b, arena_printf(&r->arena, "/%s", q->field));
		buf_str(b, ",\"rule\":");
		buf_json(b, q->rule);
		buf_str(b, ",\"code\":");
		buf_json(b, q->code);
		buf_str(b, ",\"level\":");
		buf_json(b, q->level);
		buf_str(b, ",\"zh\":");
		buf_json(b, q->zh);
		buf_str(b, ",\"en\":");
		buf_json(b, q->en);
		buf_str(b, "}");
	}
	buf_str(b, "]}");
	return reply(r, 200);
}
