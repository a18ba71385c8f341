/* Statements and refusals of lifecycle commands, and their routes. */
#include "move_plan.h"

#include <string.h>

#include "idem.h"
#include "issue_guard.h"
#include "query.h"
#include "record.h"
#include "route.h"

#define SQL_MAX (64u * 1024)

/* Of each command: its demands told, its demands enforced, what follows. */
struct plan {
	const struct move *move;
	struct stmt ask, must, *also;
	size_t nalso;
};

static struct plan *plans;
static size_t nplans;
static struct stmt hit[ENTITIES_MAX];

static const struct plan *plan_of(const struct entity *, const struct move *);
static void plan_make(struct arena *, struct plan *, const struct entity *,
    const struct move *);
static const char *demand_sql(struct arena *, const struct entity *,
    const struct move *, bool enforce);
static struct route route_make(struct arena *, const struct entity *,
    const struct move *);

void
move_init(void)
{
	static struct arena forever;
	size_t most = 0;

	arena_init(&forever, 0);
	for (size_t i = 0; i < entity_count(); i++)
		most += move_count(entity_at(i));
	plans = arena_array(&forever, most + 1, sizeof *plans);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);
		size_t n = move_count(e);
		struct route *t = arena_array(&forever, n + 1, sizeof *t);

		for (size_t k = 0; k < n; k++) {
			const struct move *m = move_at(e, k);

			t[k] = route_make(&forever, e, m);
			plan_make(&forever, &plans[nplans++], e, m);
		}
		route_register(t, n);
		if (n > 0)
			hit[i] = (struct stmt) {
				arena_printf(&forever, "%s_hit", e->name),
				arena_printf(&forever, "SELECT must(EXISTS ("
				    "SELECT FROM %s WHERE id = $1::uuid AND"
				    " rev = $2::bigint AND updated_at ="
				    " now()))", e->table) };
	}
}

unsigned
move_ask(struct request *r, const struct entity *e, const struct move *m,
    const char *user)
{
	return m->demands != NULL ? batch_addv(&r->batch, &plan_of(e, m)->ask,
	    2, r->arg[0], user) : 0;
}

void
move_unmet(struct request *r, const struct move *m, unsigned asked)
{
	const struct rows *rows;

	if (m->demands == NULL)
		return;
	rows = batch_rows(&r->batch, asked);
	for (int i = 0; m->demands[i].code != NULL; i++) {
		const struct demand *d = &m->demands[i];
		const char *met = rows_n(rows) == 1 ? rows_text(rows, 0, i)
						    : NULL;

		if (met == NULL || *met != 't')
			fault(r, "", m->source, d->code, d->zh, d->en);
	}
}

void
move_must(struct request *r, const struct entity *e, const struct move *m)
{
	if (m->demands != NULL)
		batch_addv(&r->batch, &plan_of(e, m)->must, 2, r->arg[0],
		    r->who.id);
}

void
move_hit(struct request *r, const struct entity *e, long rev)
{
	batch_addv(&r->batch, &hit[entity_number(e)], 2, r->arg[0],
	    arena_printf(&r->arena, "%ld", rev));
}

bool
move_also(struct request *r, const struct entity *e, const struct move *m,
    long rev)
{
	const struct plan *p = plan_of(e, m);

	for (size_t i = 0; i < p->nalso; i++)
		batch_addv(&r->batch, &p->also[i], 3, r->arg[0], r->who.id,
		    arena_printf(&r->arena, "%ld", rev));
	return p->nalso > 0;
}

enum next
refuse_who(struct request *r, const struct move *m, const char *const *row)
{
	const char *zh = "您的角色或单位不能办理这个命令";
	const char *en = "Your role or organisation may not do this.";

	if (move_lists(m->who, "@acceptor"))
		issue_acceptor(row, &zh, &en);
	fault(r, "", m->source, "who", zh, en);
	return fail(r, E_DENIED, "who", zh, en);
}

