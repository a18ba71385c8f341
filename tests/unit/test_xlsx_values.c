/* Numbers, escapes, references; every kind of cell through the reader. */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "check.h"
#include "xlsx_pack.h"
#include "xlsx/value.h"

static void
numbers(void **state)
{
	static const struct {
		const char *in, *want;	/* NULL: not a number */
	} table[] = {
		{ "0", "0" }, { "-0", "0" }, { "-0.0", "0" }, { "1", "1" },
		{ "+1", "1" }, { "007", "7" }, { "1.", "1" }, { ".5", "0.5" },
		{ "-.5", "-0.5" }, { "1.50", "1.5" }, { "00.50", "0.5" },
		{ "100", "100" }, { "100.0", "100" }, { "-12.25", "-12.25" },
		{ "888.69", "888.69" }, { "888.6900000000001", "888.69" },
		{ "0.30000000000000004", "0.3" }, { "0.1", "0.1" },
		{ "123456789012345", "123456789012345" },
		{ "1234567890123456", "1.23456789012346e+15" },
		{ "999999999999999", "999999999999999" },
		{ "123456789012345678", "1.23456789012346e+17" },
		{ "0.0001", "0.0001" }, { "0.00001", "1e-05" },
		{ "0.000100", "0.0001" }, { "0.0012", "0.0012" },
		{ "1e3", "1000" }, { "1E+3", "1000" }, { "1.5e-3", "0.0015" },
		{ "1e15", "1e+15" }, { "1e21", "1e+21" }, { "-1e21", "-1e+21" },
		{ "1e-400", "0" }, { "123456.789e3", "123456789" },
		{ "0.99999999999999999", "1" },
		{ "", NULL }, { "-", NULL }, { ".", NULL }, { "1e", NULL },
		{ "1e+", NULL }, { "e5", NULL }, { "1.2.3", NULL },
		{ "0x1F", NULL }, { "1 2", NULL }, { "1,000", NULL },
		{ "nan", NULL }, { "inf", NULL }, { "１", NULL },
		{ "1e5x", NULL }, { "--1", NULL },
	};
	char text[VALUE_TEXT];
	double v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		if (!number_parse(table[i].in, strlen(table[i].in), &v)) {
			assert_null(table[i].want);
			continue;
		}
		if (table[i].want == NULL) {
			print_error("%s is no number\n", table[i].in);
			fail();
		}
		assert_true(v == strtod(table[i].in, NULL));
		number_text_of(v, table[i].in, strlen(table[i].in), text);
		CHECK_STR(i, text, table[i].want);
		number_text(v, text);
		CHECK_STR(i, text, table[i].want);
	}
	assert_true(number_parse("1e400", 5, &v) && isinf(v));
}

/* The quick ways give what strtod and printf give. */
static void
numbers_at_random(void **state)
{
	char in[32], text[VALUE_TEXT], want[VALUE_TEXT];
	double v;
	int i, n;

	(void)state;
	srandom(20230406);
	for (i = 0; i < 200000; i++) {
		n = snprintf(in, sizeof(in), "%.*f", (int)(random() % 9),
		    (double)random() / (double)(1 + random() % 100000));
		assert_true(number_parse(in, (size_t)n, &v));
		assert_true(v == strtod(in, NULL));
		number_text_of(v, in, (size_t)n, text);
		snprintf(want, sizeof(want), "%.15g", v);
		CHECK_STR(i, text, want);
	}
}

static void
escapes(void **state)
{
	static const struct { const char *in, *want; } table[] = {
		{ "", "" }, { "plain", "plain" }, { "_", "_" }, { "_x", "_x" },
		{ "_x0041_", "A" }, { "a_x4e00_b", "a一b" },
		{ "_x000D__x000A_", "\r\n" }, { "_x0009_", "\t" },
		{ "_x005F_x0041_", "_x0041_" }, { "_x005f_", "_" },
		{ "_xD83D__xDE00_", "😀" }, { "_xd83d__xde00_!", "😀!" },
		{ "_xD83D_", "_xD83D_" }, { "_xDE00_", "_xDE00_" },
		{ "_xD83D_x", "_xD83D_x" }, { "_xD83D__x0041_", "_xD83D_A" },
		{ "_x0000_", "_x0000_" }, { "_x0001_", "_x0001_" },
		{ "_xFFFE_", "_xFFFE_" }, { "_x00G1_", "_x00G1_" },
		{ "_X0041_", "_X0041_" }, { "_x0041", "_x0041" },
		{ "__x0041__", "_A_" }, { "_x0041__x0042_", "AB" },
		{ "列_x0041_列", "列A列" },
	};
	char text[64];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		snprintf(text, sizeof(text), "%s", table[i].in);
		n = unescape(text, strlen(text));
		text[n] = '\0';
		CHECK_STR(i, text, table[i].want);
	}
}

