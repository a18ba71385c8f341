/* POST /v1/conflicts/{id}/resolve: a person decides between two values; the
 * decision names the revision of the conflict it saw. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/uid.h"
#include "book.h"
#include "entity.h"
#include "query.h"
#include "scope.h"
#include "sync.h"

enum { STAGE_BEGIN, STAGE_READ, STAGE_LOCKED, STAGE_WRITTEN };

struct resolve {
	struct request *r;
	struct book book;
	unsigned stage;
	long rev;
	const char *choose, *value;    /* as sent */
	const char *row, *name, *kind; /* of the conflict */
	const char *chosen;	       /* what it comes to */
	const char *cells;	       /* edit_delete: name → text */
	bool header;
	const char **now;
	bool *changed;
};

static enum next begin(struct resolve *);
static enum next read_conflict(struct resolve *);
static enum next decide(struct resolve *);
static enum next plan_write(struct resolve *);
static bool allowed(struct resolve *);
static bool set_cell(struct resolve *, const char *name, const char *text);
static void set_extra(struct resolve *, const char *heading, const char *text);
static void set_voided(struct resolve *, bool voided);
static void open_batch(struct resolve *);

static const struct stmt read_stmt = { "sync_resolve_read",
	"SELECT " BOOK_COLUMNS ", c.rev, c.state, c.row_id, c.name, c.kind,"
	" c.system, c.file, c.cells::text FROM sheet_conflict c"
	" JOIN sheet_ledger l ON l.id = c.ledger_id"
	" JOIN sheet_template t ON t.code = l.template_code"
	" AND t.version = l.template_version" BOOK_JOINS
	" WHERE c.id = $1::uuid AND c.division_code BETWEEN $3::bigint"
	" AND $4::bigint AND (c.row_id <> l.id OR $5::text[] = '{\"\"}')"
	" AND ($2::text = '' OR EXISTS (SELECT FROM sheet_binding_ledger bl"
	" WHERE bl.ledger_id = l.id AND bl.binding_id::text = $2::text))" };
static const struct stmt header_lock = { "sync_resolve_header",
	"SELECT rev FROM sheet_header WHERE ledger_id = $1::uuid FOR UPDATE" };
static const struct stmt decide_stmt = { "sync_resolve_decide",
	"UPDATE sheet_conflict SET state = 'resolved', choice = $3::text,"
	" value = $4::text, resolved_by = app_actor(), resolved_at = now(),"
	" rev = rev + 1 WHERE id = $1::uuid AND rev = $2::int"
	" AND state = 'open' RETURNING rev" };
static const struct stmt header_write = { "sync_resolve_header_write",
	"WITH now AS (UPDATE sheet_header SET cells = cells ||"
	" jsonb_build_object($2::text, $3::text), rev = rev + 1"
	" WHERE ledger_id = $1::uuid"
	" RETURNING ledger_id, rev, division_code, cells)"
	" INSERT INTO sheet_header_history (ledger_id, rev, division_code,"
	" cells) SELECT * FROM now" };
/* The state the row had before it was voided. */
static const struct stmt state_before = { "sync_resolve_state",
	"SELECT h.data ->> $3::text FROM history h WHERE h.entity = $1::text"
	" AND h.row_id = $2::uuid AND h.data ->> 'voided_at' IS NULL"
	" ORDER BY h.rev DESC LIMIT 1" };
static const struct stmt nothing = { "sync_resolve_nothing", "SELECT 1" };
static const struct stmt *const statements[] = { &read_stmt, &header_lock,
	&decide_stmt, &header_write, &state_before, &nothing };

void
sync_resolve_init(void)
{
	db_register(statements, COUNT(statements));
}

