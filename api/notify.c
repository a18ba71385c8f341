/* PostgreSQL's notifications: requests that wait for one, and who listens. */
#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db_conn.h"
#include "loop.h"

#define LISTENERS_MAX 8

struct waiter {
	struct waiter *next;
	struct request *r; /* NULL: left */
	bool change;	   /* else for a ledger */
	uint64_t until_ms;
};

static struct {
	const char *channel;
	void (*heard)(const char *);
} listeners[LISTENERS_MAX];
static size_t nlisteners;

static struct waiter *waiters;
static bool due[2], leaving; /* [change] */

static enum next wait_for(struct request *, bool change, unsigned ms);

void
notify_subscribe(const char *channel, void (*heard)(const char *))
{
	REQUIRE(nlisteners < LISTENERS_MAX);
	listeners[nlisteners].channel = channel;
	listeners[nlisteners++].heard = heard;
}

enum next
request_wait_notify(struct request *r, unsigned timeout_ms)
{
	return wait_for(r, false, timeout_ms);
}

enum next
request_wait_change(struct request *r, unsigned timeout_ms)
{
	return wait_for(r, true, timeout_ms);
}

static enum next
wait_for(struct request *r, bool change, unsigned timeout_ms)
{
	struct waiter *w = r->waiter;

	if (leaving)
		timeout_ms = 0;
	if (w == NULL) {
		w = calloc(1, sizeof(*w));
		REQUIRE(w != NULL);
		w->r = r;
		w->next = waiters;
		waiters = r->waiter = w;
	}
	w->change = change;
	w->until_ms = now_ms() + timeout_ms;
	return NEXT_WAIT;
}

void
notify_forget(struct request *r)
{
	if (r->waiter != NULL)
		r->waiter->r = NULL;
	r->waiter = NULL;
}

/* One sweep per tick, however many notifications came in between: a burst of
 * saves costs each waiting request one look. */
void
notify_tick(uint64_t now)
{
	struct waiter **p = &waiters, *w;

	while ((w = *p) != NULL) {
		if (w->r != NULL && !due[w->change] && now < w->until_ms) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		if (w->r != NULL) {
			w->r->waiter = NULL;
			request_wake(w->r);
		}
		free(w);
	}
	due[0] = due[1] = false;
}

/* Nobody waits for long any more. */
void
notify_drain(void)
{
	leaving = due[0] = due[1] = true;
}

void
notify_received(const char *channel, const char *payload)
{
	if (strcmp(channel, "ledger") == 0)
		due[0] = true;
	if (strcmp(channel, "change") == 0)
		due[1] = true;
	for (size_t i = 0; i < nlisteners; i++)
		if (strcmp(listeners[i].channel, channel) == 0)
			listeners[i].heard(payload);
}

void
notify_connected(void)
{
	due[0] = due[1] = true;
	for (size_t i = 0; i < nlisteners; i++)
		listeners[i].heard("");
}
