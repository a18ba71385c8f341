/*
 * The lifecycle of a project as a table (domain.md 3.5.1). Where two sign, each
 * has a command of his own: the entity asks for acceptance and the department
 * accepts, the treasury checks the accounts and the department settles, the
 * department hands over and the receiver confirms. Whoever runs the project
 * has no account; the township or the department records for him. The seventh
 * step of elimination, the exit, is the command itself.
 *
 * Parameters of the project's action, with what holds without:
 *   archive.elimination_catalog  elimination  code of the catalogue
 */
#include "chapters.h"
#include "project_chapter.h"

#define ENTRY "EXISTS (SELECT FROM library_entry l WHERE l.project_id = r.id" \
	" AND l.voided_at IS NULL AND "

/* Entries of the library go along, and their log says why. */
#define ENTRIES(where, set, command) \
	", old AS (SELECT l.id, l.state AS was FROM library_entry l, r" \
	" WHERE l.project_id = r.id AND l.voided_at IS NULL AND l.state " \
	where "), gone AS (UPDATE library_entry l SET " set " FROM r, old" \
	" WHERE l.id = old.id RETURNING l.id, l.state, l.rev, old.was," \
	" l.division_code, l.competent_line, l.sensitivity)" \
	" INSERT INTO command (entity, row_id, command, from_state," \
	" to_state, rev, by, division_code, competent_line, sensitivity)" \
	" SELECT 'library_entry', id, '" command "', was, state, rev," \
	" $2::uuid, division_code, competent_line, sensitivity FROM gone"

#define MECHANISM "EXISTS (SELECT FROM benefit_mechanism b" \
	" WHERE b.project_id = r.id AND b.voided_at IS NULL)"

/* The project's own case, or that of the bundle it is reported in. */
#define CASE_C4 "SELECT c.id FROM classification_case c WHERE" \
	" (c.project_id = r.id OR c.bundle_id = r.bundle_id)" \
	" AND c.voided_at IS NULL AND c.final_class4 = 'C4'" \
	" AND c.state IN ('effective', 'executing', 'closed')"

static const struct demand approve_demands[] = {
	{ "not_admitted", ENTRY "l.state IN ('admitted', 'planned'))",
	    "项目须先入库：请完成项目库审核并由县级审定入库",
	    "The project must be in the library: have an entry admitted." },
	{ "negative_list", ENTRY "l.check_negative = 'pass')",
	    "须核查不属于负面清单", "The negative list must be checked." },
	{ "not_evaluated", "project_evaluated(r.id)",
	    "须有相应级别的评估论证并通过",
	    "An evaluation at the level the amount asks for must pass." },
	{ "no_mechanism", "r.is_industry IS NOT TRUE OR " MECHANISM,
	    "产业项目须先建立联农带农机制",
	    "An industry project needs a benefit mechanism." },
	{ "no_owner", "r.planned_owner_kind IS NOT NULL",
	    "实施方案须明确资产权属",
	    "The plan must say who will own the assets." },
	{ 0 },
};
static const struct demand change_demands[] = {
	{ "change_not_approved",
	    "EXISTS (SELECT FROM project_change c WHERE c.project_id = r.id"
	    " AND c.approved_doc IS NOT NULL AND c.applied_on IS NULL"
	    " AND c.voided_at IS NULL)",
	    "须先登记变更申请及变更批复文号",
	    "A change with the number of its approval must be recorded." },
	{ "same_person",
	    "EXISTS (SELECT FROM project_change c WHERE c.project_id = r.id"
	    " AND c.approved_doc IS NOT NULL AND c.applied_on IS NULL"
	    " AND c.voided_at IS NULL"
	    " AND c.created_by IS DISTINCT FROM $2::uuid)",
	    "登记变更的人不能自己确认，须由另一人办理",
	    "Another person than the one who recorded it must confirm." },
	{ 0 },
};
static const struct demand fail_demands[] = {
	{ "no_action", "issue_action(r.action_id, r.division_code) IS NOT NULL",
	    "本地没有进行中的专项行动，无法登记整改问题",
	    "There is no active action here to record the issue in." },
	{ 0 },
};
static const struct demand settle_demands[] = {
	{ "not_checked", "r.settlement_checked_on IS NOT NULL",
	    "须先由财政部门审定结算和决算金额",
	    "The treasury must check the accounts first." },
	{ "over_budget",
	    "greatest(r.settled_amount_fen, r.final_account_fen)"
	    " <= r.total_investment_fen"
	    " OR EXISTS (SELECT FROM project_change c WHERE"
	    " c.project_id = r.id AND c.approved_doc IS NOT NULL"
	    " AND c.voided_at IS NULL)",
	    "结算或决算金额超过总投资，须有经批复的变更",
	    "More than the total investment needs an approved change." },
	{ 0 },
};
#define TITLED \
	{ "assets_untitled", \
	    "EXISTS (SELECT FROM asset a WHERE a.project_id = r.id" \
	    " AND a.voided_at IS NULL) AND NOT EXISTS (SELECT FROM asset a" \
	    " WHERE a.project_id = r.id AND a.voided_at IS NULL AND" \
	    " (a.state = 'formed' OR a.owner_kind = 'undecided'))", \
	    "项目资产须全部登记并确权", \
	    "Every asset of the project must be recorded and titled." }
