/* Old versions: watched for late saves, kept for a while, then let go; and
 * what a crash left between an intent and its end. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "recover.h"
#include "settle.h"
#include "swap.h"
#include "watch.h"

#define VERSIONS_KEPT 30
#define VERSION_DAYS 90
#define OUTBOX_DAYS 90

/* After the exchange somebody may still write into the file he had open. */
static const int64_t checks_s[] = { 10, 60, 600, 3600, 24 * 3600 };
#define CHECKS ((int64_t)(sizeof checks_s / sizeof *checks_s))

static bool kept_check(struct site *, struct arena *, int64_t n,
    const char *path, const char *sha, const char *name, int64_t checks);
static bool late_show(struct site *, struct arena *, const char *path,
    const char *sha);
static void blob_orphan(void *, const char *sha);

void
kept_look(struct site *s)
{
	struct arena a;
	arena_init(&a, 0);
	for (;;) {
		int64_t n = 0, checks = 0;
		const char *path = NULL, *sha = NULL, *name = NULL;
		sqlite3_stmt *q = state_query(s->state, "SELECT n, path, sha,"
		    " name, checks, since, boot FROM version"
		    " WHERE binding = ? AND name IS NOT NULL", "s", s->id);
		while (state_row(s->state, q)) {
			int64_t k = sqlite3_column_int64(q, 4);
			const char *boot = state_text(&a, q, 6);
			int64_t age = state_age(s->state,
			    sqlite3_column_int64(q, 5), boot);
			if (n || (age >= 0 && age < checks_s[k < CHECKS ? k
				: CHECKS - 1]))
				continue;
			n = sqlite3_column_int64(q, 0);
			path = state_text(&a, q, 1);
			sha = state_text(&a, q, 2);
			name = state_text(&a, q, 3);
			checks = k;
		}
		if (!n || !kept_check(s, &a, n, path, sha, name, checks))
			break;
	}
	arena_free(&a);
}

/* False: not now. */
static bool
kept_check(struct site *s, struct arena *a, int64_t n, const char *path,
    const char *sha, const char *name, int64_t checks)
{
	char now[SHA_HEX_LEN + 1];
	struct tuple t;
	const char *at = arena_printf(a, OWN_DIR "/kept/%s", name);
	enum spooled r = spool_take(s->spool, s->root_fd, at, false, now, &t);
	bool last = checks + 1 >= CHECKS || r == SPOOL_GONE;
	bool late = r == SPOOL_OK && strcmp(now, sha) != 0;
	if (late && !late_show(s, a, path, now))
		return false;
	state_begin(s->state);
	if (late) {
		/* He may save again. */
		state_run(s->state, "UPDATE version SET sha = ?, checks = 0,"
		    " since = ?, boot = ? WHERE n = ?", "sisi", now,
		    clock_s(), s->state->boot, n);
		last = false;
	} else {
		state_run(s->state, "UPDATE version SET checks = ?,"
		    " boot = ?, since = CASE WHEN boot = ? THEN since ELSE ?"
		    " END, name = CASE WHEN ? THEN NULL ELSE name END"
		    " WHERE n = ?", "issiii", checks + 1, s->state->boot,
		    s->state->boot, clock_s(), (int64_t)last, n);
	}
	state_commit(s->state);
	if (last && r == SPOOL_OK) {
		int dir = open_beneath(s->root_fd, OWN_DIR "/kept",
		    O_RDONLY | O_DIRECTORY);
		if (dir >= 0) {
			unlinkat(dir, name, 0);
			close(dir);
		}
	}
	return true;
}

/* He saved into the file we had replaced: what he typed stands beside it,
 * under a name that says so, and goes the way of every copy. */
