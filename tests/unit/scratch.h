/* A folder of its own for tests that need real files. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char path[64];
	int fd;
};

/* On the disk of the checkout: /tmp may be a memory disk without leases. */
static inline struct scratch
scratch_new(void)
{
	struct scratch s;
	snprintf(s.path, sizeof s.path, "/var/tmp/tz-unit-XXXXXX");
	assert_non_null(mkdtemp(s.path));
	s.fd = open(s.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s.fd >= 0);
	return s;
}

static inline void
scratch_drop(struct scratch *s)
{
	char command[128];
	close(s->fd);
	snprintf(command, sizeof command, "rm -rf -- '%s'", s->path);
	assert_int_equal(system(command), 0);
}

static inline void
scratch_write(const struct scratch *s, const char *name, const char *text)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	close(fd);
}

/* The file's text, "" if it is not there. */
static inline const char *
scratch_read(const struct scratch *s, const char *name)
{
	static char text[4][4096];
	static unsigned next;
	char *t = text[next++ % 4];
	int fd = openat(s->fd, name, O_RDONLY | O_NONBLOCK);
	ssize_t n = fd < 0 ? 0 : read(fd, t, sizeof text[0] - 1);
	if (fd >= 0)
		close(fd);
	t[n > 0 ? n : 0] = '\0';
	return t;
}

static inline bool
scratch_has(const struct scratch *s, const char *name)
{
	return faccessat(s->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

#endif
