/*
 * From an export to the cells that change: only those, never a formula, never
 * a row that is not ours; what cannot be written stops everything (1.8, I6).
 */
#include "check.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../../agent/writeback.h"

#define HEAD "序号|问题类别|具体问题描述|整改责任部门|整改责任领导姓名|"           \
	"整改责任领导电话|整改责任人|整改目标|整改措施|整改进展情况|是否验收|"        \
	"是否销号|系统编号|项目编号\n"
#define A "01900000-0000-7000-8000-00000000000a"
#define B "01900000-0000-7000-8000-00000000000b"
#define C "01900000-0000-7000-8000-00000000000c"

struct lab {
	struct arena arena;
	json_t *json, *export;
	struct template t;
	struct sheet sheet;
	struct workbook book;
	struct range merge;
	struct ledger l;
	struct writeback w;
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
	json_decref(lab->export);
	arena_free(&lab->arena);
	return 0;
}

static void
grid(struct lab *lab, const char *text)
{
	struct row *rows = arena_array(&lab->arena, 100, sizeof *rows);
	size_t n = 0;
	unsigned number = 0;
	char *copy = arena_strdup(&lab->arena, text), *line, *part;
	while ((line = strsep(&copy, "\n"))) {
		struct cell *cells = arena_array(&lab->arena, 40,
		    sizeof *cells);
		size_t k = 0;
		unsigned col = 0;
		number++;
		while ((part = strsep(&line, "|"))) {
			col++;
			if (*part)
				cells[k++] = (struct cell){ .col = col,
					.type = CELL_TEXT,
					.formula = *part == '=',
					.text = part + (*part == '=') };
		}
		if (k)
			rows[n++] = (struct row){ .row = number, .ncells = k,
				.cell = cells };
	}
	lab->sheet = (struct sheet){ .name = "台账", .nrows = n, .row = rows,
		.merge = &lab->merge, .nmerges = lab->merge.row1 ? 1 : 0 };
	lab->book = (struct workbook){ .nsheets = 1, .sheet = &lab->sheet };
	assert_true(ledger_of_book(&lab->arena, &lab->t, &lab->book, 2023,
	    &lab->l, &lab->why));
}

/* rows and spares as JSON; the n-th file row is known row n. */
static bool
make(struct lab *lab, const char *text, const char *rows, const char *spares)
{
	static const char *const ids[] = { A, B, C };
	static struct known_row known[3];
	static int match[16];
	grid(lab, text);
	for (size_t i = 0; i < 3; i++)
		known[i] = (struct known_row){ .row = ids[i] };
	for (size_t i = 0, k = 0; i < lab->l.nrows; i++) {
		bool blank = true;
		for (size_t c = 0; c < lab->l.ncols; c++)
			blank = blank && !*lab->l.row[i].cell[c] &&
			    !lab->l.unsaid[i][c];
		match[i] = blank ? -1 : (int)k++;
	}
	json_decref(lab->export);
	lab->export = json_pack("{so,so,s{s{ss}},ss,ss,ss,si}", "rows",
	    json_loads(rows, 0, NULL), "spares", json_loads(spares, 0, NULL),
	    "header", "cells", "reporting_org", "乙镇", "export", A, "ledger",
	    B, "instance", C, "seq", 3);
	assert_non_null(lab->export);
	return writeback_make(&lab->arena, &lab->t, &lab->l, known, match,
	    lab->export, &lab->w, &lab->why);
}

/* "6B=text;…" of the data sheet, in order. */
static const char *
puts_of(struct lab *lab)
{
	const struct sheet_patch *p = &lab->w.patch[0];
	char *out = arena_strdup(&lab->arena, "");
	for (size_t i = 0; i < p->nputs; i++) {
		const struct put *q = &p->put[i];
		out = arena_printf(&lab->arena, "%s%u%c=%s;", out, q->row,
		    'A' + (int)q->col - 1, q->type == PUT_NUMBER
		    ? arena_printf(&lab->arena, "%g", q->number)
		    : q->type == PUT_BLANK ? "" : q->text);
	}
	return out;
}

#define ROW(id, token, goal)                                                   \
	"{\"row\":\"" id "\",\"token\":\"" token "\",\"cells\":{"              \
	"\"category\":\"其他\",\"description\":\"甲\",\"goal\":\"" goal "\"}}"

static void
test_only_what_differs(void **arg)
{
	struct lab *lab = *arg;
	assert_true(make(lab, HEAD "1|其他|甲|||||旧||||| t1\n",
	    "[" ROW(A, "t2", "新") "]", "[]"));
	assert_string_equal(puts_of(lab), "2H=新;2M=t2;");
	assert_true(make(lab, HEAD "1|其他|甲|||||新|||||t1\n",
	    "[" ROW(A, "t2", "新") "]", "[]"));
	assert_string_equal(puts_of(lab), "2M=t2;");
	assert_int_equal(lab->w.changed, 0);
	assert_int_equal(lab->w.npatches, 4);
}

