/* Objects of configuration files against field tables. */
#include "shape.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "openapi.h"
#include "value.h"

static void check_member(struct request *, const struct field *,
    json_t *object, const json_t *value, const char *path);
static bool listed(const char *const *, const char *);

json_t *
shape_body(struct request *r)
{
	json_t *body = request_json(r);

	return body != NULL ? json_deep_copy(body) : NULL;
}

json_t *
shape_items(struct request *r, json_t *body, const char *name, size_t max,
    const char **path)
{
	json_t *list = json_object_get(body, name), *one;
	size_t i;

	*path = "";
	if (list == NULL) {
		list = json_array();
		json_array_append(list, body);
		return list;
	}
	*path = arena_printf(&r->arena, "/%s", name);
	if (!json_is_array(list) || json_array_size(list) > max) {
		shape_fault(r, "", name, "not_a_list",
		    arena_printf(&r->arena, "应为最多 %zu 项的列表", max),
		    arena_printf(&r->arena, "must be a list of %zu at most",
		    max));
		return json_array();
	}
	json_array_foreach(list, i, one) {
		if (!json_is_object(one)) {
			shape_fault(r, *path, arena_printf(&r->arena, "%zu",
			    i), "not_object", "应为对象", "must be an object");
			return json_array();
		}
	}
	return json_incref(list);
}

void
shape_check(struct request *r, const struct field *fields, size_t n,
    const char *const *others, json_t *object, const char *path)
{
	const char *key;
	json_t *v;
	void *next;

	if (!json_is_object(object)) {
		fault(r, path, "DQ-02", "not_object", "应为对象",
		    "must be an object");
		return;
	}
	json_object_foreach_safe(object, next, key, v) {
		const struct field *f = NULL;

		for (size_t i = 0; i < n && f == NULL; i++)
			if (strcmp(fields[i].name, key) == 0)
				f = &fields[i];
		if (f != NULL)
			check_member(r, f, object, v, path);
		else if (strcmp(key, "note") != 0 && !listed(others, key))
			shape_fault(r, path, key, "unknown_field",
			    "没有这个字段", "unknown field");
	}
	for (size_t i = 0; i < n; i++)
		if ((fields[i].flags & F_REQUIRED) &&
		    json_object_get(object, fields[i].name) == NULL)
			shape_fault(r, path, fields[i].name, "required",
			    arena_printf(&r->arena, "请填写“%s”",
			    fields[i].label), "is required");
}

bool
shape_list(struct request *r, const struct field *fields, size_t n,
    json_t *list, const char *path)
{
	if (!json_is_array(list)) {
		fault(r, path, "DQ-02", "not_a_list", "应为列表",
		    "must be a list");
		return false;
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		shape_check(r, fields, n, NULL, json_array_get(list, i),
		    arena_printf(&r->arena, "%s/%zu", path, i));
	return true;
}

void
shape_fault(struct request *r, const char *path, const char *name,
    const char *code, const char *zh, const char *en)
{
	fault(r, arena_printf(&r->arena, "%s/%s", path, name),
	    strcmp(code, "required") == 0 ? "DQ-01" : "DQ-02", code, zh, en);
}

const char *
shape_text(struct request *r, json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	const char *own;

	REQUIRE(text != NULL);
	own = arena_strdup(&r->arena, text);
	free(text);
	json_decref(v);
	return own;
}

json_t *
shape_schema(const struct field *fields, size_t n)
{
	json_t *properties = json_object(), *need = json_array();

	for (size_t i = 0; i < n; i++) {
		if (fields[i].flags & F_SERVER)
			continue;
		json_object_set_new(properties, fields[i].name,
		    openapi_field(&fields[i]));
		if (fields[i].flags & F_REQUIRED)
			json_array_append_new(need,
			    json_string(fields[i].name));
	}
	json_object_set_new(properties, "note", json_pack("{ss}", "type",
	    "string"));
	return json_pack("{ss sb so so}", "type", "object",
	    "additionalProperties", false, "required", need, "properties",
	    properties);
}

json_t *
shape_schema_list(json_t *item)
{
	return json_pack("{ss so}", "type", "array", "items", item);
}

enum next
shape_refuse(struct request *r)
{
	return fail(r, E_INPUT, "invalid", "有的内容填写不正确",
	    "Some of the content is not right.");
}

static void
check_member(struct request *r, const struct field *f, json_t *object,
    const json_t *value, const char *path)
{
	const char *at = arena_printf(&r->arena, "%s/%s", path, f->name);
	const char *sql;
	struct reason why;

	if (f->flags & F_SERVER) {
		fault(r, at, "DQ-02", "read_only", "这个字段不能修改",
		    "cannot be written");
		return;
	}
	if (!value_from_json(&r->arena, f, conf_codes(), value, &sql, &why)) {
		fault(r, at, why.rule, why.code, why.zh, why.en);
		return;
	}
	if (sql == NULL && (f->flags & F_REQUIRED))
		fault(r, at, "DQ-01", "required", arena_printf(&r->arena,
		    "“%s”不能为空", f->label), "cannot be blank");
	else if (json_is_string(value) || sql == NULL)
		json_object_set_new(object, f->name,
		    sql != NULL ? json_string(sql) : json_null());
}

static bool
listed(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}
