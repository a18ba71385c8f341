/* Webhooks: subscriptions of programs to the changes of their owner's scope. */
#ifndef API_WEBHOOK_H
#define API_WEBHOOK_H

#include "request.h"

void webhook_init(void); /* statements and routes */

/* Of the caller's line; and he is narrowed as its owner is, or by nothing: what
 * it tells is what he could be told himself. */
#define WEBHOOK_SCOPE(of)                                                      \
	SCOPE_LINE(of "line") " AND (($3::text[])[2] IS NULL OR"               \
	" narrow_same($3::text[], " of "grant_id))"

/* webhook_work.c: secrets, deliveries, replay. */
void webhook_work_init(void);
/* The statement that finds one webhook: scope $1–$4, $5 id. */
const struct stmt *webhook_one(void);
/* A new secret: as it is kept, and as the caller is told once. */
const char *webhook_secret_made(struct request *, const char *id,
    const char **sealed);

#endif
