/* One connection to PostgreSQL in pipeline mode: it connects, prepares, sends
 * batches, and heals by itself; nothing here blocks. */
#include "db_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "metrics.h"
#include "scope.h"
#include "scope_set.h"
#include "settings.h"
#include "standby.h"

#define CONNECT_MS 3000
#define BACKOFF_MIN_MS 50
#define BACKOFF_MAX_MS 1000
#define REPREPARE_MS 2000
#define SAY_MS 30000

/* The second wall of who only looks. */
#define LOOKS ", set_config('transaction_read_only', 'on', true)"
/* Filtered lists are planned for the values at hand: one plan for every scope
 * would read the whole table for the wide ones. Their pages and batches are
 * small, and there is an index for each order. */
#define LIST \
	", set_config('plan_cache_mode', 'force_custom_plan', true)," \
	" set_config('enable_seqscan', 'off', true)"
static const struct scope_kind {
	struct stmt stmt[2]; /* the other is for lists */
	int values;
} reads_only = { { { "taizhang_scope_read", SCOPE_SET_READ },
	{ "taizhang_scope_read_list", SCOPE_SET_READ LIST } }, 4 },
    wide = { { { "taizhang_scope", SCOPE_SET },
	{ "taizhang_scope_list", SCOPE_SET LIST } }, 8 },
    narrow = { { { "taizhang_scope_narrow", SCOPE_SET_NARROW },
	{ "taizhang_scope_narrow_list", SCOPE_SET_NARROW LIST } },
	SCOPE_VALUES },
    looks = { { { "taizhang_scope_looks", SCOPE_SET_NARROW LOOKS },
	{ "taizhang_scope_looks_list", SCOPE_SET_NARROW LOOKS LIST } },
	SCOPE_VALUES };

static const struct stmt own_limit = { "taizhang_limit",
	"select set_config('statement_timeout', $1, true)" };

static void conn_say(struct conn *, const char *why);
static void conn_connect(struct conn *);
static void conn_poll(struct conn *);
static void conn_event(void *);
static void conn_set_up(struct conn *);
static void conn_read(struct conn *);
static bool conn_flush(struct conn *);
static bool send_parts(struct conn *, struct job *);
static bool send_gate(struct conn *, struct job *);
static bool send_scope(struct conn *, struct job *, const struct batch *);
static bool send_limit(struct conn *, struct job *);
static void send_simple(struct conn *, const char *sql);
static void enqueue(struct conn *, struct job *);
static struct job *internal_job(struct conn *);

void
conn_open(struct conn *c, const char *kind)
{
	static const struct stmt *const own[] = { &reads_only.stmt[0],
		&reads_only.stmt[1], &wide.stmt[0], &wide.stmt[1],
		&narrow.stmt[0], &narrow.stmt[1], &looks.stmt[0],
		&looks.stmt[1], &own_limit };

	db_register(own, COUNT(own));
	c->kind = kind;
	c->tail = &c->head;
	c->state = CONN_DOWN;
	c->backoff_ms = BACKOFF_MIN_MS;
	conn_connect(c);
}

void
conn_close(struct conn *c)
{
	loop_unwatch(c->watch);
	c->watch = NULL;
	PQfinish(c->pg);
	c->pg = NULL;
	c->state = CONN_DOWN;
	c->retry_ms = UINT64_MAX;
}

void
conn_send(struct conn *c, struct job *j)
{
	enqueue(c, j);
	c->together = c->together || j->together;
	j->since_ms = now_about_ms();
	/* The Sync goes out at once: the server works on it while the turn
	 * goes on. */
	if (!send_parts(c, j) || PQpipelineSync(c->pg) == 0 || !conn_flush(c))
		conn_reset(c, PQerrorMessage(c->pg));
}

/* Ends a transaction nobody owns any more. */
void
conn_rollback(struct conn *c)
{
	if (c->hold != NULL)
		c->hold->conn = NULL;
	c->hold = NULL;
	c->held = false;
	send_simple(c, "rollback");
}

