/* Passwords as they are stored: argon2id, 64 MiB, 3 passes. Pure. */
#ifndef API_PWHASH_H
#define API_PWHASH_H

#include <stdbool.h>

#define PWHASH_LEN 128	    /* of a hash, with its end */
#define PWHASH_PLAIN_MAX 200 /* bytes of a password */

/* Takes a sixth of a second and 64 MiB; false when there is no memory. */
bool pwhash(const char *plain, char out[PWHASH_LEN]);
/* NULL if good enough for this login (NULL: not known yet), else why not. */
const char *password_weak(const char *plain, const char *login);

#endif
