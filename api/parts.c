/* Lists of an issue's own records, and new notes. */
#include "parts.h"

#include <string.h>

#include "base/uid.h"
#include "entity.h"
#include "idem.h"
#include "query.h"
#include "route.h"

#define PAGE 200
#define SQL_MAX (16u * 1024)
#define KINDS 2

enum { CLAIMED = 1, WRITTEN, KEPT };

struct work {
	int phase;
	const char **row;
};

static const char *const names[KINDS] = { "issue_progress",
	"issue_acceptance" };
static struct stmt lists[KINDS], inserts[KINDS];

static enum next parts_list(struct request *);
static enum next parts_add(struct request *);
static void build_list(struct arena *, int);
static void build_insert(struct arena *, int);
static int kind_of(const struct request *);
static void plan_issue(struct request *);
static enum next add(struct request *, struct work *);
static enum next add_more(struct request *, struct work *);

#define LIST(k, path, op, en, zh)                                              \
	{ .method = M_GET, .pattern = "/v1/issues/{id}/" path,                 \
	    .right = RIGHT_READ, .entity = k, .handle = parts_list,            \
	    .lane = LANE_FAST, .id = op, .summary = en, .summary_zh = zh,      \
	    .reply_schema = k "List", .params = "partsAfter" }
#define ADD(k, path, op, en, zh)                                               \
	{ .method = M_POST, .pattern = "/v1/issues/{id}/" path,                \
	    .right = RIGHT_CREATE, .entity = k, .handle = parts_add,           \
	    .lane = LANE_FAST, .id = op, .summary = en, .summary_zh = zh,      \
	    .request_schema = k "New", .reply_schema = k }

static const struct route routes[] = {
	LIST("issue_progress", "progress", "listIssueProgress",
	    "Notes on the progress", "整改进展记录"),
	ADD("issue_progress", "progress", "addIssueProgress",
	    "Add a note on the progress", "登记整改进展"),
	LIST("issue_acceptance", "acceptances", "listIssueAcceptances",
	    "Attempts at acceptance", "验收记录"),
};

void
parts_init(void)
{
	static struct arena forever;
	static const struct stmt *all[2 * KINDS];

	arena_init(&forever, 0);
	for (int i = 0; i < KINDS; i++) {
		build_list(&forever, i);
		build_insert(&forever, i);
		all[2 * i] = &lists[i];
		all[2 * i + 1] = &inserts[i];
	}
	db_register(all, COUNT(all));
	route_register(routes, COUNT(routes));
}

static enum next
parts_list(struct request *r)
{
	const struct entity *e = request_entity(r);
	const struct selection all = { NULL, false };
	const char *p[6], *after = request_param(r, "after");
	const struct rows *rows;
	struct buf *b = &r->reply;

	if (!uuid_ok(r->arg[0]) || (after != NULL && !uuid_ok(after)))
		return fail_unknown(r);
	if (r->state == NULL) {
		r->state = r;
		plan_issue(r);
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = r->arg[0];
		p[5] = after;
		batch_add(&r->batch, &lists[kind_of(r)], 6, p);
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
	r->state = w = arena_alloc(&r->arena, sizeof *w);
	body = request_json(r);
	if (body == NULL || !fields_ok(r, e))
		return NEXT_FAIL;
	w->row = arena_array(&r->arena, field_total(e), sizeof *w->row);
	changed = arena_array(&r->arena, field_total(e), 1);
	body_read(r, e, conf_codes(), body, BODY_CREATE, w->row, changed);
	body_complete(r, e, w->row);
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	if (idem_key(r) == NULL)
		return add(r, w);
	w->phase = CLAIMED;
	return idem_claim(r);
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
	if (w->phase == CLAIMED)
		return (next = idem_claimed(r)) == NEXT_DB ? add(r, w) : next;
	rows = batch_rows(&r->batch, 0);
	if (rows_n(rows) != 1)
		return fail_unknown(r);
	w->phase = KEPT;
	if (reply_row(r, e, query_row(&r->arena, e, rows, 0), 201) ==
	    NEXT_FAIL)
		return NEXT_FAIL;
	return idem_keep(r);
}

static enum next
add(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	const char *p[PARAMS_MAX];
	char *id = arena_alloc(&r->arena, UUID_LEN + 1);
	unsigned n = 4;

	uuid_new(id);
	query_scope(&r->arena, &r->who.scope, p);
	row_set(e, w->row, "id", id);
	row_set(e, w->row, "issue_id", r->arg[0]);
	for (size_t i = 0; i < field_total(e); i++)
		if (query_writes(field_at(e, (int)i)) &&
		    strcmp(field_at(e, (int)i)->name, "division_code") != 0)
			p[n++] = w->row[i];
	w->phase = WRITTEN;
	idem_batch(r);
	batch_add(&r->batch, &inserts[kind_of(r)], n, p);
	return NEXT_DB;
}

static void
build_list(struct arena *a, int i)
{
	const struct entity *e = entity_find(names[i]);
	struct buf b;

	buf_init(&b, SQL_MAX);
	buf_str(&b, "SELECT ");
	query_columns(&b, e);
	buf_printf(&b, " FROM %s WHERE ", e->table);
	query_where(&b, e);
	buf_printf(&b, " AND issue_id = $5::uuid AND ($6::uuid IS NULL OR"
	    " id > $6::uuid) ORDER BY id LIMIT %d", PAGE + 1);
	REQUIRE(!b.over);
	lists[i].name = arena_printf(a, "%s_list", e->name);
	lists[i].sql = arena_strndup(a, b.data, b.len);
	buf_free(&b);
}

/* The division is the issue's; an issue out of reach gives no row. */
static void
build_insert(struct arena *a, int at)
{
	const struct entity *e = entity_find(names[at]);
	struct buf cols, vals;
	unsigned n = 5;

	buf_init(&cols, SQL_MAX);
	buf_init(&vals, SQL_MAX);
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (!query_writes(f) || strcmp(f->name, "division_code") == 0)
			continue;
		buf_printf(&cols, "%s, ", f->name);
		if (strcmp(f->name, "noted_on") == 0)
			buf_printf(&vals, "coalesce($%u::date, (now() AT TIME"
			    " ZONE 'Asia/Shanghai')::date), ", n++);
		else
			buf_printf(&vals, "$%u::%s, ", n++, query_cast(f));
	}
	buf_str(&vals, "division_code FROM issue WHERE id = $6::uuid AND ");
	query_where(&vals, entity_find("issue"));
	buf_str(&vals, " RETURNING ");
	query_columns(&vals, e);
	REQUIRE(!cols.over && !vals.over);
	inserts[at].name = arena_printf(a, "%s_insert", e->name);
	inserts[at].sql = arena_printf(a,
	    "INSERT INTO %s (%sdivision_code) SELECT %s", e->table, cols.data,
	    vals.data);
	buf_free(&cols);
	buf_free(&vals);
}

static void
plan_issue(struct request *r)
{
	const struct entity *issue = entity_find("issue");
	const char *p[6];

	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, query_stmt(issue, Q_GET), query_params(&r->arena,
	    issue, Q_GET, &r->who.scope, r->arg[0], NULL, NULL, p), p);
}

static int
kind_of(const struct request *r)
{
	for (int i = 0; i < KINDS; i++)
		if (strcmp(names[i], r->route->entity) == 0)
			return i;
	REQUIRE(!"a part that is none");
	return 0;
}
