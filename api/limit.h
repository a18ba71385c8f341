/*
 * Quotas of requests, per address, per caller and of logins per address, in
 * memory that all workers share: the same answer whichever worker is asked.
 */
#ifndef API_LIMIT_H
#define API_LIMIT_H

#include "request.h"

enum limit { LIMIT_ADDRESS, LIMIT_CALLER, LIMIT_LOGIN, LIMIT_CLIENT,
	LIMIT__MAX };

/* In the parent, before the workers are made. */
void limit_init(void);
/* Counts the request; false after fail(): 429 with Retry-After. Tells the
 * client what is left. */
bool limit_address(struct request *);
bool limit_caller(struct request *);
/* Rows that a third-party application takes as a file count for a day. False
 * after fail(); for everybody else there is no such quota. */
bool limit_rows(struct request *, unsigned rows);

/* The rule itself (GCRA): *full_ns is when the quota is whole again. True: one
 * more is allowed, and *full_ns has moved on. left: how many more are. */
bool limit_take(uint64_t *full_ns, uint64_t now_ns, unsigned quota,
    unsigned window_s, unsigned *left, unsigned *wait_s);

#endif
