/* SQL derived from the model: columns, casts, and the scope in every one. */
/* Before cmocka, which has a fail() of its own. */
#include "no_kore.h"

#include "check.h"

#include <stdlib.h>

#include "base/err.h"
#include "query.h"

static unsigned
highest_parameter(const char *sql)
{
	unsigned max = 0;

	for (const char *p = strchr(sql, '$'); p != NULL;
	    p = strchr(p + 1, '$')) {
		unsigned n = (unsigned)strtoul(p + 1, NULL, 10);

		max = n > max ? n : max;
	}
	return max;
}

static void
every_statement_carries_the_scope(void **state)
{
	static const char *const walls[] = {
		"division_code BETWEEN $1::bigint AND $2::bigint",
		"(($3::text[])[1] = '' OR competent_line = ($3::text[])[1])",
		"sensitivity <= $4::int",
		"(($3::text[])[2] IS NULL OR narrow_",
	};
	size_t n = 0;

	(void)state;
	query_init();
	query_init(); /* once is enough */
	for (size_t i = 0; i < entity_count(); i++) {
		if (!entity_at(i)->business)
			continue;
		/* Q_MANY has these beside the columns. */
		assert_true(field_index(entity_at(i), "asked_id") < 0 &&
		    field_index(entity_at(i), "asked_nth") < 0);
		for (unsigned q = 0; q < Q__MAX; q++, n++) {
			const char *sql = query_stmt(entity_at(i), q)->sql;
			bool wide = entity_at(i)->shared &&
			    (q == Q_GET || q == Q_MANY || q == Q_LOCK);

			for (size_t w = 0; w < COUNT(walls); w++)
				if (w != 1 || !wide)
					assert_non_null(strstr(sql, walls[w]));
			/* Only reading reaches up, and only what is shared. */
			assert_true(wide == (strstr(sql, "$1::bigint BETWEEN "
			    "division_code") != NULL));
		}
	}
	assert_true(n >= Q__MAX);
}

static void
parameters_match_their_statement(void **state)
{
	const struct scope scope = { .lo = 430981000000,
		.hi = 430981999999, .line = "水利", .clearance = 2 };
	const struct entity *e = entity_find("issue");
	struct arena a;
	const char **row, *p[PARAMS_MAX];

	(void)state;
	arena_init(&a, 0);
	row = arena_array(&a, field_total(e), sizeof *row);
	for (size_t i = 0; i < field_total(e); i++)
		row[i] = field_at(e, (int)i)->name;
	for (unsigned q = 0; q < Q__MAX; q++) {
		unsigned n = query_params(&a, e, q, &scope, "the-id", "7",
		    row, p);

		assert_int_equal(n, highest_parameter(
		    query_stmt(e, q)->sql));
		assert_string_equal(p[0], "430981000000");
		assert_string_equal(p[1], "430981999999");
		assert_string_equal(p[2], "{\"水利\"}");
		assert_string_equal(p[3], "2");
		if (q != Q_INSERT)
			assert_string_equal(p[4], "the-id");
		if (q == Q_UPDATE)
			assert_string_equal(p[5], "7");
	}
	arena_free(&a);
}

/* The n-th column that is written is the n-th value that is bound. */
static void
columns_and_values_are_in_one_order(void **state)
{
	const struct scope scope = { .lo = 0, .hi = 1, .line = "" };
	const struct entity *e = entity_find("issue");
	const char *sql = query_stmt(e, Q_INSERT)->sql;
	struct arena a;
	const char **row, *p[PARAMS_MAX], *at = strchr(sql, '(') + 1;
	unsigned n;

	(void)state;
	arena_init(&a, 0);
	row = arena_array(&a, field_total(e), sizeof *row);
	for (size_t i = 0; i < field_total(e); i++)
		row[i] = field_at(e, (int)i)->name;
	n = query_params(&a, e, Q_INSERT, &scope, NULL, NULL, row, p);
	for (unsigned i = 4; i < n; i++) {
		size_t len = strcspn(at, ",)");

		assert_int_equal(len, strlen(p[i]));
		assert_memory_equal(at, p[i], len);
		at += len + 2;
	}
	arena_free(&a);
}

static void
the_databases_own_columns_are_never_written(void **state)
{
	static const char *const own[] = { "rev", "created_at", "created_by",
		"updated_at", "updated_by", "unit_code", "channel" };
	const struct entity *e = entity_find("issue");

	(void)state;
	for (size_t i = 0; i < COUNT(own); i++)
		assert_false(query_writes(field_at(e, field_index(e,
		    own[i]))));
	assert_true(query_writes(field_at(e, field_index(e, "goal"))));
	assert_null(strstr(query_stmt(e, Q_UPDATE)->sql, "rev = $7"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_carries_the_scope),
		cmocka_unit_test(parameters_match_their_statement),
		cmocka_unit_test(columns_and_values_are_in_one_order),
		cmocka_unit_test(the_databases_own_columns_are_never_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
