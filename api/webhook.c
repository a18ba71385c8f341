/*
 * /v1/webhooks: who wants to be told of changes. A webhook stands on the grant
 * of the session that made it and never reaches beyond it; the job runner
 * sends (jobs_send.c). The secret is told once, in the reply that makes it.
 */
#include "webhook.h"

#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "base/uid.h"
#include "entity.h"
#include "identity.h"
#include "query.h"
#include "route.h"
#include "scope.h"
#include "settings.h"
#include "target.h"
#include "webhook_seal.h"

#define PAGE 200

enum { READ = 1, WRITTEN };

/* Of what it tells, for whoever sends: entity → path, entity → group. */
struct told {
	const char *paths, *groups;
	bool beyond; /* what the caller's own role does not read */
};

struct work {
	int phase;
	const char **row;
	const char *secret;
};

static enum next hook_list(struct request *);
static enum next hook_create(struct request *);
static enum next hook_get(struct request *);
static enum next hook_change(struct request *);
static enum next hook_end(struct request *);
static struct work *work_of(struct request *);
static enum next ask(struct request *);
static const char **got(struct request *, unsigned at);
static bool read_body(struct request *, const char **row, bool create,
    bool *changed);
static void check_url(struct request *, const char *url);
static struct told check_entities(struct request *, const char **row);
static enum next write_change(struct request *, struct work *);
static void render(struct request *, const struct rows *, int at);
static const struct entity *hook(void);

static struct stmt list, one;
static const struct stmt insert = { "webhook_insert",
	"INSERT INTO webhook (id, url, description, entities, division_code,"
	" line, clearance, role, owner_id, grant_id, active)"
	" SELECT $5::uuid, $6, $7, $8::jsonb, $9::bigint, ($3::text[])[1],"
	" $4::int,"
	" g.role, g.user_id, g.id, coalesce($10::boolean, true)"
	" FROM session s JOIN role_grant g ON g.id = s.grant_id"
	" WHERE s.token_hash = $11"
	" AND $9::bigint BETWEEN $1::bigint AND $2::bigint RETURNING id" };
static const struct stmt insert_secret = { "webhook_secret_insert",
	"INSERT INTO webhook_secret (webhook_id, secret)"
	" VALUES ($1::uuid, $2::bytea)" };
static const struct stmt insert_state = { "webhook_state_insert",
	"INSERT INTO webhook_state (webhook_id, pos, seq, paths, groups)"
	" VALUES ($1::uuid, feed_safe() - 1, 9223372036854775807,"
	" $2::jsonb, $3::jsonb)" };
static const struct stmt update = { "webhook_update",
	"UPDATE webhook SET url = $6, description = $7, entities = $8::jsonb,"
	" active = $9::boolean, notice = CASE WHEN $9::boolean THEN NULL"
	" ELSE notice END WHERE division_code BETWEEN $1::bigint AND"
	" $2::bigint" WEBHOOK_SCOPE("")
	" AND $4::int IS NOT NULL AND id = $5::uuid AND rev = $10::bigint"
	" RETURNING id" };
/* Turned on again, it goes on where it was as far as the feed still reaches. */
static const struct stmt update_state = { "webhook_state_update",
	"UPDATE webhook_state SET paths = $2::jsonb, groups = $4::jsonb,"
	" failures = 0, failing_since = NULL, paused_until = NULL,"
	" pos = greatest(pos, (SELECT feed_floor FROM server_state))"
	" WHERE webhook_id = $1::uuid"
	" AND EXISTS (SELECT FROM webhook WHERE id = $1::uuid"
	" AND rev = $3::bigint + 1)" };
static const struct stmt end = { "webhook_end",
	"UPDATE webhook SET voided_at = now(), active = false"
	" WHERE division_code BETWEEN $1::bigint AND $2::bigint"
	WEBHOOK_SCOPE("") " AND $4::int IS NOT NULL"
	" AND id = $5::uuid AND voided_at IS NULL RETURNING id" };
