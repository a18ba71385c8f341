/* See ledger_write.h: draws the sheets, then mends what the library left. */
#include "ledger_write.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "ledger_draw.h"
#include "zipw.h"

#define ROWS_MOST 100000
#define EXTRA_MOST 50
#define PART_MOST (256u << 20)
#define DAY 86400

#define SONG "宋体"
#define FANG "仿宋"
#define HEI "黑体"
#define GREY 0xF2F2F2
#define HEAD_FILL 0xE7E6E6

static const struct look looks[] = {
	[LOOK_ANNEX] = { .font = HEI, .size = 14, .middle = true },
	[LOOK_TITLE] = { .font = SONG, .size = 20, .bold = true,
	    .centered = true, .middle = true },
	[LOOK_BOX] = { .font = FANG, .size = 12, .middle = true,
	    .unlocked = true, .text = true },
	[LOOK_HEAD] = { .font = HEI, .size = 11, .wrap = true,
	    .centered = true, .middle = true, .border = true },
	[LOOK_SEQ] = { .font = FANG, .size = 10.5, .centered = true,
	    .middle = true, .border = true, .unlocked = true, .fill = GREY },
	[LOOK_LEFT] = { .font = FANG, .size = 10.5, .wrap = true,
	    .middle = true, .border = true, .unlocked = true, .text = true },
	[LOOK_CENTER] = { .font = FANG, .size = 10.5, .wrap = true,
	    .centered = true, .middle = true, .border = true,
	    .unlocked = true, .text = true },
	[LOOK_STATE] = { .font = FANG, .size = 10.5, .wrap = true,
	    .centered = true, .middle = true, .border = true,
	    .unlocked = true, .text = true, .fill = GREY },
	[LOOK_DATE] = { .font = FANG, .size = 10.5, .centered = true,
	    .middle = true, .border = true, .unlocked = true,
	    .number = "yyyy-mm-dd" },
	[LOOK_NUMBER] = { .font = FANG, .size = 10.5, .middle = true,
	    .border = true, .unlocked = true },
	[LOOK_KEY] = { .unlocked = true, .text = true },
	[LOOK_ROW] = { .unlocked = true },
	[LOOK_FOOTNOTE] = { .font = FANG, .size = 10.5, .wrap = true,
	    .middle = true },
	[LOOK_HELP_TITLE] = { .font = SONG, .size = 16, .bold = true,
	    .centered = true, .middle = true },
	[LOOK_HELP_PART] = { .font = HEI, .size = 12, .middle = true },
	[LOOK_HELP] = { .font = FANG, .size = 12, .wrap = true,
	    .middle = true },
	[LOOK_REPORT_HEAD] = { .font = HEI, .size = 11, .centered = true,
	    .middle = true, .border = true, .fill = HEAD_FILL },
	[LOOK_REPORT] = { .font = FANG, .size = 10.5, .wrap = true,
	    .middle = true, .text = true },
	[LOOK_ANSWER] = { .font = FANG, .size = 10.5, .wrap = true,
	    .middle = true, .border = true, .unlocked = true, .text = true },
	[LOOK_PLAIN] = { .text = true },
	[LOOK_FINDING] = { .fill = 0xFFF2CC },
	[LOOK_CONFLICT] = { .fill = 0xFFC7CE },
};
_Static_assert(COUNT(looks) == LOOK__MAX, "every look is described");

static void find_extras(struct drawing *);
static const char *folder_of(struct arena *, const char *path);
static time_t time_of(const char *rfc3339);
static bool mend(const char *path, const struct drawing *, char *why,
    size_t why_size);
static char *very_hide(char *xml, size_t *len);
static void free_heights(char *xml, size_t *len, unsigned first,
    unsigned last);

bool
ledger_write(const char *path, const json_t *template, const json_t *export,
    char *why, size_t why_size)
{
	struct arena arena;
	struct sheet_patch reports[LEDGER_REPORTS];
	struct drawing d = { .arena = &arena, .template = template,
		.export = export };
	size_t nrows;
	bool ok = false;

	arena_init(&arena, 0);
	d.rows = json_object_get(export, "rows");
	d.spares = json_object_get(export, "spares");
	nrows = json_array_size(d.rows) + json_array_size(d.spares);
	if (nrows > ROWS_MOST) {
		snprintf(why, why_size, "more than %d rows", ROWS_MOST);
		goto out;
	}
	if (!form_read(&d.form, &arena, template, why, why_size))
		goto out;
	/* A ledger of nothing still has a row between header and footnote. */
	d.last_row = d.form.first_row + (unsigned)(nrows > 0 ? nrows : 1) - 1;
	find_extras(&d);
	if (!ledger_reports(&arena, template, export, drawing_row, &d, reports,
		why, why_size))
		goto out;
	if (pen_open(&d.pen, &arena, path, folder_of(&arena, path), why,
		why_size)) {
		for (size_t i = 0; i < LOOK__MAX; i++)
			d.look[i] = pen_format(&d.pen, &looks[i]);
		pen_about(&d.pen, d.form.name, "",
		    time_of(json_text(export, "exported_at")));
		pen_mark(&d.pen, "taizhang_ledger",
		    json_text(export, "ledger"));
		pen_mark(&d.pen, "taizhang_instance",
		    json_text(export, "instance"));
		draw_ledger(&d);
		draw_help(&d);
		draw_reports(&d, reports);
	}
	ok = pen_close(&d.pen) && mend(path, &d, why, why_size);
out:
	arena_free(&arena);
	return ok;
}

