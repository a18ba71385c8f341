/*
 * ?expand=: beside an id, the name of what it stands for, read in the same
 * statement and in the caller's scope. What he cannot see stays null.
 */
#include <string.h>

#include "list.h"
#include "scope.h"
#include "query.h"
#include "value.h"

/* What references may name besides the model's entities. */
static const struct target {
	const char *of, *table, *name;
	bool above; /* also what lies above the caller's range */
} targets[] = {
	{ "app_user", "app_user", "name", false },
	{ "org_unit", "org_unit", "name", true },
	{ "action", "action", "name", true },
};

static const struct target *target_of(const struct field *);
static void label(struct buf *, struct principal *, const struct entity *);
static bool expandable(const struct field *);

bool
list_expand_read(struct request *r, struct list *l, const char *names)
{
	for (size_t len; *names != '\0'; names += len + (names[len] == ',')) {
		const char *name;
		int i;

		len = strcspn(names, ",");
		name = arena_strndup(&r->arena, names, len);
		i = field_index(l->entity, name);
		if (i < 0 || !expandable(field_at(l->entity, i)))
			return list_refuse(r, "expand", "unknown_parameter",
			    "这个字段不能展开", "cannot be expanded");
		if (mask_field(&r->who, l->entity, field_at(l->entity, i),
		    NULL) != MASK_NONE)
			return list_refuse(r, "expand", "masked",
			    "不能展开脱敏字段", "cannot expand a masked field");
		if (l->nexpand == LIST_EXPAND_MAX)
			return list_refuse(r, "expand", "too_many",
			    "一次最多展开 8 个字段",
			    "can name 8 fields at a time");
		l->expand[l->nexpand++] = i;
	}
	return true;
}

void
list_expand_columns(struct request *r, struct buf *b, const struct list *l)
{
	const struct scope *s = &r->who.scope;
	long long lo = s->lo, hi = s->hi;
	const char *line = l->line;

	for (unsigned i = 0; i < l->nexpand; i++) {
		const struct field *f = field_at(l->entity, l->expand[i]);
		const struct target *t = target_of(f);
		const struct entity *e;

		if (f->type == T_DIVISION) {
			buf_printf(b, ", (SELECT x.name FROM division x WHERE "
			    "x.code = t.%s)", f->name);
			continue;
		}
		if (t != NULL) {
			buf_printf(b, ", (SELECT x.%s FROM %s x WHERE x.id = "
			    "t.%s AND (x.division_code BETWEEN %lld AND %lld",
			    t->name, t->table, f->name, lo, hi);
			if (t->above)
				buf_printf(b, " OR %lld BETWEEN x.division_code"
				    " AND division_hi(x.division_code)", lo);
			buf_char(b, ')');
			query_cover(b, s, "x.", t->above);
			buf_char(b, ')');
			continue;
		}
		e = entity_find(f->of);
		if (!who_may(&r->who, V_READ, e->name)) {
			buf_str(b, ", NULL::text");
			continue;
		}
		buf_str(b, ", (SELECT ");
		label(b, &r->who, e);
		buf_printf(b, " FROM %s x WHERE x.id = t.%s AND "
		    "x.sensitivity <= %d AND ", e->table, f->name,
		    s->clearance);
		if (e->shared)
			list_shared(b, "x.", lo, hi);
		else
			buf_printf(b, "x.division_code BETWEEN %lld AND %lld",
			    lo, hi);
		if (*s->line != '\0' && !e->shared)
			buf_printf(b, " AND x.competent_line = %s", line);
		query_narrow(b, e, s, "x.");
		buf_char(b, ')');
	}
}

void
list_expand_row(struct buf *b, const struct list *l, const struct rows *rows,
    int at, int col, const char *const *row)
{
	if (l->nexpand == 0)
		return;
	b->data[--b->len] = '\0';
	buf_key(b, "expanded");
	buf_char(b, '{');
	for (unsigned i = 0; i < l->nexpand; i++) {
		const struct field *f = field_at(l->entity, l->expand[i]);
		const char *name = rows_text(rows, at, col + (int)i);

		buf_key(b, f->name);
		if (name == NULL) {
			buf_str(b, "null");
			continue;
		}
		buf_str(b, "{\"id\":");
		value_to_json(b, f, row[l->expand[i]], MASK_NONE);
		buf_str(b, ",\"label\":");
		buf_json(b, name);
		buf_char(b, '}');
	}
	buf_str(b, "}}");
}

/* Open names, one after the other; "" when what names it is masked. */
static void
label(struct buf *b, struct principal *who, const struct entity *e)
{
	buf_str(b, "concat_ws(' ', NULL::text");
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if ((f->flags & F_LABEL) &&
		    mask_field(who, e, f, NULL) == MASK_NONE)
			buf_printf(b, ", x.%s", f->name);
	}
	buf_char(b, ')');
}

static bool
expandable(const struct field *f)
{
	const struct entity *e;

	if (f->type == T_DIVISION)
		return true;
	if (f->type != T_REF || strcmp(f->name, "id") == 0)
		return false;
	e = entity_find(f->of);
	return target_of(f) != NULL || (e != NULL && e->business);
}

static const struct target *
target_of(const struct field *f)
{
	for (size_t i = 0; i < COUNT(targets); i++)
		if (f->of != NULL && strcmp(targets[i].of, f->of) == 0)
			return &targets[i];
	return NULL;
}
