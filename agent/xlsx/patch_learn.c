/* What a sheet part has, before anything in it is changed. */
#include <stdlib.h>
#include <string.h>

#include "patch.h"

#define ARRAYS_MOST 1000
#define CELL_DEPTH 16

static bool learn_cols(struct facts *, const struct tag *);
static bool learn_rows(struct facts *, unsigned style_row);
static struct row_at *add_row(struct facts *);
static const char *learn_cells(struct facts *, const struct tag *,
    unsigned row, struct span *style);
static const char *learn_cell(struct facts *, const struct tag *);
static bool learn_formula(struct facts *, const struct tag *);

enum refusal
sheet_learn(struct facts *f, const char *xml, size_t len, unsigned style_row)
{
	const char *p = xml;
	struct tag t;

	f->end = xml + len;
	f->array = arena_array(f->arena, ARRAYS_MOST, sizeof(*f->array));
	if (!cut_possible(xml, len) || !tag_next(&p, f->end, &f->root) ||
	    !tag_is(&f->root, NULL, "worksheet") || f->root.empty)
		return unpatchable(f->why, "工作表的编码或结构特殊",
		    "the sheet part is not plain UTF-8");
	while (f->data.begin == NULL && tag_next(&p, f->end, &t)) {
		if (t.close)
			break;
		if (tag_is(&t, &f->root, "cols") && !learn_cols(f, &t))
			break;
		if (tag_is(&t, &f->root, "sheetData"))
			f->data = t;
		else if ((p = tag_skip(&t, f->end)) == NULL)
			break;
	}
	if (f->data.begin == NULL || !learn_rows(f, style_row))
		return unpatchable(f->why, "工作表的行列次序混乱",
		    "rows or cells of the sheet are out of order");
	p = f->data_end;
	while (p != NULL && tag_next(&p, f->end, &t) && !t.close)
		p = tag_skip(&t, f->end);
	if (p == NULL || !tag_is(&t, &f->root, "worksheet") || !t.close)
		return unpatchable(f->why, "工作表不完整",
		    "the sheet part has no end");
	return READ_OK;
}

static bool
learn_cols(struct facts *f, const struct tag *cols)
{
	const char *p = cols->end;
	struct tag t;

	if (cols->empty)
		return true;
	while (tag_next(&p, f->end, &t) && !tag_is(&t, &f->root, "cols")) {
		struct span min, max, value;
		unsigned long from, to;

		if (!tag_is(&t, &f->root, "col") ||
		    !tag_attr(&t, "min", &min) || !tag_attr(&t, "max", &max))
			continue;
		from = strtoul(min.s, NULL, 10);
		to = strtoul(max.s, NULL, 10);
		if (from < 1 || to > SHEET_COLS)
			return false;
		for (; from <= to; from++) {
			if (tag_attr(&t, "style", &value))
				f->base[from] = value;
			if (tag_attr(&t, "width", &value))
				f->width[from] = strtod(value.s, NULL);
		}
	}
	return p != NULL;
}

static bool
learn_rows(struct facts *f, unsigned style_row)
{
	const char *p = f->data.end;
	unsigned last = 0;
	struct tag t;

	f->data_end = p;
	if (f->data.empty)
		return true;
	while (tag_next(&p, f->end, &t)) {
		struct span value;
		unsigned long row = last + 1;
		struct row_at *at;

		if (t.close) {
			f->data_end = t.end;
			return tag_is(&t, &f->root, "sheetData");
		}
		if (!tag_is(&t, &f->root, "row"))
			return false;
		if (tag_attr(&t, "r", &value))
			row = strtoul(value.s, NULL, 10);
		if (row <= last || row > SHEET_ROWS)
			return false;
		last = (unsigned)row;
		at = add_row(f);
		at->row = last;
		at->begin = t.begin;
		if (last == style_row)
			tag_attr(&t, "s", &f->style_row_style);
		at->end = p = learn_cells(f, &t, last,
		    last == style_row ? f->style :
		    last == 1 ? f->head : NULL);
		if (p == NULL)
			return false;
	}
	return false;
}

static struct row_at *
add_row(struct facts *f)
{
	if (f->nrows == f->most) {
		size_t most = f->most == 0 ? 256 : f->most * 2;
		struct row_at *more = arena_array(f->arena, most,
		    sizeof(*more));

		if (f->nrows > 0)
			memcpy(more, f->row, f->nrows * sizeof(*more));
		f->row = more;
		f->most = most;
	}
	return &f->row[f->nrows++];
}

/* Behind the row; NULL: broken. */
static const char *
learn_cells(struct facts *f, const struct tag *row_tag, unsigned row,
    struct span *style)
{
	const char *p = row_tag->end;
	unsigned last = 0;
	struct tag t;

	if (row_tag->empty)
		return p;
	while (p != NULL && tag_next(&p, f->end, &t)) {
		struct span value;
		unsigned col = last + 1, at = 0;

		if (t.close)
			return tag_is(&t, &f->root, "row") ? t.end : NULL;
		if (!tag_is(&t, &f->root, "c")) {
			if (tag_is(&t, &f->root, "row"))
				return NULL;
			p = tag_skip(&t, f->end);
			continue;
		}
		if (tag_attr(&t, "r", &value) &&
		    (!cell_ref(&value, &col, &at) || (at != 0 && at != row)))
			return NULL;
		if (col <= last || col > SHEET_COLS)
			return NULL;
		last = col;
		if (col > f->last_col)
			f->last_col = col;
		if (style != NULL && tag_attr(&t, "s", &value)) {
			style[col] = value;
			if (style == f->style)
				f->style_last = col;
		}
		p = learn_cell(f, &t);
	}
	return NULL;
}

/* Behind the cell; NULL: broken. */
static const char *
learn_cell(struct facts *f, const struct tag *cell)
{
	const char *p = cell->end;
	unsigned depth = cell->empty ? 0 : 1;
	struct tag t;

	while (depth > 0 && tag_next(&p, f->end, &t)) {
		if (t.close)
			depth--;
		else if (!t.empty)
			depth++;
		if (depth > CELL_DEPTH || (depth == 0 &&
		    !tag_is(&t, &f->root, "c")))
			return NULL;
		if (!t.close && tag_is(&t, &f->root, "f") &&
		    !learn_formula(f, &t))
			return NULL;
	}
	return depth == 0 ? p : NULL;
}

/* false: more array formulas than can be minded. */
static bool
learn_formula(struct facts *f, const struct tag *t)
{
	struct span type, ref;
	struct range r = { 0 };
	const char *colon;

	f->formulas = true;
	if (!tag_attr(t, "t", &type) || type.len == 6 /* shared, normal */ ||
	    !tag_attr(t, "ref", &ref))
		return true;
	if (f->narrays == ARRAYS_MOST)
		return false;
	colon = memchr(ref.s, ':', ref.len);
	if (colon != NULL) {
		struct span from = { ref.s, (size_t)(colon - ref.s) };
		struct span to = { colon + 1, ref.len - from.len - 1 };

		if (cell_ref(&from, &r.col1, &r.row1) &&
		    cell_ref(&to, &r.col2, &r.row2))
			f->array[f->narrays++] = r;
	}
	return true;
}
