/* Signed heads of the log; pure. */
#include "audit_head.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/err.h"
#include "base/uid.h"

_Static_assert(HEAD_SEED == crypto_sign_SEEDBYTES, "length of a seed");

static int body(const struct head *, char out[HEAD_LINE]);

void
head_sign(struct head *h, const unsigned char seed[HEAD_SEED],
    char line[HEAD_LINE])
{
	unsigned char pk[crypto_sign_PUBLICKEYBYTES];
	unsigned char sk[crypto_sign_SECRETKEYBYTES];
	unsigned char sig[crypto_sign_BYTES];
	int n;

	(void)crypto_sign_seed_keypair(pk, sk, seed);
	hash_hex(pk, h->key);
	n = body(h, line);
	(void)crypto_sign_detached(sig, NULL, (unsigned char *)line,
	    (unsigned)n, sk);
	sodium_memzero(sk, sizeof sk);
	n += snprintf(line + n, HEAD_LINE - (size_t)n, " sig=");
	sodium_bin2hex(line + n, HEAD_LINE - (size_t)n, sig, sizeof sig);
}

enum head_read
head_read(const char *text, struct head *h, char line[HEAD_LINE])
{
	unsigned char pk[crypto_sign_PUBLICKEYBYTES], sig[crypto_sign_BYTES];
	char hex[2 * crypto_sign_BYTES + 1];
	unsigned long long seq, size;
	long long at;
	int n, end = 0;

	memset(h, 0, sizeof *h);
	if (sscanf(text, HEAD_MARK "seq=%20llu size=%20llu sha256=%64[0-9a-f]"
	    " sm3=%64[0-9a-f] at=%20lld prev=%64[0-9a-f] alg=ed25519"
	    " key=%64[0-9a-f] sig=%128[0-9a-f]%n", &seq, &size, h->sha256,
	    h->sm3, &at, h->prev, h->key, hex, &end) != 8 || end == 0)
		return HEAD_NONE;
	h->seq = seq;
	h->size = size;
	h->at_us = at;
	/* Read loosely, it must be written the same again. */
	n = body(h, line);
	if (strncmp(text, line, (size_t)n) != 0 || end >= HEAD_LINE ||
	    sodium_hex2bin(pk, sizeof pk, h->key, strlen(h->key), NULL, NULL,
	    NULL) != 0 || strlen(hex) != sizeof hex - 1 ||
	    sodium_hex2bin(sig, sizeof sig, hex, strlen(hex), NULL, NULL,
	    NULL) != 0)
		return HEAD_NONE;
	if (crypto_sign_verify_detached(sig, (unsigned char *)line,
	    (unsigned)n, pk) != 0)
		return HEAD_FORGED;
	memcpy(line, text, (size_t)end);
	line[end] = '\0';
	return HEAD_GOOD;
}

void
head_digest(const char *line, char out[HASH_HEX])
{
	sha256_hex(line, strlen(line), out);
}

void
head_key(const unsigned char seed[HEAD_SEED], char out[HASH_HEX])
{
	unsigned char pk[crypto_sign_PUBLICKEYBYTES];
	unsigned char sk[crypto_sign_SECRETKEYBYTES];

	(void)crypto_sign_seed_keypair(pk, sk, seed);
	sodium_memzero(sk, sizeof sk);
	hash_hex(pk, out);
}

static int
body(const struct head *h, char out[HEAD_LINE])
{
	int n = snprintf(out, HEAD_LINE, HEAD_MARK "seq=%llu size=%llu"
	    " sha256=%s sm3=%s at=%lld prev=%s alg=ed25519 key=%s",
	    (unsigned long long)h->seq, (unsigned long long)h->size,
	    h->sha256, h->sm3, (long long)h->at_us, h->prev, h->key);

	REQUIRE(n > 0 && n < HEAD_LINE);
	return n;
}
