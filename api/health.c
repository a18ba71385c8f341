/* Is the worker alive, is it ready, what has it done: for machines. */
#include "chapters.h"
#include "db_lane.h"
#include "metrics.h"
#include "route.h"

static enum next
healthz(struct request *r)
{
	buf_str(&r->reply, "{\"status\":\"alive\"}\n");
	return reply(r, 200);
}

static enum next
readyz(struct request *r)
{
	struct buf why;
	bool ready;

	buf_init(&why, 4096);
	ready = db_ready(&why);
	buf_str(&r->reply, ready ? "{\"status\":\"ready\"" :
	    "{\"status\":\"not ready\",\"why\":");
	if (!ready)
		buf_json(&r->reply, why.data);
	buf_str(&r->reply, "}\n");
	buf_free(&why);
	return reply(r, ready ? 200 : 503);
}

static enum next
metrics(struct request *r)
{
	r->type = "text/plain; version=0.0.4";
	metrics_print(&r->reply);
	return reply(r, 200);
}

static const struct route routes[] = {
	{ M_GET, "/healthz", RIGHT_PUBLIC, NULL, healthz, LANE_FAST,
	    "healthz", "Whether the worker lives", "进程是否存活", NULL,
	    "Health", 0 },
	{ M_GET, "/readyz", RIGHT_PUBLIC, NULL, readyz, LANE_FAST, "readyz",
	    "Whether the worker can serve, and why not", "服务是否就绪",
	    NULL, "Health", 0 },
	{ M_GET, "/metrics", RIGHT_PUBLIC, NULL, metrics, LANE_FAST,
	    "metrics", "Counters for Prometheus", "运行指标", NULL, NULL, 0 },
};

void
health_register(void)
{
	route_register(routes, COUNT(routes));
}
