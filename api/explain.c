/*
 * GET /v1/<path>/{id}/explain?user=: by which grant somebody sees a row or
 * not, and what each command would say to him. Asked by those who answer for
 * others, about people and rows within their own scope; of grants beyond it
 * nothing is said.
 */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/uid.h"
#include "entity.h"
#include "issue_guard.h"
#include "move_plan.h"
#include "query.h"
#include "record.h"
#include "route.h"
#include "scope.h"

#define DEMANDS_MAX 20 /* commands whose demands are asked in one batch */

enum { FOUND = 1, ASKED };

struct work {
	int phase;
	const char **row;
	const struct rows *user, *grants;
	const char *giver;
	long evidence;
	unsigned asked[64]; /* command → statement + 1 */
};

/* One reason, in both languages. */
struct why {
	const char *code, *zh, *en;
};

static enum next explain(struct request *);
static enum next found(struct request *, struct work *);
static enum next answer(struct request *, struct work *);
static void person(struct request *, const struct work *, int grant,
    struct principal *);
static bool render_grant(struct request *, struct work *, int grant);
static unsigned unseen(struct request *, const struct work *, int grant,
    struct why out[8]);
static void render_command(struct request *, struct work *,
    const struct move *, size_t at);
static unsigned refusals(struct request *, struct work *,
    const struct move *, size_t at, struct why out[16]);
static const char *who_list(struct request *, const struct move *,
    const char *const *row, bool en);
static void render_needs(struct request *, const struct work *,
    const struct move *);
static void render_why(struct buf *, const struct why *, unsigned n);

static const struct stmt find_user = { "explain_user",
	"SELECT u.id, u.login, u.name, u.status = 'active', o.id, o.name"
	" FROM app_user u LEFT JOIN org_unit o ON o.id = u.org_id"
	" WHERE u.division_code BETWEEN $1::bigint AND $2::bigint"
	SCOPE_REST SCOPE_PLACE("u.division_code")
	" AND (u.login = $5::text OR u.id::text = $5::text)" };
static const struct stmt find_grants = { "explain_grants",
	"SELECT g.id, g.role, g.division_code, g.hi, g.line_code, g.clearance,"
	" g.valid, lpad(g.division_code::text, 12, '0'), d.name, g.lo,"
	" g.action_id, g.cover, g.owned"
	" FROM grant_reach g JOIN app_user u ON u.id = g.user_id"
	" JOIN division d ON d.code = g.division_code"
	" WHERE g.division_code BETWEEN $1::bigint AND $2::bigint"
	" AND u.division_code BETWEEN $1::bigint AND $2::bigint"
	SCOPE_REST SCOPE_PLACE("g.division_code")
	SCOPE_PLACE("u.division_code")
	" AND (u.login = $5::text OR u.id::text = $5::text)"
	" ORDER BY g.created_at, g.id LIMIT 50" };
static const struct stmt *const statements[] = { &find_user, &find_grants };

void
explain_init(void)
{
	static struct arena forever;
	struct route *t;
	size_t n = 0;

	arena_init(&forever, 0);
	db_register(statements, COUNT(statements));
	t = arena_array(&forever, entity_count(), sizeof *t);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		if (!e->business)
			continue;
		t[n++] = (struct route) { .method = M_GET,
			.pattern = arena_printf(&forever,
			    "/v1/%s/{id}/explain", e->path),
			.right = RIGHT_READ,
			.entity = e->name,
			.handle = explain,
			.lane = LANE_FAST,
			.id = arena_printf(&forever, "explain%s",
			    entity_camel(&forever, e->name)),
			.summary = "Why somebody can or cannot see a row and "
			    "give its commands",
			.summary_zh = "某人为何能或不能查看、办理",
			.reply_schema = "Explanation",
			.params = "explainUser" };
	}
	route_register(t, n);
}

static enum next
explain(struct request *r)
{
	const struct entity *e = request_entity(r);
	struct work *w = r->state;
	const char *p[6], *user = request_param(r, "user");

	if (w != NULL && r->batch.failed >= 0)
		return fail(r, E_INTERNAL, NULL, NULL, NULL);
	if (w != NULL)
		return w->phase == FOUND ? found(r, w) : answer(r, w);
	if (!role_may(role_find(r->who.role), V_READ, "explain"))
		return fail(r, E_DENIED, NULL, NULL, NULL);
	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	r->state = w = arena_alloc(&r->arena, sizeof *w);
	w->phase = FOUND;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, query_stmt(e, Q_GET), query_params(&r->arena, e,
	    Q_GET, &r->who.scope, r->arg[0], NULL, NULL, p), p);
	record_facts(r, e, r->arg[0]);
	query_scope(&r->arena, &r->who.scope, p);
	p[4] = user != NULL ? user : r->who.id;
	batch_add(&r->batch, &find_user, 5, p);
	batch_add(&r->batch, &find_grants, 5, p);
	return NEXT_DB;
}

