/*
 * What a person may ask for, and those who act for him (domain.md 5.3):
 * POST …/unmask, GET …/held, POST …/erase. Unmasking is for a reason, counted
 * by the day and logged; it answers with those fields and changes no view.
 */
#include "privacy.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/text.h"
#include "base/uid.h"
#include "entity.h"
#include "mask.h"
#include "query.h"
#include "route.h"
#include "scope.h"
#include "value.h"

#define FIELDS_MAX 32
#define HELD_MAX 200 /* rows of a kind; the last ones */

/* What must be given to have the whole of something shown. */
enum unmask { UNMASK_NO, UNMASK_REASON, UNMASK_CASE };

struct unmasking {
	bool noted, told;
	long left; /* of today; -1: none was */
	const char **row;
	const struct field *field[FIELDS_MAX];
	size_t n;
	const char *reason, *case_no;
};

/* Who people are; what refers to them is theirs, too. */
static const char *const persons[] = { "household", "contact", "expert" };

static const struct stmt note = { "pii_note",
	"INSERT INTO pii_access (n, role, entity, row_id, division_code, fields,"
	" reason, case_no) SELECT coalesce(max(n), 0) + 1, $1, $2, $3::uuid,"
	" $4::bigint, $5::text[], $6, $7 FROM pii_access WHERE user_id ="
	" app_actor() AND day = (now() AT TIME ZONE 'Asia/Shanghai')::date"
	" HAVING coalesce(max(n), 0) < (SELECT value FROM pii_param WHERE name ="
	" 'unmask_daily') ON CONFLICT DO NOTHING RETURNING (SELECT value FROM"
	" pii_param WHERE name = 'unmask_daily') - n" };
static const struct stmt erase = { "pii_erase",
	"SELECT pii_erase($1, $2::uuid, $3)::text" };
static const struct stmt accesses = { "pii_accesses",
	"SELECT at, role, fields::text, reason, case_no FROM pii_access WHERE"
	" entity = $1 AND row_id = $2::uuid ORDER BY at DESC LIMIT 200" };
static const struct stmt *const statements[] = { &note, &erase, &accesses };

static void routes_of(struct arena *, const struct entity *);
static bool is_person(const struct entity *);
static enum next unmask_post(struct request *);
static enum unmask may_unmask(struct request *);
static enum next unmask_ask(struct request *);
static bool unmask_read(struct request *, struct unmasking *);
static void read_fields(struct request *, struct unmasking *, const json_t *);
static const char *text_of(struct request *, const json_t *, const char *name,
    size_t least, size_t most, bool needed);
static enum next unmask_note(struct request *, struct unmasking *);
static enum next unmask_tell(struct request *, struct unmasking *);
static enum next unmask_reply(struct request *, const struct unmasking *);
static const char *names(struct request *, const struct unmasking *);
static enum next erase_post(struct request *);
static enum next held_get(struct request *);
static bool held_ask(struct request *);
static const struct field *refers(const struct entity *,
    const struct entity *to);
static void ask_row(struct request *);

void
privacy_init(void)
{
	static struct arena forever;

	arena_init(&forever, 0);
	db_register(statements, COUNT(statements));
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);
		bool personal = false;

		for (size_t k = 0; k < e->nfields; k++)
			personal = personal ||
			    field_pii(&e->fields[k]) != PII_NONE;
		if (e->business && personal)
			routes_of(&forever, e);
	}
}

static void
routes_of(struct arena *a, const struct entity *e)
{
	const char *name = entity_camel(a, e->name);
	struct route *t = arena_array(a, 3, sizeof *t);

	t[0] = (struct route) { .method = M_POST, .pattern = arena_printf(a,
		"/v1/%s/{id}/unmask", e->path), .right = RIGHT_READ,
		.entity = e->name, .handle = unmask_post, .lane = LANE_FAST,
		.id = arena_printf(a, "unmask%s", name),
		.summary = "Personal fields whole, once, for a reason",
		.summary_zh = arena_printf(a, "因公查看%s的完整个人信息", e->label),
		.request_schema = "UnmaskRequest", .reply_schema = "Unmasked",
		.done = "200", .fails = "429" };
	t[1] = (struct route) { .method = M_POST, .pattern = arena_printf(a,
		"/v1/%s/{id}/erase", e->path), .right = RIGHT_READ,
		.entity = e->name, .handle = erase_post, .lane = LANE_SLOW,
		.id = arena_printf(a, "erase%s", name),
		.summary = "Erase what is held of a person, by his request",
		.summary_zh = arena_printf(a, "应本人要求清除%s的个人信息",
		    e->label),
		.request_schema = "EraseRequest", .reply_schema = "Erased",
		.done = "200" };
	t[2] = (struct route) { .method = M_GET, .pattern = arena_printf(a,
		"/v1/%s/{id}/held", e->path), .right = RIGHT_READ,
		.entity = e->name, .handle = held_get, .lane = LANE_SLOW,
		.id = arena_printf(a, "held%s", name),
		.summary = "Everything that is held of a person",
		.summary_zh = arena_printf(a, "%s的全部个人信息", e->label),
		.reply_schema = "Held" };
	route_register(t, is_person(e) ? 3 : 1);
}

