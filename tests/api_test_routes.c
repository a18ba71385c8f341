/*
 * Routes that exist only to test the engine: linked into build/api_test.so in
 * the place of api/chapters.c, never into the product.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth.h"
#include "chapters.h"
#include "conf.h"
#include "db.h"
#include "entity.h"
#include "model/model.h"
#include "notify.h"
#include "route.h"
#include "scope.h"

/* No chapter of the model is linked here. */
const struct entity *
entity_find(const char *name)
{
	(void)name;
	return NULL;
}

/* Nor any configuration, and nobody's scope is narrowed. */
long
conf_seq(void)
{
	return 1;
}

void
conf_plan(struct batch *b)
{
	(void)b;
}

void
conf_take(const struct batch *b)
{
	(void)b;
}

bool
scope_given(enum right right, const char *entity)
{
	(void)right;
	(void)entity;
	return true;
}

enum next
fail_data(struct request *r)
{
	return fail(r, E_INTERNAL, NULL, NULL, NULL);
}

static const struct stmt whoami = { "test_whoami",
	"select $1::text, current_setting('app.lo', true),"
	" current_setting('app.actor', true), pg_backend_pid()::text" };
static const struct stmt get = { "test_get",
	"select id::text, name from test_item where id = $1::bigint" };
static const struct stmt put = { "test_put",
	"insert into test_item (id, name) values ($1::bigint, $2)" };
static const struct stmt sleep_stmt = { "test_sleep",
	"select pg_sleep($1::float8)::text" };
static const struct stmt bump = { "test_bump",
	"update test_item set n = n + 1 where id = $1::bigint returning n" };
static const struct stmt raise_stmt = { "test_raise",
	"select test_raise($1)" };
static const struct stmt *const stmts[] = { &whoami, &get, &put, &sleep_stmt,
	&bump, &raise_stmt };

static enum next
hello(struct request *r)
{
	buf_str(&r->reply, "{\"hello\":\"world\"}\n");
	return reply(r, 200);
}

static enum next
who(struct request *r)
{
	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, &r->who.scope,
		    r->route->lane);
		batch_addv(&r->batch, &whoami, 1, r->who.login);
		return NEXT_DB;
	}
	for (int c = 0; c < 4; c++) {
		buf_char(&r->reply, c == 0 ? '[' : ',');
		buf_json(&r->reply, rows_text(batch_rows(&r->batch, 0), 0, c));
	}
	buf_str(&r->reply, "]\n");
	return reply(r, 200);
}

static enum next
item_get(struct request *r)
{
	const struct rows *rows;

	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		batch_addv(&r->batch, &get, 1, r->arg[0]);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail(r, E_INPUT, "bad_id", "编号错误", "Not an id.");
	rows = batch_rows(&r->batch, 0);
	if (rows_n(rows) == 0)
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	buf_str(&r->reply, "{\"id\":");
	buf_json(&r->reply, rows_text(rows, 0, 0));
	buf_str(&r->reply, ",\"name\":");
	buf_json(&r->reply, rows_text(rows, 0, 1));
	buf_str(&r->reply, "}\n");
	reply_etag(r, 7);
	return reply(r, 200);
}

static enum next
item_put(struct request *r)
{
	json_t *body;

	if (r->step == 0) {
		if ((body = request_json(r)) == NULL)
			return NEXT_FAIL;
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		batch_addv(&r->batch, &put, 2, r->arg[0],
		    json_string_value(json_object_get(body, "name")));
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail(r, E_CONFLICT,
		    rows_sqlstate(batch_rows(&r->batch, 0)), NULL, NULL);
	return reply(r, 204);
}

/* GET /test/sleep/0.5 */
static enum next
nap(struct request *r)
{
	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, &scope_system, LANE_SLOW);
		batch_addv(&r->batch, &sleep_stmt, 1, r->arg[0]);
		return NEXT_DB;
	}
	buf_str(&r->reply, "{}\n");
	return reply(r, 200);
}

/* POST /test/hold/{id}: two steps in one transaction; ?end=commit or leave */
static enum next
hold(struct request *r)
{
	const char *end = request_param(r, "end");

	switch (r->step) {
	case 0:
		batch_open(&r->batch, &r->arena, &scope_system, LANE_SLOW);
		r->batch.hold = true;
		batch_addv(&r->batch, &bump, 1, r->arg[0]);
		return NEXT_DB;
	case 1:
		if (end != NULL && strcmp(end, "park") == 0)
			return request_wait_notify(r, 20000);
		if (end != NULL && strcmp(end, "commit") == 0) {
			batch_open(&r->batch, &r->arena, &scope_system,
			    LANE_SLOW);
			r->batch.last = true;
			batch_addv(&r->batch, &bump, 1, r->arg[0]);
			return NEXT_DB;
		}
		break;
	default:
		break;
	}
	buf_printf(&r->reply, "{\"n\":%ld}\n",
	    rows_long(batch_rows(&r->batch, 0), 0, 0));
	return reply(r, 200);
}

