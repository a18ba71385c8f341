/* The agent's memory in SQLite: opened, checked, locked, and asked. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/uid.h"

#define STATE_FILE "agent.sqlite"
#define STATE_VERSION 2 /* another one is set aside: it is only a cache */

static const char schema[] =
    "CREATE TABLE file(binding TEXT NOT NULL, path TEXT NOT NULL,"
    " dev INTEGER, ino INTEGER, size INTEGER, mtime_ns INTEGER,"
    " ctime_ns INTEGER, racy INTEGER, sha TEXT, done_sha TEXT, instance TEXT,"
    " ledger TEXT, export TEXT, role INTEGER, seq INTEGER, condition TEXT,"
    " recheck_in INTEGER, written_at INTEGER, missing_since INTEGER,"
    " hashed_at INTEGER, boot TEXT, reported TEXT,"
    " PRIMARY KEY(binding, path)) WITHOUT ROWID;"
    "CREATE TABLE observation(n INTEGER PRIMARY KEY AUTOINCREMENT,"
    " binding TEXT NOT NULL, path TEXT NOT NULL, sha TEXT NOT NULL,"
    " since INTEGER NOT NULL, boot TEXT NOT NULL);"
    "CREATE TABLE outbox(n INTEGER PRIMARY KEY AUTOINCREMENT,"
    " binding TEXT NOT NULL, path TEXT NOT NULL, key TEXT NOT NULL UNIQUE,"
    " body TEXT NOT NULL, status INTEGER NOT NULL DEFAULT 0, response TEXT,"
    " tries INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL);"
    "CREATE INDEX outbox_open ON outbox(binding, n) WHERE status = 0;"
    "CREATE TABLE cursor(binding TEXT PRIMARY KEY, epoch TEXT, cursor TEXT)"
    " WITHOUT ROWID;"
    "CREATE TABLE intent(n INTEGER PRIMARY KEY, binding TEXT NOT NULL,"
    " path TEXT NOT NULL, h0 TEXT NOT NULL, h1 TEXT NOT NULL,"
    " tmp TEXT NOT NULL, version TEXT NOT NULL);"
    "CREATE TABLE quarantine(binding TEXT NOT NULL, path TEXT NOT NULL,"
    " sha TEXT, code TEXT, since INTEGER, boot TEXT,"
    " PRIMARY KEY(binding, path)) WITHOUT ROWID;"
    "CREATE TABLE own_hash(sha TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE version(n INTEGER PRIMARY KEY AUTOINCREMENT,"
    " binding TEXT NOT NULL, path TEXT NOT NULL, sha TEXT NOT NULL,"
    " instance TEXT, name TEXT, checks INTEGER NOT NULL DEFAULT 0,"
    " since INTEGER NOT NULL, boot TEXT NOT NULL, at INTEGER NOT NULL);"
    "CREATE INDEX version_sha ON version(sha);"
    "CREATE TABLE absent(binding TEXT NOT NULL, instance TEXT NOT NULL,"
    " row TEXT NOT NULL, since INTEGER NOT NULL, boot TEXT NOT NULL,"
    " PRIMARY KEY(binding, instance, row)) WITHOUT ROWID;"
    "CREATE TABLE branch(binding TEXT NOT NULL, path TEXT NOT NULL,"
    " of TEXT NOT NULL, export TEXT NOT NULL, instance TEXT NOT NULL,"
    " PRIMARY KEY(binding, path)) WITHOUT ROWID;"
    "CREATE TABLE life(id TEXT NOT NULL);";

static bool lock_take(struct state *, const char *, char *, size_t);
static bool db_open(struct state *, const char *, char *, size_t);
static bool db_sound(sqlite3 *);
static bool db_aside(const char *path);
static void bind(struct state *, sqlite3_stmt *, const char *, va_list);
static void die(struct state *, const char *) __attribute__((noreturn));
static void file_of_row(struct arena *, sqlite3_stmt *, struct file_state *);

