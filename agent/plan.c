/* From aligned rows to operations (sync-and-security.md 1.4–1.7). */
#include "plan.h"

#include <limits.h>
#include <string.h>

#include "align.h"
#include "base/err.h"
#include "base/text.h"

enum {
	MASS_DELETE_ROWS = 3,
	MASS_DELETE_PC = 10,
	WHOLE_ROW = -1,
};

/* One planning: the alignment, and the plan as it grows. */
struct work {
	struct align a;
	struct plan *plan;
	size_t ops_max, notices_max;
};

static bool save_is_stale(const struct align *);
static void weigh_row(const struct align *, size_t known, size_t *kept,
    size_t *back);
static void plan_rows(struct work *);
static void plan_known(struct work *, size_t row, size_t known);
static void plan_changes(struct work *, size_t row, size_t known);
static void plan_cells(struct work *, size_t row, size_t known, bool old);
static void plan_back(struct work *, size_t row, size_t known);
static void plan_insert(struct work *, size_t row);
static void plan_absent(struct work *);
static void plan_deletes(struct work *, size_t absent, size_t rows);
static void seen_first(struct work *);
static bool old_value(const struct work *, size_t known, size_t col,
    const char *value);
static bool was_shown(const struct known_row *, size_t col, const char *value,
    bool earlier);
static struct op *op_add(struct work *, enum op_kind, const char *row,
    unsigned sheet_row);
static void op_base(struct work *, struct op *, size_t known);
static void notice_add(struct work *, enum notice_kind, const char *row,
    unsigned sheet_row, int column);

void
plan_make(struct arena *arena, const struct plan_options *opt,
    const struct known_row *known, size_t nknown, const struct file_row *file,
    size_t nfile, struct plan *plan)
{
	struct work w = {
		.a = { .arena = arena, .opt = opt, .known = known,
		    .nknown = nknown, .file = file, .nfile = nfile },
		.plan = plan,
	};

	REQUIRE(nknown < INT_MAX && nfile < INT_MAX && opt->now > 0);
	*plan = (struct plan){ .hold = HOLD_NONE };
	plan->absent = arena_array(arena, nknown, sizeof(bool));
	align_rows(&w.a);
	plan->match = w.a.match;
	if (w.a.missort) {
		plan->hold = HOLD_MISSORT;
		return;
	}
	plan->stale = save_is_stale(&w.a);
	if (plan->stale && !opt->old_copy)
		notice_add(&w, NOTICE_STALE, NULL, 0, WHOLE_ROW);
	plan_rows(&w);
	plan_absent(&w);
	seen_first(&w);
	plan->settled = plan->nops == 0 && plan->hold == HOLD_NONE &&
	    plan->nheld == 0 && plan->wait_until == 0;
}

char *
plan_key(struct arena *arena, const char *const *cells,
    const struct key_part *part, size_t n)
{
	bool blank = true;
	char *key = arena_strdup(arena, "");

	for (size_t i = 0; i < n; i++) {
		char *text = text_key(arena, cells[part[i].column]);

		if (part[i].chars > 0)
			text = utf8_head(arena, text, part[i].chars);
		blank = blank && text[0] == '\0';
		key = i == 0 ? text : arena_printf(arena, "%s|%s", key, text);
	}
	return blank ? arena_strdup(arena, "") : key;
}

/* Of what files of this export delivered, nothing is left: an older copy was
 * saved over the file. */
static bool
save_is_stale(const struct align *a)
{
	size_t kept = 0, back = 0;

	if (a->collision)
		return true;
	if (a->opt->old_copy && !(a->opt->without & WITHOUT_OLD_COPY))
		return true;
	if (a->opt->without & WITHOUT_STALE)
		return false;
	for (size_t k = 0; k < a->nknown; k++)
		weigh_row(a, k, &kept, &back);
	return back > 0 && kept == 0;
}

static void
weigh_row(const struct align *a, size_t known, size_t *kept, size_t *back)
{
	const struct known_row *k = &a->known[known];
	int row = a->owner[known];

	if (k->shadow == NULL || row == IGNORED || row == RIVALS)
		return;
	if (row == NOBODY) {
		/* A row typed into this export that is not there (any more):
		 * an older copy has no such row. */
		*back += !k->gone && (k->pending || k->spare) &&
		    !align_base_blank(a, known);
		return;
	}
	if (k->pending) {
		/* By its name: its cells may have been copied from a row that
		 * the older copy has as well. */
		*kept += k->key[0] != '\0' &&
		    strcmp(a->file[row].key, k->key) == 0;
		return;
	}
	for (size_t c = 0; c < a->opt->ncols; c++) {
		const char *value = a->file[row].cell[c];

		if (k->shadow[c] == NULL ||
		    strcmp(k->shadow[c], k->base[c]) == 0 ||
		    (a->file[row].unread && value[0] == '\0'))
			continue;
		*kept += strcmp(value, k->shadow[c]) == 0;
		*back += strcmp(value, k->base[c]) == 0;
	}
}

