/* The server of the model: exports, and the one write path. */
#ifndef MODEL_SERVER_H
#define MODEL_SERVER_H

#include "model_world.h"

/* An operation as the agent pushes it, and what the oracle knows of it. */
struct push {
	enum op_kind kind;
	int row;
	char op_id[65];
	bool gone;
	struct vals base, value;
	int logical;	     /* of the file row, inserts and updates */
	bool noticed[NF];    /* a 回退提示 names the cell */
	bool row_noticed;
	const struct book *from;
};

static inline const struct vals *
current(const struct world *w, int row)
{
	return &w->row[row].hist[w->row[row].nhist - 1];
}

static inline bool
live(const struct world *w, int row)
{
	return !w->row[row].deleted && !blank(current(w, row));
}

static inline void
commit(struct world *w, int row, struct vals v, bool deleted)
{
	struct server_row *r = &w->row[row];

	if (r->nhist == r->cap) {
		struct vals *old = r->hist;

		r->cap = r->cap == 0 ? 4 : r->cap * 2;
		r->hist = arena_array(&w->arena, (size_t)r->cap, sizeof(*old));
		if (r->nhist > 0)
			memcpy(r->hist, old, (size_t)r->nhist * sizeof(*old));
	}
	r->hist[r->nhist++] = v;
	r->deleted = deleted;
	for (int c = 0; c < NF; c++)
		keep(w, v.v[c]);
	w->seq++;
	w->commits++;
}

static inline int
mint(struct world *w)
{
	struct vals v;

	REQUIRE(w->nrows < MAX_ROWS);
	for (int c = 0; c < NF; c++)
		v.v[c] = "";
	commit(w, w->nrows, v, false);
	w->seq--;
	return w->nrows++;
}

static inline struct export *
export_new(struct world *w)
{
	if (w->nexports + 1 >= w->exports_cap) {
		struct export *old = w->exports;

		w->exports_cap = w->exports_cap == 0 ? 16 : w->exports_cap * 2;
		w->exports = arena_array(&w->arena, (size_t)w->exports_cap,
		    sizeof(*old));
		if (old != NULL)
			memcpy(w->exports, old,
			    ((size_t)w->nexports + 1) * sizeof(*old));
	}
	w->exports[++w->nexports] = (struct export){ .deletions = true };
	return &w->exports[w->nexports];
}

static inline struct export_row *
export_add(struct world *w, struct export *e, int row)
{
	struct export_row *k;

	if (e->n == e->cap) {
		struct export_row *old = e->row;

		e->cap = e->cap == 0 ? 16 : e->cap * 2;
		e->row = arena_array(&w->arena, (size_t)e->cap, sizeof(*old));
		if (e->n > 0)
			memcpy(e->row, old, (size_t)e->n * sizeof(*old));
	}
	k = &e->row[e->n++];
	*k = (struct export_row){ .row = row,
		.rev = w->row[row].nhist - 1 };
	for (int c = 0; c < NF; c++) {
		k->base.v[c] = w->row[row].hist[k->rev].v[c];
		k->shown.v[c] = shown(w, c, k->base.v[c]);
	}
	return k;
}

/* The index of a new export, its manifest and spares. */
static inline int
export_make(struct world *w)
{
	struct export *e = export_new(w);

	for (int r = 0; r < w->nrows; r++)
		if (live(w, r))
			export_add(w, e, r);
	for (int i = 0; i < 2; i++)
		export_add(w, e, mint(w))->spare = true;
	return w->nexports;
}

/* A copy of a file is a lineage of its own, from what is known now. */
static inline int
export_clone(struct world *w, int of)
{
	struct export *e;

	for (int i = 1; i <= w->nexports; i++)
		if (w->exports[i].clone_of == of)
			return i;
	e = export_new(w);
	e->deletions = false;
	e->clone_of = of;
	for (int i = 0; i < w->exports[of].n; i++) {
		struct export_row k = w->exports[of].row[i];

		k.inherited = true;
		*export_add(w, e, k.row) = k;
	}
	return w->nexports;
}

/* For a file of staff's own making: nothing claimed, only names known. */
static inline int
export_adopt(struct world *w)
{
	struct export *e = export_new(w);

	e->deletions = false;
	e->adopted = true;
	for (int r = 0; r < w->nrows; r++) {
		struct export_row *k;

		if (!live(w, r))
			continue;
		k = export_add(w, e, r);
		for (int c = 0; c < NF; c++)
			k->base.v[c] = k->shown.v[c] = "";
	}
	return w->nexports;
}

static inline struct export_row *
export_find(struct world *w, int export, int row)
{
	struct export *e = &w->exports[export];

	for (int i = 0; i < e->n; i++)
		if (e->row[i].row == row)
			return &e->row[i];
	return NULL;
}

static inline const char *
token_of(struct world *w, const struct export_row *k)
{
	return arena_printf(&w->arena, "r%d.%d", k->row, k->rev);
}

