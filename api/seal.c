/* Short secrets as the database keeps them: XChaCha20-Poly1305, by owner. */
#include "seal.h"

#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "settings.h"

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(SEAL_MORE == NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    "size of what is sealed");

void
seal(const char *key, const char *owner, const unsigned char *secret,
    size_t n, char *out)
{
	unsigned char all[SEAL_MAX + SEAL_MORE];

	REQUIRE(n <= SEAL_MAX);
	randombytes_buf(all, NONCE);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(all + NONCE, NULL,
	    secret, n, (const unsigned char *)owner, strlen(owner), NULL,
	    all, secret_key(key));
	out[0] = '\\';
	out[1] = 'x';
	sodium_bin2hex(out + 2, SEAL_HEX(n) - 2, all, n + SEAL_MORE);
}

bool
unseal(const char *key, const char *owner, const char *hex,
    unsigned char *out, size_t n)
{
	unsigned char all[SEAL_MAX + SEAL_MORE];
	size_t got;

	REQUIRE(n <= SEAL_MAX);
	if (strncmp(hex, "\\x", 2) != 0 || sodium_hex2bin(all, n + SEAL_MORE,
	    hex + 2, strlen(hex + 2), NULL, &got, NULL) != 0 ||
	    got != n + SEAL_MORE)
		return false;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
	    all + NONCE, got - NONCE, (const unsigned char *)owner,
	    strlen(owner), all, secret_key(key)) == 0;
}

void
seal_digest(const char *key, const char *owner, const char *text,
    char out[65])
{
	unsigned char sum[crypto_generichash_BYTES];
	crypto_generichash_state st;

	_Static_assert(sizeof sum * 2 + 1 == 65, "size of a digest");
	(void)crypto_generichash_init(&st, secret_key(key), SECRET_LEN,
	    sizeof sum);
	(void)crypto_generichash_update(&st, (const unsigned char *)owner,
	    strlen(owner) + 1);
	(void)crypto_generichash_update(&st, (const unsigned char *)text,
	    strlen(text));
	(void)crypto_generichash_final(&st, sum, sizeof sum);
	sodium_bin2hex(out, 65, sum, sizeof sum);
}
