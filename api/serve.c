/*
 * The pipeline: route → who → once → handler (plan, database, render) → keep →
 * after, on one screen in serve(). Each stage may plan a batch or park and is then
 * called again.
 */
#include "serve.h"

#include <stdlib.h>
#include <string.h>

#include "after.h"
#include "audit.h"
#include "auth.h"
#include "base/log.h"
#include "base/uid.h"
#include "db_lane.h"
#include "idem.h"
#include "limit.h"
#include "loop.h"
#include "metrics.h"
#include "notify.h"
#include "offload.h"
#include "problem.h"
#include "route.h"
#include "settings.h"

#define RETRIES_MAX 3
#define REQUEST_MS 60000
#define STEPS_MAX 200
#define REPLY_FIRST 4000 /* most are shorter */
#define PARTS_MS (3600 * 1000) /* of a reply in parts, altogether */

static enum next stage_route(struct request *);
static enum next stage_who(struct request *);
static enum next stage_once(struct request *);
static enum next stage_handle(struct request *);

enum { ROUTE, WHO, ONCE, HANDLE, KEEP, AFTER, STAGES };
static enum next (*const stages[STAGES])(struct request *) = {
	[ROUTE] = stage_route, [WHO] = stage_who, [ONCE] = stage_once,
	[HANDLE] = stage_handle, [KEEP] = idem_end, [AFTER] = after_end };

static const struct auth_hooks *auth;
static bool (*first)(struct request *); /* serve_first() */

static bool send_batch(struct request *);
static enum next not_sent(struct request *);
static void batch_back(void *, enum err);
static enum next look(struct request *);
static bool again(struct request *);
static bool once_more(struct request *);
static void rows_keep(struct request *);
static void rows_drop(struct request *);
static void scrub(struct request *);
static void scrub_json(const json_t *);
static void part_out(struct request *);
static void finish(struct request *, enum next);

enum served
serve(struct request *r)
{
	enum next next;

	if (audit_waits(r))
		return SERVED_PARKED;
	if (!audit_told(r, &next))
		next = look(r);
	while (next == NEXT_DB && (!r->flow.pending || r->flow.ahead)) {
		if (r->flow.stage == STAGES ||
		    now_about_ms() > r->flow.deadline_ms || r->step > STEPS_MAX) {
			next = fail(r, E_BUSY, NULL, NULL, NULL);
			break;
		}
		next = stages[r->flow.stage](r);
		r->step++;
		if (next == NEXT_DB && r->batch.n > 0) {
			if (!send_batch(r))
				next = not_sent(r);
			else if (!r->flow.pending)
				next = look(r); /* came back at once */
		} else if (next == NEXT_DONE &&
		    r->flow.stage + 1 < STAGES) {
			r->flow.stage++;
			r->step = 0;
			next = NEXT_DB;
		}
	}
	if (next == NEXT_WAIT || next == NEXT_DB)
		return SERVED_PARKED;
	if (audit_access(r, &next))
		return SERVED_PARKED;
	if (next == NEXT_PART) {
		part_out(r);
		return SERVED_PART;
	}
	finish(r, next);
	return SERVED;
}

void
auth_register(const struct auth_hooks *hooks)
{
	auth = hooks;
}

void
serve_first(bool (*fine)(struct request *))
{
	first = fine;
}

void
serve_open(struct request *r)
{
	uuid_new(r->id);
	r->began_us = now_us();
	r->flow.deadline_ms = now_about_ms() + REQUEST_MS;
	r->lang = r->lang == NULL ? "zh" : r->lang;
	r->type = "application/json";
	r->batch.failed = -1;
	buf_init(&r->reply, REPLY_MAX);
	buf_reserve(&r->reply, REPLY_FIRST);
}

void
serve_close(struct request *r)
{
	notify_forget(r);
	offload_forget(r);
	yield_forget(r);
	audit_forget(r);
	if (r->flow.job != NULL) {
		db_detach(r->flow.job);
		rows_keep(r);
	}
	db_release(&r->flow.hold);
	if (r->held != NULL)
		r->let_go(r->held);
	if (r->route != NULL && r->route->secret)
		scrub(r);
	rows_drop(r);
	free(r->flow.kept);
	json_decref(r->json);
	buf_free(&r->reply);
	arena_free(&r->arena);
}

/* Passwords, codes and tokens are gone with their request (4.7). */
static void
scrub(struct request *r)
{
	if (r->body_len > 0)
		explicit_bzero((void *)(uintptr_t)r->body, r->body_len);
	if (r->reply.data != NULL)
		explicit_bzero(r->reply.data, r->reply.len);
	scrub_json(r->json);
	arena_scrub(&r->arena);
}

