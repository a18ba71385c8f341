/* Forms taken apart, in pieces of every size. */
#include "multipart.h"

#include "base/buf.h"
#include "base/err.h"

#include "check.h"

#define LONG70 "0123456789012345678901234567890123456789012345678901234567890123456789"

static struct buf told;

static bool
begin(void *arg, const struct part *p)
{
	(void)arg;
	buf_printf(&told, "%s%s%s%s%s%s{", p->name, p->file ? "!" : "",
	    p->filename, *p->type != '\0' ? "(" : "", p->type,
	    *p->type != '\0' ? ")" : "");
	return strcmp(p->name, "stop") != 0;
}

static bool
data(void *arg, const char *s, size_t n)
{
	(void)arg;
	assert_true(n > 0);
	buf_add(&told, s, n);
	return true;
}

static bool
end(void *arg)
{
	(void)arg;
	buf_str(&told, "}");
	return true;
}

/* What the parser tells of a body fed in pieces of so many bytes. */
static const char *
parse(const char *body, size_t n, size_t piece)
{
	static const struct multipart_sink sink = { begin, data, end, NULL };
	struct multipart m;
	const char *wrong = NULL;

	buf_reset(&told);
	multipart_open(&m, "B", &sink);
	for (size_t at = 0; at < n; at += piece)
		wrong = multipart_feed(&m, body + at,
		    n - at < piece ? n - at : piece);
	if (wrong != NULL)
		assert_ptr_equal(multipart_close(&m), wrong);
	else
		wrong = multipart_close(&m);
	if (wrong != NULL) {
		buf_reset(&told);
		buf_str(&told, wrong);
	}
	return told.data;
}

#define PART(head, data) "--B\r\nContent-Disposition: form-data; " head \
	"\r\n\r\n" data "\r\n"
#define NAMED(head) PART("name=a" head, "x") "--B--"

static const struct {
	const char *body, *told;
} forms[] = {
	{ PART("name=\"a\"", "1") "--B--\r\n", "a{1}" },
	{ PART("name=a", "1") PART("name=b", "2") "--B--", "a{1}b{2}" },
	{ PART("name=a", "") "--B--", "a{}" },
	{ "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n--B--",
	    "a{}" },
	{ "\r\n" NAMED(""), "a{x}" },
	{ "preamble\r\n" NAMED(""), "a{x}" },
	{ "--B \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n"
	    "--B-- \r\nepilogue", "a{x}" },
	{ PART("name=f; filename=\"照片.jpg\"\r\nContent-Type: image/jpeg",
	    "\r\n--\r\n-B\r\r\n--A\r\n") "--B--",
	    "f!照片.jpg(image/jpeg){\r\n--\r\n-B\r\r\n--A\r\n}" },
	/* As other clients write it. */
	{ NAMED("; filename=\"a\\\"b\\\\c\""), "a!a\"b\\c{x}" },
	{ NAMED("; filename=\"C:\\pic.jpg\""), "a!C:\\pic.jpg{x}" },
	{ NAMED("; filename=x.jpg; filename*=UTF-8''%E7%85%A7%20.jpg"),
	    "a!照 .jpg{x}" },
	{ NAMED("; filename=\"\""), "a{x}" },
	{ "--B\r\ncontent-disposition:form-data;NAME=\"a\";\r\n"
	    "Content-Transfer-Encoding: binary\r\nX-Own: y\r\n\r\nx\r\n--B--",
	    "a{x}" },
	/* Broken. */
	{ "", "truncated" },
	{ "--B", "truncated" },
	{ "--B--", "" },
	{ PART("name=a", "x"), "truncated" },
	{ PART("name=a", "x") "--B", "truncated" },
	{ PART("name=a", "x") "--B-", "truncated" },
	{ PART("name=a", "x") "--Bxy", "bad_boundary" },
	{ PART("name=a", "x") "--B-\r\n", "bad_boundary" },
	{ "--B\n\n", "bad_boundary" },
	{ "--B\r\n\r\nx\r\n--B--", "part_without_name" },
	{ "--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--",
	    "part_without_name" },
	{ "--B\r\nno colon\r\n\r\nx\r\n--B--", "part_head" },
	{ PART("name=a\r\nContent-Type: multipart/mixed; boundary=C", "x")
	    "--B--", "part_type" },
	{ PART("name=a\r\nContent-Transfer-Encoding: base64", "x") "--B--",
	    "part_encoding" },
	{ "--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--",
	    "part_disposition" },
	{ NAMED("; name=b"), "part_disposition" },
	{ NAMED("\r\nContent-Disposition: form-data; name=b"),
	    "part_disposition" },
	{ NAMED("; filename=\"open"), "part_disposition" },
	{ NAMED("; filename*=GBK''%D5%D5"), "part_disposition" },
	{ NAMED("; filename*=UTF-8''%zz"), "part_disposition" },
	{ NAMED("; filename*=UTF-8''%00"), "part_disposition" },
	{ PART("name=\"" LONG70 LONG70 "\"", "x") "--B--",
	    "part_disposition" },
	{ PART("name=stop", "x") "--B--", "stopped" },
};

