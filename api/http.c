/* Kore's http_request ⇄ struct request, and one log line for each. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kore_in.h"

#include "base/log.h"
#include "base/text.h"
#include "gate.h"
#include "http_head.h"
#include "http_part.h"
#include "loop.h"
#include "metrics.h"
#include "problem.h"
#include "query_string.h"
#include "request.h"
#include "route.h"
#include "serve.h"
#include "settings.h"

#define HEAD_MAX (64u << 10)
#define BODY_MS (24u * 3600 * 1000)
#define ARENA_MAX (64u << 20)

/* What hangs on Kore's request. */
struct exchange {
	struct request r;
	struct http_request *req;
	struct parts parts;
	bool closed;
};

int api_http(struct http_request *);

static void begin(struct exchange *);
static const char *client_address(struct request *);
static bool override(struct request *);
static const char *language(const char *accept);
static int part(struct exchange *);
static void respond(struct exchange *);
static int respond_end(struct exchange *);
static const struct buf *head(struct exchange *, bool typed, struct head *);
static bool not_modified(const struct exchange *);
static void end(struct http_request *);
static void log_request(const struct request *, size_t bytes);

/* The only route of conf/api.conf. Called again after each wake. */
int
api_http(struct http_request *req)
{
	struct exchange *x = http_state_get(req);

	if (x == NULL) {
		x = http_state_create(req, sizeof(*x), end);
		x->req = req;
		begin(x);
	}
	if (x->r.err != OK && x->r.flow.stage == 0 && x->r.step == 0) {
		problem_reply(&x->r); /* begin() refused it */
		respond(x);
		return KORE_RESULT_OK;
	}
	/* A batch may be back before the part is out. */
	switch (x->parts.piece != NULL ? SERVED_PARKED : serve(&x->r)) {
	case SERVED_PARKED:
		http_request_sleep(req);
		return KORE_RESULT_RETRY;
	case SERVED_PART:
		return part(x);
	case SERVED:
		break;
	}
	if (x->parts.begun)
		return respond_end(x);
	respond(x);
	return KORE_RESULT_OK;
}

const char *
request_header(const struct request *r, const char *name)
{
	const struct exchange *x = r->http;
	const char *value;

	return http_request_header(x->req, name, &value) ? value : NULL;
}

/* The gate has its own clock for bodies, and each piece is a step forward. */
bool
request_read(struct request *r, char *into, size_t room, size_t *got)
{
	const struct exchange *x = r->http;

	r->step = 1;
	r->flow.deadline_ms = now_about_ms() + BODY_MS;
	return gate_read(x->req, into, room, got);
}

uint64_t
request_unread(const struct request *r)
{
	const struct exchange *x = r->http;

	return gate_unread(x->req);
}

void
request_wake(struct request *r)
{
	const struct exchange *x = r->http;

	http_request_wakeup(x->req);
}

static void
begin(struct exchange *x)
{
	static const struct {
		int kore;
		enum method ours;
	} methods[] = { { HTTP_METHOD_GET, M_GET },
		{ HTTP_METHOD_HEAD, M_HEAD }, { HTTP_METHOD_POST, M_POST },
		{ HTTP_METHOD_PUT, M_PUT }, { HTTP_METHOD_PATCH, M_PATCH },
		{ HTTP_METHOD_DELETE, M_DELETE },
		{ HTTP_METHOD_OPTIONS, M_OPTIONS } };
	struct http_request *req = x->req;
	struct request *r = &x->r;
	const char *wrong, *where;

	r->http = x;
	arena_init(&r->arena, ARENA_MAX);
	gate_busy(req, &r->remote);
	for (size_t i = 0; i < COUNT(methods); i++)
		if (methods[i].kore == req->method)
			r->method = methods[i].ours;
	r->remote = client_address(r);
	r->lang = language(request_header(r, "accept-language"));
	serve_open(r);
	r->query = req->query_string != NULL ? req->query_string : "";
	if (req->http_body != NULL) {
		r->body = (const char *)req->http_body->data;
		r->body_len = req->http_body_length;
	}
	r->path = path_decode(&r->arena, req->path);
	if (r->path == NULL) {
		r->path = "";
		(void)fail(r, E_INPUT, "bad_path", "请求地址无效",
		    "The path is not valid.");
		return;
	}
	wrong = query_parse(&r->arena, r->query, &r->params, &where);
	if (wrong != NULL)
		(void)fail(r, E_INPUT, "bad_query",
		    arena_printf(&r->arena, "查询参数 %s 无效（%s）", where,
		    wrong),
		    arena_printf(&r->arena, "Query parameter %s: %s.", where,
		    wrong));
	else if (!override(r))
		(void)fail(r, E_INPUT, "bad_override",
		    "X-HTTP-Method-Override 只能是 PUT、PATCH 或 DELETE，且只"
		    "用于 POST",
		    "X-HTTP-Method-Override is PUT, PATCH or DELETE, on POST.");
}

/* Lockout and rate limits go by it. Only the proxy speaks on the Unix socket,
 * and says there whose request it is; anybody else's word is not asked for. */
static const char *
client_address(struct request *r)
{
	const char *told;
	unsigned char addr[16];
	int family;

	if (strcmp(r->remote, "unix") != 0 ||
	    (told = request_header(r, "x-forwarded-for")) == NULL)
		return r->remote;
	family = strchr(told, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(family, told, addr) != 1)
		return r->remote;
	return arena_strdup(&r->arena, told);
}

