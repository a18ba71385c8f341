/* Get, create, change and history of any business entity. */
#include "entity.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/uid.h"
#include "idem.h"
#include "query.h"
#include "scope.h"
#include "value.h"

#define HISTORY_MAX 200

enum { READ = 1, WRITTEN, LISTED };

struct work {
	int phase;
	const char **row;
	long rev;
};

static const struct stmt history_list = { "history_list",
	"SELECT h.rev, to_char(h.at AT TIME ZONE 'UTC',"
	" 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), h.actor, u.name, h.channel,"
	" h.origin, h.data FROM history h LEFT JOIN app_user u"
	" ON u.id = h.actor WHERE h.division_code BETWEEN $1::bigint"
	" AND $2::bigint AND ($3::text = '' OR h.line = $3::text)"
	" AND h.sensitivity <= $4::int AND h.row_id = $5::uuid"
	" AND h.entity = $6 AND ($7::bigint IS NULL OR h.rev < $7::bigint)"
	" ORDER BY h.rev DESC LIMIT 201" };
/* What sheets ask for and nobody has decided yet. */
static const struct stmt request_list = { "row_requests",
	"SELECT command, to_char(at AT TIME ZONE 'UTC',"
	" 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), path FROM sheet_request"
	" WHERE division_code BETWEEN $1::bigint AND $2::bigint"
	" AND ($3::text, $4::int) IS NOT NULL AND row_id = $5::uuid"
	" AND state = 'open' ORDER BY id LIMIT 10" };
static const struct stmt *const statements[] = { &history_list,
	&request_list };

static struct work *work_of(struct request *);
static enum next plan_get(struct request *, int phase);
static const char **got(struct request *);
static bool new_row(struct request *, const struct entity *, const json_t *,
    const char **row);
static enum next insert(struct request *, const struct entity *,
    const char **row);
static bool acceptor_kept(struct request *, const struct entity *,
    const char *const *row, const bool *changed);
static enum next merge_patch(struct request *, struct work *);
static void render_requests(struct request *, const struct rows *);
static void render_revision(struct request *, const struct entity *,
    const struct rows *, int at);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/issues", .right = RIGHT_READ,
	    .entity = "issue", .handle = entity_list, .lane = LANE_SLOW,
	    .id = "listIssues", .summary = "List issues",
	    .summary_zh = "查询问题", .reply_schema = "issueList" },
	{ .method = M_POST, .pattern = "/v1/issues", .right = RIGHT_CREATE,
	    .entity = "issue", .handle = entity_create, .lane = LANE_FAST,
	    .id = "createIssue", .summary = "Report an issue",
	    .summary_zh = "登记问题", .request_schema = "issueNew",
	    .reply_schema = "issue" },
	{ .method = M_GET, .pattern = "/v1/issues/{id}", .right = RIGHT_READ,
	    .entity = "issue", .handle = entity_get, .lane = LANE_FAST,
	    .id = "getIssue", .summary = "Read an issue",
	    .summary_zh = "查看问题", .reply_schema = "issue" },
	{ .method = M_PATCH, .pattern = "/v1/issues/{id}",
	    .right = RIGHT_CHANGE, .entity = "issue",
	    .handle = entity_change, .lane = LANE_FAST, .id = "changeIssue",
	    .summary = "Change fields of an issue",
	    .summary_zh = "修改问题", .request_schema = "issueChange",
	    .reply_schema = "issue" },
	{ .method = M_GET, .pattern = "/v1/issues/{id}/history",
	    .right = RIGHT_READ, .entity = "issue",
	    .handle = entity_history, .lane = LANE_SLOW,
	    .id = "listIssueHistory", .summary = "Every revision of an issue",
	    .summary_zh = "问题的修改历史", .reply_schema = "HistoryList" },
};

void
entity_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

const struct entity *
request_entity(const struct request *r)
{
	return entity_find(r->route->entity);
}

