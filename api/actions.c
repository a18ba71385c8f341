/*
 * Actions (专项行动) with all their parts: POST /v1/actions loads one from a
 * file, idempotent by code; the reads give the same shape back.
 */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "base/uid.h"
#include "entity.h"
#include "openapi.h"
#include "query.h"
#include "route.h"
#include "scope.h"
#include "shape.h"
#include "value.h"

#define SQL_MAX (16u * 1024)
#define PAGE 200

static const struct field phase_fields[] = {
	{ "seq", "序号", "Order of the phase.", T_INT, F_REQUIRED, 0, 1, 99,
	    NULL, "Y30", NULL },
	{ "kind", "类型", "Kind of phase, such as 排查 or 验收.", T_TEXT,
	    F_REQUIRED, 0, 1, 20, NULL, "Y30", NULL },
	{ "name", "名称", "Name as printed.", T_TEXT, F_REQUIRED, 0, 1, 60,
	    NULL, "Y30", NULL },
	{ "start_on", "开始", "First day.", T_DATE, F_REQUIRED, 0, 0, 0, NULL,
	    "Y30", NULL },
	{ "end_on", "结束", "Last day; none if open.", T_DATE, 0, 0, 0, 0,
	    NULL, "Y30", NULL },
	{ "source", "依据", "Requirement or clause.", T_TEXT, 0, 0, 0, 200,
	    NULL, "Y30", NULL },
};
static const struct field param_fields[] = {
	{ "key", "参数", "Name of the parameter.", T_TEXT, F_REQUIRED, 0, 1,
	    60, NULL, "3.3", NULL },
	{ "value", "值", "Its value as text.", T_TEXT, F_REQUIRED, 0, 1, 2000,
	    NULL, "3.3", NULL },
	{ "source", "依据", "Requirement or clause.", T_TEXT, 0, 0, 0, 500,
	    NULL, "3.3", NULL },
};
static const struct field unit_fields[] = {
	{ "division_code", "单位区划", "Unit that takes part.", T_DIVISION,
	    F_REQUIRED, 0, 0, 0, NULL, "Y6", NULL },
	{ "duty", "职责", "reporter, lead, competent, responsible, patrol.",
	    T_TEXT, 0, 0, 1, 20, NULL, "Y10", NULL },
};
static const struct field code_fields[] = {
	{ "set", "代码集", "Code set.", T_TEXT, F_REQUIRED, 0, 1, 60, NULL,
	    "3.2", NULL },
	{ "code", "代码", "Stable code.", T_TEXT, F_REQUIRED, 0, 1, 60, NULL,
	    "3.2", NULL },
	{ "label", "名称", "Label as this action prints it.", T_TEXT,
	    F_REQUIRED, 0, 1, 100, NULL, "3.2", NULL },
};

/* A part is a list of the file, and a table that is written anew. */
static const struct part {
	const char *name, *key;
	const struct field *fields;
	size_t nfields;
	struct stmt clear, put, get;
} parts[] = {
#define CLEAR(table) "DELETE FROM " table " WHERE action_id ="                 \
	" (SELECT id FROM action WHERE code = $1::jsonb->>'code')"
#define FROM(list) " FROM action a, jsonb_to_recordset($1::jsonb->'" list "')"
#define THIS " WHERE a.code = $1::jsonb->>'code'"
#define OF(table) " FROM " table " p JOIN action a ON a.id = p.action_id"      \
	" WHERE a.code = $1 OR a.id::text = $1 ORDER BY "
	{ "phases", "seq", phase_fields, COUNT(phase_fields),
	    { "action_phases_clear", CLEAR("action_phase") },
	    { "action_phases_put", "INSERT INTO action_phase (action_id, seq,"
		" kind, name, start_on, end_on, source) SELECT a.id, t.seq,"
		" t.kind, t.name, t.start_on, t.end_on, t.source"
		FROM("phases") " AS t (seq smallint, kind text, name text,"
		" start_on date, end_on date, source text)" THIS },
	    { "action_phases_get", "SELECT p.seq, p.kind, p.name, p.start_on,"
		" p.end_on, p.source" OF("action_phase") "p.seq" } },
	{ "params", "key", param_fields, COUNT(param_fields),
	    { "action_params_clear", CLEAR("action_param") },
	    { "action_params_put", "INSERT INTO action_param (action_id, key,"
		" value, source) SELECT a.id, t.key, t.value, t.source"
		FROM("params") " AS t (key text, value text, source text)"
		THIS },
	    { "action_params_get", "SELECT p.key, p.value, p.source"
		OF("action_param") "p.key" } },
	{ "units", "division_code", unit_fields, COUNT(unit_fields),
	    { "action_units_clear", CLEAR("action_unit") },
	    { "action_units_put", "INSERT INTO action_unit (action_id,"
		" division_code, duty) SELECT a.id, t.division_code::bigint,"
		" coalesce(t.duty, 'reporter')" FROM("units")
		" AS t (division_code text, duty text)" THIS },
	    { "action_units_get", "SELECT p.division_code, p.duty"
		OF("action_unit") "p.division_code, p.duty" } },
	{ "codes", "code", code_fields, COUNT(code_fields),
	    { "action_codes_clear", CLEAR("code_override") },
	    { "action_codes_put", "INSERT INTO code_override (action_id,"
		" set_code, code, label, sort) SELECT a.id, v->>'set',"
		" v->>'code', v->>'label', t.at FROM action a,"
		" jsonb_array_elements($1::jsonb->'codes') WITH ORDINALITY"
		" AS t (v, at)" THIS },
	    { "action_codes_get", "SELECT p.set_code, p.code, p.label"
		OF("code_override") "p.set_code, p.sort, p.code" } },
};

