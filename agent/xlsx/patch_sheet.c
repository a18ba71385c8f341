/*
 * One sheet part: read once for what the changes need to know, then copied
 * with the changed cells in their places.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "fit.h"
#include "patch.h"
#include "xmlw.h"

#define NEW_WIDTH_MOST 48.0 /* of a column of a new sheet */
#define CHOICE_ROWS 2000

static bool rewrite(struct facts *, const struct sheet_patch *, struct cut *,
    struct sheet_change *);
static void cut_dimension(struct facts *, struct cut *,
    const struct sheet_patch *);
static bool cut_rows(struct facts *, const struct sheet_patch *,
    struct cut *, struct sheet_change *);
static bool cut_row(struct facts *, struct cut *, const struct row_at *,
    const struct put *, size_t nputs);
static bool new_row(struct facts *, struct buf *, const struct put *,
    size_t nputs, const struct sheet_patch *);
static void cut_tail(struct facts *, struct cut *,
    const struct sheet_change *);
static void facts_init(struct facts *, struct arena *, struct why *);
static const struct span *style_for(const struct facts *, unsigned col,
    const struct span *row_style);
static size_t same_row(const struct put *, size_t nputs);
static bool is_formula(const struct facts *, const struct tag *cell,
    const char *cell_end, unsigned row, unsigned col);
static double put_height(const struct facts *, const struct put *,
    size_t nputs);

enum refusal
sheet_patch_part(struct arena *a, const char *xml, size_t len,
    const struct sheet_patch *patch, struct cut *cut,
    struct sheet_change *change, struct why *why)
{
	struct facts f;
	unsigned style_row = patch->style_row;

	memset(change, 0, sizeof(*change));
	if (patch->replace && style_row == 0)
		style_row = 1;
	facts_init(&f, a, why);
	cut_begin(cut, xml, len);
	for (size_t i = 1; i < patch->nputs; i++)
		REQUIRE(patch->put[i - 1].row < patch->put[i].row ||
		    (patch->put[i - 1].row == patch->put[i].row &&
		    patch->put[i - 1].col < patch->put[i].col));
	if (sheet_learn(&f, xml, len, style_row) != READ_OK)
		return why->code;
	change->style_row = style_row;
	change->formulas = f.formulas && !patch->replace;
	change->formulas_lost = f.formulas && patch->replace;
	if (!rewrite(&f, patch, cut, change) && why->code == READ_OK)
		unpatchable(why, "要写入的内容不是有效文字或数值",
		    "a value to write is no text or number");
	if (why->code == READ_OK && !cut_end(cut))
		unpatchable(why, "表太大", "the sheet is too large");
	return why->code;
}

static bool
rewrite(struct facts *f, const struct sheet_patch *patch, struct cut *cut,
    struct sheet_change *change)
{
	const struct span *prefix = &f->root.prefix;
	bool ok = true;

	cut_dimension(f, cut, patch);
	if (patch->hide_col > 0)
		cut_cols(f, cut, patch->hide_col);
	if (f->data.empty) {
		cut_copy(cut, f->data.begin);
		cut_drop(cut, f->data.end);
		element_open(&cut->out, prefix, "sheetData");
		buf_char(&cut->out, '>');
	} else {
		cut_copy(cut, f->data.end);
	}
	if (patch->replace) {
		f->nrows = 0;
		if (!f->data.empty) {
			const char *close = memrchr(f->data.end, '<',
			    (size_t)(f->data_end - f->data.end));

			cut_drop(cut, close);
		}
	}
	ok = cut_rows(f, patch, cut, change);
	if (f->data.empty)
		element_close(&cut->out, prefix, "sheetData");
	else
		cut_copy(cut, f->data_end);
	cut_tail(f, cut, change);
	return ok;
}

