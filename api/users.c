/* POST /v1/users: people and their roles, idempotent by login. */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "audit.h"
#include "base/uid.h"
#include "entity.h"
#include "identity.h"
#include "model/check.h"
#include "route.h"
#include "scope.h"
#include "settings.h"
#include "shape.h"

#define USERS_MAX 500
#define PASSWORDS_MAX 50 /* different ones in one request */

enum phase { LOOKED = 1, REFUSED, HASHING, WRITTEN };

struct work {
	enum phase phase;
	size_t n;
	const char *users;	/* the list as JSON text, checked */
	const char *path;	/* where it stands in the body */
	const char **password;	/* each one's, or NULL */
	const char **hash;	/* of those */
	char *hashing;		/* the one under way */
	unsigned different;	/* hashed by now */
};

static const struct field user_fields[] = {
	{ "login", "用户名", "Login: lower-case letters, digits, . _ -.",
	    T_TEXT, F_REQUIRED, 0, 2, 63, NULL, "3.3", NULL },
	{ "name", "姓名", "Full name.", T_TEXT, F_REQUIRED | PII(DUTY), 0, 1, 60,
	    NULL, "3.3", NULL },
	{ "phone", "电话", "Phone.", T_TEXT, PII(CONTACT), 0, 0, 40, NULL, "3.3",
	    check_phone },
	{ "division_code", "所在区划", "Division the person works in.",
	    T_DIVISION, F_REQUIRED, 0, 0, 0, NULL, "3.3", NULL },
	{ "org", "单位代码", "Code of the organisation in its division.",
	    T_TEXT, 0, 0, 1, 60, NULL, "3.3", NULL },
	{ "org_division", "单位区划",
	    "Division of the organisation, if another.", T_DIVISION, 0, 0, 0,
	    0, NULL, "3.3", NULL },
	{ "must_change", "须改密码", "The password must be changed before "
	    "anything else; so must one that an administrator sets.", T_BOOL,
	    0, 0, 0, 0, NULL, "4.7", NULL },
	{ "status", "账号状态", "active, or locked: then all sessions end.",
	    T_TEXT, 0, 0, 1, 10, NULL, "4.7", NULL },
};

static const struct stmt look_up = { "users_look_up",
	"SELECT u.id, o.id FROM jsonb_array_elements($1::jsonb)"
	" WITH ORDINALITY AS t (v, at)"
	" LEFT JOIN app_user u ON u.login = v->>'login'"
	" LEFT JOIN org_unit o ON o.code = v->>'org' AND o.division_code ="
	" coalesce(v->>'org_division', v->>'division_code')::bigint"
	" ORDER BY at" };
/* A login taken in another scope fails by row-level security. */
static const struct stmt put_users = { "users_put",
	"INSERT INTO app_user AS u (id, login, name, phone, org_id,"
	" division_code, password, must_change) SELECT t.id, t.login, t.name,"
	" t.phone, o.id, t.division_code::bigint, coalesce(t.hash, '!'),"
	" coalesce(t.must_change, false) OR (t.hash IS NOT NULL AND"
	" $2::boolean)"
	" FROM jsonb_to_recordset($1::jsonb) AS t (id uuid, login text,"
	" name text, phone text, org text, org_division text,"
	" division_code text, hash text, must_change boolean)"
	" LEFT JOIN org_unit o ON o.code = t.org AND o.division_code ="
	" coalesce(t.org_division, t.division_code)::bigint"
	" ON CONFLICT (login) DO UPDATE SET name = excluded.name,"
	" phone = excluded.phone, org_id = excluded.org_id,"
	" division_code = excluded.division_code,"
	" password = CASE excluded.password WHEN '!' THEN u.password"
	" ELSE excluded.password END, password_set_at = CASE"
	" excluded.password WHEN '!' THEN u.password_set_at ELSE now() END,"
	" must_change = u.must_change OR excluded.must_change"
	" WHERE (u.name, u.phone, u.org_id, u.division_code) IS DISTINCT"
	" FROM (excluded.name, excluded.phone, excluded.org_id,"
	" excluded.division_code) OR excluded.password <> '!'"
	" OR (excluded.must_change AND NOT u.must_change)" };
