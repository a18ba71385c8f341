/* The rows below a ledger's headings, cell by cell in canonical texts. */
#include "ledger.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

#define EMPTY_ROWS_END 20
#define ROWS_MAX 100000
#define SERIAL_MIN 20000     /* 1954: below, a bare number is no day */
#define SERIAL_MAX 80000
#define FILLS_MAX 2000000

struct rows {
	struct arena *arena;
	const struct template *template;
	struct ledger *l;
	int year;
	unsigned mark_col;
	const char ***cell;	/* what l->row[].cell points to */
};

static bool row_empty(const struct rows *, const struct row *);
static bool row_numbers(struct arena *, const struct ledger *,
    const struct row *);
static void row_take(struct rows *, const struct row *);
static bool mark_take(struct rows *, const struct row *,
    const struct cell *);
static const char *cell_take(struct rows *, const struct row *,
    const struct cell *, const struct column *, const char **raw,
    bool *unsaid);
static const char *unknown_why(struct rows *, const struct row *,
    const struct cell *, const struct column *);
static bool fill_merged(struct rows *);
static void fill_cell(struct rows *, const struct range *, size_t row,
    size_t col, const char *value, const char *raw);
static void keys_make(struct rows *);

bool
ledger_rows(struct arena *a, const struct template *t, int year,
    unsigned mark_col, struct ledger *l, const char **why)
{
	struct rows r = { a, t, l, year, mark_col, NULL };
	const struct sheet *s = l->sheet;
	unsigned last = l->first_row - 1;
	if (s->nrows > ROWS_MAX) {
		*why = "行数过多，无法读取";
		return false;
	}
	l->row = arena_array(a, s->nrows + 1, sizeof *l->row);
	l->raw = arena_array(a, s->nrows + 1, sizeof *l->raw);
	r.cell = arena_array(a, s->nrows + 1, sizeof *r.cell);
	l->unsaid = arena_array(a, s->nrows + 1, sizeof *l->unsaid);
	l->apart = arena_array(a, s->nrows + 1, sizeof *l->apart);
	for (size_t i = 0; i < s->nrows; i++) {
		const struct row *row = &s->row[i];
		if (row->row < l->first_row)
			continue;
		if (ledger_ends(a, t, l, row)) {
			l->end_row = row->row;
			break;
		}
		if (row_empty(&r, row) || row_numbers(a, l, row))
			continue;
		if (row->row - last > EMPTY_ROWS_END) {
			l->end_row = row->row; /* not ours to read or write */
			break;
		}
		last = row->row;
		row_take(&r, row);
	}
	l->last_row = l->nrows ? l->row[l->nrows - 1].sheet_row : 0;
	if (!fill_merged(&r)) {
		*why = "合并单元格过多，无法读取";
		return false;
	}
	keys_make(&r);
	return true;
}

size_t
ledger_row_at(const struct ledger *l, unsigned sheet_row)
{
	size_t lo = 0, hi = l->nrows;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (l->row[mid].sheet_row < sheet_row)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->nrows && l->row[lo].sheet_row == sheet_row ? lo
	    : l->nrows;
}

/* 备注, 填表说明, 合计, 注 in the first column, and no identity beside it. */
bool
ledger_ends(struct arena *a, const struct template *t,
    const struct ledger *l, const struct row *row)
{
	const json_t *markers = json_object_get(t->json, "end_markers"), *m;
	size_t i;
	const char *first = NULL;
	for (size_t c = 0; c < row->ncells; c++) {
		const struct cell *cell = &row->cell[c];
		if (cell->col == l->token_col && *cell->text)
			return false;
		if (cell->col == (l->seq_col ? l->seq_col
		    : t->column[0].col))
			first = text_canon(a, cell->text);
	}
	if (!first)
		return false;
	json_array_foreach(markers, i, m) {
		const char *s = json_string_value(m);
		if (s && *s && strncmp(first, s, strlen(s)) == 0)
			return true;
	}
	return false;
}

