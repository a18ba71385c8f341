/* The guarded exchange of a workbook. */
#include "swap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/uid.h"
#include "spool.h"

#define LEFTOVER_S 3600

/* Everything a swap holds open; names are relative to their directory. */
struct held {
	int dir, tmp, kept;  /* of the workbook; our two */
	const char *name;
	int fd;		     /* the workbook as it was, under lease */
};

enum hash { HASH_NONE, HASH_0, HASH_1, HASH_OTHER, HASH_UNREADABLE };

static bool hold(const struct swap *, struct held *);
static void release(struct held *);
static enum swapped by_lease(const struct swap *, struct held *);
static enum swapped by_exchange(const struct swap *, struct held *);
static enum swapped by_two_renames(const struct swap *, struct held *);
static enum swapped came_out(const struct swap *, struct held *);
static enum hash hash_at(const struct swap *, int dir, const char *name);
static bool exchange(const struct swap *, struct held *);
static bool move_free(int from, const char *a, int to, const char *b);
static bool two_names(const struct swap *, const struct held *);
static bool same_file(int fd, int dir, const char *name);
static void settle_dirs(const struct held *);
static void step(const struct swap *, int);

enum swapped
swap(const struct swap *s)
{
	struct held h;
	enum swapped r = SWAP_FAILED;
	/* A broken lease is told by SIGIO, whose default is to end us. */
	signal(SIGIO, SIG_IGN);
	if (!hold(s, &h))
		goto out;
	h.fd = openat(h.dir, h.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (h.fd < 0) {
		r = errno == ENOENT ? SWAP_GONE
		    : errno == EWOULDBLOCK ? SWAP_BUSY : SWAP_FAILED;
		goto out;
	}
	if (s->network || (fcntl(h.fd, F_SETLEASE, F_WRLCK) &&
		errno != EAGAIN))
		r = by_exchange(s, &h);
	else if (fcntl(h.fd, F_GETLEASE) == F_WRLCK)
		r = by_lease(s, &h);
	else
		r = SWAP_BUSY;
out:
	release(&h);
	return r;
}

static enum swapped
by_lease(const struct swap *s, struct held *h)
{
	char sha[SHA_HEX_LEN + 1];
	step(s, 1);
	if (!sha_of_fd(h->fd, sha))
		return SWAP_FAILED;
	if (strcmp(sha, s->h0) != 0 || !same_file(h->fd, h->dir, h->name))
		return SWAP_CHANGED;
	step(s, 2);
	if (!exchange(s, h))
		return errno == EINVAL ? by_two_renames(s, h) : SWAP_FAILED;
	step(s, 3);
	/* Between the look and the exchange another file may have taken the
	 * name: then ours goes back. */
	if (!same_file(h->fd, h->tmp, s->tmp) || !sha_of_fd(h->fd, sha) ||
	    strcmp(sha, s->h0) != 0)
		return came_out(s, h);
	settle_dirs(h);
	step(s, 4);
	renameat(h->tmp, s->tmp, h->kept, s->version);
	settle_dirs(h);
	step(s, 5);
	return SWAP_DONE;
}

/* Without leases: the same, trusting only what came out. */
static enum swapped
by_exchange(const struct swap *s, struct held *h)
{
	step(s, 1);
	enum hash now = hash_at(s, h->dir, h->name);
	if (now != HASH_0)
		return now == HASH_NONE ? SWAP_GONE : SWAP_CHANGED;
	step(s, 2);
	if (!exchange(s, h))
		return by_two_renames(s, h);
	step(s, 3);
	return came_out(s, h);
}

/* Ours is in place; is what it replaced what we read? */
static enum swapped
came_out(const struct swap *s, struct held *h)
{
	if (h->fd >= 0)
		fcntl(h->fd, F_SETLEASE, F_UNLCK);
	for (int attempt = 0; attempt < 10; attempt++) {
		enum hash out = hash_at(s, h->tmp, s->tmp);
		if (out == HASH_0) {
			settle_dirs(h);
			step(s, 4);
			renameat(h->tmp, s->tmp, h->kept, s->version);
			settle_dirs(h);
			step(s, 5);
			return SWAP_DONE;
		}
		if (out == HASH_1)
			break; /* ours is out again, theirs is in place */
		if (!exchange(s, h))
			break;
		step(s, 6);
	}
	settle_dirs(h);
	return SWAP_CHANGED;
}

/* Where nothing can be exchanged: away with theirs, look at it, in with
 * ours if the name is still free. */
static enum swapped
by_two_renames(const struct swap *s, struct held *h)
{
	if (h->fd >= 0)
		fcntl(h->fd, F_SETLEASE, F_UNLCK);
	if (!move_free(h->dir, h->name, h->kept, s->version))
		return errno == ENOENT ? SWAP_GONE
		    : errno == EBUSY || errno == ETXTBSY || errno == EACCES
		    ? SWAP_BUSY : SWAP_FAILED;
	step(s, 7);
	bool ours = hash_at(s, h->kept, s->version) == HASH_0 &&
	    move_free(h->tmp, s->tmp, h->dir, h->name);
	step(s, 8);
	if (!ours) /* if the name is taken meanwhile theirs wins */
		move_free(h->kept, s->version, h->dir, h->name);
	settle_dirs(h);
	return ours ? SWAP_DONE : SWAP_CHANGED;
}

enum swapped
swap_recover(const struct swap *s)
{
	struct held h;
	enum swapped r = SWAP_FAILED;
	if (!hold(s, &h))
		goto out;
	enum hash target = hash_at(s, h.dir, h.name);
	enum hash tmp = hash_at(s, h.tmp, s->tmp);
	enum hash kept = hash_at(s, h.kept, s->version);
	r = SWAP_CHANGED;
	if (target == HASH_UNREADABLE)
		goto out; /* theirs, and changing: observe it */
	if (target == HASH_1 && (tmp == HASH_NONE || tmp == HASH_1)) {
		r = SWAP_DONE;
	} else if (target == HASH_1 && tmp == HASH_0) {
		renameat(h.tmp, s->tmp, h.kept, s->version);
		r = SWAP_DONE;
	} else if (target == HASH_1) {
		/* A save slipped in before the exchange: it goes back. */
		r = came_out(s, &h);
	} else if (target == HASH_NONE && kept == HASH_0 && tmp == HASH_1) {
		if (move_free(h.tmp, s->tmp, h.dir, h.name))
			r = SWAP_DONE;
	} else if (target == HASH_NONE && kept != HASH_NONE) {
		move_free(h.kept, s->version, h.dir, h.name);
	}
	if (hash_at(s, h.tmp, s->tmp) == HASH_1)
		unlinkat(h.tmp, s->tmp, 0);
	if (two_names(s, &h))
		unlinkat(h.kept, s->version, 0);
	settle_dirs(&h);
out:
	release(&h);
	return r;
}

static bool
hold(const struct swap *s, struct held *h)
{
	const char *slash = strrchr(s->path, '/');
	char dir[4096] = ".";
	*h = (struct held){ -1, -1, -1, slash ? slash + 1 : s->path, -1 };
	if (slash && (size_t)snprintf(dir, sizeof dir, "%.*s",
		(int)(slash - s->path), s->path) >= sizeof dir)
		return false;
	h->dir = open_beneath(s->root_fd, dir, O_RDONLY | O_DIRECTORY);
	h->tmp = open_beneath(s->root_fd, OWN_DIR "/tmp",
	    O_RDONLY | O_DIRECTORY);
	h->kept = open_beneath(s->root_fd, OWN_DIR "/kept",
	    O_RDONLY | O_DIRECTORY);
	return h->dir >= 0 && h->tmp >= 0 && h->kept >= 0;
}

static void
release(struct held *h)
{
	int fds[] = { h->fd, h->dir, h->tmp, h->kept };
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]); /* also ends the lease */
}