static inline struct book
book_of_export(struct world *w, int export)
{
	struct export *e = &w->exports[export];
	struct book b = { .export = export, .save = ++w->saves,
		.untouched = true };

	for (int i = 0; i < e->n; i++) {
		struct line *l = line_add(w, &b, b.n);

		l->token = token_of(w, &e->row[i]);
		l->cell = e->row[i].shown;
		l->logical = w->row[e->row[i].row].logical;
		book_had(&b, l->logical);
	}
	return b;
}

static inline void
conflict(struct world *w, const struct push *op)
{
	w->conflicts++;
	for (int c = 0; c < NF; c++)
		if (op->value.v[c] != NULL)
			keep(w, op->value.v[c]);
}

static inline const char *
base_shown(const struct export_row *k, int c)
{
	return k->shadow.v[c] != NULL ? k->shadow.v[c] : k->shown.v[c];
}

static inline const char *
base_meant(const struct export_row *k, int c)
{
	return k->shadow.v[c] != NULL ? k->meant.v[c] : k->base.v[c];
}

/* What the file means by the text of a cell: the mask of a value is it. A
 * mask of no known value is held, not stored: nothing was meant. */
static inline const char *
meant(struct world *w, const struct export_row *k, int c, const char *text)
{
	const char *s = current(w, k->row)->v[c];
	const struct masked mask[] = {
		{ base_shown(k, c), base_meant(k, c) },
		{ k->shown.v[c], k->base.v[c] },
		{ shown(w, c, s), s },
	};

	if (c == P)
		text = merge_unmask(mask, COUNT(mask), text);
	return text[0] == '*' ? base_meant(k, c) : text;
}

static inline void
deliver(struct world *w, struct export_row *k, int c, const char *text)
{
	const char *real = meant(w, k, c, text), *old = k->shadow.v[c];
	size_t n = 0;

	if (old != NULL && !same(old, text)) {
		const char **was = k->earlier[c];

		while (was != NULL && was[n] != NULL)
			n++;
		k->earlier[c] = arena_array(&w->arena, n + 2, sizeof(was[0]));
		for (size_t i = 0; i < n; i++)
			k->earlier[c][i] = was[i];
		k->earlier[c][n] = old;
	}
	k->inherited = false;
	k->meant.v[c] = real;
	k->shadow.v[c] = text;
}

/* Where locking works nothing returns, noticed or not; but of copies of a row,
 * and of rows of one name, nobody can tell which is which. */
static inline bool
may_return(const struct world *w, const struct push *op,
    const struct merge_row *m, int c)
{
	if (w->copied_name[serial_of(m->next[N])] ||
	    w->copied_name[serial_of(m->base[N])] ||
	    w->unknowable[op->logical])
		return true;
	if (w->copied[op->logical])
		return w->lockless || op->noticed[c];
	return w->lockless && op->noticed[c];
}

/* The oracle's look at what a merge did. */
static inline void
judge_merge(struct world *w, const struct export_row *k,
    const struct push *op, const struct merge_row *m)
{
	const struct server_row *r = &w->row[op->row];
	bool ours = true, theirs = true, left = false;

	for (int c = 0; c < NF; c++) {
		const char *f = m->file[c] != NULL ? m->file[c] : m->base[c];

		if (c == M || c == U) {
			ours &= same(m->next[c], f);
			theirs &= same(m->next[c], m->server[c]);
		}
		if (m->cell[c] != CELL_APPLY || m->file[c][0] == '\0')
			continue;
		for (int v = 0; v < r->nhist - 1; v++)
			if (same(r->hist[v].v[c], m->file[c]) &&
			    !may_return(w, op, m, c))
				fault(w, I6_REVERT);
	}
	if (!ours && !theirs)
		fault(w, GROUP_TORN);
	for (int c = 0; c < NF; c++)
		left |= m->base[c][0] != '\0' && op->value.v[c] == NULL;
	if (k->spare && !left && m->cell[N] == CELL_APPLY && m->base[N][0] != '\0' &&
	    !had(op->from, logical_of(m->base[N])) &&
	    !had(op->from, r->logical))
		fault(w, I5_MISPLACED); /* a row this file never had */
}

static inline bool
claims_hold(const struct export_row *k, const struct push *op)
{
	if (k == NULL)
		return false;
	for (int c = 0; c < NF; c++)
		if (op->base.v[c] != NULL &&
		    !same(op->base.v[c], base_shown(k, c)))
			return false;
	return true;
}

/* A live row of the name, if the export knows no row by it; or -1. */
static inline int
namesake(struct world *w, int export, const struct push *op)
{
	const struct export *e = &w->exports[export];

	if (op->value.v[N] == NULL)
		return -1;
	for (int i = 0; i < e->n; i++)
		if (same(base_shown(&e->row[i], N), op->value.v[N]))
			return -1;
	for (int r = 0; r < w->nrows; r++)
		if (r != op->row && live(w, r) &&
		    same(current(w, r)->v[N], op->value.v[N]))
			return r;
	return -1;
}

