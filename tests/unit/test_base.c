/* The base library: arena, buf, text, identifiers, canonical values. */
#include "check.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/canon.h"
#include "base/err.h"
#include "base/phone.h"
#include "base/text.h"
#include "base/uid.h"

static void
test_arena(void **state)
{
	struct arena a;
	char *p;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 1; i < 5000; i += 7) {
		p = arena_alloc(&a, i);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t k = 0; k < i; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xff, i);
	}
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "七"), "7-七");
	arena_free(&a);
	assert_int_equal(a.used, 0);
}

static void
test_buf_json(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_char(&b, '{');
	buf_key(&b, "名");
	buf_json(&b, "a\"b\\c\n\t\x01王\x7f");
	buf_key(&b, "空");
	buf_json(&b, NULL);
	buf_char(&b, '}');
	assert_string_equal(b.data,
	    "{\"名\":\"a\\\"b\\\\c\\n\\t\\u0001王\\u007f\",\"空\":null}");
	buf_free(&b);
}

static void
test_buf_element(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_char(&b, '{');
	buf_element(&b, "");
	buf_element(&b, NULL);
	buf_element(&b, "NULL");
	buf_element(&b, "{a,王}");
	buf_element(&b, "\"a\\\"\n'");
	buf_char(&b, '}');
	assert_string_equal(b.data,
	    "{\"\",NULL,\"NULL\",\"{a,王}\",\"\\\"a\\\\\\\"\n'\"}");
	buf_free(&b);
}

/* Every byte that needs an escape, and its neighbours, at every place of the
 * eight that are looked at together. */
static void
test_buf_json_places(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 256; c++) {
		for (size_t at = 0; at < 19; at++) {
			char in[20] = "\xe7\x8e\x8b{}[]~ !#\xc2\x80zz09AB";
			char want[64];
			struct buf b;

			in[19] = '\0';
			in[at] = (char)c;
			(void)snprintf(want, sizeof want, "\"%.*s%s%s\"",
			    (int)at, in, c == '"' ? "\\\"" : c == '\\'
			    ? "\\\\" : c == '\n' ? "\\n" : c == '\r'
			    ? "\\r" : c == '\t' ? "\\t" : "", in + at + 1);
			if (c < 0x20 && strchr("\n\r\t", (int)c) == NULL)
				(void)snprintf(want, sizeof want,
				    "\"%.*s\\u00%02x%s\"", (int)at, in, c,
				    in + at + 1);
			else if (c == 0x7f)
				(void)snprintf(want, sizeof want,
				    "\"%.*s\\u007f%s\"", (int)at, in,
				    in + at + 1);
			else if (c >= 0x20 && c != '"' && c != '\\')
				(void)snprintf(want, sizeof want, "\"%s\"",
				    in);
			buf_init(&b, 1000);
			buf_json(&b, in);
			assert_string_equal(b.data, want);
			buf_free(&b);
		}
	}
}

static void
test_buf_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	buf_str(&b, "12345");
	buf_str(&b, "123456");
	assert_true(b.over);
	assert_string_equal(b.data, "12345");
	buf_char(&b, 'x');
	assert_int_equal(b.len, 5);
	buf_reset(&b);
	buf_printf(&b, "%s", "1234567890");
	assert_false(b.over);
	buf_printf(&b, "%d", 1);
	assert_true(b.over);
	buf_free(&b);
}

/* A reserve is only a hint: it never makes the buffer over. */
static void
test_buf_numbers(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} rows[] = { { 0, "0" }, { 7, "7" }, { 10, "10" },
		{ 430981000000, "430981000000" },
		{ UINT64_MAX, "18446744073709551615" } };
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_reset(&b);
		buf_u64(&b, rows[i].value);
		CHECK_STR(i, b.data, rows[i].text);
	}
	buf_reserve(&b, 1000);
	assert_false(b.over);
	buf_reset(&b);
	buf_json(&b, "0123456789012345678901234567890123456789012345678901234"
	    "567");
	assert_int_equal(b.len, 60);
	buf_json(&b, "12");
	assert_int_equal(b.len, 64);
	assert_false(b.over);
	buf_json(&b, "");
	assert_true(b.over);
	buf_free(&b);
}

