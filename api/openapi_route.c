/* One route as an OpenAPI operation: parameters, bodies, replies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulk.h"
#include "entity.h"
#include "move.h"
#include "openapi.h"
#include "problem.h"
#include "route.h"

#define JSON_TYPE "application/json"
#define PROBLEM_TYPE "application/problem+json"
#define LIST_TYPES JSON_TYPE " application/x-ndjson text/csv application/" \
	"vnd.openxmlformats-officedocument.spreadsheetml.sheet"

/* What a route answers besides success, and when. */
enum when {
	ALWAYS = 1 << 0,
	WITH_WHO = 1 << 1,   /* an identity is needed */
	WITH_BODY = 1 << 2,
	WITH_WRITE = 1 << 3,
	WITH_MATCH = 1 << 4, /* If-Match may be sent */
	WITH_MUST = 1 << 5,  /* and has to be */
	NAMED = 1 << 6,	     /* where the route says so */
	WITH_KEY = 1 << 7,   /* Idempotency-Key may be sent */
};

static const struct answer {
	const char *status, *name;
	unsigned when;
	const char *code, *text, *detail, *header;
} answers[] = {
	{ "400", "BadRequest", ALWAYS, "bad_request",
	    "The path, the query, a header or the syntax of the body is wrong.",
	    "提交的内容有误，请改正后重试", NULL },
	{ "401", "Unauthenticated", WITH_WHO, "unauthenticated",
	    "No token, or one that is unknown, ended or revoked.",
	    "请先登录", "WWW-Authenticate" },
	{ "403", "Denied", WITH_WHO, "denied",
	    "The role does not allow it.", "您的角色不能进行此操作", NULL },
	{ "404", "NotFound", WITH_WHO, "not_found",
	    "There is none, or none within the caller's scope: the reply is "
	    "the same.", "没有找到，或不在您的范围内", NULL },
	{ "409", "Conflict", WITH_WRITE, "wrong_state",
	    "Not possible in the present state, or in conflict with what is "
	    "there.", "当前状态下不能进行此操作", NULL },
	{ "410", "Gone", NAMED, "cursor_expired",
	    "What was asked for lies too far back: begin again.",
	    "游标已失效，请重新开始", NULL },
	{ "412", "Stale", WITH_MATCH, "stale",
	    "Somebody changed it since; the ETag is the newest revision.",
	    "记录已被他人修改，请刷新后重试", "ETag" },
	{ "413", "TooLarge", WITH_BODY | WITH_WHO, "too_large",
	    "The body, or the reply, would be too large.",
	    "内容过大或过多，请分批提交", NULL },
	{ "415", "UnsupportedMediaType", WITH_BODY, "content_type",
	    "The Content-Type is not one the route takes.",
	    "Content-Type 应为 application/json", NULL },
	{ "416", "RangeNotSatisfiable", NAMED, "range",
	    "The range lies beyond the end of the file.",
	    "请求的范围超出文件大小", NULL },
	{ "422", "Unprocessable", WITH_WHO | WITH_BODY | WITH_KEY, "invalid",
	    "Fields or parameters are wrong; faults names all of them.",
	    "有的字段填写不正确", NULL },
	{ "428", "PreconditionRequired", WITH_MUST, "if_match_required",
	    "If-Match is missing.", "请带上 If-Match（记录的版本号）",
	    NULL },
	{ "429", "TooManyRequests", ALWAYS, "too_many_requests",
	    "More requests than the quota, or too many failed logins.",
	    "请求过于频繁，请稍后再试", "Retry-After" },
	{ "500", "Internal", ALWAYS, "internal",
	    "Our mistake; the log knows the request id.",
	    "系统内部错误，请联系管理员", NULL },
	{ "503", "Busy", ALWAYS, "busy", "Not now: try again.",
	    "系统正忙，请稍后自动重试", "Retry-After" },
	{ "507", "InsufficientStorage", NAMED, "storage_full",
	    "The disk for attachments is full; nothing was kept.",
	    "存放附件的磁盘空间不足，文件没有保存，请联系管理员", NULL },
	{ "default", "Framing", ALWAYS, "timeout",
	    "Refused before it was a request: 400, 408, 411, 413, 414, 417, "
	    "431, 501, 505; or no such address or method: 404, 405.",
	    "请求头迟迟没有发完 / The header block took too long.", NULL },
};

static void path_parameters(json_t *, const char *pattern,
    const json_t *components);
static void named_parameters(json_t *, const char *names,
    const json_t *components);
static void list_parameters(json_t *, const struct entity *);
static void filter_parameters(json_t *, const struct entity *, int);
static json_t *filter_schema(const struct field *);
static void add_ref(json_t *, const char *name);
static json_t *content(const char *types, const char *name,
    const json_t *components);
