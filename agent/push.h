/*
 * Operations to batches to answers (1.7). A batch is durable in the outbox
 * before it is sent, and stays there 90 days after its answer, so that a
 * server restored from a backup can be told again.
 */
#ifndef AGENT_PUSH_H
#define AGENT_PUSH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base.h"
#include "client.h"
#include "ledger.h"
#include "plan.h"
#include "state.h"

#define BATCH_ROWS 500
#define BATCH_BYTES (1000 * 1000)

struct origin {
	const char *binding, *instance, *export, *ledger, *path, *file_sha;
};

struct answers {
	size_t rows;		/* sent */
	size_t changed;		/* applied, merged, inserted, deleted */
	size_t conflicts, held, requests;
	long seq;		/* the ledger's, of the last answer */
	bool mismatch;		/* a base differs: fetch it and plan again */
	bool refused;		/* the server will never take a batch */
	char why[256];		/* for logs */
	char said[1024];	/* for staff */
	json_t *rejected;	/* {at, why} of rows, or NULL; to be decref'd */
};

/* The plan and the header block as "rows" of batches; pure. To be decref'd. */
json_t *push_rows(const struct plan *, const struct base *,
    const struct ledger *);

/* Cuts rows into batches and puts them into the outbox, all or none. */
void push_store(struct state *, const struct origin *, json_t *rows);

/* Sends what the outbox holds for this binding, oldest first. OK: it is
 * empty. E_BUSY: some is left for later. */
enum err push_send(struct state *, struct client *, const char *binding,
    struct answers *);

/* The server lost what came after a backup: everything once more. */
void push_again(struct state *, const char *binding);

#define PUSH_KEY_LEN 52 /* base 32 of a SHA-256 */
void push_key(const struct origin *, size_t chunk, const char *body,
    const char *nonce, char key[PUSH_KEY_LEN + 1]);

#endif
