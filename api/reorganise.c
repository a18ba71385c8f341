/*
 * POST /v1/divisions:reorganise and GET /v1/reorganisations: divisions merged,
 * transferred or given another code, with everything that is theirs, at once
 * (0096_reorganisation.sql).
 */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "entity.h"
#include "idem.h"
#include "route.h"
#include "scope.h"
#include "shape.h"

#define MOVES_MAX 2000
#define PAGE "100"
/* A county has hundreds of thousands of rows; less than what the proxy waits. */
#define LONG_MS 110000

enum phase { ASKED, DONE };

static const struct field plan_fields[] = {
	{ "effective_on", "生效日期", "First day of the new codes.", T_DATE,
	    F_REQUIRED, 0, 0, 0, NULL, "3.3", NULL },
	{ "document", "批准文号", "Document that orders it.", T_TEXT,
	    F_REQUIRED, 0, 1, 200, NULL, "3.3", NULL },
};
static const struct field move_fields[] = {
	{ "from", "原区划", "Division that ends.", T_DIVISION, F_REQUIRED, 0,
	    0, 0, NULL, "3.3", NULL },
	{ "to", "新区划", "Division that goes on: there already, or new.",
	    T_DIVISION, F_REQUIRED, 0, 0, 0, NULL, "3.3", NULL },
	{ "name", "新名称", "Name of a new one; by default the old one's.",
	    T_TEXT, 0, 0, 1, 60, NULL, "3.3", NULL },
};

static const struct stmt find_faults = { "reorganisation_faults",
	"SELECT at, code, lpad(of::text, 12, '0')"
	" FROM reorganisation_faults($1::jsonb)" };
#define COLUMNS                                                                \
	" id, lpad(division_code::text, 12, '0'), effective_on, document,"     \
	" moves, moved, kept, " SQL_UTC("at") ", by"
static const struct stmt carry_out = { "reorganise",
	"SELECT" COLUMNS
	" FROM reorganise($1::jsonb, $2::date, $3)" };
static const struct stmt list_them = { "reorganisations",
	"SELECT" COLUMNS
	" FROM reorganisation WHERE division_code BETWEEN $1::bigint AND"
	" $2::bigint ORDER BY id DESC LIMIT " PAGE };
static const struct stmt *const statements[] = { &find_faults, &carry_out,
	&list_them };

/* What reorganisation_faults() may find. */
static const struct fault_text {
	const char *code, *member, *zh, *en;
} texts[] = {
	{ "unknown", "from", "没有这个区划", "no such division" },
	{ "beyond", "to", "新区划不在您的管辖范围内",
	    "lies outside your range" },
	{ "ended", "from", "区划已经撤销", "has ended already" },
	{ "other_level", "to", "新旧区划的级别不同",
	    "is of another level than the old one" },
	{ "twice", "from", "同一区划出现两次", "is in the list twice" },
	{ "chain", "to", "新区划本身也在撤销之列",
	    "itself ends by another move" },
	{ "no_parent", "to", "新区划没有有效的上级区划",
	    "has no division in force above it" },
	{ "left_behind", "from", "下级区划没有安排去向",
	    "has a division below it that goes nowhere" },
};

struct plan {
	enum phase phase;
	const char *moves, *effective, *document;
};

static enum next reorganise(struct request *);
static enum next reorganisations(struct request *);
static enum next begin(struct request *);
static bool faults_found(struct request *, const struct rows *);
static void render(struct buf *, const struct rows *, int row);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/divisions:reorganise",
	    .right = RIGHT_CONFIGURE, .entity = "division",
	    .handle = reorganise, .lane = LANE_SLOW,
	    .id = "reorganiseDivisions",
	    .summary = "Merge, transfer or recode divisions with all they have",
	    .summary_zh = "撤并、划转区划或变更代码",
	    .request_schema = "ReorganisationNew",
	    .reply_schema = "Reorganisation", .params = "dry_run" },
	{ .method = M_GET, .pattern = "/v1/reorganisations",
	    .right = RIGHT_CONFIGURE, .entity = "division",
	    .handle = reorganisations, .lane = LANE_SLOW,
	    .id = "listReorganisations",
	    .summary = "List the latest reorganisations of divisions",
	    .summary_zh = "区划变更记录", .reply_schema = "ReorganisationList" },
};

