/* A reply that goes out in parts, each when the one before it is out. */
#ifndef API_HTTP_PART_H
#define API_HTTP_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct http_request;
struct piece;

/* Zeroed at first. */
struct parts {
	struct http_request *req;
	struct parts *next, *prev; /* of all that have begun */
	struct piece *piece;	   /* on its way */
	size_t bytes;
	bool begun, chunked, wake;
};

/* Right after the head. */
void parts_begin(struct parts *, struct http_request *, bool chunked);
/* Takes the buffer's bytes, one at least; the request is woken when they are
 * out. */
void parts_send(struct parts *, struct buf *);
/* Before gate_answered(): the rest, and the mark that all is said. */
void parts_end(struct parts *, struct buf *);
/* The request is freed. */
void parts_forget(struct parts *);

#endif
