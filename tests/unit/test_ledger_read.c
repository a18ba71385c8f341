/*
 * Workbooks through a template, as staff leave them: moved columns, rows
 * above, retyped headings, merged cells, what cannot be read (domain.md 6.0).
 * Grids are written by hand: one line a row, cells separated by '|'.
 */
#include "check.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/ledger.h"

#define H1 "序号|问题类别|具体问题描述|整改责任部门|整改责任领导||整改责任人|"         \
	"整改目标|整改措施|整改进展情况|是否验收|是否销号|系统编号|项目编号\n"
#define H2 "||||姓名|电话\n"
#define ROW1 "1|其他|甲问题|镇政府|王一|13800000001|李二|目标|措施|已完成\n"
#define TOKEN "01m800ce32ec1t124rzp5kcx2p.0.9djmbhyk"

struct lab {
	struct arena arena;
	json_t *json;
	struct template t;
	struct sheet sheet;
	struct workbook book;
	struct range merge[8];
	struct ledger l;
	const char *why;
};

static int
up(void **arg)
{
	static struct lab lab;
	const char *why;
	lab = (struct lab){ .why = "" };
	arena_init(&lab.arena, 0);
	lab.json = json_load_file("conf/ledgers/x01.json", 0, NULL);
	assert_non_null(lab.json);
	assert_true(template_read(&lab.arena, lab.json, &lab.t, &why));
	*arg = &lab;
	return 0;
}

static int
down(void **arg)
{
	struct lab *lab = *arg;
	json_decref(lab->json);
	arena_free(&lab->arena);
	return 0;
}

/* '=' begins a formula whose cached value follows, '#' an error, '%' a
 * number without its last digits, '@' a number. */
static struct cell
cell_of(struct lab *lab, unsigned col, const char *text)
{
	struct cell c = { .col = col, .type = CELL_TEXT, .text = text };
	if (*text == '=')
		c = (struct cell){ .col = col, .type = CELL_TEXT,
			.formula = true, .text = text + 1 };
	else if (*text == '#')
		c.type = CELL_ERROR;
	else if (*text == '%' || *text == '@')
		c = (struct cell){ .col = col, .type = CELL_NUMBER,
			.inexact = *text == '%', .number = atof(text + 1),
			.text = text + 1 };
	c.text = arena_strdup(&lab->arena, c.text);
	return c;
}

static void
grid(struct lab *lab, const char *text)
{
	struct row *rows = arena_array(&lab->arena, 400, sizeof *rows);
	size_t n = 0;
	unsigned number = 0;
	char *copy = arena_strdup(&lab->arena, text), *line;
	while ((line = strsep(&copy, "\n"))) {
		struct cell *cells = arena_array(&lab->arena, 40,
		    sizeof *cells);
		size_t k = 0;
		unsigned col = 0;
		char *part;
		number++;
		while ((part = strsep(&line, "|"))) {
			col++;
			if (*part)
				cells[k++] = cell_of(lab, col, part);
		}
		if (k)
			rows[n++] = (struct row){ .row = number, .ncells = k,
				.cell = cells };
	}
	lab->sheet = (struct sheet){ .name = "Sheet1", .nrows = n,
		.row = rows, .merge = lab->merge,
		.nmerges = lab->sheet.nmerges };
	lab->book = (struct workbook){ .nsheets = 1, .sheet = &lab->sheet };
}

static bool
look(struct lab *lab, const char *text)
{
	grid(lab, text);
	return ledger_of_book(&lab->arena, &lab->t, &lab->book, 2023,
	    &lab->l, &lab->why);
}

static const char *
cell(const struct lab *lab, size_t row, const char *name)
{
	assert_true(row < lab->l.nrows);
	for (size_t c = 0; c < lab->l.ncols; c++)
		if (strcmp(lab->l.col[c].name, name) == 0)
			return lab->l.row[row].cell[c];
	return "(no such column)";
}

static bool
unsaid(const struct lab *lab, size_t row, const char *name)
{
	for (size_t c = 0; c < lab->l.ncols; c++)
		if (strcmp(lab->l.col[c].name, name) == 0)
			return lab->l.unsaid[row][c];
	return false;
}

