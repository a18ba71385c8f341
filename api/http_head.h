/* The head of a reply, in one piece. */
#ifndef API_HTTP_HEAD_H
#define API_HTTP_HEAD_H

#include "request.h"

/* What the framing of the reply is; the rest is the request's. */
struct head {
	const char *status; /* its text */
	bool old;	    /* HTTP/1.0 */
	bool close;
	unsigned keep_s;    /* … or how long it may stay idle */
	bool typed;	    /* there is a content type */
	bool chunked, sized;
	uint64_t length;    /* if sized */
};

void http_head(struct buf *, const struct request *, const struct head *);

#endif
