/* The one control thread: hints, time and the server's news to passes. */
#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "event.h"
#include "recover.h"
#include "site.h"
#include "spool.h"
#include "state.h"
#include "sync.h"
#include "watch.h"

#define POLL_WAIT_S 25
#define TICK_MAX_MS 30000
#define SWEEP_S (24 * 3600)
#define REFRESH_MS (10 * 60 * 1000)
#define ONCE_PATIENCE_MS (120 * 1000) /* waiting for settling and ripening */
#define ONCE_TROUBLE_MS (30 * 1000)   /* waiting for an API that fails */
#define PROGRESS_MS 2000

struct loop {
	const struct conf *conf;
	struct state state;
	struct spool spool;
	CURLM *multi;
	size_t nsites;
	struct site *site;
	int64_t *refreshed_ms;
	int64_t swept_s;
};

static bool loop_open(struct loop *, const struct conf *, const char *dir);
static void loop_close(struct loop *);
static bool below(const char *path, const char *dir);
static void turn(struct loop *, size_t);
static void polls(struct loop *);
static void poll_take(struct site *, const json_t *);
static void wait_for_something(struct loop *, int stop_fd);
static bool once_site(struct site *, const struct stop *);
static bool files_left(struct site *);
static bool recheck_due(struct site *, int64_t *until_ms);
static void trouble(const struct site *, const char *);

int
loop_run(const struct conf *conf, const struct stop *stop)
{
	struct loop l;
	if (!loop_open(&l, conf, NULL)) {
		loop_close(&l);
		return 2;
	}
	if (l.nsites == 0)
		event("warn", "no_bindings", NULL);
	event("info", "started", "bindings", event_n((long long)l.nsites),
	    NULL);
	while (!stop->now) {
		for (size_t i = 0; i < l.nsites && !stop->now; i++)
			turn(&l, i);
		if (clock_s() - l.swept_s >= SWEEP_S) {
			kept_sweep(&l.state, &l.spool);
			l.swept_s = clock_s();
		}
		polls(&l);
		if (!stop->now)
			wait_for_something(&l, stop->fd);
	}
	event("info", "stopped", NULL);
	loop_close(&l);
	return 0;
}

static bool
loop_open(struct loop *l, const struct conf *conf, const char *dir)
{
	char why[512];
	*l = (struct loop){ .conf = conf, .state = { .dir_fd = -1,
		.lock_fd = -1 }, .spool = { .dir_fd = -1 } };
	l->site = calloc(conf->nbindings + 1, sizeof *l->site);
	l->refreshed_ms = calloc(conf->nbindings + 1,
	    sizeof *l->refreshed_ms);
	REQUIRE(l->site && l->refreshed_ms);
	if (!state_open(&l->state, conf->state, why, sizeof why)) {
		fprintf(stderr, "taizhang-agent: %s\n", why);
		return false;
	}
	if (!spool_open(&l->spool, l->state.dir_fd,
		(size_t)conf->file_limit_mib << 20)) {
		fprintf(stderr, "taizhang-agent: %s/spool: %s\n",
		    conf->state, strerror(errno));
		return false;
	}
	kept_sweep(&l->state, &l->spool);
	l->swept_s = clock_s();
	l->multi = curl_multi_init();
	REQUIRE(l->multi);
	for (size_t i = 0; i < conf->nbindings; i++) {
		const struct conf_binding *b = &conf->binding[i];
		struct site *s = &l->site[l->nsites];
		if (dir && !below(b->folder, dir))
			continue;
		*s = (struct site){ .conf = conf, .binding = b,
			.state = &l->state, .spool = &l->spool,
			.root_fd = -1 };
		s->client = client_new(conf, b->token_file, why, sizeof why);
		if (!s->client) {
			fprintf(stderr, "taizhang-agent: %s\n", why);
			return false;
		}
		s->watch = watch_new();
		l->nsites++;
		if (site_open(s))
			recover_intents(s);
	}
	return true;
}

static void
loop_close(struct loop *l)
{
	for (size_t i = 0; i < l->nsites; i++) {
		struct site *s = &l->site[i];
		site_close(s);
		watch_free(s->watch);
		client_free(s->client);
	}
	free(l->site);
	free(l->refreshed_ms);
	if (l->multi)
		curl_multi_cleanup(l->multi);
	spool_close(&l->spool);
	state_close(&l->state);
}

