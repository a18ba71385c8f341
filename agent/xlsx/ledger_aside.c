/*
 * The sheets beside the printed one: how to fill it in, what the agent
 * reports, and the hidden lists of the drop-downs.
 */
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "ledger_draw.h"
#include "ledger_write.h"

#define REPORT_LAST 2000 /* rows the shading of cells looks at */
#define HELP_WIDTH 72.0
#define HELP_LINE 17.0
#define HEAD_HEIGHT 24.0

struct report_page {
	const double *width;   /* printed columns, 0-ended */
	unsigned hidden;       /* columns behind them */
	unsigned answer_first; /* columns staff fill in, 0 = none */
	unsigned answer_last;
	const char *row_name, *col_name;
	char row_col, col_col; /* what the names stand for */
};

static const double finding_widths[] = { 7, 20, 32, 12, 48, 40, 0 };
static const double conflict_widths[] = { 9, 7, 18, 26, 26, 26, 18, 17, 12, 26,
	0 };
static const struct report_page pages[] = {
	{ finding_widths, 1, 0, 0, "tz_finding_row",
	    "tz_finding_col", 'G', 'B' },
	{ conflict_widths, 3, 9, 10, "tz_conflict_row",
	    "tz_conflict_col", 'K', 'C' },
};
static const char *const answers[] = { "采用系统", "采用本表", "改为" };

static void draw_report(struct drawing *, const struct sheet_patch *,
    const struct report_page *);
static double report_height(const struct put *, size_t left,
    const double *width);
static void draw_meta(struct drawing *, const struct sheet_patch *);
static const json_t *list_of(const struct drawing *,
    const struct form_column *);
static unsigned codes_column(const struct drawing *,
    const struct form_column *);
static const char *codes_range(struct drawing *, unsigned col, size_t n);

void
draw_help(struct drawing *d)
{
	lxw_worksheet *s = pen_sheet(&d->pen, SHEET_HELP);
	const json_t *line;
	size_t i;

	pen_width(&d->pen, s, 1, HELP_WIDTH, NULL, false);
	pen_row(&d->pen, s, 1, 2 * HELP_LINE, NULL);
	pen_text(&d->pen, s, 1, 1, arena_printf(d->arena, "%s填表说明",
	    d->form.name), d->look[LOOK_HELP_TITLE]);
	json_array_foreach(d->form.instructions, i, line) {
		const char *text = json_string_value(line);
		unsigned row = (unsigned)i + 2;

		if (text == NULL)
			text = "";
		pen_row(&d->pen, s, row, lines_at(text, HELP_WIDTH) *
		    HELP_LINE + 4, NULL);
		pen_text(&d->pen, s, row, 1, text, d->look[
		    strstr(text, "、") != NULL && utf8_len(text) <= 12 ?
		    LOOK_HELP_PART : LOOK_HELP]);
	}
	i = json_array_size(d->form.instructions) + 2;
	pen_row(&d->pen, s, (unsigned)i, lines_at(d->form.footnote,
	    HELP_WIDTH) * HELP_LINE + 4, NULL);
	pen_text(&d->pen, s, (unsigned)i, 1, d->form.footnote,
	    d->look[LOOK_HELP]);
	if (d->pen.bad)
		return;
	worksheet_protect(s, NULL, NULL);
	worksheet_set_paper(s, PAPER_A4);
	worksheet_fit_to_pages(s, 1, 1);
	worksheet_gridlines(s, LXW_HIDE_ALL_GRIDLINES);
}

void
draw_reports(struct drawing *d, const struct sheet_patch *reports)
{
	for (size_t i = 0; i < COUNT(pages); i++)
		draw_report(d, &reports[i], &pages[i]);
	draw_codes(d);
	draw_meta(d, &reports[COUNT(pages)]);
}