static void
plan_rows(struct work *w)
{
	for (size_t i = 0; i < w->a.nfile; i++) {
		const struct file_row *row = &w->a.file[i];

		if (w->a.state[i] == STATE_BLANK)
			continue;
		if (row->token[0] != '\0' && w->a.token[i] == NOBODY &&
		    !w->a.collided[i])
			notice_add(w, NOTICE_TOKEN_BAD, NULL, row->sheet_row,
			    WHOLE_ROW);
		if (w->a.state[i] == STATE_HELD) {
			w->plan->nheld++;
			notice_add(w, NOTICE_AMBIGUOUS,
			    w->a.known[w->a.token[i]].row, row->sheet_row,
			    WHOLE_ROW);
		} else if (w->a.match[i] == NOBODY) {
			plan_insert(w, i);
		} else {
			plan_known(w, i, (size_t)w->a.match[i]);
		}
	}
}

static void
plan_known(struct work *w, size_t row, size_t known)
{
	const struct known_row *k = &w->a.known[known];
	bool marked = w->a.file[row].delete_mark && w->a.opt->deletions;
	size_t before = w->plan->nops;
	struct op *op;

	if (k->gone && !marked) {
		plan_back(w, row, known);
		return;
	}
	plan_changes(w, row, known);
	/* What was typed into a marked row is delivered first, so that it is
	 * in the history; the next plan deletes. */
	if (!marked || k->gone || w->plan->nops > before)
		return;
	op = op_add(w, OP_DELETE, k->row, w->a.file[row].sheet_row);
	op_base(w, op, known);
}

/* What was typed is an update; apart from it goes what merely is old. */
static void
plan_changes(struct work *w, size_t row, size_t known)
{
	plan_cells(w, row, known, false);
	if (w->plan->stale)
		plan_cells(w, row, known, true);
}

static void
plan_cells(struct work *w, size_t row, size_t known, bool old)
{
	const struct known_row *k = &w->a.known[known];
	const struct file_row *f = &w->a.file[row];
	struct op *op = NULL;

	for (size_t c = 0; c < w->a.opt->ncols; c++) {
		const char *base = align_base(&w->a, known, c);

		if (strcmp(f->cell[c], base) == 0 ||
		    old_value(w, known, c, f->cell[c]) != old)
			continue;
		if (op == NULL)
			op = op_add(w, old ? OP_SEEN : OP_UPDATE, k->row,
			    f->sheet_row);
		op->base[c] = base;
		op->value[c] = f->cell[c];
		if (!old && was_shown(k, c, f->cell[c], true))
			notice_add(w, NOTICE_REVERT, k->row, f->sheet_row,
			    (int)c);
	}
}

/* Reported as deleted by an earlier save, present again in this one. */
static void
plan_back(struct work *w, size_t row, size_t known)
{
	const struct known_row *k = &w->a.known[known];
	const struct file_row *f = &w->a.file[row];
	struct op *op = op_add(w, OP_BACK, k->row, f->sheet_row);

	op_base(w, op, known);
	for (size_t c = 0; c < w->a.opt->ncols; c++) {
		op->value[c] = f->cell[c];
		if (old_value(w, known, c, f->cell[c]))
			op->base[c] = f->cell[c]; /* by the OP_SEEN */
		else if (was_shown(k, c, f->cell[c], true))
			notice_add(w, NOTICE_REVERT, k->row, f->sheet_row,
			    (int)c);
	}
	if (w->plan->stale)
		plan_cells(w, row, known, true);
}

static void
plan_insert(struct work *w, size_t row)
{
	const struct file_row *f = &w->a.file[row];
	int from = w->a.token[row];
	struct op *op = op_add(w, OP_INSERT, NULL, f->sheet_row);

	for (size_t c = 0; c < w->a.opt->ncols; c++)
		if (f->cell[c][0] != '\0')
			op->value[c] = f->cell[c];
	align_op_id(&w->a, row, op->op_id);
	if (from != NOBODY) {
		op->copied_from = w->a.known[from].row;
		notice_add(w, NOTICE_COPIED, op->copied_from, f->sheet_row,
		    WHOLE_ROW);
	}
}

/* Rows the file should have and has not. */
static void
plan_absent(struct work *w)
{
	const struct align *a = &w->a;
	size_t absent = 0, rows = 0;

	for (size_t k = 0; k < a->nknown; k++) {
		struct op *op;

		if (a->owner[k] == IGNORED || a->known[k].gone ||
		    align_base_blank(a, k))
			continue;
		rows++;
		if (a->owner[k] != NOBODY)
			continue;
		if (w->plan->stale) {
			op = op_add(w, OP_SEEN, a->known[k].row, 0);
			op->gone = true;
		} else if (a->opt->deletions) {
			w->plan->absent[k] = true;
			absent++;
		}
	}
	if (absent > 0)
		plan_deletes(w, absent, rows);
}