static bool
below(const char *path, const char *dir)
{
	char *a = realpath(path, NULL), *b = realpath(dir, NULL);
	size_t n = b ? strlen(b) : 0;
	bool in = a && b && strncmp(a, b, n) == 0 &&
	    (a[n] == '\0' || a[n] == '/' || strcmp(b, "/") == 0);
	free(a);
	free(b);
	return in;
}

/* Everything that is due for one folder. */
static void
turn(struct loop *l, size_t i)
{
	struct site *s = &l->site[i];
	bool was_there = s->root_fd >= 0;
	if (!watch_look(s))
		return;
	if (!was_there)
		recover_intents(s);
	kept_look(s);
	if (client_retry_ms(s->client) > 0)
		return;
	if (s->info && clock_ms() - l->refreshed_ms[i] < REFRESH_MS) {
		sync_site(s);
		return;
	}
	if (site_refresh(s) == OK) {
		l->refreshed_ms[i] = clock_ms();
		sync_site(s);
	}
}

/* The server's news: one waiting request per folder. */
static void
polls(struct loop *l)
{
	int running, left;
	CURLMsg *m;
	curl_multi_perform(l->multi, &running);
	while ((m = curl_multi_info_read(l->multi, &left))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		/* The message dies with the handle's removal. */
		CURL *easy = m->easy_handle;
		CURLcode rc = m->data.result;
		for (size_t i = 0; i < l->nsites; i++) {
			json_t *reply = NULL;
			if (!client_poll_done(l->site[i].client, l->multi,
				easy, rc, &reply))
				continue;
			poll_take(&l->site[i], reply);
			json_decref(reply);
			break;
		}
	}
	for (size_t i = 0; i < l->nsites; i++) {
		struct site *s = &l->site[i];
		struct arena a;
		const char *cursor = NULL;
		if (!s->info || s->root_fd < 0 || client_polling(s->client))
			continue;
		arena_init(&a, 0);
		sqlite3_stmt *q = state_query(&l->state, "SELECT cursor FROM"
		    " cursor WHERE binding = ?", "s", s->id);
		while (state_row(&l->state, q))
			cursor = state_text(&a, q, 0);
		client_poll_start(s->client, l->multi, cursor, POLL_WAIT_S);
		arena_free(&a);
	}
	curl_multi_perform(l->multi, &running);
}

static void
poll_take(struct site *s, const json_t *reply)
{
	const json_t *list = json_object_get(reply, "ledgers"), *l;
	const char *cursor = json_string_value(json_object_get(reply,
	    "cursor"));
	size_t i;
	json_array_foreach(list, i, l) {
		const char *id = json_string_value(json_object_get(l, "id"));
		if (id)
			site_seq_set(s, id, (long)json_integer_value(
			    json_object_get(l, "seq")));
	}
	if (cursor)
		state_run(s->state, "UPDATE cursor SET cursor = ?"
		    " WHERE binding = ?", "ss", cursor, s->id);
}

static void
wait_for_something(struct loop *l, int stop_fd)
{
	struct curl_waitfd *fds = calloc(l->nsites + 1, sizeof *fds);
	int64_t wait = TICK_MAX_MS, now = clock_ms();
	unsigned n = 0;
	REQUIRE(fds);
	fds[n++] = (struct curl_waitfd){ .fd = stop_fd,
		.events = CURL_WAIT_POLLIN };
	for (size_t i = 0; i < l->nsites; i++) {
		struct site *s = &l->site[i];
		int64_t at = watch_next_ms(s) - now, until;
		int64_t retry = client_retry_ms(s->client);
		if (retry > 0 && retry < wait)
			wait = retry;
		if (s->again_ms > now && s->again_ms - now < wait)
			wait = s->again_ms - now;
		if (recheck_due(s, &until) && until - now < wait)
			wait = until - now;
		if (at < wait)
			wait = at;
		if (watch_fd(s->watch) >= 0)
			fds[n++] = (struct curl_waitfd){
				.fd = watch_fd(s->watch),
				.events = CURL_WAIT_POLLIN };
	}
	/* Never a spin: a tenth of a second is soon enough for people. */
	if (wait < 100)
		wait = 100;
	curl_multi_poll(l->multi, fds, n, (int)wait, NULL);
	free(fds);
}