static const struct stmt *const statements[] = { &list, &one, &insert,
	&insert_secret, &insert_state, &update, &update_state, &end };

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/webhooks", .right = RIGHT_READ,
	    .entity = "webhook", .handle = hook_list, .lane = LANE_FAST,
	    .id = "listWebhooks", .summary = "List webhooks",
	    .summary_zh = "变更推送列表", .reply_schema = "WebhookList",
	    .params = "webhooksAfter" },
	{ .method = M_POST, .pattern = "/v1/webhooks", .right = RIGHT_CREATE,
	    .entity = "webhook", .handle = hook_create, .lane = LANE_FAST,
	    .id = "createWebhook",
	    .summary = "Ask to be told of changes; gives the secret, once",
	    .summary_zh = "登记变更推送；密钥只显示一次",
	    .request_schema = "webhookNew", .reply_schema = "WebhookCreated" },
	{ .method = M_GET, .pattern = "/v1/webhooks/{id}", .right = RIGHT_READ,
	    .entity = "webhook", .handle = hook_get, .params = "If-None-Match",
	    .lane = LANE_FAST, .id = "getWebhook", .summary = "Read a webhook",
	    .summary_zh = "查看变更推送", .reply_schema = "WebhookRead" },
	{ .method = M_PATCH, .pattern = "/v1/webhooks/{id}",
	    .right = RIGHT_CHANGE, .entity = "webhook",
	    .handle = hook_change, .lane = LANE_FAST, .id = "changeWebhook",
	    .summary = "Change a webhook, or turn it on or off",
	    .summary_zh = "修改、启用或停用变更推送",
	    .request_schema = "webhookChange", .reply_schema = "WebhookRead" },
	{ .method = M_DELETE, .pattern = "/v1/webhooks/{id}",
	    .right = RIGHT_CHANGE, .entity = "webhook", .handle = hook_end,
	    .lane = LANE_FAST, .id = "endWebhook",
	    .summary = "Give a webhook up", .summary_zh = "撤销变更推送" },
};

void
webhook_init(void)
{
	static struct arena forever;
	struct buf b;

	arena_init(&forever, 0);
	buf_init(&b, 8192);
	buf_str(&b, "SELECT ");
	query_columns(&b, hook());
	buf_str(&b, ", failures, " SQL_UTC("paused_until") ", "
	    SQL_UTC("delivered_at") ", (SELECT count(*)"
	    " FROM webhook_delivery d WHERE d.webhook_id = webhook.id"
	    " AND d.state = 'pending') FROM webhook JOIN webhook_state"
	    " ON webhook_id = id WHERE division_code BETWEEN $1::bigint"
	    " AND $2::bigint" WEBHOOK_SCOPE("")
	    " AND $4::int IS NOT NULL AND voided_at IS NULL");
	list.name = "webhook_list";
	list.sql = arena_printf(&forever, "%s AND ($5::uuid IS NULL OR id >"
	    " $5::uuid) ORDER BY id LIMIT %d", b.data, PAGE + 1);
	one.name = "webhook_one";
	one.sql = arena_printf(&forever, "%s AND id = $5::uuid", b.data);
	REQUIRE(!b.over);
	buf_free(&b);
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
	webhook_work_init();
}

const struct stmt *
webhook_one(void)
{
	return &one;
}

static enum next
hook_list(struct request *r)
{
	const char *after = request_param(r, "after"), *p[5];
	struct buf *b = &r->reply;
	const struct rows *rows;

	if (r->state == NULL) {
		if (after != NULL && !uuid_ok(after))
			return asked_refused(r, "after");
		r->state = r;
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = after;
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		batch_add(&r->batch, &list, 5, p);
		return NEXT_DB;
	}
	rows = batch_rows(&r->batch, 0);
	buf_str(b, "{\"items\":[");
	for (int i = 0; i < rows_n(rows) && i < PAGE; i++) {
		buf_comma(b);
		render(r, rows, i);
	}
	buf_str(b, "]");
	buf_key(b, "next");
	buf_json(b, rows_n(rows) > PAGE ? rows_text(rows, PAGE - 1, 0) : NULL);
	buf_str(b, "}");
	return reply(r, 200);
}

static enum next
hook_get(struct request *r)
{
	if (work_of(r)->phase == 0)
		return ask(r);
	if (got(r, 0) == NULL)
		return fail_unknown(r);
	render(r, batch_rows(&r->batch, 0), 0);
	reply_etag(r, strtol(row_get(hook(), got(r, 0), "rev"), NULL, 10));
	return reply(r, 200);
}

