/*
 * Replacement of misused funds, and adjustments by result (domain.md 3.3).
 *
 * Parameter of the replacement's action, with what holds without:
 *   fund.replacement_days   60   from the order to the last day
 */
#include "../base/err.h"
#include "chapters.h"
#include "fund_chapter.h"

#define TARGETS(column, table, condition) \
	"(SELECT coalesce(sum(" column "), 0) FROM " table " x" \
	" JOIN fund_replacement_target t ON t.project_id = x.project_id" \
	" WHERE t.replacement_id = r.id AND t.voided_at IS NULL" \
	" AND x.voided_at IS NULL" condition ") >= r.replacement_amount_fen"

static const struct demand arrange_demands[] = {
	{ "not_arranged", TARGETS("x.planned_fen", "project_funding", ""),
	    "承接项目的计划资金合计须不少于重新安排金额",
	    "The plans of the projects it goes to must reach the amount." },
	{ 0 },
};
static const struct demand pay_demands[] = {
	{ "not_paid", TARGETS("x.amount_fen", "fund_payment",
	    " AND x.kind = 'pay' AND x.paid_on >= r.ordered_on"),
	    "责令之后向承接项目的拨付合计须不少于重新安排金额",
	    "Payments since the order must reach the amount." },
	{ 0 },
};

/* The treasury arranges and pays; a level that may order it verifies, and it
 * alone takes the order back. */
static const struct move replacement_moves[] = {
	{ .name = "arrange",
	    .label = "重新安排",
	    .text = "Arrange the amount anew, for other projects.",
	    .from = L("ordered"),
	    .to = "arranged",
	    .need = L("arranged_on", "issue_id"),
	    .take = L("arranged_on", "issue_id"),
	    .who = L("finance"),
	    .source = "R-09",
	    .demands = arrange_demands },
	{ .name = "pay",
	    .label = "拨付",
	    .text = "Record that the amount was paid.",
	    .from = L("arranged"),
	    .to = "paid",
	    .need = L("paid_on"),
	    .take = L("paid_on"),
	    .who = L("finance"),
	    .source = "R-09",
	    .flags = M_EVIDENCE,
	    .demands = pay_demands },
	{ .name = "verify",
	    .label = "核验",
	    .text = "Verify that the order is carried out.",
	    .from = L("paid"),
	    .to = "verified",
	    .who = L("county_authority", "pref_dept", "pref_task_force"),
	    .source = "G14",
	    .flags = M_OTHER,
	    .effects = (const struct effect[]) { { "done_on", "@today" },
	    { 0 } } },
	{ .name = "void",
	    .label = "作废",
	    .text = "Withdraw an order that was recorded by mistake.",
	    .who = L("county_authority", "pref_dept", "pref_task_force"),
	    .source = "G14",
	    .flags = M_REASON,
	    .effects = (const struct effect[]) { { "voided_at", "@now" },
	    { "voided_by", "@me" }, { "void_reason", "@reason" }, { 0 } } },
};

static const struct field fund_replacement_fields[] = {
	{ "project_id", "项目", "Project the misused funds went to.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "project", "G14",
	    NULL },
	{ "order_no", "令号", "Number of the order.", T_TEXT, F_REQUIRED |
	    F_CREATE | F_FILTER | F_LABEL, 0, 1, 60, NULL, "G14", NULL },
	{ "issue_id", "问题", "Issue that records the misuse.", T_REF,
	    F_FILTER, 0, 0, 0, "issue", "R-09", NULL },
	{ "misuse_amount_fen", "违规使用金额", "Amount misused.", T_MONEY,
	    F_REQUIRED | F_CREATE, 0, 0, 9000000000000000, NULL, "G14", NULL },
	{ "replacement_amount_fen", "重新安排金额",
	    "Amount to arrange anew; the same.", T_MONEY, F_REQUIRED |
	    F_CREATE, 0, 0, 9000000000000000, NULL, "G14", NULL },
	{ "ordered_on", "责令日期", "Day of the order.", T_DATE, F_REQUIRED |
	    F_CREATE | F_FILTER | F_SORT, 0, 0, 0, NULL, "G14", NULL },
	{ "due_on", "完成时限",
	    "Last day; sixty days after the order unless set.", T_DATE,
	    F_CREATE | F_FILTER | F_SORT, 0, 0, 0, NULL, "R-09", NULL },
	{ "arranged_on", "安排日期", "Day the funds were arranged anew.",
	    T_DATE, F_COMMAND | F_FILTER, 0, 0, 0, NULL, "3.5.11", NULL },
	{ "paid_on", "拨付日期", "Day they were paid.", T_DATE, F_COMMAND |
	    F_FILTER, 0, 0, 0, NULL, "3.5.11", NULL },
	{ "done_on", "完成日期", "Day it was verified.", T_DATE, F_COMMAND |
	    F_FILTER, 0, 0, 0, NULL, "G14", NULL },
	{ "state", "状态", "State of the replacement.", T_CODE, F_COMMAND |
	    F_FILTER, 0, 0, 0, "fund_replacement_state", "3.5.11", NULL },
	{ "order_id", "重新安排令", "Order to arrange the funds anew.", T_REF,
	    F_FILTER, 0, 0, 0, "supervision_order", "G14", NULL },
};

