/* Who is asked about: a person and his grants, and himself in the caller's
 * place. */
#include "explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "identity.h"
#include "query.h"
#include "record.h"
#include "scope.h"

static const struct stmt find_user = { "explain_user",
	"SELECT u.id, u.login, u.name, u.status = 'active', o.id, o.name,"
	" u.must_change, EXISTS (SELECT FROM user_totp t"
	" WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL)"
	" FROM app_user u LEFT JOIN org_unit o ON o.id = u.org_id"
	" WHERE u.division_code BETWEEN $1::bigint AND $2::bigint"
	SCOPE_REST SCOPE_PLACE("u.division_code")
	" AND (u.login = $5::text OR u.id::text = $5::text)" };
static const struct stmt find_grants = { "explain_grants",
	"SELECT g.id, g.role, g.division_code, g.hi, g.line_code, g.clearance,"
	" g.valid, lpad(g.division_code::text, 12, '0'), d.name, g.lo,"
	" g.action_id, g.cover, g.owned, g.category, to_char(login_shut(g.id)"
	" AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'),"
	" CASE WHEN g.valid_to IS NULL OR g.valid_to > now()"
	" THEN g.cover_org_id END"
	" FROM grant_reach g JOIN app_user u ON u.id = g.user_id"
	" JOIN division d ON d.code = g.division_code"
	" WHERE g.division_code BETWEEN $1::bigint AND $2::bigint"
	" AND u.division_code BETWEEN $1::bigint AND $2::bigint"
	SCOPE_REST SCOPE_PLACE("g.division_code")
	SCOPE_PLACE("u.division_code")
	" AND (u.login = $5::text OR u.id::text = $5::text)"
	" ORDER BY g.created_at, g.id LIMIT 50" };
/* Of what is of an issue. */
static const struct stmt find_category = { "explain_category",
	"SELECT i.category, i.division_code FROM issue i WHERE i.id IN"
	" (SELECT issue_id FROM rectification_task WHERE id = $5::uuid"
	" UNION ALL SELECT issue_id FROM form_finding WHERE id = $5::uuid"
	" UNION ALL SELECT row_id FROM evidence WHERE entity = 'issue'"
	" AND attachment_id = $5::uuid)"
	" AND i.division_code BETWEEN $1::bigint AND $2::bigint"
	SCOPE_LINE("i.competent_line") SCOPE_TOLD("'issue'", "i.id")
	" AND i.sensitivity <= $4::int" };
static const struct stmt *const statements[] = { &find_user, &find_grants,
	&find_category };

static bool of_issue(const struct entity *);
static const char *covered_by(struct request *, const struct rows *grants);

void
explain_who_init(void)
{
	db_register(statements, COUNT(statements));
}

/* One's own grants are one's own wherever they are. */
void
explain_who(struct request *r, const char *user)
{
	bool self = strcmp(user, r->who.id) == 0;
	const struct scope *s = self ? scope_own(r) : &r->who.scope;
	const char *p[5];

	batch_open(&r->batch, &r->arena, s, LANE_FAST);
	query_scope(&r->arena, s, p);
	p[4] = user;
	batch_add(&r->batch, &find_user, 5, p);
	batch_add(&r->batch, &find_grants, 5, p);
}

bool
explain_who_found(struct request *r, struct explained *x)
{
	x->user = batch_rows(&r->batch, 0);
	x->grants = batch_rows(&r->batch, 1);
	if (rows_n(x->user) == 1)
		return true;
	fault(r, "?user", "DQ-02", "unknown",
	    "没有这个用户，或不在您的范围内",
	    "names no user within your scope");
	(void)fail(r, E_INPUT, "invalid", NULL, NULL);
	return false;
}

void
explain_who_write(struct request *r, const struct explained *x)
{
	static const char *const names[] = { "id", "login", "name" };
	struct buf *b = &r->reply;

	buf_str(b, "{\"user\":{");
	for (int i = 0; i < (int)COUNT(names); i++) {
		buf_key(b, names[i]);
		buf_json(b, rows_text(x->user, 0, i));
	}
	buf_char(b, '}');
}

void
explain_grant_write(struct request *r, const struct explained *x, int grant)
{
	const struct role *role = role_find(rows_text(x->grants, grant, 1));
	const char *const pair[] = { "grant", rows_text(x->grants, grant, 0),
		"role", rows_text(x->grants, grant, 1), "label",
		role != NULL ? role->label : "", "division",
		rows_text(x->grants, grant, 7), "division_name",
		rows_text(x->grants, grant, 8), "line",
		rows_text(x->grants, grant, 4) };

	for (size_t i = 0; i < COUNT(pair); i += 2) {
		buf_key(&r->reply, pair[i]);
		buf_json(&r->reply, pair[i + 1]);
	}
	buf_printf(&r->reply, ",\"clearance\":%s", rows_text(x->grants, grant,
	    5));
}

void
explain_as(struct request *r, const struct explained *x, int grant)
{
	const struct rows *u = x->user, *g = x->grants;
	const struct role *role = role_find(rows_text(g, grant, 1));
	const char *org = rows_text(u, 0, 4), *name = rows_text(u, 0, 5);
	struct principal *p = &r->who;

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
	p->scope.category = rows_text(g, grant, 13);
	p->covered_by = covered_by(r, g);
	snprintf(p->grant, sizeof p->grant, "%s", rows_text(g, grant, 0));
	p->part = role_part(p->role);
	p->readonly = p->part == PART_AUDITOR;
	p->scope.actor = arena_strdup(&r->arena, p->id);
	p->scope.channel = "api";
	p->scope.origin = r->id;
}

/* Grants beyond the asker's scope are not told of. */
static const char *
covered_by(struct request *r, const struct rows *grants)
{
	const char *all = NULL;

	for (int i = 0; i < rows_n(grants); i++)
		if (rows_text(grants, i, 15) != NULL)
			all = arena_printf(&r->arena, "%s %s", all != NULL
			    ? all : "", rows_text(grants, i, 15));
	return all;
}

void
explain_row(struct request *r, const struct entity *e)
{
	const char *p[6];

	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_add(&r->batch, query_stmt(e, Q_GET), query_params(&r->arena, e,
	    Q_GET, &r->who.scope, r->arg[0], NULL, NULL, p), p);
	record_facts(r, e, r->arg[0]);
	if (of_issue(e))
		batch_read(&r->batch, &find_category, 5, p);
}

/* Whether the category that counts is that of the issue it is of. */
static bool
of_issue(const struct entity *e)
{
	return e->category != NULL &&
	    field_at(e, field_index(e, e->category))->type == T_REF;
}

bool
explain_row_found(struct request *r, struct explained *x)
{
	const struct rows *facts = batch_rows(&r->batch, 1);

	if (rows_n(batch_rows(&r->batch, 0)) != 1) {
		(void)fail_unknown(r);
		return false;
	}
	x->row = query_row(&r->arena, x->entity, batch_rows(&r->batch, 0), 0);
	x->evidence = record_facts_evidence(facts);
	x->giver = record_facts_giver(facts);
	x->issues = of_issue(x->entity) ? batch_rows(&r->batch, 2) : NULL;
	return true;
}
