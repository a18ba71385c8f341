/* The risk of a project from suspicion to closing (domain.md 3.5.4). */
#include "../base/err.h"
#include "chapters.h"
#include "demand.h"
#include "risk_chapter.h"

/*
 * Parameters of the action, with what holds without them:
 *   risk.tier1_wan      3000  initial red from this amount: the province
 *   risk.tier2_wan      1000  from this amount: the prefecture
 *   risk.amount_basis   total_investment, or support_fund
 *   risk.m1_months      1     red: substantive progress
 *   risk.m3_months      3     red: up to standard
 *   risk.y1_months      1     yellow: rectified
 *   risk.standard_lines 10    lines of the standard of closing
 */
#define SURVEYED(condition) \
	"EXISTS (SELECT FROM risk_assessment a WHERE a.episode_id = r.id" \
	" AND a.voided_at IS NULL" condition ")"
#define PLANS \
	"rectification_plan p WHERE p.project_id = r.project_id" \
	" AND p.action_id = r.action_id AND p.voided_at IS NULL"
#define LINES_PASS(lines) \
	"(SELECT count(DISTINCT l->>'line') >= coalesce(action_param(" \
	"r.action_id, 'risk.standard_lines')::int, 10)" \
	" AND bool_and(coalesce(l->>'result', '') IN ('pass', 'na'))" \
	" AND bool_or(l->>'result' = 'pass')" \
	" FROM jsonb_array_elements(coalesce(" lines ", '[]')) l)"
#define OPEN_WORK_DONE \
	"NOT EXISTS (SELECT FROM rectification_task t JOIN " \
	"rectification_plan p ON p.id = t.plan_id LEFT JOIN issue i" \
	" ON i.id = t.issue_id AND i.voided_at IS NULL" \
	" WHERE p.project_id = r.project_id AND p.action_id = r.action_id" \
	" AND p.voided_at IS NULL AND t.voided_at IS NULL" \
	" AND t.state <> 'cancelled' AND (t.state <> 'verified'" \
	" OR i.state NOT IN ('closed', 'merged', 'voided')))" \
	" AND NOT EXISTS (SELECT FROM issue i WHERE i.voided_at IS NULL" \
	" AND i.project_id = r.project_id AND i.action_id = r.action_id" \
	" AND i.state NOT IN ('closed', 'merged', 'voided'))"
#define ONLY_EPISODE \
	{ "open_episode", "NOT EXISTS (SELECT FROM risk_episode e" \
	    " WHERE e.project_id = r.project_id AND e.id <> r.id" \
	    " AND e.action_id = r.action_id AND e.voided_at IS NULL" \
	    " AND e.seq > r.seq)", \
	    "该项目已有新的风险周期，请在新周期中办理", \
	    "The project has a later episode; go on there." }

/* who accepts hangs on the tier, and is not who rectified. */
#define ACCEPTOR \
	{ "acceptor", "CASE r.tier WHEN 'T1' THEN " HOLDS("'province'") \
	    " WHEN 'T2' THEN " HOLDS("'pref_task_force'") \
	    " ELSE " HOLDS("'task_force'") " END", \
	    "一级督办项目由省级验收，二级由市级专班验收，三级由县级专班验收", \
	    "Tier 1 is accepted by the province, 2 by the prefecture, 3 by " \
	    "the county's task force." }, \
	{ "own_work", "NOT EXISTS (SELECT FROM project p, app_user u" \
	    " WHERE p.id = r.project_id AND u.id = $2::uuid" \
	    " AND u.org_id = p.competent_org_id)", \
	    "审核验收单位不能是整治单位", \
	    "Who accepts must not be who rectified." }
#define ACCEPTORS L("province", "pref_task_force", "task_force")
#define SELF_ROLE \
	{ "self_role", "CASE WHEN r.tier = 'T3' THEN " \
	    HOLDS("'dept_lead', 'lead_bureau'") \
	    " ELSE " HOLDS("'task_force'") " END", \
	    "1000万元以下项目由主管部门自评和申请，其他由县级专班自评和申请", \
	    "Tier 3 is evaluated and applied for by the department, others " \
	    "by the county's task force." }

