/* The patcher's pieces: tags in raw bytes, cells, ranges, sheet parts. */
#include "check.h"

#include <stdlib.h>

#include "xlsx/patch.h"
#include "xlsx/xmlw.h"

#define HEAD "<worksheet xmlns=\"m\"><sheetData>"
#define TAIL "</sheetData></worksheet>"

static struct arena arena;

static int
begin(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void
test_cell_escape(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "平常", "平常" },
		{ "a\tb\nc", "a\tb\nc" },
		{ "a\rb", "a_x000D_b" },
		{ "\x01", "_x0001_" },
		{ "_x0041_", "_x005F_x0041_" },
		{ "__x0041_", "__x005F_x0041_" },
		{ "_x005F_x0041_", "_x005F_x005F_x005F_x0041_" },
		{ "_x004_", "_x004_" },
		{ "_x00411", "_x00411" },
		{ "_x", "_x" },
		{ "\xef\xbf\xbe", "_xFFFE_" },
		{ "\xef\xbf\xbf!", "_xFFFF_!" },
		{ "=1+1", "=1+1" },
	};
	char *longest = malloc(32770 * 4);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(i, cell_escape(&arena, rows[i].in), rows[i].out);
	assert_null(cell_escape(&arena, "\xc0\x80"));
	assert_null(cell_escape(&arena, "\xed\xa0\x80"));
	assert_null(cell_escape(&arena, "\xff"));
	memset(longest, 'a', 32768);
	longest[32767] = '\0';
	assert_non_null(cell_escape(&arena, longest));
	memcpy(longest + 32767, "b", 2);
	assert_null(cell_escape(&arena, longest));
	/* beyond the first plane a character counts twice */
	for (size_t i = 0; i < 16384; i++)
		memcpy(longest + i * 4, "\xf0\x9f\x98\x80", 4);
	longest[16384 * 4] = '\0';
	assert_null(cell_escape(&arena, longest));
	longest[16383 * 4] = '\0';
	assert_non_null(cell_escape(&arena, longest));
	free(longest);
}

static void
test_tags(void **state)
{
	static const char xml[] = "<?xml version='1.0'?><!-- <no> -->"
	    "<x:a b = 'v>1' bb=\"2\"><![CDATA[<no/>]]><c/><d e='/' /></x:a >";
	const char *p = xml, *stop = xml + sizeof(xml) - 1;
	struct tag a, t;
	struct span v;

	(void)state;
	assert_true(tag_next(&p, stop, &a));
	assert_true(tag_is(&a, NULL, "a") && !a.close && !a.empty);
	assert_int_equal(a.prefix.len, 2);
	assert_true(tag_attr(&a, "b", &v));
	assert_memory_equal(v.s, "v>1", 3);
	assert_true(tag_attr(&a, "bb", &v) && v.len == 1);
	assert_false(tag_attr(&a, "bbb", &v));
	assert_ptr_equal(tag_skip(&a, stop), stop);
	assert_true(tag_next(&p, stop, &t));
	assert_true(tag_is(&t, NULL, "c") && t.empty);
	assert_false(tag_is(&t, &a, "c"));
	assert_true(tag_next(&p, stop, &t));
	assert_true(t.empty && tag_attr(&t, "e", &v) && *v.s == '/');
	assert_true(tag_next(&p, stop, &t));
	assert_true(t.close && tag_is(&t, &a, "a"));
	assert_false(tag_next(&p, stop, &t));
	assert_ptr_equal(p, stop);
}

static void
test_broken_tags(void **state)
{
	static const char *const rows[] = { "<", "<a", "<a b='>", "<a b=\"1'>",
		"<!-- ", "<![CDATA[ ]]", "<? ", "</", "< a>", "<>", "<:>" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i]);
		char *exact = malloc(n); /* a read beyond is seen */
		const char *p = exact;
		struct tag t;

		memcpy(exact, rows[i], n);
		if (tag_next(&p, exact + n, &t)) {
			print_error("row %zu: %s\n", i, rows[i]);
			fail();
		}
		assert_null(p);
		free(exact);
	}
}

