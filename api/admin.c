/*
 * POST /v1/divisions:bulk and /v1/orgs: places and organisations from files,
 * idempotent by code.
 */
#include "admin.h"

#include <stdlib.h>
#include <string.h>

#include "base/uid.h"
#include "entity.h"
#include "route.h"
#include "scope.h"
#include "shape.h"

#define ITEMS_MAX 20000
#define BODY_MAX (8u << 20)

/* One statement, so that a place may stand before its superior: foreign keys
 * are looked at in the end. */
static const struct stmt put_divisions = { "admin_divisions",
	"INSERT INTO division AS d (code, name, short_name, level, kind,"
	" parent_code, valid_from, valid_to, successor_code,"
	" is_tuopin_county, is_tuopin_village, is_key_county, is_functional)"
	" SELECT code::bigint, name, short_name, level, kind,"
	" parent_code::bigint, coalesce(valid_from, '1949-10-01'), valid_to,"
	" successor_code::bigint, is_tuopin_county, is_tuopin_village,"
	" is_key_county, coalesce(is_functional, false)"
	" FROM jsonb_to_recordset($1::jsonb) AS t (code text, name text,"
	" short_name text, level smallint, kind text, parent_code text,"
	" valid_from date, valid_to date, successor_code text,"
	" is_tuopin_county boolean, is_tuopin_village boolean,"
	" is_key_county boolean, is_functional boolean)"
	" ON CONFLICT (code) DO UPDATE SET name = excluded.name,"
	" short_name = excluded.short_name, level = excluded.level,"
	" kind = excluded.kind, parent_code = excluded.parent_code,"
	" valid_from = excluded.valid_from, valid_to = excluded.valid_to,"
	" successor_code = excluded.successor_code,"
	" is_tuopin_county = excluded.is_tuopin_county,"
	" is_tuopin_village = excluded.is_tuopin_village,"
	" is_key_county = excluded.is_key_county,"
	" is_functional = excluded.is_functional, updated_at = now()"
	" WHERE (d.name, d.short_name, d.level, d.kind, d.parent_code,"
	" d.valid_from, d.valid_to, d.successor_code, d.is_tuopin_county,"
	" d.is_tuopin_village, d.is_key_county, d.is_functional)"
	" IS DISTINCT FROM (excluded.name, excluded.short_name,"
	" excluded.level, excluded.kind, excluded.parent_code,"
	" excluded.valid_from, excluded.valid_to, excluded.successor_code,"
	" excluded.is_tuopin_county, excluded.is_tuopin_village,"
	" excluded.is_key_county, excluded.is_functional)" };
static const struct stmt put_orgs = { "admin_orgs",
	"INSERT INTO org_unit AS o (id, code, name, kind, level,"
	" division_code, parent_org_id, line_code, uscc, valid_from,"
	" valid_to) SELECT id, code, name, kind, level,"
	" division_code::bigint, parent_org_id, line_code, uscc,"
	" coalesce(valid_from, '1949-10-01'), valid_to"
	" FROM jsonb_to_recordset($1::jsonb) AS t (id uuid, code text,"
	" name text, kind text, level smallint, division_code text,"
	" parent_org_id uuid, line_code text, uscc text, valid_from date,"
	" valid_to date)"
	" ON CONFLICT (division_code, code) DO UPDATE SET"
	" name = excluded.name, kind = excluded.kind, level = excluded.level,"
	" parent_org_id = excluded.parent_org_id,"
	" line_code = excluded.line_code, uscc = excluded.uscc,"
	" valid_from = excluded.valid_from, valid_to = excluded.valid_to"
	" WHERE (o.name, o.kind, o.level, o.parent_org_id, o.line_code,"
	" o.uscc, o.valid_from, o.valid_to) IS DISTINCT FROM (excluded.name,"
	" excluded.kind, excluded.level, excluded.parent_org_id,"
	" excluded.line_code, excluded.uscc, excluded.valid_from,"
	" excluded.valid_to)" };
static const struct stmt *const statements[] = { &put_divisions, &put_orgs };

static enum next divisions_put(struct request *);
static enum next orgs_put(struct request *);
static enum next put_items(struct request *, const char *list,
    const struct stmt *, const char *key, void (*check)(struct request *,
    json_t *, const char *path));
static void check_twice(struct request *, const json_t *items,
    const char *key, const char *path);
static void check_division(struct request *, json_t *, const char *path);
static void check_org(struct request *, json_t *, const char *path);
static int64_t code_of(const json_t *, const char *name);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/divisions:bulk",
	    .right = RIGHT_CONFIGURE, .entity = "division",
	    .handle = divisions_put, .lane = LANE_SLOW,
	    .id = "putDivisions", .summary = "Load divisions, by code",
	    .summary_zh = "批量载入行政区划", .request_schema = "divisionBulk",
	    .reply_schema = "Loaded", .body_max = BODY_MAX },
	{ .method = M_POST, .pattern = "/v1/orgs", .right = RIGHT_CONFIGURE,
	    .entity = "org_unit", .handle = orgs_put, .lane = LANE_SLOW,
	    .id = "putOrgs",
	    .summary = "Load organisations, by division and code",
	    .summary_zh = "批量载入单位", .request_schema = "org_unitBulk",
	    .reply_schema = "Loaded", .body_max = BODY_MAX },
};

