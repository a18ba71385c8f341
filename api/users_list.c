/* GET /v1/users: who has an account in one's own subtree and which grants of
 * his lie within it, as POST /v1/users takes them. */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "route.h"
#include "scope.h"

#define PAGE 200

static const struct stmt list = { "users_list",
	"SELECT u.login, json_build_object('id', u.id, 'login', u.login,"
	" 'name', u.name, 'phone', CASE WHEN b.beyond THEN NULL ELSE u.phone"
	" END, 'division_code', lpad(u.division_code::text, 12, '0'),"
	" 'org', o.code, 'org_division', lpad(o.division_code::text, 12, '0'),"
	" 'must_change', u.must_change, 'status', u.status,"
	" 'beyond', b.beyond, 'grants', coalesce((SELECT json_agg("
	"json_strip_nulls(json_build_object('role', g.role,"
	" 'division_code', lpad(g.division_code::text, 12, '0'),"
	" 'line_code', g.line_code, 'clearance', g.clearance,"
	" 'action', a.code, 'cover_org', c.code, 'own', g.own,"
	" 'valid_from', to_char(g.valid_from AT TIME ZONE 'UTC', $6::text),"
	" 'valid_to', to_char(g.valid_to AT TIME ZONE 'UTC', $6::text)))"
	" ORDER BY g.division_code, g.role, g.line_code, g.id)"
	" FROM role_grant g LEFT JOIN action a ON a.id = g.action_id"
	" LEFT JOIN org_unit c ON c.id = g.cover_org_id"
	" WHERE g.user_id = u.id AND g.pass_id IS NULL"
	" AND (g.valid_to IS NULL OR g.valid_to > now())), '[]'))"
	" FROM (SELECT * FROM app_user WHERE division_code BETWEEN $1::bigint"
	" AND $2::bigint AND login > $3 ORDER BY login LIMIT $4::int) u"
	" LEFT JOIN org_unit o ON o.id = u.org_id CROSS JOIN LATERAL"
	" (SELECT user_beyond($5::uuid, u.id) AS beyond) b ORDER BY u.login" };
static const struct stmt *const statements[] = { &list };

static enum next users_list(struct request *);
static enum next ask(struct request *);

static const struct route routes[] = {
	{ .method = M_GET,
	    .pattern = "/v1/users",
	    .right = RIGHT_SECURE,
	    .handle = users_list,
	    .lane = LANE_SLOW,
	    .id = "listUsers",
	    .summary = "People with an account, and their grants",
	    .summary_zh = "用户及其授权列表",
	    .reply_schema = "UserList",
	    .params = "division codeCursor",
	    .fails = "422" },
};

void
users_list_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
users_list(struct request *r)
{
	const struct rows *l;
	int n;

	if (r->step == 0)
		return ask(r);
	l = batch_rows(&r->batch, 0);
	n = rows_n(l) > PAGE ? PAGE : rows_n(l);
	buf_str(&r->reply, "{\"items\":[");
	for (int i = 0; i < n; i++) {
		buf_comma(&r->reply);
		buf_str(&r->reply, rows_text(l, i, 1));
	}
	buf_str(&r->reply, "],");
	buf_key(&r->reply, "next");
	buf_json(
	    &r->reply, rows_n(l) > PAGE ? rows_text(l, PAGE - 1, 0) : NULL);
	buf_char(&r->reply, '}');
	return reply(r, 200);
}

static enum next
ask(struct request *r)
{
	const char *division = request_param(r, "division");
	const char *after = request_param(r, "cursor");
	int64_t lo = r->who.scope.lo, hi = r->who.scope.hi;

	if (division != NULL) {
		lo = strtoll(division, NULL, 10);
		hi = division_last(lo);
		if (strlen(division) != 12 || !scope_covers(&r->who, lo)) {
			fault(r, "?division", "DQ-02", "unknown",
			    "没有这个区划", "is no division");
			return fail(r, E_INPUT, "invalid", NULL, NULL);
		}
	}
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_addv(&r->batch, &list, 6, arena_int(&r->arena, lo),
	    arena_int(&r->arena, hi), after != NULL ? after : "",
	    arena_printf(&r->arena, "%d", PAGE + 1), r->who.grant,
	    "YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"");
	return NEXT_DB;
}
