/* Templates as counties may write them, and what the fresh workbook holds. */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xlsx/fit.h"
#include "xlsx/form.h"
#include "xlsx/ledger_write.h"

#define TEMPLATE "conf/ledgers/x01.json"
#define EXPORT                                                                 \
	"{\"export\":\"e\",\"ledger\":\"L\",\"instance\":\"i\",\"mac\":\"m\"," \
	"\"seq\":3,\"exported_at\":\"2023-04-06T02:03:04Z\",\"action\":"       \
	"\"H\",\"unit\":\"草尾镇\",\"division\":\"430981100000\","             \
	"\"header\":{\"row\":\"L\",\"cells\":{\"filler_name\":\"王五\"}},"     \
	"\"rows\":[{\"row\":\"r1\",\"token\":\"t1\",\"cells\":{"               \
	"\"category\":\"其他\",\"description\":\"=1+1\",\"goal\":"             \
	"\"_x0041_\"}}],\"spares\":[{\"row\":\"s1\",\"token\":\"t2\"}],"       \
	"\"findings\":[{\"row\":\"r1\",\"name\":\"goal\",\"level\":"           \
	"\"warning\",\"rule\":\"DQ-01\",\"zh\":\"话\"}],"                      \
	"\"conflicts\":[]}"

struct fixture {
	char folder[64];
	char path[96];
	json_t *template, *export;
	struct arena arena;
};

static int
begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/tz-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/a.xlsx", f->folder);
	f->template = json_load_file(TEMPLATE, 0, NULL);
	f->export = json_loads(EXPORT, 0, NULL);
	assert_non_null(f->template);
	assert_non_null(f->export);
	arena_init(&f->arena, 0);
	*state = f;
	return 0;
}

static int
end(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->folder);
	json_decref(f->template);
	json_decref(f->export);
	arena_free(&f->arena);
	free(f);
	return 0;
}

static json_t *
column(struct fixture *f, size_t i)
{
	return json_array_get(json_object_get(f->template, "columns"), i);
}

static struct workbook *
read_back(struct fixture *f)
{
	const char *zh, *en;
	struct workbook *book;
	int fd = open(f->path, O_RDONLY);
	enum refusal code = workbook_read(&f->arena, fd, &budget_default,
	    &book, &zh, &en);

	close(fd);
	if (code != READ_OK)
		print_error("%s\n", en);
	assert_int_equal(code, READ_OK);
	return book;
}

static const char *
value(const struct workbook *b, const char *sheet, unsigned row, unsigned col)
{
	for (size_t i = 0; i < b->nsheets; i++) {
		const struct sheet *s = &b->sheet[i];

		for (size_t r = 0; r < s->nrows &&
		     strcmp(s->name, sheet) == 0; r++)
			for (size_t c = 0; c < s->row[r].ncells &&
			     s->row[r].row == row; c++)
				if (s->row[r].cell[c].col == col)
					return s->row[r].cell[c].formula ?
					    "formula" :
					    s->row[r].cell[c].text;
	}
	return "";
}

