/*
 * A workbook written row by row in constant memory, deflated as it grows.
 * Texts are never formulas. After a million rows another sheet goes on. What
 * is noted stands in the sheet _meta, as in the ledgers of the agent.
 */
#ifndef API_SHEET_OUT_H
#define API_SHEET_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum sheet_cell {
	SHEET_TEXT,
	SHEET_NUMBER, /* decimal digits */
	SHEET_MONEY,  /* the same, shown with two decimals */
	SHEET_DATE,   /* 2023-04-06; anything else stays text */
	SHEET_HEAD,
};

struct sheet_out;

/* The names are copied; valid UTF-8. */
struct sheet_out *sheet_new(const char *title, const char *const *columns,
    size_t n);
/* A line of _meta, very hidden; copied. */
void sheet_note(struct sheet_out *, const char *key, const char *value);
/* A row: its cells from the left ("" or NULL = empty), its end. Returns the
 * bytes it took before deflating. */
void sheet_row(struct sheet_out *);
void sheet_cell(struct sheet_out *, enum sheet_cell, const char *);
size_t sheet_row_end(struct sheet_out *);
/* What is ready goes into the buffer. False: too many sheets. */
bool sheet_flush(struct sheet_out *, struct buf *);
bool sheet_finish(struct sheet_out *, struct buf *);
void sheet_free(struct sheet_out *); /* NULL-safe */

#endif
