/* The log's tree, leaves, commitments and heads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "audit_head.h"
#include "audit_leaf.h"
#include "base/err.h"
#include "merkle.h"

#define LEAVES 1000

static struct hashes leaf[LEAVES];
static struct stored kept[2 * LEAVES];
static size_t nkept;

static void
keep(void *arg, unsigned level, uint64_t index, const struct hashes *h)
{
	(void)arg;
	kept[nkept++] = (struct stored){ level, index, *h };
}

/* RFC 6962, 2.1, as it is written there. */
static void
by_definition(size_t lo, size_t n, struct hashes *out)
{
	struct hashes l, r;
	size_t k = 1;

	if (n == 1) {
		*out = leaf[lo];
		return;
	}
	while (k * 2 < n)
		k *= 2;
	by_definition(lo, k, &l);
	by_definition(lo + k, n - k, &r);
	merkle_node(&l, &r, out);
}

static void
test_known_answers(void **state)
{
	/* RFC 6962 test vectors of certificate transparency, SHA-256; SM3 of
	 * the same by `openssl dgst -sm3`. */
	struct merkle m = { .size = 0 };
	struct hashes h;
	char hex[HASH_HEX];

	(void)state;
	merkle_root(&m, &h);
	hash_hex(h.sha256, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	hash_hex(h.sm3, hex);
	assert_string_equal(hex, "1ab21d8355cfa17f8e61194831e81a8f"
	    "22bec8c728fefb747ed035eb5082aa2b");
	merkle_leaf("", 0, &h);
	hash_hex(h.sha256, hex);
	assert_string_equal(hex, "6e340b9cffb37a989ca544e6bb780a2c"
	    "78901d3fb33738768511a30617afa01d");
}

/* Of every size: the root as defined, also after it was opened again from
 * what is stored, and every path leads to it. */
static void
test_roots_and_paths(void **state)
{
	struct merkle m = { .size = 0 };

	(void)state;
	nkept = 0;
	for (size_t i = 0; i < LEAVES; i++) {
		merkle_leaf(&i, sizeof i, &leaf[i]);
		merkle_add(&m, &leaf[i], keep, NULL);
	}
	assert_int_equal(nkept, LEAVES / 256);
	for (size_t n = 1; n <= LEAVES; n += n < 20 ? 1 : 97) {
		struct stored all[LEAVES + 8];
		struct stored_set set = { all, 0 };
		struct hashes want, got, path[MERKLE_MAX];
		struct merkle again;

		for (size_t i = 0; i < n; i++)
			all[set.n++] = (struct stored){ 0, i, leaf[i] };
		for (size_t i = 0; i < n / 256; i++)
			all[set.n++] = kept[i];
		by_definition(0, n, &want);
		assert_true(merkle_open(&again, n, &set));
		merkle_root(&again, &got);
		assert_memory_equal(&got, &want, sizeof got);
		for (size_t i = 0; i < n; i += 1 + n / 13) {
			int len = merkle_path(i, n, &set, path), at = 0;
			size_t fn = i, sn = n - 1;

			assert_true(len >= 0);
			for (got = leaf[i]; sn > 0; fn >>= 1, sn >>= 1) {
				if (fn % 2 == 1 || fn == sn) {
					merkle_node(&path[at++], &got, &got);
					while (fn % 2 == 0 && fn != 0)
						fn >>= 1, sn >>= 1;
				} else {
					merkle_node(&got, &path[at++], &got);
				}
			}
			assert_int_equal(at, len);
			assert_memory_equal(&got, &want, sizeof got);
		}
		set.n--;
		set.at++;
		assert_true(n > 256 || !merkle_open(&again, n, &set));
		assert_int_equal(merkle_path(n, n, &set, path), -1);
	}
}

static void
test_members(void **state)
{
	static const char text[] = "{\"a\": 1, \"b\": \"x, \\\"}\", \"cc\": "
	    "{\"d\": [1, \"]\"]}, \"e\\\"\": null}";
	static const char *const keys[] = { "a", "b", "cc", "e\\\"" };
	static const char *const values[] = { "1", "\"x, \\\"}\"",
		"{\"d\": [1, \"]\"]}", "null" };
	static const char *const broken[] = { "", "{", "{\"a", "{\"a\"",
		"{\"a\": ", "{\"a\": \"x", "{\"a\": [1", "[1]", "null" };
	const char *at = text;
	struct member m;

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		assert_true(member_next(&at, &m));
		assert_int_equal(m.key_len, strlen(keys[i]));
		assert_memory_equal(m.key, keys[i], m.key_len);
		assert_int_equal(m.value_len, strlen(values[i]));
		assert_memory_equal(m.value, values[i], m.value_len);
	}
	assert_false(member_next(&at, &m));
	assert_string_equal(at, "}");
	for (size_t i = 0; i < COUNT(broken); i++) {
		at = broken[i];
		assert_false(member_next(&at, &m));
	}
}