static bool
row_empty(const struct rows *r, const struct row *row)
{
	const struct ledger *l = r->l;
	for (size_t c = 0; c < row->ncells; c++) {
		const struct cell *cell = &row->cell[c];
		bool ours = cell->col == l->token_col;
		for (size_t k = 0; k < l->ncols && !ours; k++)
			ours = l->col[k].col == cell->col;
		if (ours && (cell->formula || *text_canon(r->arena,
			cell->text)))
			return false;
	}
	return true;
}

/* 1, 2, 3 … under the headings of a printed form number its columns. */
static bool
row_numbers(struct arena *a, const struct ledger *l, const struct row *row)
{
	unsigned n = 0;
	if (row->row != l->first_row)
		return false;
	for (size_t c = 0; c < row->ncells; c++) {
		const char *key = text_key(a, row->cell[c].text);
		if (*key && strcmp(key, arena_printf(a, "%u", ++n)) != 0)
			return false;
	}
	return n > l->ncols / 2;
}

static void
row_take(struct rows *r, const struct row *row)
{
	struct ledger *l = r->l;
	const char **cell = arena_array(r->arena, l->ncols + 1,
	    sizeof *cell);
	const char **raw = arena_array(r->arena, l->ncols + 1, sizeof *raw);
	bool *unsaid = arena_array(r->arena, l->ncols + 1, sizeof *unsaid);
	struct file_row *f = &l->row[l->nrows];
	*f = (struct file_row){ .token = "", .cell = cell, .key = "",
		.sheet_row = row->row };
	for (size_t k = 0; k < l->ncols; k++)
		cell[k] = raw[k] = "";
	for (size_t c = 0; c < row->ncells; c++) {
		const struct cell *from = &row->cell[c];
		if (from->col == l->token_col)
			f->token = text_canon(r->arena, from->text);
		if (from->col == r->mark_col)
			f->delete_mark = mark_take(r, row, from);
		for (size_t k = 0; k < l->ncols; k++)
			if (l->col[k].col == from->col) {
				cell[k] = cell_take(r, row, from, &l->col[k],
				    &raw[k], &unsaid[k]);
				f->unread |= unsaid[k];
			}
	}
	r->cell[l->nrows] = cell;
	l->raw[l->nrows] = raw;
	l->unsaid[l->nrows] = unsaid;
	l->nrows++;
}

static bool
mark_take(struct rows *r, const struct row *row, const struct cell *from)
{
	bool good;
	const char *says = canon(r->arena, K_BOOL, from->text, 0, &good);
	if (!good)
		ledger_note(r->arena, r->l, row->row, "删除", says, "删除标记",
		    "认不出是不是要删除这一行，没有删除",
		    "a deletion mark that says neither yes nor no",
		    "要删除的，请填“是”或删去整行；不删除的，请清空这一格。");
	return good && strcmp(says, "是") == 0;
}

static const char *
cell_take(struct rows *r, const struct row *row, const struct cell *from,
    const struct column *col, const char **raw, bool *unsaid)
{
	bool good;
	const char *text = from->text;
	const char *why = unknown_why(r, row, from, col);
	if (why) {
		*unsaid = true;
		return "";
	}
	/* A day typed into a cell without a date format shows its serial. */
	if (col->kind == K_DATE && from->type == CELL_NUMBER &&
	    from->number >= SERIAL_MIN && from->number <= SERIAL_MAX &&
	    from->number == floor(from->number))
		text = date_of_serial(r->arena, from->number, r->l->date1904);
	*raw = text_canon(r->arena, text);
	return canon(r->arena, col->kind, text, r->year, &good);
}

