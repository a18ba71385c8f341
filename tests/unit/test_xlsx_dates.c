/* Serial numbers as dates and times: 1900, its leap day, 1904, rounding. */
#include "base/err.h"
#include "check.h"
#include "xlsx/value.h"

static const struct {
	double serial;
	enum format format;
	bool date1904;
	enum cell_type type;
	const char *text;
} shown[] = {
	{ 45022, FORMAT_DATE, false, CELL_DATE, "2023-04-06" },
	{ 45022.75, FORMAT_DATE, false, CELL_DATE, "2023-04-06" },
	{ 45022.99999999, FORMAT_DATE, false, CELL_DATE, "2023-04-06" },
	{ 45022.75, FORMAT_DATETIME, false, CELL_DATE, "2023-04-06T18:00:00" },
	{ 45022, FORMAT_DATETIME, false, CELL_DATE, "2023-04-06" },
	{ 45022.354166666664, FORMAT_DATETIME, false, CELL_DATE,
	    "2023-04-06T08:30:00" },
	{ 45022.3541666667, FORMAT_DATETIME, false, CELL_DATE,
	    "2023-04-06T08:30:00" },
	{ 45022.99999999999, FORMAT_DATETIME, false, CELL_DATE, "2023-04-07" },
	{ 45022.354172453706, FORMAT_DATETIME, false, CELL_DATE,
	    "2023-04-06T08:30:00.500" },
	{ 43560, FORMAT_DATE, true, CELL_DATE, "2023-04-06" },
	{ 0, FORMAT_DATE, true, CELL_DATE, "1904-01-01" },
	{ 59, FORMAT_DATE, true, CELL_DATE, "1904-02-29" },
	{ 60, FORMAT_DATE, true, CELL_DATE, "1904-03-01" },
	{ 1, FORMAT_DATE, false, CELL_DATE, "1900-01-01" },
	{ 59, FORMAT_DATE, false, CELL_DATE, "1900-02-28" },
	{ 60, FORMAT_DATE, false, CELL_DATE, "1900-02-29" },
	{ 61, FORMAT_DATE, false, CELL_DATE, "1900-03-01" },
	{ 0, FORMAT_DATE, false, CELL_DATE, "1900-01-00" },
	{ 36585, FORMAT_DATE, false, CELL_DATE, "2000-02-29" },
	{ 73051, FORMAT_DATE, false, CELL_DATE, "2100-01-01" },
	{ 2958465, FORMAT_DATE, false, CELL_DATE, "9999-12-31" },
	{ 2958466, FORMAT_DATE, false, CELL_NUMBER, "2958466" },
	{ 2957003, FORMAT_DATE, true, CELL_DATE, "9999-12-31" },
	{ 2957004, FORMAT_DATE, true, CELL_NUMBER, "2957004" },
	{ -1, FORMAT_DATE, false, CELL_NUMBER, "-1" },
	{ -0.5, FORMAT_TIME, false, CELL_NUMBER, "-0.5" },
	{ 1e300, FORMAT_DATE, false, CELL_NUMBER, "1e+300" },
	{ 0.5, FORMAT_TIME, false, CELL_TIME, "12:00:00" },
	{ 0, FORMAT_TIME, false, CELL_TIME, "00:00:00" },
	{ 0.354166666666667, FORMAT_TIME, false, CELL_TIME, "08:30:00" },
	{ 45022.5, FORMAT_TIME, false, CELL_DATE, "2023-04-06T12:00:00" },
	{ 1.5, FORMAT_DURATION, false, CELL_TIME, "36:00:00" },
	{ 10.0 / 24, FORMAT_DURATION, false, CELL_TIME, "10:00:00" },
	{ 100.5, FORMAT_DURATION, false, CELL_TIME, "2412:00:00" },
	{ 2958465, FORMAT_DURATION, false, CELL_TIME, "71003160:00:00" },
};

static void
serials(void **state)
{
	char text[VALUE_TEXT];
	enum cell_type type;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(shown); i++) {
		type = date_text(shown[i].serial, shown[i].format,
		    shown[i].date1904, text);
		CHECK_STR(i, text, shown[i].text);
		assert_int_equal(type, shown[i].type);
	}
}

static void
iso_texts(void **state)
{
	static const struct {
		const char *text;
		bool date1904, good;
		double serial;
	} table[] = {
		{ "2023-04-06", false, true, 45022 },
		{ "2023-04-06", true, true, 43560 },
		{ "2023-04-06T18:00:00", false, true, 45022.75 },
		{ "2023-04-06T18:00", false, true, 45022.75 },
		{ "2023-04-06T18:00:00Z", false, true, 45022.75 },
		{ "2023-04-06 18:00:00.000", false, true, 45022.75 },
		{ "1900-01-01", false, true, 1 },
		{ "1900-02-28", false, true, 59 },
		{ "1900-03-01", false, true, 61 },
		{ "2000-02-29", false, true, 36585 },
		{ "2023-02-29", false, false, 0 },
		{ "2023-13-01", false, false, 0 },
		{ "2023-00-01", false, false, 0 },
		{ "2023-04-31", false, false, 0 },
		{ "2023-04-06T24:00:00", false, false, 0 },
		{ "1899-12-31", false, false, 0 },
		{ "1903-12-31", true, false, 0 },
		{ "2023-4-6", false, false, 0 }, { "2023-04-06x", false, false, 0 },
		{ "2023年4月6日", false, false, 0 }, { "", false, false, 0 },
		{ "T12:00:00", false, false, 0 },
	};
	enum format format;
	double serial;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		serial = -1;
		if (date_parse(table[i].text, table[i].date1904, &serial,
		    &format) != table[i].good || (table[i].good &&
		    serial != table[i].serial)) {
			print_error("%s: %f\n", table[i].text, serial);
			fail();
		}
	}
}

/* Every day Excel knows, there and back. */
static void
every_day(void **state)
{
	char text[VALUE_TEXT];
	enum format format;
	double serial;
	long day;

	(void)state;
	for (day = 1; day <= 2958465; day += day < 1000 ? 1 : 37) {
		if (day == 60)
			continue;
		date_text((double)day, FORMAT_DATE, false, text);
		assert_true(date_parse(text, false, &serial, &format));
		assert_int_equal((long)serial, day);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serials),
		cmocka_unit_test(iso_texts),
		cmocka_unit_test(every_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
