/* Rows by name, their action, what they start with, and refusals. */
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "entity.h"
#include "move.h"
#include "query.h"
#include "route.h"

/* row_watch() */
static bool *watch; /* by column, what is asked for; NULL: nobody minds */
static const struct entity *watched;

static const struct entity *refused_by(const struct request *,
    const struct rows *);
static bool fault_foreign(struct request *, const struct entity *,
    const char *name);
static enum next fail_duplicate(struct request *, const struct entity *,
    const char *name);
static bool fault_refused(struct request *, const struct entity *,
    const char *name);
static enum next fail_found(struct request *, const char *detail);

const struct action_facts *
row_action(const struct entity *e, const char *const *row)
{
	return conf_action(row_get(e, row, "action_id"));
}

const struct codes *
row_codes(const struct entity *e, const char *const *row)
{
	const struct action_facts *a = row_action(e, row);

	return a != NULL ? a->codes : conf_codes();
}

void
row_watch(const struct entity *e, bool *asked)
{
	watched = e;
	watch = asked;
}

const char *
row_get(const struct entity *e, const char *const *row, const char *name)
{
	int i = field_index(e, name);

	if (i < 0)
		return NULL;
	if (watch != NULL) {
		REQUIRE(e == watched);
		watch[i] = true;
	}
	return row[i];
}

void
row_set(const struct entity *e, const char **row, const char *name,
    const char *value)
{
	int i = field_index(e, name);

	REQUIRE(i >= 0);
	row[i] = value;
}

void
row_defaults(const struct entity *e, const struct action_facts *action,
    const char **row)
{
	int due = field_index(e, "due_on");

	/* Y33: of issues alone. */
	if (strcmp(e->name, "issue") == 0 && row[due] == NULL)
		row[due] = action_param(action, "default_due_on");
}

bool
row_fixed(const struct entity *e, const char *const *row)
{
	return row_get(e, row, "voided_at") != NULL || (e->state != NULL &&
	    move_lists(e->ended, row_get(e, row, e->state)));
}

void
row_derive(struct arena *a, const struct entity *e, const char **row,
    bool *changed)
{
	const struct action_facts *action = row_action(e, row);
	const struct derive *d = conf_derive(e->name);

	if (d != NULL)
		derive_apply(a, d, e, action != NULL ? action->year : 0, row,
		    changed);
}

enum next
fail_unknown(struct request *r)
{
	return fail(r, E_UNKNOWN, NULL, NULL, NULL);
}

enum next
fail_stale(struct request *r, long rev)
{
	reply_etag(r, rev);
	return fail(r, E_STALE, "stale", arena_printf(&r->arena,
	    "这条记录已被他人修改（现为第 %ld 版），请重新读取后再改", rev),
	    arena_printf(&r->arena, "The row has changed since; it is at "
	    "revision %ld.", rev));
}

/* The entity of the table that refused; of a trigger's, that of the route. */
static const struct entity *
refused_by(const struct request *r, const struct rows *bad)
{
	const char *table = rows_table(bad);

	for (size_t i = 0; i < entity_count(); i++)
		if (strcmp(entity_at(i)->table, table) == 0)
			return entity_at(i);
	return r->route->entity != NULL ? request_entity(r) : NULL;
}

/* The words that the model has for a constraint. */
static const struct refusal *
refusal_of(const struct entity *e, const char *constraint)
{
	const struct refusal *x = e != NULL ? e->refusals : NULL;

	while (x != NULL && x->constraint != NULL &&
	    strcmp(x->constraint, constraint) != 0)
		x++;
	return x != NULL && x->constraint != NULL ? x : NULL;
}

/* The column that a constraint is of: <table>_<column>_<kind>, as PostgreSQL
 * names it, or <table>_<column>. */
static const struct field *
field_of(const struct entity *e, const char *name, const char *kind)
{
	size_t n = e != NULL ? strlen(e->table) : 0;

	if (e == NULL || strncmp(name, e->table, n) != 0 || name[n] != '_')
		return NULL;
	name += n + 1;
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);
		const char *rest = name + strlen(f->name);

		if (strncmp(name, f->name, strlen(f->name)) == 0 &&
		    (*rest == '\0' || (*rest == '_' && strncmp(rest + 1, kind,
		    strlen(kind)) == 0 && rest[1 + strlen(kind) +
		    strspn(rest + 1 + strlen(kind), "0123456789")] == '\0')))
			return f;
	}
	return NULL;
}

/* What a column names is not there. */
static bool
fault_foreign(struct request *r, const struct entity *e, const char *name)
{
	const struct field *f = field_of(e, name, "fkey");

	if (f == NULL && strstr(name, "division") != NULL) {
		fault(r, "/division_code", "DQ-02", "unknown",
		    "没有这个区划", "no such division");
		return true;
	}
	if (f == NULL)
		return false;
	fault(r, arena_printf(&r->arena, "/%s", f->name), "DQ-02", "unknown",
	    arena_printf(&r->arena, "没有这条“%s”", f->label),
	    arena_printf(&r->arena, "no such %s", f->name));
	return true;
}

