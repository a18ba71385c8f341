/* The check of header blocks, without sockets (tests/e2e/test_conformance.py
 * has the same through Kore). */
#include "check.h"

#include "gate_check.h"

#define ROOM 16384
#define BODY_MAX 1000000

#define HEAD "GET /a HTTP/1.1\r\nHost: x\r\n"
#define POST "POST /a HTTP/1.1\r\nHost: x\r\n"

static enum gate_verdict
check(const char *text, size_t len, struct gate_block *b)
{
	return gate_check(text, len, ROOM, BODY_MAX, b);
}

static void
test_passes(void **state)
{
	static const struct {
		const char *text;
		size_t head;
		unsigned long body;
		bool has_body, close, expect;
	} table[] = {
		{ HEAD "\r\n", 28, 0, false, false, false },
		{ HEAD "Connection: Close\r\n\r\n", 47, 0, false, true, false },
		{ HEAD "Connection: a, close ,b\r\n\r\n", 53, 0, false, true,
		    false },
		{ HEAD "Connection: closed\r\n\r\n", 48, 0, false, false,
		    false },
		{ HEAD "Content-Length: 3\r\n\r\n", 47, 3, false, true, false },
		{ HEAD "\r\nGET", 28, 0, false, true, false },
		{ POST "Content-Length: 3\r\n\r\n", 48, 3, true, false, false },
		{ POST "Content-Length: 3\r\n\r\nabc", 48, 3, true, false,
		    false },
		{ POST "Content-Length: 003\r\n\r\nab", 50, 3, true, false,
		    false },
		{ POST "content-length:3\r\nExpect: 100-Continue\r\n\r\n", 69,
		    3, true, false, true },
		{ POST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\na", 70,
		    3, true, false, false },
		{ POST "Content-Length: 0\r\n\r\n", 48, 0, false, false,
		    false },
		{ "GET /a HTTP/1.0\r\nHost: x\r\n\r\n", 28, 0, false, true,
		    false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct gate_block b;

		print_message("row %zu\n", i);
		assert_int_equal(check(table[i].text, strlen(table[i].text),
		    &b), GATE_PASS);
		assert_int_equal(b.head, table[i].head);
		assert_int_equal(b.body, table[i].body);
		assert_int_equal(b.has_body, table[i].has_body);
		assert_int_equal(b.close, table[i].close);
		assert_int_equal(b.expect, table[i].expect);
	}
}

static void
test_refuses(void **state)
{
	static const struct {
		const char *text;
		unsigned status;
	} table[] = {
		{ "\r\n\r\n", 400 },
		{ "GET /a\r\nHost: x\r\n\r\n", 400 },
		{ "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ " GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET /a HTTP/1.2\r\nHost: x\r\n\r\n", 505 },
		{ "GET /a http/1.1\r\nHost: x\r\n\r\n", 505 },
		{ "GETS /a HTTP/1.1\r\nHost: x\r\n\r\n", 501 },
		{ "CONNECT /a HTTP/1.1\r\nHost: x\r\n\r\n", 501 },
		{ "PATCH /a HTTP/1.0\r\nHost: x\r\n\r\n", 505 },
		{ "GET /a HTTP/1.1\r\n\r\n", 400 },
		{ HEAD "Host: x\r\n\r\n", 400 },
		{ HEAD "Host2: x\r\n\r\n", 400 },
		{ HEAD "hOSTILE: x\r\n\r\n", 400 },
		{ HEAD "X: \r\n\r\n", 400 },
		{ HEAD "X:\tb\r\n\r\n", 400 },
		{ HEAD "X: b\rY: c\r\n\r\n", 400 },
		{ HEAD "X: b\nY: c\r\n\r\n", 400 },
		{ HEAD "X: b\x7f\r\n\r\n", 400 },
		{ HEAD "X: \xe5\x8f\xb0\r\n\r\n", 400 },
		{ HEAD "X: b\r\n c\r\n\r\n", 400 },
		{ HEAD "X y: b\r\n\r\n", 400 },
		{ HEAD "X\r\n\r\n", 400 },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\n", 501 },
		{ HEAD "transfer-encoding: identity\r\n\r\n", 501 },
		{ HEAD "If-Match: \"1\"\r\nIf-Match: \"2\"\r\n\r\n", 400 },
		{ POST "\r\n", 411 },
		{ POST "Content-Length: 3, 3\r\n\r\n", 400 },
		{ POST "Content-Length: 3\r\ncontent-length: 3\r\n\r\n", 400 },
		{ POST "Content-Length: +3\r\n\r\n", 400 },
		{ POST "Content-Length: 1e3\r\n\r\n", 400 },
		{ POST "Content-Length: 18446744073709551617\r\n\r\n", 400 },
		{ POST "Content-Length: 1000001\r\n\r\n", 413 },
		{ POST "Content-Length: 2\r\n\r\nabc", 400 },
		{ POST "Content-Length: 2\r\nExpect: x\r\n\r\n", 417 },
		/* refused before it is complete */
		{ "\x16\x03\x01", 400 },
		{ "GET /a HTTP/1.1\n", 400 },
		{ "GET /a HTTP/1.1\rH", 400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct gate_block b;

		print_message("row %zu\n", i);
		assert_int_equal(check(table[i].text, strlen(table[i].text),
		    &b), GATE_REFUSE);
		assert_int_equal(b.status, table[i].status);
		assert_non_null(b.code);
		assert_non_null(b.zh);
		assert_non_null(b.en);
	}
}

/* Byte by byte, no prefix of a good request is refused or passed early. */
static void
test_every_prefix_waits(void **state)
{
	static const char text[] = POST "Content-Length: 3\r\n"
	    "Accept: text/html, */*\r\n\r\n";
	struct gate_block b;

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		assert_int_equal(check(text, n, &b), GATE_MORE);
	assert_int_equal(check(text, sizeof(text) - 1, &b), GATE_PASS);
}

static void
test_limits(void **state)
{
	char text[ROOM + 8];
	struct gate_block b;
	size_t n;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	assert_int_equal(check(text, 1000, &b), GATE_MORE);
	assert_int_equal(check(text, ROOM, &b), GATE_REFUSE);
	assert_int_equal(b.status, 414);
	memcpy(text, HEAD "X: ", 29);
	assert_int_equal(check(text, ROOM - 1, &b), GATE_MORE);
	assert_int_equal(check(text, ROOM, &b), GATE_REFUSE);
	assert_int_equal(b.status, 431);
	for (unsigned headers = 22; headers <= 23; headers++) {
		n = (size_t)snprintf(text, sizeof(text), HEAD);
		for (unsigned i = 0; i < headers; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "X%u: 1\r\n", i);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n");
		assert_int_equal(check(text, n, &b), headers == 22 ?
		    GATE_PASS : GATE_REFUSE);
	}
	assert_int_equal(b.status, 431);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_every_prefix_waits),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
