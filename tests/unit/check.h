/* What every unit test includes: cmocka and a table-driven string check. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Like assert_string_equal, naming the row of the table that failed. */
#define CHECK_STR(row, got, want)                                              \
	do {                                                                   \
		if (strcmp((got), (want)) != 0) {                              \
			print_error("row %zu: got \"%s\", want \"%s\"\n",      \
			    (size_t)(row), (got), (want));                     \
			fail();                                                \
		}                                                              \
	} while (0)

#endif
