/* Webhook secrets and signatures (Standard Webhooks). */
#include "webhook_seal.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "seal.h"

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
	seal("webhook", id, secret, WEBHOOK_SECRET, out);
}

bool
webhook_unseal(const char *id, const char *hex,
    unsigned char out[WEBHOOK_SECRET])
{
	return unseal("webhook", id, hex, out, WEBHOOK_SECRET);
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
