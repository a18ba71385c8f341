/*
 * POST /v1/sessions/view: a security administrator looks at what somebody in
 * his subtree sees. The session only reads, ends within half an hour and with
 * his own, and every access is in the log with both names (issue 4.7).
 */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "audit.h"
#include "base/uid.h"
#include "entity.h"
#include "identity.h"
#include "route.h"
#include "scope.h"
#include "shape.h"

#define MINUTES 15 /* unless the body says otherwise, up to 30 */

enum { FOUND = 1, OPENED };

struct work {
	int phase;
	const char *login, *role, *grant, *reason, *user, *name, *minutes;
	char id[UUID_LEN + 1], token[BEARER_MAX];
};

static const struct field fields[] = {
	{ "user", "用户名", "Login of whom to look as.", T_TEXT, F_REQUIRED, 0,
	    1, 63, NULL, "4.7", NULL },
	{ "role", "角色", "Which of his roles; the first by default.", T_TEXT,
	    0, 0, 1, 40, NULL, "4.7", NULL },
	{ "grant", "授权", "Which of his grants.", T_TEXT, 0, 0, 36, 36, NULL,
	    "4.7", NULL },
	{ "reason", "事由", "Why; he can read it, too.", T_TEXT, F_REQUIRED, 0,
	    1, 200, NULL, "4.7", NULL },
	{ "minutes", "时长（分钟）", "How long, 15 by default.", T_INT, 0, 0,
	    1, 30, NULL, "4.7", NULL },
};

static const struct stmt find = { "view_find",
	"SELECT u.id, u.name, g.id, g.part, user_beyond($6::uuid, u.id)"
	" FROM app_user u LEFT JOIN grant_reach g ON g.user_id = u.id"
	" AND g.valid AND ($2::text IS NULL OR g.role = $2)"
	" AND ($3::uuid IS NULL OR g.id = $3::uuid)"
	" WHERE u.login = $1 AND u.status = 'active'"
	" AND u.division_code BETWEEN $4::bigint AND $5::bigint"
	" ORDER BY g.created_at, g.role LIMIT 1" };
static const struct stmt insert = { "view_open",
	"INSERT INTO session (id, user_id, grant_id, division_code,"
	" token_hash, remote, method, expires_at, viewer_id, viewer_session,"
	" reason) SELECT $1::uuid, g.user_id, g.id, g.division_code, $3, $4,"
	" 'view', now() + $5::int * interval '1 minute', $6::uuid, $7::uuid,"
	" $8 FROM role_grant g WHERE g.id = $2::uuid"
	" RETURNING " SQL_UTC("expires_at") };
static const struct stmt *const statements[] = { &find, &insert };

static enum next view_open(struct request *);
static enum next ask(struct request *, struct work *);
static enum next open_it(struct request *, struct work *);
static enum next answer(struct request *, const struct work *);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/sessions/view",
	    .right = RIGHT_SECURE, .handle = view_open, .lane = LANE_FAST,
	    .secret = true, .id = "viewAs", .body_max = 4096, .done = "201",
	    .summary = "Look as somebody in one's subtree, read-only, logged",
	    .summary_zh = "以本辖区用户的身份查看，只读，全程留痕",
	    .request_schema = "ViewAs", .reply_schema = "Session" },
};

void
view_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
view_open(struct request *r)
{
	struct work *w = r->state;

	if (w == NULL) {
		r->state = w = arena_alloc(&r->arena, sizeof *w);
		return ask(r, w);
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	return w->phase == FOUND ? open_it(r, w) : answer(r, w);
}

static enum next
ask(struct request *r, struct work *w)
{
	json_t *body = shape_body(r);
	struct {
		const char *name, **to;
	} text[] = { { "user", &w->login }, { "role", &w->role },
		{ "grant", &w->grant }, { "reason", &w->reason } };
	const json_t *minutes;

	if (body == NULL)
		return NEXT_FAIL;
	shape_check(r, fields, COUNT(fields), NULL, body, "");
	for (size_t i = 0; i < COUNT(text); i++) {
		const char *s = json_string_value(json_object_get(body,
		    text[i].name));

		*text[i].to = s != NULL ? arena_strdup(&r->arena, s) : NULL;
	}
	if (w->grant != NULL && !uuid_ok(w->grant))
		shape_fault(r, "", "grant", "malformed", "不是有效的编号",
		    "is no identifier");
	minutes = json_object_get(body, "minutes");
	w->minutes = arena_printf(&r->arena, "%d", json_is_integer(minutes)
	    ? (int)json_integer_value(minutes) : MINUTES);
	json_decref(body);
	if (r->faults != NULL)
		return shape_refuse(r);
	w->phase = FOUND;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_addv(&r->batch, &find, 6, w->login, w->role, w->grant,
	    arena_int(&r->arena, r->who.scope.lo),
	    arena_int(&r->arena, r->who.scope.hi),
	    r->who.grant);
	return NEXT_DB;
}

/* Whom he administers, in that person's business: not other administrators,
 * nor auditors, whose eyes are not his. */
static enum next
open_it(struct request *r, struct work *w)
{
	const struct rows *found = batch_rows(&r->batch, 0);
	char *hash;

	if (rows_n(found) == 0) {
		shape_fault(r, "", "user", "unknown",
		    "没有这个用户，或不在您的范围内",
		    "names no user within your scope");
		return shape_refuse(r);
	}
	w->user = rows_text(found, 0, 0);
	w->name = rows_text(found, 0, 1);
	w->grant = rows_text(found, 0, 2);
	if (*rows_text(found, 0, 4) == 't')
		return fail_beyond(r);
	if (w->grant == NULL)
		return fail(r, E_DENIED, "no_role", "该用户没有被授予这样的角色",
		    "No such role is granted to this user.");
	if (strcmp(rows_text(found, 0, 3), "business") != 0)
		return fail(r, E_DENIED, "not_viewable",
		    "只能以业务人员的身份查看",
		    "Administrators and auditors are not looked as.");
	bearer_new("tz_v_", w->token);
	hash = arena_alloc(&r->arena, SHA_HEX_LEN + 1);
	sha256_hex(w->token, strlen(w->token), hash);
	uuid_new(w->id);
	w->phase = OPENED;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_addv(&r->batch, &insert, 8, w->id, w->grant, hash, r->remote,
	    w->minutes, r->who.id, r->who.session, w->reason);
	audit_note(r, &(struct audit_event){ .verb = "view_as",
	    .entity = "app_user", .row = w->user, .detail = arena_printf(
	    &r->arena, "{\"session\":\"%s\",\"grant\":\"%s\",\"minutes\":%s}",
	    w->id, w->grant, w->minutes) });
	return NEXT_DB;
}

static enum next
answer(struct request *r, const struct work *w)
{
	struct buf *b = &r->reply;

	buf_str(b, "{\"token\":");
	buf_json(b, w->token);
	buf_key(b, "expires_at");
	buf_json(b, rows_text(batch_rows(&r->batch, 0), 0, 0));
	buf_key(b, "id");
	buf_json(b, w->id);
	buf_key(b, "user");
	buf_str(b, "{\"id\":");
	buf_json(b, w->user);
	buf_key(b, "login");
	buf_json(b, w->login);
	buf_key(b, "name");
	buf_json(b, w->name);
	buf_str(b, "},\"must\":[]}");
	reply_header(r, "cache-control", "no-store");
	return reply(r, 201);
}
