/* The job runner's connection to the database. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "jobs.h"
#include "settings.h"

const struct jobs_scope jobs_everything = { "0", "999999999999", "", "4" };

static PGconn *pg;
static bool failed; /* the transaction under way */
static uint64_t told_ms;

static bool set_up(void);
static bool command(const char *sql);

bool
jobs_db_up(void)
{
	if (pg != NULL && PQstatus(pg) == CONNECTION_OK)
		return true;
	jobs_db_down();
	pg = PQconnectdb(settings()->database);
	if (PQstatus(pg) == CONNECTION_OK && set_up()) {
		log_line(LOG_INFO, "event=db_ready connection=jobs");
		told_ms = 0;
		return true;
	}
	if (told_ms == 0 || jobs_now_ms() - told_ms > 60000) {
		told_ms = jobs_now_ms();
		log_line(LOG_WARN, "event=db_down connection=jobs reason=%s",
		    log_q(PQerrorMessage(pg)));
	}
	jobs_db_down();
	return false;
}

void
jobs_db_down(void)
{
	if (pg != NULL)
		PQfinish(pg);
	pg = NULL;
}

/* The lock tells other runners that what this one has claimed is claimed; it
 * ends with the connection, and no process with a claim outlives it. */
static bool
set_up(void)
{
	static const char forget[] = "UPDATE webhook_delivery SET claimed_by ="
	    " NULL WHERE claimed_by = pg_backend_pid()";

	if (!command("SET statement_timeout = '30s'") ||
	    !command("SET idle_in_transaction_session_timeout = '30s'") ||
	    !command("SET client_min_messages = warning") ||
	    !command("SELECT pg_advisory_lock(" JOBS_LOCK
	    ", pg_backend_pid())"))
		return false;
	jobs_begin(&jobs_everything);
	PQclear(jobs_ask(forget, 0, NULL));
	PQclear(jobs_ask("SELECT feed_rebase(), audit.rebase()", 0, NULL));
	return jobs_end();
}

void
jobs_begin(const struct jobs_scope *s)
{
	const char *v[] = { s->lo, s->hi, s->line, s->clearance };

	failed = pg == NULL || !command("BEGIN");
	PQclear(jobs_ask("SELECT set_config('app.lo', $1, true),"
	    " set_config('app.hi', $2, true),"
	    " set_config('app.line', $3, true),"
	    " set_config('app.clearance', $4, true),"
	    " set_config('app.actor', '', true),"
	    " set_config('app.channel', 'job', true)", 4, v));
}

PGresult *
jobs_ask(const char *sql, int n, const char *const *values)
{
	PGresult *r;

	if (failed)
		return NULL;
	r = PQexecParams(pg, sql, n, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(r) == PGRES_TUPLES_OK ||
	    PQresultStatus(r) == PGRES_COMMAND_OK)
		return r;
	log_line(LOG_ERROR, "event=jobs_sql sqlstate=%s reason=%s",
	    PQresultErrorField(r, PG_DIAG_SQLSTATE) != NULL
	    ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : "-",
	    log_q(PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) != NULL
	    ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY)
	    : PQerrorMessage(pg)));
	PQclear(r);
	failed = true;
	return NULL;
}

bool
jobs_end(void)
{
	bool good = !failed;

	failed = false;
	if (pg == NULL || !command(good ? "COMMIT" : "ROLLBACK"))
		return false;
	return good;
}

const char *
jobs_text(const PGresult *r, int row, int col)
{
	return PQgetisnull(r, row, col) ? NULL : PQgetvalue(r, row, col);
}

static bool
command(const char *sql)
{
	PGresult *r = PQexec(pg, sql);
	ExecStatusType s = PQresultStatus(r);

	PQclear(r);
	return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK;
}
