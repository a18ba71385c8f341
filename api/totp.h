/* One-time codes (RFC 6238: SHA-1, six digits, 30 seconds). Pure. */
#ifndef API_TOTP_H
#define API_TOTP_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define TOTP_SECRET 20	   /* bytes, as RFC 4226 wants */
#define TOTP_SECRET_TEXT 33 /* in base 32 */
#define TOTP_DIGITS 6

void totp_code(const unsigned char secret[TOTP_SECRET], int64_t step,
    char out[TOTP_DIGITS + 1]);
/* The step whose code it is: now's, the one before or the one after (clocks
 * differ), and later than `last`, whose code has been used; -1: none. */
int64_t totp_find(const unsigned char secret[TOTP_SECRET], const char *code,
    time_t now, int64_t last);
/* What an authenticator takes in a QR code; the secret in base 32 beside. */
void base32(const unsigned char *, size_t n, char *out);

#endif
