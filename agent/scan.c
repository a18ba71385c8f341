/* The walk over a bound folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event.h"
#include "report.h"
#include "settle.h"
#include "swap.h"
#include "watch.h"

#define DEPTH_MAX 16
#define ENTRIES_MAX 200000
#define REHASH_S (24 * 3600)

struct walk {
	struct site *site;
	struct seen *seen;
	size_t entries;
	bool complete;
};

static void dir_walk(struct walk *, const char *path, int depth);
static void entry_take(struct walk *, int dir, const char *parent,
    const char *name, int depth);
static void note_look(struct walk *, int dir, const char *path,
    const char *name);
static struct file_state *find(const struct seen *, const char *path);
static int path_order(const void *, const void *);

bool
scan_walk(struct site *s, struct seen *seen)
{
	struct walk w = { s, seen, 0, true };
	dir_walk(&w, ".", 0);
	/* A share unmounted in mid-walk must not look like deletions. */
	int fd = open_beneath(s->root_fd, OWN_DIR "/id", O_RDONLY);
	if (fd < 0)
		return false;
	close(fd);
	return w.complete;
}

static void
dir_walk(struct walk *w, const char *path, int depth)
{
	struct dirent *e;
	int fd = open_beneath(w->site->root_fd, path, O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		/* Gone since it was listed is an answer, all else is not. */
		w->complete &= errno == ENOENT && depth > 0;
		if (fd >= 0)
			close(fd);
		return;
	}
	/* Watched before it is listed: no change falls in between. */
	if (!w->site->binding->network)
		watch_dir(w->site->watch, dirfd(d), path);
	for (errno = 0; (e = readdir(d)); errno = 0) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		if (++w->entries > ENTRIES_MAX) {
			w->complete = false;
			break;
		}
		entry_take(w, dirfd(d), path, e->d_name, depth);
	}
	if (errno)
		w->complete = false;
	closedir(d);
}

static void
entry_take(struct walk *w, int dir, const char *parent, const char *name,
    int depth)
{
	char path[4096];
	struct stat st;
	struct tuple t;
	bool top = strcmp(parent, ".") == 0;
	int n = snprintf(path, sizeof path, "%s%s%s", top ? "" : parent,
	    top ? "" : "/", name);
	if (name_ignored(name) || n < 0 || (size_t)n >= sizeof path ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	if (S_ISDIR(st.st_mode)) {
		/* A folder inside that is bound by itself is not ours. */
		char marker[4200];
		snprintf(marker, sizeof marker, "%s/" OWN_DIR "/id", name);
		if (depth < DEPTH_MAX && faccessat(dir, marker, F_OK,
			AT_SYMLINK_NOFOLLOW))
			dir_walk(w, path, depth + 1);
		return;
	}
	if (S_ISREG(st.st_mode))
		note_look(w, dir, path, name);
	if (!S_ISREG(st.st_mode) || !name_sheet(name))
		return;
	struct file_state *f = find(w->seen, path);
	if (f)
		w->seen->found[f - w->seen->file] = true;
	tuple_of(&st, &t);
	if (!f || f->missing_since || !scan_unchanged(f, &t))
		watch_candidate(w->site->watch, path);
}

/* A note whose workbook is gone, also if nobody remembers writing it. */
static void
note_look(struct walk *w, int dir, const char *path, const char *name)
{
	char of[4096];
	struct stat st;
	size_t n = strlen(name), k = strlen(REPORT_SUFFIX);
	if (n <= k || n >= REPORT_NAME_MAX - 3 || /* may be a cut name */
	    strcmp(name + n - k, REPORT_SUFFIX) != 0)
		return;
	snprintf(of, sizeof of, "%.*s", (int)(n - k), name);
	if (fstatat(dir, of, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT)
		return;
	snprintf(of, sizeof of, "%.*s", (int)(strlen(path) - k), path);
	report_put(w->site->root_fd, of, &(struct verdict){ .advice = NULL });
}

bool
scan_unchanged(const struct file_state *f, const struct tuple *t)
{
	struct tuple had = { f->dev, f->ino, f->size, f->mtime_ns,
		f->ctime_ns };
	return !f->racy && tuple_equal(&had, t) && f->hashed_at > 0 &&
	    clock_s() - f->hashed_at < REHASH_S;
}

static struct file_state *
find(const struct seen *seen, const char *path)
{
	struct file_state key = { .path = path };
	return bsearch(&key, seen->file, seen->n, sizeof key, path_order);
}

static int
path_order(const void *a, const void *b)
{
	return strcmp(((const struct file_state *)a)->path,
	    ((const struct file_state *)b)->path);
}