static json_t *responses(const struct route *, const json_t *components);
static const char *statuses(const struct route *);
static bool one_row(const struct route *);
static bool rehearsed(const struct route *);
static json_t *good(const struct route *, const char *status,
    const json_t *components);
static unsigned circumstances(const struct route *);
static bool named(const char *names, const char *name);

json_t *
openapi_operation(const struct route *t, const char *tag,
    const json_t *components)
{
	json_t *o = json_object();

	SET(o, "operationId", json_string(t->id));
	SET(o, "summary", json_string(t->summary ? t->summary : t->id));
	SET(o, "description", json_string(t->summary_zh != NULL
	    ? t->summary_zh : t->id));
	SET(o, "tags", json_pack("[s]", tag));
	SET(o, "parameters", openapi_asked(t, components));
	if (t->request_schema != NULL)
		SET(o, "requestBody", json_pack("{s:b,s:o}", "required",
		    t->right != RIGHT_MOVE, "content",
		    content(t->request_type, t->request_schema, components)));
	if (t->right == RIGHT_PUBLIC)
		SET(o, "security", json_array());
	SET(o, "responses", responses(t, components));
	return o;
}

void
openapi_parameters(json_t *all)
{
	for (size_t i = 0; i < ncommon_fields; i++) {
		const struct field *f = &common_fields[i];
		char name[100];
		json_t *made;

		if (!(f->flags & F_FILTER))
			continue;
		made = json_array();
		filter_parameters(made, NULL, (int)i);
		for (size_t k = 0; k < json_array_size(made); k++) {
			json_t *p = json_array_get(made, k);

			snprintf(name, sizeof name, "filter.%s",
			    json_string_value(json_object_get(p, "name")));
			json_object_set(all, name, p);
		}
		json_decref(made);
	}
}

json_t *
openapi_responses(void)
{
	json_t *all = json_object();

	for (size_t i = 0; i < COUNT(answers); i++) {
		const struct answer *a = &answers[i];
		long status = strtol(*a->status == 'd' ? "408" : a->status,
		    NULL, 10);
		char type[80];
		json_t *o;

		snprintf(type, sizeof type, "urn:taizhang:problem:%s",
		    a->code);
		o = json_pack("{s:s,s:{s:{s:o,s:{s:s,s:s,s:i,s:s,s:s,s:[]}}}}",
		    "description", a->text, "content", PROBLEM_TYPE, "schema",
		    openapi_ref("schemas", "Problem"), "example", "type", type,
		    "title", problem_title((unsigned)status), "status",
		    (int)status, "code", a->code, "detail", a->detail,
		    "faults");
		REQUIRE(o != NULL);
		if (a->header != NULL)
			SET(o, "headers", json_pack("{s:o}", a->header,
			    openapi_ref("headers", a->header)));
		SET(all, a->name, o);
	}
	return all;
}

json_t *
openapi_asked(const struct route *t, const json_t *components)
{
	json_t *all = json_array();
	unsigned when = circumstances(t);

	path_parameters(all, t->pattern, components);
	if (t->handle == entity_list)
		list_parameters(all, entity_find(t->entity));
	if (t->handle == entity_list || t->handle == entity_get)
		add_ref(all, "as_of");
	if (t->handle == entity_history)
		named_parameters(all, "before limit", components);
	if (t->handle == entity_bulk)
		add_ref(all, "atomic");
	if (rehearsed(t) && !named(t->params, "dry_run"))
		add_ref(all, "dry_run");
	named_parameters(all, t->params, components);
	if ((when & WITH_MATCH) && !named(t->params, "If-Match"))
		add_ref(all, when & WITH_MUST ? "If-Match"
		    : "If-Match-optional");
	if (one_row(t))
		add_ref(all, "fields");
	if (t->handle == entity_get)
		add_ref(all, "If-None-Match");
	if (t->method == M_GET && t->right == RIGHT_READ)
		add_ref(all, "X-Write-Token");
	if (t->method == M_POST)
		add_ref(all, "Idempotency-Key");
	if (t->method == M_PUT || t->method == M_PATCH ||
	    t->method == M_DELETE)
		add_ref(all, "X-HTTP-Method-Override");
	add_ref(all, "Accept-Language");
	return all;
}

static void
path_parameters(json_t *all, const char *pattern, const json_t *components)
{
	for (const char *p = strchr(pattern, '{'); p != NULL;
	    p = strchr(p, '{')) {
		char name[64];

		p++;
		snprintf(name, sizeof name, "path.%.*s", (int)strcspn(p, "}"),
		    p);
		REQUIRE(json_object_get(json_object_get(components,
		    "parameters"), name) != NULL);
		add_ref(all, name);
	}
}

