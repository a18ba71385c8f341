/* One cell from its XML pieces to its value. */
#ifndef XLSX_CELL_H
#define XLSX_CELL_H

#include "reader.h"

#define CELL_CHARS 32767u

/* What the t attribute says. */
enum source {
	SOURCE_NUMBER, SOURCE_SHARED, SOURCE_TEXT, SOURCE_INLINE,
	SOURCE_BOOL, SOURCE_ERROR, SOURCE_DATE, SOURCE_UNKNOWN
};

/* A cell's text: borrowed from the shared strings, or made here. */
struct cell_text {
	const char *s;
	size_t len;
	char made[64];
};

enum source source_of(const char *t, size_t len);
/*
 * v is the collected text, NUL-ended and decoded; it may be changed. Sets
 * type, number, inexact and the text. NULL, or what is wrong (English).
 */
const char *cell_value(const struct reader *, enum source, unsigned style,
    char *v, size_t len, struct cell *, struct cell_text *);
/*
 * Into column order, in place; of a cell written twice the later one counts.
 * Returns how many are left.
 */
size_t cells_sort(struct cell *, size_t n);

#endif
