/* The people of the model: who edits a workbook, and who edits by the API. */
#ifndef MODEL_STAFF_H
#define MODEL_STAFF_H

#include "model_server.h"

static inline struct line *
some_line(struct world *w, struct book *b, bool filled)
{
	int n = 0, at;

	for (int i = 0; i < b->n; i++)
		n += (b->line[i].cell.v[N][0] != '\0') == filled &&
		    (filled || b->line[i].token[0] != '\0');
	if (n == 0)
		return NULL;
	at = filled ? (int)roll(w, (uint32_t)n) : 0;
	for (int i = 0; i < b->n; i++)
		if ((b->line[i].cell.v[N][0] != '\0') == filled &&
		    (filled || b->line[i].token[0] != '\0') && at-- == 0)
			return &b->line[i];
	return NULL;
}

static inline void
fill_line(struct world *w, struct book *b, struct line *l)
{
	l->logical = new_logical(w);
	book_had(b, l->logical);
	for (int c = 0; c < NF; c++)
		if (c == N || c == A || chance(w, 80))
			l->cell.v[c] = type(w, l->logical, c);
}

static inline void
edit_cell(struct world *w, struct book *b)
{
	struct line *l = some_line(w, b, true);
	uint32_t c = roll(w, NF);

	if (l == NULL)
		return;
	if (l->logical == 0) { /* filled by another after the export */
		l->logical = new_logical(w);
		book_had(b, l->logical);
	}
	/* Clearing one cell is unlike an old value only if copies are known
	 * to be current. */
	if (c != N && !w->lockless && !w->copies && chance(w, 8))
		l->cell.v[c] = "";
	else
		l->cell.v[c] = type(w, l->logical, (int)c);
	if (c == M && chance(w, 50))
		l->cell.v[U] = type(w, l->logical, U);
}

static inline void
copy_line(struct world *w, struct book *b)
{
	struct line *l = some_line(w, b, true), was;

	if (l == NULL)
		return;
	was = *l;
	l = line_add(w, b, (int)roll(w, (uint32_t)b->n + 1));
	*l = was;
	l->logical = new_logical(w);
	w->copied[was.logical] = w->copied[l->logical] = true;
	book_had(b, l->logical);
	if (chance(w, 85)) {
		l->cell.v[N] = type(w, l->logical, N);
	} else { /* the name stays; at first nothing differs */
		w->copied_name[serial_of(was.cell.v[N])] = true;
		if (chance(w, 70))
			l->cell.v[A] = type(w, l->logical, A);
	}
}

/* Sorts; or sorts all columns but the hidden one. */
static inline void
shuffle_lines(struct world *w, struct book *b, bool tokens_only)
{
	for (int i = b->n - 1; i > 0; i--) {
		int j = (int)roll(w, (uint32_t)i + 1);
		struct line *x = &b->line[i], *y = &b->line[j], l = *x;

		if (!tokens_only) {
			*x = *y;
			*y = l;
		} else if (x->cell.v[N][0] != '\0' &&
		    y->cell.v[N][0] != '\0') {
			x->token = y->token;
			y->token = l.token;
		}
	}
}

static inline void
remove_line(struct world *w, struct book *b)
{
	struct line *l = some_line(w, b, true);

	if (l == NULL)
		return;
	if (chance(w, 25)) { /* the hidden cell survives the Delete key */
		for (int c = 0; c < NF; c++)
			l->cell.v[c] = "";
		return;
	}
	if (chance(w, 20)) {
		l->mark = true;
		return;
	}
	memmove(l, l + 1, (size_t)(&b->line[b->n] - (l + 1)) * sizeof(*l));
	b->n--;
}

static inline void
staff_edit(struct world *w, struct book *b)
{
	uint32_t what = roll(w, 100);
	struct line *l;

	if (what < 52) {
		edit_cell(w, b);
	} else if (what < 68) {
		l = some_line(w, b, false);
		fill_line(w, b, l != NULL ? l : line_add(w, b, b->n));
	} else if (what < 78) {
		fill_line(w, b,
		    line_add(w, b, (int)roll(w, (uint32_t)b->n + 1)));
	} else if (what < 85) {
		remove_line(w, b);
	} else if (what < 91) {
		copy_line(w, b);
	} else if (what < 95) {
		shuffle_lines(w, b, false);
	} else if (what < 97) {
		shuffle_lines(w, b, true);
	} else {
		l = some_line(w, b, true);
		if (l == NULL)
			return;
		l->token = chance(w, 70) ? "" : "r0.forged";
		w->unknowable[l->logical] = w->lockless;
	}
}

static inline void
staff_save(struct world *w, struct desk *d)
{
	struct book *f = &w->file[d->file];

	d->book.save = ++w->saves;
	d->book.pristine = d->book.untouched;
	d->book.untouched = false;
	*f = book_copy(w, &d->book);
	if (chance(w, 50))
		d->open = false;
}

static inline void
staff_open(struct world *w, int who)
{
	struct desk *d = &w->desk[who], *other = &w->desk[1 - who];
	int f = w->exists[1] && chance(w, 40) ? 1 : 0;

	if (d->open || (other->open && other->file == f && !w->lockless))
		return;
	*d = (struct desk){ .open = true, .file = f,
		.book = book_copy(w, &w->file[f]) };
}

/* Somebody works on in a copy; of an earlier copy there is no more. */
static inline void
staff_copy_file(struct world *w)
{
	if (w->exists[1] || w->file[0].export == 0)
		return;
	w->file[1] = book_copy(w, &w->file[0]);
	w->file[1].save = ++w->saves;
	w->exists[1] = true;
}

/* The same old bytes come back, perhaps over a newer export. */
static inline void
staff_put_back(struct world *w)
{
	if (w->stick.line == NULL || chance(w, 30)) {
		w->stick = book_copy(w, &w->file[0]);
		w->stick.pristine = w->stick.untouched = false;
	} else {
		w->file[0] = book_copy(w, &w->stick);
	}
}

static inline void
api_edit(struct world *w)
{
	int rows[MAX_ROWS], n = 0, r;
	struct vals v;
	uint32_t c = roll(w, NF - 1) + 1, what = roll(w, 100);

	for (int i = 0; i < w->nrows; i++)
		if (live(w, i))
			rows[n++] = i;
	if (n == 0 || what < 12) {
		int l = new_logical(w);

		for (int i = 0; i < NF; i++)
			v.v[i] = type(w, l, i);
		r = mint(w);
		w->row[r].logical = l;
		commit(w, r, v, false);
		return;
	}
	r = rows[roll(w, (uint32_t)n)];
	v = *current(w, r);
	if (what < 90) {
		v.v[c] = type(w, w->row[r].logical, (int)c);
		commit(w, r, v, false);
	} else {
		commit(w, r, v, true);
	}
}

#endif
