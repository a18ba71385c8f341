/* The agent of the model: it may die between any two steps, and forget. */
#ifndef MODEL_AGENT_H
#define MODEL_AGENT_H

#include "model_staff.h"

enum { CHUNK = 4, SPOOL = 64, DELETE_AFTER = 2 };

struct watch { /* what the agent keeps of one file */
	uint64_t seen;
	struct book spool[SPOOL];
	int nspool;
	/* outbox */
	struct push *op;
	int nops, export;
	uint64_t key;
	struct arena ops;
	int64_t absent[MAX_ROWS];
	int absent_export;
};

struct agent {
	struct watch file[MAX_FILES];
	int adopted;   /* by path, as the server remembers it */
	int64_t now;
	bool helpful;  /* staff answer holds */
};

static inline bool
dies(struct world *w)
{
	return chance(w, 12);
}

static inline struct known_row *
known_rows(struct world *w, const struct watch *f, int export,
    struct arena *arena, size_t *n)
{
	struct export *e = &w->exports[export];
	struct known_row *known = arena_array(arena,
	    (size_t)e->n + (size_t)w->nrows, sizeof(*known));
	const bool shadow = !(w->without & WITHOUT_SHADOW);

	*n = 0;
	for (int i = 0; i < e->n; i++) {
		struct export_row *x = &e->row[i];
		struct known_row *k = &known[(*n)++];
		const char *name = base_shown(x, N);

		if (!shadow)
			name = x->shown.v[N];
		if (name[0] == '\0' && x->base.v[N][0] == '\0' && shadow)
			name = current(w, x->row)->v[N];
		*k = (struct known_row){
			.row = arena_printf(arena, "r%d", x->row),
			.token = e->adopted || x->pending ? NULL :
			    arena_printf(arena, "r%d.%d", x->row, x->rev),
			.base = x->shown.v, .shadow = x->shadow.v,
			.key = name, .spare = x->spare,
			.pending = x->pending, .gone = x->gone,
			.inherited = x->inherited,
			.origin = x->origin,
			.earlier =
			    (const char *const *const *)(void *)x->earlier,
		};
		if (f->absent_export == export)
			k->absent_since = f->absent[x->row];
	}
	if (!(w->without & WITHOUT_MANIFEST))
		return known;
	/* A list of the agent's own: all that lives, whatever E had. */
	for (int r = 0; r < w->nrows; r++)
		if (live(w, r) && export_find(w, export, r) == NULL)
			known[(*n)++] = (struct known_row){
				.row = arena_printf(arena, "r%d", r),
				.base = current(w, r)->v,
				.key = current(w, r)->v[N],
				.absent_since = f->absent[r],
			};
	return known;
}

static inline struct file_row *
file_rows(const struct book *b, struct arena *arena)
{
	struct file_row *row = arena_array(arena, (size_t)b->n, sizeof(*row));

	for (int i = 0; i < b->n; i++)
		row[i] = (struct file_row){
			.token = b->line[i].token, .cell = b->line[i].cell.v,
			.key = b->line[i].cell.v[N],
			.sheet_row = (unsigned)i + 6,
			.delete_mark = b->line[i].mark,
		};
	return row;
}

static inline int
times_named(const struct book *b, const char *name)
{
	int n = 0;

	for (int i = 0; i < b->n; i++)
		n += same(b->line[i].cell.v[N], name);
	return n;
}

static inline void
trace_cells(const char *const *v)
{
	for (int c = 0; c < NF; c++)
		printf(" %s", v[c] == NULL ? "." : v[c][0] == '\0' ? "''" :
		    v[c]);
	printf("\n");
}

/* A replay tells what the planner saw and what it made of it. */
static inline void
trace_plan(struct world *w, int file, int export, const struct book *b,
    const struct known_row *known, size_t nknown, const struct plan *p)
{
	static const char *const kind[] = { "upd", "ins", "del", "back",
		"seen" };

	if (!w->trace)
		return;
	printf("\nfile %d save %d export %d%s%s hold %d held %zu wait %jd\n",
	    file, b->save, export, p->stale ? " stale" : "",
	    b->pristine ? " pristine" : "", (int)p->hold, p->nheld,
	    (intmax_t)p->wait_until);
	for (size_t k = 0; k < nknown; k++) {
		printf("  known %s %s%s%s%s key %s absent %jd:\t", known[k].row,
		    known[k].token ? known[k].token : "-",
		    known[k].spare ? " spare" : "",
		    known[k].pending ? " pending" : "",
		    known[k].gone ? " gone" : "", known[k].key,
		    (intmax_t)known[k].absent_since);
		trace_cells(known[k].base);
		if (known[k].shadow != NULL) {
			printf("\t\tshadow");
			trace_cells(known[k].shadow);
		}
	}
	for (int i = 0; i < b->n; i++) {
		printf("  line %d L%d %s%s → %d:\t", i + 6, b->line[i].logical,
		    b->line[i].token, b->line[i].mark ? " marked" : "",
		    p->match[i]);
		trace_cells(b->line[i].cell.v);
	}
	for (size_t i = 0; i < p->nops; i++) {
		printf("  %s %s at %u%s:\t", kind[p->op[i].kind],
		    p->op[i].row ? p->op[i].row : "new", p->op[i].sheet_row,
		    p->op[i].gone ? " gone" : "");
		trace_cells(p->op[i].value);
	}
	for (size_t i = 0; i < p->nnotices; i++)
		printf("  notice %d row %s at %u col %d\n",
		    (int)p->notice[i].kind,
		    p->notice[i].row ? p->notice[i].row : "-",
		    p->notice[i].sheet_row, p->notice[i].column);
}

