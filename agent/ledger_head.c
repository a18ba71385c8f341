/* The block above the headings: 单位：（盖章）, 填表人：, 填表时间：. */
#include "ledger.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"

static void header_find(struct arena *, const struct ledger *,
    const json_t *, int year, struct header_cell *);
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
		header_find(a, l, h, year, &l->header[l->nheader++]);
}

static void
header_find(struct arena *a, const struct ledger *l, const json_t *h,
    int year, struct header_cell *out)
{
	const json_t *aliases = json_object_get(h, "aliases");
	const char *kind = json_string_value(json_object_get(h, "kind"));
	bool known, good;
	*out = (struct header_cell){ .name = json_string_value(json_object_get(h, "name")),
		.label = json_string_value(json_object_get(h, "label")), .value = "", .raw = "" };
	out->kind = kind_find(kind ? kind : "", &known);
	if (!known)
		out->kind = K_TEXT;
	for (size_t i = 0; i < l->sheet->nrows && !out->found; i++) {
		const struct row *r = &l->sheet->row[i];
		if (r->row >= l->header_row)
			return;
		for (size_t c = 0; c < r->ncells && !out->found; c++) {
			const char *text = r->cell[c].text, *rest;
			if (r->cell[c].formula)
				continue;
			rest = label_skip(a, text, out->label);
			for (size_t k = 0; !rest &&
			    k < json_array_size(aliases); k++)
				rest = label_skip(a, text, json_string_value(
				    json_array_get(aliases, k)));
			if (!rest)
				continue;
			out->found = true;
			out->row = r->row;
			out->col = r->cell[c].col;
			out->label_shown = arena_strndup(a, text,
			    (size_t)(rest - text));
			out->raw = text_canon(a, rest);
			out->value = canon(a, out->kind, rest, year, &good);
		}
	}
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
