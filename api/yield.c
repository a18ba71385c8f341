/* A long job in slices: others are served between them. */
#include "serve.h"

#include <stdlib.h>

#include "base/err.h"
#include "loop.h"

struct turn {
	struct request *r; /* NULL: left */
};

static void back(void *, uint64_t);

enum next
request_yield(struct request *r)
{
	struct turn *t = calloc(1, sizeof *t);

	REQUIRE(t != NULL);
	t->r = r;
	r->turn = t;
	loop_soon(back, t);
	return NEXT_WAIT;
}

void
yield_forget(struct request *r)
{
	if (r->turn != NULL)
		r->turn->r = NULL;
	r->turn = NULL;
}

static void
back(void *arg, uint64_t now)
{
	struct turn *t = arg;

	(void)now;
	if (t->r != NULL) {
		t->r->turn = NULL;
		request_wake(t->r);
	}
	free(t);
}
