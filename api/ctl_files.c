/* taizhangctl attachments: the store against the rows, on the store's own
 * machine. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl.h"
#include "ctl_db.h"
#include "store.h"

#define PAGE "1000"

static const char *folder(void);
static int begin(PGconn **);
static bool verify_page(PGconn *, const char *folder, char *after,
    unsigned long *seen, unsigned long *bad);
static const char *look(const char *folder, const char *sha256,
    const char *bytes);
static bool sweep_one(void *, const char *sha256, uint64_t bytes, time_t);

struct sweep {
	PGconn *db;
	const char *folder;
	unsigned removed;
	uint64_t bytes;
	bool failed;
};

int
ctl_files_verify(struct ctl *c, int argc, char **argv)
{
	unsigned long seen = 0, bad = 0;
	char after[SHA_HEX_LEN + 1] = "";
	PGconn *db = NULL;
	bool more = true;
	int code;

	(void)c;
	if (!ctl_options(argc, argv, NULL, 0, NULL))
		return CTL_USAGE;
	code = folder() == NULL ? CTL_USAGE : begin(&db);
	while (code == CTL_OK && more) {
		unsigned long before = seen;

		if (!verify_page(db, folder(), after, &seen, &bad))
			code = CTL_REFUSED;
		more = seen > before;
	}
	PQfinish(db);
	if (code != CTL_OK)
		return code;
	printf("已核对 %lu 个文件，%lu 个有问题 / %lu files checked, "
	    "%lu missing or damaged\n", seen, bad, seen, bad);
	return bad == 0 ? CTL_OK : CTL_REFUSED;
}

int
ctl_files_sweep(struct ctl *c, int argc, char **argv)
{
	struct sweep s = { .folder = folder() };
	unsigned temp;
	int code;

	(void)c;
	if (!ctl_options(argc, argv, NULL, 0, NULL))
		return CTL_USAGE;
	code = s.folder == NULL ? CTL_USAGE : begin(&s.db);
	if (code == CTL_OK) {
		temp = store_sweep_temp(s.folder);
		if (!store_each(s.folder, 0, STORE_PARTS, sweep_one, &s))
			code = ctl_fail(CTL_REFUSED, "无法读取存放目录",
			    strerror(errno), s.folder);
		else if (s.failed)
			code = CTL_REFUSED;
		printf("已删除 %u 个文件（%llu 字节）和 %u 个未完成的上传 / "
		    "%u files (%llu bytes) and %u unfinished uploads removed\n",
		    s.removed, (unsigned long long)s.bytes, temp, s.removed,
		    (unsigned long long)s.bytes, temp);
	}
	PQfinish(s.db);
	return code;
}

static const char *
folder(void)
{
	const char *path = getenv("TAIZHANG_FILES");

	if (path != NULL && *path != '\0')
		return path;
	(void)ctl_fail(CTL_USAGE, "请设置环境变量 TAIZHANG_FILES（附件存放目录）",
	    "set TAIZHANG_FILES, the folder of attachments", NULL);
	return NULL;
}

/* One transaction that sees every row. */
static int
begin(PGconn **db)
{
	static const char *const first[] = { "BEGIN READ ONLY",
		"SELECT set_config('app.lo', '0', true),"
		" set_config('app.hi', '999999999999', true),"
		" set_config('app.line', '', true),"
		" set_config('app.clearance', '4', true)" };
	int code = ctl_db_open(db);

	if (code != CTL_OK)
		return code;
	for (size_t i = 0; i < COUNT(first); i++) {
		PGresult *res = ctl_db_run(*db, first[i], 0, NULL);

		if (res == NULL)
			return CTL_REFUSED;
		PQclear(res);
	}
	return CTL_OK;
}

/* Every content once, in order; after: the last one seen. */
static bool
verify_page(PGconn *db, const char *in, char *after, unsigned long *seen,
    unsigned long *bad)
{
	const char *const p[] = { after };
	PGresult *res = ctl_db_run(db, "SELECT sha256, max(bytes), min(id::text),"
	    " count(*) FROM attachment WHERE sha256 > $1 GROUP BY sha256"
	    " ORDER BY sha256 LIMIT " PAGE, 1, p);

	if (res == NULL)
		return false;
	for (int i = 0; i < PQntuples(res); i++) {
		const char *sha = PQgetvalue(res, i, 0);
		const char *why = look(in, sha, PQgetvalue(res, i, 1));

		++*seen;
		(void)snprintf(after, SHA_HEX_LEN + 1, "%s", sha);
		if (why == NULL)
			continue;
		++*bad;
		printf("%s %s %s（%s 条记录 / rows）\n", why,
		    PQgetvalue(res, i, 2), sha, PQgetvalue(res, i, 3));
	}
	PQclear(res);
	return true;
}

/* NULL, or what is wrong. */
static const char *
look(const char *in, const char *sha256, const char *bytes)
{
	char path[STORE_PATH_MAX], found[SHA_HEX_LEN + 1];
	uint64_t size;
	bool read;
	int fd;

	if (!store_path(in, sha256, path))
		return "invalid";
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return errno == ENOENT ? "missing" : "unreadable";
	read = store_sum(fd, found, &size);
	(void)close(fd);
	if (!read)
		return "unreadable";
	return size == strtoull(bytes, NULL, 10) &&
	    strcmp(found, sha256) == 0 ? NULL : "damaged";
}

static bool
sweep_one(void *arg, const char *sha256, uint64_t bytes, time_t at)
{
	struct sweep *s = arg;
	const char *const p[] = { sha256 };
	PGresult *res;
	int r;

	if (time(NULL) - at <= STORE_KEEP_S)
		return true;
	res = ctl_db_run(s->db, "SELECT FROM attachment WHERE sha256 = $1 LIMIT 1",
	    1, p);
	if (res == NULL) {
		s->failed = true;
		return false;
	}
	r = PQntuples(res) > 0 ? 0 : store_remove(s->folder, sha256);
	PQclear(res);
	if (r == 1) {
		s->removed++;
		s->bytes += bytes;
	} else if (r == -1) {
		s->failed = true;
		(void)ctl_fail(CTL_REFUSED, "无法删除文件", strerror(errno),
		    sha256);
	}
	return true;
}
