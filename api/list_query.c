/* The parameters of a list that are not conditions, and the order of all. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "as_of.h"
#include "cursor.h"
#include "list.h"
#include "mask.h"
#include "query.h"
#include "query_string.h"

#define LITERAL_MAX 200
#define LITERAL                                                                \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,{}\""
#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200

static bool read_all(struct request *, struct list *);
static bool take(struct request *, struct list *, const struct param *);
static bool take_limit(struct request *, struct list *, const char *);
static bool take_sort(struct request *, struct list *, const char *);
static bool take_bool(struct request *, const struct param *, bool *);
static bool after(struct request *, struct list *);
static void not_void(struct request *, struct list *);
static void needed(struct request *, struct list *);

bool
list_read(struct request *r, const struct entity *e, struct list *l)
{
	bool ok;

	REQUIRE(e->business);
	l->entity = e;
	l->lo = r->who.scope.lo;
	l->hi = r->who.scope.hi;
	l->limit = LIMIT_DEFAULT;
	l->sort = field_index(e, "created_at");
	l->down = true;
	buf_init(&l->where, LIST_SQL_MAX);
	buf_init(&l->binding, LIST_SQL_MAX);
	buf_str(&l->where, "");
	ok = read_all(r, l) && !l->where.over && !l->binding.over;
	l->filter = arena_strndup(&r->arena, l->where.data, l->where.len);
	buf_free(&l->where);
	buf_free(&l->binding);
	return ok;
}

const char *
list_bind(struct request *r, struct list *l, const char *value)
{
	if (l->nparams >= LIST_BINDS_MAX - 4)
		return NULL;
	l->param[l->nparams++] = value;
	return arena_printf(&r->arena, "$%u", l->nparams);
}

/*
 * Values of few kinds stand in the statement: people ask for the same states
 * and days all day long, and a connection keeps the plan of each text, while
 * a parameter is planned anew every time (db_conn.c: scope_list).
 */
const char *
list_value(struct request *r, struct list *l, const struct field *f,
    const char *value)
{
	bool few = f->type == T_BOOL || f->type == T_CODE ||
	    f->type == T_CODES || f->type == T_INT || f->type == T_DATE;

	if (!few || strlen(value) > LITERAL_MAX)
		return list_bind(r, l, value);
	for (const char *p = value; *p != '\0'; p++)
		if (strchr(LITERAL, *p) == NULL)
			return list_bind(r, l, value);
	return arena_printf(&r->arena, "'%s'", value);
}

/* What stands, by type, where a value is missing. */
static const char *const absent[] = { [T_INT] = "2147483647",
	[T_RATIO] = "2147483647", [T_MONEY] = "9223372036854775807",
	[T_DIVISION] = "9223372036854775807", [T_DECIMAL] = "infinity",
	[T_DATE] = "infinity", [T_TIME] = "infinity",
	[T_TEXT] = "\xf4\x8f\xbf\xbf", [T_CODE] = "\xf4\x8f\xbf\xbf" };

const char *
list_sort_expr(struct arena *a, const struct field *f)
{
	const char *quote = "";

	/* Every row has these two. */
	if (strcmp(f->name, "created_at") == 0 ||
	    strcmp(f->name, "updated_at") == 0)
		return f->name;
	REQUIRE(f->type < COUNT(absent) && absent[f->type] != NULL);
	if (!isdigit((unsigned char)*absent[f->type]))
		quote = "'";
	return arena_printf(a, "(CASE WHEN %s IS NULL THEN %s%s%s ELSE %s END)",
	    f->name, quote, absent[f->type], quote, f->name);
}

const char *
list_sort_key(const struct list *l, const char *const *row)
{
	const char *value = row[l->sort];

	return value != NULL ? value
	    : absent[field_at(l->entity, l->sort)->type];
}

static bool
read_all(struct request *r, struct list *l)
{
	bool known;

	if (!render_fields(r, l->entity, &l->selection))
		return false;
	l->format = list_format(r, &known);
	if (!known)
		return list_refuse(r, "format", "not_in_list",
		    "格式只能是 json、ndjson、csv 或 xlsx",
		    "must be json, ndjson, csv or xlsx");
	if (*r->who.scope.line != '\0') {
		l->line = list_bind(r, l, r->who.scope.line);
		buf_printf(&l->where, l->entity->shared ?
		    " AND %s::text IS NOT NULL" : " AND competent_line = %s",
		    l->line);
	}
	buf_str(&l->binding, l->entity->name);
	for (const struct param *p = r->params; p != NULL; p = p->next) {
		if (strcmp(p->name, "cursor") == 0) {
			l->cursor = p->value;
			continue;
		}
		if (!take(r, l, p))
			return false;
		buf_printf(&l->binding, "\n%s=%s", p->name, p->value);
	}
	not_void(r, l);
	needed(r, l);
	l->bound = arena_strndup(&r->arena, l->binding.data,
	    l->binding.len);
	return l->cursor == NULL || after(r, l);
}

