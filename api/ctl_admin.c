/* taizhangctl init-admin: the first administrator of each kind, straight into the
 * database, because nobody is there yet who could be asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/uid.h"
#include "ctl.h"
#include "ctl_db.h"
#include "pwhash.h"

static int insert(PGconn *, const char *login, const char *name,
    const char *hash, const char *role);

int
ctl_init_admin(struct ctl *c, int argc, char **argv)
{
	static const char *const kind[][2] = { { "sysadmin", "系统管理员" },
		{ "security_admin", "安全管理员" },
		{ "audit_admin", "审计管理员" } };
	const char *login = NULL, *name = NULL, *role = kind[0][0];
	const struct ctl_option options[] = { { "--login", &login, true },
		{ "--name", &name, false }, { "--role", &role, false } };
	const char *called = NULL;
	const char *url = getenv("DATABASE_ADMIN_URL");
	char hash[PWHASH_LEN], *password;
	PGconn *db;
	int code;

	(void)c;
	if (!ctl_options(argc, argv, options, COUNT(options), NULL))
		return CTL_USAGE;
	for (size_t i = 0; i < COUNT(kind); i++)
		if (strcmp(kind[i][0], role) == 0)
			called = kind[i][1];
	if (called == NULL)
		return ctl_fail(CTL_USAGE, "没有这种管理员",
		    "sysadmin, security_admin or audit_admin", role);
	if (url == NULL || *url == '\0')
		return ctl_fail(CTL_USAGE, "请设置环境变量 DATABASE_ADMIN_URL",
		    "set DATABASE_ADMIN_URL", NULL);
	if ((password = ctl_password()) == NULL)
		return CTL_USAGE;
	if (password_weak(password, login) != NULL) {
		code = ctl_fail(CTL_REFUSED, password_weak(password, login),
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
		code = insert(db, login, name != NULL ? name : called, hash,
		    role);
	else
		code = ctl_fail(CTL_UNREACHABLE, "连接不上数据库",
		    "the database cannot be reached", PQerrorMessage(db));
	PQfinish(db);
	return code;
}

/* The lock makes two that start at once one after the other. */
static int
insert(PGconn *db, const char *login, const char *name, const char *hash,
    const char *role)
{
	static const char *const before[] = { "BEGIN",
		"SELECT set_config('app.lo', '0', true),"
		" set_config('app.hi', '999999999999', true),"
		" set_config('app.line', '', true),"
		" set_config('app.clearance', '4', true),"
		" set_config('app.channel', 'sql', true)",
		"LOCK TABLE app_user, role_grant IN SHARE ROW EXCLUSIVE MODE",
		"SELECT FROM role_grant WHERE role = $1"
		" AND (valid_to IS NULL OR valid_to > now())" };
	static const char *const after[] = {
		"INSERT INTO division (code, name, level) VALUES (0, '全国', 0)"
		" ON CONFLICT DO NOTHING",
		"INSERT INTO app_user (id, login, name, division_code,"
		" password) SELECT $1::uuid, $2, $3, 0, $4"
		" WHERE ($5::uuid, $6::text) IS NOT NULL",
		"INSERT INTO role_grant (id, user_id, role, division_code,"
		" clearance) SELECT $5::uuid, $1::uuid, $6, 0,"
		" CASE $6 WHEN 'security_admin' THEN 4 ELSE 0 END"
		" WHERE ($2::text, $3::text, $4::text) IS NOT NULL",
		"COMMIT" };
	char id[UUID_LEN + 1], grant[UUID_LEN + 1];
	const char *const p[] = { id, login, name, hash, grant, role };
	PGresult *res = NULL;
	int there;

	uuid_new(id);
	uuid_new(grant);
	for (size_t i = 0; i < COUNT(before); i++) {
		PQclear(res);
		bool asks = i + 1 == COUNT(before);

		if ((res = ctl_db_run(db, before[i], asks, &role)) == NULL)
			return CTL_REFUSED;
	}
	there = PQntuples(res);
	PQclear(res);
	if (there > 0)
		return ctl_fail(CTL_REFUSED,
		    "这种管理员已存在，请用 user add 增加用户",
		    "there is an administrator of that kind; use user add",
		    NULL);
	for (size_t i = 0; i < COUNT(after); i++) {
		res = ctl_db_run(db, after[i], i == 1 || i == 2 ? COUNT(p) : 0, p);
		if (res == NULL)
			return CTL_REFUSED;
		PQclear(res);
	}
	return CTL_OK;
}
