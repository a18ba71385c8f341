/* Identifiers: UUIDv7 in text and 26-character form, tokens, digests. */
#ifndef BASE_UID_H
#define BASE_UID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_LEN 36   /* 0190c8a0-… */
#define UID_LEN 26    /* Crockford base 32, sortable as the UUID is */
#define SHA_HEX_LEN 64
#define ROW_TOKEN_MAX 64 /* uid.rev.mac */

void uuid_new(char out[UUID_LEN + 1]);
bool uuid_ok(const char *);		/* canonical lower-case text form */
bool uuid_to_uid(const char *uuid, char out[UID_LEN + 1]);
bool uid_to_uuid(const char *uid, char out[UUID_LEN + 1]);

void sha256_hex(const void *, size_t, char out[SHA_HEX_LEN + 1]);

/*
 * The hidden cell of a ledger row (sync-and-security.md 1.0): uid.rev.mac,
 * mac = 40 bits of HMAC-SHA256 over "ledger|uid|rev", Crockford base 32.
 */
void row_token(const unsigned char key[32], const char *ledger_uuid,
    const char *row_uuid, long rev, char out[ROW_TOKEN_MAX]);
/* False unless well formed; the mac is checked by the server only. */
bool row_token_split(const char *token, char uuid[UUID_LEN + 1], long *rev);

/*
 * Bearer tokens: prefix + 32 random bytes in base 62 + 6 characters of
 * CRC-32, so that a scanner can tell one from noise ("tz_u_", "tz_a_").
 */
#define BEARER_MAX 80
void bearer_new(const char *prefix, char out[BEARER_MAX]);
bool bearer_ok(const char *);

#endif