static void
test_new_rows_take_spares(void **arg)
{
	struct lab *lab = *arg;
	assert_true(make(lab, HEAD "1|其他|甲|||||新|||||t1\n"
	    "||||||||||||s1\n||||||||||||s2\n备注：略\n",
	    "[" ROW(A, "t1", "新") "," ROW(B, "t9", "目标") "]",
	    "[{\"row\":\"" C "\",\"token\":\"s3\"}]"));
	assert_string_equal(puts_of(lab),
	    "3A=2;3B=其他;3C=甲;3H=目标;3M=t9;4M=s3;");
	/* no room above 备注: the file would look as if rows were deleted */
	assert_false(make(lab, HEAD "1|其他|甲|||||新|||||t1\n备注：略\n",
	    "[" ROW(A, "t1", "新") "," ROW(B, "t9", "目标") "]", "[]"));
	assert_non_null(strstr(lab->why, "没有空行"));
	/* without a footnote the table grows downwards */
	assert_true(make(lab, HEAD "1|其他|甲|||||新|||||t1\n",
	    "[" ROW(A, "t1", "新") "," ROW(B, "t9", "目标") "]",
	    "[{\"row\":\"" C "\",\"token\":\"s3\"}]"));
	assert_string_equal(puts_of(lab),
	    "3A=2;3B=其他;3C=甲;3H=目标;3M=t9;4M=s3;");
}

static void
test_rows_the_server_deleted_become_spares(void **arg)
{
	struct lab *lab = *arg;
	assert_true(make(lab, HEAD "1|其他|甲|||||新|||||t1\n"
	    "2|其他|乙||||||||||t2\n备注：略\n",
	    "[" ROW(A, "t1", "新") "]",
	    "[{\"row\":\"" C "\",\"token\":\"s3\"}]"));
	assert_string_equal(puts_of(lab), "3A=;3B=;3C=;3M=s3;");
	/* more blank rows than spares: an old token is not left behind */
	assert_true(make(lab, HEAD "1|其他|甲|||||新|||||t1\n"
	    "||||||||||||s1\n备注：略\n", "[" ROW(A, "t1", "新") "]", "[]"));
	assert_string_equal(puts_of(lab), "3M=;");
}

static void
test_what_cannot_be_written_stops_all(void **arg)
{
	struct lab *lab = *arg;
	assert_false(make(lab, HEAD "1|其他|甲|||||=旧|||||t1\n",
	    "[" ROW(A, "t2", "新") "]", "[]"));
	assert_non_null(strstr(lab->why, "第2行“整改目标”是公式"));
	/* a formula that shows the right value is left alone */
	assert_true(make(lab, HEAD "1|其他|甲|||||=新|||||t1\n",
	    "[" ROW(A, "t2", "新") "]", "[]"));
	assert_string_equal(puts_of(lab), "2M=t2;");
	/* a formula without a value says nothing and is not compared */
	assert_true(make(lab, HEAD "1|其他|甲|||||=|||||t1\n",
	    "[" ROW(A, "t2", "新") "]", "[]"));
	assert_string_equal(puts_of(lab), "2M=t2;");
	lab->merge = (struct range){ 2, 8, 3, 8 };
	assert_false(make(lab, HEAD "1|其他|甲|||||旧|||||t1\n",
	    "[" ROW(A, "t2", "新") "]", "[]"));
	assert_non_null(strstr(lab->why, "第2行“整改目标”是合并单元格"));
}

static void
test_a_sheet_without_tokens_gets_them(void **arg)
{
	struct lab *lab = *arg;
	assert_true(make(lab, "序号|问题类别|具体问题描述|整改责任部门|"
	    "整改责任领导姓名|整改责任领导电话|整改责任人|整改目标|整改措施|"
	    "整改进展情况|是否验收|是否销号\n1|其他|甲|||||新\n",
	    "[" ROW(A, "t2", "新") "]", "[]"));
	const char *puts = puts_of(lab);
	assert_non_null(strstr(puts, "=系统编号;"));
	assert_non_null(strstr(puts, "=t2;"));
}

static void
test_the_check_sees_every_other_change(void **arg)
{
	struct lab *lab = *arg;
	const char *why = "";
	assert_true(make(lab, HEAD "1|其他|甲|||||旧|||||t1\n",
	    "[" ROW(A, "t2", "新") "]", "[]"));
	struct workbook before = lab->book;
	struct writeback w = lab->w;
	static struct sheet sheets[4];
	static const struct { const char *text; bool good; } rows[] = {
		{ HEAD "1|其他|甲|||||新|||||t2\n", true },
		{ HEAD "1|其他|甲|||||旧|||||t2\n", false },
		{ HEAD "1|其他|乙|||||新|||||t2\n", false },
		{ HEAD "1|其他|甲||x|||新|||||t2\n", false },
		{ HEAD "1|其他||||||新|||||t2\n", false },
		{ HEAD "1|=其他|甲|||||新|||||t2\n", false },
		{ HEAD "1|其他|甲|||||新|||||t2\n\nx\n", false },
	};
	struct sheet was = lab->sheet;
	before.sheet = &was;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		grid(lab, rows[i].text);
		sheets[0] = lab->sheet;
		for (size_t k = 1; k < 4; k++)
			sheets[k] = (struct sheet){ .name = w.patch[k].name };
		struct workbook after = { .nsheets = 4, .sheet = sheets };
		if (writeback_check(&lab->arena, &before, &after, &w, &why) !=
		    rows[i].good)
			fail_msg("row %zu: %s", i, why);
		after.nsheets = 3; /* a sheet of ours did not arrive */
		assert_false(writeback_check(&lab->arena, &before, &after,
		    &w, &why));
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_only_what_differs),
		T(test_new_rows_take_spares),
		T(test_rows_the_server_deleted_become_spares),
		T(test_what_cannot_be_written_stops_all),
		T(test_a_sheet_without_tokens_gets_them),
		T(test_the_check_sees_every_other_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
