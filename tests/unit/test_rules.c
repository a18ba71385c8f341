/* The numbered rules of an issue, one broken thing at a time. */
#include "check.h"

#include "base/err.h"
#include "rules.h"
#include "no_guards.h"

/* A complete row of the ledger, and what each case changes in it. */
static const char *const good[] = { "category", "Y-1", "description", "…",
	"d_unit_or_project", "稻虾基地", "d_entity", "合作社", "d_happened_on",
	"2022-05", "d_basic", "未公示", "responsible_org", "镇人民政府",
	"leader_name", "张三", "leader_phone", "13800000001", "person_name",
	"李四", "goal", "补办", "measures", "公示", "progress_text", "未完成",
	"is_completed", "f", "incomplete_reason", "正在公示", "expected_on",
	"2023-05-20", "due_on", "2023-05-31", NULL };

static const char *const params[] = { "hard_stop_on", "2023-06-30",
	"accept_from", "2023-06-01", "accept_to", "2023-06-20" };
static const struct action_facts action = { .id = "a", .code = "a",
	.year = 2023, .param = params, .nparams = 3 };

static void
set_all(const struct entity *e, const char **row, const char *const *list)
{
	for (; *list != NULL; list += 2) {
		int i = field_index(e, list[0]);

		assert_true(i >= 0);
		row[i] = *list[1] != '\0' ? list[1] : NULL;
	}
}

static void
check(const char *const *change, const char *rule, const char *name,
    const char *level)
{
	const struct entity *e = entity_find("issue");
	struct findings found = { NULL, 0, 0 };
	struct arena a;
	const char **row;

	arena_init(&a, 0);
	row = arena_array(&a, field_total(e), sizeof *row);
	set_all(e, row, good);
	set_all(e, row, change);
	rules_issue(&a, e, NULL, &action, row, &found);
	for (size_t i = 0; i < found.n; i++)
		if (rule == NULL)
			print_error("%s %s\n", found.at[i].rule,
			    found.at[i].name);
	assert_int_equal(found.n, rule != NULL ? 1 : 0);
	if (rule != NULL) {
		assert_string_equal(found.at[0].rule, rule);
		assert_string_equal(found.at[0].name, name);
		assert_string_equal(found.at[0].level, level);
		assert_true(*found.at[0].zh != '\0' &&
		    *found.at[0].en != '\0');
	}
	assert_int_equal(findings_clean(&found),
	    rule == NULL || strcmp(level, "error") != 0);
	arena_free(&a);
}

#define C(...) (const char *const[]) { __VA_ARGS__, NULL }

static void
one_fault_each(void **state)
{
	(void)state;
	check(C("goal", "补办"), NULL, NULL, NULL);
	/* */
	check(C("category", ""), "R-17", "category", "error");
	check(C("responsible_org", ""), "R-17", "responsible_org", "error");
	check(C("leader_name", ""), "R-17", "leader_name", "error");
	check(C("leader_phone", ""), "R-17", "leader_phone", "error");
	check(C("person_name", ""), "R-17", "person_name", "error");
	check(C("goal", ""), "R-17", "goal", "error");
	check(C("measures", ""), "R-17", "measures", "error");
	/* Y55 */
	check(C("d_unit_or_project", ""), "Y55", "description", "warning");
	check(C("d_entity", ""), "Y55", "description", "warning");
	check(C("d_happened_on", ""), "Y55", "description", "warning");
	check(C("d_basic", ""), "Y55", "description", "warning");
	/* A missing description has no parts to complain of. */
	check(C("description", "", "d_basic", ""), "R-17", "description",
	    "error");
	/* Y56 */
	check(C("is_completed", ""), "Y56", "progress_text", "warning");
	check(C("incomplete_reason", ""), "Y56", "progress_text", "error");
	check(C("expected_on", ""), "Y56", "progress_text", "error");
	check(C("is_completed", "t", "incomplete_reason", "", "expected_on",
	    ""), NULL, NULL, NULL);
	/* Y57 */
	check(C("closed", "t"), "Y57", "closed", "error");
	check(C("closed", "t", "accepted", "f"), "Y57", "closed", "error");
	check(C("closed", "t", "accepted", "t"), NULL, NULL, NULL);
	check(C("closed", "f", "accepted", "f"), NULL, NULL, NULL);
	/* Y34 */
	check(C("leader_name", "张三、李四"), "Y34", "leader_name", "warning");
	check(C("leader_name", "张三/李四"), "Y34", "leader_name", "warning");
	check(C("leader_name", "张三，李四"), "Y34", "leader_name", "warning");
	/* Y36 */
	check(C("rectify_mode", "limited", "due_on", ""), "Y36", "due_on",
	    "error");
	check(C("rectify_mode", "immediate", "due_on", ""), NULL, NULL, NULL);
	/* A1: the hard stop itself is still in time. */
	check(C("due_on", "2023-06-30"), NULL, NULL, NULL);
	check(C("due_on", "2023-07-01"), "R-17", "due_on", "error");
	check(C("due_on", "2023-07-01", "rectify_mode", "long_term",
	    "next_review_on", "2024-01-31"), NULL,
	    NULL, NULL);
	/* */
	check(C("accepted_on", "2023-06-01"), NULL, NULL, NULL);
	check(C("accepted_on", "2023-06-20"), NULL, NULL, NULL);
	check(C("accepted_on", "2023-05-31"), "R-24", "accepted_on",
	    "warning");
	check(C("accepted_on", "2023-06-21"), "R-24", "accepted_on",
	    "warning");
}

static void
without_an_action_dates_are_free(void **state)
{
	const struct entity *e = entity_find("issue");
	struct findings found = { NULL, 0, 0 };
	struct arena a;
	const char **row;

	(void)state;
	arena_init(&a, 0);
	row = arena_array(&a, field_total(e), sizeof *row);
	set_all(e, row, good);
	set_all(e, row, C("due_on", "2099-01-01", "accepted_on",
	    "2099-01-01"));
	rules_issue(&a, e, NULL, NULL, row, &found);
	assert_int_equal(found.n, 0);
	arena_free(&a);
}

static void
an_empty_row_has_every_fault_of_r17(void **state)
{
	const struct entity *e = entity_find("issue");
	struct findings found = { NULL, 0, 0 };
	size_t required = 0;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < field_total(e); i++)
		required += (field_at(e, (int)i)->flags & F_ROW) != 0;
	rules_issue(&a, e, NULL, &action, arena_array(&a, field_total(e),
	    sizeof(char *)), &found);
	assert_int_equal(found.n, required);
	assert_int_equal(required, 9);
	arena_free(&a);
}

static void
the_model_is_sound(void **state)
{
	(void)state;
	model_check();
	assert_null(entity_find("nothing"));
	assert_int_equal(field_index(entity_find("issue"), "nothing"), -1);
	assert_null(field_at(entity_find("issue"), -1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_fault_each),
		cmocka_unit_test(without_an_action_dates_are_free),
		cmocka_unit_test(an_empty_row_has_every_fault_of_r17),
		cmocka_unit_test(the_model_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
