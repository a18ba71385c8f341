/* Signing in with a password and out: POST /v1/sessions, DELETE …/current. */
#include <string.h>

#include "audit.h"
#include "base/text.h"
#include "identity.h"
#include "login.h"
#include "route.h"
#include "second.h"

enum { NEW, ASKED, CHECKED, STORED };

static const struct stmt end_session = { "logout",
	"UPDATE session SET revoked_at = now()"
	" WHERE token_hash = $1 AND revoked_at IS NULL" };
static const struct stmt end_token = { "logout_client",
	"UPDATE client_token SET revoked_at = now()"
	" WHERE token_hash = $1 AND revoked_at IS NULL" };
static const struct stmt *const statements[] = { &end_session, &end_token };

static enum next session_create(struct request *);
static enum next session_end(struct request *);
static enum next ask(struct request *, struct login *);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/sessions", .right = RIGHT_PUBLIC,
	    .handle = session_create, .lane = LANE_FAST,
	    .secret = true, .id = "createSession", .summary = "Sign in",
	    .summary_zh = "登录", .request_schema = "Login",
	    .reply_schema = "Session", .body_max = 4096 },
	{ .method = M_DELETE, .pattern = "/v1/sessions/current",
	    .right = RIGHT_SELF, .open = OPEN_UNREADY | OPEN_CLIENT | OPEN_VIEW,
	    .handle = session_end, .lane = LANE_FAST,
	    .id = "endSession", .summary = "Sign out",
	    .summary_zh = "退出" },
};

void
session_init(void)
{
	login_init();
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
	sessions_init();
	view_init();
	me_init();
	second_init();
	outside_init();
}

static enum next
session_create(struct request *r)
{
	struct login *l = r->state;

	if (l == NULL) {
		r->state = l = arena_alloc(&r->arena, sizeof *l);
		l->method = "password";
	}
	switch (l->phase++) {
	case NEW:
		return ask(r, l);
	case ASKED:
		if (!login_found(r, l))
			return NEXT_FAIL;
		return password_verify(r, l->password, l->hash, &l->proven);
	case CHECKED:
		return login_open(r, l);
	default:
		return login_answer(r, l);
	}
}

static enum next
ask(struct request *r, struct login *l)
{
	static const char *const own[] = { "login", "password", NULL };
	const json_t *body = request_json(r);

	if (body == NULL)
		return NEXT_FAIL;
	login_body(r, l, body, own);
	l->name = json_string_value(json_object_get(body, "login"));
	l->password = json_string_value(json_object_get(body, "password"));
	if (l->name == NULL || *l->name == '\0' || utf8_len(l->name) > 64)
		fault(r, "/login", "DQ-01", "required", "请填写用户名",
		    "login is required");
	if (l->password == NULL)
		fault(r, "/password", "DQ-01", "required", "请填写密码",
		    "password is required");
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "用户名或密码没有填写完整",
		    "The body is not complete.");
	login_ask(r, l);
	return NEXT_DB;
}

static enum next
session_end(struct request *r)
{
	const char *hash = auth_token_hash(r);

	if (r->state != NULL)
		return reply(r, 204);
	r->state = r;
	batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
	batch_add(&r->batch, r->who.client[0] != '\0' ? &end_token :
	    &end_session, 1, &hash);
	audit_note(r, &(struct audit_event){ .verb = "logout" });
	return NEXT_DB;
}
