/*
 * Funds: allocations, payments, progress, the negative list (domain.md 3.3).
 * A snapshot's figures are computed in the database when it is taken.
 *
 * Parameters of the snapshot's action, with what holds without:
 *   fund.progress_04_bp … _12_bp   3300 5000 5900 7500 8400 10000 in April,
 *                                  June, July, September, October, December,
 *                                  a twelfth for each month in others
 */
#include "../base/err.h"
#include "chapters.h"
#include "fund_chapter.h"

static const struct field fund_allocation_fields[] = {
	{ "year", "年度", "Year of the fund.", T_INT, F_REQUIRED | F_CREATE |
	    F_FILTER | F_SORT, 0, 2000, 2100, NULL, "G11", NULL },
	{ "fund_type", "资金类型", "Kind of fund.", T_CODE, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "fund_type", "Y3", NULL },
	{ "fund_level", "资金级次", "Level the fund comes from.", T_CODE,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "fund_level", "G7",
	    NULL },
	{ "batch", "批次", "Batch of the fund.", T_TEXT, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 1, 40, NULL, "G11", NULL },
	{ "doc_no", "下达文号", "Number of the document.", T_TEXT, F_REQUIRED |
	    F_FILTER | F_LABEL | F_SEARCH, 0, 1, 60, NULL, "G11", NULL },
	{ "allocated_on", "下达日期", "Day it was handed down.", T_DATE,
	    F_REQUIRED | F_FILTER | F_SORT, 0, 0, 0, NULL, "G11", NULL },
	{ "amount_fen", "下达金额", "Amount handed down.", T_MONEY,
	    F_REQUIRED | F_FILTER, 0, 0, 9000000000000000, NULL, "G11", NULL },
	{ "industry_amount_fen", "其中产业金额",
	    "Part of it meant for industry.", T_MONEY, 0, 0, 0,
	    9000000000000000, NULL, "G7", NULL },
};

static const struct refusal fund_allocation_refusals[] = {
	{ "fund_allocation_industry", "industry_amount_fen", "DQ-04",
	    "其中产业金额不能超过下达金额", "is not more than amount_fen" },
	{ "fund_allocation_county", "division_code", "G11",
	    "应填到县（市、区）", "is of a county" },
	{ 0 },
};

const struct entity fund_allocation_entity = { .name = "fund_allocation",
	.path = "fund-allocations",
	.table = "fund_allocation",
	.label = "资金下达",
	.text = "Funds handed down to a county, by year, kind, level and "
	    "batch.",
	.fields = fund_allocation_fields,
	.nfields = COUNT(fund_allocation_fields),
	.refusals = fund_allocation_refusals,
	.group = "fund",
	.key = L("year", "fund_type", "fund_level", "batch"),
	.action = ACTION_NONE,
	.business = true };

static const struct field fund_payment_fields[] = {
	{ "project_id", "项目", "Project it belongs to.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "allocation_id", "资金下达", "Allocation it is paid from.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "fund_allocation", "G9",
	    NULL },
	{ "kind", "类型", "What was done with the money.", T_CODE, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "payment_kind", "G9", NULL },
	{ "amount_fen", "金额", "Amount.", T_MONEY, F_REQUIRED | F_FILTER, 0,
	    0, 9000000000000000, NULL, "G9", NULL },
	{ "paid_on", "日期", "Day it was done.", T_DATE, F_REQUIRED |
	    F_FILTER | F_SORT, 0, 0, 0, NULL, "G11", NULL },
	{ "voucher_no", "凭证号", "Number of the voucher.", T_TEXT, F_FILTER |
	    F_LABEL | F_SEARCH, 0, 0, 60, NULL, "G9", NULL },
	{ "publicity_on", "公示日期", "Day it was made public.", T_DATE,
	    F_FILTER, 0, 0, 0, NULL, "G9", NULL },
};

static const struct refusal fund_payment_refusals[] = {
	{ "fund_payment_within_paid", "amount_fen", "DQ-05",
	    "项目的支出合计不能超过拨付合计",
	    "spending stays within what was paid out" },
	{ "fund_payment_mechanism", "project_id", "G17",
	    "未建立联农带农机制的项目一律不安排衔接资金",
	    "has no benefit mechanism: no bridging funds are arranged for it" },
	{ 0 },
};

const struct entity fund_payment_entity = { .name = "fund_payment",
	.path = "fund-payments",
	.table = "fund_payment",
	.searched = true,
	.label = "资金拨付支出",
	.text = "Arrangements, payments and spending of a project's funds.",
	.fields = fund_payment_fields,
	.nfields = COUNT(fund_payment_fields),
	.refusals = fund_payment_refusals,
	.group = "payment",
	.parent = "project_id",
	.action = ACTION_NONE,
	.business = true };

