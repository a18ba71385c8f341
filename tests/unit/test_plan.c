/* The planner's rules one by one (sync-and-security.md 1.4–1.7). */
#include "plan_case.h"

#include <time.h>

#include "base/err.h"
#include "base/uid.h"

static const struct plan_case alignment[] = {
	{ "untouched", { "r1 m x y z", "r2 s . . ." },
	    { "tr1 x y z", "tr2 . . ." }, "settled" },
	{ "nothing known, nothing there", { NULL }, { NULL }, "settled" },
	{ "an edit", { "r1 m x y z" }, { "tr1 x Y z" }, "upd r1 @6 a:y>Y" },
	{ "a cleared cell", { "r1 m x y z" }, { "tr1 x . z" },
	    "upd r1 @6 a:y>" },
	{ "a spare is filled", { "r1 s . . ." }, { "tr1 x y ." },
	    "upd r1 @6 n:>x a:>y" },
	{ "a row below the spares", { "r1 m x y z" },
	    { "tr1 x y z", "- q w ." }, "ins @7 n:q a:w" },
	{ "sorted", { "r1 m x y z", "r2 m q w e" },
	    { "tr2 q w e", "tr1 x y z" }, "settled" },
	{ "sorted without the hidden column",
	    { "r1 m x y z", "r2 m q w e", "r3 m k l m" },
	    { "tr1 q w e", "tr2 k l m", "tr3 x y Z" },
	    "upd r1 @8 b:z>Z" },
	{ "token erased", { "r1 m x y z" }, { "- x y Z" },
	    "upd r1 @6 b:z>Z" },
	{ "token erased and renamed: two of three cells", { "r1 m x y z" },
	    { "- X y z" }, "upd r1 @6 n:x>X" },
	{ "token erased, one cell left: another row", { "r1 m x y z" },
	    { "- X Y z" }, "ins @6 n:X a:Y b:z; wait 1600" },
	{ "likeness must be strict", { "r1 m x y z", "r2 m q y z" },
	    { "- X y z" }, "ins @6 n:X a:y b:z; wait 1600" },
	{ "renamed", { "r1 m x y z" }, { "tr1 X Y z" },
	    "upd r1 @6 n:x>X a:y>Y" },
	{ "names swapped among rows follow the name",
	    { "r1 m x y z", "r2 m q w e" }, { "tr1 q y z", "tr2 x w e" },
	    "upd r2 @6 a:w>y b:e>z; upd r1 @7 a:y>w b:z>e" },
	{ "token of another ledger", { "r1 m x y z" },
	    { "tr1 x y z", "tr9 q w e" },
	    "ins @7 n:q a:w b:e; !bad-token @7" },
	{ "a bad token on a known name", { "r1 m x y z" },
	    { "tr1.7.zzzz x y z" }, "!bad-token @6; settled" },
	{ "a bad token on a blank row says nothing", { "r1 m x y z" },
	    { "tr1 x y z", "tr9 . . ." }, "settled" },
};

static const struct plan_case copies[] = {
	{ "copied and renamed", { "r1 m x y z" },
	    { "tr1 x y z", "tr1 X y z" },
	    "ins @7 from r1 n:X a:y b:z; !copied r1 @7" },
	{ "the copy stands before the original", { "r1 m x y z" },
	    { "tr1 X y z", "tr1 x y z" },
	    "ins @6 from r1 n:X a:y b:z; !copied r1 @6" },
	{ "copied, name left: the one more alike keeps it", { "r1 m x y z" },
	    { "tr1 x Y z", "tr1 x y z" },
	    "ins @6 from r1 n:x a:Y b:z; !copied r1 @6" },
	{ "copied, both renamed: the one more alike keeps it",
	    { "r1 m x y z" }, { "tr1 X Y z", "tr1 Q y z" },
	    "ins @6 from r1 n:X a:Y b:z; upd r1 @7 n:x>Q; !copied r1 @6" },
	{ "equal likeness: both are held", { "r1 m x y z" },
	    { "tr1 x Y z", "tr1 x y Z" },
	    "!ambiguous r1 @6; !ambiguous r1 @7" },
	{ "held rows do not stop others", { "r1 m x y z", "r2 m q w e" },
	    { "tr1 x y z", "tr1 x y z", "tr2 q W e" },
	    "upd r2 @8 a:w>W; !ambiguous r1 @6; !ambiguous r1 @7" },
	{ "three copies, one less alike", { "r1 m x y z" },
	    { "tr1 X y z", "tr1 Q y z", "tr1 K L z" },
	    "ins @8 from r1 n:K a:L b:z; !ambiguous r1 @6; "
	    "!ambiguous r1 @7; !copied r1 @8" },
	{ "a pending copy is not inserted again",
	    { "r1 m x y z", "p2 p . . . / X y z" },
	    { "tr1 x y z", "tr1 X y z" }, "settled" },
	{ "a pending copy is renamed",
	    { "r1 m x y z", "p2 p . . . / X y z" },
	    { "tr1 x y z", "tr1 Q y z" }, "upd p2 @7 n:X>Q" },
	{ "a renamed copy stays itself when the original is gone",
	    { "r1 m x y z", "p2 p . . . / X y Z" },
	    { "tr1 Q y Z" }, "upd p2 @6 n:X>Q; wait 1600" },
	{ "pending rows of one name are told apart",
	    { "p1 p . . . / x y z", "p2 p . . . / x w e" },
	    { "- x w E", "- x y z" }, "upd p2 @6 b:e>E" },
	{ "rows of one name, tokens erased, are told apart",
	    { "r1 m x y z", "r2 m x w e" }, { "- x w E", "- x y Z" },
	    "upd r2 @6 b:e>E; upd r1 @7 b:z>Z" },
	{ "beyond the number of a name's rows is new",
	    { "p1 p . . . / x y z", "p2 p . . . / x w e" },
	    { "- x w e", "- x y z", "- x k l" }, "ins @8 n:x a:k b:l" },
};

