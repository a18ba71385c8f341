/* One's own account: GET /v1/me, PUT /v1/me/password. */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "conf.h"
#include "identity.h"
#include "login.h"
#include "prove.h"
#include "route.h"
#include "scope.h"

enum { HASHING = 1, STORED, ANSWER };

struct change {
	struct prove prove;
	int phase;
	const char *old, *new;
	char *hash;
};

static const struct stmt my_grants = { "me_grants",
	"SELECT g.role, g.division_code, d.name, g.line_code, g.id"
	" FROM role_grant g JOIN division d ON d.code = g.division_code"
	" WHERE g.user_id = $1::uuid AND g.valid_from <= now()"
	" AND (g.valid_to IS NULL OR g.valid_to > now())"
	" ORDER BY g.created_at, g.role" };
static const struct stmt my_division = { "me_division",
	"SELECT name FROM division WHERE code = $1::bigint" };
static const struct stmt put_password = { "me_password",
	"UPDATE app_user SET password = $2, must_change = false,"
	" password_set_at = now() WHERE id = $1::uuid" };
static const struct stmt end_others = { "me_end_others",
	"UPDATE session SET revoked_at = now() WHERE user_id = $1::uuid"
	" AND token_hash <> $2 AND revoked_at IS NULL" };
static const struct stmt *const statements[] = { &my_grants, &my_division,
	&put_password, &end_others };

static enum next me(struct request *);
static void write_reach(const struct request *, struct buf *);
static void write_grants(struct buf *, const struct rows *);
static enum next password_change(struct request *);
static bool read_change(struct request *, struct change *);
static enum next store(struct request *, struct change *);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/me", .right = RIGHT_SELF,
	    .open = OPEN_UNREADY | OPEN_CLIENT,
	    .handle = me, .lane = LANE_FAST, .id = "getMe",
	    .summary = "Who I am and what I may reach",
	    .summary_zh = "我是谁", .reply_schema = "Me" },
	{ .method = M_PUT, .pattern = "/v1/me/password", .right = RIGHT_SELF,
	    .open = OPEN_UNREADY, .handle = password_change,
	    .lane = LANE_FAST, .secret = true, .id = "changePassword",
	    .summary = "Change one's password; ends one's other sessions",
	    .summary_zh = "修改密码，其他会话随之结束",
	    .request_schema = "PasswordChange", .body_max = 4096 },
};

void
me_init(void)
{
	prove_init();
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
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
	buf_key(b, "grant");
	buf_json(b, *r->who.grant != '\0' ? r->who.grant : NULL);
	buf_key(b, "client");
	buf_json(b, *r->who.client != '\0' ? r->who.client : NULL);
	buf_key(b, "viewer");
	buf_json(b, *r->who.viewer != '\0' ? r->who.viewer : NULL);
	write_reach(r, b);
	must_write(b, r->who.must);
	write_grants(b, batch_rows(&r->batch, 0));
	buf_char(b, '}');
	return reply(r, 200);
}

/* What the grant is narrowed to, and how much personal data it is shown. */
static void
write_reach(const struct request *r, struct buf *b)
{
	const struct role *role = role_find(r->who.role);

	buf_key(b, "part");
	buf_json(b, role_part_name(r->who.part));
	buf_key(b, "pii_profile");
	buf_json(b, role != NULL ? role->profile : "none");
	buf_printf(b, ",\"readonly\":%s", r->who.readonly ? "true" : "false");
	buf_key(b, "action");
	buf_json(b, *r->who.action != '\0' ? r->who.action : NULL);
	buf_key(b, "coverage");
	buf_json(b, r->who.scope.cover);
	buf_key(b, "own");
	buf_json(b, r->who.scope.own);
	buf_key(b, "categories");
	buf_str(b, text_given(r->who.scope.category) ? r->who.scope.category
						     : "null");
}

static void
write_grants(struct buf *b, const struct rows *g)
{
	buf_key(b, "grants");
	buf_char(b, '[');
	for (int i = 0; i < rows_n(g); i++) {
		buf_comma(b);
		buf_str(b, "{\"id\":");
		buf_json(b, rows_text(g, i, 4));
		buf_key(b, "role");
		buf_json(b, rows_text(g, i, 0));
		buf_key(b, "division");
		buf_printf(b, "\"%012lld\"",
		    strtoll(rows_text(g, i, 1), NULL, 10));
		buf_key(b, "division_name");
		buf_json(b, rows_text(g, i, 2));
		buf_key(b, "line");
		buf_json(b, rows_text(g, i, 3));
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

static enum next
password_change(struct request *r)
{
	struct change *c = r->state;
	enum next next;

	if (c == NULL) {
		r->state = c = arena_alloc(&r->arena, sizeof *c);
		c->hash = arena_alloc(&r->arena, PASSWORD_HASH);
		if (!read_change(r, c))
			return NEXT_FAIL;
	}
	if (c->phase == 0) {
		next = prove(r, &c->prove, c->old);
		if (next != NEXT_DONE)
			return next;
		c->phase = HASHING;
	}
	switch (c->phase++) {
	case HASHING:
		return password_hash(r, c->new, c->hash);
	case STORED:
		return store(r, c);
	default:
		return reply(r, 204);
	}
}

static bool
read_change(struct request *r, struct change *c)
{
	const json_t *body = request_json(r);
	const char *key, *weak;
	json_t *v;

	if (body == NULL)
		return false;
	json_object_foreach((json_t *)(uintptr_t)body, key, v)
		if (strcmp(key, "password") != 0 &&
		    strcmp(key, "new_password") != 0)
			fault(r, arena_printf(&r->arena, "/%s", key), "DQ-02",
			    "unknown_field", "没有这个字段", "unknown field");
	c->old = json_string_value(json_object_get(body, "password"));
	c->new = json_string_value(json_object_get(body, "new_password"));
	if (c->old == NULL)
		fault(r, "/password", "DQ-01", "required", "请填写现在的密码",
		    "the present password is required");
	weak = password_weak(c->new, r->who.login);
	if (weak == NULL && c->old != NULL && strcmp(c->old, c->new) == 0)
		weak = "新密码不能与现在的相同";
	if (weak != NULL)
		fault(r, "/new_password", "DQ-02", "weak", weak,
		    "must have 8 characters of two kinds or more, and be "
		    "neither the login, nor common, nor the present one");
	if (r->faults != NULL)
		(void)fail(r, E_INPUT, "invalid", "新密码不符合要求",
		    "The new password will not do.");
	return r->faults == NULL;
}

static enum next
store(struct request *r, struct change *c)
{
	if (*c->hash == '\0')
		return fail(r, E_BUSY, NULL, NULL, NULL);
	batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
	batch_addv(&r->batch, &put_password, 2, r->who.id, c->hash);
	batch_addv(&r->batch, &end_others, 2, r->who.id, auth_token_hash(r));
	audit_note(r, &(struct audit_event){ .verb = "password",
	    .entity = "app_user", .row = r->who.id });
	return NEXT_DB;
}