static const struct demand titled_demands[] = { TITLED, { 0 } };
static const struct demand transfer_demands[] = {
	TITLED,
	{ "not_handed_over", "r.handed_over_on IS NOT NULL",
	    "须先由主管部门提出移交", "The department must hand over first." },
	{ "not_receiver",
	    "EXISTS (SELECT FROM app_user u, org_unit o"
	    " WHERE u.id = $2::uuid AND o.id = r.transfer_org_id"
	    " AND (u.org_id = o.id OR u.division_code = o.division_code))",
	    "须由接收单位确认", "The receiving organisation must confirm." },
	{ 0 },
};
static const struct demand eliminate_demands[] = {
	{ "not_c4", "EXISTS (" CASE_C4 ")",
	    "须有已生效的淘汰类认定",
	    "The class “eliminated” must be determined and effective." },
	{ "steps_missing",
	    "(SELECT count(DISTINCT e.step) FROM elimination_step e"
	    " WHERE e.case_id IN (" CASE_C4 ") AND e.voided_at IS NULL"
	    " AND e.evidence_id IS NOT NULL"
	    " AND e.step IN ('argue', 'causes', 'debts', 'legacy', 'title',"
	    " 'archive')) = 6",
	    "退出前的六个步骤须全部办结并有佐证",
	    "The six steps before the exit must be done, with evidence." },
	{ "archive_incomplete",
	    "(SELECT archive_missing(c.id, r.id, CASE WHEN"
	    " r.revive_path = 'B' OR EXISTS (SELECT FROM elimination_step e"
	    " WHERE e.case_id IN (" CASE_C4 ") AND e.voided_at IS NULL"
	    " AND e.step = 'exit_agreement') THEN '{exit_agreement}'"
	    " ELSE '{}' END::text[]) = '{}' FROM archive_catalog c"
	    " WHERE c.code = coalesce(action_param(r.action_id,"
	    " 'archive.elimination_catalog'), 'elimination')"
	    " AND c.voided_at IS NULL"
	    " ORDER BY c.division_code DESC, c.version DESC LIMIT 1)",
	    "归档目录所列必备材料须齐全并经核对",
	    "What the catalogue of the archive requires must be there and "
	    "checked." },
	{ "farmland",
	    "coalesce(r.farmland_flag, 'none') = 'none'"
	    " OR r.restored_on IS NOT NULL",
	    "涉及耕地的须先恢复耕种并登记日期",
	    "Farmland in other use must be restored first." },
	{ 0 },
};
static const struct demand take_up_demands[] = {
	{ "not_backfilled", "r.backfilled IS TRUE",
	    "只有存量补录的项目可以直接建档",
	    "Only a project recorded after the fact is taken up so." },
	{ "not_past", "r.build_year < extract(year FROM app_today())",
	    "只有往年项目可以补录", "Only projects of past years are." },
	{ 0 },
};

