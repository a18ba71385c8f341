/*
 * SQL derived from the model. Every statement carries the caller's scope as
 * $1 lo, $2 hi, $3 line, $4 clearance, besides the row-level security behind
 * it, and every SELECT or RETURNING gives all columns in field order.
 */
#ifndef API_QUERY_H
#define API_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "db.h"
#include "model/model.h"

enum query {
	Q_GET,	  /* $5 id */
	Q_LOCK,	  /* $5 id, FOR UPDATE */
	Q_INSERT, /* $5… the columns that query_writes() */
	Q_UPDATE, /* $5 id, $6 rev or null, $7… the columns: no row = stale */
	Q__MAX
};

/* Builds the statements of every business entity. A connection prepares one at
 * its first use and keeps those used last (db.h). */
void query_init(void);
const struct stmt *query_stmt(const struct entity *, enum query);
/* Whether a column is written by Q_INSERT and Q_UPDATE; the others are the
 * database's own (rev, created_at …). */
bool query_writes(const struct field *);
/* The SQL type of a field. */
const char *query_cast(const struct field *);

/* The parameters of those statements. id and rev as text. Returns how many. */
unsigned query_params(struct arena *, const struct entity *, enum query,
    const struct scope *, const char *id, const char *rev,
    const char *const *row, const char **out);
/* The first four: lo, hi, line, clearance. */
void query_scope(struct arena *, const struct scope *, const char **out);

/* One row of a result as an array in field order, borrowed. */
const char **query_row(struct arena *, const struct entity *,
    const struct rows *, int row);

/* A field's value out of source ($5, n.name), with what stands in the
 * database where the row says nothing. */
void query_value(struct buf *, const struct entity *, const struct field *,
    const char *source);

/* Text for building lists: the columns, and the scope predicate. */
void query_columns(struct buf *, const struct entity *);
void query_where(struct buf *, const struct entity *);

#endif
