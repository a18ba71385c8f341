/* Files of secrets: whose modes and owners are taken, and which are not. */
#include "base/secret.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char dir[] = "/tmp/tz-secret-XXXXXX";

static const char *
file(const char *name, mode_t mode, const char *text)
{
	static char path[64];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static void
modes(void **state)
{
	static const struct {
		mode_t mode;
		bool good;
	} rows[] = { { 0600, true }, { 0640, true }, { 0400, true },
		{ 0440, true }, { 0644, false }, { 0604, false },
		{ 0660, false }, { 0620, false }, { 0610, false },
		{ 0601, false }, { 0602, false }, { 0666, false },
		{ 0777, false } };
	char out[16];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *path = file("mode", rows[i].mode, "secret");
		const char *why = secret_file(path, out, sizeof out, &n);

		assert_int_equal(why == NULL, rows[i].good);
		assert_string_equal(out, rows[i].good ? "secret" : "");
		assert_int_equal(n, rows[i].good ? 6 : 0);
		assert_int_equal(unlink(path), 0);
	}
}

static void
others(void **state)
{
	char out[8];
	size_t n;

	(void)state;
	assert_non_null(secret_file("/nowhere/at/all", out, sizeof out, &n));
	assert_non_null(secret_file(dir, out, sizeof out, &n));
	assert_non_null(secret_file("/dev/null", out, sizeof out, &n));
	assert_null(secret_file(file("fits", 0600, "1234567"), out,
	    sizeof out, &n));
	assert_int_equal(n, 7);
	assert_non_null(secret_file(file("long", 0600, "12345678"), out,
	    sizeof out, &n));
	assert_string_equal(out, "");
	if (geteuid() == 0) {
		const char *path = file("theirs", 0600, "x");

		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_non_null(secret_file(path, out, sizeof out, &n));
	}
}

static void
process(void **state)
{
	struct rlimit r;

	(void)state;
	secret_process();
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	assert_int_equal(getrlimit(RLIMIT_CORE, &r), 0);
	assert_int_equal(r.rlim_cur, 0);
	assert_int_equal(r.rlim_max, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(modes),
		cmocka_unit_test(others), cmocka_unit_test(process) };
	char rm[64];
	int failed;

	if (mkdtemp(dir) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < 3; i++) {
		snprintf(rm, sizeof rm, "%s/%s", dir, (const char *const[]){
		    "fits", "long", "theirs" }[i]);
		(void)unlink(rm);
	}
	(void)rmdir(dir);
	return failed;
}
