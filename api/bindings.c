/* Configuration of the sheet sync: forms, shared folders, their tokens. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "base/uid.h"
#include "book.h"
#include "entity.h"
#include "scope.h"
#include "sync.h"
#include "value_list.h"

#define NAME_CHARS_MAX 100
#define LIST_MAX 500 /* divisions or forms of one folder */

struct binding {
	const char *name, *unit, *direction, *org;
	int64_t division;
	const struct action_facts *action;
	const char **template, **place; /* codes */
	size_t ntemplates, nplaces;
	const char *seconds[3]; /* delete_after, write_back, settle */
	char id[UUID_LEN + 1], token[BEARER_MAX];
	unsigned stage;
};

static void
template_fault(void *, const char *, const char *, const char *, const char *);
static bool read_binding(struct request *, struct binding *);
static const char **
read_list(struct request *, json_t *, const char *key, size_t *n);
static enum next plan_binding(struct request *, struct binding *);
static const char *ledgers_json(struct request *, const struct binding *);
static enum next reply_binding(struct request *, const struct binding *);

static const struct stmt template_write = { "template_insert",
	"INSERT INTO sheet_template (code, version, entity, spec, spec_sha)"
	" VALUES ($1::text, $2::int, $3::text, $4::json, $5::text)"
	" ON CONFLICT DO NOTHING" };
static const struct stmt template_read = { "template_sha",
	"SELECT spec_sha FROM sheet_template WHERE code = $1::text"
	" AND version = $2::int" };
/* Its books go on in the new version; their files are written anew. */
static const struct stmt template_bump = { "template_bump",
	"SELECT sheet_bump(array(SELECT id FROM sheet_ledger"
	" WHERE template_code = $1::text AND template_version < $2::int))" };
static const struct stmt template_move = { "template_move",
	"UPDATE sheet_ledger SET template_version = $2::int"
	" WHERE template_code = $1::text AND template_version < $2::int" };
static const struct stmt places_stmt = { "binding_places",
	"SELECT lpad(code::text, 12, '0'), name, level FROM division"
	" WHERE code = ANY ($1::bigint[])"
	" AND code BETWEEN $2::bigint AND $3::bigint" };
static const struct stmt templates_stmt = { "binding_templates",
	"SELECT DISTINCT ON (code) code, version, entity FROM sheet_template"
	" WHERE code = ANY ($1::text[]) ORDER BY code, version DESC" };
static const struct stmt org_stmt = { "binding_org",
	"SELECT id, name FROM org_unit WHERE id::text = $1::text"
	" OR code = $1::text" };
static const struct stmt binding_write = { "binding_insert",
	"INSERT INTO sheet_binding (id, division_code, action_id, name, unit,"
	" direction, delete_after_s, write_back_s, settle_s) VALUES ($1::uuid,"
	" $2::bigint, $3::uuid, $4::text, $5::text, $6::text,"
	" coalesce($7::int, 600), coalesce($8::int, 600),"
	" coalesce($9::int, 5))" };
static const struct stmt ledgers_write = { "binding_ledgers_insert",
	"INSERT INTO sheet_ledger (id, entity, template_code,"
	" template_version, action_id, division_code, covers_lo, covers_hi,"
	" unit) SELECT x.id, x.entity, x.code, x.version, $2::uuid, d.code,"
	" d.code, CASE WHEN d.level >= 4 THEN division_hi(d.code)"
	" ELSE d.code END, CASE WHEN d.code = $3::bigint THEN $4::text"
	" ELSE d.name END FROM jsonb_to_recordset($1::jsonb) AS x (id uuid,"
	" entity text, code text, version int, division bigint)"
	" JOIN division d ON d.code = x.division"
	" ON CONFLICT (division_code, template_code, action_id) DO NOTHING" };
