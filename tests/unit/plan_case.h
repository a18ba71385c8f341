/*
 * A planner case as text. Columns are n (the key), a and b; "." is blank.
 * Known rows: "id flags n a b [/ shadow n a b]", "-" = nothing delivered;
 * flags: m manifest, s spare, p pending, then g gone, @SECONDS absent since.
 * "!keep", "!confirmed" and "!copy" stand for options.
 * File rows: "token n a b [D]", "-" = no token; the token of row r1 is "tr1".
 * What comes out is rendered as text, too.
 */
#ifndef PLAN_CASE_H
#define PLAN_CASE_H

#include "check.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "plan.h"

enum { COLS = 3, CASE_ROWS = 40 };

struct plan_case {
	const char *name;
	const char *known[CASE_ROWS];
	const char *file[CASE_ROWS];
	const char *want;
};

static inline const char *
case_cell(const char *word)
{
	return strcmp(word, ".") == 0 ? "" : word;
}

static inline int
case_words(struct arena *arena, const char *line, char *word[12])
{
	char *copy = arena_strdup(arena, line), *save = NULL, *w;
	int n = 0;

	for (w = strtok_r(copy, " ", &save); w != NULL && n < 12;
	    w = strtok_r(NULL, " ", &save))
		word[n++] = w;
	return n;
}

static inline struct known_row
case_known(struct arena *arena, const char *line)
{
	const char **base = arena_array(arena, COLS, sizeof(*base));
	const char **shadow = arena_array(arena, COLS, sizeof(*shadow));
	char *word[12], *since;
	int n = case_words(arena, line, word);
	struct known_row k = { .row = word[0], .base = base,
		.shadow = shadow };

	assert_true(n == 2 + COLS || n == 3 + 2 * COLS);
	k.spare = strchr(word[1], 's') != NULL;
	k.pending = strchr(word[1], 'p') != NULL;
	k.gone = strchr(word[1], 'g') != NULL;
	since = strchr(word[1], '@');
	if (since != NULL)
		k.absent_since = strtol(since + 1, NULL, 10);
	if (!k.pending)
		k.token = arena_printf(arena, "t%s", word[0]);
	for (int c = 0; c < COLS; c++) {
		base[c] = case_cell(word[2 + c]);
		if (n > 2 + COLS && strcmp(word[3 + COLS + c], "-") != 0)
			shadow[c] = case_cell(word[3 + COLS + c]);
	}
	k.key = shadow[0] != NULL ? shadow[0] : base[0];
	return k;
}

static inline struct file_row
case_file(struct arena *arena, const char *line, unsigned sheet_row)
{
	const char **cell = arena_array(arena, COLS, sizeof(*cell));
	char *word[12];
	int n = case_words(arena, line, word);

	assert_true(n >= 1 + COLS && n <= 2 + COLS);
	for (int c = 0; c < COLS; c++)
		cell[c] = case_cell(word[1 + c]);
	return (struct file_row){
		.token = strcmp(word[0], "-") == 0 ? "" : word[0],
		.cell = cell, .key = cell[0], .sheet_row = sheet_row,
		.delete_mark = n > 1 + COLS,
	};
}

static inline void
case_run(struct arena *arena, const struct plan_case *t, struct plan *p)
{
	struct known_row known[CASE_ROWS];
	struct file_row file[CASE_ROWS];
	size_t nknown = 0, nfile = 0;
	struct plan_options opt = {
		.ncols = COLS, .now = 1000, .delete_after = 600,
		.deletions = true, .instance = "i", .export_id = "e",
		.file_sha = "f", .sheet = "s",
	};

	for (size_t i = 0; t->known[i] != NULL; i++) {
		const char *k = t->known[i];

		opt.deletions &= strcmp(k, "!keep") != 0;
		opt.confirmed |= strcmp(k, "!confirmed") == 0;
		opt.old_copy |= strcmp(k, "!copy") == 0;
		if (k[0] != '!')
			known[nknown++] = case_known(arena, k);
	}
	for (; t->file[nfile] != NULL; nfile++)
		file[nfile] = case_file(arena, t->file[nfile],
		    (unsigned)nfile + 6);
	plan_make(arena, &opt, known, nknown, file, nfile, p);
}

static inline void
render_op(struct buf *out, const struct op *op)
{
	static const char *const kind[] = { "upd", "ins", "del", "back",
		"seen" };

	buf_str(out, kind[op->kind]);
	if (op->row != NULL)
		buf_printf(out, " %s", op->row);
	if (op->sheet_row != 0)
		buf_printf(out, " @%u", op->sheet_row);
	if (op->copied_from != NULL)
		buf_printf(out, " from %s", op->copied_from);
	if (op->gone)
		buf_str(out, " gone");
	for (int c = 0; c < COLS; c++) {
		if (op->value[c] == NULL)
			continue;
		buf_printf(out, " %c:", "nab"[c]);
		if (op->base[c] != NULL)
			buf_printf(out, "%s>", op->base[c]);
		buf_str(out, op->value[c]);
	}
	buf_str(out, "; ");
}

static inline void
render(struct buf *out, const struct plan *p)
{
	static const char *const kind[] = { "revert", "bad-token", "copied",
		"ambiguous", "stale" };

	for (size_t i = 0; i < p->nops; i++)
		render_op(out, &p->op[i]);
	for (size_t i = 0; i < p->nnotices; i++) {
		const struct notice *n = &p->notice[i];

		buf_printf(out, "!%s", kind[n->kind]);
		if (n->row != NULL)
			buf_printf(out, " %s", n->row);
		if (n->sheet_row != 0)
			buf_printf(out, " @%u", n->sheet_row);
		if (n->column >= 0)
			buf_printf(out, " %c", "nab"[n->column]);
		buf_str(out, "; ");
	}
	if (p->hold == HOLD_MISSORT)
		buf_str(out, "hold-missort; ");
	if (p->hold == HOLD_MASS_DELETE)
		buf_str(out, "hold-mass-delete; ");
	if (p->wait_until != 0)
		buf_printf(out, "wait %jd; ", (intmax_t)p->wait_until);
	if (p->settled)
		buf_str(out, "settled; ");
	if (out->len >= 2)
		out->data[out->len - 2] = '\0';
}

static inline void
case_check(const struct plan_case *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena arena;
		struct plan p;
		struct buf out;

		arena_init(&arena, 0);
		buf_init(&out, 1 << 16);
		case_run(&arena, &t[i], &p);
		render(&out, &p);
		if (out.data == NULL || strcmp(out.data, t[i].want) != 0) {
			print_error("%s:\n got %s\nwant %s\n", t[i].name,
			    out.data == NULL ? "" : out.data, t[i].want);
			fail();
		}
		buf_free(&out);
		arena_free(&arena);
	}
}

#endif
