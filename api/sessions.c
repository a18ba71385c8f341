/* Sessions: one's own, and for security administrators those of people in
 * their subtree; any of them may be ended at once. */
#include <stdlib.h>

#include "audit.h"
#include "base/uid.h"
#include "identity.h"
#include "route.h"
#include "scope.h"

/* user: by id (one's own), or by login within a range; also the sessions in
 * which he looks as somebody, or is looked at as. */
static const struct stmt list = { "session_list",
	"SELECT s.id, " SQL_UTC("s.created_at") ", "
	SQL_UTC("s.last_seen_at") ", " SQL_UTC("s.expires_at") ", s.remote,"
	" s.method, g.role, g.division_code, d.name, g.line_code, g.id,"
	" s.token_hash = $5, su.login, v.login, s.reason"
	" FROM app_user u LEFT JOIN (session s"
	" JOIN role_grant g ON g.id = s.grant_id"
	" JOIN division d ON d.code = g.division_code"
	" JOIN app_user su ON su.id = s.user_id"
	" LEFT JOIN app_user v ON v.id = s.viewer_id)"
	" ON (s.user_id = u.id OR s.viewer_id = u.id)"
	" AND s.revoked_at IS NULL"
	" AND s.expires_at > now()"
	" AND s.last_seen_at > now() - interval '30 minutes'"
	" AND ($1::uuid IS NOT NULL OR s.division_code BETWEEN $3::bigint"
	" AND $4::bigint) WHERE u.id = $1::uuid OR ($1::uuid IS NULL AND"
	" u.login = $2 AND u.division_code BETWEEN $3::bigint AND $4::bigint)"
	" ORDER BY s.created_at DESC, s.id LIMIT 200" };
static const struct stmt find = { "session_find",
	"SELECT s.id FROM session s JOIN app_user u ON u.id = s.user_id"
	" WHERE s.id = $1::uuid AND s.revoked_at IS NULL"
	" AND (u.id = $2::uuid OR s.viewer_id = $2::uuid OR ($3::boolean AND s.division_code BETWEEN"
	" $4::bigint AND $5::bigint AND u.division_code BETWEEN $4::bigint"
	" AND $5::bigint))" };
static const struct stmt end = { "session_end",
	"UPDATE session SET revoked_at = now() WHERE id = $1::uuid"
	" AND revoked_at IS NULL" };
static const struct stmt *const statements[] = { &list, &find, &end };

static enum next sessions_list(struct request *);
static enum next session_revoke(struct request *);
static void write_one(struct buf *, const struct rows *, int at);
static bool secures(const struct request *);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/sessions", .right = RIGHT_SELF,
	    .handle = sessions_list, .lane = LANE_FAST, .id = "listSessions",
	    .summary = "My open sessions, or those of a person I administer",
	    .summary_zh = "当前会话；安全管理员可查看本辖区人员的会话",
	    .reply_schema = "SessionList", .params = "sessionsUser" },
	{ .method = M_DELETE, .pattern = "/v1/sessions/{id}",
	    .right = RIGHT_SELF, .handle = session_revoke, .lane = LANE_FAST,
	    .id = "revokeSession", .summary = "End a session at once",
	    .summary_zh = "立即结束一个会话" },
};

void
sessions_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
sessions_list(struct request *r)
{
	const char *login = request_param(r, "user");
	const struct rows *s;

	if (r->state == NULL) {
		if (login != NULL && !secures(r))
			return fail(r, E_DENIED, NULL, NULL, NULL);
		r->state = r;
		batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
		batch_addv(&r->batch, &list, 5, login == NULL ? r->who.id
		    : NULL, login, arena_int(&r->arena, r->who.scope.lo),
		    arena_int(&r->arena, r->who.scope.hi), auth_token_hash(r));
		return NEXT_DB;
	}
	s = batch_rows(&r->batch, 0);
	if (rows_n(s) == 0)
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	buf_str(&r->reply, "{\"items\":[");
	for (int i = 0; i < rows_n(s) && rows_text(s, i, 0) != NULL; i++)
		write_one(&r->reply, s, i);
	buf_str(&r->reply, "]}");
	return reply(r, 200);
}

static void
write_one(struct buf *b, const struct rows *s, int at)
{
	static const char *const names[] = { "id", "since", "last_used",
		"expires_at", "remote", "method", "role" };
	static const char *const people[] = { "user", "viewer", "reason" };

	buf_comma(b);
	buf_char(b, '{');
	for (size_t i = 0; i < COUNT(names); i++) {
		buf_key(b, names[i]);
		buf_json(b, rows_text(s, at, (int)i));
	}
	buf_key(b, "division");
	buf_printf(b, "\"%012lld\"", strtoll(rows_text(s, at, 7), NULL, 10));
	buf_key(b, "division_name");
	buf_json(b, rows_text(s, at, 8));
	buf_key(b, "line");
	buf_json(b, rows_text(s, at, 9));
	buf_key(b, "grant");
	buf_json(b, rows_text(s, at, 10));
	for (size_t i = 0; i < COUNT(people); i++) {
		buf_key(b, people[i]);
		buf_json(b, rows_text(s, at, 12 + (int)i));
	}
	buf_key(b, "current");
	buf_str(b, *rows_text(s, at, 11) == 't' ? "true}" : "false}");
}

static enum next
session_revoke(struct request *r)
{
	if (r->step == 0) {
		if (!uuid_ok(r->arg[0]))
			return fail(r, E_UNKNOWN, NULL, NULL, NULL);
		batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
		batch_addv(&r->batch, &find, 5, r->arg[0], r->who.id,
		    secures(r) ? "true" : "false",
		    arena_int(&r->arena, r->who.scope.lo),
		    arena_int(&r->arena, r->who.scope.hi));
		return NEXT_DB;
	}
	if (r->step > 1)
		return reply(r, 204);
	if (rows_n(batch_rows(&r->batch, 0)) == 0)
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
	batch_addv(&r->batch, &end, 1, r->arg[0]);
	audit_note(r, &(struct audit_event){ .verb = "revoke",
	    .entity = "session", .row = r->arg[0] });
	return NEXT_DB;
}

static bool
secures(const struct request *r)
{
	return scope_grants(&r->who, RIGHT_SECURE, NULL) == OK;
}
