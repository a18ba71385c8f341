/* Frames between the cage and its keeper: written there, checked here. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "frame.h"
#include "value.h"

#define FLUSH 65536u
#define HEAD 5u			/* length and kind */
#define CELL_HEAD 18u		/* col, type, flags, number, length */
#define SHEETS_MAX 1024u
#define MERGES_MAX 1000000u

enum { FLAG_FORMULA = 1, FLAG_INEXACT = 2 };

static void flush(struct frame_writer *);

/* ---- child ---- */

static void
add(struct frame_writer *w, const void *data, size_t n)
{
	if (w->len + n > w->cap) {
		w->cap = w->cap == 0 ? 2 * FLUSH : w->cap;
		while (w->cap < w->len + n)
			w->cap *= 2;
		w->data = realloc(w->data, w->cap);
		REQUIRE(w->data != NULL);
	}
	memcpy(w->data + w->len, data, n);
	w->len += n;
}

static size_t
begin(struct frame_writer *w, enum frame_kind kind)
{
	uint32_t length;
	char c;

	length = 0;
	c = (char)kind;
	add(w, &length, sizeof(length));
	add(w, &c, 1);
	return w->len;
}

static bool
finish(struct frame_writer *w, size_t at)
{
	uint32_t length;

	length = (uint32_t)(w->len - at);
	memcpy(w->data + at - HEAD, &length, sizeof(length));
	if (w->len >= FLUSH)
		flush(w);
	return !w->failed;
}

static void
flush(struct frame_writer *w)
{
	size_t at;
	ssize_t n;

	for (at = 0; at < w->len && !w->failed; at += (size_t)n) {
		n = write(w->fd, w->data + at, w->len - at);
		if (n < 0 && errno != EINTR)
			w->failed = true;
		if (n < 0)
			n = 0;
	}
	w->len = 0;
}

static bool
write_book(void *arg, bool date1904)
{
	struct frame_writer *w = arg;
	size_t at;
	char c;

	c = date1904;
	at = begin(w, FRAME_BOOK);
	add(w, &c, 1);
	return finish(w, at);
}

static bool
write_sheet(void *arg, size_t index, const char *name, enum visibility v)
{
	struct frame_writer *w = arg;
	size_t at;
	char c;

	(void)index;
	c = (char)v;
	at = begin(w, FRAME_SHEET);
	add(w, &c, 1);
	add(w, name, strlen(name));
	return finish(w, at);
}

static bool
write_row(void *arg, const struct row *row)
{
	struct frame_writer *w = arg;
	const struct cell *cell;
	unsigned char head[CELL_HEAD];
	uint32_t n;
	size_t at, i;
	char c;

	at = begin(w, FRAME_ROW);
	c = row->hidden;
	n = (uint32_t)row->ncells;
	add(w, &row->row, 4);
	add(w, &c, 1);
	add(w, &n, 4);
	for (i = 0; i < row->ncells; i++) {
		cell = &row->cell[i];
		n = (uint32_t)strlen(cell->text);
		memcpy(head, &cell->col, 4);
		head[4] = (unsigned char)cell->type;
		head[5] = (unsigned char)((cell->formula ? FLAG_FORMULA : 0) |
		    (cell->inexact ? FLAG_INEXACT : 0));
		memcpy(head + 6, &cell->number, 8);
		memcpy(head + 14, &n, 4);
		add(w, head, sizeof(head));
		add(w, cell->text, n + 1);
	}
	return finish(w, at);
}

static bool
write_merge(void *arg, const struct range *range)
{
	struct frame_writer *w = arg;
	size_t at;

	at = begin(w, FRAME_MERGE);
	add(w, range, sizeof(*range));
	return finish(w, at);
}

const struct row_sink frame_sink = { .book = write_book,
	.sheet = write_sheet, .row = write_row, .merge = write_merge };

void
frame_end(struct frame_writer *w, enum refusal code, const char *zh,
    const char *en)
{
	size_t at;
	char c;

	c = (char)code;
	at = begin(w, FRAME_END);
	add(w, &c, 1);
	add(w, zh, strlen(zh) + 1);
	add(w, en, strlen(en) + 1);
	finish(w, at);
	flush(w);
	free(w->data);
	w->data = NULL;
}

/* ---- parent ---- */

size_t
frame_size(const char *data, size_t len)
{
	uint32_t n;

	if (len < HEAD)
		return 0;
	memcpy(&n, data, 4);
	return HEAD + (size_t)n;
}

static bool
read_book(struct frame_reader *r, const char *p, size_t n)
{
	if (n != 1 || r->sheets != 0)
		return false;
	if (r->sink->book != NULL && !r->sink->book(r->sink->arg, p[0] != 0))
		r->stopped = true;
	return true;
}

static bool
read_sheet(struct frame_reader *r, char *p, size_t n)
{
	char name[512];

	if (n < 1 || n > sizeof(name) || p[0] < SHEET_VISIBLE ||
	    p[0] > SHEET_VERY_HIDDEN || r->sheets == SHEETS_MAX ||
	    !utf8_ok(p + 1, n - 1))
		return false;
	memcpy(name, p + 1, n - 1);
	name[n - 1] = '\0';
	if (r->sink->sheet != NULL && !r->sink->sheet(r->sink->arg,
	    r->sheets, name, (enum visibility)p[0]))
		r->stopped = true;
	r->sheets++;
	return true;
}

