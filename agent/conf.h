/* agent.conf: where the API is, where the state lives, which folders. */
#ifndef AGENT_CONF_H
#define AGENT_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define CONF_BINDINGS_MAX 1000

struct conf_binding {
	const char *folder;	/* absolute */
	const char *token_file; /* absolute; holds the bearer token */
	bool network;		/* a mount of another machine's share: no
				   events, no leases, longer settling */
	unsigned line;		/* of its [binding], for messages */
};

struct conf {
	const char *api;	   /* http://127.0.0.1:8080 */
	const char *state;	   /* absolute directory, mode 0700, local disk */
	const char *ca_file;	   /* for https; NULL: the system's */
	const char *cert_file;	   /* shown to the API; both or neither */
	const char *key_file;	   /* … with its key, for its owner's eyes */
	long settle_s;		   /* quiet time of a local save; 0 = the
				      binding's own */
	long scan_s;		   /* full look at a local folder */
	long network_scan_s;
	long write_back_s;	   /* -1 = the binding's own */
	long free_floor_mib;	   /* stop observing below this */
	long file_limit_mib;
	long debug;
	size_t nbindings;
	struct conf_binding *binding;
};

/* Everything in *out lives in the arena. false: why has one sentence that
 * names file and line. */
bool conf_read(struct arena *, const char *path, struct conf *out, char *why,
    size_t why_size);
/* The same from text; dir completes relative paths. For tests. */
bool conf_parse(struct arena *, const char *name, const char *dir, char *text,
    struct conf *out, char *why, size_t why_size);

#endif
