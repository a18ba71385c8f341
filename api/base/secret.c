/* What must stay secret: files nobody else may read, memory nobody dumps. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"

/* 0600 or 0640, or less. */
#define OTHERS (S_IWGRP | S_IXGRP | S_IRWXO)

static const char *refused(const struct stat *, size_t size);

const char *
secret_file(const char *path, char *out, size_t size, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why;
	struct stat st;
	ssize_t n;

	*len = 0;
	*out = '\0';
	if (fd == -1)
		return strerror(errno);
	why = fstat(fd, &st) == -1 ? strerror(errno) : refused(&st, size);
	while (why == NULL) {
		n = read(fd, out + *len, size - 1 - *len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			why = strerror(errno);
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	(void)close(fd);
	if (why != NULL)
		*len = 0;
	out[*len] = '\0';
	return why;
}

void
secret_process(void)
{
	const struct rlimit none = { 0, 0 };

	REQUIRE(setrlimit(RLIMIT_CORE, &none) == 0);
	REQUIRE(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
}

static const char *
refused(const struct stat *st, size_t size)
{
	if (!S_ISREG(st->st_mode))
		return "it is not a file";
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return "it belongs to another user: chown it to the one that "
		       "runs this";
	if ((st->st_mode & OTHERS) != 0)
		return "others may read or change it: chmod 0600 it";
	if (st->st_size > (off_t)size - 1)
		return "it is too long";
	return NULL;
}
