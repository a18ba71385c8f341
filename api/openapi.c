/* Routes, model and api/schemas/ → the OpenAPI document. */
#include "openapi.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "model/chapters.h"
#include "route.h"

static const char about[] =
    "The canonical model behind one engine: rows, their lifecycles, and the "
    "ledgers they are kept in.\n\n"
    "Errors are RFC 9457 problems with a stable code. Lists are paged by "
    "cursor. A change carries If-Match with the revision that was read. POST "
    "honours Idempotency-Key. Clients without PATCH send POST with "
    "X-HTTP-Method-Override. Names are snake_case, unknown fields are "
    "refused, money is integer 分, ratios are basis points, dates are civil, "
    "times UTC. HEAD is GET without the body. openapi/README.md lists the "
    "limits and what each kind of broken request is answered.";

static enum next openapi_get(struct request *);
static json_t *head(void);
static json_t *paths_make(const json_t *components, json_t *tags);
static const char *tag_of(const struct route *, const char **label);
static void tag_add(json_t *tags, const char *name, const char *label);
static void prune(json_t *components, const json_t *paths);
static void mark(const json_t *, const json_t *components, json_t *used);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/openapi.json",
	    .right = RIGHT_PUBLIC, .handle = openapi_get, .lane = LANE_FAST,
	    .id = "getOpenApi", .summary = "This document",
	    .summary_zh = "接口说明", .reply_schema = "OpenApi",
	    .fails = "422" },
};

/* Chapters of the model. */
static const struct {
	const char *name, *label;
	const struct entity *const *list;
} chapter[] = {
	{ "people", "人员与单位", people_chapter },
	{ "projects", "项目与项目库", project_chapter },
	{ "funds", "资金", fund_chapter },
	{ "assets", "资产", asset_chapter },
	{ "benefits", "联农带农", benefit_chapter },
	{ "risks", "风险、分类与方案", risk_chapter },
	{ "orders", "督办、巡查与问责", order_chapter },
	{ "forms", "问卷", form_chapter },
	{ "archives", "档案", archive_chapter },
	{ "reports", "报表与指标", report_chapter },
};

/* Of what is no entity, by the first part of the path. */
static const struct {
	const char *segment, *name, *label;
} others[] = {
	{ "sessions", "sessions", "登录" },
	{ "me", "sessions", "登录" },
	{ "users", "users", "用户" },
	{ "divisions", "places", "区划与单位" },
	{ "orgs", "places", "区划与单位" },
	{ "actions", "actions", "专项行动" },
	{ "issues", "issues", "问题整改" },
	{ "sync", "sync", "共享表格" },
	{ "conflicts", "sync", "共享表格" },
	{ "requests", "sync", "共享表格" },
	{ "findings", "sync", "共享表格" },
	{ "bindings", "sync", "共享表格" },
	{ "ledger-templates", "sync", "共享表格" },
	{ "openapi", "service", "服务" },
};

void
openapi_init(void)
{
	route_register(routes, COUNT(routes));
}

json_t *
openapi_make(void)
{
	json_t *components = openapi_parts_read(), *tags = json_array();
	json_t *doc = head(), *paths;

	openapi_schemas(json_object_get(components, "schemas"));
	openapi_parameters(json_object_get(components, "parameters"));
	SET(components, "responses", openapi_responses());
	paths = paths_make(components, tags);
	prune(components, paths);
	SET(components, "securitySchemes", json_pack("{s:{s:s,s:s,s:s}}",
	    "bearer", "type", "http", "scheme", "bearer", "description",
	    "The token of a session (POST /v1/sessions) or of a sheet agent."));
	SET(doc, "paths", paths);
	SET(doc, "components", components);
	SET(doc, "tags", tags);
	return doc;
}

static json_t *
head(void)
{
	json_t *doc = json_pack("{s:s,s:{s:s,s:s,s:s,s:{s:s,s:s},s:{s:s}},"
	    "s:[{s:s,s:s}],s:[{s:[]}]}",
	    "openapi", "3.1.0", "info", "title", "Taizhang 台账", "version",
	    "1.0.0", "description", about, "license", "name", "Proprietary",
	    "identifier", "LicenseRef-Taizhang", "contact", "name",
	    "Taizhang maintainers", "servers", "url", "/", "description",
	    "This server", "security", "bearer");

	REQUIRE(doc != NULL);
	return doc;
}