static const struct stmt headers_write = { "binding_headers_insert",
	"WITH new AS (INSERT INTO sheet_header (ledger_id, division_code,"
	" cells) SELECT l.id, l.division_code,"
	" CASE WHEN t.spec::jsonb -> 'header_block' @>"
	" '[{\"name\": \"reporting_org\"}]'"
	" THEN jsonb_build_object('reporting_org', l.unit)"
	" ELSE '{}' END FROM sheet_ledger l JOIN sheet_template t"
	" ON t.code = l.template_code AND t.version = l.template_version"
	" LEFT JOIN sheet_header h ON h.ledger_id = l.id"
	" WHERE h.ledger_id IS NULL AND l.action_id = $1::uuid"
	" RETURNING ledger_id, rev, division_code, cells)"
	" INSERT INTO sheet_header_history (ledger_id, rev, division_code,"
	" cells) SELECT * FROM new" };
static const struct stmt links_write = { "binding_links_insert",
	"INSERT INTO sheet_binding_ledger (binding_id, ledger_id,"
	" division_code) SELECT $1::uuid, l.id, l.division_code"
	" FROM sheet_ledger l WHERE l.action_id = $2::uuid"
	" AND l.template_code = ANY ($3::text[])"
	" AND l.division_code = ANY ($4::bigint[])" };
static const struct stmt token_write = { "binding_token_insert",
	"INSERT INTO agent_token (id, binding_id, name, org_id,"
	" division_code, token_hash) VALUES ($1::uuid, $2::uuid, $3::text,"
	" $4::uuid, $5::bigint, $6::text)" };
static const struct stmt ledgers_read = { "binding_ledgers_list",
	"SELECT l.id, l.template_code, lpad(l.division_code::text, 12, '0'),"
	" l.unit FROM sheet_binding_ledger bl JOIN sheet_ledger l"
	" ON l.id = bl.ledger_id WHERE bl.binding_id = $1::uuid"
	" ORDER BY l.division_code, l.template_code" };
static const struct stmt list_stmt = { "bindings_list",
	"SELECT b.id, b.name, lpad(b.division_code::text, 12, '0'), b.unit,"
	" a.code, b.direction, (SELECT count(*) FROM sheet_binding_ledger bl"
	" WHERE bl.binding_id = b.id), b.revoked_at IS NOT NULL,"
	" " SQL_UTC("(SELECT max(e.exported_at) FROM sheet_export e"
	" WHERE e.binding_id = b.id AND e.division_code >= 0)")
	" FROM sheet_binding b JOIN action a ON a.id = b.action_id"
	" WHERE b.division_code BETWEEN $1::bigint AND $2::bigint"
	" ORDER BY b.division_code, b.id LIMIT 1000" };
static const struct stmt revoke_stmt = { "binding_revoke",
	"WITH t AS (UPDATE agent_token SET revoked_at = now()"
	" WHERE binding_id = $1::uuid AND revoked_at IS NULL)"
	" UPDATE sheet_binding SET revoked_at = coalesce(revoked_at, now())"
	" WHERE id = $1::uuid RETURNING id" };
static const struct stmt *const statements[] = { &template_write,
	&template_read, &template_bump, &template_move, &places_stmt,
	&templates_stmt, &org_stmt, &binding_write, &ledgers_write,
	&headers_write, &links_write, &token_write, &ledgers_read, &list_stmt,
	&revoke_stmt };

void
bindings_init(void)
{
	db_register(statements, COUNT(statements));
}