enum next
entity_get(struct request *r)
{
	const char **row;

	if (work_of(r)->phase == 0) {
		const char *p[5];

		if (plan_get(r, READ) == NEXT_FAIL)
			return NEXT_FAIL;
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = r->arg[0];
		batch_add(&r->batch, &request_list, 5, p);
		return NEXT_DB;
	}
	if ((row = got(r)) == NULL)
		return fail_unknown(r);
	if (reply_row(r, request_entity(r), row, 200) == NEXT_FAIL)
		return NEXT_FAIL;
	if (request_param(r, "fields") == NULL)
		render_requests(r, batch_rows(&r->batch, 1));
	return NEXT_DONE;
}

enum next
entity_create(struct request *r)
{
	const struct entity *e = request_entity(r);
	struct work *w = work_of(r);
	enum next next;

	if (w->phase == WRITTEN)
		return idem_finish(r);
	if (w->phase == LISTED || w->phase == READ) {
		const struct rows *rows = batch_rows(&r->batch, 0);

		if (r->batch.failed >= 0)
			return fail_data(r);
		if (w->phase == READ && (next = idem_claimed(r)) != NEXT_DB)
			return next;
		if (w->phase == READ) {
			w->phase = LISTED;
			return insert(r, e, w->row);
		}
		if (rows_n(rows) != 1)
			return fail_unknown(r);
		w->phase = WRITTEN;
		reply_header(r, "location", arena_printf(&r->arena,
		    "/v1/%s/%s", e->path, rows_text(rows, 0,
		    field_index(e, "id"))));
		if (reply_row(r, e, query_row(&r->arena, e, rows, 0), 201) ==
		    NEXT_FAIL)
			return NEXT_FAIL;
		return idem_keep(r);
	}
	json_t *body = request_json(r);

	if (body == NULL || !fields_ok(r, e))
		return NEXT_FAIL;
	w->row = arena_array(&r->arena, field_total(e), sizeof *w->row);
	if (!new_row(r, e, body, w->row))
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	w->phase = READ;
	if (idem_key(r) != NULL)
		return idem_claim(r);
	w->phase = LISTED;
	return insert(r, e, w->row);
}