static void
cut_dimension(struct facts *f, struct cut *cut,
    const struct sheet_patch *patch)
{
	unsigned last_row = f->nrows > 0 ? f->row[f->nrows - 1].row : 1;
	unsigned last_col = f->last_col > 0 ? f->last_col : 1;
	const char *p = f->root.end;
	unsigned rows, cols;
	struct span ref, corner;
	struct tag t;
	char *text;

	if (patch->replace)
		last_row = last_col = 1;
	rows = last_row;
	cols = last_col;
	for (size_t i = 0; i < patch->nputs; i++) {
		if (patch->put[i].row > rows)
			rows = patch->put[i].row;
		if (patch->put[i].col > cols)
			cols = patch->put[i].col;
	}
	if (!patch->replace && rows == last_row && cols == last_col)
		return;
	while (tag_next(&p, f->data.begin, &t))
		if (tag_is(&t, &f->root, "dimension") &&
		    tag_attr(&t, "ref", &ref)) {
			const char *colon = memchr(ref.s, ':', ref.len);

			corner = ref;
			if (colon != NULL)
				corner.len = (size_t)(colon - ref.s);
			text = patch->replace ?
			    arena_strdup(f->arena, "A1") :
			    arena_strndup(f->arena, corner.s, corner.len);
			text = arena_printf(f->arena, "%s:%s", text,
			    cell_name(f->arena, rows, cols));
			cut_attr(cut, &t, "ref", text);
			return;
		}
}

static bool
cut_rows(struct facts *f, const struct sheet_patch *patch, struct cut *cut,
    struct sheet_change *change)
{
	const struct put *put = patch->put;
	size_t left = patch->nputs, n, i = 0;

	for (; left > 0; put += n, left -= n) {
		n = same_row(put, left);
		while (i < f->nrows && f->row[i].row < put->row)
			i++;
		if (i < f->nrows && f->row[i].row == put->row) {
			if (!cut_row(f, cut, &f->row[i], put, n))
				return false;
			continue;
		}
		if (i < f->nrows)
			cut_copy(cut, f->row[i].begin);
		else if (!patch->replace && !f->data.empty)
			cut_copy(cut, f->nrows > 0 ? f->row[i - 1].end :
			    f->data.end);
		if (!new_row(f, &cut->out, put, n, patch))
			return false;
		if (!patch->replace && patch->style_row > 0 &&
		    put->row > patch->style_row)
			change->grow_to = put->row;
	}
	return true;
}

static bool
cut_row(struct facts *f, struct cut *cut, const struct row_at *at,
    const struct put *put, size_t nputs)
{
	const struct span *prefix = &f->root.prefix;
	const struct put *last = put + nputs;
	const char *p = at->begin, *cell_end;
	struct span value, row_style = { "", 0 };
	struct tag row, t;
	unsigned prev = 0;
	bool ok = true;

	if (!tag_next(&p, f->end, &row))
		return false;
	tag_attr(&row, "s", &row_style);
	cut_attr(cut, &row, "spans", NULL); /* a hint; now maybe wrong */
	if (row.empty) {
		cut->out.len -= 2;
		buf_char(&cut->out, '>');
	}
	while (!row.empty && ok && put < last && tag_next(&p, at->end, &t) &&
	    !t.close) {
		unsigned col = prev + 1, ignored;

		if (!tag_is(&t, &f->root, "c"))
			col = SHEET_COLS + 1; /* what may follow the cells */
		else if (tag_attr(&t, "r", &value))
			cell_ref(&value, &col, &ignored);
		prev = col;
		if ((cell_end = p = tag_skip(&t, at->end)) == NULL)
			return false;
		if (put->col > col)
			continue;
		cut_copy(cut, t.begin);
		for (; ok && put < last && put->col < col; put++)
			if (put->type != PUT_BLANK)
				ok = cell_emit(f->arena, &cut->out, prefix,
				    at->row, put->col, style_for(f, put->col,
				    &row_style), put);
		if (put == last || put->col != col)
			continue;
		if (!is_formula(f, &t, cell_end, at->row, col)) {
			value.len = 0;
			tag_attr(&t, "s", &value);
			ok = ok && cell_emit(f->arena, &cut->out, prefix,
			    at->row, col, &value, put);
			cut_drop(cut, cell_end);
		}
		put++;
	}
	if (!row.empty)
		cut_copy(cut, memrchr(at->begin, '<',
		    (size_t)(at->end - at->begin)));
	for (; ok && put < last; put++)
		if (put->type != PUT_BLANK)
			ok = cell_emit(f->arena, &cut->out, prefix, at->row,
			    put->col, style_for(f, put->col, &row_style), put);
	if (row.empty)
		element_close(&cut->out, prefix, "row");
	return ok;
}

