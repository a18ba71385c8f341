/*
 * A book as the sync handlers see it: a ledger of one unit in one action, its
 * form, and the SQL of its rows, derived from the model.
 */
#ifndef API_BOOK_H
#define API_BOOK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "ledger.h"
#include "request.h"
#include "rules.h"

/* Columns and joins of a statement that reads a book (alias l, form t). */
#define BOOK_COLUMNS                                                       \
	"l.id, l.unit, lpad(l.division_code::text, 12, '0'), l.covers_lo," \
	" l.covers_hi, d.level, l.action_id, l.seq, t.code, t.version,"    \
	" t.spec::text, h.rev, h.cells::text, division_end(d)::text"
#define BOOK_JOINS                                     \
	" JOIN division d ON d.code = l.division_code" \
	" JOIN sheet_header h ON h.ledger_id = l.id"
#define BOOK_NCOLUMNS 14
#define SHOWN_FIELDS 6 /* of BOOK_SHOWN: where the row's own columns begin */

struct book {
	const char *id, *unit, *division, *covers_lo, *covers_hi, *level;
	const struct action_facts *action;
	long seq, header_rev;
	const struct ledger *form;
	json_t *header; /* name → text; the request's */
	struct reason ended; /* why it takes no new rows; code NULL = it does */
};

/* From columns first… of the result; false after fail(). */
bool book_take(
    struct request *, const struct rows *, int row, int first, struct book *);
const struct codes *book_codes(const struct book *);
/* request_json() for handlers that keep JSON texts, also when they are run
 * again. */
json_t *request_body(struct request *);
/* A JSON text that lives as long as the request; NULL in, NULL out. */
json_t *request_keep_json(struct request *, const char *text);

enum book_sql {
	/* scope $1–$4, $5 ids, $6 action, $7 covers_lo, $8 covers_hi:
	 * rows in field order, locked in the order of their ids */
	BOOK_LOCK,
	/* $1 entity, $2 ids, $3 revs: id, row, where the row has moved on */
	BOOK_PAST,
	/* scope $1–$4, $5 export, $6 action, $7 covers_lo, $8 covers_hi,
	 * $9 division, $10 with their revisions: the manifest */
	BOOK_MANIFEST,
	/* $1 export, $2 entity: rev, overrides, shadow, gone, id, earlier,
	 * row */
	BOOK_SHOWN,
	/* scope $1–$4, $5 export: its spares that became rows */
	BOOK_FILLED,
	/* scope $1–$4, $5 action, $6 covers_lo, $7 covers_hi, $8 after, $9
	 * limit: rows as they are now */
	BOOK_NOW,
};
const char *book_sql(struct request *, const struct entity *, enum book_sql);
/* Set-based writes: $1 is a JSON list of objects with id and these columns.
 * INSERT and UPDATE return id and rev. */
const char *
book_insert_sql(struct request *, const struct entity *, const bool *columns);
const char *
book_update_sql(struct request *, const struct entity *, const bool *columns);
/* One row of that list: {"id":…,"col":…}, SQL text values. */
void book_row_json(struct buf *, const struct entity *, const bool *columns,
    const char *const *row);

/* {"name":"text",…} of what the book shows of a row: the form's columns and
 * whatever else staff keep in it. overrides (or NULL) replace the value. */
void book_cells_json(struct request *, struct buf *, const struct book *,
    const char *const *row, const json_t *overrides);
/* A cell of a row as the caller – for a workbook, its folder – may see it;
 * typed: the text that stands in it instead of the row's value, or NULL. */
const char *book_shown(struct request *, const struct book *,
    const struct ledger_column *, const char *const *row, const json_t *extra,
    const char *typed);
/* What a cell says, to that reader: masked as the field is.
 * name "" = a whole row, which is shown to who may see all of it. */
void cell_json(struct buf *, const struct entity *, const char *name,
    const char *text, struct principal *);
/* Findings of a row by the numbered rules, on the columns that show them. */
void book_findings(struct request *, const struct book *,
    const char *const *row, struct findings *);

#endif
