/* Copies a file out of the shared folder, once, whole and durable. */
#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "settle.h"

#define RACY_NS (INT64_C(3) * 1000000000)
#define BLOCK (256 * 1024)

static enum spooled copy_out(struct spool *, int in, size_t size, char *sha);
static bool place(struct spool *, const char *tmp, const char *sha);
static bool write_all(int fd, const void *, size_t);
static void name_of(const char *sha, char name[SHA_HEX_LEN + 4]);
static void hex(const unsigned char *, char *);

bool
spool_open(struct spool *s, int state_fd, size_t limit)
{
	struct dirent *e;
	*s = (struct spool){ .dir_fd = -1, .limit = limit };
	if (mkdirat(state_fd, "spool", 0700) && errno != EEXIST)
		return false;
	s->dir_fd = openat(state_fd, "spool", O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC);
	if (s->dir_fd < 0 || fsync(state_fd))
		return false;
	DIR *d = fdopendir(dup(s->dir_fd));
	if (!d)
		return false;
	while ((e = readdir(d)))
		if (strncmp(e->d_name, "new.", 4) == 0)
			unlinkat(s->dir_fd, e->d_name, 0);
	closedir(d);
	return true;
}

void
spool_close(struct spool *s)
{
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	s->dir_fd = -1;
}

