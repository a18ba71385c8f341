/* Errors as people and programs read them: RFC 9457, Chinese and English. */
#include "problem.h"

#include <stdio.h>
#include <string.h>

static const struct kind {
	unsigned status;
	const char *code, *zh, *en;
} kinds[] = {
	[OK] = { 500, "internal", "系统内部错误", "An internal error." },
	[E_INPUT] = { 400, "bad_request", "提交的内容有误，请改正后重试",
	    "What was sent is wrong: correct it and try again." },
	[E_IDENTITY] = { 401, "unauthenticated", "请先登录",
	    "Log in first." },
	[E_UNKNOWN] = { 404, "not_found", "没有找到，或不在您的范围内",
	    "Not found, or not within your scope." },
	[E_DENIED] = { 403, "denied", "您的角色不能进行此操作",
	    "Your role does not allow this." },
	[E_METHOD] = { 405, "method_not_allowed", "该地址不支持此方法",
	    "This address does not know the method." },
	[E_STATE] = { 409, "wrong_state", "当前状态下不能进行此操作",
	    "This is not possible in the present state." },
	[E_CONFLICT] = { 409, "conflict", "与已有记录冲突",
	    "This conflicts with what is already there." },
	[E_STALE] = { 412, "stale", "记录已被他人修改，请刷新后重试",
	    "Somebody changed it meanwhile: read it again." },
	[E_PRECONDITION] = { 428, "if_match_required",
	    "请带上 If-Match（记录的版本号）",
	    "Send If-Match with the revision you have read." },
	[E_LIMIT] = { 413, "too_large", "内容过大或过多，请分批提交",
	    "Too large or too many: send it in parts." },
	[E_BUSY] = { 503, "busy", "系统正忙，请稍后自动重试",
	    "Busy: try again in a moment." },
	[E_INTERNAL] = { 500, "internal", "系统内部错误，请联系管理员",
	    "An internal error: ask the administrator." },
};
_Static_assert(COUNT(kinds) == E__MAX, "every err has its problem");

static const struct {
	unsigned status;
	const char *title;
} titles[] = { { 400, "Bad Request" }, { 401, "Unauthorized" },
	{ 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 408, "Request Timeout" },
	{ 409, "Conflict" }, { 410, "Gone" }, { 411, "Length Required" },
	{ 412, "Precondition Failed" }, { 413, "Content Too Large" },
	{ 414, "URI Too Long" }, { 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" },
	{ 422, "Unprocessable Content" },
	{ 428, "Precondition Required" }, { 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" } };

/* Where one err has several statuses, the code decides. */
static const struct {
	const char *code;
	unsigned status;
} exceptions[] = { { "content_type", 415 }, { "too_many_requests", 429 },
	{ "locked", 429 }, { "quota", 429 },
	{ "cursor_expired", 410 }, { "idempotency_mismatch", 422 },
	{ "storage_full", 507 },
	{ "range", 416 } };

static unsigned status_of(const struct request *, const char *code);
static void member(struct buf *, const char *key, const char *value);

const char *
problem_code(const struct request *r)
{
	return r->code != NULL ? r->code
	    : kinds[r->err < E__MAX ? r->err : E_INTERNAL].code;
}

void
problem_reply(struct request *r)
{
	const struct kind *k = &kinds[r->err < E__MAX ? r->err : E_INTERNAL];
	bool en = strcmp(r->lang, "en") == 0;
	const char *code = problem_code(r);
	const char *detail = en ? r->detail_en : r->detail_zh;
	struct buf *b = &r->reply;

	if (detail == NULL)
		detail = en ? k->en : k->zh;
	buf_reset(b);
	r->status = status_of(r, code);
	r->type = "application/problem+json";
	buf_str(b, "{\"type\":");
	buf_json(b, arena_printf(&r->arena, "urn:taizhang:problem:%s", code));
	member(b, "title", problem_title(r->status));
	buf_printf(b, ",\"status\":%u", r->status);
	member(b, "code", code);
	member(b, "detail", detail);
	member(b, "request_id", r->id);
	buf_str(b, ",\"faults\":[");
	for (const struct fault *f = r->faults; f != NULL; f = f->next) {
		if (f != r->faults)
			buf_char(b, ',');
		fault_write(b, f, en);
	}
	buf_str(b, "]}\n");
	if (r->status == 401)
		reply_header(r, "www-authenticate", "Bearer");
	if (r->status == 503)
		reply_header(r, "retry-after", "2");
}

int
problem_short(char *out, size_t size, unsigned status, const char *code,
    const char *zh, const char *en)
{
	int n = snprintf(out, size,
	    "{\"type\":\"urn:taizhang:problem:%s\",\"title\":\"%s\","
	    "\"status\":%u,\"code\":\"%s\",\"detail\":\"%s / %s\","
	    "\"faults\":[]}\n",
	    code, problem_title(status), status, code, zh, en);

	REQUIRE(n > 0 && (size_t)n < size);
	return n;
}

const char *
problem_title(unsigned status)
{
	for (size_t i = 0; i < COUNT(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

static unsigned
status_of(const struct request *r, const char *code)
{
	for (size_t i = 0; i < COUNT(exceptions); i++)
		if (strcmp(exceptions[i].code, code) == 0)
			return exceptions[i].status;
	if (r->err == E_INPUT && r->faults != NULL)
		return 422;
	return kinds[r->err < E__MAX ? r->err : E_INTERNAL].status;
}

void
fault_write(struct buf *b, const struct fault *f, bool en)
{
	buf_str(b, "{\"pointer\":");
	buf_json(b, f->pointer != NULL ? f->pointer : "");
	member(b, "rule", f->rule);
	member(b, "code", f->code);
	member(b, "message", en ? f->en : f->zh);
	member(b, "zh", f->zh);
	member(b, "en", f->en);
	member(b, "level", f->level != NULL ? f->level : "error");
	buf_char(b, '}');
}

static void
member(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, ",\"%s\":", key);
	buf_json(b, value);
}
