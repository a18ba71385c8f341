/* Notes beside workbooks: UTF-8 with BOM and CRLF, for Notepad and WPS. */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "event.h"
#include "spool.h"
#include "swap.h"

#define REPORT_MAX (64 * 1024)
#define TITLE "\xef\xbb\xbf" "台账同步报告\r\n"

static bool note_name(const char *path, char *name, size_t size);
static bool is_ours(int root_fd, const char *name, struct buf *was);
static bool note_write(int root_fd, const char *name, const struct buf *);
static void crlf(struct buf *, const char *);

bool
report_put(int root_fd, const char *path, const struct verdict *v)
{
	char name[4096];
	struct buf was, now;
	bool ok = true;
	if (!note_name(path, name, sizeof name))
		return true;
	buf_init(&was, REPORT_MAX);
	buf_init(&now, REPORT_MAX);
	bool exists = faccessat(root_fd, name, F_OK, AT_SYMLINK_NOFOLLOW)
	    == 0;
	bool ours = exists && is_ours(root_fd, name, &was);
	if (!v->advice) {
		if (ours)
			unlinkat(root_fd, name, 0);
		goto out;
	}
	if (exists && !ours)
		goto out;
	const char *slash = strrchr(path, '/');
	buf_str(&now, TITLE);
	crlf(&now, "文件：");
	crlf(&now, slash ? slash + 1 : path);
	crlf(&now, "\n情况：");
	crlf(&now, v->zh);
	crlf(&now, "\n怎样办：");
	crlf(&now, v->advice);
	crlf(&now, "\n问题解决后，本说明会自动删除。\n");
	if (!now.over && (was.len != now.len ||
		memcmp(was.data, now.data, now.len) != 0))
		ok = note_write(root_fd, name, &now);
out:
	buf_free(&was);
	buf_free(&now);
	return ok;
}

/* A name holds 255 bytes: a long one loses its end, not its kind. */
static bool
note_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t keep = strlen(base), most = REPORT_NAME_MAX -
	    strlen(REPORT_SUFFIX);
	if (keep > most)
		keep = most;
	while (keep > 0 && ((unsigned char)base[keep] & 0xc0) == 0x80)
		keep--;
	int n = snprintf(name, size, "%.*s%s", (int)(base - path) + (int)keep,
	    path, REPORT_SUFFIX);
	return n > 0 && (size_t)n < size;
}

static bool
is_ours(int root_fd, const char *name, struct buf *was)
{
	char block[4096];
	ssize_t n;
	int fd = open_beneath(root_fd, name, O_RDONLY);
	if (fd < 0)
		return false;
	while ((n = read(fd, block, sizeof block)) > 0)
		buf_add(was, block, (size_t)n);
	close(fd);
	return n == 0 && was->len >= strlen(TITLE) &&
	    memcmp(was->data, TITLE, strlen(TITLE)) == 0;
}

static bool
note_write(int root_fd, const char *name, const struct buf *text)
{
	char tmp[UUID_LEN + 1];
	uuid_new(tmp);
	int fd = swap_tmp(root_fd, tmp);
	bool ok = fd >= 0 && fchmod(fd, 0664) == 0 &&
	    write(fd, text->data, text->len) == (ssize_t)text->len &&
	    fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (ok && !swap_place(root_fd, tmp, name)) {
		/* Ours stood there: it makes room for the new one. */
		unlinkat(root_fd, name, 0);
		ok = swap_place(root_fd, tmp, name);
	}
	if (!ok) {
		swap_drop(root_fd, tmp);
		event("warn", "note_not_written", "path", name, "why",
		    strerror(errno), NULL);
	}
	return ok;
}

static void
crlf(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_char(b, '\r');
		buf_char(b, *text);
	}
}