static bool
is_person(const struct entity *e)
{
	for (size_t i = 0; i < COUNT(persons); i++)
		if (strcmp(persons[i], e->name) == 0)
			return true;
	return false;
}

/* ---- unmask --------------------------------------------------------------- */

static enum next
unmask_post(struct request *r)
{
	struct unmasking *u = r->state;
	const struct rows *rows;

	if (u == NULL)
		return unmask_ask(r);
	if (r->batch.failed >= 0)
		return fail_data(r);
	rows = batch_rows(&r->batch, 0);
	if (!u->noted) {
		if (rows_n(rows) != 1)
			return fail_unknown(r);
		u->row = query_row(&r->arena, request_entity(r), rows, 0);
		return unmask_note(r, u);
	}
	if (!u->told)
		return unmask_tell(r, u);
	if (u->left < 0)
		return fail(r, E_LIMIT, "quota",
		    "今日查看完整信息的次数已用完，请明日再查或请管理员调整额度",
		    "Your quota of today is used up: wait for tomorrow, or ask "
		    "for a higher one.");
	return unmask_reply(r, u);
}

/* With somebody else's eyes nobody asks for more than they see. */
static enum unmask
may_unmask(struct request *r)
{
	const char *entity = request_entity(r)->name;

	if (r->who.viewer[0] != '\0')
		return UNMASK_NO;
	if (who_may(&r->who, V_UNMASK, entity))
		return UNMASK_REASON;
	return who_may(&r->who, V_UNMASK_CASE, entity) ? UNMASK_CASE
						       : UNMASK_NO;
}

static enum next
unmask_ask(struct request *r)
{
	struct unmasking *u;

	if (may_unmask(r) == UNMASK_NO)
		return fail(r, E_DENIED, "no_unmask",
		    "您的角色不能查看完整信息，请由县级专班、主管部门或经授权的审计、纪检人员"
		    "说明事由后查看",
		    "Your role cannot unmask: the county's task force or bureau "
		    "can with a reason, auditors and discipline with a case.");
	r->state = u = arena_alloc(&r->arena, sizeof *u);
	if (request_json(r) == NULL)
		return NEXT_FAIL;
	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	if (!unmask_read(r, u))
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	ask_row(r);
	return NEXT_DB;
}

static bool
unmask_read(struct request *r, struct unmasking *u)
{
	const json_t *body = request_json(r);
	bool cased = may_unmask(r) == UNMASK_CASE;
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)body, name, v) {
		if (strcmp(name, "fields") != 0 && strcmp(name, "reason") != 0 &&
		    strcmp(name, "case") != 0)
			fault(r, arena_printf(&r->arena, "/%s", name), "DQ-02",
			    "unknown_field", "没有这个字段", "unknown field");
	}
	read_fields(r, u, json_object_get(body, "fields"));
	u->reason = text_of(r, body, "reason", 4, 500, true);
	u->case_no = text_of(r, body, "case", 1, 100, cased);
	return r->faults == NULL;
}

static void
read_fields(struct request *r, struct unmasking *u, const json_t *list)
{
	const struct entity *e = request_entity(r);

	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > FIELDS_MAX)
		fault(r, "/fields", "5.3", "required",
		    "请列出要查看的字段", "names the fields, 32 at most");
	for (size_t i = 0; i < json_array_size(list) && i < FIELDS_MAX; i++) {
		const char *name = json_string_value(json_array_get(list, i));
		const struct field *f = field_at(e, name != NULL
		    ? field_index(e, name) : -1);

		if (f != NULL && field_pii(f) != PII_NONE &&
		    field_pii(f) != PII_DISCIPLINE)
			u->field[u->n++] = f;
		else
			fault(r, arena_printf(&r->arena, "/fields/%zu", i),
			    "5.3", "not_personal", "不是可以查看的个人信息字段",
			    "is no personal field that is unmasked");
	}
}

