/* A reply that goes out in parts, each when the one before it is out. */
#include "http_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "kore_in.h"

#include "base/err.h"
#include "gate.h"
#include "loop.h"

/* In the connection's queue; it may outlive the request. */
struct piece {
	char *data;
	struct parts *of;
};

static struct parts *all;
static bool wake_due;

static void queue(struct parts *, struct buf *);
static int out(struct netbuf *);
static void wake_all(void *, uint64_t);

void
parts_begin(struct parts *p, struct http_request *req, bool chunked)
{
	p->req = req;
	p->begun = true;
	p->chunked = chunked;
	p->next = all;
	if (all != NULL)
		all->prev = p;
	all = p;
}

void
parts_send(struct parts *p, struct buf *b)
{
	queue(p, b);
	gate_part(p->req);
}

void
parts_end(struct parts *p, struct buf *b)
{
	static const char end[] = "0\r\n\r\n";

	if (b->len > 0)
		queue(p, b);
	if (p->chunked)
		net_send_queue(p->req->owner, end, sizeof(end) - 1);
}

void
parts_forget(struct parts *p)
{
	if (p->piece != NULL)
		p->piece->of = NULL;
	p->piece = NULL;
	if (!p->begun)
		return;
	if (p->prev != NULL)
		p->prev->next = p->next;
	else
		all = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	p->begun = false;
}

static void
queue(struct parts *p, struct buf *b)
{
	struct connection *c = p->req->owner;
	struct piece *piece = calloc(1, sizeof(*piece));
	size_t n = b->len;
	struct netbuf *nb;
	char size[24];

	REQUIRE(piece != NULL && n > 0 && p->piece == NULL);
	p->bytes += n;
	if (p->chunked) {
		(void)snprintf(size, sizeof(size), "%zx\r\n", n);
		net_send_queue(c, size, strlen(size));
		buf_str(b, "\r\n");
	}
	REQUIRE(!b->over);
	piece->data = buf_take(b, &n);
	piece->of = p;
	p->piece = piece;
	net_send_stream(c, piece->data, n, out, &nb);
	nb->extra = piece;
}

/* From inside Kore's send loop, or when the connection has gone. */
static int
out(struct netbuf *nb)
{
	struct piece *piece = nb->extra;

	if (piece->of != NULL) {
		piece->of->piece = NULL;
		piece->of->wake = true;
		if (!wake_due)
			loop_soon(wake_all, NULL);
		wake_due = true;
	}
	free(piece->data);
	free(piece);
	return KORE_RESULT_OK;
}

/* In the next turn, so that others have theirs between two parts. */
static void
wake_all(void *arg, uint64_t now)
{
	(void)arg;
	(void)now;
	wake_due = false;
	for (struct parts *p = all; p != NULL; p = p->next) {
		if (p->wake)
			http_request_wakeup(p->req);
		p->wake = false;
	}
}
