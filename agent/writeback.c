/* From an export to the cells that must change. */
#include "writeback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "base/uid.h"
#include "xlsx/ledger_write.h"

#define SHEET_ROW_MAX 1048576u

struct work {
	struct arena *arena;
	const struct template *template;
	const struct ledger *l;
	json_t *export;
	struct writeback *out;
	struct put *put;
	size_t nputs, room;
	unsigned token_col;
	const char *why;
	char *spare_taken;	/* per spare of the export */
	unsigned limit;		/* rows beyond are not ours */
};

static void placed_make(struct work *);
static struct placed *placed_find(const struct work *, const char *row);
static int placed_order(const void *, const void *);
static bool rows_known(struct work *, const struct known_row *,
    const int *match, const char **token);
static bool rows_new(struct work *, const char **token);
static bool row_fill(struct work *, const struct placed *, size_t file_row);
static bool cell_fill(struct work *, unsigned row, const struct column *,
    const char *have, const char *want);
static void row_clear(struct work *, size_t file_row);
static bool slot_free(const struct work *, unsigned row);
static unsigned slot_next(struct work *, unsigned from);
static void tokens(struct work *, const char **token);
static void sequence(struct work *);
static bool header_fill(struct work *);
static bool reports(struct work *);
static void in_sheet_order(struct work *, const char *list);
static int line_order(const void *, const void *);
static unsigned report_row(void *, const char *row);
static void put_text(struct work *, unsigned row, unsigned col,
    const char *);
static int put_order(const void *, const void *);
static const char *cell_of(const json_t *, const char *name);

bool
writeback_make(struct arena *a, const struct template *t,
    const struct ledger *l, const struct known_row *known, const int *match,
    json_t *export, struct writeback *out, const char **why)
{
	struct work w = { .arena = a, .template = t, .l = l,
		.export = export, .out = out, .why = "" };
	size_t nrows = json_array_size(json_object_get(export, "rows"));
	size_t nspares = json_array_size(json_object_get(export, "spares"));
	*out = (struct writeback){ 0 };
	w.room = (l->nrows + nrows + nspares + 64) * (l->ncols + l->nfixed +
	    4) + l->nheader;
	w.put = arena_array(a, w.room, sizeof *w.put);
	w.token_col = l->token_col ? l->token_col : l->free_col;
	w.limit = l->end_row ? l->end_row - 1 : SHEET_ROW_MAX;
	placed_make(&w);
	/* token[r]: what row r shall carry; rows are few, so by sheet row */
	size_t span = (l->end_row ? l->end_row : l->last_row) +
	    l->first_row + nrows + nspares + 64;
	const char **token = arena_array(a, span + 1, sizeof *token);
	bool ok = rows_known(&w, known, match, token) &&
	    rows_new(&w, token) && header_fill(&w);
	*why = w.why;
	if (!ok)
		return false;
	tokens(&w, token);
	sequence(&w);
	qsort(w.put, w.nputs, sizeof *w.put, put_order);
	out->patch[out->npatches++] = (struct sheet_patch){
		.name = l->sheet->name, .nputs = w.nputs, .put = w.put,
		.hide_col = l->token_col ? 0 : w.token_col,
		.style_row = l->nrows ? l->row[l->nrows - 1].sheet_row
				      : l->first_row };
	ok = reports(&w);
	*why = w.why;
	return ok;
}

static void
placed_make(struct work *w)
{
	const json_t *rows = json_object_get(w->export, "rows"), *r;
	struct writeback *out = w->out;
	size_t i;
	out->placed = arena_array(w->arena, json_array_size(rows) + 1,
	    sizeof *out->placed);
	json_array_foreach(rows, i, r)
		out->placed[out->nplaced++] = (struct placed){
			cell_of(r, "row"), r, 0 };
	qsort(out->placed, out->nplaced, sizeof *out->placed, placed_order);
}

static int
placed_order(const void *a, const void *b)
{
	return strcmp(((const struct placed *)a)->row,
	    ((const struct placed *)b)->row);
}

static struct placed *
placed_find(const struct work *w, const char *row)
{
	struct placed key = { row, NULL, 0 };
	return bsearch(&key, w->out->placed, w->out->nplaced, sizeof key,
	    placed_order);
}

/* Rows the file has: brought up to date, or cleared if the server deleted
 * them. */
