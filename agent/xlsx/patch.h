/* What the parts of the patcher share; nobody else includes this. */
#ifndef XLSX_PATCH_H
#define XLSX_PATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "book.h"
#include "cut.h"
#include "workbook.h"

#define SHEET_ROWS 1048576u
#define SHEET_COLS 16384u

/* What a change to a sheet means for the rest of the package. */
struct sheet_change {
	unsigned style_row; /* ranges that hold it … */
	unsigned grow_to;   /* … now reach down to here; 0 = none do */
	bool formulas;	    /* the sheet has some */
	bool formulas_lost; /* it had some before it was replaced */
};

/* Refuses to change a file that can be read. */
enum refusal unpatchable(struct why *, const char *zh, const char *en);

/* ---- patch_sheet.c ---- */

/* The new part is in cut.out; why says what is refused. */
enum refusal sheet_patch_part(struct arena *, const char *xml, size_t len,
    const struct sheet_patch *, struct cut *, struct sheet_change *,
    struct why *);
/* A whole new part in the namespace of the workbook. */
enum refusal sheet_new_part(struct arena *, const struct sheet_patch *,
    bool strict, struct buf *, struct why *);

/* ---- patch_learn.c: what a sheet part has ---- */

struct row_at {
	unsigned row;
	const char *begin, *end; /* of its element */
};

struct facts {
	struct arena *arena;
	struct why *why;
	const char *end; /* of the part */
	struct tag root, data;
	const char *data_end; /* behind sheetData */
	struct row_at *row;
	size_t nrows, most;
	unsigned last_col;
	/* styles by column, of SHEET_COLS + 1 entries each */
	struct span *style; /* of the style row's cells */
	struct span *head;  /* of row 1, unless that is the style row */
	struct span *base;  /* of the columns themselves */
	double *width;
	unsigned style_last; /* last column with a style in the style row */
	struct span style_row_style;
	struct range *array; /* array formulas fill these */
	size_t narrays;
	bool formulas;
};

enum refusal sheet_learn(struct facts *, const char *xml, size_t len,
    unsigned style_row);

/* ---- patch_cols.c ---- */

/* Copies up to where the columns are described, this one now hidden. */
void cut_cols(struct facts *, struct cut *, unsigned col);

/* ---- patch_cell.c: cells, references, ranges ---- */

/* A cell element; style as in the file, put NULL or blank: an empty cell. */
bool cell_emit(struct arena *, struct buf *, const struct span *prefix,
    unsigned row, unsigned col, const struct span *style, const struct put *);
void element_open(struct buf *, const struct span *prefix, const char *name);
void element_close(struct buf *, const struct span *prefix, const char *name);
const char *cell_name(struct arena *, unsigned row, unsigned col);
/* "B6"; the row is left out if *row stays 0. Lower case and $ are fine. */
bool cell_ref(const struct span *, unsigned *col, unsigned *row);
/* Ranges separated by blanks, those that hold row made to reach grow_to;
 * NULL if nothing changes. A name of the sheet before ! stays. */
char *ranges_grow(struct arena *, const struct span *, unsigned row,
    unsigned grow_to);

/* ---- patch_book.c: the parts that name the sheets ---- */

struct new_sheet {
	const char *name, *part; /* part name in the package */
	char *target;		 /* in the relationships of the workbook */
	char id[24];		 /* r:id */
	unsigned sheet_id;
	enum visibility visibility;
};

struct book_change {
	const struct book *book;
	const struct sheet_change *change;  /* one for each of its sheets */
	size_t nnew;
	const struct new_sheet *new_sheet;
	const char *meta;		    /* this sheet is very hidden */
	bool recalculate, strict;
	const char *dropped;		    /* a part that goes, or NULL */
};

bool book_needs_change(const struct book_change *);
bool book_patch_part(struct arena *, const char *xml, size_t len,
    const struct book_change *, struct cut *);
bool rels_patch_part(const char *xml, size_t len, const struct book_change *,
    struct cut *);
bool types_patch_part(const char *xml, size_t len, const struct book_change *,
    struct cut *);

#endif
