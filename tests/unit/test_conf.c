/* agent.conf: what is read, and what is refused with its line. */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "../../agent/conf.h"

#define GOOD "api = http://127.0.0.1:8080\nstate = /var/lib/agent\n"

static const struct {
	const char *text, *why; /* why NULL: accepted */
} rows[] = {
	{ GOOD, NULL },
	{ "\xef\xbb\xbf" GOOD, NULL },
	{ GOOD "# a remark\n; another\n\n[binding]\r\nfolder = /srv/a\r\n"
	    "token_file=/etc/t\r\nnetwork = yes\r\n", NULL },
	{ "state = /s\n", "x:2: api is missing" },
	{ "api = http://h\n", "x:2: state is missing" },
	{ "api = ftp://h\nstate = /s\n",
	    "x:3: api must begin with http:// or https://" },
	{ GOOD "cert_file = c\nkey_file = k\n", NULL },
	{ GOOD "cert_file = c\n",
	    "x:4: cert_file and key_file go together" },
	{ GOOD "key_file = k\n", "x:4: cert_file and key_file go together" },
	{ GOOD "colour = red\n", "x:3: unknown key \"colour\"" },
	{ GOOD "[binding]\nfolder = /a\ntoken_file = /t\nscan_s = 5\n",
	    "x:6: unknown key \"scan_s\" in [binding]" },
	{ GOOD "folder = /a\n", "x:3: unknown key \"folder\"" },
	{ GOOD "[bindings]\n", "x:3: unknown section [bindings]" },
	{ GOOD "nonsense\n", "x:3: expected key = value" },
	{ GOOD "scan_s = soon\n",
	    "x:3: scan_s must be a number from 1 to 86400" },
	{ GOOD "scan_s = 0\n",
	    "x:3: scan_s must be a number from 1 to 86400" },
	{ GOOD "scan_s = 99999999999999999999\n",
	    "x:3: scan_s must be a number from 1 to 86400" },
	{ GOOD "scan_s =\n", "x:3: scan_s has no value" },
	{ GOOD "[binding]\ntoken_file = /t\n",
	    "x:3: [binding] without folder" },
	{ GOOD "[binding]\nfolder = /a\n[binding]\nfolder = /b\n",
	    "x:3: [binding] without token_file" },
	{ GOOD "[binding]\nfolder = /a\ntoken_file = /t\nnetwork = 1\n",
	    "x:6: network must be yes or no" },
	{ GOOD "[binding]\nfolder=/a\ntoken_file=/t\n[binding]\nfolder=/a/\n"
	    "token_file=/t\n", "x:6: folder /a is bound twice (line 3)" },
	{ "api = http://h\nstate = /srv/a/state\n[binding]\nfolder=/srv/a\n"
	    "token_file=/t\n",
	    "x:6: state must not lie in the shared folder /srv/a" },
};

static void
test_table(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a;
		struct conf c;
		char why[256] = "accepted";
		arena_init(&a, 0);
		char *text = arena_strdup(&a, rows[i].text);
		bool ok = conf_parse(&a, "x", "/etc", text, &c, why,
		    sizeof why);
		CHECK_STR(i, ok ? "accepted" : why, rows[i].why ? rows[i].why
		    : "accepted");
		arena_free(&a);
	}
}

static void
test_values(void **unused)
{
	(void)unused;
	struct arena a;
	struct conf c;
	char why[256];
	arena_init(&a, 0);
	char *text = arena_strdup(&a, GOOD "settle_s = 2\n[binding]\n"
	    "folder = share/镇/\ntoken_file = tokens/镇\n[binding]\n"
	    "folder = /b\ntoken_file = /t\nnetwork = yes\n");
	assert_true(conf_parse(&a, "x", "/etc/taizhang", text, &c, why,
	    sizeof why));
	assert_string_equal(c.api, "http://127.0.0.1:8080");
	assert_int_equal(c.settle_s, 2);
	assert_int_equal(c.scan_s, 60);
	assert_int_equal(c.write_back_s, -1);
	assert_int_equal(c.nbindings, 2);
	assert_string_equal(c.binding[0].folder, "/etc/taizhang/share/镇");
	assert_string_equal(c.binding[0].token_file,
	    "/etc/taizhang/tokens/镇");
	assert_false(c.binding[0].network);
	assert_true(c.binding[1].network);
	assert_int_equal(c.binding[1].line, 7);
	arena_free(&a);
}

static void
test_file(void **unused)
{
	(void)unused;
	struct arena a;
	struct conf c;
	char why[256];
	char name[] = "/tmp/tz-conf-XXXXXX";
	int fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, GOOD "\0x", sizeof GOOD + 1),
	    (ssize_t)sizeof GOOD + 1);
	close(fd);
	arena_init(&a, 0);
	assert_false(conf_read(&a, name, &c, why, sizeof why));
	assert_non_null(strstr(why, "not a configuration file"));
	unlink(name);
	assert_false(conf_read(&a, name, &c, why, sizeof why));
	assert_non_null(strstr(why, "No such file"));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