static const struct plan_case stale[] = {
	{ "shadow over base", { "r1 m x y z / - Y -" }, { "tr1 x Y z" },
	    "settled" },
	{ "a second save of an open file", { "r1 m x y z / - Y -" },
	    { "tr1 x YY z" }, "upd r1 @6 a:Y>YY" },
	{ "everything delivered is back: an old copy",
	    { "r1 m x y z / - Y -" }, { "tr1 x y z" },
	    "seen r1 @6 a:Y>y; !stale" },
	{ "new values in an old copy flow, after what is old",
	    { "r1 m x y z / - Y -", "r2 m q w e" },
	    { "tr2 q W e", "tr1 x y Z" },
	    "seen r1 @7 a:Y>y; upd r2 @6 a:w>W; upd r1 @7 b:z>Z; !stale" },
	{ "a third value says nothing, the other is back",
	    { "r1 m x y z / - Y Z" }, { "tr1 x y Q" },
	    "seen r1 @6 a:Y>y; upd r1 @6 b:Z>Q; !stale" },
	{ "an old copy deletes nothing",
	    { "r1 m x y z / - Y -", "r2 m@1 q w e" }, { "tr1 x y z" },
	    "seen r1 @6 a:Y>y; seen r2 gone; !stale" },
	{ "an old copy knows no pending row",
	    { "r1 m x y z", "p2 p@1 . . . / q w e" }, { "tr1 x y z" },
	    "seen p2 gone; !stale" },
	{ "partly back: an undo, and a notice",
	    { "r1 m x y z / - Y Z" }, { "tr1 x y Z" },
	    "upd r1 @6 a:Y>y; !revert r1 @6 a" },
	{ "a pending row typed anew is no return",
	    { "p1 p . . . / q w e" }, { "- q . e" }, "upd p1 @6 a:w>" },
	{ "two people filled one spare row",
	    { "r1 s . . . / x y z" }, { "tr1 q w e" },
	    "seen r1 gone; ins @6 n:q a:w b:e; !stale" },
	{ "once seen, the row is new and the save current",
	    { "r1 sg . . . / x y z", "p2 p . . . / q w e",
	    "r3 m k l m / - L -" },
	    { "tr1 q w e", "tr3 k l m" },
	    "upd r3 @7 a:L>l; !revert r3 @7 a" },
	{ "one cell corrected is no collision", { "r1 s . . . / x . ." },
	    { "tr1 X . ." }, "upd r1 @6 n:x>X" },
	{ "half of a filled spare left is no collision",
	    { "r1 s . . . / x y ." }, { "tr1 q y ." },
	    "upd r1 @6 n:x>q" },
	{ "a third of a filled spare left: two people",
	    { "r1 s . . . / x y z" }, { "tr1 q w z" },
	    "seen r1 gone; ins @6 n:q a:w b:z; !stale" },
	{ "the first text elsewhere is no collision",
	    { "r1 s . . . / x y z" }, { "tr1 q w e", "- x y z" },
	    "ins @6 from r1 n:q a:w b:e; !copied r1 @6" },
};

