/* Categories that a grant reaches: a tree by their codes, each in its places,
 * as narrow_category() in 0110_category.sql has it. */
#include "base/err.h"
#include "scope.h"

#include "check.h" /* cmocka has a fail() of its own */

#define COUNTY 430981000000
#define TOWN 430981107000
#define SIBLING 430981108000

static const char some[] = "{\"F-2\": \"{[430981000000,430982000000)}\","
    " \"F-3-1\": \"{[430981107000,430981108000),"
    "[430981110000,430981111000)}\", \"\": \"{[0,999999999999)}\","
    " \"F-4\": \"{}\", \"F-5\": 7}";

static const struct {
	const char *categories, *category;
	int64_t division;
	bool reached;
} rows[] = {
	{ some, "F-2", COUNTY, true },
	{ some, "F-2", TOWN, true },
	{ some, "F-2-1", TOWN, true },
	{ some, "F-2-1-9", TOWN, true },
	{ some, "F-20", TOWN, false },
	{ some, "F", TOWN, false },
	{ some, "F-2", 430982000000, false },
	{ some, "F-3-1", TOWN, true },
	{ some, "F-3-1", 430981110201, true },
	{ some, "F-3-1", SIBLING, false },
	{ some, "F-3", TOWN, false },
	{ some, "F-3-2", TOWN, false },
	{ some, "F-4", TOWN, false },
	{ some, "F-5", TOWN, false },
	{ some, "f-2", TOWN, false },
	{ some, "Y-2", TOWN, false },
	{ some, "F-2\"", TOWN, false },
	{ some, NULL, TOWN, false },
	{ "{}", "F-2", TOWN, false },
	{ "{\"F-2\": ", "F-2", TOWN, false },
	{ "", "F-2", TOWN, false },
	{ NULL, "F-2", TOWN, false },
};

static void
test_reached(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct principal who = { .scope.category =
		    rows[i].categories };

		if (scope_category(&who, rows[i].category, rows[i].division) !=
		    rows[i].reached)
			fail_msg("row %zu: %s", i, rows[i].category);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_reached) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
