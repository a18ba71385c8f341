/* The four batches: classing of projects (domain.md 3.5.3, R-15). */
#include "../base/err.h"
#include "chapters.h"
#include "demand.h"
#include "risk_chapter.h"

/*
 * Parameters of the action, with what holds without them:
 *   class.opinion_first          false        the task force may opine
 *                                              before the minutes
 *   archive.elimination_catalog  elimination  code of the catalogue
 */
#define CASE_HAS(part, condition) \
	"EXISTS (SELECT FROM " part " x WHERE x.case_id = r.id" \
	" AND x.voided_at IS NULL AND " condition ")"
#define IDLE(class) "(" class " IN ('C3', 'C4'))"
#define FACTS_COMPLETE \
	CASE_HAS("idle_fact", "cardinality(x.causes) > 0" \
	" AND x.farmland_flag IS NOT NULL AND num_nulls(" \
	"x.existing_assets, x.title_status, x.claims_text, x.debts_text," \
	" x.disputes, x.stakeholder_claims) = 0")
#define FACTS \
	{ "idle_facts", FACTS_COMPLETE, \
	    "闲置、淘汰类须先填齐原因、六项情况和耕地情形", \
	    "Causes, the six facts and the farmland answer must be complete." }
#define MINUTES_FIRST \
	{ "minutes_first", "r.determined_on IS NOT NULL OR action_param(" \
	    "r.action_id, 'class.opinion_first') = 'true'", \
	    "须先由县政府专题研究认定", \
	    "The county government must determine it first." }
#define STEP(names) \
	CASE_HAS("elimination_step", "x.evidence_id IS NOT NULL" \
	" AND x.step IN (" names ")")
#define PLAN_OF(condition) \
	"EXISTS (SELECT FROM rectification_plan p WHERE p.voided_at IS NULL" \
	" AND p.action_id = r.action_id AND p.state IN ('approved'," \
	" 'executing', 'finished') AND (" condition "))"
#define OF_CASE(id) \
	id " IN (SELECT j.id FROM project j WHERE j.id = r.project_id" \
	" OR j.bundle_id = r.bundle_id)"

