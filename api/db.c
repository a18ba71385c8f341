/* The queues of batches, and the lanes of connections that take them: to the
 * primary, and, where there is one, to a standby for what only reads. */
#include "db.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db_conn.h"
#include "db_lane.h"
#include "metrics.h"
#include "settings.h"
#include "standby.h"

#define CONNS_MAX 8
#define QUEUE_MAX 512	   /* batches waiting, per lane */
#define QUEUE_MS 5000	   /* and for how long */
#define DOWN_MS 1000	   /* without any connection: refuse at once */
#define FAST_DEPTH 64	   /* batches on their way, per fast connection */
#define HUNG_SLACK_MS 3000 /* beyond the statement timeout */
#define ASIDE_QUEUE 64	   /* what waits for the standby, and for how long: */
#define ASIDE_MS 200	   /* the primary has it sooner */

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
	struct queue wait, together; /* the latter: reads by id */
	uint64_t down_ms; /* since when no connection is ready; 0 = one is */
} lines[4]; /* of the primary, and ASIDE of the standby */
#define ASIDE 2

static struct conn fast[CONNS_MAX], slow[CONNS_MAX], listener;
static struct conn fast_aside[CONNS_MAX], slow_aside[CONNS_MAX];

static void line_open(size_t which, struct conn *, unsigned n,
    const char *kind);
static void line_put(struct job *);
static unsigned queued(const struct line *);
static void refuse_old(struct queue *, uint64_t now, uint64_t limit);
static void line_tick(struct line *, uint64_t now, unsigned hung_ms);
static bool lead_aside(const struct batch *);
static bool turn_home(struct job *);
static void pump(struct line *);
static struct conn *conn_free(const struct line *, bool together);
static void gauges(void);
static unsigned ready_count(const struct line *);

/* ---- lanes ---------------------------------------------------------------- */

void
db_open(void)
{
	standby_open();
	line_open(LANE_FAST, fast, settings()->fast, "fast");
	line_open(LANE_SLOW, slow, settings()->slow, "slow");
	if (settings()->standby != NULL) {
		line_open(ASIDE + LANE_FAST, fast_aside, settings()->fast,
		    "standby_fast");
		line_open(ASIDE + LANE_SLOW, slow_aside, settings()->slow,
		    "standby_slow");
	}
	listener.notify = true;
	listener.lane = LANE_SLOW;
	conn_open(&listener, "notify");
}

