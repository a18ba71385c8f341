/* What becomes of one delivered cell: every meeting of what the export showed,
 * what files delivered since, what the system did, and what was typed. */
#include "sync_world.h"

static const struct {
	const char *name;
	const char *then, *now; /* SQL text; now NULL = as then */
	const char *shadow, *held, *held_base; /* as shown */
	const char *claim, *typed;
	const char *outcome;
	const char *next; /* SQL text; NULL = nothing is written */
	size_t conflicts, new_held, no_held;
} cell_rows[] = {
	/* nobody else: applied; as it was: nothing */
	{ "goal", "甲", NULL, NULL, NULL, NULL, "甲", "乙", "applied", "乙", 0,
	    0, 0 },
	{ "goal", "甲", NULL, NULL, NULL, NULL, "甲", "甲", "noop", NULL, 0, 0,
	    0 },
	{ "goal", NULL, NULL, NULL, NULL, NULL, "", "乙", "applied", "乙", 0, 0,
	    0 },
	/* the system changed it, too */
	{ "goal", "甲", "丙", NULL, NULL, NULL, "甲", "乙", "conflict", NULL, 1,
	    0, 0 },
	{ "goal", "甲", "乙", NULL, NULL, NULL, "甲", "乙", "noop", NULL, 0, 0,
	    0 },
	{ "goal", "甲", "丙", NULL, NULL, NULL, "甲", "甲", "noop", NULL, 0, 0,
	    0 },
	/* an earlier save of the same export is the base */
	{ "goal", "甲", "乙", "乙", NULL, NULL, "乙", "丁", "applied", "丁", 0,
	    0, 0 },
	{ "goal", "甲", "乙", "乙", NULL, NULL, "甲", "丁", "base_mismatch",
	    NULL, 0, 0, 0 },
	{ "goal", "甲", "丙", "乙", NULL, NULL, "乙", "甲", "conflict", NULL, 1,
	    0, 0 },
	/* what it claims to have seen was never shown */
	{ "goal", "甲", NULL, NULL, NULL, NULL, "己", "乙", "base_mismatch",
	    NULL, 0, 0, 0 },
	/* codes: by label or by code; others are held */
	{ "category", "Y-1", NULL, NULL, NULL, NULL, "立项批复", "其他",
	    "applied", "Y-6", 0, 0, 0 },
	{ "category", "Y-1", NULL, NULL, NULL, NULL, "立项批复", "Y-6",
	    "applied", "Y-6", 0, 0, 0 },
	{ "category", "Y-1", NULL, NULL, NULL, NULL, "立项批复", "Y-1", "noop",
	    NULL, 0, 0, 0 },
	{ "category", "Y-1", NULL, NULL, NULL, NULL, "立项批复", "胡写", "held",
	    NULL, 0, 1, 0 },
	/* repaired: merged from what it was before */
	{ "category", "Y-1", NULL, "胡写", "胡写", "立项批复", "胡写", "其他",
	    "applied", "Y-6", 0, 0, 1 },
	{ "category", "Y-1", "Y-6", "胡写", "胡写", "立项批复", "胡写",
	    "立项批复", "noop", NULL, 0, 0, 1 },
	{ "category", "Y-1", NULL, "胡写", "胡写", "立项批复", "胡写", "再胡写",
	    "held", NULL, 0, 1, 0 },
	{ "category", "Y-1", NULL, "胡写", "胡写", "立项批复", "胡写", "",
	    "applied", NULL, 0, 0, 1 },
};