/* GET /test/large/{bytes} */
static enum next
large(struct request *r)
{
	long n = strtol(r->arg[0], NULL, 10);

	r->type = "text/plain";
	for (long i = 0; i < n; i++)
		buf_char(&r->reply, (char)('a' + i % 26));
	return reply(r, 200);
}

/* GET /test/parts/{n}: n parts of 64 KB, each read ahead from the database;
 * ?fail= cuts it off at that part. */
static enum next
parts(struct request *r)
{
	const char *bad = request_param(r, "fail");
	long *at = r->state, n = strtol(r->arg[0], NULL, 10);

	if (at == NULL) {
		r->state = at = arena_alloc(&r->arena, sizeof(*at));
		r->type = "text/plain";
		(void)reply(r, 200);
	} else if (!request_back(r)) {
		return NEXT_WAIT;
	} else if (r->batch.n > 0) {
		if (r->batch.failed >= 0)
			return fail(r, E_INTERNAL, NULL, NULL, NULL);
		request_done_with(r, batch_rows(&r->batch, 0));
		r->batch.n = 0;
	}
	if (bad != NULL && *at == strtol(bad, NULL, 10))
		return fail(r, E_INTERNAL, NULL, NULL, NULL);
	for (int i = 0; i < 8192; i++)
		buf_printf(&r->reply, "%07ld\n", *at % 10000000);
	if (++*at == n)
		return NEXT_DONE;
	batch_open(&r->batch, &r->arena, &scope_system, LANE_SLOW);
	batch_addv(&r->batch, &get, 1, "7");
	return request_ahead(r) ? NEXT_PART : fail(r, E_BUSY, NULL, NULL, NULL);
}

/* POST /test/echo */
static enum next
echo(struct request *r)
{
	char *text;

	if (request_json(r) == NULL)
		return NEXT_FAIL;
	text = json_dumps(request_json(r), JSON_COMPACT | JSON_SORT_KEYS);
	buf_str(&r->reply, text);
	free(text);
	return reply(r, 200);
}

static enum next
params(struct request *r)
{
	buf_json(&r->reply, request_param(r, "q"));
	buf_char(&r->reply, ' ');
	buf_str(&r->reply, method_name(r->method));
	if (r->arg[0] != NULL) {
		buf_char(&r->reply, ' ');
		buf_json(&r->reply, r->arg[0]);
	}
	r->type = "text/plain";
	return reply(r, 200);
}

static enum next
wait(struct request *r)
{
	if (r->step == 0)
		return request_wait_notify(r, 5000);
	buf_str(&r->reply, "{}\n");
	return reply(r, 200);
}

static enum next
raise_error(struct request *r)
{
	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		batch_addv(&r->batch, &raise_stmt, 1, r->arg[0]);
		return NEXT_DB;
	}
	/* Deliberately blind to r->batch.failed. */
	buf_str(&r->reply, "{}\n");
	return reply(r, 200);
}

