/*
 * The lifecycle of a library entry as a table (domain.md 3.5.2, R-08, R-10).
 * It begins to be implemented, and is done, by the project's own start and
 * acceptance. Department and treasury review jointly: the clerk makes the
 * seven checks, the treasury agrees, the head of the department decides; the
 * plan of a year likewise needs the treasury's word on the funds. The lead
 * bureau lists what is to be removed, the county decides.
 *
 * Parameters of the project's action, with what holds without:
 *   library.prefecture_evaluation_wan  500   evaluated at the prefecture from
 *   library.province_evaluation_wan    3000  and at the province from
 *   library.stale_months               24    admitted and not begun: stale
 */
#include "chapters.h"
#include "project_chapter.h"

#define PROJECT(condition) \
	"EXISTS (SELECT FROM project p WHERE p.id = r.project_id AND " \
	condition ")"

#define CHECKED \
	{ "checks_failed", "r.check_content = 'pass'" \
	    " AND r.check_negative = 'pass' AND r.check_related = 'pass'" \
	    " AND r.check_goal = 'pass' AND r.check_evaluation = 'pass'" \
	    " AND r.check_owner = 'pass' AND (r.check_benefit = 'pass' OR" \
	    " r.check_benefit = 'na' AND " PROJECT("NOT p.is_industry") ")", \
	    "七项入库核查须全部合格，不合格的应退回", \
	    "All seven checks must pass; otherwise return the entry." }
#define EVALUATED \
	{ "not_evaluated", "project_evaluated(r.project_id)", \
	    "须有与总投资相应级别的评估论证并通过", \
	    "An evaluation at the level the amount asks for must pass." }
#define OWNED \
	{ "no_owner", PROJECT("p.planned_owner_kind IS NOT NULL"), \
	    "项目须明确资产权属", "The project must name the later owner." }
#define FUNDED \
	{ "no_funding", "EXISTS (SELECT FROM project_funding f WHERE" \
	    " f.project_id = r.project_id AND f.planned_fen > 0" \
	    " AND f.voided_at IS NULL)", \
	    "须先登记资金构成", "The project needs lines of funding." }

#define MECHANISM "EXISTS (SELECT FROM benefit_mechanism b" \
	" WHERE b.project_id = r.project_id AND b.voided_at IS NULL)"
#define MECHANISM_WORDS "须先建立联农带农机制，未建立的一律不安排资金", \
	"A benefit mechanism is needed; without it there is no money."

static const struct demand declare_demands[] = {
	{ "incomplete", PROJECT("p.construction_nature IS NOT NULL AND"
	    " p.plan_start_on IS NOT NULL AND p.plan_end_on IS NOT NULL AND"
	    " p.benefit_target IS NOT NULL AND p.total_investment_fen > 0 AND"
	    " p.competent_org_id IS NOT NULL AND p.participation IS NOT NULL"
	    " AND coalesce(p.benefit_households, p.benefit_people) > 0"),
	    "项目须填建设性质、计划开工和完工时间、责任单位、总投资、受益对象、"
	    "绩效目标、群众参与",
	    "The project needs its nature, planned dates, department, total, "
	    "whom it benefits, goals and how people take part." },
	{ 0 },
};
static const struct demand finance_demands[] = { CHECKED, { 0 } };
static const struct demand dept_demands[] = {
	CHECKED,
	{ "finance_missing", "r.finance_reviewed_on IS NOT NULL",
	    "须先由财政部门会审", "The treasury must review it first." },
	EVALUATED,
	{ 0 },
};
static const struct demand admit_demands[] = {
	EVALUATED,
	OWNED,
	{ "no_mechanism", MECHANISM " OR " PROJECT("NOT p.is_industry"),
	    MECHANISM_WORDS },
	{ 0 },
};
static const struct demand funds_demands[] = { FUNDED, { 0 } };
static const struct demand plan_demands[] = {
	{ "funds_missing", "r.funds_agreed_on IS NOT NULL",
	    "须先由财政部门落实资金", "The treasury must agree to the funds." },
	FUNDED,
	{ "no_mechanism", MECHANISM, MECHANISM_WORDS },
	{ 0 },
};
static const struct demand remove_demands[] = {
	{ "not_listed", "r.remove_reason IS NOT NULL",
	    "须先由牵头部门列入清除清单",
	    "The lead bureau must list it for removal first." },
	{ "not_stale", "r.remove_reason <> 'stale' OR"
	    " (r.admitted_on + make_interval(months => coalesce("
	    "action_param((SELECT p.action_id FROM project p"
	    " WHERE p.id = r.project_id), 'library.stale_months'),"
	    " '24')::int))::date <="
	    " make_date(extract(year FROM app_today())::int, 8, 31) AND "
	    PROJECT("p.actual_start_on IS NULL"),
	    "入库未满两年或已开工的项目不能按“满两年未实施”清除",
	    "Not two years in the library by the end of August, or begun." },
	{ 0 },
};

