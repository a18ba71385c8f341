/*
 * Rows of a download: as JSON with codes, or as people read them – labels,
 * 元 and percent, local time – under the Chinese names of the fields. What is
 * masked in JSON is masked here.
 */
#include <string.h>

#include "answers.h"
#include "audit.h"
#include "list_export.h"
#include "query.h"
#include "sheet_out.h"
#include "value.h"

static void begin_columns(struct export *);
static bool shown(const struct export *, size_t);
static const char *heading(struct arena *, const struct field *);
static void json_row(struct request *, struct export *, int at,
    const char *const *row);
static const char *cell(struct request *, struct export *,
    const struct field *, const struct codes *, const char *const *row,
    const char *sql, enum mask);
static const char *answers_cell(struct request *, struct export *,
    const struct field *, const char *const *row);
static enum sheet_cell kind(const struct field *, enum mask);

void
export_begin(struct request *r, struct export *x)
{
	const struct list *l = x->list;
	size_t n = field_total(l->entity);
	bool first = true;

	x->shown = l->selection.field;
	if (l->format == FORMAT_NDJSON)
		return;
	if (l->format == FORMAT_XLSX) {
		begin_columns(x);
		return;
	}
	buf_str(&r->reply, "\xef\xbb\xbf"); /* or Excel reads it as GBK */
	for (size_t i = 0; i < n; i++)
		if (shown(x, i)) {
			csv_cell(&r->reply, heading(&x->scratch,
			    field_at(l->entity, (int)i)), first, true);
			first = false;
		}
	for (unsigned i = 0; i < l->nexpand; i++)
		csv_cell(&r->reply, arena_printf(&x->scratch, "%s名称",
		    field_at(l->entity, l->expand[i])->label), false, true);
	buf_str(&r->reply, "\r\n");
}

void
export_row(struct request *r, struct export *x, int at)
{
	const struct list *l = x->list;
	const struct entity *e = l->entity;
	const char **row = query_row(&x->scratch, e, x->rows, at);
	size_t n = field_total(e), before = r->reply.len;
	const struct codes *codes;
	bool first = true;

	if (l->format == FORMAT_NDJSON) {
		json_row(r, x, at, row);
		x->written += r->reply.len - before;
		return;
	}
	codes = row_codes(e, row);
	if (x->sheet != NULL)
		sheet_row(x->sheet);
	for (size_t i = 0; i < n; i++) {
		const struct field *f = field_at(e, (int)i);
		const char *text;
		enum mask mask;

		if (!shown(x, i))
			continue;
		mask = mask_field(&r->who, e, f, row);
		text = cell(r, x, f, codes, row, row[i], mask);
		if (x->sheet != NULL)
			sheet_cell(x->sheet, kind(f, mask), text);
		else
			csv_cell(&r->reply, text, first,
			    kind(f, mask) != SHEET_TEXT);
		first = false;
	}
	for (unsigned i = 0; i < l->nexpand; i++) {
		const char *text = rows_text(x->rows, at, (int)(n + i));

		if (x->sheet != NULL)
			sheet_cell(x->sheet, SHEET_TEXT, text);
		else
			csv_cell(&r->reply, text, false, false);
	}
	if (x->sheet == NULL)
		buf_str(&r->reply, "\r\n");
	x->written += x->sheet != NULL ? sheet_row_end(x->sheet)
	    : r->reply.len - before;
}

bool
export_flush(struct request *r, struct export *x)
{
	return x->sheet == NULL || sheet_flush(x->sheet, &r->reply);
}

bool
export_last(struct request *r, struct export *x)
{
	return x->sheet == NULL || sheet_finish(x->sheet, &r->reply);
}

void
export_end(struct export *x)
{
	sheet_free(x->sheet);
	x->sheet = NULL;
}

