/* References of a body, seen with the caller's eyes. */
#include "look.h"

#include <string.h>
#include <strings.h>

#include "base/uid.h"
#include "mask.h"
#include "query.h"

#define TARGETS_MAX 20 /* kinds of rows that one body refers to */
#define LIST_MAX 10

/* Whoever works below may name them (domain.md 5.1), as the entities that the
 * model itself shares. */
static const char *const above[] = { "org_unit", "action" };

static struct stmt seen[ENTITIES_MAX];
static const struct stmt seen_user = { "app_user_seen",
	"SELECT id FROM app_user WHERE division_code BETWEEN $1::bigint"
	" AND $2::bigint" SCOPE_REST SCOPE_PLACE("division_code")
	" AND id = ANY ($5::uuid[])" };

struct asked {
	const struct stmt *stmt[TARGETS_MAX];
	const char *ids[TARGETS_MAX];
	size_t n;
};

static void gather(struct request *, const struct entity *, const json_t *,
    struct asked *);
static void ask(struct request *, const struct asked *);
static void take(struct request *, const struct entity *, const json_t *,
    const char *const *was, unsigned first, const char *under);
static bool found(struct request *, const struct stmt *, const char *id,
    unsigned first);
static void build(struct arena *, const struct entity *, struct stmt *);
static bool is_above(const struct entity *);

void
look_init(void)
{
	static struct arena forever;

	arena_init(&forever, 0);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		if (field_index(e, "id") >= 0 &&
		    field_index(e, "division_code") >= 0)
			build(&forever, e, &seen[i]);
	}
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		REQUIRE(e->parent == NULL || entity_parent(e)->business);
		for (size_t k = 0; e->business && k < field_total(e); k++)
			if (field_at(e, (int)k)->type == T_REF)
				REQUIRE(look_statement(e, field_at(e,
				    (int)k)) != NULL);
	}
}

bool
look_plan(struct request *r, const struct entity *e, const json_t *body,
    unsigned *first)
{
	struct asked q = { .n = 0 };

	*first = r->batch.n;
	gather(r, e, body, &q);
	ask(r, &q);
	return q.n > 0;
}

void
look_plan_list(struct request *r, const struct entity *e, const json_t *list,
    unsigned *first)
{
	struct asked q = { .n = 0 };

	*first = r->batch.n;
	for (size_t i = 0; i < json_array_size(list) && i < LIST_MAX; i++)
		gather(r, e, json_array_get(list, i), &q);
	ask(r, &q);
}

void
look_take(struct request *r, const struct entity *e, const json_t *body,
    const char *const *was, unsigned first)
{
	take(r, e, body, was, first, "");
}

void
look_take_list(struct request *r, const struct entity *e, const json_t *list,
    unsigned first)
{
	for (size_t i = 0; i < json_array_size(list) && i < LIST_MAX; i++)
		take(r, e, json_array_get(list, i), NULL, first,
		    arena_printf(&r->arena, "/evidence/%zu", i));
}

/* One statement for each kind of row, with all the ids of it. */
static void
gather(struct request *r, const struct entity *e, const json_t *body,
    struct asked *q)
{
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);
		const char *id = look_named(f, body);
		const struct stmt *s = id != NULL ? look_statement(e, f) : NULL;
		size_t k = 0;

		if (s == NULL)
			continue;
		while (k < q->n && q->stmt[k] != s)
			k++;
		REQUIRE(k < TARGETS_MAX);
		if (k == q->n) {
			q->stmt[q->n] = s;
			q->ids[q->n++] = arena_printf(&r->arena, "{%s", id);
		} else {
			q->ids[k] = arena_printf(&r->arena, "%s,%s",
			    q->ids[k], id);
		}
	}
}

static void
ask(struct request *r, const struct asked *q)
{
	for (size_t k = 0; k < q->n; k++) {
		const char *p[5];

		query_scope(&r->arena, &r->who.scope, p);
		p[4] = arena_printf(&r->arena, "%s}", q->ids[k]);
		batch_add(&r->batch, q->stmt[k], 5, p);
	}
}

