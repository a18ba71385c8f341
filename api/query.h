/*
 * SQL derived from the model. Every statement carries the caller's scope as
 * $1 lo, $2 hi, $3 {line} or {line, action, coverage, own, category},
 * $4 clearance, besides the row-level security behind it, and every SELECT or
 * RETURNING gives all columns in field order.
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
	Q_MANY,	  /* $5 ids; one more column, the place in that list from 1 */
	Q_LOCK,	  /* $5 id, FOR UPDATE */
	Q_INSERT, /* $5… the columns that query_writes() */
	Q_UPDATE, /* $5 id, $6 rev or null, $7… the columns: no row = stale */
	Q__MAX
};

/* What hand-written statements say of the scope beside the range. For most
 * callers $3 has one element, and what is narrower is not looked at. */
#define SCOPE_LINE(col)                                                        \
	" AND (($3::text[])[1] = '' OR " col " = ($3::text[])[1])"
#define SCOPE_REST " AND $3::text[] IS NOT NULL AND $4::int IS NOT NULL"
/* The row has a division and nothing else: of the coverage, or above it. */
#define SCOPE_PLACE(col)                                                       \
	" AND (($3::text[])[2] IS NULL OR narrow_shares($3::text[],"           \
	" $1::bigint, " col ", NULL))"
/* It is told of another row: seen when that one is. */
#define SCOPE_TOLD(entity, id)                                                 \
	" AND (($3::text[])[2] IS NULL OR narrow_sees($3::text[], " entity     \
	", " id "))"

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
/* The first four. */
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
/* Whether a row is one of the caller's own (scope.own), or names one. */
bool query_owned(const struct entity *, const char *const *row,
    const char *own);
/* … of a row that is changed, its columns behind a prefix ("", "t."). */
void query_where_own(struct buf *, const struct entity *, const char *prefix);
/* For statements whose text holds the scope: action, coverage, own rows;
 * nothing for most callers. */
void query_narrow(struct buf *, const struct entity *, const struct scope *,
    const char *prefix);
/* Of that, the coverage of what has only a place. */
void query_cover(struct buf *, const struct scope *, const char *prefix,
    bool above);

#endif
