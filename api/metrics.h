/* Counters of all workers in one shared page, printed for Prometheus. */
#ifndef API_METRICS_H
#define API_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct route;

enum gauge {
	GAUGE_DB_FAST_UP,   /* connections ready */
	GAUGE_DB_SLOW_UP,
	GAUGE_DB_FAST_QUEUE,/* batches waiting for a connection */
	GAUGE_DB_SLOW_QUEUE,
	GAUGE_DB_INFLIGHT,
	GAUGE_STANDBY_FAST_UP,
	GAUGE_STANDBY_SLOW_UP,
	GAUGE_STANDBY_READY, /* workers that read there */
	GAUGE_STANDBY_BEHIND,/* bytes it has not replayed; of the workers' views
				the furthest */
	GAUGE__MAX
};
enum counter {
	COUNTER_DB_LOST,    /* connections lost */
	COUNTER_DB_RETRIED, /* requests run again after a serialization error */
	COUNTER_DB_REFUSED, /* batches refused: queue full or too old */
	COUNTER_DB_TOGETHER,/* reads by id that one statement answered for
			       several */
	COUNTER_OFFLOADED,
	COUNTER_STANDBY_READ, /* batches that the standby answered */
	COUNTER_STANDBY_HOME, /* … and that the primary did in its place */
	COUNTER__MAX
};

/* In the parent, before the workers are made; after the routes are known. */
void metrics_init(unsigned workers);
void metrics_worker(unsigned index); /* in each worker */
/* route NULL: never became a request. */
void metrics_request(const struct route *, unsigned status, uint64_t us);
void metrics_gauge(enum gauge, long value);
void metrics_count(enum counter);
void metrics_print(struct buf *);

#endif
