/*
 * /v1/clients: third-party applications, given and taken by security
 * administrators, never wider than their own range. The secret is told once.
 */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "audit.h"
#include "base/uid.h"
#include "client.h"
#include "entity.h"
#include "identity.h"
#include "route.h"
#include "scope.h"
#include "shape.h"

#define LIST_MAX 200
#define DIVISIONS_MAX 20
#define SCOPES_MAX 100

enum { NEW, WRITTEN, ANSWER };

struct work {
	int phase;
	const char *body;
	char id[UUID_LEN + 1];
	char secret[BEARER_MAX];
};

static const struct field fields[] = {
	{ "name", "名称", "What it is called.", T_TEXT, F_REQUIRED, 0, 1, 100,
	    NULL, "5.2", NULL },
	{ "org", "单位代码", "Code of the organisation that answers for it.",
	    T_TEXT, 0, 0, 1, 60, NULL, "5.2", NULL },
	{ "org_division", "单位区划", "Division of that organisation.",
	    T_DIVISION, 0, 0, 0, 0, NULL, "5.2", NULL },
	{ "clearance", "权限级别", "The most it sees, 0 to 2.", T_INT, 0, 0,
	    0, 2, NULL, "5.3", NULL },
	{ "personal", "个人信息", "Sees the personal data that the person it "
	    "acts for sees; else none.", T_BOOL, 0, 0, 0, 0, NULL, "5.3",
	    NULL },
	{ "rate", "频次", "Requests within ten seconds.", T_INT, 0, 0, 1,
	    6000, NULL, "5.2", NULL },
	{ "export_rows", "导出行数", "Rows a day that it may take as files.",
	    T_INT, 0, 0, 0, 10000000, NULL, "5.2", NULL },
	{ "status", "状态", "active or suspended.", T_TEXT, 0, 0, 0, 20, NULL,
	    "5.2", NULL },
	{ "valid_to", "有效期至", "Until when it counts.", T_TIME, F_REQUIRED,
	    0, 0, 0, NULL, "5.2", NULL },
};

#define BODY                                                                   \
	" FROM jsonb_to_record($1::jsonb) AS j (name text, org text,"          \
	" org_division bigint, divisions bigint[], scopes text[],"             \
	" clearance smallint, personal boolean, rate int, export_rows int,"    \
	" status text, valid_to timestamptz) LEFT JOIN org_unit o"             \
	" ON o.code = j.org AND o.division_code = j.org_division"
static const struct stmt list = { "client_list",
	"SELECT c.id, c.name, o.name, to_json(c.scopes), (SELECT"
	" json_agg(lpad(d::text, 12, '0')) FROM unnest(c.divisions) d),"
	" c.clearance, c.personal, c.rate, c.export_rows, c.status, "
	SQL_UTC("c.valid_to") " FROM client_app c"
	" LEFT JOIN org_unit o ON o.id = c.org_id"
	" WHERE c.division_code BETWEEN $1::bigint AND $2::bigint"
	" AND c.status <> 'ended' AND ($3::uuid IS NULL OR c.id = $3::uuid)"
	" ORDER BY c.created_at, c.id LIMIT 200" };
static const struct stmt insert = { "client_insert",
	"INSERT INTO client_app (id, name, org_id, division_code, divisions,"
	" scopes, clearance, personal, rate, export_rows, status, valid_to,"
	" secret_hash) SELECT $2::uuid, j.name, o.id, $3::bigint, j.divisions,"
	" j.scopes, coalesce(j.clearance, 0), coalesce(j.personal, false),"
	" coalesce(j.rate, 100), coalesce(j.export_rows, 0),"
	" coalesce(j.status, 'active'), j.valid_to, $4" BODY
	" WHERE j.org IS NULL OR o.id IS NOT NULL" };
