/* Batches, their queues, and the lanes of connections that take them. */
#include "db.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db_conn.h"
#include "db_lane.h"
#include "metrics.h"
#include "settings.h"

#define CONNS_MAX 8
#define QUEUE_MAX 512	   /* batches waiting, per lane */
#define QUEUE_MS 5000	   /* and for how long */
#define DOWN_MS 1000	   /* without any connection: refuse at once */
#define FAST_DEPTH 64	   /* batches on their way, per fast connection */
#define HUNG_SLACK_MS 3000 /* beyond the statement timeout */

const struct scope scope_system = {
	.lo = 0,
	.hi = 999999999999,
	.line = "",
	.clearance = 4,
	.actor = "",
	.channel = "job",
	.origin = "",
};

static struct line {
	struct conn *conns;
	unsigned nconns;
	struct job *head, **tail;
	unsigned queued;
	uint64_t down_ms; /* since when no connection is ready; 0 = one is */
} lines[2];

static struct conn fast[CONNS_MAX], slow[CONNS_MAX], listener;

static void line_open(enum lane, struct conn *, unsigned n, const char *kind);
static void line_tick(struct line *, uint64_t now, unsigned hung_ms);
static void pump(struct line *);
static struct conn *conn_free(const struct line *);
static void gauges(void);
static unsigned ready_count(const struct line *);

/* ---- batches and rows ---------------------------------------------------- */

void
batch_open(struct batch *b, struct arena *a, const struct scope *s,
    enum lane lane)
{
	memset(b, 0, sizeof(*b));
	b->arena = a;
	b->scope = s;
	b->lane = lane;
	b->failed = -1;
}

unsigned
batch_add(struct batch *b, const struct stmt *s, unsigned nparams,
    const char *const *values)
{
	struct planned *p;
	const char **copy;

	REQUIRE(b->arena != NULL && b->n < BATCH_MAX && nparams <= PARAMS_MAX);
	copy = arena_array(b->arena, nparams + 1, sizeof(*copy));
	for (unsigned i = 0; i < nparams; i++)
		copy[i] = values[i];
	p = &b->at[b->n];
	p->stmt = s;
	p->nparams = nparams;
	p->value = copy;
	p->reads = false;
	p->rows = NULL;
	return b->n++;
}

unsigned
batch_read(struct batch *b, const struct stmt *s, unsigned nparams,
    const char *const *values)
{
	unsigned i = batch_add(b, s, nparams, values);

	b->at[i].reads = true;
	return i;
}

unsigned
batch_addv(struct batch *b, const struct stmt *s, unsigned nparams, ...)
{
	const char *values[PARAMS_MAX];
	va_list ap;

	REQUIRE(nparams <= PARAMS_MAX);
	va_start(ap, nparams);
	for (unsigned i = 0; i < nparams; i++)
		values[i] = va_arg(ap, const char *);
	va_end(ap);
	return batch_add(b, s, nparams, values);
}

const struct rows *
batch_rows(const struct batch *b, unsigned index)
{
	REQUIRE(index < b->n && b->at[index].rows != NULL);
	return b->at[index].rows;
}

static const PGresult *
result(const struct rows *r)
{
	return (const PGresult *)r;
}

int
rows_n(const struct rows *r)
{
	return PQntuples(result(r));
}

int
rows_cols(const struct rows *r)
{
	return PQnfields(result(r));
}

const char *
rows_text(const struct rows *r, int row, int col)
{
	return PQgetisnull(result(r), row, col) ? NULL :
	    PQgetvalue(result(r), row, col);
}

/* libpq keeps one value for all nulls of a result: only the first is asked
 * for. */
void
rows_row(const struct rows *r, int row, size_t n, const char **out)
{
	const char *null = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *s = PQgetvalue(result(r), row, (int)i);

		if (*s == '\0' && (s == null ||
		    PQgetisnull(result(r), row, (int)i) != 0)) {
			null = s;
			s = NULL;
		}
		out[i] = s;
	}
}

int
rows_len(const struct rows *r, int row, int col)
{
	return PQgetlength(result(r), row, col);
}

long
rows_long(const struct rows *r, int row, int col)
{
	const char *s = rows_text(r, row, col);

	return s == NULL ? 0 : strtol(s, NULL, 10);
}

