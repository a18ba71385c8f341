/* Which files a session has just begun to take away. */
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "loop.h"

#define KEPT 512 /* of one worker; the oldest makes room */
#define SAME_MS (10u * 60 * 1000)

static struct taken {
	char who[37], session[37], client[37], row[37];
	uint64_t at_ms;
} kept[KEPT];
static size_t next;

static struct taken *find(const struct request *);
static bool same(const struct taken *, const struct request *);

/*
 * A viewer that shows a video, or a download that goes on where it was cut,
 * asks for the parts of a file in a hundred requests: that is one taking, and
 * a hundred events would hide it. A request from the first byte is always a
 * taking of its own, and so is a part of what was not begun within ten
 * minutes: nobody takes a file unseen by leaving its first byte. What another
 * worker noted, or this one forgot, is noted once more: too much, never too
 * little.
 */
bool
attach_taking(const struct request *r, bool from_start)
{
	return from_start || find(r) == NULL;
}

/* Only now: of what the log could not be told of nothing was sent. */
void
attach_taken(const struct request *r)
{
	struct taken *t = find(r);

	if (t == NULL) {
		t = &kept[next];
		next = (next + 1) % KEPT;
		snprintf(t->who, sizeof t->who, "%s", r->who.id);
		snprintf(t->session, sizeof t->session, "%s", r->who.session);
		snprintf(t->client, sizeof t->client, "%s", r->who.client);
		snprintf(t->row, sizeof t->row, "%s", r->arg[0]);
	}
	t->at_ms = now_ms();
}

static struct taken *
find(const struct request *r)
{
	uint64_t now = now_ms();

	for (size_t i = 0; i < KEPT; i++)
		if (kept[i].at_ms != 0 && now - kept[i].at_ms < SAME_MS &&
		    same(&kept[i], r))
			return &kept[i];
	return NULL;
}

static bool
same(const struct taken *t, const struct request *r)
{
	return strcmp(t->row, r->arg[0]) == 0 &&
	    strcmp(t->session, r->who.session) == 0 &&
	    strcmp(t->who, r->who.id) == 0 &&
	    strcmp(t->client, r->who.client) == 0;
}
