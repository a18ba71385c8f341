/* Is a save finished, and does somebody have the file open? (1.3) */
#ifndef AGENT_SETTLE_H
#define AGENT_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "spool.h"

/* Quiet time by clock_ms() of one candidate; pure. */
struct settle {
	struct tuple last;
	int64_t since_ms;
	bool begun;
};

/* True once the tuple has stood still for quiet_ms. */
bool settle_step(struct settle *, const struct tuple *, int64_t now_ms,
    int64_t quiet_ms);

enum lease { LEASE_OK, LEASE_REFUSED, LEASE_UNKNOWN /* disk has none */ };
/* Taken and given back at once: refused while somebody writes. */
enum lease lease_read(int fd);

/* The lock files Excel, WPS and LibreOffice put beside name; NULL-ended. */
const char *const *sentinels(struct arena *, const char *name);
/* One of them stands beside path: not proof of anything, but write-back
 * waits. Those older than a day are leftovers. */
bool sentinel_found(struct arena *, int root_fd, const char *path);

/* Names that are never ledgers: lock files, temporary files, our own. */
bool name_ignored(const char *name);
/* A name whose ending says spreadsheet, also those we can only refuse. */
bool name_sheet(const char *name);

#endif