static const struct demand confirm_demands[] = {
	{ "no_assessment", SURVEYED(""), "须先完成风险排查",
	    "The risks of the project must be surveyed first." },
	{ 0 },
};
static const struct demand start_demands[] = {
	{ "no_plan", "EXISTS (SELECT FROM " PLANS
	    " AND p.state IN ('approved', 'executing', 'finished'))",
	    "须先批准“一项目一方案”",
	    "A plan of the project must be approved first." },
	{ "not_pretreated", "NOT " SURVEYED(" AND a.pretreated_on IS NULL"
	    " AND cardinality(a.sensitive) > 0")
	    " AND NOT EXISTS (SELECT FROM project p"
	    " WHERE p.id = r.project_id AND p.pretreated_on IS NULL"
	    " AND cardinality(p.sensitive_kind) > 0)",
	    "敏感项目须先采取摘牌、复耕复种等预处理措施",
	    "A sensitive project must be pre-treated first." },
	{ 0 },
};
static const struct demand escalate_demands[] = {
	{ "not_yellow", "r.current_level = 'yellow'",
	    "只有黄级项目可以升为红级",
	    "Only a yellow project can become red." },
	{ "no_new_assessment", SURVEYED(" AND a.level_confirmed IS NULL"
	    " AND a.level_suggested = 'red'"),
	    "须有新的风险排查，且建议等级为红级",
	    "A new survey must suggest red." },
	{ 0 },
};
static const struct demand self_demands[] = {
	SELF_ROLE,
	{ "open_work", OPEN_WORK_DONE, "整改任务须全部核实，所涉问题须全部销号",
	    "All tasks must be verified and their issues closed." },
	{ "lines", LINES_PASS("r.line_results"),
	    "核查标准各项自评须为“达标”或“不适用”，且不能全部不适用",
	    "Every line of the standard must pass or not apply; not all of "
	    "them do not." },
	{ 0 },
};
static const struct demand apply_demands[] = { SELF_ROLE, { 0 } };
static const struct demand precheck_demands[] = {
	{ "tier", "r.tier = 'T1'", "只有一级督办项目须市级初核",
	    "Only tier 1 is checked by the prefecture beforehand." },
	{ 0 },
};
static const struct demand review_demands[] = {
	ACCEPTOR,
	{ "not_prechecked", "r.tier <> 'T1' OR r.prechecked_on IS NOT NULL",
	    "一级督办项目须先经市级初核",
	    "Tier 1 must be checked by the prefecture first." },
	{ 0 },
};
static const struct demand acceptor_demands[] = { ACCEPTOR, { 0 } };
static const struct demand downgrade_demands[] = {
	ACCEPTOR,
	{ "verdicts", LINES_PASS("r.line_verdicts"),
	    "核查标准各项验收结果须为“达标”或“不适用”，且不能全部不适用",
	    "Every line must be found to pass or not to apply; not all of "
	    "them do not." },
	{ "open_work", OPEN_WORK_DONE, "整改任务须全部核实，所涉问题须全部销号",
	    "All tasks must be verified and their issues closed." },
	{ 0 },
};
static const struct demand later_demands[] = { ONLY_EPISODE, { 0 } };

#define PROJECT_LEVEL \
	"UPDATE project p SET current_risk_level = r.current_level FROM r" \
	" WHERE p.id = r.project_id"
#define SURVEY_CONFIRMED(initial) \
	"UPDATE risk_assessment a SET level_confirmed = r.current_level," \
	" confirmed_on = app_today(), is_initial = " initial "," \
	" confirmed_by_org = (SELECT o.name FROM app_user u JOIN org_unit o" \
	" ON o.id = u.org_id WHERE u.id = $2::uuid) FROM r" \
	" WHERE a.id = (SELECT x.id FROM risk_assessment x, r" \
	" WHERE x.episode_id = r.id AND x.level_confirmed IS NULL" \
	" AND x.voided_at IS NULL ORDER BY x.assessed_on DESC," \
	" x.created_at DESC LIMIT 1)"
/* the milestones of the level the episode now has. */
#define MILESTONES \
	"INSERT INTO risk_milestone (id, episode_id, kind, due_on, " \
	CHILD_COLUMNS ") SELECT uuid7(), r.id, m.kind," \
	" (r.clock_start_on + make_interval(months => coalesce(" \
	"action_param(r.action_id, m.key)::int, m.months)))::date, " \
	CHILD_VALUES " FROM r JOIN (VALUES" \
	" ('red', 'M1', 'risk.m1_months', 1)," \
	" ('red', 'M3', 'risk.m3_months', 3)," \
	" ('yellow', 'Y1', 'risk.y1_months', 1))" \
	" m (level, kind, key, months) ON m.level = r.current_level"
