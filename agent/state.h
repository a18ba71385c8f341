/*
 * What the agent remembers (sync-and-security.md 1.10): a cache in SQLite
 * that may be deleted at any time. One connection, WAL, synchronous=FULL.
 * A failing state database ends the process: nothing that is not durable is
 * ever acted upon.
 */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define BOOT_LEN 36

struct state {
	sqlite3 *db;
	int dir_fd;		 /* the state directory */
	int lock_fd;		 /* held as long as we live */
	bool fresh;		 /* started empty: first contact everywhere */
	char boot[BOOT_LEN + 1]; /* seconds below count from this boot */
};

/* false: why has one sentence (another agent is running, no directory …). */
bool state_open(struct state *, const char *dir, char *why, size_t why_size);
void state_close(struct state *);

/*
 * One statement. fmt names the values: s text (NULL allowed), i int64_t.
 * state_row() steps a prepared one: true while there is a row.
 */
void state_run(struct state *, const char *sql, const char *fmt, ...);
sqlite3_stmt *state_query(struct state *, const char *sql, const char *fmt,
    ...);
bool state_row(struct state *, sqlite3_stmt *);
/* Column as text in the arena; NULL stays NULL. */
const char *state_text(struct arena *, sqlite3_stmt *, int column);
/* The first column of the first row, or other. */
int64_t state_int(struct state *, int64_t other, const char *sql,
    const char *fmt, ...);

void state_begin(struct state *);
void state_commit(struct state *);

/* Seconds since boot: never a wall clock (1.1 principle 5). */
int64_t clock_s(void);
int64_t clock_ms(void);
/* A moment stored as (since, boot): seconds ago, or -1 if from another boot */
int64_t state_age(const struct state *, int64_t since, const char *boot);

/* ---- the rows that more than one module touches ---- */

enum role { ROLE_NONE, ROLE_PRIMARY, ROLE_BRANCH, ROLE_ADOPTED };

struct file_state {
	const char *path;     /* below the binding's folder */
	int64_t dev, ino, size, mtime_ns, ctime_ns;
	bool racy;	      /* changed within 3 s before it was read */
	const char *sha;      /* last spooled version; NULL: none yet */
	const char *done_sha; /* last version fully pushed; NULL: none */
	const char *instance, *ledger, *export;
	enum role role;
	int64_t seq;	      /* ledger_seq of the export it carries */
	const char *condition;/* ok, quarantined, held, copy, unmatched */
	int64_t recheck_in;   /* look again then (s since boot); 0 = no */
	int64_t written_at;   /* last write-back (s since boot) */
	int64_t missing_since;
	int64_t hashed_at;    /* last full hash, for the daily one */
	const char *boot;     /* of the four above */
};

bool state_file_get(struct state *, struct arena *, const char *binding,
    const char *path, struct file_state *);
void state_file_put(struct state *, const char *binding,
    const struct file_state *);
/* All files of a binding, in path order. */
size_t state_files(struct state *, struct arena *, const char *binding,
    struct file_state **out);

bool state_own(struct state *, const char *sha);
void state_own_add(struct state *, const char *sha);

#endif