/* WeChat's client has no PATCH: a POST may say which method it stands for. */
static bool
override(struct request *r)
{
	static const enum method may[] = { M_PUT, M_PATCH, M_DELETE };
	const char *name = request_header(r, "x-http-method-override");

	if (name == NULL)
		return true;
	if (r->method != M_POST)
		return false;
	for (size_t i = 0; i < COUNT(may); i++)
		if (strcmp(method_name(may[i]), name) == 0) {
			r->method = may[i];
			return true;
		}
	return false;
}

/* The first of zh and en that is named; zh if neither is. */
static const char *
language(const char *accept)
{
	for (const char *p = accept; p != NULL && *p != '\0';) {
		p += strspn(p, " ,");
		if (strncasecmp(p, "zh", 2) == 0)
			return "zh";
		if (strncasecmp(p, "en", 2) == 0)
			return "en";
		p = strchr(p, ',');
	}
	return "zh";
}

/* What there is so far; the status and the headers with the first of it. */
static int
part(struct exchange *x)
{
	struct http_request *req = x->req;
	bool chunked = x->r.length == 0 && (req->flags & HTTP_VERSION_1_0) == 0;
	struct buf none = { .data = NULL };

	if (!x->parts.begun) {
		gate_send(req, head(x, true, &(struct head) {
		    .chunked = chunked, .sized = x->r.length > 0,
		    .length = x->r.length }), &none);
		if (x->r.method == M_HEAD) {
			log_request(&x->r, 0);
			gate_answered(req);
			return KORE_RESULT_OK;
		}
		parts_begin(&x->parts, req, chunked);
	}
	http_request_sleep(req);
	parts_send(&x->parts, &x->r.reply);
	return KORE_RESULT_RETRY;
}

/* The end of a reply in parts: complete, or cut off. */
static int
respond_end(struct exchange *x)
{
	if (x->r.err != OK) {
		log_request(&x->r, x->parts.bytes);
		gate_cut(x->req);
		return KORE_RESULT_OK;
	}
	(void)gate_closes(x->req);
	parts_end(&x->parts, &x->r.reply);
	log_request(&x->r, x->parts.bytes);
	gate_answered(x->req);
	return KORE_RESULT_OK;
}

static void
respond(struct exchange *x)
{
	struct request *r = &x->r;
	struct head h = { .sized = true };
	struct buf none = { .data = NULL };
	bool same = not_modified(x), body;

	if (same)
		r->status = 304;
	body = !same && r->status != 204;
	h.sized = body;
	h.length = r->reply.len;
	log_request(r, body ? r->reply.len : 0);
	gate_send(x->req, head(x, body && (r->reply.len > 0 ||
	    r->status == 200), &h), body && r->method != M_HEAD ? &r->reply
	    : &none);
	gate_answered(x->req);
}

/* Good until the next. */
static const struct buf *
head(struct exchange *x, bool typed, struct head *h)
{
	static struct buf b;

	if (b.limit == 0)
		buf_init(&b, HEAD_MAX);
	buf_reset(&b);
	h->status = http_status_text((int)x->r.status);
	h->old = (x->req->flags & HTTP_VERSION_1_0) != 0;
	h->close = gate_closes(x->req);
	h->keep_s = http_keepalive_time;
	h->typed = typed;
	http_head(&b, &x->r, h);
	REQUIRE(!b.over);
	return &b;
}

/* The client has this very revision. */
static bool
not_modified(const struct exchange *x)
{
	const struct request *r = &x->r;

	if (r->status != 200 || (r->method != M_GET && r->method != M_HEAD))
		return false;
	for (const struct header *h = r->headers; h != NULL; h = h->next)
		if (strcasecmp(h->name, "etag") == 0)
			return request_if_none_match(r, h->value);
	return false;
}

/* Kore frees the request: answered, or its client has left. */
static void
end(struct http_request *req)
{
	struct exchange *x = http_state_get(req);

	if (x->closed)
		return;
	x->closed = true;
	if (x->parts.begun && req->owner == NULL)
		log_line(LOG_INFO, "event=left request=%s bytes=%zu", x->r.id,
		    x->parts.bytes);
	parts_forget(&x->parts);
	serve_close(&x->r);
}

static void
log_request(const struct request *r, size_t bytes)
{
	uint64_t us = now_us() - r->began_us;
	char status[U64_TEXT], ms[U64_TEXT], size[U64_TEXT];
	char part[] = { '.', (char)('0' + us / 100 % 10),
		(char)('0' + us / 10 % 10), (char)('0' + us % 10), '\0' };

	metrics_request(r->route, r->status, us);
	log_texts(LOG_INFO, "event=request request=", r->id, " method=",
	    method_name(r->method), " route=", r->route != NULL ?
	    r->route->id : "-", " status=", u64_text(status, r->status),
	    " ms=", u64_text(ms, us / 1000), part, " bytes=",
	    u64_text(size, bytes), " who=", r->who.id[0] != '\0' ?
	    r->who.id : "-", r->code != NULL ? " code=" : "",
	    r->code != NULL ? r->code : "", NULL);
}
