/*
 * /v1/audit-passes: an auditor's mandate, who issued it, where, of which
 * actions, from when to when. The grants behind it are of the role auditor,
 * which only reads, and end with it by themselves.
 */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "audit.h"
#include "base/uid.h"
#include "entity.h"
#include "identity.h"
#include "route.h"
#include "scope.h"
#include "shape.h"

#define LIST_MAX 20

enum { LOOKED = 1, WRITTEN };

struct work {
	int phase;
	const char *body;
	char id[UUID_LEN + 1];
};

static const struct field fields[] = {
	{ "login", "用户名", "Login of the auditor.", T_TEXT, F_REQUIRED, 0, 1,
	    63, NULL, "5.2", NULL },
	{ "mandate_no", "文号", "Number of the mandate document.", T_TEXT,
	    F_REQUIRED, 0, 1, 100, NULL, "5.2", NULL },
	{ "issued_by", "派出单位", "The body that issued it.", T_TEXT,
	    F_REQUIRED, 0, 1, 100, NULL, "5.2", NULL },
	{ "valid_from", "生效时间", "From when it counts; default now.",
	    T_TIME, 0, 0, 0, 0, NULL, "R-25", NULL },
	{ "valid_to", "失效时间", "Until when; 400 days at most.", T_TIME,
	    F_REQUIRED, 0, 0, 0, NULL, "R-25", NULL },
};

#define BODY                                                                   \
	" FROM jsonb_to_record($1::jsonb) AS j (login text, mandate_no text,"  \
	" issued_by text, divisions bigint[], actions text[],"                 \
	" valid_from timestamptz, valid_to timestamptz)"
static const struct stmt look_up = { "pass_look_up",
	"SELECT u.id, (SELECT count(*) FROM unnest(j.actions) c"
	" LEFT JOIN action a ON a.code = c WHERE a.id IS NULL)" BODY
	" LEFT JOIN app_user u ON u.login = j.login AND u.status = 'active'"
	" AND u.division_code BETWEEN $2::bigint AND $3::bigint" };
static const struct stmt insert = { "pass_insert",
	"INSERT INTO audit_pass (id, user_id, division_code, mandate_no,"
	" issued_by, divisions, actions, valid_from, valid_to)"
	" SELECT $2::uuid, $3::uuid, $4::bigint, j.mandate_no, j.issued_by,"
	" j.divisions, coalesce(j.actions, '{}'),"
	" coalesce(j.valid_from, now()), j.valid_to" BODY };
static const struct stmt insert_grants = { "pass_grants",
	"INSERT INTO role_grant (id, user_id, role, division_code, clearance,"
	" action_id, valid_from, valid_to, pass_id) SELECT gen_random_uuid(),"
	" p.user_id, 'auditor', d, $2::smallint, a.id, p.valid_from,"
	" p.valid_to, p.id FROM audit_pass p CROSS JOIN unnest(p.divisions) d"
	" LEFT JOIN action a ON a.code = ANY (p.actions)"
	" WHERE p.id = $1::uuid" };
static const struct stmt list = { "pass_list",
	"SELECT p.id, u.login, p.mandate_no, p.issued_by, "
	SQL_UTC("p.valid_from") ", "
	SQL_UTC("coalesce(p.ended_at, p.valid_to)") ","
	" (SELECT json_agg(lpad(d::text, 12, '0')) FROM unnest(p.divisions)"
	" d), to_json(p.actions) FROM audit_pass p JOIN app_user u"
	" ON u.id = p.user_id WHERE p.division_code BETWEEN $1::bigint"
	" AND $2::bigint AND ($3::uuid IS NULL OR p.id = $3::uuid)"
	" ORDER BY p.created_at DESC, p.id LIMIT 200" };
static const struct stmt end = { "pass_end",
	"UPDATE audit_pass SET ended_at = now() WHERE id = $1::uuid"
	" AND ended_at IS NULL AND valid_to > now()" };
static const struct stmt end_grants = { "pass_end_grants",
	"UPDATE role_grant SET valid_to = greatest(now(), valid_from)"
	" WHERE pass_id = $1::uuid AND valid_to > now()" };