enum next
template_create(struct request *r)
{
	struct ledger *l = r->state;
	const struct rows *rows;
	char sha[SHA_HEX_LEN + 1], *text;
	const char *version;

	if (r->step == 0) {
		json_t *body = request_body(r);

		if (body == NULL)
			return NEXT_FAIL;
		r->state = l = arena_alloc(&r->arena, sizeof(*l));
		if (!ledger_parse(&r->arena, body, l, template_fault, r))
			return fail(r, E_INPUT, "bad_template",
			    "模板与数据模型不符",
			    "The template does not fit the model.");
		text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
		REQUIRE(text != NULL);
		sha256_hex(text, strlen(text), sha);
		free(text);
		text = json_dumps(body, JSON_COMPACT);
		REQUIRE(text != NULL);
		version = arena_printf(&r->arena, "%d", l->version);
		l->title = arena_strdup(&r->arena, sha); /* compared below */
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		batch_addv(&r->batch, &template_write, 5, l->code, version,
		    l->entity->name, arena_strdup(&r->arena, text), l->title);
		free(text);
		batch_addv(&r->batch, &template_read, 2, l->code, version);
		batch_addv(&r->batch, &template_bump, 2, l->code, version);
		batch_addv(&r->batch, &template_move, 2, l->code, version);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	rows = batch_rows(&r->batch, 1);
	if (strcmp(rows_text(rows, 0, 0), l->title) != 0)
		return fail(r, E_CONFLICT, "version_taken",
		    "该版本的模板已存在且内容不同，请提高版本号",
		    "This version is stored with other content; count up.");
	buf_char(&r->reply, '{');
	buf_key(&r->reply, "code");
	buf_json(&r->reply, l->code);
	buf_printf(&r->reply, ",\"version\":%d}", l->version);
	return reply(
	    r, rows_affected(batch_rows(&r->batch, 0)) > 0 ? 201 : 200);
}

enum next
binding_create(struct request *r)
{
	struct binding *b = r->state;

	if (r->step == 0) {
		r->state = b = arena_alloc(&r->arena, sizeof(*b));
		if (!read_binding(r, b))
			return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
			    "Some fields are not right.");
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		batch_addv(&r->batch, &places_stmt, 3,
		    text_array(&r->arena, b->place, b->nplaces),
		    arena_int(&r->arena, b->division),
		    arena_printf(
			&r->arena, "%" PRId64, division_last(b->division)));
		batch_addv(&r->batch, &templates_stmt, 1,
		    text_array(&r->arena, b->template, b->ntemplates));
		batch_addv(&r->batch, &org_stmt, 1, b->org);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (b->stage++ == 0)
		return plan_binding(r, b);
	return reply_binding(r, b);
}

enum next
bindings_list(struct request *r)
{
	static const char *const key[] = { "id", "name", "division", "unit",
		"action", "direction" };
	struct buf *b = &r->reply;
	const struct rows *rows;

	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		batch_addv(&r->batch, &list_stmt, 2,
		    arena_int(&r->arena, r->who.scope.lo),
		    arena_int(&r->arena, r->who.scope.hi));
		return NEXT_DB;
	}
	rows = batch_rows(&r->batch, 0);
	buf_str(b, "{\"items\":[");
	for (int i = 0; i < rows_n(rows); i++) {
		buf_comma(b);
		buf_char(b, '{');
		for (size_t k = 0; k < COUNT(key); k++) {
			buf_key(b, key[k]);
			buf_json(b, rows_text(rows, i, (int)k));
		}
		buf_printf(b, ",\"ledgers\":%s,\"revoked\":%s",
		    rows_text(rows, i, 6),
		    *rows_text(rows, i, 7) == 't' ? "true" : "false");
		buf_key(b, "last_export_at");
		buf_json(b, rows_text(rows, i, 8));
		buf_char(b, '}');
	}
	buf_str(b, "],\"next\":null}");
	return reply(r, 200);
}

enum next
binding_revoke(struct request *r)
{
	if (r->step == 0) {
		if (!uuid_ok(r->arg[0]))
			return fail_unknown(r);
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		batch_addv(&r->batch, &revoke_stmt, 1, r->arg[0]);
		return NEXT_DB;
	}
	if (rows_n(batch_rows(&r->batch, 0)) == 0)
		return fail_unknown(r);
	return reply(r, 204);
}

static void
template_fault(void *arg, const char *pointer, const char *code, const char *zh,
    const char *en)
{
	fault(arg, pointer, "D1", code, zh, en);
}

