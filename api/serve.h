/* The pipeline every request goes through. */
#ifndef API_SERVE_H
#define API_SERVE_H

#include "request.h"

/* method … remote are filled in; the arena is open. */
void serve_open(struct request *);
/* As far as it goes now. True: the reply is complete (status, type, headers,
 * reply); false: parked, call again after request_wake(). */
bool serve(struct request *);
/* Releases everything; also of a request whose client has left. */
void serve_close(struct request *);

#endif