static const struct stmt end_sessions = { "pass_end_sessions",
	"UPDATE session SET revoked_at = now() WHERE revoked_at IS NULL"
	" AND grant_id IN (SELECT id FROM role_grant"
	" WHERE pass_id = $1::uuid)" };
static const struct stmt *const statements[] = { &look_up, &insert,
	&insert_grants, &list, &end, &end_grants, &end_sessions };

static enum next pass_list(struct request *);
static enum next pass_give(struct request *);
static enum next pass_end(struct request *);
static bool read_body(struct request *, struct work *);
static void check_places(struct request *, const json_t *);
static void check_actions(struct request *, const json_t *);
static enum next write(struct request *, struct work *);
static enum next written(struct request *, const struct work *);
static void ask_list(struct request *);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/audit-passes",
	    .right = RIGHT_SECURE, .handle = pass_list, .lane = LANE_FAST,
	    .id = "listAuditPasses", .summary = "Mandates of auditors",
	    .summary_zh = "审计授权列表", .reply_schema = "AuditPassList" },
	{ .method = M_POST, .pattern = "/v1/audit-passes",
	    .right = RIGHT_SECURE, .handle = pass_give, .lane = LANE_SLOW,
	    .id = "giveAuditPass",
	    .summary = "Let an auditor in: by mandate, for a time",
	    .summary_zh = "按文授权审计人员，到期自动失效",
	    .request_schema = "AuditPassNew", .reply_schema = "AuditPassGiven",
	    .done = "201" },
	{ .method = M_DELETE, .pattern = "/v1/audit-passes/{id}",
	    .right = RIGHT_SECURE, .handle = pass_end, .lane = LANE_SLOW,
	    .id = "endAuditPass",
	    .summary = "End a mandate before its time, with its sessions",
	    .summary_zh = "提前终止审计授权，其会话随之结束" },
};

void
passes_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
pass_give(struct request *r)
{
	struct work *w = r->state;

	if (w == NULL) {
		r->state = w = arena_alloc(&r->arena, sizeof *w);
		if (!read_body(r, w))
			return NEXT_FAIL;
		w->phase = LOOKED;
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		batch_addv(&r->batch, &look_up, 3, w->body, arena_int(&r->arena,
		    r->who.scope.lo), arena_int(&r->arena, r->who.scope.hi));
		return NEXT_DB;
	}
	if (w->phase == LOOKED) {
		w->phase = WRITTEN;
		return write(r, w);
	}
	return written(r, w);
}

static bool
read_body(struct request *r, struct work *w)
{
	static const char *const lists[] = { "divisions", "actions", NULL };
	json_t *body = shape_body(r);

	if (body == NULL)
		return false;
	shape_check(r, fields, COUNT(fields), lists, body, "");
	check_places(r, json_object_get(body, "divisions"));
	check_actions(r, json_object_get(body, "actions"));
	w->body = shape_text(r, body);
	if (r->faults != NULL)
		(void)shape_refuse(r);
	return r->faults == NULL;
}

static void
check_places(struct request *r, const json_t *all)
{
	const json_t *one;
	size_t i;

	if (json_array_size(all) == 0 || json_array_size(all) > LIST_MAX)
		shape_fault(r, "", "divisions", "required",
		    "请填写 1 至 20 个区划", "a list of 1 to 20 divisions");
	json_array_foreach(all, i, one) {
		const char *code = json_string_value(one);

		if (code == NULL || strlen(code) != 12 ||
		    strspn(code, "0123456789") != 12 ||
		    !scope_covers(&r->who, strtoll(code, NULL, 10)) ||
		    !scope_covers(&r->who, division_last(strtoll(code, NULL,
		    10))))
			shape_fault(r, "/divisions", arena_printf(&r->arena,
			    "%zu", i), "unknown", "没有这个区划",
			    "no such division");
	}
}

static void
check_actions(struct request *r, const json_t *all)
{
	bool fine = all == NULL || (json_is_array(all) &&
	    json_array_size(all) <= LIST_MAX);
	const json_t *one;
	size_t i;

	json_array_foreach(all, i, one)
		fine = fine && json_is_string(one);
	if (!fine)
		shape_fault(r, "", "actions", "not_a_list",
		    "应为专项行动代码的列表，最多 20 个",
		    "is a list of codes of actions, 20 at most");
}

