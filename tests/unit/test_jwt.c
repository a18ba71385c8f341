/* Identity tokens: what RS256 and ES256 keys signed is taken, nothing else. */
#include "jwt.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include "check.h"

#define NOW 1800000000
#define CLAIMS                                                                 \
	"{\"iss\":\"https://id.cn\",\"aud\":\"us\",\"sub\":\"42\","            \
	"\"nonce\":\"n\",\"iat\":1799999990,\"exp\":1800000300}"

static EVP_PKEY *rsa, *small, *ec;
static json_t *keys;

static const char *
text64(const void *p, size_t n)
{
	static char out[8][8192];
	static unsigned at;
	char *o = out[at++ % 8];

	return sodium_bin2base64(o, sizeof out[0], p, n,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static const char *
number(EVP_PKEY *key, const char *name)
{
	unsigned char raw[1024];
	BIGNUM *n = NULL;
	int len;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	len = BN_bn2bin(n, raw);
	BN_free(n);
	return text64(raw, (size_t)len);
}

/* A coordinate, whose leading zeros count. */
static const char *
coordinate(EVP_PKEY *key, const char *name)
{
	unsigned char raw[32];
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	assert_int_equal(BN_bn2binpad(n, raw, sizeof raw), 32);
	BN_free(n);
	return text64(raw, sizeof raw);
}

static size_t
sign(EVP_PKEY *key, const char *text, unsigned char *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char raw[1024];
	const unsigned char *p = raw;
	size_t n = sizeof raw;
	ECDSA_SIG *s;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
	    key), 1);
	assert_int_equal(EVP_DigestSign(ctx, raw, &n,
	    (const unsigned char *)text, strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) {
		memcpy(sig, raw, n);
		return n;
	}
	s = d2i_ECDSA_SIG(NULL, &p, (long)n);
	assert_non_null(s);
	BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + 32, 32);
	ECDSA_SIG_free(s);
	return 64;
}

static const char *
token(EVP_PKEY *key, const char *head, const char *claims)
{
	static char out[16384];
	unsigned char sig[1024];
	size_t n;

	snprintf(out, sizeof out, "%s.%s", text64(head, strlen(head)),
	    text64(claims, strlen(claims)));
	n = sign(key, out, sig);
	snprintf(out + strlen(out), 4096, ".%s", text64(sig, n));
	return out;
}

static bool
taken(const char *text)
{
	const char *why = "";
	json_t *claims = jwt_open(text, keys, &why);
	bool good = claims != NULL;

	assert_int_equal(good, why == NULL);
	json_decref(claims);
	return good;
}

static void
good(void **state)
{
	(void)state;
	assert_true(taken(token(rsa, "{\"alg\":\"RS256\",\"kid\":\"r\"}",
	    CLAIMS)));
	assert_true(taken(token(ec, "{\"alg\":\"ES256\",\"kid\":\"e\"}",
	    CLAIMS)));
	/* Only one key of the kind: it need not be named. */
	assert_true(taken(token(ec, "{\"alg\":\"ES256\"}", CLAIMS)));
}

