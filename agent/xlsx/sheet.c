/* One worksheet part as rows, in the order in which they are written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cell.h"
#include "utf8.h"
#include "value.h"
#include "xml.h"

#define CELL_BYTES_MAX (3 * (size_t)CELL_CHARS)
#define ARRAYS_MAX 64
#define MERGES_MAX 500000u
#define SHARED SIZE_MAX

enum section { SECTION_OTHER, SECTION_DATA, SECTION_MERGES };
enum piece { PIECE_NONE, PIECE_VALUE, PIECE_FORMULA };

struct sheet_run {
	struct reader *reader;
	const struct book_sheet *sheet;
	unsigned depth;
	unsigned skip;		/* depth inside what is not read */
	enum section section;
	bool seen_data;

	struct row row;
	bool row_given;		/* has an r attribute, or a cell gave it */
	unsigned last_row, last_col;
	bool unsorted;
	struct cell *cell;	/* of the row */
	size_t *text_at;	/* offset in text; SHARED: cell.text is set */
	size_t cell_cap;
	char *text;
	size_t text_len, text_cap;

	struct cell now;	/* the open cell */
	enum source source;
	unsigned style;
	bool has_value;
	enum piece piece;	/* what text belongs to */
	char *v;
	size_t v_len, v_cap;
	char *f;
	size_t f_len, f_cap;

	unsigned merges;
	size_t narrays;		/* array formulas over several cells */
	bool arrays_lost;
	struct range array[ARRAYS_MAX];
};

static bool on_start(void *, enum xml_ns, const char *, size_t,
    const struct xml_attr *, size_t);
static bool on_end(void *, enum xml_ns, const char *, size_t);
static bool on_text(void *, const char *, size_t);
static bool begin_row(struct sheet_run *, const struct xml_attr *, size_t);
static bool end_row(struct sheet_run *);
static bool begin_cell(struct sheet_run *, const struct xml_attr *, size_t);
static bool begin_piece(struct sheet_run *, const char *, size_t,
    const struct xml_attr *, size_t);
static bool begin_formula(struct sheet_run *, const struct xml_attr *,
    size_t);
static bool end_cell(struct sheet_run *);
static bool keep_cell(struct sheet_run *, const struct cell_text *);
static bool in_array(const struct sheet_run *);
static bool merge(struct sheet_run *, const struct xml_attr *, size_t);
static bool say(struct sheet_run *, enum refusal, const char *, const char *);
static bool damaged(struct sheet_run *, const char *);
static bool over(struct sheet_run *, const char *, const char *);

enum refusal
sheet_read(struct reader *reader, const struct book_sheet *sheet)
{
	struct sheet_run *run;
	struct xml_handler handler = { .start = on_start, .end = on_end,
		.text = on_text };
	enum refusal code;

	run = calloc(1, sizeof(*run));
	REQUIRE(run != NULL);
	run->reader = reader;
	run->sheet = sheet;
	handler.arg = run;
	code = xml_read(&reader->zip, sheet->entry, &handler);
	free(run->cell);
	free(run->text_at);
	free(run->text);
	free(run->v);
	free(run->f);
	free(run);
	return code;
}

static bool
is(const char *name, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(name, want, len) == 0;
}

/* worksheet / sheetData / row / c / {v, f, is / {t, r / t}} */
static bool
on_start(void *arg, enum xml_ns ns, const char *name, size_t len,
    const struct xml_attr *attr, size_t n)
{
	struct sheet_run *run = arg;

	run->depth++;
	if (run->skip > 0) {
		run->skip++;
		return true;
	}
	if (ns == XML_MAIN) {
		switch (run->depth) {
		case 1:
			if (is(name, len, "worksheet"))
				return true;
			return damaged(run, "the part is not a worksheet");
		case 2:
			run->section = is(name, len, "sheetData") ?
			    SECTION_DATA : is(name, len, "mergeCells") ?
			    SECTION_MERGES : SECTION_OTHER;
			if (run->section == SECTION_OTHER)
				break;
			if (run->section == SECTION_DATA && run->seen_data)
				return damaged(run, "sheetData twice");
			run->seen_data |= run->section == SECTION_DATA;
			return true;
		case 3:
			if (run->section == SECTION_DATA &&
			    is(name, len, "row"))
				return begin_row(run, attr, n);
			if (run->section == SECTION_MERGES &&
			    is(name, len, "mergeCell"))
				return merge(run, attr, n);
			break;
		case 4:
			if (len == 1 && name[0] == 'c')
				return begin_cell(run, attr, n);
			break;
		default:
			return begin_piece(run, name, len, attr, n);
		}
	} else if (run->depth == 1) {
		return damaged(run, "the part is not a worksheet");
	}
	run->skip = 1;
	return true;
}

