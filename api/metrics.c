/* Counters of all workers in one shared page, printed for Prometheus. */
#include "metrics.h"

#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "route.h"

#define CLASSES 6 /* of status: 1xx … 5xx; 0 is never used */

static const unsigned long bounds_us[] = { 1000, 2500, 5000, 10000, 25000,
	50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 30000000 };

/* One writer each, so plain increments do; readers may see them late. */
struct block {
	unsigned long requests[ROUTES_MAX + 1][CLASSES];
	unsigned long buckets[COUNT(bounds_us) + 1];
	unsigned long sum_us;
	unsigned long counters[COUNTER__MAX];
	long gauges[GAUGE__MAX];
};

static const char *const gauge_names[] = {
	[GAUGE_DB_FAST_UP] = "taizhang_db_up{lane=\"fast\"}",
	[GAUGE_DB_SLOW_UP] = "taizhang_db_up{lane=\"slow\"}",
	[GAUGE_DB_FAST_QUEUE] = "taizhang_db_queue{lane=\"fast\"}",
	[GAUGE_DB_SLOW_QUEUE] = "taizhang_db_queue{lane=\"slow\"}",
	[GAUGE_DB_INFLIGHT] = "taizhang_db_inflight",
	[GAUGE_STANDBY_FAST_UP] = "taizhang_db_up{lane=\"standby_fast\"}",
	[GAUGE_STANDBY_SLOW_UP] = "taizhang_db_up{lane=\"standby_slow\"}",
	[GAUGE_STANDBY_READY] = "taizhang_standby_ready",
	[GAUGE_STANDBY_BEHIND] = "taizhang_standby_behind_bytes",
};
static const char *const counter_names[] = {
	[COUNTER_DB_LOST] = "taizhang_db_lost_total",
	[COUNTER_DB_RETRIED] = "taizhang_db_retried_total",
	[COUNTER_DB_REFUSED] = "taizhang_db_refused_total",
	[COUNTER_DB_TOGETHER] = "taizhang_db_together_total",
	[COUNTER_OFFLOADED] = "taizhang_offloaded_total",
	[COUNTER_STANDBY_READ] = "taizhang_standby_reads_total",
	[COUNTER_STANDBY_HOME] = "taizhang_standby_turned_home_total",
};
_Static_assert(COUNT(gauge_names) == GAUGE__MAX, "every gauge has a name");
_Static_assert(COUNT(counter_names) == COUNTER__MAX, "and every counter");

static struct block *blocks, *mine;
static unsigned nblocks;

static size_t index_of(const struct route *);
static void print_requests(struct buf *);
static void print_durations(struct buf *);

void
metrics_init(unsigned workers)
{
	nblocks = workers;
	blocks = mmap(NULL, sizeof(*blocks) * workers, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(blocks != MAP_FAILED);
	mine = blocks;
}

void
metrics_worker(unsigned index)
{
	mine = &blocks[index % nblocks];
	memset(mine->gauges, 0, sizeof(mine->gauges));
}

void
metrics_request(const struct route *route, unsigned status, uint64_t us)
{
	size_t i = 0;

	if (mine == NULL)
		return;
	mine->requests[index_of(route)][(status / 100) % CLASSES]++;
	if (route == NULL)
		return;
	while (i < COUNT(bounds_us) && us > bounds_us[i])
		i++;
	mine->buckets[i]++;
	mine->sum_us += us;
}

void
metrics_gauge(enum gauge g, long value)
{
	if (mine != NULL)
		mine->gauges[g] = value;
}

void
metrics_count(enum counter c)
{
	if (mine != NULL)
		mine->counters[c]++;
}

void
metrics_print(struct buf *b)
{
	print_requests(b);
	print_durations(b);
	for (size_t g = 0; g < GAUGE__MAX; g++) {
		long n = 0;

		for (unsigned w = 0; w < nblocks; w++)
			if (g != GAUGE_STANDBY_BEHIND)
				n += blocks[w].gauges[g];
			else if (blocks[w].gauges[g] > n)
				n = blocks[w].gauges[g];
		buf_printf(b, "%s %ld\n", gauge_names[g], n);
	}
	for (size_t c = 0; c < COUNTER__MAX; c++) {
		unsigned long n = 0;

		for (unsigned w = 0; w < nblocks; w++)
			n += blocks[w].counters[c];
		buf_printf(b, "%s %lu\n", counter_names[c], n);
	}
}

static void
print_requests(struct buf *b)
{
	buf_str(b, "# TYPE taizhang_requests_total counter\n");
	for (size_t r = 0; r <= route_count(); r++)
		for (unsigned k = 1; k < CLASSES; k++) {
			unsigned long n = 0;

			for (unsigned w = 0; w < nblocks; w++)
				n += blocks[w].requests[r][k];
			if (n > 0)
				buf_printf(b, "taizhang_requests_total{"
				    "route=\"%s\",status=\"%uxx\"} %lu\n",
				    r < route_count() ? route_at(r)->id :
				    "none", k, n);
		}
}

static void
print_durations(struct buf *b)
{
	unsigned long n = 0, sum = 0;

	buf_str(b, "# TYPE taizhang_request_seconds histogram\n");
	for (size_t i = 0; i <= COUNT(bounds_us); i++) {
		for (unsigned w = 0; w < nblocks; w++)
			n += blocks[w].buckets[i];
		if (i < COUNT(bounds_us))
			buf_printf(b, "taizhang_request_seconds_bucket{"
			    "le=\"%g\"} %lu\n", (double)bounds_us[i] / 1e6, n);
		else
			buf_printf(b, "taizhang_request_seconds_bucket{"
			    "le=\"+Inf\"} %lu\n", n);
	}
	for (unsigned w = 0; w < nblocks; w++)
		sum += blocks[w].sum_us;
	buf_printf(b, "taizhang_request_seconds_sum %.6f\n", (double)sum / 1e6);
	buf_printf(b, "taizhang_request_seconds_count %lu\n", n);
}

/* Requests without a route are counted behind the last one. */
static size_t
index_of(const struct route *route)
{
	return route != NULL ? route_number(route) : route_count();
}
