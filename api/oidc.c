/* OpenID Connect (core 1.0, discovery 1.0, PKCE): what runs on the thread. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "fetch.h"
#include "jwt.h"
#include "provider.h"
#include "settings.h"

static json_t *get(const char *url, const char **why);
static json_t *discover(const char **why);
static const char *endpoint(const json_t *doc, const char *name);
static json_t *token(const json_t *doc, const char *code,
    const char *verifier, const char **why, bool *down);
static const char *read_token(const json_t *doc, const json_t *said,
    const char *nonce, char *subject, bool *down);

const char *
oidc_endpoint(char out[ENDPOINT_MAX], bool *down)
{
	const char *why, *url;
	json_t *doc = discover(&why);

	*down = true;
	if (doc == NULL)
		return why;
	url = endpoint(doc, "authorization_endpoint");
	if (url == NULL || strlen(url) >= ENDPOINT_MAX)
		why = "its document names no authorization endpoint";
	else
		(void)snprintf(out, ENDPOINT_MAX, "%s", url);
	*down = why != NULL;
	json_decref(doc);
	return why;
}

const char *
oidc_exchange(const char *code, const char *verifier, const char *nonce,
    char subject[SUBJECT_MAX], bool *down)
{
	const char *why;
	json_t *doc = discover(&why), *said;

	*down = true;
	if (doc == NULL)
		return why;
	said = token(doc, code, verifier, &why, down);
	if (said != NULL)
		why = read_token(doc, said, nonce, subject, down);
	json_decref(said);
	json_decref(doc);
	return why;
}

/* What it says of itself must be of itself: OIDC discovery 4.3. */
static json_t *
discover(const char **why)
{
	const char *issuer = settings()->oidc, *own;
	struct buf url;
	json_t *doc;

	buf_init(&url, 2048);
	buf_printf(&url, "%.*s/.well-known/openid-configuration",
	    (int)(strlen(issuer) - (issuer[strlen(issuer) - 1] == '/')),
	    issuer);
	doc = get(url.data, why);
	buf_free(&url);
	own = json_string_value(json_object_get(doc, "issuer"));
	if (doc == NULL || (own != NULL && strcmp(own, issuer) == 0))
		return doc;
	*why = "its document is another issuer's";
	json_decref(doc);
	return NULL;
}

static json_t *
token(const json_t *doc, const char *code, const char *verifier,
    const char **why, bool *down)
{
	const struct credential *c = credential("oidc");
	struct fetch f = { .url = endpoint(doc, "token_endpoint") };
	char basic[sizeof *c];
	json_t *said = NULL;
	struct buf form;

	*why = "its document names no token endpoint";
	if (f.url == NULL)
		return NULL;
	buf_init(&form, 16384);
	form_add(&form, "grant_type", "authorization_code");
	form_add(&form, "code", code);
	form_add(&form, "redirect_uri", settings()->oidc_redirect);
	form_add(&form, "client_id", c->id);
	form_add(&form, "code_verifier", verifier);
	(void)snprintf(basic, sizeof basic, "%s:%s", c->id, c->secret);
	f.form = form.data;
	f.basic = basic;
	*why = fetch(&f);
	*down = *why != NULL || f.status < 300;
	if (*why == NULL && f.status >= 300)
		*why = "it refuses the code";
	if (*why == NULL && (said = json_loadb(f.body.data != NULL ?
	    f.body.data : "", f.body.len, 0, NULL)) == NULL)
		*why = "its answer is no JSON";
	sodium_memzero(basic, sizeof basic);
	buf_free(&form);
	buf_free(&f.body);
	return said;
}

static const char *
read_token(const json_t *doc, const json_t *said, const char *nonce,
    char *subject, bool *down)
{
	const char *id = json_string_value(json_object_get(said, "id_token"));
	const char *url = endpoint(doc, "jwks_uri"), *why;
	json_t *keys, *claims;

	*down = false;
	if (id == NULL)
		return "its answer has no id_token";
	if (url == NULL)
		return "its document names no keys";
	keys = get(url, &why);
	*down = keys == NULL;
	if (keys == NULL)
		return why;
	claims = jwt_open(id, keys, &why);
	if (claims != NULL)
		why = jwt_wrong(claims, settings()->oidc,
		    credential("oidc")->id, nonce, time(NULL));
	if (why == NULL)
		(void)snprintf(subject, SUBJECT_MAX, "%s",
		    json_string_value(json_object_get(claims, "sub")));
	json_decref(claims);
	json_decref(keys);
	return why;
}

static json_t *
get(const char *url, const char **why)
{
	struct fetch f = { .url = url };
	json_t *v = NULL;

	*why = fetch(&f);
	if (*why == NULL && f.status >= 300)
		*why = "it has no such document";
	if (*why == NULL && (v = json_loadb(f.body.data != NULL ? f.body.data
	    : "", f.body.len, JSON_REJECT_DUPLICATES, NULL)) == NULL)
		*why = "its document is no JSON";
	buf_free(&f.body);
	return v;
}

static const char *
endpoint(const json_t *doc, const char *name)
{
	const char *url = json_string_value(json_object_get(doc, name));

	return url != NULL && fetch_allowed(url) ? url : NULL;
}