static const struct field fund_progress_snapshot_fields[] = {
	{ "as_of", "截止日期", "Day the figures are of.", T_DATE, F_REQUIRED |
	    F_CREATE | F_FILTER | F_SORT, 0, 0, 0, NULL, "G11", NULL },
	{ "fund_type", "资金类型", "Kind of fund.", T_CODE, F_CREATE |
	    F_FILTER, 0, 0, 0, "fund_type", "Y3", NULL },
	{ "fund_level", "资金级次", "Level the fund comes from.", T_CODE,
	    F_CREATE | F_FILTER, 0, 0, 0, "fund_level", "G7", NULL },
	{ "allocated_fen", "下达金额", "Sum handed down in the year.", T_MONEY,
	    F_SERVER, 0, 0, 9000000000000000, NULL, "R-06", NULL },
	{ "spent_fen", "支出金额", "Sum spent in the year.", T_MONEY, F_SERVER,
	    0, 0, 9000000000000000, NULL, "R-06", NULL },
	{ "retention_fen", "质保金留存", "Retention money held back.", T_MONEY,
	    F_SERVER, 0, 0, 9000000000000000, NULL, "R-06", NULL },
	{ "rate_bp", "支出进度",
	    "Spending rate, cut to hundredths of a percent.", T_RATIO,
	    F_SERVER | F_FILTER, 0, 0, 1000000, NULL, "R-06", NULL },
	{ "threshold_bp", "进度要求",
	    "Rate asked for at the end of the month.", T_RATIO, F_SERVER, 0, 0,
	    10000, NULL, "R-06", NULL },
	{ "province_average_bp", "全省平均进度",
	    "Average of the province, where it is known.", T_RATIO, F_SERVER,
	    0, 0, 10000, NULL, "R-06", NULL },
	{ "judged", "是否考核月份", "Whether the month is judged.", T_BOOL,
	    F_SERVER | F_FILTER, 0, 0, 0, NULL, "R-06", NULL },
	{ "passed", "是否达标",
	    "Whether the rate is reached; blank when not judged.", T_BOOL,
	    F_SERVER | F_FILTER, 0, 0, 0, NULL, "R-06", NULL },
};

static const struct refusal fund_progress_snapshot_refusals[] = {
	{ "fund_progress_snapshot_county", "division_code", "R-06",
	    "应填到县（市、区）", "is of a county" },
	{ 0 },
};

const struct entity fund_progress_snapshot_entity = {
	.name = "fund_progress_snapshot",
	.path = "fund-progress-snapshots",
	.table = "fund_progress_snapshot",
	.label = "资金支出进度",
	.text = "Spending rate of a county at a day, computed and kept "
	    "as it stood.",
	.fields = fund_progress_snapshot_fields,
	.nfields = COUNT(fund_progress_snapshot_fields),
	.refusals = fund_progress_snapshot_refusals,
	.group = "fund",
	.action = ACTION_OPTIONAL,
	.append = true,
	.business = true };

static const struct field negative_list_item_fields[] = {
	{ "list_version", "清单版本", "Document and version of the list.",
	    T_TEXT, F_REQUIRED | F_CREATE | F_FILTER, 0, 1, 60, NULL, "G6",
	    NULL },
	{ "item_no", "序号", "Number of the item.", T_TEXT, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 1, 20, NULL, "G6", NULL },
	{ "wording", "内容", "The item as printed.", T_TEXT, F_REQUIRED |
	    F_LABEL | F_SEARCH, 0, 1, 1000, NULL, "G6", NULL },
	{ "valid_from", "生效日期", "First day of validity.", T_DATE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, NULL, "G6", NULL },
	{ "valid_to", "失效日期", "Last day of validity.", T_DATE, F_FILTER, 0,
	    0, 0, NULL, "G6", NULL },
};

static const struct refusal negative_list_item_refusals[] = {
	{ "negative_list_item_days", "valid_to", "G6",
	    "失效日期不能早于生效日期", "is not before valid_from" },
	{ 0 },
};

const struct entity negative_list_item_entity = { .name = "negative_list_item",
	.path = "negative-list-items",
	.table = "negative_list_item",
	.label = "负面清单条目",
	.text = "Items that funds must not be used for, by version of "
	    "the list.",
	.fields = negative_list_item_fields,
	.nfields = COUNT(negative_list_item_fields),
	.refusals = negative_list_item_refusals,
	.group = "fund",
	.key = L("list_version", "item_no"),
	.action = ACTION_NONE,
	.shared = true,
	.business = true };