enum next
entity_change(struct request *r)
{
	const struct entity *e = request_entity(r);
	struct work *w = work_of(r);
	const char *state;
	enum err err;

	if (w->phase == 0) {
		if ((err = request_if_match(r, &w->rev)) != OK)
			return fail(r, err, NULL, NULL, NULL);
		if (request_json(r) == NULL || !fields_ok(r, e))
			return NEXT_FAIL;
		return plan_get(r, READ);
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (w->phase == WRITTEN) {
		const struct rows *rows = batch_rows(&r->batch, 0);

		if (rows_n(rows) != 1) /* somebody was faster */
			return plan_get(r, LISTED);
		return reply_row(r, e, query_row(&r->arena, e, rows, 0), 200);
	}
	if ((w->row = got(r)) == NULL)
		return fail_unknown(r);
	if (w->phase == LISTED)
		return fail_stale(r, strtol(row_get(e, w->row, "rev"), NULL,
		    10));
	if (!scope_writes(&r->who, (int)strtol(row_get(e, w->row,
	    "filing_level"), NULL, 10)))
		return fail(r, E_DENIED, "other_level",
		    "这条记录由其他层级填报，您不能直接修改，可使用相应命令",
		    "This row is filed at another level; use a command.");
	if (strtol(row_get(e, w->row, "rev"), NULL, 10) != w->rev)
		return fail_stale(r, strtol(row_get(e, w->row, "rev"), NULL,
		    10));
	state = row_get(e, w->row, e->state);
	if (strcmp(state, "closed") == 0 || strcmp(state, "voided") == 0 ||
	    strcmp(state, "merged") == 0)
		return fail(r, E_STATE, "not_editable",
		    "已销号、作废或合并的问题不能再修改",
		    "A closed, voided or merged row cannot be changed.");
	return merge_patch(r, w);
}

enum next
entity_history(struct request *r)
{
	const struct entity *e = request_entity(r);
	const char *before = request_param(r, "before");
	struct buf *b = &r->reply;
	const struct rows *rows;

	if (work_of(r)->phase == 0) {
		const char *p[7];

		if (before != NULL && (strlen(before) > 18 || *before == '\0' ||
		    strspn(before, "0123456789") != strlen(before)))
			return fail(r, E_INPUT, "invalid", "参数 before 应为版本号",
			    "The parameter before is a revision.");
		if (plan_get(r, LISTED) == NEXT_FAIL)
			return NEXT_FAIL;
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = r->arg[0];
		p[5] = e->table;
		p[6] = before;
		batch_add(&r->batch, &history_list, 7, p);
		return NEXT_DB;
	}
	if (got(r) == NULL)
		return fail_unknown(r);
	rows = batch_rows(&r->batch, 1);
	buf_str(b, "{");
	buf_key(b, "items");
	buf_str(b, "[");
	for (int i = 0; i < rows_n(rows) && i < HISTORY_MAX; i++)
		render_revision(r, e, rows, i);
	buf_str(b, "]");
	buf_key(b, "next");
	if (rows_n(rows) > HISTORY_MAX)
		buf_json(b, rows_text(rows, HISTORY_MAX - 1, 0));
	else
		buf_str(b, "null");
	buf_str(b, "}");
	return reply(r, 200);
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
	const char *p[6];

	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	work_of(r)->phase = phase;
	batch_open(&r->batch, &r->arena, &r->who.scope, r->route->lane);
	batch_add(&r->batch, query_stmt(request_entity(r), Q_GET),
	    query_params(&r->arena, request_entity(r), Q_GET, &r->who.scope,
	    r->arg[0], NULL, NULL, p), p);
	return NEXT_DB;
}

static const char **
got(struct request *r)
{
	const struct rows *rows = batch_rows(&r->batch, 0);

	return rows_n(rows) == 1
	    ? query_row(&r->arena, request_entity(r), rows, 0) : NULL;
}

/* Body, defaults and derived parts of a row that does not exist yet. */
static bool
new_row(struct request *r, const struct entity *e, const json_t *body,
    const char **row)
{
	bool *changed = arena_array(&r->arena, field_total(e), 1);
	const char *named = json_string_value(json_object_get(body,
	    "action_id"));
	const struct action_facts *action = conf_action(named);
	char *id = arena_alloc(&r->arena, UUID_LEN + 1);
	int64_t division;

	if (action == NULL && named == NULL && conf_actions() == 1)
		action = conf_action_at(0);
	body_read(r, e, action != NULL ? action->codes : conf_codes(), body,
	    true, row, changed);
	if (row_get(e, row, "division_code") == NULL)
		row_set(e, row, "division_code", arena_printf(&r->arena,
		    "%012lld", (long long)r->who.division));
	division = strtoll(row_get(e, row, "division_code"), NULL, 10);
	if (!scope_covers(&r->who, division) || division_level(division) < 3)
		fault(r, "/division_code", "DQ-02", "unknown",
		    "没有这个区划", "no such division");
	if (action == NULL || !(action->division <= division &&
	    division <= division_last(action->division)))
		fault(r, "/action_id", "DQ-02", "unknown",
		    "没有这个专项行动", "no such action");
	body_complete(r, e, row);
	if (r->faults != NULL)
		return false;
	uuid_new(id);
	row_set(e, row, "id", id);
	row_set(e, row, "action_id", action->id);
	row_set(e, row, "filing_level",
	    arena_printf(&r->arena, "%d", r->who.level));
	row_set(e, row, "reporting_org_id",
	    r->who.org[0] != '\0' ? r->who.org : NULL);
	if (*r->who.scope.line != '\0')
		row_set(e, row, "competent_line", r->who.scope.line);
	row_defaults(e, action, row);
	row_derive(&r->arena, e, row, changed);
	return true;
}

static enum next
insert(struct request *r, const struct entity *e, const char **row)
{
	const char *p[PARAMS_MAX];
	unsigned n = query_params(&r->arena, e, Q_INSERT, &r->who.scope,
	    NULL, NULL, row, p);

	idem_batch(r);
	batch_add(&r->batch, query_stmt(e, Q_INSERT), n, p);
	return NEXT_DB;
}

/* Who accepts is settled once acceptance is asked for. */
static bool
acceptor_kept(struct request *r, const struct entity *e,
    const char *const *row, const bool *changed)
{
	static const char *const deciding[] = { "responsible_subject_kind",
		"responsible_org_id", "competent_org_id", "competent_line" };
	const char *state = row_get(e, row, e->state);

	if (strcmp(e->name, "issue") != 0 || (strcmp(state, "completed") != 0 &&
	    strcmp(state, "accepted") != 0))
		return true;
	for (size_t i = 0; i < COUNT(deciding); i++)
		if (changed[field_index(e, deciding[i])])
			fault(r, arena_printf(&r->arena, "/%s", deciding[i]),
			    "R-05", "settled",
			    "已申请验收，不能再改变由谁验收",
			    "Who accepts is settled once acceptance is asked "
			    "for.");
	return r->faults == NULL;
}

static enum next
merge_patch(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	bool *changed = arena_array(&r->arena, field_total(e), 1);
	const char *p[PARAMS_MAX];
	bool any = false;
	unsigned n;

	if (!body_read(r, e, row_codes(e, w->row), request_json(r), false,
	    w->row, changed) || !acceptor_kept(r, e, w->row, changed))
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	for (size_t i = 0; i < field_total(e); i++)
		any = any || changed[i];
	if (!any)
		return reply_row(r, e, w->row, 200);
	row_derive(&r->arena, e, w->row, changed);
	n = query_params(&r->arena, e, Q_UPDATE, &r->who.scope, r->arg[0],
	    arena_printf(&r->arena, "%ld", w->rev), w->row, p);
	w->phase = WRITTEN;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, query_stmt(e, Q_UPDATE), n, p);
	return NEXT_DB;
}

