/* What the modules about identities share: auth.c, session.c, admin.c. */
#ifndef API_IDENTITY_H
#define API_IDENTITY_H

#include "pwhash.h"
#include "request.h"

void auth_init(void);	 /* statements and hooks */
void session_init(void); /* statements and routes; with them those of … */
void sessions_init(void);
void view_init(void);
void me_init(void);
void outside_init(void);
void passes_init(void);

/* SHA-256 (hex) of the request's bearer token; NULL if there is none. */
const char *auth_token_hash(struct request *);

/* The server's own reach in the caller's name: for what is his by his id, in
 * whichever division he acts. */
const struct scope *scope_own(struct request *);

/*
 * Passwords: argon2id, 64 MiB, 3 passes, on a worker's thread. Both park the
 * request and call it again when done; *out or *ok are then set. NEXT_FAIL
 * (busy) when too many are under way. out has PASSWORD_HASH bytes.
 */
#define PASSWORD_HASH PWHASH_LEN
void password_init(void); /* before the workers are made */
enum next password_hash(struct request *, const char *plain, char *out);
enum next password_verify(struct request *, const char *plain,
    const char *hash, bool *ok);
/* What an unknown user is verified against, so that it takes as long. */
const char *password_nobody(void);

#endif
