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

#endif