void
conn_tick(struct conn *c, uint64_t now, unsigned hung_ms)
{
	switch (c->state) {
	case CONN_DOWN:
		if (now >= c->retry_ms)
			conn_connect(c);
		break;
	case CONN_CONNECTING:
		if (now - c->since_ms > CONNECT_MS)
			conn_reset(c, "connecting took too long");
		break;
	case CONN_READY:
		if (c->head == NULL && !c->held && stmt_broken(c) != NULL &&
		    now - c->since_ms > REPREPARE_MS) {
			/* The schema may have caught up by now. */
			c->since_ms = now;
			conn_set_up(c);
			break;
		}
		/* FALLTHROUGH */
	case CONN_SETTING_UP:
		if (c->head != NULL && now - c->head->since_ms >
		    hung_ms + c->head->limit_ms)
			conn_reset(c, "no answer in time");
		break;
	}
}

/* The connection is gone: so are the batches on it. */
void
conn_reset(struct conn *c, const char *why)
{
	struct job *j = c->head, *next;

	if (c->state == CONN_READY)
		metrics_count(COUNTER_DB_LOST);
	conn_say(c, why);
	c->head = NULL;
	c->tail = &c->head;
	c->inflight = 0;
	c->together = false;
	if (c->hold != NULL) {
		c->hold->conn = NULL;
		c->hold->lost = true;
	}
	c->hold = NULL;
	c->held = false;
	conn_close(c);
	stmt_forget(c);
	c->retry_ms = now_ms() + c->backoff_ms;
	c->backoff_ms = c->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS :
	    c->backoff_ms * 2;
	db_conn_changed(c);
	for (; j != NULL; j = next) {
		next = j->next;
		j->err = E_UNKNOWN;
		db_finished(c, j);
	}
}

/* Once when it happens, then every half minute while it lasts. */
static void
conn_say(struct conn *c, const char *why)
{
	char line[256];

	if (c->state != CONN_READY && c->told_ms != 0 &&
	    now_ms() - c->told_ms < SAY_MS)
		return;
	c->told_ms = now_ms();
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(why, "\n"),
	    why);
	log_line(LOG_WARN, "event=db_lost connection=%s inflight=%u reason=%s",
	    c->kind, c->inflight, log_q(line));
}

static void
conn_connect(struct conn *c)
{
	char options[192];
	/* A peer that vanished is noticed on idle connections too. */
	const char *const names[] = { "dbname", "application_name",
		"client_encoding", "options", "gssencmode", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout",
		NULL };
	const char *const values[] = { c->aside ? settings()->standby :
		settings()->database, "taizhang-api", "UTF8", options, "disable", "30", "10", "3", "20000", NULL };

	(void)snprintf(options, sizeof(options), "-c statement_timeout=%u "
	    "-c idle_in_transaction_session_timeout=%u -c jit=off "
	    "-c TimeZone=UTC -c DateStyle=ISO%s",
	    c->lane == LANE_FAST ? settings()->fast_ms : settings()->slow_ms,
	    settings()->slow_ms + 5000, c->aside ?
	    " -c lock_timeout=500 -c default_transaction_read_only=on" : "");
	c->since_ms = now_ms();
	c->pg = PQconnectStartParams(names, values, 1);
	REQUIRE(c->pg != NULL);
	c->state = CONN_CONNECTING;
	if (PQstatus(c->pg) == CONNECTION_BAD ||
	    PQsetnonblocking(c->pg, 1) == -1) {
		conn_reset(c, PQerrorMessage(c->pg));
		return;
	}
	c->watch = loop_watch(PQsocket(c->pg), conn_event, c);
	REQUIRE(c->watch != NULL);
	loop_watch_write(c->watch, PQsocket(c->pg), true);
	c->writing = true;
}

