/* A field's value at the borders: JSON, cell and SQL text. */
#include "check.h"

#include <jansson.h>

#include "base/err.h"
#include "codes.h"
#include "value.h"

#define F(type, flags, clr, min, max, of)                                      \
	{ "f", "栏", "Field.", type, flags, clr, min, max, of, "test", NULL }

static const struct field text = F(T_TEXT, PII(CONTACT), 2, 2, 5, NULL);
static const struct field number = F(T_INT, 0, 0, 1, 99, NULL);
static const struct field money = F(T_MONEY, 0, 0, 0, 0, NULL);
static const struct field day = F(T_DATE, 0, 0, 0, 0, NULL);
static const struct field moment = F(T_TIME, 0, 0, 0, 0, NULL);
static const struct field truth = F(T_BOOL, 0, 0, 0, 0, NULL);
static const struct field code = F(T_CODE, 0, 0, 0, 0, "issue_category");
static const struct field ref = F(T_REF, 0, 0, 0, 0, "issue");
static const struct field place = F(T_DIVISION, 0, 0, 0, 0, NULL);
static const struct field several = F(T_CODES, 0, 0, 0, 2, "issue_category");
static const struct field area = F(T_DECIMAL, 0, 0, 0, 1000, NULL);
static const struct field json = F(T_JSON, 0, 0, 0, 0, NULL);

static const struct codes *
some_codes(struct arena *a)
{
	struct codes *base = codes_new(a, NULL), *own = codes_new(a, base);

	codes_add(base, "issue_category", "Z-1", "基础");
	codes_add(base, "issue_source", "audit", "审计");
	codes_add(own, "issue_category", "Y-1", "立项批复");
	codes_add(own, "issue_category", "Y-4", "联农带农");
	return own;
}

static const struct {
	const struct field *f;
	const char *in, *sql, *code; /* sql NULL and code NULL: null */
} json_rows[] = {
	{ &text, "\"ab\"", "ab", NULL },
	{ &text, "\"  中文字  \"", "中文字", NULL },
	{ &text, "\"\"", NULL, NULL },
	{ &text, "null", NULL, NULL },
	{ &text, "\"a\"", NULL, "too_short" },
	{ &text, "\"一二三四五六\"", NULL, "too_long" },
	{ &text, "5", NULL, "not_string" },
	{ &text, "\"a\\u202eb\"", NULL, "unprintable" },
	{ &number, "7", "7", NULL },
	{ &number, "0", NULL, "out_of_range" },
	{ &number, "100", NULL, "out_of_range" },
	{ &number, "7.0", NULL, "not_integer" },
	{ &number, "\"7\"", NULL, "not_integer" },
	{ &money, "812672860300", "812672860300", NULL },
	{ &several, "[\"Y-1\",\"联农带农\"]", "{Y-1,Y-4}", NULL },
	{ &several, "[\"Y-4\",\"联农带农\"]", "{Y-4}", NULL },
	{ &several, "[]", NULL, NULL },
	{ &several, "[\"Y-1\",\"Z-1\"]", NULL, "not_in_list" },
	{ &several, "[\"Y-1\",\"Y-1\",\"Y-1\"]", NULL, "too_many" },
	{ &several, "[1]", NULL, "not_string" },
	{ &several, "\"Y-1\"", NULL, "not_list" },
	{ &area, "\"12.5\"", "12.5000", NULL },
	{ &area, "\"007\"", "7.0000", NULL },
	{ &area, "\"-0\"", "0.0000", NULL },
	{ &area, "\"1000.00000\"", "1000.0000", NULL },
	{ &area, "\"1000.0001\"", NULL, "out_of_range" },
	{ &area, "\"-0.1\"", NULL, "out_of_range" },
	{ &area, "\"1.23456\"", NULL, "out_of_range" },
	{ &area, "\"123456789012345\"", NULL, "out_of_range" },
	{ &area, "\"1e5\"", NULL, "not_decimal" },
	{ &area, "\".5\"", NULL, "not_decimal" },
	{ &area, "\"5.\"", NULL, "not_decimal" },
	{ &area, "12.5", NULL, "not_string" },
	{ &day, "\"2024-02-29\"", "2024-02-29", NULL },
	{ &day, "\"2023-02-29\"", NULL, "not_a_date" },
	{ &day, "\"2023-2-1\"", NULL, "not_a_date" },
	{ &day, "\"2023-04-06'; --\"", NULL, "not_a_date" },
	{ &moment, "\"2023-04-06T08:00:00Z\"",
	    "2023-04-06 08:00:00+00", NULL },
	{ &moment, "\"2023-04-06T08:00:00.5+08:00\"",
	    "2023-04-06 00:00:00.5+00", NULL },
	{ &moment, "\"2023-01-01T00:30:00.1234560-05:30\"",
	    "2023-01-01 06:00:00.123456+00", NULL },
	{ &moment, "\"2023-04-06T24:00:00Z\"", NULL, "not_a_time" },
	{ &moment, "\"2023-04-06T08:00:00+25:00\"", NULL, "not_a_time" },
	{ &moment, "\"2023-04-06T08:00:00.Z\"", NULL, "not_a_time" },
	{ &moment, "\"2023-04-06 08:00:00\"", NULL, "not_a_time" },
	{ &moment, "\"2023-04-31T08:00:00Z\"", NULL, "not_a_time" },
	{ &moment, "\"2023\"", NULL, "not_a_time" },
	{ &day, "\"0000-01-01\"", NULL, "not_a_date" },
	{ &moment, "\"0001-01-01T00:00:00+08:00\"", NULL, "not_a_time" },
	{ &moment, "\"9999-12-31T23:00:00-08:00\"", NULL, "not_a_time" },
	{ &truth, "true", "t", NULL },
	{ &truth, "false", "f", NULL },
	{ &truth, "\"是\"", NULL, "not_boolean" },
	{ &code, "\"Y-1\"", "Y-1", NULL },
	{ &code, "\"立项批复\"", "Y-1", NULL },
	{ &code, "\"立项 批复\"", "Y-1", NULL },
	{ &code, "\"基础\"", NULL, "not_in_list" },
	{ &ref, "\"01900000-0000-7000-8000-000000000000\"",
	    "01900000-0000-7000-8000-000000000000", NULL },
	{ &ref, "\"x\"", NULL, "not_an_id" },
	{ &place, "\"430981107000\"", "430981107000", NULL },
	{ &place, "\"43098110700\"", NULL, "not_a_division" },
	{ &place, "430981107000", NULL, "not_string" },
	{ &json, "{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}", NULL },
	{ &json, "{\"a\":0.1,\"b\":[1.10,-2.5,1e3]}",
	    "{\"a\":0.1,\"b\":[1.1,-2.5,1000.0]}", NULL },
	{ &json, "{\"a\":0.30000000000000004}", "{\"a\":0.30000000000000004}",
	    NULL },
	{ &json, "{\"a\":123456.789012345}", "{\"a\":123456.789012345}", NULL },
	{ &json, "{\"a\":1e300}", "{\"a\":1e300}", NULL },
	{ &json, "7", NULL, "not_object" },
};

