/* Many rows against what is there: by id or natural key, with their parents
 * and everything they refer to, each asked for in one statement. */
#include <stdlib.h>
#include <string.h>

#include "base/uid.h"
#include "bulk.h"
#include "look.h"
#include "query.h"
#include "scope.h"
#include "value.h"

#define TARGETS_MAX 20
#define SQL_MAX (64u * 1024)

/* Rows of an answer, sorted by a text. */
struct shelf {
	struct entry {
		const char *name;
		const char **row;
	} *at;
	size_t n;
};

struct bulk_match {
	int there, parents; /* index in the batch, or -1 */
	struct target {
		const struct stmt *stmt;
		struct buf ids; /* {…}, while it is written */
		unsigned index;
		struct shelf seen;
	} target[TARGETS_MAX];
	size_t ntargets;
};

/* The transaction begins with this: planned for lists of a known length, a
 * statement would read all of the caller's scope rather than look each row up,
 * and would be planned anew each time. */
static const struct stmt generic = { "bulk_plan", "SELECT"
    " set_config('plan_cache_mode', 'force_generic_plan', true)" };

/* Made at the first request for the entity. */
static struct statements {
	struct stmt there, parents;
} made[ENTITIES_MAX];

static const struct statements *statements_of(const struct entity *);
static void build_there(struct buf *, const struct entity *);
static void plan_there(struct request *, const struct entity *,
    struct bulk *);
static void plan_parents(struct request *, const struct entity *,
    struct bulk *);
static void plan_targets(struct request *, const struct entity *,
    struct bulk *);
static const char *ids_of(struct request *, const struct bulk *,
    const char *(*)(const struct bulk_row *, const char *), const char *);
static const char *own_id(const struct bulk_row *, const char *);
static const char *ref_id(const struct bulk_row *, const char *name);
static struct shelf shelve(struct request *, const struct rows *,
    const struct entity *, bool by_key);
static const struct entry *on_shelf(const struct shelf *, const char *name);
static bool only_one(const struct shelf *, const struct entry *);
static int by_name(const void *, const void *);
static void repeated(struct request *, struct bulk *);

void
match_plan(struct request *r, const struct entity *e, struct bulk *b)
{
	b->match = arena_alloc(&r->arena, sizeof *b->match);
	b->match->there = b->match->parents = -1;
	batch_add(&r->batch, &generic, 0, NULL);
	plan_there(r, e, b);
	plan_parents(r, e, b);
	plan_targets(r, e, b);
}

void
match_take(struct request *r, const struct entity *e, struct bulk *b)
{
	struct bulk_match *m = b->match;
	struct shelf ids = { NULL, 0 }, keys = ids, parents = ids;

	if (m->there >= 0) {
		const struct rows *rows = batch_rows(&r->batch,
		    (unsigned)m->there);

		ids = shelve(r, rows, e, false);
		keys = shelve(r, rows, e, true);
	}
	if (m->parents >= 0)
		parents = shelve(r, batch_rows(&r->batch,
		    (unsigned)m->parents), entity_parent(e), false);
	for (size_t k = 0; k < m->ntargets; k++)
		m->target[k].seen = shelve(r, batch_rows(&r->batch,
		    m->target[k].index), NULL, false);
	for (size_t i = 0; i < b->n; i++) {
		struct bulk_row *w = &b->row[i];
		const struct entry *found;

		if (w->what == BULK_BAD)
			continue;
		found = w->id != NULL ? on_shelf(&ids, w->id)
				      : on_shelf(&keys, w->key);
		if (found != NULL && w->id == NULL && !only_one(&keys, found)) {
			bulk_fault(r, b, i, 409, "", "DQ-03", "ambiguous",
			    "有多条记录符合，请用编号 id 指明",
			    "Several rows have this key: say which by id.");
			continue;
		}
		if (found != NULL)
			w->was = found->row;
		if (e->parent == NULL)
			continue;
		found = on_shelf(&parents, ref_id(w, e->parent));
		if (found != NULL)
			w->parent = found->row;
	}
	repeated(r, b);
}

