/* Signed identity tokens: RS256 and ES256 and nothing else. */
#include "jwt.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

#include "base/err.h"

#define SKEW 60		/* seconds that clocks may differ */
#define KEY_MAX 1024	/* bytes of a number of a key, or of a signature */
#define RSA_BITS_MIN 2048
#define ES256_LEN 64	/* r and s */

enum alg { RS256, ES256 };

static const struct {
	const char *name, *kty;
} algs[] = { [RS256] = { "RS256", "RSA" }, [ES256] = { "ES256", "EC" } };

static const char *unsound(const char *text, size_t len, const json_t *head,
    unsigned char *sig, size_t n, const json_t *keys);
static json_t *part(const char *text, size_t len);
static size_t bytes(const char *text, size_t len, unsigned char *out,
    size_t room);
static bool alg_of(const json_t *head, enum alg *);
static const json_t *key_of(const json_t *keys, const json_t *head, enum alg);
static EVP_PKEY *key_read(const json_t *key, enum alg);
static OSSL_PARAM *rsa(const json_t *key);
static OSSL_PARAM *ec(const json_t *key);
static BIGNUM *number(const json_t *key, const char *name);
static bool signed_by(EVP_PKEY *, enum alg, const char *text, size_t len,
    unsigned char *sig, size_t nsig);
static size_t der(const unsigned char *sig, unsigned char **out);
static bool meant_for(const json_t *claims, const char *audience);

json_t *
jwt_open(const char *token, const json_t *keys, const char **why)
{
	const char *dot = strchr(token, '.');
	const char *end = dot != NULL ? strchr(dot + 1, '.') : NULL;
	unsigned char sig[KEY_MAX];
	json_t *head, *claims;
	size_t n;

	*why = "it is no signed token";
	if (end == NULL || strlen(token) > JWT_MAX)
		return NULL;
	head = part(token, (size_t)(dot - token));
	n = bytes(end + 1, strlen(end + 1), sig, sizeof sig);
	if (head != NULL && n > 0)
		*why = unsound(token, (size_t)(end - token), head, sig, n,
		    keys);
	json_decref(head);
	if (*why != NULL)
		return NULL;
	claims = part(dot + 1, (size_t)(end - dot - 1));
	if (claims == NULL)
		*why = "its claims are no object";
	return claims;
}

/* NULL, or why the signature does not show that the issuer wrote this. */
static const char *
unsound(const char *text, size_t len, const json_t *head, unsigned char *sig,
    size_t n, const json_t *keys)
{
	EVP_PKEY *key;
	enum alg alg;
	bool good;

	if (!alg_of(head, &alg))
		return "its algorithm is not one of RS256 and ES256";
	key = key_read(key_of(keys, head, alg), alg);
	if (key == NULL)
		return "none of the keys is the one it names";
	good = signed_by(key, alg, text, len, sig, n);
	EVP_PKEY_free(key);
	return good ? NULL : "the signature is wrong";
}

const char *
jwt_wrong(const json_t *claims, const char *issuer, const char *audience,
    const char *nonce, time_t now)
{
	const char *iss = json_string_value(json_object_get(claims, "iss"));
	const char *got = json_string_value(json_object_get(claims, "nonce"));
	const char *sub = json_string_value(json_object_get(claims, "sub"));
	const json_t *exp = json_object_get(claims, "exp");
	const json_t *iat = json_object_get(claims, "iat");
	const json_t *nbf = json_object_get(claims, "nbf");

	if (iss == NULL || strcmp(iss, issuer) != 0)
		return "another issuer";
	if (!meant_for(claims, audience))
		return "meant for another audience";
	if (got == NULL || strcmp(got, nonce) != 0)
		return "another nonce";
	if (!json_is_number(exp) || json_number_value(exp) + SKEW <=
	    (double)now)
		return "it has expired";
	if (!json_is_number(iat) || json_number_value(iat) - SKEW >
	    (double)now || (json_is_number(nbf) &&
	    json_number_value(nbf) - SKEW > (double)now))
		return "it is not valid yet";
	if (sub == NULL || *sub == '\0' || strlen(sub) > 255)
		return "it names nobody";
	return NULL;
}

/* One audience, or several of which we are one and the token's party. */
static bool
meant_for(const json_t *claims, const char *audience)
{
	const json_t *aud = json_object_get(claims, "aud"), *one;
	const char *azp = json_string_value(json_object_get(claims, "azp"));
	bool found = false;
	size_t i;

	if (azp != NULL && strcmp(azp, audience) != 0)
		return false;
	if (json_is_string(aud))
		return strcmp(json_string_value(aud), audience) == 0;
	json_array_foreach(aud, i, one)
		found = found || (json_is_string(one) &&
		    strcmp(json_string_value(one), audience) == 0);
	return found && (json_array_size(aud) == 1 || azp != NULL);
}

static json_t *
part(const char *text, size_t len)
{
	unsigned char *raw = malloc(len + 1);
	json_t *v = NULL;
	size_t n;

	REQUIRE(raw != NULL);
	n = bytes(text, len, raw, len + 1);
	if (n > 0)
		v = json_loadb((const char *)raw, n, JSON_REJECT_DUPLICATES,
		    NULL);
	free(raw);
	if (json_is_object(v))
		return v;
	json_decref(v);
	return NULL;
}