static bool
late_show(struct site *s, struct arena *a, const char *path, const char *sha)
{
	char block[65536], tmp[UUID_LEN + 1];
	const char *dot = strrchr(path, '.');
	const char *name = arena_printf(a, "%.*s（另存的一份%.6s）%s",
	    dot ? (int)(dot - path) : (int)strlen(path), path, sha,
	    dot ? dot : "");
	ssize_t n = -1;
	uuid_new(tmp);
	int in = spool_get(s->spool, sha), out = swap_tmp(s->root_fd, tmp);
	while (in >= 0 && out >= 0 && (n = read(in, block, sizeof block)) > 0)
		if (write(out, block, (size_t)n) != n)
			break;
	if (n == 0) /* as the workbook is, if it is still there */
		(void)swap_dress(s->root_fd, path, out);
	bool ok = n == 0 && fsync(out) == 0 &&
	    swap_place(s->root_fd, tmp, name);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	/* The name carries the content: if it is taken, it is there already */
	ok = ok || faccessat(s->root_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) ==
	    0;
	swap_drop(s->root_fd, tmp);
	event("warn", "late_save", "path", path, "shown_as", name, NULL);
	return ok;
}

struct sweep {
	struct state *state;
	struct spool *spool;
};

/* Once a day: what is old enough, and blobs nobody names. */
void
kept_sweep(struct state *st, struct spool *spool)
{
	int64_t now = (int64_t)time(NULL);
	state_begin(st);
	state_run(st, "DELETE FROM version WHERE name IS NULL AND (at < ?"
	    " OR n NOT IN (SELECT n FROM (SELECT n, row_number() OVER"
	    " (PARTITION BY binding, path ORDER BY n DESC) AS k FROM version)"
	    " WHERE k <= ?))", "ii", now - VERSION_DAYS * 86400,
	    (int64_t)VERSIONS_KEPT);
	state_run(st, "DELETE FROM outbox WHERE status <> 0 AND at < ?", "i",
	    now - OUTBOX_DAYS * 86400);
	state_commit(st);
	struct sweep sweep = { st, spool };
	spool_each(spool, blob_orphan, &sweep);
}

static void
blob_orphan(void *arg, const char *sha)
{
	struct sweep *s = arg;
	if (!state_int(s->state, 0, "SELECT EXISTS(SELECT 1 FROM observation"
		" WHERE sha = ?1) OR EXISTS(SELECT 1 FROM file"
		" WHERE sha = ?1) OR EXISTS(SELECT 1 FROM version"
		" WHERE sha = ?1)", "s", sha))
		spool_drop(s->spool, sha);
}

void
recover_intents(struct site *s)
{
	struct arena a;
	arena_init(&a, 0);
	for (;;) {
		struct swap w = { .root_fd = s->root_fd,
			.network = s->binding->network };
		int64_t n = 0;
		sqlite3_stmt *q = state_query(s->state, "SELECT n, path, h0,"
		    " h1, tmp, version FROM intent WHERE binding = ?"
		    " ORDER BY n LIMIT 1", "s", s->id);
		while (state_row(s->state, q)) {
			n = sqlite3_column_int64(q, 0);
			w.path = state_text(&a, q, 1);
			w.h0 = state_text(&a, q, 2);
			w.h1 = state_text(&a, q, 3);
			w.tmp = state_text(&a, q, 4);
			w.version = state_text(&a, q, 5);
		}
		if (!n)
			break;
		enum swapped r = swap_recover(&w);
		event("info", "recovered", "path", w.path, "result",
		    r == SWAP_DONE ? "done" : "put back", NULL);
		/* Whatever stands there now is observed like any save; what
		 * was replaced is watched for late saves. */
		state_begin(s->state);
		state_run(s->state, "INSERT INTO version(binding, path, sha,"
		    " name, since, boot, at) VALUES(?,?,?,?,?,?,?)",
		    "ssssisi", s->id, w.path, w.h0, w.version, clock_s(),
		    s->state->boot, (int64_t)time(NULL));
		state_run(s->state, "DELETE FROM intent WHERE n = ?", "i", n);
		state_commit(s->state);
	}
	swap_sweep(s->root_fd);
	arena_free(&a);
}