unsigned
drawing_row(void *arg, const char *row)
{
	const struct drawing *d = arg;
	const json_t *j;
	size_t i;

	if (strcmp(row, json_text(d->export, "ledger")) == 0)
		return d->form.nboxes > 0 ? d->form.box[0].range.row1 : 0;
	json_array_foreach(d->rows, i, j)
		if (strcmp(json_text(j, "row"), row) == 0)
			return d->form.first_row + (unsigned)i;
	return 0;
}

/* Headings of columns staff added, in the order they first appear. */
static void
find_extras(struct drawing *d)
{
	const json_t *j;
	size_t i;

	d->extra = arena_array(d->arena, EXTRA_MOST, sizeof(*d->extra));
	json_array_foreach(d->rows, i, j) {
		const char *name;
		json_t *value;

		json_object_foreach(json_object_get(j, "cells"), name, value) {
			size_t k = 0;

			if (strncmp(name, "extra.", 6) != 0)
				continue;
			while (k < d->nextra &&
			    strcmp(d->extra[k], name + 6) != 0)
				k++;
			if (k == d->nextra && k < EXTRA_MOST)
				d->extra[d->nextra++] = name + 6;
		}
	}
}

static const char *
folder_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	return slash == path ? "/" : arena_strndup(a, path,
	    (size_t)(slash - path));
}

/* 0 unless 2023-04-06T10:02:03…Z */
static time_t
time_of(const char *s)
{
	int h, m, sec, end = 0;
	char day[11];
	long days;

	snprintf(day, sizeof(day), "%s", s);
	if (strlen(s) < 20 || !date_days(day, &days) ||
	    sscanf(s + 10, "T%2d:%2d:%2d%n", &h, &m, &sec, &end) != 3 ||
	    end != 9 || h > 23 || m > 59 || sec > 59)
		return 0;
	return days * DAY + h * 3600 + m * 60 + sec;
}

/*
 * Two things the library cannot say: that _meta is very hidden, and that the
 * height of a row of data is only where it starts from (Excel then fits the
 * row when somebody types into it).
 */
static bool
mend(const char *path, const struct drawing *d, char *why, size_t why_size)
{
	static const char book[] = "xl/workbook.xml";
	const struct { /* in the order they were drawn */
		const char *part;
		unsigned first, last;
	} sheets[] = {
		{ "xl/worksheets/sheet1.xml", d->form.first_row, d->last_row },
		{ "xl/worksheets/sheet3.xml", 2, UINT_MAX },
		{ "xl/worksheets/sheet4.xml", 2, UINT_MAX },
	};
	struct why refused = { 0 };
	struct zip zip = { 0 };
	struct zipw out;
	size_t len;
	char *xml = NULL;
	bool ok = false;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || zip_open(&zip, fd, &budget_default, &refused) !=
		READ_OK || ftruncate(fd, 0) != 0) {
		snprintf(why, why_size, "%s: cannot be read back: %s", path,
		    refused.en);
		goto out;
	}
	zipw_open(&out, fd);
	for (size_t i = 0; i < zip.nentries; i++) {
		const struct zip_entry *e = &zip.entry[i];
		bool is_book = strcmp(e->name, book) == 0;
		size_t k = 0;

		while (k < COUNT(sheets) &&
		    strcmp(e->name, sheets[k].part) != 0)
			k++;
		if (!is_book && k == COUNT(sheets)) {
			zipw_copy(&out, e);
			continue;
		}
		xml = zip_read_all(&zip, e, PART_MOST, &len);
		if (xml != NULL && is_book)
			xml = very_hide(xml, &len);
		else if (xml != NULL)
			free_heights(xml, &len, sheets[k].first,
			    sheets[k].last);
		if (xml == NULL)
			out.bad = true;
		else
			zipw_put(&out, e->name, e, xml, len);
		free(xml);
	}
	ok = zipw_close(&out, "", 0);
	if (!ok)
		snprintf(why, why_size, "%s: cannot be written", path);
out:
	zip_close(&zip);
	if (fd >= 0)
		close(fd);
	return ok;
}

static char *
very_hide(char *xml, size_t *len)
{
	static const char state[] = "state=\"hidden\"";
	char *at = strstr(xml, "<sheet name=\"" SHEET_META "\"");
	char *out = NULL;

	if (at != NULL && (at = strstr(at, state)) != NULL &&
	    asprintf(&out, "%.*sstate=\"veryHidden\"%s", (int)(at - xml), xml,
		at + strlen(state)) >= 0)
		*len = strlen(out);
	free(xml);
	return out;
}

static void
free_heights(char *xml, size_t *len, unsigned first, unsigned last)
{
	static const char custom[] = " customHeight=\"1\"";
	char *from = xml, *to = xml, *row;

	while ((row = strstr(from, "<row r=\"")) != NULL) {
		unsigned long n = strtoul(row + 8, NULL, 10);
		char *end = strchr(row, '>'), *at;

		if (end == NULL)
			break;
		*end = '\0';
		at = n >= first && n <= last ? strstr(row, custom) : NULL;
		*end = '>';
		if (at == NULL)
			at = end;
		memmove(to, from, (size_t)(at - from));
		to += at - from;
		from = at == end ? end : at + strlen(custom);
	}
	memmove(to, from, strlen(from) + 1);
	*len = strlen(xml);
}