int
open_beneath(int root_fd, const char *path, int flags)
{
	/* A mere handle takes no other flags. */
	int more = flags & O_PATH ? 0 : O_NONBLOCK | O_NOCTTY;
	struct open_how how = {
		.flags = (unsigned)(flags | more | O_NOFOLLOW | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	for (int attempt = 0; attempt < 100; attempt++) {
		long fd = syscall(SYS_openat2, root_fd, path, &how,
		    sizeof how);
		/* EAGAIN here: a rename raced with the walk. */
		if (fd >= 0 || (errno != EINTR && errno != EAGAIN))
			return (int)fd;
	}
	return -1;
}

void
tuple_of(const struct stat *s, struct tuple *t)
{
	*t = (struct tuple){
		.dev = (int64_t)s->st_dev,
		.ino = (int64_t)s->st_ino,
		.size = s->st_size,
		.mtime_ns = (int64_t)s->st_mtim.tv_sec * 1000000000 +
		    s->st_mtim.tv_nsec,
		.ctime_ns = (int64_t)s->st_ctim.tv_sec * 1000000000 +
		    s->st_ctim.tv_nsec,
	};
}

bool
tuple_equal(const struct tuple *a, const struct tuple *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

bool
tuple_racy(const struct tuple *t, int64_t now_ns)
{
	/* A future time is as good as now: clocks of shares run ahead. */
	return t->mtime_ns > now_ns - RACY_NS || t->ctime_ns > now_ns - RACY_NS;
}

enum spooled
spool_take(struct spool *s, int root_fd, const char *path, bool lease,
    char sha[SHA_HEX_LEN + 1], struct tuple *out)
{
	struct stat before, after;
	struct tuple then;
	enum spooled r = SPOOL_IO;
	int fd = open_beneath(root_fd, path, O_RDONLY);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? SPOOL_GONE
		    : errno == ELOOP || errno == EXDEV || errno == ENXIO
		    ? SPOOL_NOT_REGULAR
		    : errno == EACCES || errno == EPERM ? SPOOL_DENIED
		    : errno == EAGAIN || errno == EWOULDBLOCK ? SPOOL_BUSY
		    : SPOOL_IO;
	if (fstat(fd, &before))
		goto out;
	r = SPOOL_NOT_REGULAR;
	if (!S_ISREG(before.st_mode))
		goto out;
	r = SPOOL_LINKED;
	if (before.st_nlink > 1)
		goto out;
	r = SPOOL_TOO_LARGE;
	if (before.st_size < 0 || (size_t)before.st_size > s->limit)
		goto out;
	r = SPOOL_BUSY;
	if (lease && lease_read(fd) == LEASE_REFUSED)
		goto out;
	r = copy_out(s, fd, (size_t)before.st_size, sha);
	if (r != SPOOL_OK)
		goto out;
	r = SPOOL_CHANGED;
	tuple_of(&before, &then);
	if (fstat(fd, &after))
		goto out;
	tuple_of(&after, out);
	/* The last name may have gone meanwhile: the copy is whole still. */
	if (then.size != out->size || then.mtime_ns != out->mtime_ns ||
	    then.ino != out->ino)
		goto out;
	r = SPOOL_OK;
out:
	close(fd);
	return r;
}

static enum spooled
copy_out(struct spool *s, int in, size_t size, char *sha)
{
	static unsigned char block[BLOCK];
	static unsigned serial;
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state h;
	char tmp[40];
	size_t total = 0;
	ssize_t n;
	enum spooled r = SPOOL_IO;
	snprintf(tmp, sizeof tmp, "new.%ld.%u", (long)getpid(), serial++);
	int out = openat(s->dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return SPOOL_IO;
	crypto_hash_sha256_init(&h);
	while ((n = read(in, block, sizeof block)) != 0) {
		if (n < 0 && (errno == EINTR))
			continue;
		r = errno == EAGAIN ? SPOOL_BUSY : SPOOL_CHANGED;
		if (n < 0)
			goto out;
		total += (size_t)n;
		r = SPOOL_CHANGED;
		if (total > size)
			goto out;
		crypto_hash_sha256_update(&h, block, (size_t)n);
		r = SPOOL_IO;
		if (!write_all(out, block, (size_t)n))
			goto out;
	}
	r = SPOOL_CHANGED;
	if (total != size)
		goto out;
	crypto_hash_sha256_final(&h, digest);
	hex(digest, sha);
	r = fsync(out) == 0 && place(s, tmp, sha) ? SPOOL_OK : SPOOL_IO;
out:
	close(out);
	if (r != SPOOL_OK)
		unlinkat(s->dir_fd, tmp, 0);
	return r;
}

static bool
place(struct spool *s, const char *tmp, const char *sha)
{
	char name[SHA_HEX_LEN + 4];
	name_of(sha, name);
	/* Equal bytes replace equal bytes: no harm if it is there already. */
	return renameat(s->dir_fd, tmp, s->dir_fd, name) == 0 &&
	    fsync(s->dir_fd) == 0;
}

static bool
write_all(int fd, const void *data, size_t n)
{
	const char *p = data;
	while (n > 0) {
		ssize_t k = write(fd, p, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

int
spool_get(const struct spool *s, const char *sha)
{
	char name[SHA_HEX_LEN + 4];
	name_of(sha, name);
	return openat(s->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

void
spool_drop(const struct spool *s, const char *sha)
{
	char name[SHA_HEX_LEN + 4];
	name_of(sha, name);
	unlinkat(s->dir_fd, name, 0);
}

void
spool_each(const struct spool *s, void (*call)(void *, const char *),
    void *arg)
{
	struct dirent *e;
	int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return;
	while ((e = readdir(d)))
		if (strlen(e->d_name) == SHA_HEX_LEN)
			call(arg, e->d_name);
	closedir(d);
}

bool
sha_of_fd(int fd, char sha[SHA_HEX_LEN + 1])
{
	static unsigned char block[BLOCK];
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state h;
	off_t at = 0;
	ssize_t n;
	crypto_hash_sha256_init(&h);
	while ((n = pread(fd, block, sizeof block, at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		crypto_hash_sha256_update(&h, block, (size_t)n);
		at += n;
	}
	crypto_hash_sha256_final(&h, digest);
	hex(digest, sha);
	return true;
}

static void
name_of(const char *sha, char name[SHA_HEX_LEN + 4])
{
	snprintf(name, SHA_HEX_LEN + 4, "%.*s", SHA_HEX_LEN, sha);
}

static void
hex(const unsigned char *digest, char *out)
{
	sodium_bin2hex(out, SHA_HEX_LEN + 1, digest, crypto_hash_sha256_BYTES);
}