static void
conn_poll(struct conn *c)
{
	switch (PQconnectPoll(c->pg)) {
	case PGRES_POLLING_READING:
		loop_watch_write(c->watch, PQsocket(c->pg), false);
		return;
	case PGRES_POLLING_WRITING:
		loop_watch_write(c->watch, PQsocket(c->pg), true);
		return;
	case PGRES_POLLING_OK:
		break;
	default:
		conn_reset(c, PQerrorMessage(c->pg));
		return;
	}
	loop_watch_write(c->watch, PQsocket(c->pg), false);
	c->writing = false;
	if (PQenterPipelineMode(c->pg) == 0) {
		conn_reset(c, PQerrorMessage(c->pg));
		return;
	}
	conn_set_up(c);
}

/* Prepares every registered statement that is not; one Sync each, so that a
 * broken one does not take the others along. */
static void
conn_set_up(struct conn *c)
{
	c->state = CONN_SETTING_UP;
	c->since_ms = now_ms();
	if (c->notify) {
		send_simple(c, "listen ledger");
		if (c->state == CONN_SETTING_UP)
			send_simple(c, "listen conf");
		if (c->state == CONN_SETTING_UP)
			send_simple(c, "listen change");
		return;
	}
	for (size_t i = 0; i < stmt_count(); i++) {
		struct job *j;

		if (c->prepared[i])
			continue;
		j = internal_job(c);
		if (stmt_ready(c, j, 0, stmt_at(i)) == NULL ||
		    PQpipelineSync(c->pg) == 0) {
			conn_reset(c, PQerrorMessage(c->pg));
			return;
		}
	}
	(void)conn_flush(c);
}

static void
conn_event(void *arg)
{
	struct conn *c = arg;

	if (c->state == CONN_CONNECTING)
		conn_poll(c);
	else if (c->state != CONN_DOWN)
		conn_read(c);
}

static void
conn_read(struct conn *c)
{
	PGnotify *n;
	bool good = PQconsumeInput(c->pg) == 1;
	unsigned nulls = 0;

	while (c->head != NULL && nulls < 3 && !PQisBusy(c->pg)) {
		PGresult *res = PQgetResult(c->pg);

		if (res == NULL) {
			nulls++;
			continue;
		}
		nulls = 0;
		if (PQresultStatus(res) == PGRES_FATAL_ERROR &&
		    PQstatus(c->pg) == CONNECTION_BAD) {
			PQclear(res);
			good = false;
			break;
		}
		conn_result(c, res);
		if (c->pg == NULL)
			return;
	}
	if (!good || PQstatus(c->pg) == CONNECTION_BAD) {
		conn_reset(c, PQerrorMessage(c->pg));
		return;
	}
	while ((n = PQnotifies(c->pg)) != NULL) {
		notify_received(n->relname, n->extra);
		PQfreemem(n);
	}
	if (c->state == CONN_SETTING_UP && c->head == NULL) {
		c->state = CONN_READY;
		c->backoff_ms = BACKOFF_MIN_MS;
		c->since_ms = now_ms();
		log_line(LOG_INFO, "event=db_ready connection=%s", c->kind);
		if (c->notify)
			notify_connected();
	}
	if (conn_flush(c))
		db_conn_changed(c);
}

/* What the socket does not take now goes out when it can. */
static bool
conn_flush(struct conn *c)
{
	int more = PQflush(c->pg);

	if (more == -1)
		return false;
	if ((more == 1) != c->writing) {
		c->writing = more == 1;
		loop_watch_write(c->watch, PQsocket(c->pg), c->writing);
	}
	return true;
}