static void
test_one_cell(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cell_rows) / sizeof(cell_rows[0]); i++) {
		struct world w;
		int at;

		world_open(&w);
		at = field_index(w.form.entity, cell_rows[i].name);
		w.row.now = issue_row(&w, cell_rows[i].name, cell_rows[i].then);
		if (cell_rows[i].now != NULL) {
			w.row.past = w.row.now;
			w.row.now =
			    issue_row(&w, cell_rows[i].name, cell_rows[i].now);
			w.row.rev = 2;
		}
		w.row.cells = cell(
		    cell_rows[i].name, cell_rows[i].claim, cell_rows[i].typed);
		if (cell_rows[i].shadow != NULL)
			w.row.shadow = json_pack(
			    "{s:s}", cell_rows[i].name, cell_rows[i].shadow);
		if (cell_rows[i].held != NULL)
			w.held = (struct rows) { 1,
				{ { ROW, cell_rows[i].name, cell_rows[i].held,
				    cell_rows[i].held_base } } };
		push_decide(&w.p);
		CHECK_STR(i, w.row.outcome, cell_rows[i].outcome);
		if (cell_rows[i].next != NULL)
			CHECK_STR(i, w.row.next[at], cell_rows[i].next);
		assert_int_equal(
		    count(w.p.new_conflict), cell_rows[i].conflicts);
		assert_int_equal(count(w.p.new_held), cell_rows[i].new_held);
		assert_int_equal(count(w.p.no_held), cell_rows[i].no_held);
		assert_int_equal(
		    w.row.update, strcmp(cell_rows[i].outcome, "applied") == 0);
		/* What was refused as a whole was never delivered. */
		assert_int_equal(w.row.deliver,
		    strcmp(cell_rows[i].outcome, "base_mismatch") != 0);
		json_decref(w.row.cells);
		json_decref(w.row.shadow);
		world_close(&w);
	}
}

