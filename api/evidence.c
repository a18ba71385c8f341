/* GET …/commands, GET and POST …/evidence, of every business entity. */
#include <string.h>

#include "base/uid.h"
#include "entity.h"
#include "idem.h"
#include "look.h"
#include "query.h"
#include "record.h"
#include "route.h"
#include "scope.h"

#define PAGE 200

enum { LOOKED = 1, CLAIMED, WRITTEN, KEPT };

struct work {
	int phase;
	unsigned first;	    /* where what the body refers to begins */
	const char **piece;
};

static struct stmt commands, pieces;

static enum next commands_list(struct request *);
static enum next evidence_list(struct request *);
static enum next evidence_add(struct request *);
static enum next list(struct request *, const struct entity *,
    const struct stmt *);
static const struct entity *owner(const struct request *);
static bool may_read(const struct request *);
static void plan_row(struct request *);
static enum next add_more(struct request *, struct work *);
static enum next add(struct request *, struct work *);
static void build_list(struct arena *, const char *name, struct stmt *);

void
evidence_init(void)
{
	static struct arena forever;

	arena_init(&forever, 0);
	build_list(&forever, "command", &commands);
	build_list(&forever, "evidence", &pieces);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);
		struct route *t = arena_array(&forever, 3, sizeof *t);
		const char *name = entity_camel(&forever, e->name);

		if (!e->business)
			continue;
		t[0] = (struct route) { .method = M_GET,
			.pattern = arena_printf(&forever,
			    "/v1/%s/{id}/commands", e->path),
			.right = RIGHT_READ, .entity = "command",
			.handle = commands_list, .lane = LANE_FAST,
			.id = arena_printf(&forever, "list%sCommands", name),
			.summary = "Commands that were given on a row",
			.summary_zh = arena_printf(&forever, "%s的办理记录",
			    e->label),
			.params = "partsAfter",
			.reply_schema = "commandList" };
		t[1] = (struct route) { .method = M_GET,
			.pattern = arena_printf(&forever,
			    "/v1/%s/{id}/evidence", e->path),
			.right = RIGHT_READ, .entity = "evidence",
			.handle = evidence_list, .lane = LANE_FAST,
			.id = arena_printf(&forever, "list%sEvidence", name),
			.summary = "Evidence of a row",
			.summary_zh = arena_printf(&forever, "%s的佐证材料",
			    e->label),
			.params = "partsAfter",
			.reply_schema = "evidenceList" };
		t[2] = (struct route) { .method = M_POST,
			.pattern = t[1].pattern,
			.right = RIGHT_CREATE, .entity = "evidence",
			.handle = evidence_add, .lane = LANE_FAST,
			.id = arena_printf(&forever, "add%sEvidence", name),
			.summary = "Add evidence to a row",
			.summary_zh = arena_printf(&forever, "登记%s的佐证材料",
			    e->label),
			.params = "dry_run",
			.request_schema = "evidenceNew",
			.reply_schema = "evidence" };
		route_register(t, e->append ? 0 : 3);
	}
}

static enum next
commands_list(struct request *r)
{
	return list(r, entity_find("command"), &commands);
}

static enum next
evidence_list(struct request *r)
{
	return list(r, entity_find("evidence"), &pieces);
}

static enum next
list(struct request *r, const struct entity *e, const struct stmt *s)
{
	const struct selection all = { NULL, false };
	const char *p[7], *after = request_param(r, "after");
	const struct rows *rows;
	struct buf *b = &r->reply;

	if (!uuid_ok(r->arg[0]) || (after != NULL && !uuid_ok(after)))
		return fail_unknown(r);
	if (r->state == NULL) {
		if (!may_read(r))
			return fail(r, E_DENIED, NULL, NULL, NULL);
		r->state = r;
		plan_row(r);
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = owner(r)->name;
		p[5] = r->arg[0];
		p[6] = after;
		batch_add(&r->batch, s, 7, p);
		return NEXT_DB;
	}
	if (rows_n(batch_rows(&r->batch, 0)) != 1)
		return fail_unknown(r);
	rows = batch_rows(&r->batch, 1);
	buf_str(b, "{");
	buf_key(b, "items");
	buf_str(b, "[");
	for (int i = 0; i < rows_n(rows) && i < PAGE; i++) {
		buf_comma(b);
		render_row(r, b, e, query_row(&r->arena, e, rows, i), &all);
	}
	buf_str(b, "]");
	buf_key(b, "next");
	buf_json(b, rows_n(rows) > PAGE ? rows_text(rows, PAGE - 1, 0)
					: NULL);
	buf_str(b, "}");
	return reply(r, 200);
}

