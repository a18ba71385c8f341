/* The agent's memory: one at a time, sound or set aside, and durable. */
#include "check.h"

#include <stdbool.h>

#include "../../agent/state.h"
#include "scratch.h"

static void
test_second_agent_says_one_sentence(void **unused)
{
	(void)unused;
	struct scratch s = scratch_new();
	struct state one, two;
	char why[512] = "";
	assert_true(state_open(&one, s.path, why, sizeof why));
	assert_true(one.fresh);
	assert_false(state_open(&two, s.path, why, sizeof why));
	assert_non_null(strstr(why, "another agent is already running"));
	state_close(&one);
	assert_true(state_open(&two, s.path, why, sizeof why));
	assert_false(two.fresh);
	state_close(&two);
	scratch_drop(&s);
}

static void
test_corrupt_is_set_aside(void **unused)
{
	(void)unused;
	struct scratch s = scratch_new();
	struct state st;
	char why[512] = "";
	assert_true(state_open(&st, s.path, why, sizeof why));
	state_own_add(&st, "abc");
	assert_true(state_own(&st, "abc"));
	state_close(&st);
	char noise[8192];
	memset(noise, 'x', sizeof noise - 1);
	noise[sizeof noise - 1] = '\0';
	scratch_write(&s, "agent.sqlite", noise);
	assert_true(state_open(&st, s.path, why, sizeof why));
	assert_true(st.fresh);
	assert_false(state_own(&st, "abc"));
	state_close(&st);
	char command[256];
	snprintf(command, sizeof command,
	    "ls '%s' | grep -q '^agent.sqlite.corrupt.'", s.path);
	assert_int_equal(system(command), 0);
	scratch_drop(&s);
}

static void
test_of_another_version_is_set_aside(void **unused)
{
	(void)unused;
	struct scratch s = scratch_new();
	struct state st;
	char why[512] = "";
	assert_true(state_open(&st, s.path, why, sizeof why));
	state_run(&st, "PRAGMA user_version = 99", "");
	state_close(&st);
	assert_true(state_open(&st, s.path, why, sizeof why));
	assert_true(st.fresh);
	state_close(&st);
	scratch_drop(&s);
}

static void
test_files_come_back_as_they_were(void **unused)
{
	(void)unused;
	struct scratch s = scratch_new();
	struct state st;
	struct arena a;
	char why[512] = "";
	arena_init(&a, 0);
	assert_true(state_open(&st, s.path, why, sizeof why));
	struct file_state in = { .path = "甲/乙.xlsx", .dev = 1, .ino = -1,
		.size = 3, .mtime_ns = INT64_MAX, .ctime_ns = 5, .racy = true,
		.sha = "s", .instance = "i", .ledger = "l", .export = "e",
		.role = ROLE_PRIMARY, .seq = 7, .condition = "ok",
		.recheck_in = 8, .written_at = 9, .missing_since = 0,
		.hashed_at = 11 }, out, *all;
	assert_false(state_file_get(&st, &a, "b", in.path, &out));
	assert_null(out.sha);
	state_file_put(&st, "b", &in);
	in.seq = 70;
	state_file_put(&st, "b", &in);
	in.path = "丙.xlsx";
	state_file_put(&st, "b", &in);
	state_file_put(&st, "another", &in);
	state_close(&st);
	assert_true(state_open(&st, s.path, why, sizeof why));
	assert_true(state_file_get(&st, &a, "b", "甲/乙.xlsx", &out));
	assert_int_equal(out.ino, -1);
	assert_int_equal(out.mtime_ns, INT64_MAX);
	assert_true(out.racy);
	assert_string_equal(out.sha, "s");
	assert_null(out.done_sha);
	assert_int_equal(out.role, ROLE_PRIMARY);
	assert_int_equal(out.seq, 70);
	assert_int_equal(out.recheck_in, 8);
	assert_int_equal(state_files(&st, &a, "b", &all), 2);
	assert_string_equal(all[0].path, "丙.xlsx");
	assert_string_equal(all[1].path, "甲/乙.xlsx");
	/* Seconds since another boot mean nothing now (I18). */
	state_run(&st, "UPDATE file SET boot = 'before', missing_since = 5",
	    "");
	state_file_get(&st, &a, "b", "甲/乙.xlsx", &out);
	assert_int_equal(out.recheck_in, 1);
	assert_int_equal(out.written_at, 0);
	assert_true(out.missing_since >= clock_s() - 1);
	assert_int_equal(state_age(&st, 5, "before"), -1);
	assert_true(state_age(&st, clock_s(), st.boot) >= 0);
	state_close(&st);
	arena_free(&a);
	scratch_drop(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_agent_says_one_sentence),
		cmocka_unit_test(test_corrupt_is_set_aside),
		cmocka_unit_test(test_of_another_version_is_set_aside),
		cmocka_unit_test(test_files_come_back_as_they_were),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