static void
test_state_column(void **state)
{
	static const struct {
		const char *now, *open, *claim, *typed, *outcome;
		size_t asked, withdrawn, findings;
	} rows[] = {
		{ NULL, NULL, "", "是", "request", 1, 0, 0 },
		{ "f", NULL, "否", "是", "request", 1, 0, 0 },
		{ NULL, "accept", "", "是", "request", 0, 0, 0 },
		{ NULL, "accept", "", "否", "noop", 0, 1, 0 },
		{ NULL, NULL, "", "否", "noop", 0, 0, 0 },
		{ "t", NULL, "是", "否", "noop", 0, 0, 1 },
		{ NULL, NULL, "", "也许", "held", 0, 0, 0 },
		{ NULL, "accept", "", "也许", "held", 0, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		world_open(&w);
		w.row.now = issue_row(&w, "accepted", rows[i].now);
		w.row.cells = cell("accepted", rows[i].claim, rows[i].typed);
		if (rows[i].open != NULL)
			w.requests =
			    (struct rows) { 1, { { ROW, rows[i].open } } };
		push_decide(&w.p);
		CHECK_STR(i, w.row.outcome, rows[i].outcome);
		assert_null(w.row.next); /* never written */
		assert_int_equal(count(w.p.new_request), rows[i].asked);
		assert_int_equal(count(w.p.no_request), rows[i].withdrawn);
		assert_int_equal(count(w.p.new_finding), rows[i].findings);
		json_decref(w.row.cells);
		world_close(&w);
	}
}

static void
test_whole_rows(void **state)
{
	static const struct {
		enum push_op op;
		const char *state, *level, *goal_now;
		bool voided;
		const char *outcome;
	} rows[] = {
		{ PUSH_DELETE, "found", "4", "甲", false, "deleted" },
		{ PUSH_DELETE, "found", "4", "丙", false, "conflict" },
		{ PUSH_DELETE, "found", "4", "甲", true, "noop" },
		{ PUSH_DELETE, "closed", "4", "甲", false, "conflict" },
		{ PUSH_DELETE, "found", "3", "甲", false, "conflict" },
		{ PUSH_DELETE, "found", "5", "甲", false, "deleted" },
		{ PUSH_BACK, "found", "4", "甲", true, "conflict" },
		{ PUSH_BACK, "found", "4", "甲", false, "noop" },
		{ PUSH_UPDATE, "found", "4", "甲", true, "conflict" },
		{ PUSH_UPDATE, "closed", "4", "甲", false, "held" },
		{ PUSH_UPDATE, "found", "3", "甲", false, "held" },
		{ PUSH_UPDATE, "found", "5", "甲", false, "applied" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;
		const struct entity *e;

		world_open(&w);
		e = w.form.entity;
		w.row.op = rows[i].op;
		w.row.past = issue_row(&w, "goal", "甲");
		w.row.now = issue_row(&w, "goal", rows[i].goal_now);
		w.row.rev = 2;
		w.row.now[field_index(e, "state")] = rows[i].state;
		w.row.now[field_index(e, "filing_level")] = rows[i].level;
		w.row.voided = rows[i].voided;
		w.row.claimed = json_pack("{s:s}", "goal", "甲");
		if (rows[i].op == PUSH_UPDATE)
			w.row.cells = cell("goal", "甲", "乙");
		else if (rows[i].op == PUSH_BACK)
			w.row.cells = json_pack("{s:s}", "goal", "甲");
		push_decide(&w.p);
		CHECK_STR(i, w.row.outcome, rows[i].outcome);
		assert_int_equal(count(w.p.new_conflict),
		    strcmp(rows[i].outcome, "conflict") == 0);
		json_decref(w.row.cells);
		json_decref(w.row.claimed);
		world_close(&w);
	}
}

static void
test_new_rows(void **state)
{
	struct world w;
	const struct entity *e;

	(void)state;
	/* A spare row keeps its identity; a blank one stays a spare. */
	for (int blank = 0; blank < 2; blank++) {
		world_open(&w);
		e = w.form.entity;
		w.row.known = KNOWN_SPARE;
		w.row.rev = w.row.shown_rev = 0;
		w.row.cells = cell("goal", "", blank ? "" : "乙");
		push_decide(&w.p);
		assert_string_equal(w.row.outcome, blank ? "noop" : "inserted");
		assert_int_equal(w.row.insert, !blank);
		if (!blank) {
			assert_string_equal(
			    w.row.next[field_index(e, "id")], ROW);
			assert_string_equal(
			    w.row.next[field_index(e, "source")], "self_check");
			assert_string_equal(
			    w.row.next[field_index(e, "division_code")],
			    "430981107000");
			assert_string_equal(
			    w.row.next[field_index(e, "due_on")], "2023-06-30");
		}
		json_decref(w.row.cells);
		world_close(&w);
	}
	/* Somebody else's row, or one that never was. */
	world_open(&w);
	w.row.known = KNOWN_NOT;
	w.row.now = issue_row(&w, "goal", "甲");
	w.row.cells = cell("goal", "甲", "乙");
	push_decide(&w.p);
	assert_string_equal(w.row.outcome, "not_found");
	assert_false(w.row.deliver);
	json_decref(w.row.cells);
	world_close(&w);
}

/* The same disagreement has one name; a newer one takes its place. */
static void
test_raised_once(void **state)
{
	static const struct {
		const char *typed;
		size_t fresh, gone;
	} rows[] = { { "乙", 0, 0 }, { "丁", 1, 1 }, { "丙", 0, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		world_open(&w);
		w.row.past = issue_row(&w, "goal", "甲");
		w.row.now = issue_row(&w, "goal", "丙");
		w.row.rev = 2;
		w.row.cells = cell("goal", "甲", rows[i].typed);
		w.conflicts =
		    (struct rows) { 1, { { ROW, "goal", "c1", "乙", "丙" } } };
		push_decide(&w.p);
		assert_int_equal(count(w.p.new_conflict), rows[i].fresh);
		assert_int_equal(count(w.p.no_conflict), rows[i].gone);
		if (i == 0)
			assert_string_equal(w.row.conflicts->text, "c1");
		json_decref(w.row.cells);
		world_close(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_cell),
		cmocka_unit_test(test_state_column),
		cmocka_unit_test(test_whole_rows),
		cmocka_unit_test(test_new_rows),
		cmocka_unit_test(test_raised_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