static bool
send_parts(struct conn *c, struct job *j)
{
	const struct batch *b = j->batch;
	const char *name;

	if (j->keep && !c->held) {
		if (PQsendQueryParams(c->pg, "begin", 0, NULL, NULL, NULL,
		    NULL, 0) == 0)
			return false;
		job_expect(j, PART_BEGIN, 0);
	}
	if (j->save) {
		if (PQsendQueryParams(c->pg, "savepoint batch", 0, NULL, NULL,
		    NULL, NULL, 0) == 0)
			return false;
		job_expect(j, PART_BEGIN, 0);
	}
	if ((c->aside && !b->probe && !send_gate(c, j)) ||
	    !send_scope(c, j, b) || (j->limit_ms > 0 && !send_limit(c, j)))
		return false;
	for (unsigned i = 0; i < b->n; i++) {
		const struct planned *p = &b->at[i];

		name = stmt_ready(c, j, i, p->stmt);
		if (name == NULL || PQsendQueryPrepared(c->pg, name,
		    (int)p->nparams, p->value, NULL, NULL, 0) == 0)
			return false;
		job_expect(j, PART_ROWS, i);
	}
	if (c->held && j->last) {
		if (PQsendQueryParams(c->pg, "commit", 0, NULL, NULL, NULL,
		    NULL, 0) == 0)
			return false;
		job_expect(j, PART_COMMIT, b->n - 1);
	}
	return true;
}

static bool
send_gate(struct conn *c, struct job *j)
{
	char position[POSITION_TEXT];
	const char *const values[] = { position_text(position, j->floor),
		c->lane == LANE_SLOW ? "t" : "f" };
	const char *name = stmt_ready(c, j, 0, &standby_gate);

	if (name == NULL || PQsendQueryPrepared(c->pg, name, 2, values, NULL,
	    NULL, 0) == 0)
		return false;
	job_expect(j, PART_GATE, 0);
	return true;
}

static bool
send_scope(struct conn *c, struct job *j, const struct batch *b)
{
	const struct scope *s = b->scope;
	struct scope_values values;
	const struct scope_kind *kind;
	bool reads = true, list = false;
	const char *name;

	for (unsigned i = 0; i < b->n; i++) {
		const struct planned *p = &b->at[i];

		reads = reads && p->reads;
		list = list || (p->stmt->name == NULL && p->nparams > 0);
	}
	scope_values(s, &values);
	kind = s->looks ? &looks : scope_narrow(s) ? &narrow
	    : reads ? &reads_only : &wide;
	name = stmt_ready(c, j, 0, &kind->stmt[list]);
	if (name == NULL || PQsendQueryPrepared(c->pg, name, kind->values,
	    values.at, NULL, NULL, 0) == 0)
		return false;
	job_expect(j, PART_SCOPE, 0);
	return true;
}

/* For this transaction. */
static bool
send_limit(struct conn *c, struct job *j)
{
	char ms[U64_TEXT];
	const char *const value = u64_text(ms, j->limit_ms);
	const char *name = stmt_ready(c, j, 0, &own_limit);

	if (name == NULL || PQsendQueryPrepared(c->pg, name, 1, &value, NULL,
	    NULL, 0) == 0)
		return false;
	job_expect(j, PART_SCOPE, 0);
	return true;
}

/* Undoes the last batch, and no more. */
void
conn_undo(struct conn *c)
{
	send_simple(c, "rollback to savepoint batch");
}

static void
send_simple(struct conn *c, const char *sql)
{
	struct job *j = internal_job(c);

	job_expect(j, PART_CLOSE, 0);
	if (PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 0 ||
	    PQpipelineSync(c->pg) == 0 || !conn_flush(c))
		conn_reset(c, PQerrorMessage(c->pg));
}

static struct job *
internal_job(struct conn *c)
{
	struct job *j = calloc(1, sizeof(*j));

	REQUIRE(j != NULL);
	j->internal = true;
	j->since_ms = now_ms();
	enqueue(c, j);
	return j;
}

static void
enqueue(struct conn *c, struct job *j)
{
	j->next = NULL;
	*c->tail = j;
	c->tail = &j->next;
	c->inflight++;
}
