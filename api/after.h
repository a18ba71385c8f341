/*
 * Reading after one's own writes where a standby takes reads: what a caller
 * wrote, he sees. All workers of a machine remember it of everybody; for other
 * machines and other callers the reply of a write carries a token
 * (X-Write-Token), which a read may bring along.
 */
#ifndef API_AFTER_H
#define API_AFTER_H

#include "request.h"

void after_init(void); /* before the workers are made */

/* serve.c: whether the batch may be read on the standby, and from when on. */
void after_lead(struct request *);
/* The last stage: where the primary is, now that it is written. */
enum next after_end(struct request *);
/* What is told came from the primary: it is to be found from now on. */
void after_told(struct request *);

#endif
