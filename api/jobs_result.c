/* What became of a delivery, and when there is another attempt. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "jobs.h"
#include "settings.h"

#define ATTEMPTS_MAX 10	   /* of one whose fault is its own: over hours */
#define ATTEMPTS_HEAD 5	   /* then it no longer holds up those behind it */
#define PAUSE_MAX 600	   /* times the first pause */
#define ALONE_MAX 21600
#define FAILURES_MAX 20	   /* in a row, and for give_up_s: turned off */
#define DAY_S 86400

static void delivered(const struct sent *);
static void failed(const struct sent *, bool alone, bool last);
static void give_up(const struct sent *);
static long pause_ms(int times, int base, int most);

void
jobs_result(const struct sent *s)
{
	bool alone = s->alone || (s->status != 0 && s->attempts >=
	    ATTEMPTS_HEAD);

	log_line(s->error == NULL ? LOG_INFO : LOG_WARN, "event=webhook "
	    "webhook=%s delivery=%s attempt=%d status=%ld error=%s",
	    s->webhook, s->delivery, s->attempts, s->status,
	    s->error != NULL ? log_q(s->error) : "-");
	jobs_begin(&jobs_everything);
	if (s->error == NULL)
		delivered(s);
	else
		failed(s, alone, alone && s->attempts >= ATTEMPTS_MAX);
	give_up(s);
	(void)jobs_end(); /* else it is sent again: at least once */
}

static void
delivered(const struct sent *s)
{
	char status[24];
	const char *v[] = { s->delivery, s->webhook, status };

	snprintf(status, sizeof status, "%ld", s->status);
	PQclear(jobs_ask("UPDATE webhook_delivery SET state = 'delivered',"
	    " claimed_by = NULL, status = $3::int, error = NULL"
	    " WHERE id = $1::uuid AND webhook_id = $2::uuid", 3, v));
	PQclear(jobs_ask("UPDATE webhook_state SET failures = 0,"
	    " failing_since = NULL, paused_until = NULL, delivered_at = now()"
	    " WHERE webhook_id = $1::uuid", 1, v + 1));
}

/*
 * A receiver in trouble is left alone for a while, and the order is kept. A
 * delivery in trouble waits by itself, and those behind it go on.
 */
static void
failed(const struct sent *s, bool alone, bool last)
{
	char status[24], error[200], wait[32], failures[16] = "0";
	const char *v[] = { s->delivery, s->webhook,
		s->status != 0 ? status : NULL, error, last ? "failed"
		: "pending", wait };
	long ms = alone ? pause_ms(s->attempts - 1, 10, ALONE_MAX) : 0;
	PGresult *r;

	snprintf(status, sizeof status, "%ld", s->status);
	snprintf(error, sizeof error, "%s", s->error);
	snprintf(wait, sizeof wait, "%ld ms", ms);
	PQclear(jobs_ask("UPDATE webhook_delivery SET state = $5,"
	    " claimed_by = NULL, status = $3::int, error = $4,"
	    " next_at = now() + $6::interval"
	    " WHERE id = $1::uuid AND webhook_id = $2::uuid", 6, v));
	r = jobs_ask("UPDATE webhook_state SET failures = failures + 1,"
	    " failing_since = coalesce(failing_since, now())"
	    " WHERE webhook_id = $1::uuid RETURNING failures", 1, v + 1);
	if (r != NULL && PQntuples(r) == 1)
		snprintf(failures, sizeof failures, "%.10s",
		    PQgetvalue(r, 0, 0));
	PQclear(r);
	if (alone)
		return;
	ms = pause_ms((int)strtol(failures, NULL, 10) - 1, 1, PAUSE_MAX);
	if (s->retry_after_s > 0 && s->retry_after_s <= DAY_S &&
	    s->retry_after_s * 1000 > ms)
		ms = s->retry_after_s * 1000;
	snprintf(wait, sizeof wait, "%ld ms", ms);
	v[0] = s->webhook;
	v[1] = wait;
	PQclear(jobs_ask("UPDATE webhook_state SET paused_until = now() +"
	    " $2::interval WHERE webhook_id = $1::uuid", 2, v));
}

/* Turned off, with the reason where its owner looks; pending deliveries stay
 * and go out when it is turned on again. 410 says: never again. */
static void
give_up(const struct sent *s)
{
	char most[16], after[32];
	const char *v[] = { s->webhook, most, after,
		s->status == 410 ? "t" : "f" };
	PGresult *r;

	if (s->error == NULL)
		return;
	snprintf(most, sizeof most, "%d", FAILURES_MAX);
	snprintf(after, sizeof after, "%u s", settings()->webhook_give_up_s);
	r = jobs_ask("UPDATE webhook w SET active = false, notice = CASE WHEN"
	    " $4::boolean THEN '接收方答复 410，不再接收，推送已停用 / The"
	    " receiver answered 410 Gone.' ELSE '连续 ' || s.failures ||"
	    " ' 次推送失败，已停用；修复后可重新启用 / Turned off after ' ||"
	    " s.failures || ' failures in a row.' END FROM webhook_state s"
	    " WHERE w.id = $1::uuid AND s.webhook_id = w.id AND w.active"
	    " AND ($4::boolean OR (s.failures >= $2::int AND s.failing_since"
	    " <= now() - $3::interval)) RETURNING 1", 4, v);
	if (r != NULL && PQntuples(r) == 1)
		log_line(LOG_ERROR, "event=webhook_off webhook=%s", s->webhook);
	PQclear(r);
}

/* base × 2^times (× 3 by themselves), at most so many; a quarter of it by
 * chance, so that many do not come back together. */
static long
pause_ms(int times, int base, int most)
{
	long n = base, ms;

	for (int i = 0; i < times && n < most; i++)
		n *= base > 1 ? 3 : 2;
	ms = (n < most ? n : most) * (long)settings()->webhook_retry_ms;
	return ms - ms / 8 + (long)randombytes_uniform((uint32_t)(ms / 4 + 1));
}
