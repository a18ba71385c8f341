/* Filing reviews of a county's yearly plan (domain.md 3.3, 3.5.11). */
#include "../base/err.h"
#include "chapters.h"
#include "project_chapter.h"

static const struct demand return_demands[] = {
	{ "not_returned", "r.result = 'rectify' AND"
	    " coalesce(cardinality(r.finding_kinds), 0) > 0",
	    "审查结果须为“限期整改”并列明问题类型",
	    "The result must be to rectify, with the kinds of findings." },
	{ "no_action", "issue_action(r.action_id, r.division_code) IS NOT NULL",
	    "本地没有进行中的专项行动，无法登记问题",
	    "There is no active action here to record the issues in." },
	{ 0 },
};
static const struct demand file_demands[] = {
	{ "not_passed", "r.result = 'passed'",
	    "审查结果须为“通过”", "The result must be that it passed." },
	{ 0 },
};

static const struct move filing_moves[] = {
	{ .name = "review",
	    .label = "审查",
	    .text = "Record what the review found.",
	    .from = L("submitted"),
	    .to = "reviewed",
	    .need = L("reviewed_on", "reviewers", "result"),
	    .take = L("reviewed_on", "reviewers", "result", "finding_kinds",
	    "findings", "rectify_due_on"),
	    .who = L("pref_dept", "pref_task_force"),
	    .source = "G2",
	    .flags = M_OTHER },
	{ .name = "return",
	    .label = "退回整改",
	    .text = "Return the plan; each kind of finding becomes an issue.",
	    .from = L("reviewed"),
	    .to = "returned",
	    .need = L("rectify_due_on"),
	    .take = L("rectify_due_on"),
	    .who = L("pref_dept", "pref_task_force"),
	    .source = "G3",
	    .flags = M_REASON,
	    .demands = return_demands,
	    .also = L("INSERT INTO issue (id, category, subject_kind,"
	    " description, d_unit_or_project, d_basic, source, source_ref,"
	    " source_year, found_on, due_on, responsible_subject_kind, state,"
	    " division_code, action_id, filing_level, competent_org_id,"
	    " competent_line, sensitivity)"
	    " SELECT uuid7(), kind, 'unit',"
	    " left('年度项目实施计划备案审查：' || coalesce(r.findings,"
	    " r.plan_doc_no), 4000), r.plan_doc_no, r.findings,"
	    " 'filing_review', r.plan_doc_no, r.plan_year, app_today(),"
	    " r.rectify_due_on, 'county', 'found', r.division_code,"
	    " issue_action(r.action_id, r.division_code), r.filing_level,"
	    " r.competent_org_id, r.competent_line, r.sensitivity"
	    " FROM r, unnest(r.finding_kinds) AS kind") },
	{ .name = "file",
	    .label = "备案",
	    .text = "Put a plan that passed on file.",
	    .from = L("reviewed"),
	    .to = "filed",
	    .who = L("pref_dept", "pref_task_force"),
	    .source = "G2",
	    .effects = (const struct effect[]) { { "filed_on", "@today" },
	    { 0 } },
	    .demands = file_demands },
	{ .name = "resubmit",
	    .label = "重新报备",
	    .text = "File the rectified plan for another round.",
	    .from = L("returned"),
	    .to = "submitted",
	    .need = L("plan_doc_no"),
	    .take = L("plan_doc_no", "plan_file_id"),
	    .who = L("lead_bureau", "task_force"),
	    .source = "G3",
	    .flags = M_EVIDENCE,
	    .effects = (const struct effect[]) { { "round", "@next" },
	    { "refiled_on", "@today" }, { "reviewed_on", NULL },
	    { "reviewers", NULL }, { "result", NULL },
	    { "finding_kinds", NULL }, { "findings", NULL },
	    { "rectify_due_on", NULL }, { 0 } } },
};

static const struct field filing_review_fields[] = {
	{ "plan_year", "计划年度", "Year of the plan.", T_INT, F_REQUIRED |
	    F_CREATE | F_FILTER | F_SORT, 0, 2013, 2100, NULL, "G2", NULL },
	{ "round", "轮次", "Which round of review.", T_INT, F_COMMAND |
	    F_FILTER, 0, 0, 0, NULL, "G2", NULL },
	{ "plan_doc_no", "计划文号", "Number of the plan that was filed.",
	    T_TEXT, F_REQUIRED | F_FILTER, 0, 1, 60, NULL, "G2", NULL },
	{ "plan_file_id", "计划附件", "The plan itself.", T_REF, 0, 0, 0, 0,
	    "attachment", "G2", NULL },
	{ "submitted_on", "报备日期", "Day the plan was filed for review.",
	    T_DATE, F_REQUIRED | F_FILTER | F_SORT, 0, 0, 0, NULL, "G2",
	    NULL },
	{ "reviewed_on", "审查日期", "Day of the review.", T_DATE, F_COMMAND |
	    F_FILTER, 0, 0, 0, NULL, "G2", NULL },
	{ "reviewers", "审查人员", "People who reviewed.", T_TEXT, F_COMMAND,
	    0, 0, 300, NULL, "G2", NULL },
	{ "result", "审查结果", "Result of the review.", T_CODE, F_COMMAND |
	    F_FILTER, 0, 0, 0, "filing_result", "G2", NULL },
	{ "finding_kinds", "问题类型", "What the review found.", T_CODES,
	    F_COMMAND | F_FILTER, 0, 0, 0, "filing_finding", "G3", NULL },
	{ "findings", "问题清单", "Findings of the review, as written.",
	    T_TEXT, F_COMMAND, 0, 0, 4000, NULL, "G3", NULL },
	{ "rectify_due_on", "整改时限", "Last day to rectify and file anew.",
	    T_DATE, F_COMMAND | F_FILTER, 0, 0, 0, NULL, "G3", NULL },
	{ "refiled_on", "重新备案日期", "Day it was filed anew.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "G3", NULL },
	{ "filed_on", "备案日期", "Day it was put on file.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "G2", NULL },
	{ "state", "状态", "State of the review.", T_CODE, F_COMMAND |
	    F_FILTER, 0, 0, 0, "filing_review_state", "3.5.11", NULL },
};

static const struct refusal filing_review_refusals[] = {
	{ "row_kept", "voided_at", "G3",
	    "已审查的备案不能作废，请整改后重新报备",
	    "is not made void once reviewed: file the plan anew" },
	{ "filing_review_county", "division_code", "G2", "应填到县（市、区）",
	    "is of a county" },
	{ 0 },
};

const struct entity filing_review_entity = { .name = "filing_review",
	.path = "filing-reviews",
	.table = "filing_review",
	.label = "备案审查",
	.text = "Review of a county's yearly project plan by the level "
	    "above.",
	.fields = filing_review_fields,
	.nfields = COUNT(filing_review_fields),
	.refusals = filing_review_refusals,
	.group = "filing",
	.moves = filing_moves,
	.nmoves = COUNT(filing_moves),
	.state = "state",
	.initial = "submitted",
	.ended = L("filed"),
	.key = L("plan_year"),
	.action = ACTION_OPTIONAL,
	.business = true };
