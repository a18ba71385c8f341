/* The job runner's connection to the database. */
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "jobs.h"
#include "scope_set.h"
#include "settings.h"

const struct scope jobs_everything = { .lo = 0, .hi = 999999999999,
	.clearance = 4, .channel = "job" };

/* Some statements run five times a second, and planning one may cost ten times
 * what running it does. */
#define STMTS 64

static PGconn *pg;
static bool failed;		 /* the transaction under way */
static const char *stmts[STMTS]; /* prepared on pg, as "j" and the index */
static int nstmts;
static uint64_t told_ms;

static bool set_up(void);
static PGresult *answer(PGresult *);
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
	nstmts = 0;
}

/* The lock tells other runners that what this one has claimed is claimed; it
 * ends with the connection, and no process with a claim outlives it. */
static bool
set_up(void)
{
	static const char forget[] =
	    "UPDATE webhook_delivery SET claimed_by ="
	    " NULL WHERE claimed_by = pg_backend_pid()";

	if (!command("SET statement_timeout = '30s'") ||
	    !command("SET idle_in_transaction_session_timeout = '30s'") ||
	    !command("SET client_min_messages = warning") ||
	    !command(
		"SELECT pg_advisory_lock(" JOBS_LOCK ", pg_backend_pid())"))
		return false;
	jobs_begin(&jobs_everything);
	PQclear(jobs_ask(forget, 0, NULL));
	PQclear(jobs_ask("SELECT feed_rebase(), audit.rebase()", 0, NULL));
	return jobs_end();
}

void
jobs_begin(const struct scope *s)
{
	failed = pg == NULL || !command("BEGIN");
	jobs_scope(s);
}

void
jobs_scope(const struct scope *s)
{
	struct scope_values v;

	scope_values(s, &v);
	PQclear(jobs_ask(SCOPE_SET_NARROW, SCOPE_VALUES, v.at));
}

PGresult *
jobs_ask(const char *sql, int n, const char *const *values)
{
	char name[16];
	int i;

	for (i = 0; i < nstmts && stmts[i] != sql; i++)
		;
	if (failed || i == STMTS)
		return jobs_ask_once(sql, n, values);
	(void)snprintf(name, sizeof(name), "j%d", i);
	if (i == nstmts) {
		PGresult *r = answer(PQprepare(pg, name, sql, 0, NULL));

		if (r == NULL)
			return NULL;
		PQclear(r);
		stmts[nstmts++] = sql;
	}
	return answer(PQexecPrepared(pg, name, n, values, NULL, NULL, 0));
}

PGresult *
jobs_ask_once(const char *sql, int n, const char *const *values)
{
	if (failed)
		return NULL;
	return answer(PQexecParams(pg, sql, n, NULL, values, NULL, NULL, 0));
}

/* The result if it is good; else NULL, and the transaction has failed. */
static PGresult *
answer(PGresult *r)
{
	if (PQresultStatus(r) == PGRES_TUPLES_OK ||
	    PQresultStatus(r) == PGRES_COMMAND_OK)
		return r;
	log_line(LOG_ERROR, "event=jobs_sql sqlstate=%s reason=%s",
	    PQresultErrorField(r, PG_DIAG_SQLSTATE) != NULL
		? PQresultErrorField(r, PG_DIAG_SQLSTATE)
		: "-",
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
