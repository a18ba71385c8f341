/* One-time codes: the RFC's own, the window, no code twice. */
#include "totp.h"

#include <string.h>

#include "check.h"

static const unsigned char secret[TOTP_SECRET] = { '1', '2', '3', '4', '5',
	'6', '7', '8', '9', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
	'0' };

/* RFC 6238 appendix B, the last six of its eight digits. */
static void
as_the_rfc_says(void **state)
{
	static const struct {
		int64_t time;
		const char *code;
	} rows[] = { { 59, "287082" }, { 1111111109, "081804" },
		{ 1111111111, "050471" }, { 1234567890, "005924" },
		{ 2000000000, "279037" }, { 20000000000, "353130" } };
	char out[TOTP_DIGITS + 1];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		totp_code(secret, rows[i].time / 30, out);
		assert_string_equal(out, rows[i].code);
	}
}

static void
window(void **state)
{
	char code[TOTP_DIGITS + 1];
	int64_t step = 1111111111 / 30;
	time_t now = 1111111111;

	(void)state;
	totp_code(secret, step, code);
	assert_int_equal(totp_find(secret, code, now, 0), step);
	assert_int_equal(totp_find(secret, code, now + 30, 0), step);
	assert_int_equal(totp_find(secret, code, now - 30, 0), step);
	assert_int_equal(totp_find(secret, code, now + 60, 0), -1);
	assert_int_equal(totp_find(secret, code, now - 60, 0), -1);
	/* Used, or a later one was. */
	assert_int_equal(totp_find(secret, code, now, step), -1);
	assert_int_equal(totp_find(secret, code, now, step + 1), -1);
	assert_int_equal(totp_find(secret, code, now, step - 1), step);
}

static void
hostile(void **state)
{
	static const char *const rows[] = { "", "0", "05047", "0504711",
		"05047l", "-50471", " 50471", "050472", "000000",
		"050471050471" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(totp_find(secret, rows[i], 1111111111, 0),
		    -1);
}

/* RFC 4648 chapter 10, without the padding. */
static void
text(void **state)
{
	static const char *const rows[][2] = { { "", "" }, { "f", "MY" },
		{ "fo", "MZXQ" }, { "foo", "MZXW6" }, { "foob", "MZXW6YQ" },
		{ "fooba", "MZXW6YTB" }, { "foobar", "MZXW6YTBOI" } };
	char out[TOTP_SECRET_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		base32((const unsigned char *)rows[i][0], strlen(rows[i][0]),
		    out);
		assert_string_equal(out, rows[i][1]);
	}
	base32(secret, sizeof secret, out);
	assert_string_equal(out, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_the_rfc_says),
		cmocka_unit_test(window), cmocka_unit_test(hostile),
		cmocka_unit_test(text) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
