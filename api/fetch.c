/* One question to another server, asked on a worker's thread: it waits. */
#include "fetch.h"

#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/err.h"
#include "settings.h"

#define CONNECT_MS 2000L
#define TOTAL_MS 5000L
#define BODY_MAX (256u << 10)

static bool set_up(CURL *, struct fetch *);
static size_t take(char *, size_t, size_t, void *);

void
fetch_init(void)
{
	REQUIRE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

bool
fetch_allowed(const char *url)
{
	static const char *const local[] = { "http://127.0.0.1",
		"http://localhost", "http://[::1]" };

	if (strncasecmp(url, "https://", 8) == 0)
		return strpbrk(url + 8, "@ \\") == NULL;
	for (size_t i = 0; i < COUNT(local); i++) {
		size_t n = strlen(local[i]);

		if (strncasecmp(url, local[i], n) == 0 &&
		    (url[n] == '\0' || url[n] == ':' || url[n] == '/'))
			return strpbrk(url, "@ \\") == NULL;
	}
	return false;
}

const char *
fetch(struct fetch *f)
{
	CURL *c = curl_easy_init();
	CURLcode code = CURLE_FAILED_INIT;

	REQUIRE(c != NULL);
	f->status = 0;
	buf_init(&f->body, BODY_MAX);
	if (set_up(c, f))
		code = curl_easy_perform(c);
	if (code == CURLE_OK)
		(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &f->status);
	curl_easy_cleanup(c);
	if (code != CURLE_OK)
		return curl_easy_strerror(code);
	return (f->status >= 200 && f->status < 300) ||
	    (f->status >= 400 && f->status < 500) ? NULL
	    : "it answers neither yes nor no";
}

static bool
set_up(CURL *c, struct fetch *f)
{
	bool good = fetch_allowed(f->url);

#define SET(option, value) \
	good = good && curl_easy_setopt(c, option, value) == CURLE_OK
	SET(CURLOPT_URL, f->url);
	SET(CURLOPT_PROTOCOLS_STR, strncasecmp(f->url, "https", 5) == 0
	    ? "https" : "http");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, "taizhang-login/1");
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (settings()->login_ca != NULL)
		SET(CURLOPT_CAINFO, settings()->login_ca);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	SET(CURLOPT_TIMEOUT_MS, TOTAL_MS);
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, &f->body);
	if (f->form != NULL)
		SET(CURLOPT_POSTFIELDS, f->form);
	if (f->basic != NULL) {
		SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		SET(CURLOPT_USERPWD, f->basic);
	}
#undef SET
	return good;
}

static size_t
take(char *data, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_add(b, data, size * n);
	return b->over ? 0 : size * n;
}

void
form_add(struct buf *b, const char *name, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	if (b->len > 0 && b->data[b->len - 1] != '?')
		buf_char(b, '&');
	buf_printf(b, "%s=", name);
	for (const unsigned char *p = (const unsigned char *)value;
	     *p != '\0'; p++) {
		if (strchr(plain, *p) != NULL)
			buf_char(b, (char)*p);
		else
			buf_printf(b, "%%%02X", *p);
	}
}