static const struct demand village_demands[] = {
	{ "consultations", "(SELECT count(DISTINCT c->>'who') FROM"
	    " jsonb_array_elements(coalesce(r.consultations, '[]')) c"
	    " WHERE c->>'who' IN ('operator', 'collective', 'household')"
	    " AND c->>'on' IS NOT NULL AND c->>'opinion' <> '') = 3",
	    "须先征求经营主体、村集体经济组织理事长和农户的意见",
	    "Operator, collective and households must be consulted." },
	{ 0 },
};
static const struct demand check_demands[] = {
	{ "class", IDLE("r.township_class4"),
	    "只有闲置类和淘汰类须由实施单位自查",
	    "Only idle and given-up projects check themselves." },
	FACTS,
	{ "funds", CASE_HAS("idle_fact", "x.fund_amount_fen IS NOT NULL"),
	    "自查须查清资金数额",
	    "The self-check must establish the amount of the funds." },
	{ 0 },
};
static const struct demand evaluate_demands[] = {
	{ "self_check", "r.state = 'self_checked' OR NOT "
	    IDLE("r.township_class4"),
	    "闲置类和淘汰类须先由实施单位自查",
	    "An idle or given-up project must check itself first." },
	{ 0 },
};
static const struct demand confirm_demands[] = {
	{ "class", "NOT " IDLE("r.dept_class4"),
	    "闲置类和淘汰类须经县政府认定和专班认定",
	    "Idle and given-up projects go through county and task force." },
	{ 0 },
};
static const struct demand determine_demands[] = {
	{ "class", IDLE("r.dept_class4"),
	    "只有闲置类和淘汰类须由县政府专题研究认定",
	    "Only idle and given-up projects go to the county." },
	FACTS,
	{ 0 },
};
static const struct demand opine_demands[] = {
	{ "class", IDLE("r.dept_class4"), "巩固类和升级类由专班直接确认",
	    "Others are confirmed by the task force directly." },
	MINUTES_FIRST,
	{ 0 },
};
static const struct demand effect_demands[] = {
	{ "minutes", "r.determined_on IS NOT NULL AND r.opined_on IS NOT NULL",
	    "县政府认定和专班认定须齐备",
	    "Both the minutes and the opinion must be there." },
	{ 0 },
};
static const struct demand plan_demands[] = {
	{ "no_plan", PLAN_OF(OF_CASE("p.project_id") " OR NOT "
	    IDLE("r.final_class4") " AND p.class4 = r.final_class4"),
	    "须先批准单个项目方案，巩固、升级类可用分类方案",
	    "A plan must be approved: of the project, or of its class." },
	{ 0 },
};
static const struct demand close_demands[] = {
	{ "not_revived", "r.final_class4 <> 'C3' OR " STEP("'loan',"
	    " 'new_operator', 'takeover', 'reuse'"),
	    "闲置类须有盘活步骤及佐证",
	    "An idle project needs a step of revival with evidence." },
	{ "steps", "r.final_class4 <> 'C4' OR (SELECT count(*) FROM"
	    " elimination_step x WHERE x.case_id = r.id AND x.voided_at"
	    " IS NULL AND x.evidence_id IS NOT NULL AND x.step IN ('argue',"
	    " 'causes', 'debts', 'legacy', 'title', 'archive', 'exit')) = 7",
	    "淘汰类的七个步骤须全部完成并有佐证",
	    "The seven steps must be done, each with evidence." },
	{ "archive_incomplete", "r.final_class4 <> 'C4' OR (SELECT bool_or("
	    "archive_missing(c.id, j.id, CASE WHEN j.revive_path = 'B' OR "
	    CASE_HAS("elimination_step", "x.step = 'exit_agreement'")
	    " THEN '{exit_agreement}' ELSE '{}' END::text[]) = '{}')"
	    " FROM project j, (SELECT k.id FROM archive_catalog k"
	    " WHERE k.code = coalesce(action_param(r.action_id,"
	    " 'archive.elimination_catalog'), 'elimination')"
	    " AND k.voided_at IS NULL ORDER BY k.division_code DESC,"
	    " k.version DESC LIMIT 1) c WHERE j.id = r.project_id"
	    " OR j.bundle_id = r.bundle_id)",
	    "归档目录所列必备材料须齐全并经核对",
	    "What the catalogue requires must be there and checked." },
	{ "farmland", "NOT " IDLE("r.final_class4") " OR NOT "
	    CASE_HAS("idle_fact", "x.farmland_flag <> 'none'"
	    " AND x.restored_on IS NULL"),
	    "涉及耕地的须先恢复", "The farmland must be restored first." },
	{ 0 },
};

#define OPINION(stage, class4, batch4, text, method, truthful, signer, seal, \
	on) \
	"INSERT INTO classification_opinion (id, case_id, round, stage," \
	" class4, batch4, text, method, truthful, org_id, signer," \
	" seal_file_id, opined_on, " CHILD_COLUMNS ") SELECT" \
	" uuid7(), r.id, r.round, '" stage "', " class4 ", " \
	batch4 ", " text ", " method ", " truthful \
	", (SELECT u.org_id FROM app_user u WHERE u.id = $2::uuid), " \
	signer ", " seal ", " on ", " CHILD_VALUES " FROM r"
/* A return voids the opinions of the stages it goes back over. */
#define VOID_OPINIONS(stages) \
	"UPDATE classification_opinion o SET voided_at = now()," \
	" voided_by = $2::uuid, void_reason = '退回' FROM r" \
	" WHERE o.case_id = r.id AND o.round = r.round" \
	" AND o.voided_at IS NULL AND o.stage IN (" stages ")"
#define PROJECT_CLASS \
	"UPDATE project p SET current_class4 = r.final_class4," \
	" current_batch4 = r.final_batch4 FROM r" \
	" WHERE p.id = r.project_id OR p.bundle_id = r.bundle_id"

#define NO_VILLAGE \
	{ "village_class4", NULL }, { "village_on", NULL }, \
	{ "village_signer", NULL }, { "village_seal_id", NULL }
#define NO_TOWNSHIP \
	{ "township_class4", NULL }, { "township_on", NULL }, \
	{ "township_signer", NULL }, { "township_seal_id", NULL }, \
	{ "township_reason", NULL }
#define NO_CHECK { "self_checked_on", NULL }, { "self_check_file_id", NULL }
#define NO_DEPT \
	{ "dept_class4", NULL }, { "dept_on", NULL }, \
	{ "verify_method", NULL }, { "truthful", NULL }, \
	{ "dept_opinion", NULL }, { "disposal_proposal", NULL }, \
	{ "report_id", NULL }