static bool
read_binding(struct request *r, struct binding *b)
{
	static const char *const seconds[] = { "delete_after_s", "write_back_s",
		"settle_s" };
	json_t *body = request_body(r), *v;
	const char *key, *division;

	if (body == NULL)
		return false;
	json_object_foreach(body, key, v)
	{
		(void)v;
		if (strstr(" name action division unit org templates divisions "
			   "direction delete_after_s write_back_s settle_s ",
			arena_printf(&r->arena, " %s ", key)) == NULL)
			fault(r, arena_printf(&r->arena, "/%s", key), "DQ-00",
			    "unknown_field", "未知字段", "unknown field");
	}
	b->name = json_string_value(json_object_get(body, "name"));
	b->unit = json_string_value(json_object_get(body, "unit"));
	b->org = json_string_value(json_object_get(body, "org"));
	b->direction = json_string_value(json_object_get(body, "direction"));
	b->action =
	    conf_action(json_string_value(json_object_get(body, "action")));
	division = json_string_value(json_object_get(body, "division"));
	b->direction = b->direction == NULL ? "both" : b->direction;
	if (b->name == NULL || utf8_len(b->name) > NAME_CHARS_MAX)
		fault(r, "/name", "DQ-01", "required", "缺少名称",
		    "a name is required");
	if (strcmp(b->direction, "both") != 0 &&
	    strcmp(b->direction, "in") != 0 && strcmp(b->direction, "out") != 0)
		fault(r, "/direction", "DQ-02", "not_in_list",
		    "只能是 both、in 或 out", "must be both, in or out");
	if (division == NULL || strlen(division) != 12 ||
	    strspn(division, "0123456789") != 12 ||
	    !scope_covers(&r->who, strtoll(division, NULL, 10)))
		fault(r, "/division", "DQ-02", "unknown", "没有这个区划",
		    "no such division");
	else
		b->division = strtoll(division, NULL, 10);
	if (b->action == NULL || b->division < b->action->division ||
	    b->division > division_last(b->action->division))
		fault(r, "/action", "DQ-02", "unknown", "没有这个专项行动",
		    "no such action");
	for (size_t i = 0; i < COUNT(seconds); i++) {
		v = json_object_get(body, seconds[i]);
		if (json_is_integer(v) && json_integer_value(v) >= 0 &&
		    json_integer_value(v) <= 86400)
			b->seconds[i] = arena_printf(
			    &r->arena, "%d", (int)json_integer_value(v));
		else if (v != NULL)
			fault(r, arena_printf(&r->arena, "/%s", seconds[i]),
			    "DQ-02", "out_of_range", "应为0至86400秒",
			    "must be 0 to 86400 seconds");
	}
	b->template = read_list(r, body, "templates", &b->ntemplates);
	b->place = read_list(r, body, "divisions", &b->nplaces);
	if (b->ntemplates == 0)
		fault(r, "/templates", "DQ-01", "required", "缺少台账模板",
		    "templates are required");
	if (b->nplaces == 0 && division != NULL) {
		b->place = arena_array(&r->arena, 1, sizeof(char *));
		b->place[b->nplaces++] = division;
	}
	return r->faults == NULL;
}

static const char **
read_list(struct request *r, json_t *body, const char *key, size_t *n)
{
	const json_t *list = json_object_get(body, key), *v;
	const char **out = arena_array(&r->arena, LIST_MAX, sizeof(char *));
	size_t i;

	*n = 0;
	json_array_foreach(list, i, v)
	{
		const char *s = json_string_value(v);

		if (s == NULL || i >= LIST_MAX || strlen(s) > 16 ||
		    (strcmp(key, "divisions") == 0 &&
			(strlen(s) != 12 || strspn(s, "0123456789") != 12)))
			fault(r, arena_printf(&r->arena, "/%s/%zu", key, i),
			    "DQ-02", "malformed", "格式错误", "malformed");
		else
			out[(*n)++] = s;
	}
	return out;
}

