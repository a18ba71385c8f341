/* Signing in and out: POST /v1/sessions, DELETE …/current, GET /v1/me. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/uid.h"
#include "conf.h"
#include "identity.h"
#include "route.h"
#include "scope.h"

#define ACCOUNT_TRIES "5"  /* failures, then 15 minutes */
#define ADDRESS_TRIES "20" /* an office shares one address */

enum { ASKED, CHECKED, STORED };

struct login {
	int phase;
	const char *name, *password, *role;
	const char *keys[2]; /* of login_failure: account, address */
	const char *user, *hash;
	bool ok;
	char token[BEARER_MAX];
	char id[UUID_LEN + 1];
};

static const struct stmt find_user = { "login_user",
	"SELECT u.id, u.password FROM app_user u"
	" WHERE u.login = $1 AND u.status = 'active'" };
static const struct stmt find_locks = { "login_locks",
	"SELECT ceil(extract(epoch FROM max(locked_until) - now()))::int"
	" FROM login_failure WHERE key IN ($1, $2) AND locked_until > now()" };
static const struct stmt count_failure = { "login_failed",
	"INSERT INTO login_failure AS f (key, failures) VALUES ($1, 1)"
	" ON CONFLICT (key) DO UPDATE SET last_at = now(),"
	" failures = CASE WHEN f.last_at < now() - interval '15 minutes'"
	" THEN 1 ELSE f.failures + 1 END,"
	" locked_until = CASE WHEN f.failures + 1 >= $2::int"
	" AND f.last_at >= now() - interval '15 minutes'"
	" THEN now() + interval '15 minutes' END" };
static const struct stmt forget_failures = { "login_forget",
	"DELETE FROM login_failure WHERE key = $1" };
static const struct stmt open_session = { "login_session",
	"WITH g AS (SELECT g.id, g.division_code FROM role_grant g"
	" WHERE g.user_id = $2::uuid AND g.valid_from <= now()"
	" AND (g.valid_to IS NULL OR g.valid_to > now())"
	" AND ($5::text IS NULL OR g.role = $5)"
	" ORDER BY g.created_at, g.role LIMIT 1),"
	" u AS (UPDATE app_user SET last_login_at = now()"
	" WHERE id = $2::uuid AND EXISTS (SELECT FROM g))"
	" INSERT INTO session (id, user_id, grant_id, division_code,"
	" token_hash, remote, expires_at)"
	" SELECT $1::uuid, $2::uuid, g.id, g.division_code, $3, $4,"
	" now() + interval '12 hours' FROM g"
	" RETURNING to_char(expires_at AT TIME ZONE 'UTC',"
	" 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), (SELECT name FROM app_user"
	" WHERE id = $2::uuid)" };
static const struct stmt end_session = { "logout",
	"UPDATE session SET revoked_at = now()"
	" WHERE token_hash = $1 AND revoked_at IS NULL" };
static const struct stmt my_grants = { "me_grants",
	"SELECT g.role, g.division_code, d.name, g.line_code FROM role_grant g"
	" JOIN division d ON d.code = g.division_code"
	" WHERE g.user_id = $1::uuid AND g.valid_from <= now()"
	" AND (g.valid_to IS NULL OR g.valid_to > now())"
	" ORDER BY g.created_at, g.role" };
static const struct stmt my_division = { "me_division",
	"SELECT name FROM division WHERE code = $1::bigint" };
static const struct stmt *const statements[] = { &find_user, &find_locks,
	&count_failure, &forget_failures, &open_session, &end_session,
	&my_grants, &my_division };

static enum next session_create(struct request *);
static enum next session_end(struct request *);
static enum next me(struct request *);
static enum next ask(struct request *, struct login *);
static enum next check(struct request *, struct login *);
static enum next store(struct request *, struct login *);
static enum next answer(struct request *, struct login *);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/sessions", .right = RIGHT_PUBLIC,
	    .handle = session_create, .lane = LANE_FAST,
	    .id = "createSession", .summary = "Sign in",
	    .summary_zh = "登录", .request_schema = "Login",
	    .reply_schema = "Session", .body_max = 4096 },
	{ .method = M_DELETE, .pattern = "/v1/sessions/current",
	    .right = RIGHT_SELF, .handle = session_end, .lane = LANE_FAST,
	    .id = "endSession", .summary = "Sign out",
	    .summary_zh = "退出" },
	{ .method = M_GET, .pattern = "/v1/me", .right = RIGHT_SELF,
	    .handle = me, .lane = LANE_FAST, .id = "getMe",
	    .summary = "Who I am and what I may reach",
	    .summary_zh = "我是谁", .reply_schema = "Me" },
};

void
session_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
session_create(struct request *r)
{
	struct login *l = r->state;

	if (l == NULL) {
		r->state = l = arena_alloc(&r->arena, sizeof *l);
		l->phase = ASKED;
		return ask(r, l);
	}
	switch (l->phase) {
	case ASKED:
		l->phase = CHECKED;
		return check(r, l);
	case CHECKED:
		l->phase = STORED;
		return store(r, l);
	default:
		return answer(r, l);
	}
}

