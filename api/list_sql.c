/* The statement of a list: columns, and which rows. */
#include "as_of.h"
#include "list.h"
#include "scope.h"

void
list_columns(struct buf *b, const struct list *l, bool for_people)
{
	for (size_t i = 0; i < field_total(l->entity); i++) {
		const struct field *f = field_at(l->entity, (int)i);

		if (i > 0)
			buf_str(b, ", ");
		if (l->need != NULL && !l->need[i])
			buf_str(b, "NULL");
		else if (f->type == T_TIME && for_people)
			buf_printf(b, "date_trunc('second', %s AT TIME ZONE "
			    "'Asia/Shanghai')", f->name);
		else
			buf_str(b, f->name);
	}
}

/*
 * The scope is only numbers: they stand in the statement, so that the planner
 * sees how much of the table they are, and a connection keeps a plan for
 * everybody of a division. It is said in one condition, or the planner would
 * take two for the product of both: a township is its unit, and the indexes
 * that begin with the unit give its rows in order; what is wider reads the
 * indexes that begin with the sort, and a download the one of places
 * (0065_sorts.sql).
 */
void
list_from_where(struct request *r, struct buf *b, const struct list *l)
{
	long long lo = l->lo, hi = l->hi;

	buf_str(b, " FROM ");
	if (l->as_of != NULL)
		as_of_from(b, l);
	else
		buf_str(b, l->entity->table);
	buf_str(b, " AS t WHERE ");
	if (l->entity->shared)
		list_shared(b, "", l->lo, l->hi);
	else if (lo == hi)
		buf_printf(b, "division_code = %lld", lo);
	else if (lo % 1000 == 0 && hi == lo + 999 && !l->by_place)
		buf_printf(b, "unit_code = %lld", lo);
	else
		buf_printf(b, "division_code BETWEEN %lld AND %lld", lo, hi);
	buf_printf(b, " AND sensitivity <= %d%s", r->who.scope.clearance,
	    l->filter);
}

/* What is shared is also seen from below: the places that lo lies in. */
void
list_shared(struct buf *b, const char *prefix, int64_t lo, int64_t hi)
{
	static const int64_t width[] = { 1000, 1000000, 100000000,
		10000000000, 1000000000000 };

	buf_printf(b, "(%sdivision_code BETWEEN %lld AND %lld OR "
	    "%sdivision_code IN (", prefix, (long long)lo, (long long)hi,
	    prefix);
	for (size_t i = 0; i < COUNT(width); i++)
		buf_printf(b, "%s%lld", i > 0 ? ", " : "",
		    (long long)(lo - lo % width[i]));
	buf_str(b, "))");
}