/* Our own reader sees what was to be written. */
static void
test_read_back(void **state)
{
	struct fixture *f = *state;
	const char *ledger = "问题整改台账";
	char why[256] = "";
	struct workbook *b;
	const struct {
		const char *sheet;
		unsigned row, col;
		const char *text;
	} rows[] = {
		{ ledger, 1, 1, "附件" },
		{ ledger, 2, 1, "草尾镇产业帮扶项目问题整改台账" },
		{ ledger, 3, 1, "单位：（盖章）" },
		{ ledger, 3, 4, "填表人：王五" },
		{ ledger, 4, 13, "系统编号" },
		{ ledger, 5, 5, "姓名" },
		{ ledger, 6, 1, "1" },
		{ ledger, 6, 2, "其他" },
		{ ledger, 6, 3, "=1+1" },
		{ ledger, 6, 8, "_x0041_" },
		{ ledger, 6, 13, "t1" },
		{ ledger, 7, 1, "" },
		{ ledger, 7, 13, "t2" },
		{ "校验结果", 2, 1, "6" },
		{ "校验结果", 2, 2, "整改目标" },
		{ "校验结果", 2, 5, "【请核对】话" },
		{ "校验结果", 2, 7, "t1" },
		{ "冲突", 2, 5, "没有冲突。" },
		{ "_meta", 1, 2, "taizhang/1" },
		{ "_meta", 4, 2, "L" },
		{ "_codes", 2, 1, "立项批复" },
	};

	assert_true(ledger_write(f->path, f->template, f->export, why,
	    sizeof(why)));
	b = read_back(f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(i, value(b, rows[i].sheet, rows[i].row, rows[i].col),
		    rows[i].text);
	assert_int_equal(b->nsheets, 6);
	assert_int_equal(b->sheet[4].visibility, SHEET_HIDDEN);
	assert_int_equal(b->sheet[5].visibility, SHEET_VERY_HIDDEN);
	assert_int_equal(b->sheet[0].nmerges, 12 + 1 + 4 + 1 + 1);
}

/* Nothing but the workbook stays behind, and nobody else can read it while
 * it is made. */
static void
test_no_scratch(void **state)
{
	struct fixture *f = *state;
	char why[256] = "";
	DIR *d;
	size_t n = 0;

	assert_true(ledger_write(f->path, f->template, f->export, why,
	    sizeof(why)));
	d = opendir(f->folder);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += *e->d_name != '.';
	closedir(d);
	assert_int_equal(n, 1);
	assert_false(ledger_write("/nowhere/a.xlsx", f->template, f->export,
	    why, sizeof(why)));
	assert_true(*why != '\0');
}

/* As ledger_write() and write-back both use them. */
static void
test_reports(void **state)
{
	struct fixture *f = *state;
	struct sheet_patch out[LEDGER_REPORTS];
	char why[256] = "";
	json_t *c = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i}", "id",
	    "c1", "code", "K1", "row", "r1", "name", "leader_phone", "base",
	    "", "system", "甲", "file", "乙", "at", "2023-12-31T20:00:00Z",
	    "rev", 4);

	json_array_append_new(json_object_get(f->export, "conflicts"), c);
	assert_true(ledger_write(f->path, f->template, f->export, why,
	    sizeof(why)));
	assert_string_equal(value(read_back(f), "冲突", 2, 8),
	    "2024-01-01 04:00");
	assert_string_equal(value(read_back(f), "冲突", 2, 3),
	    "整改责任领导·电话");
	json_object_set_new(f->template, "sheet", json_string("a/b"));
	assert_false(ledger_reports(&f->arena, f->template, f->export, NULL,
	    NULL, out, why, sizeof(why)));
	assert_non_null(strstr(why, "sheet"));
}

static void
test_labels(void **state)
{
	static const struct {
		const char *name, *label;
	} rows[] = {
		{ "category", "问题类别" },
		{ "leader_name", "整改责任领导·姓名" },
		{ "expected_on", "整改进展情况" },
		{ "d_entity", "具体问题描述" },
		{ "filler_name", "填表人" },
		{ "project_uid", "项目编号" },
		{ "extra.备注", "备注" },
		{ "整改目标", "整改目标" },
		{ "task_force_org_id", "" },
		{ "", "" },
	};
	struct fixture *f = *state;
	struct form form;
	char why[256];

	assert_true(form_read(&form, &f->arena, f->template, why,
	    sizeof(why)));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(i, form_label(&form, &f->arena, rows[i].name),
		    rows[i].label);
}

