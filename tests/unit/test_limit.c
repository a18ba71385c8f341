/* The rule of quotas: bursts, refills, waits, and nothing gained by asking. */
/* Before cmocka, which has a fail() of its own. */
#include "limit.h"

#include "check.h"

#define S UINT64_C(1000000000)

static void
burst_then_refill(void **state)
{
	uint64_t full = 0, now = 100 * S;
	unsigned left, wait;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		assert_true(limit_take(&full, now, 50, 10, &left, &wait));
		assert_int_equal(left, 49 - i);
	}
	assert_false(limit_take(&full, now, 50, 10, &left, &wait));
	assert_int_equal(left, 0);
	assert_int_equal(wait, 1);
	/* One more every 200 ms. */
	assert_false(limit_take(&full, now + S / 10, 50, 10, &left, &wait));
	assert_true(limit_take(&full, now + S / 5, 50, 10, &left, &wait));
	assert_false(limit_take(&full, now + S / 5, 50, 10, &left, &wait));
	/* All of it after the window. */
	now += 20 * S;
	for (unsigned i = 0; i < 50; i++)
		assert_true(limit_take(&full, now, 50, 10, &left, &wait));
	assert_false(limit_take(&full, now, 50, 10, &left, &wait));
}

static void
refusals_cost_nothing(void **state)
{
	uint64_t full = 0, now = S;
	unsigned left, wait, allowed = 0;

	(void)state;
	/* 1000 a second asked for, 60 s, 30 in 60 s allowed. */
	for (unsigned i = 0; i < 60000; i++)
		allowed += limit_take(&full, now + i * (S / 1000), 30, 60,
		    &left, &wait);
	assert_in_range(allowed, 59, 60);
}

static void
one_and_very_many(void **state)
{
	uint64_t full = 0;
	unsigned left, wait;

	(void)state;
	assert_true(limit_take(&full, S, 1, 60, &left, &wait));
	assert_false(limit_take(&full, 2 * S, 1, 60, &left, &wait));
	assert_in_range(wait, 59, 60);
	assert_true(limit_take(&full, 61 * S, 1, 60, &left, &wait));
	full = 0;
	assert_true(limit_take(&full, S, 10000000, 10, &left, &wait));
	assert_int_equal(left, 9999999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_refill),
		cmocka_unit_test(refusals_cost_nothing),
		cmocka_unit_test(one_and_very_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