#define MILESTONES_DROPPED \
	"UPDATE risk_milestone m SET state = 'dropped' FROM r" \
	" WHERE m.episode_id = r.id AND m.state = 'open'"
#define APPLICATION(sets) \
	"UPDATE downgrade_application d SET " sets " FROM r" \
	" WHERE d.episode_id = r.id AND d.seq = (SELECT max(x.seq)" \
	" FROM downgrade_application x, r WHERE x.episode_id = r.id)"
#define APPLIED \
	"INSERT INTO downgrade_application (id, episode_id, self_eval_on," \
	" self_eval_org, applied_on, standard_version, line_results, " \
	CHILD_COLUMNS ") SELECT uuid7(), r.id, r.self_eval_on," \
	" r.self_eval_org, r.applied_on, r.standard_version," \
	" r.line_results, " CHILD_VALUES " FROM r"
#define NEW_EPISODE \
	"INSERT INTO risk_episode (id, project_id, " CHILD_COLUMNS \
	") SELECT uuid7(), r.project_id, " CHILD_VALUES " FROM r"

#define CONFIRM(level, colour, ended_on) { \
	.name = "confirm_" level, \
	.label = "审定为" colour, \
	.text = "Confirm the level " level "; the first one fixes the tier.", \
	.from = L("suspected"), \
	.to = "confirmed_" level, \
	.who = L("task_force"), \
	.source = "R-02", \
	.effects = EFFECTS({ "initial_level", level }, \
	{ "initial_on", "@today" }, { "current_level", level }, \
	{ "level_confirmed_on", "@today" }, { ended_on, "@today" }), \
	.demands = confirm_demands, \
	.also = L(SURVEY_CONFIRMED("true"), MILESTONES, PROJECT_LEVEL) }
#define NOT_APPLIED \
	{ "applied_on", NULL }, { "prechecked_on", NULL }, \
	{ "doc_review_on", NULL }, { "doc_review_org", NULL }, \
	{ "site_eval_on", NULL }, { "site_team", NULL }, \
	{ "site_report_id", NULL }, { "line_verdicts", NULL }

