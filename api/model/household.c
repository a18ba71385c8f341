/* Households (domain.md 3.3, 5.3): the least that assistance needs. */
#include "../base/err.h"
#include "chapters.h"
#include "benefit_chapter.h"

static const struct field household_fields[] = {
	{ "household_no", "户编号",
	    "National number of the household, or a local one.", T_TEXT,
	    F_REQUIRED | F_CREATE | F_FILTER | PII(HOUSEHOLD_NO), 2, 1, 40,
	    NULL, "5.3", NULL },
	{ "head_name", "户主姓名", "Name of the head of the household.", T_TEXT,
	    F_REQUIRED | F_FILTER | F_LABEL | PII(NAME), 2, 1, 50, NULL, "5.3",
	    NULL },
	{ "types", "户类型", "Groups it belongs to.", T_CODES, F_FILTER |
	    PII(IDENTITY), 2, 0, 0, "household_type", "F30", NULL },
	{ "monitor_kind", "监测类型", "Why it is monitored.", T_CODE,
	    F_FILTER | PII(IDENTITY), 2, 0, 0, "monitor_kind", "P8", NULL },
	{ "risk_removed", "风险消除", "Whether its risk is removed.", T_BOOL,
	    F_FILTER | PII(IDENTITY), 2, 0, 0, NULL, "P8", NULL },
	{ "risk_removed_on", "风险消除日期", "Day its risk was removed.",
	    T_DATE, F_FILTER | PII(IDENTITY), 2, 0, 0, NULL, "P8", NULL },
	{ "members", "家庭人口", "People of the household.", T_INT,
	    PII(MEMBERS), 2, 0, 50, NULL, "H1.1", NULL },
	{ "labour", "劳动力人数", "Of them able to work.", T_INT, PII(MEMBERS),
	    2, 0, 50, NULL, "H1.2", NULL },
	{ "low_income", "低收入户", "Whether its income is low.", T_BOOL,
	    F_FILTER | PII(IDENTITY), 2, 0, 0, NULL, "F19", NULL },
	{ "elderly", "老人户", "Whether only old people live there.", T_BOOL,
	    F_FILTER | PII(IDENTITY), 2, 0, 0, NULL, "F19", NULL },
	{ "is_petition", "信访户", "Whether it has petitioned.", T_BOOL,
	    F_FILTER | PII(SPECIAL), 2, 0, 0, NULL, "5.3", NULL },
	{ "helper_contact_id", "帮扶责任人",
	    "Person responsible for helping it.", T_REF, F_FILTER, 0, 0, 0,
	    "contact", "F44", NULL },
	{ "remark", "备注", "Remark.", T_TEXT, PII(IDENTITY), 2, 0, 500, NULL,
	    "3.3", NULL },
};

static const struct refusal household_refusals[] = {
	{ "household_labour", "labour", "H1.2", "劳动力人数不能超过家庭人口",
	    "Those able to work are of the household." },
	{ "household_removed", "risk_removed", "P8",
	    "填写消除日期的须为风险已消除",
	    "A day of removal needs a removed risk." },
	{ 0 },
};

const struct entity household_entity = { .name = "household",
	.path = "households",
	.table = "household",
	.searched = true,
	.label = "农户",
	.text = "Households that assistance is for; no identity numbers are "
	    "kept.",
	.fields = household_fields,
	.nfields = COUNT(household_fields),
	.key = L("household_no"),
	.refusals = household_refusals,
	.action = ACTION_NONE,
	.business = true };

