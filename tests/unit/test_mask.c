/* Who sees which personal data, and what a masked value looks like. */

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "mask.h"
#include "scope.h"

#include "check.h" /* cmocka has a fail() of its own */

/* Stands in for the model, which is not asked: of the entity below. */
int
field_index(const struct entity *e, const char *name)
{
	for (size_t i = 0; i < e->nfields; i++)
		if (strcmp(e->fields[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* Stands in for the configuration: profiles as 0082 and 0093 have them. */
const struct role *
role_find(const char *code)
{
	static const struct role roles[] = {
		{ .code = "village_admin", .profile = "full" },
		{ .code = "helper", .profile = "full" },
		{ .code = "township_clerk", .profile = "township" },
		{ .code = "township_lead", .profile = "township" },
		{ .code = "dept_clerk", .profile = "contacts" },
		{ .code = "lead_bureau", .profile = "contacts" },
		{ .code = "task_force", .profile = "contacts" },
		{ .code = "finance", .profile = "none" },
		{ .code = "patrol_group", .profile = "masked" },
		{ .code = "province", .profile = "aggregate" },
		{ .code = "auditor", .profile = "masked" },
		{ .code = "discipline", .profile = "masked" },
		{ .code = "sheet_agent", .profile = "full" },
		{ .code = "sysadmin", .profile = "none" },
	};

	for (size_t i = 0; i < COUNT(roles); i++)
		if (strcmp(roles[i].code, code) == 0)
			return &roles[i];
	return NULL;
}

/* Forms and SQL name classes: each name is one class's. */
static void
classes(void **state)
{
	(void)state;
	for (int i = PII_NONE + 1; i < PII__MAX; i++) {
		assert_true(*pii_name((enum pii)i) != '\0');
		assert_int_equal(pii_find(pii_name((enum pii)i)), i);
	}
	assert_int_equal(pii_find(""), PII_NONE);
	assert_int_equal(pii_find("names"), PII_NONE);
}

static const struct {
	enum pii class;
	enum mask mask;
	const char *value, *shown;
} texts[] = {
	{ PII_CONTACT, MASK_PARTIAL, "13800000001", "138****0001" },
	{ PII_CONTACT, MASK_PARTIAL, "0737-2700000", "073****0000" },
	{ PII_CONTACT, MASK_PARTIAL, "2700000", "****000" },
	{ PII_CONTACT, MASK_PARTIAL, "someone@example.cn", "s****" },
	{ PII_CONTACT, MASK_PARTIAL, "", "" },
	{ PII_NAME, MASK_PARTIAL, "张三", "张*" },
	{ PII_NAME, MASK_PARTIAL, "𠀀某某", "𠀀*" },
	{ PII_HOUSEHOLD_NO, MASK_PARTIAL, "430981107001", "****7001" },
	{ PII_HOUSEHOLD_NO, MASK_PARTIAL, "甲01", "****1" },
	{ PII_ACCOUNT, MASK_PARTIAL, "6222000000000001", "****0001" },
	{ PII_ID_NUMBER, MASK_PARTIAL, "5100001900" "01011234",
	    "510***********1234" },
	{ PII_INCOME, MASK_BAND, "1800000", "1–2万元" },
	{ PII_INCOME, MASK_BAND, "1000000", "1–2万元" },
	{ PII_INCOME, MASK_BAND, "999999", "0.5–1万元" },
	{ PII_INCOME, MASK_BAND, "-1", "0元以下" },
	{ PII_INCOME, MASK_BAND, "0", "0–0.5万元" },
	{ PII_INCOME, MASK_BAND, "20000000", "20万元以上" },
	{ PII_INCOME, MASK_BAND, "9000000000000000", "20万元以上" },
	{ PII_INCOME, MASK_BAND, "many", NULL },
	{ PII_INCOME, MASK_BAND, "-", NULL },
	{ PII_MEMBERS, MASK_BAND, "4", "3–4人" },
	{ PII_MEMBERS, MASK_BAND, "50", "7人以上" },
	{ PII_HEALTH, MASK_PARTIAL, "慢性病", NULL },
	{ PII_NAME, MASK_HIDDEN, "张三", NULL },
	{ PII_NAME, MASK_NONE, "张三", "张三" },
};

static void
what_is_shown(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *s = mask_text(&a, texts[i].class, texts[i].value,
		    texts[i].mask);

		if (texts[i].shown == NULL ? s != NULL
		    : s == NULL || strcmp(s, texts[i].shown) != 0)
			fail_msg("row %zu: %s", i, s != NULL ? s : "NULL");
	}
	assert_null(mask_text(&a, PII_NAME, NULL, MASK_NONE));
	arena_free(&a);
}

/* domain.md 5.3, by role; clearance 2 unless the row says otherwise. */
static const struct {
	const char *role, *line;
	int clearance;
	enum pii class;
	enum mask mask;
} sights[] = {
	{ "village_admin", "", 2, PII_NAME, MASK_NONE },
	{ "village_admin", "", 2, PII_INCOME, MASK_NONE },
	{ "village_admin", "", 2, PII_MINOR, MASK_NONE },
	{ "village_admin", "", 2, PII_SPECIAL, MASK_HIDDEN },
	{ "township_clerk", "", 2, PII_HEALTH, MASK_NONE },
	{ "township_clerk", "", 2, PII_SPECIAL, MASK_HIDDEN },
	{ "township_clerk", "", 1, PII_NAME, MASK_PARTIAL },
	{ "township_clerk", "", 1, PII_HEALTH, MASK_HIDDEN },
	{ "township_clerk", "", 1, PII_DUTY, MASK_PARTIAL },
	{ "township_lead", "", 2, PII_SPECIAL, MASK_NONE },
	{ "helper", "", 2, PII_NAME, MASK_NONE },
	{ "helper", "", 2, PII_OPINION, MASK_HIDDEN },
	{ "dept_clerk", "水利", 2, PII_CONTACT, MASK_NONE },
	{ "dept_clerk", "水利", 2, PII_NAME, MASK_PARTIAL },
	{ "dept_clerk", "水利", 2, PII_INCOME, MASK_BAND },
	{ "dept_clerk", "水利", 2, PII_HEALTH, MASK_HIDDEN },
	{ "dept_clerk", "卫健", 2, PII_HEALTH, MASK_NONE },
	{ "dept_clerk", "残联", 2, PII_HEALTH, MASK_NONE },
	{ "dept_clerk", "卫健", 2, PII_MINOR, MASK_HIDDEN },
	{ "dept_clerk", "民政", 2, PII_MINOR, MASK_NONE },
	{ "dept_clerk", "信访", 2, PII_SPECIAL, MASK_NONE },
	{ "dept_clerk", "金融", 2, PII_LOAN, MASK_NONE },
	{ "task_force", "", 2, PII_NAME, MASK_PARTIAL },
	{ "task_force", "", 2, PII_CONTACT, MASK_NONE },
	{ "task_force", "", 2, PII_LOAN, MASK_HIDDEN },
	{ "lead_bureau", "", 2, PII_IDENTITY, MASK_NONE },
	{ "lead_bureau", "", 2, PII_NAME, MASK_PARTIAL },
	{ "lead_bureau", "", 1, PII_INCOME, MASK_BAND },
	{ "finance", "", 2, PII_ACCOUNT, MASK_NONE },
	{ "finance", "", 2, PII_NAME, MASK_HIDDEN },
	{ "finance", "", 2, PII_DUTY, MASK_NONE },
	{ "patrol_group", "", 2, PII_OPINION, MASK_NONE },
	{ "patrol_group", "", 2, PII_NAME, MASK_PARTIAL },
	{ "province", "", 2, PII_INCOME, MASK_HIDDEN },
	{ "auditor", "", 2, PII_CONTACT, MASK_PARTIAL },
	{ "auditor", "", 2, PII_NAME, MASK_PARTIAL },
	{ "auditor", "", 2, PII_MINOR, MASK_HIDDEN },
	{ "discipline", "", 2, PII_DISCIPLINE, MASK_NONE },
	{ "discipline", "", 1, PII_DISCIPLINE, MASK_HIDDEN },
	{ "lead_bureau", "", 4, PII_DISCIPLINE, MASK_HIDDEN },
	{ "sysadmin", "", 4, PII_NAME, MASK_HIDDEN },
	{ "nobody", "", 4, PII_NAME, MASK_HIDDEN },
};

static void
who_sees(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sights); i++) {
		const struct field f = { .name = "f", .type = T_TEXT,
			.clearance = 2, .flags = F_PII |
			    (unsigned)sights[i].class << PII_SHIFT };
		struct principal who = { .role = sights[i].role };

		who.scope.line = sights[i].line;
		who.scope.clearance = sights[i].clearance;
		if (mask_field(&who, NULL, &f, NULL) != sights[i].mask)
			fail_msg("row %zu: %s", i, sights[i].role);
	}
}

/* A flag of a person is seen as what it says of him is. */
static void
persons(void **state)
{
	static const struct field fields[] = {
		{ .name = "household_id" }, { .name = "kind" },
		{ .name = "note", .type = T_TEXT, .clearance = 2,
		    .flags = PII(PERSON) } };
	const struct entity flag = { .name = "person_flag", .fields = fields,
		.nfields = COUNT(fields) }, *e = &flag;
	const struct field *note = &fields[2];
	const char *row[COUNT(fields)] = { "" };
	struct principal village = { .role = "village_admin" },
	    schools = { .role = "dept_clerk" };

	(void)state;
	village.scope.clearance = schools.scope.clearance = 2;
	village.scope.line = "";
	schools.scope.line = "教体";
	row[1] = "petitioner";
	assert_int_equal(mask_field(&village, e, note, row), MASK_HIDDEN);
	row[1] = "orphan";
	assert_int_equal(mask_field(&village, e, note, row), MASK_NONE);
	assert_int_equal(mask_field(&schools, e, note, row), MASK_NONE);
	row[1] = "chronic_illness";
	assert_int_equal(mask_field(&schools, e, note, row), MASK_HIDDEN);
}

/* A workbook is masked for its folder, whatever the agent may. */
static void
folders(void **state)
{
	static const enum mask name[] = { [2] = MASK_PARTIAL,
		[3] = MASK_PARTIAL, [4] = MASK_NONE, [5] = MASK_NONE },
	    phone[] = { [2] = MASK_PARTIAL, [3] = MASK_NONE, [4] = MASK_NONE,
		[5] = MASK_NONE };

	(void)state;
	for (int level = 2; level <= 5; level++) {
		struct principal who = { .role = "sheet_agent",
			.binding = "b", .level = level };

		who.scope.line = "";
		who.scope.clearance = 2;
		assert_int_equal(mask_class(&who, PII_NAME), name[level]);
		assert_int_equal(mask_class(&who, PII_CONTACT), phone[level]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes),
		cmocka_unit_test(what_is_shown),
		cmocka_unit_test(who_sees),
		cmocka_unit_test(persons),
		cmocka_unit_test(folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