void
reorganise_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
reorganise(struct request *r)
{
	struct plan *p = r->state;

	if (p == NULL)
		return begin(r);
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (p->phase == DONE) {
		render(&r->reply, batch_rows(&r->batch, 0), 0);
		return reply(r, 200);
	}
	if (faults_found(r, batch_rows(&r->batch, 0)))
		return shape_refuse(r);
	p->phase = DONE;
	dry_batch(r);
	r->batch.limit_ms = LONG_MS;
	batch_addv(&r->batch, &carry_out, 3, p->moves, p->effective,
	    p->document);
	dry_settle(r);
	return NEXT_DB;
}

static enum next
begin(struct request *r)
{
	static const char *const others[] = { "moves", NULL };
	struct plan *p = arena_alloc(&r->arena, sizeof *p);
	json_t *body = shape_body(r), *moves;

	if (body == NULL)
		return NEXT_FAIL;
	if (!dry_run_ok(r)) {
		json_decref(body);
		return NEXT_FAIL;
	}
	shape_check(r, plan_fields, COUNT(plan_fields), others, body, "");
	moves = json_object_get(body, "moves");
	if (json_array_size(moves) == 0 || json_array_size(moves) > MOVES_MAX)
		shape_fault(r, "", "moves", "not_a_list",
		    "应为 1 至 2000 项的列表", "must be a list of 1 to 2000");
	else if (!shape_list(r, move_fields, COUNT(move_fields), moves,
	    "/moves"))
		shape_fault(r, "", "moves", "not_a_list", "应为对象的列表",
		    "must be a list of objects");
	if (r->faults != NULL) {
		json_decref(body);
		return shape_refuse(r);
	}
	*p = (struct plan) { .phase = ASKED,
		.effective = arena_strdup(&r->arena, json_string_value(
		    json_object_get(body, "effective_on"))),
		.document = arena_strdup(&r->arena, json_string_value(
		    json_object_get(body, "document"))),
		.moves = shape_text(r, json_incref(moves)) };
	json_decref(body);
	r->state = p;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_addv(&r->batch, &find_faults, 1, p->moves);
	return NEXT_DB;
}

static bool
faults_found(struct request *r, const struct rows *found)
{
	for (int i = 0; i < rows_n(found); i++) {
		const char *of = rows_text(found, i, 2);

		for (size_t k = 0; k < COUNT(texts); k++)
			if (strcmp(texts[k].code, rows_text(found, i, 1)) == 0)
				shape_fault(r, arena_printf(&r->arena,
				    "/moves/%s", rows_text(found, i, 0)),
				    texts[k].member, texts[k].code,
				    arena_printf(&r->arena, "%s（%s）",
				    texts[k].zh, of),
				    arena_printf(&r->arena, "%s (%s)",
				    texts[k].en, of));
	}
	return rows_n(found) > 0;
}

static enum next
reorganisations(struct request *r)
{
	const struct rows *list;

	if (r->state == NULL) {
		r->state = r;
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		batch_addv(&r->batch, &list_them, 2,
		    arena_int(&r->arena, r->who.scope.lo),
		    arena_int(&r->arena, r->who.scope.hi));
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	list = batch_rows(&r->batch, 0);
	buf_str(&r->reply, "{\"items\":[");
	for (int i = 0; i < rows_n(list); i++) {
		buf_comma(&r->reply);
		render(&r->reply, list, i);
	}
	buf_str(&r->reply, "]}");
	return reply(r, 200);
}

static void
render(struct buf *b, const struct rows *rows, int row)
{
	static const char *const names[] = { "id", "division_code",
		"effective_on", "document", "moves", "moved", "kept", "at",
		"by" };

	buf_str(b, "{");
	for (int i = 0; i < (int)COUNT(names); i++) {
		buf_key(b, names[i]);
		if (i >= 4 && i <= 6) /* JSON already */
			buf_str(b, rows_text(rows, row, i));
		else
			buf_json(b, rows_text(rows, row, i));
	}
	buf_str(b, "}");
}
