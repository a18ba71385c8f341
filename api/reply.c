/* What handlers read from a request and write into its reply. */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "json_depth.h"
#include "query_string.h"
#include "request.h"

static bool header_ok(const char *name, const char *value);
static enum next json_refused(struct request *, const char *zh,
    const char *en);

const char *
request_param(const struct request *r, const char *name)
{
	for (const struct param *p = r->params; p != NULL; p = p->next)
		if (strcmp(p->name, name) == 0)
			return p->value;
	return NULL;
}

json_t *
request_json(struct request *r)
{
	const char *type = request_header(r, "content-type");
	json_error_t error;

	if (r->json != NULL)
		return r->json;
	if (r->body_len == 0) {
		json_refused(r, "请求内容为空，应为 JSON 对象",
		    "The body is empty; it must be a JSON object.");
		return NULL;
	}
	if (type == NULL || strncasecmp(type, "application/json", 16) != 0 ||
	    (type[16] != '\0' && type[16] != ';' && type[16] != ' ')) {
		fail(r, E_INPUT, "content_type",
		    "Content-Type 应为 application/json",
		    "Content-Type must be application/json.");
		return NULL;
	}
	if (!utf8_ok(r->body, r->body_len)) {
		json_refused(r, "请求内容不是有效的 UTF-8 文本",
		    "The body is not valid UTF-8.");
		return NULL;
	}
	if (!json_depth_ok(r->body, r->body_len, JSON_DEPTH_MAX)) {
		json_refused(r, "JSON 嵌套过深", "The JSON is nested too deep.");
		return NULL;
	}
	r->json = json_loadb(r->body, r->body_len, JSON_REJECT_DUPLICATES,
	    &error);
	if (r->json == NULL) {
		json_refused(r, arena_printf(&r->arena,
		    "JSON 格式错误（第%d行第%d列）", error.line, error.column),
		    arena_printf(&r->arena, "The JSON is broken at line %d, "
		    "column %d.", error.line, error.column));
		return NULL;
	}
	if (!json_is_object(r->json)) {
		json_decref(r->json);
		r->json = NULL;
		json_refused(r, "请求内容应为 JSON 对象",
		    "The body must be a JSON object.");
		return NULL;
	}
	return r->json;
}

enum err
request_if_match(struct request *r, long *rev)
{
	const char *p = request_header(r, "if-match");
	char *end;

	if (p == NULL)
		return E_PRECONDITION;
	if (p[0] != '"' || !isdigit((unsigned char)p[1]))
		return E_INPUT;
	*rev = strtol(p + 1, &end, 10);
	if (strcmp(end, "\"") != 0 || *rev == LONG_MAX)
		return E_INPUT;
	return OK;
}

/* * or a list of tags, W/ before them or not: the weak comparison. */
bool
request_if_none_match(const struct request *r, const char *tag)
{
	const char *list = request_header(r, "if-none-match");
	size_t n = strlen(tag);

	if (list == NULL)
		return false;
	if (strcmp(list, "*") == 0)
		return true;
	for (const char *p = list; *p != '\0'; p += strcspn(p, ",")) {
		p += strspn(p, " ,");
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		if (strncmp(p, tag, n) == 0 && p[n + strspn(p + n, " ")] ==
		    (strchr(p, ',') != NULL ? ',' : '\0'))
			return true;
	}
	return false;
}

void
reply_header(struct request *r, const char *name, const char *value)
{
	struct header *h, **end = &r->headers;

	/* A line break would start a header, or a body, of the sender's. */
	REQUIRE(header_ok(name, value));
	while (*end != NULL && strcasecmp((*end)->name, name) != 0)
		end = &(*end)->next;
	h = arena_alloc(&r->arena, sizeof(*h));
	h->name = arena_strdup(&r->arena, name);
	h->value = arena_strdup(&r->arena, value);
	if (*end != NULL)
		h->next = (*end)->next;
	*end = h;
}

void
reply_etag(struct request *r, long rev)
{
	char text[U64_TEXT + 2], *p = text;

	*p++ = '"';
	p = stpcpy(p, u64_text((char[U64_TEXT]) { "" }, (uint64_t)rev));
	memcpy(p, "\"", 2);
	reply_header(r, "etag", text);
}

enum next
reply(struct request *r, unsigned status)
{
	r->status = status;
	return NEXT_DONE;
}

enum next
fail(struct request *r, enum err err, const char *code, const char *zh,
    const char *en)
{
	r->err = err;
	r->code = code;
	r->detail_zh = zh;
	r->detail_en = en;
	return NEXT_FAIL;
}

void
fault(struct request *r, const char *pointer, const char *rule,
    const char *code, const char *zh, const char *en)
{
	struct fault *f = arena_alloc(&r->arena, sizeof(*f));

	f->pointer = pointer;
	f->rule = rule;
	f->code = code;
	f->zh = zh;
	f->en = en;
	f->level = "error";
	if (r->faults_end == NULL)
		r->faults_end = &r->faults;
	*r->faults_end = f;
	r->faults_end = &f->next;
}

static enum next
json_refused(struct request *r, const char *zh, const char *en)
{
	return fail(r, E_INPUT, "bad_json", zh, en);
}

static bool
header_ok(const char *name, const char *value)
{
	if (*name == '\0')
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '-')
			return false;
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return true;
}