static const struct plan_case deletions[] = {
	{ "absent the first time", { "r1 m x y z" }, { NULL }, "wait 1600" },
	{ "absent, not long enough", { "r1 m@500 x y z" }, { NULL },
	    "wait 1100" },
	{ "absent long enough", { "r1 m@400 x y z" }, { NULL }, "del r1" },
	{ "cleared is absent", { "r1 m@400 x y z" }, { "tr1 . . ." },
	    "del r1" },
	{ "a spare left blank is not", { "r1 s@1 . . ." }, { NULL },
	    "settled" },
	{ "absent and gone already", { "r1 mg@1 x y z" }, { NULL },
	    "settled" },
	{ "back again", { "r1 mg x y z" }, { "tr1 x Y z" },
	    "back r1 @6 n:x>x a:y>Y b:z>z" },
	{ "back again in an old copy",
	    { "r1 mg x y z / - Y -" }, { "tr1 x y Q" },
	    "seen r1 @6 a:Y>y; back r1 @6 n:x>x a:y>y b:z>Q; !stale" },
	{ "marked", { "r1 m x y z" }, { "tr1 x y z D" }, "del r1 @6" },
	{ "marked and edited: the edit first", { "r1 m x y z" },
	    { "tr1 x Y z D" }, "upd r1 @6 a:y>Y" },
	{ "marked and gone", { "r1 mg x y z" }, { "tr1 x y z D" },
	    "settled" },
	{ "marked and new: first it is somebody", { NULL },
	    { "- x y z D" }, "ins @6 n:x a:y b:z" },
	{ "marked in a copy", { "!keep", "r1 m x y z" }, { "tr1 x y z D" },
	    "settled" },
	{ "first contact", { "!keep", "r1 m@1 x y z" }, { NULL },
	    "settled" },
	{ "a row of this export vanished: a notice",
	    { "r1 m x y z / - Y -", "p2 p@1 . . . / q w e" },
	    { "tr1 x Y z" }, "del p2; !revert p2" },
	{ "three of four", { "r1 m@1 a . .", "r2 m@1 b . .",
	    "r3 m@1 c . .", "r4 m d . ." }, { "tr4 d . ." },
	    "del r1; del r2; del r3" },
	{ "four of five are held, edits flow", { "r1 m@1 a . .",
	    "r2 m@1 b . .", "r3 m@1 c . .", "r4 m@1 d . .", "r5 m e . ." },
	    { "tr5 e E ." }, "upd r5 @6 a:>E; hold-mass-delete" },
	{ "one ripe of four is held, too", { "r1 m@1 a . .", "r2 m b . .",
	    "r3 m c . .", "r4 m d . .", "r5 m e . ." },
	    { "tr5 e . ." }, "hold-mass-delete; wait 1600" },
	{ "none ripe of four: no hold yet", { "r1 m a . .", "r2 m b . .",
	    "r3 m c . .", "r4 m d . .", "r5 m e . ." },
	    { "tr5 e . ." }, "wait 1600" },
	{ "a person confirmed", { "!confirmed", "r1 m@1 a . .", "r2 m@1 b . .",
	    "r3 m@1 c . .", "r4 m@1 d . .", "r5 m e . ." },
	    { "tr5 e . ." }, "del r1; del r2; del r3; del r4" },
	{ "marks confirm themselves", { "r1 m a . .", "r2 m b . .",
	    "r3 m c . .", "r4 m d . ." }, { "tr1 a . . D", "tr2 b . . D",
	    "tr3 c . . D", "tr4 d . . D" },
	    "del r1 @6; del r2 @7; del r3 @8; del r4 @9" },
};

static const struct plan_case files[] = {
	{ "a copy: old values are no wish, new ones are",
	    { "!copy", "!keep", "r1 m x y z / - Y Z", "r2 m q w e" },
	    { "tr1 x y Z", "tr2 Q w e" },
	    "seen r1 @6 a:Y>y; upd r2 @7 n:q>Q" },
	{ "a copy lacks rows",
	    { "!copy", "!keep", "r1 m x y z", "p2 p . . . / q w e" },
	    { "tr1 x y z" }, "seen p2 gone" },
	{ "mis-sorted: names fit other tokens and some fit nothing",
	    { "r1 m x y z", "r2 m q w e", "r3 m k l m", "r4 m g h i" },
	    { "tr2 x y z", "tr1 q w e", "tr4 K l m", "tr3 g h i" },
	    "hold-missort" },
	{ "copies, known and renamed, are no mis-sort",
	    { "r1 m x y z", "p2 p . . . / 1 y z", "p3 p . . . / 2 Y z" },
	    { "tr1 x y z", "tr1 1 y z", "tr1 2 Y z", "tr1 3 1 1" },
	    "ins @9 from r1 n:3 a:1 b:1; !copied r1 @9" },
	{ "sorted without tokens, a new row has none",
	    { "r1 m x y z", "r2 m q w e", "r3 m k l m", "r4 m g h i" },
	    { "tr2 x y z", "tr1 q w e", "tr4 k l m", "- 1 2 3",
	    "tr3 g h i" }, "ins @9 n:1 a:2 b:3" },
};

