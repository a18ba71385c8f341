/* What commands that work straight in the database share. */
#ifndef API_CTL_DB_H
#define API_CTL_DB_H

#include <libpq-fe.h>

/* DATABASE_ADMIN_URL; CTL_OK, or what to end with after saying why. *db is to
 * be finished in either case. */
int ctl_db_open(PGconn **db);
/* NULL after saying what the database said. */
PGresult *ctl_db_run(PGconn *, const char *sql, int n, const char *const *p);

#endif
