/* Workbooks written row by row, read back by the agent's reader: hostile texts
 * and more rows than a sheet holds. */
#include "sheet_out.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "xlsx/workbook.h"

#include "check.h"

#define ROWS 1200000u
#define SHEET_ROWS 1048576u

static const char *const columns[] = { "序号", "名称" };

struct seen {
	size_t sheets, rows, first; /* rows of the sheets before */
	bool meta;
	char text[512], head[512];
};

static bool
on_sheet(void *arg, size_t index, const char *name, enum visibility v)
{
	struct seen *s = arg;
	char want[32];

	s->meta = strcmp(name, "_meta") == 0;
	if (s->meta) {
		assert_int_equal(v, SHEET_VERY_HIDDEN);
		return true;
	}
	assert_int_equal(index, s->sheets);
	assert_int_equal(v, SHEET_VISIBLE);
	s->sheets++;
	(void)snprintf(want, sizeof(want), s->sheets > 1 ? "项目 %zu" : "项目",
	    s->sheets);
	assert_string_equal(name, want);
	s->first = s->rows;
	return true;
}

/* The heading, then the rows by their number: each once, in order. */
static bool
on_row(void *arg, const struct row *row)
{
	struct seen *s = arg;

	assert_true(row->row <= SHEET_ROWS);
	assert_int_equal(row->ncells, 2);
	if (s->meta) {
		assert_int_equal(row->row, 1);
		assert_string_equal(row->cell[0].text, "head");
		(void)snprintf(s->head, sizeof(s->head), "%s",
		    row->cell[1].text);
		return true;
	}
	if (row->row == 1) {
		assert_string_equal(row->cell[0].text, columns[0]);
		assert_string_equal(row->cell[1].text, columns[1]);
		return true;
	}
	s->rows++;
	assert_int_equal(row->row, s->rows - s->first + 1);
	assert_int_equal(row->cell[0].type, CELL_NUMBER);
	assert_true(row->cell[0].number > (double)s->rows - 0.5 &&
	    row->cell[0].number < (double)s->rows + 0.5);
	(void)snprintf(s->text, sizeof(s->text), "%s", row->cell[1].text);
	return true;
}

static void
out(int fd, struct buf *b)
{
	assert_int_equal(write(fd, b->data, b->len), (ssize_t)b->len);
	buf_reset(b);
}

/* So many rows of the text, in turns of a thousand. */
static struct seen
book(unsigned rows, const char *text)
{
	struct sheet_out *s = sheet_new("项目", columns, COUNT(columns));
	struct budget budget = budget_default;
	struct seen seen = { .sheets = 0 };
	const struct row_sink sink = { .arg = &seen, .sheet = on_sheet,
		.row = on_row };
	int fd = memfd_create("book", MFD_CLOEXEC);
	const char *zh, *en;
	char number[16];
	struct buf b;

	assert_true(fd >= 0);
	buf_init(&b, 16u << 20);
	sheet_note(s, "head", "<a head> seq=1");
	for (unsigned i = 1; i <= rows; i++) {
		sheet_row(s);
		(void)snprintf(number, sizeof(number), "%u", i);
		sheet_cell(s, SHEET_NUMBER, number);
		sheet_cell(s, SHEET_TEXT, text);
		assert_true(sheet_row_end(s) > 0);
		if (i % 1000 == 0) {
			assert_true(sheet_flush(s, &b));
			out(fd, &b);
		}
	}
	assert_true(sheet_finish(s, &b));
	out(fd, &b);
	sheet_free(s);
	buf_free(&b);
	budget.inflated = budget.text = 1u << 30;
	budget.cells = 2 * ROWS + 8;
	assert_int_equal(workbook_stream(fd, &budget, &sink, &zh, &en),
	    READ_OK);
	close(fd);
	return seen;
}

static void
test_none(void **state)
{
	struct seen seen = book(0, "");

	(void)state;
	assert_int_equal(seen.sheets, 1);
	assert_int_equal(seen.rows, 0);
	assert_string_equal(seen.head, "<a head> seq=1");
}

static void
test_texts(void **state)
{
	static const char *const texts[] = { "=1+1", "<b>&amp;</b>",
		"_x000D_", " 前后 ", "一\n二", "0012", "𠮷野家", "]]>" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct seen seen = book(1, texts[i]);

		CHECK_STR(i, seen.text, texts[i]);
	}
}

static void
test_more_than_a_sheet_holds(void **state)
{
	struct seen seen = book(ROWS, "产业项目");

	(void)state;
	assert_int_equal(seen.sheets, 2);
	assert_int_equal(seen.rows, ROWS);
	assert_string_equal(seen.head, "<a head> seq=1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_more_than_a_sheet_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