bool
state_open(struct state *st, const char *dir, char *why, size_t why_size)
{
	*st = (struct state){ .dir_fd = -1, .lock_fd = -1 };
	if (mkdir(dir, 0700) && errno != EEXIST) {
		snprintf(why, why_size, "%s: %s", dir, strerror(errno));
		return false;
	}
	st->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->dir_fd < 0 || fchmod(st->dir_fd, 0700)) {
		snprintf(why, why_size, "%s: %s", dir, strerror(errno));
		state_close(st);
		return false;
	}
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!f || fread(st->boot, 1, BOOT_LEN, f) != BOOT_LEN)
		snprintf(st->boot, sizeof st->boot, "unknown");
	if (f)
		fclose(f);
	if (!lock_take(st, dir, why, why_size) ||
	    !db_open(st, dir, why, why_size)) {
		state_close(st);
		return false;
	}
	return true;
}

void
state_close(struct state *st)
{
	if (st->db)
		sqlite3_close(st->db);
	if (st->lock_fd >= 0)
		close(st->lock_fd);
	if (st->dir_fd >= 0)
		close(st->dir_fd);
	*st = (struct state){ .dir_fd = -1, .lock_fd = -1 };
}

/* An open-file-description lock: it dies with us, however we die. */
static bool
lock_take(struct state *st, const char *dir, char *why, size_t why_size)
{
	st->lock_fd = openat(st->dir_fd, "lock",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (st->lock_fd < 0) {
		snprintf(why, why_size, "%s/lock: %s", dir, strerror(errno));
		return false;
	}
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(st->lock_fd, F_OFD_SETLK, &whole) == 0)
		return true;
	snprintf(why, why_size, errno == EAGAIN || errno == EACCES
	    ? "another agent is already running on %s"
	    : "%s: cannot lock", dir);
	return false;
}

static bool
db_open(struct state *st, const char *dir, char *why, size_t why_size)
{
	char path[4096];
	if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, STATE_FILE) >=
	    sizeof path - 64) {
		snprintf(why, why_size, "%s: path too long", dir);
		return false;
	}
	for (int attempt = 0; attempt < 2; attempt++) {
		int rc = sqlite3_open_v2(path, &st->db, SQLITE_OPEN_READWRITE |
		    SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL);
		if (rc == SQLITE_OK && db_sound(st->db))
			break;
		if (rc == SQLITE_CANTOPEN || attempt == 1) {
			snprintf(why, why_size, "%s: %s", path,
			    sqlite3_errstr(rc));
			return false;
		}
		/* Only a cache: set it aside and start empty (1.1, 2). */
		sqlite3_close(st->db);
		st->db = NULL;
		log_line(LOG_WARN, "event=state_corrupt file=%s", log_q(path));
		if (!db_aside(path)) {
			snprintf(why, why_size, "%s: %s", path,
			    strerror(errno));
			return false;
		}
	}
	st->fresh = state_int(st, 0, "PRAGMA user_version", "") == 0;
	if (st->fresh) {
		state_begin(st);
		if (sqlite3_exec(st->db, schema, NULL, NULL, NULL))
			die(st, "schema");
		/* Tells this memory from every earlier one. */
		char life[UUID_LEN + 1];
		uuid_new(life);
		state_run(st, "INSERT INTO life(id) VALUES(?)", "s", life);
		sqlite3_exec(st->db, "PRAGMA user_version = 2", NULL, NULL,
		    NULL);
		state_commit(st);
	}
	return true;
}

static bool
db_sound(sqlite3 *db)
{
	static const char settings[] =
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	    "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";
	if (sqlite3_exec(db, settings, NULL, NULL, NULL))
		return false;
	bool sound = false;
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL) ==
		SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		sound = strcmp((const char *)sqlite3_column_text(s, 0), "ok")
		    == 0;
	sqlite3_finalize(s);
	s = NULL;
	/* A database of another version is not ours to read either. */
	if (sound && sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s,
		NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		sound = sqlite3_column_int(s, 0) == 0 ||
		    sqlite3_column_int(s, 0) == STATE_VERSION;
	sqlite3_finalize(s);
	return sound;
}