static void
test_bad_templates(void **state)
{
	static const struct {
		const char *key, *json, *said;
	} rows[] = {
		{ "sheet", "\"\"", "sheet" },
		{ "sheet", "\"_codes\"", "sheet" },
		{ "sheet", "\"a'b\"", "sheet" },
		{ "sheet", "\"a b\"", "sheet" },
		{ "sheet", "\"一二三四五六七八九十一二三四五六七八九十一\"",
		    "sheet" },
		{ "sheet", "7", "sheet" },
		{ "title_range", "\"L2:A2\"", "title_range" },
		{ "title_range", "\"A2:L4\"", "header_rows" },
		{ "title_range", "null", "title_range" },
		{ "annex", "{\"text\":\"x\",\"cell\":\"A0\"}", "annex" },
		{ "header_rows", "[4,6]", "header_rows" },
		{ "header_rows", "[]", "header_rows" },
		{ "header_rows", "[-4,-3]", "first_row" },
		{ "first_row", "7", "first_row" },
		{ "header_block", "[{\"range\":\"A4:C4\"}]", "header_block" },
		{ "header_block", "[7]", "header_block" },
		{ "columns", "[]", "columns" },
		{ "columns", "{}", "columns" },
		{ "columns", "[{\"col\":\"A\",\"label\":\"x\"}]", "columns" },
		{ "columns", "[{\"col\":\"a\",\"label\":\"x\",\"name\":\"y\"}]",
		    "columns" },
		{ "columns", "[{\"col\":\"XFE\",\"label\":\"x\",\"name\":\"y\"}"
		    "]", "columns" },
		{ "columns", "[{\"col\":\"A\",\"label\":\"x\",\"name\":\"y\","
		    "\"role\":\"token\"}]", "columns" },
		{ "columns", "[{\"col\":\"A\",\"label\":\"x\",\"name\":\"y\","
		    "\"role\":\"king\"}]", "columns" },
		{ "columns", "[{\"col\":\"A\",\"label\":\"x\",\"name\":\"y\","
		    "\"kind\":\"odd\"}]", "columns" },
		{ "columns", "[{\"col\":\"B\",\"label\":\"x\",\"name\":\"y\"},"
		    "{\"col\":\"A\",\"label\":\"x\",\"name\":\"z\"}]",
		    "columns" },
		{ "hidden", "[{\"col\":\"L\",\"label\":\"x\",\"role\":"
		    "\"token\"}]", "hidden" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *t = json_deep_copy(f->template);
		char why[256] = "";
		struct form form;

		json_object_set_new(t, rows[i].key, json_loads(rows[i].json,
		    JSON_DECODE_ANY, NULL));
		if (form_read(&form, &f->arena, t, why, sizeof(why)) ||
		    strstr(why, rows[i].said) == NULL) {
			print_error("row %zu: %s %s: %s\n", i, rows[i].key,
			    rows[i].json, why);
			fail();
		}
		json_decref(t);
	}
}

/* What made libxlsxwriter 1.1.4 abort, loop or write damaged files. */
static void
test_landmines(void **state)
{
	struct fixture *f = *state;
	json_t *lists = json_object_get(f->template, "lists");
	json_t *list = json_array(), *cells = json_object_get(json_array_get(
	    json_object_get(f->export, "rows"), 0), "cells");
	char why[256] = "", *longest = calloc(1, 3 * 32768 + 1);
	struct workbook *b;

	for (int i = 0; i < 300; i++)
		json_array_append_new(list, json_string(
		    "农业综合服务中心乡村振兴办公室"));
	json_object_set_new(lists, "category", list);
	json_object_set_new(column(f, 2), "prompt", json_string(
	    "提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示"
	    "提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示"
	    "提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示"
	    "提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示"
	    "提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示"
	    "提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示"
	    "提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示"
	    "提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示提示"));
	json_object_set_new(column(f, 7), "kind", json_string("wan"));
	json_object_set_new(cells, "goal", json_string("NaN"));
	json_object_set_new(column(f, 8), "kind", json_string("date"));
	json_object_set_new(cells, "measures", json_string("2023-13-45"));
	json_object_set_new(column(f, 9), "kind", json_string("yuan"));
	json_object_set_new(cells, "progress_text", json_string("888.69"));
	for (size_t i = 0; i < 32767; i++)
		memcpy(longest + 3 * i, "长", 3);
	json_object_set_new(cells, "description", json_string(longest));
	assert_true(ledger_write(f->path, f->template, f->export, why,
	    sizeof(why)));
	b = read_back(f);
	assert_string_equal(value(b, "问题整改台账", 6, 8), "NaN");
	assert_string_equal(value(b, "问题整改台账", 6, 9), "2023-13-45");
	assert_string_equal(value(b, "问题整改台账", 6, 10), "888.69");
	assert_string_equal(value(b, "问题整改台账", 6, 3), longest);
	memcpy(longest + 3 * 32767, "长", 4);
	json_object_set_new(cells, "description", json_string(longest));
	assert_false(ledger_write(f->path, f->template, f->export, why,
	    sizeof(why)));
	free(longest);
}

static void
test_fit(void **state)
{
	static const struct {
		const char *text;
		double width;
		unsigned lines;
	} rows[] = {
		{ "", 10, 1 }, { "一二三四", 10, 1 }, { "一二三四五", 10, 2 },
		{ "abcdefghi", 10, 1 }, { "abcdefghij", 10, 2 },
		{ "a\nb\nc", 10, 3 }, { "\n", 10, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (lines_at(rows[i].text, rows[i].width) != rows[i].lines) {
			print_error("row %zu\n", i);
			fail();
		}
	assert_true(height_of(1000, 10) <= 409);
	assert_true(height_of(1, 27) >= 27);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_read_back),
		TEST(test_no_scratch), TEST(test_reports),
		TEST(test_labels), TEST(test_bad_templates), TEST(test_landmines),
		TEST(test_fit) };

	return cmocka_run_group_tests_name("ledger_write", tests, NULL, NULL);
}
