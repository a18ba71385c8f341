/* GET /v1/findings: what rows break, computed from the rows as they are, and
 * what sheets could not write. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "base/err.h"
#include "book.h"
#include "cursor.h"
#include "entity.h"
#include "query.h"
#include "scope.h"
#include "sync.h"
#include "value_list.h"

#define PAGE_ROWS 200 /* rows looked at for one page of findings */
#define NO_ID "00000000-0000-0000-0000-000000000000"

struct work {
	const struct action_facts *action;
	const char *bound, *lo, *hi, *level;
	unsigned stage;
};

static enum next plan(struct request *, struct work *);
static enum next plan_beside(struct request *);
static void
row_json(struct request *, const struct work *, const char *const *row);
static void beside_json(struct request *, const struct work *);
static void item_json(struct request *, const char *const *text);

static const char *const keys[] = { "row", "name", "rule", "code", "level",
	"zh", "en", "value" };

static const struct stmt beside_stmt = { "findings_beside",
	"SELECT row_id, name, rule, code, 'error', zh, en, value"
	" FROM sheet_held WHERE row_id = ANY ($1::uuid[])"
	" AND closed_at IS NULL UNION ALL"
	" SELECT row_id, name, rule, 'sheet', level, zh, en, value"
	" FROM sheet_finding WHERE row_id = ANY ($1::uuid[]) UNION ALL"
	" SELECT row_id, name, 'Y57', 'requested', 'info',"
	" '表格中已提出申请，等待处理', 'a sheet asks for the command ' ||"
	" command, '是' FROM sheet_request WHERE row_id = ANY ($1::uuid[])"
	" AND state = 'open' ORDER BY 1, 2" };
static const struct stmt *const statements[] = { &beside_stmt };

void
findings_init(void)
{
	db_register(statements, COUNT(statements));
}

enum next
findings_list(struct request *r)
{
	const struct entity *e = entity_find("issue");
	struct work *w = r->state;
	struct buf *b = &r->reply;
	const struct rows *rows;
	int n;

	if (r->step == 0) {
		r->state = w = arena_alloc(&r->arena, sizeof(*w));
		return plan(r, w);
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (w->stage++ == 0) {
		rows = batch_rows(&r->batch, 0);
		n = rows_n(rows);
		buf_str(b, "{\"items\":[");
		for (int i = 0; i < n && i < PAGE_ROWS; i++)
			row_json(r, w, query_row(&r->arena, e, rows, i));
		return plan_beside(r);
	}
	beside_json(r, w);
	buf_char(b, '}');
	return reply(r, 200);
}

static enum next
plan(struct request *r, struct work *w)
{
	const struct entity *e = entity_find("issue");
	const char *action = request_param(r, "action");
	const char *division = request_param(r, "division");
	const char *cursor = request_param(r, "cursor");
	const char *last, *id = NO_ID, *param[9];
	struct stmt *stmt = arena_alloc(&r->arena, sizeof(*stmt));
	int64_t lo = r->who.scope.lo, hi = r->who.scope.hi;

	w->action = action != NULL ? conf_action(action)
				   : conf_action_of(r->who.division);
	w->level = request_param(r, "level");
	if (division != NULL &&
	    scope_covers(&r->who, strtoll(division, NULL, 10))) {
		lo = strtoll(division, NULL, 10);
		hi = division_last(lo);
	}
	w->bound = arena_printf(&r->arena, "findings|%s|%" PRId64 "|%s",
	    action ? action : "", lo, w->level ? w->level : "");
	if (w->action == NULL)
		asked_wrong(r, "action");
	if (division != NULL && (strlen(division) != 12 ||
	    strspn(division, "0123456789") != 12 ||
	    lo != strtoll(division, NULL, 10)))
		asked_wrong(r, "division");
	if (w->level != NULL && strcmp(w->level, "error") != 0 &&
	    strcmp(w->level, "warning") != 0 && strcmp(w->level, "info") != 0)
		asked_wrong(r, "level");
	if (cursor != NULL && !cursor_read(r, cursor, w->bound, &last, &id))
		asked_wrong(r, "cursor");
	if (r->faults != NULL)
		return asked_refuse(r);
	query_scope(&r->arena, &r->who.scope, param);
	param[4] = w->action->id;
	param[5] = arena_int(&r->arena, lo);
	param[6] = arena_int(&r->arena, hi);
	param[7] = id;
	param[8] = arena_printf(&r->arena, "%d", PAGE_ROWS + 1);
	stmt->sql = book_sql(r, e, BOOK_NOW);
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_add(&r->batch, stmt, 9, param);
	return NEXT_DB;
}

static enum next
plan_beside(struct request *r)
{
	const struct rows *rows = batch_rows(&r->batch, 0);
	struct work *w = r->state;
	int at = field_index(entity_find("issue"), "id"), n = rows_n(rows);
	const char **id = arena_array(&r->arena, PAGE_ROWS, sizeof(char *));

	for (int i = 0; i < n && i < PAGE_ROWS; i++)
		id[i] = rows_text(rows, i, at);
	/* Rows looked at, not findings shown, decide where the page ends. */
	w->lo = n > PAGE_ROWS ? cursor_make(r, w->bound, id[PAGE_ROWS - 1],
				    id[PAGE_ROWS - 1])
			      : NULL;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_addv(&r->batch, &beside_stmt, 1,
	    text_array(&r->arena, id, n < PAGE_ROWS ? (size_t)n : PAGE_ROWS));
	return NEXT_DB;
}

static void
row_json(struct request *r, const struct work *w, const char *const *row)
{
	const struct entity *e = entity_find("issue");
	struct findings found = { 0 };

	rules_issue(&r->arena, e, w->action->codes, w->action, row, &found);
	for (size_t i = 0; i < found.n; i++) {
		const struct finding *f = &found.at[i];
		const char *text[COUNT(keys)] = { row_get(e, row, "id"),
			f->name, f->rule, f->code, f->level, f->zh, f->en,
			NULL };

		if (w->level == NULL || strcmp(w->level, f->level) == 0)
			item_json(r, text);
	}
}

static void
beside_json(struct request *r, const struct work *w)
{
	const struct rows *rows = batch_rows(&r->batch, 0);

	for (int i = 0; i < rows_n(rows); i++) {
		const char *text[COUNT(keys)];

		for (size_t k = 0; k < COUNT(keys); k++)
			text[k] = rows_text(rows, i, (int)k);
		if (w->level == NULL || strcmp(w->level, text[4]) == 0)
			item_json(r, text);
	}
	buf_str(&r->reply, "],\"next\":");
	buf_json(&r->reply, w->lo);
}

static void
item_json(struct request *r, const char *const *text)
{
	struct buf *b = &r->reply;

	buf_comma(b);
	buf_char(b, '{');
	for (size_t k = 0; k < COUNT(keys); k++) {
		buf_key(b, keys[k]);
		if (strcmp(keys[k], "value") == 0)
			cell_json(b, entity_find("issue"), text[1], text[k],
			    &r->who);
		else
			buf_json(b, text[k]);
	}
	buf_char(b, '}');
}
