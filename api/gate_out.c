/*
 * Answers on their way out: in one write where the socket takes them, through
 * Kore's queue where it does not; then the next request, or the end.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "kore_in.h"

#include "gate.h"
#include "gate_in.h"

static bool rearm_due;

static int rest_out(struct netbuf *);
static int gate_swallow(struct netbuf *);
static int gate_sent(struct netbuf *);
static void send_whole(struct connection *);
static void rearm(struct connection *);
static void rearm_all(void *, uint64_t);
static void linger(struct connection *);

bool
gate_closes(struct http_request *req)
{
	struct gate *g = req->owner->hdlr_extra;

	/* What is unread of a body would be taken for the next request. */
	g->close = g->close || gate_draining() || g->in.left > 0;
	return g->close;
}

void
gate_send(struct http_request *req, const struct buf *head, struct buf *body)
{
	struct connection *c = req->owner;
	struct iovec v[2] = { { head->data, head->len },
		{ body->data, body->len } };
	size_t len = body->len, out = 0;
	struct netbuf *nb;
	ssize_t n = 0;
	char *data;

	if (TAILQ_EMPTY(&c->send_queue) && (c->evt.flags & KORE_EVENT_WRITE))
		n = writev(c->fd, v, len > 0 ? 2 : 1);
	if (n > 0) /* the rest, and any error, is Kore's */
		out = (size_t)n;
	if (out < head->len) {
		net_send_queue(c, head->data + out, head->len - out);
		out = head->len;
	}
	out -= head->len;
	if (out == len)
		return;
	data = buf_take(body, &len);
	net_send_stream(c, data + out, len - out, rest_out, &nb);
	nb->extra = data;
}

static int
rest_out(struct netbuf *nb)
{
	free(nb->extra);
	return KORE_RESULT_OK;
}

void
gate_answered(struct http_request *req)
{
	gate_send_all(req->owner);
}

void
gate_part(struct http_request *req)
{
	struct connection *c = req->owner;

	gate_phase(c->hdlr_extra, PHASE_PART);
	send_whole(c);
	if (!net_send_flush(c))
		kore_connection_disconnect(c);
}

void
gate_cut(struct http_request *req)
{
	static const struct linger now = { .l_onoff = 1 };

	/* A reset: without chunks an orderly end would look like success. */
	(void)setsockopt(req->owner->fd, SOL_SOCKET, SO_LINGER, &now,
	    sizeof(now));
	kore_connection_disconnect(req->owner);
}

/* Then the next request, or the end. */
void
gate_send_all(struct connection *c)
{
	struct gate *g = c->hdlr_extra;

	gate_phase(g, PHASE_ANSWER);
	send_whole(c);
	if (!net_send_flush(c))
		kore_connection_disconnect(c);
	else if (!TAILQ_EMPTY(&c->send_queue))
		/* An empty last piece tells when the client has read all. */
		net_send_stream(c, NULL, 0, gate_sent, NULL);
	else if (g->close)
		linger(c);
	else
		rearm(c);
}

/* Kore sends in pieces of 8 KB. What the socket takes at once goes out here;
 * the rest, and any error, is Kore's. */
static void
send_whole(struct connection *c)
{
	struct netbuf *nb;

	while ((c->evt.flags & KORE_EVENT_WRITE) &&
	    (nb = TAILQ_FIRST(&c->send_queue)) != NULL && nb->b_len > 0 &&
	    !(nb->flags & (NETBUF_IS_FILEREF | NETBUF_MUST_RESEND))) {
		int more = TAILQ_NEXT(nb, list) != NULL ? MSG_MORE : 0;
		ssize_t n = send(c->fd, nb->buf + nb->s_off,
		    nb->b_len - nb->s_off, MSG_NOSIGNAL | more);

		if (n < 0)
			return;
		nb->s_off += (size_t)n;
		if (nb->s_off < nb->b_len)
			return;
		net_remove_netbuf(c, nb);
	}
}

/* Called by Kore from inside its send loop: only remember. */
static int
gate_sent(struct netbuf *nb)
{
	struct connection *c = nb->owner;

	if (c->state == CONN_STATE_DISCONNECTING)
		return KORE_RESULT_OK;
	gate_phase(c->hdlr_extra, PHASE_REARM);
	if (!rearm_due) {
		rearm_due = true;
		(void)kore_timer_add(rearm_all, 0, NULL, KORE_TIMER_ONESHOT);
	}
	return KORE_RESULT_OK;
}

static void
rearm_all(void *arg, uint64_t now)
{
	struct connection *c, *next;

	(void)arg;
	(void)now;
	rearm_due = false;
	for (c = TAILQ_FIRST(&connections); c != NULL; c = next) {
		struct gate *g = c->hdlr_extra;

		next = TAILQ_NEXT(c, list);
		if (c->proto != CONN_PROTO_HTTP || g == NULL ||
		    g->phase != PHASE_REARM)
			continue;
		if (g->close)
			linger(c);
		else
			rearm(c);
	}
}

static void
rearm(struct connection *c)
{
	gate_phase(c->hdlr_extra, PHASE_IDLE);
	gate_listen(c);
	if (!net_recv_flush(c))
		kore_connection_disconnect(c);
}

/* The answer is out. Half-close, and swallow what still comes: closing with
 * bytes unread would cost the client the answer. */
static void
linger(struct connection *c)
{
	if (shutdown(c->fd, SHUT_WR) == -1) {
		kore_connection_disconnect(c);
		return;
	}
	gate_phase(c->hdlr_extra, PHASE_LINGER);
	net_recv_reset(c, NETBUF_SEND_PAYLOAD_MAX, gate_swallow);
	if (!net_recv_flush(c))
		kore_connection_disconnect(c);
}

static int
gate_swallow(struct netbuf *nb)
{
	nb->s_off = 0;
	return KORE_RESULT_OK;
}
