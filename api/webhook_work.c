/* Webhooks at work: new secrets, what was sent, sending again. */
#include <stdlib.h>
#include <string.h>

#include "base/uid.h"
#include "entity.h"
#include "query.h"
#include "route.h"
#include "value.h"
#include "webhook.h"
#include "webhook_seal.h"

#define PAGE 100
#define BOTH_HOURS "24" /* both secrets sign after a change of them */

static enum next hook_rotate(struct request *);
static enum next hook_deliveries(struct request *);
static enum next hook_replay(struct request *);
static bool replay_body(struct request *, const char **since,
    const char **delivery);
static void plan(struct request *, const char *p[5]);
static bool there(struct request *);

static struct stmt deliveries;
static const struct stmt rotate = { "webhook_rotate",
	"SELECT webhook_rotate($5::uuid, $6::bytea, now() + interval '"
	BOTH_HOURS " hours'), " SQL_UTC("(now() + interval '" BOTH_HOURS
	" hours')")
	" FROM webhook WHERE division_code BETWEEN $1::bigint AND $2::bigint"
	WEBHOOK_SCOPE("") " AND clearance <= $4::int"
	" AND id = $5::uuid AND voided_at IS NULL" };
/* At their old places in the order. */
static const struct stmt again = { "webhook_replay",
	"UPDATE webhook_delivery d SET state = 'pending', attempts = 0,"
	" next_at = now(), claimed_by = NULL FROM webhook w"
	" WHERE w.division_code BETWEEN $1::bigint AND $2::bigint"
	WEBHOOK_SCOPE("w.")
	" AND w.clearance <= $4::int"
	" AND w.id = $5::uuid AND w.voided_at IS NULL AND d.webhook_id = w.id"
	" AND d.state <> 'pending' AND (d.id = $6::uuid OR"
	" ($6::uuid IS NULL AND d.at >= $7::timestamptz))" };
static const struct stmt *const statements[] = { &deliveries, &rotate,
	&again };

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/webhooks/{id}/rotate",
	    .right = RIGHT_CREATE, .entity = "webhook",
	    .handle = hook_rotate, .lane = LANE_FAST, .id = "rotateWebhook",
	    .summary = "A new secret, shown once; the old one signs too for "
	    "a day", .summary_zh = "更换密钥；旧密钥一天内仍同时签名",
	    .reply_schema = "WebhookSecret", .done = "200" },
	{ .method = M_GET, .pattern = "/v1/webhooks/{id}/deliveries",
	    .right = RIGHT_READ, .entity = "webhook",
	    .handle = hook_deliveries, .lane = LANE_FAST,
	    .id = "listWebhookDeliveries",
	    .summary = "What was sent, the newest first",
	    .summary_zh = "推送记录", .reply_schema = "DeliveryList",
	    .params = "deliveriesBefore deliveryState" },
	{ .method = M_POST, .pattern = "/v1/webhooks/{id}/replay",
	    .right = RIGHT_CHANGE, .entity = "webhook",
	    .handle = hook_replay, .lane = LANE_FAST, .id = "replayWebhook",
	    .summary = "Send again: one delivery, or all since a time",
	    .summary_zh = "重新推送一条，或某时间以来的全部",
	    .request_schema = "WebhookReplay",
	    .reply_schema = "WebhookQueued" },
};

