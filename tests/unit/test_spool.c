/* Copies out of a shared folder: nothing followed, nothing half (I16). */
#include "check.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "../../agent/settle.h"
#include "../../agent/spool.h"
#include "scratch.h"

struct lab {
	struct scratch share, state;
	struct spool spool;
};

static int
up(void **arg)
{
	static struct lab lab;
	lab.share = scratch_new();
	lab.state = scratch_new();
	assert_true(spool_open(&lab.spool, lab.state.fd, 1000));
	*arg = &lab;
	return 0;
}

static int
down(void **arg)
{
	struct lab *l = *arg;
	spool_close(&l->spool);
	scratch_drop(&l->share);
	scratch_drop(&l->state);
	return 0;
}

static enum spooled
take(struct lab *l, const char *name, char *sha)
{
	struct tuple t;
	return spool_take(&l->spool, l->share.fd, name, true, sha, &t);
}

static void
test_a_copy_is_whole_and_named_by_its_content(void **arg)
{
	struct lab *l = *arg;
	char sha[SHA_HEX_LEN + 1], want[SHA_HEX_LEN + 1], text[16] = "";
	scratch_write(&l->share, "甲.xlsx", "abc");
	assert_int_equal(take(l, "甲.xlsx", sha), SPOOL_OK);
	sha256_hex("abc", 3, want);
	assert_string_equal(sha, want);
	scratch_write(&l->share, "甲.xlsx", "changed later");
	int fd = spool_get(&l->spool, sha);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, text, sizeof text), 3);
	assert_string_equal(text, "abc");
	close(fd);
	spool_drop(&l->spool, sha);
	assert_true(spool_get(&l->spool, sha) < 0);
}

static void
test_what_is_refused(void **arg)
{
	struct lab *l = *arg;
	char sha[SHA_HEX_LEN + 1], big[1002];
	char outside[128];
	scratch_write(&l->state, "secret", "secret");
	snprintf(outside, sizeof outside, "%s/secret", l->state.path);
	assert_int_equal(symlinkat(outside, l->share.fd, "link.xlsx"), 0);
	assert_int_equal(symlinkat(l->state.path, l->share.fd, "dir"), 0);
	assert_int_equal(mkfifoat(l->share.fd, "fifo.xlsx", 0644), 0);
	assert_int_equal(mkdirat(l->share.fd, "d.xlsx", 0755), 0);
	scratch_write(&l->share, "a.xlsx", "a");
	assert_int_equal(linkat(l->share.fd, "a.xlsx", l->share.fd,
	    "b.xlsx", 0), 0);
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	scratch_write(&l->share, "big.xlsx", big);
	const struct {
		const char *name;
		enum spooled want;
	} rows[] = {
		{ "none.xlsx", SPOOL_GONE },
		{ "link.xlsx", SPOOL_NOT_REGULAR },
		{ "dir/secret", SPOOL_NOT_REGULAR },
		{ "../", SPOOL_NOT_REGULAR },
		{ "fifo.xlsx", SPOOL_NOT_REGULAR },
		{ "d.xlsx", SPOOL_NOT_REGULAR },
		{ "a.xlsx", SPOOL_LINKED },
		{ "b.xlsx", SPOOL_LINKED },
		{ "big.xlsx", SPOOL_TOO_LARGE },
		{ outside, SPOOL_NOT_REGULAR },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum spooled got = take(l, rows[i].name, sha);
		if (got != rows[i].want)
			fail_msg("%s: %d, want %d", rows[i].name, got,
			    rows[i].want);
	}
}

/* A file somebody is writing: refused by the lease, taken afterwards. */
static void
test_a_growing_file_waits(void **arg)
{
	struct lab *l = *arg;
	char sha[SHA_HEX_LEN + 1];
	int in[2], out[2];
	char byte = 0;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	pid_t pid = fork();
	if (pid == 0) { /* an editor in the middle of a save */
		int fd = openat(l->share.fd, "g.xlsx", O_WRONLY | O_CREAT,
		    0644);
		if (write(fd, "half", 4) != 4 || write(out[1], "x", 1) != 1 ||
		    read(in[0], &byte, 1) != 1 || write(fd, " whole", 6) != 6)
			_exit(1);
		close(fd);
		_exit(0);
	}
	assert_int_equal(read(out[0], &byte, 1), 1);
	assert_int_equal(take(l, "g.xlsx", sha), SPOOL_BUSY);
	assert_int_equal(write(in[1], "x", 1), 1);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(take(l, "g.xlsx", sha), SPOOL_OK);
	char want[SHA_HEX_LEN + 1];
	sha256_hex("half whole", 10, want);
	assert_string_equal(sha, want);
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
	}
}

static void
collect(void *arg, const char *sha)
{
	(void)sha;
	++*(int *)arg;
}

static void
test_a_crash_leaves_no_rest(void **arg)
{
	struct lab *l = *arg;
	char sha[SHA_HEX_LEN + 1];
	int n = 0;
	scratch_write(&l->share, "a.xlsx", "a");
	assert_int_equal(take(l, "a.xlsx", sha), SPOOL_OK);
	assert_int_equal(take(l, "a.xlsx", sha), SPOOL_OK);
	scratch_write(&l->state, "spool/new.1.1", "half");
	spool_close(&l->spool);
	assert_true(spool_open(&l->spool, l->state.fd, 1000));
	assert_false(scratch_has(&l->state, "spool/new.1.1"));
	spool_each(&l->spool, collect, &n);
	assert_int_equal(n, 1);
}

static void
test_racy(void **arg)
{
	(void)arg;
	const int64_t s = 1000000000;
	const struct {
		int64_t mtime, ctime, now;
		bool racy;
	} rows[] = {
		{ 10 * s, 10 * s, 14 * s, false },
		{ 10 * s, 10 * s, 12 * s, true },
		{ 10 * s, 10 * s, 10 * s, true },
		{ 5 * s, 11 * s, 12 * s, true },  /* renamed over */
		{ 99 * s, 5 * s, 12 * s, true },  /* a clock that runs ahead */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tuple t = { 1, 2, 3, rows[i].mtime, rows[i].ctime };
		if (tuple_racy(&t, rows[i].now) != rows[i].racy)
			fail_msg("row %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_a_copy_is_whole_and_named_by_its_content, up, down),
		cmocka_unit_test_setup_teardown(test_what_is_refused, up,
		    down),
		cmocka_unit_test_setup_teardown(test_a_growing_file_waits, up,
		    down),
		cmocka_unit_test_setup_teardown(test_a_crash_leaves_no_rest,
		    up, down),
		cmocka_unit_test(test_racy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
