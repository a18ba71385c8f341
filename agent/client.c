/* Requests to the sync API by libcurl, with patience. */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/secret.h"
#include "base/uid.h"
#include "conf.h"
#include "state.h"

#define REPLY_MAX (64u << 20)
#define CONNECT_TIMEOUT_S 10L
#define CALL_TIMEOUT_S 120L
#define BACKOFF_MAX_MS (5 * 60 * 1000)
#define RETRY_AFTER_MAX_S 3600

struct client {
	char *api;
	char authorization[BEARER_MAX + 32];
	CURL *easy, *poll;
	bool polling;
	struct buf in, poll_in;
	long status;
	char code[64], problem[512], said[1024];
	unsigned failures;
	int64_t retry_at_ms;
};

static bool token_read(const char *, char *, size_t, char *, size_t);
static bool key_private(const char *, char *, size_t);
static CURL *handle_new(const struct conf *, struct buf *);
static const volatile sig_atomic_t *heed;

static int still_wanted(void *, curl_off_t, curl_off_t, curl_off_t,
    curl_off_t);
static size_t take(char *, size_t, size_t, void *);
static enum err verdict(struct client *, CURL *, CURLcode, struct buf *,
    json_t **);
static void problem_note(struct client *, const json_t *);
static void said_note(struct client *, const char *detail,
    const json_t *faults);
static void circuit_open(struct client *, CURL *);
static struct curl_slist *headers_of(const struct client *,
    const struct ask *);

bool
client_start(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void
client_stop(void)
{
	curl_global_cleanup();
}

void
client_heed(const volatile sig_atomic_t *stop)
{
	heed = stop;
}

static int
still_wanted(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
    curl_off_t d)
{
	(void)arg, (void)a, (void)b, (void)c, (void)d;
	return heed && *heed;
}

struct client *
client_new(const struct conf *conf, const char *token_file, char *why,
    size_t why_size)
{
	char token[BEARER_MAX + 2];
	if (conf->key_file && !key_private(conf->key_file, why, why_size))
		return NULL;
	if (!token_read(token_file, token, sizeof token, why, why_size))
		return NULL;
	struct client *c = calloc(1, sizeof *c);
	REQUIRE(c);
	c->api = strdup(conf->api);
	REQUIRE(c->api);
	snprintf(c->authorization, sizeof c->authorization,
	    "Authorization: Bearer %s", token);
	explicit_bzero(token, sizeof token);
	buf_init(&c->in, REPLY_MAX);
	buf_init(&c->poll_in, REPLY_MAX);
	c->easy = handle_new(conf, &c->in);
	c->poll = handle_new(conf, &c->poll_in);
	return c;
}

void
client_free(struct client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->easy);
	curl_easy_cleanup(c->poll);
	buf_free(&c->in);
	buf_free(&c->poll_in);
	explicit_bzero(c->authorization, sizeof c->authorization);
	free(c->api);
	free(c);
}

static bool
token_read(const char *path, char *token, size_t size, char *why,
    size_t why_size)
{
	size_t n;
	const char *bad = secret_file(path, token, size, &n);
	if (bad) {
		snprintf(why, why_size, "%s: %s", path, bad);
		return false;
	}
	token[strcspn(token, " \t\r\n")] = '\0';
	if (!bearer_ok(token)) {
		snprintf(why, why_size, "%s: holds no token", path);
		return false;
	}
	return true;
}

/* A key that others can read is nobody's. */
static bool
key_private(const char *path, char *why, size_t why_size)
{
	struct stat st;
	if (stat(path, &st) < 0)
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
	else if (st.st_mode & 077)
		snprintf(why, why_size, "%s: others can read it, chmod 0600",
		    path);
	else
		return true;
	return false;
}

static CURL *
handle_new(const struct conf *conf, struct buf *in)
{
	CURL *h = curl_easy_init();
	REQUIRE(h);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "taizhang-agent");
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, in);
	curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, still_wanted);
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (conf->ca_file)
		curl_easy_setopt(h, CURLOPT_CAINFO, conf->ca_file);
	if (conf->cert_file) {
		curl_easy_setopt(h, CURLOPT_SSLCERT, conf->cert_file);
		curl_easy_setopt(h, CURLOPT_SSLKEY, conf->key_file);
	}
	return h;
}

