/* Kore's http_request ⇄ struct request, and one log line for each. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "kore_in.h"

#include "base/log.h"
#include "gate.h"
#include "http_part.h"
#include "loop.h"
#include "metrics.h"
#include "problem.h"
#include "query_string.h"
#include "request.h"
#include "route.h"
#include "serve.h"
#include "settings.h"

#define STREAM_MIN 16384 /* above this the reply is handed over, not copied */
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
static bool override(struct request *);
static const char *language(const char *accept);
static int part(struct exchange *);
static void respond(struct exchange *);
static int respond_end(struct exchange *);
static void headers(struct exchange *);
static void cors(struct exchange *);
static bool not_modified(const struct exchange *);
static int sent(struct netbuf *);
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
	r->flow.deadline_ms = now_ms() + BODY_MS;
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
	char length[24];

	if (!x->parts.begun) {
		req->flags |= HTTP_REQUEST_NO_CONTENT_LENGTH;
		headers(x);
		if (x->r.length > 0) {
			(void)snprintf(length, sizeof(length), "%llu",
			    (unsigned long long)x->r.length);
			http_response_header(req, "content-length", length);
		} else if (chunked) {
			http_response_header(req, "transfer-encoding",
			    "chunked");
		}
		gate_answering(req);
		http_response(req, (int)x->r.status, NULL, 0);
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
	gate_answering(x->req);
	parts_end(&x->parts, &x->r.reply);
	log_request(&x->r, x->parts.bytes);
	gate_answered(x->req);
	return KORE_RESULT_OK;
}

static void
respond(struct exchange *x)
{
	struct http_request *req = x->req;
	struct request *r = &x->r;
	bool none = false;
	size_t len = r->reply.len;
	char *data;

	if (not_modified(x)) {
		r->status = 304;
		req->flags |= HTTP_REQUEST_NO_CONTENT_LENGTH;
		none = true;
	}
	if (r->status == 204)
		none = true;
	headers(x);
	log_request(r, none ? 0 : len);
	gate_answering(req);
	if (none || len == 0) {
		http_response(req, (int)r->status, NULL, 0);
	} else if (len < STREAM_MIN || r->method == M_HEAD) {
		http_response(req, (int)r->status, r->reply.data, len);
	} else {
		data = buf_take(&r->reply, &len);
		http_response_stream(req, (int)r->status, data, len, sent,
		    data);
	}
	gate_answered(req);
}

static void
headers(struct exchange *x)
{
	struct http_request *req = x->req;
	struct request *r = &x->r;
	bool cache = false, policy = false;
	static char date[64];
	static time_t dated;
	struct tm tm;
	time_t now = time(NULL);

	if (now != dated) {
		(void)gmtime_r(&now, &tm);
		(void)strftime(date, sizeof(date),
		    "%a, %d %b %Y %H:%M:%S GMT", &tm);
		dated = now;
	}
	http_response_header(req, "date", date);
	if ((r->reply.len > 0 || r->status == 200) && r->status != 304 &&
	    r->status != 204)
		http_response_header(req, "content-type", r->type);
	http_response_header(req, "x-request-id", r->id);
	http_response_header(req, "x-content-type-options", "nosniff");
	http_response_header(req, "referrer-policy", "no-referrer");
	for (const struct header *h = r->headers; h != NULL; h = h->next) {
		http_response_header(req, h->name, h->value);
		cache = cache || strcasecmp(h->name, "cache-control") == 0;
		policy = policy || strcasecmp(h->name,
		    "content-security-policy") == 0;
	}
	if (!policy)
		http_response_header(req, "content-security-policy",
		    "default-src 'none'; frame-ancestors 'none'");
	if (!cache)
		http_response_header(req, "cache-control", "no-store");
	if (*settings()->cors != '\0')
		cors(x);
}

/* Browsers of the origins in the allow-list may read replies. */
static void
cors(struct exchange *x)
{
	struct request *r = &x->r;
	const char *origin = request_header(r, "origin");
	const char *list = settings()->cors;
	size_t n = origin == NULL ? 0 : strlen(origin);

	http_response_header(x->req, "vary", "Origin");
	if (origin == NULL)
		return;
	for (const char *p = list; *p != '\0'; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (strcspn(p, " ") != n || strncmp(p, origin, n) != 0)
			continue;
		http_response_header(x->req, "access-control-allow-origin",
		    origin);
		http_response_header(x->req, "access-control-expose-headers",
		    "ETag, Location, RateLimit, RateLimit-Policy, "
		    "Retry-After, X-Request-Id");
		if (r->method != M_OPTIONS)
			return;
		http_response_header(x->req, "access-control-allow-methods",
		    "GET, POST, PUT, PATCH, DELETE");
		http_response_header(x->req, "access-control-allow-headers",
		    "Authorization, Content-Type, If-Match, If-None-Match, "
		    "Idempotency-Key, X-HTTP-Method-Override");
		http_response_header(x->req, "access-control-max-age", "600");
		return;
	}
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

static int
sent(struct netbuf *nb)
{
	free(nb->extra);
	return KORE_RESULT_OK;
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

	metrics_request(r->route, r->status, us);
	log_line(LOG_INFO, "event=request request=%s method=%s route=%s "
	    "status=%u ms=%llu.%03llu bytes=%zu who=%s%s%s", r->id,
	    method_name(r->method), r->route != NULL ? r->route->id : "-",
	    r->status, (unsigned long long)(us / 1000),
	    (unsigned long long)(us % 1000), bytes,
	    r->who.id[0] != '\0' ? r->who.id : "-",
	    r->code != NULL ? " code=" : "", r->code != NULL ? r->code : "");
}
