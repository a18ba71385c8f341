/* The statement of a list: columns, and which rows. */
#include "as_of.h"
#include "list.h"
#include "query.h"
#include "scope.h"

void
list_columns(struct buf *b, const struct list *l, bool for_people)
{
	if (l->need == NULL && !for_people) {
		query_columns(b, l->entity);
		return;
	}
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

void
list_giver(struct buf *b, const struct entity *e)
{
	buf_printf(b, ", (SELECT c.by FROM command c WHERE c.entity = '%s'"
	    " AND c.row_id = t.id ORDER BY c.id DESC LIMIT 1)", e->name);
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
	query_narrow(b, l->entity, &r->who.scope, "");
}
