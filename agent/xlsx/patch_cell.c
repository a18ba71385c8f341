/* The small pieces of a sheet part: cells, references, ranges. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patch.h"
#include "xmlw.h"

static bool range_grow(struct buf *, const char *p, const char *stop,
    unsigned row, unsigned grow_to);
static void column_letters(char out[8], unsigned col);
static const char *ref_parse(const char *p, const char *end, unsigned *col,
    unsigned *row);

bool
cell_emit(struct arena *a, struct buf *b, const struct span *prefix,
    unsigned row, unsigned col, const struct span *style,
    const struct put *put)
{
	enum put_type type = put == NULL ? PUT_BLANK : put->type;
	char letters[8], digits[32];
	const char *text;

	if (type == PUT_TEXT && *put->text == '\0')
		type = PUT_BLANK;
	column_letters(letters, col);
	element_open(b, prefix, "c");
	buf_printf(b, " r=\"%s%u\"", letters, row);
	if (style != NULL && style->len > 0)
		buf_printf(b, " s=\"%.*s\"", (int)style->len, style->s);
	if (type == PUT_BLANK) {
		buf_str(b, "/>");
		return true;
	}
	if (type == PUT_NUMBER) {
		if (!isfinite(put->number))
			return false;
		snprintf(digits, sizeof(digits), "%.15g", put->number);
		if (strtod(digits, NULL) != put->number)
			snprintf(digits, sizeof(digits), "%.17g",
			    put->number);
		buf_char(b, '>');
		element_open(b, prefix, "v");
		buf_printf(b, ">%s", digits);
		element_close(b, prefix, "v");
	} else {
		if ((text = cell_escape(a, put->text)) == NULL)
			return false;
		buf_str(b, " t=\"inlineStr\">");
		element_open(b, prefix, "is");
		buf_char(b, '>');
		element_open(b, prefix, "t");
		buf_str(b, " xml:space=\"preserve\">");
		xml_escape(b, text);
		element_close(b, prefix, "t");
		element_close(b, prefix, "is");
	}
	element_close(b, prefix, "c");
	return true;
}

/* Without its >, so that attributes can follow. */
void
element_open(struct buf *b, const struct span *prefix, const char *name)
{
	buf_printf(b, "<%.*s%s", (int)prefix->len, prefix->s, name);
}

void
element_close(struct buf *b, const struct span *prefix, const char *name)
{
	buf_printf(b, "</%.*s%s>", (int)prefix->len, prefix->s, name);
}

const char *
cell_name(struct arena *a, unsigned row, unsigned col)
{
	char letters[8];

	column_letters(letters, col);
	return arena_printf(a, "%s%u", letters, row);
}

bool
cell_ref(const struct span *s, unsigned *col, unsigned *row)
{
	const char *end = s->s + s->len;

	return ref_parse(s->s, end, col, row) == end && *col != 0;
}

char *
ranges_grow(struct arena *a, const struct span *list, unsigned row,
    unsigned grow_to)
{
	const char *p = list->s, *end = p + list->len, *bang, *stop;
	bool grown = false;
	struct buf b;
	char *out;

	buf_init(&b, list->len * 2 + 64);
	/* The name of a sheet may hold anything, blanks too. */
	bang = memrchr(p, '!', list->len);
	if (bang != NULL) {
		buf_add(&b, p, (size_t)(bang + 1 - p));
		p = bang + 1;
	}
	for (; p < end; p = stop) {
		for (stop = p; stop < end && (*stop == ' ' || *stop == '\n');)
			stop++;
		buf_add(&b, p, (size_t)(stop - p));
		for (p = stop; stop < end && *stop != ' ' && *stop != '\n';)
			stop++;
		if (range_grow(&b, p, stop, row, grow_to))
			grown = true;
		else
			buf_add(&b, p, (size_t)(stop - p));
	}
	out = grown && !b.over ? arena_strndup(a, b.data, b.len) : NULL;
	buf_free(&b);
	return out;
}

/* $B$6:$B$64 to $B$6:$B$70, B6 to B6:B70; false: not this one. */
static bool
range_grow(struct buf *b, const char *p, const char *stop, unsigned row,
    unsigned grow_to)
{
	unsigned col1, row1, col2, row2;
	const char *colon = memchr(p, ':', (size_t)(stop - p)), *digits = stop;

	if (colon == NULL)
		colon = stop;
	if (ref_parse(p, colon, &col1, &row1) != colon || row1 == 0)
		return false;
	row2 = row1;
	if (colon != stop &&
	    (ref_parse(colon + 1, stop, &col2, &row2) != stop || row2 == 0))
		return false;
	if (row1 > row || row2 < row || row2 >= grow_to)
		return false;
	while (digits[-1] >= '0' && digits[-1] <= '9')
		digits--;
	if (colon == stop) {
		buf_add(b, p, (size_t)(stop - p));
		buf_char(b, ':');
	}
	buf_add(b, p, (size_t)(digits - p));
	buf_printf(b, "%u", grow_to);
	return true;
}

static void
column_letters(char out[8], unsigned col)
{
	char reversed[8];
	size_t n = 0, i;

	for (; col > 0 && n < sizeof(reversed); col = (col - 1) / 26)
		reversed[n++] = (char)('A' + (col - 1) % 26);
	for (i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	out[n] = '\0';
}

/* Returns where it stopped; what is missing is 0. */
static const char *
ref_parse(const char *p, const char *end, unsigned *col, unsigned *row)
{
	*col = *row = 0;
	if (p < end && *p == '$')
		p++;
	for (; p < end && *col <= SHEET_COLS; p++) {
		char c = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;

		if (c < 'A' || c > 'Z')
			break;
		*col = *col * 26 + (unsigned)(c - 'A' + 1);
	}
	if (p < end && *p == '$')
		p++;
	for (; p < end && *p >= '0' && *p <= '9' && *row <= SHEET_ROWS; p++)
		*row = *row * 10 + (unsigned)(*p - '0');
	return *col <= SHEET_COLS && *row <= SHEET_ROWS ? p : NULL;
}
