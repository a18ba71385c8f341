/*
 * Sends what webhooks are to be told: claims the oldest delivery of each,
 * signs it (Standard Webhooks) and posts it. Nothing is followed, nothing is
 * sent to an address that is not allowed, whatever the name resolved to.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "jobs.h"
#include "settings.h"
#include "target.h"
#include "webhook_seal.h"

#define FLIGHTS_MAX 16
#define CONNECT_S 5L
#define TOTAL_S 15L
#define REPLY_MAX (64u << 10)

struct flight {
	CURL *curl; /* NULL: free */
	struct curl_slist *headers;
	struct target target;
	char delivery[64], webhook[64];
	struct buf body;
	int attempts;
	size_t got;	/* bytes of the reply */
	bool blocked;	/* an address was refused */
	long retry_after_s;
};

static CURLM *multi;
static struct flight flights[FLIGHTS_MAX];
static unsigned busy;

static void start(const PGresult *, int row);
static void write_body(struct flight *, const PGresult *, int row);
static bool sign(struct flight *, const PGresult *, int row);
static bool post(struct flight *, const char *url);
static void done(struct flight *, CURLcode);
static void refused(struct flight *, const char *code);
static void land(struct flight *);
static curl_socket_t open_socket(void *, curlsocktype,
    struct curl_sockaddr *);
static size_t take_reply(char *, size_t, size_t, void *);
static size_t take_header(char *, size_t, size_t, void *);

/* Of each webhook that may be sent to, the oldest that is due and that its
 * role still reads, unless one of its is on the way in a runner that lives. */
static const char claim[] =
    "WITH live AS MATERIALIZED (SELECT objid::bigint AS pid FROM pg_locks"
    " WHERE locktype = 'advisory' AND classid = " JOBS_LOCK " AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname ="
    " current_database()))"
    " UPDATE webhook_delivery d SET claimed_by = pg_backend_pid(),"
    " attempts = d.attempts + 1, tried_at = now()"
    " FROM webhook w JOIN webhook_state s ON s.webhook_id = w.id"
    " JOIN webhook_secret k ON k.webhook_id = w.id"
    " CROSS JOIN LATERAL (SELECT p.id FROM webhook_delivery p"
    " WHERE p.webhook_id = w.id AND p.state = 'pending'"
    " AND p.next_at <= now() AND (p.claimed_by IS NULL OR p.claimed_by NOT IN"
    " (SELECT pid FROM live)) AND role_reads(w.role, s.groups ->> p.entity)"
    " ORDER BY p.seq LIMIT 1"
    " FOR UPDATE SKIP LOCKED) due"
    " WHERE d.id = due.id AND w.active AND w.voided_at IS NULL"
    " AND (s.paused_until IS NULL OR s.paused_until <= now())"
    " AND NOT EXISTS (SELECT FROM webhook_delivery o"
    " WHERE o.webhook_id = w.id AND o.state = 'pending'"
    " AND o.claimed_by IN (SELECT pid FROM live))"
    " RETURNING d.id, w.id, w.url, d.entity, d.row_id, d.row_rev, d.change,"
    " to_char(d.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    " d.attempts, k.secret, CASE WHEN k.old_until > now() THEN"
    " k.old_secret END, s.paths ->> d.entity";
enum { C_ID, C_HOOK, C_URL, C_ENTITY, C_ROW, C_REV, C_CHANGE, C_AT,
	C_ATTEMPTS, C_SECRET, C_OLD, C_PATH };

bool
jobs_send_open(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (multi = curl_multi_init()) == NULL) {
		log_line(LOG_ERROR, "event=jobs reason=%s",
		    log_q("libcurl does not start"));
		return false;
	}
	return true;
}

void
jobs_send_claim(void)
{
	PGresult *r;

	if (busy == FLIGHTS_MAX)
		return;
	jobs_begin(&jobs_everything);
	r = jobs_ask(claim, 0, NULL);
	if (jobs_end() && r != NULL)
		for (int i = 0; i < PQntuples(r); i++)
			start(r, i);
	PQclear(r);
}