static enum next
ask(struct request *r, struct login *l)
{
	json_t *body = request_json(r);
	const char *name, *key;
	json_t *v;

	if (body == NULL)
		return NEXT_FAIL;
	json_object_foreach(body, key, v) {
		if (strcmp(key, "login") != 0 && strcmp(key, "password") != 0 &&
		    strcmp(key, "role") != 0)
			fault(r, arena_printf(&r->arena, "/%s", key), "DQ-02",
			    "unknown_field", "没有这个字段", "unknown field");
	}
	name = json_string_value(json_object_get(body, "login"));
	l->password = json_string_value(json_object_get(body, "password"));
	l->role = json_string_value(json_object_get(body, "role"));
	if (name == NULL || *name == '\0' || utf8_len(name) > 64)
		fault(r, "/login", "DQ-01", "required", "请填写用户名",
		    "login is required");
	if (l->password == NULL)
		fault(r, "/password", "DQ-01", "required", "请填写密码",
		    "password is required");
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "用户名或密码没有填写完整",
		    "The body is not complete.");
	l->name = text_canon(&r->arena, name);
	l->keys[0] = arena_printf(&r->arena, "account:%s", l->name);
	l->keys[1] = arena_printf(&r->arena, "address:%s",
	    r->remote != NULL ? r->remote : "");
	batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
	batch_addv(&r->batch, &find_user, 1, l->name);
	batch_add(&r->batch, &find_locks, 2, l->keys);
	return NEXT_DB;
}

static enum next
check(struct request *r, struct login *l)
{
	const struct rows *user = batch_rows(&r->batch, 0);
	const struct rows *locks = batch_rows(&r->batch, 1);

	if (rows_text(locks, 0, 0) != NULL) {
		reply_header(r, "retry-after", rows_text(locks, 0, 0));
		return fail(r, E_LIMIT, "locked",
		    "登录失败次数过多，请 15 分钟后再试",
		    "Too many failures; try again in 15 minutes.");
	}
	l->hash = password_nobody();
	if (rows_n(user) == 1) {
		l->user = rows_text(user, 0, 0);
		l->hash = rows_text(user, 0, 1);
	}
	return password_verify(r, l->password, l->hash, &l->ok);
}

static enum next
store(struct request *r, struct login *l)
{
	char *hash;

	batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
	l->ok = l->ok && l->user != NULL;
	if (!l->ok) {
		batch_addv(&r->batch, &count_failure, 2, l->keys[0],
		    ACCOUNT_TRIES);
		batch_addv(&r->batch, &count_failure, 2, l->keys[1],
		    ADDRESS_TRIES);
		return NEXT_DB;
	}
	bearer_new("tz_u_", l->token);
	hash = arena_alloc(&r->arena, SHA_HEX_LEN + 1);
	sha256_hex(l->token, strlen(l->token), hash);
	uuid_new(l->id);
	batch_addv(&r->batch, &forget_failures, 1, l->keys[0]);
	batch_addv(&r->batch, &open_session, 5, l->id, l->user, hash,
	    r->remote, l->role);
	return NEXT_DB;
}

static enum next
answer(struct request *r, struct login *l)
{
	const struct rows *s = batch_rows(&r->batch, 1);

	if (!l->ok)
		return fail(r, E_IDENTITY, "login_failed", "用户名或密码不正确",
		    "The login or the password is wrong.");
	if (rows_n(s) == 0)
		return fail(r, E_DENIED, "no_role", "该用户没有被授予任何角色",
		    "No role is granted to this user.");
	buf_str(&r->reply, "{");
	buf_key(&r->reply, "token");
	buf_json(&r->reply, l->token);
	buf_key(&r->reply, "expires_at");
	buf_json(&r->reply, rows_text(s, 0, 0));
	buf_key(&r->reply, "user");
	buf_str(&r->reply, "{");
	buf_key(&r->reply, "id");
	buf_json(&r->reply, l->user);
	buf_key(&r->reply, "login");
	buf_json(&r->reply, l->name);
	buf_key(&r->reply, "name");
	buf_json(&r->reply, rows_text(s, 0, 1));
	buf_str(&r->reply, "}}");
	return reply(r, 201);
}

static enum next
session_end(struct request *r)
{
	const char *hash = auth_token_hash(r);

	if (r->state != NULL)
		return reply(r, 204);
	r->state = r;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, &end_session, 1, &hash);
	return NEXT_DB;
}

static enum next
me(struct request *r)
{
	const struct rows *g;
	struct buf *b = &r->reply;
	char code[24];

	snprintf(code, sizeof code, "%012lld", (long long)r->who.division);
	if (r->state == NULL) {
		r->state = r;
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		batch_addv(&r->batch, &my_grants, 1, r->who.id);
		batch_addv(&r->batch, &my_division, 1,
		    arena_strdup(&r->arena, code));
		return NEXT_DB;
	}
	g = batch_rows(&r->batch, 1);
	buf_str(b, "{");
	const char *const pair[] = { "id", r->who.id, "login", r->who.login,
		"name", r->who.name, "org", r->who.org_name, "role",
		r->who.role, "division", code, "division_name",
		rows_n(g) > 0 ? rows_text(g, 0, 0) : "", "line",
		r->who.scope.line };
	for (size_t i = 0; i < COUNT(pair); i += 2) {
		buf_key(b, pair[i]);
		buf_json(b, pair[i + 1]);
	}
	buf_key(b, "level");
	buf_printf(b, "%d", r->who.level);
	buf_key(b, "clearance");
	buf_printf(b, "%d", r->who.scope.clearance);
	buf_key(b, "grants");
	buf_str(b, "[");
	g = batch_rows(&r->batch, 0);
	for (int i = 0; i < rows_n(g); i++) {
		buf_comma(b);
		buf_str(b, "{");
		buf_key(b, "role");
		buf_json(b, rows_text(g, i, 0));
		buf_key(b, "division");
		buf_printf(b, "\"%012lld\"",
		    strtoll(rows_text(g, i, 1), NULL, 10));
		buf_key(b, "division_name");
		buf_json(b, rows_text(g, i, 2));
		buf_key(b, "line");
		buf_json(b, rows_text(g, i, 3));
		buf_str(b, "}");
	}
	buf_str(b, "]}");
	return reply(r, 200);
}
