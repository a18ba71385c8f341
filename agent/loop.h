/* All bound folders, for ever or once. */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

#include <signal.h>

#include "conf.h"

/* Set by a signal; fd becomes readable with it. */
struct stop {
	volatile sig_atomic_t now;
	int fd;
};

/* Until stopped. Returns the exit code. */
int loop_run(const struct conf *, const struct stop *);
/* One full pass over the bindings at or below dir: settled, pushed and
 * written back. 0 only if everything reached the API. */
int loop_once(const struct conf *, const char *dir,
    const struct stop *);
/* Markers into the bound folders (all, or those at or below dir). */
int loop_init(const struct conf *, const char *dir);

#endif