static void
test_cut_possible(void **state)
{
	static const struct {
		const char *xml;
		bool possible;
	} rows[] = {
		{ "<a/>", true },
		{ "\xef\xbb\xbf<a/>", true },
		{ "\n <a/>", true },
		{ "<?xml version=\"1.0\" encoding=\"utf-8\"?><a/>", true },
		{ "<?xml version=\"1.0\" encoding='US-ASCII'?><a/>", true },
		{ "<?xml version=\"1.0\" encoding=\"GBK\"?><a/>", false },
		{ "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", false },
		{ "<!DOCTYPE a><a/>", false },
		{ "", false },
		{ "a", false },
		{ "<?xml ", false },
		{ "\xff\xfe<", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (cut_possible(rows[i].xml, strlen(rows[i].xml)) !=
		    rows[i].possible) {
			print_error("row %zu: %s\n", i, rows[i].xml);
			fail();
		}
	assert_false(cut_possible("<a>\0</a>", 8));
}

static void
test_cut_attr(void **state)
{
	static const struct {
		const char *xml, *value, *out;
	} rows[] = {
		{ "<a/>", "1", "<a n=\"1\"/>" },
		{ "<a />", "1", "<a n=\"1\"/>" },
		{ "<a></a>", "<&\"", "<a n=\"&lt;&amp;&quot;\"></a>" },
		{ "<a n='0'/>", "1", "<a n=\"1\"/>" },
		{ "<a m=\"n='0'\" n = \"0\"  o='2'>", "1",
		    "<a m=\"n='0'\" n=\"1\"  o='2'>" },
		{ "<a x:n='0'>", "1", "<a x:n='0' n=\"1\">" },
		{ "<a n='0' o='1'/>", NULL, "<a o='1'/>" },
		{ "<a o='1'/>", NULL, "<a o='1'/>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *p = rows[i].xml;
		struct cut c;
		struct tag t;

		cut_begin(&c, p, strlen(p));
		assert_true(tag_next(&p, c.end, &t));
		cut_attr(&c, &t, "n", rows[i].value);
		assert_true(cut_end(&c));
		CHECK_STR(i, c.out.data, rows[i].out);
		buf_free(&c.out);
	}
}

static void
test_ranges_grow(void **state)
{
	static const struct {
		const char *in;
		unsigned row, to;
		const char *out; /* NULL: as it was */
	} rows[] = {
		{ "B6:B64", 64, 70, "B6:B70" },
		{ "B6:B64", 65, 70, NULL },
		{ "B6:B64", 5, 70, NULL },
		{ "B6:B64", 64, 64, NULL },
		{ "B6:B80", 64, 70, NULL },
		{ "B64", 64, 70, "B64:B70" },
		{ "$B$64", 64, 70, "$B$64:$B$70" },
		{ "B6:B64 D6:D64 F1", 64, 70, "B6:B70 D6:D70 F1" },
		{ "F1 B6:B64", 64, 70, "F1 B6:B70" },
		{ "'一 张 表'!$A$5:$N$64", 64, 70, "'一 张 表'!$A$5:$N$70" },
		{ "'A1:B64 !'!$A$5", 64, 70, NULL },
		{ "B:B", 64, 70, NULL },
		{ "6:64", 64, 70, "6:70" },
		{ "#REF!", 64, 70, NULL },
		{ "", 64, 70, NULL },
		{ "OFFSET(A1,64)", 64, 70, NULL },
		{ "B99999999:C99999999", 64, 70, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span s = { rows[i].in, strlen(rows[i].in) };
		const char *got = ranges_grow(&arena, &s, rows[i].row,
		    rows[i].to);

		CHECK_STR(i, got == NULL ? rows[i].in : got,
		    rows[i].out == NULL ? rows[i].in : rows[i].out);
		assert_true((got == NULL) == (rows[i].out == NULL));
	}
}

static void
test_cell_ref(void **state)
{
	static const struct {
		const char *in;
		unsigned col, row; /* 0, 0: refused */
	} rows[] = {
		{ "A1", 1, 1 }, { "b6", 2, 6 }, { "$C$7", 3, 7 },
		{ "XFD1048576", 16384, 1048576 }, { "XFE1", 0, 0 },
		{ "A1048577", 0, 0 }, { "ZZZZZZZZ1", 0, 0 },
		{ "A4294967297", 0, 0 }, { "", 0, 0 }, { "6", 0, 0 },
		{ "A1x", 0, 0 }, { "A 1", 0, 0 }, { "C", 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span s = { rows[i].in, strlen(rows[i].in) };
		unsigned col = 0, row = 0;
		bool ok = cell_ref(&s, &col, &row);

		if (ok != (rows[i].col != 0) ||
		    (ok && (col != rows[i].col || row != rows[i].row))) {
			print_error("row %zu: %s is %d %u %u\n", i,
			    rows[i].in, ok, col, row);
			fail();
		}
	}
	assert_string_equal(cell_name(&arena, 1048576, 16384), "XFD1048576");
	assert_string_equal(cell_name(&arena, 1, 26), "Z1");
	assert_string_equal(cell_name(&arena, 1, 27), "AA1");
	assert_string_equal(cell_name(&arena, 1, 703), "AAA1");
}

/* One put into a sheet; what comes out between HEAD and TAIL. */
static const struct {
	const char *name, *in;
	struct put put;
	const char *out;
} sheet_rows[] = {
	{ "replaces a value, keeps its style",
	    "<row r=\"1\"><c r=\"A1\" s=\"5\" t=\"s\"><v>0</v></c></row>",
	    { 1, 1, PUT_TEXT, "甲", 0 },
	    "<row r=\"1\"><c r=\"A1\" s=\"5\" t=\"inlineStr\"><is>"
	    "<t xml:space=\"preserve\">甲</t></is></c></row>" },
	{ "drops what belonged to the old value",
	    "<row r=\"1\"><c r=\"A1\" s=\"5\" cm=\"1\" vm=\"2\" t=\"e\">"
	    "<v>#N/A</v></c></row>", { 1, 1, PUT_NUMBER, "", 0.1 },
	    "<row r=\"1\"><c r=\"A1\" s=\"5\"><v>0.1</v></c></row>" },
	{ "empties a cell", "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>",
	    { 1, 1, PUT_BLANK, "", 0 }, "<row r=\"1\"><c r=\"A1\"/></row>" },
	{ "empty text is blank", "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>",
	    { 1, 1, PUT_TEXT, "", 0 }, "<row r=\"1\"><c r=\"A1\"/></row>" },
	{ "puts a cell between two", "<row r=\"1\"><c r=\"A1\"/><c r=\"C1\"/>"
	    "</row>", { 1, 2, PUT_NUMBER, "", 2 }, "<row r=\"1\"><c r=\"A1\"/>"
	    "<c r=\"B1\"><v>2</v></c><c r=\"C1\"/></row>" },
	{ "puts a cell behind", "<row r=\"1\" spans=\"1:1\"><c r=\"A1\"/></row>",
	    { 1, 2, PUT_NUMBER, "", 2 }, "<row r=\"1\"><c r=\"A1\"/>"
	    "<c r=\"B1\"><v>2</v></c></row>" },
	{ "a blank that is not there stays away",
	    "<row r=\"1\"><c r=\"A1\"/></row>", { 1, 2, PUT_BLANK, "", 0 },
	    "<row r=\"1\"><c r=\"A1\"/></row>" },
	{ "opens a closed row", "<row r=\"1\" s=\"7\" customFormat=\"1\"/>",
	    { 1, 2, PUT_NUMBER, "", 2 }, "<row r=\"1\" s=\"7\" "
	    "customFormat=\"1\"><c r=\"B1\" s=\"7\"><v>2</v></c></row>" },
	{ "cells without a name", "<row><c/><c/><c><v>3</v></c></row>",
	    { 1, 2, PUT_NUMBER, "", 2 }, "<row><c/><c r=\"B1\"><v>2</v></c>"
	    "<c><v>3</v></c></row>" },
	{ "a row before", "<row r=\"3\"/>", { 2, 1, PUT_NUMBER, "", 2 },
	    "<row r=\"2\"><c r=\"A2\"><v>2</v></c></row><row r=\"3\"/>" },
	{ "a row behind", "<row r=\"3\"/>", { 4, 1, PUT_NUMBER, "", 2 },
	    "<row r=\"3\"/><row r=\"4\"><c r=\"A4\"><v>2</v></c></row>" },
	{ "a formula stays", "<row r=\"1\"><c r=\"A1\"><f>1+1</f><v>2</v></c>"
	    "</row>", { 1, 1, PUT_NUMBER, "", 3 }, "<row r=\"1\"><c r=\"A1\">"
	    "<f>1+1</f><v>2</v></c></row>" },
	{ "a shared formula's child stays", "<row r=\"1\"><c r=\"A1\">"
	    "<f t=\"shared\" si=\"0\"/><v>2</v></c></row>",
	    { 1, 1, PUT_NUMBER, "", 3 }, "<row r=\"1\"><c r=\"A1\">"
	    "<f t=\"shared\" si=\"0\"/><v>2</v></c></row>" },
	{ "numbers keep every digit they have",
	    "<row r=\"1\"/>", { 1, 1, PUT_NUMBER, "", 0.1 + 0.2 },
	    "<row r=\"1\"><c r=\"A1\"><v>0.30000000000000004</v></c></row>" },
	{ "markup in text", "<row r=\"1\"/>", { 1, 1, PUT_TEXT, "<&>\"_x0041_",
	    0 }, "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is>"
	    "<t xml:space=\"preserve\">&lt;&amp;&gt;&quot;_x005F_x0041_</t>"
	    "</is></c></row>" },
};

static void
test_sheet(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sheet_rows) / sizeof(sheet_rows[0]);
	     i++) {
		char *xml = arena_printf(&arena, HEAD "%s" TAIL,
		    sheet_rows[i].in);
		struct sheet_patch patch = { .nputs = 1,
			.put = &sheet_rows[i].put };
		struct sheet_change change;
		struct why why = { 0 };
		struct cut c;

		if (sheet_patch_part(&arena, xml, strlen(xml), &patch, &c,
			&change, &why) != READ_OK) {
			print_error("%s: %s\n", sheet_rows[i].name, why.en);
			fail();
		}
		CHECK_STR(i, c.out.data, arena_printf(&arena,
		    HEAD "%s" TAIL, sheet_rows[i].out));
		buf_free(&c.out);
	}
}

static void
test_sheet_refused(void **state)
{
	static const char *const rows[] = { "", "<worksheet>", "<worksheet/>",
		"<workbook><sheetData/></workbook>",
		"<worksheet><x:sheetData/></worksheet>",
		HEAD "<row r=\"2\"/><row r=\"1\"/>" TAIL,
		HEAD "<row r=\"2\"/><row r=\"2\"/>" TAIL,
		HEAD "<row r=\"0\"/>" TAIL, HEAD "<row r=\"-1\"/>" TAIL,
		HEAD "<row r=\"1048577\"/>" TAIL, HEAD "<row r=\"x\"/>" TAIL,
		HEAD "<row r=\"1\"><c r=\"B1\"/><c r=\"A1\"/></row>" TAIL,
		HEAD "<row r=\"1\"><c r=\"A2\"/></row>" TAIL,
		HEAD "<row r=\"1\"><c r=\"XFE1\"/></row>" TAIL,
		HEAD "<row r=\"1\"><row r=\"2\"/></row>" TAIL,
		HEAD "<row r=\"1\"><c r=\"A1\">" TAIL, HEAD "<c/>" TAIL,
		HEAD "<row r=\"1\"/>", HEAD "</sheetData>",
		HEAD "<row r=\"1\"><c r=\"A1\"/></sheetData></row></worksheet>",
		"<worksheet><cols><col min=\"1\" max=\"99999\"/></cols>"
		"<sheetData/></worksheet>" };
	struct put put = { 1, 1, PUT_NUMBER, "", 1 };
	struct sheet_patch patch = { .nputs = 1, .put = &put };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sheet_change change;
		struct why why = { 0 };
		struct cut c;

		if (sheet_patch_part(&arena, rows[i], strlen(rows[i]), &patch,
			&c, &change, &why) != REFUSED_UNPATCHABLE) {
			print_error("row %zu is taken: %s\n", i, rows[i]);
			fail();
		}
		assert_true(why.zh[0] != '\0' && why.en[0] != '\0');
		buf_free(&c.out);
	}
}

static void
test_values_refused(void **state)
{
	static const char xml[] = HEAD TAIL;
	struct put rows[] = { { 1, 1, PUT_NUMBER, "", 0.0 / 0.0 },
		{ 1, 1, PUT_NUMBER, "", 1e308 * 10 },
		{ 1, 1, PUT_TEXT, "\xff", 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sheet_patch patch = { .nputs = 1, .put = &rows[i] };
		struct sheet_change change;
		struct why why = { 0 };
		struct cut c;

		assert_int_equal(sheet_patch_part(&arena, xml, sizeof(xml) - 1,
		    &patch, &c, &change, &why), REFUSED_UNPATCHABLE);
		buf_free(&c.out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cell_escape, begin, end),
		cmocka_unit_test_setup_teardown(test_tags, begin, end),
		cmocka_unit_test_setup_teardown(test_broken_tags, begin, end),
		cmocka_unit_test_setup_teardown(test_cut_possible, begin, end),
		cmocka_unit_test_setup_teardown(test_cut_attr, begin, end),
		cmocka_unit_test_setup_teardown(test_ranges_grow, begin, end),
		cmocka_unit_test_setup_teardown(test_cell_ref, begin, end),
		cmocka_unit_test_setup_teardown(test_sheet, begin, end),
		cmocka_unit_test_setup_teardown(test_sheet_refused, begin,
		    end),
		cmocka_unit_test_setup_teardown(test_values_refused, begin,
		    end),
	};

	return cmocka_run_group_tests_name("patch", tests, NULL, NULL);
}
