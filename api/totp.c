/* One-time codes (RFC 6238: SHA-1, six digits, 30 seconds). */
#include "totp.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "base/err.h"

#define PERIOD 30
#define MODULUS 1000000 /* 10 to the TOTP_DIGITS */

void
totp_code(const unsigned char secret[TOTP_SECRET], int64_t step,
    char out[TOTP_DIGITS + 1])
{
	unsigned char count[8], mac[EVP_MAX_MD_SIZE];
	unsigned n = 0, at;
	uint32_t value;

	for (size_t i = 0; i < sizeof count; i++)
		count[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	REQUIRE(HMAC(EVP_sha1(), secret, TOTP_SECRET, count, sizeof count,
	    mac, &n) != NULL && n == 20);
	at = mac[19] & 0xf;
	value = (uint32_t)(mac[at] & 0x7f) << 24 |
	    (uint32_t)mac[at + 1] << 16 | (uint32_t)mac[at + 2] << 8 |
	    mac[at + 3];
	(void)snprintf(out, TOTP_DIGITS + 1, "%06u", value % MODULUS);
}

int64_t
totp_find(const unsigned char secret[TOTP_SECRET], const char *code,
    time_t now, int64_t last)
{
	int64_t step = (int64_t)now / PERIOD, found = -1;
	char own[TOTP_DIGITS + 1];

	if (strlen(code) != TOTP_DIGITS)
		return -1;
	/* All three, so that the time tells nothing. */
	for (int64_t s = step - 1; s <= step + 1; s++) {
		totp_code(secret, s, own);
		if (sodium_memcmp(own, code, TOTP_DIGITS) == 0 && s > last &&
		    found < 0)
			found = s;
	}
	sodium_memzero(own, sizeof own);
	return found;
}

void
base32(const unsigned char *in, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned have = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		have = have << 8 | in[i];
		for (bits += 8; bits >= 5; bits -= 5)
			*out++ = digits[have >> (bits - 5) & 31];
		have &= (1u << bits) - 1;
	}
	if (bits > 0)
		*out++ = digits[have << (5 - bits) & 31];
	*out = '\0';
}
