/*
 * Anything as a workbook. The first byte says what the rest is: a file, one
 * part of an otherwise good workbook (so that mutations get past the CRC),
 * an XML part for both engines, or the output of a broken child.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/xlsx_events.h"
#include "../unit/xlsx_pack.h"
#include "base/err.h"
#include "xlsx/frame.h"

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

static bool
on_row(void *arg, const struct row *row)
{
	size_t *sum = arg;
	size_t i;

	for (i = 0; i < row->ncells; i++) {
		/* promised to every reader: column order, text, finite */
		REQUIRE(i == 0 || row->cell[i].col > row->cell[i - 1].col);
		REQUIRE(row->cell[i].text != NULL);
		*sum += strlen(row->cell[i].text);
	}
	return true;
}

static bool
on_range(void *arg, const struct range *range)
{
	size_t *sum = arg;

	REQUIRE(range->row1 <= range->row2 && range->col1 <= range->col2);
	*sum += range->row1;
	return true;
}

static void
read_fd(int fd)
{
	size_t sum = 0;
	const struct row_sink sink = { .arg = &sum, .row = on_row,
		.merge = on_range };
	struct budget budget = budget_default;
	const char *zh, *en;
	enum refusal code;

	REQUIRE(fd >= 0);
	budget.inflated = (size_t)16 << 20;
	code = workbook_stream(fd, &budget, &sink, &zh, &en);
	REQUIRE((code == READ_OK) == (*zh == '\0' && *en == '\0'));
	close(fd);
}

/* The part's text in place of the part of a good workbook. */
static void
read_part(unsigned which, const char *text)
{
	static const char sheet[] = "<worksheet xmlns='" PACK_MAIN
	    "'><sheetData><row><c t='s' s='1'><v>0</v></c><c s='1'><v>45022"
	    "</v></c></row></sheetData></worksheet>";
	static const char sst[] = "<sst xmlns='" PACK_MAIN "'><si><t>x</t>"
	    "</si></sst>";
	static const char styles[] = "<styleSheet xmlns='" PACK_MAIN
	    "'><cellXfs><xf/><xf numFmtId='14'/></cellXfs></styleSheet>";

	/* an empty string would pack as the default part */
	if (*text == '\0')
		text = " ";
	read_fd(pack_book(which == 3 ? text : "", which == 0 ? text : sheet,
	    which == 1 ? text : sst, which == 2 ? text : styles));
}

static enum refusal
events(const char *text, bool expat, struct buf *out)
{
	const struct pack_part part = { "a.xml", text, 0 };
	struct xml_handler handler = { .arg = out, .start = event_start,
		.end = event_end, .text = event_text };
	struct why why = { 0 };
	struct zip zip;
	int fd;

	buf_init(out, (size_t)64 << 20);
	fd = pack_fd(&part, 1);
	if (zip_open(&zip, fd, &budget_default, &why) == READ_OK) {
		if (expat)
			xml_expat(&zip, &zip.entry[0], &handler);
		else
			xml_scan(&zip, &zip.entry[0], &handler);
		zip_close(&zip);
	}
	close(fd);
	return why.code;
}

/* What both read, both read the same. */
static void
compare(const char *text)
{
	struct buf mine, theirs;
	enum refusal a, b;

	a = events(text, false, &mine);
	b = events(text, true, &theirs);
	if (a == READ_OK && b == READ_OK &&
	    strcmp(mine.data, theirs.data) != 0) {
		fprintf(stderr, "scanner:%s\nexpat:%s\n", mine.data,
		    theirs.data);
		abort();
	}
	buf_free(&mine);
	buf_free(&theirs);
}

static void
believe(char *data, size_t len)
{
	size_t sum = 0;
	struct row_sink sink = { .arg = &sum, .row = on_row,
		.merge = on_range };
	struct why why = { 0 };
	struct frame_reader r = { .budget = &budget_default, .sink = &sink,
		.why = &why };

	frame_read(&r, data, len);
	frame_reader_free(&r);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	unsigned which;
	char *text;

	if (len == 0)
		return 0;
	which = data[0] % 8;
	text = malloc(len);
	REQUIRE(text != NULL);
	memcpy(text, data + 1, len - 1);
	text[len - 1] = '\0';
	if (which < 4)
		read_part(which, text);
	else if (which < 6)
		compare(*text == '\0' ? " " : text);
	else if (which == 6)
		believe(text, len - 1);
	else
		read_fd(pack_file(text, len - 1));
	free(text);
	return 0;
}
