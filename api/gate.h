/* The connection in front of Kore's HTTP parser (see gate_check.h). */
#ifndef API_GATE_H
#define API_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* While draining, what a client has sent already is waited for. */
#define GATE_GRACE_MS 500

/* Nothing that the API answers is a page. */
#define HTTP_POLICY "default-src 'none'; frame-ancestors 'none'"

struct connection;
struct http_request;

/* Kore's callback for a new connection, found by its name. */
void gate_connect(struct connection *);
/* Once the handler runs: nothing is read until gate_answered(). */
void gate_busy(struct http_request *, const char **remote);
/* Whether the connection ends with this answer, which its head then says. */
bool gate_closes(struct http_request *);
/* The head, and what there is of the body, which may be taken over. */
void gate_send(struct http_request *, const struct buf *head,
    struct buf *body);
/* All is said: the next request is taken, or the connection closed. */
void gate_answered(struct http_request *);
/* An answer in parts, whenever a part is in the queue. What stays there for a
 * minute closes the connection. */
void gate_part(struct http_request *);
/* The answer is cut off so that nobody takes it for complete. */
void gate_cut(struct http_request *);
/* The next bytes of a body that streams, as many as there is room for or are
 * left. True: they are there, *got of them. False: the request is woken when
 * they are; into and got must stay until then. */
bool gate_read(struct http_request *, char *into, size_t room, size_t *got);
uint64_t gate_unread(const struct http_request *);
/* Timeouts of heads, bodies, idle and lingering connections. */
void gate_tick(uint64_t now_ms);
/* No new requests on any connection; those without one are closed. */
void gate_drain(void);
bool gate_crowded(void);
/* No answer is on its way any more. */
bool gate_quiet(void);

#endif
