/* Assets in use: custody, yearly results, lists sent around (domain.md 3.3). */
#include "../base/err.h"
#include "chapters.h"
#include "asset_chapter.h"

static const struct field asset_custody_fields[] = {
	{ "asset_id", "资产", "Asset.", T_REF, F_REQUIRED | F_CREATE | F_FILTER,
	    0, 0, 0, "asset", "3.3", NULL },
	{ "custodian_org_id", "管护单位", "Organisation that keeps it.", T_REF,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "org_unit", "G36", NULL },
	{ "custodian_contact_id", "管护责任人", "Person who keeps it.", T_REF,
	    F_FILTER, 0, 0, 0, "contact", "G36", NULL },
	{ "rule_file_id", "管护制度", "Rule or contract of custody.", T_REF, 0,
	    0, 0, 0, "attachment", "G36", NULL },
	{ "valid_from", "起", "First day.", T_DATE, F_REQUIRED | F_FILTER, 0, 0,
	    0, NULL, "G36", NULL },
	{ "valid_to", "止", "Last day.", T_DATE, F_FILTER, 0, 0, 0, NULL, "G36",
	    NULL },
};

static const struct refusal asset_custody_refusals[] = {
	{ "asset_custody_dates", "valid_to", "DQ-03", "止日不能早于起日",
	    "The last day must not be before the first." },
	{ 0 },
};

const struct entity asset_custody_entity = { .name = "asset_custody",
	.path = "asset-custodies",
	.table = "asset_custody",
	.label = "资产管护",
	.text = "Who keeps an asset in repair, by which rule and until when.",
	.fields = asset_custody_fields,
	.nfields = COUNT(asset_custody_fields),
	.group = "asset",
	.parent = "asset_id",
	.key = L("asset_id", "valid_from"),
	.refusals = asset_custody_refusals,
	.action = ACTION_OPTIONAL,
	.business = true };

static const struct field custody_inspection_fields[] = {
	{ "custody_id", "管护", "Custody it belongs to.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "asset_custody", "3.3",
	    NULL },
	{ "inspected_on", "巡查日期", "Day of the inspection.", T_DATE,
	    F_REQUIRED | F_FILTER | F_SORT, 0, 0, 0, NULL, "G36", NULL },
	{ "condition", "资产状况", "Condition that was found.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "asset_condition", "G36", NULL },
	{ "note", "巡查情况", "What was seen.", T_TEXT, F_SEARCH, 0, 0, 1000,
	    NULL, "G36", NULL },
	{ "photo_id", "照片", "Photo of it.", T_REF, 0, 0, 0, 0, "attachment",
	    "G36", NULL },
};

const struct entity custody_inspection_entity = { .name = "custody_inspection",
	.path = "custody-inspections",
	.table = "custody_inspection",
	.label = "管护巡查",
	.text = "Inspections of assets under custody.",
	.fields = custody_inspection_fields,
	.nfields = COUNT(custody_inspection_fields),
	.group = "asset",
	.parent = "custody_id",
	.action = ACTION_OPTIONAL,
	.append = true,
	.business = true };

static const struct field asset_operation_year_fields[] = {
	{ "asset_id", "资产", "Asset.", T_REF, F_REQUIRED | F_CREATE | F_FILTER,
	    0, 0, 0, "asset", "3.3", NULL },
	{ "year", "年度", "Year.", T_INT,
	    F_REQUIRED | F_CREATE | F_FILTER | F_SORT, 0, 2013, 2100, NULL,
	    "G36", NULL },
	{ "income_fen", "收入", "Income of the year.", T_MONEY,
	    F_REQUIRED | F_FILTER, 0, 0, 9000000000000000, NULL, "G36", NULL },
	{ "cost_fen", "成本", "Costs of the year.", T_MONEY, 0, 0, 0,
	    9000000000000000, NULL, "G36", NULL },
	{ "distributed_fen", "分配金额", "Amount that was shared out.", T_MONEY,
	    F_FILTER, 0, 0, 9000000000000000, NULL, "G36", NULL },
	{ "distribution", "收益分配",
	    "List of who received what for which use.", T_JSON, 0, 0, 0, 0,
	    NULL, "G36", NULL },
	{ "use_tag", "收益用途", "What the income is used for.", T_CODE,
	    F_FILTER, 0, 0, 0, "proceeds_use", "G37", NULL },
	{ "remark", "备注", "Remark.", T_TEXT, 0, 0, 0, 500, NULL, "3.3",
	    NULL },
};

static const struct refusal asset_operation_year_refusals[] = {
	{ "asset_operation_year_list", "distribution", "G36",
	    "收益分配应为列表", "The distribution must be a list." },
	{ 0 },
};

const struct entity asset_operation_year_entity = {
	.name = "asset_operation_year",
	.path = "asset-operation-years",
	.table = "asset_operation_year",
	.label = "资产经营年报",
	.text = "Income of an operating asset in a year and how it was shared "
	    "out.",
	.fields = asset_operation_year_fields,
	.nfields = COUNT(asset_operation_year_fields),
	.group = "asset",
	.parent = "asset_id",
	.key = L("asset_id", "year"),
	.refusals = asset_operation_year_refusals,
	.action = ACTION_OPTIONAL,
	.business = true };

static const struct field asset_feedback_fields[] = {
	{ "recipient_org_id", "接收单位", "Organisation it goes to.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "org_unit", "G34",
	    NULL },
	{ "route", "反馈口径", "Which assets the list holds.", T_CODE,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "feedback_route", "G34",
	    NULL },
	{ "as_of", "截止日期", "Day the figures stand for.", T_DATE,
	    F_REQUIRED | F_CREATE | F_FILTER | F_SORT, 0, 0, 0, NULL, "G34",
	    NULL },
	{ "asset_count", "资产个数", "Number of assets.", T_INT, F_REQUIRED, 0,
	    0, 10000000, NULL, "G34", NULL },
	{ "original_value_fen", "资产原值", "Sum of the original values.",
	    T_MONEY, F_REQUIRED, 0, 0, 9000000000000000, NULL, "G34", NULL },
	{ "file_id", "清单", "The list itself.", T_REF, 0, 0, 0, 0,
	    "attachment", "G34", NULL },
	{ "receipt_on", "签收日期", "Day it was received.", T_DATE, F_FILTER, 0,
	    0, 0, NULL, "G34", NULL },
	{ "receipt_name", "签收人", "Who received it.", T_TEXT, PII(DUTY), 1, 0,
	    50, NULL, "G34", NULL },
	{ "remark", "备注", "Remark.", T_TEXT, 0, 0, 0, 500, NULL, "3.3",
	    NULL },
};

const struct entity asset_feedback_entity = { .name = "asset_feedback",
	.path = "asset-feedback",
	.table = "asset_feedback",
	.label = "资产反馈清单",
	.text = "Lists of assets sent to those who look after each kind of "
	    "them.",
	.fields = asset_feedback_fields,
	.nfields = COUNT(asset_feedback_fields),
	.group = "asset",
	.key = L("recipient_org_id", "route", "as_of"),
	.action = ACTION_OPTIONAL,
	.business = true };