static void
named_parameters(json_t *all, const char *names, const json_t *components)
{
	char name[64];

	while (names != NULL && *names != '\0') {
		size_t n = strcspn(names, " ");

		snprintf(name, sizeof name, "%.*s", (int)n, names);
		REQUIRE(json_object_get(json_object_get(components,
		    "parameters"), name) != NULL);
		add_ref(all, name);
		names += n + strspn(names + n, " ");
	}
}

static void
list_parameters(json_t *all, const struct entity *e)
{
	static const char *const common[] = { "cursor", "limit", "fields",
		"count", "expand", "voided", "format" };
	json_t *sorts = json_array();
	char turned[80];
	bool search = false;

	for (size_t i = 0; i < COUNT(common); i++)
		add_ref(all, common[i]);
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		search = search || (f->flags & (F_SEARCH | F_LABEL));
		if (!(f->flags & F_SORT))
			continue;
		json_array_append_new(sorts, json_string(f->name));
		snprintf(turned, sizeof turned, "-%s", f->name);
		json_array_append_new(sorts, json_string(turned));
	}
	json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:{s:s,s:o}}",
	    "in", "query", "name", "sort", "description",
	    "The order; - before it turns it.", "schema", "type", "string",
	    "enum", sorts));
	if (search)
		add_ref(all, "q");
	add_ref(all, "division");
	if (e->business)
		add_ref(all, "action");
	for (size_t i = 0; i < field_total(e); i++)
		if (field_at(e, (int)i)->flags & F_FILTER)
			filter_parameters(all, e, (int)i);
}

/* Common fields are described once; e NULL makes those descriptions. */
static void
filter_parameters(json_t *all, const struct entity *e, int i)
{
	static const char *const ends[] = { "", "_from", "_to", "_has" };
	static const char *const says[] = { "Several values are separated by "
		"commas, ! before them: none of these; empty: not filled in.",
		"From here on.", "Up to here.", "Holds this text." };
	const struct field *f = e != NULL ? field_at(e, i)
					  : &common_fields[i];
	bool common = e != NULL && f >= common_fields &&
	    f < common_fields + ncommon_fields;
	bool range = f->type == T_DATE || f->type == T_TIME ||
	    f->type == T_INT || f->type == T_MONEY || f->type == T_RATIO ||
	    f->type == T_DECIMAL;

	for (size_t k = 0; k < COUNT(ends); k++) {
		char name[100], text[400];

		snprintf(name, sizeof name, "%s%s", f->name, ends[k]);
		if ((k == 1 || k == 2) && !range)
			continue;
		if (k == 3 && f->type != T_TEXT)
			continue;
		if (k == 0 && strcmp(f->name, "as_of") == 0)
			continue; /* the time of the list is meant */
		if (k > 0 && e != NULL && field_index(e, name) >= 0)
			continue; /* a field of that name is meant */
		snprintf(name, sizeof name, "%s%s%s", common ? "filter." : "",
		    f->name, ends[k]);
		if (common) {
			add_ref(all, name);
			continue;
		}
		snprintf(text, sizeof text, "%s: %s %s", f->label, f->text,
		    says[k]);
		json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:o}",
		    "in", "query", "name", name, "description", text,
		    "schema", filter_schema(k == 0 ? f : NULL)));
	}
}

static json_t *
filter_schema(const struct field *f)
{
	json_t *o = json_pack("{s:s}", "type", "string");

	if (f == NULL)
		return o;
	if (f->type == T_DIVISION)
		SET(o, "pattern", json_string("^!?[0-9,]*$"));
	if (f->type == T_CODE || f->type == T_CODES)
		SET(o, "x-code-set", json_string(f->of));
	return o;
}

static void
add_ref(json_t *all, const char *name)
{
	json_array_append_new(all, openapi_ref("parameters", name));
}

/* A schema nobody describes is an object; a test refuses that. */
static json_t *
content(const char *types, const char *name, const json_t *components)
{
	const json_t *schemas = json_object_get(components, "schemas");
	json_t *all = json_object();
	char type[100];

	for (types = types != NULL ? types : JSON_TYPE; *types != '\0';) {
		size_t n = strcspn(types, " ");
		json_t *schema;

		snprintf(type, sizeof type, "%.*s", (int)n, types);
		if (strcmp(type, PROBLEM_TYPE) == 0)
			schema = openapi_ref("schemas", "Problem");
		else if (strcmp(type, JSON_TYPE) != 0 &&
		    strncmp(type, "multipart/", 10) != 0)
			schema = json_pack("{s:s}", "type", "string");
		else
			schema = openapi_ref("schemas", name != NULL &&
			    json_object_get(schemas, name) != NULL ? name
			    : "Object");
		SET(all, type, json_pack("{s:o}", "schema", schema));
		types += n + strspn(types + n, " ");
	}
	return all;
}