static size_t
take(char *data, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;
	buf_add(b, data, size * n);
	return b->over ? 0 : size * n;
}

enum err
client_call(struct client *c, const struct ask *ask, json_t **out)
{
	char url[2048];
	json_t *reply = NULL;
	if (out)
		*out = NULL;
	if (client_retry_ms(c) > 0)
		return E_BUSY;
	int n = snprintf(url, sizeof url, "%s%s", c->api, ask->path);
	REQUIRE(n > 0 && (size_t)n < sizeof url);
	struct curl_slist *headers = headers_of(c, ask);
	buf_reset(&c->in);
	curl_easy_setopt(c->easy, CURLOPT_URL, url);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, ask->method);
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT, CALL_TIMEOUT_S);
	if (ask->body) {
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)strlen(ask->body));
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, ask->body);
	} else {
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	}
	CURLcode rc = curl_easy_perform(c->easy);
	enum err e = verdict(c, c->easy, rc, &c->in, &reply);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (out && e == OK)
		*out = reply;
	else
		json_decref(reply);
	return e;
}

static struct curl_slist *
headers_of(const struct client *c, const struct ask *ask)
{
	char line[256];
	struct curl_slist *h = curl_slist_append(NULL, c->authorization);
	h = curl_slist_append(h, "Accept: application/json");
	h = curl_slist_append(h, "Expect:");
	if (ask->body)
		h = curl_slist_append(h, "Content-Type: application/json");
	if (ask->idempotency) {
		snprintf(line, sizeof line, "Idempotency-Key: %s",
		    ask->idempotency);
		h = curl_slist_append(h, line);
	}
	if (ask->if_match >= 0) {
		snprintf(line, sizeof line, "If-Match: \"%lld\"",
		    (long long)ask->if_match);
		h = curl_slist_append(h, line);
	}
	REQUIRE(h);
	return h;
}

/* What a finished transfer means; opens or closes the circuit. */
static enum err
verdict(struct client *c, CURL *h, CURLcode rc, struct buf *in, json_t **out)
{
	c->status = 0;
	c->code[0] = '\0';
	snprintf(c->said, sizeof c->said, "系统暂时没有应答");
	if (rc != CURLE_OK) {
		snprintf(c->problem, sizeof c->problem, "%s",
		    curl_easy_strerror(rc));
		circuit_open(c, h);
		return E_BUSY;
	}
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &c->status);
	if (in->len > 0)
		*out = json_loadb(in->data, in->len, JSON_REJECT_DUPLICATES,
		    NULL);
	if (c->status >= 200 && c->status < 300) {
		if (in->len == 0 || *out) {
			c->failures = 0;
			return OK;
		}
		snprintf(c->problem, sizeof c->problem, "reply is not JSON");
		circuit_open(c, h);
		return E_BUSY;
	}
	problem_note(c, *out);
	switch (c->status) {
	case 401:
		circuit_open(c, h); /* a new token may be put in place */
		return E_IDENTITY;
	case 403:
		return E_DENIED;
	case 404:
	case 410:
		return E_UNKNOWN;
	case 412:
		return E_STALE;
	case 413:
		return E_LIMIT;
	case 422:
		return strcmp(c->code, "idempotency_mismatch") == 0
		    ? E_CONFLICT : E_INPUT;
	case 409: /* another request is at work, or it is decided already */
		if (strcmp(c->code, "not_open") == 0)
			return E_STATE;
		circuit_open(c, h);
		return E_BUSY;
	case 408:
	case 425:
	case 429:
		circuit_open(c, h);
		return E_BUSY;
	default:
		break;
	}
	if (c->status >= 400 && c->status < 500)
		return E_INPUT;
	circuit_open(c, h);
	return E_BUSY;
}

static void
problem_note(struct client *c, const json_t *p)
{
	const char *code = json_string_value(json_object_get(p, "code"));
	const char *detail = json_string_value(json_object_get(p, "detail"));
	if (!detail)
		detail = json_string_value(json_object_get(p, "title"));
	snprintf(c->code, sizeof c->code, "%s", code ? code : "");
	snprintf(c->problem, sizeof c->problem, "HTTP %ld %s", c->status,
	    detail ? detail : "");
	if (detail)
		said_note(c, detail, json_object_get(p, "faults"));
}

