/* Which number formats are dates: built-in, Chinese, misleading ones. */
#include "base/err.h"
#include "check.h"
#include "xlsx_pack.h"
#include "xlsx/styles.h"

static const struct {
	const char *code;
	enum format want;
} custom[] = {
	{ "General", FORMAT_NUMBER },
	{ "G/通用格式", FORMAT_NUMBER },
	{ "0", FORMAT_NUMBER }, { "0.00", FORMAT_NUMBER },
	{ "#,##0.00", FORMAT_NUMBER }, { "0.00%", FORMAT_PERCENT },
	{ "0.00E+00", FORMAT_NUMBER }, { "##0.0E+0", FORMAT_NUMBER },
	{ "# ?/?", FORMAT_NUMBER }, { "@", FORMAT_NUMBER },
	{ "[Red]0.00", FORMAT_NUMBER }, { "[Red]#,##0;[Blue]-#,##0",
	    FORMAT_NUMBER },
	{ "0\"d\"", FORMAT_NUMBER }, { "0\\d", FORMAT_NUMBER },
	{ "\"第\"0\"年\"", FORMAT_NUMBER }, { "_ * #,##0.00_ ;_ * \\-#,##0.00_ ",
	    FORMAT_NUMBER },
	{ "0_d", FORMAT_NUMBER }, { "0*y", FORMAT_NUMBER },
	{ "0*年", FORMAT_NUMBER },
	{ "[$¥-804]#,##0.00", FORMAT_NUMBER },
	{ "[DBNum1][$-804]General", FORMAT_NUMBER },
	{ "[DBNum2][$-804]G/通用格式", FORMAT_NUMBER },
	{ "\"yyyy-mm-dd\"", FORMAT_NUMBER },
	{ ";;;", FORMAT_NUMBER }, { "", FORMAT_NUMBER },
	{ "0;yyyy", FORMAT_NUMBER },
	{ "yyyy-mm-dd", FORMAT_DATE }, { "YYYY/M/D", FORMAT_DATE },
	{ "yyyy\"年\"m\"月\"d\"日\"", FORMAT_DATE },
	{ "yyyy\\年m\\月d\\日", FORMAT_DATE },
	{ "yyyy\"年\"m\"月\";@", FORMAT_DATE }, { "m\"月\"d\"日\"", FORMAT_DATE },
	{ "[$-804]yyyy\"年\"m\"月\"d\"日\" dddd", FORMAT_DATE },
	{ "[DBNum1][$-804]yyyy\"年\"m\"月\"d\"日\"", FORMAT_DATE },
	{ "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", FORMAT_DATE },
	{ "[Red]yyyy/m/d", FORMAT_DATE }, { "mmm-yy", FORMAT_DATE },
	{ "aaaa", FORMAT_DATE }, { "e\"年\"m\"月\"", FORMAT_DATE },
	{ "mmmmm", FORMAT_DATE }, { "dd/mm/yy;@", FORMAT_DATE },
	{ "yyyy-mm-dd hh:mm:ss", FORMAT_DATETIME },
	{ "yyyy\\-mm\\-dd\\ hh:mm:ss.000", FORMAT_DATETIME },
	{ "m/d/yy h:mm AM/PM", FORMAT_DATETIME },
	{ "yyyy\"年\"m\"月\"d\"日\" 上午/下午h\"时\"mm\"分\"", FORMAT_DATETIME },
	{ "h:mm", FORMAT_TIME }, { "h:mm:ss AM/PM", FORMAT_TIME },
	{ "上午/下午h\"时\"mm\"分\"", FORMAT_TIME }, { "mm:ss.0", FORMAT_TIME },
	{ "[$-F400]h:mm:ss\\ AM/PM", FORMAT_TIME },
	{ "h\"时\"mm\"分\"ss\"秒\";@", FORMAT_TIME },
	{ "[h]:mm", FORMAT_DURATION }, { "[hh]:mm:ss", FORMAT_DURATION },
	{ "[mm]:ss", FORMAT_DURATION }, { "[s]", FORMAT_DURATION },
	{ "[h", FORMAT_DURATION }, { "\"open", FORMAT_NUMBER },
	{ "\\", FORMAT_NUMBER },
};

static void
custom_codes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(custom); i++)
		if (format_code(custom[i].code) != custom[i].want) {
			print_error("%s: %d, not %d\n", custom[i].code,
			    format_code(custom[i].code), custom[i].want);
			fail();
		}
}

static void
builtin_ids(void **state)
{
	static const struct {
		unsigned from, to;
		enum format want;
	} table[] = {
		{ 0, 8, FORMAT_NUMBER }, { 9, 10, FORMAT_PERCENT },
		{ 11, 13, FORMAT_NUMBER }, { 14, 17, FORMAT_DATE },
		{ 18, 21, FORMAT_TIME }, { 22, 22, FORMAT_DATETIME },
		{ 23, 26, FORMAT_NUMBER }, { 27, 31, FORMAT_DATE },
		{ 32, 35, FORMAT_TIME }, { 36, 36, FORMAT_DATE },
		{ 37, 44, FORMAT_NUMBER }, { 45, 45, FORMAT_TIME },
		{ 46, 46, FORMAT_DURATION }, { 47, 47, FORMAT_TIME },
		{ 48, 49, FORMAT_NUMBER }, { 50, 54, FORMAT_DATE },
		{ 55, 56, FORMAT_TIME }, { 57, 58, FORMAT_DATE },
		{ 59, 200, FORMAT_NUMBER },
	};
	size_t i;
	unsigned id;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		for (id = table[i].from; id <= table[i].to; id++)
			assert_int_equal(format_builtin(id), table[i].want);
}

/* The file's own table wins, even over built-in ids. */
static void
of_a_file(void **state)
{
	static const char xml[] = "<x:styleSheet xmlns:x='" PACK_MAIN "'>"
	    "<x:numFmts><x:numFmt numFmtId='176' formatCode='yyyy&quot;年"
	    "&quot;m'/><x:numFmt numFmtId='14' formatCode='0.0'/>"
	    "<x:numFmt numFmtId='41' formatCode='h:mm'/></x:numFmts>"
	    "<x:cellStyleXfs><x:xf numFmtId='22'/></x:cellStyleXfs>"
	    "<x:cellXfs><x:xf numFmtId='0'/><x:xf numFmtId='176'/>"
	    "<x:xf numFmtId='14'/><x:xf numFmtId='41'/><x:xf numFmtId='15'>"
	    "<x:alignment/></x:xf><x:xf/></x:cellXfs>"
	    "<x:dxfs><x:dxf><x:numFmt numFmtId='15' formatCode='0'/></x:dxf>"
	    "</x:dxfs></x:styleSheet>";
	static const enum format want[] = { FORMAT_NUMBER, FORMAT_DATE,
		FORMAT_NUMBER, FORMAT_TIME, FORMAT_DATE, FORMAT_NUMBER };
	const struct pack_part part = { "styles.xml", xml, 0 };
	struct why why = { 0 };
	struct styles styles;
	struct zip zip;
	size_t i;
	int fd;

	(void)state;
	fd = pack_fd(&part, 1);
	assert_int_equal(zip_open(&zip, fd, &budget_default, &why), READ_OK);
	assert_int_equal(styles_read(&styles, &zip, &zip.entry[0]), READ_OK);
	assert_int_equal(styles.n, COUNT(want));
	for (i = 0; i < COUNT(want); i++)
		assert_int_equal(styles.format[i], want[i]);
	styles_free(&styles);
	zip_close(&zip);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(custom_codes),
		cmocka_unit_test(builtin_ids),
		cmocka_unit_test(of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