int
rows_affected(const struct rows *r)
{
	union {
		const struct rows *in;
		PGresult *out;
	} p = { r };

	return (int)strtol(PQcmdTuples(p.out), NULL, 10);
}

static const char *
field(const struct rows *r, int which)
{
	const char *s = r == NULL ? NULL :
	    PQresultErrorField(result(r), which);

	return s == NULL ? "" : s;
}

const char *
rows_sqlstate(const struct rows *r)
{
	return field(r, PG_DIAG_SQLSTATE);
}

const char *
rows_constraint(const struct rows *r)
{
	return field(r, PG_DIAG_CONSTRAINT_NAME);
}

const char *
rows_table(const struct rows *r)
{
	return field(r, PG_DIAG_TABLE_NAME);
}

const char *
rows_message(const struct rows *r)
{
	return field(r, PG_DIAG_MESSAGE_PRIMARY);
}

const char *
rows_detail(const struct rows *r)
{
	return field(r, PG_DIAG_MESSAGE_DETAIL);
}

void
db_rows_free(struct rows *r)
{
	PQclear((PGresult *)r);
}

/* ---- lanes ---------------------------------------------------------------- */

void
db_open(void)
{
	line_open(LANE_FAST, fast, settings()->fast, "fast");
	line_open(LANE_SLOW, slow, settings()->slow, "slow");
	listener.notify = true;
	listener.lane = LANE_SLOW;
	conn_open(&listener, "notify");
}

void
db_tick(uint64_t now)
{
	line_tick(&lines[LANE_FAST], now, settings()->fast_ms + HUNG_SLACK_MS);
	line_tick(&lines[LANE_SLOW], now, settings()->slow_ms + HUNG_SLACK_MS);
	conn_tick(&listener, now, HUNG_SLACK_MS);
	gauges();
}

void
db_close(void)
{
	for (size_t i = 0; i < COUNT(lines); i++)
		for (unsigned k = 0; k < lines[i].nconns; k++)
			conn_close(&lines[i].conns[k]);
	conn_close(&listener);
}

bool
db_submit(struct batch *b, struct hold *hold, db_done *done, void *arg,
    struct job **out)
{
	struct line *l = &lines[b->lane];
	struct job *j;

	REQUIRE(b->scope != NULL && b->n > 0);
	if (hold->lost ||
	    (hold->conn == NULL && (l->queued >= QUEUE_MAX ||
	    (l->down_ms != 0 && now_ms() - l->down_ms > DOWN_MS)))) {
		metrics_count(COUNTER_DB_REFUSED);
		return false;
	}
	j = calloc(1, sizeof(*j));
	REQUIRE(j != NULL);
	j->batch = b;
	j->hold = hold;
	j->done = done;
	j->arg = arg;
	j->lane = b->lane;
	j->last = b->last && hold->conn != NULL;
	j->keep = b->hold && !b->last;
	j->save = b->save && hold->conn != NULL;
	j->since_ms = now_about_ms();
	b->failed = -1;
	*out = j;
	if (hold->conn != NULL) {
		conn_send(hold->conn, j);
		return true;
	}
	REQUIRE(!j->keep || b->lane == LANE_SLOW);
	j->queued = true;
	*l->tail = j;
	l->tail = &j->next;
	l->queued++;
	pump(l);
	return true;
}

void
db_detach(struct job *j)
{
	struct line *l = &lines[j->lane];
	struct job **p = &l->head;

	if (!j->queued) {
		j->batch = NULL;
		j->hold = NULL;
		j->done = NULL;
		return;
	}
	while (*p != j)
		p = &(*p)->next;
	*p = j->next;
	if (*p == NULL)
		l->tail = p;
	l->queued--;
	free(j);
}

void
db_release(struct hold *h)
{
	struct conn *c = h->conn;

	h->lost = false;
	h->conn = NULL;
	if (c == NULL)
		return;
	c->hold = NULL;
	/* A batch still on its way is rolled back when it has come back. */
	if (c->head == NULL)
		conn_rollback(c);
}