static void
said_note(struct client *c, const char *detail, const json_t *faults)
{
	const json_t *fault;
	size_t i;
	struct buf b;
	buf_init(&b, sizeof c->said);
	buf_str(&b, detail);
	json_array_foreach(faults, i, fault) {
		const char *zh = json_string_value(json_object_get(fault,
		    "zh"));
		size_t room = sizeof c->said - b.len;
		if (!zh || strlen(zh) + strlen("；") >= room)
			break; /* whole sentences only */
		buf_str(&b, i == 0 ? "：" : "；");
		buf_str(&b, zh);
	}
	snprintf(c->said, sizeof c->said, "%s", b.over ? detail : b.data);
	buf_free(&b);
}

static void
circuit_open(struct client *c, CURL *h)
{
	uint32_t dice = 0;
	curl_off_t after = 0;
	if (getrandom(&dice, sizeof dice, 0) != sizeof dice)
		dice = (uint32_t)clock_ms();
	curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &after);
	if (after > RETRY_AFTER_MAX_S)
		after = RETRY_AFTER_MAX_S;
	c->failures++;
	c->retry_at_ms = clock_ms() + backoff_ms(c->failures, (long)after,
	    dice);
}

int64_t
backoff_ms(unsigned failures, long retry_after_s, uint32_t dice)
{
	int64_t top = BACKOFF_MAX_MS;
	if (failures < 10 && (INT64_C(1000) << (failures - (failures > 0))) <
	    top)
		top = INT64_C(1000) << (failures - (failures > 0));
	int64_t wait = 1 + (int64_t)((uint64_t)dice * (uint64_t)top >> 32);
	int64_t asked = (int64_t)retry_after_s * 1000;
	/* Everybody was told the same time: spread beyond it. */
	return asked > 0 ? asked + wait : wait;
}

int64_t
client_retry_ms(const struct client *c)
{
	if (c->failures == 0)
		return 0;
	int64_t wait = c->retry_at_ms - clock_ms();
	return wait > 0 ? wait : 0;
}

void
client_hurry(struct client *c)
{
	c->retry_at_ms = 0;
}

const char *
client_body(const struct client *c)
{
	return c->in.data ? c->in.data : "";
}

const char *
client_problem(const struct client *c)
{
	return c->problem;
}

const char *
client_said(const struct client *c)
{
	return c->said;
}

const char *
client_code(const struct client *c)
{
	return c->code;
}

long
client_status(const struct client *c)
{
	return c->status;
}

bool
client_poll_start(struct client *c, CURLM *multi, const char *cursor,
    unsigned wait_s)
{
	char url[2048];
	struct curl_slist *headers;
	if (c->polling || client_retry_ms(c) > 0)
		return false;
	char *safe = curl_easy_escape(c->poll, cursor ? cursor : "", 0);
	REQUIRE(safe);
	int n = snprintf(url, sizeof url,
	    "%s/v1/sync/ledgers?after=%s&wait=%u", c->api, safe, wait_s);
	curl_free(safe);
	if (n < 0 || (size_t)n >= sizeof url)
		return false;
	headers = curl_slist_append(NULL, c->authorization);
	REQUIRE(headers);
	buf_reset(&c->poll_in);
	curl_easy_setopt(c->poll, CURLOPT_URL, url);
	curl_easy_setopt(c->poll, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->poll, CURLOPT_PRIVATE, headers);
	curl_easy_setopt(c->poll, CURLOPT_TIMEOUT, (long)wait_s + 30L);
	c->polling = curl_multi_add_handle(multi, c->poll) == CURLM_OK;
	if (!c->polling)
		curl_slist_free_all(headers);
	return c->polling;
}

bool
client_polling(const struct client *c)
{
	return c->polling;
}

bool
client_poll_done(struct client *c, CURLM *multi, CURL *easy, CURLcode rc,
    json_t **out)
{
	struct curl_slist *headers = NULL;
	json_t *reply = NULL;
	*out = NULL;
	if (easy != c->poll)
		return false;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &headers);
	curl_multi_remove_handle(multi, easy);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	c->polling = false;
	if (verdict(c, easy, rc, &c->poll_in, &reply) == OK)
		*out = reply;
	else
		json_decref(reply);
	return true;
}
