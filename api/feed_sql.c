/* The statement that reads a page of the change feed, for each kind of scope. */
#include <string.h>

#include "feed.h"
#include "list.h"
#include "query.h"
#include "scope.h"

static void look(struct buf *, int64_t lo, int64_t hi, const struct scope *);
static void look_own(struct buf *, int64_t lo, int64_t hi,
    const struct scope *);
static void look_shared(struct buf *, int64_t lo, const struct scope *);
static void columns(struct buf *, const struct scope *);
static void after(struct buf *, const struct scope *);

/*
 * Everything in one statement, so that page, end and safe position are of one
 * moment. A look stops after FEED_LOOK changes however few of them are asked
 * for: the next page goes on there. Of whoever is narrowed it stops after
 * FEED_LOOK_NARROW changes of his range, however few of them he sees: each is
 * looked up in its table, some in their history.
 */
void
feed_sql(struct buf *b, int64_t lo, int64_t hi, const struct scope *s)
{
	bool narrow = scope_narrow(s);

	buf_str(b, "WITH ");
	if (narrow)
		buf_printf(b, "reach AS MATERIALIZED (SELECT * FROM"
		    " feed_window($1::bigint, $2::bigint, ($3::text[])[1],"
		    " $5::bigint, $6::bigint, %d)), ", FEED_LOOK_NARROW);
	buf_str(b, "page AS MATERIALIZED (SELECT * FROM (");
	look(b, lo, hi, s);
	buf_str(b, ") s WHERE entity = ANY ($7::text[])"
	    " AND kind IS NOT NULL"
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
	    " THEN (SELECT pos || ' ' || seq FROM ");
	if (narrow) {
		buf_str(b, "reach WHERE pos < 9223372036854775807)");
	} else {
		buf_char(b, '(');
		look(b, lo, hi, s);
		buf_printf(b, ") x OFFSET %d LIMIT 1)", FEED_LOOK - 1);
	}
	buf_str(b, " END, p.pos, p.seq, p.entity, p.row_id, p.rev, p.kind,"
	    " to_char(p.at AT TIME ZONE 'UTC',"
	    " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
	    " FROM (SELECT 1) one LEFT JOIN page p ON true"
	    " ORDER BY p.pos, p.seq");
}

unsigned
feed_values(const struct scope *s)
{
	return scope_narrow(s) ? FEED_VALUES : FEED_VALUES - 1;
}

/* Of one's own range, and what is shared. */
static void
look(struct buf *b, int64_t lo, int64_t hi, const struct scope *s)
{
	buf_str(b, "SELECT * FROM ((");
	look_own(b, lo, hi, s);
	buf_str(b, ") UNION ALL (");
	look_shared(b, lo, s);
	buf_printf(b, ")) u ORDER BY pos, seq LIMIT %d", FEED_LOOK);
}

/* Each width of scope has an index in the order of the feed. */
static void
look_own(struct buf *b, int64_t lo, int64_t hi, const struct scope *s)
{
	columns(b, s);
	buf_str(b, " WHERE division_code BETWEEN $1::bigint AND $2::bigint");
	if (*s->line != '\0')
		buf_str(b, " AND line = ($3::text[])[1] AND line <> ''");
	else if (lo / 1000 == hi / 1000)
		buf_str(b, " AND unit_code = $1::bigint - $1::bigint % 1000");
	else if (lo / 1000000 == hi / 1000000)
		buf_str(b, " AND county_code = $1::bigint - $1::bigint"
		    " % 1000000");
	buf_str(b, SCOPE_LINE("line"));
	after(b, s);
}

/* Of the places above; and on other lines than one's own, of one's own range:
 * there is what is of one's own line already. */
static void
look_shared(struct buf *b, int64_t lo, const struct scope *s)
{
	columns(b, s);
	buf_str(b, " WHERE division_code IN (");
	list_above(b, lo);
	buf_str(b, ") AND NOT division_code BETWEEN $1::bigint AND $2::bigint"
	    " AND entity_shared(entity)");
	after(b, s);
	if (*s->line == '\0')
		return;
	buf_str(b, ") UNION ALL (");
	columns(b, s);
	buf_str(b, " WHERE division_code BETWEEN $1::bigint AND $2::bigint"
	    " AND line <> ($3::text[])[1] AND entity_shared(entity)");
	after(b, s);
}

/* Of a row that its reader does not see any more, whether it left him. */
static void
columns(struct buf *b, const struct scope *s)
{
	buf_str(b, "SELECT pos, seq, entity, row_id, rev, ");
	if (scope_narrow(s))
		buf_str(b, "CASE WHEN narrow_sees($3::text[], entity, row_id)"
		    " THEN kind WHEN pos >= $9::bigint AND feed_left(ARRAY["
		    "$1::bigint::text, $2::bigint::text, ($3::text[])[1],"
		    " $4::int::text] || ($3::text[])[2:5], entity, row_id,"
		    " rev, kind) THEN 'gone' END AS ");
	buf_str(b, "kind, at FROM change");
}

/* The place stands in a sub-select because the planner must not see it: of
 * (pos, seq) it would look at pos alone, take the many changes of one
 * transaction for none, and read all that came after, whosever they are. */
static void
after(struct buf *b, const struct scope *s)
{
	if (scope_narrow(s))
		buf_str(b, " AND entity = ANY ($7::text[]) AND (pos, seq) <="
		    " (SELECT w.pos, w.seq FROM reach w)");
	buf_printf(b, " AND sensitivity <= $4::int AND"
	    " (pos, seq) > (SELECT $5::bigint, $6::bigint)"
	    " AND pos < feed_safe()"
	    " ORDER BY pos, seq LIMIT %d", FEED_LOOK);
}
