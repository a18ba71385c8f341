/* taizhangctl: commands that work straight in the database. */
#include "ctl_db.h"

#include <stdlib.h>

#include "ctl.h"

int
ctl_db_open(PGconn **db)
{
	const char *url = getenv("DATABASE_ADMIN_URL");

	*db = NULL;
	if (url == NULL || *url == '\0')
		return ctl_fail(CTL_USAGE, "请设置环境变量 DATABASE_ADMIN_URL",
		    "set DATABASE_ADMIN_URL", NULL);
	*db = PQconnectdb(url);
	if (PQstatus(*db) == CONNECTION_OK)
		return CTL_OK;
	return ctl_fail(CTL_UNREACHABLE, "连接不上数据库",
	    "the database cannot be reached", PQerrorMessage(*db));
}

PGresult *
ctl_db_run(PGconn *db, const char *sql, int n, const char *const *p)
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
