/* taizhangctl audit verify --witness: heads that others kept, in workbooks or
 * in lines of text, against those of the log. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl.h"
#include "ctl_audit.h"
#include "xlsx/zip.h"

#define PART_MAX (64u << 20)

static bool of_workbook(struct verify *, int fd, const char *path);
static bool of_text(struct verify *, int fd, const char *path);
static void look(struct verify *, const char *text, const char *path);
static void compare(struct verify *, const struct head *, const char *line,
    const char *path);

bool
verify_witness(struct verify *v, const char *path)
{
	uint64_t before = v->witnesses;
	unsigned char mark[2] = { 0, 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	if (fd == -1) {
		(void)ctl_fail(CTL_UNREACHABLE, "打不开见证文件",
		    strerror(errno), path);
		return false;
	}
	(void)!pread(fd, mark, 2, 0);
	good = memcmp(mark, "PK", 2) == 0 ? of_workbook(v, fd, path)
	    : of_text(v, fd, path);
	(void)close(fd);
	if (good && v->witnesses == before) {
		(void)ctl_fail(CTL_UNREACHABLE, "文件中没有树头",
		    "there is no head in the file", path);
		return false;
	}
	return good;
}

/* In whichever part of the package it stands: a head is plain ASCII. */
static bool
of_workbook(struct verify *v, int fd, const char *path)
{
	struct why why = { 0 };
	struct zip z;
	bool good = zip_open(&z, fd, &budget_default, &why) == READ_OK;

	for (size_t i = 0; good && i < z.nentries; i++) {
		size_t len;
		char *text = zip_read_all(&z, &z.entry[i], PART_MAX, &len);

		good = text != NULL;
		if (good && strlen(text) == len)
			look(v, text, path);
		free(text);
	}
	zip_close(&z);
	if (!good)
		(void)ctl_fail(CTL_UNREACHABLE, "不是完好的工作簿",
		    "not an intact workbook", path);
	return good;
}

static bool
of_text(struct verify *v, int fd, const char *path)
{
	FILE *f = fdopen(dup(fd), "r");
	char *line = NULL;
	size_t room = 0;

	if (f == NULL)
		return false;
	while (getline(&line, &room, f) != -1)
		look(v, line, path);
	free(line);
	(void)fclose(f);
	return true;
}

static void
look(struct verify *v, const char *text, const char *path)
{
	char line[HEAD_LINE];
	struct head h;

	for (; (text = strstr(text, HEAD_MARK)) != NULL; text++) {
		if (head_read(text, &h, line) != HEAD_GOOD ||
		    !verify_trusts(v, h.key)) {
			verify_bad(v, "见证的签名不对",
			    "a witness is not signed by the log's key", "%s",
			    path);
			continue;
		}
		v->witnesses++;
		compare(v, &h, line, path);
	}
}

static void
compare(struct verify *v, const struct head *h, const char *line,
    const char *path)
{
	char seq[24];
	const char *const p[] = { seq };
	PGresult *r;

	(void)snprintf(seq, sizeof seq, "%" PRIu64, h->seq);
	r = verify_ask(v, "SELECT line FROM audit.head WHERE seq = $1::bigint",
	    1, p);
	if (r != NULL && PQntuples(r) == 0)
		verify_bad(v, "日志尾部被截断，见证的树头不在其中",
		    "the log ends before a head that was witnessed",
		    "head %s of %s", seq, path);
	else if (r != NULL && strcmp(PQgetvalue(r, 0, 0), line) != 0)
		verify_bad(v, "树头与见证不符", "a head is not the witnessed one",
		    "head %s of %s", seq, path);
	PQclear(r);
}
