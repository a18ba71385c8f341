/*
 * Stands between the socket and Kore's HTTP parser: every request is checked
 * as bytes first (gate_check.c), answers of refusal are ours (problem+json),
 * and nothing is read from a connection while its request is being answered.
 */
#include "gate.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "kore_in.h"

#include "base/err.h"
#include "base/log.h"
#include "gate_check.h"
#include "gate_in.h"
#include "loop.h"
#include "metrics.h"
#include "problem.h"
#include "route.h"

#define LINGER_MS 2000
#define PART_MS 60000
#define LINGER_BODY_MS 10000 /* of a large body that was refused */

/* Of most header blocks; http_header_max, the most, Kore would take from the
 * heap and clear for every request. */
#define HEAD_FIRST 4096

static const char continue_line[] = "HTTP/1.1 100 Continue\r\n\r\n";
static bool draining;

static int gate_head(struct netbuf *);
static int gate_body(struct netbuf *);
static void refuse(struct connection *, unsigned status, const char *code,
    const char *zh, const char *en);
static void stream(struct connection *, struct netbuf *,
    const struct gate_block *);
static void remote_name(const struct connection *, struct gate *);
static void check_one(struct connection *, uint64_t);

void
gate_connect(struct connection *c)
{
	struct gate *g = kore_calloc(1, sizeof(*g));

	c->hdlr_extra = g;
	c->proto = CONN_PROTO_HTTP;
	c->http_timeout = 0; /* ours: gate_tick() */
	c->idle_timer.length = (uint64_t)http_keepalive_time * 1000;
	remote_name(c, g);
	gate_phase(g, PHASE_IDLE);
	net_recv_queue(c, HEAD_FIRST, NETBUF_CALL_CB_ALWAYS, gate_head);
}

void
gate_listen(struct connection *c)
{
	net_recv_reset(c, HEAD_FIRST, gate_head);
}

void
gate_busy(struct http_request *req, const char **remote)
{
	struct gate *g = req->owner->hdlr_extra;

	req->owner->http_timeout = 0;
	gate_phase(g, PHASE_BUSY);
	*remote = g->remote;
}

void
gate_tick(uint64_t now)
{
	struct connection *c, *next;

	for (c = TAILQ_FIRST(&connections); c != NULL; c = next) {
		next = TAILQ_NEXT(c, list);
		if (c->proto == CONN_PROTO_HTTP && c->hdlr_extra != NULL)
			check_one(c, now);
	}
}

/* Nearly no room: who only keeps a connection open gives way. */
bool
gate_crowded(void)
{
	return worker_active_connections >= worker_max_connections -
	    worker_max_connections / 8;
}

bool
gate_draining(void)
{
	return draining;
}

void
gate_drain(void)
{
	draining = true;
	gate_tick(kore_time_ms());
}

static void
check_one(struct connection *c, uint64_t now)
{
	struct gate *g = c->hdlr_extra;
	uint64_t waited = now > g->since ? now - g->since : 0;
	struct http_request *req;

	switch (g->phase) {
	case PHASE_IDLE:
		if (waited > GATE_GRACE_MS && (draining || gate_crowded()))
			kore_connection_disconnect(c);
		break;
	case PHASE_HEAD:
		if (waited >= (uint64_t)http_header_timeout * 1000)
			refuse(c, 408, "timeout", "请求头迟迟没有发完",
			    "The header block took too long.");
		break;
	case PHASE_BODY:
		if (waited < (uint64_t)http_body_timeout * 1000)
			break;
		TAILQ_FOREACH(req, &c->http_requests, olist) {
			req->flags |= HTTP_REQUEST_DELETE;
			http_request_wakeup(req);
		}
		refuse(c, 408, "timeout", "请求内容迟迟没有发完",
		    "The body took too long.");
		break;
	case PHASE_PART:
		if (waited >= PART_MS && !TAILQ_EMPTY(&c->send_queue))
			kore_connection_disconnect(c);
		break;
	case PHASE_LINGER:
		if (waited >= (g->in.left > 0 ? LINGER_BODY_MS : LINGER_MS))
			kore_connection_disconnect(c);
		break;
	case PHASE_BUSY:
	case PHASE_ANSWER:
	case PHASE_REARM:
		break;
	}
}

