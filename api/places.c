/* GET /v1/divisions and /v1/orgs: for everybody, within the own scope. */
#include "admin.h"

#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "base/uid.h"
#include "entity.h"
#include "query.h"
#include "route.h"
#include "scope.h"
#include "value.h"

#define PAGE 500
#define SQL_MAX (16u * 1024)

enum { DIVISIONS, DIVISION, ORGS, NQUERIES };

static struct stmt statements[NQUERIES];

static enum next divisions(struct request *);
static enum next division(struct request *);
static enum next orgs(struct request *);
static void build(struct arena *, int, const char *name, const char *entity,
    const char *rest);
static enum next send(struct request *, int query, const char *a,
    const char *b);
static enum next page(struct request *, const char *key);
static bool code_ok(const char *);

/* A place is shown to those at, below or above it. */
#define IN_REACH                                                               \
	"(division_code BETWEEN $1::bigint AND $2::bigint"                     \
	" OR $1::bigint BETWEEN division_code AND division_hi(division_code))" \
	SCOPE_REST SCOPE_PLACE("division_code")

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/divisions", .right = RIGHT_READ,
	    .entity = "division", .handle = divisions, .lane = LANE_SLOW,
	    .id = "listDivisions", .summary = "List divisions by code",
	    .summary_zh = "行政区划列表", .reply_schema = "divisionList",
	    .params = "parent codeCursor" },
	{ .method = M_GET, .pattern = "/v1/divisions/{code}",
	    .right = RIGHT_READ, .entity = "division", .handle = division,
	    .lane = LANE_FAST, .id = "getDivision",
	    .summary = "Read a division", .summary_zh = "查看行政区划",
	    .reply_schema = "division", .params = "fields" },
	{ .method = M_GET, .pattern = "/v1/orgs", .right = RIGHT_READ,
	    .entity = "org_unit", .handle = orgs, .lane = LANE_SLOW,
	    .id = "listOrgs", .summary = "List organisations",
	    .summary_zh = "单位列表", .reply_schema = "org_unitList",
	    .params = "at cursor" },
};

void
places_init(void)
{
	static struct arena forever;
	static const struct stmt *list[NQUERIES];

	arena_init(&forever, 0);
	build(&forever, DIVISIONS, "divisions", "division",
	    " FROM (SELECT d.*, code AS division_code FROM division d) d"
	    " WHERE " IN_REACH " AND ($5::bigint IS NULL OR"
	    " parent_code = $5::bigint) AND code > coalesce($6::bigint, -1)"
	    " ORDER BY code LIMIT 501");
	build(&forever, DIVISION, "division", "division",
	    " FROM (SELECT d.*, code AS division_code FROM division d) d"
	    " WHERE " IN_REACH " AND code = $5::bigint"
	    " AND $6::text IS NULL");
	build(&forever, ORGS, "orgs", "org_unit",
	    " FROM org_unit WHERE division_code BETWEEN $1::bigint AND"
	    " $2::bigint" SCOPE_REST SCOPE_PLACE("division_code")
	    " AND ($5::bigint IS NULL OR division_code = $5::bigint)"
	    " AND id > coalesce($6::uuid,"
	    " '00000000-0000-0000-0000-000000000000') ORDER BY id LIMIT 501");
	for (int i = 0; i < NQUERIES; i++)
		list[i] = &statements[i];
	db_register(list, NQUERIES);
	route_register(routes, COUNT(routes));
}

static enum next
divisions(struct request *r)
{
	const char *parent = request_param(r, "parent");
	const char *after = request_param(r, "cursor");

	if (parent != NULL && !code_ok(parent))
		return asked_refused(r, "parent");
	if (after != NULL && !code_ok(after))
		return asked_refused(r, "cursor");
	return r->state == NULL ? send(r, DIVISIONS, parent, after)
				: page(r, "code");
}

static enum next
division(struct request *r)
{
	const struct rows *rows;

	if (!code_ok(r->arg[0]))
		return fail_unknown(r);
	if (r->state == NULL)
		return send(r, DIVISION, r->arg[0], NULL);
	rows = batch_rows(&r->batch, 0);
	if (rows_n(rows) != 1)
		return fail_unknown(r);
	return reply_row(r, request_entity(r),
	    query_row(&r->arena, request_entity(r), rows, 0), 200);
}

static enum next
orgs(struct request *r)
{
	const char *at = request_param(r, "division");
	const char *after = request_param(r, "cursor");

	if (at != NULL && !code_ok(at))
		return asked_refused(r, "division");
	if (after != NULL && !uuid_ok(after))
		return asked_refused(r, "cursor");
	return r->state == NULL ? send(r, ORGS, at, after) : page(r, "id");
}

static void
build(struct arena *a, int at, const char *name, const char *entity,
    const char *rest)
{
	struct buf b;

	buf_init(&b, SQL_MAX);
	buf_str(&b, "SELECT ");
	query_columns(&b, entity_find(entity));
	buf_str(&b, rest);
	REQUIRE(!b.over);
	statements[at].name = arena_printf(a, "places_%s", name);
	statements[at].sql = arena_strndup(a, b.data, b.len);
	buf_free(&b);
}

static enum next
send(struct request *r, int query, const char *a, const char *b)
{
	const char *p[6];

	r->state = &statements[query];
	query_scope(&r->arena, &r->who.scope, p);
	p[4] = a;
	p[5] = b;
	batch_open(&r->batch, &r->arena, &r->who.scope, r->route->lane);
	batch_add(&r->batch, &statements[query], 6, p);
	return NEXT_DB;
}

static enum next
page(struct request *r, const char *key)
{
	const struct entity *e = request_entity(r);
	const struct rows *rows = batch_rows(&r->batch, 0);
	const struct selection all = { NULL, false };
	const char **row = NULL;
	struct buf *b = &r->reply;

	buf_str(b, "{");
	buf_key(b, "items");
	buf_str(b, "[");
	for (int i = 0; i < rows_n(rows) && i < PAGE; i++) {
		row = query_row(&r->arena, e, rows, i);
		buf_comma(b);
		render_row(r, b, e, row, &all);
	}
	buf_str(b, "]");
	buf_key(b, "next");
	if (rows_n(rows) > PAGE && row != NULL)
		value_to_json(b, field_at(e, field_index(e, key)),
		    row_get(e, row, key), MASK_NONE);
	else
		buf_str(b, "null");
	buf_str(b, "}");
	return reply(r, 200);
}

static bool
code_ok(const char *s)
{
	return strlen(s) == 12 && strspn(s, "0123456789") == 12;
}
