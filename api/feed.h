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
};

/* feed_cursor.c: a place, sealed, so that its numbers tell nobody how busy
 * others are. filter: what else the pages have in common. */
const char *place_seal(struct request *, const char *filter, struct place);
enum place_read { PLACE_GOOD, PLACE_BAD, PLACE_OTHER_SCOPE };
enum place_read place_open(struct request *, const char *filter,
    const char *cursor, struct place *);

/*
 * feed_sql.c: one page of the feed between (pos, seq) and what is complete,
 * for a scope from lo to hi, with or without a line. $1 … $4 as query_scope()
 * gives them, $5 pos, $6 seq, $7 entities, $8 rows. Columns: safe
 * position, floor, "pos seq" of where the look was cut short or null, then
 * pos, seq, entity, row id, rev, kind, time.
 */
#define FEED_LOOK 20000 /* changes looked at for one page */
void feed_sql(struct buf *, int64_t lo, int64_t hi, bool line);

#endif
