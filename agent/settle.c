/* When a file may be read, and which names are looked at at all. */
#include "settle.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"

#define SENTINEL_STALE_S (24 * 3600)

static const char *skip_chars(const char *, int);
static bool all_hex(const char *);

bool
settle_step(struct settle *s, const struct tuple *t, int64_t now_ms,
    int64_t quiet_ms)
{
	if (!s->begun || !tuple_equal(&s->last, t) || now_ms < s->since_ms) {
		s->last = *t;
		s->since_ms = now_ms;
		s->begun = true;
	}
	return now_ms - s->since_ms >= quiet_ms;
}

enum lease
lease_read(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
		return LEASE_OK;
	}
	return errno == EAGAIN ? LEASE_REFUSED : LEASE_UNKNOWN;
}

const char *const *
sentinels(struct arena *a, const char *name)
{
	const char **s = arena_array(a, 8, sizeof *s);
	size_t n = 0;
	s[n++] = arena_printf(a, "~$%s", name);
	/* Long names: the first two characters are replaced. */
	s[n++] = arena_printf(a, "~$%s", skip_chars(name, 2));
	s[n++] = arena_printf(a, ".~lock.%s#", name);
	s[n++] = arena_printf(a, ".~%s", name);
	s[n++] = arena_printf(a, ".~%s", skip_chars(name, 1));
	s[n++] = arena_printf(a, ".~%s", skip_chars(name, 2));
	return s;
}

bool
sentinel_found(struct arena *a, int root_fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash - path) + 1 : 0;
	const char *const *s = sentinels(a, path + dir_len);
	for (; *s; s++) {
		struct stat st;
		const char *at = arena_printf(a, "%.*s%s", dir_len, path, *s);
		if (fstatat(root_fd, at, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		time_t age = time(NULL) - st.st_mtim.tv_sec;
		if (age < SENTINEL_STALE_S)
			return true;
	}
	return false;
}

bool
name_ignored(const char *name)
{
	size_t n = strlen(name);
	if (!utf8_ok(name, n) || !text_printable(name) ||
	    strpbrk(name, "\n\t"))
		return true;
	if (name[0] == '.' || strncmp(name, "~$", 2) == 0 ||
	    strncasecmp(name, "~WRL", 4) == 0)
		return true;
	if (n > 4 && strcasecmp(name + n - 4, ".tmp") == 0)
		return true;
	return n == 8 && all_hex(name);
}

bool
name_sheet(const char *name)
{
	static const char *const endings[] = {
		".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".ods",
		".csv",
	};
	size_t n = strlen(name);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t k = strlen(endings[i]);
		if (n > k && strcasecmp(name + n - k, endings[i]) == 0)
			return true;
	}
	return false;
}

static const char *
skip_chars(const char *s, int n)
{
	while (n > 0 && *s) {
		s++;
		while (((unsigned char)*s & 0xc0) == 0x80)
			s++;
		n--;
	}
	return s;
}

static bool
all_hex(const char *s)
{
	for (; *s; s++)
		if (!isxdigit((unsigned char)*s))
			return false;
	return true;
}