/* Cells whose value cannot be known are reported and left alone. */
static const char *
unknown_why(struct rows *r, const struct row *row, const struct cell *from,
    const struct column *col)
{
	if (from->type == CELL_ERROR) {
		ledger_note(r->arena, r->l, row->row, col->label, from->text,
		    "公式", "单元格显示的是错误值，没有读取",
		    "error value, not read", "请改正公式或直接填写内容。");
		return "error";
	}
	if (from->formula && !*from->text) {
		ledger_note(r->arena, r->l, row->row, col->label, "", "公式",
		    "公式没有保存计算结果，没有读取",
		    "formula without a cached value, not read",
		    "请用 Excel 或 WPS 打开后保存一次，或直接填写内容。");
		return "formula";
	}
	if (from->inexact) {
		ledger_note(r->arena, r->l, row->row, col->label, from->text,
		    "数字位数", "数字超过15位，末尾几位已经丢失，没有读取",
		    "number of more than 15 digits, not read",
		    "请先把单元格设为文本格式，再重新填写。");
		return "inexact";
	}
	return NULL;
}

/*
 * Staff merge equal cells downwards. Descriptive columns are filled down;
 * what identifies a row, amounts and dates are not guessed, nor is anything
 * in a block of several columns (domain.md 6.0).
 */
static bool
fill_merged(struct rows *r)
{
	struct ledger *l = r->l;
	size_t fills = 0;
	for (size_t i = 0; i < l->sheet->nmerges; i++) {
		const struct range *m = &l->sheet->merge[i];
		if (m->row2 < l->first_row || (l->last_row &&
			m->row1 > l->last_row))
			continue;
		size_t top = ledger_row_at(l, m->row1);
		if (top == l->nrows)
			continue;
		for (size_t k = 0; k < l->ncols; k++) {
			size_t row = top + (l->col[k].col == m->col1);
			if (l->col[k].col < m->col1 ||
			    l->col[k].col > m->col2)
				continue;
			for (; row < l->nrows &&
			    l->row[row].sheet_row <= m->row2; row++)
				fill_cell(r, m, row, k, l->row[top].cell[k],
				    l->raw[top][k]);
			fills += row - top;
			if (fills > FILLS_MAX)
				return false;
		}
	}
	return true;
}

static void
fill_cell(struct rows *r, const struct range *m, size_t row, size_t col,
    const char *value, const char *raw)
{
	struct ledger *l = r->l;
	const struct column *c = &l->col[col];
	bool block = m->col1 != m->col2;
	bool text = c->kind == K_TEXT || c->kind == K_CODE ||
	    c->kind == K_PHONE;
	bool blank = true;
	for (size_t k = 0; k < l->ncols && blank; k++)
		blank = !*l->row[row].cell[k];
	if (blank || !*(block ? grid_text(l->sheet, m->row1, m->col1) : value))
		return;
	if (block || c->key || !text || c->role != COLUMN_INPUT) {
		l->unsaid[row][col] = true;
		ledger_note(r->arena, l, l->row[row].sheet_row, c->label, "",
		    "合并单元格", "本栏不能这样合并，合并后这一格没有内容",
		    "merged cells not allowed in this column",
		    "请取消合并，并逐行填写。");
		return;
	}
	r->cell[row][col] = value;
	l->raw[row][col] = raw;
}

static void
keys_make(struct rows *r)
{
	const json_t *keys = json_object_get(r->template->json,
	    "natural_key"), *key;
	struct ledger *l = r->l;
	struct key_part *part = arena_array(r->arena,
	    json_array_size(keys) + 1, sizeof *part);
	size_t n = 0, i;
	json_array_foreach(keys, i, key) {
		const char *name = json_string_value(
		    json_object_get(key, "name"));
		for (size_t c = 0; name && c < l->ncols; c++)
			if (strcmp(l->col[c].name, name) == 0)
				part[n++] = (struct key_part){ (int)c,
					(unsigned)json_integer_value(
					json_object_get(key, "chars")) };
	}
	l->part = part;
	l->nparts = n;
	for (size_t row = 0; row < l->nrows; row++)
		l->row[row].key = plan_key(r->arena, l->row[row].cell, part,
		    n);
}