/* Made once, by each worker's first reader, when the code sets are known. */
static enum next
openapi_get(struct request *r)
{
	static char *text;
	static size_t len;

	if (text == NULL && conf_seq() == 0 && r->state == NULL) {
		r->state = r;
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		conf_plan(&r->batch);
		return NEXT_DB;
	}
	if (text == NULL) {
		json_t *doc;

		if (conf_seq() == 0 && r->batch.failed >= 0)
			return fail(r, E_BUSY, NULL, NULL, NULL);
		if (conf_seq() == 0)
			conf_take(&r->batch);
		doc = openapi_make();
		text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
		json_decref(doc);
		REQUIRE(text != NULL);
		len = strlen(text);
	}
	buf_add(&r->reply, text, len);
	return reply(r, 200);
}

static json_t *
paths_make(const json_t *components, json_t *tags)
{
	json_t *paths = json_object();

	for (size_t i = 0; i < route_count(); i++) {
		const struct route *t = route_at(i);
		json_t *path = json_object_get(paths, t->pattern);
		const char *label, *tag = tag_of(t, &label);
		char method[16];
		size_t n = 0;

		for (const char *c = method_name(t->method); *c != '\0'; c++)
			method[n++] = (char)tolower((unsigned char)*c);
		method[n] = '\0';
		if (path == NULL) {
			path = json_object();
			SET(paths, t->pattern, path);
		}
		SET(path, method, openapi_operation(t, tag, components));
		tag_add(tags, tag, label);
	}
	return paths;
}

static const char *
tag_of(const struct route *t, const char **label)
{
	const char *p = strncmp(t->pattern, "/v1/", 4) == 0 ? t->pattern + 4
							    : "openapi";
	size_t n = strcspn(p, "/:.");
	const struct entity *e;
	char segment[64];

	snprintf(segment, sizeof segment, "%.*s", (int)n, p);
	e = entity_by_path(segment);
	for (size_t i = 0; e != NULL && i < COUNT(chapter); i++)
		for (size_t k = 0; chapter[i].list[k] != NULL; k++)
			if (chapter[i].list[k] == e) {
				*label = chapter[i].label;
				return chapter[i].name;
			}
	for (size_t i = 0; i < COUNT(others); i++)
		if (strcmp(others[i].segment, segment) == 0) {
			*label = others[i].label;
			return others[i].name;
		}
	*label = e != NULL ? e->label : "其他";
	return e != NULL ? e->path : "others";
}

static void
tag_add(json_t *tags, const char *name, const char *label)
{
	size_t at = 0;
	int order = 1;

	while (at < json_array_size(tags) && (order = strcmp(
	    json_string_value(json_object_get(json_array_get(tags, at),
	    "name")), name)) < 0)
		at++;
	if (order == 0)
		return;
	json_array_insert_new(tags, at, json_pack("{s:s,s:s}", "name", name,
	    "description", label));
}

/* Components that nothing refers to are left out. */
static void
prune(json_t *components, const json_t *paths)
{
	json_t *used = json_object(), *all, *v;
	const char *kind, *name;
	char path[256];
	void *tmp;

	mark(paths, components, used);
	json_object_foreach(components, kind, all)
		json_object_foreach_safe(all, tmp, name, v) {
			(void)v;
			snprintf(path, sizeof path, "%s/%s", kind, name);
			if (json_object_get(used, path) == NULL)
				json_object_del(all, name);
		}
	json_decref(used);
}

/* What v refers to, and what that refers to. */
static void
mark(const json_t *v, const json_t *components, json_t *used)
{
	const char *key, *to;
	json_t *one;
	size_t i;

	json_array_foreach(v, i, one)
		mark(one, components, used);
	json_object_foreach((json_t *)(uintptr_t)v, key, one) {
		char kind[32], name[200], path[256];

		to = strcmp(key, "$ref") == 0 ? json_string_value(one) : NULL;
		if (to == NULL) {
			mark(one, components, used);
			continue;
		}
		if (sscanf(to, "#/components/%31[^/]/%199[^/]", kind, name) !=
		    2)
			REQUIRE(!"a reference to a component");
		snprintf(path, sizeof path, "%s/%s", kind, name);
		if (json_object_get(used, path) != NULL)
			continue;
		SET(used, path, json_true());
		mark(json_object_get(json_object_get(components, kind), name),
		    components, used);
	}
}
