/* The workbook's journey, and what of a folder is still on the way. */
#ifndef AGENT_SYNC_H
#define AGENT_SYNC_H

#include "site.h"

/* One version of one workbook, all stages. OK: this version is dealt with.
 * E_BUSY: later. */
enum err sync_version(struct site *, const char *path, const char *sha);

/* Everything of a folder that is waiting: versions in the order they were
 * saved, batches, write-backs, ledgers that have no workbook yet. E_BUSY:
 * some of it is left for later. */
enum err sync_site(struct site *);

/* fresh.c: each ledger of the binding that has no workbook gets one. */
enum err sync_fresh(struct site *);

#endif