bool
db_ready(struct buf *why)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		const struct line *l = &lines[i];
		unsigned up = ready_count(l);

		if (up == 0)
			buf_printf(why, "no %s connection to the database; ",
			    i == LANE_FAST ? "fast" : "slow");
		for (unsigned k = 0; k < l->nconns; k++) {
			const struct stmt *s = stmt_broken(&l->conns[k]);

			if (s != NULL) {
				buf_printf(why, "statement %s does not "
				    "prepare; ", s->name);
				break;
			}
		}
	}
	return why->len == 0;
}

void
job_expect(struct job *j, enum part part, unsigned index)
{
	REQUIRE(j->n < COUNT(j->expect));
	j->expect[j->n].part = part;
	j->expect[j->n].index = index;
	j->n++;
}

void
db_finished(struct conn *c, struct job *j)
{
	(void)c;
	if (j->err != OK && j->batch != NULL)
		for (unsigned i = 0; i < j->batch->n; i++) {
			db_rows_free(j->batch->at[i].rows);
			j->batch->at[i].rows = NULL;
		}
	if (j->done != NULL)
		j->done(j->arg, j->err);
	free(j);
}

void
db_conn_changed(struct conn *c)
{
	struct line *l = &lines[c->lane];

	if (c->notify)
		return;
	if (ready_count(l) > 0)
		l->down_ms = 0;
	else if (l->down_ms == 0)
		l->down_ms = now_ms();
	if (c->state == CONN_READY)
		pump(l);
}

static void
line_open(enum lane lane, struct conn *conns, unsigned n, const char *kind)
{
	struct line *l = &lines[lane];

	l->conns = conns;
	l->nconns = n;
	l->tail = &l->head;
	l->down_ms = now_ms();
	for (unsigned i = 0; i < n; i++) {
		conns[i].lane = lane;
		conn_open(&conns[i], kind);
	}
}

/* Refuses what has waited too long, and looks after the connections. */
static void
line_tick(struct line *l, uint64_t now, unsigned hung_ms)
{
	uint64_t limit = l->down_ms != 0 ? DOWN_MS : QUEUE_MS;

	while (l->head != NULL && now - l->head->since_ms > limit) {
		struct job *j = l->head;

		l->head = j->next;
		if (l->head == NULL)
			l->tail = &l->head;
		l->queued--;
		j->err = E_BUSY;
		metrics_count(COUNTER_DB_REFUSED);
		db_finished(NULL, j);
	}
	for (unsigned i = 0; i < l->nconns; i++)
		conn_tick(&l->conns[i], now, hung_ms);
	pump(l);
}

static void
pump(struct line *l)
{
	struct conn *c;

	while (l->head != NULL && (c = conn_free(l)) != NULL) {
		struct job *j = l->head;

		l->head = j->next;
		if (l->head == NULL)
			l->tail = &l->head;
		l->queued--;
		j->queued = false;
		conn_send(c, j);
	}
}

/* Fast: the least loaded; slow: an idle one that nobody holds. */
static struct conn *
conn_free(const struct line *l)
{
	unsigned depth = l == &lines[LANE_FAST] ? FAST_DEPTH : 1;
	struct conn *best = NULL;

	for (unsigned i = 0; i < l->nconns; i++) {
		struct conn *c = &l->conns[i];

		if (c->state == CONN_READY && !c->held &&
		    c->inflight < depth &&
		    (best == NULL || c->inflight < best->inflight))
			best = c;
	}
	return best;
}

static void
gauges(void)
{
	unsigned inflight = 0;

	for (size_t i = 0; i < COUNT(lines); i++)
		for (unsigned k = 0; k < lines[i].nconns; k++)
			inflight += lines[i].conns[k].inflight;
	metrics_gauge(GAUGE_DB_FAST_UP, ready_count(&lines[LANE_FAST]));
	metrics_gauge(GAUGE_DB_SLOW_UP, ready_count(&lines[LANE_SLOW]));
	metrics_gauge(GAUGE_DB_FAST_QUEUE, lines[LANE_FAST].queued);
	metrics_gauge(GAUGE_DB_SLOW_QUEUE, lines[LANE_SLOW].queued);
	metrics_gauge(GAUGE_DB_INFLIGHT, inflight);
}

static unsigned
ready_count(const struct line *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->nconns; i++)
		n += l->conns[i].state == CONN_READY;
	return n;
}
