/* See lxw.h: the only file that hands data to libxlsxwriter. */
#include "lxw.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "xmlw.h"

#define TITLE_MOST 32	  /* of a validation's box */
#define MESSAGE_MOST 255
#define FORMULA_MOST 255

static const char *cell_text(struct pen *, const char *);
static char *plain(struct pen *, const char *, size_t most);
static bool in_sheet(struct pen *, unsigned row, unsigned col);

bool
pen_open(struct pen *p, struct arena *a, const char *path, const char *folder,
    char *why, size_t why_size)
{
	lxw_workbook_options options = { 0 };

	memset(p, 0, sizeof(*p));
	p->arena = a;
	p->why = why;
	p->why_size = why_size;
	options.tmpdir = arena_strdup(a, folder);
	p->book = workbook_new_opt(path, &options);
	if (p->book == NULL)
		pen_fault(p, "%s: cannot be made", path);
	return !p->bad;
}

bool
pen_close(struct pen *p)
{
	if (p->book != NULL)
		pen_check(p, workbook_close(p->book), "closing");
	p->book = NULL;
	return !p->bad;
}

void
pen_fault(struct pen *p, const char *fmt, ...)
{
	va_list ap;

	if (p->bad)
		return;
	p->bad = true;
	va_start(ap, fmt);
	vsnprintf(p->why, p->why_size, fmt, ap);
	va_end(ap);
}

void
pen_check(struct pen *p, lxw_error rc, const char *what)
{
	if (rc != LXW_NO_ERROR)
		pen_fault(p, "%s: %s", what, lxw_strerror(rc));
}

void
pen_about(struct pen *p, const char *title, const char *company,
    time_t created)
{
	lxw_doc_properties about = { 0 };

	if (p->bad)
		return;
	about.title = plain(p, title, MESSAGE_MOST);
	about.company = plain(p, company, MESSAGE_MOST);
	about.created = created; /* 0 would be now: not reproducible */
	if (created <= 0)
		pen_fault(p, "no time of export");
	else
		pen_check(p, workbook_set_properties(p->book, &about),
		    "properties");
}

/* A custom document property. */
void
pen_mark(struct pen *p, const char *key, const char *value)
{
	if (!p->bad)
		pen_check(p, workbook_set_custom_property_string(p->book, key,
		    plain(p, value, MESSAGE_MOST)), key);
}

lxw_worksheet *
pen_sheet(struct pen *p, const char *name)
{
	lxw_worksheet *s = NULL;

	if (p->bad)
		return NULL;
	pen_check(p, workbook_validate_sheet_name(p->book, name), name);
	if (!p->bad && (s = workbook_add_worksheet(p->book, name)) == NULL)
		pen_fault(p, "%s: cannot be added", name);
	return s;
}

lxw_format *
pen_format(struct pen *p, const struct look *k)
{
	lxw_format *f;

	if (p->bad)
		return NULL;
	if ((f = workbook_add_format(p->book)) == NULL) {
		pen_fault(p, "a format cannot be added");
		return NULL;
	}
	if (k->font != NULL)
		format_set_font_name(f, k->font);
	if (k->size > 0)
		format_set_font_size(f, k->size);
	if (k->bold)
		format_set_bold(f);
	if (k->wrap)
		format_set_text_wrap(f);
	if (k->centered)
		format_set_align(f, LXW_ALIGN_CENTER);
	if (k->middle)
		format_set_align(f, LXW_ALIGN_VERTICAL_CENTER);
	if (k->border)
		format_set_border(f, LXW_BORDER_THIN);
	if (k->unlocked)
		format_set_unlocked(f);
	/* A text cell stays text when staff press F2 and Enter on it, also
	 * if it begins with = + - or @. */
	if (k->text)
		format_set_num_format(f, "@");
	else if (k->number != NULL)
		format_set_num_format(f, k->number);
	if (k->fill != 0)
		format_set_bg_color(f, k->fill);
	return f;
}

void
pen_text(struct pen *p, lxw_worksheet *s, unsigned row, unsigned col,
    const char *text, lxw_format *f)
{
	if (*text == '\0') {
		pen_blank(p, s, row, col, f);
		return;
	}
	text = cell_text(p, text);
	if (in_sheet(p, row, col))
		pen_check(p, worksheet_write_string(s, row - 1,
		    (lxw_col_t)(col - 1), text, f), "text");
}

void
pen_number(struct pen *p, lxw_worksheet *s, unsigned row, unsigned col,
    double v, lxw_format *f)
{
	if (!isfinite(v))
		pen_fault(p, "row %u: not a number", row);
	if (in_sheet(p, row, col))
		pen_check(p, worksheet_write_number(s, row - 1,
		    (lxw_col_t)(col - 1), v, f), "number");
}

void
pen_blank(struct pen *p, lxw_worksheet *s, unsigned row, unsigned col,
    lxw_format *f)
{
	if (in_sheet(p, row, col))
		pen_check(p, worksheet_write_blank(s, row - 1,
		    (lxw_col_t)(col - 1), f), "blank");
}

