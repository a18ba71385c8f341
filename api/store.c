/* Files under their digests: written whole or not at all. */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

#define PIECE ((size_t)256 << 10)
#define SWEEP_MAX 10000u /* of one call */

static enum stored why(void);
static bool fits(const char *folder, const char *below, char *out);
static bool folders(const char *folder, const char *sha256);
static bool folder_sync(const char *path);
static int lock(const char *folder, int how);
static bool publish(struct deposit *, const char *path);
static bool each_in(const char *path, bool (*each)(void *, const char *,
    uint64_t, time_t), void *arg, bool *go);
static bool is_hex(const char *, size_t);

enum stored
store_open(struct deposit *d, const char *folder, uint64_t coming,
    uint64_t spare)
{
	char id[UUID_LEN + 1], below[64], tmp[STORE_PATH_MAX];
	struct statvfs fs;

	memset(d, 0, sizeof(*d));
	d->fd = -1;
	d->folder = folder;
	(void)crypto_hash_sha256_init(&d->sum);
	if (statvfs(folder, &fs) == -1)
		return STORE_BROKEN;
	if ((uint64_t)fs.f_bavail * fs.f_frsize < spare + coming)
		return STORE_FULL;
	uuid_new(id);
	(void)snprintf(below, sizeof(below), "tmp/%s", id);
	if (!fits(folder, "tmp", tmp) || !fits(folder, below, d->temp))
		return STORE_BROKEN;
	if (mkdir(tmp, 0750) == -1 && errno != EEXIST)
		return why();
	d->fd = open(d->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	return d->fd == -1 ? why() : STORED;
}

enum stored
store_add(struct deposit *d, const void *data, size_t n)
{
	const char *p = data;

	(void)crypto_hash_sha256_update(&d->sum, data, n);
	while (n > 0) {
		ssize_t put = write(d->fd, p, n);

		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return why();
		p += put;
		n -= (size_t)put;
		d->bytes += (size_t)put;
	}
	return STORED;
}

enum stored
store_keep(struct deposit *d)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	char path[STORE_PATH_MAX];

	(void)crypto_hash_sha256_final(&d->sum, sum);
	(void)sodium_bin2hex(d->sha256, sizeof(d->sha256), sum, sizeof(sum));
	if (fsync(d->fd) == -1 || !store_path(d->folder, d->sha256, path) ||
	    !folders(d->folder, d->sha256) || !publish(d, path))
		return why();
	return STORED;
}

void
store_drop(struct deposit *d)
{
	if (d->fd == -1)
		return;
	(void)close(d->fd);
	d->fd = -1;
	if (*d->temp != '\0')
		(void)unlink(d->temp);
}

bool
store_path(const char *folder, const char *sha256, char out[STORE_PATH_MAX])
{
	char below[SHA_HEX_LEN + 16];

	if (strlen(sha256) != SHA_HEX_LEN || !is_hex(sha256, SHA_HEX_LEN))
		return false;
	(void)snprintf(below, sizeof(below), "%.2s/%.2s/%s", sha256,
	    sha256 + 2, sha256);
	return fits(folder, below, out);
}

bool
store_sum(int fd, char sha256[SHA_HEX_LEN + 1], uint64_t *bytes)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	char *piece = malloc(PIECE);
	ssize_t n;

	REQUIRE(piece != NULL);
	(void)crypto_hash_sha256_init(&state);
	*bytes = 0;
	while ((n = pread(fd, piece, PIECE, (off_t)*bytes)) > 0) {
		(void)crypto_hash_sha256_update(&state,
		    (const unsigned char *)piece, (size_t)n);
		*bytes += (uint64_t)n;
	}
	free(piece);
	(void)crypto_hash_sha256_final(&state, sum);
	(void)sodium_bin2hex(sha256, SHA_HEX_LEN + 1, sum, sizeof(sum));
	return n == 0;
}

bool
store_each(const char *folder, unsigned first, unsigned n,
    bool (*each)(void *, const char *, uint64_t, time_t), void *arg)
{
	bool go = true;

	for (unsigned i = first; i < first + n && i < STORE_PARTS && go; i++) {
		char below[8], path[STORE_PATH_MAX];

		(void)snprintf(below, sizeof(below), "%02x", i >> 8);
		if (!fits(folder, below, path))
			return false;
		if (access(path, F_OK) == -1) {
			i |= 0xff; /* none of its folders either */
			continue;
		}
		(void)snprintf(below, sizeof(below), "%02x/%02x", i >> 8,
		    i & 0xff);
		if (!fits(folder, below, path) ||
		    !each_in(path, each, arg, &go))
			return false;
	}
	return true;
}

