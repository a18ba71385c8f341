/*
 * The guarded swap on real files: whoever saves in between wins, whatever
 * was replaced is kept, and a crash at any step is decided by hashes alone
 * (I12, I13, I16).
 */
#include "check.h"

#include <stdbool.h>
#include <sys/wait.h>

#include "../../agent/swap.h"
#include "base/uid.h"
#include "scratch.h"

#define TARGET "镇/台账.xlsx"
#define TMP OWN_DIR "/tmp/t"
#define KEPT OWN_DIR "/kept/v"
#define STEPS 9

static char h_theirs[SHA_HEX_LEN + 1], h_ours[SHA_HEX_LEN + 1];

static struct scratch
folder(void)
{
	struct scratch s = scratch_new();
	assert_int_equal(mkdirat(s.fd, "镇", 0755), 0);
	assert_true(swap_dirs(s.fd));
	assert_true(swap_dirs(s.fd));
	scratch_write(&s, TARGET, "theirs");
	scratch_write(&s, TMP, "ours");
	sha256_hex("theirs", 6, h_theirs);
	sha256_hex("ours", 4, h_ours);
	return s;
}

static struct swap
plan(const struct scratch *s, bool network)
{
	return (struct swap){ .root_fd = s->fd, .path = TARGET, .tmp = "t",
		.version = "v", .h0 = h_theirs, .h1 = h_ours,
		.network = network };
}

static void
test_done_and_kept(void **unused)
{
	(void)unused;
	for (int network = 0; network < 2; network++) {
		struct scratch s = folder();
		struct swap w = plan(&s, network);
		assert_int_equal(swap(&w), SWAP_DONE);
		assert_string_equal(scratch_read(&s, TARGET), "ours");
		assert_string_equal(scratch_read(&s, KEPT), "theirs");
		assert_false(scratch_has(&s, TMP));
		scratch_drop(&s);
	}
}

static void
test_never_over_a_changed_file(void **unused)
{
	(void)unused;
	for (int network = 0; network < 2; network++) {
		struct scratch s = folder();
		struct swap w = plan(&s, network);
		scratch_write(&s, TARGET, "newer");
		assert_int_equal(swap(&w), SWAP_CHANGED);
		assert_string_equal(scratch_read(&s, TARGET), "newer");
		assert_int_equal(unlinkat(s.fd, TARGET, 0), 0);
		assert_int_equal(swap(&w), SWAP_GONE);
		assert_false(scratch_has(&s, TARGET));
		scratch_drop(&s);
	}
}

static void
test_never_over_an_open_file(void **unused)
{
	(void)unused;
	struct scratch s = folder();
	struct swap w = plan(&s, false);
	const int how[] = { O_RDONLY, O_WRONLY, O_RDWR };
	for (size_t i = 0; i < 3; i++) {
		int fd = openat(s.fd, TARGET, how[i]);
		assert_int_equal(swap(&w), SWAP_BUSY);
		assert_string_equal(scratch_read(&s, TARGET), "theirs");
		assert_true(scratch_has(&s, TMP));
		close(fd);
	}
	assert_int_equal(swap(&w), SWAP_DONE);
	scratch_drop(&s);
}

