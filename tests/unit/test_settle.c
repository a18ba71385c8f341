/* When a save is finished, and which names are looked at. */
#include "check.h"

#include <stdbool.h>

#include "../../agent/settle.h"
#include "scratch.h"

static void
test_stands_still(void **unused)
{
	(void)unused;
	struct settle s = { .begun = false };
	const struct {
		int64_t at, size;
		bool want;
	} rows[] = {
		{ 1000, 10, false }, { 3000, 10, false }, { 4000, 20, false },
		{ 8999, 20, false }, { 9000, 20, true }, { 9001, 21, false },
		{ 14000, 21, false }, { 14001, 21, true },
		{ 9000, 21, false }, /* a clock that went back starts anew */
		{ 14000, 21, true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tuple t = { 1, 2, rows[i].size, 4, 5 };
		if (settle_step(&s, &t, rows[i].at, 5000) != rows[i].want)
			fail_msg("row %zu", i);
	}
}

static void
test_every_part_of_the_tuple_counts(void **unused)
{
	(void)unused;
	const struct tuple base = { 1, 2, 3, 4, 5 };
	const struct tuple other[] = { { 9, 2, 3, 4, 5 }, { 1, 9, 3, 4, 5 },
		{ 1, 2, 9, 4, 5 }, { 1, 2, 3, 9, 5 }, { 1, 2, 3, 4, 9 } };
	for (size_t i = 0; i < 5; i++) {
		struct settle s = { .begun = false };
		assert_false(settle_step(&s, &base, 0, 1000));
		if (settle_step(&s, &other[i], 1000, 1000))
			fail_msg("part %zu", i);
	}
}

static void
test_names(void **unused)
{
	(void)unused;
	const struct {
		const char *name;
		bool ignored, sheet;
	} rows[] = {
		{ "台账.xlsx", false, true }, { "台账.XLSX", false, true },
		{ "台账.xls", false, true }, { "台账.et", false, true },
		{ "说明.docx", false, false }, { ".xlsx", true, false },
		{ "~$台账.xlsx", true, true }, { ".~台账.xlsx", true, true },
		{ ".~lock.台账.xlsx#", true, false },
		{ "lu1234.tmp", true, false }, { "台账.TMP", true, false },
		{ "Cedd4100", true, false }, { "Cedd410g", false, false },
		{ "~WRL0001.xlsx", true, true }, { ".ledger-sync", true, false },
		{ "台账.xlsx.同步报告.txt", false, false },
		{ "a\xe2\x80\xae" "xslx.xlsx", true, true }, /* bidi override */
		{ "\xff\xfe.xlsx", true, true }, { "a\nb.xlsx", true, true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (name_ignored(rows[i].name) != rows[i].ignored)
			fail_msg("row %zu ignored", i);
		if (name_sheet(rows[i].name) != rows[i].sheet)
			fail_msg("row %zu sheet", i);
	}
}

static void
test_lock_files_of_three_programs(void **unused)
{
	(void)unused;
	const char *const locks[] = { "~$产业台账.xlsx", "~$台账.xlsx",
		".~lock.产业台账.xlsx#", ".~产业台账.xlsx", ".~业台账.xlsx",
		".~台账.xlsx" };
	struct scratch s = scratch_new();
	struct arena a;
	arena_init(&a, 0);
	assert_int_equal(mkdirat(s.fd, "镇", 0755), 0);
	assert_false(sentinel_found(&a, s.fd, "镇/产业台账.xlsx"));
	for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
		char at[128];
		snprintf(at, sizeof at, "镇/%s", locks[i]);
		scratch_write(&s, at, "x");
		if (!sentinel_found(&a, s.fd, "镇/产业台账.xlsx"))
			fail_msg("%s", locks[i]);
		/* After a power cut it stays for ever: a day is enough. */
		struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
		assert_int_equal(utimensat(s.fd, at, old, 0), 0);
		assert_false(sentinel_found(&a, s.fd, "镇/产业台账.xlsx"));
		unlinkat(s.fd, at, 0);
	}
	scratch_write(&s, "~$产业台账.xlsx", "x"); /* another folder's */
	assert_false(sentinel_found(&a, s.fd, "镇/产业台账.xlsx"));
	arena_free(&a);
	scratch_drop(&s);
}

static void
test_the_read_lease(void **unused)
{
	(void)unused;
	struct scratch s = scratch_new();
	scratch_write(&s, "a", "x");
	int fd = openat(s.fd, "a", O_RDONLY);
	assert_int_equal(lease_read(fd), LEASE_OK);
	int writer = openat(s.fd, "a", O_WRONLY);
	assert_int_equal(lease_read(fd), LEASE_REFUSED);
	close(writer);
	assert_int_equal(lease_read(fd), LEASE_OK);
	close(fd);
	int none = openat(s.fd, ".", O_RDONLY);
	assert_int_equal(lease_read(none), LEASE_UNKNOWN);
	close(none);
	scratch_drop(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stands_still),
		cmocka_unit_test(test_every_part_of_the_tuple_counts),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lock_files_of_three_programs),
		cmocka_unit_test(test_the_read_lease),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
