/* Base, server, file: cell by cell, and group by group. */
#include "merge.h"

#include <string.h>

static const char *file_value(const struct merge_row *, size_t col);
static const char *server_value(const struct merge_row *, size_t col);
static void merge_group(const struct merge_column *, size_t ncols,
    struct merge_row *, size_t first);
static void merge_deleted(size_t ncols, struct merge_row *);
static enum row_outcome judge(size_t ncols, const struct merge_row *);

enum cell_outcome
merge_cell(const char *base, const char *server, const char *file)
{
	if (strcmp(file, base) == 0)
		return CELL_SAME;
	if (strcmp(server, base) == 0)
		return CELL_APPLY;
	if (strcmp(server, file) == 0)
		return CELL_AGREE;
	return CELL_CONFLICT;
}

void
merge_update(struct arena *arena, const struct merge_column *column,
    size_t ncols, struct merge_row *row)
{
	row->cell = arena_array(arena, ncols, sizeof(row->cell[0]));
	row->next = arena_array(arena, ncols, sizeof(row->next[0]));
	row->changed = false;
	for (size_t c = 0; c < ncols; c++) {
		row->cell[c] = CELL_SAME;
		if (row->base[c] != NULL && row->file[c] != NULL)
			row->cell[c] = merge_cell(row->base[c],
			    server_value(row, c), row->file[c]);
	}
	for (size_t c = 0; c < ncols; c++)
		if (column[c].group > 0)
			merge_group(column, ncols, row, c);
	if (row->server_deleted)
		merge_deleted(ncols, row);
	for (size_t c = 0; c < ncols; c++) {
		row->next[c] = server_value(row, c);
		if (row->cell[c] == CELL_APPLY) {
			row->next[c] = row->file[c];
			row->changed = true;
		}
	}
	row->outcome = judge(ncols, row);
}

bool
merge_delete_ok(size_t ncols, const char *const *base,
    const char *const *server)
{
	for (size_t c = 0; c < ncols; c++)
		if (base[c] != NULL && strcmp(base[c], server[c]) != 0)
			return false;
	return true;
}

const char *
merge_unmask(const struct masked *mask, size_t n, const char *file)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(file, mask[i].shown) == 0)
			return mask[i].real;
	return file;
}

/* A column the op does not name is as it was. */
static const char *
file_value(const struct merge_row *row, size_t col)
{
	return row->file[col] != NULL ? row->file[col] : row->base[col];
}

static const char *
server_value(const struct merge_row *row, size_t col)
{
	return row->server != NULL ? row->server[col] : "";
}

/*
 * The cells of a group are one value: nobody may end up with one person's
 * amount in another person's unit. Called at every member; the first does it.
 */
static void
merge_group(const struct merge_column *column, size_t ncols,
    struct merge_row *row, size_t first)
{
	bool typed = false, untouched = true;

	for (size_t c = 0; c < ncols; c++) {
		const char *s, *f;

		if (column[c].group != column[first].group ||
		    row->base[c] == NULL)
			continue;
		if (c < first)
			return;
		s = server_value(row, c);
		f = file_value(row, c);
		typed |= strcmp(f, row->base[c]) != 0;
		untouched &= strcmp(s, row->base[c]) == 0;
	}
	if (!typed || untouched)
		return; /* as cell by cell */
	for (size_t c = first; c < ncols; c++) {
		if (column[c].group != column[first].group ||
		    row->base[c] == NULL)
			continue;
		if (strcmp(server_value(row, c), file_value(row, c)) != 0)
			row->cell[c] = CELL_CONFLICT;
	}
}

/* Whatever was typed into a row that the server deleted is kept beside it. */
static void
merge_deleted(size_t ncols, struct merge_row *row)
{
	for (size_t c = 0; c < ncols; c++)
		if (row->cell[c] == CELL_APPLY)
			row->cell[c] = CELL_CONFLICT;
}

static enum row_outcome
judge(size_t ncols, const struct merge_row *row)
{
	bool beside = false;

	if (row->server_deleted && row->back)
		return ROW_RESTORED_CONFLICT;
	for (size_t c = 0; c < ncols; c++) {
		if (row->cell[c] == CELL_CONFLICT)
			return ROW_CONFLICT;
		beside |= row->base[c] != NULL &&
		    strcmp(server_value(row, c), row->base[c]) != 0;
	}
	if (!row->changed)
		return ROW_NOOP;
	if (row->server == NULL)
		return ROW_INSERTED;
	return beside ? ROW_MERGED : ROW_APPLIED;
}