static bool
take(struct request *r, struct list *l, const struct param *p)
{
	if (strcmp(p->name, "fields") == 0 || strcmp(p->name, "format") == 0)
		return true;
	if (strcmp(p->name, "as_of") == 0)
		return as_of_read(r, l, p->value);
	if (strcmp(p->name, "expand") == 0)
		return list_expand_read(r, l, p->value);
	if (strcmp(p->name, "limit") == 0)
		return take_limit(r, l, p->value);
	if (strcmp(p->name, "count") == 0)
		return take_bool(r, p, &l->count);
	if (strcmp(p->name, "voided") == 0)
		return take_bool(r, p, &l->voided);
	if (strcmp(p->name, "sort") == 0)
		return take_sort(r, l, p->value);
	if (strcmp(p->name, "q") == 0)
		return list_search(r, l, p->value);
	return list_filter(r, l, p);
}

static bool
take_limit(struct request *r, struct list *l, const char *value)
{
	char *end;

	l->limit = strtol(value, &end, 10);
	return (*end == '\0' && *value >= '0' && *value <= '9' &&
	    l->limit >= 1 && l->limit <= LIMIT_MAX) ||
	    list_refuse(r, "limit", "out_of_range", "每页 1 至 200 条",
	    "must be 1 to 200");
}

static bool
take_bool(struct request *r, const struct param *p, bool *out)
{
	*out = strcmp(p->value, "true") == 0;
	return *out || strcmp(p->value, "false") == 0 ||
	    list_refuse(r, p->name, "not_boolean", "只能是 true 或 false",
	    "must be true or false");
}

static bool
take_sort(struct request *r, struct list *l, const char *value)
{
	const struct field *f;

	l->down = *value == '-';
	l->sorted = true;
	l->sort = field_index(l->entity, value + l->down);
	f = field_at(l->entity, l->sort);
	if (f == NULL || !(f->flags & F_SORT))
		return list_refuse(r, "sort", "unknown_parameter",
		    "不能按这个字段排序", "is not a sort order");
	/* The order would tell what the mask hides. */
	if (mask_field(&r->who, l->entity, f, NULL) != MASK_NONE)
		return list_refuse(r, "sort", "masked", "不能按脱敏字段排序",
		    "cannot sort by a masked field");
	return true;
}

static bool
after(struct request *r, struct list *l)
{
	const struct field *f = field_at(l->entity, l->sort);
	const char *last, *id, *at, *at_id;

	if (l->format != FORMAT_JSON)
		return list_refuse(r, "cursor", "not_with_format",
		    "导出包含全部记录，不能与 cursor 同用",
		    "does not go with a format that holds all rows");
	if (!cursor_read(r, l->cursor, l->bound, &last, &id))
		return list_refuse(r, "cursor", "bad_cursor",
		    "分页游标无效，请从第一页重新查询",
		    "is not a cursor of this list");
	at = list_bind(r, l, last);
	at_id = list_bind(r, l, id);
	if (at == NULL || at_id == NULL)
		return list_refuse(r, "cursor", "too_many", "查询条件过多",
		    "does not fit");
	/* In a sub-select, unseen by the planner: where many rows are alike in
	 * what is sorted by, it would take those behind the cursor for few and
	 * read them all, of every place. */
	buf_printf(&l->where, " AND (%s, id) %s (SELECT %s::%s, %s::uuid)",
	    list_sort_expr(&r->arena, f), l->down ? "<" : ">", at,
	    query_cast(f), at_id);
	return true;
}

/* What is void or merged is shown when it is asked for: with voided=true, or
 * where that is a state, by its name. */
static void
not_void(struct request *r, struct list *l)
{
	const struct entity *e = l->entity;
	const char *state = e->state != NULL ? request_param(r, e->state)
					     : NULL;
	bool own = false;

	for (size_t i = 0; e->ended != NULL && e->ended[i] != NULL; i++)
		own = own || strcmp(e->ended[i], "voided") == 0;
	if (l->voided || (own && state != NULL && *state != '!'))
		return;
	if (e->state != NULL)
		buf_printf(&l->where, " AND %s NOT IN ('voided', 'merged')",
		    e->state);
	buf_str(&l->where, " AND voided_at IS NULL");
}

/* Which columns are read at all: each costs the database some of its time. */
static void
needed(struct request *r, struct list *l)
{
	size_t n = field_total(l->entity);

	if (l->selection.field == NULL)
		return;
	l->need = arena_array(&r->arena, n, sizeof *l->need);
	memcpy(l->need, l->selection.field, n * sizeof *l->need);
	l->need[field_index(l->entity, "id")] = true;
	l->need[l->sort] = true; /* for the cursor */
	/* What decides how a field is masked is read with it. */
	for (size_t i = 0; i < n; i++) {
		enum pii class = field_pii(field_at(l->entity, (int)i));

		if (class == PII_ANSWERS || class == PII_PERSON)
			l->need[field_index(l->entity, class == PII_PERSON
			    ? "kind" : "template_id")] = true;
		if (class == PII_ANSWERS) /* 5.2, by category */
			l->need[field_index(l->entity, "division_code")] =
			    true;
	}
	for (unsigned i = 0; i < l->nexpand; i++)
		l->need[l->expand[i]] = true;
	/* Codes are read with the labels of their action. */
	l->need[field_index(l->entity, "action_id")] = true;
}
