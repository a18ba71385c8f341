/* Get, change and replace of any business entity. */
#include "entity.h"

#include <stdlib.h>
#include <string.h>

#include "as_of.h"
#include "base/uid.h"
#include "idem.h"
#include "issue_guard.h"
#include "look.h"
#include "mask.h"
#include "move.h"
#include "query.h"
#include "record.h"
#include "route.h"
#include "scope.h"

enum { READ = 1, WRITTEN, BEATEN };

struct work {
	int phase;
	const char **row;
	long rev;
	unsigned first; /* where what the body refers to begins */
};

static struct work *work_of(struct request *);
static enum next plan_get(struct request *, int phase);
static const char **got(struct request *);
static void giver_take(struct request *);
static enum next merge_patch(struct request *, struct work *);
static bool own_ok(struct request *, const struct entity *,
    const char *const *was, const char *const *row);
static bool settled(struct request *, const struct entity *,
    const char *const *was, const char *const *row, const char *name);
static bool kept(struct request *, const struct entity *,
    const struct field *, const char *const *row);
static const char **row_copy(struct request *, const struct entity *,
    const char *const *row);

const struct entity *
request_entity(const struct request *r)
{
	return entity_find(r->route->entity);
}

enum next
entity_get(struct request *r)
{
	const char *as_of = request_param(r, "as_of");
	const char **row;

	if (as_of != NULL)
		return as_of_get(r, as_of);
	if (work_of(r)->phase == 0)
		return plan_get(r, READ);
	if ((row = got(r)) == NULL)
		return fail_unknown(r);
	giver_take(r);
	return reply_row(r, request_entity(r), row, 200);
}

