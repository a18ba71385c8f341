/* Passwords as they are stored; also for taizhangctl. */
#include "pwhash.h"

#include <sodium.h>
#include <string.h>

#define PASSES 3
#define MEMORY (64u << 20)

_Static_assert(crypto_pwhash_STRBYTES <= PWHASH_LEN, "room for a hash");

static const char *const common[] = { "password", "passw0rd", "qwerty",
	"1qaz2wsx", "qazwsx", "admin123", "abc123", "abcd1234", "a1b2c3d4",
	"12345678", "87654321", "iloveyou", "woaini" };

static int kinds(const char *);
static int different(const char *);

bool
pwhash(const char *plain, char out[PWHASH_LEN])
{
	return crypto_pwhash_str_alg(out, plain, strlen(plain), PASSES,
	    MEMORY, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

/*
 * Length is worth most; two kinds of characters and four different ones keep
 * out what is typed without thinking, and what everybody tries first.
 */
const char *
password_weak(const char *plain, const char *login)
{
	size_t n = plain != NULL ? strlen(plain) : 0;

	if (n < 8)
		return "密码至少 8 位";
	if (n > PWHASH_PLAIN_MAX)
		return "密码过长";
	if (kinds(plain) < 2)
		return "密码须含字母、数字、符号中的至少两种";
	if (different(plain) < 4)
		return "密码重复的字符过多";
	if (login != NULL && (strcasecmp(plain, login) == 0 ||
	    (strlen(login) >= 4 && strcasestr(plain, login) != NULL)))
		return "密码不能包含用户名";
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (strcasestr(plain, common[i]) != NULL)
			return "密码过于常见";
	return NULL;
}

/* Lower case, upper case, digits, everything else. */
static int
kinds(const char *p)
{
	unsigned found = 0;

	for (; *p != '\0'; p++)
		found |= *p >= 'a' && *p <= 'z' ? 1u :
		    *p >= 'A' && *p <= 'Z' ? 2u :
		    *p >= '0' && *p <= '9' ? 4u : 8u;
	return __builtin_popcount(found);
}

static int
different(const char *plain)
{
	int n = 0;

	for (const char *p = plain; *p != '\0'; p++)
		n += memchr(plain, *p, (size_t)(p - plain)) == NULL;
	return n;
}