static bool
on_end(void *arg, enum xml_ns ns, const char *name, size_t len)
{
	struct sheet_run *run = arg;

	(void)ns;
	(void)name;
	(void)len;
	run->depth--;
	if (run->skip > 0) {
		run->skip--;
		return true;
	}
	switch (run->depth) {
	case 1:
		run->section = SECTION_OTHER;
		return true;
	case 2:
		return run->section != SECTION_DATA || end_row(run);
	case 3:
		return end_cell(run);
	default:
		run->piece = PIECE_NONE;
		return true;
	}
}

/* Room for n more bytes and a NUL; the caller has bounded the sum. */
static void
room(char **s, size_t len, size_t n, size_t *cap)
{
	if (len + n + 1 <= *cap)
		return;
	if (*cap == 0)
		*cap = 1024;
	while (*cap < len + n + 1)
		*cap *= 2;
	*s = realloc(*s, *cap);
	REQUIRE(*s != NULL);
}

static bool
on_text(void *arg, const char *s, size_t n)
{
	struct sheet_run *run = arg;

	if (run->piece == PIECE_NONE || run->skip > 0)
		return true;
	if (run->piece == PIECE_FORMULA) {
		if (run->f_len + n > CELL_BYTES_MAX)
			return over(run, "公式过长。", "the formula is too long");
		room(&run->f, run->f_len, n, &run->f_cap);
		memcpy(run->f + run->f_len, s, n);
		run->f_len += n;
		return true;
	}
	if (run->v_len + n > CELL_BYTES_MAX)
		return over(run, "文字超过 32767 字。",
		    "the text is over 32,767 characters");
	room(&run->v, run->v_len, n, &run->v_cap);
	memcpy(run->v + run->v_len, s, n);
	run->v_len += n;
	return true;
}

/* A plain positive number; 0 if it is none or beyond max. */
static unsigned
plain(const char *s, unsigned max)
{
	unsigned v;

	for (v = 0; *s >= '0' && *s <= '9' && v <= max; s++)
		v = v * 10 + (unsigned)(*s - '0');
	return *s == '\0' && v <= max ? v : 0;
}

static bool
begin_row(struct sheet_run *run, const struct xml_attr *attr, size_t n)
{
	const char *v;

	memset(&run->row, 0, sizeof(run->row));
	memset(&run->now, 0, sizeof(run->now));
	run->row.row = run->last_row + 1;
	v = xml_attr(attr, n, "r");
	run->row_given = v != NULL;
	if (v != NULL)
		run->row.row = plain(v, ROW_MAX);
	if (run->row.row == 0 || run->row.row > ROW_MAX)
		return damaged(run, "a row number that does not exist");
	v = xml_attr(attr, n, "hidden");
	run->row.hidden = v != NULL && (v[0] == '1' || v[0] == 't');
	run->last_col = 0;
	run->unsorted = false;
	run->text_len = 0;
	return true;
}

static bool
end_row(struct sheet_run *run)
{
	size_t i;

	run->last_row = run->row.row;
	if (run->row.ncells == 0)
		return true;
	/* the text buffer has found its place */
	for (i = 0; i < run->row.ncells; i++)
		if (run->text_at[i] != SHARED)
			run->cell[i].text = run->text + run->text_at[i];
	if (run->unsorted)
		run->row.ncells = cells_sort(run->cell, run->row.ncells);
	run->row.cell = run->cell;
	if (!run->reader->sink->row(run->reader->sink->arg, &run->row)) {
		run->reader->stopped = true;
		return false;
	}
	return true;
}