static void
test_as_printed(void **arg)
{
	struct lab *lab = *arg;
	assert_true(look(lab, "附件\n标题\n单位：（盖章）乙镇|||填表人：张三|||"
	    "联系电话：13800000009|||填表时间：2023年4月6日\n" H1 H2 ROW1
	    "||||||||||||" TOKEN "\n备注：略\n2|其他|注释以下不读"));
	assert_int_equal(lab->l.header_row, 5);
	assert_int_equal(lab->l.first_row, 6);
	assert_int_equal(lab->l.nrows, 2);
	assert_int_equal(lab->l.end_row, 8);
	assert_int_equal(lab->l.token_col, 13);
	assert_int_equal(lab->l.seq_col, 1);
	assert_string_equal(cell(lab, 0, "category"), "其他");
	assert_string_equal(cell(lab, 0, "leader_name"), "王一");
	assert_string_equal(cell(lab, 0, "leader_phone"), "13800000001");
	assert_string_equal(cell(lab, 0, "person_name"), "李二");
	assert_string_equal(cell(lab, 0, "accepted"), "");
	assert_string_equal(lab->l.row[0].token, "");
	assert_string_equal(lab->l.row[1].token, TOKEN);
	assert_int_equal(lab->l.row[1].sheet_row, 7);
	assert_string_equal(lab->l.row[0].key, "其他|甲问题");
	assert_int_equal(lab->l.nnotes, 0);
	const char *const want[][2] = { { "reporting_org", "乙镇" },
		{ "filler_name", "张三" }, { "filler_phone", "13800000009" },
		{ "filled_on", "2023-04-06" } };
	assert_int_equal(lab->l.nheader, 4);
	for (size_t i = 0; i < 4; i++) {
		CHECK_STR(i, lab->l.header[i].name, want[i][0]);
		CHECK_STR(i, lab->l.header[i].value, want[i][1]);
		assert_true(lab->l.header[i].found);
	}
}