static const struct refusal fund_replacement_refusals[] = {
	{ "fund_replacement_equal", "replacement_amount_fen", "G14",
	    "重新安排金额须等于违规使用金额", "is the amount misused" },
	{ 0 },
};

const struct entity fund_replacement_entity = { .name = "fund_replacement",
	.path = "fund-replacements",
	.table = "fund_replacement",
	.label = "等额重新安排",
	.text = "Orders to arrange anew what was spent against the "
	    "negative list.",
	.fields = fund_replacement_fields,
	.nfields = COUNT(fund_replacement_fields),
	.nlate = 1,
	.refusals = fund_replacement_refusals,
	.group = "fund",
	.moves = replacement_moves,
	.nmoves = COUNT(replacement_moves),
	.state = "state",
	.initial = "ordered",
	.ended = L("verified"),
	.parent = "project_id",
	.action = ACTION_OPTIONAL,
	.business = true };

static const struct field fund_replacement_target_fields[] = {
	{ "replacement_id", "等额重新安排",
	    "Replacement the project belongs to.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "fund_replacement", "G14", NULL },
	{ "project_id", "承接项目", "Project that receives the funds.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "project", "G14",
	    NULL },
};

const struct entity fund_replacement_target_entity = {
	.name = "fund_replacement_target",
	.path = "fund-replacement-targets",
	.table = "fund_replacement_target",
	.label = "重新安排项目",
	.text = "Projects that the funds arranged anew go to.",
	.fields = fund_replacement_target_fields,
	.nfields = COUNT(fund_replacement_target_fields),
	.group = "fund",
	.parent = "replacement_id",
	.key = L("replacement_id", "project_id"),
	.action = ACTION_NONE,
	.business = true };

static const struct field fund_adjustment_fields[] = {
	{ "org_id", "单位",
	    "Department or office it concerns; none for the county.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "org_unit", "B37", NULL },
	{ "year_next", "调整年度", "Year whose funds are adjusted.", T_INT,
	    F_REQUIRED | F_CREATE | F_FILTER | F_SORT, 0, 2000, 2100, NULL,
	    "G16", NULL },
	{ "amount_fen", "调整金额", "Amount gained, or lost if negative.",
	    T_MONEY, F_REQUIRED | F_FILTER, 0, -9000000000000000,
	    9000000000000000, NULL, "G16", NULL },
	{ "cause", "调整原因", "Why it is adjusted.", T_TEXT, F_REQUIRED |
	    F_LABEL, 0, 1, 500, NULL, "T48", NULL },
	{ "doc_no", "文号", "Number of the document.", T_TEXT, F_FILTER, 0, 0,
	    60, NULL, "G16", NULL },
	{ "run_id", "排名", "Ranking run that led to it.", T_REF, F_CREATE |
	    F_FILTER, 0, 0, 0, "ranking_run", "G16", NULL },
};

const struct entity fund_adjustment_entity = { .name = "fund_adjustment",
	.path = "fund-adjustments",
	.table = "fund_adjustment",
	.label = "资金挂钩调整",
	.text = "What next year's funds gain or lose by a ranking.",
	.fields = fund_adjustment_fields,
	.nfields = COUNT(fund_adjustment_fields),
	.nlate = 1,
	.group = "fund",
	.action = ACTION_OPTIONAL,
	.business = true };