static bool
rows_known(struct work *w, const struct known_row *known, const int *match,
    const char **token)
{
	const struct ledger *l = w->l;
	for (size_t i = 0; i < l->nrows; i++) {
		bool blank = true;
		for (size_t c = 0; c < l->ncols && blank; c++)
			blank = !*l->row[i].cell[c] && !l->unsaid[i][c];
		/* What the server did not take, or nobody could read, is
		 * staff's alone; beside it stands a spare's identity, as if
		 * typed just now. */
		struct placed *p = match[i] < 0 ? NULL
		    : placed_find(w, known[match[i]].row);
		if (blank || l->apart[i] || (!p && l->row[i].unread))
			continue;
		if (match[i] < 0) {
			w->why = arena_printf(w->arena, "第%u行还没有登记",
			    l->row[i].sheet_row);
			return false;
		}
		if (!p) {
			row_clear(w, i);
			continue;
		}
		p->sheet_row = l->row[i].sheet_row;
		token[p->sheet_row] = cell_of(p->json, "token");
		if (!row_fill(w, p, i))
			return false;
	}
	return true;
}

/* Rows the file lacks: into blank rows, first below what is written. */
static bool
rows_new(struct work *w, const char **token)
{
	const struct ledger *l = w->l;
	unsigned below = l->first_row, slot;
	for (size_t i = 0; i < l->nrows; i++)
		for (size_t c = 0; c < l->ncols; c++)
			if (*l->row[i].cell[c])
				below = l->row[i].sheet_row + 1;
	slot = slot_next(w, below);
	bool wrapped = false;
	for (size_t i = 0; i < w->out->nplaced; i++) {
		struct placed *p = &w->out->placed[i];
		if (p->sheet_row)
			continue;
		if (!slot && !wrapped) {
			wrapped = true;
			slot = slot_next(w, l->first_row);
		}
		while (slot && token[slot])
			slot = slot_next(w, slot + 1);
		if (!slot || (wrapped && slot >= below)) {
			w->why = "表内没有空行可以写入新的内容，请在“备注”"
			    "一行的上方插入若干空行后保存";
			return false;
		}
		p->sheet_row = slot;
		token[slot] = cell_of(p->json, "token");
		if (!row_fill(w, p, l->nrows))
			return false;
		slot = slot_next(w, slot + 1);
	}
	return true;
}

static bool
row_fill(struct work *w, const struct placed *p, size_t i)
{
	const struct ledger *l = w->l;
	const json_t *cells = json_object_get(p->json, "cells");
	for (size_t c = 0; c < l->ncols; c++) {
		if (i < l->nrows && l->unsaid[i][c])
			continue;
		if (!cell_fill(w, p->sheet_row, &l->col[c], i < l->nrows
			? l->row[i].cell[c] : "", cell_of(cells,
			l->col[c].name)))
			return false;
	}
	for (size_t c = 0; c < l->nfixed; c++)
		if (!cell_fill(w, p->sheet_row, &l->fixed[c], text_canon(
			w->arena, grid_text(l->sheet, p->sheet_row,
			l->fixed[c].col)), cell_of(cells,
			l->fixed[c].name)))
			return false;
	return true;
}

/*
 * A cell that would have to change and cannot stops everything: with a new
 * export its old content would look like staff's wish (I6).
 */
static bool
cell_fill(struct work *w, unsigned row, const struct column *col,
    const char *have, const char *want)
{
	const struct cell *cell = grid_cell(w->l->sheet, row, col->col);
	const struct range *m;
	char *end;
	if (strcmp(have, want) == 0)
		return true;
	if (cell && cell->formula) {
		w->why = arena_printf(w->arena, "第%u行“%s”是公式，系统中的"
		    "内容已改为“%s”，请把公式改成内容后保存", row,
		    col->label, want);
		return false;
	}
	m = grid_merge(w->l->sheet, row, col->col);
	if (m && (m->row1 != m->row2 || m->col1 != m->col2)) {
		w->why = arena_printf(w->arena, "第%u行“%s”是合并单元格，"
		    "系统中的内容已改为“%s”，请取消合并后保存", row,
		    col->label, want);
		return false;
	}
	w->out->changed++;
	bool number = col->kind == K_INT || col->kind == K_WAN ||
	    col->kind == K_YUAN || col->kind == K_PERCENT;
	double value = number && *want ? strtod(want, &end) : 0;
	if (cell && cell->type == CELL_NUMBER && strchr(cell->text, '%'))
		value /= 100; /* as the cell shows it */
	if (number && *want && *end == '\0') {
		REQUIRE(w->nputs < w->room);
		w->put[w->nputs++] = (struct put){ row, col->col, PUT_NUMBER,
			want, value };
	} else {
		put_text(w, row, col->col, want);
	}
	return true;
}