/* ---- once ---- */

int
loop_once(const struct conf *conf, const char *dir,
    const struct stop *stop)
{
	struct loop l;
	bool good = true;
	if (!loop_open(&l, conf, dir)) {
		loop_close(&l);
		return 2;
	}
	if (l.nsites == 0) {
		fprintf(stderr, "taizhang-agent: no binding at or below "
		    "%s\n", dir);
		good = false;
	}
	for (size_t i = 0; i < l.nsites && !stop->now; i++)
		good &= once_site(&l.site[i], stop);
	good &= !stop->now;
	loop_close(&l);
	return good ? 0 : 1;
}

static bool
once_site(struct site *s, const struct stop *stop)
{
	int64_t began = clock_ms(), said = began, until;
	bool fresh = false; /* what the server says of the binding */
	s->once = true;
	watch_all(s->watch);
	/* Asked so far: what waits for a better time is looked at. */
	if (s->id[0])
		state_run(s->state, "UPDATE file SET recheck_in = 1 WHERE"
		    " binding = ? AND recheck_in > 0", "s", s->id);
	while (!stop->now) {
		enum err e = fresh ? OK : E_BUSY;
		/* First, so that the look can tell what it misses. */
		if (!fresh && s->root_fd >= 0)
			e = site_refresh(s);
		fresh = e == OK;
		bool looked = watch_look(s);
		if (!looked && s->root_fd < 0) {
			trouble(s, "the folder has no marker or is not there");
			return false;
		}
		if (looked)
			kept_look(s);
		if (e == OK)
			e = looked ? sync_site(s) : E_BUSY;
		if (e == OK && s->settled && !recheck_due(s, &until)) {
			bool left = s->refused || files_left(s);
			if (left)
				trouble(s, "not everything reached the API; "
				    "see the notes beside the workbooks");
			return !left;
		}
		int64_t now = clock_ms();
		if (e != OK && looked && e != E_BUSY) {
			trouble(s, client_problem(s->client));
			return false;
		}
		if (now - began > (e == OK ? ONCE_PATIENCE_MS
			: ONCE_TROUBLE_MS)) {
			trouble(s, e == OK ? "still not settled"
			    : client_problem(s->client));
			return false;
		}
		if (now - said > PROGRESS_MS) {
			said = now;
			fprintf(stderr, "taizhang-agent: %s: %s\n",
			    s->binding->folder, e != OK ?
			    client_problem(s->client) : !s->settled
			    ? "waiting for saves to settle"
			    : "waiting for a deletion to ripen");
		}
		usleep(100 * 1000);
	}
	return false;
}

/* Files of which a version has not been read and pushed. */
static bool
files_left(struct site *s)
{
	return state_int(s->state, 0, "SELECT count(*) FROM file"
	    " WHERE binding = ? AND missing_since = 0 AND condition IS NOT"
	    " 'unmatched' AND sha IS NOT done_sha", "s", s->id) > 0;
}

/* Something will be due by itself soon: when. */
static bool
recheck_due(struct site *s, int64_t *until_ms)
{
	int64_t at = state_int(s->state, 0, "SELECT min(recheck_in) FROM file"
	    " WHERE binding = ? AND recheck_in > 0 AND missing_since = 0",
	    "s", s->id);
	*until_ms = at * 1000;
	return at > 0 && (!s->once || at - clock_s() < 15);
}

static void
trouble(const struct site *s, const char *why)
{
	fprintf(stderr, "taizhang-agent: %s: %s\n", s->binding->folder, why);
}

int
loop_init(const struct conf *conf, const char *dir)
{
	char why[1024];
	bool good = true;
	for (size_t i = 0; i < conf->nbindings; i++) {
		const struct conf_binding *b = &conf->binding[i];
		struct site s = { .conf = conf, .binding = b,
			.root_fd = -1 };
		if (dir && !below(b->folder, dir))
			continue;
		s.client = client_new(conf, b->token_file, why, sizeof why);
		if (s.client && site_init(&s, why, sizeof why)) {
			printf("%s: %s\n", b->folder, s.id);
		} else {
			fprintf(stderr, "taizhang-agent: %s\n", why);
			good = false;
		}
		site_close(&s);
		client_free(s.client);
	}
	return good ? 0 : 1;
}
