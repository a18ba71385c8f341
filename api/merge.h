/*
 * The server's three-way merge, pure (sync-and-security.md 1.7): no database,
 * no clock. The property test drives this very code.
 *
 * All values are canonical display texts, "" for blank. Arrays have one entry
 * per column of the ledger, in template order.
 */
#ifndef API_MERGE_H
#define API_MERGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum cell_outcome {
	CELL_SAME,     /* F = B: nothing was typed */
	CELL_APPLY,    /* S = B: S := F */
	CELL_AGREE,    /* S = F: both sides wrote the same */
	CELL_CONFLICT, /* S stays, F is kept in a conflict */
};

enum cell_outcome merge_cell(const char *base, const char *server,
    const char *file);

struct merge_column {
	const char *name;
	int group;  /* > 0: cells of one group merge as one value (amount and
		       unit, state and its date); 0 = alone */
};

enum row_outcome {
	ROW_NOOP, ROW_APPLIED, ROW_MERGED, /* applied beside another's edit */
	ROW_CONFLICT, ROW_INSERTED, ROW_DELETED,
	ROW_RESTORED_CONFLICT, /* back in the file, deleted on the server: a
				  conflict even if no cell differs */
};

struct merge_row {
	/* in */
	const char *const *base;   /* B, what the file started from, for every
				      column the server knows it of (a group
				      needs all its columns); NULL entries:
				      column not in this merge */
	const char *const *server; /* S, current; NULL if the row is absent */
	const char *const *file;   /* F; NULL entries: not in this op, so B */
	bool server_deleted;
	bool back;		   /* the op says: the row is there again */
	/* out */
	enum cell_outcome *cell;   /* per column. A group in conflict marks
				      each column where F differs from S, also
				      one the op does not name: its F is B */
	const char **next;	   /* S after the merge */
	bool changed;		   /* next differs from server */
	enum row_outcome outcome;
};

void merge_update(struct arena *, const struct merge_column *, size_t ncols,
    struct merge_row *);
/* A row the file no longer has: tombstone only if S = B in every column. */
bool merge_delete_ok(size_t ncols, const char *const *base,
    const char *const *server);

/*
 * A masked column is merged on real values: a file that shows the mask of one
 * of them means that value. Give the pairs of B, of S and of the exported
 * value, in this order; other text is returned as it is. A mask of no known
 * value is for the caller to hold: it must never be stored.
 */
struct masked {
	const char *shown, *real;
};
const char *merge_unmask(const struct masked *, size_t n, const char *file);

#endif