static void
begin_columns(struct export *x)
{
	const struct list *l = x->list;
	size_t n = field_total(l->entity), cols = 0;
	const char **name = arena_array(&x->scratch, n + LIST_EXPAND_MAX,
	    sizeof *name);

	for (size_t i = 0; i < n; i++)
		if (shown(x, i))
			name[cols++] = heading(&x->scratch,
			    field_at(l->entity, (int)i));
	for (unsigned i = 0; i < l->nexpand; i++)
		name[cols++] = arena_printf(&x->scratch, "%s名称",
		    field_at(l->entity, l->expand[i])->label);
	x->sheet = sheet_new(l->entity->label, name, cols);
}

static bool
shown(const struct export *x, size_t i)
{
	return x->shown == NULL || x->shown[i];
}

static const char *
heading(struct arena *a, const struct field *f)
{
	return f->type == T_MONEY ? arena_printf(a, "%s（元）", f->label)
	    : f->type == T_RATIO ? arena_printf(a, "%s（%%）", f->label)
	    : f->label;
}

static void
json_row(struct request *r, struct export *x, int at, const char *const *row)
{
	struct selection s = x->list->selection;

	s.extras = false;
	render_row(r, &r->reply, x->list->entity, row, &s);
	list_expand_row(&r->reply, x->list, x->rows, at,
	    (int)field_total(x->list->entity), row);
	buf_char(&r->reply, '\n');
}

/* "" for null, and for what may not be seen at all. */
static const char *
cell(struct request *r, struct export *x, const struct field *f,
    const struct codes *codes, const char *const *row, const char *sql,
    enum mask mask)
{
	if (sql == NULL)
		return "";
	if (mask != MASK_NONE) {
		sql = mask_value(&x->scratch, f, sql, mask);
		return sql != NULL ? sql : "";
	}
	if (field_pii(f) == PII_ANSWERS)
		return answers_cell(r, x, f, row);
	if (field_sensitive(f))
		audit_shown(r, f->name);
	if (f->type == T_TIME)
		return sql; /* as list_columns() had it made */
	if (f->type == T_JSON)
		return strcmp(sql, "{}") == 0 ? "" : sql;
	return value_to_cell(&x->scratch, f, K_YUAN, codes, sql);
}

/* JSON, as each answer is masked. */
static const char *
answers_cell(struct request *r, struct export *x, const struct field *f,
    const char *const *row)
{
	const struct entity *e = x->list->entity;
	const char *text = "";
	struct buf b;

	buf_init(&b, 256 * 1024);
	field_json(r, &b, e, f, row, row_get(e, row, f->name));
	if (!b.over && strcmp(b.data, "{}") != 0)
		text = arena_strndup(&x->scratch, b.data, b.len);
	buf_free(&b);
	return text;
}

static enum sheet_cell
kind(const struct field *f, enum mask mask)
{
	if (mask != MASK_NONE)
		return SHEET_TEXT;
	switch (f->type) {
	case T_INT: return SHEET_NUMBER;
	case T_MONEY: return SHEET_MONEY;
	case T_RATIO:
	case T_DECIMAL: return SHEET_NUMBER;
	case T_DATE: return SHEET_DATE;
	default: return SHEET_TEXT;
	}
}

void
csv_cell(struct buf *b, const char *text, bool first, bool typed)
{
	bool quoted, formula;

	if (!first)
		buf_char(b, ',');
	if (text == NULL || *text == '\0')
		return;
	formula = !typed && (strchr("=+-@\t\r\n", *text) != NULL ||
	    strncmp(text, "＝", 3) == 0 || strncmp(text, "＋", 3) == 0 ||
	    strncmp(text, "－", 3) == 0 || strncmp(text, "＠", 3) == 0);
	quoted = formula || text[strcspn(text, ",\"\r\n")] != '\0' ||
	    *text == ' ' || text[strlen(text) - 1] == ' ';
	if (!quoted) {
		buf_str(b, text);
		return;
	}
	buf_str(b, formula ? "\"'" : "\"");
	while (*text != '\0') {
		size_t n = strcspn(text, "\"");

		buf_add(b, text, n);
		text += n;
		if (*text == '"') {
			buf_str(b, "\"\"");
			text++;
		}
	}
	buf_char(b, '"');
}