static void
test_utf8(void **state)
{
	static const struct {
		const char *s;
		bool good;
	} rows[] = {
		{ "", true }, { "王一", true }, { "\xf0\x9f\x98\x80", true },
		{ "\xff\xfe", false }, { "\xc0\x80", false },
		{ "\xed\xa0\x80", false }, { "\xf4\x90\x80\x80", false },
		{ "\xe7\x8e", false }, { "\x80", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(utf8_ok(rows[i].s, strlen(rows[i].s)),
		    rows[i].good);
	assert_false(utf8_ok("a\0b", 3));
	assert_int_equal(utf8_len("王a\xf0\x9f\x98\x80"), 3);
}

static void
test_text(void **state)
{
	static const struct {
		const char *in, *canon, *key;
	} rows[] = {
		{ "", "", "" },
		{ "  张三\xe3\x80\x80", "张三", "张三" },
		{ "a\r\nb\rc", "a\nb\nc", "abc" },
		{ "\xef\xbb\xbfx\x01y", "xy", "xy" },
		{ "整改责任领导\n（姓名）", "整改责任领导\n（姓名）",
		    "整改责任领导姓名" },
		{ "ＡＢ１２", "ＡＢ１２", "ab12" },
		{ "e\xcc\x81", "é", "é" },
		{ "立项 批复。", "立项 批复。", "立项批复" },
		{ " \n\t ", "", "" },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CHECK_STR(i, text_canon(&a, rows[i].in), rows[i].canon);
		CHECK_STR(i, text_key(&a, rows[i].in), rows[i].key);
	}
	assert_string_equal(utf8_head(&a, "一二三", 2), "一二");
	assert_false(text_printable("a\xe2\x80\xae b"));
	assert_true(text_printable("两行\n文字"));
	assert_false(text_printable("\xef\xbf\xbe"));
	assert_false(text_printable("\xef\xbf\xbf"));
	assert_true(text_printable("\xef\xbf\xbd\xee\x80\x80"));
	arena_free(&a);
}

static void
test_uid(void **state)
{
	char a[UUID_LEN + 1], b[UUID_LEN + 1], u[UID_LEN + 1], w[UID_LEN + 1];

	(void)state;
	for (int i = 0; i < 500; i++) {
		uuid_new(a);
		assert_true(uuid_ok(a));
		assert_int_equal(a[14], '7');
		assert_true(uuid_to_uid(a, u));
		assert_true(uid_to_uuid(u, b));
		assert_string_equal(a, b);
	}
	assert_true(uuid_to_uid("ffffffff-ffff-ffff-ffff-ffffffffffff", u));
	assert_string_equal(u, "7zzzzzzzzzzzzzzzzzzzzzzzzz");
	assert_true(uuid_to_uid("00000000-0000-0000-0000-000000000001", w));
	assert_true(strcmp(w, u) < 0);
	assert_false(uid_to_uuid("8zzzzzzzzzzzzzzzzzzzzzzzzz", b));
	assert_false(uid_to_uuid("7zzz", b));
	assert_false(uuid_ok("00000000-0000-0000-0000-00000000000g"));
	assert_false(uuid_ok("00000000-0000-0000-0000-0000000000010"));
}

/* A child must not go on with its parent's random bytes. */
static void
test_uid_fork(void **state)
{
	char ours[UUID_LEN + 1], theirs[UUID_LEN + 1] = "";
	int pipes[2];
	pid_t child;

	(void)state;
	uuid_new(ours);
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		uuid_new(theirs);
		_exit(write(pipes[1], theirs, sizeof theirs) != sizeof theirs);
	}
	assert_int_equal(read(pipes[0], theirs, sizeof theirs), sizeof theirs);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(pipes[0]);
	close(pipes[1]);
	uuid_new(ours);
	assert_true(uuid_ok(theirs));
	/* Behind the time: 10 bytes that only chance makes equal. */
	assert_string_not_equal(ours + 19, theirs + 19);
}

static void
test_token(void **state)
{
	static const unsigned char key[32] = { 1, 2, 3 };
	char ledger[UUID_LEN + 1], row[UUID_LEN + 1], back[UUID_LEN + 1];
	char t[ROW_TOKEN_MAX], other[ROW_TOKEN_MAX];
	long rev;

	(void)state;
	uuid_new(ledger);
	uuid_new(row);
	row_token(key, ledger, row, 12, t);
	assert_true(row_token_split(t, back, &rev));
	assert_string_equal(back, row);
	assert_int_equal(rev, 12);
	row_token(key, ledger, row, 13, other);
	assert_string_not_equal(t + strlen(t) - 8, other + strlen(other) - 8);
	for (size_t n = strlen(t); n-- > 0;) {
		t[n] = '\0';
		assert_false(row_token_split(t, back, &rev));
	}
}

static void
test_bearer(void **state)
{
	char t[BEARER_MAX];

	(void)state;
	for (int i = 0; i < 100; i++) {
		bearer_new("tz_u_", t);
		assert_true(bearer_ok(t));
		t[10] = t[10] == 'a' ? 'b' : 'a';
		assert_false(bearer_ok(t));
	}
	assert_false(bearer_ok(""));
	assert_false(bearer_ok("tz_u_"));
}

static void
test_canon(void **state)
{
	static const struct {
		enum kind kind;
		const char *in, *out;
		bool good;
	} rows[] = {
		{ K_DATE, "2023-4-6", "2023-04-06", true },
		{ K_DATE, "2023.4.6", "2023-04-06", true },
		{ K_DATE, "2023/04/06", "2023-04-06", true },
		{ K_DATE, "2023年4月6日", "2023-04-06", true },
		{ K_DATE, "２０２３年４月６日", "2023-04-06", true },
		{ K_DATE, "2023年4月", "2023-04", true },
		{ K_DATE, "2023年", "2023", true },
		{ K_DATE, "4月6日", "2023-04-06", true },
		{ K_DATE, "5月底", "2023-05-31", true },
		{ K_DATE, "2024年2月底", "2024-02-29", true },
		{ K_DATE, "20230406", "2023-04-06", true },
		{ K_DATE, "2023-04-06T00:00:00", "2023-04-06", true },
		{ K_DATE, "2023-02-29", "2023-02-29", false },
		{ K_DATE, "2023-13-01", "2023-13-01", false },
		{ K_DATE, "下周五", "下周五", false },
		{ K_DATE, "2023-4-6日及以后", "2023-4-6日及以后", false },
		{ K_BOOL, "√", "是", true }, { K_BOOL, "n", "否", true },
		{ K_BOOL, "是。", "是。", false },
		{ K_WAN, "12.50", "12.5", true },
		{ K_WAN, "1,234.5万元", "1234.5", true },
		{ K_WAN, "12元", "12元", false },
		{ K_WAN, "0.30000000000000004", "0.3", true },
		{ K_WAN, "1234567890123456", "1234567890123456", false },
		{ K_WAN, "0.3000000000000", "0.3", true },
		{ K_WAN, "17177.1233", "17177.1233", true },
		{ K_YUAN, "1.005", "1.01", true },
		{ K_YUAN, "-0", "0", true },
		{ K_YUAN, "5万元", "5万元", false },
		{ K_YUAN, "5元", "5", true },
		{ K_INT, "1e3", "1000", true },
		{ K_INT, "1e400", "1e400", false },
		{ K_INT, "nan", "nan", false },
		{ K_PERCENT, "33%", "33", true },
		{ K_PHONE, "138-0000-0000", "13800000000", true },
		{ K_PHONE, "１３８００００００００", "13800000000", true },
		{ K_PHONE, "0737-2700000", "0737-2700000", true },
		{ K_PHONE, "张三", "张三", false },
		{ K_PHONE, "123456789012345678", "123456789012345678", false },
		{ K_TEXT, "  =1+1 ", "=1+1", true },
	};
	struct arena a;
	bool good;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CHECK_STR(i,
		    canon(&a, rows[i].kind, rows[i].in, 2023, &good),
		    rows[i].out);
		assert_int_equal(good, rows[i].good);
	}
	canon(&a, K_DATE, "4月6日", 0, &good);
	assert_false(good);
	arena_free(&a);
}