/* What commands ask of other tables is asked for that person. */
static enum next
found(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);

	if (rows_n(batch_rows(&r->batch, 0)) != 1)
		return fail_unknown(r);
	w->row = query_row(&r->arena, e, batch_rows(&r->batch, 0), 0);
	w->evidence = record_facts_evidence(batch_rows(&r->batch, 1));
	w->giver = record_facts_giver(batch_rows(&r->batch, 1));
	w->user = batch_rows(&r->batch, 2);
	w->grants = batch_rows(&r->batch, 3);
	if (rows_n(w->user) != 1) {
		fault(r, "?user", "DQ-02", "unknown",
		    "没有这个用户，或不在您的范围内",
		    "names no user within your scope");
		return fail(r, E_INPUT, "invalid", NULL, NULL);
	}
	w->phase = ASKED;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	for (size_t i = 0; i < move_count(e) && i < COUNT(w->asked); i++) {
		const struct move *m = move_at(e, i);

		if (m->demands != NULL && move_from(e, m, w->row) &&
		    r->batch.n < DEMANDS_MAX)
			w->asked[i] = 1 + move_ask(r, e, m, rows_text(w->user,
			    0, 0));
	}
	return r->batch.n > 0 ? NEXT_DB : answer(r, w);
}

static enum next
answer(struct request *r, struct work *w)
{
	struct buf *b = &r->reply;
	bool seen = false;

	buf_str(b, "{\"user\":{");
	buf_key(b, "id");
	buf_json(b, rows_text(w->user, 0, 0));
	buf_key(b, "login");
	buf_json(b, rows_text(w->user, 0, 1));
	buf_key(b, "name");
	buf_json(b, rows_text(w->user, 0, 2));
	buf_printf(b, "},\"entity\":\"%s\",\"id\":\"%s\",\"grants\":[",
	    request_entity(r)->name, r->arg[0]);
	for (int i = 0; i < rows_n(w->grants); i++)
		seen = render_grant(r, w, i) || seen;
	buf_printf(b, "],\"sees\":%s}", seen ? "true" : "false");
	return reply(r, 200);
}

/* Somebody as he would be, signed in by that grant. */
static void
person(struct request *r, const struct work *w, int grant,
    struct principal *p)
{
	const struct rows *u = w->user, *g = w->grants;
	const struct role *role = role_find(rows_text(g, grant, 1));
	const char *org = rows_text(u, 0, 4), *name = rows_text(u, 0, 5);

	memset(p, 0, sizeof *p);
	snprintf(p->id, sizeof p->id, "%s", rows_text(u, 0, 0));
	snprintf(p->login, sizeof p->login, "%s", rows_text(u, 0, 1));
	snprintf(p->name, sizeof p->name, "%s", rows_text(u, 0, 2));
	snprintf(p->org, sizeof p->org, "%s", org != NULL ? org : "");
	snprintf(p->org_name, sizeof p->org_name, "%s", name != NULL ? name
	    : "");
	p->role = role != NULL ? role->code : "";
	p->division = strtoll(rows_text(g, grant, 2), NULL, 10);
	p->level = role != NULL && role->level > 0 ? role->level
	    : division_level(p->division);
	p->scope.lo = strtoll(rows_text(g, grant, 9), NULL, 10);
	p->scope.hi = strtoll(rows_text(g, grant, 3), NULL, 10);
	p->scope.line = rows_text(g, grant, 4);
	p->scope.clearance = (int)rows_long(g, grant, 5);
	p->scope.action = rows_text(g, grant, 10);
	p->scope.cover = rows_text(g, grant, 11);
	p->scope.own = rows_text(g, grant, 12);
	snprintf(p->grant, sizeof p->grant, "%s", rows_text(g, grant, 0));
	p->part = role_part(p->role);
	p->readonly = p->part == PART_AUDITOR;
	p->scope.actor = arena_strdup(&r->arena, p->id);
	p->scope.channel = "api";
	p->scope.origin = r->id;
}

/* Whether the row is seen by it. Commands are decided by the same functions
 * as when they are given, with that person in the caller's place. */
