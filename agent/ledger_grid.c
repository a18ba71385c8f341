/* Cells, merges and columns of a sheet that was read. */
#include "ledger.h"

unsigned
column_number(const char *s)
{
	unsigned n = 0;
	for (; *s >= 'A' && *s <= 'Z' && n < 1000; s++)
		n = n * 26 + (unsigned)(*s - 'A' + 1);
	return *s || n > 16384 ? 0 : n;
}

const struct range *
grid_merge(const struct sheet *sheet, unsigned row, unsigned col)
{
	for (size_t i = 0; i < sheet->nmerges; i++) {
		const struct range *m = &sheet->merge[i];
		if (m->row1 <= row && row <= m->row2 && m->col1 <= col &&
		    col <= m->col2)
			return m;
	}
	return NULL;
}

const struct cell *
grid_cell(const struct sheet *sheet, unsigned row, unsigned col)
{
	size_t lo = 0, hi = sheet->nrows;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (sheet->row[mid].row < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == sheet->nrows || sheet->row[lo].row != row)
		return NULL;
	const struct row *r = &sheet->row[lo];
	for (size_t i = 0; i < r->ncells && r->cell[i].col <= col; i++)
		if (r->cell[i].col == col)
			return &r->cell[i];
	return NULL;
}

const char *
grid_text(const struct sheet *sheet, unsigned row, unsigned col)
{
	const struct cell *c = grid_cell(sheet, row, col);
	return c ? c->text : "";
}