#define NO_FILING { "filed_on", NULL }, { "receipt_no", NULL }
#define NO_COUNTY \
	{ "determined_on", NULL }, { "county_class4", NULL }, \
	{ "minutes_no", NULL }, { "opined_on", NULL }, \
	{ "final_class4", NULL }, { "final_batch4", NULL }, \
	{ "batch_reason", NULL }
#define RETURN(prefix, title, states, state, roles, voids, ...) { \
	.name = prefix "return", \
	.label = title, \
	.text = "Send it back a stage, with the reason.", \
	.from = states, \
	.to = state, \
	.who = roles, \
	.source = "3.5.3", \
	.flags = M_REASON, \
	.effects = EFFECTS(__VA_ARGS__), \
	.also = L(VOID_OPINIONS(voids)) }

static const struct move classification_case_moves[] = {
	{ .name = "village_opine",
	    .label = "村级初步认定",
	    .text = "Determine the class for the village.",
	    .from = L("draft"),
	    .to = "village_prelim",
	    .need = L("consultations", "village_class4", "village_on",
	    "village_seal_id"),
	    .take = L("village_class4", "village_on", "village_signer",
	    "village_seal_id"),
	    .who = L("village_lead"),
	    .source = "T61",
	    .demands = village_demands,
	    .also = L(OPINION("village", "r.village_class4", "NULL", "NULL",
	    "NULL", "NULL", "r.village_signer", "r.village_seal_id",
	    "r.village_on")) },
	{ .name = "township_opine",
	    .label = "乡镇认定",
	    .text = "Determine the class for the township.",
	    .from = L("village_prelim"),
	    .to = "township_determined",
	    .need = L("township_class4", "township_on",
	    "township_seal_id"),
	    .take = L("township_class4", "township_on", "township_signer",
	    "township_seal_id", "township_reason"),
	    .who = L("township_lead"),
	    .source = "T61",
	    .flags = M_OTHER,
	    .also = L(OPINION("township", "r.township_class4", "NULL",
	    "r.township_reason", "NULL", "NULL", "r.township_signer",
	    "r.township_seal_id", "r.township_on")) },
	{ .name = "self_check",
	    .label = "自查",
	    .text = "Report the self-check of an idle or given-up project.",
	    .from = L("township_determined"),
	    .to = "self_checked",
	    .need = L("self_checked_on"),
	    .take = L("self_checked_on", "self_check_file_id"),
	    .who = L("village_admin", "village_lead", "township_clerk"),
	    .source = "T26",
	    .flags = M_EVIDENCE,
	    .demands = check_demands },
	{ .name = "evaluate",
	    .label = "部门核查评估",
	    .text = "Verify and evaluate for the competent department.",
	    .from = L("township_determined", "self_checked"),
	    .to = "dept_evaluated",
	    .need = L("dept_class4", "dept_on", "verify_method",
	    "dept_opinion"),
	    .take = L("dept_class4", "dept_on", "verify_method", "truthful",
	    "dept_opinion", "disposal_proposal", "report_id"),
	    .who = L("dept_lead", "lead_bureau"),
	    .source = "T27",
	    .flags = M_EVIDENCE | M_OTHER,
	    .demands = evaluate_demands,
	    .also = L(OPINION("department", "r.dept_class4", "NULL",
	    "concat_ws('；', r.dept_opinion, r.disposal_proposal)",
	    "r.verify_method", "r.truthful", "NULL", "r.report_id",
	    "r.dept_on")) },
	{ .name = "file",
	    .label = "备案",
	    .text = "File it with the office of the leading group.",
	    .from = L("dept_evaluated"),
	    .to = "filed",
	    .need = L("receipt_no"),
	    .take = L("receipt_no"),
	    .who = L("lead_bureau"),
	    .source = "T28",
	    .effects = EFFECTS({ "filed_on", "@today" }) },
	{ .name = "confirm",
	    .label = "专班确认",
	    .text = "Confirm class and batch of a project that runs.",
	    .from = L("filed"),
	    .to = "effective",
	    .need = L("final_class4", "final_batch4"),
	    .take = L("final_class4", "final_batch4", "batch_reason"),
	    .who = L("task_force"),
	    .source = "T65",
	    .flags = M_EVIDENCE | M_OTHER,
	    .effects = EFFECTS({ "opined_on", "@today" },
	    { "effective_on", "@today" }),
	    .demands = confirm_demands,
	    .also = L(OPINION("task_force", "r.final_class4",
	    "r.final_batch4", "r.batch_reason", "NULL", "NULL", "NULL",
	    "NULL", "r.opined_on"), PROJECT_CLASS) },
	{ .name = "determine",
	    .label = "县政府认定",
	    .text = "Determine it in a meeting of the county government.",
	    .from = L("filed", "task_force_opined"),
	    .to = "county_determined",
	    .need = L("county_class4", "minutes_no", "determined_on"),
	    .take = L("county_class4", "minutes_no", "determined_on"),
	    .who = L("county_authority"),
	    .source = "T29",
	    .flags = M_EVIDENCE | M_OTHER,
	    .demands = determine_demands,
	    .also = L(OPINION("county_gov", "r.county_class4", "NULL",
	    "r.minutes_no", "NULL", "NULL", "NULL", "NULL",
	    "r.determined_on")) },
	{ .name = "opine",
	    .label = "专班认定",
	    .text = "Give the task force's opinion: final class and batch.",
	    .from = L("filed", "county_determined"),
	    .to = "task_force_opined",
	    .need = L("final_class4", "final_batch4", "opined_on"),
	    .take = L("final_class4", "final_batch4", "batch_reason",
	    "opined_on"),
	    .who = L("task_force"),
	    .source = "T65",
	    .flags = M_EVIDENCE | M_OTHER,
	    .demands = opine_demands,
	    .also = L(OPINION("task_force", "r.final_class4",
	    "r.final_batch4", "r.batch_reason", "NULL", "NULL", "NULL",
	    "NULL", "r.opined_on")) },
	{ .name = "take_effect",
	    .label = "生效",
	    .text = "Put what county and task force decided into effect.",
	    .from = L("task_force_opined", "county_determined"),
	    .to = "effective",
	    .who = L("task_force"),
	    .source = "R-15",
	    .effects = EFFECTS({ "effective_on", "@today" }),
	    .demands = effect_demands,
	    .also = L(PROJECT_CLASS) },
	{ .name = "make_plan",
	    .label = "制定方案",
	    .text = "Begin to carry it out by an approved plan.",
	    .from = L("effective"),
	    .to = "executing",
	    .who = L("township_lead"),
	    .source = "T29",
	    .demands = plan_demands },
	{ .name = "close",
	    .label = "办结",
	    .text = "Close a case whose measures are carried out.",
	    .from = L("executing"),
	    .to = "closed",
	    .who = L("task_force"),
	    .source = "3.5.3",
	    .flags = M_EVIDENCE,
	    .effects = EFFECTS({ "closed_on", "@today" }),
	    .demands = close_demands },
	RETURN("", "退回村级", L("village_prelim"), "draft",
	    L("township_lead"), "'village'", NO_VILLAGE),
	RETURN("dept_", "退回乡镇", L("township_determined",
	    "self_checked"), "village_prelim", L("dept_clerk", "dept_lead",
	    "lead_bureau"), "'township'", NO_TOWNSHIP, NO_CHECK),
	RETURN("bureau_", "退回部门", L("dept_evaluated"),
	    "township_determined", L("lead_bureau"), "'department'",
	    NO_CHECK, NO_DEPT),
	RETURN("county_", "退回备案", L("filed"), "dept_evaluated",
	    L("county_authority", "task_force"), "'county_gov'",
	    NO_FILING),
	RETURN("force_", "退回认定", L("county_determined",
	    "task_force_opined"), "filed", L("task_force"),
	    "'county_gov', 'task_force'", NO_COUNTY),
	{ .name = "new_round",
	    .label = "新一轮认定",
	    .text = "Begin another round, with the reason.",
	    .from = L("effective", "closed"),
	    .to = "draft",
	    .who = L("township_lead", "township_clerk", "task_force"),
	    .source = "3.5.3",
	    .flags = M_REASON,
	    .effects = EFFECTS({ "round", "@next" },
	    { "round_reason", "@reason" }, NO_VILLAGE, NO_TOWNSHIP,
	    NO_CHECK, NO_DEPT, NO_FILING, NO_COUNTY,
	    { "effective_on", NULL }, { "closed_on", NULL }) },
};