static const struct stmt update = { "client_update",
	"UPDATE client_app c SET name = j.name, org_id = o.id,"
	" divisions = j.divisions, scopes = j.scopes,"
	" clearance = coalesce(j.clearance, 0),"
	" personal = coalesce(j.personal, false),"
	" rate = coalesce(j.rate, 100),"
	" export_rows = coalesce(j.export_rows, 0),"
	" status = coalesce(j.status, 'active'), valid_to = j.valid_to" BODY
	" WHERE c.id = $2::uuid AND c.status <> 'ended'"
	" AND (j.org IS NULL OR o.id IS NOT NULL)" };
static const struct stmt rotate = { "client_rotate",
	"UPDATE client_app SET secret_hash = $2 WHERE id = $1::uuid"
	" AND status <> 'ended'" };
static const struct stmt end = { "client_end",
	"UPDATE client_app SET status = 'ended' WHERE id = $1::uuid" };
/* What was given under the old terms ends with them. */
static const struct stmt end_tokens = { "client_end_tokens",
	"UPDATE client_token SET revoked_at = now()"
	" WHERE client_id = $1::uuid AND revoked_at IS NULL" };
static const struct stmt *const statements[] = { &list, &insert, &update,
	&rotate, &end, &end_tokens };

static enum next client_list(struct request *);
static enum next client_create(struct request *);
static enum next client_change(struct request *);
static enum next client_rotate(struct request *);
static enum next client_end(struct request *);
static bool read_body(struct request *, struct work *);
static void check_divisions(struct request *, json_t *);
static void check_scopes(struct request *, const json_t *);
static bool written(struct request *);
static const char *secret_new(struct request *, struct work *);
static bool find(struct request *, bool *back);
static void note(struct request *, const char *verb, const char *id);
static void write_one(struct buf *, const struct rows *, int at);
static enum next answer_secret(struct request *, const struct work *,
    unsigned status);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/clients", .right = RIGHT_SECURE,
	    .handle = client_list, .lane = LANE_FAST, .id = "listClients",
	    .summary = "List third-party applications",
	    .summary_zh = "第三方应用列表", .reply_schema = "ClientList" },
	{ .method = M_POST, .pattern = "/v1/clients", .right = RIGHT_SECURE,
	    .handle = client_create, .lane = LANE_FAST, .secret = true,
	    .id = "createClient",
	    .summary = "Admit an application; gives its secret, once",
	    .summary_zh = "登记第三方应用；密钥只显示一次",
	    .request_schema = "ClientNew", .reply_schema = "ClientSecret",
	    .done = "201" },
	{ .method = M_PUT, .pattern = "/v1/clients/{id}",
	    .right = RIGHT_SECURE, .handle = client_change,
	    .lane = LANE_FAST, .id = "changeClient",
	    .summary = "Change an application; ends its tokens",
	    .summary_zh = "修改第三方应用，其令牌随之失效",
	    .request_schema = "ClientNew", .done = "204" },
	{ .method = M_POST, .pattern = "/v1/clients/{id}/secret",
	    .right = RIGHT_SECURE, .handle = client_rotate,
	    .lane = LANE_FAST, .secret = true, .id = "rotateClientSecret",
	    .summary = "Give it another secret; ends its tokens",
	    .summary_zh = "更换密钥，其令牌随之失效",
	    .reply_schema = "ClientSecret", .done = "201" },
	{ .method = M_DELETE, .pattern = "/v1/clients/{id}",
	    .right = RIGHT_SECURE, .handle = client_end, .lane = LANE_FAST,
	    .id = "endClient", .summary = "End an application for good",
	    .summary_zh = "注销第三方应用" },
};

void
clients_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
client_list(struct request *r)
{
	const struct rows *l;
	bool back;

	if (!find(r, &back))
		return NEXT_DB;
	l = batch_rows(&r->batch, 0);
	buf_str(&r->reply, "{\"items\":[");
	for (int i = 0; i < rows_n(l); i++)
		write_one(&r->reply, l, i);
	buf_str(&r->reply, "]}");
	return reply(r, 200);
}

