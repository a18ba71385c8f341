/* Signed identity tokens (RFC 7515, 7517, 7519; OpenID Connect core 3.1.3.7):
 * RS256 and ES256 and nothing else. Pure. */
#ifndef API_JWT_H
#define API_JWT_H

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

#define JWT_MAX 16384

/* The claims of a token that one of the keys has signed, to be released; NULL
 * with the reason. keys: the JWK set. */
json_t *jwt_open(const char *token, const json_t *keys, const char **why);

/* NULL, or what is wrong with the claims. */
const char *jwt_wrong(const json_t *claims, const char *issuer,
    const char *audience, const char *nonce, time_t now);

#endif