static enum next
hook_create(struct request *r)
{
	struct work *w = work_of(r);
	const struct entity *e = hook();
	const char *p[11], *sealed;
	struct told told;
	bool *changed = arena_array(&r->arena, field_total(e), 1);
	char *id = arena_alloc(&r->arena, UUID_LEN + 1);

	if (w->phase == WRITTEN) {
		if (r->batch.failed >= 0 || got(r, 3) == NULL)
			return fail_data(r);
		render(r, batch_rows(&r->batch, 3), 0);
		r->reply.data[--r->reply.len] = '\0';
		buf_key(&r->reply, "secret");
		buf_json(&r->reply, w->secret);
		buf_char(&r->reply, '}');
		reply_header(r, "location", arena_printf(&r->arena,
		    "/v1/webhooks/%s", row_get(e, got(r, 3), "id")));
		reply_etag(r, 1);
		return reply(r, 201);
	}
	w->row = arena_array(&r->arena, field_total(e), sizeof *w->row);
	row_set(e, w->row, "role", r->who.role);
	if (request_json(r) == NULL)
		return NEXT_FAIL;
	read_body(r, w->row, true, changed);
	told = check_entities(r, w->row);
	if (row_get(e, w->row, "division_code") == NULL)
		row_set(e, w->row, "division_code", arena_printf(&r->arena,
		    "%012lld", (long long)r->who.division));
	if (!scope_covers(&r->who, strtoll(row_get(e, w->row,
	    "division_code"), NULL, 10)))
		fault(r, "/division_code", "DQ-02", "unknown", "没有这个区划",
		    "no such division");
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	uuid_new(id);
	w->secret = webhook_secret_made(r, id, &sealed);
	query_scope(&r->arena, &r->who.scope, p);
	p[4] = id;
	p[5] = row_get(e, w->row, "url");
	p[6] = row_get(e, w->row, "description");
	p[7] = row_get(e, w->row, "entities");
	p[8] = row_get(e, w->row, "division_code");
	p[9] = row_get(e, w->row, "active");
	p[10] = auth_token_hash(r);
	w->phase = WRITTEN;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, &insert, 11, p);
	batch_addv(&r->batch, &insert_secret, 2, id, sealed);
	batch_addv(&r->batch, &insert_state, 3, id, told.paths, told.groups);
	batch_add(&r->batch, &one, 5, p);
	return NEXT_DB;
}

static enum next
hook_change(struct request *r)
{
	struct work *w = work_of(r);
	const char **row;
	long rev;
	enum err err;

	if (w->phase == 0) {
		if ((err = request_if_match(r, &rev)) != OK)
			return fail(r, err, NULL, NULL, NULL);
		return request_json(r) == NULL ? NEXT_FAIL : ask(r);
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (w->phase == READ) {
		if ((w->row = got(r, 0)) == NULL)
			return fail_unknown(r);
		return write_change(r, w);
	}
	row = got(r, 2);
	if (row == NULL)
		return fail_unknown(r);
	if (rows_n(batch_rows(&r->batch, 0)) != 1)
		return fail_stale(r, strtol(row_get(hook(), row, "rev"), NULL,
		    10));
	render(r, batch_rows(&r->batch, 2), 0);
	reply_etag(r, strtol(row_get(hook(), row, "rev"), NULL, 10));
	return reply(r, 200);
}

static enum next
write_change(struct request *r, struct work *w)
{
	const struct entity *e = hook();
	bool *changed = arena_array(&r->arena, field_total(e), 1);
	const char *p[10], *rev = row_get(e, w->row, "rev");
	struct told told;
	long want = 0;
	bool aimed;

	(void)request_if_match(r, &want);
	if (strtol(rev, NULL, 10) != want)
		return fail_stale(r, strtol(rev, NULL, 10));
	read_body(r, w->row, false, changed);
	told = check_entities(r, w->row);
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	/* Where it goes and what of is for those who may ask for one. */
	aimed = changed[field_index(e, "url")] ||
	    changed[field_index(e, "entities")];
	if (aimed && (told.beyond ||
	    !role_may(role_find(r->who.role), V_CREATE, "webhook")))
		return fail(r, E_DENIED, NULL, NULL, NULL);
	if (aimed && strtol(row_get(e, w->row, "clearance"), NULL, 10) >
	    r->who.scope.clearance)
		return fail(r, E_DENIED, "clearance",
		    "该推送的敏感级别高于您的查看级别",
		    "The webhook tells of more than your clearance.");
	query_scope(&r->arena, &r->who.scope, p);
	p[4] = r->arg[0];
	p[5] = row_get(e, w->row, "url");
	p[6] = row_get(e, w->row, "description");
	p[7] = row_get(e, w->row, "entities");
	p[8] = row_get(e, w->row, "active");
	p[9] = rev;
	w->phase = WRITTEN;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, &update, 10, p);
	batch_addv(&r->batch, &update_state, 4, r->arg[0], told.paths, rev,
	    told.groups);
	batch_add(&r->batch, &one, 5, p);
	return NEXT_DB;
}

static enum next
hook_end(struct request *r)
{
	const char *p[5];

	if (work_of(r)->phase != 0)
		return rows_n(batch_rows(&r->batch, 0)) == 1 ? reply(r, 204)
							     : fail_unknown(r);
	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	work_of(r)->phase = WRITTEN;
	query_scope(&r->arena, &r->who.scope, p);
	p[4] = r->arg[0];
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, &end, 5, p);
	return NEXT_DB;
}

static struct work *
work_of(struct request *r)
{
	if (r->state == NULL)
		r->state = arena_alloc(&r->arena, sizeof(struct work));
	return r->state;
}

static enum next
ask(struct request *r)
{
	const char *p[5];

	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	work_of(r)->phase = READ;
	query_scope(&r->arena, &r->who.scope, p);
	p[4] = r->arg[0];
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, &one, 5, p);
	return NEXT_DB;
}