void
webhook_work_init(void)
{
	static struct arena forever;
	struct buf b;

	arena_init(&forever, 0);
	buf_init(&b, 8192);
	buf_str(&b, "SELECT ");
	query_columns(&b, entity_find("webhook_delivery"));
	buf_printf(&b, " FROM webhook_delivery WHERE webhook_id = $5::uuid"
	    " AND ($6::bigint IS NULL OR seq < $6::bigint)"
	    " AND ($7::text IS NULL OR state = $7::text)"
	    " AND EXISTS (SELECT FROM webhook w WHERE w.id = $5::uuid"
	    " AND w.division_code BETWEEN $1::bigint AND $2::bigint"
	    WEBHOOK_SCOPE("w.")
	    " AND w.clearance <= $4::int)"
	    " ORDER BY webhook_id DESC, seq DESC LIMIT %d", PAGE + 1);
	REQUIRE(!b.over);
	deliveries.name = "webhook_deliveries";
	deliveries.sql = arena_strndup(&forever, b.data, b.len);
	buf_free(&b);
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

const char *
webhook_secret_made(struct request *r, const char *id, const char **sealed)
{
	unsigned char secret[WEBHOOK_SECRET];
	char *text = arena_alloc(&r->arena, WEBHOOK_SECRET_TEXT);
	char *hex = arena_alloc(&r->arena, WEBHOOK_SEALED_HEX);

	webhook_secret_new(secret);
	webhook_secret_text(secret, text);
	webhook_seal(id, secret, hex);
	*sealed = hex;
	return text;
}

static enum next
hook_rotate(struct request *r)
{
	const struct rows *rows;
	const char *p[6];

	if (r->state == NULL) {
		if (!uuid_ok(r->arg[0]))
			return fail_unknown(r);
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = r->arg[0];
		r->state = (char *)(uintptr_t)webhook_secret_made(r,
		    r->arg[0], &p[5]);
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		batch_add(&r->batch, &rotate, 6, p);
		return NEXT_DB;
	}
	rows = batch_rows(&r->batch, 0);
	if (rows_n(rows) != 1)
		return fail_unknown(r);
	buf_str(&r->reply, "{");
	buf_key(&r->reply, "secret");
	buf_json(&r->reply, r->state);
	buf_key(&r->reply, "old_until");
	buf_json(&r->reply, rows_text(rows, 0, 1));
	buf_str(&r->reply, "}");
	return reply(r, 200);
}

static enum next
hook_deliveries(struct request *r)
{
	const struct entity *e = entity_find("webhook_delivery");
	const char *before = request_param(r, "before"), *p[7];
	const char *state = request_param(r, "state");
	const struct selection all = { NULL, false };
	struct buf *b = &r->reply;
	const struct rows *rows;

	if (r->state == NULL) {
		if (before != NULL && (*before == '\0' || strlen(before) > 18 ||
		    strspn(before, "0123456789") != strlen(before)))
			return fail(r, E_INPUT, "invalid", "参数 before 应为序号",
			    "The parameter before is a seq.");
		if (!uuid_ok(r->arg[0]))
			return fail_unknown(r);
		plan(r, p);
		p[5] = before;
		p[6] = state != NULL && *state != '\0' ? state : NULL;
		batch_add(&r->batch, &deliveries, 7, p);
		return NEXT_DB;
	}
	if (!there(r))
		return fail_unknown(r);
	rows = batch_rows(&r->batch, 1);
	buf_str(b, "{\"items\":[");
	for (int i = 0; i < rows_n(rows) && i < PAGE; i++) {
		buf_comma(b);
		render_row(r, b, e, query_row(&r->arena, e, rows, i), &all);
	}
	buf_str(b, "]");
	buf_key(b, "next");
	buf_json(b, rows_n(rows) > PAGE ? rows_text(rows, PAGE - 1,
	    field_index(e, "seq")) : NULL);
	buf_str(b, "}");
	return reply(r, 200);
}

static enum next
hook_replay(struct request *r)
{
	const char *p[7], *since = NULL, *delivery = NULL;

	if (r->state == NULL) {
		if (!uuid_ok(r->arg[0]))
			return fail_unknown(r);
		if (!replay_body(r, &since, &delivery))
			return NEXT_FAIL;
		plan(r, p);
		p[5] = delivery;
		p[6] = since;
		batch_add(&r->batch, &again, 7, p);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (!there(r))
		return fail_unknown(r);
	buf_printf(&r->reply, "{\"queued\":%d}",
	    rows_affected(batch_rows(&r->batch, 1)));
	return reply(r, 200);
}

/* {"since": time} or {"delivery": id}. */
static bool
replay_body(struct request *r, const char **since, const char **delivery)
{
	static const struct field time = { .name = "since", .type = T_TIME };
	json_t *body = request_json(r), *v = NULL;
	struct reason why;

	if (body == NULL)
		return false;
	*delivery = json_string_value(json_object_get(body, "delivery"));
	v = json_object_get(body, "since");
	if (json_object_size(body) == 1 && *delivery != NULL &&
	    uuid_ok(*delivery)) {
		*delivery = arena_strdup(&r->arena, *delivery);
		return true;
	}
	if (json_object_size(body) == 1 && json_is_string(v) &&
	    value_from_json(&r->arena, &time, NULL, v, since, &why) &&
	    *since != NULL)
		return true;
	fault(r, "", "DQ-02", "invalid",
	    "须给出 since（时间）或 delivery（推送记录编号），二者之一",
	    "needs since, a time, or delivery, the id of one");
	fail(r, E_INPUT, "invalid", NULL, NULL);
	return false;
}

static void
plan(struct request *r, const char *p[5])
{
	r->state = r;
	query_scope(&r->arena, &r->who.scope, p);
	p[4] = r->arg[0];
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, webhook_one(), 5, p);
}

static bool
there(struct request *r)
{
	return rows_n(batch_rows(&r->batch, 0)) == 1;
}