static const struct move risk_episode_moves[] = {
	CONFIRM("red", "红级", NULL),
	CONFIRM("yellow", "黄级", NULL),
	CONFIRM("green", "绿级", "closed_on"),
	{ .name = "start_rectify",
	    .label = "开始整治",
	    .text = "Begin to rectify by the approved plan.",
	    .from = L("confirmed_red", "confirmed_yellow", "reopened"),
	    .to = "rectifying",
	    .who = L("dept_lead", "lead_bureau"),
	    .source = "R-23",
	    .demands = start_demands },
	{ .name = "escalate",
	    .label = "升为红级",
	    .text = "Raise a yellow project to red; the clock starts again.",
	    .from = L("confirmed_yellow", "rectifying"),
	    .to = "confirmed_red",
	    .who = L("task_force"),
	    .source = "R-02",
	    .flags = M_REASON,
	    .effects = EFFECTS({ "current_level", "red" },
	    { "level_confirmed_on", "@today" }),
	    .demands = escalate_demands,
	    .also = L(SURVEY_CONFIRMED("false"), MILESTONES_DROPPED,
	    MILESTONES, PROJECT_LEVEL) },
	{ .name = "self_evaluate",
	    .label = "自评",
	    .text = "Evaluate the work against the standard.",
	    .from = L("rectifying"),
	    .to = "self_evaluated",
	    .need = L("standard_version", "line_results"),
	    .who = L("task_force", "dept_lead", "lead_bureau"),
	    .source = "B28",
	    .flags = M_EVIDENCE,
	    .effects = EFFECTS({ "self_eval_on", "@today" },
	    { "self_eval_org", "@org" }),
	    .demands = self_demands },
	{ .name = "apply",
	    .label = "申请降级销号",
	    .text = "Apply for lowering to green, with the whole package.",
	    .from = L("self_evaluated"),
	    .to = "applied",
	    .who = L("task_force", "dept_lead", "lead_bureau"),
	    .source = "B28",
	    .flags = M_EVIDENCE,
	    .effects = EFFECTS({ "applied_on", "@today" },
	    { "return_reason", NULL }, { "return_due_on", NULL }),
	    .demands = apply_demands,
	    .also = L(APPLIED) },
	{ .name = "precheck",
	    .label = "市级初核",
	    .text = "Check an application that the province will accept.",
	    .from = L("applied"),
	    .to = "applied",
	    .who = L("pref_task_force"),
	    .source = "R-04",
	    .flags = M_OTHER,
	    .effects = EFFECTS({ "prechecked_on", "@today" }),
	    .demands = precheck_demands },
	{ .name = "review_docs",
	    .label = "资料审核",
	    .text = "Review the papers of the application.",
	    .from = L("applied"),
	    .to = "doc_reviewed",
	    .who = ACCEPTORS,
	    .source = "B28",
	    .flags = M_OTHER,
	    .effects = EFFECTS({ "doc_review_on", "@today" },
	    { "doc_review_org", "@org" }),
	    .demands = review_demands,
	    .also = L(APPLICATION("doc_review_on = r.doc_review_on,"
	    " doc_review_org = r.doc_review_org")) },
	{ .name = "site_eval",
	    .label = "实地评估",
	    .text = "Evaluate on site, two people at least, with photos.",
	    .from = L("doc_reviewed"),
	    .to = "site_evaluated",
	    .need = L("site_eval_on", "site_team", "line_verdicts"),
	    .take = L("site_eval_on", "site_team", "line_verdicts",
	    "site_report_id"),
	    .who = ACCEPTORS,
	    .source = "B28",
	    .flags = M_EVIDENCE,
	    .demands = acceptor_demands,
	    .also = L(APPLICATION("site_eval_on = r.site_eval_on,"
	    " site_team = r.site_team, line_verdicts = r.line_verdicts")) },
	{ .name = "downgrade",
	    .label = "降级销号",
	    .text = "Lower the project to green and close.",
	    .from = L("site_evaluated"),
	    .to = "downgraded",
	    .need = L("decision_doc_no"),
	    .take = L("decision_doc_no"),
	    .who = ACCEPTORS,
	    .source = "R-04",
	    .flags = M_EVIDENCE,
	    .effects = EFFECTS({ "current_level", "green" },
	    { "decided_on", "@today" }, { "closed_on", "@today" }),
	    .demands = downgrade_demands,
	    .also = L(APPLICATION("decided_on = r.decided_on,"
	    " decision = 'closed'"), MILESTONES_DROPPED, PROJECT_LEVEL) },
	{ .name = "return",
	    .label = "退回整治",
	    .text = "Send it back, with the reason and a new limit.",
	    .from = L("applied", "doc_reviewed", "site_evaluated"),
	    .to = "rectifying",
	    .need = L("return_due_on"),
	    .take = L("return_due_on"),
	    .who = ACCEPTORS,
	    .source = "3.5.4",
	    .flags = M_REASON,
	    .effects = EFFECTS(NOT_APPLIED, { "return_reason", "@reason" }),
	    .demands = acceptor_demands,
	    .also = L(APPLICATION("decided_on = app_today(),"
	    " decision = 'returned', reason = r.return_reason")) },
	{ .name = "spot_check_fail",
	    .label = "抽查不达标",
	    .text = "Take up again what a spot check found wanting.",
	    .from = L("downgraded"),
	    .to = "reopened",
	    .need = L("spot_checked_on"),
	    .take = L("spot_checked_on"),
	    .who = L("pref_task_force", "pref_dept"),
	    .source = "B29",
	    .flags = M_REASON | M_EVIDENCE,
	    .effects = EFFECTS(NOT_APPLIED, { "spot_result", "fail" },
	    { "closed_on", NULL }, { "decided_on", NULL },
	    { "decision_doc_no", NULL }, { "level_confirmed_on", "@today" },
	    { "return_reason", "@reason" }),
	    .demands = later_demands,
	    .also = L(APPLICATION("spot_checked_on = r.spot_checked_on,"
	    " spot_result = r.spot_result"), MILESTONES, PROJECT_LEVEL) },
	{ .name = "correct_amount",
	    .label = "更正金额重新分级",
	    .text = "Compute the tier anew from the corrected amount.",
	    .from = L("confirmed_red", "confirmed_yellow",
	    "confirmed_green", "rectifying"),
	    .who = L("task_force"),
	    .source = "R-01",
	    .flags = M_REASON | M_EVIDENCE,
	    .effects = EFFECTS({ "corrections", "@next" }) },
	{ .name = "reassess",
	    .label = "重新研判",
	    .text = "Open a new episode of the project.",
	    .from = L("confirmed_green", "downgraded"),
	    .who = L("task_force"),
	    .source = "B15",
	    .flags = M_REASON,
	    .demands = later_demands,
	    .also = L(NEW_EPISODE) },
};