static void
references(void **state)
{
	static const struct {
		const char *in;
		unsigned row, col;	/* 0: none */
	} table[] = {
		{ "A1", 1, 1 }, { "b7", 7, 2 }, { "Z9", 9, 26 },
		{ "AA10", 10, 27 }, { "XFD1048576", 1048576, 16384 },
		{ "xfd1", 1, 16384 }, { "XFE1", 0, 0 }, { "A1048577", 0, 0 },
		{ "A0", 0, 0 }, { "A01", 0, 0 }, { "A", 0, 0 }, { "1", 0, 0 },
		{ "", 0, 0 }, { "$A$1", 0, 0 }, { "A1B", 0, 0 },
		{ "ZZZZZZZZ1", 0, 0 }, { "A4294967297", 0, 0 },
		{ "A18446744073709551617", 0, 0 }, { "A-1", 0, 0 },
		{ "A1 ", 0, 0 }, { "[1", 0, 0 }, { "@1", 0, 0 },
	};
	unsigned row, col, back;
	char name[10];
	size_t i;
	bool good;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		row = col = 0;
		good = ref_parse(table[i].in, strlen(table[i].in), &row,
		    &col);
		if (good != (table[i].row != 0) || (good &&
		    (row != table[i].row || col != table[i].col))) {
			print_error("%s: %u %u\n", table[i].in, row, col);
			fail();
		}
	}
	for (col = 1; col <= COLUMN_MAX; col++) {
		column_name(col, name);
		i = strlen(name);
		name[i] = '1';
		assert_true(ref_parse(name, i + 1, &row, &back));
		assert_int_equal(back, col);
		name[i] = '\0';
		if (col == 1)
			CHECK_STR(col, name, "A");
		if (col == 703)
			CHECK_STR(col, name, "AAA");
		if (col == 16384)
			CHECK_STR(col, name, "XFD");
	}
}

#define SHEET(rows) "<worksheet xmlns='" PACK_MAIN "'><sheetData>" rows \
	"</sheetData></worksheet>"
#define STYLES "<styleSheet xmlns='" PACK_MAIN "'><cellXfs>" \
	"<xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='46'/></cellXfs>" \
	"</styleSheet>"
#define SST "<sst xmlns='" PACK_MAIN "'><si><t>一</t></si><si/>" \
	"<si><r><rPr><b/></rPr><t>二</t></r><r><t xml:space='preserve'> 三" \
	"</t></r><rPh sb='0' eb='1'><t>er</t></rPh><phoneticPr/></si>" \
	"<si><t>a_x000D_\n&lt;_x005F_x0041_</t></si><si><t/></si></sst>"

