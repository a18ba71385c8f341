/*
 * Idempotency-Key on POST: the reply is stored with its key in the same
 * transaction as the effects; a repetition gets the same bytes.
 *
 *	idem_claim → idem_claimed → (own batches by idem_batch) → idem_keep
 *	→ idem_finish
 */
#ifndef API_IDEM_H
#define API_IDEM_H

#include "request.h"

void idem_init(void);
/* NULL when the caller sent none. */
const char *idem_key(const struct request *);
enum next idem_claim(struct request *);
/* NEXT_DB: the key is ours, go on. Else the reply or the refusal. */
enum next idem_claimed(struct request *);
/* Opens r->batch, inside the held transaction if there is a key. */
void idem_batch(struct request *);
/* The reply is complete: stores it and commits, if there is a key. */
enum next idem_keep(struct request *);
enum next idem_finish(struct request *);

/* ?dry_run=true: everything is done, the constraints that wait for the end of
 * the transaction are asked, and then nothing of it is kept. Keys count for
 * nothing. False after fail(). */
bool dry_run_ok(struct request *);
bool dry_run(const struct request *);
/* Last in a batch that writes. */
void idem_settle(struct request *);

#endif