static const char *
text_of(struct request *r, const json_t *body, const char *name, size_t least,
    size_t most, bool needed)
{
	const json_t *v = json_object_get(body, name);
	const char *s = json_string_value(v);
	size_t n;

	if (v == NULL && !needed)
		return NULL;
	s = s != NULL ? text_canon(&r->arena, s) : "";
	n = utf8_len(s);
	if (n >= least && n <= most && text_printable(s))
		return s;
	fault(r, arena_printf(&r->arena, "/%s", name), "5.3",
	    needed && n == 0 ? "required" : "too_short",
	    strcmp(name, "case") == 0 ? "请填写案件编号或法律依据"
	    : "请写明事由，4 至 500 字", strcmp(name, "case") == 0
	    ? "is the case or the legal basis" : "takes 4 to 500 characters");
	return NULL;
}

static enum next
unmask_note(struct request *r, struct unmasking *u)
{
	const struct entity *e = request_entity(r);

	u->noted = true;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	r->batch.hold = true;
	batch_addv(&r->batch, &note, 7, r->who.role, e->table, r->arg[0],
	    row_get(e, u->row, "division_code"), arena_printf(&r->arena,
	    "{\"%s\"}", names(r, u)), u->reason, u->case_no);
	return NEXT_DB;
}

/* What came of it, in the same transaction. */
static enum next
unmask_tell(struct request *r, struct unmasking *u)
{
	const struct entity *e = request_entity(r);
	const struct rows *rows = batch_rows(&r->batch, 0);

	u->told = true;
	u->left = rows_n(rows) == 1 ? rows_long(rows, 0, 0) : -1;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	r->batch.last = true;
	audit_note(r, &(struct audit_event){ .verb = "unmask",
	    .outcome = u->left < 0 ? "refused" : "ok", .entity = e->table,
	    .row = r->arg[0], .division = row_get(e, u->row, "division_code"),
	    .detail = arena_printf(&r->arena, "{\"fields\":[\"%s\"]}",
	    names(r, u)) });
	return NEXT_DB;
}

static enum next
unmask_reply(struct request *r, const struct unmasking *u)
{
	const struct entity *e = request_entity(r);
	struct buf *b = &r->reply;

	buf_str(b, "{\"id\":");
	buf_json(b, r->arg[0]);
	buf_str(b, ",\"fields\":{");
	for (size_t i = 0; i < u->n; i++) {
		buf_key(b, u->field[i]->name);
		value_to_json(b, u->field[i], row_get(e, u->row,
		    u->field[i]->name), MASK_NONE);
	}
	buf_printf(b, "},\"left\":%ld}", u->left);
	return reply(r, 200);
}

/* a","b: of the model, so nothing in them is to be escaped. */
static const char *
names(struct request *r, const struct unmasking *u)
{
	const char *s = u->field[0]->name;

	for (size_t i = 1; i < u->n; i++)
		s = arena_printf(&r->arena, "%s\",\"%s", s, u->field[i]->name);
	return s;
}

/* ---- erase ---------------------------------------------------------------- */

