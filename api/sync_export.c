/*
 * Exports: a state of a book given to one workbook, with its manifest. The
 * rows are read back from the history at the manifest's revisions, so that
 * what is shown and what later counts as the base are the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "base/uid.h"
#include "book.h"
#include "entity.h"
#include "query.h"
#include "sync.h"
#include "sync_export.h"
#include "value_list.h"

#define PATH_CHARS_MAX 1000

enum {
	STAGE_BEGIN,
	STAGE_LOCKED,
	STAGE_MADE,
	STAGE_BRANCH,
	STAGE_KNOWN,
};

static enum next begin(struct request *, struct export *);
static void check_body(struct request *, struct export *);
static enum next branch(struct export *);
static enum next plan_lock(struct export *);
static enum next plan_make(struct export *);
static void plan_export(struct export *);
static enum next made(struct export *);
static void open_batch(struct export *);

/* Locked: whoever writes a row of the book moves its sequence under this
 * lock, so what we read under it is the book at exactly this sequence. */
static const struct stmt lock_stmt = { "sync_export_lock",
	"SELECT " BOOK_COLUMNS " FROM sheet_ledger l"
	" JOIN sheet_binding_ledger bl ON bl.ledger_id = l.id"
	" AND bl.binding_id = $2::uuid"
	" JOIN sheet_template t ON t.code = l.template_code"
	" AND t.version = l.template_version" BOOK_JOINS
	" WHERE l.id = $1::uuid FOR NO KEY UPDATE OF l" };
static const struct stmt instance_stmt = { "sync_export_instance",
	"INSERT INTO sheet_instance AS i (binding_id, id, ledger_id,"
	" division_code, path) VALUES ($1::uuid, $2::uuid, $3::uuid,"
	" $4::bigint, $5::text) ON CONFLICT (binding_id, id) DO UPDATE"
	" SET path = excluded.path, last_at = now(),"
	" ledger_id = excluded.ledger_id,"
	" division_code = excluded.division_code" };
static const struct stmt export_stmt = { "sync_export_insert",
	"INSERT INTO sheet_export (id, ledger_id, binding_id, instance_id,"
	" division_code, template_code, template_version, kind, path, seq,"
	" header_rev) VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid,"
	" $5::bigint, $6::text, $7::int, $8::text, $9::text, $10::bigint,"
	" $11::int) RETURNING " EXPORTED_AT };
static const struct stmt spare_stmt = { "sync_export_spares",
	"INSERT INTO sheet_spare (export_id, row_id, division_code, position)"
	" SELECT $1::uuid, x.id, $2::bigint, x.at"
	" FROM unnest($3::uuid[]) WITH ORDINALITY x (id, at)" };
static const struct stmt *const statements[] = { &lock_stmt, &instance_stmt,
	&export_stmt, &spare_stmt };

void
sync_export_init(void)
{
	db_register(statements, COUNT(statements));
	export_shown_init();
	sync_branch_init();
}