static inline void
apply_merge(struct world *w, int export, struct export_row *k,
    const struct push *op)
{
	struct arena scratch;
	struct vals base, file = { { NULL } }, next;
	struct merge_row m = {
		.base = base.v, .file = file.v,
		.server = current(w, op->row)->v,
		.server_deleted = w->row[op->row].deleted,
		.back = op->kind == OP_BACK,
	};

	arena_init(&scratch, 0);
	for (int c = 0; c < NF; c++) {
		base.v[c] = base_meant(k, c);
		if (op->value.v[c] != NULL)
			file.v[c] = meant(w, k, c, op->value.v[c]);
	}
	merge_update(&scratch, COLUMN, NF, &m);
	if (!same(m.next[N], m.server[N]) && namesake(w, export, op) >= 0) {
		/* Semantic: the merge would make two rows of one name. */
		memcpy(m.next, m.server, sizeof(next.v));
		m.changed = false;
		m.outcome = ROW_CONFLICT;
		memset(m.cell, 0, NF * sizeof(m.cell[0]));
	}
	if (m.outcome == ROW_CONFLICT || m.outcome == ROW_RESTORED_CONFLICT)
		conflict(w, op);
	judge_merge(w, k, op, &m);
	memcpy(next.v, m.next, sizeof(next.v));
	if (w->row[op->row].logical == 0)
		w->row[op->row].logical = op->logical;
	if (m.changed)
		commit(w, op->row, next, w->row[op->row].deleted);
	for (int c = 0; c < NF; c++)
		if (op->value.v[c] != NULL)
			deliver(w, k, c, op->value.v[c]);
	k->gone = k->gone && op->kind != OP_BACK;
	arena_free(&scratch);
}

static inline void
apply_delete(struct world *w, struct export_row *k, const struct push *op)
{
	struct vals base;
	int l = w->row[op->row].logical;

	k->gone = true;
	for (int c = 0; c < NF; c++)
		base.v[c] = base_meant(k, c);
	if (w->row[op->row].deleted)
		return;
	if (!merge_delete_ok(NF, base.v, current(w, op->row)->v)) {
		w->conflicts++;
		return;
	}
	if (!had(op->from, l) &&
	    !had(op->from, logical_of(current(w, op->row)->v[N])) &&
	    !(w->lockless && op->row_noticed))
		fault(w, I7_DELETED);
	commit(w, op->row, *current(w, op->row), true);
}

static inline void
apply_insert(struct world *w, int export, const struct push *op)
{
	struct push merge = *op;
	struct export_row *k;
	struct origin *o;

	for (o = w->origins; o != NULL; o = o->next)
		if (same(o->op_id, op->op_id))
			return;
	o = arena_alloc(&w->arena, sizeof(*o));
	memcpy(o->op_id, op->op_id, sizeof(o->op_id));
	o->next = w->origins;
	w->origins = o;

	merge.kind = OP_UPDATE;
	merge.row = -1;
	merge.row = namesake(w, export, &merge);
	if (merge.row < 0 || export_find(w, export, merge.row) != NULL)
		merge.row = mint(w);
	k = export_add(w, &w->exports[export], merge.row);
	k->pending = true;
	k->origin = o->op_id;
	for (int c = 0; c < NF; c++) {
		k->base.v[c] = k->shown.v[c] = "";
		if (merge.value.v[c] == NULL)
			merge.value.v[c] = "";
	}
	apply_merge(w, export, k, &merge);
}

static inline bool
apply(struct world *w, int export, const struct push *op)
{
	struct export_row *k;

	if (op->kind == OP_INSERT) {
		apply_insert(w, export, op);
		return true;
	}
	k = export_find(w, export, op->row);
	if (!claims_hold(k, op))
		return false; /* base_mismatch */
	switch (op->kind) {
	case OP_UPDATE:
	case OP_BACK:
		apply_merge(w, export, k, op);
		break;
	case OP_DELETE:
		apply_delete(w, k, op);
		break;
	case OP_SEEN:
		for (int c = 0; c < NF; c++)
			if (op->value.v[c] != NULL)
				deliver(w, k, c, op->value.v[c]);
		k->gone |= op->gone;
		break;
	case OP_INSERT:
		break;
	}
	return true;
}

/* One batch, all or nothing of its effects, once. */
static inline bool
server_push(struct world *w, uint64_t key, int export, const struct push *op,
    int n)
{
	struct done *d;

	for (d = w->inbox; d != NULL; d = d->next)
		if (d->key == key)
			return d->ok;
	d = arena_alloc(&w->arena, sizeof(*d));
	*d = (struct done){ key, true, w->inbox };
	w->inbox = d;
	for (int i = 0; i < n; i++)
		d->ok &= apply(w, export, &op[i]);
	return d->ok;
}

#endif