/* Bytes of a header block have arrived. */
static int
gate_head(struct netbuf *nb)
{
	struct connection *c = nb->owner;
	struct gate *g = c->hdlr_extra;
	struct gate_block b;
	bool streams;
	int r;

	if (g->phase == PHASE_IDLE)
		gate_phase(g, PHASE_HEAD);
	if (nb->s_off < nb->b_len)
		/* All there was (epoll(7)): no need to be told so again. */
		c->evt.flags &= ~KORE_EVENT_READ;
	switch (gate_check((const char *)nb->buf, nb->s_off, http_header_max,
	    MAX(http_body_max, route_stream_max()), &b)) {
	case GATE_MORE:
		if (nb->s_off == nb->b_len)
			net_recv_expand(c, http_header_max - nb->b_len,
			    gate_head);
		return KORE_RESULT_OK;
	case GATE_REFUSE:
		refuse(c, b.status, b.code, b.zh, b.en);
		return KORE_RESULT_OK;
	case GATE_PASS:
		break;
	}
	streams = false;
	if (b.has_body && b.body > route_body_room(b.target, b.target_len,
	    &streams)) {
		refuse(c, 413, "too_large", "请求内容过大，请分批发送",
		    "The body is too large: send it in parts.");
		return KORE_RESULT_OK;
	}
	if (!b.has_body && nb->s_off > b.head)
		nb->s_off = b.head; /* the rest is never looked at */
	g->close = b.close;
	memset(&g->in, 0, sizeof(g->in));
	if (streams)
		stream(c, nb, &b);
	else if (b.expect && !gate_continue(c))
		return KORE_RESULT_ERROR;
	r = http_header_recv(nb);
	c->http_timeout = 0;
	if (r == KORE_RESULT_OK && nb->buf != NULL && nb->extra != NULL) {
		/* Kore armed its own reader of bodies, which would listen for
		 * the next request by itself: ours takes its place. */
		nb->cb = gate_body;
		gate_phase(g, PHASE_BODY);
	} else {
		gate_pause(c);
		gate_phase(g, PHASE_BUSY);
	}
	return r;
}

/* The handler will ask for the body: Kore is told that there is none, so that
 * it neither waits nor keeps room for it. What came with the head stays behind
 * it in the buffer, which becomes the request's. */
static void
stream(struct connection *c, struct netbuf *nb, const struct gate_block *b)
{
	struct gate *g = c->hdlr_extra;
	char *data = (char *)nb->buf;

	g->in.head = data + b->head;
	g->in.head_len = nb->s_off - b->head;
	g->in.left = b->body;
	g->in.expect = b->expect;
	memset(data + (b->length - data), '0', b->length_len);
}

bool
gate_continue(struct connection *c)
{
	net_send_queue(c, continue_line, sizeof(continue_line) - 1);
	return net_send_flush(c);
}

static int
gate_body(struct netbuf *nb)
{
	struct connection *c = nb->owner;
	struct http_request *req = nb->extra;
	struct kore_buf *body = req->http_body;
	size_t n = nb->s_off;

	/* What Kore's http_body_recv() does, which it keeps to itself. */
	SHA256_Update(&req->hashctx, nb->buf, n);
	kore_buf_append(body, nb->buf, n);
	req->content_length -= n;
	if (req->content_length > 0) {
		net_recv_reset(c, MIN(req->content_length,
		    NETBUF_SEND_PAYLOAD_MAX), gate_body);
		return KORE_RESULT_OK;
	}
	nb->extra = NULL;
	SHA256_Final(req->http_body_digest, &req->hashctx);
	req->content_length = req->http_body_length;
	req->flags |= HTTP_REQUEST_COMPLETE;
	req->flags &= (uint16_t)~HTTP_REQUEST_EXPECT_BODY;
	http_request_wakeup(req);
	gate_pause(c);
	gate_phase(c->hdlr_extra, PHASE_BUSY);
	return KORE_RESULT_OK;
}

void
gate_pause(struct connection *c)
{
	kore_free(c->rnb->buf);
	c->rnb->buf = NULL;
	c->rnb->m_len = 0;
}

static void
refuse(struct connection *c, unsigned status, const char *code,
    const char *zh, const char *en)
{
	struct gate *g = c->hdlr_extra;
	char body[512], head[512];
	int n, m;

	n = problem_short(body, sizeof(body), status, code, zh, en);
	m = snprintf(head, sizeof(head),
	    "HTTP/1.1 %u %s\r\ncontent-type: application/problem+json\r\n"
	    "content-length: %d\r\ncache-control: no-store\r\n"
	    "x-content-type-options: nosniff\r\n"
	    "referrer-policy: no-referrer\r\n"
	    "content-security-policy: " HTTP_POLICY "\r\n"
	    "connection: close\r\n\r\n",
	    status, problem_title(status), n);
	REQUIRE(m > 0 && (size_t)m < sizeof(head));
	metrics_request(NULL, status, 0);
	log_line(LOG_INFO, "event=refused status=%u code=%s", status, code);
	g->close = true;
	gate_pause(c);
	c->rnb->extra = NULL;
	net_send_queue(c, head, (size_t)m);
	net_send_queue(c, body, (size_t)n);
	gate_send_all(c);
}

void
gate_phase(struct gate *g, enum phase phase)
{
	g->phase = phase;
	g->since = now_about_ms();
}

static void
remote_name(const struct connection *c, struct gate *g)
{
	if (c->family == AF_INET)
		(void)inet_ntop(AF_INET, &c->addr.ipv4.sin_addr, g->remote,
		    sizeof(g->remote));
	else if (c->family == AF_INET6)
		(void)inet_ntop(AF_INET6, &c->addr.ipv6.sin6_addr, g->remote,
		    sizeof(g->remote));
	else
		(void)snprintf(g->remote, sizeof(g->remote), "unix");
}

bool
gate_quiet(void)
{
	const struct connection *c;

	TAILQ_FOREACH(c, &connections, list) {
		const struct gate *g = c->hdlr_extra;

		if (c->proto == CONN_PROTO_HTTP && g != NULL &&
		    g->phase != PHASE_IDLE && g->phase != PHASE_LINGER)
			return false;
	}
	return true;
}
