/* Is the worker alive, is it ready, what has it done: for machines. */
#include "chapters.h"
#include "conf.h"
#include "db_lane.h"
#include "metrics.h"
#include "route.h"
#include "standby.h"

static enum next
healthz(struct request *r)
{
	buf_str(&r->reply, "{\"status\":\"alive\"}\n");
	return reply(r, 200);
}

static enum next
readyz(struct request *r)
{
	const struct route *nobodys;
	struct buf why;
	bool ready;

	buf_init(&why, 4096);
	ready = db_ready(&why);
	if (ready && conf_seq() == 0 && r->state == NULL) {
		r->state = r;
		buf_free(&why);
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		conf_plan(&r->batch);
		return NEXT_DB;
	}
	if (r->state != NULL && r->batch.failed < 0)
		conf_take(&r->batch);
	/* A right that no role has is a route that was forgotten (D3). */
	nobodys = conf_seq() != 0 ? route_nobodys() : NULL;
	if (nobodys != NULL) {
		ready = false;
		buf_printf(&why, "no role has the right of %s", nobodys->id);
	}
	buf_str(&r->reply, ready ? "{\"status\":\"ready\"" :
	    "{\"status\":\"not ready\",\"why\":");
	if (!ready)
		buf_json(&r->reply, why.data);
	if (standby_state() != NULL) {
		buf_key(&r->reply, "standby");
		buf_json(&r->reply, standby_state());
	}
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
	{ .method = M_GET, .pattern = "/healthz", .right = RIGHT_PUBLIC,
	    .handle = healthz, .lane = LANE_FAST, .id = "healthz",
	    .summary = "Whether the worker lives",
	    .summary_zh = "进程是否存活", .reply_schema = "Health" },
	{ .method = M_GET, .pattern = "/readyz", .right = RIGHT_PUBLIC,
	    .handle = readyz, .lane = LANE_FAST, .id = "readyz",
	    .summary = "Whether the worker can serve, and why not",
	    .summary_zh = "服务是否就绪", .reply_schema = "Health",
	    .done = "200 503" },
	{ .method = M_GET, .pattern = "/metrics", .right = RIGHT_PUBLIC,
	    .handle = metrics, .lane = LANE_FAST, .id = "metrics",
	    .summary = "Counters for Prometheus", .summary_zh = "运行指标",
	    .reply_type = "text/plain" },
};

void
health_register(void)
{
	route_register(routes, COUNT(routes));
}
