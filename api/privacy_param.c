/* /v1/privacy/parameters: what an installation sets about personal data – how
 * often one may unmask in a day, how long answers and incomes are kept
 * (domain.md 5.3). Read and changed by security administrators. */
#include <string.h>

#include "admin.h"
#include "audit.h"
#include "entity.h"
#include "privacy.h"
#include "route.h"
#include "shape.h"

static const struct stmt list = { "pii_params",
	"SELECT name, value, least, most, meaning, " SQL_UTC("updated_at")
	", updated_by"
	" FROM pii_param ORDER BY name" };
static const struct stmt one = { "pii_param",
	"SELECT value, least, most FROM pii_param WHERE name = $1 FOR UPDATE" };
static const struct stmt put = { "pii_param_put",
	"UPDATE pii_param SET value = $2::int, updated_at = now(),"
	" updated_by = app_actor() WHERE name = $1 RETURNING value" };
static const struct stmt *const statements[] = { &list, &one, &put };

static const struct field fields[] = {
	{ "value", "值", "What it is set to.", T_INT, F_REQUIRED, 0, 0, 10000,
	    NULL, "5.3", NULL },
};

struct setting {
	long value;
	bool stored;
};

static enum next params_list(struct request *);
static enum next param_put(struct request *);
static enum next begin(struct request *);
static enum next store(struct request *, struct setting *);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/privacy/parameters",
	    .right = RIGHT_SECURE, .handle = params_list, .lane = LANE_FAST,
	    .id = "listPrivacyParameters",
	    .summary = "What is set about personal data",
	    .summary_zh = "个人信息保护参数",
	    .reply_schema = "PrivacyParameterList" },
	{ .method = M_PUT, .pattern = "/v1/privacy/parameters/{name}",
	    .right = RIGHT_SECURE, .handle = param_put, .lane = LANE_SLOW,
	    .id = "putPrivacyParameter",
	    .summary = "Change one; by the installation's security "
	    "administrator",
	    .summary_zh = "更改参数，由全国范围的安全管理员办理",
	    .request_schema = "PrivacyParameterValue",
	    .reply_schema = "Loaded", .body_max = 4096 },
};

void
privacy_param_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
params_list(struct request *r)
{
	static const char *const names[] = { "name", "value", "least", "most",
		"meaning", "updated_at", "updated_by" };
	struct buf *b = &r->reply;
	const struct rows *rows;

	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		batch_addv(&r->batch, &list, 0);
		return NEXT_DB;
	}
	rows = batch_rows(&r->batch, 0);
	buf_str(b, "{\"items\":[");
	for (int i = 0; i < rows_n(rows); i++) {
		buf_comma(b);
		buf_char(b, '{');
		for (int k = 0; k < (int)COUNT(names); k++) {
			buf_key(b, names[k]);
			if (k > 0 && k < 4)
				buf_str(b, rows_text(rows, i, k));
			else
				buf_json(b, rows_text(rows, i, k));
		}
		buf_char(b, '}');
	}
	buf_str(b, "]}");
	return reply(r, 200);
}

static enum next
param_put(struct request *r)
{
	struct setting *s = r->state;

	if (s == NULL)
		return begin(r);
	if (r->batch.failed >= 0)
		return fail_data(r);
	if (!s->stored)
		return store(r, s);
	return reply_loaded(r, 1, rows_affected(batch_rows(&r->batch, 0)));
}

static enum next
begin(struct request *r)
{
	struct setting *s;
	json_t *body;

	if (r->who.division != 0)
		return fail(r, E_DENIED, "installation",
		    "个人信息保护参数由全国范围的安全管理员统一维护",
		    "These are for the administrator of the installation.");
	if ((body = shape_body(r)) == NULL)
		return NEXT_FAIL;
	shape_check(r, fields, COUNT(fields), NULL, body, "");
	r->state = s = arena_alloc(&r->arena, sizeof *s);
	s->value = (long)json_integer_value(json_object_get(body, "value"));
	json_decref(body);
	if (r->faults != NULL)
		return shape_refuse(r);
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	r->batch.hold = true;
	batch_addv(&r->batch, &one, 1, r->arg[0]);
	return NEXT_DB;
}

/* The change and, with both values, its event: one transaction. */
static enum next
store(struct request *r, struct setting *s)
{
	const struct rows *is = batch_rows(&r->batch, 0);
	const char *value = arena_printf(&r->arena, "%ld", s->value);

	if (rows_n(is) != 1)
		return fail_unknown(r);
	if (s->value < rows_long(is, 0, 1) || s->value > rows_long(is, 0, 2)) {
		shape_fault(r, "", "value", "out_of_range",
		    arena_printf(&r->arena, "应在 %s 到 %s 之间",
		    rows_text(is, 0, 1), rows_text(is, 0, 2)),
		    arena_printf(&r->arena, "must be from %s to %s",
		    rows_text(is, 0, 1), rows_text(is, 0, 2)));
		return shape_refuse(r);
	}
	s->stored = true;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	r->batch.last = true;
	batch_addv(&r->batch, &put, 2, r->arg[0], value);
	audit_note(r, &(struct audit_event){ .verb = "setting",
	    .entity = "pii_param", .detail = arena_printf(&r->arena,
	    "{\"name\":\"%s\",\"from\":%s,\"to\":%s}", r->arg[0],
	    rows_text(is, 0, 0), value) });
	return NEXT_DB;
}