/* I5: a name goes to another row although its owner stands there. */
static inline void
judge_names(struct world *w, const struct book *b, const struct plan *p,
    const struct known_row *known, size_t n)
{
	for (size_t i = 0; i < p->nops; i++) {
		const struct op *op = &p->op[i];
		const char *was = op->base[N], *is = op->value[N];

		if (op->kind != OP_UPDATE || was == NULL || was[0] == '\0' ||
		    is[0] == '\0' || w->copied_name[serial_of(was)] ||
		    w->copied_name[serial_of(is)])
			continue;
		if (times_named(b, was) > 0)
			fault(w, I5_MISPLACED);
		for (size_t k = 0; k < n; k++)
			if (same(known[k].key, is) && !known[k].gone &&
			    !same(known[k].row, op->row))
				fault(w, I5_MISPLACED);
	}
}

/* A copy that holds nothing a file delivered cannot take anything back. */
static inline void
judge_old_copy(struct world *w, const struct book *b, bool copy,
    const struct plan *p)
{
	for (size_t i = 0; i < p->nnotices; i++) {
		if (p->notice[i].kind != NOTICE_REVERT)
			continue;
		if (copy || b->pristine)
			fault(w, I6_REVERT);
	}
}

static inline void
keep_line(struct world *w, const struct line *l)
{
	for (int c = 0; c < NF; c++)
		keep(w, l->cell.v[c]);
}

/* Held rows are named in a report, with what they say. */
static inline void
report_held(struct world *w, const struct book *b, const struct plan *p)
{
	if (p->hold == HOLD_MISSORT) {
		for (int i = 0; i < b->n; i++)
			keep_line(w, &b->line[i]);
		w->missorted++;
	}
	for (size_t i = 0; i < p->nnotices; i++)
		if (p->notice[i].kind == NOTICE_AMBIGUOUS)
			keep_line(w, &b->line[p->notice[i].sheet_row - 6]);
	w->held += p->nheld > 0;
	w->stale += p->stale;
}

static inline int
export_of(struct world *w, struct agent *a, int file, const struct book *b)
{
	if (b->export == 0) {
		if (a->adopted == 0)
			a->adopted = export_adopt(w);
		return a->adopted;
	}
	return file == 0 ? b->export : export_clone(w, b->export);
}

static inline void
plan_book(struct world *w, struct agent *a, int file, const struct book *b,
    struct arena *arena, struct plan *p)
{
	struct watch *f = &a->file[file];
	int export = export_of(w, a, file, b);
	size_t n;
	struct known_row *known = known_rows(w, f, export, arena, &n);
	const struct plan_options opt = {
		.ncols = NF, .now = a->now, .delete_after = DELETE_AFTER,
		.deletions = w->exports[export].deletions,
		.confirmed = a->helpful, .old_copy = file != 0,
		.instance = "instance", .sheet = "sheet",
		.export_id = arena_printf(arena, "e%d", export),
		.file_sha = arena_printf(arena, "%016jx",
		    (uintmax_t)book_hash(b)),
		.without = w->without,
	};

	plan_make(arena, &opt, known, n, file_rows(b, arena), (size_t)b->n, p);
	w->planned++;
	trace_plan(w, file, export, b, known, n, p);
	judge_names(w, b, p, known, n);
	judge_old_copy(w, b, file != 0, p);
	report_held(w, b, p);
	if (p->hold == HOLD_MISSORT)
		return;
	if (f->absent_export != export)
		memset(f->absent, 0, sizeof(f->absent));
	f->absent_export = export;
	for (size_t k = 0; k < n; k++) {
		int r = (int)strtol(known[k].row + 1, NULL, 10);

		if (!p->absent[k])
			f->absent[r] = 0;
		else if (f->absent[r] == 0)
			f->absent[r] = a->now;
	}
}

