/*
 * Which files of a folder may have changed: inotify on its directories gives
 * hints, a jittered walk with stat gives the truth (1.3). What has settled is
 * copied to the spool and queued as an observation, durably.
 */
#ifndef AGENT_WATCH_H
#define AGENT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "site.h"

struct watch;

struct watch *watch_new(void);
void watch_free(struct watch *);
/* Readable when there are hints; -1 if the system gave no inotify. */
int watch_fd(const struct watch *);
/* Takes the hints in. */
void watch_read(struct watch *);
/* The next watch_look() walks the whole folder. */
void watch_all(struct watch *);

/*
 * Looks at what is due: candidates that should have settled, or everything.
 * False: the folder or our own disk does not allow it now. Sets
 * site->settled when nothing is left to wait for.
 */
bool watch_look(struct site *);
/* clock_ms() of the next watch_look() that has something to do. */
int64_t watch_next_ms(const struct site *);

/* A save of this file is on its way through settling. */
bool watch_waiting(const struct site *, const char *path);

/* Late saves into workbooks we had replaced, and old versions let go. */
void kept_look(struct site *);
void kept_sweep(struct state *, struct spool *);

/* ---- between watch.c and scan.c ---- */
void watch_candidate(struct watch *, const char *path);
bool watch_dir(struct watch *, int dir_fd, const char *path);

struct seen {
	struct file_state *file; /* sorted by path */
	size_t n;
	bool *found;
};
/* Walks the folder: adds watches and candidates, marks what is found.
 * False: the walk was not complete, nothing follows from what is missing. */
bool scan_walk(struct site *, struct seen *);
/* Nothing says that this file has changed. */
bool scan_unchanged(const struct file_state *, const struct tuple *);

#endif
