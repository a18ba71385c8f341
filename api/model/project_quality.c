/*
 * What is found in a project that no constraint refuses: the checks of R-22
 * (DQ-03 to DQ-12), the deadlines of R-11 and the hints of R-02.
 *
 * Parameters of the project's action, with what holds without:
 *   project.settle_months   3   from completion to both accounts (G31)
 *   project.transfer_days   30  from the accounts to the transfer (G32)
 *   project.accept_months   3   from completion to acceptance (R5)
 */
#include "chapters.h"
#include "project_chapter.h"

#define PARAM(key, otherwise) \
	"coalesce(action_param(r.action_id, '" key "'), '" otherwise "')::int"
#define FUNDING(column) \
	"(SELECT coalesce(sum(f." column "), 0) FROM project_funding f" \
	" WHERE f.project_id = r.id AND f.voided_at IS NULL)"
#define FUNDING_ARRIVED \
	"(SELECT coalesce(sum(coalesce(f.arrived_fen, f.planned_fen)), 0)" \
	" FROM project_funding f WHERE f.project_id = r.id" \
	" AND f.voided_at IS NULL)"
#define PAID \
	"(SELECT coalesce(sum(CASE p.kind WHEN 'pay' THEN p.amount_fen" \
	" WHEN 'recover' THEN -p.amount_fen END), 0) FROM fund_payment p" \
	" WHERE p.project_id = r.id AND p.voided_at IS NULL)"
#define BEFORE(later, earlier, code, zh, en) \
	{ "DQ-03", later, code, "warning", "r." later " < r." earlier, zh, en }
#define BLANK(field, zh) \
	{ "DQ-12", field, "placeholder", "warning", \
	    "btrim(r." field ") IN ('同上', '无', '/', '／', '-', '略')", \
	    zh, "Is filled with a placeholder." }

