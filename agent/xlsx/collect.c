/* A whole workbook in an arena, from the rows of the cage. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cage.h"
#include "cell.h"

/* Vectors grow outside the arena and are copied into it once per sheet. */
struct collect {
	struct arena *arena;
	struct workbook *book;
	bool date1904;
	struct sheet *sheet;
	size_t nsheets, sheet_cap;
	struct row *row;
	size_t nrows, row_cap;
	bool unsorted;
	struct range *merge;
	size_t nmerges, merge_cap;
};

static bool on_book(void *, bool);
static bool on_sheet(void *, size_t, const char *, enum visibility);
static bool on_row(void *, const struct row *);
static bool on_merge(void *, const struct range *);
static void end_sheet(struct collect *);
static void sort_rows(struct collect *);
static void *room(void *, size_t, size_t *, size_t);

enum refusal
workbook_read(struct arena *arena, int fd, const struct budget *budget,
    struct workbook **out, const char **zh, const char **en)
{
	struct collect c = { .arena = arena };
	const struct row_sink sink = { .arg = &c, .book = on_book,
		.sheet = on_sheet, .row = on_row, .merge = on_merge };
	enum refusal code;

	*out = NULL;
	code = cage_stream(fd, budget, &sink, zh, en);
	*zh = arena_strdup(arena, *zh);
	*en = arena_strdup(arena, *en);
	if (code == READ_OK) {
		end_sheet(&c);
		c.book = arena_alloc(arena, sizeof(*c.book));
		c.book->date1904 = c.date1904;
		c.book->nsheets = c.nsheets;
		c.book->sheet = c.sheet == NULL ? NULL : memcpy(
		    arena_array(arena, c.nsheets, sizeof(*c.sheet)), c.sheet,
		    c.nsheets * sizeof(*c.sheet));
		*out = c.book;
	}
	free(c.sheet);
	free(c.row);
	free(c.merge);
	return code;
}

static bool
on_book(void *arg, bool date1904)
{
	struct collect *c = arg;

	c->date1904 = date1904;
	return true;
}

static bool
on_sheet(void *arg, size_t index, const char *name, enum visibility v)
{
	struct collect *c = arg;
	struct sheet *sheet;

	(void)index;
	end_sheet(c);
	c->sheet = room(c->sheet, c->nsheets, &c->sheet_cap,
	    sizeof(*c->sheet));
	sheet = &c->sheet[c->nsheets++];
	memset(sheet, 0, sizeof(*sheet));
	sheet->name = arena_strdup(c->arena, name);
	sheet->visibility = v;
	return true;
}

/* One block for the texts of a row, one for its cells. */
static bool
on_row(void *arg, const struct row *row)
{
	struct collect *c = arg;
	struct cell *cell;
	size_t i, n;
	char *text;

	for (i = n = 0; i < row->ncells; i++)
		n += strlen(row->cell[i].text) + 1;
	text = arena_alloc(c->arena, n);
	cell = arena_array(c->arena, row->ncells, sizeof(*cell));
	for (i = 0; i < row->ncells; i++) {
		cell[i] = row->cell[i];
		n = strlen(cell[i].text) + 1;
		cell[i].text = memcpy(text, cell[i].text, n);
		text += n;
	}
	c->row = room(c->row, c->nrows, &c->row_cap, sizeof(*c->row));
	if (c->nrows > 0 && c->row[c->nrows - 1].row >= row->row)
		c->unsorted = true;
	c->row[c->nrows] = *row;
	c->row[c->nrows++].cell = cell;
	return true;
}

static bool
on_merge(void *arg, const struct range *range)
{
	struct collect *c = arg;

	c->merge = room(c->merge, c->nmerges, &c->merge_cap,
	    sizeof(*c->merge));
	c->merge[c->nmerges++] = *range;
	return true;
}

static void
end_sheet(struct collect *c)
{
	struct sheet *sheet;

	if (c->nsheets == 0)
		return;
	sheet = &c->sheet[c->nsheets - 1];
	if (c->unsorted)
		sort_rows(c);
	sheet->nrows = c->nrows;
	if (c->nrows > 0)
		sheet->row = memcpy(arena_array(c->arena, c->nrows,
		    sizeof(*c->row)), c->row, c->nrows * sizeof(*c->row));
	sheet->nmerges = c->nmerges;
	if (c->nmerges > 0)
		sheet->merge = memcpy(arena_array(c->arena, c->nmerges,
		    sizeof(*c->merge)), c->merge,
		    c->nmerges * sizeof(*c->merge));
	c->nrows = c->nmerges = 0;
	c->unsorted = false;
}

struct order {
	unsigned row;
	size_t index;
};

static int
by_row(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* The cells of n rows with one number, as one row. */
static struct row
join(struct collect *c, const struct order *order, size_t n)
{
	struct row whole;
	const struct row *row;
	struct cell *cell;
	size_t i, total;

	whole = c->row[order[0].index];
	if (n == 1)
		return whole;
	for (i = total = 0; i < n; i++)
		total += c->row[order[i].index].ncells;
	cell = arena_array(c->arena, total, sizeof(*cell));
	for (i = total = 0; i < n; i++) {
		row = &c->row[order[i].index];
		memcpy(cell + total, row->cell, row->ncells * sizeof(*cell));
		total += row->ncells;
		whole.hidden = row->hidden;
	}
	whole.ncells = cells_sort(cell, total);
	whole.cell = cell;
	return whole;
}

/* Into row order; a row written twice is one row, later cells count. */
static void
sort_rows(struct collect *c)
{
	struct order *order;
	struct row *sorted;
	size_t i, k, n;

	order = calloc(c->nrows, sizeof(*order));
	sorted = calloc(c->row_cap, sizeof(*sorted));
	REQUIRE(order != NULL && sorted != NULL);
	for (i = 0; i < c->nrows; i++) {
		order[i].row = c->row[i].row;
		order[i].index = i;
	}
	qsort(order, c->nrows, sizeof(*order), by_row);
	for (i = n = 0; i < c->nrows; i = k) {
		for (k = i + 1; k < c->nrows &&
		    order[k].row == order[i].row; k++)
			continue;
		sorted[n++] = join(c, order + i, k - i);
	}
	free(order);
	free(c->row);
	c->row = sorted;
	c->nrows = n;
}

static void *
room(void *v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap == 0 ? 64 : 2 * *cap;
	v = reallocarray(v, *cap, size);
	REQUIRE(v != NULL);
	return v;
}
