/* Servers that know who somebody is: WeChat for its mini-programs, and an
 * OpenID Connect server. Asked on threads that may wait. */
#ifndef API_PROVIDER_H
#define API_PROVIDER_H

#include "request.h"

#define SUBJECT_MAX 256
#define ENDPOINT_MAX 1024

enum provider { WECHAT, OIDC, PROVIDER__MAX };

/* What came of it; lives in the request's arena. */
struct told_by {
	const char *why; /* NULL = good; else for the log */
	bool down;	 /* it gave no answer, neither yes nor no */
	char subject[SUBJECT_MAX];   /* who it is, there */
	char endpoint[ENDPOINT_MAX]; /* of provider_endpoint() */
};

const char *provider_name(enum provider);
/* PROVIDER__MAX: there is none of that name. */
enum provider provider_find(const char *name);
bool provider_on(enum provider); /* the installation names one */

/* Exchanges the code for who it was given to. Of OIDC, verifier and nonce are
 * what was kept with the state. NEXT_WAIT, or NEXT_FAIL when busy. */
enum next provider_ask(struct request *, enum provider, const char *code,
    const char *verifier, const char *nonce, struct told_by *out);
/* Where a browser is sent to (OIDC). */
enum next provider_endpoint(struct request *, struct told_by *out);

/* oidc.c, on the thread: NULL, or what is wrong. */
const char *oidc_endpoint(char out[ENDPOINT_MAX], bool *down);
const char *oidc_exchange(const char *code, const char *verifier,
    const char *nonce, char subject[SUBJECT_MAX], bool *down);

#endif
