/*
 * What belongs to one row: the commands given on it and its evidence, of every
 * business entity; an issue's notes on its progress and its acceptances. Read
 * as lists; notes and evidence are added, and nothing of it is ever changed.
 */
#include "parts.h"

#include <string.h>

#include "asked.h"
#include "base/uid.h"
#include "entity.h"
#include "idem.h"
#include "look.h"
#include "query.h"
#include "record.h"
#include "route.h"
#include "scope.h"

#define PAGE 200

enum { LOOKED = 1, WRITTEN };

struct work {
	int phase;
	unsigned first; /* where what the body refers to begins */
	const char **row;
};

/* The parts, and of which entities; %s: the entity's name or label. */
static const struct part {
	const char *name, *of; /* NULL: of every business entity */
	const char *path, *list_id, *list, *list_zh;
	const char *add_id, *add, *add_zh; /* NULL: never by itself */
} kinds[] = {
	{ "command", NULL, "commands", "list%sCommands",
	    "Commands that were given on a row", "%s的办理记录", NULL, NULL,
	    NULL },
	{ "evidence", NULL, "evidence", "list%sEvidence", "Evidence of a row",
	    "%s的佐证材料", "add%sEvidence", "Add evidence to a row",
	    "登记%s的佐证材料" },
	{ "issue_progress", "issue", "progress", "list%sProgress",
	    "Notes on the progress", "整改进展记录", "add%sProgress",
	    "Add a note on the progress", "登记整改进展" },
	{ "issue_acceptance", "issue", "acceptances", "list%sAcceptances",
	    "Attempts at acceptance", "验收记录", NULL, NULL, NULL },
};
static struct stmt lists[COUNT(kinds)];

static enum next parts_list(struct request *);
static enum next parts_add(struct request *);
static enum next add_more(struct request *, struct work *);
static void routes_of(struct arena *, const struct part *,
    const struct entity *);
static const char *told(struct arena *, const char *pattern, const char *word);
static const struct entity *owner(const struct request *);
static bool may_read(const struct request *);
static void plan_owner(struct request *);
static void build_list(struct arena *, const struct part *, struct stmt *);

void
parts_init(void)
{
	static struct arena forever;
	static const struct stmt *all[COUNT(kinds)];

	arena_init(&forever, 0);
	for (size_t k = 0; k < COUNT(kinds); k++) {
		build_list(&forever, &kinds[k], &lists[k]);
		all[k] = &lists[k];
	}
	db_register(all, COUNT(all));
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		for (size_t k = 0; k < COUNT(kinds); k++)
			if (e->business && !e->append && (kinds[k].of == NULL ||
			    strcmp(kinds[k].of, e->name) == 0))
				routes_of(&forever, &kinds[k], e);
	}
}

static void
routes_of(struct arena *a, const struct part *k, const struct entity *e)
{
	const char *name = entity_camel(a, e->name);
	struct route *t = arena_array(a, 2, sizeof *t);

	t[0] = (struct route) { .method = M_GET, .right = RIGHT_READ,
		.pattern = arena_printf(a, "/v1/%s/{id}/%s", e->path, k->path),
		.entity = k->name, .handle = parts_list, .lane = LANE_FAST,
		.id = told(a, k->list_id, name), .summary = k->list,
		.summary_zh = told(a, k->list_zh, e->label),
		.params = "partsAfter",
		.reply_schema = arena_printf(a, "%sList", k->name) };
	if (k->add != NULL)
		t[1] = (struct route) { .method = M_POST, .right = RIGHT_CREATE,
			.pattern = t[0].pattern, .entity = k->name,
			.handle = parts_add, .lane = LANE_FAST,
			.id = told(a, k->add_id, name), .summary = k->add,
			.summary_zh = told(a, k->add_zh, e->label),
			.params = "dry_run fields",
			.request_schema = arena_printf(a, "%sNew", k->name),
			.reply_schema = k->name };
	route_register(t, k->add != NULL ? 2 : 1);
}

/* The pattern with the word for its %s, if it has one. */
static const char *
told(struct arena *a, const char *pattern, const char *word)
{
	const char *at = strstr(pattern, "%s");

	return at == NULL ? pattern : arena_printf(a, "%.*s%s%s",
	    (int)(at - pattern), pattern, word, at + 2);
}

static enum next
parts_list(struct request *r)
{
	const struct entity *e = request_entity(r);
	const struct selection all = { NULL, false };
	const char *p[7], *after = request_param(r, "after");
	const struct rows *rows;
	struct buf *b = &r->reply;
	size_t k = 0;

	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	if (after != NULL && !uuid_ok(after))
		return asked_refused(r, "after");
	if (r->state == NULL) {
		if (!may_read(r))
			return fail(r, E_DENIED, NULL, NULL, NULL);
		while (strcmp(kinds[k].name, e->name) != 0)
			k++;
		r->state = r;
		plan_owner(r);
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = owner(r)->name;
		p[5] = r->arg[0];
		p[6] = after;
		batch_add(&r->batch, &lists[k], 7, p);
		return NEXT_DB;
	}
	if (rows_n(batch_rows(&r->batch, 0)) != 1)
		return fail_unknown(r);
	rows = batch_rows(&r->batch, 1);
	buf_str(b, "{\"items\":[");
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
parts_add(struct request *r)
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
	w->row = arena_array(&r->arena, field_total(e), sizeof *w->row);
	changed = arena_array(&r->arena, field_total(e), 1);
	body_read(r, e, conf_codes(), body, BODY_CREATE, w->row, changed);
	body_complete(r, e, w->row);
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	w->phase = LOOKED;
	plan_owner(r);
	look_plan(r, e, body, &w->first);
	return NEXT_DB;
}

static enum next
add_more(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	const struct rows *rows;

	if (r->batch.failed >= 0)
		return fail_data(r);
	rows = batch_rows(&r->batch, 0);
	if (rows_n(rows) != 1)
		return fail_unknown(r);
	if (w->phase == WRITTEN)
		return reply_row(r, e, query_row(&r->arena, e, rows, 0),
		    dry_run(r) ? 200 : 201);
	look_take(r, e, request_json(r), NULL, w->first);
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	w->phase = WRITTEN;
	dry_batch(r);
	record_part(r, owner(r), e, w->row);
	dry_settle(r);
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
	return who_may(&r->who, V_READ, owner(r)->name);
}

static void
plan_owner(struct request *r)
{
	const struct entity *e = owner(r);
	const char *p[6];

	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, query_stmt(e, Q_GET), query_params(&r->arena, e,
	    Q_GET, &r->who.scope, r->arg[0], NULL, NULL, p), p);
}

static void
build_list(struct arena *a, const struct part *k, struct stmt *out)
{
	const struct entity *e = entity_find(k->name);
	struct buf b;

	buf_init(&b, 16384);
	buf_str(&b, "SELECT ");
	query_columns(&b, e);
	buf_printf(&b, " FROM %s WHERE ", e->table);
	query_where(&b, e);
	if (k->of == NULL)
		buf_str(&b, " AND entity = $5 AND row_id = $6::uuid");
	else
		buf_printf(&b, " AND $5 = '%s' AND %s_id = $6::uuid", k->of,
		    k->of);
	buf_printf(&b, " AND ($7::uuid IS NULL OR id > $7::uuid) ORDER BY id"
	    " LIMIT %d", PAGE + 1);
	REQUIRE(!b.over);
	out->name = arena_printf(a, "%s_list", e->name);
	out->sql = arena_strndup(a, b.data, b.len);
	buf_free(&b);
}