static void
test_the_block_above_as_retyped(void **arg)
{
	struct lab *lab = *arg;
	static const struct { const char *typed, *org; bool found; } rows[] = {
		{ "单位（盖章）：乙镇", "乙镇", true },
		{ "单位:(盖章)乙镇", "乙镇", true },
		{ "单位： （盖章）： 乙镇 ", "乙镇", true },
		{ "单位：（盖章）", "", true },
		{ "单位：（盖章）（测试）乙镇", "（测试）乙镇", true },
		{ "填报单位：乙镇", "乙镇", true },
		{ "乙镇", "", false },
		{ "=单位：（盖章）乙镇", "", false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[1024];
		snprintf(text, sizeof text, "%s\n" H1 H2 ROW1, rows[i].typed);
		assert_true(look(lab, text));
		CHECK_STR(i, lab->l.header[0].value, rows[i].org);
		if (lab->l.header[0].found != rows[i].found)
			fail_msg("row %zu found", i);
	}
}

/* Rows above, columns in any order, one more column, aliases, full width. */
static void
test_moved_columns(void **arg)
{
	struct lab *lab = *arg;
	assert_true(look(lab, "\n\n\n\n\n村组|系统编号|是否销号|责任人|整改 目标|"
	    "具体\xe3\x80\x80问题描述|问题类型|责任部门|整改责任领导姓名|"
	    "整改责任领导电话|整改措施：|整改进展|是否验收\n"
	    "三组|" TOKEN "|否|李二|目标|甲问题|其他|镇|王一|13800000001|措施|"
	    "已完成|是\n"));
	assert_int_equal(lab->l.header_row, 6);
	assert_int_equal(lab->l.nrows, 1);
	assert_string_equal(cell(lab, 0, "category"), "其他");
	assert_string_equal(cell(lab, 0, "description"), "甲问题");
	assert_string_equal(cell(lab, 0, "leader_name"), "王一");
	assert_string_equal(cell(lab, 0, "leader_phone"), "13800000001");
	assert_string_equal(cell(lab, 0, "person_name"), "李二");
	assert_string_equal(cell(lab, 0, "accepted"), "是");
	assert_string_equal(cell(lab, 0, "extra.村组"), "三组");
	assert_string_equal(lab->l.row[0].token, TOKEN);
	assert_int_equal(lab->l.seq_col, 0);
}

static void
test_too_little_is_no_ledger(void **arg)
{
	struct lab *lab = *arg;
	static const struct { const char *text; bool ok; } rows[] = {
		{ "", false },
		{ "姓名|电话|地址\n王一|13800000001|乙镇\n", false },
		/* 9 of 12 headings */
		{ "序号|问题类别|具体问题描述|整改责任部门|整改责任人|整改目标|"
		  "整改措施|整改进展情况|是否验收\n", false },
		/* 10 of 12 */
		{ "序号|问题类别|具体问题描述|整改责任部门|整改责任人|整改目标|"
		  "整改措施|整改进展情况|是否验收|是否销号\n", true },
		/* 11 of 12, but not what tells rows apart */
		{ "序号|问题类别|整改责任部门|整改责任领导姓名|整改责任领导电话|"
		  "整改责任人|整改目标|整改措施|整改进展情况|是否验收|是否销号\n",
		  false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (look(lab, rows[i].text) != rows[i].ok)
			fail_msg("row %zu: %s", i, lab->why);
	/* Hidden sheets are not looked at. */
	grid(lab, H1 H2 ROW1);
	lab->sheet.visibility = SHEET_HIDDEN;
	assert_false(ledger_of_book(&lab->arena, &lab->t, &lab->book, 2023,
	    &lab->l, &lab->why));
}

static void
test_headings_merged_over_two_rows(void **arg)
{
	struct lab *lab = *arg;
	lab->merge[0] = (struct range){ 1, 1, 2, 1 };
	lab->merge[1] = (struct range){ 1, 5, 1, 6 };
	lab->merge[2] = (struct range){ 1, 2, 2, 2 };
	lab->merge[3] = (struct range){ 1, 3, 2, 3 };
	lab->sheet.nmerges = 4;
	assert_true(look(lab, H1 H2 ROW1));
	assert_int_equal(lab->l.first_row, 3);
	assert_string_equal(cell(lab, 0, "leader_name"), "王一");
	assert_string_equal(cell(lab, 0, "leader_phone"), "13800000001");
}

static void
test_where_data_ends(void **arg)
{
	struct lab *lab = *arg;
	char text[4096] = H1 H2 ROW1;
	for (int i = 0; i < 19; i++)
		strcat(text, "\n");
	strcat(text, ROW1);
	assert_true(look(lab, text));
	assert_int_equal(lab->l.nrows, 2);
	assert_int_equal(lab->l.end_row, 0);
	strcpy(text, H1 H2 ROW1);
	for (int i = 0; i < 20; i++)
		strcat(text, "\n");
	strcat(text, ROW1);
	assert_true(look(lab, text));
	assert_int_equal(lab->l.nrows, 1);
	/* what stands far below is not ours to write over */
	assert_int_equal(lab->l.end_row, 24);
	/* a description that begins with 注 ends nothing */
	assert_true(look(lab, H1 H2 "1|其他|注册地不符\n合计|3\n" ROW1));
	assert_int_equal(lab->l.nrows, 1);
	/* a row with a number but nothing else is no row */
	assert_true(look(lab, H1 H2 "1\n2\n3|其他|甲\n"));
	assert_int_equal(lab->l.nrows, 1);
	/* nor does a marker end the table where a token stands */
	assert_true(look(lab, H1 H2 "备注|其他|甲||||||||||" TOKEN "\n"));
	assert_int_equal(lab->l.nrows, 1);
}

static void
test_what_cannot_be_known_is_not_said(void **arg)
{
	struct lab *lab = *arg;
	assert_true(look(lab, H1 H2
	    "1|其他|甲|=|=王一|%138000000011234567|#N/A|@45|=有结果|已完成\n"));
	assert_true(unsaid(lab, 0, "responsible_org"));
	assert_false(unsaid(lab, 0, "leader_name"));
	assert_string_equal(cell(lab, 0, "leader_name"), "王一");
	assert_true(unsaid(lab, 0, "leader_phone"));
	assert_true(unsaid(lab, 0, "person_name"));
	assert_string_equal(cell(lab, 0, "person_name"), "");
	assert_string_equal(cell(lab, 0, "goal"), "45");
	assert_string_equal(cell(lab, 0, "measures"), "有结果");
	assert_int_equal(lab->l.nnotes, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(lab->l.note[i].sheet_row, 3);
	/* a formula alone makes a row: it must not be taken for a deletion */
	assert_true(look(lab, H1 H2 "||=\n"));
	assert_int_equal(lab->l.nrows, 1);
}

static void
test_merged_data_cells(void **arg)
{
	struct lab *lab = *arg;
	lab->merge[0] = (struct range){ 3, 2, 5, 2 }; /* 问题类别: a key */
	lab->merge[1] = (struct range){ 3, 4, 5, 4 }; /* 责任部门 */
	lab->sheet.nmerges = 2;
	assert_true(look(lab, H1 H2 "1|其他|甲|镇政府\n2||乙|\n||||\n4||丁|\n"));
	assert_int_equal(lab->l.nrows, 3);
	assert_string_equal(cell(lab, 1, "responsible_org"), "镇政府");
	assert_string_equal(cell(lab, 1, "category"), "");
	assert_true(unsaid(lab, 1, "category"));
	assert_false(unsaid(lab, 0, "category"));
	assert_string_equal(cell(lab, 2, "responsible_org"), "");
	assert_int_equal(lab->l.nnotes, 1);
	assert_int_equal(lab->l.note[0].sheet_row, 4);
}

/* Under the headings numbers count the columns; further down they are what
 * somebody typed. */
static void
test_numbered_columns(void **arg)
{
	static const char numbers[] = "1|2|3|4|5|6|7|8|9|10|11|12\n";
	struct lab *lab = *arg;
	char text[1024];
	snprintf(text, sizeof text, "%s%s%s%s", H1 H2, numbers, ROW1, numbers);
	assert_true(look(lab, text));
	assert_int_equal(lab->l.nrows, 2);
	assert_string_equal(cell(lab, 0, "description"), "甲问题");
	assert_string_equal(cell(lab, 1, "description"), "3");
	assert_true(look(lab, H1 H2 "（1）|（2）|（3）|（4）|（5）|（6）|（7）|（8）\n"
	    ROW1));
	assert_int_equal(lab->l.nrows, 1);
	assert_true(look(lab, H1 H2 "1|2|3|4\n"));
	assert_int_equal(lab->l.nrows, 1);
}

static void
test_staffs_own_columns(void **arg)
{
	struct lab *lab = *arg;
	assert_true(look(lab, "序号|问题类别|具体问题描述|整改责任部门|"
	    "整改责任领导姓名|整改责任领导电话|整改责任人|整改目标|整改措施|"
	    "整改进展情况|是否验收|是否销号|系统编号|项目编号|备 用|备 用|删除\n"
	    "1|其他|甲|||||||||||p-1|一|二|是\n2|其他|乙|||||||||||||三\n"));
	assert_string_equal(cell(lab, 0, "extra.备 用"), "一");
	assert_true(lab->l.row[0].delete_mark);
	assert_false(lab->l.row[1].delete_mark);
	/* the second of the same name cannot be kept apart: said, not lost */
	assert_int_equal(lab->l.nnotes, 1);
	assert_string_equal(cell(lab, 1, "extra.备 用"), "");
	assert_int_equal(lab->l.nfixed, 1);
	assert_string_equal(lab->l.fixed[0].name, "project_uid");
	assert_string_equal(cell(lab, 0, "project_uid"),
	    "(no such column)");
}

static void
test_identity(void **arg)
{
	struct lab *lab = *arg;
	struct identity id;
	grid(lab, "format|taizhang/1\nledger| l \nexport|e\nseq|17\nodd|x");
	lab->sheet.name = "_meta";
	lab->sheet.visibility = SHEET_VISIBLE; /* some programs unhide it */
	identity_read(&lab->arena, &lab->book, &id);
	assert_string_equal(id.format, "taizhang/1");
	assert_string_equal(id.ledger, "l");
	assert_string_equal(id.export, "e");
	assert_string_equal(id.instance, "");
	assert_int_equal(id.seq, 17);
}

static void
test_column_numbers(void **arg)
{
	(void)arg;
	static const struct { const char *s; unsigned n; } rows[] = {
		{ "A", 1 }, { "Z", 26 }, { "AA", 27 }, { "XFD", 16384 },
		{ "XFE", 0 }, { "", 0 }, { "a", 0 }, { "A1", 0 },
		{ "AAAAAAAA", 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (column_number(rows[i].s) != rows[i].n)
			fail_msg("row %zu: %u", i,
			    column_number(rows[i].s));
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_as_printed),
		T(test_the_block_above_as_retyped),
		T(test_moved_columns),
		T(test_too_little_is_no_ledger),
		T(test_headings_merged_over_two_rows),
		T(test_where_data_ends),
		T(test_what_cannot_be_known_is_not_said),
		T(test_merged_data_cells),
		T(test_numbered_columns),
		T(test_staffs_own_columns),
		T(test_identity),
		T(test_column_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