void
pen_merge(struct pen *p, lxw_worksheet *s, const struct range *r,
    const char *text, lxw_format *f)
{
	if (r->row1 == r->row2 && r->col1 == r->col2) {
		pen_text(p, s, r->row1, r->col1, text, f);
		return;
	}
	text = cell_text(p, text);
	if (in_sheet(p, r->row1, r->col1) && in_sheet(p, r->row2, r->col2))
		pen_check(p, worksheet_merge_range(s, r->row1 - 1,
		    (lxw_col_t)(r->col1 - 1), r->row2 - 1,
		    (lxw_col_t)(r->col2 - 1), text, f), "merge");
}

void
pen_row(struct pen *p, lxw_worksheet *s, unsigned row, double height,
    lxw_format *f)
{
	if (in_sheet(p, row, 1))
		pen_check(p, worksheet_set_row(s, row - 1, height, f), "row");
}

void
pen_width(struct pen *p, lxw_worksheet *s, unsigned col, double width,
    lxw_format *f, bool hidden)
{
	lxw_row_col_options options = { .hidden = hidden };

	if (in_sheet(p, 1, col))
		pen_check(p, worksheet_set_column_opt(s, (lxw_col_t)(col - 1),
		    (lxw_col_t)(col - 1), width, f, &options), "column");
}

void
pen_choose(struct pen *p, lxw_worksheet *s, const struct range *r,
    const struct pen_choice *c)
{
	lxw_data_validation v = { 0 };
	lxw_data_val_obj *kept;

	if (!in_sheet(p, r->row1, r->col1) || !in_sheet(p, r->row2, r->col2))
		return;
	v.ignore_blank = v.show_input = v.show_error = v.dropdown =
	    LXW_VALIDATION_ON;
	v.error_type = c->open ? LXW_VALIDATION_ERROR_TYPE_WARNING :
	    LXW_VALIDATION_ERROR_TYPE_STOP;
	if (c->source != NULL) {
		v.validate = LXW_VALIDATION_TYPE_CUSTOM_FORMULA;
		v.value_formula = plain(p, c->source, FORMULA_MOST);
	} else if (c->max > 0) {
		v.validate = LXW_VALIDATION_TYPE_LENGTH;
		v.criteria = LXW_VALIDATION_CRITERIA_LESS_THAN_OR_EQUAL_TO;
		v.value_number = (double)c->max;
	} else {
		v.validate = LXW_VALIDATION_TYPE_ANY;
	}
	if (c->prompt != NULL && *c->prompt != '\0') {
		v.input_title = plain(p, c->title, TITLE_MOST);
		v.input_message = plain(p, c->prompt, MESSAGE_MOST);
	}
	if (c->error != NULL) {
		v.error_title = plain(p, c->title, TITLE_MOST);
		v.error_message = plain(p, c->error, MESSAGE_MOST);
	}
	if (!p->bad)
		pen_check(p, worksheet_data_validation_range(s, r->row1 - 1,
		    (lxw_col_t)(r->col1 - 1), r->row2 - 1,
		    (lxw_col_t)(r->col2 - 1), &v), "validation");
	/* Told that it is a list, the library leaks the formula; so it
	 * learns it afterwards. */
	if (p->bad || c->source == NULL)
		return;
	STAILQ_FOREACH(kept, s->data_validations, list_pointers)
		if (STAILQ_NEXT(kept, list_pointers) == NULL)
			kept->validate = LXW_VALIDATION_TYPE_LIST_FORMULA;
}

void
pen_name(struct pen *p, const char *name, const char *formula)
{
	if (!p->bad && strlen(formula) >= LXW_DEFINED_NAME_LENGTH)
		pen_fault(p, "%s: too long", name);
	if (!p->bad)
		pen_check(p, workbook_define_name(p->book, name, formula),
		    name);
}

void
pen_shade(struct pen *p, lxw_worksheet *s, const struct range *r,
    const char *formula, lxw_format *f)
{
	lxw_conditional_format c = { 0 };

	if (!in_sheet(p, r->row1, r->col1) || !in_sheet(p, r->row2, r->col2))
		return;
	c.type = LXW_CONDITIONAL_TYPE_FORMULA;
	c.value_string = plain(p, formula, MESSAGE_MOST);
	c.format = f;
	if (!p->bad)
		pen_check(p, worksheet_conditional_format_range(s, r->row1 - 1,
		    (lxw_col_t)(r->col1 - 1), r->row2 - 1,
		    (lxw_col_t)(r->col2 - 1), &c), "shade");
}

static const char *
cell_text(struct pen *p, const char *s)
{
	const char *out = cell_escape(p->arena, s);

	if (out == NULL)
		pen_fault(p, "text is not UTF-8 or too long for a cell");
	return out != NULL ? out : "";
}

/* Messages and formulas: shortened rather than refused, never empty-handed. */
static char *
plain(struct pen *p, const char *s, size_t most)
{
	if (!utf8_ok(s, strlen(s)) || !text_printable(s)) {
		pen_fault(p, "a message is not plain text");
		return arena_strdup(p->arena, "");
	}
	return utf8_head(p->arena, s, most);
}

static bool
in_sheet(struct pen *p, unsigned row, unsigned col)
{
	if (row < 1 || row > LXW_ROW_MAX || col < 1 || col > LXW_COL_MAX)
		pen_fault(p, "row %u, column %u is no cell", row, col);
	return !p->bad;
}
