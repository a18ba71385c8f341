/* Webhook secrets and signatures (Standard Webhooks). */
#include "webhook_seal.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "settings.h"

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(WEBHOOK_SEALED == NONCE + WEBHOOK_SECRET +
    crypto_aead_xchacha20poly1305_ietf_ABYTES, "size of a sealed secret");

void
webhook_secret_new(unsigned char out[WEBHOOK_SECRET])
{
	randombytes_buf(out, WEBHOOK_SECRET);
}

void
webhook_secret_text(const unsigned char secret[WEBHOOK_SECRET],
    char out[WEBHOOK_SECRET_TEXT])
{
	size_t n = (size_t)snprintf(out, WEBHOOK_SECRET_TEXT, "whsec_");

	sodium_bin2base64(out + n, WEBHOOK_SECRET_TEXT - n, secret,
	    WEBHOOK_SECRET, sodium_base64_VARIANT_ORIGINAL);
}

void
webhook_seal(const char *id, const unsigned char secret[WEBHOOK_SECRET],
    char out[WEBHOOK_SEALED_HEX])
{
	unsigned char all[WEBHOOK_SEALED];

	randombytes_buf(all, NONCE);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(all + NONCE, NULL,
	    secret, WEBHOOK_SECRET, (const unsigned char *)id, strlen(id),
	    NULL, all, secret_key("webhook"));
	out[0] = '\\';
	out[1] = 'x';
	sodium_bin2hex(out + 2, WEBHOOK_SEALED_HEX - 2, all, sizeof all);
}

bool
webhook_unseal(const char *id, const char *hex,
    unsigned char out[WEBHOOK_SECRET])
{
	unsigned char all[WEBHOOK_SEALED];
	size_t n;

	if (strncmp(hex, "\\x", 2) != 0 || sodium_hex2bin(all, sizeof all,
	    hex + 2, strlen(hex + 2), NULL, &n, NULL) != 0 || n != sizeof all)
		return false;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
	    all + NONCE, n - NONCE, (const unsigned char *)id, strlen(id),
	    all, secret_key("webhook")) == 0;
}

void
webhook_sign(const unsigned char secret[WEBHOOK_SECRET], const char *id,
    const char *timestamp, const char *body, size_t len,
    char out[WEBHOOK_SIGNATURE])
{
	crypto_auth_hmacsha256_state st;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	const char *part[] = { id, ".", timestamp, "." };

	crypto_auth_hmacsha256_init(&st, secret, WEBHOOK_SECRET);
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		crypto_auth_hmacsha256_update(&st,
		    (const unsigned char *)part[i], strlen(part[i]));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)body, len);
	crypto_auth_hmacsha256_final(&st, mac);
	memcpy(out, "v1,", 3);
	sodium_bin2base64(out + 3, WEBHOOK_SIGNATURE - 3, mac, sizeof mac,
	    sodium_base64_VARIANT_ORIGINAL);
}
