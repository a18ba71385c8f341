/*
 * The printed sheet of a ledger: annex line, title, header block, two-row
 * header, data, spares and footnote, exactly as the notice prints them.
 *
 * Protection, and why it is as it is: Excel sorts and deletes rows of a
 * protected sheet only where every cell is unlocked, the empty and the
 * hidden ones as well. So the whole of each data row is unlocked, identity
 * cells included — they are hidden, carry a code the server checks, and the
 * autofilter spans them so that sorting by its buttons moves them along.
 * What protection keeps is title, headings and footnote, and it keeps staff
 * from merging cells inside the data.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/canon.h"
#include "ledger_draw.h"

#define ANNEX_HEIGHT 20.0
#define TITLE_HEIGHT 36.0
#define BOX_HEIGHT 24.0
#define HEAD_HEIGHT 21.0
#define ROW_HEIGHT 27.0
#define KEY_WIDTH 34.0
#define EXTRA_WIDTH 16.0
#define INCH_SIDE 0.47
#define INCH_END 0.6
#define EPOCH_SERIAL 25569 /* 1970-01-01 */
#define SERIAL_FIRST 61	   /* 1900-03-01: before it, serials are disputed */

static void draw_top(struct drawing *, lxw_worksheet *);
static void draw_head(struct drawing *, lxw_worksheet *);
static void draw_head_cell(struct drawing *, lxw_worksheet *, unsigned col,
    const char *);
static void draw_rows(struct drawing *, lxw_worksheet *);
static void draw_row(struct drawing *, lxw_worksheet *, unsigned row,
    const json_t *, unsigned seq);
static void draw_cell(struct drawing *, lxw_worksheet *, unsigned row,
    const struct form_column *, const char *);
static double row_height(const struct drawing *, const json_t *cells);
static void draw_footnote(struct drawing *, lxw_worksheet *);
static void draw_choices(struct drawing *, lxw_worksheet *);
static void draw_shades(struct drawing *, lxw_worksheet *);
static void set_page(struct drawing *, lxw_worksheet *);
static const char *title_of(struct drawing *);

void
draw_ledger(struct drawing *d)
{
	lxw_worksheet *s = pen_sheet(&d->pen, d->form.sheet);

	if (s == NULL)
		return;
	for (size_t i = 0; i < d->form.ncolumns; i++)
		pen_width(&d->pen, s, d->form.column[i].col,
		    d->form.column[i].width, NULL, false);
	for (size_t i = 0; i < d->form.nhidden; i++)
		pen_width(&d->pen, s, d->form.hidden[i].col, KEY_WIDTH, NULL,
		    true);
	for (unsigned i = 0; i < d->nextra; i++)
		pen_width(&d->pen, s, d->form.last_hidden + 1 + i, EXTRA_WIDTH,
		    NULL, false);
	draw_top(d, s);
	draw_head(d, s);
	draw_rows(d, s);
	draw_footnote(d, s);
	draw_choices(d, s);
	draw_shades(d, s);
	set_page(d, s);
}

static void
draw_top(struct drawing *d, lxw_worksheet *s)
{
	const struct form *f = &d->form;
	const json_t *cells = json_object_get(
	    json_object_get(d->export, "header"), "cells");

	if (*f->annex != '\0') {
		pen_row(&d->pen, s, f->annex_row, ANNEX_HEIGHT, NULL);
		pen_text(&d->pen, s, f->annex_row, f->annex_col, f->annex,
		    d->look[LOOK_ANNEX]);
	}
	pen_row(&d->pen, s, f->title_range.row1, TITLE_HEIGHT, NULL);
	pen_merge(&d->pen, s, &f->title_range, title_of(d),
	    d->look[LOOK_TITLE]);
	for (size_t i = 0; i < f->nboxes; i++) {
		const struct form_box *b = &f->box[i];

		pen_row(&d->pen, s, b->range.row1, BOX_HEIGHT, NULL);
		pen_merge(&d->pen, s, &b->range, arena_printf(d->arena,
		    "%s%s", b->label, json_text(cells, b->name)),
		    d->look[LOOK_BOX]);
	}
}

static void
draw_head(struct drawing *d, lxw_worksheet *s)
{
	const struct form *f = &d->form;

	for (unsigned r = f->header_first; r <= f->header_last; r++)
		pen_row(&d->pen, s, r, HEAD_HEIGHT, NULL);
	for (size_t i = 0; i < f->ncolumns; i++) {
		const struct form_column *c = &f->column[i];
		struct range over = { f->header_first, c->col,
			f->header_first, c->col };

		if (*c->group == '\0') {
			draw_head_cell(d, s, c->col, c->label);
			continue;
		}
		pen_text(&d->pen, s, f->header_last, c->col, c->label,
		    d->look[LOOK_HEAD]);
		if (i > 0 && strcmp(c[-1].group, c->group) == 0)
			continue;
		for (size_t j = i; j < f->ncolumns &&
		     strcmp(f->column[j].group, c->group) == 0; j++)
			over.col2 = f->column[j].col;
		pen_merge(&d->pen, s, &over, c->group, d->look[LOOK_HEAD]);
	}
	for (size_t i = 0; i < f->nhidden; i++)
		draw_head_cell(d, s, f->hidden[i].col, f->hidden[i].label);
	for (unsigned i = 0; i < d->nextra; i++)
		draw_head_cell(d, s, f->last_hidden + 1 + i, d->extra[i]);
}

