/* Operators of projects: what they are, earn and say (domain.md 3.3). */
#include "../base/err.h"
#include "chapters.h"
#include "check.h"
#include "people_chapter.h"

static const struct field operator_fields[] = {
	{ "name", "名称", "Full name of the operator.", T_TEXT, F_REQUIRED |
	    F_LABEL | F_SEARCH | F_FILTER | F_SORT, 0, 1, 120, NULL, "T44",
	    NULL },
	{ "kind", "类型", "Kind of operator.", T_CODE, F_REQUIRED | F_FILTER,
	    0, 0, 0, "operator_kind", "T44", NULL },
	{ "uscc", "统一社会信用代码", "Unified social credit code.", T_TEXT,
	    F_FILTER | F_SEARCH, 0, 18, 18, NULL, "T44", check_uscc },
	{ "legal_person", "法定代表人", "Legal representative.", T_TEXT,
	    PII(DUTY), 1, 0, 50, NULL, "Y30", NULL },
	{ "phone", "联系电话", "Telephone of the operator.", T_TEXT,
	    PII(CONTACT), 2, 0, 40, NULL, "Y30", check_phone },
	{ "operating_state", "运营现状", "How it operates at present.", T_CODE,
	    F_FILTER, 0, 0, 0, "operating_state", "T44", NULL },
	{ "insured", "是否投保", "Whether its production is insured.", T_BOOL,
	    F_FILTER, 0, 0, 0, NULL, "T45", NULL },
	{ "insured_amount_fen", "投保金额", "Sum insured.", T_MONEY, 0, 0, 0,
	    9000000000000000, NULL, "T45", NULL },
	{ "warning_level", "预警等级",
	    "Level of warning that monitoring gave.", T_CODE, F_FILTER, 0, 0,
	    0, "risk_level", "T44", NULL },
	{ "remark", "备注", "Remark.", T_TEXT, F_SEARCH, 0, 0, 1000, NULL,
	    "T44", NULL },
};

static const struct refusal operator_refusals[] = {
	{ "operator_insured", "insured_amount_fen", "T45",
	    "未投保的不填投保金额", "is empty unless insured" },
	{ 0 },
};

const struct entity operator_entity = { .name = "operator",
	.path = "operators",
	.table = "operator",
	.label = "经营（实施）主体",
	.text = "Enterprises, cooperatives and others who carry out or "
	    "run projects.",
	.fields = operator_fields,
	.nfields = COUNT(operator_fields),
	.refusals = operator_refusals,
	.action = ACTION_NONE,
	.business = true };

static const struct field operator_indicator_fields[] = {
	{ "operator_id", "主体", "Operator the figures are of.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "operator", "T44",
	    NULL },
	{ "period", "期间", "Year, quarter or month: 2024, 2024Q1, 2024-03.",
	    T_TEXT, F_REQUIRED | F_CREATE | F_FILTER | F_SORT, 0, 4, 7, NULL,
	    "T44", check_period },
	{ "revenue_fen", "营业收入", "Revenue of the period.", T_MONEY, 0, 0,
	    0, 9000000000000000, NULL, "T44", NULL },
	{ "profit_fen", "利润", "Profit of the period; a loss is negative.",
	    T_MONEY, F_FILTER, 0, -9000000000000000, 9000000000000000, NULL,
	    "T44", NULL },
	{ "jobs", "用工人数", "People employed.", T_INT, 0, 0, 0, 1000000,
	    NULL, "T44", NULL },
	{ "debt_fen", "负债", "Debts at the end of the period.", T_MONEY, 0, 0,
	    0, 9000000000000000, NULL, "T44", NULL },
	{ "arrears_dividend_fen", "拖欠分红", "Dividends due and not paid.",
	    T_MONEY, F_FILTER, 0, 0, 9000000000000000, NULL, "T44", NULL },
	{ "warning_codes", "预警事项", "What monitoring warns of.", T_CODES,
	    F_FILTER, 0, 0, 0, "operator_warning", "T44", NULL },
};

const struct entity operator_indicator_entity = { .name = "operator_indicator",
	.path = "operator-indicators",
	.table = "operator_indicator",
	.label = "主体监测指标",
	.text = "Figures of an operator in one period, and the warnings "
	    "they gave.",
	.fields = operator_indicator_fields,
	.nfields = COUNT(operator_indicator_fields),
	.group = "operator",
	.parent = "operator_id",
	.key = L("operator_id", "period"),
	.action = ACTION_NONE,
	.business = true };

static const struct field operator_feedback_fields[] = {
	{ "operator_id", "主体", "Operator who spoke.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "operator", "B33", NULL },
	{ "project_id", "项目", "Project it is about.", T_REF, F_FILTER, 0, 0,
	    0, "project", "B33", NULL },
	{ "feedback_channel", "反映方式", "How it reached the office.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "feedback_channel", "B33", NULL },
	{ "content", "诉求内容", "What was asked or proposed.", T_TEXT,
	    F_REQUIRED | F_LABEL | F_SEARCH, 0, 1, 2000, NULL, "B33", NULL },
	{ "raised_on", "反映日期", "Day it was raised.", T_DATE, F_REQUIRED |
	    F_FILTER | F_SORT, 0, 0, 0, NULL, "B33", NULL },
	{ "handler_org_id", "办理单位", "Organisation that deals with it.",
	    T_REF, F_FILTER, 0, 0, 0, "org_unit", "B33", NULL },
	{ "reply", "答复", "What was answered.", T_TEXT, 0, 0, 0, 2000, NULL,
	    "B33", NULL },
	{ "closed_on", "办结日期", "Day it was settled.", T_DATE, F_FILTER, 0,
	    0, 0, NULL, "B33", NULL },
};

static const struct refusal operator_feedback_refusals[] = {
	{ "operator_feedback_days", "closed_on", "B33",
	    "办结日期不能早于反映日期", "is not before raised_on" },
	{ 0 },
};

const struct entity operator_feedback_entity = { .name = "operator_feedback",
	.path = "operator-feedbacks",
	.table = "operator_feedback",
	.label = "主体诉求",
	.text = "What operators asked for or proposed, and what became "
	    "of it.",
	.fields = operator_feedback_fields,
	.nfields = COUNT(operator_feedback_fields),
	.refusals = operator_feedback_refusals,
	.group = "operator",
	.parent = "operator_id",
	.action = ACTION_OPTIONAL,
	.business = true };
