/* GET /v1/<entity>: typed filters, a sort with an index, keyset pages. */
#include <stdlib.h>
#include <string.h>

#include "base/canon.h"
#include "base/text.h"
#include "cursor.h"
#include "entity.h"
#include "query.h"
#include "query_string.h"
#include "scope.h"
#include "value.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200
#define SQL_MAX (64u * 1024)
#define IN_MAX 30

struct list {
	struct buf where;     /* " AND …", while it is written */
	struct buf binding;
	const char *filter;   /* where, in the arena */
	const char *bound;    /* what a cursor of this list is bound to */
	const char *param[PARAMS_MAX];
	unsigned nparams;
	int sort;	      /* field */
	bool down;
	bool count;
	long limit;
	struct selection selection;
	bool sent;
};

static bool plan(struct request *, const struct entity *, struct list *);
static bool take_all(struct request *, const struct entity *,
    struct list *);
static bool take(struct request *, const struct entity *, struct list *,
    const struct param *);
static bool take_filter(struct request *, const struct entity *,
    struct list *, const char *name, const char *value);
static bool take_range(struct request *, const struct entity *,
    struct list *, const struct param *, bool *was);
static bool take_sort(struct request *, const struct entity *, struct list *,
    const char *);
static bool after(struct request *, const struct entity *, struct list *,
    const char *cursor);
static const char *value_of(struct request *, const struct entity *,
    const struct field *, const char *typed);
static const char *bind(struct request *, struct list *, const char *);
static const char *sort_expr(struct request *, const struct field *);
static bool refuse(struct request *, const char *name, const char *code,
    const char *zh, const char *en);
static void send(struct request *, const struct entity *, struct list *);
static bool plain(const struct request *, const struct list *);
static void where(struct request *, struct buf *, const struct entity *,
    const struct list *);

