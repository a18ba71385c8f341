/* The value of one cell from type, style and text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cell.h"
#include "value.h"

enum source
source_of(const char *t, size_t len)
{
	if (len == 1) {
		switch (*t) {
		case 's': return SOURCE_SHARED;
		case 'n': return SOURCE_NUMBER;
		case 'b': return SOURCE_BOOL;
		case 'e': return SOURCE_ERROR;
		case 'd': return SOURCE_DATE;
		default: return SOURCE_UNKNOWN;
		}
	}
	if (strcmp(t, "str") == 0)
		return SOURCE_TEXT;
	return strcmp(t, "inlineStr") == 0 ? SOURCE_INLINE : SOURCE_UNKNOWN;
}

static bool
white(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* White space around numbers and keywords means nothing. */
static void
trim(char **v, size_t *len)
{
	while (*len > 0 && white((*v)[*len - 1]))
		(*len)--;
	(*v)[*len] = '\0';
	while (*len > 0 && white(**v)) {
		(*v)++;
		(*len)--;
	}
}

static const char *
shared(const struct sst *sst, const char *v, size_t len, struct cell *cell,
    struct cell_text *text)
{
	size_t i, n;

	for (i = n = 0; i < len; i++) {
		if (v[i] < '0' || v[i] > '9' || n >= sst->n)
			return "a shared string that does not exist";
		n = n * 10 + (size_t)(v[i] - '0');
	}
	if (n >= sst->n)
		return "a shared string that does not exist";
	cell->type = CELL_TEXT;
	text->s = sst->text + sst->at[n];
	text->len = sst->at[n + 1] - sst->at[n] - 1;
	return NULL;
}

static const char *
number(const struct reader *r, unsigned style, const char *v, size_t len,
    struct cell *cell, struct cell_text *text)
{
	enum format format;

	if (!number_parse(v, len, &cell->number)) {
		/* what some writers make of not-a-number and infinity */
		if (strcasestr(v, "nan") == NULL &&
		    strcasestr(v, "inf") == NULL &&
		    strcmp(v, "#NUM!") != 0)
			return "a number that is none";
		cell->number = HUGE_VAL;
	}
	if (!isfinite(cell->number)) {
		cell->number = 0;
		cell->type = CELL_ERROR;
		text->s = "#NUM!";
		text->len = 5;
		return NULL;
	}
	format = style < r->styles.n ?
	    (enum format)r->styles.format[style] : FORMAT_NUMBER;
	text->s = text->made;
	if (format == FORMAT_PERCENT) {
		cell->type = CELL_NUMBER;
		text->len = number_text(cell->number * 100, text->made);
		text->made[text->len++] = '%';
		text->made[text->len] = '\0';
	} else if (format != FORMAT_NUMBER) {
		cell->type = date_text(cell->number, format,
		    r->book.date1904, text->made);
		text->len = strlen(text->made);
	} else {
		cell->type = CELL_NUMBER;
		text->len = number_text_of(cell->number, v, len, text->made);
	}
	cell->inexact = cell->type == CELL_NUMBER &&
	    fabs(cell->number) >= 1e15;
	return NULL;
}

static const char *
boolean(const char *v, struct cell *cell, struct cell_text *text)
{
	bool yes;

	yes = strcmp(v, "1") == 0 || strcasecmp(v, "true") == 0;
	if (!yes && strcmp(v, "0") != 0 && strcasecmp(v, "false") != 0)
		return "a logical value that is none";
	cell->type = CELL_BOOL;
	cell->number = yes;
	text->s = yes ? "TRUE" : "FALSE";
	text->len = strlen(text->s);
	return NULL;
}

static const char *
iso_date(const struct reader *r, char *v, size_t len, struct cell *cell,
    struct cell_text *text)
{
	enum format format;

	if (!date_parse(v, r->book.date1904, &cell->number, &format)) {
		cell->type = CELL_TEXT;
		text->s = v;
		text->len = len;
		return NULL;
	}
	cell->type = date_text(cell->number, format, r->book.date1904,
	    text->made);
	text->s = text->made;
	text->len = strlen(text->made);
	return NULL;
}

const char *
cell_value(const struct reader *r, enum source source, unsigned style,
    char *v, size_t len, struct cell *cell, struct cell_text *text)
{
	if (source == SOURCE_TEXT || source == SOURCE_INLINE) {
		text->len = unescape(v, len);
		v[text->len] = '\0';
		text->s = v;
		cell->type = CELL_TEXT;
		return NULL;
	}
	trim(&v, &len);
	text->s = "";
	text->len = 0;
	cell->type = CELL_BLANK;
	if (len == 0)
		return NULL;
	switch (source) {
	case SOURCE_SHARED:
		return shared(&r->sst, v, len, cell, text);
	case SOURCE_NUMBER:
		return number(r, style, v, len, cell, text);
	case SOURCE_BOOL:
		return boolean(v, cell, text);
	case SOURCE_DATE:
		return iso_date(r, v, len, cell, text);
	case SOURCE_ERROR:
		cell->type = CELL_ERROR;
		text->s = v;
		text->len = len;
		return NULL;
	default:
		return "a cell type that does not exist";
	}
}

struct place {
	unsigned col;
	size_t index;
};

static int
by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->col != y->col)
		return x->col < y->col ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

size_t
cells_sort(struct cell *cell, size_t n)
{
	struct place *place;
	struct cell *old;
	size_t i, kept;

	place = calloc(n, sizeof(*place));
	old = calloc(n, sizeof(*old));
	REQUIRE(place != NULL && old != NULL);
	memcpy(old, cell, n * sizeof(*old));
	for (i = 0; i < n; i++) {
		place[i].col = cell[i].col;
		place[i].index = i;
	}
	qsort(place, n, sizeof(*place), by_place);
	for (i = kept = 0; i < n; i++)
		if (i + 1 == n || place[i + 1].col != place[i].col)
			cell[kept++] = old[place[i].index];
	free(place);
	free(old);
	return kept;
}