/* Plans the look at one, or at all; true when it is back. */
static bool
find(struct request *r, bool *back)
{
	*back = r->step > 0;
	if (*back)
		return true;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_addv(&r->batch, &list, 3, arena_int(&r->arena, r->who.scope.lo),
	    arena_int(&r->arena, r->who.scope.hi), r->arg[0]);
	return false;
}

static enum next
client_create(struct request *r)
{
	struct work *w = r->state;
	const char *hash;

	if (w != NULL) {
		return written(r) ? answer_secret(r, w, 201) : NEXT_FAIL;
	}
	r->state = w = arena_alloc(&r->arena, sizeof *w);
	if (!read_body(r, w))
		return NEXT_FAIL;
	uuid_new(w->id);
	hash = secret_new(r, w);
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_addv(&r->batch, &insert, 4, w->body, w->id,
	    arena_int(&r->arena, r->who.division), hash);
	note(r, "client_create", w->id);
	return NEXT_DB;
}

static enum next
client_change(struct request *r)
{
	struct work *w = r->state;
	bool back;

	if (w == NULL) {
		r->state = w = arena_alloc(&r->arena, sizeof *w);
		if (!uuid_ok(r->arg[0]))
			return fail(r, E_UNKNOWN, NULL, NULL, NULL);
		if (!read_body(r, w))
			return NEXT_FAIL;
		(void)find(r, &back);
		return NEXT_DB;
	}
	if (w->phase++ == NEW) {
		if (rows_n(batch_rows(&r->batch, 0)) == 0)
			return fail(r, E_UNKNOWN, NULL, NULL, NULL);
		batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
		batch_addv(&r->batch, &update, 2, w->body, r->arg[0]);
		batch_addv(&r->batch, &end_tokens, 1, r->arg[0]);
		note(r, "client_change", r->arg[0]);
		return NEXT_DB;
	}
	return written(r) ? reply(r, 204) : NEXT_FAIL;
}

/* False after fail(): its organisation must be one that is seen. */
static bool
written(struct request *r)
{
	if (r->batch.failed >= 0) {
		(void)grants_fail(r);
		return false;
	}
	if (rows_affected(batch_rows(&r->batch, 0)) == 1)
		return true;
	shape_fault(r, "", "org", "unknown", "没有这个单位",
	    "no such organisation");
	(void)shape_refuse(r);
	return false;
}

static enum next
client_rotate(struct request *r)
{
	struct work *w = r->state;
	const char *hash;
	bool back;

	if (r->step == 0 && !uuid_ok(r->arg[0]))
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	if (!find(r, &back))
		return NEXT_DB;
	if (w != NULL)
		return answer_secret(r, w, 201);
	if (rows_n(batch_rows(&r->batch, 0)) == 0)
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	r->state = w = arena_alloc(&r->arena, sizeof *w);
	memcpy(w->id, r->arg[0], sizeof w->id);
	hash = secret_new(r, w);
	batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
	batch_addv(&r->batch, &rotate, 2, r->arg[0], hash);
	batch_addv(&r->batch, &end_tokens, 1, r->arg[0]);
	note(r, "client_secret", r->arg[0]);
	return NEXT_DB;
}

static enum next
client_end(struct request *r)
{
	bool back;

	if (r->step == 0 && !uuid_ok(r->arg[0]))
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	if (!find(r, &back))
		return NEXT_DB;
	if (r->step > 1)
		return reply(r, 204);
	if (rows_n(batch_rows(&r->batch, 0)) == 0)
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
	batch_addv(&r->batch, &end, 1, r->arg[0]);
	batch_addv(&r->batch, &end_tokens, 1, r->arg[0]);
	note(r, "client_end", r->arg[0]);
	return NEXT_DB;
}