/* Each grant of the body, and those that count of the ones there are. */
#define GRANTS                                                                 \
	"(SELECT u.id AS user_id, g.role, p.at AS division_code,"              \
	" coalesce(g.line_code, '') AS line_code, g.clearance,"                \
	" (SELECT a.id FROM action a WHERE a.code = g.action) AS action_id,"   \
	" (SELECT o.id FROM org_unit o WHERE o.code = g.cover_org"             \
	" AND o.division_code = p.at) AS cover_org_id,"                        \
	" g.own, coalesce(g.valid_from, now()) AS valid_from, g.valid_to"      \
	" FROM jsonb_to_recordset($1::jsonb) AS t (login text,"                \
	" division_code text, grants jsonb) JOIN app_user u USING (login),"    \
	" jsonb_to_recordset(t.grants) AS g (role text, division_code text,"   \
	" line_code text, clearance smallint, action text, cover_org text,"    \
	" own uuid[], valid_from timestamptz, valid_to timestamptz),"          \
	" LATERAL (SELECT coalesce(g.division_code, t.division_code)::bigint)" \
	" AS p (at))"
#define SAME                                                                   \
	" (n.user_id, n.role, n.division_code, n.line_code) ="                 \
	" (g.user_id, g.role, g.division_code, g.line_code)"                   \
	" AND n.action_id IS NOT DISTINCT FROM g.action_id"                    \
	" AND n.cover_org_id IS NOT DISTINCT FROM g.cover_org_id"              \
	" AND (g.valid_to IS NULL OR g.valid_to > now())"
/* Where a grant names an action or an organisation that is not there. */
static const struct stmt look_grants = { "users_look_grants",
	"SELECT t.at - 1, g.at - 1, CASE WHEN a.id IS NULL AND"
	" g.v->>'action' IS NOT NULL THEN 'action' ELSE 'cover_org' END"
	" FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (v, at)"
	" CROSS JOIN LATERAL jsonb_array_elements(t.v->'grants')"
	" WITH ORDINALITY AS g (v, at) LEFT JOIN action a ON a.code = g.v->>'action'"
	" LEFT JOIN org_unit o ON o.code = g.v->>'cover_org'"
	" AND o.division_code = coalesce(g.v->>'division_code',"
	" t.v->>'division_code')::bigint"
	" WHERE (g.v->>'action' IS NOT NULL AND a.id IS NULL)"
	" OR (g.v->>'cover_org' IS NOT NULL AND o.id IS NULL)" };
/* Whom the caller does not administer, and which grants go beyond his own. */
static const struct stmt look_beyond = { "users_look_beyond",
	"SELECT t.at - 1, NULL, CASE u.id WHEN $2::uuid THEN 'oneself'"
	" ELSE 'user' END"
	" FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (v, at)"
	" JOIN app_user u ON u.login = t.v->>'login'"
	" WHERE u.id = $2::uuid OR user_beyond($3::uuid, u.id)"
	" UNION ALL SELECT t.at - 1, g.at - 1, b.code"
	" FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (v, at)"
	" CROSS JOIN LATERAL jsonb_array_elements(t.v->'grants')"
	" WITH ORDINALITY AS g (v, at)"
	" LEFT JOIN action a ON a.code = g.v->>'action'"
	" CROSS JOIN LATERAL jsonb_to_record(g.v) AS n (role text,"
	" line_code text, clearance int, valid_from timestamptz,"
	" valid_to timestamptz), LATERAL (SELECT coalesce("
	" g.v->>'division_code', t.v->>'division_code')::bigint) AS p (at),"
	" LATERAL (SELECT coalesce(grant_beyond($3::uuid, n.role, p.at,"
	" coalesce(n.line_code, ''), n.clearance, a.id), CASE WHEN NOT EXISTS"
	" (SELECT FROM role_grant s JOIN app_user u ON u.id = s.user_id"
	" WHERE u.login = t.v->>'login' AND s.role = n.role"
	" AND s.division_code = p.at"
	" AND s.line_code = coalesce(n.line_code, '')"
	" AND s.action_id IS NOT DISTINCT FROM a.id"
	" AND (s.valid_to IS NULL OR s.valid_to > now())"
	" AND (s.valid_to IS NULL OR s.valid_to >= n.valid_to))"
	" THEN grant_longer($3::uuid, n.valid_from, n.valid_to) END)) AS b"
	" (code) WHERE b.code IS NOT NULL" };
