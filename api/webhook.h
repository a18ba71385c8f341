/* Webhooks: subscriptions of programs to the changes of their owner's scope. */
#ifndef API_WEBHOOK_H
#define API_WEBHOOK_H

#include "request.h"

void webhook_init(void); /* statements and routes */

/* webhook_work.c: secrets, deliveries, replay. */
void webhook_work_init(void);
/* The statement that finds one webhook: scope $1–$4, $5 id. */
const struct stmt *webhook_one(void);
/* A new secret: as it is kept, and as the caller is told once. */
const char *webhook_secret_made(struct request *, const char *id,
    const char **sealed);

#endif