static enum next
query(struct request *r)
{
	static struct stmt s;

	if (r->step == 0) {
		s.sql = arena_printf(&r->arena, "select %s::text", r->arg[0]);
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		batch_addv(&r->batch, &s, 0);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail(r, E_INPUT, NULL, NULL, NULL);
	buf_json(&r->reply, rows_text(batch_rows(&r->batch, 0), 0, 0));
	return reply(r, 200);
}

static void
spin(void *arg)
{
	(void)arg;
	usleep(300000);
}

static void
spun(struct request *r, void *arg)
{
	(void)arg;
	if (r != NULL)
		r->state = r;
}

static enum next
offload(struct request *r)
{
	if (r->step == 0)
		return request_offload(r, spin, spun, NULL) ? NEXT_WAIT :
		    fail(r, E_BUSY, NULL, NULL, NULL);
	if (r->state != r)
		return fail(r, E_INTERNAL, NULL, NULL, NULL);
	buf_str(&r->reply, "{}\n");
	return reply(r, 200);
}

static int
compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* What a handler may want of libc, under the sandbox. */
static enum next
libc(struct request *r)
{
	int *many = calloc(100000, sizeof(*many));
	time_t now = time(NULL);
	struct tm tm;
	FILE *f = fopen("/etc/hostname", "r");

	for (int i = 0; i < 100000; i++)
		many[i] = (i * 7919) % 100003;
	qsort(many, 100000, sizeof(*many), compare);
	for (size_t n = 1 << 19; n < 1 << 26; n *= 2)
		many = realloc(many, n);
	free(many);
	(void)localtime_r(&now, &tm);
	if (f != NULL)
		(void)fclose(f);
	buf_str(&r->reply, "{}\n");
	return reply(r, 200);
}

/* Takes a body in pieces of ?room= bytes and counts it; ?refuse= reads none. */
struct poured {
	size_t room, got, total, pieces;
	unsigned sum;
	char piece[65536];
};

static enum next
pour(struct request *r)
{
	struct poured *p = r->held;

	if (request_param(r, "refuse") != NULL)
		return fail(r, E_DENIED, NULL, NULL, NULL);
	if (p == NULL) {
		p = r->held = calloc(1, sizeof(*p));
		r->let_go = free;
		p->room = request_param(r, "room") != NULL
		    ? strtoul(request_param(r, "room"), NULL, 10)
		    : sizeof(p->piece);
		if (!request_read(r, p->piece, p->room, &p->got))
			return NEXT_WAIT;
	}
	do {
		for (size_t i = 0; i < p->got; i++)
			p->sum = p->sum * 31 + (unsigned char)p->piece[i];
		p->total += p->got;
		p->pieces++;
		if (p->got == 0) {
			buf_printf(&r->reply, "[%zu,%u,%zu]", p->total,
			    p->sum, p->pieces);
			return reply(r, 200);
		}
	} while (request_read(r, p->piece, p->room, &p->got));
	return NEXT_WAIT;
}

#define ROUTE(m, p, who, how, where)                                           \
	{ .method = m, .pattern = p, .right = who, .handle = how,              \
	  .lane = where, .id = p #m, .summary = "", .summary_zh = "" }

static const struct route routes[] = {
	ROUTE(M_GET, "/test/hello", RIGHT_PUBLIC, hello, LANE_FAST),
	ROUTE(M_GET, "/test/who", RIGHT_SELF, who, LANE_FAST),
	ROUTE(M_GET, "/test/who/slow", RIGHT_SELF, who, LANE_SLOW),
	ROUTE(M_GET, "/test/items/{id}", RIGHT_PUBLIC, item_get, LANE_FAST),
	ROUTE(M_PUT, "/test/items/{id}", RIGHT_PUBLIC, item_put, LANE_FAST),
	ROUTE(M_DELETE, "/test/items/{id}", RIGHT_PUBLIC, hello, LANE_FAST),
	ROUTE(M_GET, "/test/sleep/{s}", RIGHT_PUBLIC, nap, LANE_SLOW),
	ROUTE(M_POST, "/test/hold/{id}", RIGHT_PUBLIC, hold, LANE_SLOW),
	ROUTE(M_GET, "/test/large/{n}", RIGHT_PUBLIC, large, LANE_FAST),
	ROUTE(M_GET, "/test/parts/{n}", RIGHT_PUBLIC, parts, LANE_SLOW),
	ROUTE(M_POST, "/test/echo", RIGHT_PUBLIC, echo, LANE_FAST),
	ROUTE(M_GET, "/test/params", RIGHT_PUBLIC, params, LANE_FAST),
	ROUTE(M_PATCH, "/test/params", RIGHT_PUBLIC, params, LANE_FAST),
	ROUTE(M_GET, "/test/params/{x}", RIGHT_PUBLIC, params, LANE_FAST),
	ROUTE(M_GET, "/test/wait", RIGHT_PUBLIC, wait, LANE_FAST),
	ROUTE(M_GET, "/test/raise/{state}", RIGHT_PUBLIC, raise_error,
	    LANE_FAST),
	ROUTE(M_GET, "/test/query/{sql}", RIGHT_PUBLIC, query, LANE_FAST),
	ROUTE(M_GET, "/test/libc", RIGHT_PUBLIC, libc, LANE_FAST),
	ROUTE(M_GET, "/test/offload", RIGHT_PUBLIC, offload, LANE_FAST),
	{ .method = M_POST, .pattern = "/test/pour", .right = RIGHT_PUBLIC,
	    .handle = pour, .lane = LANE_FAST, .id = "pour", .stream = true },
};

/* Bearer test-<name>: anybody. */
static bool
test_plan(struct request *r)
{
	const char *auth = request_header(r, "authorization");

	if (auth == NULL || strncmp(auth, "Bearer test-", 12) != 0)
		return false;
	batch_addv(&r->batch, &whoami, 1, auth + 12);
	return true;
}

static enum err
test_accept(struct request *r)
{
	const struct rows *rows = batch_rows(&r->batch, 0);

	(void)snprintf(r->who.login, sizeof(r->who.login), "%s",
	    rows_text(rows, 0, 0));
	r->who.scope = scope_system;
	r->who.scope.lo = 430981000000;
	r->who.scope.actor = r->who.login;
	return strcmp(r->who.login, "denied") == 0 ? E_DENIED : OK;
}

static const struct auth_hooks hooks = { .plan = test_plan,
	.accept = test_accept };

void
chapters(void)
{
	health_register();
	route_register(routes, COUNT(routes));
	db_register(stmts, COUNT(stmts));
	auth_register(&hooks);
}