static const struct stmt put_status = { "users_put_status",
	"UPDATE app_user u SET status = t.status"
	" FROM jsonb_to_recordset($1::jsonb) AS t (login text, status text)"
	" WHERE u.login = t.login AND u.status <> t.status" };
static const struct stmt end_grants = { "users_end_grants",
	"UPDATE role_grant g SET valid_to = greatest(now(), valid_from)"
	" FROM app_user u"
	" WHERE u.id = g.user_id AND u.login IN (SELECT v->>'login'"
	" FROM jsonb_array_elements($1::jsonb) v)"
	" AND (g.valid_to IS NULL OR g.valid_to > now())"
	" AND NOT EXISTS (SELECT FROM " GRANTS " n WHERE" SAME ")" };
static const struct stmt change_grants = { "users_change_grants",
	"UPDATE role_grant g SET clearance = n.clearance, own = n.own,"
	" valid_to = n.valid_to FROM " GRANTS " n WHERE" SAME
	" AND (g.clearance, g.own, g.valid_to) IS DISTINCT FROM"
	" (n.clearance, n.own, n.valid_to)" };
/* What ended stays as it was: a decision was given under it. */
static const struct stmt put_grants = { "users_put_grants",
	"INSERT INTO role_grant (id, user_id, role, division_code, line_code,"
	" clearance, action_id, cover_org_id, own, valid_from, valid_to)"
	" SELECT gen_random_uuid(), n.* FROM " GRANTS " n WHERE NOT EXISTS"
	" (SELECT FROM role_grant g WHERE" SAME ")" };
/* A new password, a role taken away or an account locked ends what was opened
 * with the old. */
static const struct stmt end_sessions = { "users_end_sessions",
	"UPDATE session s SET revoked_at = now() FROM app_user u,"
	" jsonb_to_recordset($1::jsonb) AS t (login text, hash text)"
	" WHERE u.login = t.login AND s.user_id = u.id"
	" AND s.revoked_at IS NULL AND (t.hash IS NOT NULL"
	" OR u.status = 'locked' OR EXISTS"
	" (SELECT FROM role_grant g WHERE g.id = s.grant_id"
	" AND g.valid_to <= now()))" };
static const struct stmt *const statements[] = { &look_up, &put_users,
	&look_grants, &look_beyond, &put_status, &end_grants, &change_grants,
	&put_grants, &end_sessions };

static enum next users_put(struct request *);
static enum next look(struct request *, struct work *);
static void check_user(struct request *, struct work *, json_t *,
    const char *path, const char *initial);
static const char *at(struct request *, const struct work *, size_t);
static enum next known(struct request *, struct work *);
static bool beyond(struct request *, const struct work *);
static enum next unsaved(struct request *);
static enum next hash(struct request *, struct work *);
static enum next store(struct request *, struct work *);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/users", .right = RIGHT_SECURE,
	    .handle = users_put, .lane = LANE_SLOW, .secret = true, .id = "putUsers",
	    .summary = "Load people with their roles, by login",
	    .summary_zh = "载入用户及其角色", .request_schema = "UserBulk",
	    .reply_schema = "Loaded" },
};