static void
from_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(json_rows); i++) {
		struct arena a;
		struct reason why = { NULL, NULL, NULL, NULL };
		json_t *v = json_loads(json_rows[i].in, JSON_DECODE_ANY, NULL);
		const char *sql = "unset";
		bool ok;

		arena_init(&a, 0);
		assert_non_null(v);
		ok = value_from_json(&a, json_rows[i].f, some_codes(&a), v, &sql,
		    &why);
		if (ok != (json_rows[i].code == NULL))
			fail_msg("row %zu: %s", i, json_rows[i].in);
		if (!ok) {
			assert_string_equal(why.code, json_rows[i].code);
			assert_true(why.zh != NULL && why.en != NULL);
		} else if (json_rows[i].sql == NULL) {
			assert_null(sql);
		} else {
			assert_string_equal(sql, json_rows[i].sql);
		}
		json_decref(v);
		arena_free(&a);
	}
}

static void
cells_there_and_back(void **state)
{
	static const struct {
		const struct field *f;
		enum kind kind;
		const char *typed, *sql, *shown;
	} row[] = {
		{ &truth, K_BOOL, "√", "t", "是" },
		{ &truth, K_BOOL, "否", "f", "否" },
		{ &code, K_CODE, "立项批复", "Y-1", "立项批复" },
		{ &money, K_WAN, "9817.1233", "9817123300", "9817.1233" },
		{ &money, K_WAN, "8126.728603", "8126728603", "8126.728603" },
		{ &money, K_YUAN, "1200.50", "120050", "1200.5" },
		{ &money, K_YUAN, "-3", "-300", "-3" },
		{ &day, K_DATE, "2023年4月6日", "2023-04-06", "2023-04-06" },
		{ &day, K_DATE, "4月6日", "2023-04-06", "2023-04-06" },
		{ &text, K_TEXT, "", NULL, "" },
		{ &several, K_TEXT, "立项批复、Y-4", "{Y-1,Y-4}",
		    "立项批复、联农带农" },
		{ &area, K_TEXT, "12.50", "12.5000", "12.5" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct arena a;
		struct reason why;
		const char *sql;

		arena_init(&a, 0);
		if (!value_from_cell(&a, row[i].f, row[i].kind,
		    some_codes(&a), 2023, row[i].typed, &sql, &why))
			fail_msg("row %zu: %s", i, row[i].typed);
		if (row[i].sql == NULL)
			assert_null(sql);
		else
			assert_string_equal(sql, row[i].sql);
		assert_string_equal(value_to_cell(&a, row[i].f, row[i].kind,
		    some_codes(&a), sql), row[i].shown);
		arena_free(&a);
	}
}

static void
cells_that_are_held(void **state)
{
	static const struct {
		const struct field *f;
		enum kind kind;
		const char *typed;
	} row[] = {
		{ &truth, K_BOOL, "也许" }, { &code, K_CODE, "别的" },
		{ &money, K_WAN, "很多" }, { &day, K_DATE, "2023年4月" },
		{ &day, K_DATE, "2023-02-30" }, { &text, K_TEXT, "六个汉字太长" },
		{ &number, K_INT, "100" }, { &json, K_TEXT, "{}" },
		{ &several, K_TEXT, "立项批复、别的" },
		{ &area, K_TEXT, "约十亩" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct arena a;
		struct reason why = { NULL, NULL, NULL, NULL };
		const char *sql;

		arena_init(&a, 0);
		if (value_from_cell(&a, row[i].f, row[i].kind, some_codes(&a),
		    2023, row[i].typed, &sql, &why))
			fail_msg("row %zu: %s", i, row[i].typed);
		assert_non_null(why.zh);
		arena_free(&a);
	}
}

static void
to_json(void **state)
{
	static const struct {
		const struct field *f;
		const char *sql;
		enum mask mask;
		const char *json;
	} row[] = {
		{ &text, NULL, MASK_NONE, "null" },
		{ &text, "a\"b", MASK_NONE, "\"a\\\"b\"" },
		{ &text, "13800000001", MASK_PARTIAL, "\"138****0001\"" },
		{ &text, "0737-2700000", MASK_PARTIAL, "\"073****0000\"" },
		{ &text, "张三丰", MASK_PARTIAL, "\"张****\"" },
		{ &text, "\"quote", MASK_PARTIAL, "\"\\\"****\"" },
		{ &text, "13800000001", MASK_HIDDEN, "null" },
		{ &truth, "t", MASK_HIDDEN, "null" },
		{ &truth, "t", 0, "true" },
		{ &truth, "f", 0, "false" },
		{ &money, "812", 0, "812" },
		{ &place, "430981107000", 0, "\"430981107000\"" },
		{ &place, "0", 0, "\"000000000000\"" },
		{ &json, "{\"a\":1}", 0, "{\"a\":1}" },
		{ &day, "2023-04-06", 0, "\"2023-04-06\"" },
		{ &several, "{Y-1,\"a \\\"b\"}", 0,
		    "[\"Y-1\",\"a \\\"b\"]" },
		{ &several, "{}", 0, "[]" },
		{ &area, "12.5000", 0, "\"12.5\"" },
		{ &area, "-100.0000", 0, "\"-100\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct buf b;

		buf_init(&b, 1000);
		value_to_json(&b, row[i].f, row[i].sql, row[i].mask);
		assert_string_equal(b.data, row[i].json);
		buf_free(&b);
	}
}

static void
code_sets(void **state)
{
	struct arena a;
	const struct codes *c;
	const struct code *item;

	(void)state;
	arena_init(&a, 0);
	c = some_codes(&a);
	assert_int_equal(codes_items(c, "issue_category", &item), 2);
	assert_string_equal(item[1].label, "联农带农");
	assert_int_equal(codes_items(c, "issue_source", &item), 1);
	assert_int_equal(codes_items(c, "nothing", &item), 0);
	assert_null(codes_find(c, "issue_category", ""));
	assert_null(codes_find(c, "issue_category", "  "));
	assert_string_equal(codes_label(c, "issue_category", "Z-9"), "Z-9");
	arena_free(&a);
}

static void
times_as_the_api_gives_them(void **state)
{
	static const char *const rows[][2] = {
		{ "2023-04-06 08:00:00+00", "2023-04-06T08:00:00.000000Z" },
		{ "2023-04-06 08:00:00.5+00", "2023-04-06T08:00:00.500000Z" },
		{ "2023-04-06 08:00:00.123456+00",
		    "2023-04-06T08:00:00.123456Z" },
		{ "2023-04-06T08:00:00Z", "2023-04-06T08:00:00Z" },
		{ "infinity", "infinity" },
		{ "20230-04-06 08:00:00+00", "20230-04-06 08:00:00+00" },
	};
	char out[TIME_ISO];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(time_iso(out, rows[i][0]), rows[i][1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_json),
		cmocka_unit_test(cells_there_and_back),
		cmocka_unit_test(cells_that_are_held),
		cmocka_unit_test(to_json),
		cmocka_unit_test(code_sets),
		cmocka_unit_test(times_as_the_api_gives_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