static inline void
outbox_fill(struct world *w, struct agent *a, int file, const struct book *b,
    const struct plan *p)
{
	struct watch *f = &a->file[file];
	struct book *from;

	arena_free(&f->ops);
	from = arena_alloc(&f->ops, sizeof(*from));
	*from = *b;
	f->export = export_of(w, a, file, b);
	f->nops = (int)p->nops;
	f->op = arena_array(&f->ops, p->nops, sizeof(f->op[0]));
	for (size_t i = 0; i < p->nops; i++) {
		const struct op *op = &p->op[i];
		struct push *to = &f->op[i];

		to->kind = op->kind;
		to->gone = op->gone;
		to->from = from;
		memcpy(to->op_id, op->op_id, sizeof(to->op_id));
		memcpy(to->base.v, op->base, sizeof(to->base.v));
		memcpy(to->value.v, op->value, sizeof(to->value.v));
		if (op->row != NULL)
			to->row = (int)strtol(op->row + 1, NULL, 10);
		if (op->sheet_row != 0)
			to->logical = b->line[op->sheet_row - 6].logical;
		for (size_t n = 0; n < p->nnotices; n++) {
			const struct notice *no = &p->notice[n];

			if (no->kind != NOTICE_REVERT || op->row == NULL ||
			    !same(no->row, op->row))
				continue;
			if (no->column < 0)
				to->row_noticed = true;
			else
				to->noticed[no->column] = true;
		}
	}
	/* Never of the content alone: the same bytes may ask for the same
	 * operations again, after others have undone them. */
	f->key = w->planned * MAX_ROWS;
}

/* true: everything was delivered, and the answer arrived. */
static inline bool
outbox_push(struct world *w, struct watch *f)
{
	bool ok = true;

	for (int at = 0; at < f->nops; at += CHUNK) {
		int n = f->nops - at < CHUNK ? f->nops - at : CHUNK;

		if (dies(w))
			return false;
		ok &= server_push(w, f->key + (uint64_t)at, f->export,
		    &f->op[at], n);
		if (dies(w))
			return false; /* the response is lost */
	}
	f->nops = 0;
	return ok;
}

static inline void
observe(struct world *w, struct watch *f, const struct book *b)
{
	uint64_t h = book_hash(b);

	if (h == f->seen || f->nspool == SPOOL)
		return;
	f->seen = h;
	f->spool[f->nspool++] = book_copy(w, b);
	for (int i = 0; i < b->n; i++)
		for (int c = 0; c < NF; c++)
			w->spooled[serial_of(b->line[i].cell.v[c])] = true;
}

/* Does the file show just what the server has? */
static inline bool
file_is_current(struct world *w, const struct book *b)
{
	int rows = 0, lines = 0;

	for (int i = 0; i < b->n; i++)
		lines += !blank(&b->line[i].cell);
	for (int r = 0; r < w->nrows; r++) {
		const struct vals *s = current(w, r);
		bool found = false;
		char token[24];

		if (!live(w, r))
			continue;
		rows++;
		snprintf(token, sizeof(token), "r%d.", r);
		for (int i = 0; i < b->n && !found; i++) {
			const struct line *l = &b->line[i];

			found = strncmp(l->token, token, strlen(token)) == 0;
			for (int c = 0; c < NF; c++)
				found = found && same(l->cell.v[c],
				    shown(w, c, s->v[c]));
		}
		if (!found)
			return false;
	}
	return b->export != 0 && rows == lines;
}

/* A new export replaces the file, if it has nothing more to say. */
static inline void
write_back(struct world *w, struct agent *a, const struct book *planned)
{
	struct arena arena;
	struct plan p;
	int export;

	if (book_hash(&w->file[0]) != book_hash(planned))
		return;
	arena_init(&arena, 0);
	plan_book(w, a, 0, planned, &arena, &p);
	arena_free(&arena);
	if (!p.settled || file_is_current(w, planned))
		return;
	export = export_make(w);
	if (dies(w))
		return;
	w->file[0] = book_of_export(w, export);
	if (w->trace)
		printf("\n=== export %d written\n", export);
	a->adopted = 0;
	w->writes++;
}

static inline void
agent_step(struct world *w, struct agent *a, int file, bool can_write)
{
	struct watch *f = &a->file[file];
	struct arena arena;
	struct book snap;
	struct plan p;

	a->now++;
	if (chance(w, 5) && f->nspool == 0) { /* the state was only a cache */
		f->nops = 0;
		f->seen = 0;
		f->absent_export = 0;
	}
	observe(w, f, &w->file[file]);
	if (f->nops > 0 && !outbox_push(w, f))
		return;
	snap = f->nspool > 0 ? f->spool[0] : book_copy(w, &w->file[file]);
	arena_init(&arena, 0);
	plan_book(w, a, file, &snap, &arena, &p);
	if (p.nops > 0)
		outbox_fill(w, a, file, &snap, &p);
	arena_free(&arena);
	if (p.nops > 0 && (dies(w) || !outbox_push(w, f) || dies(w)))
		return;
	if (f->nspool > 0)
		memmove(&f->spool[0], &f->spool[1],
		    (size_t)--f->nspool * sizeof(f->spool[0]));
	if (can_write && file == 0)
		write_back(w, a, &snap);
}

#endif
