/* Hints, candidates, and what becomes of them once they stand still. */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "pass.h"
#include "report.h"
#include "settle.h"

#define EVENTS (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE |         \
	IN_MOVED_FROM | IN_ATTRIB | IN_ONLYDIR)
#define SETTLE_LOCAL_S 5
#define SETTLE_NETWORK_S 15
#define LOOK_AGAIN_MS 500
#define MISSING_REPORT_S (24 * 3600)
#define NO_SHA                                                                 \
	"0000000000000000000000000000000000000000000000000000000000000000"

struct candidate {
	char *path;
	struct settle settle;
	int64_t next_ms;
};

struct watch {
	int fd;
	size_t ndirs, dir_room;
	struct dir { int wd; char *path; } *dir;
	size_t n, room;		   /* sorted by path */
	struct candidate *candidate;
	int64_t next_scan_ms;	   /* 0: now */
	bool floor_said;
};

static size_t place_of(const struct watch *, const char *path, bool *found);
static void candidate_drop(struct watch *, size_t);
static void hint(struct watch *, const struct inotify_event *);
static bool room_left(struct site *);
static void scan(struct site *);
static void missing(struct site *, struct file_state *);
static void candidate_look(struct site *, size_t *);
static bool take(struct site *, struct candidate *);
static void took(struct site *, struct file_state *, const char *sha,
    const struct tuple *);
static void cannot_take(struct site *, struct file_state *,
    const struct tuple *, enum spooled);
static int64_t quiet_ms(const struct site *);
static int64_t jitter(int64_t ms);

struct watch *
watch_new(void)
{
	struct watch *w = calloc(1, sizeof *w);
	REQUIRE(w);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0)
		event("warn", "no_inotify", "why", strerror(errno), NULL);
	return w;
}

void
watch_free(struct watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	for (size_t i = 0; i < w->ndirs; i++)
		free(w->dir[i].path);
	while (w->n > 0)
		candidate_drop(w, w->n - 1);
	free(w->dir);
	free(w->candidate);
	free(w);
}

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

void
watch_all(struct watch *w)
{
	w->next_scan_ms = 0;
}

/* /proc/self/fd: the directory we opened, not what now has its name. */
bool
watch_dir(struct watch *w, int dir_fd, const char *path)
{
	char at[64];
	if (w->fd < 0)
		return false;
	snprintf(at, sizeof at, "/proc/self/fd/%d", dir_fd);
	int wd = inotify_add_watch(w->fd, at, EVENTS);
	if (wd < 0)
		return false;
	for (size_t i = 0; i < w->ndirs; i++)
		if (w->dir[i].wd == wd) {
			if (strcmp(w->dir[i].path, path) == 0)
				return true;
			free(w->dir[i].path); /* renamed */
			w->dir[i].path = strdup(path);
			REQUIRE(w->dir[i].path);
			return true;
		}
	if (w->ndirs == w->dir_room) {
		w->dir_room = w->dir_room ? 2 * w->dir_room : 16;
		w->dir = reallocarray(w->dir, w->dir_room, sizeof *w->dir);
		REQUIRE(w->dir);
	}
	w->dir[w->ndirs].wd = wd;
	w->dir[w->ndirs].path = strdup(path);
	REQUIRE(w->dir[w->ndirs].path);
	w->ndirs++;
	return true;
}

void
watch_read(struct watch *w)
{
	char block[16384]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;
	while (w->fd >= 0 && (n = read(w->fd, block, sizeof block)) > 0) {
		for (ssize_t i = 0; i < n;) {
			struct inotify_event e;
			memcpy(&e, block + i, sizeof e);
			hint(w, (const struct inotify_event *)(const void *)
			    (block + i));
			i += (ssize_t)sizeof e + (ssize_t)e.len;
		}
	}
}

static void
hint(struct watch *w, const struct inotify_event *e)
{
	char path[4096];
	if (e->mask & (IN_Q_OVERFLOW | IN_UNMOUNT | IN_ISDIR | IN_IGNORED |
		IN_DELETE | IN_MOVED_FROM))
		w->next_scan_ms = 0;
	if (e->mask & IN_IGNORED)
		for (size_t i = 0; i < w->ndirs; i++)
			if (w->dir[i].wd == e->wd) {
				free(w->dir[i].path);
				w->dir[i] = w->dir[--w->ndirs];
				return;
			}
	if (e->len == 0 || e->mask & IN_ISDIR || name_ignored(e->name) ||
	    !name_sheet(e->name))
		return;
	for (size_t i = 0; i < w->ndirs; i++) {
		bool top = strcmp(w->dir[i].path, ".") == 0;
		if (w->dir[i].wd != e->wd)
			continue;
		int n = snprintf(path, sizeof path, "%s%s%s", top ? ""
		    : w->dir[i].path, top ? "" : "/", e->name);
		if (n > 0 && (size_t)n < sizeof path)
			watch_candidate(w, path);
	}
}