/* What a sheet's rows are read as, in the cage: "A1=text:一 …". */
static char *
shown(struct arena *arena, const char *more, const char *sheet)
{
	static const char *const type[] = { "blank", "text", "number", "date",
		"time", "bool", "error" };
	const struct row *row;
	const struct cell *c;
	struct workbook *book;
	const char *zh, *en;
	enum refusal code;
	char name[8], *out;
	size_t i, k;
	int fd;

	fd = pack_book(more, sheet, SST, STYLES);
	assert_true(fd >= 0);
	code = workbook_read(arena, fd, &budget_default, &book, &zh, &en);
	close(fd);
	if (code != READ_OK)
		return arena_printf(arena, "refused %d", (int)code);
	assert_int_equal(book->nsheets, 1);
	assert_string_equal(book->sheet[0].name, "台账");
	out = arena_strdup(arena, "");
	for (i = 0; i < book->sheet[0].nrows; i++) {
		row = &book->sheet[0].row[i];
		for (k = 0; k < row->ncells; k++) {
			c = &row->cell[k];
			column_name(c->col, name);
			out = arena_printf(arena, "%s%s%s%u=%s:%s%s%s%s",
			    out, *out == '\0' ? "" : " ", name, row->row,
			    type[c->type], c->text, c->formula ? "(f)" : "",
			    c->inexact ? "(i)" : "",
			    row->hidden ? "(h)" : "");
		}
	}
	for (i = 0; i < book->sheet[0].nmerges; i++)
		out = arena_printf(arena, "%s %u:%u-%u:%u", out,
		    book->sheet[0].merge[i].row1, book->sheet[0].merge[i].col1,
		    book->sheet[0].merge[i].row2,
		    book->sheet[0].merge[i].col2);
	return out;
}

static const struct {
	const char *rows, *want;
} cell[] = {
	{ "", "" }, { "<row/><row r='5'><c/></row>", "" },
	{ "<row><c t='s'><v>0</v></c></row>", "A1=text:一" },
	{ "<row><c t='s'><v> 2\n</v></c></row>", "A1=text:二 三" },
	{ "<row><c t='s'><v>1</v></c><c t='s'><v>4</v></c></row>", "" },
	{ "<row><c t='s'><v>3</v></c></row>", "A1=text:a\r\n<_x0041_" },
	{ "<row><c t='s'><v/></c></row>", "" },
	{ "<row><c><v>1.50</v></c></row>", "A1=number:1.5" },
	{ "<row><c t='n'><v>-0</v></c></row>", "A1=number:0" },
	{ "<row><c><v>123456789012345678</v></c></row>",
	    "A1=number:1.23456789012346e+17(i)" },
	{ "<row><c><v>1e400</v></c><c><v>-NAN</v></c><c><v>INF</v></c></row>",
	    "A1=error:#NUM! B1=error:#NUM! C1=error:#NUM!" },
	{ "<row><c s='1'><v>45022</v></c><c s='2'><v>1.5</v></c>"
	    "<c s='99'><v>1</v></c></row>",
	    "A1=date:2023-04-06 B1=time:36:00:00 C1=number:1" },
	{ "<row><c t='d'><v>2023-04-06</v></c><c t='d'><v>昨天</v></c></row>",
	    "A1=date:2023-04-06 B1=text:昨天" },
	{ "<row><c t='b'><v>1</v></c><c t='b'><v>0</v></c></row>",
	    "A1=bool:TRUE B1=bool:FALSE" },
	{ "<row><c t='e'><v>#N/A</v></c></row>", "A1=error:#N/A" },
	{ "<row><c t='inlineStr'><is><t>甲</t><r><t>乙</t></r>"
	    "<rPh><t>jia</t></rPh></is></c></row>", "A1=text:甲乙" },
	{ "<row><c t='inlineStr'><is><t>_x0041_</t></is></c></row>",
	    "A1=text:A" },
	{ "<row><c t='str'><v>x</v></c></row>", "A1=text:x" },
	{ "<row><c t='str'><f>A2&amp;\"\"</f><v></v></c></row>",
	    "A1=text:(f)" },
	{ "<row><c><f>A2+1</f><v>3</v></c></row>", "A1=number:3(f)" },
	{ "<row><c><f>A2+1</f></c></row>", "A1=blank:(f)" },
	{ "<row><c><f>A2+1</f><v/></c></row>", "A1=blank:(f)" },
	{ "<row><c><f t='shared' si='0'/><v>3</v></c></row>",
	    "A1=number:3(f)" },
	{ "<row><c><f t='array' ref='A1:B1'>X</f><v>1</v></c><c><v>2</v></c>"
	    "<c><v>3</v></c></row>",
	    "A1=number:1(f) B1=number:2(f) C1=number:3" },
	{ "<row r='7' hidden='1'><c r='b7'><v>1</v></c></row>",
	    "B7=number:1(h)" },
	{ "<row><c r='A9'><v>1</v></c><c r='C9'><v>2</v></c></row>"
	    "<row><c><v>3</v></c></row>",
	    "A9=number:1 C9=number:2 A10=number:3" },
	{ "<row r='2'><c r='B2'><v>1</v></c><c r='A2'><v>2</v></c>"
	    "<c r='B2'><v>3</v></c></row>", "A2=number:2 B2=number:3" },
	{ "<row r='3'><c><v>1</v></c></row><row r='2'><c><v>2</v></c></row>"
	    "<row r='3'><c r='B3'><v>4</v></c><c r='A3'><v>5</v></c></row>",
	    "A2=number:2 A3=number:5 B3=number:4" },
	{ "<row><c><v>1</v><extLst><ext><c><v>9</v></c></ext></extLst></c>"
	    "</row><extLst><row><c><v>8</v></c></row></extLst>",
	    "A1=number:1" },
	{ "<row><x:c xmlns:x='other'><v>9</v></x:c><c><v>1</v></c></row>",
	    "A1=number:1" },
	{ "<row><c><v>1<!-- x -->2</v></c><c t='str'><v><![CDATA[<a>]]></v>"
	    "</c></row>", "A1=number:12 B1=text:<a>" },
	{ "<row><c t='str'><v>a\r\nb\rc</v></c></row>", "A1=text:a\nb\nc" },
	{ "<row><c t='inlineStr'><v/><is><t>a</t></is></c></row>",
	    "A1=text:a" },
	{ "<row><c><v>1</v><v>2</v></c></row>", "refused 4" },
	{ "<row><c t='inlineStr'><is><t>a</t></is><v>b</v></c></row>",
	    "refused 4" },
	{ "<row><c t='s'><v>5</v></c></row>", "refused 4" },
	{ "<row><c><v>x</v></c></row>", "refused 4" },
	{ "<row><c><f>WEBSERVICE(A1)</f></c></row>", "refused 11" },
};

