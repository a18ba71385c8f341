/* The block above the headings: 单位：（盖章）, 填表人：, 填表时间：. */
#include "ledger.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"

static void header_find(struct arena *, const struct ledger *,
    const json_t *block, const json_t *, int year, struct header_cell *);
static const struct cell *label_find(struct arena *, const struct ledger *,
    const json_t *, const struct row **, const char **rest);
static const char *label_of(struct arena *, const char *text, const json_t *);
static const struct cell *value_beside(struct arena *, const struct ledger *,
    const json_t *block, const struct row *, const struct cell *label);
static const char *label_skip(struct arena *, const char *text,
    const char *label);

void
ledger_header(struct arena *a, const struct template *t, int year,
    struct ledger *l)
{
	const json_t *block = json_object_get(t->json, "header_block"), *h;
	size_t i;
	l->header = arena_array(a, json_array_size(block) + 1,
	    sizeof *l->header);
	json_array_foreach(block, i, h)
		header_find(a, l, block, h, year,
		    &l->header[l->nheader++]);
}

static void
header_find(struct arena *a, const struct ledger *l, const json_t *block,
    const json_t *h, int year, struct header_cell *out)
{
	const char *kind = json_string_value(json_object_get(h, "kind"));
	const struct cell *at, *beside;
	const struct row *row;
	const char *rest;
	bool known, good;
	*out = (struct header_cell){ .name = json_string_value(json_object_get(h, "name")),
		.label = json_string_value(json_object_get(h, "label")), .value = "", .raw = "" };
	out->kind = kind_find(kind ? kind : "", &known);
	if (!known)
		out->kind = K_TEXT;
	at = label_find(a, l, h, &row, &rest);
	if (!at)
		return;
	out->found = true;
	out->row = row->row;
	out->col = at->col;
	out->label_shown = arena_strndup(a, at->text,
	    (size_t)(rest - at->text));
	beside = *text_canon(a, rest) ? NULL
	    : value_beside(a, l, block, row, at);
	if (beside) {
		out->col = beside->col;
		out->label_shown = "";
		rest = beside->text;
	}
	out->raw = text_canon(a, rest);
	out->value = canon(a, out->kind, rest, year, &good);
}

/* The cell above the headings that begins with the label, and what stands
 * behind it there. */
static const struct cell *
label_find(struct arena *a, const struct ledger *l, const json_t *h,
    const struct row **row, const char **rest)
{
	for (size_t i = 0; i < l->sheet->nrows; i++) {
		const struct row *r = &l->sheet->row[i];
		if (r->row >= l->header_row)
			break;
		for (size_t c = 0; c < r->ncells; c++) {
			*rest = r->cell[c].formula ? NULL
			    : label_of(a, r->cell[c].text, h);
			*row = r;
			if (*rest)
				return &r->cell[c];
		}
	}
	return NULL;
}

static const char *
label_of(struct arena *a, const char *text, const json_t *h)
{
	const json_t *aliases = json_object_get(h, "aliases");
	const char *rest = label_skip(a, text, json_string_value(
	    json_object_get(h, "label")));
	for (size_t k = 0; !rest && k < json_array_size(aliases); k++)
		rest = label_skip(a, text, json_string_value(
		    json_array_get(aliases, k)));
	return rest;
}

/* Label and value in two cells, as when the merged one was split: what is
 * typed next to a bare label is its value, unless it is a label itself. */
static const struct cell *
value_beside(struct arena *a, const struct ledger *l, const json_t *block,
    const struct row *row, const struct cell *label)
{
	const struct range *m = grid_merge(l->sheet, row->row, label->col);
	const struct cell *next = grid_cell(l->sheet, row->row,
	    (m ? m->col2 : label->col) + 1);
	const json_t *h;
	size_t i;
	if (!next || next->formula || next->type == CELL_ERROR ||
	    !*text_canon(a, next->text))
		return NULL;
	json_array_foreach(block, i, h)
		if (label_of(a, next->text, h))
			return NULL;
	return next;
}

/*
 * What stands behind the label, which staff may have retyped with other
 * brackets and colons; NULL if the text does not begin with it.
 */
static const char *
label_skip(struct arena *a, const char *text, const char *label)
{
	if (!label)
		return NULL;
	size_t n = strlen(label);
	if (strncmp(text, label, n) == 0)
		return text + n;
	const char *wanted = text_key(a, label);
	for (size_t i = 1; text[i - 1] && i <= 3 * n + 12; i++) {
		if (((unsigned char)text[i] & 0xc0) == 0x80)
			continue;
		const char *key = text_key(a, arena_strndup(a, text, i));
		if (strncmp(wanted, key, strlen(key)) != 0)
			return NULL;
		if (strcmp(wanted, key) != 0)
			continue;
		/* Only marks that close a label belong to it. */
		static const char *const marks[] = { "）", ")", "：", ":",
			" ", "　" };
		const char *rest = text + i;
		for (size_t k = 0; k < COUNT(marks); k++)
			if (strncmp(rest, marks[k], strlen(marks[k])) == 0) {
				rest += strlen(marks[k]);
				k = (size_t)-1;
			}
		return rest;
	}
	return NULL;
}
