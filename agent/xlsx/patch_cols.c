/* Hides one column of a sheet that staff made: the one of the identities. */
#include <stdlib.h>
#include <string.h>

#include "patch.h"

#define KEY_WIDTH "34"

static void cut_col(struct facts *, struct cut *, const struct tag *,
    unsigned long min, unsigned long max, unsigned col);
static void emit_part(struct facts *, struct buf *, const struct tag *,
    unsigned long min, unsigned long max, bool hidden);
static void emit_new(struct buf *, const struct span *prefix, unsigned col);

void
cut_cols(struct facts *f, struct cut *cut, unsigned col)
{
	const char *p = f->root.end;
	bool inside = false;
	struct tag t;

	while (tag_next(&p, f->data.end, &t) && t.begin < f->data.begin) {
		struct span min, max;
		unsigned long from, to;

		if (tag_is(&t, &f->root, "cols") && !t.close && !t.empty)
			inside = true;
		if (!inside)
			continue;
		if (t.close) { /* behind all others */
			cut_copy(cut, t.begin);
			emit_new(&cut->out, &f->root.prefix, col);
			return;
		}
		if (!tag_is(&t, &f->root, "col") ||
		    !tag_attr(&t, "min", &min) || !tag_attr(&t, "max", &max))
			continue;
		from = strtoul(min.s, NULL, 10);
		to = strtoul(max.s, NULL, 10);
		if (from > col) {
			cut_copy(cut, t.begin);
			emit_new(&cut->out, &f->root.prefix, col);
			return;
		}
		if (to >= col) {
			cut_col(f, cut, &t, from, to, col);
			return;
		}
	}
	cut_copy(cut, f->data.begin);
	element_open(&cut->out, &f->root.prefix, "cols");
	buf_char(&cut->out, '>');
	emit_new(&cut->out, &f->root.prefix, col);
	element_close(&cut->out, &f->root.prefix, "cols");
}

/* One element may speak for many columns: it is taken apart. */
static void
cut_col(struct facts *f, struct cut *cut, const struct tag *t,
    unsigned long min, unsigned long max, unsigned col)
{
	const char *end = tag_skip(t, f->end);

	if (end == NULL)
		return;
	cut_copy(cut, t->begin);
	if (min < col)
		emit_part(f, &cut->out, t, min, col - 1, false);
	emit_part(f, &cut->out, t, col, col, true);
	if (max > col)
		emit_part(f, &cut->out, t, col + 1, max, false);
	cut_drop(cut, end);
}

static void
emit_part(struct facts *f, struct buf *b, const struct tag *t,
    unsigned long min, unsigned long max, bool hidden)
{
	const struct {
		const char *name, *value;
	} set[] = {
		{ "min", arena_printf(f->arena, "%lu", min) },
		{ "max", arena_printf(f->arena, "%lu", max) },
		{ "hidden", "1" },
	};
	char *text = arena_strndup(f->arena, t->begin,
	    (size_t)(t->end - t->begin));

	for (size_t i = 0; i < (hidden ? 3 : 2); i++) {
		const char *p = text;
		struct tag copy;
		struct cut c;

		cut_begin(&c, text, strlen(text));
		if (tag_next(&p, c.end, &copy))
			cut_attr(&c, &copy, set[i].name, set[i].value);
		cut_end(&c);
		text = arena_strndup(f->arena, c.out.data, c.out.len);
		buf_free(&c.out);
	}
	buf_str(b, text);
	if (!t->empty)
		element_close(b, &f->root.prefix, "col");
}

static void
emit_new(struct buf *b, const struct span *prefix, unsigned col)
{
	element_open(b, prefix, "col");
	buf_printf(b, " min=\"%u\" max=\"%u\" width=\"" KEY_WIDTH
	    "\" hidden=\"1\" customWidth=\"1\"/>", col, col);
}