static const struct field risk_episode_fields[] = {
	{ "project_id", "项目", "Project.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "seq", "周期", "Which episode of the project in the action.", T_INT,
	    F_SERVER | F_FILTER, 0, 0, 0, NULL, "B15", NULL },
	{ "initial_level", "初始等级", "Level first confirmed; never changes.",
	    T_CODE, F_COMMAND | F_FILTER, 0, 0, 0, "risk_level", "B20", NULL },
	{ "initial_on", "初始确定日期", "Day it was first confirmed.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "B20", NULL },
	{ "amount_basis_fen", "分级金额", "Amount the tier was computed from.",
	    T_MONEY, F_SERVER | F_FILTER, 0, 0, 9000000000000000, NULL, "R-01",
	    NULL },
	{ "corrections", "金额更正次数",
	    "Times the tier was computed anew after a correction.", T_INT,
	    F_COMMAND, 0, 0, 0, NULL, "R-01", NULL },
	{ "tier", "督办层级", "Tier by amount and initial level.", T_CODE,
	    F_SERVER | F_FILTER, 0, 0, 0, "risk_tier", "R-01", NULL },
	{ "supervise_level", "督办单位", "Who supervises.", T_CODE,
	    F_SERVER | F_FILTER, 0, 0, 0, "risk_duty", "R-01", NULL },
	{ "push_level", "推进单位", "Who pushes it forward.", T_CODE, F_SERVER,
	    0, 0, 0, "risk_duty", "R-01", NULL },
	{ "implement_level", "落实单位", "Who carries it out.", T_CODE,
	    F_SERVER, 0, 0, 0, "risk_duty", "R-01", NULL },
	{ "current_level", "当前等级", "Level now.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "risk_level", "B13", NULL },
	{ "level_confirmed_on", "等级审定日期",
	    "Day the present level was confirmed.", T_DATE, F_COMMAND, 0, 0, 0,
	    NULL, "R-03", NULL },
	{ "clock_start_on", "计时起点", "Day from which the limits run.",
	    T_DATE, F_SERVER, 0, 0, 0, NULL, "R-03", NULL },
	{ "due_on", "整治时限", "Last day of the rectification.", T_DATE,
	    F_SERVER | F_FILTER | F_SORT, 0, 0, 0, NULL, "R-03", NULL },
	{ "state", "状态", "Where the episode stands.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "risk_episode_state", "3.5.4",
	    NULL },
	{ "opened_on", "开始日期", "Day it was opened.", T_DATE,
	    F_SERVER | F_FILTER, 0, 0, 0, NULL, "3.5.4", NULL },
	{ "closed_on", "结束日期", "Day it ended.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "3.5.4", NULL },
	{ "progress", "整治进展", "Progress of the rectification.", T_TEXT,
	    F_SEARCH, 0, 0, 2000, NULL, "X02", NULL },
	{ "standard_version", "核查标准", "Version of the standard of closing.",
	    T_TEXT, 0, 0, 0, 40, NULL, "B27", NULL },
	{ "line_results", "自评结果",
	    "List of line, result, evidence and note, by those who rectified.",
	    T_JSON, 0, 0, 0, 0, NULL, "B27", NULL },
	{ "self_eval_on", "自评日期", "Day of the self-evaluation.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "B28", NULL },
	{ "self_eval_org", "自评单位", "Who evaluated itself.", T_TEXT,
	    F_COMMAND, 0, 0, 100, NULL, "B28", NULL },
	{ "applied_on", "申请日期", "Day of the application.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "B28", NULL },
	{ "prechecked_on", "市级初核日期",
	    "Day of the check before a province accepts.", T_DATE, F_COMMAND, 0,
	    0, 0, NULL, "R-04", NULL },
	{ "doc_review_on", "资料审核日期", "Day the papers were reviewed.",
	    T_DATE, F_COMMAND, 0, 0, 0, NULL, "B28", NULL },
	{ "doc_review_org", "资料审核单位", "Who reviewed the papers.", T_TEXT,
	    F_COMMAND, 0, 0, 100, NULL, "B28", NULL },
	{ "site_eval_on", "实地评估日期", "Day of the evaluation on site.",
	    T_DATE, F_COMMAND, 0, 0, 0, NULL, "B28", NULL },
	{ "line_verdicts", "验收结果",
	    "List of line, result and note, by those who accept.", T_JSON,
	    F_COMMAND, 0, 0, 0, NULL, "B27", NULL },
	{ "site_team", "实地评估人员",
	    "Names of those who evaluated, two at least.", T_JSON,
	    F_COMMAND | PII(DUTY), 1, 0, 0, NULL, "3.5.4", NULL },
	{ "site_report_id", "评估报告", "Report of that evaluation.", T_REF,
	    F_COMMAND, 0, 0, 0, "attachment", "3.5.4", NULL },
	{ "decided_on", "销号日期", "Day of the decision.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "B28", NULL },
	{ "decision_doc_no", "销号文号", "Number of the decision.", T_TEXT,
	    F_COMMAND, 0, 0, 60, NULL, "B28", NULL },
	{ "level_before", "销号前等级", "Level before it was lowered to green.",
	    T_CODE, F_SERVER, 0, 0, 0, "risk_level", "3.5.4", NULL },
	{ "return_reason", "退回原因", "Why it was returned last.", T_TEXT,
	    F_COMMAND, 0, 0, 2000, NULL, "3.5.4", NULL },
	{ "return_due_on", "退回后时限", "New limit after a return.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "3.5.4", NULL },
	{ "spot_checked_on", "抽查日期", "Day of the spot check.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "B29", NULL },
	{ "spot_result", "抽查结果", "What the spot check found.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "standard_result", "B29", NULL },
	{ "responsible_contact_id", "责任人", "Person responsible.", T_REF,
	    F_FILTER, 0, 0, 0, "contact", "X02", NULL },
	{ "remark", "备注", "Remark.", T_TEXT, 0, 0, 0, 500, NULL, "3.3",
	    NULL },
};

static const struct refusal risk_episode_refusals[] = {
	{ "risk_episode_evaluated", "line_results", "R-04",
	    "已自评的核查结果不能再改，须退回整治后重新自评",
	    "are as they were evaluated, until it is returned" },
	{ "row_kept", "voided_at", "B20",
	    "已审定等级的风险周期不能作废",
	    "An episode whose level is confirmed is not void." },
	{ "risk_episode_team", "site_team", "3.5.4", "实地评估须两人以上",
	    "Two people at least evaluate on site." },
	{ "risk_episode_results", "line_results", "B27", "自评结果应为列表",
	    "The results must be a list." },
	{ "risk_episode_verdicts", "line_verdicts", "B27", "验收结果应为列表",
	    "The verdicts must be a list." },
	{ "risk_episode_open", "project_id", "3.5.4",
	    "该项目已有未结束的风险记录", "has an open episode already" },
	{ "risk_episode_seq", "seq", "3.5.4", "该项目已有同一序号的风险记录",
	    "is that of another episode of the project" },
	{ 0 },
};

const struct entity risk_episode_entity = { .name = "risk_episode",
	.path = "risk-episodes",
	.table = "risk_episode",
	.label = "风险周期",
	.text = "Risk of a project from suspicion to closing: its levels, its "
	    "tier, who accepts.",
	.fields = risk_episode_fields,
	.nfields = COUNT(risk_episode_fields),
	.moves = risk_episode_moves,
	.nmoves = COUNT(risk_episode_moves),
	.state = "state",
	.initial = "suspected",
	.group = "risk",
	.parent = "project_id",
	.refusals = risk_episode_refusals,
	.action = ACTION_REQUIRED,
	.business = true };