static json_t *
responses(const struct route *t, const json_t *components)
{
	json_t *all = json_object();
	unsigned when = circumstances(t);
	const char *p = statuses(t);
	char status[8];

	for (size_t i = 0; i < COUNT(answers); i++)
		if ((answers[i].when & when) ||
		    named(t->fails, answers[i].status))
			SET(all, answers[i].status, openapi_ref("responses",
			    answers[i].name));
	for (; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		snprintf(status, sizeof status, "%.*s", (int)n, p);
		SET(all, status, good(t, status, components));
		p += n;
	}
	if (t->handle == entity_get || named(t->params, "If-None-Match"))
		SET(all, "304", json_pack("{s:s}", "description",
		    "The client has this revision."));
	return all;
}

static const char *
statuses(const struct route *t)
{
	if (t->done != NULL)
		return t->done;
	if (t->handle == entity_bulk)
		return "200";
	if (t->reply_schema == NULL && t->reply_type == NULL)
		return "204";
	if (t->method != M_POST || (t->right != RIGHT_CREATE &&
	    t->right != RIGHT_PUBLIC))
		return "200";
	return rehearsed(t) ? "200 201" : "201";
}

/* Whether it answers with a row by reply_row(). */
static bool
one_row(const struct route *t)
{
	return t->handle == entity_get || t->handle == entity_create ||
	    t->handle == entity_change || t->handle == move_handle;
}

/* Whether dry_run=true is known there; what is only tried answers 200. */
static bool
rehearsed(const struct route *t)
{
	return (one_row(t) && t->method != M_GET) || t->handle == entity_bulk ||
	    named(t->params, "dry_run");
}

static json_t *
good(const struct route *t, const char *status, const json_t *components)
{
	static const char *const always[] = { "RateLimit", "RateLimit-Policy",
		"X-Request-Id", "X-Write-Token" };
	json_t *o = json_object(), *headers = json_object(), *all;
	char name[160];
	const struct entity *e = entity_find(t->reply_schema != NULL
	    ? t->reply_schema : "");

	SET(o, "description", json_string(strcmp(status, "201") == 0
	    ? "Made." : status[0] >= '4' ? "Refused." : "Done."));
	/* What every route refuses alike is a problem there too. */
	if (strcmp(status, "204") != 0)
		SET(o, "content", content(status[0] >= '4'
		    ? JSON_TYPE " " PROBLEM_TYPE : t->handle == entity_list
		    ? LIST_TYPES : t->reply_type, t->reply_schema,
		    components));
	for (size_t i = 0; i < COUNT(always); i++)
		SET(headers, always[i], openapi_ref("headers", always[i]));
	if (e != NULL && field_index(e, "rev") >= 0)
		SET(headers, "ETag", openapi_ref("headers", "ETag"));
	if (e != NULL && strcmp(status, "201") == 0)
		SET(headers, "Location", openapi_ref("headers", "Location"));
	SET(o, "headers", headers);
	if (t->reply_schema == NULL || t->reply_type != NULL)
		return o;
	/* Said once for all that answer the same. */
	snprintf(name, sizeof name, "%s.%s", t->reply_schema, status);
	all = json_object_get(components, "responses");
	if (json_object_get(all, name) == NULL)
		SET(all, name, o);
	else
		json_decref(o);
	return openapi_ref("responses", name);
}

static unsigned
circumstances(const struct route *t)
{
	unsigned when = ALWAYS;

	if (t->right != RIGHT_PUBLIC || t->request_schema != NULL)
		when |= WITH_WHO;
	if (t->request_schema != NULL)
		when |= WITH_BODY;
	if (t->method != M_GET)
		when |= WITH_WRITE;
	if (t->method == M_POST)
		when |= WITH_KEY;
	if (t->right == RIGHT_MOVE)
		when |= WITH_MATCH;
	if ((t->right == RIGHT_CHANGE && (t->method == M_PATCH ||
	    t->method == M_PUT)) || named(t->params, "If-Match"))
		when |= WITH_MATCH | WITH_MUST;
	return when;
}

static bool
named(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = names; p != NULL && *p != '\0';
	    p += strspn(p, " ")) {
		if (strcspn(p, " ") == n && strncmp(p, name, n) == 0)
			return true;
		p += strcspn(p, " ");
	}
	return false;
}
