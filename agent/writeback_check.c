/* Reads our own patch as staff's program will, before anybody sees it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "writeback.h"

static const struct sheet *sheet_named(const struct workbook *,
    const char *);
static const struct sheet_patch *patch_of(const struct writeback *,
    const char *name);
static bool sheet_same(struct arena *, const struct sheet *,
    const struct sheet *, const struct sheet_patch *, const char **why);
static bool row_same(struct arena *, const char *sheet, unsigned row,
    const struct row *, const struct row *, const struct sheet_patch *,
    size_t *put, const char **why);
static bool put_landed(const struct put *, const struct cell *);
static bool cell_same(const struct cell *, const struct cell *);

bool
writeback_check(struct arena *a, const struct workbook *before,
    const struct workbook *after, const struct writeback *w,
    const char **why)
{
	for (size_t i = 0; i < before->nsheets; i++) {
		const struct sheet *b = &before->sheet[i];
		const struct sheet *n = sheet_named(after, b->name);
		const struct sheet_patch *p = patch_of(w, b->name);
		if (!n) {
			*why = arena_printf(a, "sheet %s is gone", b->name);
			return false;
		}
		if (p && p->replace)
			continue;
		if (!sheet_same(a, b, n, p, why))
			return false;
	}
	for (size_t i = 0; i < w->npatches; i++)
		if (!sheet_named(after, w->patch[i].name)) {
			*why = arena_printf(a, "sheet %s is missing",
			    w->patch[i].name);
			return false;
		}
	return true;
}

/* Both sheets and the puts are in row order: walk them together. */
static bool
sheet_same(struct arena *a, const struct sheet *b, const struct sheet *n,
    const struct sheet_patch *p, const char **why)
{
	static const struct row none = { 0 };
	size_t i = 0, k = 0, put = 0, nputs = p ? p->nputs : 0;
	while (i < b->nrows || k < n->nrows || put < nputs) {
		unsigned row = ~0u;
		if (i < b->nrows)
			row = b->row[i].row;
		if (k < n->nrows && n->row[k].row < row)
			row = n->row[k].row;
		if (put < nputs && p->put[put].row < row)
			row = p->put[put].row;
		const struct row *was = &none, *is = &none;
		if (i < b->nrows && b->row[i].row == row)
			was = &b->row[i++];
		if (k < n->nrows && n->row[k].row == row)
			is = &n->row[k++];
		if (!row_same(a, b->name, row, was, is, p, &put, why))
			return false;
	}
	return true;
}

static bool
row_same(struct arena *a, const char *sheet, unsigned row,
    const struct row *was, const struct row *is, const struct sheet_patch *p,
    size_t *put, const char **why)
{
	size_t i = 0, k = 0;
	for (;;) {
		unsigned col = ~0u;
		bool ours = p && *put < p->nputs && p->put[*put].row == row;
		if (i < was->ncells)
			col = was->cell[i].col;
		if (k < is->ncells && is->cell[k].col < col)
			col = is->cell[k].col;
		if (ours && p->put[*put].col < col)
			col = p->put[*put].col;
		if (col == ~0u)
			return true;
		const struct cell *old = NULL, *now = NULL;
		if (i < was->ncells && was->cell[i].col == col)
			old = &was->cell[i++];
		if (k < is->ncells && is->cell[k].col == col)
			now = &is->cell[k++];
		bool same = ours && p->put[*put].col == col
		    ? put_landed(&p->put[(*put)++], now)
		    : cell_same(old, now);
		if (!same) {
			*why = arena_printf(a, "%s row %u column %u is not "
			    "what was planned", sheet, row, col);
			return false;
		}
	}
}

static bool
put_landed(const struct put *p, const struct cell *now)
{
	switch (p->type) {
	case PUT_BLANK:
		return !now || !*now->text;
	case PUT_TEXT:
		return now && strcmp(now->text, p->text) == 0;
	case PUT_NUMBER:
		/* in a cell with a date format it reads as a date */
		return now && fabs(now->number - p->number) <=
		    1e-9 * fabs(p->number);
	}
	return false;
}

static bool
cell_same(const struct cell *a, const struct cell *b)
{
	static const struct cell blank = { .text = "" };
	a = a ? a : &blank;
	b = b ? b : &blank;
	return a->type == b->type && a->formula == b->formula &&
	    strcmp(a->text, b->text) == 0;
}

static const struct sheet_patch *
patch_of(const struct writeback *w, const char *name)
{
	for (size_t i = 0; i < w->npatches; i++)
		if (strcmp(w->patch[i].name, name) == 0)
			return &w->patch[i];
	return NULL;
}

static const struct sheet *
sheet_named(const struct workbook *wb, const char *name)
{
	for (size_t i = 0; i < wb->nsheets; i++)
		if (strcmp(wb->sheet[i].name, name) == 0)
			return &wb->sheet[i];
	return NULL;
}
