/* The statement that reads a page of the change feed, for each kind of scope. */
#include <string.h>

#include "feed.h"
#include "list.h"
#include "query.h"

static void look(struct buf *, int64_t lo, int64_t hi, bool line);
static void look_own(struct buf *, int64_t lo, int64_t hi, bool line);
static void look_shared(struct buf *, int64_t lo);

/*
 * Everything in one statement, so that page, end and safe position are of one
 * moment. A look stops after FEED_LOOK changes however few of them are asked
 * for: the next page goes on there.
 */
void
feed_sql(struct buf *b, int64_t lo, int64_t hi, bool line)
{
	buf_str(b, "WITH page AS MATERIALIZED (SELECT * FROM (");
	look(b, lo, hi, line);
	buf_str(b, ") s WHERE entity = ANY ($7::text[])"
	    " AND (kind <> 'gone' OR NOT EXISTS (SELECT FROM change n"
	    " WHERE n.entity = s.entity AND n.row_id = s.row_id"
	    " AND n.rev = s.rev AND n.kind <> 'gone'"
	    " AND (n.division_code BETWEEN $1::bigint AND $2::bigint"
	    SCOPE_LINE("n.line") " OR ");
	list_shared(b, "n.", lo, lo);
	buf_str(b, " AND entity_shared(n.entity) OR entity_shared(n.entity)"
	    " AND n.division_code BETWEEN $1::bigint AND $2::bigint"
	    ")" SCOPE_TOLD("n.entity", "n.row_id")
	    " AND n.sensitivity <= $4::int))"
	    " ORDER BY pos, seq LIMIT $8::bigint + 1)"
	    " SELECT feed_safe(), (SELECT feed_floor FROM server_state),"
	    " CASE WHEN (SELECT count(*) FROM page) <= $8::bigint"
	    " THEN (SELECT pos || ' ' || seq FROM (");
	look(b, lo, hi, line);
	buf_printf(b, ") x OFFSET %d LIMIT 1) END,"
	    " p.pos, p.seq, p.entity, p.row_id, p.rev, p.kind,"
	    " to_char(p.at AT TIME ZONE 'UTC',"
	    " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
	    " FROM (SELECT 1) one LEFT JOIN page p ON true"
	    " ORDER BY p.pos, p.seq", FEED_LOOK - 1);
}

#define COLUMNS "SELECT pos, seq, entity, row_id, rev, kind, at FROM change"
#define AFTER                                                                  \
	SCOPE_TOLD("entity", "row_id") " AND sensitivity <= $4::int AND"       \
	" (pos, seq) > ($5::bigint, $6::bigint) AND pos < feed_safe()"         \
	" ORDER BY pos, seq LIMIT %d"

/* Of one's own range, and what is shared. */
static void
look(struct buf *b, int64_t lo, int64_t hi, bool line)
{
	buf_str(b, "SELECT * FROM ((");
	look_own(b, lo, hi, line);
	buf_str(b, ") UNION ALL (");
	look_shared(b, lo);
	buf_printf(b, ")) u ORDER BY pos, seq LIMIT %d", FEED_LOOK);
}

/* Each width of scope has an index in the order of the feed. */
static void
look_own(struct buf *b, int64_t lo, int64_t hi, bool line)
{
	buf_str(b, COLUMNS
	    " WHERE division_code BETWEEN $1::bigint AND $2::bigint");
	if (line)
		buf_str(b, " AND line = ($3::text[])[1] AND line <> ''");
	else if (lo / 1000 == hi / 1000)
		buf_str(b, " AND unit_code = $1::bigint - $1::bigint % 1000");
	else if (lo / 1000000 == hi / 1000000)
		buf_str(b, " AND county_code = $1::bigint - $1::bigint"
		    " % 1000000");
	buf_printf(b, SCOPE_LINE("line") AFTER, FEED_LOOK);
}

/* On every line, also in one's own range: there is what is of one's own line
 * already. */
static void
look_shared(struct buf *b, int64_t lo)
{
	buf_str(b, COLUMNS " WHERE (");
	list_shared(b, "", lo, lo);
	buf_str(b, " OR division_code BETWEEN $1::bigint AND $2::bigint)"
	    " AND NOT (division_code BETWEEN $1::bigint AND $2::bigint"
	    SCOPE_LINE("line") ") AND entity_shared(entity)");
	buf_printf(b, AFTER, FEED_LOOK);
}