static bool
read_body(struct request *r, struct work *w)
{
	static const char *const lists[] = { "divisions", "scopes", NULL };
	json_t *body = shape_body(r);
	const char *status;

	if (body == NULL)
		return false;
	shape_check(r, fields, COUNT(fields), lists, body, "");
	check_divisions(r, json_object_get(body, "divisions"));
	check_scopes(r, json_object_get(body, "scopes"));
	status = json_string_value(json_object_get(body, "status"));
	if (status != NULL && strcmp(status, "active") != 0 &&
	    strcmp(status, "suspended") != 0)
		shape_fault(r, "", "status", "not_in_list",
		    "只能是 active 或 suspended", "active or suspended");
	w->body = shape_text(r, body);
	if (r->faults != NULL)
		(void)shape_refuse(r);
	return r->faults == NULL;
}

static void
check_divisions(struct request *r, json_t *all)
{
	json_t *one;
	size_t i;

	if (!json_is_array(all) || json_array_size(all) == 0 ||
	    json_array_size(all) > DIVISIONS_MAX)
		shape_fault(r, "", "divisions", "required",
		    "请填写 1 至 20 个区划", "a list of 1 to 20 divisions");
	json_array_foreach(all, i, one) {
		const char *code = json_string_value(one);
		bool fine = code != NULL && strlen(code) == 12 &&
		    strspn(code, "0123456789") == 12 &&
		    scope_covers(&r->who, strtoll(code, NULL, 10)) &&
		    scope_covers(&r->who, division_last(strtoll(code, NULL,
		    10)));

		if (!fine)
			shape_fault(r, "/divisions", arena_printf(&r->arena,
			    "%zu", i), "unknown", "没有这个区划",
			    "no such division");
	}
}

static void
check_scopes(struct request *r, const json_t *all)
{
	const char *action;
	const json_t *one;
	size_t i;

	if (!json_is_array(all) || json_array_size(all) == 0 ||
	    json_array_size(all) > SCOPES_MAX)
		shape_fault(r, "", "scopes", "required",
		    "请填写 1 至 100 项权限", "a list of 1 to 100 scopes");
	json_array_foreach(all, i, one) {
		const char *scope = json_string_value(one);

		if (scope == NULL || strchr(scope, ' ') != NULL ||
		    !client_scope_ok(scope, strlen(scope), &action))
			shape_fault(r, "/scopes", arena_printf(&r->arena,
			    "%zu", i), "not_in_list",
			    "应为 实体:动作[:专项行动]，动作为 read、create、"
			    "change、move、approve",
			    "is entity:verb[:action], verb one of read, "
			    "create, change, move, approve");
	}
}

static const char *
secret_new(struct request *r, struct work *w)
{
	char *hash = arena_alloc(&r->arena, SHA_HEX_LEN + 1);

	bearer_new(CLIENT_SECRET, w->secret);
	sha256_hex(w->secret, strlen(w->secret), hash);
	return hash;
}

static void
note(struct request *r, const char *verb, const char *id)
{
	audit_note(r, &(struct audit_event){ .verb = verb,
	    .entity = "client_app", .row = id });
}

static void
write_one(struct buf *b, const struct rows *l, int at)
{
	static const struct {
		const char *name;
		bool raw;
	} columns[] = { { "id", false }, { "name", false }, { "org", false },
		{ "scopes", true }, { "divisions", true },
		{ "clearance", true }, { "personal", true }, { "rate", true },
		{ "export_rows", true }, { "status", false },
		{ "valid_to", false } };

	buf_comma(b);
	buf_char(b, '{');
	for (size_t i = 0; i < COUNT(columns); i++) {
		const char *text = rows_text(l, at, (int)i);

		buf_key(b, columns[i].name);
		if (strcmp(columns[i].name, "personal") == 0)
			buf_str(b, *text == 't' ? "true" : "false");
		else if (columns[i].raw)
			buf_str(b, text);
		else
			buf_json(b, text);
	}
	buf_char(b, '}');
}

static enum next
answer_secret(struct request *r, const struct work *w, unsigned status)
{
	buf_str(&r->reply, "{\"client_id\":");
	buf_json(&r->reply, w->id);
	buf_key(&r->reply, "client_secret");
	buf_json(&r->reply, w->secret);
	buf_char(&r->reply, '}');
	reply_header(r, "cache-control", "no-store");
	return reply(r, status);
}