/* A root changes with every byte of every field, and outlives an erasure. */
static void
test_commitments(void **state)
{
	static const unsigned char seed[SEED_LEN] = "0123456789abcde";
	static const char *const others[] = { "{\"a\": 2, \"b\": \"x\"}",
		"{\"a\": 1, \"c\": \"x\"}", "{\"a\": 1}", "{\"b\": \"x\"}",
		"{\"a\": 1, \"b\": \"x\", \"c\": 0}", "{}" };
	static const char data[] = "{\"a\": 1, \"b\": \"x\"}";
	unsigned char root[HASH_LEN], other[HASH_LEN];
	unsigned char salt[2][SALT_LEN], c[2][HASH_LEN];
	struct kept list[3] = { { .key = NULL } };
	struct member m;
	const char *at = data;

	(void)state;
	assert_true(audit_root(data, seed, NULL, root));
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_true(audit_root(others[i], seed, NULL, other));
		assert_memory_not_equal(root, other, HASH_LEN);
	}
	assert_false(audit_root("{\"a\": 1", seed, NULL, other));
	for (size_t i = 0; i < 2; i++) {
		assert_true(member_next(&at, &m));
		audit_salt(seed, &m, salt[i]);
		audit_commit(salt[i], &m, c[i]);
	}
	list[0] = (struct kept){ "a", salt[0], c[0] };
	list[1] = (struct kept){ "b", NULL, c[1] };
	assert_true(audit_root("{\"a\": 1, \"b\": null}", NULL, list, other));
	assert_memory_equal(root, other, HASH_LEN);
	/* What was erased has no value, what was kept is still bound. */
	assert_false(audit_root(data, NULL, list, other));
	assert_true(audit_root("{\"a\": 2, \"b\": null}", NULL, list, other));
	assert_memory_not_equal(root, other, HASH_LEN);
	assert_false(audit_root("{\"a\": 1, \"z\": 1}", NULL, list, other));
	/* A column that came after the revision was nulled with the others. */
	assert_true(audit_root("{\"a\": 1, \"b\": null, \"zz\": null}", NULL,
	    list, other));
	assert_memory_equal(root, other, HASH_LEN);
}

static void
test_fields(void **state)
{
	static const struct {
		const char *was, *is, *names;
	} rows[] = {
		{ "{\"a\": 1}", "{\"a\": 1}", "" },
		{ "{\"a\": 1, \"b\": 2}", "{\"a\": 1, \"b\": 3}", "b" },
		{ "{\"a\": 1, \"c\": 2}", "{\"a\": 2, \"b\": 1, \"c\": 3}",
		    "a b c" },
		{ "{\"c\": 2}", "{\"a\": null, \"c\": 2}", "" },
		{ "{\"rev\": 1, \"updated_at\": 1}",
		    "{\"rev\": 2, \"updated_at\": 2}", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b;

		buf_init(&b, 1000);
		audit_fields(&b, rows[i].was, rows[i].is);
		assert_string_equal(b.len > 0 ? b.data : "", rows[i].names);
		buf_free(&b);
	}
}

/* No two events have the same bytes: null, empty and neighbours differ. */
static void
test_leaves_differ(void **state)
{
	static const char *const first[][3] = { { "ab", "c", NULL },
		{ "a", "bc", NULL }, { "ab", NULL, "c" }, { "ab", "c", "" },
		{ "abc", NULL, NULL } };
	unsigned char root[HASH_LEN] = { 0 };
	struct buf b[COUNT(first) + 1];

	(void)state;
	for (size_t i = 0; i <= COUNT(first); i++) {
		const char *value[AUDIT_NCOLUMNS] = { NULL };

		memcpy(value, first[i % COUNT(first)], sizeof first[0]);
		buf_init(&b[i], 4096);
		audit_leaf(&b[i], value, NULL, i == COUNT(first) ? root : NULL);
		for (size_t k = 0; k < i; k++)
			assert_true(b[k].len != b[i].len ||
			    memcmp(b[k].data, b[i].data, b[i].len) != 0);
	}
	for (size_t i = 0; i <= COUNT(first); i++)
		buf_free(&b[i]);
}

static void
test_heads(void **state)
{
	static const unsigned char seed[HEAD_SEED] = "a seed";
	struct head h = { .seq = 7, .size = 1234, .at_us = 1700000000000000 };
	struct head got;
	char line[HEAD_LINE], text[HEAD_LINE + 64], read[HEAD_LINE];
	size_t n;

	(void)state;
	memset(h.sha256, 'a', HASH_HEX - 1);
	memset(h.sm3, 'b', HASH_HEX - 1);
	memset(h.prev, '0', HASH_HEX - 1);
	head_sign(&h, seed, line);
	n = strlen(line);
	assert_int_equal(head_read(line, &got, read), HEAD_GOOD);
	assert_string_equal(read, line);
	assert_int_equal(got.size, 1234);
	assert_string_equal(got.key, h.key);
	/* In the middle of something else, as witnesses have it. */
	(void)snprintf(text, sizeof text, "%s</t></is>", line);
	assert_int_equal(head_read(text, &got, read), HEAD_GOOD);
	assert_string_equal(read, line);
	/* Every byte counts. */
	for (size_t i = 0; i < n; i++) {
		memcpy(text, line, n + 1);
		text[i] = text[i] == '1' ? '2' : '1';
		assert_int_not_equal(head_read(text, &got, read), HEAD_GOOD);
		memcpy(text, line, n + 1);
		text[i] = '\0';
		assert_int_not_equal(head_read(text, &got, read), HEAD_GOOD);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_roots_and_paths),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_commitments),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_leaves_differ),
		cmocka_unit_test(test_heads),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
