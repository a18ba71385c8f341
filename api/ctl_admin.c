/* taizhangctl init-admin: the first administrator, straight into the
 * database, because nobody is there yet who could be asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "base/uid.h"
#include "ctl.h"
#include "pwhash.h"

static int insert(PGconn *, const char *login, const char *name,
    const char *hash);
static PGresult *run(PGconn *, const char *sql, int n, const char *const *p);

int
ctl_init_admin(struct ctl *c, int argc, char **argv)
{
	const char *login = NULL, *name = "系统管理员";
	const struct ctl_option options[] = { { "--login", &login, true },
		{ "--name", &name, false } };
	const char *url = getenv("DATABASE_ADMIN_URL");
	char hash[PWHASH_LEN], *password;
	PGconn *db;
	int code;

	(void)c;
	if (!ctl_options(argc, argv, options, COUNT(options), NULL))
		return CTL_USAGE;
	if (url == NULL || *url == '\0')
		return ctl_fail(CTL_USAGE, "请设置环境变量 DATABASE_ADMIN_URL",
		    "set DATABASE_ADMIN_URL", NULL);
	if ((password = ctl_password()) == NULL)
		return CTL_USAGE;
	if (password_weak(password) != NULL) {
		code = ctl_fail(CTL_REFUSED, password_weak(password),
		    "the password is too weak", NULL);
		ctl_forget(password);
		return code;
	}
	if (!pwhash(password, hash)) {
		ctl_forget(password);
		return ctl_fail(CTL_REFUSED, "内存不足", "out of memory", NULL);
	}
	ctl_forget(password);
	db = PQconnectdb(url);
	if (PQstatus(db) == CONNECTION_OK)
		code = insert(db, login, name, hash);
	else
		code = ctl_fail(CTL_UNREACHABLE, "连接不上数据库",
		    "the database cannot be reached", PQerrorMessage(db));
	PQfinish(db);
	return code;
}

/* The lock makes two that start at once one after the other. */
static int
insert(PGconn *db, const char *login, const char *name, const char *hash)
{
	static const char *const before[] = { "BEGIN",
		"SELECT set_config('app.lo', '0', true),"
		" set_config('app.hi', '999999999999', true),"
		" set_config('app.line', '', true),"
		" set_config('app.clearance', '4', true),"
		" set_config('app.channel', 'sql', true)",
		"LOCK TABLE app_user, role_grant IN SHARE ROW EXCLUSIVE MODE",
		"SELECT FROM role_grant WHERE role = 'sysadmin'"
		" AND (valid_to IS NULL OR valid_to > now())" };
	static const char *const after[] = {
		"INSERT INTO division (code, name, level) VALUES (0, '全国', 0)"
		" ON CONFLICT DO NOTHING",
		"INSERT INTO app_user (id, login, name, division_code,"
		" password) SELECT $1::uuid, $2, $3, 0, $4"
		" WHERE $5::uuid IS NOT NULL",
		"INSERT INTO role_grant (id, user_id, role, division_code,"
		" clearance) SELECT $5::uuid, $1::uuid, 'sysadmin', 0, 0"
		" WHERE ($2::text, $3::text, $4::text) IS NOT NULL",
		"COMMIT" };
	char id[UUID_LEN + 1], grant[UUID_LEN + 1];
	const char *const p[] = { id, login, name, hash, grant };
	PGresult *res = NULL;
	int there;

	uuid_new(id);
	uuid_new(grant);
	for (size_t i = 0; i < COUNT(before); i++) {
		PQclear(res);
		if ((res = run(db, before[i], 0, p)) == NULL)
			return CTL_REFUSED;
	}
	there = PQntuples(res);
	PQclear(res);
	if (there > 0)
		return ctl_fail(CTL_REFUSED,
		    "系统管理员已存在，请用 user add 增加用户",
		    "there is a system administrator; use user add", NULL);
	for (size_t i = 0; i < COUNT(after); i++) {
		res = run(db, after[i], i == 1 || i == 2 ? COUNT(p) : 0, p);
		if (res == NULL)
			return CTL_REFUSED;
		PQclear(res);
	}
	return CTL_OK;
}

/* NULL after saying what the database said. */
static PGresult *
run(PGconn *db, const char *sql, int n, const char *const *p)
{
	PGresult *res = PQexecParams(db, sql, n, NULL, p, NULL, NULL, 0);
	ExecStatusType s = PQresultStatus(res);

	if (s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK)
		return res;
	(void)ctl_fail(CTL_REFUSED, "数据库拒绝", "the database refused",
	    PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
	PQclear(res);
	return NULL;
}