static void
draw_report(struct drawing *d, const struct sheet_patch *r,
    const struct report_page *page)
{
	lxw_worksheet *s = pen_sheet(&d->pen, r->name);
	lxw_protection may = { .format_cells = 1, .format_columns = 1,
		.format_rows = 1, .sort = 1, .autofilter = 1 };
	unsigned n = 0, row = 0;

	while (page->width[n] > 0)
		n++;
	/* Columns carry the look, so that rows written later have it. */
	for (unsigned c = 1; c <= n + page->hidden; c++)
		pen_width(&d->pen, s, c, c <= n ? page->width[c - 1] : 12,
		    d->look[c >= page->answer_first && c <= page->answer_last ?
		    LOOK_ANSWER : LOOK_REPORT], c > n);
	pen_row(&d->pen, s, 1, HEAD_HEIGHT, NULL);
	for (size_t i = 0; i < r->nputs; i++) {
		const struct put *p = &r->put[i];
		lxw_format *look = d->look[p->row == 1 ? LOOK_REPORT_HEAD :
		    p->col >= page->answer_first &&
		    p->col <= page->answer_last ? LOOK_ANSWER : LOOK_REPORT];

		if (p->row != row && (row = p->row) > 1)
			pen_row(&d->pen, s, row, report_height(p,
			    r->nputs - i, page->width), NULL);
		if (p->type == PUT_NUMBER)
			pen_number(&d->pen, s, p->row, p->col, p->number,
			    look);
		else
			pen_text(&d->pen, s, p->row, p->col,
			    p->type == PUT_TEXT ? p->text : "", look);
	}
	if (page->answer_first > 0) {
		struct range range = { 2, page->answer_first, REPORT_LAST,
			page->answer_first };
		struct pen_choice choice = { .title = "处理",
			.prompt = "选“采用系统”“采用本表”或“改为”；"
				  "选“改为”的，在右边“新值”一栏填写。",
			.error = "请从下拉列表中选择。" };

		choice.source = codes_range(d, codes_column(d, NULL),
		    COUNT(answers));
		pen_choose(&d->pen, s, &range, &choice);
	}
	pen_name(&d->pen, page->row_name, arena_printf(d->arena,
	    "=%s!$%c$2:$%c$%d", r->name, page->row_col, page->row_col,
	    REPORT_LAST));
	pen_name(&d->pen, page->col_name, arena_printf(d->arena,
	    "=%s!$%c$2:$%c$%d", r->name, page->col_col, page->col_col,
	    REPORT_LAST));
	if (d->pen.bad)
		return;
	worksheet_freeze_panes(s, 1, 0);
	worksheet_protect(s, NULL, &may);
	worksheet_gridlines(s, LXW_SHOW_ALL_GRIDLINES);
	worksheet_set_landscape(s);
	worksheet_set_paper(s, PAPER_A4);
	worksheet_fit_to_pages(s, 1, 0);
}

/* Of the row that begins at p. */
static double
report_height(const struct put *p, size_t left, const double *width)
{
	unsigned row = p->row, lines = 1;

	for (unsigned i = 0; i < left && p[i].row == row; i++) {
		if (width[i] <= 0)
			break; /* the hidden ones */
		if (p[i].type == PUT_TEXT &&
		    lines_at(p[i].text, width[i]) > lines)
			lines = lines_at(p[i].text, width[i]);
	}
	return height_of(lines, LINE_HEIGHT + 4);
}

/* Very hidden afterwards, which the library cannot do (ledger_write.c). */
static void
draw_meta(struct drawing *d, const struct sheet_patch *r)
{
	lxw_worksheet *s = pen_sheet(&d->pen, r->name);

	for (size_t i = 0; i < r->nputs; i++)
		pen_text(&d->pen, s, r->put[i].row, r->put[i].col,
		    r->put[i].text, d->look[LOOK_PLAIN]);
	if (!d->pen.bad)
		worksheet_hide(s);
}

/* One column a list: its heading, then its values. */
void
draw_codes(struct drawing *d)
{
	lxw_worksheet *s = pen_sheet(&d->pen, SHEET_CODES);
	unsigned last = codes_column(d, NULL);

	for (size_t i = 0; i < d->form.ncolumns; i++) {
		const struct form_column *c = &d->form.column[i];
		const json_t *list = list_of(d, c), *value;
		unsigned col;
		size_t k;

		if (list == NULL)
			continue;
		col = codes_column(d, c);
		pen_text(&d->pen, s, 1, col, c->label, d->look[LOOK_PLAIN]);
		json_array_foreach(list, k, value)
			pen_text(&d->pen, s, (unsigned)k + 2, col,
			    json_is_string(value) ?
			    json_string_value(value) : "",
			    d->look[LOOK_PLAIN]);
	}
	pen_text(&d->pen, s, 1, last, "处理", d->look[LOOK_PLAIN]);
	for (unsigned k = 0; k < COUNT(answers); k++)
		pen_text(&d->pen, s, k + 2, last, answers[k],
		    d->look[LOOK_PLAIN]);
	if (!d->pen.bad)
		worksheet_hide(s);
}

const char *
list_formula(struct drawing *d, const struct form_column *c)
{
	const json_t *list = list_of(d, c);

	if (list == NULL)
		return NULL;
	return codes_range(d, codes_column(d, c), json_array_size(list));
}

static const json_t *
list_of(const struct drawing *d, const struct form_column *c)
{
	const json_t *list = json_object_get(d->form.lists, c->name);

	return c->list != LIST_NONE && json_array_size(list) > 0 ? list : NULL;
}

/* In the order of the columns; NULL: the one behind them all. */
static unsigned
codes_column(const struct drawing *d, const struct form_column *of)
{
	unsigned col = 1;

	for (size_t i = 0; i < d->form.ncolumns; i++) {
		if (&d->form.column[i] == of)
			break;
		if (list_of(d, &d->form.column[i]) != NULL)
			col++;
	}
	return col;
}

static const char *
codes_range(struct drawing *d, unsigned col, size_t n)
{
	char letters[LXW_MAX_COL_NAME_LENGTH];

	lxw_col_to_name(letters, (lxw_col_t)(col - 1), 1);
	return arena_printf(d->arena, "=%s!%s$2:%s$%zu", SHEET_CODES, letters,
	    letters, n + 1);
}