static void
take(struct request *r, const struct entity *e, const json_t *body,
    const char *const *was, unsigned first, const char *under)
{
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);
		const char *id = look_named(f, body);
		const struct stmt *s = id != NULL ? look_statement(e, f) : NULL;
		const struct entity *of = f->of != NULL ? entity_find(f->of)
							: NULL;

		if (id == NULL || (s != NULL && found(r, s, id, first)) ||
		    look_kept(r, e, i, id, was))
			continue;
		fault(r, arena_printf(&r->arena, "%s/%s", under, f->name),
		    "DQ-02", "unknown", arena_printf(&r->arena, "没有这条“%s”",
		    of != NULL ? of->label : f->label),
		    arena_printf(&r->arena, "no such %s", of != NULL
		    ? of->name : f->name));
	}
}

static bool
found(struct request *r, const struct stmt *s, const char *id, unsigned first)
{
	for (unsigned b = first; b < r->batch.n; b++) {
		const struct rows *rows = batch_rows(&r->batch, b);

		for (int k = 0; r->batch.at[b].stmt == s && k < rows_n(rows);
		     k++)
			if (strcasecmp(id, rows_text(rows, k, 0)) == 0)
				return true;
	}
	return false;
}

bool
look_kept(struct request *r, const struct entity *e, size_t i,
    const char *id, const char *const *was)
{
	return was != NULL && was[i] != NULL && strcasecmp(was[i], id) == 0 &&
	    mask_field(&r->who, e, field_at(e, (int)i), was) == MASK_NONE;
}

bool
look_parent(struct request *r, const struct entity *e, const json_t *body)
{
	const char *id = e->parent != NULL ? json_string_value(
	    json_object_get(body, e->parent)) : NULL;
	const struct entity *of = entity_parent(e);
	const char *p[6];

	if (id == NULL || !uuid_ok(id))
		return false;
	batch_add(&r->batch, query_stmt(of, Q_GET), query_params(&r->arena,
	    of, Q_GET, &r->who.scope, id, NULL, NULL, p), p);
	return true;
}

const char *const *
look_parent_row(struct request *r, const struct entity *e, unsigned index)
{
	const struct rows *rows = batch_rows(&r->batch, index);

	return rows_n(rows) == 1
	    ? query_row(&r->arena, entity_parent(e), rows, 0) : NULL;
}

const struct entity *
entity_parent(const struct entity *e)
{
	return e->parent != NULL
	    ? entity_find(field_at(e, field_index(e, e->parent))->of) : NULL;
}

/* The identifier a body gives for a reference that has to be looked up: not
 * the action, which this worker knows, nor what is refused anyway. */
const char *
look_named(const struct field *f, const json_t *body)
{
	const char *id;

	if (f->type != T_REF || (f->flags & F_SERVER) ||
	    strcmp(f->name, "action_id") == 0)
		return NULL;
	id = json_string_value(json_object_get(body, f->name));
	return id != NULL && uuid_ok(id) ? id : NULL;
}

const struct stmt *
look_statement(const struct entity *e, const struct field *f)
{
	const struct entity *of = strcmp(f->of, "self") == 0
	    ? e : entity_find(f->of);

	if (of == NULL && strcmp(f->of, "app_user") == 0)
		return &seen_user;
	return of != NULL && seen[entity_number(of)].sql != NULL
	    ? &seen[entity_number(of)] : NULL;
}

static void
build(struct arena *a, const struct entity *e, struct stmt *out)
{
	struct buf b;

	buf_init(&b, 4096);
	buf_printf(&b, "SELECT id FROM %s WHERE ", e->table);
	if (is_above(e))
		buf_str(&b, "(division_code BETWEEN $1::bigint AND $2::bigint"
		    " OR $1::bigint BETWEEN division_code AND"
		    " division_hi(division_code))"
		    SCOPE_REST SCOPE_PLACE("division_code"));
	else
		query_where(&b, e);
	buf_str(&b, " AND id = ANY ($5::uuid[])");
	REQUIRE(!b.over);
	out->name = arena_printf(a, "%s_seen", e->name);
	out->sql = arena_strndup(a, b.data, b.len);
	buf_free(&b);
}

static bool
is_above(const struct entity *e)
{
	for (size_t i = 0; i < COUNT(above); i++)
		if (strcmp(above[i], e->name) == 0)
			return true;
	return false;
}