void
users_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

json_t *
users_schema(void)
{
	json_t *one = shape_schema(user_fields, COUNT(user_fields));
	json_t *properties = json_object_get(one, "properties");

	json_object_set_new(properties, "password", json_pack("{ss ss}",
	    "type", "string", "description",
	    "Needed for a new person; for a known one it is set anew."));
	json_object_set_new(properties, "grants", shape_schema_list(grants_schema()));
	json_array_append_new(json_object_get(one, "required"),
	    json_string("grants"));
	return json_pack("{ss s{ss ss ss ss s[{ss}]} s[O {ss sb s[s]"
	    " s{so s{ss ss} s{ss}}}]}", "description",
	    "One person, or several; what is known already is changed.",
	    "example", "login", "zhangsan", "name", "张三", "division_code",
	    "430981001000", "password", "what-was-agreed", "grants", "role",
	    "township_clerk", "oneOf", one, "type",
	    "object", "additionalProperties", false, "required", "users", "properties", "users", shape_schema_list(one),
	    "initial_password", "type", "string", "description",
	    "For those who are new and have no password of their own.",
	    "note", "type", "string");
}

static enum next
users_put(struct request *r)
{
	struct work *w = r->state;
	int changed = 0;

	if (w == NULL) {
		r->state = w = arena_alloc(&r->arena, sizeof *w);
		return look(r, w);
	}
	if (w->phase == HASHING)
		return hash(r, w);
	if (w->phase == REFUSED)
		return shape_refuse(r);
	if (r->batch.failed >= 0)
		return unsaved(r);
	if (w->phase == LOOKED)
		return known(r, w);
	for (unsigned i = 0; i + 1 < r->batch.n; i++)
		changed += rows_affected(batch_rows(&r->batch, i));
	return reply_loaded(r, w->n, changed);
}

static enum next
unsaved(struct request *r)
{
	const struct rows *bad = r->batch.at[r->batch.failed].rows;

	if (strcmp(rows_sqlstate(bad), "42501") == 0 &&
	    r->batch.at[r->batch.failed].stmt == &put_users)
		return fail(r, E_CONFLICT, "login_taken",
		    "有的用户名已在其他地区使用",
		    "A login is taken elsewhere.");
	if (strcmp(rows_constraint(bad), "role_grant_one_part") == 0)
		return fail(r, E_CONFLICT, "one_part",
		    "同一人不能同时担任系统、安全、审计管理员中的两种，"
		    "也不能兼任业务角色或审计人员",
		    "Nobody is two of system, security and audit "
		    "administrator, auditor and business user at the "
		    "same time.");
	return grants_fail(r);
}

/* One person, or {"users": […], "initial_password": "…"}: the latter is for
 * those who are new and have none of their own. */