/* A heading without a group stands in both header rows. */
static void
draw_head_cell(struct drawing *d, lxw_worksheet *s, unsigned col,
    const char *label)
{
	struct range r = { d->form.header_first, col, d->form.header_last,
		col };

	pen_merge(&d->pen, s, &r, label, d->look[LOOK_HEAD]);
}

static void
draw_rows(struct drawing *d, lxw_worksheet *s)
{
	unsigned row = d->form.first_row, seq = 1;
	const json_t *j;
	size_t i;

	json_array_foreach(d->rows, i, j)
		draw_row(d, s, row++, j, seq++);
	json_array_foreach(d->spares, i, j)
		draw_row(d, s, row++, j, 0);
	if (row == d->form.first_row) /* nothing at all: a row to type into */
		draw_row(d, s, row, NULL, 0);
}

/* seq 0: a spare, blank but for its token. */
static void
draw_row(struct drawing *d, lxw_worksheet *s, unsigned row, const json_t *j,
    unsigned seq)
{
	const json_t *cells = json_object_get(j, "cells");
	const struct form *f = &d->form;

	pen_row(&d->pen, s, row, row_height(d, cells), d->look[LOOK_ROW]);
	for (size_t i = 0; i < f->ncolumns; i++) {
		const struct form_column *c = &f->column[i];

		if (c->role == ROLE_SEQ && seq > 0)
			pen_number(&d->pen, s, row, c->col, seq,
			    d->look[LOOK_SEQ]);
		else
			draw_cell(d, s, row, c, json_text(cells, c->name));
	}
	for (size_t i = 0; i < f->nhidden; i++) {
		const struct form_column *c = &f->hidden[i];

		pen_text(&d->pen, s, row, c->col, c->role == ROLE_TOKEN ?
		    json_text(j, "token") : json_text(cells, c->name),
		    d->look[LOOK_KEY]);
	}
	for (unsigned i = 0; i < d->nextra; i++)
		pen_text(&d->pen, s, row, f->last_hidden + 1 + i,
		    json_text(cells, arena_printf(d->arena, "extra.%s",
		    d->extra[i])), d->look[LOOK_LEFT]);
}

/* Dates and numbers that read as such are real ones; all else is text. */
static void
draw_cell(struct drawing *d, lxw_worksheet *s, unsigned row,
    const struct form_column *c, const char *text)
{
	lxw_format *look = d->look[c->role == ROLE_SEQ ? LOOK_SEQ :
	    c->role != ROLE_INPUT ? LOOK_STATE :
	    c->centered ? LOOK_CENTER : LOOK_LEFT];
	bool numeric = c->kind == K_INT || c->kind == K_WAN ||
	    c->kind == K_YUAN || c->kind == K_PERCENT, good = false;
	long days;

	if (c->kind == K_DATE && (*text == '\0' ||
	    (date_days(text, &days) && days + EPOCH_SERIAL >= SERIAL_FIRST))) {
		if (*text == '\0')
			pen_blank(&d->pen, s, row, c->col,
			    d->look[LOOK_DATE]);
		else
			pen_number(&d->pen, s, row, c->col,
			    (double)(days + EPOCH_SERIAL),
			    d->look[LOOK_DATE]);
	} else if (numeric && *text == '\0') {
		pen_blank(&d->pen, s, row, c->col, d->look[LOOK_NUMBER]);
	} else if (numeric &&
	    strcmp(canon(d->arena, c->kind, text, 0, &good), text) == 0 &&
	    good) {
		pen_number(&d->pen, s, row, c->col, strtod(text, NULL),
		    d->look[LOOK_NUMBER]);
	} else {
		pen_text(&d->pen, s, row, c->col, text, look);
	}
}

static double
row_height(const struct drawing *d, const json_t *cells)
{
	unsigned lines = 1;

	for (size_t i = 0; i < d->form.ncolumns; i++) {
		const struct form_column *c = &d->form.column[i];
		unsigned n = lines_at(json_text(cells, c->name), c->width);

		if (n > lines)
			lines = n;
	}
	return height_of(lines, ROW_HEIGHT);
}

static void
draw_footnote(struct drawing *d, lxw_worksheet *s)
{
	struct range r = { d->last_row + 1, d->form.title_range.col1,
		d->last_row + 1, d->form.title_range.col2 };
	double width = 0;

	if (*d->form.footnote == '\0')
		return;
	for (size_t i = 0; i < d->form.ncolumns; i++)
		width += d->form.column[i].width;
	pen_row(&d->pen, s, r.row1, (lines_at(d->form.footnote, width) + 1) *
	    LINE_HEIGHT, NULL);
	pen_merge(&d->pen, s, &r, d->form.footnote, d->look[LOOK_FOOTNOTE]);
}

