/* The server's three-way merge: every row of the table in
 * sync-and-security.md 1.7, groups, deleted rows and masks. */
#include "check.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "merge.h"

enum { COLS = 4 };
/* a and b stand alone, m and u are one value. */
static const struct merge_column COLUMN[COLS] = {
	{ "a", 0 }, { "b", 0 }, { "m", 7 }, { "u", 7 },
};

struct merge_case {
	const char *name;
	const char *base[COLS];
	const char *server[COLS]; /* all NULL: the row is absent */
	const char *file[COLS];
	const char *flags;	  /* d deleted on the server, b back */
	const char *cells;	  /* . same, A apply, = agree, C conflict */
	const char *next[COLS];
	enum row_outcome outcome;
};

static const struct merge_case cases[] = {
	{ "F = B: nothing was typed", { "x", "y", "1", "u" },
	    { "x", "S", "1", "u" }, { "x", "y", "1", "u" }, "", "....",
	    { "x", "S", "1", "u" }, ROW_NOOP },
	{ "S = B: the file's value", { "x", "y", "1", "u" },
	    { "x", "y", "1", "u" }, { "F", NULL, NULL, NULL }, "", "A...",
	    { "F", "y", "1", "u" }, ROW_APPLIED },
	{ "beside another's edit", { "x", "y", "1", "u" },
	    { "x", "S", "1", "u" }, { "F", NULL, NULL, NULL }, "", "A...",
	    { "F", "S", "1", "u" }, ROW_MERGED },
	{ "S = F: both wrote the same", { "x", "y", "1", "u" },
	    { "F", "y", "1", "u" }, { "F", NULL, NULL, NULL }, "", "=...",
	    { "F", "y", "1", "u" }, ROW_NOOP },
	{ "else a conflict, S stays", { "x", "y", "1", "u" },
	    { "S", "y", "1", "u" }, { "F", NULL, NULL, NULL }, "", "C...",
	    { "S", "y", "1", "u" }, ROW_CONFLICT },
	{ "one cell in conflict holds no other", { "x", "y", "1", "u" },
	    { "S", "y", "1", "u" }, { "F", "G", NULL, NULL }, "", "CA..",
	    { "S", "G", "1", "u" }, ROW_CONFLICT },
	{ "a cleared cell is a value", { "x", "y", "1", "u" },
	    { "x", "y", "1", "u" }, { "", NULL, NULL, NULL }, "", "A...",
	    { "", "y", "1", "u" }, ROW_APPLIED },
	{ "cleared against edited", { "x", "y", "1", "u" },
	    { "S", "y", "1", "u" }, { "", NULL, NULL, NULL }, "", "C...",
	    { "S", "y", "1", "u" }, ROW_CONFLICT },
	{ "a column out of this merge", { NULL, "y", "1", "u" },
	    { "S", "y", "1", "u" }, { NULL, "F", NULL, NULL }, "", ".A..",
	    { "S", "F", "1", "u" }, ROW_APPLIED },
	{ "a new row", { "", "", "", "" }, { NULL, NULL, NULL, NULL },
	    { "x", NULL, "1", "u" }, "", "A.AA", { "x", "", "1", "u" },
	    ROW_INSERTED },
	{ "a new row of nothing", { "", "", "", "" },
	    { NULL, NULL, NULL, NULL }, { "", "", "", "" }, "", "....",
	    { "", "", "", "" }, ROW_NOOP },
	{ "a spare another filled", { "", "", "", "" },
	    { "S", "", "", "" }, { "F", "G", "", "" }, "", "CA..",
	    { "S", "G", "", "" }, ROW_CONFLICT },

	{ "group: S = B", { "x", "y", "1", "u" }, { "x", "y", "1", "u" },
	    { NULL, NULL, "2", "v" }, "", "..AA", { "x", "y", "2", "v" },
	    ROW_APPLIED },
	{ "group: one cell typed, S = B", { "x", "y", "1", "u" },
	    { "x", "y", "1", "u" }, { NULL, NULL, "2", NULL }, "", "..A.",
	    { "x", "y", "2", "u" }, ROW_APPLIED },
	{ "group: amount typed, unit changed by another",
	    { "x", "y", "1", "u" }, { "x", "y", "1", "v" },
	    { NULL, NULL, "2", NULL }, "", "..CC", { "x", "y", "1", "v" },
	    ROW_CONFLICT },
	{ "group: both typed the amount, units differ",
	    { "x", "y", "1", "u" }, { "x", "y", "2", "v" },
	    { NULL, NULL, "2", NULL }, "", "..=C", { "x", "y", "2", "v" },
	    ROW_CONFLICT },
	{ "group: the same on both sides", { "x", "y", "1", "u" },
	    { "x", "y", "2", "v" }, { NULL, NULL, "2", "v" }, "", "..==",
	    { "x", "y", "2", "v" }, ROW_NOOP },
	{ "group: nothing typed, another's edit stays",
	    { "x", "y", "1", "u" }, { "x", "y", "2", "v" },
	    { NULL, NULL, "1", "u" }, "", "....", { "x", "y", "2", "v" },
	    ROW_NOOP },
	{ "group: a conflict in it holds no other cell",
	    { "x", "y", "1", "u" }, { "x", "y", "2", "u" },
	    { "F", NULL, NULL, "v" }, "", "A.CC", { "F", "y", "2", "u" },
	    ROW_CONFLICT },
	{ "group: of which the base of one is not known",
	    { "x", "y", "1", NULL }, { "x", "y", "1", "v" },
	    { NULL, NULL, "2", NULL }, "", "..A.", { "x", "y", "2", "v" },
	    ROW_APPLIED },

	{ "edited here, deleted there: kept, not risen",
	    { "x", "y", "1", "u" }, { "x", "y", "1", "u" },
	    { "F", NULL, NULL, NULL }, "d", "C...", { "x", "y", "1", "u" },
	    ROW_CONFLICT },
	{ "deleted there, nothing typed", { "x", "y", "1", "u" },
	    { "x", "y", "1", "u" }, { "x", "y", "1", "u" }, "d", "....",
	    { "x", "y", "1", "u" }, ROW_NOOP },
	{ "back here, deleted there", { "x", "y", "1", "u" },
	    { "x", "y", "1", "u" }, { "x", "y", "1", "u" }, "db", "....",
	    { "x", "y", "1", "u" }, ROW_RESTORED_CONFLICT },
	{ "back here, alive there", { "x", "y", "1", "u" },
	    { "x", "S", "1", "u" }, { "F", "y", "1", "u" }, "b", "A...",
	    { "F", "S", "1", "u" }, ROW_MERGED },
};