void
match_references(struct request *r, const struct entity *e, struct bulk *b,
    size_t i)
{
	struct bulk_match *m = b->match;

	for (size_t k = 0; k < field_total(e); k++) {
		const struct field *f = field_at(e, (int)k);
		const char *id = look_named(f, b->row[i].body);
		const struct entity *of;
		const struct stmt *s;
		size_t t = 0;

		if (id == NULL)
			continue;
		s = look_statement(e, f);
		while (t < m->ntargets && m->target[t].stmt != s)
			t++;
		if (t == m->ntargets || on_shelf(&m->target[t].seen, id) ||
		    look_kept(r, e, k, id, b->row[i].was))
			continue;
		of = entity_find(f->of);
		fault(r, arena_printf(&r->arena, "/%s", f->name), "DQ-02",
		    "unknown", arena_printf(&r->arena, "没有这条“%s”",
		    of != NULL ? of->label : f->label),
		    arena_printf(&r->arena, "no such %s", f->of));
	}
}

static const struct statements *
statements_of(const struct entity *e)
{
	static struct arena forever;
	struct statements *s = &made[entity_number(e)];
	const struct entity *parent = entity_parent(e);
	struct buf b;

	if (s->there.sql != NULL)
		return s;
	buf_init(&b, SQL_MAX);
	build_there(&b, e);
	REQUIRE(!b.over);
	s->there.sql = arena_strndup(&forever, b.data, b.len);
	s->there.name = arena_printf(&forever, "bulk_there_%s", e->name);
	if (parent != NULL) {
		buf_reset(&b);
		buf_str(&b, "SELECT ");
		query_columns(&b, parent);
		buf_printf(&b, " FROM %s WHERE ", parent->table);
		query_where(&b, parent);
		buf_str(&b, " AND id = ANY ($5::uuid[])");
		REQUIRE(!b.over);
		s->parents.sql = arena_strndup(&forever, b.data, b.len);
		s->parents.name = arena_printf(&forever, "bulk_parents_%s",
		    e->name);
	}
	buf_free(&b);
	return s;
}

/* $5 ids, $6… a list for each part of the key. In the order of ids, so that
 * two requests never wait for each other. */
static void
build_there(struct buf *b, const struct entity *e)
{
	buf_str(b, "SELECT ");
	query_columns(b, e);
	buf_printf(b, " FROM %s WHERE ", e->table);
	query_where(b, e);
	buf_str(b, " AND id = ANY (ARRAY(SELECT unnest($5::uuid[])");
	if (e->key != NULL)
		key_build(b, e);
	buf_str(b, ")) ORDER BY id FOR UPDATE");
}

static void
plan_there(struct request *r, const struct entity *e, struct bulk *b)
{
	const char *p[5 + KEY_MAX];
	bool any;
	size_t n;

	query_scope(&r->arena, &r->who.scope, p);
	p[4] = ids_of(r, b, own_id, NULL);
	any = strcmp(p[4], "{}") != 0;
	n = key_plan(r, e, b, &p[5]);
	for (size_t i = 0; i < b->n && !any; i++)
		any = b->row[i].key != NULL;
	if (any)
		b->match->there = (int)batch_add(&r->batch,
		    &statements_of(e)->there, (unsigned)(5 + n), p);
}

static void
plan_parents(struct request *r, const struct entity *e, struct bulk *b)
{
	const char *p[5];

	if (e->parent == NULL)
		return;
	query_scope(&r->arena, &r->who.scope, p);
	p[4] = ids_of(r, b, ref_id, e->parent);
	if (strcmp(p[4], "{}") != 0)
		b->match->parents = (int)batch_add(&r->batch,
		    &statements_of(e)->parents, 5, p);
}

static void
plan_targets(struct request *r, const struct entity *e, struct bulk *b)
{
	struct bulk_match *m = b->match;
	const char *p[5];

	for (size_t k = 0; k < field_total(e); k++) {
		const struct field *f = field_at(e, (int)k);
		const struct stmt *s = f->type == T_REF ? look_statement(e, f)
							: NULL;
		const char *ids = s != NULL ? ids_of(r, b, ref_id, f->name)
					    : "{}";
		size_t t = 0, n = strlen(ids);

		if (n == 2)
			continue;
		while (t < m->ntargets && m->target[t].stmt != s)
			t++;
		REQUIRE(t < TARGETS_MAX);
		if (t == m->ntargets) {
			m->target[m->ntargets++].stmt = s;
			buf_init(&m->target[t].ids, 4u << 20);
		}
		buf_char(&m->target[t].ids, m->target[t].ids.len > 0 ? ','
								     : '{');
		buf_add(&m->target[t].ids, ids + 1, n - 2);
	}
	for (size_t t = 0; t < m->ntargets; t++) {
		struct buf *ids = &m->target[t].ids;

		buf_char(ids, '}');
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = arena_strndup(&r->arena, ids->data, ids->len);
		buf_free(ids);
		m->target[t].index = batch_add(&r->batch, m->target[t].stmt,
		    5, p);
	}
}