static enum next
write(struct request *r, struct work *w)
{
	const struct rows *found = batch_rows(&r->batch, 0);
	const struct role *auditor = role_find("auditor");
	const char *user = rows_text(found, 0, 0);

	if (user == NULL)
		shape_fault(r, "", "login", "unknown", "没有这个用户",
		    "no such person");
	if (rows_long(found, 0, 1) > 0)
		shape_fault(r, "", "actions", "unknown", "没有这个专项行动",
		    "no such action");
	if (r->faults != NULL)
		return shape_refuse(r);
	uuid_new(w->id);
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_addv(&r->batch, &insert, 4, w->body, w->id, user,
	    arena_int(&r->arena, r->who.division));
	batch_addv(&r->batch, &insert_grants, 2, w->id,
	    arena_int(&r->arena, auditor != NULL ? auditor->clearance : 0));
	audit_note(r, &(struct audit_event){ .verb = "audit_pass",
	    .entity = "audit_pass", .row = w->id });
	return NEXT_DB;
}

static enum next
written(struct request *r, const struct work *w)
{
	const char *broken = r->batch.failed < 0 ? "" :
	    rows_constraint(r->batch.at[r->batch.failed].rows);

	if (strcmp(broken, "role_grant_one_part") == 0)
		return fail(r, E_CONFLICT, "one_part",
		    "该用户在此期间有业务或管理角色，不能兼任审计人员",
		    "The person has another part in that time.");
	if (strcmp(broken, "role_grant_once") == 0)
		return fail(r, E_CONFLICT, "pass_overlaps",
		    "该用户在此期间已有同样的审计授权",
		    "The person has the same mandate in that time.");
	if (strcmp(broken, "audit_pass_times") == 0) {
		shape_fault(r, "", "valid_to", "out_of_range",
		    "应晚于生效时间，且不超过 400 天",
		    "is after valid_from, by 400 days at most");
		return shape_refuse(r);
	}
	if (r->batch.failed >= 0)
		return grants_fail(r);
	buf_str(&r->reply, "{\"id\":");
	buf_json(&r->reply, w->id);
	buf_char(&r->reply, '}');
	return reply(r, 201);
}

static void
ask_list(struct request *r)
{
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_addv(&r->batch, &list, 3, arena_int(&r->arena, r->who.scope.lo),
	    arena_int(&r->arena, r->who.scope.hi), r->arg[0]);
}

static enum next
pass_list(struct request *r)
{
	static const char *const names[] = { "id", "login", "mandate_no",
		"issued_by", "valid_from", "valid_to" };
	const struct rows *l;

	if (r->step == 0) {
		ask_list(r);
		return NEXT_DB;
	}
	l = batch_rows(&r->batch, 0);
	buf_str(&r->reply, "{\"items\":[");
	for (int i = 0; i < rows_n(l); i++) {
		buf_comma(&r->reply);
		buf_char(&r->reply, '{');
		for (size_t k = 0; k < COUNT(names); k++) {
			buf_key(&r->reply, names[k]);
			buf_json(&r->reply, rows_text(l, i, (int)k));
		}
		buf_key(&r->reply, "divisions");
		buf_str(&r->reply, rows_text(l, i, 6));
		buf_key(&r->reply, "actions");
		buf_str(&r->reply, rows_text(l, i, 7));
		buf_char(&r->reply, '}');
	}
	buf_str(&r->reply, "]}");
	return reply(r, 200);
}

static enum next
pass_end(struct request *r)
{
	if (r->step == 0) {
		if (!uuid_ok(r->arg[0]))
			return fail(r, E_UNKNOWN, NULL, NULL, NULL);
		ask_list(r);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return grants_fail(r);
	if (r->step > 1)
		return reply(r, 204);
	if (rows_n(batch_rows(&r->batch, 0)) == 0)
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	batch_open(&r->batch, &r->arena, scope_own(r), LANE_SLOW);
	batch_addv(&r->batch, &end, 1, r->arg[0]);
	batch_addv(&r->batch, &end_grants, 1, r->arg[0]);
	batch_addv(&r->batch, &end_sessions, 1, r->arg[0]);
	audit_note(r, &(struct audit_event){ .verb = "audit_pass_end",
	    .entity = "audit_pass", .row = r->arg[0] });
	return NEXT_DB;
}
