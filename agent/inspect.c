/* `taizhang-agent inspect FILE.xlsx`: one JSON line a sheet, one a row. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "inspect.h"
#include "xlsx/refuse.h"
#include "xlsx/value.h"
#include "xlsx/workbook.h"

#define EXIT_USAGE 2
#define EXIT_REFUSED 10	/* plus the refusal */
#define LINE_MAX_BYTES ((size_t)256 << 20)

static const char *const type_name[] = {
	[CELL_BLANK] = "blank", [CELL_TEXT] = "text",
	[CELL_NUMBER] = "number", [CELL_DATE] = "date", [CELL_TIME] = "time",
	[CELL_BOOL] = "bool", [CELL_ERROR] = "error",
};
static const char *const visibility_name[] = {
	[SHEET_VISIBLE] = "visible", [SHEET_HIDDEN] = "hidden",
	[SHEET_VERY_HIDDEN] = "very_hidden",
};

static void print_usage(FILE *);
static void print_file(const char *);
static int inspect_file(const char *);
static void print_sheet(struct buf *, const struct workbook *, size_t);
static void print_row(struct buf *, const struct row *);
static void line(struct buf *);

int
inspect_main(int argc, char **argv)
{
	int i, code, worst;

	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		print_usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : 0;
	}
	for (i = 1, worst = 0; i < argc; i++) {
		if (argc > 2)
			print_file(argv[i]);
		code = inspect_file(argv[i]);
		worst = worst == 0 ? code : worst;
	}
	return worst;
}

static void
print_usage(FILE *out)
{
	int code;

	fprintf(out, "taizhang-agent inspect FILE.xlsx…\n"
	    "One JSON line a sheet, then one a row; a refused file prints "
	    "none.\nExit: 0 read; 1 output failed; 2 usage; refused (first "
	    "file that was):\n");
	for (code = REFUSED_EMPTY; code < REFUSED__MAX; code++)
		fprintf(out, "  %d %s\n", EXIT_REFUSED + code,
		    refusal_name((enum refusal)code));
}

/* Only where there are several: which one the next lines are about. */
static void
print_file(const char *path)
{
	struct buf buf;

	buf_init(&buf, LINE_MAX_BYTES);
	buf_str(&buf, "{");
	buf_key(&buf, "file");
	buf_json(&buf, utf8_ok(path, strlen(path)) ? path : "?");
	buf_str(&buf, "}");
	line(&buf);
	buf_free(&buf);
}

/*
 * All or nothing: a refused file prints no line, only its sentence on
 * standard error, Chinese then English.
 */
static int
inspect_file(const char *path)
{
	struct arena arena;
	struct workbook *book;
	struct buf buf;
	const char *zh, *en;
	enum refusal code;
	size_t i, k;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		perror(path);
		return EXIT_REFUSED + REFUSED_IO;
	}
	arena_init(&arena, 0);
	code = workbook_read(&arena, fd, &budget_default, &book, &zh, &en);
	close(fd);
	if (code != READ_OK)
		fprintf(stderr, "%s\n%s\n", zh, en);
	buf_init(&buf, LINE_MAX_BYTES);
	for (i = 0; code == READ_OK && i < book->nsheets; i++) {
		print_sheet(&buf, book, i);
		for (k = 0; k < book->sheet[i].nrows; k++)
			print_row(&buf, &book->sheet[i].row[k]);
	}
	buf_free(&buf);
	arena_free(&arena);
	if (code != READ_OK)
		return EXIT_REFUSED + (int)code;
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

static void
put_ref(struct buf *buf, unsigned row, unsigned col)
{
	char name[8];

	column_name(col, name);
	buf_printf(buf, "%s%u", name, row);
}

static void
print_sheet(struct buf *buf, const struct workbook *book, size_t index)
{
	const struct sheet *sheet = &book->sheet[index];
	const struct range *m;
	size_t i;

	buf_str(buf, "{");
	buf_key(buf, "sheet");
	buf_json(buf, sheet->name);
	buf_key(buf, "index");
	buf_printf(buf, "%zu", index);
	buf_key(buf, "visibility");
	buf_json(buf, visibility_name[sheet->visibility]);
	buf_key(buf, "date1904");
	buf_str(buf, book->date1904 ? "true" : "false");
	buf_key(buf, "rows");
	buf_printf(buf, "%zu", sheet->nrows);
	buf_key(buf, "merges");
	buf_str(buf, "[");
	for (i = 0; i < sheet->nmerges; i++) {
		m = &sheet->merge[i];
		buf_comma(buf);
		buf_char(buf, '"');
		put_ref(buf, m->row1, m->col1);
		buf_char(buf, ':');
		put_ref(buf, m->row2, m->col2);
		buf_char(buf, '"');
	}
	buf_str(buf, "]}");
	line(buf);
}

static void
print_row(struct buf *buf, const struct row *row)
{
	const struct cell *cell;
	size_t i;

	buf_str(buf, "{");
	buf_key(buf, "row");
	buf_printf(buf, "%u", row->row);
	if (row->hidden) {
		buf_key(buf, "hidden");
		buf_str(buf, "true");
	}
	buf_key(buf, "cells");
	buf_str(buf, "[");
	for (i = 0; i < row->ncells; i++) {
		cell = &row->cell[i];
		buf_comma(buf);
		buf_str(buf, "{");
		buf_key(buf, "ref");
		buf_char(buf, '"');
		put_ref(buf, row->row, cell->col);
		buf_char(buf, '"');
		buf_key(buf, "type");
		buf_json(buf, type_name[cell->type]);
		buf_key(buf, "text");
		buf_json(buf, cell->text);
		if (cell->formula) {
			buf_key(buf, "formula");
			buf_str(buf, "true");
		}
		if (cell->inexact) {
			buf_key(buf, "inexact");
			buf_str(buf, "true");
		}
		buf_str(buf, "}");
	}
	buf_str(buf, "]}");
	line(buf);
}

static void
line(struct buf *buf)
{
	REQUIRE(!buf->over);
	buf_char(buf, '\n');
	fwrite(buf->data, 1, buf->len, stdout);
	buf_reset(buf);
}