enum next
sync_export_make(struct request *r)
{
	struct export *x = r->state;

	if (r->step == 0) {
		r->state = x = arena_alloc(&r->arena, sizeof(*x));
		x->r = r;
		return begin(r, x);
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	switch (x->stage) {
	case STAGE_LOCKED: return plan_make(x);
	case STAGE_MADE: return made(x);
	default: return branch(x);
	}
}

static enum next
begin(struct request *r, struct export *x)
{
	char id[UUID_LEN + 1];

	if (request_body(r) == NULL)
		return NEXT_FAIL;
	check_body(r, x);
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	uuid_new(id);
	x->id = arena_strdup(&r->arena, id);
	if (x->instance == NULL) {
		uuid_new(id);
		x->instance = arena_strdup(&r->arena, id);
	}
	x->adopted = strcmp(x->kind, "adopted") == 0;
	if (x->of != NULL) {
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		branch_plan(x);
		x->stage = STAGE_BRANCH;
		return NEXT_DB;
	}
	return plan_lock(x);
}

static void
check_body(struct request *r, struct export *x)
{
	static const char allowed[] = " instance kind path of ";
	json_t *body = request_body(r), *v;
	const char *key;
	bool branch;

	json_object_foreach(body, key, v)
	{
		(void)v;
		if (strstr(allowed, arena_printf(&r->arena, " %s ", key)) ==
		    NULL)
			fault(r, arena_printf(&r->arena, "/%s", key), "DQ-00",
			    "unknown_field", "未知字段", "unknown field");
	}
	x->instance = json_string_value(json_object_get(body, "instance"));
	x->kind = json_string_value(json_object_get(body, "kind"));
	x->path = json_string_value(json_object_get(body, "path"));
	x->of = json_string_value(json_object_get(body, "of"));
	branch = x->kind != NULL && strcmp(x->kind, "branch") == 0;
	if (x->instance != NULL && !uuid_ok(x->instance))
		fault(r, "/instance", "DQ-00", "malformed", "不是编号",
		    "not a uuid");
	if (x->kind == NULL || (!branch && strcmp(x->kind, "primary") != 0 &&
				   strcmp(x->kind, "adopted") != 0))
		fault(r, "/kind", "DQ-00", "not_in_list",
		    "只能是 primary、adopted 或 branch",
		    "must be primary, adopted or branch");
	if (branch ? x->of == NULL || !uuid_ok(x->of)
		   : json_object_get(body, "of") != NULL)
		fault(r, "/of", "DQ-00", branch ? "malformed" : "unknown_field",
		    "副本须给出其原件的导出编号，其他文件不得给出",
		    "the export of a branch's original, and of no other kind");
	if (x->path == NULL || utf8_len(x->path) > PATH_CHARS_MAX)
		fault(r, "/path", "DQ-00", "required", "缺少路径或路径太长",
		    "path is missing or too long");
}

/* Made or found; then read back like any export that is known. */
static enum next
branch(struct export *x)
{
	struct request *r = x->r;

	if (x->stage == STAGE_BRANCH && !branch_made(x))
		return fail_unknown(r);
	if (x->stage == STAGE_BRANCH) {
		x->stage = STAGE_KNOWN;
		x->read = 0;
		return export_read(x);
	}
	return export_known(x, 201);
}

static enum next
plan_lock(struct export *x)
{
	open_batch(x);
	x->at_book = batch_addv(
	    &x->r->batch, &lock_stmt, 2, x->r->arg[0], x->r->who.binding);
	x->stage = STAGE_LOCKED;
	return NEXT_DB;
}

static enum next
plan_make(struct export *x)
{
	struct request *r = x->r;
	const struct rows *rows = batch_rows(&r->batch, x->at_book);
	const char *param[16], **spare;
	struct stmt *manifest = arena_alloc(&r->arena, sizeof(*manifest));
	char id[UUID_LEN + 1];

	if (rows_n(rows) == 0)
		return fail_unknown(r);
	if (!book_take(r, rows, 0, 0, &x->book))
		return NEXT_FAIL;
	x->spares = x->adopted ? 0 : x->book.form->spare_rows;
	spare = arena_array(&r->arena, x->spares + 1, sizeof(char *));
	for (size_t i = 0; i < x->spares; i++) {
		uuid_new(id);
		spare[i] = arena_strdup(&r->arena, id);
	}
	open_batch(x);
	plan_export(x);
	manifest->sql = book_sql(r, x->book.form->entity, BOOK_MANIFEST);
	query_scope(&r->arena, &r->who.scope, param);
	param[4] = x->id;
	param[5] = x->book.action->id;
	param[6] = x->book.covers_lo;
	param[7] = x->book.covers_hi;
	param[8] = x->book.division;
	param[9] = x->adopted ? "f" : "t";
	batch_add(&r->batch, manifest, 10, param);
	batch_addv(&r->batch, &spare_stmt, 3, x->id, x->book.division,
	    text_array(&r->arena, spare, x->spares));
	export_plan_shown(x, true);
	r->batch.last = true;
	x->stage = STAGE_MADE;
	return NEXT_DB;
}

static void
plan_export(struct export *x)
{
	struct request *r = x->r;
	const struct book *b = &x->book;

	batch_addv(&r->batch, &instance_stmt, 5, r->who.binding, x->instance,
	    b->id, b->division, x->path);
	x->at_export = batch_addv(&r->batch, &export_stmt, 11, x->id, b->id,
	    r->who.binding, x->instance, b->division, b->form->code,
	    arena_printf(&r->arena, "%d", b->form->version), x->kind, x->path,
	    arena_printf(&r->arena, "%ld", b->seq),
	    arena_printf(&r->arena, "%ld", b->header_rev));
}

static enum next
made(struct export *x)
{
	struct request *r = x->r;

	x->exported_at = rows_text(batch_rows(&r->batch, x->at_export), 0, 0);
	export_render_new(x);
	return reply(r, 201);
}

static void
open_batch(struct export *x)
{
	batch_open(&x->r->batch, &x->r->arena, &x->r->who.scope, LANE_SLOW);
	x->r->batch.hold = true;
}