static void
scrub_json(const json_t *v)
{
	const char *key;
	json_t *one;
	size_t i;

	if (json_is_string(v))
		explicit_bzero((void *)(uintptr_t)json_string_value(v),
		    json_string_length(v));
	json_array_foreach(v, i, one)
		scrub_json(one);
	json_object_foreach((json_t *)(uintptr_t)v, key, one)
		scrub_json(one);
}

/* ---- stages ---------------------------------------------------------------- */

static enum next
stage_route(struct request *r)
{
	const char *allow;
	enum err e = route_find(r, &allow);

	if (allow != NULL)
		reply_header(r, "allow", allow);
	if (e == E_METHOD && r->method == M_OPTIONS) {
		(void)reply(r, 204);
		r->flow.stage = KEEP;
		return NEXT_DONE;
	}
	if (e != OK)
		return fail(r, e, NULL, NULL, NULL);
	if (!limit_address(r))
		return NEXT_FAIL;
	if (r->body_len > route_body_max(r->route))
		return fail(r, E_LIMIT, NULL, NULL, NULL);
	return NEXT_DONE;
}

static enum next
stage_who(struct request *r)
{
	enum err e;

	if (r->route->right == RIGHT_PUBLIC)
		return NEXT_DONE;
	if (auth == NULL)
		return fail(r, E_IDENTITY, NULL, NULL, NULL);
	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		if (!auth->plan(r))
			return fail(r, E_IDENTITY, r->code, r->detail_zh,
			    r->detail_en);
		if (r->batch.n > 0)
			return NEXT_DB;
	}
	if (r->step == 1 && auth->more != NULL && auth->more(r))
		return NEXT_DB;
	e = auth->accept(r);
	if (r->who.id[0] != '\0' && !limit_caller(r))
		return NEXT_FAIL;
	return e == OK ? NEXT_DONE :
	    fail(r, e, r->code, r->detail_zh, r->detail_en);
}

/* A key is claimed when it is known what was sent: of a stream that is later,
 * and its handler's to do. */
static enum next
stage_once(struct request *r)
{
	return r->route->stream ? NEXT_DONE : idem_begin(r);
}

static enum next
stage_handle(struct request *r)
{
	enum next next;

	if (r->flow.idem == IDEM_AGAIN)
		return NEXT_DONE;
	if (r->step == 0 && first != NULL && !first(r))
		return NEXT_FAIL;
	next = r->route->handle(r);
	/* A statement failed, and the handler took it for a success. */
	if (next == NEXT_DONE && r->batch.failed >= 0 && r->status < 400) {
		log_line(LOG_ERROR, "event=unhandled request=%s route=%s "
		    "statement=%d", r->id, r->route->id, r->batch.failed);
		return fail(r, E_INTERNAL, NULL, NULL, NULL);
	}
	return next;
}

/* ---- the database ----------------------------------------------------------- */

bool
request_ahead(struct request *r)
{
	r->flow.ahead = true;
	return send_batch(r);
}

bool
request_back(const struct request *r)
{
	return !r->flow.pending;
}

void
request_done_with(struct request *r, const struct rows *rows)
{
	struct flow *f = &r->flow;

	for (unsigned i = 0; i < f->nkept; i++) {
		if (f->kept[i] != rows)
			continue;
		db_rows_free(f->kept[i]);
		f->kept[i] = f->kept[--f->nkept];
		return;
	}
}

static bool
send_batch(struct request *r)
{
	if (!idem_join(r))
		return false;
	if (settings()->standby != NULL && r->flow.stage == HANDLE)
		after_lead(r);
	if (r->batch.limit_ms > 0)
		r->flow.deadline_ms = now_about_ms() + r->batch.limit_ms +
		    REQUEST_MS;
	r->flow.pending = true;
	if (db_submit(&r->batch, &r->flow.hold, batch_back, r, &r->flow.job))
		return true;
	r->flow.pending = false;
	return false;
}

/* What is done stays done without a word of where it stands. */
static enum next
not_sent(struct request *r)
{
	return r->flow.stage == AFTER ? NEXT_DONE :
	    fail(r, E_BUSY, NULL, NULL, NULL);
}

static void
batch_back(void *arg, enum err err)
{
	struct request *r = arg;

	if (r->flow.stage == HANDLE && !r->batch.aside)
		r->flow.home = true;
	r->flow.job = NULL;
	r->flow.pending = false;
	r->flow.came = err;
	rows_keep(r);
	request_wake(r);
}

/* What came back: on with the stage, once more from its start, or the end.
 * The handler sees the failures that are about the data. */