const struct quality project_quality[] = {
	BEFORE("approved_on", "publicity_to", "approved_before_publicity",
	    "立项批复早于公示结束", "Approved before its publicity ended."),
	BEFORE("actual_start_on", "approved_on", "started_before_approval",
	    "开工早于立项批复", "Begun before it was approved."),
	BEFORE("completed_on", "actual_start_on", "completed_before_start",
	    "完工早于开工", "Completed before it was begun."),
	BEFORE("accepted_on", "completed_on", "accepted_before_completion",
	    "验收早于完工", "Accepted before it was completed."),
	BEFORE("settled_on", "accepted_on", "settled_before_acceptance",
	    "结算早于验收", "Settled before it was accepted."),
	BEFORE("transferred_on", "settled_on", "transferred_before_settlement",
	    "移交早于结算", "Transferred before it was settled."),
	{ "DQ-04", "total_investment_fen", "funding_sum", "warning",
	    FUNDING("planned_fen") " NOT IN (0, r.total_investment_fen)",
	    "资金构成合计与总投资不一致",
	    "The lines of funding do not add up to the total." },
	{ "DQ-04", "total_investment_fen", "no_funding", "warning",
	    FUNDING("planned_fen") " = 0 AND r.state NOT IN ('planned',"
	    " 'declared', 'cancelled')",
	    "未登记资金构成", "No lines of funding are recorded." },
	{ "DQ-05", "support_fund_fen", "paid_beyond_arrived", "warning",
	    PAID " > " FUNDING_ARRIVED,
	    "拨付合计超过到位资金", "More was paid than arrived." },
	{ "DQ-06", "name", "duplicate", "warning",
	    "EXISTS (SELECT FROM project o WHERE o.id <> r.id"
	    " AND o.voided_at IS NULL AND o.name = r.name"
	    " AND o.build_year = r.build_year"
	    " AND o.division_code BETWEEN r.division_code"
	    " - r.division_code % 1000000 AND division_hi(r.division_code"
	    " - r.division_code % 1000000))",
	    "本县同年度有同名项目",
	    "The county has a project of this name and year already." },
	{ "DQ-07", "total_investment_fen", "unit_slip", "warning",
	    "r.total_investment_fen NOT BETWEEN 10000 AND 100000000000",
	    "总投资小于 0.01 万元或大于 10 亿元，请核对单位",
	    "Below 0.01 or above 100000 万元: check the unit." },
	{ "DQ-09", "state", "stale", "info",
	    "r.state IN ('approved', 'in_progress', 'completed', 'accepted')"
	    " AND r.updated_at < date_trunc('month', now())",
	    "在建项目本月未更新", "Active, and not refreshed this month." },
	BLANK("content", "建设内容填了占位文字"),
	BLANK("benefit_target", "绩效目标填了占位文字"),
	{ "R-11", "settled_on", "settlement_overdue", "warning",
	    "(r.settled_on IS NULL OR r.final_account_on IS NULL)"
	    " AND (r.completed_on + make_interval(months => "
	    PARAM("project.settle_months", "3") "))::date < app_today()",
	    "完工三个月后仍未完成结算和决算",
	    "Completed three months ago and not settled." },
	{ "R-11", "transferred_on", "transfer_overdue", "warning",
	    "r.transferred_on IS NULL AND r.settled_on IS NOT NULL"
	    " AND r.final_account_on IS NOT NULL"
	    " AND greatest(r.settled_on, r.final_account_on) + "
	    PARAM("project.transfer_days", "30") " < app_today()",
	    "结算决算三十天后仍未移交",
	    "Settled thirty days ago and not transferred." },
	{ "R5", "accepted_on", "not_accepted", "warning",
	    "r.accepted_on IS NULL AND (r.completed_on + make_interval("
	    "months => " PARAM("project.accept_months", "3")
	    "))::date < app_today()",
	    "完工后未及时验收", "Completed and not accepted in time." },
	{ "R8", "enterprise_paid_bp", "enterprise_share", "warning",
	    "r.enterprise_paid_bp < r.enterprise_ratio_bp",
	    "企业实际出资比例不足", "The enterprise paid less than its share." },
	{ "R9", "co_account", "no_co_account", "warning",
	    "r.co_account = 'no'",
	    "未设立共管账户", "There is no account under joint control." },
	{ "R1", "feasibility_doc", "no_feasibility", "info",
	    "r.is_industry AND r.feasibility_doc IS NULL"
	    " AND r.state NOT IN ('planned', 'declared', 'cancelled')",
	    "缺可行性研究报告", "The feasibility study is missing." },
	{ "R2", "due_diligence_doc", "no_due_diligence", "info",
	    "r.is_industry AND r.due_diligence_doc IS NULL"
	    " AND r.state NOT IN ('planned', 'declared', 'cancelled')",
	    "缺尽职调查报告", "The due-diligence report is missing." },
	{ "R3", "risk_eval_doc", "no_risk_evaluation", "info",
	    "r.is_industry AND r.risk_eval_doc IS NULL"
	    " AND r.state NOT IN ('planned', 'declared', 'cancelled')",
	    "缺风险评估报告", "The risk evaluation is missing." },
	{ "N1", "completed_on", "not_built", "info",
	    "r.completed_on IS NULL AND (r.plan_end_on"
	    " + interval '12 months')::date < app_today()"
	    " AND r.state IN ('approved', 'in_progress')",
	    "超过计划完工时间一年仍未完工，疑似建而不成",
	    "A year beyond its planned end and not complete." },
	{ "N2", "operating_state", "not_used", "info",
	    "r.completed_on IS NOT NULL AND r.operating_state = 'not_started'",
	    "完工后未投产，疑似成而不用", "Complete and not in use." },
	{ "G17", "is_industry", "no_mechanism", "warning",
	    "r.is_industry AND NOT EXISTS (SELECT FROM benefit_mechanism b"
	    " WHERE b.project_id = r.id AND b.voided_at IS NULL)",
	    "产业项目未建立联农带农机制",
	    "An industry project without a benefit mechanism." },
	{ "R-23", "pretreated_on", "not_pretreated", "warning",
	    "cardinality(r.sensitive_kind) > 0 AND r.pretreated_on IS NULL",
	    "敏感项目未采取预处理措施",
	    "A sensitive project that was not pre-treated." },
	{ "T41", "restored_on", "farmland", "warning",
	    "r.farmland_flag <> 'none' AND r.restored_on IS NULL",
	    "涉及耕地“非粮化”“非农化”，尚未恢复",
	    "Farmland in other use that was not restored." },
	{ 0 },
};
