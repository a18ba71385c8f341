/* Routes → the OpenAPI document. */
#include "openapi.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "route.h"

#define SET(o, key, v) json_object_set_new(o, key, v)

static enum next openapi_get(struct request *);
static json_t *tags_of(json_t *paths);
static json_t *operation(const struct route *, const json_t *schemas);
static json_t *parameters(const struct route *);
static void path_parameters(json_t *, const char *pattern);
static void list_parameters(json_t *, const struct entity *);
static json_t *parameter(const char *in, const char *name, bool required,
    const char *text, json_t *schema);
static json_t *content(const char *name, const json_t *schemas);
static json_t *responses(const struct route *, const json_t *schemas);
static bool is_list(const struct route *);
static void prune(json_t *schemas, const json_t *paths);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/openapi.json",
	    .right = RIGHT_PUBLIC, .handle = openapi_get, .lane = LANE_FAST,
	    .id = "getOpenApi", .summary = "This document",
	    .summary_zh = "接口说明", .reply_schema = "Object" },
};

void
openapi_init(void)
{
	route_register(routes, COUNT(routes));
}

json_t *
openapi_make(void)
{
	json_t *schemas = openapi_schemas(), *paths = json_object();
	json_t *doc, *tags;

	for (size_t i = 0; i < route_count(); i++) {
		const struct route *t = route_at(i);
		json_t *path = json_object_get(paths, t->pattern);
		char method[16];
		size_t n = 0;

		for (const char *c = method_name(t->method); *c != '\0'; c++)
			method[n++] = (char)tolower((unsigned char)*c);
		method[n] = '\0';
		if (path == NULL) {
			path = json_object();
			SET(paths, t->pattern, path);
		}
		SET(path, method, operation(t, schemas));
	}
	prune(schemas, paths);
	tags = tags_of(paths);
	doc = json_pack("{s:s,s:{s:s,s:s,s:s,s:{s:s,s:s}},s:[{s:s,s:s}],s:o,"
	    "s:{s:o,s:{s:{s:s,s:s}}},s:[{s:[]}]}",
	    "openapi", "3.1.0", "info", "title", "Taizhang 台账", "version",
	    "1.0.0", "description", "Issues, their rectification and the "
	    "ledgers they are kept in. Errors are RFC 9457 problems; lists "
	    "are paged by cursor; writes carry If-Match; POST honours "
	    "Idempotency-Key.", "license", "name", "Proprietary",
	    "identifier", "LicenseRef-Taizhang", "servers", "url", "/",
	    "description", "This server", "paths", paths, "components",
	    "schemas", schemas, "securitySchemes", "bearer", "type", "http",
	    "scheme", "bearer", "security", "bearer");
	REQUIRE(doc != NULL);
	SET(doc, "tags", tags);
	SET(json_object_get(doc, "info"), "contact", json_pack("{s:s}",
	    "name", "Taizhang maintainers"));
	return doc;
}

/* Every tag that an operation has, once. */
static json_t *
tags_of(json_t *paths)
{
	json_t *all = json_array(), *seen = json_object(), *ops, *op;
	const char *path, *method;

	json_object_foreach(paths, path, ops) {
		json_object_foreach(ops, method, op) {
			const char *tag = json_string_value(json_array_get(
			    json_object_get(op, "tags"), 0));

			if (json_object_get(seen, tag) != NULL)
				continue;
			SET(seen, tag, json_true());
			json_array_append_new(all, json_pack("{s:s}", "name",
			    tag));
		}
	}
	json_decref(seen);
	return all;
}

static enum next
openapi_get(struct request *r)
{
	static char *text;

	if (text == NULL) {
		json_t *doc = openapi_make();

		text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
		json_decref(doc);
		REQUIRE(text != NULL);
	}
	buf_str(&r->reply, text);
	return reply(r, 200);
}

static json_t *
operation(const struct route *t, const json_t *schemas)
{
	json_t *o = json_object(), *params = parameters(t);
	const char *name = strchr(t->pattern + 1, '/');
	char tag[64] = "service";

	if (name != NULL)
		snprintf(tag, sizeof tag, "%.*s",
		    (int)strcspn(name + 1, "/:."), name + 1);
	SET(o, "operationId", json_string(t->id));
	SET(o, "summary", json_string(t->summary ? t->summary : t->id));
	if (t->summary_zh != NULL)
		SET(o, "description", json_string(t->summary_zh));
	SET(o, "tags", json_pack("[s]", tag));
	if (json_array_size(params) > 0)
		SET(o, "parameters", params);
	else
		json_decref(params);
	if (t->request_schema != NULL)
		SET(o, "requestBody", json_pack("{s:b,s:o}", "required",
		    t->right != RIGHT_MOVE, "content",
		    content(t->request_schema, schemas)));
	if (t->right == RIGHT_PUBLIC)
		SET(o, "security", json_array());
	SET(o, "responses", responses(t, schemas));
	return o;
}

