/* Passwords as they are stored; also for taizhangctl. */
#include "pwhash.h"

#include <sodium.h>
#include <string.h>

#define PASSES 3
#define MEMORY (64u << 20)

_Static_assert(crypto_pwhash_STRBYTES <= PWHASH_LEN, "room for a hash");

bool
pwhash(const char *plain, char out[PWHASH_LEN])
{
	return crypto_pwhash_str_alg(out, plain, strlen(plain), PASSES,
	    MEMORY, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

const char *
password_weak(const char *plain)
{
	size_t n = plain != NULL ? strlen(plain) : 0;

	if (n < 8)
		return "密码至少 8 位";
	if (n > PWHASH_PLAIN_MAX)
		return "密码过长";
	if (strspn(plain, "0123456789") == n)
		return "密码不能只有数字";
	return NULL;
}