static enum next
plan_binding(struct request *r, struct binding *b)
{
	const struct rows *places = batch_rows(&r->batch, 0);
	const struct rows *templates = batch_rows(&r->batch, 1);
	const struct rows *org = batch_rows(&r->batch, 2);
	const char *ledgers = ledgers_json(r, b), *division, *array;
	char hash[SHA_HEX_LEN + 1], token_id[UUID_LEN + 1];

	if ((size_t)rows_n(places) != b->nplaces)
		fault(r, "/divisions", "DQ-02", "unknown",
		    "有的区划不存在或不在该目录的范围内",
		    "a division is unknown or outside the binding's");
	if ((size_t)rows_n(templates) != b->ntemplates)
		fault(r, "/templates", "DQ-02", "unknown", "有的台账模板不存在",
		    "a template is unknown");
	if (b->org != NULL && rows_n(org) != 1)
		fault(r, "/org", "DQ-02", "unknown", "没有这个单位",
		    "no such organisation");
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	for (int i = 0; i < rows_n(places) && b->unit == NULL; i++)
		if (strtoll(rows_text(places, i, 0), NULL, 10) == b->division)
			b->unit = rows_text(places, i, 1);
	if (b->unit == NULL)
		b->unit = b->org != NULL ? rows_text(org, 0, 1) : b->name;
	uuid_new(b->id);
	uuid_new(token_id);
	bearer_new("tz_a_", b->token);
	sha256_hex(b->token, strlen(b->token), hash);
	division = arena_int(&r->arena, b->division);
	array = text_array(&r->arena, b->template, b->ntemplates);
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_addv(&r->batch, &binding_write, 9, b->id, division, b->action->id,
	    b->name, b->unit, b->direction, b->seconds[0], b->seconds[1],
	    b->seconds[2]);
	batch_addv(&r->batch, &ledgers_write, 4, ledgers, b->action->id,
	    division, b->unit);
	batch_addv(&r->batch, &headers_write, 1, b->action->id);
	batch_addv(&r->batch, &links_write, 4, b->id, b->action->id, array,
	    text_array(&r->arena, b->place, b->nplaces));
	batch_addv(&r->batch, &token_write, 6,
	    arena_strdup(&r->arena, token_id), b->id, b->name,
	    b->org != NULL ? rows_text(org, 0, 0) : NULL, division,
	    arena_strdup(&r->arena, hash));
	batch_addv(&r->batch, &ledgers_read, 1, b->id);
	return NEXT_DB;
}

/* One book for each form and place; those that exist stay as they are. */
static const char *
ledgers_json(struct request *r, const struct binding *b)
{
	const struct rows *templates = batch_rows(&r->batch, 1);
	struct buf out;
	char id[UUID_LEN + 1];
	const char *text;

	buf_init(&out, 8 << 20);
	buf_char(&out, '[');
	for (int t = 0; t < rows_n(templates); t++) {
		for (size_t i = 0; i < b->nplaces; i++) {
			uuid_new(id);
			buf_comma(&out);
			buf_printf(&out,
			    "{\"id\":\"%s\",\"version\":%s,"
			    "\"division\":%" PRId64,
			    id, rows_text(templates, t, 1),
			    (int64_t)strtoll(b->place[i], NULL, 10));
			buf_key(&out, "code");
			buf_json(&out, rows_text(templates, t, 0));
			buf_key(&out, "entity");
			buf_json(&out, rows_text(templates, t, 2));
			buf_char(&out, '}');
		}
	}
	buf_char(&out, ']');
	REQUIRE(!out.over);
	text = arena_strndup(&r->arena, out.data, out.len);
	buf_free(&out);
	return text;
}

/* The token is told here and never again. */
static enum next
reply_binding(struct request *r, const struct binding *b)
{
	static const char *const key[] = { "id", "template", "division",
		"unit" };
	const struct rows *rows = batch_rows(&r->batch, 5);
	struct buf *out = &r->reply;

	buf_char(out, '{');
	buf_key(out, "id");
	buf_json(out, b->id);
	buf_key(out, "token");
	buf_json(out, b->token);
	buf_key(out, "name");
	buf_json(out, b->name);
	buf_key(out, "unit");
	buf_json(out, b->unit);
	buf_key(out, "ledgers");
	buf_char(out, '[');
	for (int i = 0; i < rows_n(rows); i++) {
		buf_comma(out);
		buf_char(out, '{');
		for (size_t k = 0; k < COUNT(key); k++) {
			buf_key(out, key[k]);
			buf_json(out, rows_text(rows, i, (int)k));
		}
		buf_char(out, '}');
	}
	buf_str(out, "]}");
	reply_header(r, "cache-control", "no-store");
	return reply(r, 201);
}