static bool
render_grant(struct request *r, struct work *w, int grant)
{
	const struct entity *e = request_entity(r);
	const struct role *role = role_find(rows_text(w->grants, grant, 1));
	struct principal me = r->who;
	struct buf *b = &r->reply;
	struct why why[8];
	unsigned n;

	person(r, w, grant, &r->who);
	n = unseen(r, w, grant, why);
	buf_comma(b);
	buf_char(b, '{');
	buf_key(b, "role");
	buf_json(b, rows_text(w->grants, grant, 1));
	buf_key(b, "label");
	buf_json(b, role != NULL ? role->label : "");
	buf_key(b, "division");
	buf_json(b, rows_text(w->grants, grant, 7));
	buf_key(b, "division_name");
	buf_json(b, rows_text(w->grants, grant, 8));
	buf_key(b, "line");
	buf_json(b, rows_text(w->grants, grant, 4));
	buf_printf(b, ",\"clearance\":%s,\"sees\":%s,\"unseen\":",
	    rows_text(w->grants, grant, 5), n == 0 ? "true" : "false");
	render_why(b, why, n);
	buf_str(b, ",\"commands\":[");
	for (size_t i = 0; n == 0 && i < move_count(e); i++)
		render_command(r, w, move_at(e, i), i);
	buf_str(b, "]}");
	r->who = me;
	return n == 0;
}

static unsigned
unseen(struct request *r, const struct work *w, int grant, struct why out[8])
{
	const struct entity *e = request_entity(r);
	const struct role *role = role_find(r->who.role);
	const char *line = row_get(e, w->row, "competent_line");
	int64_t at = strtoll(row_get(e, w->row, "division_code"), NULL, 10);
	long sensitivity = strtol(row_get(e, w->row, "sensitivity"), NULL,
	    10);
	bool below = e->shared && r->who.scope.lo >= at &&
	    r->who.scope.lo <= division_last(at);
	unsigned n = 0;

	if (*rows_text(w->user, 0, 3) != 't')
		out[n++] = (struct why) { "locked", "该用户已停用或锁定",
			"The user is locked." };
	if (*rows_text(w->grants, grant, 6) != 't')
		out[n++] = (struct why) { "not_valid",
			"这项授权尚未生效或已到期",
			"The grant is not valid now." };
	if (role == NULL || !role_may(role, V_READ, e->name))
		out[n++] = (struct why) { "role", arena_printf(&r->arena,
		    "这个角色不能查看“%s”", e->label), arena_printf(&r->arena,
		    "The role does not read %s.", e->path) };
	if (!scope_covers(&r->who, at) && !below)
		out[n++] = (struct why) { "division",
			"这条记录不在授权的区划之内",
			"The row is not within the grant's division." };
	if (*r->who.scope.line != '\0' && !e->shared &&
	    strcmp(line != NULL ? line : "", r->who.scope.line) != 0)
		out[n++] = (struct why) { "line",
			"这条记录不属于授权的条线",
			"The row is not of the grant's sector line." };
	if (sensitivity > r->who.scope.clearance)
		out[n++] = (struct why) { "clearance", arena_printf(&r->arena,
		    "这条记录的敏感级别为 %ld，授权只到 %d", sensitivity,
		    r->who.scope.clearance), arena_printf(&r->arena,
		    "The row's sensitivity is %ld, the grant's clearance %d.",
		    sensitivity, r->who.scope.clearance) };
	return n;
}

static void
render_command(struct request *r, struct work *w, const struct move *m,
    size_t at)
{
	struct buf *b = &r->reply;
	struct why why[16];
	unsigned n = refusals(r, w, m, at, why);

	buf_comma(b);
	buf_char(b, '{');
	buf_key(b, "command");
	buf_json(b, m->name);
	buf_key(b, "label");
	buf_json(b, m->label);
	buf_printf(b, ",\"may\":%s,\"refused\":", n == 0 ? "true" : "false");
	render_why(b, why, n);
	buf_str(b, ",\"needs\":[");
	if (n == 0)
		render_needs(r, w, m);
	buf_str(b, "]}");
}

static unsigned
refusals(struct request *r, struct work *w, const struct move *m, size_t at,
    struct why out[16])
{
	const struct entity *e = request_entity(r);
	const char *giver = w->giver != NULL ? w->giver : row_get(e, w->row,
	    "created_by");
	unsigned n = 0;

