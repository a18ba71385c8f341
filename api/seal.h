/* Short secrets as the database keeps them: sealed with a key of the secrets
 * folder, bound to whose they are. */
#ifndef API_SEAL_H
#define API_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#define SEAL_MORE (24 + 16) /* a sealed secret is longer by its nonce, mac */
#define SEAL_HEX(n) (2 + 2 * ((n) + SEAL_MORE) + 1) /* \x… for bytea */
#define SEAL_MAX 64 /* bytes of a secret */

/* With the key of that name; out has SEAL_HEX(n) bytes. */
void seal(const char *key, const char *owner, const unsigned char *secret,
    size_t n, char *out);
/* False when it was changed, is not n bytes, or is another owner's. */
bool unseal(const char *key, const char *owner, const char *hex,
    unsigned char *out, size_t n);

/* A keyed digest, hex, of what a person types: 64 characters and NUL. */
void seal_digest(const char *key, const char *owner, const char *text,
    char out[65]);

#endif