static void
row_clear(struct work *w, size_t i)
{
	const struct ledger *l = w->l;
	unsigned row = l->row[i].sheet_row;
	for (size_t c = 0; c < l->ncols; c++)
		if (*grid_text(l->sheet, row, l->col[c].col))
			put_text(w, row, l->col[c].col, "");
	for (size_t c = 0; c < l->nfixed; c++)
		if (*grid_text(l->sheet, row, l->fixed[c].col))
			put_text(w, row, l->fixed[c].col, "");
	if (l->seq_col && *grid_text(l->sheet, row, l->seq_col))
		put_text(w, row, l->seq_col, "");
	w->out->changed++;
}

/* A row without any content of staff, be it a title in the column of the
 * numbers, and not part of a merge. */
static bool
slot_free(const struct work *w, unsigned row)
{
	const struct ledger *l = w->l;
	size_t i = ledger_row_at(l, row);
	const char *no = l->seq_col ? text_key(w->arena, grid_text(l->sheet,
	    row, l->seq_col)) : "";
	if (no[strspn(no, "0123456789")])
		return false;
	for (size_t c = 0; i < l->nrows && c < l->ncols; c++)
		if (*l->row[i].cell[c] || l->unsaid[i][c])
			return false;
	for (size_t k = 0; k < l->sheet->nmerges; k++)
		if (l->sheet->merge[k].row1 <= row &&
		    row <= l->sheet->merge[k].row2)
			return false;
	for (size_t c = 0; c < l->ncols; c++) {
		const struct cell *cell = grid_cell(l->sheet, row,
		    l->col[c].col);
		if (cell && (cell->formula || *cell->text))
			return false;
	}
	return true;
}

/* The next free row from this one on, 0 = none. */
static unsigned
slot_next(struct work *w, unsigned from)
{
	unsigned end = w->limit;
	/* Beyond the last row everything is free. */
	if (end == SHEET_ROW_MAX && from > w->l->last_row)
		return from <= SHEET_ROW_MAX ? from : 0;
	for (unsigned row = from; row <= end; row++) {
		if (end == SHEET_ROW_MAX && row > w->l->last_row)
			return row;
		if (slot_free(w, row))
			return row;
	}
	return 0;
}

/* Every row of the body gets its token, blank ones a spare's. */
static void
tokens(struct work *w, const char **token)
{
	const struct ledger *l = w->l;
	const json_t *spares = json_object_get(w->export, "spares");
	size_t n = json_array_size(spares), used = 0;
	unsigned last = l->last_row ? l->last_row : l->first_row - 1;
	if (w->token_col == 0)
		return;
	if (!l->token_col)
		for (size_t c = 0; c < w->template->ncolumns; c++)
			if (w->template->column[c].role == COLUMN_TOKEN)
				put_text(w, l->header_row, w->token_col,
				    w->template->column[c].label);
	for (size_t i = 0; i < w->out->nplaced; i++)
		if (w->out->placed[i].sheet_row > last)
			last = w->out->placed[i].sheet_row;
	unsigned end = l->end_row ? l->end_row - 1 : last + (unsigned)n;
	for (unsigned row = l->first_row; row <= end; row++) {
		const char *have = l->token_col ? grid_text(l->sheet, row,
		    l->token_col) : "";
		const char *want = token[row];
		size_t i = ledger_row_at(l, row);
		bool cleared = i < l->nrows && !want;
		if (!want && used < n && (cleared || slot_free(w, row)))
			want = cell_of(json_array_get(spares, used++),
			    "token");
		if (!want)
			want = "";
		if (strcmp(have, want) != 0)
			put_text(w, row, w->token_col, want);
	}
}