static bool
begin_cell(struct sheet_run *run, const struct xml_attr *attr, size_t n)
{
	unsigned row, col;
	size_t i;

	memset(&run->now, 0, sizeof(run->now));
	run->source = SOURCE_NUMBER;
	run->style = 0;
	run->has_value = false;
	run->v_len = 0;
	row = run->row.row;
	col = run->last_col + 1;
	for (i = 0; i < n; i++) {
		if (attr[i].name_len != 1 || attr[i].ns != XML_NONE)
			continue;
		if (attr[i].name[0] == 'r' &&
		    !ref_parse(attr[i].value, attr[i].value_len, &row, &col))
			return damaged(run, "a cell that does not exist");
		if (attr[i].name[0] == 's')
			run->style = plain(attr[i].value, 1u << 20);
		if (attr[i].name[0] == 't')
			run->source = source_of(attr[i].value,
			    attr[i].value_len);
	}
	if (col > COLUMN_MAX)
		return damaged(run, "a cell that does not exist");
	run->now.col = col;
	if (row != run->row.row) {
		if (run->row_given)
			return damaged(run, "a cell in the wrong row");
		run->row.row = row;
	}
	run->row_given = true;
	if (col <= run->last_col)
		run->unsorted = true;
	run->last_col = col;
	if (run->source == SOURCE_UNKNOWN)
		return damaged(run, "a cell type that does not exist");
	return true;
}

static bool
begin_piece(struct sheet_run *run, const char *name, size_t len,
    const struct xml_attr *attr, size_t n)
{
	char c;

	c = len == 1 ? name[0] : '\0';
	if (run->depth == 5 && c == 'f')
		return begin_formula(run, attr, n);
	if (run->depth == 5 && (c == 'v' || is(name, len, "is"))) {
		if (run->has_value && run->v_len > 0)
			return damaged(run, "a cell with two values");
		run->piece = c == 'v' ? PIECE_VALUE : PIECE_NONE;
		run->has_value = true;
		return true;
	}
	if ((run->depth == 6 || run->depth == 7) && c == 't') {
		run->piece = PIECE_VALUE;
		return true;
	}
	if (run->depth == 6 && c == 'r')
		return true;
	run->skip = 1;
	return true;
}

static bool
begin_formula(struct sheet_run *run, const struct xml_attr *attr, size_t n)
{
	const char *type, *ref;
	struct range range;

	run->now.formula = true;
	run->piece = PIECE_FORMULA;
	run->f_len = 0;
	type = xml_attr(attr, n, "t");
	ref = xml_attr(attr, n, "ref");
	if (type == NULL || ref == NULL || (strcmp(type, "array") != 0 &&
	    strcmp(type, "dataTable") != 0) || !range_parse(ref, &range))
		return true;
	if (range.row1 == range.row2 && range.col1 == range.col2)
		return true;
	run->arrays_lost |= run->narrays == ARRAYS_MAX;
	if (run->narrays < ARRAYS_MAX)
		run->array[run->narrays++] = range;
	return true;
}

/* The other cells of an array formula carry no formula of their own. */
static bool
in_array(const struct sheet_run *run)
{
	const struct range *r;
	size_t i;

	if (run->arrays_lost)
		return true;	/* rather too often than not at all */
	for (i = 0; i < run->narrays; i++) {
		r = &run->array[i];
		if (run->row.row >= r->row1 && run->row.row <= r->row2 &&
		    run->now.col >= r->col1 && run->now.col <= r->col2)
			return true;
	}
	return false;
}

