/* What the seal covers, as bytes; pure. */
#include "audit_leaf.h"

#include <string.h>

#include <sodium.h>

#include "base/err.h"

const char *const audit_columns[AUDIT_NCOLUMNS] = { "id", "txid", "at",
	"verb", "outcome", "entity", "row", "rev", "division", "line",
	"sensitivity", "actor", "channel", "request", "route", "remote",
	"session", "grant", "client", "via", "viewer", "binding", "batch",
	"file_sha", "detail" };

static void column(struct buf *, const void *, size_t);
static const char *string_end(const char *);
static const char *value_end(const char *);
static bool same_key(const struct member *, const char *);
static bool own(const struct member *);

void
audit_leaf(struct buf *b, const char *const value[AUDIT_NCOLUMNS],
    const char *fields, const unsigned char *root)
{
	buf_str(b, "taizhang audit 1\n");
	for (size_t i = 0; i < AUDIT_NCOLUMNS; i++)
		column(b, value[i], value[i] != NULL ? strlen(value[i]) : 0);
	column(b, fields, fields != NULL ? strlen(fields) : 0);
	column(b, root, HASH_LEN);
}

static void
column(struct buf *b, const void *p, size_t n)
{
	const unsigned char len[] = { (unsigned char)(n >> 24),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8),
		(unsigned char)n };

	if (p == NULL) {
		buf_add(b, "\xff\xff\xff\xff", 4);
		return;
	}
	REQUIRE(n < 0xffffffff);
	buf_add(b, len, sizeof len);
	buf_add(b, p, n);
}

/* ---- members -------------------------------------------------------------- */

/* jsonb prints {"a": 1, "b": "x"}, and nothing else between the members. */
bool
member_next(const char **at, struct member *m)
{
	const char *p = *at;

	if (*p == '{')
		p++;
	else if (p[0] == ',' && p[1] == ' ')
		p += 2;
	if (*p != '"')
		return false;
	m->key = p + 1;
	p = string_end(p);
	if (p == NULL || strncmp(p, "\": ", 3) != 0)
		return false;
	m->key_len = (size_t)(p - m->key);
	m->value = p + 3;
	p = value_end(m->value);
	if (p == NULL)
		return false;
	m->value_len = (size_t)(p - m->value);
	*at = p;
	return true;
}

/* At the closing quote of the string that begins here; NULL: it has none. */
static const char *
string_end(const char *p)
{
	for (p++; *p != '"'; p++) {
		if (*p == '\0' || (*p == '\\' && *++p == '\0'))
			return NULL;
	}
	return p;
}

static const char *
value_end(const char *p)
{
	unsigned depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '"') {
			p = string_end(p);
			if (p == NULL)
				return NULL;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (depth > 0 && (*p == '}' || *p == ']')) {
			depth--;
		} else if (depth == 0 && (*p == '}' || *p == ',')) {
			return p;
		}
	}
	return NULL;
}

/* ---- commitments ---------------------------------------------------------- */

void
audit_salt(const unsigned char seed[SEED_LEN], const struct member *m,
    unsigned char salt[SALT_LEN])
{
	unsigned char full[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, seed, SEED_LEN);
	crypto_hash_sha256_update(&st, (const unsigned char *)m->key,
	    m->key_len);
	crypto_hash_sha256_final(&st, full);
	memcpy(salt, full, SALT_LEN);
}

void
audit_commit(const unsigned char salt[SALT_LEN], const struct member *m,
    unsigned char out[HASH_LEN])
{
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, salt, SALT_LEN);
	crypto_hash_sha256_update(&st, (const unsigned char *)m->key,
	    m->key_len);
	crypto_hash_sha256_update(&st, (const unsigned char *)"", 1);
	crypto_hash_sha256_update(&st, (const unsigned char *)m->value,
	    m->value_len);
	crypto_hash_sha256_final(&st, out);
}

bool
audit_root(const char *data, const unsigned char *seed,
    const struct kept *kept, unsigned char out[HASH_LEN])
{
	unsigned char salt[SALT_LEN], c[HASH_LEN];
	crypto_hash_sha256_state st;
	struct member m;
	bool null, erased;

	crypto_hash_sha256_init(&st);
	while (member_next(&data, &m)) {
		const struct kept *k = kept;

		while (k != NULL && k->key != NULL && !same_key(&m, k->key))
			k++;
		null = m.value_len == 4 && memcmp(m.value, "null", 4) == 0;
		erased = k != NULL && k->key != NULL && k->salt == NULL;
		if (null && !erased)
			continue;
		if (k != NULL && (k->key == NULL || erased) && !null)
			return false;
		if (erased) {
			memcpy(c, k->commitment, HASH_LEN);
		} else {
			if (k != NULL)
				memcpy(salt, k->salt, SALT_LEN);
			else
				audit_salt(seed, &m, salt);
			audit_commit(salt, &m, c);
		}
		crypto_hash_sha256_update(&st, (const unsigned char *)m.key,
		    m.key_len);
		crypto_hash_sha256_update(&st, (const unsigned char *)"", 1);
		crypto_hash_sha256_update(&st, c, HASH_LEN);
	}
	crypto_hash_sha256_final(&st, out);
	return strcmp(data, "}") == 0 || strcmp(data, "{}") == 0;
}

static bool
same_key(const struct member *m, const char *key)
{
	return strlen(key) == m->key_len &&
	    memcmp(key, m->key, m->key_len) == 0;
}

/* What every revision changes says nothing. */
static bool
own(const struct member *m)
{
	return same_key(m, "rev") || same_key(m, "updated_at") ||
	    same_key(m, "updated_by");
}

/* jsonb's order is the same in both: one walk, or a look from the start
 * where a column has come or gone. */
void
audit_fields(struct buf *b, const char *was, const char *is)
{
	size_t start = b->len;
	struct member m, o;

	while (member_next(&is, &m)) {
		const char *at = was;
		bool found = false, same = false;

		while (at != NULL && !found && member_next(&at, &o)) {
			found = o.key_len == m.key_len &&
			    memcmp(o.key, m.key, m.key_len) == 0;
			same = found && o.value_len == m.value_len &&
			    memcmp(o.value, m.value, m.value_len) == 0;
			if (found)
				was = at;
		}
		if (same || own(&m) || (m.value_len == 4 && !found &&
		    memcmp(m.value, "null", 4) == 0))
			continue;
		if (b->len > start)
			buf_char(b, ' ');
		buf_add(b, m.key, m.key_len);
	}
}
