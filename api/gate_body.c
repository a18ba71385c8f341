/*
 * Bodies too large for memory: a route that streams takes them piece by piece,
 * and the connection is read no faster than its handler asks.
 */
#include <string.h>

#include "kore_in.h"

#include "gate.h"
#include "gate_in.h"

#define PIECE_MAX ((size_t)64 << 10)
/* Who sends less than this within http_body_timeout is given up. */
#define LATELY_MIN ((size_t)64 << 10)

static int take(struct netbuf *);

uint64_t
gate_unread(const struct http_request *req)
{
	const struct gate *g = req->owner->hdlr_extra;

	return g->in.left;
}

bool
gate_read(struct http_request *req, char *into, size_t room, size_t *got)
{
	struct connection *c = req->owner;
	struct gate *g = c->hdlr_extra;
	struct inflow *in = &g->in;

	*got = MIN(room, in->head_len);
	if (*got > 0) {
		memcpy(into, in->head, *got);
		in->head += *got;
		in->head_len -= *got;
		in->left -= *got;
	}
	if (in->left == 0 || *got == room)
		return true;
	if (in->expect && !gate_continue(c)) {
		kore_connection_disconnect(c);
		return false;
	}
	in->expect = false;
	in->into = into;
	in->room = room;
	in->got = got;
	in->done = false;
	in->lately = 0;
	gate_phase(g, PHASE_BODY);
	net_recv_reset(c, MIN(MIN(in->left, room - *got), PIECE_MAX), take);
	in->inside = true;
	if (!net_recv_flush(c))
		kore_connection_disconnect(c);
	in->inside = false;
	return in->done;
}

/* Kore calls after every read, whether the buffer is full or not. */
static int
take(struct netbuf *nb)
{
	struct connection *c = nb->owner;
	struct gate *g = c->hdlr_extra;
	struct inflow *in = &g->in;
	struct http_request *req = TAILQ_FIRST(&c->http_requests);
	size_t n = nb->s_off;

	memcpy(in->into + *in->got, nb->buf, n);
	*in->got += n;
	in->left -= n;
	in->lately += n;
	nb->s_off = 0;
	nb->b_len = MIN(MIN(in->left, in->room - *in->got), nb->m_len);
	if (nb->b_len > 0) {
		if (in->lately >= LATELY_MIN) {
			in->lately = 0;
			gate_phase(g, PHASE_BODY);
		}
		return KORE_RESULT_OK;
	}
	in->done = true;
	gate_pause(c);
	gate_phase(g, PHASE_BUSY);
	if (!in->inside)
		http_request_wakeup(req);
	return KORE_RESULT_OK;
}