static const struct stmt put_action = { "action_put",
	"INSERT INTO action AS a (id, code, name, short_name, level,"
	" division_code, year, doc_no, doc_title, doc_issued_on, doc_issuers,"
	" doc_parents, start_on, end_on, scope_from_date, scope_fund_types,"
	" lead_orgs, status) SELECT $2::uuid, code, name, short_name, level,"
	" division_code::bigint, year, doc_no, doc_title, doc_issued_on,"
	" coalesce(doc_issuers, '[]'), coalesce(doc_parents, '[]'), start_on,"
	" end_on, scope_from_date, coalesce(scope_fund_types, '[]'),"
	" coalesce(lead_orgs, '[]'), coalesce(status, 'active')"
	" FROM jsonb_to_record($1::jsonb) AS t (code text, name text,"
	" short_name text, level smallint, division_code text,"
	" year smallint, doc_no text, doc_title text, doc_issued_on date,"
	" doc_issuers jsonb, doc_parents jsonb, start_on date, end_on date,"
	" scope_from_date date, scope_fund_types jsonb, lead_orgs jsonb,"
	" status text) ON CONFLICT (code) DO UPDATE SET name = excluded.name,"
	" short_name = excluded.short_name, level = excluded.level,"
	" division_code = excluded.division_code, year = excluded.year,"
	" doc_no = excluded.doc_no, doc_title = excluded.doc_title,"
	" doc_issued_on = excluded.doc_issued_on,"
	" doc_issuers = excluded.doc_issuers,"
	" doc_parents = excluded.doc_parents, start_on = excluded.start_on,"
	" end_on = excluded.end_on,"
	" scope_from_date = excluded.scope_from_date,"
	" scope_fund_types = excluded.scope_fund_types,"
	" lead_orgs = excluded.lead_orgs, status = excluded.status"
	" WHERE (a.name, a.short_name, a.level, a.division_code, a.year,"
	" a.doc_no, a.doc_title, a.doc_issued_on, a.doc_issuers,"
	" a.doc_parents, a.start_on, a.end_on, a.scope_from_date,"
	" a.scope_fund_types, a.lead_orgs, a.status) IS DISTINCT FROM"
	" (excluded.name, excluded.short_name, excluded.level,"
	" excluded.division_code, excluded.year, excluded.doc_no,"
	" excluded.doc_title, excluded.doc_issued_on, excluded.doc_issuers,"
	" excluded.doc_parents, excluded.start_on, excluded.end_on,"
	" excluded.scope_from_date, excluded.scope_fund_types,"
	" excluded.lead_orgs, excluded.status)" };

/* An action is known to everybody below it and above it (0001_base.sql). */
#define IN_REACH                                                               \
	" FROM action WHERE (division_code BETWEEN $1::bigint AND $2::bigint"  \
	" OR $1::bigint BETWEEN division_code AND"                             \
	" division_hi(division_code))"                                         \
	SCOPE_REST SCOPE_PLACE("division_code")                                \
	" AND (($3::text[])[2] IS NULL OR ($3::text[])[2] IN ('', id::text))"
static struct stmt get_one = { .name = "action_get" };
static struct stmt get_all = { .name = "action_list" };

