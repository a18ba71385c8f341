/* The head of a reply, in one piece. */
#include "http_head.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "gate.h"
#include "settings.h"

static void date(struct buf *);
static void line(struct buf *, const char *name, const char *value);
static void quota(struct buf *, const struct quota *);
static void cors(struct buf *, const struct request *);

/* Without printf(), and without Kore's http_response(), which keeps every
 * header in three pieces of memory and prints it: half of what answering a
 * short request costs us. */
void
http_head(struct buf *b, const struct request *r, const struct head *h)
{
	bool cache = false, policy = false;

	buf_str(b, h->old ? "HTTP/1.0 " : "HTTP/1.1 ");
	buf_u64(b, r->status);
	buf_char(b, ' ');
	buf_str(b, h->status);
	buf_str(b, "\r\n");
	if (h->close) {
		buf_str(b, "connection: close\r\n");
	} else {
		buf_str(b, "connection: keep-alive\r\nkeep-alive: timeout=");
		buf_u64(b, h->keep_s);
		buf_str(b, "\r\n");
	}
	date(b);
	if (h->typed)
		line(b, "content-type", r->type);
	line(b, "x-request-id", r->id);
	buf_str(b, "x-content-type-options: nosniff\r\n"
	    "referrer-policy: no-referrer\r\n");
	for (const struct header *o = r->headers; o != NULL; o = o->next) {
		line(b, o->name, o->value);
		cache = cache || strcasecmp(o->name, "cache-control") == 0;
		policy = policy || strcasecmp(o->name,
		    "content-security-policy") == 0;
	}
	if (!policy)
		line(b, "content-security-policy", HTTP_POLICY);
	if (!cache)
		buf_str(b, "cache-control: no-store\r\n");
	if (r->quota.name != NULL)
		quota(b, &r->quota);
	if (*settings()->cors != '\0')
		cors(b, r);
	if (h->chunked) {
		buf_str(b, "transfer-encoding: chunked\r\n");
	} else if (h->sized) {
		buf_str(b, "content-length: ");
		buf_u64(b, h->length);
		buf_str(b, "\r\n");
	}
	buf_str(b, "\r\n");
}

static void
date(struct buf *b)
{
	static char text[64];
	static time_t made;
	time_t now = time(NULL);
	struct tm tm;

	if (now != made) {
		(void)gmtime_r(&now, &tm);
		(void)strftime(text, sizeof(text),
		    "%a, %d %b %Y %H:%M:%S GMT", &tm);
		made = now;
	}
	line(b, "date", text);
}

static void
line(struct buf *b, const char *name, const char *value)
{
	buf_str(b, name);
	buf_str(b, ": ");
	buf_str(b, value);
	buf_str(b, "\r\n");
}

/* draft-ietf-httpapi-ratelimit-headers. */
static void
quota(struct buf *b, const struct quota *q)
{
	buf_str(b, "ratelimit-policy: \"");
	buf_str(b, q->name);
	buf_str(b, "\";q=");
	buf_u64(b, q->most);
	buf_str(b, ";w=");
	buf_u64(b, q->window_s);
	buf_str(b, "\r\nratelimit: \"");
	buf_str(b, q->name);
	buf_str(b, "\";r=");
	buf_u64(b, q->left);
	buf_str(b, ";t=");
	buf_u64(b, q->wait_s);
	buf_str(b, "\r\n");
}

/* Browsers of the origins in the allow-list may read replies. */
static void
cors(struct buf *b, const struct request *r)
{
	const char *origin = request_header(r, "origin");
	const char *list = settings()->cors;
	size_t n = origin == NULL ? 0 : strlen(origin);

	line(b, "vary", "Origin");
	if (origin == NULL)
		return;
	for (const char *p = list; *p != '\0'; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (strcspn(p, " ") != n || strncmp(p, origin, n) != 0)
			continue;
		line(b, "access-control-allow-origin", origin);
		line(b, "access-control-expose-headers",
		    "ETag, Location, RateLimit, RateLimit-Policy, "
		    "Retry-After, X-Request-Id, X-Write-Token");
		if (r->method != M_OPTIONS)
			return;
		line(b, "access-control-allow-methods",
		    "GET, POST, PUT, PATCH, DELETE");
		line(b, "access-control-allow-headers",
		    "Authorization, Content-Type, If-Match, If-None-Match, "
		    "Idempotency-Key, X-HTTP-Method-Override, X-Write-Token");
		line(b, "access-control-max-age", "600");
		return;
	}
}
