/* The pipeline every request goes through. */
#ifndef API_SERVE_H
#define API_SERVE_H

#include "request.h"

/* method … remote are filled in; the arena is open. */
void serve_open(struct request *);
enum served {
	SERVED_PARKED, /* call again after request_wake() */
	SERVED_PART,   /* send what is in reply, then call again */
	SERVED,	       /* the reply is complete: status, type, headers, reply */
};
/* What a request is asked before its handler is: false after fail(). */
void serve_first(bool (*fine)(struct request *));
/* As far as it goes now. */
enum served serve(struct request *);
/* Releases everything; also of a request whose client has left. */
void serve_close(struct request *);
/* yield.c: the request is gone. */
void yield_forget(struct request *);

#endif