void
jobs_send_turn(int wait_ms)
{
	bool any = false;
	int running, left;
	CURLMsg *m;

	(void)curl_multi_perform(multi, &running);
	if (running > 0 || busy == 0)
		(void)curl_multi_poll(multi, NULL, 0, wait_ms, NULL);
	(void)curl_multi_perform(multi, &running);
	while ((m = curl_multi_info_read(multi, &left)) != NULL) {
		struct flight *f = NULL;

		for (size_t i = 0; i < FLIGHTS_MAX; i++)
			if (flights[i].curl == m->easy_handle)
				f = &flights[i];
		REQUIRE(f != NULL && m->msg == CURLMSG_DONE);
		done(f, m->data.result);
		any = true;
	}
	if (any)
		jobs_send_claim();
}

unsigned
jobs_send_busy(void)
{
	return busy;
}

void
jobs_send_close(void)
{
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		if (flights[i].curl != NULL)
			land(&flights[i]);
	curl_multi_cleanup(multi);
	curl_global_cleanup();
}

/* What does not find a place stays claimed by us until the next turn of the
 * webhook; there are as many places as are claimed at once, but for those. */
static void
start(const PGresult *r, int row)
{
	const char *url = jobs_text(r, row, C_URL), *wrong;
	struct flight *f = NULL;

	for (size_t i = 0; i < FLIGHTS_MAX && f == NULL; i++)
		if (flights[i].curl == NULL)
			f = &flights[i];
	if (f == NULL) {
		const char *id = jobs_text(r, row, C_ID);

		jobs_begin(&jobs_everything);
		PQclear(jobs_ask("UPDATE webhook_delivery SET claimed_by ="
		    " NULL, attempts = attempts - 1 WHERE id = $1::uuid", 1,
		    &id));
		(void)jobs_end();
		return;
	}
	memset(f, 0, sizeof *f);
	snprintf(f->delivery, sizeof f->delivery, "%s", jobs_text(r, row,
	    C_ID));
	snprintf(f->webhook, sizeof f->webhook, "%s", jobs_text(r, row,
	    C_HOOK));
	f->attempts = (int)strtol(jobs_text(r, row, C_ATTEMPTS), NULL, 10);
	buf_init(&f->body, 16384);
	f->curl = curl_easy_init();
	REQUIRE(f->curl != NULL);
	busy++;
	write_body(f, r, row);
	wrong = target_read(settings()->webhook_hosts, url, &f->target);
	if (wrong == NULL && !sign(f, r, row))
		wrong = "secret_unreadable";
	if (wrong == NULL && !post(f, url))
		wrong = "not_sent";
	if (wrong != NULL)
		refused(f, wrong);
}

/* Thin: what changed, not how. */
static void
write_body(struct flight *f, const PGresult *r, int row)
{
	const char *rev = jobs_text(r, row, C_REV);
	const char *path = jobs_text(r, row, C_PATH);
	struct buf *b = &f->body;

	buf_printf(b, "{\"type\":\"%s.%s\",\"timestamp\":\"%s\",\"data\":{",
	    jobs_text(r, row, C_ENTITY), jobs_text(r, row, C_CHANGE),
	    jobs_text(r, row, C_AT));
	buf_printf(b, "\"entity\":\"%s\",\"id\":\"%s\",\"change\":\"%s\"",
	    jobs_text(r, row, C_ENTITY), jobs_text(r, row, C_ROW),
	    jobs_text(r, row, C_CHANGE));
	if (rev != NULL && path != NULL)
		buf_printf(b, ",\"rev\":%s,\"href\":\"/v1/%s/%s\"", rev, path,
		    jobs_text(r, row, C_ROW));
	buf_str(b, "}}");
	REQUIRE(!b->over);
}

