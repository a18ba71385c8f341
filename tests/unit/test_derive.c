/* Parts read out of composed texts, by the rules of the printed ledger. */
#include "check.h"

#include <stdlib.h>

#include "base/err.h"
#include "derive.h"
#include "no_guards.h"

#define LEDGER "conf/ledgers/x01.json"

static struct derive *
rules(struct arena *a)
{
	json_t *spec = json_load_file(LEDGER, 0, NULL);
	struct derive *d;
	const char *why = "";

	assert_non_null(spec);
	d = derive_load(a, entity_find("issue"), json_object_get(spec,
	    "derive"), &why);
	if (d == NULL)
		fail_msg("%s", why);
	json_decref(spec);
	return d;
}

static void
parts(void **state)
{
	static const struct {
		const char *from, *text, *name, *want; /* "" = none */
	} row[] = {
		{ "description", "项目名称：稻虾基地；实施主体：合作社；发生时间："
		    "2022年5月；基本情况：未公示；也未备案", "d_unit_or_project",
		    "稻虾基地" },
		{ "description", "项目名称：稻虾基地；实施主体：合作社",
		    "d_entity", "合作社" },
		{ "description", "项目名称:茶园;发生时间:2022.5.3。其他",
		    "d_happened_on", "2022-05-03" },
		{ "description", "发生时间：5月3日", "d_happened_on",
		    "2023-05-03" },
		{ "description", "发生时间：很久以前", "d_happened_on", "" },
		{ "description", "基本情况：一；二。三", "d_basic", "一；二。三" },
		{ "description", "项目名称：；实施主体：", "d_unit_or_project",
		    "" },
		{ "description", "没有任何标签的一句话", "d_basic", "" },
		{ "description", "部门或项目名称：甲；项目名称：乙",
		    "d_unit_or_project", "甲" },
		{ "progress_text", "已完成。全部到位", "is_completed", "t" },
		{ "progress_text", "未完成。原因：缺设备；预计5月底完成",
		    "is_completed", "f" },
		{ "progress_text", "正在整改", "is_completed", "f" },
		{ "progress_text", "预计已完成", "is_completed", "" },
		{ "progress_text", "未完成。原因：缺设备；预计2023年5月31日完成",
		    "incomplete_reason", "缺设备" },
		{ "progress_text", "未完成。原因：缺设备；预计2023年5月31日完成",
		    "expected_on", "2023-05-31" },
		{ "progress_text", "未完成，预计2023年5月31日前完成",
		    "expected_on", "2023-05-31" },
		{ "progress_text", "未完成，预计5月底完成", "expected_on",
		    "2023-05-31" },
		{ "progress_text", "未完成，预计明年完成", "expected_on", "" },
	};
	const struct entity *e = entity_find("issue");

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct arena a;
		const char **value, *got;

		arena_init(&a, 0);
		value = arena_array(&a, field_total(e), sizeof *value);
		value[field_index(e, row[i].from)] = row[i].text;
		/* What stood there before does not survive its text. */
		value[field_index(e, row[i].name)] = "old";
		derive_apply(&a, rules(&a), e, 2023, value, NULL);
		got = value[field_index(e, row[i].name)];
		CHECK_STR(i, got != NULL ? got : "", row[i].want);
		arena_free(&a);
	}
}

static void
what_was_given_stays(void **state)
{
	const struct entity *e = entity_find("issue");
	int text = field_index(e, "description");
	int unit = field_index(e, "d_unit_or_project");
	int entity = field_index(e, "d_entity");
	int done = field_index(e, "is_completed");
	struct arena a;
	const char **row;
	bool *changed;

	(void)state;
	arena_init(&a, 0);
	row = arena_array(&a, field_total(e), sizeof *row);
	changed = arena_array(&a, field_total(e), 1);
	row[text] = "项目名称：甲；实施主体：乙";
	row[entity] = "丙";
	row[done] = "t";
	changed[text] = changed[entity] = true;
	derive_apply(&a, rules(&a), e, 2023, row, changed);
	assert_string_equal(row[unit], "甲");
	assert_string_equal(row[entity], "丙");
	assert_string_equal(row[done], "t"); /* its text did not change */
	assert_true(changed[unit]);
	assert_false(changed[done]);
	arena_free(&a);
}

static void
long_parts_are_cut_not_lost(void **state)
{
	const struct entity *e = entity_find("issue");
	struct arena a;
	const char **row;
	char text[4000] = "实施主体：";

	(void)state;
	arena_init(&a, 0);
	for (int i = 0; i < 300; i++)
		strncat(text, "长", sizeof text - strlen(text) - 1);
	row = arena_array(&a, field_total(e), sizeof *row);
	row[field_index(e, "description")] = text;
	derive_apply(&a, rules(&a), e, 2023, row, NULL);
	assert_int_equal(strlen(row[field_index(e, "d_entity")]), 600);
	arena_free(&a);
}

static void
bad_rules_are_refused_with_their_place(void **state)
{
	static const char *const bad[] = {
		"{}", "[{}]", "[{\"from\":\"x\",\"name\":\"d_basic\","
		"\"kind\":\"after\",\"labels\":[\"a\"]}]",
		"[{\"from\":\"description\",\"name\":\"nothing\",\"kind\":"
		"\"after\",\"labels\":[\"a\"]}]",
		"[{\"from\":\"description\",\"name\":\"d_basic\",\"kind\":"
		"\"magic\"}]",
		"[{\"from\":\"description\",\"name\":\"d_basic\",\"kind\":"
		"\"after\",\"labels\":[]}]",
		"[{\"from\":\"description\",\"name\":\"d_basic\",\"kind\":"
		"\"after\",\"labels\":[\"\"]}]",
		"[{\"from\":\"description\",\"name\":\"d_basic\",\"kind\":"
		"\"between\",\"before\":[\"a\"]}]",
		"[{\"from\":\"progress_text\",\"name\":\"is_completed\","
		"\"kind\":\"prefix\",\"map\":{\"a\":1}}]",
		"[{\"from\":\"progress_text\",\"name\":\"expected_on\","
		"\"kind\":\"after\",\"labels\":[\"a\"],\"as\":\"money\"}]",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct arena a;
		json_t *list = json_loads(bad[i], 0, NULL);
		const char *why = NULL;

		arena_init(&a, 0);
		assert_non_null(list);
		if (derive_load(&a, entity_find("issue"), list, &why) != NULL)
			fail_msg("row %zu was taken", i);
		assert_non_null(strstr(why, "/derive"));
		json_decref(list);
		arena_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),
		cmocka_unit_test(what_was_given_stays),
		cmocka_unit_test(long_parts_are_cut_not_lost),
		cmocka_unit_test(bad_rules_are_refused_with_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
