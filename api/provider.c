/* Servers that know who somebody is: WeChat, and any by OpenID Connect. */
#include "provider.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "fetch.h"
#include "settings.h"

#define CODE_MAX 2048
#define KEPT_MAX 64

/* Owned by the thread until it is done: the request may be gone by then. */
struct work {
	enum provider provider;
	bool endpoint; /* only where to send the browser */
	char code[CODE_MAX], verifier[KEPT_MAX], nonce[KEPT_MAX];
	struct told_by told, *out;
};

static const char *const names[] = { [WECHAT] = "wechat", [OIDC] = "oidc" };

static enum next start(struct request *, struct work *);
static void ask(void *);
static void asked(struct request *, void *);
static const char *wechat(const char *code, char *subject, bool *down);

const char *
provider_name(enum provider p)
{
	return names[p];
}

enum provider
provider_find(const char *name)
{
	size_t i = 0;

	while (i < COUNT(names) && strcmp(names[i], name) != 0)
		i++;
	return (enum provider)i;
}

bool
provider_on(enum provider p)
{
	return (p == WECHAT && settings()->wechat != NULL) ||
	    (p == OIDC && settings()->oidc != NULL);
}

enum next
provider_ask(struct request *r, enum provider p, const char *code,
    const char *verifier, const char *nonce, struct told_by *out)
{
	struct work *w = calloc(1, sizeof *w);

	REQUIRE(w != NULL);
	w->provider = p;
	w->out = out;
	(void)snprintf(w->code, sizeof w->code, "%s", code);
	(void)snprintf(w->verifier, sizeof w->verifier, "%s", verifier);
	(void)snprintf(w->nonce, sizeof w->nonce, "%s", nonce);
	return start(r, w);
}

enum next
provider_endpoint(struct request *r, struct told_by *out)
{
	struct work *w = calloc(1, sizeof *w);

	REQUIRE(w != NULL);
	w->provider = OIDC;
	w->endpoint = true;
	w->out = out;
	return start(r, w);
}

static enum next
start(struct request *r, struct work *w)
{
	if (request_offload_ask(r, ask, asked, w))
		return NEXT_WAIT;
	asked(NULL, w);
	return fail(r, E_BUSY, NULL, NULL, NULL);
}

static void
ask(void *arg)
{
	struct work *w = arg;
	struct told_by *t = &w->told;

	if (w->endpoint)
		t->why = oidc_endpoint(t->endpoint, &t->down);
	else if (w->provider == OIDC)
		t->why = oidc_exchange(w->code, w->verifier, w->nonce,
		    t->subject, &t->down);
	else
		t->why = wechat(w->code, t->subject, &t->down);
}

static void
asked(struct request *r, void *arg)
{
	struct work *w = arg;

	if (r != NULL) {
		*w->out = w->told;
		if (w->told.why != NULL)
			log_line(LOG_WARN, "event=provider provider=%s "
			    "request=%s reason=%s", names[w->provider], r->id,
			    log_q(w->told.why));
	}
	sodium_memzero(w, sizeof *w);
	free(w);
}

/* auth.code2Session: {"openid": …} or {"errcode": …, "errmsg": …}. */
static const char *
wechat(const char *code, char *subject, bool *down)
{
	const struct credential *c = credential("wechat");
	struct buf url;
	struct fetch f = { 0 };
	const char *why, *openid;
	json_t *said = NULL;

	buf_init(&url, 8192);
	buf_printf(&url, "%s?", settings()->wechat);
	form_add(&url, "appid", c->id);
	form_add(&url, "secret", c->secret);
	form_add(&url, "js_code", code);
	form_add(&url, "grant_type", "authorization_code");
	f.url = url.data;
	why = fetch(&f);
	if (why == NULL && (said = json_loadb(f.body.data != NULL ?
	    f.body.data : "", f.body.len, 0, NULL)) == NULL)
		why = "its answer is no JSON";
	*down = why != NULL;
	openid = json_string_value(json_object_get(said, "openid"));
	if (why == NULL && json_integer_value(json_object_get(said,
	    "errcode")) != 0)
		why = "it refuses the code";
	else if (why == NULL && (openid == NULL || *openid == '\0' ||
	    strlen(openid) >= SUBJECT_MAX))
		why = "its answer names nobody";
	if (why == NULL)
		(void)snprintf(subject, SUBJECT_MAX, "%s", openid);
	json_decref(said);
	sodium_memzero(url.data, url.len);
	buf_free(&url);
	buf_free(&f.body);
	return why;
}