static enum next
erase_post(struct request *r)
{
	const struct entity *e = request_entity(r);
	const char *reason;

	if (r->who.readonly || !who_may(&r->who, V_ERASE, e->name))
		return fail(r, E_DENIED, "no_erase",
		    "清除个人信息由乡镇领导或县农业农村、乡村振兴部门办理",
		    "The township's head or the county's lead bureau erases.");
	if (r->state == NULL) {
		r->state = r;
		if (request_json(r) == NULL)
			return NEXT_FAIL;
		if (!uuid_ok(r->arg[0]))
			return fail_unknown(r);
		reason = text_of(r, request_json(r), "reason", 4, 500, true);
		if (json_object_size(request_json(r)) > 1)
			fault(r, "", "DQ-02", "unknown_field",
			    "只需填写 reason", "takes reason only");
		if (r->faults != NULL)
			return fail(r, E_INPUT, "invalid",
			    "有的字段填写不正确", "Some fields are not right.");
		ask_row(r);
		batch_addv(&r->batch, &erase, 3, e->table, r->arg[0], reason);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (rows_n(batch_rows(&r->batch, 0)) != 1)
		return fail_unknown(r);
	buf_str(&r->reply, "{\"id\":");
	buf_json(&r->reply, r->arg[0]);
	buf_printf(&r->reply, ",\"erased\":%s}",
	    rows_text(batch_rows(&r->batch, 1), 0, 0));
	return reply(r, 200);
}

/* ---- held ----------------------------------------------------------------- */

/* Each kind of row in the order of the model, masked as for any reader: who
 * may see all of it hands it to the person. */
static enum next
held_get(struct request *r)
{
	const struct entity *of = request_entity(r);
	const struct selection all = { NULL, false };
	struct buf *b = &r->reply;
	unsigned at = 0;

	if (r->state == NULL)
		return held_ask(r) ? NEXT_DB : fail_unknown(r);
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (rows_n(batch_rows(&r->batch, 0)) != 1)
		return fail_unknown(r);
	buf_str(b, "{\"rows\":{");
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);
		const struct rows *rows;

		if (e != of && (refers(e, of) == NULL || !who_may(&r->who, V_READ, e->name)))
			continue;
		rows = batch_rows(&r->batch, e == of ? 0 : ++at);
		buf_key(b, e->name);
		buf_char(b, '[');
		for (int k = 0; k < rows_n(rows); k++) {
			buf_comma(b);
			render_row(r, b, e, query_row(&r->arena, e, rows, k),
			    &all);
		}
		buf_char(b, ']');
	}
	buf_str(b, "},\"unmasked\":[");
	for (int k = 0; k < rows_n(batch_rows(&r->batch, at + 1)); k++) {
		static const char *const key[] = { "at", "role", "fields",
			"reason", "case" };
		static const struct field when = { .type = T_TIME };
		const struct rows *rows = batch_rows(&r->batch, at + 1);

		buf_comma(b);
		buf_char(b, '{');
		for (int c = 0; c < (int)COUNT(key); c++) {
			buf_key(b, key[c]);
			if (c == 0)
				value_to_json(b, &when, rows_text(rows, k, c),
				    MASK_NONE);
			else
				buf_json(b, rows_text(rows, k, c));
		}
		buf_char(b, '}');
	}
	buf_str(b, "]}");
	return reply(r, 200);
}

static bool
held_ask(struct request *r)
{
	const struct entity *of = request_entity(r);
	const char *p[6];

	r->state = r;
	if (!uuid_ok(r->arg[0]))
		return false;
	ask_row(r);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);
		const struct field *f = e != of ? refers(e, of) : NULL;
		struct stmt *s;
		struct buf b;

		if (f == NULL || !who_may(&r->who, V_READ,
		    e->name))
			continue;
		s = arena_alloc(&r->arena, sizeof *s);
		buf_init(&b, 64 * 1024);
		buf_str(&b, "SELECT ");
		query_columns(&b, e);
		buf_printf(&b, " FROM %s WHERE ", e->table);
		query_where(&b, e);
		buf_printf(&b, " AND %s = $5::uuid ORDER BY id DESC LIMIT %d",
		    f->name, HELD_MAX);
		REQUIRE(!b.over);
		s->sql = arena_strndup(&r->arena, b.data, b.len);
		buf_free(&b);
		query_scope(&r->arena, &r->who.scope, p);
		p[4] = r->arg[0];
		batch_add(&r->batch, s, 5, p);
	}
	batch_addv(&r->batch, &accesses, 2, of->table, r->arg[0]);
	return true;
}

/* The field by which rows of e are of such a person; NULL: none is. */
static const struct field *
refers(const struct entity *e, const struct entity *to)
{
	for (size_t i = 0; e->business && i < e->nfields; i++)
		if (e->fields[i].type == T_REF &&
		    strcmp(e->fields[i].of, to->name) == 0)
			return &e->fields[i];
	return NULL;
}

static void
ask_row(struct request *r)
{
	const char *p[8];

	batch_open(&r->batch, &r->arena, &r->who.scope, r->route->lane);
	batch_add(&r->batch, query_stmt(request_entity(r), Q_GET),
	    query_params(&r->arena, request_entity(r), Q_GET, &r->who.scope,
	    r->arg[0], NULL, NULL, p), p);
}