static enum next
evidence_add(struct request *r)
{
	const struct entity *e = request_entity(r);
	struct work *w = r->state;
	bool *changed;
	json_t *body;

	if (w != NULL)
		return add_more(r, w);
	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	if (!may_read(r))
		return fail(r, E_DENIED, NULL, NULL, NULL);
	r->state = w = arena_alloc(&r->arena, sizeof *w);
	body = request_json(r);
	if (body == NULL || !fields_ok(r, e) || !dry_run_ok(r))
		return NEXT_FAIL;
	w->piece = arena_array(&r->arena, field_total(e), sizeof *w->piece);
	changed = arena_array(&r->arena, field_total(e), 1);
	body_read(r, e, conf_codes(), body, BODY_CREATE, w->piece, changed);
	body_complete(r, e, w->piece);
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	w->phase = LOOKED;
	plan_row(r);
	look_plan(r, e, body, &w->first);
	return NEXT_DB;
}

static enum next
add_more(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	const struct rows *rows;
	enum next next;

	if (w->phase == KEPT)
		return idem_finish(r);
	if (r->batch.failed >= 0)
		return fail_data(r);
	rows = batch_rows(&r->batch, 0);
	switch (w->phase) {
	case LOOKED:
		if (rows_n(rows) != 1)
			return fail_unknown(r);
		look_take(r, e, request_json(r), w->first);
		if (r->faults != NULL)
			return fail(r, E_INPUT, "invalid",
			    "有的字段填写不正确",
			    "Some fields are not right.");
		w->phase = CLAIMED;
		return idem_key(r) != NULL ? idem_claim(r) : add(r, w);
	case CLAIMED:
		next = idem_claimed(r);
		return next == NEXT_DB ? add(r, w) : next;
	default:
		if (rows_n(rows) != 1)
			return fail_unknown(r);
		w->phase = KEPT;
		if (reply_row(r, e, query_row(&r->arena, e, rows, 0), 201) ==
		    NEXT_FAIL)
			return NEXT_FAIL;
		return idem_keep(r);
	}
}

static enum next
add(struct request *r, struct work *w)
{
	w->phase = WRITTEN;
	idem_batch(r);
	record_evidence_one(r, owner(r), w->piece);
	idem_settle(r);
	return NEXT_DB;
}

/* Of /v1/<path>/{id}/… */
static const struct entity *
owner(const struct request *r)
{
	const char *path = r->route->pattern + strlen("/v1/");

	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		if (strncmp(e->path, path, strlen(e->path)) == 0 &&
		    path[strlen(e->path)] == '/')
			return e;
	}
	REQUIRE(!"a route of no entity");
	return NULL;
}

/* Besides the right that the route asks for. */
static bool
may_read(const struct request *r)
{
	const struct role *role = role_find(r->who.role);

	return role != NULL && role_may(role, V_READ, owner(r)->name);
}

static void
plan_row(struct request *r)
{
	const struct entity *e = owner(r);
	const char *p[6];

	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, query_stmt(e, Q_GET), query_params(&r->arena, e,
	    Q_GET, &r->who.scope, r->arg[0], NULL, NULL, p), p);
}

static void
build_list(struct arena *a, const char *name, struct stmt *out)
{
	const struct entity *e = entity_find(name);
	struct buf b;

	buf_init(&b, 8192);
	buf_str(&b, "SELECT ");
	query_columns(&b, e);
	buf_printf(&b, " FROM %s WHERE ", e->table);
	query_where(&b, e);
	buf_printf(&b, " AND entity = $5 AND row_id = $6::uuid AND ($7::uuid"
	    " IS NULL OR id > $7::uuid) ORDER BY id LIMIT %d", PAGE + 1);
	REQUIRE(!b.over);
	out->name = arena_printf(a, "%s_list", e->name);
	out->sql = arena_strndup(a, b.data, b.len);
	buf_free(&b);
}