/* Drop-downs, and what a cell wants to be told while it is selected. */
static void
draw_choices(struct drawing *d, lxw_worksheet *s)
{
	for (size_t i = 0; i < d->form.ncolumns; i++) {
		const struct form_column *c = &d->form.column[i];
		struct range r = { d->form.first_row, c->col, d->last_row,
			c->col };
		struct pen_choice choice = { .title = c->label,
			.prompt = c->prompt, .max = c->max };

		if (c->list != LIST_NONE)
			choice.source = list_formula(d, c);
		if (choice.source != NULL) {
			choice.open = c->list == LIST_OPEN;
			choice.error = choice.open ?
			    "所填内容不在下拉列表中。确实要这样填写吗？" :
			    "请从下拉列表中选择，不能填写其他内容。";
		} else if (c->max > 0) {
			choice.error = arena_printf(d->arena,
			    "内容太长，最多 %zu 个字。", c->max);
		} else if (*c->prompt == '\0') {
			continue;
		}
		pen_choose(&d->pen, s, &r, &choice);
	}
}

/*
 * A cell named in 冲突 or 校验结果 is shaded by what those sheets say, so it
 * stops being shaded when the agent rewrites them. By names, because rules
 * must not point to other sheets directly.
 */
static void
draw_shades(struct drawing *d, lxw_worksheet *s)
{
	const struct form *f = &d->form;
	char letters[LXW_MAX_COL_NAME_LENGTH];
	const struct form_column *token = NULL;

	for (size_t i = 0; i < f->nhidden; i++)
		if (f->hidden[i].role == ROLE_TOKEN)
			token = &f->hidden[i];
	if (token == NULL)
		return;
	lxw_col_to_name(letters, (lxw_col_t)(token->col - 1), 1);
	for (size_t i = 0; i < f->ncolumns; i++) {
		const struct form_column *c = &f->column[i];
		struct range r = { f->first_row, c->col, d->last_row, c->col };

		if (c->role == ROLE_SEQ)
			continue;
		pen_shade(&d->pen, s, &r, arena_printf(d->arena,
		    "=COUNTIFS(tz_conflict_row,%s%u,tz_conflict_col,\"%s\")>0",
		    letters, f->first_row,
		    form_label(f, d->arena, c->name)),
		    d->look[LOOK_CONFLICT]);
		pen_shade(&d->pen, s, &r, arena_printf(d->arena,
		    "=COUNTIFS(tz_finding_row,%s%u,tz_finding_col,\"%s\")>0",
		    letters, f->first_row,
		    form_label(f, d->arena, c->name)),
		    d->look[LOOK_FINDING]);
	}
}

static void
set_page(struct drawing *d, lxw_worksheet *s)
{
	lxw_protection may = { .format_cells = 1, .format_columns = 1,
		.format_rows = 1, .insert_columns = 1, .insert_rows = 1,
		.insert_hyperlinks = 1, .delete_columns = 1, .delete_rows = 1,
		.sort = 1, .autofilter = 1, .objects = 1, .scenarios = 1 };
	const struct form *f = &d->form;
	unsigned end = d->last_row + (*f->footnote != '\0' ? 1 : 0);

	if (d->pen.bad)
		return;
	pen_check(&d->pen, worksheet_autofilter(s, f->header_last - 1, 0,
	    d->last_row - 1, (lxw_col_t)(f->last_hidden + d->nextra - 1)),
	    "autofilter");
	worksheet_freeze_panes(s, f->first_row - 1, 2);
	worksheet_protect(s, NULL, &may);
	worksheet_set_landscape(s);
	worksheet_set_paper(s, PAPER_A4);
	worksheet_fit_to_pages(s, 1, 0);
	worksheet_set_margins(s, INCH_SIDE, INCH_SIDE, INCH_END, INCH_END);
	worksheet_center_horizontally(s);
	pen_check(&d->pen, worksheet_repeat_rows(s, f->header_first - 1,
	    f->header_last - 1), "repeated rows");
	pen_check(&d->pen, worksheet_print_area(s, 0, 0, end - 1,
	    (lxw_col_t)(f->last_printed - 1)), "print area");
	pen_check(&d->pen, worksheet_set_footer(s,
	    "&C&\"宋体,Regular\"&9第 &P 页，共 &N 页"), "page footer");
	worksheet_activate(s);
}

static const char *
title_of(struct drawing *d)
{
	const json_t *unit = json_object_get(d->export, "unit");
	const char *name = json_is_object(unit) ? json_text(unit, "name") :
	    json_text(d->export, "unit");
	const char *t = d->form.title, *at = strstr(t, "{unit}");

	if (at == NULL)
		return t;
	if (*name == '\0' && *d->form.title_blank != '\0')
		return d->form.title_blank;
	return arena_printf(d->arena, "%.*s%s%s", (int)(at - t), t, name,
	    at + strlen("{unit}"));
}