static const struct field household_year_fact_fields[] = {
	{ "household_id", "农户", "Household.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "household", "3.3",
	    NULL },
	{ "income_year", "收入年度", "Year of the figures.", T_INT,
	    F_REQUIRED | F_CREATE | F_FILTER | F_SORT, 0, 2013, 2100, NULL,
	    "F48", NULL },
	{ "wage_income_fen", "工资性收入", "Income from wages.", T_MONEY,
	    PII(INCOME), 2, 0, 9000000000000000, NULL, "H1.4", NULL },
	{ "business_income_fen", "生产经营性纯收入",
	    "Net income from production, negative when lost.", T_MONEY,
	    PII(INCOME), 2, -9000000000000000, 9000000000000000, NULL, "H1.5",
	    NULL },
	{ "transfer_income_fen", "转移性收入", "Income from transfers.",
	    T_MONEY, PII(INCOME), 2, 0, 9000000000000000, NULL, "H1.6", NULL },
	{ "property_income_fen", "财产性收入", "Income from property.", T_MONEY,
	    PII(INCOME), 2, 0, 9000000000000000, NULL, "H1.7", NULL },
	{ "net_income_fen", "家庭纯收入", "Net income as stated.", T_MONEY,
	    PII(INCOME), 2, -9000000000000000, 9000000000000000, NULL, "H1.3",
	    NULL },
	{ "rigid_expense", "有大额刚性支出",
	    "Whether there were great unavoidable expenses.", T_BOOL,
	    PII(EXPENSE), 2, 0, 0, NULL, "H1.8", NULL },
	{ "education_fen", "教育支出", "Expenses for education.", T_MONEY,
	    PII(INCOME), 2, 0, 9000000000000000, NULL, "H1.9", NULL },
	{ "medical_fen", "医疗自付费用", "Own share of medical expenses.",
	    T_MONEY, PII(HEALTH), 2, 0, 9000000000000000, NULL, "H1.10", NULL },
	{ "other_expense_text", "其他刚性支出", "Other such expenses.", T_TEXT,
	    PII(EXPENSE), 2, 0, 500, NULL, "H1.10", NULL },
	{ "loan_wanted_unmet", "应贷未贷",
	    "Whether a loan it qualifies for was not given.", T_BOOL, PII(LOAN),
	    2, 0, 0, NULL, "H9.1", NULL },
	{ "loan_misused", "户贷企用等",
	    "Whether its loan is used by others or not for production.", T_BOOL,
	    PII(LOAN), 2, 0, 0, NULL, "H9.2", NULL },
	{ "banded", "已分档",
	    "Kept long enough: amounts are the lower ends of their bands.",
	    T_BOOL, F_SERVER, 0, 0, 0, NULL, "5.3", NULL },
};

const struct entity household_year_fact_entity = {
	.name = "household_year_fact",
	.path = "household-year-facts",
	.table = "household_year_fact",
	.label = "农户年度收支",
	.text = "Income and great expenses of a household in a year.",
	.fields = household_year_fact_fields,
	.nfields = COUNT(household_year_fact_fields),
	.nlate = 1,
	.group = "household",
	.parent = "household_id",
	.key = L("household_id", "income_year"),
	.action = ACTION_NONE,
	.business = true };

static const struct field person_flag_fields[] = {
	{ "household_id", "农户", "Household.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "household", "3.3",
	    NULL },
	{ "seq", "序号", "Which person of the household.", T_INT,
	    F_REQUIRED | F_CREATE, 0, 1, 50, NULL, "3.3", NULL },
	{ "kind", "类别", "What the person is.", T_CODE, F_REQUIRED |
	    PII(PERSON), 2, 0, 0, "key_person", "5.3", NULL },
	{ "note", "说明", "Remark.", T_TEXT, PII(PERSON), 2, 0, 500, NULL,
	    "5.3", NULL },
	{ "valid_from", "起", "First day.", T_DATE, PII(PERSON), 2, 0, 0, NULL,
	    "5.3", NULL },
	{ "valid_to", "止", "Last day.", T_DATE, PII(PERSON), 2, 0, 0, NULL,
	    "5.3", NULL },
};

static const struct refusal person_flag_refusals[] = {
	{ "person_flag_dates", "valid_to", "DQ-03", "止日不能早于起日",
	    "The last day must not be before the first." },
	{ 0 },
};

const struct entity person_flag_entity = { .name = "person_flag",
	.path = "person-flags",
	.table = "person_flag",
	.label = "人员标记",
	.text = "What is special about a person of a household; kept only "
	    "where an action needs it.",
	.fields = person_flag_fields,
	.nfields = COUNT(person_flag_fields),
	.group = "household",
	.parent = "household_id",
	.key = L("household_id", "seq", "kind"),
	.refusals = person_flag_refusals,
	.action = ACTION_REQUIRED,
	.business = true };
