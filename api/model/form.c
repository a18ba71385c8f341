/*
 * Questionnaires (问卷) as data: templates and their questions (domain.md
 * 3.3, R-16). What they mean to an answer is checked in 0051_form.sql.
 */
#include <string.h>

#include "../base/err.h"
#include "chapters.h"
#include "form_chapter.h"

static bool check_qid(const char *, const char **zh, const char **en);
static bool check_condition(const char *, const char **zh, const char **en);

static const struct field form_template_fields[] = {
	{ "code", "代码", "Stable code of the form.", T_TEXT,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 1, 40, NULL, "F30", NULL },
	{ "version", "版次", "Version; what was answered keeps its own.",
	    T_INT, F_REQUIRED | F_CREATE | F_FILTER, 0, 1, 999, NULL, "F30",
	    NULL },
	{ "subject_kind", "调查对象", "What a response is about.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "form_subject", "F30", NULL },
	{ "title", "标题", "Title as printed.", T_TEXT,
	    F_REQUIRED | F_LABEL | F_SEARCH, 0, 1, 200, NULL, "F30", NULL },
	{ "header_fields", "表头",
	    "Fields of the header: name, label and kind, a list.", T_JSON, 0,
	    0, 0, 0, NULL, "F30", NULL },
	{ "sections", "分节",
	    "Sections in their order: number, title and key, a list.", T_JSON,
	    0, 0, 0, 0, NULL, "F30", NULL },
	{ "sign_blocks", "签字栏", "Blocks of signatures as printed, a list.",
	    T_JSON, 0, 0, 0, 0, NULL, "F31", NULL },
	{ "needs_review", "须审核",
	    "Whether a second signature reviews the answers.", T_BOOL, 0, 0, 0,
	    0, NULL, "F31", NULL },
	{ "layout", "版式", "Code of the printed layout.", T_TEXT, 0, 0, 0, 40,
	    NULL, "X10", NULL },
	{ "valid_from", "启用日期", "First day it may be used.", T_DATE,
	    F_FILTER, 0, 0, 0, NULL, "3.3", NULL },
	{ "valid_to", "停用日期", "Last day it may be used.", T_DATE, F_FILTER,
	    0, 0, 0, NULL, "3.3", NULL },
};

static const struct refusal form_template_refusals[] = {
	{ "form_template_valid", "valid_to", "3.3",
	    "停用日期不能早于启用日期",
	    "is before the first day" },
	{ 0 },
};

const struct entity form_template_entity = { .name = "form_template",
	.path = "form-templates",
	.table = "form_template",
	.label = "问卷模板",
	.text = "Questionnaires: what is asked, of whom, signed by whom.",
	.fields = form_template_fields,
	.nfields = COUNT(form_template_fields),
	.refusals = form_template_refusals,
	.group = "template",
	.key = L("code", "version"),
	.action = ACTION_OPTIONAL,
	.shared = true,
	.business = true };

static const struct field form_question_fields[] = {
	{ "template_id", "问卷", "Form it belongs to.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "form_template", "F30",
	    NULL },
	{ "qid", "题号", "Number of the question, as H2.1.", T_TEXT,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 1, 12, NULL, "F30",
	    check_qid },
	{ "seq", "顺序", "Place in the form.", T_INT,
	    F_REQUIRED | F_FILTER | F_SORT, 0, 1, 9999, NULL, "F30", NULL },
	{ "section", "事项", "Key of its section; notes are kept by it.",
	    T_TEXT, F_REQUIRED | F_FILTER, 0, 1, 20, NULL, "F30", NULL },
	{ "text", "题目", "Question as printed.", T_TEXT,
	    F_REQUIRED | F_LABEL | F_SEARCH, 0, 1, 1000, NULL, "F30", NULL },
	{ "kind", "答案类型", "Type of the answer.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "question_kind", "F30", NULL },
	{ "choices", "选项", "Choices of a choice: value and label, a list.",
	    T_JSON, 0, 0, 0, 0, NULL, "F30", NULL },
	{ "problem_when", "何为问题", "Which answer is a problem.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "problem_when", "R-16", NULL },
	{ "category_code", "问题类别", "Category of the issue it raises.",
	    T_CODE, F_FILTER, 0, 0, 0, "issue_category", "R-16", NULL },
	{ "responsible_lines", "责任条线",
	    "Sector lines that rectify, the first leads; a list.", T_JSON, 0,
	    0, 0, 0, NULL, "F2", NULL },
	{ "computed_by", "计算规则", "Rule that answers it from data.", T_TEXT,
	    F_FILTER, 0, 0, 60, NULL, "R-16", NULL },
	{ "required", "必答", "Whether it must be answered before signing.",
	    T_BOOL, 0, 0, 0, 0, NULL, "R-16", NULL },
	{ "required_if", "条件必答",
	    "Must be answered if another was, as H1.8=1.", T_TEXT, 0, 0, 0, 40,
	    NULL, "R-16", check_condition },
	{ "any_of", "任选一项",
	    "Group of questions of which one answer is enough.", T_TEXT, 0, 0,
	    0, 20, NULL, "R-16", NULL },
	{ "min_value", "最小值", "Least number allowed; money in 分.", T_INT,
	    0, 0, 0, 0, NULL, "R-16", NULL },
	{ "max_value", "最大值", "Greatest number allowed; money in 分.",
	    T_INT, 0, 0, 0, 0, NULL, "R-16", NULL },
	{ "not_above", "不大于", "Question whose number it must not exceed.",
	    T_TEXT, 0, 0, 0, 12, NULL, "R-16", check_qid },
	{ "sum_of", "等于之和",
	    "Questions whose sum it is, within a yuan; a list.", T_JSON, 0, 0,
	    0, 0, NULL, "R-16", NULL },
	{ "hint", "填写说明", "What to mind.", T_TEXT, 0, 0, 0, 500, NULL,
	    "F30", NULL },
	{ "pii_class", "个人信息类别",
	    "What the answer tells of somebody; none = nothing personal.",
	    T_CODE, F_FILTER, 0, 0, 0, "pii_class", "5.3", NULL },
};

static const struct refusal form_question_refusals[] = {
	{ "form_question_choices", "choices", "F30",
	    "单选题须有选项，其他题没有", "belongs to a choice, and only there" },
	{ "form_question_problem", "problem_when", "R-16",
	    "只有是/否、有/无的题可以直接判为问题",
	    "is said of questions of yes or no" },
	{ "form_question_category", "category_code", "R-16",
	    "会产生问题的题须有问题类别", "is needed where a problem may arise" },
	{ "form_question_range", "max_value", "F30",
	    "最大值不能小于最小值", "is less than min_value" },
	{ 0 },
};

const struct entity form_question_entity = { .name = "form_question",
	.path = "form-questions",
	.table = "form_question",
	.label = "问卷题目",
	.text = "Questions of a form and which answers are problems.",
	.fields = form_question_fields,
	.nfields = COUNT(form_question_fields),
	.nlate = 1,
	.group = "template",
	.parent = "template_id",
	.key = L("template_id", "qid"),
	.refusals = form_question_refusals,
	.action = ACTION_OPTIONAL,
	.shared = true,
	.business = true };

/* H2.1: letters, then numbers with points. */
static bool
check_qid(const char *v, const char **zh, const char **en)
{
	size_t letters = strspn(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	*zh = "题号写成 H2.1：大写字母、数字和点";
	*en = "a question is numbered as H2.1: capitals, digits, points";
	return letters > 0 && v[letters] >= '0' && v[letters] <= '9' &&
	    v[letters + strspn(v + letters, "0123456789.")] == '\0';
}

/* H1.8=1: a question and its answer. */
static bool
check_condition(const char *v, const char **zh, const char **en)
{
	const char *equals = strchr(v, '=');
	char qid[13] = "";
	bool ok;

	if (equals != NULL && (size_t)(equals - v) < sizeof qid)
		memcpy(qid, v, (size_t)(equals - v));
	ok = check_qid(qid, zh, en) && equals[1] != '\0' &&
	    strspn(equals + 1, "0123456789") == strlen(equals + 1);
	*zh = "条件写成 H1.8=1：题号、等号和答案";
	*en = "a condition is written H1.8=1: question and answer";
	return ok;
}
