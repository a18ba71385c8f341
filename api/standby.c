/* Whether the standby is there and near enough to be read (standby.h). */
#include "standby.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db_lane.h"
#include "loop.h"
#include "metrics.h"
#include "settings.h"

#define PROBE_MS 200
#define HUNG_MS 1500   /* a server that does not say where it is */
#define FLOOR_MS 1000  /* reads see what was there so long ago, or twice that */
#define MISSED_MS 2000 /* how long a position that was missed is waited for */

enum state { DOWN, BEHIND, PROMOTED, READY };

/* A question to one of the two servers, and when it set out; 0 = it did not. */
struct probe {
	struct arena arena;
	struct batch batch;
	struct hold hold;
	struct job *job;
	uint64_t since_ms;
};

static struct probe primary, other;
static enum state state;
static uint64_t asked_ms;
/* The primary's positions: what it had at the last two turns of FLOOR_MS, and
 * now; the standby's; and one it did not reach in time. */
static uint64_t floor_at, next_floor, head, reached, missed;
static uint64_t floor_ms, missed_ms;

static const struct stmt primary_at = { "standby_primary_at",
	"SELECT pg_current_wal_flush_lsn()" };
static const struct stmt other_at = { "standby_other_at",
	"SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery()"
	" THEN standby_at('0/0', false) END" };
const struct stmt standby_gate = { "standby_gate",
	"SELECT standby_at($1::pg_lsn, $2::boolean)" };
static const struct stmt *const statements[] = { &primary_at, &other_at,
	&standby_gate };

static void ask(struct probe *, const struct stmt *, bool probe, db_done *);
static const struct rows *answer(struct probe *, enum err);
static void forget(struct probe *);
static void primary_told(void *, enum err);
static void other_told(void *, enum err);
static void become(enum state);

void
standby_open(void)
{
	if (settings()->standby == NULL)
		return;
	db_register(statements, COUNT(statements));
}

void
standby_tick(uint64_t now)
{
	if (settings()->standby == NULL)
		return;
	if (other.since_ms != 0 && now - other.since_ms > HUNG_MS)
		db_aside_reset("it does not answer");
	if (floor_ms != 0 && now - floor_ms > 3 * FLOOR_MS && state == READY)
		become(BEHIND);
	metrics_gauge(GAUGE_STANDBY_READY, state == READY);
	metrics_gauge(GAUGE_STANDBY_BEHIND, reached != 0 && head > reached ?
	    (long)(head - reached) : 0);
	if (now - asked_ms < PROBE_MS)
		return;
	asked_ms = now;
	if (primary.since_ms == 0)
		ask(&primary, &primary_at, false, primary_told);
	if (other.since_ms == 0)
		ask(&other, &other_at, true, other_told);
}

bool
standby_ready(void)
{
	return state == READY;
}

bool
standby_reached(uint64_t position)
{
	return reached >= position;
}

uint64_t
standby_floor(uint64_t after)
{
	return after > floor_at ? after : floor_at;
}

void
standby_came(const char *position)
{
	uint64_t at = position_read(position);

	if (at > reached)
		reached = at;
}

/* Nobody else waits for it until it has caught up. */
void
standby_missed(uint64_t position)
{
	missed = position > missed ? position : missed;
	missed_ms = now_ms();
	become(BEHIND);
}

void
standby_lost(void)
{
	/* It may come back with less than it had. */
	reached = 0;
	become(DOWN);
}

const char *
standby_state(void)
{
	static const char *const names[] = { [DOWN] = "down",
		[BEHIND] = "behind", [PROMOTED] = "promoted",
		[READY] = "ready" };

	return settings()->standby == NULL ? NULL : names[state];
}

const char *
position_text(char out[POSITION_TEXT], uint64_t at)
{
	(void)snprintf(out, POSITION_TEXT, "%X/%X", (unsigned)(at >> 32),
	    (unsigned)at);
	return out;
}

uint64_t
position_read(const char *text)
{
	unsigned high, low;

	if (text == NULL || sscanf(text, "%X/%X", &high, &low) != 2)
		return 0;
	return (uint64_t)high << 32 | low;
}

static void
ask(struct probe *p, const struct stmt *s, bool probe, db_done *done)
{
	batch_open(&p->batch, &p->arena, &scope_system, LANE_FAST);
	batch_read(&p->batch, s, 0, NULL);
	p->batch.aside = p->batch.probe = probe;
	p->since_ms = now_ms();
	if (!db_submit(&p->batch, &p->hold, done, p, &p->job))
		p->since_ms = 0;
}

/* NULL: there is none. */
static const struct rows *
answer(struct probe *p, enum err err)
{
	p->since_ms = 0;
	p->job = NULL;
	if (err == OK && p->batch.failed < 0)
		return batch_rows(&p->batch, 0);
	return NULL;
}

static void
forget(struct probe *p)
{
	db_rows_free(p->batch.at[0].rows);
	arena_free(&p->arena);
}

static void
primary_told(void *arg, enum err err)
{
	struct probe *p = arg;
	const struct rows *rows = answer(p, err);
	uint64_t now = now_ms();

	head = rows != NULL ? position_read(rows_text(rows, 0, 0)) : head;
	if (rows != NULL && now - floor_ms >= FLOOR_MS) {
		floor_at = next_floor;
		next_floor = head;
		floor_ms = now;
	}
	forget(p);
}

static void
other_told(void *arg, enum err err)
{
	struct probe *p = arg;
	const struct rows *rows = answer(p, err);

	if (rows == NULL) {
		standby_lost();
	} else if (*rows_text(rows, 0, 0) != 't') {
		become(PROMOTED);
	} else {
		reached = position_read(rows_text(rows, 0, 1));
		if (reached >= missed || now_ms() - missed_ms > MISSED_MS)
			missed = 0;
		become(floor_at != 0 && reached >= standby_floor(missed) ?
		    READY : BEHIND);
	}
	forget(p);
}

static void
become(enum state s)
{
	if (s == state)
		return;
	state = s;
	log_line(s == READY ? LOG_INFO : LOG_WARN, "event=standby state=%s "
	    "primary=%llX standby=%llX", standby_state(),
	    (unsigned long long)head, (unsigned long long)reached);
}
