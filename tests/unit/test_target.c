/* Where the server may send by itself: hostile addresses beside good ones. */
#include <arpa/inet.h>
#include <string.h>

#include "check.h"
#include "target.h"

#define LIST "hook.example.cn *.wide.cn:8443 local:inner.cn local:10.0.0.9:80 " \
	"local:[fd00::9]:8080 https://odd.cn :443"

static void
urls(void **state)
{
	static const struct {
		const char *url, *wrong; /* NULL: fine */
		bool tls, local;
		unsigned port;
	} rows[] = {
		{ "https://hook.example.cn", NULL, true, false, 443 },
		{ "https://hook.example.cn?x=1", NULL, true, false, 443 },
		{ "https://Hook.Example.CN:443/p", NULL, true, false, 443 },
		{ "https://a.wide.cn:8443/", NULL, true, false, 8443 },
		{ "https://wide.cn:8443/", "target_not_allowed", 0, 0, 0 },
		{ "https://xwide.cn:8443/", "target_not_allowed", 0, 0, 0 },
		{ "https://a.wide.cn/", "target_not_allowed", 0, 0, 0 },
		{ "https://inner.cn/", NULL, true, true, 443 },
		{ "http://inner.cn/", NULL, false, true, 80 },
		{ "http://inner.cn:8080/", "target_not_allowed", 0, 0, 0 },
		{ "http://10.0.0.9/", NULL, false, true, 80 },
		{ "http://10.0.0.09/", "bad_url", 0, 0, 0 },
		{ "http://10.9/", "bad_url", 0, 0, 0 },
		{ "http://0xa.0.0.9/", "bad_url", 0, 0, 0 },
		{ "http://10.0.0.0x9/", "bad_url", 0, 0, 0 },
		{ "http://[fd00::9]:8080/", NULL, false, true, 8080 },
		{ "http://[fd00::9:8080/", "bad_url", 0, 0, 0 },
		{ "http://[fd00::9]8080/", "bad_url", 0, 0, 0 },
		{ "http://hook.example.cn/", "https_required", 0, 0, 0 },
		{ "https://hook.example.cn:/", "bad_url", 0, 0, 0 },
		{ "https://hook.example.cn:0/", "bad_url", 0, 0, 0 },
		{ "https://hook.example.cn:65536/", "bad_url", 0, 0, 0 },
		{ "https://hook.example.cn:+443/", "bad_url", 0, 0, 0 },
		{ "https://hook.example.cn@evil.cn/", "bad_url", 0, 0, 0 },
		{ "https://evil.cn/@hook.example.cn", "target_not_allowed", 0,
		    0, 0 },
		{ "https://hook.example.cn\t/", "bad_url", 0, 0, 0 },
		{ "https:/hook.example.cn/", "https_required", 0, 0, 0 },
		{ "//hook.example.cn/", "https_required", 0, 0, 0 },
		{ "", "https_required", 0, 0, 0 },
		{ "https://odd.cn/", "target_not_allowed", 0, 0, 0 },
	};
	struct target t;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *wrong = target_read(LIST, rows[i].url, &t);

		if (rows[i].wrong != NULL) {
			assert_non_null(wrong);
			assert_string_equal(wrong, rows[i].wrong);
			continue;
		}
		if (wrong != NULL)
			fail_msg("%s: %s", rows[i].url, wrong);
		assert_int_equal(t.tls, rows[i].tls);
		assert_int_equal(t.local, rows[i].local);
		assert_int_equal(t.port, rows[i].port);
	}
	assert_string_equal(target_read("", "https://hook.example.cn", &t),
	    "target_not_allowed");
}

static void
addresses(void **state)
{
	static const struct {
		const char *at;
		bool anywhere, local;
	} rows[] = {
		{ "8.8.8.8", true, true },
		{ "223.5.5.5", true, true },
		{ "127.0.0.1", false, true },
		{ "127.255.255.254", false, true },
		{ "10.1.2.3", false, true },
		{ "172.16.0.1", false, true },
		{ "172.32.0.1", true, true },
		{ "192.168.1.1", false, true },
		{ "100.64.0.1", false, true },
		{ "100.100.100.200", false, false },
		{ "169.254.169.254", false, false },
		{ "0.0.0.0", false, false },
		{ "224.0.0.1", false, false },
		{ "255.255.255.255", false, false },
		{ "198.18.0.1", false, false },
		{ "2400:3200::1", true, true },
		{ "::1", false, true },
		{ "::", false, false },
		{ "fd00::1", false, true },
		{ "fe80::1", false, false },
		{ "ff02::1", false, false },
		{ "::ffff:127.0.0.1", false, true },
		{ "::ffff:169.254.169.254", false, false },
		{ "::ffff:8.8.8.8", true, true },
		{ "64:ff9b::7f00:1", false, true },
		{ "64:ff9b::a9fe:a9fe", false, false },
		{ "2002:7f00:1::1", false, false },
		{ "2001:db8::1", false, false },
		{ "2001:0:1::1", false, false },
		{ "::7f00:1", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sockaddr_in in = { .sin_family = AF_INET };
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
		const struct sockaddr *a = (const struct sockaddr *)&in;
		socklen_t len = sizeof in;

		if (inet_pton(AF_INET, rows[i].at, &in.sin_addr) != 1) {
			assert_int_equal(inet_pton(AF_INET6, rows[i].at,
			    &in6.sin6_addr), 1);
			a = (const struct sockaddr *)&in6;
			len = sizeof in6;
		}
		if (target_address(a, len, false) != rows[i].anywhere ||
		    target_address(a, len, true) != rows[i].local)
			fail_msg("%s", rows[i].at);
		assert_false(target_address(a, 4, true));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