static bool
end_cell(struct sheet_run *run)
{
	struct cell_text text;
	const char *wrong;

	if (run->f_len > 0)
		run->f[run->f_len] = '\0';
	if (run->f_len > 0 && formula_active(run->f, run->f_len))
		return say(run, REFUSED_MACROS, "有会联网或调用程序的公式。",
		    "a formula that reaches out");
	run->f_len = 0;
	if (!run->has_value && !run->now.formula)
		return true;
	room(&run->v, run->v_len, 0, &run->v_cap);
	run->v[run->v_len] = '\0';
	/* a formula without value: unknown, not empty */
	if (!run->has_value)
		run->source = SOURCE_NUMBER;
	wrong = cell_value(run->reader, run->source, run->style, run->v,
	    run->v_len, &run->now, &text);
	if (wrong != NULL)
		return damaged(run, wrong);
	if (text.len > CELL_CHARS &&
	    utf8_units(text.s, text.len) > CELL_CHARS)
		return over(run, "文字超过 32767 字。",
		    "the text is over 32,767 characters");
	if (run->narrays > 0 && !run->now.formula)
		run->now.formula = in_array(run);
	if (text.len == 0 && !run->now.formula)
		return true;
	return keep_cell(run, &text);
}

static bool
keep_cell(struct sheet_run *run, const struct cell_text *text)
{
	struct reader *r = run->reader;
	struct cell *cell;

	r->text += text->len;
	r->cells++;
	if (r->text > r->zip.budget->text || r->cells > r->zip.budget->cells)
		return over(run, "数据过多。", "too much data");
	if (run->row.ncells == run->cell_cap) {
		run->cell_cap = run->cell_cap == 0 ? 64 : 2 * run->cell_cap;
		run->cell = reallocarray(run->cell, run->cell_cap,
		    sizeof(*run->cell));
		run->text_at = reallocarray(run->text_at, run->cell_cap,
		    sizeof(*run->text_at));
		REQUIRE(run->cell != NULL && run->text_at != NULL);
	}
	cell = &run->cell[run->row.ncells];
	*cell = run->now;
	if (run->source == SOURCE_SHARED && cell->type == CELL_TEXT) {
		cell->text = text->s;
		run->text_at[run->row.ncells++] = SHARED;
		return true;
	}
	room(&run->text, run->text_len, text->len, &run->text_cap);
	memcpy(run->text + run->text_len, text->s, text->len);
	run->text[run->text_len + text->len] = '\0';
	run->text_at[run->row.ncells++] = run->text_len;
	run->text_len += text->len + 1;
	return true;
}

static bool
merge(struct sheet_run *run, const struct xml_attr *attr, size_t n)
{
	const struct row_sink *sink = run->reader->sink;
	struct range range;
	const char *ref;

	ref = xml_attr(attr, n, "ref");
	if (ref == NULL || !range_parse(ref, &range))
		return damaged(run, "a merged range that does not exist");
	if (++run->merges > MERGES_MAX)
		return over(run, "合并单元格过多。", "too many merged cells");
	if (sink->merge != NULL && !sink->merge(sink->arg, &range)) {
		run->reader->stopped = true;
		return false;
	}
	return true;
}

/* Names sheet and cell ("B7", or "7:7" for all of row 7). */
static bool
say(struct sheet_run *run, enum refusal code, const char *zh, const char *en)
{
	char at[24], zh_detail[256], en_detail[256];
	unsigned row;

	row = run->row.row == 0 ? run->last_row + 1 : run->row.row;
	column_name(run->now.col, at);
	if (run->now.col > 0)
		snprintf(at + strlen(at), 16, "%u", row);
	else
		snprintf(at, sizeof(at), "%u:%u", row, row);
	snprintf(zh_detail, sizeof(zh_detail), "工作表“%.100s”%s：%s",
	    run->sheet->name, at, zh);
	snprintf(en_detail, sizeof(en_detail), "Sheet \"%.100s\" %s: %s. ",
	    run->sheet->name, at, en);
	refuse(run->reader->why, code, zh_detail, en_detail);
	return false;
}

static bool
damaged(struct sheet_run *run, const char *en)
{
	return say(run, REFUSED_DAMAGED, "这里的数据有错。", en);
}

static bool
over(struct sheet_run *run, const char *zh, const char *en)
{
	return say(run, REFUSED_BOMB, zh, en);
}
