/* See uid.h. Randomness and digests are libsodium's. */
#include "uid.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "err.h"

static const char crockford[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char base62[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#define BEARER_RANDOM 43 /* base-62 characters carrying ≥ 256 bits */
#define BEARER_CHECK 6	 /* base-62 characters of a CRC-32 */

/* Random bytes for the next identifiers: the kernel is asked once for some
 * dozens. A forked process starts over, or it would repeat its parent's. */
#define POOL 512
static _Thread_local struct {
	unsigned char bytes[POOL];
	size_t left;
} pool;

static void pool_take(unsigned char *, size_t);
static void pool_guard(void);
static void pool_drop(void);
static void base32(const unsigned char *, size_t, char *, size_t);
static bool uuid_bytes(const char *, unsigned char [16]);
static void uuid_text(const unsigned char [16], char *);
static void checksum(const char *, size_t, char *);

void
uuid_new(char out[UUID_LEN + 1])
{
	unsigned char b[16];
	struct timespec now;
	uint64_t ms;
	int i;

	pool_take(b, sizeof(b));
	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	for (i = 0; i < 6; i++)
		b[i] = (unsigned char)(ms >> (40 - 8 * i));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x70);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	uuid_text(b, out);
}

bool
uuid_ok(const char *s)
{
	unsigned char b[16];

	return uuid_bytes(s, b);
}

bool
uuid_to_uid(const char *uuid, char out[UID_LEN + 1])
{
	unsigned char b[17] = { 0 };

	/* 128 bits in 26 characters of 5: two zero bits in front. */
	if (!uuid_bytes(uuid, b + 1))
		return false;
	for (int i = 0; i < UID_LEN; i++) {
		unsigned bit = 6 + (unsigned)i * 5, v;

		v = (unsigned)b[bit / 8] << 8;
		if (bit / 8 + 1 < sizeof(b))
			v |= b[bit / 8 + 1];
		out[i] = crockford[v >> (11 - bit % 8) & 31];
	}
	out[UID_LEN] = '\0';
	return true;
}

bool
uid_to_uuid(const char *uid, char out[UUID_LEN + 1])
{
	unsigned char b[16] = { 0 };
	char again[UID_LEN + 1];

	if (strnlen(uid, UID_LEN + 1) != UID_LEN)
		return false;
	for (int i = 0; i < UID_LEN; i++) {
		const char *p = strchr(crockford, uid[i]);
		unsigned v;

		if (p == NULL || *p == '\0')
			return false;
		v = (unsigned)(p - crockford);
		for (int k = 0; k < 5; k++) {
			int bit = i * 5 + k - 2;

			if (bit >= 0 && (v >> (4 - k) & 1) != 0)
				b[bit / 8] |= (unsigned char)(0x80 >> bit % 8);
		}
	}
	uuid_text(b, out);
	return uuid_to_uid(out, again) && strcmp(uid, again) == 0;
}

void
sha256_hex(const void *p, size_t n, char out[SHA_HEX_LEN + 1])
{
	unsigned char digest[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(digest, p, n);
	sodium_bin2hex(out, SHA_HEX_LEN + 1, digest, sizeof(digest));
}

void
row_token(const unsigned char key[32], const char *ledger_uuid,
    const char *row_uuid, long rev, char out[ROW_TOKEN_MAX])
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char text[2 * UUID_LEN + 40], uid[UID_LEN + 1], tail[9];
	int n;

	REQUIRE(uuid_to_uid(row_uuid, uid));
	n = snprintf(text, sizeof(text), "%s|%s|%ld", ledger_uuid, uid, rev);
	REQUIRE(n > 0 && (size_t)n < sizeof(text));
	crypto_auth_hmacsha256(mac, (unsigned char *)text, strlen(text), key);
	base32(mac, 5, tail, 8);
	snprintf(out, ROW_TOKEN_MAX, "%s.%ld.%s", uid, rev, tail);
}

bool
row_token_split(const char *token, char uuid[UUID_LEN + 1], long *rev)
{
	char uid[UID_LEN + 1];
	const char *p = token + UID_LEN + 1;
	char *end;

	if (strnlen(token, ROW_TOKEN_MAX) < UID_LEN + 11 ||
	    strnlen(token, ROW_TOKEN_MAX) == ROW_TOKEN_MAX ||
	    token[UID_LEN] != '.' || *p < '0' || *p > '9')
		return false;
	memcpy(uid, token, UID_LEN);
	uid[UID_LEN] = '\0';
	*rev = strtol(p, &end, 10);
	return *end == '.' && strlen(end + 1) == 8 &&
	    strspn(end + 1, crockford) == 8 && uid_to_uuid(uid, uuid);
}

void
bearer_new(const char *prefix, char out[BEARER_MAX])
{
	size_t n = strlen(prefix);

	REQUIRE(n + BEARER_RANDOM + BEARER_CHECK < BEARER_MAX);
	memcpy(out, prefix, n);
	for (int i = 0; i < BEARER_RANDOM; i++)
		out[n++] = base62[randombytes_uniform(62)];
	checksum(out, n, out + n);
	out[n + BEARER_CHECK] = '\0';
}

bool
bearer_ok(const char *s)
{
	size_t n = strnlen(s, BEARER_MAX);
	char check[BEARER_CHECK];

	if (n == BEARER_MAX || n < 3 + BEARER_RANDOM + BEARER_CHECK ||
	    strncmp(s, "tz_", 3) != 0)
		return false;
	checksum(s, n - BEARER_CHECK, check);
	return memcmp(s + n - BEARER_CHECK, check, BEARER_CHECK) == 0;
}

/* The first chars * 5 bits of p. */
static void
base32(const unsigned char *p, size_t n, char *out, size_t chars)
{
	for (size_t i = 0; i < chars; i++) {
		size_t bit = i * 5;
		unsigned v = (unsigned)p[bit / 8] << 8;

		if (bit / 8 + 1 < n)
			v |= p[bit / 8 + 1];
		out[i] = crockford[v >> (11 - bit % 8) & 31];
	}
	out[chars] = '\0';
}

static bool
uuid_bytes(const char *s, unsigned char b[16])
{
	size_t n;
	const char *end;

	if (strnlen(s, UUID_LEN + 1) != UUID_LEN || s[8] != '-' ||
	    s[13] != '-' || s[18] != '-' || s[23] != '-' ||
	    strspn(s, "0123456789abcdef-") != UUID_LEN)
		return false;
	return sodium_hex2bin(b, 16, s, UUID_LEN, "-", &n, &end) == 0 &&
	    n == 16 && *end == '\0';
}

static void
uuid_text(const unsigned char b[16], char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[b[i] >> 4];
		*out++ = hex[b[i] & 15];
	}
	*out = '\0';
}

static void
pool_take(unsigned char *to, size_t n)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (pool.left < n) {
		(void)pthread_once(&once, pool_guard);
		randombytes_buf(pool.bytes, POOL);
		pool.left = POOL;
	}
	pool.left -= n;
	memcpy(to, pool.bytes + pool.left, n);
}

static void
pool_guard(void)
{
	REQUIRE(pthread_atfork(NULL, NULL, pool_drop) == 0);
}

static void
pool_drop(void)
{
	pool.left = 0;
}

static void
checksum(const char *s, size_t n, char *out)
{
	unsigned long crc = crc32(0UL, (const unsigned char *)s,
	    (uInt)n);

	for (int i = BEARER_CHECK - 1; i >= 0; i--, crc /= 62)
		out[i] = base62[crc % 62];
}
