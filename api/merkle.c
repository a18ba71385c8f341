/* The Merkle tree of RFC 6962 over SHA-256 and SM3 side by side. */
#include "merkle.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "base/err.h"

struct part {
	const void *data;
	size_t n;
};

static void both(const struct part *, size_t n, struct hashes *);
static void digest(EVP_MD_CTX *, const EVP_MD *, const struct part *,
    size_t n, unsigned char out[HASH_LEN]);
static bool range(uint64_t lo, uint64_t hi, const struct stored_set *,
    struct hashes *);
static const struct stored *find(const struct stored_set *, unsigned level,
    uint64_t index);
static int compare(const void *, const void *);
static uint64_t split(uint64_t n);

void
merkle_leaf(const void *data, size_t n, struct hashes *out)
{
	const struct part p[] = { { "\0", 1 }, { data, n } };

	both(p, COUNT(p), out);
}

void
merkle_node(const struct hashes *l, const struct hashes *r,
    struct hashes *out)
{
	unsigned char sha[1 + 2 * HASH_LEN] = { 1 }, sm3[1 + 2 * HASH_LEN] = { 1 };
	struct hashes made;
	const struct part a = { sha, sizeof sha }, b = { sm3, sizeof sm3 };
	struct hashes other;

	memcpy(sha + 1, l->sha256, HASH_LEN);
	memcpy(sha + 1 + HASH_LEN, r->sha256, HASH_LEN);
	memcpy(sm3 + 1, l->sm3, HASH_LEN);
	memcpy(sm3 + 1 + HASH_LEN, r->sm3, HASH_LEN);
	both(&a, 1, &made);
	both(&b, 1, &other);
	memcpy(out->sha256, made.sha256, HASH_LEN);
	memcpy(out->sm3, other.sm3, HASH_LEN);
}

void
merkle_add(struct merkle *m, const struct hashes *leaf, merkle_told *told,
    void *arg)
{
	struct hashes top = *leaf;
	unsigned level = 0;

	for (uint64_t i = m->size; (i & 1) != 0; i >>= 1) {
		merkle_node(&m->peak[--m->n], &top, &top);
		level++;
		if (told != NULL && level % MERKLE_BAND == 0)
			told(arg, level, m->size >> level, &top);
	}
	REQUIRE(m->n < MERKLE_MAX);
	m->peak[m->n++] = top;
	m->size++;
}

void
merkle_root(const struct merkle *m, struct hashes *out)
{
	if (m->n == 0) {
		both(NULL, 0, out);
		return;
	}
	*out = m->peak[m->n - 1];
	for (unsigned i = m->n - 1; i > 0; i--)
		merkle_node(&m->peak[i - 1], out, out);
}

bool
merkle_open(struct merkle *m, uint64_t size, const struct stored_set *s)
{
	uint64_t at = 0;

	memset(m, 0, sizeof *m);
	m->size = size;
	for (unsigned level = MERKLE_MAX; level-- > 0;) {
		uint64_t n = 1ull << level;

		if ((size & n) == 0)
			continue;
		if (!range(at, at + n, s, &m->peak[m->n++]))
			return false;
		at += n;
	}
	return true;
}

/* PATH(m, D[n]) of RFC 6962, from the root down. */
int
merkle_path(uint64_t leaf, uint64_t size, const struct stored_set *s,
    struct hashes path[MERKLE_MAX])
{
	uint64_t lo = 0, hi = size;
	int n = 0;

	if (leaf >= size)
		return -1;
	while (hi - lo > 1) {
		uint64_t mid = lo + split(hi - lo);
		bool left = leaf < mid;

		REQUIRE(n < MERKLE_MAX);
		if (!range(left ? mid : lo, left ? hi : mid, s, &path[n++]))
			return -1;
		if (left)
			hi = mid;
		else
			lo = mid;
	}
	for (int i = 0; i < n / 2; i++) {
		struct hashes h = path[i];

		path[i] = path[n - 1 - i];
		path[n - 1 - i] = h;
	}
	return n;
}

void
stored_read(struct stored *s, const char *level, const char *index,
    const char *sha256, const char *sm3)
{
	s->level = (unsigned)strtoul(level, NULL, 10);
	s->index = strtoull(index, NULL, 10);
	(void)sodium_hex2bin(s->hash.sha256, HASH_LEN, sha256, 2 * HASH_LEN,
	    NULL, NULL, NULL);
	(void)sodium_hex2bin(s->hash.sm3, HASH_LEN, sm3, 2 * HASH_LEN, NULL,
	    NULL, NULL);
}

void
hash_hex(const unsigned char in[HASH_LEN], char out[HASH_HEX])
{
	sodium_bin2hex(out, HASH_HEX, in, HASH_LEN);
}

/* The root of the leaves lo ≤ i < hi, lo being where such a tree may begin. */
static bool
range(uint64_t lo, uint64_t hi, const struct stored_set *s,
    struct hashes *out)
{
	uint64_t n = hi - lo;
	const struct stored *found;
	struct hashes l, r;
	uint64_t k;

	if ((n & (n - 1)) == 0) {
		unsigned level = (unsigned)__builtin_ctzll(n);

		found = level % MERKLE_BAND == 0
		    ? find(s, level, lo >> level) : NULL;
		if (found != NULL)
			*out = found->hash;
		if (found != NULL || n == 1)
			return found != NULL;
	}
	k = split(n);
	if (!range(lo, lo + k, s, &l) || !range(lo + k, hi, s, &r))
		return false;
	merkle_node(&l, &r, out);
	return true;
}

/* The largest power of two below n. */
static uint64_t
split(uint64_t n)
{
	return 1ull << (63 - __builtin_clzll(n - 1));
}

static const struct stored *
find(const struct stored_set *s, unsigned level, uint64_t index)
{
	const struct stored key = { .level = level, .index = index };

	return s->n == 0 ? NULL
	    : bsearch(&key, s->at, s->n, sizeof *s->at, compare);
}

static int
compare(const void *a, const void *b)
{
	const struct stored *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void
both(const struct part *p, size_t n, struct hashes *out)
{
	static EVP_MD_CTX *ctx;
	static EVP_MD *sha, *sm;

	if (ctx == NULL) {
		ctx = EVP_MD_CTX_new();
		sha = EVP_MD_fetch(NULL, "SHA256", NULL);
		sm = EVP_MD_fetch(NULL, "SM3", NULL);
		REQUIRE(ctx != NULL && sha != NULL && sm != NULL);
	}
	digest(ctx, sha, p, n, out->sha256);
	digest(ctx, sm, p, n, out->sm3);
}

static void
digest(EVP_MD_CTX *ctx, const EVP_MD *md, const struct part *p, size_t n,
    unsigned char out[HASH_LEN])
{
	bool good = EVP_DigestInit_ex(ctx, md, NULL) == 1;

	for (size_t i = 0; i < n; i++)
		good = good && EVP_DigestUpdate(ctx, p[i].data, p[i].n) == 1;
	REQUIRE(good && EVP_DigestFinal_ex(ctx, out, NULL) == 1);
}
