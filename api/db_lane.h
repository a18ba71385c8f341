/* What serve.c and main.c need of the database: batches go in, and come back
 * through a call. */
#ifndef API_DB_LANE_H
#define API_DB_LANE_H

#include "base/buf.h"
#include "base/err.h"
#include "db.h"

/* E_BUSY: no connection became free in time, nothing was sent. E_UNKNOWN: the
 * connection was lost, nobody knows what the batch did. E_INTERNAL: our
 * mistake. OK: look at batch.failed. */
typedef void db_done(void *arg, enum err);

/*
 * Queues the batch, or sends it at once. *out is set before done() can be
 * called. False: no room, or no database for some time (answer E_BUSY).
 * A batch with hold keeps its connection in *hold until a batch with last, a
 * failure, or db_release().
 */
bool db_submit(struct batch *, struct hold *hold, db_done *, void *arg,
    struct job **out);
/* The asker leaves: done() is not called, the batch not touched any more. */
void db_detach(struct job *);
/* Rolls back what is held; nothing if nothing is. */
void db_release(struct hold *);
void db_rows_free(struct rows *);

void db_open(void); /* in each worker, after every db_register() */
void db_tick(uint64_t now_ms);
void db_close(void);
/* The standby does not answer: what it has is taken away from it. */
void db_aside_reset(const char *why);
/* Ready: every lane has a connection and every statement is prepared. If not,
 * why is a sentence for administrators. */
bool db_ready(struct buf *why);

#endif