/*
 * An upload links or touches under the shared lock, and its row is written
 * within minutes; so what is a day old under the exclusive lock, and had no
 * row before, has no row on the way either.
 */
int
store_remove(const char *folder, const char *sha256)
{
	char path[STORE_PATH_MAX];
	struct stat st;
	int held, r = 0;

	if (!store_path(folder, sha256, path)) {
		errno = EINVAL;
		return -1;
	}
	held = lock(folder, LOCK_EX);
	if (held == -1)
		return -1;
	if (stat(path, &st) == -1)
		r = errno == ENOENT ? 0 : -1;
	else if (time(NULL) - st.st_mtime > STORE_KEEP_S)
		r = unlink(path) == 0 ? 1 : -1;
	(void)close(held);
	return r;
}

unsigned
store_sweep_temp(const char *folder)
{
	char path[STORE_PATH_MAX];
	unsigned n = 0;
	struct dirent *e;
	DIR *dir;

	if (!fits(folder, "tmp", path) || (dir = opendir(path)) == NULL)
		return 0;
	while ((e = readdir(dir)) != NULL && n < SWEEP_MAX) {
		struct stat st;

		if (uuid_ok(e->d_name) && fstatat(dirfd(dir), e->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0 &&
		    time(NULL) - st.st_mtime > STORE_KEEP_S &&
		    unlinkat(dirfd(dir), e->d_name, 0) == 0)
			n++;
	}
	(void)closedir(dir);
	return n;
}

/* A content that is there already only becomes young again; unless a broken
 * disk has cut it, then this is the better one. */
static bool
publish(struct deposit *d, const char *path)
{
	int held = lock(d->folder, LOCK_SH);
	struct stat st;
	bool ok;

	if (held == -1)
		return false;
	ok = link(d->temp, path) == 0;
	if (!ok && errno == EEXIST) {
		if (stat(path, &st) == 0 && (uint64_t)st.st_size == d->bytes)
			ok = utimensat(AT_FDCWD, path, NULL, 0) == 0;
		else
			ok = rename(d->temp, path) == 0;
	}
	(void)close(held);
	if (!ok)
		return false;
	(void)unlink(d->temp);
	*d->temp = '\0';
	return folder_sync(path);
}

static enum stored
why(void)
{
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG
	    ? STORE_FULL : STORE_BROKEN;
}

static bool
fits(const char *folder, const char *below, char *out)
{
	int n = snprintf(out, STORE_PATH_MAX, "%s/%s", folder, below);

	errno = ENAMETOOLONG;
	return n > 0 && n < STORE_PATH_MAX;
}

/* ab and ab/cd, which may be new: then their entries must last too. */
static bool
folders(const char *folder, const char *sha256)
{
	for (int depth = 1; depth <= 2; depth++) {
		char below[8], path[STORE_PATH_MAX];

		(void)snprintf(below, sizeof(below), "%.2s%s%.*s", sha256,
		    depth > 1 ? "/" : "", depth > 1 ? 2 : 0, sha256 + 2);
		if (!fits(folder, below, path))
			return false;
		if (mkdir(path, 0750) == 0) {
			if (!folder_sync(path))
				return false;
		} else if (errno != EEXIST) {
			return false;
		}
	}
	return true;
}

/* The folder in which path is an entry. */
static bool
folder_sync(const char *path)
{
	char folder[STORE_PATH_MAX];
	bool ok;
	int fd;

	(void)snprintf(folder, sizeof(folder), "%.*s",
	    (int)(strrchr(path, '/') - path), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return false;
	ok = fsync(fd) == 0;
	(void)close(fd);
	return ok;
}

/* Closing the descriptor, or dying, unlocks. */
static int
lock(const char *folder, int how)
{
	char path[STORE_PATH_MAX];
	int fd;

	if (!fits(folder, "lock", path))
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd == -1)
		return -1;
	while (flock(fd, how) == -1) {
		if (errno != EINTR) {
			(void)close(fd);
			return -1;
		}
	}
	return fd;
}

static bool
each_in(const char *path, bool (*each)(void *, const char *, uint64_t,
    time_t), void *arg, bool *go)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (dir == NULL)
		return errno == ENOENT;
	while (*go && (e = readdir(dir)) != NULL) {
		struct stat st;

		if (strlen(e->d_name) == SHA_HEX_LEN &&
		    is_hex(e->d_name, SHA_HEX_LEN) &&
		    fstatat(dirfd(dir), e->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			*go = each(arg, e->d_name, (uint64_t)st.st_size,
			    st.st_mtime);
	}
	(void)closedir(dir);
	return true;
}

static bool
is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f'))
			return false;
	return true;
}