static void
aligns(void **state)
{
	(void)state;
	case_check(alignment, COUNT(alignment));
	case_check(copies, COUNT(copies));
}

static void
recognises_old_copies(void **state)
{
	(void)state;
	case_check(stale, COUNT(stale));
}

static void
deletes_with_evidence(void **state)
{
	(void)state;
	case_check(deletions, COUNT(deletions));
	case_check(files, COUNT(files));
}

/* Adopted exports: the base is blank, the server knows the name. */
static void
adopts_by_name(void **state)
{
	const char *const none[] = { "", "", "" };
	const char *const cell[] = { "x", "y", "" };
	const struct known_row known = { .row = "r1", .base = none,
		.key = "x" };
	const struct file_row file = { .token = "", .cell = cell, .key = "x",
		.sheet_row = 6 };
	const struct plan_options opt = { .ncols = 3, .now = 1,
		.instance = "", .export_id = "", .file_sha = "",
		.sheet = "" };
	struct arena arena;
	struct plan p;

	(void)state;
	arena_init(&arena, 0);
	plan_make(&arena, &opt, &known, 1, &file, 1, &p);
	assert_int_equal(p.nops, 1);
	assert_int_equal(p.op[0].kind, OP_UPDATE);
	assert_string_equal(p.op[0].base[0], "");
	assert_string_equal(p.op[0].value[1], "y");
	assert_null(p.op[0].value[2]);
	assert_int_equal(p.match[0], 0);
	arena_free(&arena);
}

/* SHA-256 of instance, export, sha, sheet, row, cells, each NUL-ended. */
static void
inserts_have_an_identity(void **state)
{
	static const struct plan_case t = { "", { NULL },
		{ "- x y .", "- x y ." }, "" };
	char want[SHA_HEX_LEN + 1];
	struct arena arena;
	struct plan p, again;

	(void)state;
	arena_init(&arena, 0);
	case_run(&arena, &t, &p);
	case_run(&arena, &t, &again);
	assert_int_equal(p.nops, 2);
	sha256_hex("i\0e\0f\0s\0006\0x\0y\0", 15, want);
	assert_string_equal(p.op[0].op_id, want);
	assert_string_not_equal(p.op[0].op_id, p.op[1].op_id);
	assert_string_equal(p.op[1].op_id, again.op[1].op_id);
	arena_free(&arena);
}

/* A lost answer, the same bytes again: the row is the one it made. */
static void
same_bytes_are_the_same_row(void **state)
{
	static const struct plan_case t = { "", { "p1 p . . . / x y z",
		"p2 p . . . / x y z" }, { "- x y z", "- x y z" }, "" };
	struct known_row known[2];
	struct file_row file[2];
	const struct plan_options opt = { .ncols = COLS, .now = 1,
		.instance = "i", .export_id = "e", .file_sha = "f",
		.sheet = "s" };
	struct arena arena;
	struct plan first, p;

	(void)state;
	arena_init(&arena, 0);
	for (unsigned i = 0; i < 2; i++) {
		known[i] = case_known(&arena, t.known[i]);
		file[i] = case_file(&arena, t.file[i], i + 6);
	}
	plan_make(&arena, &opt, NULL, 0, file, 2, &first);
	assert_int_equal(first.nops, 2);
	known[0].origin = first.op[1].op_id;
	known[1].origin = first.op[0].op_id;
	plan_make(&arena, &opt, known, 2, file, 2, &p);
	assert_true(p.settled);
	assert_int_equal(p.match[0], 1);
	assert_int_equal(p.match[1], 0);
	arena_free(&arena);
}

