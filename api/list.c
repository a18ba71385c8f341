/*
 * GET /v1/<entity>: typed filters, a sort with an index, keyset pages.
 *
 *	name=a,b	is one of these; an empty one is "not filled in"
 *	name=!a,b	is none of these; name=! is filled in
 *	name_from= name_to=	numbers, dates, times; both ends included; a field
 *			of that very name comes first
 *	name_has=	a text holds this one, ASCII letters of either case
 *	division=	a place and all below it, of any division field
 *	action=		an action by id or code
 *	q=		any of the texts people search holds this one
 *	sort=name	or sort=-name; what is missing comes last
 *	limit= cursor=	pages; a cursor belongs to its caller and filter
 *	count=true	all rows are counted, within the statement's time
 *	fields=a,b	only these
 *	expand=a,b	also the names of what these refer to
 *	voided=true	also what is void or merged into another
 *	as_of=		rows as they stood then (as_of.c)
 *	format=		ndjson, csv, xlsx: all rows as a file (list_export.c),
 *			which Accept may ask for too
 *
 * A comma or a leading ! of the value itself has a backslash before it.
 */
#include <stdlib.h>
#include <string.h>

#include "as_of.h"
#include "cursor.h"
#include "list_search.h"
#include "move.h"
#include "query.h"
#include "scope.h"

static enum next found(struct request *, struct list *);
static void send(struct request *, struct list *);
static enum next page(struct request *, const struct list *);

enum next
entity_list(struct request *r)
{
	struct list *l = r->state;

	if (l != NULL && l->format != FORMAT_JSON)
		return list_export(r, l);
	if (l != NULL)
		return l->asked ? found(r, l) : page(r, l);
	r->state = l = arena_alloc(&r->arena, sizeof *l);
	if (!list_read(r, request_entity(r), l))
		return fail(r, E_INPUT, "invalid", "查询参数不正确",
		    "A query parameter is not right.");
	reply_header(r, "vary", "Accept");
	if (l->format != FORMAT_JSON)
		return list_export(r, l);
	if (!search_ask(r, l))
		send(r, l);
	return NEXT_DB;
}

static enum next
found(struct request *r, struct list *l)
{
	if (r->batch.failed >= 0)
		return fail_data(r);
	search_take(r, l);
	send(r, l);
	return NEXT_DB;
}

static void
send(struct request *r, struct list *l)
{
	const char *expr = list_sort_expr(&r->arena,
	    field_at(l->entity, l->sort));
	const char *dir = l->down ? " DESC" : "";
	struct stmt *s = arena_array(&r->arena, 2, sizeof *s);
	struct buf b;

	buf_init(&b, LIST_SQL_MAX);
	buf_str(&b, "SELECT ");
	list_columns(&b, l, false);
	list_expand_columns(r, &b, l);
	l->giver = l->selection.extras && move_asks_giver(r, l->entity);
	if (l->giver)
		list_giver(&b, l->entity);
	list_from_where(r, &b, l);
	buf_printf(&b, " ORDER BY %s%s, id%s LIMIT %ld", expr, dir, dir,
	    l->limit + 1);
	REQUIRE(!b.over);
	s[0].sql = arena_strndup(&r->arena, b.data, b.len);
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_read(&r->batch, &s[0], l->nparams, l->param);
	if (l->count) {
		buf_reset(&b);
		buf_str(&b, "SELECT count(*)");
		list_from_where(r, &b, l);
		s[1].sql = arena_strndup(&r->arena, b.data, b.len);
		batch_read(&r->batch, &s[1], l->nparams, l->param);
	}
	as_of_guard(r, l);
	buf_free(&b);
}

static enum next
page(struct request *r, const struct list *l)
{
	const struct entity *e = l->entity;
	struct buf *b = &r->reply;
	const char **row = NULL;
	const struct rows *rows;
	int n;

	if (r->batch.failed >= 0)
		return fail_data(r);
	if (l->as_of != NULL && as_of_refused(r))
		return NEXT_FAIL;
	rows = batch_rows(&r->batch, 0);
	n = rows_n(rows);
	buf_str(b, "{");
	buf_key(b, "items");
	buf_str(b, "[");
	for (int i = 0; i < n && i < l->limit; i++) {
		row = query_row(&r->arena, e, rows, i);
		buf_comma(b);
		if (l->giver)
			r->giver = rows_text(rows, i, rows_cols(rows) - 1);
		render_row(r, b, e, row, &l->selection);
		if (i == 0) /* the others will be about as long */
			buf_reserve(b, b->len * (size_t)(n + 1));
		list_expand_row(b, l, rows, i, (int)field_total(e), row);
	}
	buf_str(b, "]");
	buf_key(b, "next");
	if (n > l->limit && row != NULL)
		buf_json(b, cursor_make(r, l->bound, list_sort_key(l, row),
		    row_get(e, row, "id")));
	else
		buf_str(b, "null");
	if (l->count) {
		buf_key(b, "count");
		buf_str(b, rows_text(batch_rows(&r->batch, 1), 0, 0));
	}
	buf_str(b, "}");
	return reply(r, 200);
}