#define NO_REVIEW { "township_reviewed_on", NULL }, \
	{ "township_reviewed_by", NULL }
#define NO_CHECKS { "check_content", NULL }, { "check_negative", NULL }, \
	{ "check_related", NULL }, { "check_benefit", NULL }, \
	{ "check_goal", NULL }, { "check_evaluation", NULL }, \
	{ "check_owner", NULL }, { "checked_by", NULL }, \
	{ "finance_reviewed_on", NULL }, { "finance_reviewed_by", NULL }
#define NO_DEPT { "dept_reviewed_on", NULL }, { "dept_reviewed_by", NULL }
#define EFFECTS(...) (const struct effect[]) { __VA_ARGS__, { 0 } }

const struct move library_moves[LIBRARY_MOVES] = {
	{ .name = "declare",
	    .label = "村申报",
	    .text = "Declare what the village decided.",
	    .from = L("draft"),
	    .to = "village_declared",
	    .need = L("village_decision_on"),
	    .take = L("village_decision_on", "need_text"),
	    .who = L("village_lead"),
	    .source = "G26",
	    .flags = M_EVIDENCE,
	    .effects = EFFECTS({ "village_declared_on", "@today" },
	    { "village_declared_by", "@me" }),
	    .demands = declare_demands },
	{ .name = "review",
	    .label = "乡镇审核",
	    .text = "Review place and scale for the township.",
	    .from = L("village_declared"),
	    .to = "township_reviewed",
	    .need = L("township_opinion"),
	    .take = L("township_opinion"),
	    .who = L("township_lead"),
	    .source = "G26",
	    .flags = M_EVIDENCE | M_OTHER,
	    .effects = EFFECTS({ "township_reviewed_on", "@today" },
	    { "township_reviewed_by", "@me" }) },
	{ .name = "check",
	    .label = "入库核查",
	    .text = "Record the seven checks of admission.",
	    .from = L("township_reviewed"),
	    .to = "township_reviewed",
	    .need = L("check_content", "check_negative",
	    "negative_list_version", "check_related", "check_benefit",
	    "check_goal", "check_evaluation", "check_owner"),
	    .take = L("check_content", "check_negative",
	    "negative_list_version", "check_related", "check_benefit",
	    "check_goal", "check_evaluation", "check_owner", "check_note"),
	    .who = L("dept_clerk", "lead_bureau"),
	    .source = "G24",
	    .effects = EFFECTS({ "checked_by", "@me" },
	    { "finance_reviewed_on", NULL }, { "finance_reviewed_by", NULL }) },
	{ .name = "finance_review",
	    .label = "财政会审",
	    .text = "Agree, as the treasury, to the checks.",
	    .from = L("township_reviewed"),
	    .to = "township_reviewed",
	    .who = L("finance"),
	    .source = "G24",
	    .flags = M_OTHER,
	    .effects = EFFECTS({ "finance_reviewed_on", "@today" },
	    { "finance_reviewed_by", "@me" }),
	    .demands = finance_demands },
	{ .name = "dept_review",
	    .label = "部门审查",
	    .text = "Pass what was checked, evaluated and agreed to.",
	    .from = L("township_reviewed"),
	    .to = "dept_reviewed",
	    .who = L("dept_lead"),
	    .source = "G26",
	    .flags = M_EVIDENCE | M_OTHER,
	    .effects = EFFECTS({ "dept_reviewed_on", "@today" },
	    { "dept_reviewed_by", "@me" }),
	    .demands = dept_demands },
	{ .name = "admit",
	    .label = "县审定入库",
	    .text = "Admit it to the library, by minutes and publicity.",
	    .from = L("dept_reviewed"),
	    .to = "admitted",
	    .need = L("minutes_no", "minutes_on", "publicity_from",
	    "publicity_to"),
	    .take = L("minutes_no", "minutes_on", "publicity_from",
	    "publicity_to"),
	    .who = L("county_authority"),
	    .source = "G26",
	    .flags = M_EVIDENCE | M_OTHER,
	    .effects = EFFECTS({ "county_approved_on", "@today" },
	    { "county_approved_by", "@me" }, { "admitted_on", "@today" }),
	    .demands = admit_demands },
	{ .name = "agree_funds",
	    .label = "落实资金",
	    .text = "Agree, as the treasury, to the lines of funding.",
	    .from = L("admitted"),
	    .to = "admitted",
	    .who = L("finance"),
	    .source = "G17",
	    .effects = EFFECTS({ "funds_agreed_on", "@today" },
	    { "funds_agreed_by", "@me" }),
	    .demands = funds_demands },
	{ .name = "plan",
	    .label = "列入年度计划",
	    .text = "Put it into the plan of a year.",
	    .from = L("admitted"),
	    .to = "planned",
	    .need = L("plan_year"),
	    .take = L("plan_year"),
	    .who = L("lead_bureau"),
	    .source = "G17",
	    .flags = M_EVIDENCE | M_OTHER,
	    .effects = EFFECTS({ "in_annual_plan", "t" }),
	    .demands = plan_demands },
	{ .name = "return",
	    .label = "退回村",
	    .text = "Return it to the village, with the reason.",
	    .from = L("village_declared"),
	    .to = "draft",
	    .who = L("township_lead"),
	    .source = "3.5.2",
	    .flags = M_REASON },
	{ .name = "dept_return",
	    .label = "退回乡镇",
	    .text = "Return it to the township, with the reason.",
	    .from = L("township_reviewed"),
	    .to = "village_declared",
	    .who = L("dept_lead", "finance"),
	    .source = "3.5.2",
	    .flags = M_REASON,
	    .effects = EFFECTS(NO_REVIEW, NO_CHECKS) },
	{ .name = "county_return",
	    .label = "退回部门",
	    .text = "Return it to the department, with the reason.",
	    .from = L("dept_reviewed"),
	    .to = "township_reviewed",
	    .who = L("county_authority"),
	    .source = "3.5.2",
	    .flags = M_REASON,
	    .effects = EFFECTS(NO_DEPT, NO_CHECKS) },
	{ .name = "list_removal",
	    .label = "列入清除清单",
	    .text = "List it for removal, with the reason.",
	    .from = L("admitted", "planned"),
	    .need = L("remove_reason", "removal_list_no"),
	    .take = L("remove_reason", "removal_list_no"),
	    .who = L("lead_bureau"),
	    .source = "G27" },
	{ .name = "remove",
	    .label = "清除",
	    .text = "Remove from the library what is listed for removal.",
	    .from = L("admitted", "planned"),
	    .to = "removed",
	    .who = L("county_authority"),
	    .source = "R-10",
	    .flags = M_REASON | M_EVIDENCE | M_OTHER,
	    .effects = EFFECTS({ "removed_on", "@today" }),
	    .demands = remove_demands },
	{ .name = "re_declare",
	    .label = "重新申报",
	    .text = "Begin the whole way anew, for a later year.",
	    .from = L("removed"),
	    .to = "draft",
	    .need = L("library_year"),
	    .take = L("library_year", "need_text"),
	    .who = L("village_admin", "village_lead"),
	    .source = "3.5.2",
	    .effects = EFFECTS(NO_REVIEW, NO_CHECKS, NO_DEPT,
	    { "village_decision_on", NULL }, { "village_declared_on", NULL },
	    { "village_declared_by", NULL }, { "township_opinion", NULL },
	    { "minutes_no", NULL }, { "minutes_on", NULL },
	    { "publicity_from", NULL }, { "publicity_to", NULL },
	    { "county_approved_on", NULL }, { "county_approved_by", NULL },
	    { "admitted_on", NULL }, { "in_annual_plan", NULL },
	    { "plan_year", NULL }, { "funds_agreed_on", NULL },
	    { "funds_agreed_by", NULL }, { "remove_reason", NULL },
	    { "removal_list_no", NULL }, { "removed_on", NULL }) },
};
