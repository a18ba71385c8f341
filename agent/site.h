/* One bound folder: its identity, what the server says of it, its files. */
#ifndef AGENT_SITE_H
#define AGENT_SITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/uid.h"
#include "client.h"
#include "conf.h"
#include "spool.h"
#include "state.h"

struct watch;

struct site {
	const struct conf *conf;
	const struct conf_binding *binding;
	struct state *state;
	struct spool *spool;
	struct client *client;
	struct watch *watch;
	int root_fd;		  /* -1: not there now */
	char id[UUID_LEN + 1];	  /* the marker's, = binding id */
	json_t *info;		  /* GET /v1/sync/binding, or NULL */
	json_t *templates;	  /* code → template */
	bool said_absent;	  /* the missing marker was reported */
	bool settled;		  /* last look found nothing unfinished */
	bool refused;		  /* something never reached the server */
	bool once;		  /* asked for: no rate limits */
	int64_t again_ms;	  /* a workbook was open: look again then */
};

/* Opens the folder and its marker .ledger-sync/id. Absent: the share is not
 * mounted or not set up; nothing is done, and one sentence is logged. */
bool site_open(struct site *);
void site_close(struct site *);

/* The binding, and what follows from it (a restored server, a wrong
 * marker). E_BUSY: not now. */
enum err site_refresh(struct site *);
/* Writes the marker: first set-up of a folder. why: one sentence. */
bool site_init(struct site *, char *why, size_t why_size);

/* Borrowed; NULL if the binding has no such ledger. */
const json_t *site_ledger(const struct site *, const char *ledger);
long site_seq(const struct site *, const char *ledger);
void site_seq_set(struct site *, const char *ledger, long seq);
/* E_BUSY or a refusal of the server. */
enum err site_template(struct site *, const char *code, json_t **borrowed);

long site_number(const struct site *, const char *key, long otherwise);
int site_year(const struct site *);
/* both, in or out */
const char *site_direction(const struct site *);

/* Nobody has the workbook open; else it is looked at again soon. */
bool site_free(struct site *, const char *path);

/* The account of a file that people see (POST /v1/sync/files); sent when it
 * differs from the last one. */
enum err site_tell(struct site *, const char *path, const char *sha,
    const char *state, const char *code, const char *zh, const char *en,
    const char *ledger);

#endif
