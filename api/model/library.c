/* Entries of the project library: domain.md 3.3; their commands are in library_moves.c. */
#include "../base/err.h"
#include "chapters.h"
#include "project_chapter.h"

static const struct field library_entry_fields[] = {
	{ "project_id", "项目", "Project it belongs to.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "library_year", "入库年度", "Year of the library.", T_INT,
	    F_REQUIRED | F_FILTER | F_SORT, 0, 2013, 2100, NULL, "G24", NULL },
	{ "need_text", "申报理由", "Why the village wants it.", T_TEXT, 0, 0,
	    0, 1000, NULL, "G26", NULL },
	{ "related", "与巩固衔接相关",
	    "Whether it serves consolidation and bridging.", T_BOOL, F_FILTER,
	    0, 0, 0, NULL, "G27", NULL },
	{ "village_decision_on", "村民会议决策日期",
	    "Day the village decided on it.", T_DATE, F_COMMAND | F_FILTER, 0,
	    0, 0, NULL, "G26", NULL },
	{ "village_declared_on", "村申报日期", "Day the village declared it.",
	    T_DATE, F_COMMAND | F_FILTER, 0, 0, 0, NULL, "G26", NULL },
	{ "village_declared_by", "村申报人", "User who declared it.", T_REF,
	    F_COMMAND, 0, 0, 0, "app_user", "G26", NULL },
	{ "township_opinion", "乡镇审核意见",
	    "Opinion of the township on place and scale.", T_TEXT, F_COMMAND,
	    0, 0, 1000, NULL, "G26", NULL },
	{ "township_reviewed_on", "乡镇审核日期",
	    "Day the township reviewed it.", T_DATE, F_COMMAND | F_FILTER, 0,
	    0, 0, NULL, "G26", NULL },
	{ "township_reviewed_by", "乡镇审核人", "User who reviewed it.", T_REF,
	    F_COMMAND, 0, 0, 0, "app_user", "G26", NULL },
	{ "check_content", "内容规模投资核实",
	    "AD1: content, scale and investment are verified.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "check_result", "G24", NULL },
	{ "check_negative", "不在负面清单",
	    "AD2: it is not on the negative list.", T_CODE, F_COMMAND |
	    F_FILTER, 0, 0, 0, "check_result", "G24", NULL },
	{ "negative_list_version", "负面清单版本",
	    "Version of the negative list it was checked against.", T_TEXT,
	    F_COMMAND, 0, 0, 40, NULL, "G24", NULL },
	{ "check_related", "与巩固衔接相关核查",
	    "AD3: it serves consolidation and bridging.", T_CODE, F_COMMAND |
	    F_FILTER, 0, 0, 0, "check_result", "G24", NULL },
	{ "check_benefit", "利益联结机制核查",
	    "AD4: there is a benefit mechanism.", T_CODE, F_COMMAND | F_FILTER,
	    0, 0, 0, "check_result", "G24", NULL },
	{ "check_goal", "绩效目标核查", "AD5: performance goals are set.",
	    T_CODE, F_COMMAND | F_FILTER, 0, 0, 0, "check_result", "G24",
	    NULL },
	{ "check_evaluation", "评估论证核查",
	    "AD6: it was evaluated at the level it needs.", T_CODE, F_COMMAND |
	    F_FILTER, 0, 0, 0, "check_result", "G24", NULL },
	{ "check_owner", "资产权属核查",
	    "AD7: the owner of the assets is laid down.", T_CODE, F_COMMAND |
	    F_FILTER, 0, 0, 0, "check_result", "G30", NULL },
	{ "check_note", "核查说明", "Remarks on the checks.", T_TEXT,
	    F_COMMAND, 0, 0, 1000, NULL, "G24", NULL },
	{ "checked_by", "核查人", "User who made the checks.", T_REF,
	    F_COMMAND, 0, 0, 0, "app_user", "G24", NULL },
	{ "finance_reviewed_on", "财政会审日期",
	    "Day the treasury agreed to the checks.", T_DATE, F_COMMAND |
	    F_FILTER, 0, 0, 0, NULL, "G24", NULL },
	{ "finance_reviewed_by", "财政会审人",
	    "User of the treasury who agreed.", T_REF, F_COMMAND, 0, 0, 0,
	    "app_user", "G24", NULL },
	{ "dept_reviewed_on", "部门审查日期",
	    "Day the department reviewed it.", T_DATE, F_COMMAND | F_FILTER, 0,
	    0, 0, NULL, "G26", NULL },
	{ "dept_reviewed_by", "部门审查人", "User who reviewed it.", T_REF,
	    F_COMMAND, 0, 0, 0, "app_user", "G26", NULL },
	{ "minutes_no", "会议纪要文号",
	    "Number of the minutes that admitted it.", T_TEXT, F_COMMAND, 0, 0,
	    60, NULL, "G26", NULL },
	{ "minutes_on", "会议日期", "Day of the meeting that admitted it.",
	    T_DATE, F_COMMAND, 0, 0, 0, NULL, "G26", NULL },
	{ "publicity_from", "入库公示开始", "First day of its publicity.",
	    T_DATE, F_COMMAND, 0, 0, 0, NULL, "G9", NULL },
	{ "publicity_to", "入库公示结束", "Last day of its publicity.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "G9", NULL },
	{ "county_approved_on", "县审定日期", "Day the county approved it.",
	    T_DATE, F_COMMAND | F_FILTER, 0, 0, 0, NULL, "G26", NULL },
	{ "county_approved_by", "县审定人", "User who approved it.", T_REF,
	    F_COMMAND, 0, 0, 0, "app_user", "G26", NULL },
	{ "admitted_on", "入库日期", "Day it was admitted.", T_DATE,
	    F_COMMAND | F_FILTER | F_SORT, 0, 0, 0, NULL, "G27", NULL },
	{ "in_annual_plan", "列入年度计划",
	    "Whether it is in a plan of the year.", T_BOOL, F_COMMAND |
	    F_FILTER, 0, 0, 0, NULL, "G27", NULL },
	{ "plan_year", "计划年度", "Year of the plan it is in.", T_INT,
	    F_COMMAND | F_FILTER | F_SORT, 0, 2013, 2100, NULL, "G27", NULL },
	{ "funds_agreed_on", "财政落实资金日期",
	    "Day the treasury agreed to the funding.", T_DATE, F_COMMAND, 0, 0,
	    0, NULL, "G17", NULL },
	{ "funds_agreed_by", "财政落实资金人",
	    "User of the treasury who agreed.", T_REF, F_COMMAND, 0, 0, 0,
	    "app_user", "G17", NULL },
	{ "started_on", "开工日期", "Day the project began.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "G27", NULL },
	{ "finished_on", "完成日期", "Day the project was accepted.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "3.5.2", NULL },
	{ "remove_reason", "清除原因", "Why it was listed for removal.",
	    T_CODE, F_COMMAND | F_FILTER, 0, 0, 0, "remove_reason", "G27",
	    NULL },
	{ "removal_list_no", "清除清单文号", "Number of the list of removals.",
	    T_TEXT, F_COMMAND, 0, 0, 60, NULL, "G27", NULL },
	{ "removed_on", "清除日期", "Day it was removed.", T_DATE, F_COMMAND |
	    F_FILTER, 0, 0, 0, NULL, "G27", NULL },
	{ "state", "状态", "State of the lifecycle.", T_CODE, F_COMMAND |
	    F_FILTER, 0, 0, 0, "library_entry_state", "3.5.2", NULL },
};

static const struct refusal library_entry_refusals[] = {
	{ "row_kept", "voided_at", "G27",
	    "已入库的不能作废，请列入清除清单，经县审定后清除",
	    "leaves the library by the list of removals only" },
	{ "library_entry_publicity", "publicity_to", "DQ-03",
	    "公示结束不能早于公示开始", "is not before publicity_from" },
	{ "library_entry_new_year", "library_year", "3.5.2",
	    "重新申报须填更晚的入库年度",
	    "is later than that of the removed entry" },
	{ 0 },
};

/* Candidates of the yearly purge; those planned for this year to begin
 * after it are for a person to decide. */
static const struct quality library_entry_quality[] = {
	{ "R-10", "admitted_on", "stale", "warning",
	    "r.state IN ('admitted', 'planned') AND EXISTS (SELECT FROM"
	    " project p WHERE p.id = r.project_id"
	    " AND p.actual_start_on IS NULL AND (r.admitted_on"
	    " + make_interval(months => coalesce(action_param(p.action_id,"
	    " 'library.stale_months'), '24')::int))::date"
	    " <= make_date(extract(year FROM app_today())::int, 8, 31)"
	    " AND NOT (coalesce(r.plan_year, 0)"
	    " = extract(year FROM app_today()) AND coalesce(p.plan_start_on"
	    " >= make_date(extract(year FROM app_today())::int, 8, 31),"
	    " false)))",
	    "入库已满两年仍未实施，应列入清除清单",
	    "Two years in the library and not begun: list it for removal." },
	{ "R-10", "plan_year", "stale_planned", "info",
	    "r.state = 'planned' AND r.plan_year"
	    " = extract(year FROM app_today()) AND EXISTS (SELECT FROM"
	    " project p WHERE p.id = r.project_id"
	    " AND p.actual_start_on IS NULL AND p.plan_start_on"
	    " >= make_date(extract(year FROM app_today())::int, 8, 31)"
	    " AND (r.admitted_on + make_interval(months => coalesce("
	    "action_param(p.action_id, 'library.stale_months'), '24')::int"
	    "))::date <= make_date(extract(year FROM app_today())::int, 8,"
	    " 31))",
	    "入库已满两年，但本年度计划安排在清查之后开工，请人工判定",
	    "Two years in the library, planned to begin later this year." },
	{ "R-10", "related", "unrelated", "warning",
	    "r.state IN ('admitted', 'planned') AND r.related IS FALSE",
	    "与巩固衔接无关，应列入清除清单",
	    "Does not serve consolidation: list it for removal." },
	{ 0 },
};

const struct entity library_entry_entity = { .name = "library_entry",
	.path = "library-entries",
	.table = "library_entry",
	.label = "项目库条目",
	.text = "A project's way into the library of a year, and its "
	    "stay there.",
	.fields = library_entry_fields,
	.nfields = COUNT(library_entry_fields),
	.refusals = library_entry_refusals,
	.quality = library_entry_quality,
	.group = "library",
	.moves = library_moves,
	.nmoves = LIBRARY_MOVES,
	.state = "state",
	.initial = "draft",
	.ended = L("done"),
	.parent = "project_id",
	.key = L("project_id", "library_year"),
	.action = ACTION_NONE,
	.business = true };
