/* Conditions on a list: name=, name_from=, name_to=, name_has=. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/uid.h"
#include "list_search.h"
#include "query.h"
#include "query_string.h"
#include "scope.h"
#include "value.h"

#define SET_MAX 200

/* The values of one condition. */
struct set {
	const char *value[SET_MAX];
	unsigned n;
	bool none;   /* "not filled in" is one of them */
	bool turned; /* none of these */
};

static const struct field *named(const struct list *, const char *);
static bool may_filter(struct request *, const struct list *,
    const struct field *, const char *name);
static bool equal(struct request *, struct list *, const struct field *,
    const struct param *);
static bool read_set(struct request *, const struct field *,
    const char *value, struct set *);
static const char *array(struct request *, const struct set *);
static const char *blank(struct request *, const struct field *);
static bool divisions(struct request *, struct list *, const struct field *,
    const struct set *);
static bool end_of_range(struct request *, struct list *,
    const struct field *, const struct param *, bool from);
static bool holds(struct request *, struct list *, const struct field *,
    const struct param *);
static const char *value_of(struct request *, const struct field *,
    const char *typed, bool end);
static bool number(const char *, unsigned digits, unsigned decimals);
static bool wrong(struct request *, const char *name);

bool
list_filter(struct request *r, struct list *l, const struct param *p)
{
	static const char *const suffix[] = { "_from", "_to", "_has" };
	const struct field *f = named(l, p->name);
	size_t n = strlen(p->name);

	if (f != NULL)
		return may_filter(r, l, f, p->name) && equal(r, l, f, p);
	for (size_t i = 0; i < COUNT(suffix); i++) {
		size_t m = strlen(suffix[i]);

		if (n <= m || strcmp(p->name + n - m, suffix[i]) != 0)
			continue;
		f = named(l, arena_strndup(&r->arena, p->name, n - m));
		if (f == NULL)
			break;
		if (!may_filter(r, l, f, p->name))
			return false;
		return i == 2 ? holds(r, l, f, p)
		    : end_of_range(r, l, f, p, i == 0);
	}
	return list_refuse(r, p->name, "unknown_parameter",
	    "不支持这个查询条件", "is not a filter");
}

bool
list_refuse(struct request *r, const char *name, const char *code,
    const char *zh, const char *en)
{
	fault(r, arena_printf(&r->arena, "?%s", name), "DQ-02", code, zh, en);
	return false;
}

static const struct field *
named(const struct list *l, const char *name)
{
	if (strcmp(name, "division") == 0)
		name = "division_code";
	if (strcmp(name, "action") == 0)
		name = "action_id";
	return field_at(l->entity, field_index(l->entity, name));
}

static bool
may_filter(struct request *r, const struct list *l, const struct field *f,
    const char *name)
{
	if (!(f->flags & F_FILTER))
		return list_refuse(r, name, "unknown_parameter",
		    "不支持这个查询条件", "is not a filter");
	return mask_field(&r->who, l->entity, f, NULL) == MASK_NONE ||
	    list_refuse(r, name, "masked", "不能按脱敏字段查询",
	    "cannot filter by a masked field");
}

static bool
equal(struct request *r, struct list *l, const struct field *f,
    const struct param *p)
{
	const char *at, *cast = query_cast(f);
	struct buf *b = &l->where;
	struct set s = { .n = 0 };

	if (!read_set(r, f, p->value, &s))
		return wrong(r, p->name);
	if (f->type == T_DIVISION && s.n > 0)
		return divisions(r, l, f, &s);
	if (s.n == 0) {
		buf_printf(b, s.turned ? " AND NOT (%s)" : " AND %s",
		    blank(r, f));
		return true;
	}
	at = list_value(r, l, f, s.n == 1 && f->type != T_CODES
	    ? s.value[0] : array(r, &s));
	if (at == NULL)
		return list_refuse(r, p->name, "too_many", "查询条件过多",
		    "is one condition too many");
	buf_str(b, s.turned ? " AND NOT coalesce(" : " AND (");
	if (f->type == T_CODES)
		buf_printf(b, "%s && %s::text[]", f->name, at);
	else if (s.n == 1)
		buf_printf(b, "%s = %s::%s", f->name, at, cast);
	else
		buf_printf(b, "%s = ANY (%s::%s[])", f->name, at, cast);
	if (s.none)
		buf_printf(b, " OR %s", blank(r, f));
	buf_str(b, s.turned ? ", false)" : ")");
	return true;
}

/* That it is not filled in. A row without a line has an empty one. */
static const char *
blank(struct request *r, const struct field *f)
{
	return arena_printf(&r->arena, f->type == T_CODES
	    ? "coalesce(cardinality(%s), 0) = 0"
	    : strcmp(f->name, "competent_line") == 0 ? "%s = ''"
	    : "%s IS NULL", f->name);
}

/* Commas part the values; a backslash makes a comma one's own. */
static bool
read_set(struct request *r, const struct field *f, const char *value,
    struct set *s)
{
	struct buf one;
	bool good = true;

	s->turned = *value == '!';
	value += s->turned;
	buf_init(&one, 64 * 1024);
	for (bool more = true; more && good; value++) {
		for (buf_reset(&one); *value != '\0' && *value != ',';
		    value++) {
			if (*value == '\\' && value[1] != '\0')
				value++;
			buf_char(&one, *value);
		}
		more = *value == ',';
		if (one.len == 0) {
			s->none = true;
			continue;
		}
		good = s->n < SET_MAX && !one.over;
		if (good) {
			s->value[s->n] = value_of(r, f, arena_strndup(
			    &r->arena, one.data, one.len), false);
			good = s->value[s->n++] != NULL;
		}
	}
	buf_free(&one);
	return good;
}