static void
heads(void **state)
{
	static const char *const rows[] = {
		"{\"alg\":\"none\",\"kid\":\"r\"}", "{\"alg\":\"None\"}",
		"{\"alg\":\"\"}", "{}", "[]", "{\"alg\":1,\"kid\":\"r\"}",
		"{\"alg\":\"HS256\",\"kid\":\"r\"}",
		"{\"alg\":\"RS512\",\"kid\":\"r\"}",
		"{\"alg\":\"PS256\",\"kid\":\"r\"}",
		"{\"alg\":\"ES256\",\"kid\":\"r\"}",
		"{\"alg\":\"RS256\",\"kid\":\"e\"}",
		"{\"alg\":\"RS256\",\"kid\":\"x\"}",
		"{\"alg\":\"RS256\"}", /* two of that kind */
		"{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"b64\"]}",
		"{\"alg\":\"RS256\",\"kid\":\"r\",\"alg\":\"RS256\"}",
		"{\"alg\":\"RS256\",\"kid\":\"r\"", "not json" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (taken(token(rsa, rows[i], CLAIMS)))
			fail_msg("taken: %s", rows[i]);
}

static void
signatures(void **state)
{
	static const char head[] = "{\"alg\":\"RS256\",\"kid\":\"r\"}";
	char text[16384], *end;
	unsigned char mac[32];
	unsigned n;

	(void)state;
	assert_false(taken(token(small, "{\"alg\":\"RS256\",\"kid\":\"s\"}",
	    CLAIMS)));
	assert_false(taken(token(small, head, CLAIMS)));
	/* No signature, an empty one, one more part. */
	snprintf(text, sizeof text, "%s", token(rsa, head, CLAIMS));
	end = strrchr(text, '.');
	*end = '\0';
	assert_false(taken(text));
	strcpy(end, ".");
	assert_false(taken(text));
	strcpy(end, "..");
	assert_false(taken(text));
	/* The public key as a secret that everybody has. */
	snprintf(text, sizeof text, "%s.%s", text64(
	    "{\"alg\":\"HS256\",\"kid\":\"r\"}", 25), text64(CLAIMS,
	    strlen(CLAIMS)));
	HMAC(EVP_sha256(), "key", 3, (unsigned char *)text, strlen(text), mac,
	    &n);
	strcat(strcat(text, "."), text64(mac, n));
	assert_false(taken(text));
	/* Each part changed a little. */
	for (size_t i = 0; i < 400; i += 7) {
		snprintf(text, sizeof text, "%s", token(rsa, head, CLAIMS));
		if (text[i] == '.' || text[i + 1] == '.')
			continue;
		text[i] = text[i] == 'A' ? 'B' : 'A';
		if (taken(text))
			fail_msg("changed at %zu", i);
	}
	assert_false(taken(""));
	assert_false(taken("."));
	assert_false(taken(".."));
	assert_false(taken("a.b.c"));
}

static void
claims(void **state)
{
#define REST ",\"iat\":1799999990,\"exp\":1800000300}"
#define BUT(aud) "{\"iss\":\"https://id.cn\"," aud ",\"sub\":\"42\","          \
	"\"nonce\":\"n\"" REST
#define TIMES(t) "{\"iss\":\"https://id.cn\",\"aud\":\"us\",\"sub\":\"42\","   \
	"\"nonce\":\"n\"" t "}"
	static const struct {
		const char *text;
		bool good;
	} rows[] = { { CLAIMS, true }, { BUT("\"aud\":[\"us\"]"), true },
		{ BUT("\"aud\":[\"us\",\"x\"],\"azp\":\"us\""), true },
		{ BUT("\"aud\":[\"us\",\"x\"]"), false },
		{ BUT("\"aud\":[\"us\",\"x\"],\"azp\":\"x\""), false },
		{ BUT("\"aud\":\"them\""), false },
		{ BUT("\"aud\":[]"), false }, { BUT("\"aud\":1"), false },
		{ BUT("\"x\":\"us\""), false },
		{ "{\"iss\":\"https://id.cn/\",\"aud\":\"us\",\"sub\":\"42\","
		  "\"nonce\":\"n\"" REST, false },
		{ "{\"iss\":\"https://id.cn\",\"aud\":\"us\",\"sub\":\"\","
		  "\"nonce\":\"n\"" REST, false },
		{ "{\"iss\":\"https://id.cn\",\"aud\":\"us\",\"sub\":\"42\","
		  "\"nonce\":\"m\"" REST, false },
		{ "{\"iss\":\"https://id.cn\",\"aud\":\"us\",\"sub\":\"42\""
		  REST, false },
		{ "{}", false },
		{ TIMES(",\"iat\":1799990000,\"exp\":1799999941"), true },
		{ TIMES(",\"iat\":1799990000,\"exp\":1799999940"), false },
		{ TIMES(",\"iat\":1800000060,\"exp\":1800000300"), true },
		{ TIMES(",\"iat\":1800000061,\"exp\":1800000300"), false },
		{ TIMES(",\"iat\":1799999990,\"nbf\":1800000061,"
		  "\"exp\":1800000300"), false },
		{ TIMES(",\"iat\":1799999990"), false },
		{ TIMES(",\"exp\":1800000300"), false },
		{ TIMES(",\"iat\":1799999990,\"exp\":\"1800000300\""),
		  false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *v = json_loads(rows[i].text, 0, NULL);
		const char *why;

		assert_non_null(v);
		why = jwt_wrong(v, "https://id.cn", "us", "n", NOW);
		if ((why == NULL) != rows[i].good)
			fail_msg("%s: %s", rows[i].text, why);
		json_decref(v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(good),
		cmocka_unit_test(heads), cmocka_unit_test(signatures),
		cmocka_unit_test(claims) };
	int failed;

	rsa = EVP_RSA_gen(2048u);
	small = EVP_RSA_gen(1024u);
	ec = EVP_EC_gen("P-256");
	if (rsa == NULL || small == NULL || ec == NULL)
		return 1;
	keys = json_pack("{s[{ssssssss}{ssssssss}{ssssssssss}]}", "keys",
	    "kty", "RSA", "kid", "r", "n", number(rsa, "n"), "e",
	    number(rsa, "e"), "kty", "RSA", "kid", "s", "n",
	    number(small, "n"), "e", number(small, "e"), "kty", "EC", "kid",
	    "e", "crv", "P-256", "x", coordinate(ec, OSSL_PKEY_PARAM_EC_PUB_X),
	    "y", coordinate(ec, OSSL_PKEY_PARAM_EC_PUB_Y));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	json_decref(keys);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(small);
	EVP_PKEY_free(ec);
	return failed;
}