/* Added to the object that the reply already is. */
static void
render_requests(struct request *r, const struct rows *rows)
{
	struct buf *b = &r->reply;

	b->data[--b->len] = '\0';
	buf_key(b, "requests");
	buf_str(b, "[");
	for (int i = 0; i < rows_n(rows); i++) {
		buf_comma(b);
		buf_str(b, "{");
		buf_key(b, "command");
		buf_json(b, rows_text(rows, i, 0));
		buf_key(b, "at");
		buf_json(b, rows_text(rows, i, 1));
		buf_key(b, "path");
		buf_json(b, rows_text(rows, i, 2));
		buf_str(b, "}");
	}
	buf_str(b, "]}");
}

/* A revision shows no more than the row itself would. */
static void
render_revision(struct request *r, const struct entity *e,
    const struct rows *rows, int at)
{
	static const char *const name[] = { "rev", "at", "actor",
		"actor_name", "channel", "origin" };
	struct buf *b = &r->reply;
	json_t *data = json_loads(rows_text(rows, at, 6), 0, NULL);
	const char **row = arena_array(&r->arena, field_total(e),
	    sizeof *row);
	const struct selection all = { NULL, false };

	buf_comma(b);
	buf_str(b, "{");
	buf_key(b, name[0]);
	buf_str(b, rows_text(rows, at, 0));
	for (int i = 1; i < (int)COUNT(name); i++) {
		buf_key(b, name[i]);
		buf_json(b, rows_text(rows, at, i));
	}
	for (size_t i = 0; i < field_total(e); i++) {
		json_t *v = json_object_get(data, field_at(e, (int)i)->name);
		char *text;

		if (v == NULL || json_is_null(v))
			continue;
		if (json_is_boolean(v)) {
			row[i] = json_is_true(v) ? "t" : "f";
		} else if (json_is_string(v)) {
			row[i] = arena_strdup(&r->arena,
			    json_string_value(v));
		} else {
			text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
			row[i] = arena_strdup(&r->arena, text);
			free(text);
		}
	}
	json_decref(data);
	buf_key(b, "data");
	render_row(r, b, e, row, &all);
	buf_str(b, "}");
}