static const char **
got(struct request *r, unsigned at)
{
	const struct rows *rows = batch_rows(&r->batch, at);

	return rows_n(rows) == 1 ? query_row(&r->arena, hook(), rows, 0)
				 : NULL;
}

static bool
read_body(struct request *r, const char **row, bool create, bool *changed)
{
	const struct entity *e = hook();
	json_t *body = json_copy(request_json(r));
	json_t *entities = json_object_get(request_json(r), "entities");
	bool ok;

	/* A list, where fields of free form are objects. */
	(void)json_object_del(body, "entities");
	ok = body_read(r, e, conf_codes(), body, create, row, changed) &&
	    (!create || body_complete(r, e, row));
	json_decref(body);
	if (entities != NULL) {
		char *text = json_dumps(entities, JSON_ENCODE_ANY);

		REQUIRE(text != NULL);
		row_set(e, row, "entities", arena_strdup(&r->arena, text));
		free(text);
		changed[field_index(e, "entities")] = true;
	}
	if (row_get(e, row, "active") == NULL)
		row_set(e, row, "active", "t");
	if (ok && (create || changed[field_index(e, "url")]))
		check_url(r, row_get(e, row, "url"));
	return r->faults == NULL;
}

static void
check_url(struct request *r, const char *url)
{
	static const struct {
		const char *code, *zh, *en;
	} why[] = {
		{ "bad_url", "不是完整、规范的地址", "is not a plain URL" },
		{ "https_required", "必须使用 https", "must be https" },
		{ "target_not_allowed", "这个主机不在允许推送的名单中",
		    "is not on a host that the installation allows" },
	};
	struct target t;
	const char *code = target_read(settings()->webhook_hosts, url, &t);

	for (size_t i = 0; code != NULL && i < COUNT(why); i++)
		if (strcmp(why[i].code, code) == 0)
			fault(r, "/url", "D4", code, why[i].zh, why[i].en);
}

/* A list of entities that the webhook's role reads; all of them if there is
 * none. */
static struct told
check_entities(struct request *r, const char **row)
{
	const struct role *role = role_find(row_get(hook(), row, "role"));
	const char *text = row_get(hook(), row, "entities");
	const char *names = "", *paths = "", *groups = "";
	json_t *given = text != NULL ? json_loads(text, JSON_DECODE_ANY,
	    NULL) : NULL;
	size_t found = 0, k;
	const json_t *name;
	bool all = text == NULL, beyond = false;

	for (size_t i = 0; role != NULL && i < entity_count(); i++) {
		const struct entity *e = entity_at(i);
		bool named = all;

		if (!e->business || !role_may(role, V_READ, e->name))
			continue;
		json_array_foreach(given, k, name)
			named = named || (json_is_string(name) &&
			    strcmp(json_string_value(name), e->name) == 0);
		if (!named)
			continue;
		found++;
		beyond = beyond || !who_may(&r->who, V_READ, e->name);
		names = arena_printf(&r->arena, "%s%s\"%s\"", names,
		    *names ? "," : "", e->name);
		paths = arena_printf(&r->arena, "%s%s\"%s\":\"%s\"", paths,
		    *paths ? "," : "", e->name, e->path);
		groups = arena_printf(&r->arena, "%s%s\"%s\":\"%s\"", groups,
		    *groups ? "," : "", e->name, entity_group(e));
	}
	if (found == 0 || (!all && (!json_is_array(given) ||
	    found != json_array_size(given))))
		fault(r, "/entities", "DQ-02", "unknown",
		    "应为您可以查看的记录种类，不重复",
		    "must be entities that you may read, each once");
	json_decref(given);
	row_set(hook(), row, "entities", arena_printf(&r->arena, "[%s]",
	    names));
	return (struct told) { arena_printf(&r->arena, "{%s}", paths),
		arena_printf(&r->arena, "{%s}", groups), beyond };
}

/* The row, and how it is going. */
static void
render(struct request *r, const struct rows *rows, int at)
{
	const struct entity *e = hook();
	const struct selection all = { NULL, false };
	int n = (int)field_total(e);
	struct buf *b = &r->reply;

	render_row(r, b, e, query_row(&r->arena, e, rows, at), &all);
	b->data[--b->len] = '\0';
	buf_printf(b, ",\"delivery\":{\"failures\":%s", rows_text(rows, at,
	    n));
	buf_key(b, "paused_until");
	buf_json(b, rows_text(rows, at, n + 1));
	buf_key(b, "delivered_at");
	buf_json(b, rows_text(rows, at, n + 2));
	buf_printf(b, ",\"pending\":%s}}", rows_text(rows, at, n + 3));
}

static const struct entity *
hook(void)
{
	return entity_find("webhook");
}