static bool
db_aside(const char *path)
{
	static const char *const parts[] = { "-wal", "-shm", "" };
	char from[4200], to[4300];
	long stamp = (long)time(NULL);
	for (size_t i = 0; i < 3; i++) {
		snprintf(from, sizeof from, "%s%s", path, parts[i]);
		snprintf(to, sizeof to, "%s.corrupt.%ld%s", path, stamp,
		    parts[i]);
		if (rename(from, to) && errno != ENOENT)
			return false;
	}
	return true;
}

void
state_run(struct state *st, const char *sql, const char *fmt, ...)
{
	va_list ap;
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(st->db, sql, -1, &s, NULL))
		die(st, sql);
	va_start(ap, fmt);
	bind(st, s, fmt, ap);
	va_end(ap);
	while (state_row(st, s))
		;
}

sqlite3_stmt *
state_query(struct state *st, const char *sql, const char *fmt, ...)
{
	va_list ap;
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(st->db, sql, -1, &s, NULL))
		die(st, sql);
	va_start(ap, fmt);
	bind(st, s, fmt, ap);
	va_end(ap);
	return s;
}

/* false ends and frees the statement. */
bool
state_row(struct state *st, sqlite3_stmt *s)
{
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		die(st, sqlite3_sql(s));
	sqlite3_finalize(s);
	return false;
}

const char *
state_text(struct arena *a, sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);
	return text ? arena_strdup(a, text) : NULL;
}

int64_t
state_int(struct state *st, int64_t other, const char *sql, const char *fmt,
    ...)
{
	va_list ap;
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(st->db, sql, -1, &s, NULL))
		die(st, sql);
	va_start(ap, fmt);
	bind(st, s, fmt, ap);
	va_end(ap);
	int64_t n = other;
	bool first = true;
	while (state_row(st, s)) {
		if (first && sqlite3_column_type(s, 0) != SQLITE_NULL)
			n = sqlite3_column_int64(s, 0);
		first = false;
	}
	return n;
}

void
state_begin(struct state *st)
{
	state_run(st, "BEGIN IMMEDIATE", "");
}

void
state_commit(struct state *st)
{
	state_run(st, "COMMIT", "");
}

static void
bind(struct state *st, sqlite3_stmt *s, const char *fmt, va_list ap)
{
	for (int i = 0; fmt[i]; i++) {
		int rc = fmt[i] == 's'
		    ? sqlite3_bind_text(s, i + 1, va_arg(ap, const char *), -1,
			  SQLITE_TRANSIENT)
		    : sqlite3_bind_int64(s, i + 1, va_arg(ap, int64_t));
		if (rc)
			die(st, sqlite3_sql(s));
	}
}

/* Crash rather than go on with a memory that does not remember. */
static void
die(struct state *st, const char *sql)
{
	log_line(LOG_ERROR, "event=state_failed error=%s sql=%s",
	    log_q(sqlite3_errmsg(st->db)), log_q(sql ? sql : ""));
	_exit(3);
}

int64_t
clock_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_s(void)
{
	return clock_ms() / 1000;
}

int64_t
state_age(const struct state *st, int64_t since, const char *boot)
{
	if (!boot || strcmp(boot, st->boot) != 0)
		return -1;
	int64_t age = clock_s() - since;
	return age < 0 ? -1 : age;
}

#define FILE_COLUMNS                                                           \
	"path, dev, ino, size, mtime_ns, ctime_ns, racy, sha, done_sha,"       \
	" instance, ledger, export, role, seq, condition, recheck_in,"         \
	" written_at, missing_since, hashed_at, boot"

bool
state_file_get(struct state *st, struct arena *a, const char *binding,
    const char *path, struct file_state *f)
{
	*f = (struct file_state){ .path = arena_strdup(a, path) };
	bool found = false;
	sqlite3_stmt *s = state_query(st, "SELECT " FILE_COLUMNS
	    " FROM file WHERE binding = ? AND path = ?", "ss", binding, path);
	while (state_row(st, s)) {
		file_of_row(a, s, f);
		found = true;
	}
	/* Seconds of an earlier boot mean nothing now. */
	if (!f->boot || strcmp(f->boot, st->boot) != 0) {
		f->recheck_in = f->recheck_in ? 1 : 0;
		f->written_at = f->hashed_at = 0;
		f->missing_since = f->missing_since ? clock_s() : 0;
	}
	return found;
}

