/*
 * What the workbook reader does, for benchmarks and end-to-end tests:
 *   tool_xlsx count FILE   rows, cells and bytes of text, streamed
 *   tool_xlsx same FILE    parts on which scanner and expat disagree
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "xlsx/workbook.h"
#include "xlsx_events.h"

struct totals {
	unsigned long sheets, rows, cells, bytes;
};

static bool
on_sheet(void *arg, size_t index, const char *name, enum visibility v)
{
	struct totals *t = arg;

	(void)index;
	(void)name;
	(void)v;
	t->sheets++;
	return true;
}

static bool
on_row(void *arg, const struct row *row)
{
	struct totals *t = arg;
	size_t i;

	t->rows++;
	t->cells += row->ncells;
	for (i = 0; i < row->ncells; i++)
		t->bytes += strlen(row->cell[i].text);
	return true;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of this program alone: ru_maxrss would count who started it, too. */
static long
peak_kb(void)
{
	char line[128];
	long kb;
	FILE *f;

	f = fopen("/proc/self/status", "r");
	for (kb = -1; f != NULL && kb < 0 && fgets(line, sizeof(line), f);)
		sscanf(line, "VmHWM: %ld", &kb);
	if (f != NULL)
		fclose(f);
	return kb;
}

static int
count(int fd)
{
	struct totals t = { 0 };
	const struct row_sink sink = { .arg = &t, .sheet = on_sheet,
		.row = on_row };
	const char *zh, *en;
	enum refusal code;
	double began;

	began = seconds();
	code = workbook_stream(fd, &budget_default, &sink, &zh, &en);
	began = seconds() - began;
	if (code != READ_OK)
		fprintf(stderr, "%s\n%s\n", zh, en);
	printf("{\"sheets\":%lu,\"rows\":%lu,\"cells\":%lu,\"bytes\":%lu,"
	    "\"seconds\":%.4f,\"rss_kb\":%ld}\n", t.sheets, t.rows, t.cells,
	    t.bytes, began, peak_kb());
	return code == READ_OK ? 0 : 10 + (int)code;
}

/* Both engines over one part: the same events, or the same kind of no. */
static bool
same_part(int fd, const char *name)
{
	struct buf out[2];
	struct xml_handler handler = { .start = event_start,
		.end = event_end, .text = event_text };
	struct why why[2] = { 0 };
	const struct zip_entry *e;
	struct zip zip;
	bool same;
	int i;

	for (i = 0; i < 2; i++) {
		buf_init(&out[i], (size_t)512 << 20);
		handler.arg = &out[i];
		if (zip_open(&zip, fd, &budget_default, &why[i]) != READ_OK)
			continue;
		e = zip_find(&zip, name);
		if (i == 0)
			xml_scan(&zip, e, &handler);
		else
			xml_expat(&zip, e, &handler);
		zip_close(&zip);
	}
	same = why[0].code == why[1].code && (why[0].code != READ_OK ||
	    (out[0].len == out[1].len &&
	    memcmp(out[0].data, out[1].data, out[0].len) == 0));
	if (!same)
		printf("%s: scanner %d (%s), expat %d (%s)\n", name,
		    why[0].code, why[0].en, why[1].code, why[1].en);
	buf_free(&out[0]);
	buf_free(&out[1]);
	return same;
}

static int
same(int fd)
{
	struct why why = { 0 };
	struct zip zip;
	const char *dot;
	size_t i, parts;
	bool all;

	if (zip_open(&zip, fd, &budget_default, &why) != READ_OK) {
		fprintf(stderr, "%s\n", why.en);
		return 10 + (int)why.code;
	}
	for (i = parts = 0, all = true; i < zip.nentries; i++) {
		dot = strrchr(zip.entry[i].name, '.');
		if (dot == NULL || (strcmp(dot, ".xml") != 0 &&
		    strcmp(dot, ".rels") != 0))
			continue;
		all = same_part(fd, zip.entry[i].name) && all;
		parts++;
	}
	zip_close(&zip);
	printf("%zu parts\n", parts);
	return all && parts > 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	int fd;

	if (argc != 3 || (fd = open(argv[2], O_RDONLY)) < 0) {
		fprintf(stderr, "usage: %s count|same FILE\n", argv[0]);
		return 2;
	}
	return strcmp(argv[1], "count") == 0 ? count(fd) : same(fd);
}
