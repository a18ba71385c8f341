/* One question to another server, asked on a worker's thread: it waits. */
#ifndef API_FETCH_H
#define API_FETCH_H

#include "base/buf.h"

struct fetch {
	const char *url;
	const char *form;  /* posted as a form; NULL = GET */
	const char *basic; /* user:password; NULL = none */
	long status;
	struct buf body;   /* freed by the caller */
};

/* Before the workers are made. */
void fetch_init(void);
/* Whether a server may be asked there: https, or this machine. */
bool fetch_allowed(const char *url);
/* NULL, or why there is no answer of status 2xx or 4xx. */
const char *fetch(struct fetch *);
/* Appends name=value, percent-encoded, after ? & or nothing. */
void form_add(struct buf *, const char *name, const char *value);

#endif
