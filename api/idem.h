/*
 * Idempotency-Key on POST (D4), for every handler in one place: serve.c has
 * the key claimed before the handler is called, what the handler does then
 * happens in the claim's transaction, and its reply is kept with the key when
 * that ends. A repetition gets the same reply. It is kept sealed, for it may
 * hold a secret that is told once.
 *
 *	idem_begin → the handler, its batches joined → idem_end
 *
 * The login knows nobody yet and must not hold a connection while a password
 * is checked: its reply is kept afterwards, and two at once are two sessions.
 */
#ifndef API_IDEM_H
#define API_IDEM_H

#include "request.h"

void idem_init(void);
/* Before the handler; of a route that streams, called by the handler when
 * r->body says what was sent. NEXT_DONE: go on, unless r->status says that the
 * reply of the first time is there. */
enum next idem_begin(struct request *);
/* Into the transaction of the claim, if there is one; false: it is gone. */
bool idem_join(struct request *);
/* The reply is complete: keeps it and commits, if there is a key. */
enum next idem_end(struct request *);

/* ?dry_run=true: everything is done, the constraints that wait for the end of
 * the transaction are asked, and then nothing of it is kept. Keys count for
 * nothing. False after fail(). */
bool dry_run_ok(struct request *);
bool dry_run(const struct request *);
/* Opens r->batch for writing; the transaction is never ended in a dry run. */
void dry_batch(struct request *);
/* Last in a batch that writes. */
void dry_settle(struct request *);

#endif