/* Both secrets sign while the old one counts. */
static bool
sign(struct flight *f, const PGresult *r, int row)
{
	unsigned char secret[WEBHOOK_SECRET];
	char stamp[24], line[256], mac[WEBHOOK_SIGNATURE];
	size_t n;

	snprintf(stamp, sizeof stamp, "%lld", (long long)time(NULL));
	n = (size_t)snprintf(line, sizeof line, "webhook-signature:");
	for (int col = C_SECRET; col <= C_OLD; col++) {
		const char *sealed = jobs_text(r, row, col);

		if (sealed == NULL)
			continue;
		if (!webhook_unseal(f->webhook, sealed, secret))
			return false;
		webhook_sign(secret, f->delivery, stamp, f->body.data,
		    f->body.len, mac);
		n += (size_t)snprintf(line + n, sizeof line - n, " %s", mac);
	}
	f->headers = curl_slist_append(NULL, line);
	snprintf(line, sizeof line, "webhook-id: %s", f->delivery);
	f->headers = curl_slist_append(f->headers, line);
	snprintf(line, sizeof line, "webhook-timestamp: %s", stamp);
	f->headers = curl_slist_append(f->headers, line);
	f->headers = curl_slist_append(f->headers,
	    "Content-Type: application/json");
	f->headers = curl_slist_append(f->headers, "Expect:");
	REQUIRE(f->headers != NULL);
	return true;
}

static bool
post(struct flight *f, const char *url)
{
	CURL *c = f->curl;
	bool good = true;

#define SET(option, value) \
	good = good && curl_easy_setopt(c, option, value) == CURLE_OK
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, f->target.tls ? "https" : "http");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, "taizhang-webhook/1");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (settings()->webhook_ca != NULL)
		SET(CURLOPT_CAINFO, settings()->webhook_ca);
	SET(CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	SET(CURLOPT_TIMEOUT, TOTAL_S);
	SET(CURLOPT_HTTPHEADER, f->headers);
	SET(CURLOPT_POSTFIELDSIZE, (long)f->body.len);
	SET(CURLOPT_POSTFIELDS, f->body.data);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, f);
	SET(CURLOPT_WRITEFUNCTION, take_reply);
	SET(CURLOPT_WRITEDATA, f);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, f);
#undef SET
	return good && curl_multi_add_handle(multi, c) == CURLM_OK;
}

static void
done(struct flight *f, CURLcode code)
{
	struct sent s = { .delivery = f->delivery, .webhook = f->webhook,
		.attempts = f->attempts, .retry_after_s = f->retry_after_s };

	(void)curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &s.status);
	if (f->blocked) {
		s.error = "address_not_allowed";
		s.alone = true;
	} else if (s.status >= 200 && s.status < 300) {
		/* It was taken, whatever else there was to say. */
		s.error = code == CURLE_OK || f->got > REPLY_MAX ? NULL
		    : curl_easy_strerror(code);
	} else if (s.status != 0) {
		s.error = s.status < 400 ? "redirects are not followed"
					 : "refused";
		s.alone = s.status < 500 && s.status != 408 &&
		    s.status != 429;
	} else {
		s.error = curl_easy_strerror(code);
	}
	jobs_result(&s);
	land(f);
}

static void
refused(struct flight *f, const char *code)
{
	const struct sent s = { .delivery = f->delivery,
		.webhook = f->webhook, .attempts = f->attempts,
		.error = code, .alone = true };

	jobs_result(&s);
	land(f);
}

static void
land(struct flight *f)
{
	(void)curl_multi_remove_handle(multi, f->curl);
	curl_easy_cleanup(f->curl);
	curl_slist_free_all(f->headers);
	buf_free(&f->body);
	f->curl = NULL;
	busy--;
}

/* The address that is really connected to, after every look-up. */
static curl_socket_t
open_socket(void *arg, curlsocktype use, struct curl_sockaddr *a)
{
	struct flight *f = arg;

	if (use != CURLSOCKTYPE_IPCXN || !target_address(&a->addr, a->addrlen,
	    f->target.local)) {
		f->blocked = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* Nobody reads it; too much of it ends the connection. */
static size_t
take_reply(char *data, size_t size, size_t n, void *arg)
{
	struct flight *f = arg;

	(void)data;
	f->got += size * n;
	return f->got > REPLY_MAX ? 0 : size * n;
}

static size_t
take_header(char *data, size_t size, size_t n, void *arg)
{
	static const char name[] = "retry-after:";
	struct flight *f = arg;
	char value[16];

	if (n > sizeof name && n < 64 && strncasecmp(data, name,
	    sizeof name - 1) == 0) {
		snprintf(value, sizeof value, "%.*s",
		    (int)(n - sizeof name + 1 < 15 ? n - sizeof name + 1 : 15),
		    data + sizeof name - 1);
		f->retry_after_s = strtol(value, NULL, 10);
	}
	return size * n;
}
