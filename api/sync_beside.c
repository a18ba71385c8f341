/* What stands beside the rows of an export: findings, requests, conflicts. */
#include "base/err.h"
#include "entity.h"
#include "sync_export.h"

/* row, name, value, rule, level, zh, en */
static void text_json(const struct export *, struct buf *, const char *key,
    const char *name, const char *text);

static const struct stmt held_stmt = { "sync_shown_held",
	"SELECT row_id, name, value, rule, 'error', zh, en FROM sheet_held"
	" WHERE ledger_id = $1::uuid AND closed_at IS NULL ORDER BY row_id" };
static const struct stmt requests_stmt = { "sync_shown_requests",
	"SELECT row_id, name, '是', 'Y57', 'info', CASE command"
	" WHEN 'accept' THEN '已提出验收申请，等待验收单位处理'"
	" WHEN 'close' THEN '已提出销号申请，等待验收单位处理'"
	" ELSE '已提出申请，等待处理' END,"
	" 'a request waits for the command ' || command FROM sheet_request"
	" WHERE ledger_id = $1::uuid AND state = 'open' ORDER BY row_id" };
static const struct stmt findings_stmt = { "sync_shown_findings",
	"SELECT row_id, name, value, rule, level, zh, en FROM sheet_finding"
	" WHERE ledger_id = $1::uuid ORDER BY row_id, name" };
static const struct stmt conflicts_stmt = { "sync_shown_conflicts",
	"SELECT id, code, row_id, name, base, system, file, system_by,"
	" " SQL_UTC("at") ","
	" rev FROM sheet_conflict WHERE ledger_id = $1::uuid"
	" AND state = 'open' ORDER BY id" };
static const struct stmt *const statements[] = { &held_stmt, &requests_stmt,
	&findings_stmt, &conflicts_stmt };

void
beside_init(void)
{
	db_register(statements, COUNT(statements));
}

void
beside_plan(struct export *x)
{
	struct batch *b = &x->r->batch;

	x->at_held = batch_addv(b, &held_stmt, 1, x->book.id);
	x->at_requests = batch_addv(b, &requests_stmt, 1, x->book.id);
	x->at_findings = batch_addv(b, &findings_stmt, 1, x->book.id);
	x->at_conflicts = batch_addv(b, &conflicts_stmt, 1, x->book.id);
}

/* What the row itself breaks. A held cell says why already. */
void
beside_row(struct export *x, const char *row, const char *const *fields,
    const json_t *overrides, struct buf *out)
{
	struct findings found = { 0 };
	json_t *extra = ledger_extra(x->book.form->entity, fields);

	book_findings(x->r, &x->book, fields, &found);
	for (size_t i = 0; i < found.n; i++) {
		const struct finding *f = &found.at[i];
		const struct ledger_column *c =
		    &x->book.form->column[ledger_column(x->book.form, f->name)];
		const char *texts[] = { "row", row, "name", f->name, "value",
			book_shown(x->r, &x->book, c, fields, extra, NULL),
			"rule", f->rule, "level", f->level, "zh", f->zh, "en",
			f->en };

		if (json_object_get(overrides, f->name) != NULL)
			continue;
		buf_str(out, out->len > 0 ? ",{" : "{");
		for (size_t k = 0; k < COUNT(texts); k += 2) {
			buf_key(out, texts[k]);
			buf_json(out, texts[k + 1]);
		}
		buf_char(out, '}');
	}
	json_decref(extra);
}

/* Held cells, requests under way, and what files may not do. */
void
beside_book(struct export *x, struct buf *out)
{
	static const char *const key[] = { "row", "name", "value", "rule",
		"level", "zh", "en" };
	const unsigned at[] = { x->at_held, x->at_requests, x->at_findings };

	for (size_t l = 0; l < COUNT(at); l++) {
		const struct rows *rows = batch_rows(&x->r->batch, at[l]);

		for (int i = 0; i < rows_n(rows); i++) {
			buf_str(out, out->len > 0 ? ",{" : "{");
			for (size_t k = 0; k < COUNT(key); k++) {
				buf_key(out, key[k]);
				text_json(x, out, key[k],
				    rows_text(rows, i, 1),
				    rows_text(rows, i, (int)k));
			}
			buf_char(out, '}');
		}
	}
}

void
beside_conflicts(struct export *x)
{
	static const char *const key[] = { "id", "code", "row", "name", "base",
		"system", "file", "system_by", "at" };
	struct buf *b = &x->r->reply;
	const struct rows *rows = batch_rows(&x->r->batch, x->at_conflicts);

	buf_key(b, "conflicts");
	buf_char(b, '[');
	for (int i = 0; i < rows_n(rows); i++) {
		buf_comma(b);
		buf_char(b, '{');
		for (size_t k = 0; k < COUNT(key); k++) {
			buf_key(b, key[k]);
			text_json(x, b, key[k], rows_text(rows, i, 3),
			    rows_text(rows, i, (int)k));
		}
		buf_printf(
		    b, ",\"rev\":%s}", rows_text(rows, i, (int)COUNT(key)));
	}
	buf_char(b, ']');
}

/* What a cell says is masked as the cell is; a whole row's text is not told to
 * a folder that may not see all of it. */
static void
text_json(const struct export *x, struct buf *b, const char *key,
    const char *name, const char *text)
{
	static const char *const said[] = { "value", "base", "system", "file" };

	for (size_t i = 0; i < COUNT(said); i++)
		if (strcmp(said[i], key) == 0) {
			cell_json(b, x->book.form->entity, name, text,
			    &x->r->who);
			return;
		}
	buf_json(b, text);
}
