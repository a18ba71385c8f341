/* A workbook as a stream of rows: the order in which parts are trusted. */
#include <string.h>

#include "base/err.h"
#include "reader.h"

static enum refusal read_all(struct reader *, int, const struct budget *);
static enum refusal read_sheets(struct reader *);

/* The sentences of the latest refusal in this thread. */
static _Thread_local struct why last;

enum refusal
workbook_stream(int fd, const struct budget *budget,
    const struct row_sink *sink, const char **zh, const char **en)
{
	struct reader *r;
	struct reader reader = { .sink = sink, .why = &last };

	memset(&last, 0, sizeof(last));
	r = &reader;
	arena_init(&r->arena, 0);
	read_all(r, fd, budget);
	styles_free(&r->styles);
	sst_free(&r->sst);
	zip_close(&r->zip);
	arena_free(&r->arena);
	*zh = last.zh;
	*en = last.en;
	return last.code;
}

static enum refusal
read_all(struct reader *r, int fd, const struct budget *budget)
{
	enum refusal code;

	code = sniff(fd, budget, r->why);
	if (code == READ_OK)
		code = zip_open(&r->zip, fd, budget, r->why);
	if (code == READ_OK)
		code = book_open(&r->book, &r->arena, &r->zip);
	if (code == READ_OK)
		code = active_check(r);
	if (code == READ_OK)
		code = styles_read(&r->styles, &r->zip, r->book.styles);
	if (code == READ_OK)
		code = sst_read(&r->sst, &r->zip, r->book.sst);
	if (code == READ_OK)
		code = read_sheets(r);
	if (code == READ_OK && !r->stopped)
		code = zip_verify_rest(&r->zip);
	return code;
}

/* Chart sheets have no cells; they count as sheets all the same. */
static enum refusal
read_sheets(struct reader *r)
{
	const struct book_sheet *sheet;
	enum refusal code;
	size_t i;

	if (r->sink->book != NULL &&
	    !r->sink->book(r->sink->arg, r->book.date1904))
		r->stopped = true;
	for (i = 0; i < r->book.nsheets && !r->stopped; i++) {
		sheet = &r->book.sheet[i];
		if (r->sink->sheet != NULL && !r->sink->sheet(r->sink->arg, i,
		    sheet->name, sheet->visibility)) {
			r->stopped = true;
			return READ_OK;
		}
		if (strcmp(sheet->type, "worksheet") != 0)
			continue;
		code = sheet_read(r, sheet);
		if (code != READ_OK)
			return code;
	}
	return READ_OK;
}