/* One cell at *p; false: nonsense. */
static bool
read_cell(struct frame_reader *r, char **p, const char *end,
    unsigned last_col, struct cell *cell)
{
	unsigned char type, flags;
	uint32_t n;

	if ((size_t)(end - *p) < CELL_HEAD + 1)
		return false;
	memcpy(&cell->col, *p, 4);
	type = (unsigned char)(*p)[4];
	flags = (unsigned char)(*p)[5];
	memcpy(&cell->number, *p + 6, 8);
	memcpy(&n, *p + 14, 4);
	*p += CELL_HEAD;
	if (cell->col <= last_col || cell->col > COLUMN_MAX ||
	    type > CELL_ERROR || flags > (FLAG_FORMULA | FLAG_INEXACT) ||
	    !isfinite(cell->number) || n >= (size_t)(end - *p) ||
	    (*p)[n] != '\0' || !utf8_ok(*p, n))
		return false;
	cell->type = (enum cell_type)type;
	cell->formula = (flags & FLAG_FORMULA) != 0;
	cell->inexact = (flags & FLAG_INEXACT) != 0;
	cell->text = *p;
	*p += n + 1;
	r->text += n;
	r->cells++;
	return r->text <= r->budget->text && r->cells <= r->budget->cells;
}

static bool
read_row(struct frame_reader *r, char *p, size_t n)
{
	struct row row = { 0 };
	const char *end;
	uint32_t cells;
	size_t i;

	if (n < 9 || r->sheets == 0)
		return false;
	end = p + n;
	memcpy(&row.row, p, 4);
	row.hidden = p[4] != 0;
	memcpy(&cells, p + 5, 4);
	p += 9;
	if (row.row == 0 || row.row > ROW_MAX || cells == 0 ||
	    cells > COLUMN_MAX)
		return false;
	if (cells > r->cell_cap) {
		r->cell_cap = 2 * (size_t)cells;
		free(r->cell);
		r->cell = calloc(r->cell_cap, sizeof(*r->cell));
		REQUIRE(r->cell != NULL);
	}
	for (i = 0; i < cells; i++)
		if (!read_cell(r, &p, end, i == 0 ? 0 : r->cell[i - 1].col,
		    &r->cell[i]))
			return false;
	row.ncells = cells;
	row.cell = r->cell;
	if (p == end && !r->sink->row(r->sink->arg, &row))
		r->stopped = true;
	return p == end;
}

static bool
read_merge(struct frame_reader *r, const char *p, size_t n)
{
	struct range m;

	if (n != sizeof(m) || r->sheets == 0 || ++r->merges > MERGES_MAX)
		return false;
	memcpy(&m, p, sizeof(m));
	if (m.row1 == 0 || m.row1 > m.row2 || m.row2 > ROW_MAX ||
	    m.col1 == 0 || m.col1 > m.col2 || m.col2 > COLUMN_MAX)
		return false;
	if (r->sink->merge != NULL && !r->sink->merge(r->sink->arg, &m))
		r->stopped = true;
	return true;
}

static bool
read_end(struct frame_reader *r, const char *p, size_t n)
{
	const char *zh, *en;
	size_t zh_len, en_len;
	unsigned char code;

	if (n < 3 || p[n - 1] != '\0')
		return false;
	code = (unsigned char)p[0];
	zh = p + 1;
	zh_len = strlen(zh);
	if (zh_len + 3 > n)
		return false;
	en = zh + zh_len + 1;
	en_len = strlen(en);
	if (zh_len + en_len + 3 != n || code >= REFUSED__MAX ||
	    zh_len >= sizeof(r->why->zh) || en_len >= sizeof(r->why->en) ||
	    !utf8_ok(zh, zh_len) || !utf8_ok(en, en_len))
		return false;
	r->ended = true;
	r->why->code = (enum refusal)code;
	memcpy(r->why->zh, zh, zh_len + 1);
	memcpy(r->why->en, en, en_len + 1);
	return true;
}

long
frame_read(struct frame_reader *r, char *data, size_t len)
{
	size_t at, size, n;
	char *p;
	bool good;

	for (at = 0; !r->ended && !r->stopped; at += size) {
		size = frame_size(data + at, len - at);
		if (size == 0 || size > len - at)
			break;
		p = data + at + HEAD;
		n = size - HEAD;
		switch (data[at + 4]) {
		case FRAME_BOOK: good = read_book(r, p, n); break;
		case FRAME_SHEET: good = read_sheet(r, p, n); break;
		case FRAME_ROW: good = read_row(r, p, n); break;
		case FRAME_MERGE: good = read_merge(r, p, n); break;
		case FRAME_END: good = read_end(r, p, n); break;
		default: good = false; break;
		}
		if (!good)
			return -1;
	}
	return r->ended && at != len ? -1 : (long)at;
}

void
frame_reader_free(struct frame_reader *r)
{
	free(r->cell);
	r->cell = NULL;
}