static void
test_serial(void **state)
{
	static const struct {
		double serial;
		bool d1904;
		const char *out;
	} rows[] = {
		{ 1, false, "1900-01-01" }, { 59, false, "1900-02-28" },
		{ 60, false, "1900-02-28" }, { 61, false, "1900-03-01" },
		{ 45022, false, "2023-04-06" }, { 45022.99, false, "2023-04-06" },
		{ 43560, true, "2023-04-06" }, { 2958465, false, "9999-12-31" },
		{ -1, false, "" }, { 1e300, false, "" },
	};
	struct arena a;
	long days;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_STR(i, date_of_serial(&a, rows[i].serial, rows[i].d1904),
		    rows[i].out);
	assert_true(date_days("1970-01-02", &days));
	assert_int_equal(days, 1);
	assert_true(date_days("2023-04-06", &days));
	assert_int_equal(days, 19453);
	assert_false(date_days("2023-04", &days));
	assert_false(date_days("0000-01-01", &days));
	assert_true(date_days("0001-01-01", &days));
	arena_free(&a);
}

static void
test_phone(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} row[] = {
		{ "13800000000", true }, { "138 0000 0000", true },
		{ "138-0000-0000", true }, { "+86 13800000000", true },
		{ "+8613800000000", true }, { "86-13800000000", true },
		{ "0737-2700000", true }, { "07372700000", true },
		{ "(0737)2700000", true }, { "010-62700000", true },
		{ "021 6270 0000", true }, { "0737-2700000-801", true },
		{ "+86 10 62700000", false },
		{ "13800000000/0737-2700000", true },
		{ "13800000000、13800000001", true },
		{ "", false }, { "电话", false }, { "2700000", false },
		{ "12800000000", false }, { "1380000000", false },
		{ "138000000000", false }, { "123456789012345678", false },
		{ "5101001990" "01011237", false }, { "000000", false },
		{ "0037-2700000", false }, { "0737-0700000", false },
		{ "0737-27000", false }, { "0737-270000000", false },
		{ "010-2700000-1234567", false }, { "13800000000/", false },
		{ "13800000000 x", false }, { "--", false },
		{ "+1 2025550100", false }, { "(0737 2700000", false },
		{ "138****0000", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		if (phone_ok(row[i].text) != row[i].good)
			fail_msg("%s", row[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_buf_json),
		cmocka_unit_test(test_buf_element),
		cmocka_unit_test(test_buf_json_places),
		cmocka_unit_test(test_buf_limit),
		cmocka_unit_test(test_buf_numbers),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_uid),
		cmocka_unit_test(test_uid_fork),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_canon),
		cmocka_unit_test(test_phone),
		cmocka_unit_test(test_serial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
