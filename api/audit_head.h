/*
 * A signed head of the log: one line of text, which is what is signed, linked,
 * stored and given to witnesses. Ed25519 now; `alg` leaves room for SM2.
 *
 *	taizhang-audit-head 1 seq=7 size=1234 sha256=<64 hex> sm3=<64 hex>
 *	at=<µs since 1970> prev=<SHA-256 of the line before, hex; zeros for
 *	the first> alg=ed25519 key=<64 hex> sig=<128 hex>
 */
#ifndef API_AUDIT_HEAD_H
#define API_AUDIT_HEAD_H

#include "merkle.h"

#define HEAD_LINE 700
#define HEAD_MARK "taizhang-audit-head 1 "
#define HEAD_SEED 32 /* bytes of the secret "audit" */

struct head {
	uint64_t seq, size;
	int64_t at_us;
	char sha256[HASH_HEX], sm3[HASH_HEX], prev[HASH_HEX], key[HASH_HEX];
};

/* The line, signed; fills in the key. */
void head_sign(struct head *, const unsigned char seed[HEAD_SEED],
    char line[HEAD_LINE]);
/* The head that begins at the text, and whether its own key signed it; what
 * follows the signature is not looked at. */
enum head_read { HEAD_GOOD, HEAD_FORGED, HEAD_NONE };
enum head_read head_read(const char *text, struct head *,
    char line[HEAD_LINE]);
/* For prev of the next one. */
void head_digest(const char *line, char out[HASH_HEX]);
void head_key(const unsigned char seed[HEAD_SEED], char out[HASH_HEX]);

#endif
