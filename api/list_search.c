/*
 * q=: which rows hold a text. The condition is read row by row, whoever asks;
 * where an index has the texts (business_search() in SQL), it is asked first
 * for the rows there can be. More than IDS_MAX are none: a page of those is
 * found soon in any order.
 */
#include "list_search.h"

#include "base/text.h"
#include "mask.h"
#include "scope.h"

#define IDS_MAX 1000

static bool indexed(struct request *, const struct entity *);

/* position() has no pattern characters to escape. */
bool
list_search(struct request *r, struct list *l, const char *text)
{
	const struct entity *e = l->entity;
	const char *term = list_lowered(r, text);
	const char *at = list_bind(r, l, term);
	unsigned any = 0;

	if (at == NULL)
		return list_refuse(r, "q", "too_many", "查询条件过多",
		    "is one condition too many");
	for (int pass = 0; pass < 2 && any == 0; pass++) {
		unsigned flag = pass == 0 ? F_SEARCH : F_LABEL;

		for (size_t i = 0; i < field_total(e); i++) {
			const struct field *f = field_at(e, (int)i);

			if (!(f->flags & flag) || f->type != T_TEXT ||
			    mask_field(&r->who, e, f, NULL) != MASK_NONE)
				continue;
			buf_printf(&l->where, "%sposition(%s::text IN lower("
			    "coalesce(%s, '') COLLATE \"C\")) > 0",
			    any++ == 0 ? " AND (" : " OR ", at, f->name);
		}
	}
	if (any == 0)
		return list_refuse(r, "q", "unknown_parameter",
		    "这里没有可供查找的文字", "there is no text to search here");
	buf_str(&l->where, ")");
	if (*term != '\0' && indexed(r, e))
		l->term = term;
	return true;
}

/* ASCII letters only, as lower(… COLLATE "C") has it. */
const char *
list_lowered(struct request *r, const char *text)
{
	char *s = text_canon(&r->arena, text);

	for (char *p = s; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return s;
}

bool
search_ask(struct request *r, struct list *l)
{
	struct stmt *s;

	if (l->term == NULL || l->as_of != NULL)
		return false;
	s = arena_alloc(&r->arena, sizeof *s);
	s->sql = arena_printf(&r->arena, "SELECT search_%s($1, $2::bigint,"
	    " $3::bigint, %d)", l->entity->table, IDS_MAX);
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_read(&r->batch, s, 3, (const char *const[]) { l->term,
	    arena_int(&r->arena, l->lo),
	    arena_int(&r->arena, l->hi) });
	l->term = NULL;
	l->asked = true;
	return true;
}

void
search_take(struct request *r, struct list *l)
{
	const char *ids = rows_text(batch_rows(&r->batch, 0), 0, 0);
	const char *at = ids != NULL ? list_bind(r, l, ids) : NULL;

	l->asked = false;
	if (at != NULL)
		l->filter = arena_printf(&r->arena, "%s AND id = ANY (%s"
		    "::uuid[])", l->filter, at);
}

/* It has all columns together: who does not see one of them is not to learn
 * from it, not even how long it takes. */
static bool
indexed(struct request *r, const struct entity *e)
{
	for (size_t i = 0; e->searched && i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (field_searched(e, f) &&
		    mask_field(&r->who, e, f, NULL) != MASK_NONE)
			return false;
	}
	return e->searched;
}