void
db_tick(uint64_t now)
{
	for (size_t i = 0; i < COUNT(lines); i++)
		line_tick(&lines[i], now, HUNG_SLACK_MS + (i % ASIDE ==
		    LANE_FAST ? settings()->fast_ms : settings()->slow_ms));
	conn_tick(&listener, now, HUNG_SLACK_MS);
	standby_tick(now);
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
	struct line *l;
	struct job *j;

	REQUIRE(b->scope != NULL && b->n > 0);
	b->aside = b->aside && lead_aside(b);
	l = &lines[b->aside ? ASIDE + b->lane : b->lane];
	if (hold->lost || (b->probe && !b->aside) ||
	    (hold->conn == NULL && !b->aside && (queued(l) >= QUEUE_MAX ||
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
	j->aside = b->aside;
	if (b->aside && !b->probe) {
		j->floor = standby_floor(b->after);
		/* The fast lane waits for nobody. */
		if (!standby_reached(b->after))
			j->lane = LANE_SLOW;
	}
	j->limit_ms = b->limit_ms;
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
	line_put(j);
	return true;
}

void
db_detach(struct job *j)
{
	if (j->queue == NULL) {
		j->batch = NULL;
		j->hold = NULL;
		j->done = NULL;
		return;
	}
	queue_drop(j);
	free(j);
}

void
db_aside_reset(const char *why)
{
	for (size_t i = ASIDE; i < COUNT(lines); i++)
		for (unsigned k = 0; k < lines[i].nconns; k++)
			if (lines[i].conns[k].state != CONN_DOWN)
				conn_reset(&lines[i].conns[k], why);
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
	for (size_t i = 0; i < ASIDE; i++) {
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
	if (c != NULL && j->aside && turn_home(j))
		return;
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
	struct line *l = &lines[c->aside ? ASIDE + c->lane : c->lane];

	if (c->notify)
		return;
	if (ready_count(l) > 0)
		l->down_ms = 0;
	else if (l->down_ms == 0)
		l->down_ms = now_ms();
	if (c->aside && c->lane == LANE_FAST && l->down_ms != 0)
		standby_lost();
	if (c->state == CONN_READY)
		pump(l);
}

static void
line_open(size_t which, struct conn *conns, unsigned n, const char *kind)
{
	struct line *l = &lines[which];

	l->conns = conns;
	l->nconns = n;
	queue_init(&l->wait);
	queue_init(&l->together);
	l->down_ms = now_ms();
	for (unsigned i = 0; i < n; i++) {
		conns[i].lane = which % ASIDE == 0 ? LANE_FAST : LANE_SLOW;
		conns[i].aside = which >= ASIDE;
		conn_open(&conns[i], kind);
	}
}

static void
line_put(struct job *j)
{
	struct line *l = &lines[j->aside ? ASIDE + j->lane : j->lane];

	queue_put(together_may(j->batch) ? &l->together : &l->wait, j);
	pump(l);
}

static unsigned
queued(const struct line *l)
{
	return l->wait.n + l->together.n;
}

/* Refuses what has waited too long, and looks after the connections. */
static void
line_tick(struct line *l, uint64_t now, unsigned hung_ms)
{
	uint64_t limit = l >= &lines[ASIDE] ? ASIDE_MS : l->down_ms != 0 ?
	    DOWN_MS : QUEUE_MS;

	refuse_old(&l->wait, now, limit);
	refuse_old(&l->together, now, limit);
	for (unsigned i = 0; i < l->nconns; i++)
		conn_tick(&l->conns[i], now, hung_ms);
	pump(l);
}

static void
refuse_old(struct queue *q, uint64_t now, uint64_t limit)
{
	while (q->n > 0 && now - q->head->since_ms > limit) {
		struct job *j = queue_take(q);

		j->err = E_BUSY;
		if (j->aside && turn_home(j))
			continue;
		metrics_count(COUNTER_DB_REFUSED);
		db_finished(NULL, j);
	}
}

/* ---- the standby ----------------------------------------------------------- */

static bool
lead_aside(const struct batch *b)
{
	const struct line *l = &lines[ASIDE + (b->probe ||
	    standby_reached(b->after) ? b->lane : LANE_SLOW)];

	return l->nconns > 0 && l->down_ms == 0 && (b->probe ||
	    (standby_ready() && queued(l) < ASIDE_QUEUE));
}

/* What the standby did not answer, the primary does; a statement that took
 * too long would there, too. */
static bool
turn_home(struct job *j)
{
	struct batch *b = j->batch;

	if (b == NULL || b->probe)
		return false;
	if (j->err == OK && (b->failed < 0 || strcmp(rows_sqlstate(
	    b->at[b->failed].rows), "57014") == 0)) {
		metrics_count(COUNTER_STANDBY_READ);
		return false;
	}
	metrics_count(COUNTER_STANDBY_HOME);
	for (unsigned i = 0; i < b->n; i++) {
		db_rows_free(b->at[i].rows);
		b->at[i].rows = NULL;
	}
	b->failed = -1;
	b->aside = j->aside = false;
	j->err = OK;
	j->lane = b->lane;
	j->n = j->at = 0;
	j->since_ms = now_ms();
	line_put(j);
	return true;
}

/* ---- connections ----------------------------------------------------------- */

static void
pump(struct line *l)
{
	struct conn *c;

	while (l->together.n > 0 && (c = conn_free(l, true)) != NULL)
		conn_send(c, together_take(&l->together));
	while (l->wait.n > 0 && (c = conn_free(l, false)) != NULL)
		conn_send(c, queue_take(&l->wait));
}

/* Fast: the least loaded; slow: an idle one that nobody holds. Reads by id are
 * under way once on each. */
static struct conn *
conn_free(const struct line *l, bool together)
{
	unsigned depth = (l - lines) % ASIDE == LANE_FAST ? FAST_DEPTH : 1;
	struct conn *best = NULL;

	for (unsigned i = 0; i < l->nconns; i++) {
		struct conn *c = &l->conns[i];

		if (c->state == CONN_READY && !c->held &&
		    c->inflight < depth && !(together && c->together) &&
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
	metrics_gauge(GAUGE_STANDBY_FAST_UP,
	    ready_count(&lines[ASIDE + LANE_FAST]));
	metrics_gauge(GAUGE_STANDBY_SLOW_UP,
	    ready_count(&lines[ASIDE + LANE_SLOW]));
	metrics_gauge(GAUGE_DB_FAST_QUEUE, queued(&lines[LANE_FAST]));
	metrics_gauge(GAUGE_DB_SLOW_QUEUE, queued(&lines[LANE_SLOW]));
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