enum next
sync_conflict_resolve(struct request *r)
{
	struct resolve *v = r->state;

	if (r->step == 0) {
		r->state = v = arena_alloc(&r->arena, sizeof(*v));
		v->r = r;
		return begin(v);
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	switch (v->stage++) {
	case STAGE_READ: return read_conflict(v);
	case STAGE_LOCKED: return decide(v);
	default: break;
	}
	buf_char(&r->reply, '{');
	buf_key(&r->reply, "id");
	buf_json(&r->reply, r->arg[0]);
	buf_printf(
	    &r->reply, ",\"state\":\"resolved\",\"choice\":\"%s\"", v->choose);
	buf_printf(&r->reply, ",\"rev\":%ld}", v->rev + 1);
	reply_etag(r, v->rev + 1);
	return reply(r, 200);
}

static enum next
begin(struct resolve *v)
{
	struct request *r = v->r;
	enum err e = request_if_match(r, &v->rev);
	json_t *body, *one;
	const char *key, *scope[4];

	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	if (e != OK)
		return fail(r, e, NULL, NULL, NULL);
	body = request_body(r);
	if (body == NULL)
		return NEXT_FAIL;
	v->choose = json_string_value(json_object_get(body, "choose"));
	v->value = json_string_value(json_object_get(body, "value"));
	json_object_foreach(body, key, one)
	{
		(void)one;
		if (strcmp(key, "choose") != 0 && strcmp(key, "value") != 0)
			fault(r, arena_printf(&r->arena, "/%s", key), "DQ-00",
			    "unknown_field", "未知字段", "unknown field");
	}
	if (v->choose == NULL || (strcmp(v->choose, "system") != 0 &&
				     strcmp(v->choose, "file") != 0 &&
				     strcmp(v->choose, "value") != 0))
		fault(r, "/choose", "DQ-02", "not_in_list",
		    "只能是 system、file 或 value",
		    "must be system, file or value");
	else if ((strcmp(v->choose, "value") == 0) != (v->value != NULL))
		fault(r, "/value", "DQ-01", "required",
		    "选择“改为”时须给出新值，其他选择不得给出",
		    "goes with choose=value and with nothing else");
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	open_batch(v);
	query_scope(&r->arena, &r->who.scope, scope);
	batch_addv(&r->batch, &read_stmt, 5, r->arg[0], r->who.binding,
	    scope[0], scope[1], scope[2]);
	v->stage = STAGE_READ;
	return NEXT_DB;
}

static enum next
read_conflict(struct resolve *v)
{
	struct request *r = v->r;
	const struct rows *rows = batch_rows(&r->batch, 0);
	const char *param[PARAMS_MAX];
	int at = BOOK_NCOLUMNS;
	unsigned n;

	if (rows_n(rows) == 0)
		return fail_unknown(r);
	if (rows_long(rows, 0, at) != v->rev)
		return fail_stale(r, rows_long(rows, 0, at));
	if (strcmp(rows_text(rows, 0, at + 1), "open") != 0)
		return fail(r, E_STATE, "not_open", "该冲突已经处理",
		    "The conflict is decided already.");
	if (!book_take(r, rows, 0, 0, &v->book))
		return NEXT_FAIL;
	v->row = rows_text(rows, 0, at + 2);
	v->name = rows_text(rows, 0, at + 3);
	v->kind = rows_text(rows, 0, at + 4);
	v->chosen = *v->choose == 's'	? rows_text(rows, 0, at + 5)
		    : *v->choose == 'f' ? rows_text(rows, 0, at + 6)
					: v->value;
	v->cells = rows_text(rows, 0, at + 7);
	v->header = strcmp(v->row, v->book.id) == 0;
	if (*v->name == '\0' && *v->choose == 'v')
		return fail(r, E_INPUT, "invalid",
		    "整行冲突只能采用系统或采用本表",
		    "A conflict about a row is decided by system or file.");
	open_batch(v);
	if (v->header) {
		batch_addv(&r->batch, &header_lock, 1, v->book.id);
	} else {
		n = query_params(&r->arena, v->book.form->entity, Q_LOCK,
		    &r->who.scope, v->row, NULL, NULL, param);
		batch_add(&r->batch, query_stmt(v->book.form->entity, Q_LOCK),
		    n, param);
	}
	batch_addv(&r->batch, &decide_stmt, 4, r->arg[0],
	    arena_printf(&r->arena, "%ld", v->rev), v->choose, v->chosen);
	batch_addv(&r->batch, &state_before, 3, v->book.form->entity->table,
	    v->row, v->book.form->entity->state);
	return NEXT_DB;
}

static enum next
decide(struct resolve *v)
{
	struct request *r = v->r;
	const struct entity *e = v->book.form->entity;
	const struct rows *rows = batch_rows(&r->batch, 0);
	json_t *cells, *one;
	const char *name;

	if (rows_n(rows) == 0)
		return fail_unknown(r);
	if (rows_n(batch_rows(&r->batch, 1)) == 0)
		return fail_stale(r, 0);
	if (!v->header)
		v->now = query_row(&r->arena, e, rows, 0);
	if (!allowed(v))
		return NEXT_FAIL;
	if (v->header || *v->choose == 's')
		return plan_write(v);
	v->changed = arena_array(&r->arena, field_total(e), sizeof(bool));
	if (strcmp(v->kind, "delete_edit") == 0) {
		set_voided(v, true);
	} else if (*v->name == '\0') {
		/* All that the file wanted of the row. */
		if (strcmp(v->kind, "edit_delete") == 0)
			set_voided(v, false);
		cells = request_keep_json(r, v->cells);
		json_object_foreach(cells, name,
		    one) if (!set_cell(v, name,
				 json_string_value(one))) return NEXT_FAIL;
	} else if (!set_cell(v, v->name, v->chosen)) {
		return NEXT_FAIL;
	}
	row_derive(&r->arena, e, v->now, v->changed);
	return plan_write(v);
}

static enum next
plan_write(struct resolve *v)
{
	struct request *r = v->r;
	const struct entity *e = v->book.form->entity;
	const char *param[PARAMS_MAX];
	unsigned n;

	open_batch(v);
	r->batch.last = true;
	if (*v->choose == 's') {
		batch_addv(&r->batch, &nothing, 0);
	} else if (v->header) {
		batch_addv(&r->batch, &header_write, 3, v->book.id, v->name,
		    v->chosen);
	} else {
		n = query_params(&r->arena, e, Q_UPDATE, &r->who.scope, v->row,
		    NULL, v->now, param);
		batch_add(&r->batch, query_stmt(e, Q_UPDATE), n, param);
	}
	return NEXT_DB;
}

/* As for any change of the row, or of the book for its header block. A sheet's agent speaks for its book. */
static bool
allowed(struct resolve *v)
{
	struct request *r = v->r;
	const struct entity *e = v->book.form->entity;
	int level = (int)strtol(v->header ? v->book.level :
	    row_get(e, v->now, "filing_level"), NULL, 10);
	const char *state = v->header ? "" : row_get(e, v->now, e->state);

	if (*r->who.binding != '\0'
		? level < (int)strtol(v->book.level, NULL, 10)
		: !scope_writes(&r->who, level)) {
		fail(r, E_DENIED, "other_level",
		    "这条记录由其他层级填报，您不能直接修改",
		    "This row is filed at another level.");
		return false;
	}
	/* That the system's value stands can always be said. */
	if (*v->choose != 's' &&
	    (strcmp(state, "closed") == 0 || strcmp(state, "merged") == 0)) {
		fail(r, E_STATE, "not_editable", "已销号或合并的记录不能再修改",
		    "A closed or merged row cannot be changed.");
		return false;
	}
	return true;
}

static bool
set_cell(struct resolve *v, const char *name, const char *text)
{
	struct request *r = v->r;
	int at = ledger_column(v->book.form, name);
	const struct ledger_column staff = {
		.name = name, .at = -1, .kind = K_TEXT, .max = 4000
	};
	const struct ledger_column *c =
	    at < 0 ? &staff : &v->book.form->column[at];
	struct reason why;
	const char *sql;

	if (c->field != NULL && mask_field(&r->who, v->book.form->entity,
	    c->field, NULL) != MASK_NONE) {
		fail(r, E_DENIED, "clearance", "您无权查看或修改该栏",
		    "The column is above your clearance.");
		return false;
	}
	if (!ledger_read(&r->arena, c, book_codes(&v->book),
		v->book.action->year, text, &sql, &why)) {
		fault(r, "/value", why.rule, why.code, why.zh, why.en);
		fail(r, E_INPUT, "invalid", "该值不能存入本栏",
		    "The value does not fit the column.");
		return false;
	}
	if (c->field == NULL) {
		set_extra(v, name + 6, sql);
		return true;
	}
	v->now[c->at] = sql;
	v->changed[c->at] = true;
	return true;
}

static void
set_extra(struct resolve *v, const char *heading, const char *text)
{
	const struct entity *e = v->book.form->entity;
	json_t *extra = ledger_extra(e, v->now);
	char *dump;

	if (extra == NULL)
		extra = json_object();
	if (text == NULL)
		json_object_del(extra, heading);
	else
		json_object_set_new(extra, heading, json_string(text));
	dump = json_dumps(extra, JSON_COMPACT);
	REQUIRE(dump != NULL);
	row_set(e, v->now, "extra", arena_strdup(&v->r->arena, dump));
	free(dump);
	json_decref(extra);
}

static void
set_voided(struct resolve *v, bool voided)
{
	const struct entity *e = v->book.form->entity;
	const struct rows *before = batch_rows(&v->r->batch, 2);

	row_set(e, v->now, "voided_at", voided ? "now" : NULL);
	row_set(e, v->now, "voided_by", voided ? v->r->who.id : NULL);
	row_set(e, v->now, "void_reason", voided ? "在共享表格中删除" : NULL);
	row_set(e, v->now, e->state,
	    voided		 ? "voided"
	    : rows_n(before) > 0 ? rows_text(before, 0, 0)
				 : "found");
}

static void
open_batch(struct resolve *v)
{
	batch_open(&v->r->batch, &v->r->arena, &v->r->who.scope, LANE_SLOW);
	v->r->batch.hold = true;
}