static void
fault_named(struct request *r, const struct refusal *x)
{
	fault(r, arena_printf(&r->arena, "/%s", x->field), x->source,
	    x->constraint, x->zh, x->en);
}

/* The key is unique among what the same people see: nothing is revealed. */
static enum next
fail_duplicate(struct request *r, const struct entity *e, const char *name)
{
	const struct refusal *x = refusal_of(e, name);
	const char *zh = "", *en = "";

	if (x != NULL) {
		fault_named(r, x);
		return fail(r, E_CONFLICT, "duplicate", x->zh, x->en);
	}
	if (e == NULL || e->key == NULL || strcmp(name,
	    arena_printf(&r->arena, "%s_key", e->table)) != 0)
		return fail(r, E_CONFLICT, "duplicate", "已有同样的记录",
		    "There is such a row already.");
	for (size_t i = 0; e->key[i] != NULL; i++) {
		const char *label = field_at(e, field_index(e,
		    e->key[i]))->label;

		zh = arena_printf(&r->arena, "%s%s“%s”", zh,
		    i > 0 ? "和" : "", label);
		en = arena_printf(&r->arena, "%s%s%s", en,
		    i > 0 ? " and " : "", e->key[i]);
		fault(r, arena_printf(&r->arena, "/%s", e->key[i]), "DQ-03",
		    "duplicate", "同一区划内已有相同的记录",
		    "is that of another row of the division");
	}
	return fail(r, E_CONFLICT, "duplicate", arena_printf(&r->arena,
	    "同一区划内已有%s相同的记录", zh), arena_printf(&r->arena,
	    "The division has a row with the same %s already.", en));
}

/* A CHECK or a trigger of which the model says what it means, or the CHECK of
 * one column, which holds what the model says of the field. */
static bool
fault_refused(struct request *r, const struct entity *e, const char *name)
{
	const struct refusal *x = refusal_of(e, name);
	const struct field *f = field_of(e, name, "check");

	if (x != NULL)
		fault_named(r, x);
	else if (f != NULL && f->max > f->min)
		fault(r, arena_printf(&r->arena, "/%s", f->name), "DQ-02",
		    "out_of_range", arena_printf(&r->arena, f->type == T_TEXT
		    ? "“%s”应为 %ld 至 %ld 个字，且格式正确"
		    : "“%s”应在 %ld 至 %ld 之间", f->label, f->min, f->max),
		    arena_printf(&r->arena, f->type == T_TEXT
		    ? "must have %ld to %ld characters, well formed"
		    : "must be %ld to %ld", f->min, f->max));
	else if (f != NULL)
		fault(r, arena_printf(&r->arena, "/%s", f->name), "DQ-02",
		    "not_allowed", arena_printf(&r->arena,
		    "“%s”不允许这样填写", f->label),
		    "is not among the values that are allowed");
	return x != NULL || f != NULL;
}

/* What a trigger found wrong: raise_faults() of the migrations. */
static enum next
fail_found(struct request *r, const char *detail)
{
	json_t *list = json_loads(detail, 0, NULL);
	const char *pointer, *rule, *code, *zh, *en;

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (json_unpack(json_array_get(list, i),
		    "{s:s, s:s, s:s, s:s, s:s}", "pointer", &pointer, "rule",
		    &rule, "code", &code, "zh", &zh, "en", &en) == 0)
			fault(r, arena_strdup(&r->arena, pointer),
			    arena_strdup(&r->arena, rule),
			    arena_strdup(&r->arena, code),
			    arena_strdup(&r->arena, zh),
			    arena_strdup(&r->arena, en));
	}
	json_decref(list);
	return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
	    "Some fields are not right.");
}

/* Branches on the constraint's name; the message may quote other rows. */
enum next
fail_data(struct request *r)
{
	const struct rows *bad = r->batch.at[r->batch.failed].rows;
	const char *state = rows_sqlstate(bad), *name = rows_constraint(bad);
	const struct entity *e = refused_by(r, bad);

	if (strcmp(state, "42501") == 0)
		return fail_unknown(r);
	if (strcmp(state, "TZ422") == 0)
		return fail_found(r, rows_detail(bad));
	if (strcmp(state, "23503") == 0 && fault_foreign(r, e, name))
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	if (strcmp(state, "23505") == 0)
		return fail_duplicate(r, e, name);
	if (strcmp(state, "23514") == 0 && fault_refused(r, e, name))
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	return fail(r, E_INPUT, "refused", "数据库拒绝了这些内容",
	    arena_printf(&r->arena, "The database refused it (%s).", name));
}