enum next
entity_list(struct request *r)
{
	const struct entity *e = request_entity(r);
	struct list *l = r->state;
	const struct rows *rows;
	const char **row = NULL;
	struct buf *b = &r->reply;
	int n;

	if (l == NULL) {
		r->state = l = arena_alloc(&r->arena, sizeof *l);
		if (!plan(r, e, l))
			return fail(r, E_INPUT, "invalid", "查询参数不正确",
			    "A query parameter is not right.");
		send(r, e, l);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	rows = batch_rows(&r->batch, 0);
	n = rows_n(rows);
	buf_str(b, "{");
	buf_key(b, "items");
	buf_str(b, "[");
	for (int i = 0; i < n && i < l->limit; i++) {
		row = query_row(&r->arena, e, rows, i);
		buf_comma(b);
		render_row(r, b, e, row, &l->selection);
	}
	buf_str(b, "]");
	buf_key(b, "next");
	if (n > l->limit && row != NULL)
		buf_json(b, cursor_make(r, l->bound,
		    rows_text(rows, (int)l->limit - 1, rows_cols(rows) - 1),
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

static bool
plan(struct request *r, const struct entity *e, struct list *l)
{
	bool ok;

	buf_init(&l->where, SQL_MAX);
	buf_init(&l->binding, SQL_MAX);
	ok = take_all(r, e, l) && !l->where.over && !l->binding.over;
	l->filter = arena_strndup(&r->arena, l->where.data, l->where.len);
	buf_free(&l->where);
	buf_free(&l->binding);
	return ok;
}

static bool
take_all(struct request *r, const struct entity *e, struct list *l)
{
	const char *cursor = NULL;

	query_scope(&r->arena, &r->who.scope, l->param);
	l->nparams = 4;
	l->limit = LIMIT_DEFAULT;
	l->sort = field_index(e, "created_at");
	l->down = true;
	if (!render_fields(r, e, &l->selection))
		return false;
	buf_str(&l->binding, e->name);
	buf_str(&l->where, "");
	for (const struct param *p = r->params; p != NULL; p = p->next) {
		if (strcmp(p->name, "cursor") == 0) {
			cursor = p->value;
			continue;
		}
		if (!take(r, e, l, p))
			return false;
		buf_printf(&l->binding, "\n%s=%s", p->name, p->value);
	}
	/* What is void or merged is shown when it is asked for. */
	if (e->state != NULL && request_param(r, e->state) == NULL)
		buf_printf(&l->where, " AND %s NOT IN ('voided', 'merged')",
		    e->state);
	l->bound = arena_strndup(&r->arena, l->binding.data,
	    l->binding.len);
	return cursor == NULL || after(r, e, l, cursor);
}

static bool
take(struct request *r, const struct entity *e, struct list *l,
    const struct param *p)
{
	bool was = false;
	char *end;

	if (strcmp(p->name, "fields") == 0)
		return true;
	if (strcmp(p->name, "limit") == 0) {
		l->limit = strtol(p->value, &end, 10);
		if (*end != '\0' || l->limit < 1 || l->limit > LIMIT_MAX)
			return refuse(r, "limit", "out_of_range",
			    "每页 1 至 200 条", "must be 1 to 200");
		return true;
	}
	if (strcmp(p->name, "count") == 0) {
		l->count = strcmp(p->value, "true") == 0;
		return l->count || strcmp(p->value, "false") == 0 ||
		    refuse(r, "count", "not_boolean", "只能是 true 或 false",
		    "must be true or false");
	}
	if (strcmp(p->name, "sort") == 0)
		return take_sort(r, e, l, p->value);
	if (strcmp(p->name, "q") == 0) {
		const char *at = bind(r, l, text_canon(&r->arena, p->value));

		if (at == NULL)
			return refuse(r, "q", "too_many", "查询条件过多",
			    "is one condition too many");
		/* position() has no pattern characters to escape. */
		buf_printf(&l->where, " AND position(%s::text IN "
		    "coalesce(%s, '')) > 0", at, "description");
		return true;
	}
	if (!take_range(r, e, l, p, &was))
		return false;
	return was || take_filter(r, e, l, p->name, p->value);
}

/* name=value, or several separated by commas; division= is a subtree. */
static bool
take_filter(struct request *r, const struct entity *e, struct list *l,
    const char *name, const char *value)
{
	const struct field *f;
	unsigned n = 0;
	int i;

	if (strcmp(name, "division") == 0)
		name = "division_code";
	if (strcmp(name, "action") == 0) {
		const struct action_facts *a = conf_action(value);

		name = "action_id";
		value = a != NULL ? a->id : value;
	}
	i = field_index(e, name);
	f = field_at(e, i);
	if (f == NULL || !(f->flags & F_FILTER))
		return refuse(r, name, "unknown_parameter", "不支持这个查询条件",
		    "is not a filter");
	if (f->clearance > r->who.scope.clearance)
		return refuse(r, name, "masked", "不能按脱敏字段查询",
		    "cannot filter by a masked field");
	if (*value == '\0') {
		buf_printf(&l->where, " AND %s IS NULL", f->name);
		return true;
	}
	buf_str(&l->where, " AND (");
	while (*value != '\0') {
		size_t len = strcspn(value, ",");
		const char *sql = value_of(r, e, f,
		    arena_strndup(&r->arena, value, len));

		if (sql == NULL || ++n > IN_MAX)
			return refuse(r, name, "invalid", "查询条件的值不正确",
			    "has a value that does not fit");
		sql = bind(r, l, sql);
		if (sql == NULL)
			return refuse(r, name, "too_many", "查询条件过多",
			    "has too many values");
		if (n > 1)
			buf_str(&l->where, " OR ");
		if (f->type == T_DIVISION)
			buf_printf(&l->where, "%s BETWEEN %s::bigint AND "
			    "division_hi(%s::bigint)", f->name, sql, sql);
		else
			buf_printf(&l->where, "%s::text = %s::text", f->name,
			    sql);
		value += len + (value[len] == ',');
	}
	buf_str(&l->where, ")");
	return true;
}

/* due_on_from=, due_on_to=, updated_at_from= … both ends included. */
static bool
take_range(struct request *r, const struct entity *e, struct list *l,
    const struct param *p, bool *was)
{
	size_t n = strlen(p->name);
	bool from = n > 5 && strcmp(p->name + n - 5, "_from") == 0;
	bool to = n > 3 && strcmp(p->name + n - 3, "_to") == 0;
	const struct field *f;
	const char *sql, *at;

	if (!from && !to)
		return true;
	f = field_at(e, field_index(e, arena_strndup(&r->arena, p->name,
	    n - (from ? 5 : 3))));
	if (f == NULL || !(f->flags & F_FILTER) ||
	    (f->type != T_DATE && f->type != T_TIME && f->type != T_INT))
		return true;
	*was = true;
	sql = value_of(r, e, f, p->value);
	at = sql != NULL ? bind(r, l, sql) : NULL;
	if (at == NULL)
		return refuse(r, p->name, "invalid", "查询条件的值不正确",
		    "has a value that does not fit");
	buf_printf(&l->where, " AND %s %s %s::%s", f->name, from ? ">=" : "<=",
	    at, f->type == T_DATE ? "date" : f->type == T_INT ? "int"
	    : "timestamptz");
	return true;
}

static bool
take_sort(struct request *r, const struct entity *e, struct list *l,
    const char *value)
{
	const struct field *f;

	l->down = *value == '-';
	l->sort = field_index(e, value + l->down);
	f = field_at(e, l->sort);
	if (f == NULL || !(f->flags & F_SORT))
		return refuse(r, "sort", "unknown_parameter",
		    "不能按这个字段排序", "is not a sort order");
	return true;
}

static bool
after(struct request *r, const struct entity *e, struct list *l,
    const char *cursor)
{
	const struct field *f = field_at(e, l->sort);
	const char *last, *id, *at, *at_id;

	if (!cursor_read(r, cursor, l->bound, &last, &id))
		return refuse(r, "cursor", "bad_cursor",
		    "分页游标无效，请从第一页重新查询",
		    "is not a cursor of this list");
	at = bind(r, l, last);
	at_id = bind(r, l, id);
	if (at == NULL || at_id == NULL)
		return refuse(r, "cursor", "too_many", "查询条件过多",
		    "does not fit");
	buf_printf(&l->where, " AND (%s, id) %s (%s::%s, %s::uuid)",
	    sort_expr(r, f), l->down ? "<" : ">", at,
	    f->type == T_DATE ? "date" : f->type == T_TIME ? "timestamptz"
	    : "bigint", at_id);
	return true;
}

static void
send(struct request *r, const struct entity *e, struct list *l)
{
	const char *expr = sort_expr(r, field_at(e, l->sort));
	const char *dir = l->down ? " DESC" : "";
	struct stmt *s = arena_array(&r->arena, 2, sizeof *s);
	unsigned n = plain(r, l) ? 0 : l->nparams;
	struct buf b;

	buf_init(&b, SQL_MAX);
	buf_str(&b, "SELECT ");
	query_columns(&b, e);
	buf_printf(&b, ", %s::text AS sort_key FROM %s WHERE ", expr,
	    e->table);
	where(r, &b, e, l);
	buf_printf(&b, " ORDER BY %s%s, id%s LIMIT %ld", expr, dir, dir,
	    l->limit + 1);
	REQUIRE(!b.over);
	s[0].sql = arena_strndup(&r->arena, b.data, b.len);
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_add(&r->batch, &s[0], n, l->param);
	if (l->count) {
		buf_reset(&b);
		buf_printf(&b, "SELECT count(*) FROM %s WHERE ", e->table);
		where(r, &b, e, l);
		s[1].sql = arena_strndup(&r->arena, b.data, b.len);
		batch_add(&r->batch, &s[1], n, l->param);
	}
	buf_free(&b);
}

/* Nothing was asked for but the caller's whole scope, which is only numbers:
 * they are written into the statement, so that a connection keeps a plan that
 * fits them. Everybody of a division shares the text. */
static bool
plain(const struct request *r, const struct list *l)
{
	return l->nparams == 4 && *r->who.scope.line == '\0' &&
	    request_entity(r)->business;
}

static void
where(struct request *r, struct buf *b, const struct entity *e,
    const struct list *l)
{
	const struct scope *s = &r->who.scope;

	if (plain(r, l))
		buf_printf(b, "division_code BETWEEN %lld AND %lld"
		    " AND sensitivity <= %d", (long long)s->lo,
		    (long long)s->hi, s->clearance);
	else
		query_where(b, e);
	buf_str(b, l->filter);
}

static const char *
value_of(struct request *r, const struct entity *e, const struct field *f,
    const char *typed)
{
	const char *sql;
	struct reason why;
	json_t *v;
	bool ok;

	(void)e;
	switch (f->type) {
	case T_BOOL:
		return strcmp(typed, "true") == 0 ? "true"
		    : strcmp(typed, "false") == 0 ? "false" : NULL;
	case T_INT:
		return *typed != '\0' && strlen(typed) < 10 &&
		    strspn(typed, "0123456789") == strlen(typed)
		    ? typed : NULL;
	default:
		v = json_string(typed);
		ok = value_from_json(&r->arena, f, conf_codes(), v, &sql,
		    &why);
		json_decref(v);
		/* An action may know codes that the common sets do not. */
		return ok ? sql : f->type == T_CODE ? typed : NULL;
	}
}

static const char *
bind(struct request *r, struct list *l, const char *value)
{
	if (l->nparams >= PARAMS_MAX)
		return NULL;
	l->param[l->nparams++] = value;
	return arena_printf(&r->arena, "$%u", l->nparams);
}

/* As the indexes have it: a missing date sorts last. */
static const char *
sort_expr(struct request *r, const struct field *f)
{
	if (f->type == T_DATE)
		return arena_printf(&r->arena, "coalesce(%s, 'infinity')",
		    f->name);
	return f->name;
}

static bool
refuse(struct request *r, const char *name, const char *code, const char *zh,
    const char *en)
{
	fault(r, arena_printf(&r->arena, "?%s", name), "DQ-02", code, zh, en);
	return false;
}