static enum next action_put(struct request *);
static enum next action_get(struct request *);
static enum next actions_list(struct request *);
static void build(struct arena *, struct stmt *, const char *rest);
static void check_action(struct request *, json_t *);
static void check_part(struct request *, json_t *, const struct part *);
static void check_phase(struct request *, const json_t *, const char *path);
static void render_part(struct request *, const struct part *,
    const struct rows *);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/actions",
	    .right = RIGHT_CONFIGURE, .entity = "action",
	    .handle = action_put, .lane = LANE_SLOW, .id = "putAction",
	    .summary = "Load an action with all its parts, by code",
	    .summary_zh = "载入专项行动", .request_schema = "ActionFile",
	    .reply_schema = "Loaded" },
	{ .method = M_GET, .pattern = "/v1/actions", .right = RIGHT_READ,
	    .entity = "action", .handle = actions_list, .lane = LANE_SLOW,
	    .id = "listActions", .summary = "List actions",
	    .summary_zh = "专项行动列表", .reply_schema = "actionList",
	    .params = "codeCursor" },
	{ .method = M_GET, .pattern = "/v1/actions/{code}",
	    .right = RIGHT_READ, .entity = "action", .handle = action_get,
	    .lane = LANE_FAST, .id = "getAction",
	    .summary = "Read an action with its phases, parameters, units "
		"and code labels", .summary_zh = "查看专项行动",
	    .reply_schema = "ActionWhole" },
};

void
actions_init(void)
{
	static struct arena forever;
	static const struct stmt *list[3 + 3 * COUNT(parts)];
	size_t n = 0;

	arena_init(&forever, 0);
	build(&forever, &get_one, IN_REACH
	    " AND (code = $5 OR id::text = $5)");
	build(&forever, &get_all, IN_REACH " AND code > $5"
	    " ORDER BY code LIMIT 201");
	list[n++] = &put_action;
	list[n++] = &get_one;
	list[n++] = &get_all;
	for (size_t i = 0; i < COUNT(parts); i++) {
		list[n++] = &parts[i].clear;
		list[n++] = &parts[i].put;
		list[n++] = &parts[i].get;
	}
	db_register(list, n);
	route_register(routes, COUNT(routes));
}

json_t *
actions_schema(void)
{
	const struct entity *e = entity_find("action");
	json_t *schema = shape_schema(e->fields, e->nfields);
	json_t *properties = json_object_get(schema, "properties");

	for (size_t i = 0; i < COUNT(parts); i++)
		json_object_set_new(properties, parts[i].name,
		    shape_schema_list(shape_schema(parts[i].fields,
		    parts[i].nfields)));
	json_object_set_new(schema, "description", json_string(
	    "An action with everything that belongs to it."));
	json_object_set_new(schema, "example", openapi_example_of(e, true));
	return schema;
}

json_t *
actions_shown_schema(const json_t *written, const json_t *own)
{
	json_t *schema = json_deep_copy(own);
	json_t *into = json_object_get(schema, "properties");

	for (size_t i = 0; i < COUNT(parts); i++)
		json_object_set(into, parts[i].name, json_object_get(
		    json_object_get(written, "properties"), parts[i].name));
	return schema;
}

static enum next
action_put(struct request *r)
{
	char *id = arena_alloc(&r->arena, UUID_LEN + 1);
	const char *p[2] = { NULL, id };
	json_t *body;

	if (r->state != NULL) {
		if (r->batch.failed >= 0)
			return fail_data(r);
		return reply_loaded(r, 1, rows_affected(batch_rows(&r->batch,
		    0)));
	}
	if ((body = shape_body(r)) == NULL)
		return NEXT_FAIL;
	check_action(r, body);
	p[0] = shape_text(r, body);
	if (r->faults != NULL)
		return shape_refuse(r);
	uuid_new(id); /* kept only by a new one */
	r->state = r;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_add(&r->batch, &put_action, 2, p);
	for (size_t i = 0; i < COUNT(parts); i++) {
		batch_add(&r->batch, &parts[i].clear, 1, p);
		batch_add(&r->batch, &parts[i].put, 1, p);
	}
	return NEXT_DB;
}

static enum next
action_get(struct request *r)
{
	const struct entity *e = request_entity(r);
	const struct selection all = { NULL, false };
	const struct rows *rows;
	const char *p[5];

	if (r->state == NULL) {
		r->state = r;
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = r->arg[0];
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		batch_add(&r->batch, &get_one, 5, p);
		for (size_t i = 0; i < COUNT(parts); i++)
			batch_add(&r->batch, &parts[i].get, 1, &p[4]);
		return NEXT_DB;
	}
	rows = batch_rows(&r->batch, 0);
	if (rows_n(rows) != 1)
		return fail_unknown(r);
	render_row(r, &r->reply, e, query_row(&r->arena, e, rows, 0), &all);
	r->reply.data[--r->reply.len] = '\0'; /* the object goes on */
	for (size_t i = 0; i < COUNT(parts); i++)
		render_part(r, &parts[i], batch_rows(&r->batch,
		    (unsigned)i + 1));
	buf_str(&r->reply, "}");
	return reply(r, 200);
}