static void
test_links_lead_nowhere(void **unused)
{
	(void)unused;
	struct scratch s = folder(), other = scratch_new();
	struct swap w = plan(&s, false);
	scratch_write(&other, "台账.xlsx", "theirs");
	char at[128];
	snprintf(at, sizeof at, "%s/台账.xlsx", other.path);
	assert_int_equal(unlinkat(s.fd, TARGET, 0), 0);
	assert_int_equal(symlinkat(at, s.fd, TARGET), 0);
	assert_int_not_equal(swap(&w), SWAP_DONE);
	assert_string_equal(scratch_read(&other, "台账.xlsx"), "theirs");
	assert_int_equal(unlinkat(s.fd, TARGET, 0), 0);
	assert_int_equal(unlinkat(s.fd, "镇", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat(other.path, s.fd, "镇"), 0);
	assert_int_not_equal(swap(&w), SWAP_DONE);
	assert_string_equal(scratch_read(&other, "台账.xlsx"), "theirs");
	scratch_drop(&s);
	scratch_drop(&other);
}

/* ---- an editor that saves between any two steps, as editors save ---- */

struct editor {
	struct scratch *s;
	int step;
	bool saved;
};

static void
save_by_rename(void *arg, int step)
{
	struct editor *e = arg;
	if (step != e->step)
		return;
	scratch_write(e->s, "镇/Cedd4100", "newest");
	assert_int_equal(renameat(e->s->fd, "镇/Cedd4100", e->s->fd, TARGET),
	    0);
	e->saved = true;
}

static void
test_a_save_in_between_is_never_lost(void **unused)
{
	(void)unused;
	size_t between = 0;
	for (int network = 0; network < 2; network++)
		for (int step = 1; step < STEPS; step++) {
			struct scratch s = folder();
			struct editor e = { &s, step, false };
			struct swap w = plan(&s, network);
			w.at = save_by_rename;
			w.arg = &e;
			enum swapped r = swap(&w);
			if (!e.saved) {
				assert_int_equal(r, SWAP_DONE);
			} else {
				between++;
				assert_string_equal(scratch_read(&s, TARGET),
				    "newest");
			}
			/* "theirs" was replaced by the editor or by us: only
			 * we may have to keep it */
			if (r == SWAP_DONE)
				assert_string_equal(scratch_read(&s, KEPT),
				    "theirs");
			scratch_drop(&s);
		}
	assert_true(between >= 8);
}

/* ---- power off at any step, then recovery ---- */

static void
die_at(void *arg, int step)
{
	if (step == *(int *)arg)
		_exit(9);
}

static enum swapped
crash_and_recover(struct scratch *s, struct swap *w, int step, bool *died)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		w->at = die_at;
		w->arg = &step;
		(void)swap(w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*died = WEXITSTATUS(status) == 9;
	const char *now = scratch_read(s, TARGET);
	/* At every instant a whole workbook (I12). */
	assert_true(strcmp(now, "theirs") == 0 || strcmp(now, "ours") == 0);
	return swap_recover(w);
}

static void
test_a_crash_at_any_step(void **unused)
{
	(void)unused;
	size_t deaths = 0;
	for (int network = 0; network < 2; network++)
		for (int step = 1; step < STEPS; step++) {
			struct scratch s = folder();
			struct swap w = plan(&s, network);
			bool died;
			enum swapped r = crash_and_recover(&s, &w, step,
			    &died);
			deaths += died;
			if (r == SWAP_DONE) {
				assert_string_equal(scratch_read(&s, TARGET),
				    "ours");
				assert_string_equal(scratch_read(&s, KEPT),
				    "theirs");
			} else {
				assert_string_equal(scratch_read(&s, TARGET),
				    "theirs");
			}
			assert_false(scratch_has(&s, TMP));
			/* Recovery may itself be interrupted and repeated. */
			assert_int_equal(swap_recover(&w), r);
			scratch_drop(&s);
		}
	assert_true(deaths >= 8);
}

static void
test_recovery_table(void **unused)
{
	(void)unused;
	static const struct {
		const char *target, *tmp, *kept; /* found; "" = absent */
		enum swapped want;
		const char *target_then, *kept_then;
	} rows[] = {
		{ "theirs", "ours", "", SWAP_CHANGED, "theirs", "" },
		{ "theirs", "", "", SWAP_CHANGED, "theirs", "" },
		{ "ours", "theirs", "", SWAP_DONE, "ours", "theirs" },
		{ "ours", "", "theirs", SWAP_DONE, "ours", "theirs" },
		{ "ours", "", "", SWAP_DONE, "ours", "" },
		/* a save slipped in before the exchange: back with it */
		{ "ours", "newest", "", SWAP_CHANGED, "newest", "" },
		/* between the two renames */
		{ "", "ours", "theirs", SWAP_DONE, "ours", "theirs" },
		{ "", "", "theirs", SWAP_CHANGED, "theirs", "" },
		{ "", "ours", "newest", SWAP_CHANGED, "newest", "" },
		/* the user saved after the crash: his it is */
		{ "newest", "ours", "", SWAP_CHANGED, "newest", "" },
		{ "newest", "ours", "theirs", SWAP_CHANGED, "newest",
		    "theirs" },
		{ "newest", "theirs", "", SWAP_CHANGED, "newest", "" },
		{ "", "ours", "", SWAP_CHANGED, "", "" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scratch s = folder();
		struct swap w = plan(&s, false);
		unlinkat(s.fd, TARGET, 0);
		unlinkat(s.fd, TMP, 0);
		if (*rows[i].target)
			scratch_write(&s, TARGET, rows[i].target);
		if (*rows[i].tmp)
			scratch_write(&s, TMP, rows[i].tmp);
		if (*rows[i].kept)
			scratch_write(&s, KEPT, rows[i].kept);
		enum swapped r = swap_recover(&w);
		if (r != rows[i].want)
			fail_msg("row %zu: %d", i, r);
		CHECK_STR(i, scratch_read(&s, TARGET), rows[i].target_then);
		CHECK_STR(i, scratch_read(&s, KEPT), rows[i].kept_then);
		scratch_drop(&s);
	}
}

/* Where a rename is a link and an unlink, one may die in between: a workbook
 * of two names would not be read. */
static void
test_a_crash_inside_a_rename(void **unused)
{
	(void)unused;
	struct scratch s = folder();
	struct swap w = plan(&s, false);
	struct stat st;
	assert_int_equal(linkat(s.fd, TARGET, s.fd, KEPT, 0), 0);
	assert_int_equal(swap_recover(&w), SWAP_CHANGED);
	assert_string_equal(scratch_read(&s, TARGET), "theirs");
	assert_int_equal(fstatat(s.fd, TARGET, &st, 0), 0);
	assert_int_equal(st.st_nlink, 1);
	scratch_drop(&s);
}

static void
test_a_fresh_workbook_takes_no_name(void **unused)
{
	(void)unused;
	struct scratch s = folder();
	assert_false(swap_place(s.fd, "t", TARGET));
	assert_string_equal(scratch_read(&s, TARGET), "theirs");
	assert_true(swap_place(s.fd, "t", "镇/新.xlsx"));
	assert_string_equal(scratch_read(&s, "镇/新.xlsx"), "ours");
	assert_false(scratch_has(&s, TMP));
	scratch_drop(&s);
}

static void
test_owner_mode_and_attributes_stay(void **unused)
{
	(void)unused;
	struct scratch s = folder();
	struct stat was, is;
	assert_int_equal(fchmodat(s.fd, TARGET, 0640, 0), 0);
	if (geteuid() == 0)
		assert_int_equal(fchownat(s.fd, TARGET, 12345, 54321, 0), 0);
	assert_int_equal(fstatat(s.fd, TARGET, &was, 0), 0);
	int fd = swap_tmp(s.fd, "dressed");
	assert_true(fd >= 0);
	assert_true(swap_tmp(s.fd, "dressed") < 0);
	assert_true(swap_dress(s.fd, TARGET, fd));
	assert_int_equal(fstat(fd, &is), 0);
	assert_int_equal(is.st_mode, was.st_mode);
	assert_int_equal(is.st_uid, was.st_uid);
	assert_int_equal(is.st_gid, was.st_gid);
	close(fd);
	swap_drop(s.fd, "dressed");
	assert_false(scratch_has(&s, OWN_DIR "/tmp/dressed"));
	scratch_drop(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done_and_kept),
		cmocka_unit_test(test_never_over_a_changed_file),
		cmocka_unit_test(test_never_over_an_open_file),
		cmocka_unit_test(test_links_lead_nowhere),
		cmocka_unit_test(test_a_save_in_between_is_never_lost),
		cmocka_unit_test(test_a_crash_at_any_step),
		cmocka_unit_test(test_recovery_table),
		cmocka_unit_test(test_a_crash_inside_a_rename),
		cmocka_unit_test(test_a_fresh_workbook_takes_no_name),
		cmocka_unit_test(test_owner_mode_and_attributes_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