static enum next
look(struct request *r, struct work *w)
{
	static const char *const members[] = { "users", "initial_password",
		NULL };
	json_t *body = shape_body(r), *items, *seen = json_object();
	const char *initial = NULL;

	if (body != NULL && json_object_get(body, "users") != NULL) {
		shape_check(r, NULL, 0, members, body, "");
		initial = json_string_value(json_object_get(request_json(r),
		    "initial_password"));
		if (initial != NULL && password_weak(initial, NULL) != NULL)
			shape_fault(r, "", "initial_password", "weak",
			    password_weak(initial, NULL), "is too weak");
	}
	if (body == NULL) {
		json_decref(seen);
		return NEXT_FAIL;
	}
	items = shape_items(r, body, "users", USERS_MAX, &w->path);
	w->n = json_array_size(items);
	w->password = arena_array(&r->arena, w->n + 1, sizeof(char *));
	w->hash = arena_array(&r->arena, w->n + 1, sizeof(char *));
	for (size_t i = 0; i < w->n; i++) {
		json_t *one = json_array_get(items, i);
		const char *own = json_string_value(json_object_get(one,
		    "password"));
		const char *login;

		w->password[i] = own != NULL ? arena_strdup(&r->arena, own)
					     : initial;
		check_user(r, w, one, at(r, w, i), own);
		login = json_string_value(json_object_get(one, "login"));
		if (login != NULL && json_object_get(seen, login) != NULL)
			shape_fault(r, at(r, w, i), "login", "duplicate",
			    "同一文件中重复出现", "is in the list twice");
		else if (login != NULL)
			json_object_set_new(seen, login, json_true());
	}
	json_decref(seen);
	json_decref(body);
	w->users = shape_text(r, items);
	if (r->faults != NULL)
		return shape_refuse(r);
	w->phase = LOOKED;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_add(&r->batch, &look_up, 1, &w->users);
	batch_add(&r->batch, &look_grants, 1, &w->users);
	batch_addv(&r->batch, &look_beyond, 3, w->users, r->who.id,
	    r->who.grant);
	return NEXT_DB;
}

/* The password goes no further than here and the hash. */
static void
check_user(struct request *r, struct work *w, json_t *one, const char *path,
    const char *own)
{
	static const char *const others[] = { "password", "grants", NULL };
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *login, *division, *status;
	char id[UUID_LEN + 1];

	(void)w;
	shape_check(r, user_fields, COUNT(user_fields), others, one, path);
	login = json_string_value(json_object_get(one, "login"));
	if (login != NULL && (*login == '\0' ||
	    strchr(letters, *login) == NULL || login[strspn(login,
	    "abcdefghijklmnopqrstuvwxyz0123456789._-")] != '\0'))
		shape_fault(r, path, "login", "malformed",
		    "用户名由小写字母、数字和 . _ - 组成",
		    "has lower-case letters, digits and . _ - only");
	division = json_string_value(json_object_get(one, "division_code"));
	if (division != NULL && !scope_covers(&r->who, strtoll(division, NULL,
	    10)))
		shape_fault(r, path, "division_code", "unknown",
		    "没有这个区划", "no such division");
	if (json_object_get(one, "password") != NULL && (own == NULL ||
	    password_weak(own, login) != NULL))
		shape_fault(r, path, "password", "weak",
		    own != NULL ? password_weak(own, login) : "只能是文字",
		    "must have 8 characters of two kinds or more, and not be "
		    "the login or a common one");
	json_object_del(one, "password");
	status = json_string_value(json_object_get(one, "status"));
	if (status != NULL && strcmp(status, "active") != 0 &&
	    strcmp(status, "locked") != 0)
		shape_fault(r, path, "status", "not_in_list",
		    "只能是 active 或 locked", "active or locked");
	grants_check(r, one, path);
	uuid_new(id); /* kept only by a new one */
	json_object_set_new(one, "id", json_string(id));
}

static const char *
at(struct request *r, const struct work *w, size_t i)
{
	return *w->path != '\0' ? arena_printf(&r->arena, "%s/%zu", w->path, i)
				: "";
}

