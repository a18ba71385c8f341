/*
 * What every way of signing in has in common once it knows the person:
 * lock-out, second factor, the grant that the session acts under.
 */
#ifndef API_LOGIN_H
#define API_LOGIN_H

#include <stdint.h>

#include "base/uid.h"
#include "request.h"

struct login {
	int phase;		/* the way's own */
	const char *method;	/* password, wechat, oidc */
	const char *name;	/* as typed; that of the account once found */
	const char *password, *totp, *role, *grant; /* of the body */
	const char *keys[2];	/* of login_failure: account, address */
	const char *user, *hash, *division;
	const char *sealed;	/* the second factor's secret, if there is one */
	int64_t last;		/* its last step that was used */
	bool proven;		/* the first factor was right */
	bool second_wrong;
	const char *step;	/* of the second factor, or … */
	const char *recovery;	/* … the digest of a recovery code */
	const struct rows *rows; /* of the session */
	char token[BEARER_MAX];
	char id[UUID_LEN + 1];
};

/* Statements; before the workers connect. */
void login_init(void);

/* The members that every way takes, from the body, with faults for what is
 * not one of them (more: the way's own, NULL-ended). */
void login_body(struct request *, struct login *, const json_t *body,
    const char *const *more);
/* Opens the batch: row 0 the person by login, or by what a provider calls
 * him; row 1 the locks. */
void login_ask(struct request *, struct login *);
void login_ask_identity(struct request *, struct login *,
    const char *provider, const char *subject);
/* Reads both; false after fail() when it is locked. */
bool login_found(struct request *, struct login *);
/* Plans the session, or the count of failures; NEXT_FAIL when the second
 * factor is not given. */
enum next login_open(struct request *, struct login *);
/* Until it answers: notes in the log what came of it first, and both are one
 * transaction. */
enum next login_answer(struct request *, struct login *);

/* For who is signed in and proves himself once more: row n the locks of his
 * account; true after fail() when it is locked; a failure counted. */
void lock_ask(struct request *, const char *account);
bool locked(struct request *, const struct rows *);
void lock_count(struct request *, const char *account);

/* What the session must do before anything else (principal.must). */
enum { MUST_PASSWORD = 1, MUST_TOTP = 2 };
void must_write(struct buf *, unsigned must);
/* Whether who signs in with this role needs a second factor. */
bool second_needed(const char *role);

#endif