static void
merges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct merge_case *t = &cases[i];
		struct merge_row m = {
			.base = t->base, .file = t->file,
			.server = t->server[0] == NULL ? NULL : t->server,
			.server_deleted = strchr(t->flags, 'd') != NULL,
			.back = strchr(t->flags, 'b') != NULL,
		};
		char got[COLS + 1] = "";
		struct arena arena;
		bool changed = false;

		arena_init(&arena, 0);
		merge_update(&arena, COLUMN, COLS, &m);
		for (int c = 0; c < COLS; c++) {
			got[c] = ".A=C"[m.cell[c]];
			CHECK_STR(i, m.next[c], t->next[c]);
			changed |= m.server == NULL ? m.next[c][0] != '\0' :
			    strcmp(m.next[c], m.server[c]) != 0;
		}
		if (strcmp(got, t->cells) != 0 || m.outcome != t->outcome ||
		    m.changed != changed)
			print_error("%s: cells %s, outcome %d, changed %d\n",
			    t->name, got, (int)m.outcome, m.changed);
		assert_string_equal(got, t->cells);
		assert_int_equal(m.outcome, t->outcome);
		assert_int_equal(m.changed, changed);
		arena_free(&arena);
	}
}

/* All of {B, S, F} over three values, and either order of arrival (I8). */
static void
merges_cells(void **state)
{
	static const char *const v[] = { "", "p", "q" };

	(void)state;
	for (int i = 0; i < 27; i++) {
		const char *b = v[i % 3], *s = v[i / 3 % 3], *f = v[i / 9];
		enum cell_outcome got = merge_cell(b, s, f), want;

		want = f == b ? CELL_SAME : s == b ? CELL_APPLY :
		    s == f ? CELL_AGREE : CELL_CONFLICT;
		assert_int_equal(got, want);
		assert_int_equal(merge_cell(b, f, s) == CELL_CONFLICT,
		    got == CELL_CONFLICT);
	}
}

static void
deletes_only_what_is_unchanged(void **state)
{
	static const char *const base[] = { "x", NULL, "" };
	static const char *const other[] = { "x", "anything", "" };
	static const char *const edited[] = { "x", "anything", "S" };

	(void)state;
	assert_true(merge_delete_ok(3, base, other));
	assert_false(merge_delete_ok(3, base, edited));
	assert_true(merge_delete_ok(0, base, edited));
}

static void
masks_mean_what_they_hide(void **state)
{
	/* B, the exported value, S: two of them look alike. */
	static const struct masked mask[] = {
		{ "138****0001", "13800000001" },
		{ "138****0002", "13800000002" },
		{ "138****0001", "13800000041" },
	};
	static const struct {
		const char *file, *want;
	} t[] = {
		{ "138****0001", "13800000001" },
		{ "138****0002", "13800000002" },
		{ "13800000003", "13800000003" },
		{ "138****0003", "138****0003" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		CHECK_STR(i, merge_unmask(mask, COUNT(mask), t[i].file),
		    t[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges),
		cmocka_unit_test(merges_cells),
		cmocka_unit_test(deletes_only_what_is_unchanged),
		cmocka_unit_test(masks_mean_what_they_hide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
