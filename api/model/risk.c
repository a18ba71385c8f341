/* Risk: surveys, milestones, applications to close (B5-B29, R-01 to R-04). */
#include "../base/err.h"
#include "chapters.h"
#include "demand.h"
#include "risk_chapter.h"

static const struct field risk_assessment_fields[] = {
	{ "project_id", "项目", "Project.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "episode_id", "风险周期",
	    "Episode it belongs to, found or opened by the server.", T_REF,
	    F_SERVER | F_FILTER, 0, 0, 0, "risk_episode", "3.5.4", NULL },
	{ "assessed_on", "排查日期", "Day of the survey.", T_DATE,
	    F_REQUIRED | F_FILTER | F_SORT, 0, 0, 0, NULL, "B9", NULL },
	{ "assessor_org_id", "排查单位", "Who surveyed.", T_REF,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "org_unit", "B9", NULL },
	{ "assessor_names", "排查人", "The people who surveyed.", T_TEXT,
	    PII(DUTY), 1, 0, 100, NULL, "X03", NULL },
	{ "three_not", "三不问题",
	    "Built but not finished, finished but not used, used but not well.",
	    T_CODES, F_FILTER, 0, 0, 0, "three_not", "B5", NULL },
	{ "other_risk", "其他风险", "Other risks that were found.", T_CODES,
	    F_FILTER, 0, 0, 0, "other_risk", "B6", NULL },
	{ "sensitive", "敏感情形", "What makes the project sensitive.", T_CODES,
	    F_FILTER, 0, 0, 0, "sensitive_kind", "B12", NULL },
	{ "flag_notes", "具体情况", "An object: code of a flag, its facts.",
	    T_JSON, 0, 0, 0, 0, NULL, "X03", NULL },
	{ "farmland_area_mu", "占用耕地面积", "Farmland occupied, in mu.",
	    T_DECIMAL, 0, 0, 0, 0, NULL, "B12", NULL },
	{ "due_ratio_bp", "企业应出资比例", "Share the enterprise owes.",
	    T_RATIO, 0, 0, 0, 10000, NULL, "B6", NULL },
	{ "paid_ratio_bp", "企业实出资比例", "Share the enterprise has paid.",
	    T_RATIO, 0, 0, 0, 10000, NULL, "B6", NULL },
	{ "pretreatment", "预处理措施", "What was done at once.", T_CODE,
	    F_FILTER, 0, 0, 0, "pretreatment", "B12", NULL },
	{ "pretreated_on", "预处理日期", "Day that was done.", T_DATE, F_FILTER,
	    0, 0, 0, NULL, "B12", NULL },
	{ "dept_opinion", "主管部门意见",
	    "Opinion of the competent department.", T_TEXT, 0, 0, 0, 1000, NULL,
	    "X03", NULL },
	{ "level_suggested", "建议等级",
	    "Level by the rule of colours, computed.", T_CODE,
	    F_SERVER | F_FILTER, 0, 0, 0, "risk_level", "R-02", NULL },
	{ "level_confirmed", "审定等级", "Level that the task force confirmed.",
	    T_CODE, F_COMMAND | F_FILTER, 0, 0, 0, "risk_level", "R-02", NULL },
	{ "confirmed_by_org", "审定单位", "Who confirmed.", T_TEXT, F_COMMAND,
	    0, 0, 100, NULL, "R-02", NULL },
	{ "confirmed_on", "审定日期", "Day of the confirmation.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "R-02", NULL },
	{ "is_initial", "初始确定", "Whether it fixed the initial level.",
	    T_BOOL, F_COMMAND | F_FILTER, 0, 0, 0, NULL, "B20", NULL },
	{ "remark", "备注", "Remark.", T_TEXT, 0, 0, 0, 500, NULL, "3.3",
	    NULL },
};

static const struct refusal risk_assessment_refusals[] = {
	{ "risk_assessment_pretreated", "pretreatment", "B12",
	    "填写预处理日期的须填预处理措施",
	    "A day of pre-treatment needs what was done." },
	{ "risk_assessment_notes", "flag_notes", "X03",
	    "具体情况应为“代码：说明”的对象",
	    "The notes must be an object by code." },
	{ "row_kept", "voided_at", "B20",
	    "已审定的排查不能作废，请新建排查",
	    "A confirmed survey is not void; make a new one." },
	{ "risk_assessment_confirmed", "three_not", "R-02",
	    "已审定的排查，排查日期和查出的问题不能再改，请新建排查",
	    "A confirmed survey is not rewritten; make a new one." },
	{ 0 },
};

const struct entity risk_assessment_entity = { .name = "risk_assessment",
	.path = "risk-assessments",
	.table = "risk_assessment",
	.label = "风险排查",
	.text = "Surveys of the risks of a project; the first of a run opens "
	    "an episode.",
	.fields = risk_assessment_fields,
	.nfields = COUNT(risk_assessment_fields),
	.group = "risk",
	.parent = "project_id",
	.refusals = risk_assessment_refusals,
	.action = ACTION_REQUIRED,
	.business = true };

#define EPISODE_TASKS(condition) \
	"EXISTS (SELECT FROM risk_episode e JOIN rectification_plan p" \
	" ON p.project_id = e.project_id AND p.action_id = e.action_id" \
	" AND p.voided_at IS NULL JOIN rectification_task t" \
	" ON t.plan_id = p.id AND t.voided_at IS NULL" \
	" WHERE e.id = r.episode_id AND " condition ")"
#define FOUND(flag) \
	"EXISTS (SELECT FROM risk_assessment a WHERE a.voided_at IS NULL" \
	" AND a.episode_id = r.episode_id AND '" flag "' = ANY(a.three_not))"
#define OF_PROJECT(from, condition) \
	"EXISTS (SELECT FROM risk_episode e JOIN " from \
	" WHERE e.id = r.episode_id AND x.voided_at IS NULL AND " condition ")"

/* R-03, what “met” means for each of the three. */
static const struct demand meet_demands[] = {
	{ "no_progress", "r.kind <> 'M1' OR " EPISODE_TASKS("p.state IN"
	    " ('approved', 'executing', 'finished')"
	    " AND t.state IN ('done', 'verified')"),
	    "实质性进展须方案已批准且至少一项任务已完成",
	    "Progress needs an approved plan and one task done." },
	{ "not_running", "r.kind <> 'M3' OR NOT (" FOUND("N1") " OR "
	    FOUND("N2") ") OR " OF_PROJECT("project x ON"
	    " x.id = e.project_id", "x.operating_state IN ('normal',"
	    " 'intermittent')"),
	    "“建而不成”“成而不用”的项目须已投产运营",
	    "What was not finished or not used must be running." },
	{ "no_income", "r.kind <> 'M3' OR NOT " FOUND("N3") " OR "
	    OF_PROJECT("asset a ON a.project_id = e.project_id JOIN"
	    " asset_operation_year x ON x.asset_id = a.id",
	    "x.income_fen > 0"),
	    "“用而不好”的项目须已产生收益",
	    "What was not used well must have an income." },
	{ "no_benefit", "r.kind <> 'M3' OR NOT " FOUND("N3") " OR "
	    OF_PROJECT("benefit_record x ON x.project_id = e.project_id",
	    "(x.paid_fen > 0 OR x.jobs > 0)"),
	    "“用而不好”的项目联农带农须已见效",
	    "What was not used well must benefit households." },
	{ "open_tasks", "r.kind <> 'Y1' OR NOT " EPISODE_TASKS("t.state"
	    " NOT IN ('verified', 'cancelled')"),
	    "黄级项目的整改任务须全部核实",
	    "All tasks of a yellow project must be verified." },
	{ "open_issues", "r.kind <> 'Y1' OR NOT " OF_PROJECT("issue x ON"
	    " x.project_id = e.project_id AND x.action_id = e.action_id",
	    "x.state NOT IN ('closed', 'merged', 'voided')"),
	    "黄级项目的问题须全部销号",
	    "All issues of a yellow project must be closed." },
	{ 0 },
};

static const struct move risk_milestone_moves[] = {
	{ .name = "meet",
	    .label = "认定达成",
	    .text = "Confirm that the milestone is met.",
	    .from = L("open"),
	    .to = "met",
	    .need = L("verdict"),
	    .take = L("verdict"),
	    .who = L("task_force"),
	    .source = "R-03",
	    .flags = M_EVIDENCE,
	    .effects = EFFECTS({ "met_on", "@today" }),
	    .demands = meet_demands },
};

static const struct field risk_milestone_fields[] = {
	{ "episode_id", "风险周期", "Episode.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "risk_episode", "3.3",
	    NULL },
	{ "kind", "节点", "Which milestone.", T_CODE, F_SERVER | F_FILTER, 0, 0,
	    0, "milestone_kind", "R-03", NULL },
	{ "due_on", "时限", "Last day.", T_DATE, F_SERVER | F_FILTER | F_SORT,
	    0, 0, 0, NULL, "R-03", NULL },
	{ "met_on", "达成日期", "Day it was met.", T_DATE, F_COMMAND | F_FILTER,
	    0, 0, 0, NULL, "R-03", NULL },
	{ "verdict", "认定意见", "Why it counts as met.", T_TEXT, F_COMMAND, 0,
	    0, 1000, NULL, "R-03", NULL },
	{ "state", "状态", "Whether it is met.", T_CODE, F_COMMAND | F_FILTER,
	    0, 0, 0, "risk_milestone_state", "R-03", NULL },
};

static const struct refusal risk_milestone_refusals[] = {
	{ "risk_milestone_open", "kind", "R-03",
	    "该节点已有未达成的记录",
	    "is that of an open milestone" },
	{ 0 },
};

const struct entity risk_milestone_entity = { .name = "risk_milestone",
	.path = "risk-milestones",
	.table = "risk_milestone",
	.label = "整治时限节点",
	.text = "Days by which a rectification must show results, set by the "
	    "level.",
	.fields = risk_milestone_fields,
	.nfields = COUNT(risk_milestone_fields),
	.refusals = risk_milestone_refusals,
	.moves = risk_milestone_moves,
	.nmoves = COUNT(risk_milestone_moves),
	.state = "state",
	.initial = "open",
	.ended = L("dropped"),
	.group = "risk",
	.parent = "episode_id",
	.action = ACTION_REQUIRED,
	.business = true };

static const struct field downgrade_application_fields[] = {
	{ "episode_id", "风险周期", "Episode.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "risk_episode", "3.3",
	    NULL },
	{ "seq", "次数", "Which application of the episode.", T_INT, F_SERVER,
	    0, 0, 0, NULL, "B28", NULL },
	{ "self_eval_on", "自评日期", "Day of the self-evaluation.", T_DATE,
	    F_SERVER, 0, 0, 0, NULL, "B28", NULL },
	{ "self_eval_org", "自评单位", "Who evaluated itself.", T_TEXT,
	    F_SERVER, 0, 0, 100, NULL, "B28", NULL },
	{ "applied_on", "申请日期", "Day of the application.", T_DATE,
	    F_SERVER | F_FILTER | F_SORT, 0, 0, 0, NULL, "B28", NULL },
	{ "standard_version", "核查标准", "Version of the standard.", T_TEXT,
	    F_SERVER | F_FILTER, 0, 0, 40, NULL, "B27", NULL },
	{ "line_results", "自评结果",
	    "List of line, result, evidence and note.", T_JSON, F_SERVER, 0, 0,
	    0, NULL, "B27", NULL },
	{ "line_verdicts", "验收结果",
	    "List of line, result and note, by those who accept.", T_JSON,
	    F_SERVER, 0, 0, 0, NULL, "B27", NULL },
	{ "doc_review_on", "资料审核日期", "Day the papers were reviewed.",
	    T_DATE, F_SERVER, 0, 0, 0, NULL, "B28", NULL },
	{ "doc_review_org", "资料审核单位", "Who reviewed the papers.", T_TEXT,
	    F_SERVER, 0, 0, 100, NULL, "B28", NULL },
	{ "site_eval_on", "实地评估日期", "Day of the evaluation on site.",
	    T_DATE, F_SERVER, 0, 0, 0, NULL, "B28", NULL },
	{ "site_team", "实地评估人员", "Names of those who evaluated.", T_JSON,
	    F_SERVER | PII(DUTY), 1, 0, 0, NULL, "B28", NULL },
	{ "decided_on", "决定日期", "Day of the decision.", T_DATE,
	    F_SERVER | F_FILTER, 0, 0, 0, NULL, "B28", NULL },
	{ "decision", "决定", "Closed or returned.", T_CODE,
	    F_SERVER | F_FILTER, 0, 0, 0, "downgrade_decision", "B28", NULL },
	{ "reason", "退回原因", "Why it was returned.", T_TEXT, F_SERVER, 0, 0,
	    2000, NULL, "B28", NULL },
	{ "spot_checked_on", "抽查日期", "Day of the spot check.", T_DATE,
	    F_SERVER, 0, 0, 0, NULL, "B29", NULL },
	{ "spot_result", "抽查结果", "What the spot check found.", T_CODE,
	    F_SERVER | F_FILTER, 0, 0, 0, "standard_result", "B29", NULL },
};

const struct entity downgrade_application_entity = {
	.name = "downgrade_application",
	.path = "downgrade-applications",
	.table = "downgrade_application",
	.label = "降级销号申请",
	.text = "Applications to lower a project to green, one per attempt, "
	    "kept by the commands.",
	.fields = downgrade_application_fields,
	.nfields = COUNT(downgrade_application_fields),
	.group = "risk",
	.parent = "episode_id",
	.key = L("episode_id", "seq"),
	.action = ACTION_REQUIRED,
	.business = true };