/* {"a","b"} */
static const char *
array(struct request *r, const struct set *s)
{
	struct buf b;
	const char *text;

	buf_init(&b, 256 * 1024);
	buf_char(&b, '{');
	for (unsigned i = 0; i < s->n; i++)
		buf_element(&b, s->value[i]);
	buf_char(&b, '}');
	text = b.over ? NULL : arena_strndup(&r->arena, b.data, b.len);
	buf_free(&b);
	return text;
}

/* A place and all below it. The one the list is for narrows the scope, and so
 * decides which index is read. */
static bool
divisions(struct request *r, struct list *l, const struct field *f,
    const struct set *s)
{
	const char *or = s->turned ? " AND NOT coalesce(" : " AND (";

	(void)r;
	if (s->n == 1 && !s->none && !s->turned && !l->entity->shared &&
	    strcmp(f->name, "division_code") == 0) {
		int64_t lo = strtoll(s->value[0], NULL, 10);
		int64_t hi = division_last(lo);

		l->lo = lo > l->lo ? lo : l->lo;
		l->hi = hi < l->hi ? hi : l->hi;
		return true;
	}
	for (unsigned i = 0; i < s->n; i++) {
		int64_t lo = strtoll(s->value[i], NULL, 10);

		buf_printf(&l->where, "%s%s BETWEEN %lld AND %lld", or,
		    f->name, (long long)lo, (long long)division_last(lo));
		or = " OR ";
	}
	if (s->none)
		buf_printf(&l->where, " OR %s IS NULL", f->name);
	buf_str(&l->where, s->turned ? ", false)" : ")");
	return true;
}

/* due_on_from=, amount_fen_to= … both ends included. */
static bool
end_of_range(struct request *r, struct list *l, const struct field *f,
    const struct param *p, bool from)
{
	const char *sql, *at;

	if (f->type != T_DATE && f->type != T_TIME && f->type != T_INT &&
	    f->type != T_MONEY && f->type != T_RATIO && f->type != T_DECIMAL)
		return list_refuse(r, p->name, "unknown_parameter",
		    "这个字段不能按范围查询", "is not a field with a range");
	sql = value_of(r, f, p->value, !from);
	if (sql == NULL)
		return wrong(r, p->name);
	at = list_value(r, l, f, sql);
	if (at == NULL)
		return list_refuse(r, p->name, "too_many", "查询条件过多",
		    "is one condition too many");
	buf_printf(&l->where, " AND %s %s %s::%s", f->name, from ? ">=" : "<=",
	    at, query_cast(f));
	return true;
}

static bool
holds(struct request *r, struct list *l, const struct field *f,
    const struct param *p)
{
	const char *at;

	if (f->type != T_TEXT)
		return list_refuse(r, p->name, "unknown_parameter",
		    "只有文字字段可以按包含查询", "is not a text field");
	at = list_bind(r, l, list_lowered(r, p->value));
	if (at == NULL)
		return list_refuse(r, p->name, "too_many", "查询条件过多",
		    "is one condition too many");
	buf_printf(&l->where, " AND position(%s::text IN lower(%s"
	    " COLLATE \"C\")) > 0", at, f->name);
	return true;
}

/* As SQL reads it; NULL when it does not fit. end: of a range. */
static const char *
value_of(struct request *r, const struct field *f, const char *typed,
    bool end)
{
	const struct action_facts *action;
	struct reason why;
	const char *sql;
	json_t *v;
	bool ok;

	switch (f->type) {
	case T_BOOL:
		return strcmp(typed, "true") == 0 ? "true"
		    : strcmp(typed, "false") == 0 ? "false" : NULL;
	case T_INT:
	case T_RATIO: return number(typed, 9, 0) ? typed : NULL;
	case T_MONEY: return number(typed, 18, 0) ? typed : NULL;
	case T_DECIMAL: return number(typed, 14, 4) ? typed : NULL;
	case T_CODES:
		sql = codes_find(conf_codes(), f->of, typed);
		return sql != NULL ? sql : typed;
	case T_TIME:
		/* A day, as the office knows it. */
		if (value_is_date(typed))
			return arena_printf(&r->arena, "%s %s+08", typed,
			    end ? "23:59:59.999999" : "00:00:00");
		break;
	case T_REF:
		action = strcmp(f->of, "action") == 0 ? conf_action(typed)
						      : NULL;
		return action != NULL ? action->id : uuid_ok(typed) ? typed
		    : NULL;
	default:
		break;
	}
	v = json_string(typed);
	ok = value_from_json(&r->arena, f, conf_codes(), v, &sql, &why);
	json_decref(v);
	/* An action may know codes that the common sets do not. */
	return ok ? sql : f->type == T_CODE ? typed : NULL;
}

static bool
number(const char *s, unsigned digits, unsigned decimals)
{
	size_t n;

	s += *s == '-';
	n = strspn(s, "0123456789");
	if (n == 0 || n > digits)
		return false;
	s += n;
	if (*s == '.' && decimals > 0) {
		n = strspn(s + 1, "0123456789");
		if (n == 0 || n > decimals)
			return false;
		s += 1 + n;
	}
	return *s == '\0';
}

static bool
wrong(struct request *r, const char *name)
{
	return list_refuse(r, name, "invalid", "查询条件的值不正确",
	    "has a value that does not fit");
}