/* A row the sheet does not have yet, looking like the style row. */
static bool
new_row(struct facts *f, struct buf *b, const struct put *put, size_t nputs,
    const struct sheet_patch *patch)
{
	const struct span *prefix = &f->root.prefix;
	const struct put *end = put + nputs;
	unsigned row = put->row, last = put[nputs - 1].col;
	bool ok = true;

	element_open(b, prefix, "row");
	buf_printf(b, " r=\"%u\"", row);
	if (patch->replace) {
		buf_printf(b, " ht=\"%g\"", put_height(f, put, nputs));
	} else if (f->style_row_style.len > 0) {
		buf_printf(b, " s=\"%.*s\" customFormat=\"1\"",
		    (int)f->style_row_style.len, f->style_row_style.s);
		if (f->style_last > last)
			last = f->style_last;
	} else if (f->style_last > last) {
		last = f->style_last;
	}
	buf_char(b, '>');
	for (unsigned col = 1; ok && col <= last; col++) {
		const struct span *style = patch->replace && row == 1 &&
		    f->head[col].len > 0 ? &f->head[col] :
		    style_for(f, col, NULL);
		bool here = put < end && put->col == col;

		/* A blank without a style would say nothing. */
		if (style->len > 0 ? here || !patch->replace :
		    here && put->type != PUT_BLANK)
			ok = cell_emit(f->arena, b, prefix, row, col, style,
			    here ? put : NULL);
		put += here;
	}
	element_close(b, prefix, "row");
	return ok;
}

/* What stands behind the cells and names ranges of them. */
static void
cut_tail(struct facts *f, struct cut *cut, const struct sheet_change *change)
{
	const char *p = f->data_end;
	struct span ref;
	struct tag t;
	char *grown;

	while (change->grow_to > 0 && tag_next(&p, f->end, &t)) {
		const char *name = "sqref";

		if (t.close)
			continue;
		if (tag_is(&t, NULL, "sqref") && !t.empty) {
			/* Excel's newer rules: the ranges are text */
			ref.s = t.end;
			ref.len = strcspn(t.end, "<");
			grown = ranges_grow(f->arena, &ref, change->style_row,
			    change->grow_to);
			if (grown != NULL) {
				cut_copy(cut, t.end);
				buf_str(&cut->out, grown);
				cut_drop(cut, ref.s + ref.len);
			}
			continue;
		}
		if (tag_is(&t, &f->root, "autoFilter"))
			name = "ref";
		else if (!tag_is(&t, &f->root, "dataValidation") &&
		    !tag_is(&t, &f->root, "conditionalFormatting"))
			continue;
		if (tag_attr(&t, name, &ref) &&
		    (grown = ranges_grow(f->arena, &ref, change->style_row,
		    change->grow_to)) != NULL)
			cut_attr(cut, &t, name, grown);
	}
}

enum refusal
sheet_new_part(struct arena *a, const struct sheet_patch *patch, bool strict,
    struct buf *b, struct why *why)
{
	static const char main_ns[] =
	    "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
	static const char strict_ns[] =
	    "http://purl.oclc.org/ooxml/spreadsheetml/main";
	const struct put *put = patch->put;
	size_t left = patch->nputs, n;
	unsigned last = 0;
	struct facts f;