static size_t
bytes(const char *text, size_t len, unsigned char *out, size_t room)
{
	size_t n = 0;

	if (sodium_base642bin(out, room, text, len, NULL, &n, NULL,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return 0;
	return n;
}

/* crit names extensions that must be understood; we understand none. */
static bool
alg_of(const json_t *head, enum alg *out)
{
	const char *name = json_string_value(json_object_get(head, "alg"));

	if (json_object_get(head, "crit") != NULL)
		return false;
	for (size_t i = 0; name != NULL && i < COUNT(algs); i++) {
		*out = (enum alg)i;
		if (strcmp(algs[i].name, name) == 0)
			return true;
	}
	return false;
}

/* By its kid; without one only where there is no choice. */
static const json_t *
key_of(const json_t *keys, const json_t *head, enum alg alg)
{
	const char *kid = json_string_value(json_object_get(head, "kid"));
	const json_t *list = json_object_get(keys, "keys"), *key;
	const json_t *found = NULL;
	size_t i, n = 0;

	json_array_foreach(list, i, key) {
		const char *own = json_string_value(json_object_get(key,
		    "kid"));
		const char *kty = json_string_value(json_object_get(key,
		    "kty"));
		const char *use = json_string_value(json_object_get(key,
		    "use"));
		const char *its = json_string_value(json_object_get(key,
		    "alg"));

		if (kty == NULL || strcmp(kty, algs[alg].kty) != 0 ||
		    (use != NULL && strcmp(use, "sig") != 0) ||
		    (its != NULL && strcmp(its, algs[alg].name) != 0) ||
		    (kid != NULL && (own == NULL || strcmp(own, kid) != 0)))
			continue;
		found = key;
		n++;
	}
	return n == 1 ? found : NULL;
}

static EVP_PKEY *
key_read(const json_t *key, enum alg alg)
{
	OSSL_PARAM *params = key == NULL ? NULL :
	    alg == RS256 ? rsa(key) : ec(key);
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *made = NULL;

	if (params == NULL)
		return NULL;
	ctx = EVP_PKEY_CTX_new_from_name(NULL, algs[alg].kty, NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_PUBLIC_KEY, params) != 1 ||
	    (alg == RS256 && EVP_PKEY_get_bits(made) < RSA_BITS_MIN)) {
		EVP_PKEY_free(made);
		made = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return made;
}

static OSSL_PARAM *
rsa(const json_t *key)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *n = number(key, "n"), *e = number(key, "e");
	OSSL_PARAM *out = NULL;

	if (b != NULL && n != NULL && e != NULL &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		out = OSSL_PARAM_BLD_to_param(b);
	OSSL_PARAM_BLD_free(b);
	BN_free(n);
	BN_free(e);
	return out;
}

static OSSL_PARAM *
ec(const json_t *key)
{
	const char *crv = json_string_value(json_object_get(key, "crv"));
	const char *x = json_string_value(json_object_get(key, "x"));
	const char *y = json_string_value(json_object_get(key, "y"));
	OSSL_PARAM_BLD *b;
	OSSL_PARAM *out = NULL;
	unsigned char point[1 + ES256_LEN] = { POINT_CONVERSION_UNCOMPRESSED };

	if (crv == NULL || strcmp(crv, "P-256") != 0 || x == NULL ||
	    y == NULL || bytes(x, strlen(x), point + 1, 32) != 32 ||
	    bytes(y, strlen(y), point + 33, 32) != 32)
		return NULL;
	b = OSSL_PARAM_BLD_new();
	if (b != NULL && OSSL_PARAM_BLD_push_utf8_string(b,
	    OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY,
	    point, sizeof point) == 1)
		out = OSSL_PARAM_BLD_to_param(b);
	OSSL_PARAM_BLD_free(b);
	return out;
}

static BIGNUM *
number(const json_t *key, const char *name)
{
	const char *text = json_string_value(json_object_get(key, name));
	unsigned char raw[KEY_MAX];
	size_t n = text != NULL ? bytes(text, strlen(text), raw, sizeof raw)
				: 0;

	return n > 0 ? BN_bin2bn(raw, (int)n, NULL) : NULL;
}

static bool
signed_by(EVP_PKEY *key, enum alg alg, const char *text, size_t len,
    unsigned char *sig, size_t nsig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *made = NULL;
	bool good;

	REQUIRE(ctx != NULL);
	if (alg == ES256) {
		nsig = nsig == ES256_LEN ? der(sig, &made) : 0;
		sig = made;
	}
	good = nsig > 0 && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL,
	    key) == 1 && EVP_DigestVerify(ctx, sig, nsig,
	    (const unsigned char *)text, len) == 1;
	OPENSSL_free(made);
	EVP_MD_CTX_free(ctx);
	return good;
}

/* r and s as OpenSSL wants them. */
static size_t
der(const unsigned char *sig, unsigned char **out)
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(sig, ES256_LEN / 2, NULL);
	BIGNUM *t = BN_bin2bn(sig + ES256_LEN / 2, ES256_LEN / 2, NULL);
	int n;

	REQUIRE(s != NULL && r != NULL && t != NULL &&
	    ECDSA_SIG_set0(s, r, t) == 1);
	n = i2d_ECDSA_SIG(s, out);
	ECDSA_SIG_free(s);
	return n > 0 ? (size_t)n : 0;
}
