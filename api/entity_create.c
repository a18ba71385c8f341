/* POST /v1/<path>: a new row, from its body, its parent and its action. */
#include <stdlib.h>
#include <string.h>

#include "base/uid.h"
#include "entity.h"
#include "idem.h"
#include "look.h"
#include "query.h"
#include "scope.h"

enum { LOOKED = 1, WRITTEN };

struct work {
	int phase;
	const json_t *body;
	bool parent;	    /* the first statement of the look is its */
	unsigned first;	    /* where the references begin */
	const char **row;
};

static enum next begin(struct request *);
static enum next make(struct request *, struct work *);
static const struct action_facts *action_named(const struct request *,
    const struct entity *, const json_t *body, const char *const *parent);
static bool belongs(struct request *, const struct entity *, const char **row,
    const char *const *parent);
static void placed(struct request *, const struct entity *,
    const struct action_facts *, const char **row);
static void server_fields(struct request *, const struct entity *,
    const struct action_facts *, const char **row);
static enum next insert(struct request *, struct work *);
static enum next answer(struct request *);

enum next
entity_create(struct request *r)
{
	struct work *w = r->state;

	if (w == NULL)
		return begin(r);
	if (r->batch.failed >= 0)
		return fail_data(r);
	return w->phase == LOOKED ? make(r, w) : answer(r);
}

static enum next
begin(struct request *r)
{
	const struct entity *e = request_entity(r);
	struct work *w = r->state = arena_alloc(&r->arena, sizeof *w);
	bool refers;

	w->body = request_json(r);
	if (w->body == NULL || !fields_ok(r, e) || !dry_run_ok(r))
		return NEXT_FAIL;
	w->phase = LOOKED;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	w->parent = look_parent(r, e, w->body);
	refers = look_plan(r, e, w->body, &w->first);
	return w->parent || refers ? NEXT_DB : make(r, w);
}

static enum next
make(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);

	w->row = arena_array(&r->arena, field_total(e), sizeof *w->row);
	if (r->batch.n > 0)
		look_take(r, e, w->body, NULL, w->first);
	if (!row_new(r, e, w->body, w->parent ? look_parent_row(r, e, 0)
					      : NULL, w->row))
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	return insert(r, w);
}

bool
row_new(struct request *r, const struct entity *e, const json_t *body,
    const char *const *parent, const char **row)
{
	bool *changed = arena_array(&r->arena, field_total(e), 1);
	const struct action_facts *action = action_named(r, e, body, parent);

	body_read(r, e, action != NULL ? action->codes : conf_codes(), body,
	    BODY_CREATE, row, changed);
	if (parent != NULL)
		belongs(r, e, row, parent);
	if (row_get(e, row, "division_code") == NULL)
		row_set(e, row, "division_code", arena_printf(&r->arena,
		    "%012lld", (long long)r->who.division));
	placed(r, e, action, row);
	body_complete(r, e, row);
	if (r->faults != NULL)
		return false;
	server_fields(r, e, action, row);
	row_defaults(e, action, row);
	row_derive(&r->arena, e, row, changed);
	return true;
}

/* The body's, else the parent's, else the only one where the caller is. */
static const struct action_facts *
action_named(const struct request *r, const struct entity *e,
    const json_t *body, const char *const *parent)
{
	const char *named = json_string_value(json_object_get(body,
	    "action_id"));

	if (e->action == ACTION_NONE)
		return NULL;
	if (named == NULL && parent != NULL)
		named = row_get(entity_parent(e), parent, "action_id");
	if (named == NULL && e->action == ACTION_REQUIRED)
		return conf_action_of(r->who.division);
	return conf_action(named);
}

