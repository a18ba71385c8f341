/* Paths and queries, decoded strictly; the depth of JSON. */
#include "check.h"

#include "json_depth.h"
#include "query_string.h"

static void
test_good_queries(void **state)
{
	static const struct {
		const char *raw, *want; /* name=value; in order */
	} table[] = {
		{ "", "" },
		{ "a=1", "a=1;" },
		{ "a", "a=;" },
		{ "a=", "a=;" },
		{ "a=b=c", "a=b=c;" },
		{ "a=1&b=2", "a=1;b=2;" },
		{ "a=x+y%2Bz", "a=x y+z;" },
		{ "%61=%E5%8F%B0", "a=台;" },
		{ "a=%26&b=%3d", "a=&;b==;" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct arena a;
		struct param *p;
		const char *where, *wrong;
		char got[256] = "";

		arena_init(&a, 0);
		wrong = query_parse(&a, table[i].raw, &p, &where);
		assert_null(wrong);
		for (; p != NULL; p = p->next)
			(void)snprintf(got + strlen(got),
			    sizeof(got) - strlen(got), "%s=%s;", p->name,
			    p->value);
		CHECK_STR(i, got, table[i].want);
		arena_free(&a);
	}
}

static void
test_bad_queries(void **state)
{
	static const struct {
		const char *raw, *wrong, *where;
	} table[] = {
		{ "&", "malformed", "" },
		{ "a=1&", "malformed", "a" },
		{ "=1", "malformed", "" },
		{ "a=%", "malformed", "a" },
		{ "a=%4", "malformed", "a" },
		{ "a=%zz", "malformed", "a" },
		{ "a=%00", "malformed", "a" },
		{ "a=%0a", "malformed", "a" },
		{ "a=%7f", "malformed", "a" },
		{ "a=%ff", "malformed", "a" },
		{ "a=%c0%af", "malformed", "a" },
		{ "a=%ed%a0%80", "malformed", "a" },
		{ "%=1", "malformed", "" },
		{ "a=1&b=2&a=3", "repeated", "a" },
		{ "a=1&%61=3", "repeated", "a" },
	};
	char many[1000] = "";
	struct arena a;
	struct param *p;
	const char *where;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *wrong = query_parse(&a, table[i].raw, &p, &where);

		assert_non_null(wrong);
		CHECK_STR(i, wrong, table[i].wrong);
		CHECK_STR(i, where, table[i].where);
	}
	for (unsigned i = 0; i <= QUERY_PARAMS_MAX; i++)
		(void)snprintf(many + strlen(many),
		    sizeof(many) - strlen(many), "%sp%u=1", i ? "&" : "", i);
	assert_string_equal(query_parse(&a, many, &p, &where),
	    "too_many_parameters");
	arena_free(&a);
}

static void
test_paths(void **state)
{
	static const struct {
		const char *raw, *want; /* NULL: refused */
	} table[] = {
		{ "/", "/" },
		{ "/a", "/a" },
		{ "/a/b-c.d", "/a/b-c.d" },
		{ "/a+b", "/a+b" },
		{ "/%E5%8F%B0/%20x", "/台/ x" },
		{ "/...", "/..." },
		{ "", NULL },
		{ "a", NULL },
		{ "//", NULL },
		{ "/a//b", NULL },
		{ "/a/", NULL },
		{ "/.", NULL },
		{ "/a/..", NULL },
		{ "/a/../b", NULL },
		{ "/%2e%2E/b", NULL },
		{ "/a%2fb", NULL },
		{ "/a%00", NULL },
		{ "/a%0d%0aX", NULL },
		{ "/%ff", NULL },
		{ "/%", NULL },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *got = path_decode(&a, table[i].raw);

		CHECK_STR(i, got ? got : "(refused)",
		    table[i].want ? table[i].want : "(refused)");
	}
	arena_free(&a);
}

static void
test_json_depth(void **state)
{
	static const struct {
		const char *text;
		unsigned max;
		bool ok;
	} table[] = {
		{ "{}", 1, true },
		{ "{}", 0, false },
		{ "[[]]", 2, true },
		{ "[[]]", 1, false },
		{ "[[],[],{}]", 2, true },
		{ "{\"a\":\"[[[[[\"}", 1, true },
		{ "{\"a\\\"[[\":\"\\\\\"}", 1, true },
		{ "{\"a\\\\\":[1]}", 1, false },
		{ "]]]]{{", 2, true },
		{ "\"", 0, true },
		{ "\"\\", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		print_message("row %zu\n", i);
		assert_int_equal(json_depth_ok(table[i].text,
		    strlen(table[i].text), table[i].max), table[i].ok);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_queries),
		cmocka_unit_test(test_bad_queries),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_json_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