enum next
refuse_state(struct request *r, const struct entity *e, const struct move *m,
    const char *const *row)
{
	const struct codes *codes = row_codes(e, row);
	const struct field *f = e->state != NULL
	    ? field_at(e, field_index(e, e->state)) : NULL;
	bool isvoid = row_get(e, row, "voided_at") != NULL;
	const char *now = f != NULL ? row_get(e, row, e->state) : "";
	const char *zh = "", *en = "";

	for (size_t i = 0; m->from && m->from[i]; i++) {
		zh = arena_printf(&r->arena, "%s%s“%s”", zh,
		    i > 0 ? "或" : "", codes_label(codes, f->of, m->from[i]));
		en = arena_printf(&r->arena, "%s%s%s", en,
		    i > 0 ? " or " : "", m->from[i]);
	}
	if (m->from == NULL) {
		zh = move_restores(m) ? "已作废" : "未办结、未作废";
		en = move_restores(m) ? "void" : "open";
	}
	zh = arena_printf(&r->arena, "“%s”只能在%s时办理，现在%s%s%s%s",
	    m->label, zh, isvoid ? "已作废" : "是“", isvoid || f == NULL
	    ? "" : codes_label(codes, f->of, now),
	    isvoid ? "" : f != NULL ? "”" : "有效”", "");
	en = arena_printf(&r->arena, "%s needs the state %s; it is %s.",
	    m->name, en, isvoid ? "void" : f != NULL ? now : "in force");
	fault(r, "", m->source, "state", zh, en);
	return fail(r, E_STATE, "state", zh, en);
}

static const struct plan *
plan_of(const struct entity *e, const struct move *m)
{
	size_t first = 0;

	for (size_t i = 0; entity_at(i) != e; i++)
		first += move_count(entity_at(i));
	for (size_t i = 0; i < move_count(e); i++)
		if (plans[first + i].move == m)
			return &plans[first + i];
	REQUIRE(!"a command of another entity");
	return NULL;
}

static void
plan_make(struct arena *a, struct plan *p, const struct entity *e,
    const struct move *m)
{
	p->move = m;
	if (m->demands != NULL) {
		p->ask = (struct stmt) { arena_printf(a, "%s_%s_ask", e->name,
		    m->name), demand_sql(a, e, m, false) };
		p->must = (struct stmt) { arena_printf(a, "%s_%s_must",
		    e->name, m->name), demand_sql(a, e, m, true) };
	}
	while (m->also != NULL && m->also[p->nalso] != NULL)
		p->nalso++;
	p->also = arena_array(a, p->nalso + 1, sizeof *p->also);
	for (size_t i = 0; i < p->nalso; i++)
		p->also[i] = (struct stmt) { arena_printf(a, "%s_%s_also%zu",
		    e->name, m->name, i), arena_printf(a,
		    "WITH r AS (SELECT * FROM %s WHERE id = $1::uuid"
		    " AND $2::uuid IS NOT NULL AND $3::bigint IS NOT NULL) %s",
		    e->table, m->also[i]) };
}

static const char *
demand_sql(struct arena *a, const struct entity *e, const struct move *m,
    bool enforce)
{
	struct buf b;
	const char *sql;

	buf_init(&b, SQL_MAX);
	buf_str(&b, enforce ? "SELECT must(" : "SELECT ");
	for (size_t i = 0; m->demands[i].code != NULL; i++)
		buf_printf(&b, "%s(%s)%s", i == 0 ? "" : enforce ? " AND "
		    : ", ", m->demands[i].sql, enforce ? " IS TRUE" : "");
	buf_printf(&b, "%s FROM (SELECT * FROM %s WHERE id = $1::uuid"
	    " AND $2::uuid IS NOT NULL) AS r", enforce ? ")" : "", e->table);
	REQUIRE(!b.over);
	sql = arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return sql;
}

static struct route
route_make(struct arena *a, const struct entity *e, const struct move *m)
{
	return (struct route) {
		.method = M_POST,
		.pattern = arena_printf(a, "/v1/%s/{id}/%s", e->path, m->name),
		.right = RIGHT_MOVE,
		.entity = e->name,
		.handle = move_handle,
		.lane = LANE_FAST,
		.id = arena_printf(a, "%s_%s", m->name, e->name),
		.summary = m->text,
		.summary_zh = m->label,
		.request_schema = arena_printf(a, "%s_%s", e->name, m->name),
		.reply_schema = e->name,
	};
}