static enum next
actions_list(struct request *r)
{
	const struct entity *e = request_entity(r);
	const struct selection all = { NULL, false };
	const char *after = request_param(r, "cursor"), *p[5];
	const struct rows *rows;
	struct buf *b = &r->reply;

	if (r->state == NULL) {
		r->state = r;
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = after != NULL ? after : "";
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		batch_add(&r->batch, &get_all, 5, p);
		return NEXT_DB;
	}
	rows = batch_rows(&r->batch, 0);
	buf_str(b, "{");
	buf_key(b, "items");
	buf_str(b, "[");
	for (int i = 0; i < rows_n(rows) && i < PAGE; i++) {
		buf_comma(b);
		render_row(r, b, e, query_row(&r->arena, e, rows, i), &all);
	}
	buf_str(b, "]");
	buf_key(b, "next");
	buf_json(b, rows_n(rows) > PAGE ? rows_text(rows, PAGE - 1,
	    field_index(e, "code")) : NULL);
	buf_str(b, "}");
	return reply(r, 200);
}

static void
build(struct arena *a, struct stmt *s, const char *rest)
{
	struct buf b;

	buf_init(&b, SQL_MAX);
	buf_str(&b, "SELECT ");
	query_columns(&b, entity_find("action"));
	buf_str(&b, rest);
	REQUIRE(!b.over);
	s->sql = arena_strndup(a, b.data, b.len);
	buf_free(&b);
}

static void
check_action(struct request *r, json_t *body)
{
	static const char *const statuses[] = { "draft", "active", "closed" };
	const struct entity *e = entity_find("action");
	const char *others[COUNT(parts) + 1] = { NULL };
	const char *code, *status;
	bool ok = false;

	for (size_t i = 0; i < COUNT(parts); i++)
		others[i] = parts[i].name;
	shape_check(r, e->fields, e->nfields, others, body, "");
	code = json_string_value(json_object_get(body, "code"));
	if (code != NULL && (code[strspn(code,
	    "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0' ||
	    *code == '-'))
		shape_fault(r, "", "code", "malformed",
		    "代码由小写字母、数字和 - 组成",
		    "has lower-case letters, digits and - only");
	code = json_string_value(json_object_get(body, "division_code"));
	if (code != NULL && !scope_covers(&r->who, strtoll(code, NULL, 10)))
		shape_fault(r, "", "division_code", "unknown",
		    "没有这个区划", "no such division");
	status = json_string_value(json_object_get(body, "status"));
	for (size_t i = 0; status != NULL && i < COUNT(statuses); i++)
		ok = ok || strcmp(status, statuses[i]) == 0;
	if (status != NULL && !ok)
		shape_fault(r, "", "status", "not_in_list",
		    "只能是 draft、active 或 closed",
		    "must be draft, active or closed");
	for (size_t i = 0; i < COUNT(parts); i++)
		check_part(r, body, &parts[i]);
}

/* Missing is empty; twice the same key is a fault. */
static void
check_part(struct request *r, json_t *body, const struct part *p)
{
	const char *path = arena_printf(&r->arena, "/%s", p->name);
	struct fault **before = r->faults_end;
	json_t *list = json_object_get(body, p->name), *seen;

	if (list == NULL) {
		json_object_set_new(body, p->name, json_array());
		return;
	}
	if (!shape_list(r, p->fields, p->nfields, list, path) ||
	    r->faults_end != before)
		return;
	seen = json_object();
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *one = json_array_get(list, i);
		const char *at = arena_printf(&r->arena, "%s/%zu", path, i);
		json_t *key = json_pack("[O?O?O]", json_object_get(one, "set"),
		    json_object_get(one, "duty"), json_object_get(one,
		    p->key));
		const char *text = shape_text(r, key);

		if (json_object_get(seen, text) != NULL)
			shape_fault(r, at, p->key, "duplicate",
			    "重复出现", "is in the list twice");
		json_object_set_new(seen, text, json_true());
		if (p->fields == phase_fields)
			check_phase(r, one, at);
	}
	json_decref(seen);
}

static void
check_phase(struct request *r, const json_t *phase, const char *path)
{
	const char *from = json_string_value(json_object_get(phase,
	    "start_on"));
	const char *to = json_string_value(json_object_get(phase, "end_on"));

	if (from != NULL && to != NULL && strcmp(to, from) < 0)
		shape_fault(r, path, "end_on", "out_of_range",
		    "结束早于开始", "lies before start_on");
}

static void
render_part(struct request *r, const struct part *p, const struct rows *rows)
{
	struct buf *b = &r->reply;

	buf_key(b, p->name);
	buf_str(b, "[");
	for (int i = 0; i < rows_n(rows); i++) {
		buf_comma(b);
		buf_str(b, "{");
		for (size_t k = 0; k < p->nfields; k++) {
			buf_key(b, p->fields[k].name);
			value_to_json(b, &p->fields[k], rows_text(rows, i,
			    (int)k), MASK_NONE);
		}
		buf_str(b, "}");
	}
	buf_str(b, "]");
}