static void
names_earlier_values(void **state)
{
	const char *const was[] = { "Y", NULL };
	const char *const *const earlier[] = { NULL, was, NULL };
	struct known_row known;
	struct file_row file;
	const struct plan_options opt = { .ncols = COLS, .now = 1 };
	struct arena arena;
	struct plan p;

	(void)state;
	arena_init(&arena, 0);
	known = case_known(&arena, "r1 m x y z / X YY -");
	known.earlier = earlier;
	file = case_file(&arena, "tr1 X Y z", 6);
	plan_make(&arena, &opt, &known, 1, &file, 1, &p);
	assert_int_equal(p.nops, 1);
	assert_int_equal(p.nnotices, 1);
	assert_int_equal(p.notice[0].kind, NOTICE_REVERT);
	assert_int_equal(p.notice[0].column, 1);
	arena_free(&arena);
}

static void
makes_keys(void **state)
{
	static const struct {
		const char *cell[2];
		unsigned chars;
		const char *want;
	} t[] = {
		{ { "立项批复", "缺少　批复文件。" }, 60,
		    "立项批复|缺少批复文件" },
		{ { "立项批复", "缺少批复文件" }, 2, "立项批复|缺少" },
		{ { "立项批复", "" }, 60, "立项批复|" },
		{ { "", "ＡＢ c" }, 0, "|abc" },
		{ { "", " 　" }, 60, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		const struct key_part part[] = { { 0, 0 },
			{ 1, t[i].chars } };
		struct arena arena;

		arena_init(&arena, 0);
		CHECK_STR(i, plan_key(&arena, t[i].cell, part, 2), t[i].want);
		arena_free(&arena);
	}
}

/* Ten thousand rows of twelve columns: every pass has its work. */
static void
plans_big_ledgers_quickly(void **state)
{
	enum { ROWS = 10000, WIDE = 12, RUNS = 5 };
	struct plan_options opt = { .ncols = WIDE, .now = 1,
		.delete_after = 600, .deletions = true, .instance = "i",
		.export_id = "e", .file_sha = "f", .sheet = "s" };
	struct arena arena, work;
	struct known_row *known;
	struct file_row *file;
	double best = 1e9;

	(void)state;
	arena_init(&arena, 0);
	known = arena_array(&arena, ROWS, sizeof(*known));
	file = arena_array(&arena, ROWS, sizeof(*file));
	for (unsigned i = 0; i < ROWS; i++) {
		const char **b = arena_array(&arena, WIDE, sizeof(*b));
		const char **f = arena_array(&arena, WIDE, sizeof(*f));
		/* 37 and 10,000 have no common factor: a sort. */
		struct file_row *r = &file[(i * 37) % ROWS];

		for (unsigned c = 0; c < WIDE; c++) {
			b[c] = c % 3 == 2 ? "是" : arena_printf(&arena,
			    "第%u行的整改措施第%u列", i, c);
			f[c] = arena_strdup(&arena, b[c]);
		}
		known[i] = (struct known_row){
			.row = arena_printf(&arena, "r%u", i),
			.token = arena_printf(&arena, "token.%u.1", i),
			.base = b, .key = b[0],
		};
		if (i % 50 == 0)
			f[1] = "改过";
		if (i % 70 == 0)
			f[0] = arena_printf(&arena, "新名%u", i);
		*r = (struct file_row){ .cell = f, .key = f[0],
			.sheet_row = (i * 37) % ROWS + 6,
			.token = i % 20 == 0 ? "" :
			    arena_strdup(&arena, known[i].token) };
	}
	for (int run = 0; run < RUNS; run++) {
		struct timespec a, b;
		struct plan p;
		double ms;

		arena_init(&work, 0);
		clock_gettime(CLOCK_MONOTONIC, &a);
		plan_make(&work, &opt, known, ROWS, file, ROWS, &p);
		clock_gettime(CLOCK_MONOTONIC, &b);
		ms = (double)(b.tv_sec - a.tv_sec) * 1e3 +
		    (double)(b.tv_nsec - a.tv_nsec) / 1e6;
		best = ms < best ? ms : best;
		assert_int_equal(p.nnotices, 0);
		assert_int_equal(p.nops, 314);
		arena_free(&work);
	}
	print_message("10,000 rows × 12 columns: %.1f ms\n", best);
	assert_true(best < 500);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligns),
		cmocka_unit_test(recognises_old_copies),
		cmocka_unit_test(deletes_with_evidence),
		cmocka_unit_test(adopts_by_name),
		cmocka_unit_test(inserts_have_an_identity),
		cmocka_unit_test(same_bytes_are_the_same_row),
		cmocka_unit_test(names_earlier_values),
		cmocka_unit_test(makes_keys),
		cmocka_unit_test(plans_big_ledgers_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