void
watch_candidate(struct watch *w, const char *path)
{
	bool found;
	size_t at = place_of(w, path, &found);
	if (found)
		return;
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 16;
		w->candidate = reallocarray(w->candidate, w->room,
		    sizeof *w->candidate);
		REQUIRE(w->candidate);
	}
	memmove(w->candidate + at + 1, w->candidate + at,
	    (w->n - at) * sizeof *w->candidate);
	w->candidate[at] = (struct candidate){ .path = strdup(path) };
	REQUIRE(w->candidate[at].path);
	w->n++;
}

bool
watch_waiting(const struct site *s, const char *path)
{
	bool found;
	place_of(s->watch, path, &found);
	return found;
}

static size_t
place_of(const struct watch *w, const char *path, bool *found)
{
	size_t lo = 0, hi = w->n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (strcmp(w->candidate[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = lo < w->n && strcmp(w->candidate[lo].path, path) == 0;
	return lo;
}

static void
candidate_drop(struct watch *w, size_t i)
{
	free(w->candidate[i].path);
	memmove(w->candidate + i, w->candidate + i + 1,
	    (w->n - i - 1) * sizeof *w->candidate);
	w->n--;
}

bool
watch_look(struct site *s)
{
	struct watch *w = s->watch;
	s->settled = false;
	if (!room_left(s))
		return false;
	watch_read(w);
	if (clock_ms() >= w->next_scan_ms) {
		if (!site_open(s)) {
			w->next_scan_ms = clock_ms() + jitter(1000 *
			    s->conf->scan_s);
			return false;
		}
		scan(s);
	}
	if (s->root_fd < 0)
		return false;
	for (size_t i = 0; i < w->n;)
		candidate_look(s, &i);
	s->settled = w->n == 0;
	return true;
}

int64_t
watch_next_ms(const struct site *s)
{
	int64_t next = s->watch->next_scan_ms;
	for (size_t i = 0; s->root_fd >= 0 && i < s->watch->n; i++)
		if (s->watch->candidate[i].next_ms < next)
			next = s->watch->candidate[i].next_ms;
	return next;
}

/* Nothing is accepted that could not be kept (1.10). */
static bool
room_left(struct site *s)
{
	struct statvfs v;
	if (fstatvfs(s->state->dir_fd, &v))
		return false;
	uint64_t mib = (uint64_t)v.f_bavail * v.f_frsize >> 20;
	bool room = mib >= (uint64_t)s->conf->free_floor_mib;
	if (!room && !s->watch->floor_said)
		event("error", "disk_full", "free_mib", event_n((long long)
		    mib), NULL);
	s->watch->floor_said = !room;
	return room;
}

static void
scan(struct site *s)
{
	struct arena a;
	struct seen seen;
	arena_init(&a, 0);
	seen.n = state_files(s->state, &a, s->id, &seen.file);
	seen.found = arena_array(&a, seen.n + 1, sizeof *seen.found);
	if (scan_walk(s, &seen)) {
		for (size_t i = 0; i < seen.n; i++)
			if (!seen.found[i])
				missing(s, &seen.file[i]);
	} else {
		event("warn", "scan_incomplete", "folder",
		    s->binding->folder, NULL);
	}
	s->watch->next_scan_ms = clock_ms() + jitter(1000 *
	    (s->binding->network ? s->conf->network_scan_s
				 : s->conf->scan_s));
	arena_free(&a);
}

/* A missing file deletes nothing; after a day people are told (1.6). What
 * was no workbook of ours is forgotten, once the server knows. */
static void
missing(struct site *s, struct file_state *f)
{
	const char *sha = f->sha ? f->sha : NO_SHA;
	if (!f->missing_since) {
		f->missing_since = clock_s();
		event("info", "file_missing", "path", f->path, NULL);
		state_file_put(s->state, s->id, f);
		report_put(s->root_fd, f->path, &(struct verdict){
			.advice = NULL });
	}
	if (f->role == ROLE_PRIMARY) {
		if (s->info && clock_s() - f->missing_since >=
		    MISSING_REPORT_S)
			site_tell(s, f->path, sha, "held", "MISSING",
			    "文件已不在原来的位置", "the file is missing",
			    f->ledger);
		return;
	}
	if (f->condition && (!s->info || site_tell(s, f->path, sha, "ok",
		"REMOVED", "文件已移走", "removed", NULL) != OK))
		return;
	state_run(s->state, "DELETE FROM file WHERE binding = ? AND path = ?",
	    "ss", s->id, f->path);
}

/* *i moves on unless the candidate is done with. */
static void
candidate_look(struct site *s, size_t *i)
{
	struct candidate *c = &s->watch->candidate[*i];
	struct stat st;
	struct tuple t;
	int fd = open_beneath(s->root_fd, c->path, O_PATH);
	bool there = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (fd >= 0)
		close(fd);
	if (!there) {
		candidate_drop(s->watch, *i);
		return;
	}
	tuple_of(&st, &t);
	if (settle_step(&c->settle, &t, clock_ms(), quiet_ms(s)) &&
	    take(s, c)) {
		candidate_drop(s->watch, *i);
		return;
	}
	int64_t left = c->settle.since_ms + quiet_ms(s) - clock_ms();
	c->next_ms = clock_ms() + (left > 0 ? left : LOOK_AGAIN_MS);
	(*i)++;
}

/* True: nothing more to do here. */
static bool
take(struct site *s, struct candidate *c)
{
	char sha[SHA_HEX_LEN + 1];
	struct tuple t = c->settle.last;
	struct arena a;
	struct file_state f;
	arena_init(&a, 0);
	state_file_get(s->state, &a, s->id, c->path, &f);
	bool done = true;
	if (!f.missing_since && scan_unchanged(&f, &t))
		goto out;
	enum spooled r = spool_take(s->spool, s->root_fd, c->path,
	    !s->binding->network, sha, &t);
	switch (r) {
	case SPOOL_OK:
		took(s, &f, sha, &t);
		break;
	case SPOOL_CHANGED:
	case SPOOL_BUSY:
		c->settle.begun = false;
		done = false;
		break;
	case SPOOL_GONE:
		break;
	case SPOOL_IO:
		event("error", "cannot_spool", "path", c->path, "why",
		    strerror(errno), NULL);
		done = false;
		break;
	case SPOOL_NOT_REGULAR:
	case SPOOL_LINKED:
	case SPOOL_TOO_LARGE:
	case SPOOL_DENIED:
		cannot_take(s, &f, &t, r);
		break;
	}
out:
	arena_free(&a);
	return done;
}

/* The copy is durable; now the row that names it. */
static void
took(struct site *s, struct file_state *f, const char *sha,
    const struct tuple *t)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	/* What comes back is looked at as if it were new. */
	bool news = !f->sha || strcmp(f->sha, sha) != 0 || f->missing_since;
	f->dev = t->dev;
	f->ino = t->ino;
	f->size = t->size;
	f->mtime_ns = t->mtime_ns;
	f->ctime_ns = t->ctime_ns;
	f->racy = tuple_racy(t, (int64_t)now.tv_sec * 1000000000 +
	    now.tv_nsec);
	f->sha = sha;
	f->missing_since = 0;
	f->hashed_at = clock_s();
	state_begin(s->state);
	state_file_put(s->state, s->id, f);
	if (news)
		state_run(s->state, "INSERT INTO observation(binding, path,"
		    " sha, since, boot) VALUES(?,?,?,?,?)", "sssis",
		    s->id, f->path, sha, clock_s(), s->state->boot);
	state_commit(s->state);
	if (news)
		event("info", "observed", "path", f->path, "sha", sha, NULL);
}

static void
cannot_take(struct site *s, struct file_state *f, const struct tuple *t,
    enum spooled why)
{
	static const struct { const char *code, *zh, *en, *advice; } texts[] =
	{
		[SPOOL_NOT_REGULAR] = { "NOT_REGULAR", "这不是普通文件，"
		    "没有读取", "not a regular file", NULL },
		[SPOOL_LINKED] = { "LINKED", "这个文件还有别的名称（硬链接），"
		    "没有读取", "the file has a second hard link",
		    "请用复制代替链接。" },
		[SPOOL_TOO_LARGE] = { "TOO_LARGE", "文件过大，没有读取",
		    "the file is beyond the size limit",
		    "请删去图片等无关内容，或拆成几份。" },
		[SPOOL_DENIED] = { "DENIED", "没有读取这个文件的权限",
		    "permission denied", "请另存一份再试；仍不行的，请系统管理员检查文件"
		    "夹的权限。" },
	};
	struct verdict v = { "quarantined", texts[why].code, texts[why].zh,
		texts[why].en, texts[why].advice };
	f->dev = t->dev;
	f->ino = t->ino;
	f->size = t->size;
	f->mtime_ns = t->mtime_ns;
	f->ctime_ns = t->ctime_ns;
	f->racy = false;
	f->hashed_at = clock_s();
	f->condition = v.state;
	f->sha = NO_SHA; /* a version nobody has read */
	state_file_put(s->state, s->id, f);
	report_put(s->root_fd, f->path, &v);
	if (s->info)
		site_tell(s, f->path, NO_SHA, v.state, v.code, v.zh, v.en,
		    f->ledger);
	event("warn", "not_read", "path", f->path, "code", v.code, NULL);
}

static int64_t
quiet_ms(const struct site *s)
{
	if (s->conf->settle_s > 0)
		return 1000 * s->conf->settle_s;
	return 1000 * site_number(s, "settle_s", s->binding->network
	    ? SETTLE_NETWORK_S : SETTLE_LOCAL_S);
}

/* ±25 %, so that thousands of folders are not walked in step. */
static int64_t
jitter(int64_t ms)
{
	uint32_t dice = 0;
	if (getrandom(&dice, sizeof dice, 0) != sizeof dice)
		dice = UINT32_MAX / 2;
	return ms * 3 / 4 + (int64_t)((uint64_t)dice * (uint64_t)ms >> 33);
}