/* Numbers where staff left none; theirs stay. */
static void
sequence(struct work *w)
{
	const struct ledger *l = w->l;
	if (!l->seq_col)
		return;
	size_t n = 0;
	unsigned *rows = arena_array(w->arena, w->out->nplaced + 1,
	    sizeof *rows);
	for (size_t i = 0; i < w->out->nplaced; i++)
		rows[n++] = w->out->placed[i].sheet_row;
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && rows[k - 1] > rows[k]; k--) {
			unsigned t = rows[k];
			rows[k] = rows[k - 1];
			rows[k - 1] = t;
		}
	for (size_t i = 0; i < n; i++) {
		const struct cell *c = grid_cell(l->sheet, rows[i],
		    l->seq_col);
		if ((c && (c->formula || *c->text)) ||
		    grid_merge(l->sheet, rows[i], l->seq_col))
			continue;
		REQUIRE(w->nputs < w->room);
		w->put[w->nputs++] = (struct put){ rows[i], l->seq_col,
			PUT_NUMBER, "", (double)(i + 1) };
	}
}

static bool
header_fill(struct work *w)
{
	const json_t *cells = json_object_get(json_object_get(w->export,
	    "header"), "cells");
	for (size_t i = 0; i < w->l->nheader; i++) {
		const struct header_cell *h = &w->l->header[i];
		const char *want = cell_of(cells, h->name);
		if (!h->found || strcmp(h->value, want) == 0)
			continue;
		w->out->changed++;
		put_text(w, h->row, h->col, arena_printf(w->arena, "%s%s",
		    h->label_shown, want));
	}
	return true;
}

/* 校验结果, 冲突, _meta; what only the reader knows goes in front. */
static bool
reports(struct work *w)
{
	char why[256] = "";
	struct sheet_patch own[LEDGER_REPORTS];
	json_t *findings = json_object_get(w->export, "findings");
	if (!findings) {
		findings = json_array();
		json_object_set_new(w->export, "findings", findings);
	}
	for (size_t i = 0; i < w->l->nnotes; i++) {
		const struct cell_note *n = &w->l->note[i];
		/* Ours already, not the name of a column. */
		const char *label = *n->label ? arena_printf(w->arena,
		    "extra.%s", n->label) : "";
		json_t *note = json_pack("{s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s}",
		    "row", json_sprintf("#%u", n->sheet_row), "name",
		    label, "value", n->value, "rule", n->rule, "level",
		    "warning", "zh", n->zh, "en", n->en, "fix", n->fix);
		REQUIRE(note);
		json_array_insert_new(findings, i, note);
	}
	in_sheet_order(w, "findings");
	in_sheet_order(w, "conflicts");
	if (!ledger_reports(w->arena, w->template->json, w->export,
		report_row, w, own, why, sizeof why)) {
		w->why = arena_strdup(w->arena, why);
		return false;
	}
	for (size_t i = 0; i < LEDGER_REPORTS; i++)
		w->out->patch[w->out->npatches++] = own[i];
	return true;
}

struct line {
	unsigned row;
	size_t n; /* as the server had it: equal rows keep their order */
	json_t *json;
};

static void
in_sheet_order(struct work *w, const char *list)
{
	json_t *old = json_object_get(w->export, list), *new = json_array();
	size_t n = json_array_size(old);
	struct line *line = arena_array(w->arena, n + 1, sizeof *line);
	for (size_t i = 0; i < n; i++) {
		json_t *j = json_array_get(old, i);
		line[i] = (struct line){ report_row(w, cell_of(j, "row")), i,
			j };
	}
	qsort(line, n, sizeof *line, line_order);
	for (size_t i = 0; i < n; i++)
		json_array_append(new, line[i].json);
	json_object_set_new(w->export, list, new);
}

static int
line_order(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return x->n < y->n ? -1 : x->n > y->n;
}

static unsigned
report_row(void *arg, const char *row)
{
	const struct work *w = arg;
	if (*row == '#')
		return (unsigned)strtoul(row + 1, NULL, 10);
	const struct placed *p = placed_find(w, row);
	if (strcmp(row, cell_of(w->export, "ledger")) == 0)
		for (size_t i = 0; i < w->l->nheader; i++)
			if (w->l->header[i].found)
				return w->l->header[i].row;
	return p ? p->sheet_row : 0;
}

static void
put_text(struct work *w, unsigned row, unsigned col, const char *text)
{
	REQUIRE(w->nputs < w->room);
	w->put[w->nputs++] = (struct put){ row, col, *text ? PUT_TEXT
		: PUT_BLANK, text, 0 };
}

static int
put_order(const void *a, const void *b)
{
	const struct put *x = a, *y = b;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return x->col < y->col ? -1 : x->col > y->col;
}

static const char *
cell_of(const json_t *cells, const char *name)
{
	const char *s = json_string_value(json_object_get(cells, name));
	return s ? s : "";
}