static json_t *
parameters(const struct route *t)
{
	json_t *all = json_array();

	path_parameters(all, t->pattern);
	if (is_list(t) && entity_find(t->entity)->business)
		list_parameters(all, entity_find(t->entity));
	if (t->method == M_PATCH)
		json_array_append_new(all, parameter("header", "If-Match",
		    true, "Revision that is changed, quoted.",
		    json_pack("{s:s}", "type", "string")));
	if (t->method == M_POST && t->right != RIGHT_PUBLIC &&
	    t->right != RIGHT_CONFIGURE)
		json_array_append_new(all, parameter("header",
		    "Idempotency-Key", false,
		    "A repetition with the same key gets the same reply.",
		    json_pack("{s:s,s:i}", "type", "string", "maxLength",
		    200)));
	return all;
}

static void
path_parameters(json_t *all, const char *pattern)
{
	for (const char *p = strchr(pattern, '{'); p != NULL;
	    p = strchr(p, '{')) {
		char name[64];

		p++;
		snprintf(name, sizeof name, "%.*s", (int)strcspn(p, "}"), p);
		json_array_append_new(all, parameter("path", name, true, NULL,
		    json_pack("{s:s}", "type", "string")));
	}
}

static void
list_parameters(json_t *all, const struct entity *e)
{
	static const struct {
		const char *name, *type, *text;
	} common[] = {
		{ "cursor", "string", "Where the last page ended." },
		{ "limit", "integer", "Rows per page, 1 to 200." },
		{ "sort", "string", "A sort order; - before it turns it." },
		{ "fields", "string", "Only these fields, comma separated." },
		{ "count", "boolean", "Also count the rows." },
		{ "q", "string", "Text that the description holds." },
	};

	for (size_t i = 0; i < COUNT(common); i++)
		json_array_append_new(all, parameter("query", common[i].name,
		    false, common[i].text, json_pack("{s:s}", "type",
		    common[i].type)));
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);
		bool range = f->type == T_DATE || f->type == T_TIME ||
		    f->type == T_INT;
		char name[80];

		if (!(f->flags & F_FILTER))
			continue;
		json_array_append_new(all, parameter("query", f->name, false,
		    f->text, json_pack("{s:s}", "type", "string")));
		for (int end = 0; range && end < 2; end++) {
			snprintf(name, sizeof name, "%s_%s", f->name,
			    end == 0 ? "from" : "to");
			json_array_append_new(all, parameter("query", name,
			    false, f->text, json_pack("{s:s}", "type",
			    "string")));
		}
	}
}

static json_t *
parameter(const char *in, const char *name, bool required, const char *text,
    json_t *schema)
{
	json_t *o = json_pack("{s:s,s:s,s:b,s:o}", "in", in, "name", name,
	    "required", required, "schema", schema);

	if (text != NULL)
		SET(o, "description", json_string(text));
	return o;
}

/* A schema nobody describes is an object. */
static json_t *
content(const char *name, const json_t *schemas)
{
	char path[200];

	snprintf(path, sizeof path, "#/components/schemas/%s",
	    json_object_get(schemas, name) != NULL ? name : "Object");
	return json_pack("{s:{s:{s:s}}}", "application/json", "schema",
	    "$ref", path);
}

static json_t *
responses(const struct route *t, const json_t *schemas)
{
	json_t *all = json_object();
	bool created = t->method == M_POST && (t->right == RIGHT_CREATE ||
	    t->right == RIGHT_PUBLIC);
	json_t *good = json_pack("{s:s}", "description", "Done");

	if (t->reply_schema != NULL)
		SET(good, "content", content(t->reply_schema, schemas));
	SET(all, t->reply_schema == NULL ? "204" : created ? "201" : "200",
	    good);
	SET(all, "4XX", json_pack("{s:s,s:{s:{s:{s:s}}}}", "description",
	    "Refused", "content", "application/problem+json", "schema",
	    "$ref", "#/components/schemas/Problem"));
	SET(all, "5XX", json_pack("{s:s,s:{s:{s:{s:s}}}}", "description",
	    "Not possible now", "content", "application/problem+json",
	    "schema", "$ref", "#/components/schemas/Problem"));
	return all;
}

static bool
is_list(const struct route *t)
{
	size_t n = t->reply_schema != NULL ? strlen(t->reply_schema) : 0;

	return t->method == M_GET && t->entity != NULL && n > 4 &&
	    strcmp(t->reply_schema + n - 4, "List") == 0 &&
	    strchr(t->pattern, '{') == NULL;
}

/* Schemas that nothing refers to are left out, again until none is. */
static void
prune(json_t *schemas, const json_t *paths)
{
	bool again = true;

	while (again) {
		char *used = json_dumps(paths, JSON_COMPACT);
		char *own = json_dumps(schemas, JSON_COMPACT);
		const char *key;
		json_t *v;
		void *tmp;

		again = false;
		json_object_foreach_safe(schemas, tmp, key, v) {
			char want[200];

			(void)v;
			snprintf(want, sizeof want,
			    "#/components/schemas/%s\"", key);
			if (strstr(used, want) != NULL ||
			    strstr(own, want) != NULL)
				continue;
			json_object_del(schemas, key);
			again = true;
		}
		free(used);
		free(own);
	}
}