/* {…} of what the rows name, each once in a row; of bad ones nothing. */
static const char *
ids_of(struct request *r, const struct bulk *b,
    const char *(*of)(const struct bulk_row *, const char *), const char *name)
{
	const char *last = NULL, *text;
	struct buf out;

	buf_init(&out, 4u << 20);
	buf_char(&out, '{');
	for (size_t i = 0; i < b->n; i++) {
		const char *id = b->row[i].what != BULK_BAD
		    ? of(&b->row[i], name) : NULL;

		if (id == NULL || (last != NULL && strcmp(id, last) == 0))
			continue;
		if (last != NULL)
			buf_char(&out, ',');
		buf_str(&out, id);
		last = id;
	}
	buf_char(&out, '}');
	REQUIRE(!out.over);
	text = arena_strndup(&r->arena, out.data, out.len);
	buf_free(&out);
	return text;
}

static const char *
own_id(const struct bulk_row *w, const char *unused)
{
	(void)unused;
	return w->id;
}

static const char *
ref_id(const struct bulk_row *w, const char *name)
{
	const char *id = json_string_value(json_object_get(w->body, name));

	return id != NULL && uuid_ok(id) ? id : NULL;
}

/* e NULL: rows of one column, the id. */
static struct shelf
shelve(struct request *r, const struct rows *rows, const struct entity *e,
    bool by_key)
{
	struct shelf s = { NULL, 0 };
	int n = rows_n(rows);

	if (by_key && e->key == NULL)
		return s;
	s.at = arena_array(&r->arena, (size_t)n + 1, sizeof *s.at);
	for (int i = 0; i < n; i++) {
		const char **row = e != NULL ? query_row(&r->arena, e, rows, i)
					     : NULL;
		const char *name = e == NULL ? rows_text(rows, i, 0)
		    : by_key ? key_stored(r, e, row) : row_get(e, row, "id");

		if (name != NULL)
			s.at[s.n++] = (struct entry) { name, row };
	}
	qsort(s.at, s.n, sizeof *s.at, by_name);
	return s;
}

static const struct entry *
on_shelf(const struct shelf *s, const char *name)
{
	const struct entry key = { name, NULL };

	return s->n > 0 && name != NULL
	    ? bsearch(&key, s->at, s->n, sizeof key, by_name) : NULL;
}

/* Rows of several lines may have one key, for who sees them all. */
static bool
only_one(const struct shelf *s, const struct entry *at)
{
	return (at == s->at || by_name(at - 1, at) != 0) &&
	    (at + 1 == s->at + s->n || by_name(at + 1, at) != 0);
}

/* What is in capitals is something else. */
static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name,
	    ((const struct entry *)b)->name);
}

/* One row cannot be two things: the second mention is refused. */
static void
repeated(struct request *r, struct bulk *b)
{
	struct entry *all = arena_array(&r->arena, b->n, sizeof *all);
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct bulk_row *w = &b->row[i];
		const char *name = w->was != NULL ? arena_printf(&r->arena,
		    "%p", (const void *)w->was) : w->key;

		if (w->what != BULK_BAD && name != NULL)
			all[n++] = (struct entry) { arena_printf(&r->arena,
			    "%s\n%06zu", name, i), NULL };
	}
	qsort(all, n, sizeof *all, by_name);
	for (size_t k = 1; k < n; k++) {
		size_t len = strlen(all[k].name) - 6;

		if (strlen(all[k - 1].name) != len + 6 ||
		    strncmp(all[k].name, all[k - 1].name, len) != 0)
			continue;
		bulk_fault(r, b, strtoul(all[k].name + len, NULL, 10), 422,
		    "", "DQ-03", "repeated",
		    "同一条记录在这次请求中出现了两次",
		    "The row is named twice in this request.");
	}
}