static enum next
look(struct request *r)
{
	const struct batch *b = &r->batch;
	enum err came = r->flow.came;
	const char *state;

	r->flow.came = OK;
	if (r->flow.stage == AFTER)
		return NEXT_DB;
	if (came == E_UNKNOWN && (r->method == M_GET || r->method == M_HEAD) &&
	    again(r))
		return NEXT_DB;
	if (came != OK)
		return fail(r, came == E_INTERNAL ? E_INTERNAL : E_BUSY, NULL,
		    NULL, NULL);
	if (r->flow.pending || b->failed < 0)
		return NEXT_DB;
	state = rows_sqlstate(b->at[b->failed].rows);
	/* TZ001: what a command was decided on has changed meanwhile. */
	if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0 ||
	    strcmp(state, "26000") == 0 || strcmp(state, "TZ001") == 0) {
		if (again(r))
			return NEXT_DB;
		return fail(r, E_BUSY, NULL, NULL, NULL);
	}
	if (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 ||
	    strncmp(state, "P0", 2) == 0 || strncmp(state, "TZ", 2) == 0 ||
	    strcmp(state, "42501") == 0 || strcmp(state, "55P03") == 0)
		return NEXT_DB;
	log_line(LOG_ERROR, "event=sql request=%s route=%s statement=%d "
	    "sqlstate=%s reason=%s", r->id, r->route->id, b->failed, state,
	    log_q(rows_message(b->at[b->failed].rows)));
	if (strcmp(state, "57014") == 0 || strncmp(state, "53", 2) == 0)
		return fail(r, E_BUSY, NULL, NULL, NULL);
	return fail(r, E_INTERNAL, NULL, NULL, NULL);
}

/* The stage starts over, as if it had never been called; what belongs to a
 * key from the claim on. */
static bool
again(struct request *r)
{
	if (r->flow.retries == RETRIES_MAX)
		return false;
	r->flow.retries++;
	metrics_count(COUNTER_DB_RETRIED);
	if (r->flow.parted || r->flow.ahead)
		return once_more(r);
	db_release(&r->flow.hold);
	rows_drop(r);
	memset(&r->batch, 0, sizeof(r->batch));
	r->batch.failed = -1;
	if (r->flow.idem != IDEM_NONE)
		r->flow.stage = r->route->stream ? HANDLE : ONCE;
	r->flow.idem = IDEM_NONE;
	r->step = 0;
	r->state = NULL;
	r->err = OK;
	r->code = r->detail_zh = r->detail_en = NULL;
	r->faults = NULL;
	r->faults_end = NULL;
	r->headers = NULL;
	r->status = 0;
	buf_reset(&r->reply);
	return true;
}

/* What is out cannot be taken back: only the batch is sent again. */
static bool
once_more(struct request *r)
{
	for (unsigned i = 0; i < r->batch.n; i++) {
		if (r->batch.at[i].rows != NULL)
			request_done_with(r, r->batch.at[i].rows);
		r->batch.at[i].rows = NULL;
	}
	r->batch.failed = -1;
	return send_batch(r);
}

/* Rows live as long as the request: a batch is planned anew in place. */
static void
rows_keep(struct request *r)
{
	struct flow *f = &r->flow;

	for (unsigned i = 0; i < r->batch.n; i++) {
		struct rows *rows = r->batch.at[i].rows;

		if (rows == NULL)
			continue;
		if (f->nkept == f->keptmax) {
			f->keptmax = f->keptmax == 0 ? 16 : f->keptmax * 2;
			f->kept = realloc(f->kept,
			    f->keptmax * sizeof(struct rows *));
			REQUIRE(f->kept != NULL);
		}
		f->kept[f->nkept++] = rows;
	}
}

static void
rows_drop(struct request *r)
{
	for (unsigned i = 0; i < r->flow.nkept; i++)
		db_rows_free(r->flow.kept[i]);
	r->flow.nkept = 0;
}

/* ---- the end ----------------------------------------------------------------- */

/* Every part has the time of a request, and all together have theirs. */
static void
part_out(struct request *r)
{
	uint64_t last = r->began_us / 1000 + PARTS_MS;

	r->flow.parted = true;
	r->flow.deadline_ms = now_about_ms() + REQUEST_MS;
	if (r->flow.deadline_ms > last)
		r->flow.deadline_ms = last;
	r->step = 1;
}

static void
finish(struct request *r, enum next next)
{
	db_release(&r->flow.hold);
	if (next == NEXT_DONE && r->reply.over)
		next = fail(r, E_LIMIT, NULL, NULL, NULL);
	if (next == NEXT_DONE && r->err == OK && r->status == 0)
		next = fail(r, E_INTERNAL, NULL, NULL, NULL);
	if (next != NEXT_DONE) {
		if (r->err == OK)
			r->err = E_INTERNAL;
		problem_reply(r);
	}
}
