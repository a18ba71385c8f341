/* I15: cells that a folder is shown masked come back as unchanged. */
#include "sync_world.h"

/* I15: what a folder is shown masked comes back as unchanged, whatever else
 * happened; it cannot be written there. Levels 2 to 4: masked, contacts,
 * township; below clearance 2 telephones are masked, below 1 names too. */
static const struct {
	int level, clearance;
	const char *name, *then, *now, *claim, *typed, *outcome, *next;
} masked_rows[] = {
	{ 4, 2, "leader_phone", "13800000001", NULL, "13800000001",
	    "13800000002", "applied", "13800000002" },
	{ 3, 2, "leader_phone", "13800000001", NULL, "13800000001",
	    "13800000002", "applied", "13800000002" },
	/* a mask copied in from elsewhere means the value it was made of */
	{ 4, 2, "leader_phone", "13800000001", NULL, "13800000001",
	    "138****0001", "noop", NULL },
	{ 4, 2, "leader_phone", "13800000001", NULL, "13800000001",
	    "138****0009", "held", NULL },
	/* masked: as it was shown, and as the system has it now */
	{ 2, 2, "leader_phone", "13800000001", NULL, "138****0001",
	    "138****0001", "noop", NULL },
	{ 4, 1, "leader_phone", "13800000001", NULL, "138****0001",
	    "138****0001", "noop", NULL },
	{ 2, 2, "leader_phone", "13800000001", "13800000009", "138****0001",
	    "138****0001", "noop", NULL },
	{ 2, 2, "leader_phone", "13800000001", "13800000009", "138****0001",
	    "138****0009", "noop", NULL },
	{ 2, 2, "leader_phone", NULL, NULL, "", "", "noop", NULL },
	/* anything else is not his to write */
	{ 2, 2, "leader_phone", "13800000001", NULL, "138****0001",
	    "13800000002", "held", NULL },
	{ 2, 2, "leader_phone", "13800000001", NULL, "138****0001",
	    "138****0002", "held", NULL },
	{ 2, 2, "leader_phone", "13800000001", NULL, "138****0001", "",
	    "held", NULL },
	{ 2, 2, "leader_phone", NULL, NULL, "", "13800000002", "held", NULL },
	{ 4, 0, "leader_name", "王一", NULL, "王*", "王*", "noop", NULL },
	{ 4, 0, "leader_name", "王一", NULL, "王*", "李二", "held", NULL },
	{ 4, 1, "leader_name", "王一", NULL, "王一", "李二", "applied",
	    "李二" },
	/* a masked folder never saw the value itself */
	{ 2, 2, "leader_phone", "13800000001", NULL, "13800000001",
	    "13800000002", "base_mismatch", NULL },
};

static void
test_masked_cells(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(masked_rows); i++) {
		struct world w;
		int at;

		world_open(&w);
		w.r.who.level = masked_rows[i].level;
		w.r.who.scope.clearance = masked_rows[i].clearance;
		at = field_index(w.form.entity, masked_rows[i].name);
		w.row.now = issue_row(&w, masked_rows[i].name,
		    masked_rows[i].then);
		if (masked_rows[i].now != NULL) {
			w.row.past = w.row.now;
			w.row.now = issue_row(&w, masked_rows[i].name,
			    masked_rows[i].now);
			w.row.rev = 2;
		}
		w.row.cells = cell(masked_rows[i].name, masked_rows[i].claim,
		    masked_rows[i].typed);
		push_decide(&w.p);
		CHECK_STR(i, w.row.outcome, masked_rows[i].outcome);
		if (masked_rows[i].next != NULL)
			CHECK_STR(i, w.row.next[at], masked_rows[i].next);
		assert_int_equal(count(w.p.new_conflict), 0);
		assert_int_equal(count(w.p.new_held),
		    strcmp(masked_rows[i].outcome, "held") == 0);
		json_decref(w.row.cells);
		world_close(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masked_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