void
admin_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

enum next
reply_loaded(struct request *r, size_t loaded, int changed)
{
	buf_printf(&r->reply, "{\"loaded\":%zu,\"changed\":%d}", loaded,
	    changed);
	return reply(r, 200);
}

static enum next
divisions_put(struct request *r)
{
	return put_items(r, "divisions", &put_divisions, "code",
	    check_division);
}

static enum next
orgs_put(struct request *r)
{
	return put_items(r, "orgs", &put_orgs, "code", check_org);
}

static enum next
put_items(struct request *r, const char *list, const struct stmt *s,
    const char *key, void (*check)(struct request *, json_t *, const char *))
{
	const struct entity *e = request_entity(r);
	const char *const others[] = { list, NULL };
	size_t *n = r->state;
	const char *path;
	json_t *body, *items;

	if (n != NULL) {
		if (r->batch.failed >= 0)
			return fail_data(r);
		return reply_loaded(r, *n,
		    rows_affected(batch_rows(&r->batch, 0)));
	}
	if ((body = shape_body(r)) == NULL)
		return NEXT_FAIL;
	if (json_object_get(body, list) != NULL)
		shape_check(r, NULL, 0, others, body, "");
	items = shape_items(r, body, list, ITEMS_MAX, &path);
	for (size_t i = 0; i < json_array_size(items); i++) {
		const char *at = *path != '\0'
		    ? arena_printf(&r->arena, "%s/%zu", path, i) : "";
		json_t *one = json_array_get(items, i);
		struct fault **before = r->faults_end;

		shape_check(r, e->fields, e->nfields, NULL, one, at);
		if (r->faults_end == before)
			check(r, one, at);
	}
	if (r->faults == NULL)
		check_twice(r, items, key, path);
	r->state = n = arena_alloc(&r->arena, sizeof *n);
	*n = json_array_size(items);
	json_decref(body);
	if (r->faults != NULL) {
		json_decref(items);
		return shape_refuse(r);
	}
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_addv(&r->batch, s, 1, shape_text(r, items));
	return NEXT_DB;
}

/* Twice the same key would be a sentence of the database's, not ours. */
static void
check_twice(struct request *r, const json_t *items, const char *key,
    const char *path)
{
	json_t *seen = json_object();

	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *one = json_array_get(items, i);
		const char *division = json_string_value(json_object_get(one,
		    "division_code"));
		const char *own = arena_printf(&r->arena, "%s %s",
		    division != NULL ? division : "",
		    json_string_value(json_object_get(one, key)));

		if (json_object_get(seen, own) != NULL)
			shape_fault(r, arena_printf(&r->arena, "%s/%zu", path,
			    i), key, "duplicate", "同一文件中重复出现",
			    "is in the list twice");
		json_object_set_new(seen, own, json_true());
	}
	json_decref(seen);
}

/* A subtree is one range of codes (D3): a place outside its superior's range
 * would be seen by nobody above it. */
static void
check_division(struct request *r, json_t *one, const char *path)
{
	int64_t code = code_of(one, "code");
	int64_t parent = code_of(one, "parent_code");
	long level = (long)json_integer_value(json_object_get(one, "level"));

	if (!scope_covers(&r->who, code))
		shape_fault(r, path, "code", "unknown", "没有这个区划",
		    "no such division");
	if (level != division_level(code))
		shape_fault(r, path, "level", "out_of_range",
		    "级别与区划代码不符", "does not fit the code");
	if (parent >= 0 && (parent == code || code < parent ||
	    code > division_last(parent)))
		shape_fault(r, path, "parent_code", "out_of_range",
		    "代码不在上级区划的范围内",
		    "the code lies outside the superior's range");
	if (parent < 0 && code != 0)
		shape_fault(r, path, "parent_code", "required",
		    "请填写“上级”", "is required");
}

static void
check_org(struct request *r, json_t *one, const char *path)
{
	char id[UUID_LEN + 1];

	if (!scope_covers(&r->who, code_of(one, "division_code")))
		shape_fault(r, path, "division_code", "unknown",
		    "没有这个区划", "no such division");
	uuid_new(id); /* kept only by a new one */
	json_object_set_new(one, "id", json_string(id));
}

static int64_t
code_of(const json_t *one, const char *name)
{
	const char *text = json_string_value(json_object_get(one, name));

	return text != NULL ? strtoll(text, NULL, 10) : -1;
}