/* What its parent settles cannot be given otherwise. */
static bool
belongs(struct request *r, const struct entity *e, const char **row,
    const char *const *parent)
{
	static const char *const settled[] = { "division_code",
		"competent_line", "action_id" };
	const struct entity *of = entity_parent(e);
	struct fault **before = r->faults_end;

	if (row_get(of, parent, "voided_at") != NULL)
		fault(r, arena_printf(&r->arena, "/%s", e->parent), "3.1(5)",
		    "parent_void", arena_printf(&r->arena,
		    "所属的“%s”已作废", of->label), arena_printf(&r->arena,
		    "its %s is void", of->name));
	for (size_t i = 0; i < COUNT(settled); i++) {
		const char *own = row_get(e, row, settled[i]);
		const char *its = row_get(of, parent, settled[i]);

		if (its == NULL || (i == 2 && e->action == ACTION_NONE))
			continue;
		if (own != NULL && (i == 0
		    ? strtoll(own, NULL, 10) != strtoll(its, NULL, 10)
		    : strcmp(own, its) != 0))
			fault(r, arena_printf(&r->arena, "/%s", settled[i]),
			    "DQ-02", "of_parent", arena_printf(&r->arena,
			    "须与所属的“%s”一致", of->label),
			    arena_printf(&r->arena, "must be that of its %s",
			    of->name));
		row_set(e, row, settled[i], its);
	}
	if (row_get(e, row, "sensitivity") == NULL ||
	    strtol(row_get(e, row, "sensitivity"), NULL, 10) <
	    strtol(row_get(of, parent, "sensitivity"), NULL, 10))
		row_set(e, row, "sensitivity", row_get(of, parent,
		    "sensitivity"));
	return r->faults_end == before;
}

static void
placed(struct request *r, const struct entity *e,
    const struct action_facts *action, const char **row)
{
	int64_t division = strtoll(row_get(e, row, "division_code"), NULL,
	    10);
	bool named = row_get(e, row, "action_id") != NULL;

	if (!scope_covers(&r->who, division) || division_level(division) < 1)
		fault(r, "/division_code", "DQ-02", "unknown",
		    "没有这个区划", "no such division");
	if (e->action == ACTION_NONE) {
		if (named)
			fault(r, "/action_id", "DQ-02", "read_only",
			    "这类记录不属于某个专项行动",
			    "is not given: it belongs to no action");
		return;
	}
	if (action == NULL ? named || e->action == ACTION_REQUIRED
			   : !(action->division <= division &&
			   division <= division_last(action->division)))
		fault(r, "/action_id", "DQ-02", "unknown",
		    "没有这个专项行动", "no such action");
}

static void
server_fields(struct request *r, const struct entity *e,
    const struct action_facts *action, const char **row)
{
	char *id = arena_alloc(&r->arena, UUID_LEN + 1);

	uuid_new(id);
	row_set(e, row, "id", id);
	row_set(e, row, "action_id", action != NULL ? action->id : NULL);
	row_set(e, row, "filing_level",
	    arena_printf(&r->arena, "%d", r->who.level));
	row_set(e, row, "reporting_org_id",
	    r->who.org[0] != '\0' ? r->who.org : NULL);
	if (*r->who.scope.line != '\0' && e->parent == NULL)
		row_set(e, row, "competent_line", r->who.scope.line);
	if (e->initial != NULL)
		row_set(e, row, e->state, e->initial);
	for (const struct given *g = r->given; g != NULL && g->field != NULL;
	    g++)
		row_set(e, row, g->field, g->value);
}

static enum next
insert(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	const char *p[PARAMS_MAX];
	unsigned n = query_params(&r->arena, e, Q_INSERT, &r->who.scope,
	    NULL, NULL, w->row, p);

	w->phase = WRITTEN;
	dry_batch(r);
	batch_add(&r->batch, query_stmt(e, Q_INSERT), n, p);
	dry_settle(r);
	return NEXT_DB;
}

static enum next
answer(struct request *r)
{
	const struct entity *e = request_entity(r);
	const struct rows *rows = batch_rows(&r->batch, 0);

	if (rows_n(rows) != 1)
		return fail_unknown(r);
	if (!dry_run(r))
		reply_header(r, "location", arena_printf(&r->arena, "/v1/%s/%s",
		    e->path, rows_text(rows, 0, field_index(e, "id"))));
	return reply_row(r, e, query_row(&r->arena, e, rows, 0),
	    dry_run(r) ? 200 : 201);
}
