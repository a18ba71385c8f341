/* GET /v1/changes: everything that happened to the rows a caller may read. */
#ifndef API_FEED_H
#define API_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"

void feed_init(void); /* routes */

/* Where a reader of the feed stands. */
struct place {
	int64_t pos, seq;
	int64_t floor; /* feed_floor when it began at the beginning; -1 */
	int64_t begin; /* what left him before that he was never shown */
};

/* feed_cursor.c: a place, sealed, so that its numbers tell nobody how busy
 * others are. filter: what else the pages have in common. */
const char *place_seal(struct request *, const char *filter, struct place);
enum place_read { PLACE_GOOD, PLACE_BAD, PLACE_OTHER_SCOPE };
enum place_read place_open(struct request *, const char *filter,
    const char *cursor, struct place *);

/*
 * feed_sql.c: one page of the feed between (pos, seq) and what is complete,
 * for a scope, or its part from lo to hi. $1 … $4 as query_scope() gives them,
 * $5 pos, $6 seq, $7 entities, $8 rows, for a narrowed scope (scope_narrow())
 * $9 place.begin. Columns: safe position, floor, "pos seq" of where the look
 * was cut short or null, then pos, seq, entity, row id, rev, kind, time.
 */
#define FEED_LOOK 20000 /* changes looked at for one page */
#define FEED_LOOK_NARROW 1000
#define FEED_VALUES 9
void feed_sql(struct buf *, int64_t lo, int64_t hi, const struct scope *);
/* How many of the values it takes. */
unsigned feed_values(const struct scope *);

#endif
