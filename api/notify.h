/* PostgreSQL's notifications: requests that wait for one, and who listens. */
#ifndef API_NOTIFY_H
#define API_NOTIFY_H

#include <stdint.h>

#include "request.h"

/*
 * Calls heard(payload) in every worker on each notification of the channel
 * ("ledger" or "conf"); with payload "" after a reconnection, when some may
 * have been missed. Before the workers start.
 */
void notify_subscribe(const char *channel, void (*heard)(const char *payload));

/* serve.c, main.c */
void notify_forget(struct request *);
void notify_tick(uint64_t now_ms);
void notify_drain(void);

#endif