const struct move project_moves[PROJECT_MOVES] = {
	{ .name = "declare",
	    .label = "申报",
	    .text = "Declare a planned project.",
	    .from = L("planned"),
	    .to = "declared",
	    .need = L("name", "type_l1", "content", "total_investment_fen",
	    "competent_org_id"),
	    .take = L("competent_org_id"),
	    .who = L("village_admin", "township_clerk", "dept_clerk"),
	    .source = "3.5.1" },
	{ .name = "approve",
	    .label = "批复",
	    .text = "Approve a declared project that the library admitted.",
	    .from = L("declared"),
	    .to = "approved",
	    .need = L("approved_on", "approval_doc_no", "publicity_to"),
	    .take = L("approved_on", "approval_doc_no", "publicity_from",
	    "publicity_to"),
	    .who = L("county_authority"),
	    .source = "Y20.8",
	    .flags = M_EVIDENCE | M_OTHER,
	    .demands = approve_demands },
	{ .name = "start",
	    .label = "开工",
	    .text = "Begin the work by the implementation plan.",
	    .from = L("approved"),
	    .to = "in_progress",
	    .need = L("actual_start_on", "implementation_plan"),
	    .take = L("actual_start_on", "implementation_plan"),
	    .who = L("dept_clerk", "township_clerk", "operator_user"),
	    .source = "Y21.1",
	    .flags = M_EVIDENCE,
	    .also = L(ENTRIES("= 'planned'", "state = 'implementing',"
	    " started_on = r.actual_start_on", "start")) },
	{ .name = "change_content",
	    .label = "变更",
	    .text = "Change the content as an approved change allows.",
	    .from = L("in_progress"),
	    .to = "in_progress",
	    .take = L("content", "scale_text", "total_investment_fen",
	    "support_fund_fen", "plan_end_on"),
	    .who = L("dept_lead"),
	    .source = "Y21.3",
	    .flags = M_EVIDENCE,
	    .demands = change_demands,
	    .also = L("UPDATE project_change c SET applied_on = app_today()"
	    " FROM r WHERE c.project_id = r.id AND c.approved_doc IS NOT NULL"
	    " AND c.applied_on IS NULL AND c.voided_at IS NULL") },
	{ .name = "complete",
	    .label = "完工",
	    .text = "Report the work complete, with its summary.",
	    .from = L("in_progress"),
	    .to = "completed",
	    .need = L("completed_on", "completion_summary"),
	    .take = L("completed_on", "completion_summary",
	    "acceptance_requested_on"),
	    .who = L("dept_clerk", "township_clerk", "operator_user"),
	    .source = "Y21.7",
	    .flags = M_EVIDENCE },
	{ .name = "request_acceptance",
	    .label = "申请验收",
	    .text = "Ask the competent department for acceptance.",
	    .from = L("completed"),
	    .to = "completed",
	    .need = L("acceptance_requested_on"),
	    .take = L("acceptance_requested_on"),
	    .who = L("dept_clerk", "township_clerk", "operator_user"),
	    .source = "Y21.8" },
	{ .name = "accept",
	    .label = "验收",
	    .text = "Accept what was completed and evaluated.",
	    .from = L("completed"),
	    .to = "accepted",
	    .need = L("accepted_on", "acceptance_requested_on",
	    "performance_grade"),
	    .take = L("accepted_on", "performance_grade",
	    "acceptance_opinion"),
	    .who = L("dept_lead"),
	    .source = "Y22.6",
	    .flags = M_EVIDENCE | M_OTHER,
	    .also = L(ENTRIES("= 'implementing'", "state = 'done',"
	    " finished_on = r.accepted_on", "finish")) },
	{ .name = "fail_accept",
	    .label = "验收不达标",
	    .text = "Find it short of the mark; an issue records it.",
	    .from = L("completed", "accepted"),
	    .to = "completed",
	    .need = L("acceptance_opinion"),
	    .take = L("acceptance_opinion"),
	    .who = L("dept_lead"),
	    .source = "Y22.7",
	    .flags = M_EVIDENCE,
	    .effects = (const struct effect[]) { { "accepted_on", NULL },
	    { "acceptance_requested_on", NULL },
	    { "settlement_checked_on", NULL }, { 0 } },
	    .demands = fail_demands,
	    .also = L("INSERT INTO issue (id, category, subject_kind,"
	    " project_id, project_uid, description, d_unit_or_project,"
	    " d_basic, source, found_on, state, division_code, action_id,"
	    " filing_level, competent_org_id, competent_line, sensitivity)"
	    " SELECT uuid7(), 'Y-3', 'project', r.id, r.project_no,"
	    " left('项目名称：' || r.name || '；基本情况：验收评价不达标，' ||"
	    " r.acceptance_opinion, 4000), r.name, r.acceptance_opinion,"
	    " 'supervision', app_today(), 'found', r.division_code,"
	    " issue_action(r.action_id, r.division_code), r.filing_level,"
	    " r.competent_org_id, r.competent_line, r.sensitivity FROM r",
	    ENTRIES("= 'done'", "state = 'implementing',"
	    " finished_on = NULL", "fail_accept")) },
	{ .name = "check_settlement",
	    .label = "结算审定",
	    .text = "Agree, as the treasury, to settlement and accounts.",
	    .from = L("accepted"),
	    .to = "accepted",
	    .need = L("settled_amount_fen", "final_account_fen"),
	    .take = L("settled_amount_fen", "final_account_fen"),
	    .who = L("finance"),
	    .source = "R-11",
	    .effects = (const struct effect[]) {
	    { "settlement_checked_on", "@today" }, { 0 } } },
	{ .name = "settle",
	    .label = "结算决算",
	    .text = "Settle the works and close the accounts.",
	    .from = L("accepted"),
	    .to = "settled",
	    .need = L("settled_on", "final_account_on"),
	    .take = L("settled_on", "final_account_on"),
	    .who = L("dept_clerk"),
	    .source = "R-11",
	    .flags = M_EVIDENCE | M_OTHER,
	    .demands = settle_demands },
	{ .name = "hand_over",
	    .label = "提出移交",
	    .text = "Offer the assets to the organisation that receives them.",
	    .from = L("settled"),
	    .to = "settled",
	    .need = L("transfer_org_id", "transfer_doc_no"),
	    .take = L("transfer_org_id", "transfer_doc_no"),
	    .who = L("dept_lead"),
	    .source = "G32",
	    .effects = (const struct effect[]) {
	    { "handed_over_on", "@today" }, { 0 } },
	    .demands = titled_demands },
	{ .name = "transfer",
	    .label = "移交",
	    .text = "Confirm, as the receiver, that the assets arrived.",
	    .from = L("settled"),
	    .to = "transferred",
	    .need = L("transferred_on"),
	    .take = L("transferred_on"),
	    .who = L("village_lead", "township_lead", "dept_lead",
	    "lead_bureau", "finance"),
	    .source = "G32",
	    .flags = M_EVIDENCE | M_OTHER,
	    .demands = transfer_demands },
	{ .name = "operate",
	    .label = "投产运营",
	    .text = "Begin to operate under a custody or operation plan.",
	    .from = L("transferred", "settled"),
	    .to = "operating",
	    .need = L("operated_on", "operation_plan"),
	    .take = L("operated_on", "operation_plan",
	    "operating_operator_id"),
	    .who = L("village_lead", "township_lead", "dept_lead",
	    "lead_bureau"),
	    .source = "G36",
	    .flags = M_EVIDENCE,
	    .effects = (const struct effect[]) {
	    { "operating_state", "normal" }, { 0 } } },
	{ .name = "mark_idle",
	    .label = "标记闲置",
	    .text = "Find that it does not operate.",
	    .from = L("operating"),
	    .to = "idle",
	    .need = L("operating_state"),
	    .take = L("operating_state", "survival_state"),
	    .who = L("township_clerk", "task_force"),
	    .source = "T10",
	    .flags = M_EVIDENCE,
	    .effects = (const struct effect[]) { { "idle_on", "@today" },
	    { 0 } } },
	{ .name = "revive",
	    .label = "盘活",
	    .text = "Bring it back to work, by one of the four paths.",
	    .from = L("idle"),
	    .to = "operating",
	    .need = L("revive_path", "operating_operator_id"),
	    .take = L("revive_path", "operating_operator_id",
	    "operation_plan"),
	    .who = L("township_clerk", "task_force"),
	    .source = "T10",
	    .flags = M_EVIDENCE,
	    .effects = (const struct effect[]) { { "revived_on", "@today" },
	    { "operating_state", "normal" }, { 0 } } },
	{ .name = "eliminate",
	    .label = "淘汰退出",
	    .text = "Let a project go whose elimination is complete.",
	    .from = L("idle", "operating"),
	    .to = "eliminated",
	    .who = L("task_force"),
	    .source = "T14",
	    .flags = M_EVIDENCE,
	    .effects = (const struct effect[]) { { "ended_on", "@today" },
	    { 0 } },
	    .demands = eliminate_demands },
	{ .name = "cancel",
	    .label = "取消",
	    .text = "Give up a project before it is approved.",
	    .from = L("planned", "declared"),
	    .to = "cancelled",
	    .who = L("township_lead", "dept_lead", "lead_bureau"),
	    .source = "3.5.1",
	    .flags = M_REASON | M_OTHER,
	    .effects = (const struct effect[]) { { "ended_on", "@today" },
	    { 0 } },
	    .also = L(ENTRIES("NOT IN ('implementing', 'done', 'removed')",
	    "state = 'removed', removed_on = app_today(),"
	    " remove_reason = 'other'", "cancel")) },
	{ .name = "take_up",
	    .label = "存量建档",
	    .text = "Take up a project of past years as it operates today.",
	    .from = L("planned"),
	    .to = "operating",
	    .need = L("operating_state"),
	    .take = L("approved_on", "approval_doc_no", "actual_start_on",
	    "completed_on", "accepted_on", "settled_on",
	    "settled_amount_fen", "final_account_on", "final_account_fen",
	    "transferred_on", "transfer_doc_no", "operated_on",
	    "operation_plan", "operating_state", "survival_state"),
	    .who = L("lead_bureau", "task_force"),
	    .source = "3.5",
	    .demands = take_up_demands },
};