/* Who is new needs a password; who is known keeps his unless it is named. */
static enum next
known(struct request *r, struct work *w)
{
	const struct rows *rows = batch_rows(&r->batch, 0);
	json_t *items = json_loads(w->users, 0, NULL);
	const char *initial = json_string_value(json_object_get(
	    request_json(r), "initial_password"));

	REQUIRE(items != NULL);
	for (size_t i = 0; i < w->n; i++) {
		const json_t *one = json_array_get(items, i);
		bool is_new = rows_text(rows, (int)i, 0) == NULL;

		if (!is_new && w->password[i] == initial)
			w->password[i] = NULL;
		if (is_new && w->password[i] == NULL)
			shape_fault(r, at(r, w, i), "password", "required",
			    "新用户须有密码", "a new user needs a password");
		if (json_is_string(json_object_get(one, "org")) &&
		    rows_text(rows, (int)i, 1) == NULL)
			shape_fault(r, at(r, w, i), "org", "unknown",
			    "没有这个单位", "no such organisation");
	}
	json_decref(items);
	rows = batch_rows(&r->batch, 1);
	for (int i = 0; i < rows_n(rows); i++)
		shape_fault(r, arena_printf(&r->arena, "%s/grants/%s",
		    at(r, w, (size_t)rows_long(rows, i, 0)),
		    rows_text(rows, i, 1)), rows_text(rows, i, 2), "unknown",
		    "没有这个专项行动或单位", "is not there");
	if (beyond(r, w)) { /* who tries that is in the log */
		w->phase = REFUSED;
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		audit_note(r, &(struct audit_event){ .verb = "grant",
		    .outcome = "refused", .entity = "role_grant" });
		return NEXT_DB;
	}
	if (r->faults != NULL)
		return shape_refuse(r);
	w->phase = HASHING;
	return hash(r, w);
}

/* Nobody administers himself, whom he could not have made what he is, or
 * beyond his own grant (issue 4.2). */
static bool
beyond(struct request *r, const struct work *w)
{
	const struct rows *rows = batch_rows(&r->batch, 2);

	for (int i = 0; i < rows_n(rows); i++) {
		const char *path = at(r, w, (size_t)rows_long(rows, i, 0));
		const char *grant = rows_text(rows, i, 1);

		if (grant != NULL)
			path = arena_printf(&r->arena, "%s/grants/%s", path,
			    grant);
		grants_beyond(r, path, rows_text(rows, i, 2));
	}
	return rows_n(rows) > 0;
}

/*
 * Each different password of a request is hashed once. Those who are given
 * the same one share its salt too; they share the password anyway.
 */
static enum next
hash(struct request *r, struct work *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (w->password[i] == NULL || w->hash[i] != NULL)
			continue;
		if (w->hashing != NULL)
			break;
		w->hashing = arena_alloc(&r->arena, PASSWORD_HASH);
		return password_hash(r, w->password[i], w->hashing);
	}
	if (i == w->n)
		return store(r, w);
	if (*w->hashing == '\0')
		return fail(r, E_BUSY, NULL, NULL, NULL);
	for (size_t k = i; k < w->n; k++)
		if (w->password[k] != NULL && w->hash[k] == NULL &&
		    strcmp(w->password[k], w->password[i]) == 0)
			w->hash[k] = w->hashing;
	w->hashing = NULL;
	if (++w->different > PASSWORDS_MAX)
		return fail(r, E_LIMIT, "too_many",
		    "一次最多设置 50 个不同的密码，请分批提交",
		    "At most 50 different passwords at once; send fewer.");
	return hash(r, w);
}

static enum next
store(struct request *r, struct work *w)
{
	json_t *items = json_loads(w->users, 0, NULL);
	struct scope *s = arena_alloc(&r->arena, sizeof *s);
	const char *p;

	REQUIRE(items != NULL);
	for (size_t i = 0; i < w->n; i++)
		if (w->hash[i] != NULL)
			json_object_set_new(json_array_get(items, i), "hash",
			    json_string(w->hash[i]));
	p = shape_text(r, items);
	w->phase = WRITTEN;
	*s = r->who.scope;
	s->line = ""; /* he grants on a line; people are of none */
	batch_open(&r->batch, &r->arena, s, LANE_SLOW);
	batch_addv(&r->batch, &put_users, 2, p, settings()->easy_login ?
	    "false" : "true");
	batch_add(&r->batch, &put_status, 1, &p);
	batch_add(&r->batch, &end_grants, 1, &p);
	batch_add(&r->batch, &change_grants, 1, &p);
	batch_add(&r->batch, &put_grants, 1, &p);
	batch_add(&r->batch, &end_sessions, 1, &p);
	return NEXT_DB;
}