static enum hash
hash_at(const struct swap *s, int dir, const char *name)
{
	char sha[SHA_HEX_LEN + 1];
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? HASH_NONE : HASH_UNREADABLE;
	bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    sha_of_fd(fd, sha);
	close(fd);
	if (!ok)
		return HASH_UNREADABLE;
	return strcmp(sha, s->h0) == 0 ? HASH_0
	    : strcmp(sha, s->h1) == 0 ? HASH_1 : HASH_OTHER;
}

static bool
exchange(const struct swap *s, struct held *h)
{
	return renameat2(h->tmp, s->tmp, h->dir, h->name,
	    RENAME_EXCHANGE) == 0;
}

/* rename that never replaces, also where the file system knows no such. */
static bool
move_free(int from, const char *a, int to, const char *b)
{
	if (renameat2(from, a, to, b, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return false;
	return linkat(from, a, to, b, 0) == 0 && unlinkat(from, a, 0) == 0;
}

/* Dead inside move_free(), between its link and its unlink. */
static bool
two_names(const struct swap *s, const struct held *h)
{
	struct stat a, b;
	return fstatat(h->dir, h->name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(h->kept, s->version, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool
same_file(int fd, int dir, const char *name)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 &&
	    fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A directory that will not become durable is a reason to stop at once. */
static void
settle_dirs(const struct held *h)
{
	if (fsync(h->dir) || fsync(h->tmp) || fsync(h->kept))
		if (errno == EIO || errno == ENOSPC || errno == EDQUOT)
			_exit(3);
}

static void
step(const struct swap *s, int n)
{
	if (s->at)
		s->at(s->arg, n);
}

bool
swap_busy(int root_fd, const char *path)
{
	signal(SIGIO, SIG_IGN);
	int fd = open_beneath(root_fd, path, O_RDONLY);
	if (fd < 0)
		return errno == EWOULDBLOCK;
	bool busy = fcntl(fd, F_SETLEASE, F_WRLCK) && errno == EAGAIN;
	close(fd); /* also ends the lease */
	return busy;
}

bool
swap_dirs(int root_fd)
{
	static const char *const dirs[] = { OWN_DIR, OWN_DIR "/tmp",
		OWN_DIR "/kept" };
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		if (mkdirat(root_fd, dirs[i], 0700) && errno != EEXIST)
			return false;
		int fd = open_beneath(root_fd, dirs[i], O_RDONLY |
		    O_DIRECTORY);
		if (fd < 0)
			return false;
		close(fd);
	}
	return fsync(root_fd) == 0;
}

int
swap_tmp(int root_fd, const char *name)
{
	int dir = open_beneath(root_fd, OWN_DIR "/tmp", O_RDONLY |
	    O_DIRECTORY);
	if (dir < 0)
		return -1;
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	close(dir);
	return fd;
}

bool
swap_dress(int root_fd, const char *path, int tmp_fd)
{
	char names[8192], value[8192];
	struct stat st;
	int fd = open_beneath(root_fd, path, O_RDONLY);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0) {
		/* Not ours to give away on most servers: then the group. */
		if (fchown(tmp_fd, st.st_uid, st.st_gid) &&
		    fchown(tmp_fd, (uid_t)-1, st.st_gid))
			(void)0;
		fchmod(tmp_fd, st.st_mode & 07777);
	}
	ssize_t n = flistxattr(fd, names, sizeof names);
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(names + i) + 1) {
		ssize_t k = fgetxattr(fd, names + i, value, sizeof value);
		if (k >= 0)
			(void)fsetxattr(tmp_fd, names + i, value, (size_t)k,
			    0);
	}
	close(fd);
	return fsync(tmp_fd) == 0;
}

bool
swap_place(int root_fd, const char *tmp, const char *path)
{
	struct swap s = { .root_fd = root_fd, .path = path };
	struct held h;
	bool done = hold(&s, &h) && move_free(h.tmp, tmp, h.dir, h.name);
	if (done)
		settle_dirs(&h);
	release(&h);
	return done;
}

void
swap_drop(int root_fd, const char *tmp)
{
	int dir = open_beneath(root_fd, OWN_DIR "/tmp", O_RDONLY |
	    O_DIRECTORY);
	if (dir >= 0) {
		unlinkat(dir, tmp, 0);
		close(dir);
	}
}

void
swap_sweep(int root_fd)
{
	struct dirent *e;
	struct stat st;
	int fd = open_beneath(root_fd, OWN_DIR "/tmp", O_RDONLY |
	    O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return;
	while ((e = readdir(d)))
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && time(NULL) - st.st_mtim.tv_sec >
		    LEFTOVER_S)
			unlinkat(fd, e->d_name, 0);
	closedir(d);
}