static void
plan_deletes(struct work *w, size_t absent, size_t rows)
{
	const struct plan_options *opt = w->a.opt;
	size_t limit = rows * MASS_DELETE_PC / 100;

	if (limit < MASS_DELETE_ROWS)
		limit = MASS_DELETE_ROWS;
	for (size_t k = 0; k < w->a.nknown; k++) {
		const struct known_row *row = &w->a.known[k];
		int64_t since = row->absent_since;
		struct op *op;

		if (!w->plan->absent[k])
			continue;
		if (since == 0 || opt->now - since < opt->delete_after) {
			int64_t ripe = opt->delete_after +
			    (since == 0 ? opt->now : since);

			if (w->plan->wait_until == 0 ||
			    ripe < w->plan->wait_until)
				w->plan->wait_until = ripe;
			continue;
		}
		if (absent > limit && !opt->confirmed) {
			w->plan->hold = HOLD_MASS_DELETE;
			continue;
		}
		op = op_add(w, OP_DELETE, row->row, 0);
		op_base(w, op, k);
		if (row->pending || row->spare)
			notice_add(w, NOTICE_REVERT, row->row, 0, WHOLE_ROW);
	}
}

/*
 * What is old is told before anything new is delivered: if the rest of the
 * plan is lost on the way, the next one still sees that the save is stale.
 */
static void
seen_first(struct work *w)
{
	struct plan *plan = w->plan;
	struct op *sorted;
	size_t n = 0;

	if (!plan->stale)
		return;
	sorted = arena_array(w->a.arena, plan->nops, sizeof(*sorted));
	for (size_t i = 0; i < plan->nops; i++)
		if (plan->op[i].kind == OP_SEEN)
			sorted[n++] = plan->op[i];
	if (w->a.opt->without & WITHOUT_SEEN)
		n = 0;
	for (size_t i = 0; i < plan->nops; i++)
		if (plan->op[i].kind != OP_SEEN)
			sorted[n++] = plan->op[i];
	plan->op = sorted;
	plan->nops = n;
}

/* In an old copy, a value the export showed before is no wish. */
static bool
old_value(const struct work *w, size_t known, size_t col, const char *value)
{
	return w->plan->stale && was_shown(&w->a.known[known], col, value,
	    w->a.opt->old_copy);
}

/* Is it the exported value of a cell that a file has changed since, or (with
 * earlier) what a file delivered before the last? */
static bool
was_shown(const struct known_row *k, size_t col, const char *value,
    bool earlier)
{
	const char *const *v;

	if (k->shadow == NULL || k->shadow[col] == NULL ||
	    strcmp(value, k->shadow[col]) == 0)
		return false;
	if (!k->pending && strcmp(value, k->base[col]) == 0)
		return true;
	if (!earlier || k->earlier == NULL || k->earlier[col] == NULL)
		return false;
	for (v = k->earlier[col]; *v != NULL; v++)
		if (strcmp(value, *v) == 0)
			return true;
	return false;
}

static struct op *
op_add(struct work *w, enum op_kind kind, const char *row, unsigned sheet_row)
{
	struct plan *plan = w->plan;
	size_t ncols = w->a.opt->ncols;
	struct op *op;

	if (plan->nops == w->ops_max) {
		struct op *old = plan->op;

		w->ops_max = w->ops_max == 0 ? 32 : w->ops_max * 2;
		plan->op = arena_array(w->a.arena, w->ops_max, sizeof(*op));
		if (old != NULL)
			memcpy(plan->op, old, plan->nops * sizeof(*op));
	}
	op = &plan->op[plan->nops++];
	*op = (struct op){ .kind = kind, .row = row, .sheet_row = sheet_row };
	op->base = arena_array(w->a.arena, ncols, sizeof(op->base[0]));
	op->value = arena_array(w->a.arena, ncols, sizeof(op->value[0]));
	return op;
}

static void
op_base(struct work *w, struct op *op, size_t known)
{
	for (size_t c = 0; c < w->a.opt->ncols; c++)
		op->base[c] = align_base(&w->a, known, c);
}

static void
notice_add(struct work *w, enum notice_kind kind, const char *row,
    unsigned sheet_row, int column)
{
	struct plan *plan = w->plan;

	if (plan->nnotices == w->notices_max) {
		struct notice *old = plan->notice;

		w->notices_max = w->notices_max == 0 ? 16 : w->notices_max * 2;
		plan->notice = arena_array(w->a.arena, w->notices_max,
		    sizeof(plan->notice[0]));
		if (old != NULL)
			memcpy(plan->notice, old,
			    plan->nnotices * sizeof(plan->notice[0]));
	}
	plan->notice[plan->nnotices++] =
	    (struct notice){ kind, row, sheet_row, column };
}