size_t
state_files(struct state *st, struct arena *a, const char *binding,
    struct file_state **out)
{
	size_t n = (size_t)state_int(st, 0,
	    "SELECT count(*) FROM file WHERE binding = ?", "s", binding);
	*out = arena_array(a, n ? n : 1, sizeof **out);
	size_t i = 0;
	sqlite3_stmt *s = state_query(st, "SELECT path FROM file"
	    " WHERE binding = ? ORDER BY path", "s", binding);
	while (state_row(st, s))
		if (i < n)
			(*out)[i++].path = state_text(a, s, 0);
	for (size_t k = 0; k < i; k++)
		state_file_get(st, a, binding, (*out)[k].path, &(*out)[k]);
	return i;
}

static void
file_of_row(struct arena *a, sqlite3_stmt *s, struct file_state *f)
{
	f->dev = sqlite3_column_int64(s, 1);
	f->ino = sqlite3_column_int64(s, 2);
	f->size = sqlite3_column_int64(s, 3);
	f->mtime_ns = sqlite3_column_int64(s, 4);
	f->ctime_ns = sqlite3_column_int64(s, 5);
	f->racy = sqlite3_column_int(s, 6) != 0;
	f->sha = state_text(a, s, 7);
	f->done_sha = state_text(a, s, 8);
	f->instance = state_text(a, s, 9);
	f->ledger = state_text(a, s, 10);
	f->export = state_text(a, s, 11);
	f->role = (enum role)sqlite3_column_int(s, 12);
	f->seq = sqlite3_column_int64(s, 13);
	f->condition = state_text(a, s, 14);
	f->recheck_in = sqlite3_column_int64(s, 15);
	f->written_at = sqlite3_column_int64(s, 16);
	f->missing_since = sqlite3_column_int64(s, 17);
	f->hashed_at = sqlite3_column_int64(s, 18);
	f->boot = state_text(a, s, 19);
}

void
state_file_put(struct state *st, const char *binding,
    const struct file_state *f)
{
	state_run(st, "INSERT INTO file(binding, " FILE_COLUMNS ")"
	    " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
	    " ON CONFLICT(binding, path) DO UPDATE SET dev=excluded.dev,"
	    " ino=excluded.ino, size=excluded.size,"
	    " mtime_ns=excluded.mtime_ns, ctime_ns=excluded.ctime_ns,"
	    " racy=excluded.racy, sha=excluded.sha,"
	    " done_sha=excluded.done_sha, instance=excluded.instance,"
	    " ledger=excluded.ledger, export=excluded.export,"
	    " role=excluded.role, seq=excluded.seq,"
	    " condition=excluded.condition, recheck_in=excluded.recheck_in,"
	    " written_at=excluded.written_at,"
	    " missing_since=excluded.missing_since,"
	    " hashed_at=excluded.hashed_at, boot=excluded.boot",
	    "ssiiiiiisssssiisiiiis", binding, f->path, f->dev, f->ino,
	    f->size, f->mtime_ns, f->ctime_ns, (int64_t)f->racy, f->sha,
	    f->done_sha, f->instance, f->ledger, f->export,
	    (int64_t)f->role, f->seq, f->condition, f->recheck_in,
	    f->written_at, f->missing_since, f->hashed_at, st->boot);
}

bool
state_own(struct state *st, const char *sha)
{
	return state_int(st, 0, "SELECT 1 FROM own_hash WHERE sha = ?", "s",
	    sha) == 1;
}

void
state_own_add(struct state *st, const char *sha)
{
	state_run(st, "INSERT OR IGNORE INTO own_hash(sha) VALUES(?)", "s",
	    sha);
}
