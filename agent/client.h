/*
 * The sync API over HTTP: one client per binding, with its token and its
 * circuit. A request that fails for the moment opens the circuit; until it closes
 * every call answers E_BUSY at once, so that one binding's trouble is no
 * other's (1.7: exponential, full jitter, Retry-After honoured).
 */
#ifndef AGENT_CLIENT_H
#define AGENT_CLIENT_H

#include <curl/curl.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct client;
struct conf;

struct ask {
	const char *method;
	const char *path;	/* "/v1/sync/…" */
	const char *body;	/* JSON or NULL */
	const char *idempotency;/* Idempotency-Key or NULL */
	int64_t if_match;	/* revision, -1 = none */
};

bool client_start(void);
void client_stop(void);
/* Requests end when *stop becomes true. */
void client_heed(const volatile sig_atomic_t *stop);

/* token_file is read once; NULL: why has a sentence. */
struct client *client_new(const struct conf *, const char *token_file,
    char *why, size_t why_size);
void client_free(struct client *);

/*
 * OK (2xx): *out is the reply's JSON, owned by the caller (NULL if none).
 * E_BUSY: try again later, client_retry_ms() says when. Everything else is
 * an answer: E_IDENTITY, E_DENIED, E_UNKNOWN, E_STALE, E_CONFLICT, E_LIMIT,
 * E_INPUT; client_problem() says why.
 */
enum err client_call(struct client *, const struct ask *, json_t **out);

/* Of the last call, borrowed until the next one. */
const char *client_body(const struct client *);
const char *client_problem(const struct client *);
/* The server's own words for staff: its sentence and what is wrong with which
 * field; an own sentence where there is no answer of its. */
const char *client_said(const struct client *);
const char *client_code(const struct client *);
long client_status(const struct client *);

/* Milliseconds until the circuit closes; 0 = closed. */
int64_t client_retry_ms(const struct client *);
/* Close the circuit now: somebody asked for a pass. */
void client_hurry(struct client *);

/* ---- the long poll of one binding, beside everything else ---- */
bool client_poll_start(struct client *, CURLM *, const char *cursor,
    unsigned wait_s);
bool client_polling(const struct client *);
/* A finished transfer of the multi handle: NULL if it is not this client's.
 * *out is owned by the caller. */
bool client_poll_done(struct client *, CURLM *, CURL *, CURLcode,
    json_t **out);

/* The waiting time after the n-th failure in a row, ms: pure but for dice. */
int64_t backoff_ms(unsigned failures, long retry_after_s, uint32_t dice);

#endif