enum next
entity_change(struct request *r)
{
	const struct entity *e = request_entity(r);
	struct work *w = work_of(r);
	const char *code, *zh, *en;
	enum err err;

	if (w->phase == 0) {
		if ((err = request_if_match(r, &w->rev)) != OK)
			return fail(r, err, NULL, NULL, NULL);
		if (request_json(r) == NULL || !fields_ok(r, e) ||
		    !dry_run_ok(r))
			return NEXT_FAIL;
		if (plan_get(r, READ) == NEXT_FAIL)
			return NEXT_FAIL;
		look_plan(r, e, request_json(r), &w->first);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (w->phase == WRITTEN) {
		const struct rows *rows = batch_rows(&r->batch, 0);

		if (rows_n(rows) != 1) /* somebody was faster */
			return plan_get(r, BEATEN);
		return reply_row(r, e, query_row(&r->arena, e, rows, 0), 200);
	}
	if ((w->row = got(r)) == NULL)
		return fail_unknown(r);
	giver_take(r);
	if (w->phase == BEATEN)
		return fail_stale(r, strtol(row_get(e, w->row, "rev"), NULL,
		    10));
	code = row_locked(r, e, w->row, &zh, &en);
	if (code != NULL && strcmp(code, "other_level") == 0)
		return fail(r, E_DENIED, code, zh, en);
	if (strtol(row_get(e, w->row, "rev"), NULL, 10) != w->rev)
		return fail_stale(r, strtol(row_get(e, w->row, "rev"), NULL,
		    10));
	if (code != NULL)
		return fail(r, E_STATE, code, zh, en);
	return merge_patch(r, w);
}

bool
row_owned(const struct request *r, const struct entity *e,
    const char *const *row)
{
	const char *line = r->who.scope.line;

	return !e->shared || (scope_covers(&r->who, strtoll(row_get(e, row,
	    "division_code"), NULL, 10)) && (*line == '\0' || strcmp(line,
	    row_get(e, row, "competent_line")) == 0));
}

const char *
row_locked(const struct request *r, const struct entity *e,
    const char *const *row, const char **zh, const char **en)
{
	int level = (int)strtol(row_get(e, row, "filing_level"), NULL, 10);

	if (!scope_writes(&r->who, level)) {
		*zh = "这条记录由其他层级填报，您不能直接修改，可使用相应命令";
		*en = "This row is filed at another level; use a command.";
		return "other_level";
	}
	if (!row_owned(r, e, row)) {
		*zh = "这条记录由其他区划或条线发布，您只能查看";
		*en = "This row is shared by another place or line: read only.";
		return "other_level";
	}
	if (row_fixed(e, row)) {
		*zh = "已办结或作废的记录不能再修改";
		*en = "A row that has ended or is void cannot be changed.";
		return "not_editable";
	}
	return NULL;
}

bool
row_merge(struct request *r, const struct entity *e, const json_t *body,
    const char **row, bool *changed)
{
	const char **was = row_copy(r, e, row);

	if (!body_read(r, e, row_codes(e, row), body, BODY_CHANGE, row,
	    changed) || r->faults != NULL || !own_ok(r, e, was, row) ||
	    (strcmp(e->name, "issue") == 0 &&
	    !issue_settled(r, row, changed)))
		return false;
	row_derive(&r->arena, e, row, changed);
	return true;
}

/* What the body leaves out is blank or what a new row would have; parts of a
 * text are read out of it again unless they are given. */
bool
row_replace(struct request *r, const struct entity *e, const json_t *body,
    const char **row, bool *changed)
{
	const char **was = row_copy(r, e, row);

	for (size_t i = 0; i < field_total(e); i++)
		if (!kept(r, e, field_at(e, (int)i), was))
			row[i] = field_at(e, (int)i)->type == T_JSON &&
			    was[i] != NULL && strcmp(was[i], "{}") == 0
			    ? was[i] : NULL;
	body_read(r, e, row_codes(e, was), body, BODY_REPLACE, row, changed);
	body_complete(r, e, row);
	if (r->faults != NULL || !own_ok(r, e, was, row))
		return false;
	for (size_t i = 0; i < field_total(e); i++)
		changed[i] = json_object_get(body, field_at(e, (int)i)->name)
		    != NULL;
	row_defaults(e, row_action(e, row), row);
	row_derive(&r->arena, e, row, changed);
	for (size_t i = 0; i < field_total(e); i++)
		changed[i] = was[i] != row[i] && (was[i] == NULL ||
		    row[i] == NULL || strcmp(was[i], row[i]) != 0);
	return strcmp(e->name, "issue") != 0 || issue_settled(r, row, changed);
}

static struct work *
work_of(struct request *r)
{
	if (r->state == NULL)
		r->state = arena_alloc(&r->arena, sizeof(struct work));
	return r->state;
}

static enum next
plan_get(struct request *r, int phase)
{
	const struct entity *e = request_entity(r);
	const char *p[6];

	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	work_of(r)->phase = phase;
	batch_open(&r->batch, &r->arena, &r->who.scope, r->route->lane);
	batch_by_id(&r->batch, query_stmt(e, Q_GET), query_stmt(e, Q_MANY),
	    query_params(&r->arena, e, Q_GET, &r->who.scope, r->arg[0], NULL,
	    NULL, p), p);
	if (move_asks_giver(r, e))
		record_facts(r, e, r->arg[0]);
	return NEXT_DB;
}

static void
giver_take(struct request *r)
{
	if (move_asks_giver(r, request_entity(r)))
		r->giver = record_facts_giver(batch_rows(&r->batch, 1));
}

static const char **
got(struct request *r)
{
	const struct rows *rows = batch_rows(&r->batch, 0);

	return rows_n(rows) == 1
	    ? query_row(&r->arena, request_entity(r), rows, 0) : NULL;
}

static enum next
merge_patch(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	bool *changed = arena_array(&r->arena, field_total(e), 1);
	const char *p[PARAMS_MAX];
	bool any = false;
	unsigned n;

	look_take(r, e, request_json(r), w->row, w->first);
	if (!(r->route->method == M_PUT ? row_replace : row_merge)(r, e,
	    request_json(r), w->row, changed))
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	for (size_t i = 0; i < field_total(e); i++)
		any = any || changed[i];
	if (!any)
		return reply_row(r, e, w->row, 200);
	n = query_params(&r->arena, e, Q_UPDATE, &r->who.scope, r->arg[0],
	    arena_printf(&r->arena, "%ld", w->rev), w->row, p);
	w->phase = WRITTEN;
	dry_batch(r);
	batch_add(&r->batch, query_stmt(e, Q_UPDATE), n, p);
	dry_settle(r);
	return NEXT_DB;
}

/* A row that belongs to another is seen as that one is. */
static bool
own_ok(struct request *r, const struct entity *e, const char *const *was,
    const char *const *row)
{
	return e->parent == NULL || (settled(r, e, was, row,
	    "competent_line") & settled(r, e, was, row, "sensitivity"));
}

static bool
settled(struct request *r, const struct entity *e, const char *const *was,
    const char *const *row, const char *name)
{
	int i = field_index(e, name);

	if (row[i] == was[i] || (row[i] != NULL && was[i] != NULL &&
	    strcmp(row[i], was[i]) == 0))
		return true;
	fault(r, arena_printf(&r->arena, "/%s", name), "DQ-02", "of_parent",
	    "随所属记录而定，不能单独修改", "follows the row it belongs to");
	return false;
}

/* What a replacement leaves alone: what it cannot write, and who sees the
 * row, unless that is given. */
static bool
kept(struct request *r, const struct entity *e, const struct field *f,
    const char *const *row)
{
	return (f->flags & (F_SERVER | F_COMMAND | F_CREATE)) != 0 ||
	    mask_field(&r->who, e, f, row) != MASK_NONE ||
	    strcmp(f->name, "competent_line") == 0 ||
	    strcmp(f->name, "sensitivity") == 0;
}

static const char **
row_copy(struct request *r, const struct entity *e, const char *const *row)
{
	const char **to = arena_array(&r->arena, field_total(e), sizeof *to);

	for (size_t i = 0; i < field_total(e); i++)
		to[i] = row[i];
	return to;
}