static const struct field classification_case_fields[] = {
	{ "project_id", "项目", "Project; none for a bundle.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "bundle_id", "打捆项目", "Bundle; none for a single project.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "project_bundle", "T67", NULL },
	{ "round", "轮次", "Which round.", T_INT, F_SERVER | F_FILTER, 0, 0, 0,
	    NULL, "3.5.3", NULL },
	{ "round_reason", "新一轮原因", "Why a new round was begun.", T_TEXT,
	    F_COMMAND, 0, 0, 1000, NULL, "3.5.3", NULL },
	{ "dims", "评估维度",
	    "An object: each of the five dimensions, score or words.", T_JSON,
	    0, 0, 0, 0, NULL, "T22", NULL },
	{ "consultations", "征求意见", "List of who, on and opinion.", T_JSON,
	    0, 0, 0, 0, NULL, "T24", NULL },
	{ "measures", "推进举措", "Measures.", T_TEXT, F_SEARCH, 0, 0, 2000,
	    NULL, "T25", NULL },
	{ "due_on", "完成时限", "Last day of the measures.", T_DATE,
	    F_FILTER | F_SORT, 0, 0, 0, NULL, "X08", NULL },
	{ "responsible_org_id", "责任单位", "Who carries them out.", T_REF,
	    F_FILTER, 0, 0, 0, "org_unit", "X08", NULL },
	{ "responsible_contact_id", "责任人", "Person responsible.", T_REF,
	    F_FILTER, 0, 0, 0, "contact", "X08", NULL },
	{ "effect_text", "主要成效", "What came of it.", T_TEXT, 0, 0, 0, 2000,
	    NULL, "T25", NULL },
	{ "problems", "存在问题", "Problems that remain.", T_TEXT, 0, 0, 0,
	    2000, NULL, "T25", NULL },
	{ "village_class4", "村级初步认定", "Class by the village.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "class4", "T61", NULL },
	{ "village_on", "村级认定日期", "Day the village determined.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "T61", NULL },
	{ "village_signer", "村级签认人", "Who signed for the village.", T_TEXT,
	    F_COMMAND | PII(DUTY), 1, 0, 50, NULL, "T61", NULL },
	{ "village_seal_id", "村级盖章件", "Sealed form of the village.", T_REF,
	    F_COMMAND, 0, 0, 0, "attachment", "T61", NULL },
	{ "township_class4", "乡镇认定", "Class by the township.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "class4", "T61", NULL },
	{ "township_on", "乡镇认定日期", "Day the township determined.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "T61", NULL },
	{ "township_signer", "乡镇签认人", "Who signed for the township.",
	    T_TEXT, F_COMMAND | PII(DUTY), 1, 0, 50, NULL, "T61", NULL },
	{ "township_seal_id", "乡镇盖章件", "Sealed form of the township.",
	    T_REF, F_COMMAND, 0, 0, 0, "attachment", "T61", NULL },
	{ "township_reason", "与村级不一致的原因",
	    "Why it differs from the village.", T_TEXT, F_COMMAND, 0, 0, 1000,
	    NULL, "R-15", NULL },
	{ "self_checked_on", "自查日期", "Day of the self-check.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "T26", NULL },
	{ "self_check_file_id", "自查报告", "Report of the self-check.", T_REF,
	    F_COMMAND, 0, 0, 0, "attachment", "T26", NULL },
	{ "dept_class4", "部门评估类别", "Class by the department.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "class4", "T64", NULL },
	{ "dept_on", "部门评估日期", "Day the department evaluated.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "T64", NULL },
	{ "verify_method", "核查方式", "How the department verified.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "verify_method", "T27", NULL },
	{ "truthful", "自查属实", "Whether the self-check was true.", T_BOOL,
	    F_COMMAND, 0, 0, 0, NULL, "T27", NULL },
	{ "dept_opinion", "核查评估意见", "Opinion of the department.", T_TEXT,
	    F_COMMAND, 0, 0, 2000, NULL, "T64", NULL },
	{ "disposal_proposal", "处置建议", "What the department proposes.",
	    T_TEXT, F_COMMAND, 0, 0, 2000, NULL, "T28", NULL },
	{ "report_id", "评估报告", "Report of the evaluation.", T_REF,
	    F_COMMAND, 0, 0, 0, "attachment", "T28", NULL },
	{ "filed_on", "备案日期", "Day it was filed.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "T28", NULL },
	{ "receipt_no", "备案回执号", "Number of the receipt.", T_TEXT,
	    F_COMMAND, 0, 0, 60, NULL, "T28", NULL },
	{ "determined_on", "县政府认定日期", "Day of the county's meeting.",
	    T_DATE, F_COMMAND, 0, 0, 0, NULL, "T29", NULL },
	{ "county_class4", "县政府认定类别", "Class by the county government.",
	    T_CODE, F_COMMAND | F_FILTER, 0, 0, 0, "class4", "T29", NULL },
	{ "minutes_no", "会议纪要号", "Number of the minutes.", T_TEXT,
	    F_COMMAND, 0, 0, 60, NULL, "T29", NULL },
	{ "opined_on", "专班认定日期", "Day of the task force's opinion.",
	    T_DATE, F_COMMAND, 0, 0, 0, NULL, "T65", NULL },
	{ "final_class4", "最终类别", "Final class.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "class4", "T65", NULL },
	{ "final_batch4", "四个一批", "Final batch.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "batch4", "B7", NULL },
	{ "batch_reason", "批次说明", "Why the batch is not that of the class.",
	    T_TEXT, F_COMMAND, 0, 0, 1000, NULL, "R-15", NULL },
	{ "effective_on", "生效日期", "Day it took effect.", T_DATE,
	    F_COMMAND | F_FILTER | F_SORT, 0, 0, 0, NULL, "3.5.3", NULL },
	{ "closed_on", "办结日期", "Day it was closed.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "3.5.3", NULL },
	{ "state", "状态", "Where the case stands.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "classification_case_state", "3.5.3",
	    NULL },
	{ "remark", "备注", "Remark.", T_TEXT, 0, 0, 0, 500, NULL, "3.3",
	    NULL },
};

static const struct refusal classification_case_refusals[] = {
	{ "classification_case_dims", "dims", "T22", "评估维度应为对象",
	    "The dimensions must be an object." },
	{ "classification_case_consulted", "consultations", "T24",
	    "征求意见应为列表，村级认定后不能再改",
	    "must be a list, and are settled with the village's class." },
	{ "classification_case_subject", "project_id", "T67",
	    "项目和打捆项目须填且只填一个", "A project or a bundle." },
	{ "classification_case_reason", "township_reason", "R-15",
	    "与村级认定不一致的须写明原因",
	    "A class other than the village's needs the reason." },
	{ "classification_case_method", "verify_method", "R-15",
	    "闲置类、淘汰类须全面核查，并填自查是否属实和处置建议",
	    "These need a full check, whether that was true, a proposal." },
	{ "classification_case_checked", "dept_class4", "T29",
	    "未经实施单位自查的，不能认定为闲置、淘汰类，请退回乡镇",
	    "An idle or given-up project must check itself first: return it." },
	{ "row_kept", "voided_at", "R-15",
	    "已认定的不能作废，请退回或开始新一轮",
	    "What was determined is returned, or begun anew." },
	{ "classification_case_minutes", "final_class4", "T29",
	    "闲置、淘汰类须先由县政府专题研究认定",
	    "The county government must determine what is idle or given up." },
	{ "classification_case_decided", "final_class4", "T29",
	    "专班认定的类别须与县政府认定的一致",
	    "The class is that which the county government determined." },
	{ "classification_case_batch", "batch_reason", "R-15",
	    "与类别不对应的批次须写明原因",
	    "A batch that is not the class's needs the reason." },
	{ "classification_case_idle_facts", "township_class4", "R-15",
	    "认定为闲置、淘汰类前，须先填齐原因、六项情况和耕地情形",
	    "Causes, six facts and the farmland answer come first." },
	{ "classification_case_project", "project_id", "T67",
	    "该项目在本专项行动中已有分类处置",
	    "has a case of this action already" },
	{ "classification_case_bundle", "bundle_id", "T67",
	    "该打捆项目在本专项行动中已有分类处置",
	    "has a case of this action already" },
	{ 0 },
};

const struct entity classification_case_entity = {
	.name = "classification_case",
	.path = "classification-cases",
	.table = "classification_case",
	.label = "四个一批认定",
	.text = "The classing of a project or a bundle into one of four, "
	    "through village, township, department and county.",
	.fields = classification_case_fields,
	.nfields = COUNT(classification_case_fields),
	.moves = classification_case_moves,
	.nmoves = COUNT(classification_case_moves),
	.state = "state",
	.initial = "draft",
	.group = "class",
	.refusals = classification_case_refusals,
	.action = ACTION_REQUIRED,
	.business = true };