static void
test_forms(void **state)
{
	(void)state;
	buf_init(&told, 1 << 20);
	for (size_t i = 0; i < COUNT(forms); i++) {
		size_t n = strlen(forms[i].body);

		for (size_t piece = 1; piece <= n + 1; piece++)
			CHECK_STR(i, n == 0 && piece == 1
			    ? parse("", 0, 1) : parse(forms[i].body, n, piece),
			    forms[i].told);
	}
	buf_free(&told);
}

/* Each limit, from both sides. */
static void
test_limits(void **state)
{
	char *text;
	struct buf b;
	size_t n;

	(void)state;
	buf_init(&told, 1 << 20);
	buf_init(&b, 8 << 20);
	for (int i = 0; i < MULTIPART_PARTS_MAX; i++)
		buf_str(&b, PART("name=a", ""));
	n = b.len;
	buf_str(&b, "--B--");
	assert_string_not_equal(parse(b.data, b.len, 1000), "too_many_parts");
	b.len = n;
	for (int i = 0; i < 100000; i++)
		buf_str(&b, "--B\r\n\r\n");
	assert_string_equal(parse(b.data, b.len, 1000), "too_many_parts");

	buf_reset(&b);
	buf_str(&b, "--B\r\nContent-Disposition: form-data; name=a\r\nX: ");
	for (int i = 0; i < MULTIPART_HEAD_MAX; i++)
		buf_char(&b, 'x');
	assert_string_equal(parse(b.data, b.len, 100), "part_head_too_large");

	text = calloc(1, 100000);
	memset(text, 'x', 99999);
	assert_string_equal(parse(text, 99999, 100), "no_boundary");
	free(text);
	buf_reset(&b);
	buf_str(&b, NAMED(""));
	for (int i = 0; i <= MULTIPART_EXTRA_MAX; i++)
		buf_char(&b, ' ');
	assert_string_equal(parse(b.data, b.len, 100), "trailing_bytes");
	buf_free(&b);
	buf_free(&told);
}

static void
test_boundary(void **state)
{
	static const struct {
		const char *type, *boundary; /* NULL: refused */
	} table[] = {
		{ "multipart/form-data; boundary=B", "B" },
		{ "Multipart/Form-Data;charset=utf-8;Boundary=\"a b'?\"",
		    "a b'?" },
		{ "multipart/form-data; boundary=" LONG70, LONG70 },
		{ "multipart/form-data; boundary=" LONG70 "x", NULL },
		{ "multipart/form-data", NULL },
		{ "multipart/form-data; boundary=", NULL },
		{ "multipart/form-data; boundary=\"\"", NULL },
		{ "multipart/form-data; boundary=\"a \"", NULL },
		{ "multipart/form-data; boundary=\"a", NULL },
		{ "multipart/form-data; boundary=a; boundary=b", NULL },
		{ "multipart/form-data; boundary=\"a\tb\"", NULL },
		{ "multipart/mixed; boundary=B", NULL },
		{ "multipart/form-datax; boundary=B", NULL },
		{ "", NULL },
	};
	char out[MULTIPART_BOUNDARY_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		CHECK_STR(i, multipart_boundary(table[i].type, out) ? out : "-",
		    table[i].boundary ? table[i].boundary : "-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_boundary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
