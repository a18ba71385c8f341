/* Archives as they go out: what a reader finds at their end, beyond 4 GB too. */
#include "zip_out.h"

#include "base/buf.h"

#include "check.h"

#define MB (1u << 20)

static const unsigned char *
last(const struct buf *b, size_t from_end)
{
	assert_true(b->len >= from_end);
	return (const unsigned char *)b->data + b->len - from_end;
}

static uint64_t
number(const unsigned char *p, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | p[bytes];
	return v;
}

/* So many megabytes that do not deflate; the bytes that came out. */
static uint64_t
entry(struct zip_out *z, struct buf *out, const char *name, unsigned mb)
{
	static unsigned char noise[MB];
	uint64_t bytes = 0, state = 88172645463325252u;

	for (size_t i = 0; i < MB; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		noise[i] = (unsigned char)(state >> 40);
	}
	zip_entry_begin(z, name);
	for (unsigned i = 0; i < mb; i++) {
		buf_reset(out);
		zip_entry_add(z, noise, MB, out);
		bytes += out->len;
	}
	buf_reset(out);
	zip_entry_end(z, out);
	return bytes + out->len;
}

static void
test_small(void **state)
{
	struct zip_out *z = zip_new();
	const unsigned char *end;
	uint64_t first, second;
	struct buf out;

	(void)state;
	buf_init(&out, 8 * MB);
	first = entry(z, &out, "a", 2);
	second = entry(z, &out, "bc", 1);
	buf_reset(&out);
	zip_finish(z, &out);
	end = last(&out, 22);
	assert_memory_equal(end, "PK\5\6\0\0\0\0\2\0\2\0", 12);
	assert_int_equal(number(end + 12, 4), 46 + 1 + 46 + 2);
	assert_int_equal(number(end + 16, 4), first + second);
	assert_int_equal(out.len, 46 + 1 + 46 + 2 + 22);
	assert_int_equal(number(last(&out, 22 + 48) + 42, 4), first);
	zip_free(z);
	buf_free(&out);
}

/* The third entry begins, and the directory lies, beyond what 32 bits say. */
static void
test_zip64(void **state)
{
	struct zip_out *z = zip_new();
	const unsigned char *p;
	uint64_t third, all;
	struct buf out;

	(void)state;
	buf_init(&out, 8 * MB);
	third = entry(z, &out, "a", 2050);
	third += entry(z, &out, "b", 2050);
	all = third + entry(z, &out, "c", 1);
	assert_true(third > UINT32_MAX);
	buf_reset(&out);
	zip_finish(z, &out);
	assert_int_equal(out.len, 3 * 47 + 12 + 56 + 20 + 22);

	p = last(&out, out.len) + 2 * 47;
	assert_int_equal(number(p + 6, 2), 45);
	assert_int_equal(number(p + 42, 4), UINT32_MAX);
	assert_memory_equal(p + 46, "c\1\0\10\0", 5);
	assert_int_equal(number(p + 51, 8), third);

	p = last(&out, 22 + 20 + 56);
	assert_memory_equal(p, "PK\6\6", 4);
	assert_int_equal(number(p + 4, 8), 44);
	assert_int_equal(number(p + 24, 8), 3);
	assert_int_equal(number(p + 40, 8), 3 * 47 + 12);
	assert_int_equal(number(p + 48, 8), all);
	p = last(&out, 22 + 20);
	assert_memory_equal(p, "PK\6\7", 4);
	assert_int_equal(number(p + 8, 8), all + 3 * 47 + 12);
	p = last(&out, 22);
	assert_memory_equal(p, "PK\5\6", 4);
	assert_int_equal(number(p + 16, 4), UINT32_MAX);
	zip_free(z);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_zip64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