	facts_init(&f, a, why);
	f.root.prefix.s = "";
	for (size_t i = 0; i < patch->nputs; i++) {
		const struct put *q = &put[i];
		double w = q->type == PUT_TEXT ? text_width(q->text) + 2 : 8;

		w = w > NEW_WIDTH_MOST ? NEW_WIDTH_MOST : w;
		if (w > f.width[q->col])
			f.width[q->col] = w;
		if (q->col > last)
			last = q->col;
	}
	buf_printf(b, "<?xml version=\"1.0\" encoding=\"UTF-8\" "
	    "standalone=\"yes\"?>\n<worksheet xmlns=\"%s\">",
	    strict ? strict_ns : main_ns);
	for (unsigned col = 1; col <= last; col++)
		buf_printf(b, "%s<col min=\"%u\" max=\"%u\" width=\"%g\"%s "
		    "customWidth=\"1\"/>", col == 1 ? "<cols>" : "", col, col,
		    f.width[col] > 0 ? f.width[col] : 8,
		    patch->hidden_from > 0 && col >= patch->hidden_from ?
		    " hidden=\"1\"" : "");
	buf_printf(b, "%s<sheetData>", last > 0 ? "</cols>" : "");
	for (; left > 0; put += n, left -= n) {
		n = same_row(put, left);
		if (!new_row(&f, b, put, n, patch))
			return unpatchable(why, "要写入的内容不是有效文字或数值",
			    "a value to write is no text or number");
	}
	buf_str(b, "</sheetData>");
	if (patch->choices != NULL) {
		buf_printf(b, "<dataValidations count=\"1\"><dataValidation "
		    "type=\"list\" allowBlank=\"1\" showErrorMessage=\"1\" "
		    "sqref=\"%s:%s\"><formula1>\"",
		    cell_name(a, 2, patch->choice_col),
		    cell_name(a, CHOICE_ROWS, patch->choice_col));
		xml_escape(b, patch->choices);
		buf_str(b, "\"</formula1></dataValidation>"
		    "</dataValidations>");
	}
	buf_str(b, "</worksheet>");
	return b->over ? unpatchable(why, "表太大", "the sheet is too large") :
	    READ_OK;
}

static void
facts_init(struct facts *f, struct arena *a, struct why *why)
{
	memset(f, 0, sizeof(*f));
	f->arena = a;
	f->why = why;
	f->style = arena_array(a, SHEET_COLS + 1, sizeof(*f->style));
	f->head = arena_array(a, SHEET_COLS + 1, sizeof(*f->head));
	f->base = arena_array(a, SHEET_COLS + 1, sizeof(*f->base));
	f->width = arena_array(a, SHEET_COLS + 1, sizeof(*f->width));
}

/* As the style row, else as the row, else as the column. */
static const struct span *
style_for(const struct facts *f, unsigned col, const struct span *row_style)
{
	if (f->style[col].len > 0)
		return &f->style[col];
	return row_style != NULL && row_style->len > 0 ? row_style :
	    &f->base[col];
}

static size_t
same_row(const struct put *put, size_t nputs)
{
	size_t n = 1;

	while (n < nputs && put[n].row == put->row)
		n++;
	return n;
}

/* A formula of its own, or part of an array one. */
static bool
is_formula(const struct facts *f, const struct tag *cell, const char *cell_end,
    unsigned row, unsigned col)
{
	const char *p = cell->end;
	struct tag t;

	for (size_t i = 0; i < f->narrays; i++)
		if (row >= f->array[i].row1 && row <= f->array[i].row2 &&
		    col >= f->array[i].col1 && col <= f->array[i].col2)
			return true;
	while (!cell->empty && tag_next(&p, cell_end, &t))
		if (tag_is(&t, &f->root, "f"))
			return true;
	return false;
}

static double
put_height(const struct facts *f, const struct put *put, size_t nputs)
{
	unsigned lines = 1, n;

	for (size_t i = 0; i < nputs; i++) {
		double width = f->width[put[i].col];

		n = put[i].type != PUT_TEXT ? 1 : lines_at(put[i].text,
		    width > 0 ? width : COLUMN_WIDTH);
		if (n > lines)
			lines = n;
	}
	return height_of(lines, LINE_HEIGHT + 4);
}