	if (!role_may(role_find(r->who.role), V_MOVE, e->name))
		out[n++] = (struct why) { "role", arena_printf(&r->arena,
		    "这个角色不能对“%s”办理任何命令", e->label),
			arena_printf(&r->arena,
		    "The role gives no commands on %s.", e->path) };
	else if (!move_who(r, e, m, w->row))
		out[n++] = (struct why) { "who", who_list(r, m, w->row, false),
			who_list(r, m, w->row, true) };
	if (!move_from(e, m, w->row)) {
		(void)refuse_state(r, e, m, w->row);
		out[n++] = (struct why) { "state", r->detail_zh,
			r->detail_en };
	}
	if ((m->flags & M_OTHER) && giver != NULL &&
	    strcmp(giver, r->who.id) == 0)
		out[n++] = (struct why) { "two_persons",
			"上一步由其本人办理，这一步须由另一位有权人员办理",
			"He gave the last command; another person must give "
			"this one." };
	if (m->guard != NULL && move_from(e, m, w->row) &&
	    issue_barred(r, m, w->row))
		out[n++] = (struct why) { "guard", arena_printf(&r->arena,
		    "“%s”的前提尚不具备：%s", m->label,
		    move_lists(m->who, "@acceptor")
		    ? "申请人与验收人必须是两个人" : "整改方式应为“长期坚持”"),
			move_lists(m->who, "@acceptor")
		    ? "The acceptor must be another person than the one who "
		    "asked for acceptance."
		    : "rectify_mode must be long_term." };
	if (at < COUNT(w->asked) && w->asked[at] != 0) {
		const struct rows *rows = batch_rows(&r->batch,
		    w->asked[at] - 1);

		for (int i = 0; m->demands[i].code != NULL && n < 16; i++) {
			const char *met = rows_n(rows) == 1
			    ? rows_text(rows, 0, i) : NULL;

			if (met == NULL || *met != 't')
				out[n++] = (struct why) { m->demands[i].code,
					m->demands[i].zh, m->demands[i].en };
		}
	}
	r->faults = NULL;
	r->faults_end = &r->faults;
	r->err = OK;
	r->code = r->detail_zh = r->detail_en = NULL;
	return n;
}

/* By role, or by what one has to do with the row. */
static const char *
who_list(struct request *r, const struct move *m, const char *const *row,
    bool en)
{
	static const struct {
		const char *who, *zh, *en;
	} relation[] = {
		{ "@above", "上级（县级及以上）", "a level above, county or more" },
		{ "@filer", "填报层级的经办人", "whoever files such rows" },
		{ "@responsible", "整改责任单位", "the responsible party" },
		{ "@self", "行业部门负责人（自核自销）",
		    "the department's own lead" },
	};
	const char *list = "", *comma = en ? ", " : "、";

	for (size_t i = 0; m->who[i] != NULL; i++) {
		const struct role *role = role_find(m->who[i]);
		const char *zh = role != NULL ? role->label : m->who[i];
		const char *name = m->who[i];

		for (size_t k = 0; k < COUNT(relation); k++)
			if (strcmp(relation[k].who, m->who[i]) == 0) {
				zh = relation[k].zh;
				name = relation[k].en;
			}
		if (strcmp(m->who[i], "@acceptor") == 0)
			issue_acceptor(row, &zh, &name);
		list = arena_printf(&r->arena, "%s%s%s", list, i > 0 ? comma
		    : "", en ? name : zh);
	}
	return arena_printf(&r->arena, en ? "It is for: %s."
	    : "这个命令由以下人员办理：%s", list);
}

/* What the body would have to bring. */
static void
render_needs(struct request *r, const struct work *w, const struct move *m)
{
	const struct entity *e = request_entity(r);
	struct buf *b = &r->reply;
	const char *zh, *en;

	for (size_t i = 0; m->need != NULL && m->need[i] != NULL; i++) {
		const struct field *f = field_at(e, field_index(e, m->need[i]));

		if (row_get(e, w->row, f->name) != NULL)
			continue;
		zh = arena_printf(&r->arena, "须填写“%s”", f->label);
		en = arena_printf(&r->arena, "%s must be given.", f->name);
		buf_comma(b);
		buf_printf(b, "{\"code\":\"%s\",\"zh\":", f->name);
		buf_json(b, zh);
		buf_key(b, "en");
		buf_json(b, en);
		buf_char(b, '}');
	}
	if (m->flags & M_REASON) {
		buf_comma(b);
		buf_str(b, "{\"code\":\"reason\",\"zh\":\"须写明原因\","
		    "\"en\":\"reason must be given.\"}");
	}
	if ((m->flags & M_EVIDENCE) && w->evidence == 0) {
		buf_comma(b);
		buf_str(b, "{\"code\":\"evidence\",\"zh\":"
		    "\"至少需要一份佐证材料\",\"en\":"
		    "\"At least one piece of evidence is needed.\"}");
	}
}

static void
render_why(struct buf *b, const struct why *why, unsigned n)
{
	buf_char(b, '[');
	for (unsigned i = 0; i < n; i++) {
		buf_printf(b, "%s{\"code\":\"%s\",\"zh\":", i > 0 ? "," : "",
		    why[i].code);
		buf_json(b, why[i].zh);
		buf_key(b, "en");
		buf_json(b, why[i].en);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}