static void
cells(void **state)
{
	struct arena arena;
	char sheet[2048];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cell); i++) {
		arena_init(&arena, 0);
		snprintf(sheet, sizeof(sheet), SHEET("%s"), cell[i].rows);
		CHECK_STR(i, shown(&arena, "", sheet), cell[i].want);
		arena_free(&arena);
	}
}

static void
sheets(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	CHECK_STR(0, shown(&arena, "<workbookPr date1904='1'/>",
	    SHEET("<row><c s='1'><v>43560</v></c></row>")),
	    "A1=date:2023-04-06");
	CHECK_STR(1, shown(&arena, "", "<x:worksheet xmlns:x="
	    "'http://purl.oclc.org/ooxml/spreadsheetml/main'><x:sheetData>"
	    "<x:row><x:c><x:v>1</x:v></x:c></x:row></x:sheetData>"
	    "<x:mergeCells><x:mergeCell ref='A2:L2'/><x:mergeCell ref='B3'/>"
	    "</x:mergeCells></x:worksheet>"), "A1=number:1 2:1-2:12 3:2-3:2");
	CHECK_STR(2, shown(&arena, "", "<chart xmlns='" PACK_MAIN "'/>"),
	    "refused 4");
	arena_free(&arena);
}

/* Each budget on its own refuses; the arena gets nothing but sentences. */
static void
budgets(void **state)
{
	struct budget small[4];
	struct workbook *book;
	struct arena arena;
	const char *zh, *en;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < COUNT(small); i++)
		small[i] = budget_default;
	small[0].packed = 100;
	small[1].entries = 3;
	small[2].cells = 1;
	small[3].text = 4;
	fd = pack_book("", SHEET("<row><c t='s'><v>0</v></c><c t='s'><v>2</v>"
	    "</c></row>"), SST, STYLES);
	for (i = 0; i < COUNT(small); i++) {
		arena_init(&arena, 0);
		assert_int_equal(workbook_read(&arena, fd, &small[i], &book,
		    &zh, &en), REFUSED_BOMB);
		assert_null(book);
		assert_true(strlen(zh) > 10 && strlen(en) > 10);
		arena_free(&arena);
	}
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(numbers_at_random),
		cmocka_unit_test(escapes),
		cmocka_unit_test(references),
		cmocka_unit_test(cells),
		cmocka_unit_test(sheets),
		cmocka_unit_test(budgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
