/*
 * A streaming standby that takes reads (STANDBY_URL). A worker asks the primary
 * how far it is and the standby how far it has come; reads go there only while
 * it has all that the primary had a second or two ago, and, of a caller who
 * wrote, what he wrote. Each batch is let in by the standby itself
 * (standby_at(), 0100): one that was promoted or fell behind lets nobody in.
 * What it does not answer, the primary does.
 */
#ifndef API_STANDBY_H
#define API_STANDBY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "db.h"

void standby_open(void); /* in each worker, before the connections */
void standby_tick(uint64_t now_ms);

/* Reads may go there now. */
bool standby_ready(void);
/* Whether it has come as far, as far as we know. */
bool standby_reached(uint64_t position);
/* Where it must be for a batch that asks for `after`. */
uint64_t standby_floor(uint64_t after);
/* It let a batch in, and said how far it is; or it did not. */
void standby_came(const char *position);
void standby_missed(uint64_t position);
/* No connection to it is left. */
void standby_lost(void);
/* down, behind, promoted, ready; NULL without one. */
const char *standby_state(void);

/* The gate: $1 position, $2 whether to wait for it. */
extern const struct stmt standby_gate;

#define POSITION_TEXT 18 /* 16/B374D848 */
const char *position_text(char out[POSITION_TEXT], uint64_t);
uint64_t position_read(const char *); /* 0: it is none */

#endif
