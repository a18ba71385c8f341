/* Evaluations of projects and the experts who make them (domain.md 3.3). */
#include "../base/err.h"
#include "chapters.h"
#include "check.h"
#include "project_chapter.h"

/* Each level concludes for itself, and not on its own writing. */
#define CONCLUDE(level) (const struct demand[]) { \
	{ "other_level", "r.level = '" level "'", \
	    "这项论证不属于您的级别", \
	    "This evaluation belongs to another level." }, \
	{ "same_person", "r.created_by IS DISTINCT FROM $2::uuid", \
	    "建立论证的人不能自己作结论，须由另一人办理", \
	    "Another person than the one who wrote it must conclude." }, \
	{ 0 } }
#define CONCLUDED (const struct effect[]) { { "concluded_by", "@me" }, { 0 } }

static const struct move evaluation_moves[] = {
	{ .name = "conclude_county",
	    .label = "县级论证结论",
	    .text = "Conclude an evaluation of the county.",
	    .from = L("draft"),
	    .to = "concluded",
	    .need = L("conclusion", "concluded_on"),
	    .take = L("conclusion", "concluded_on", "doc_no"),
	    .who = L("dept_lead", "lead_bureau"),
	    .source = "G25",
	    .flags = M_EVIDENCE,
	    .effects = CONCLUDED,
	    .demands = CONCLUDE("county") },
	{ .name = "conclude_prefecture",
	    .label = "市级论证结论",
	    .text = "Conclude an evaluation of the prefecture.",
	    .from = L("draft"),
	    .to = "concluded",
	    .need = L("conclusion", "concluded_on", "doc_no"),
	    .take = L("conclusion", "concluded_on", "doc_no"),
	    .who = L("pref_dept"),
	    .source = "G25",
	    .flags = M_EVIDENCE,
	    .effects = CONCLUDED,
	    .demands = CONCLUDE("prefecture") },
	{ .name = "conclude_province",
	    .label = "省级论证结论",
	    .text = "Conclude an evaluation of the province.",
	    .from = L("draft"),
	    .to = "concluded",
	    .need = L("conclusion", "concluded_on", "doc_no"),
	    .take = L("conclusion", "concluded_on", "doc_no"),
	    .who = L("province"),
	    .source = "G25",
	    .flags = M_EVIDENCE,
	    .effects = CONCLUDED,
	    .demands = CONCLUDE("province") },
};

static const struct field expert_fields[] = {
	{ "name", "姓名", "Name of the expert.", T_TEXT, F_REQUIRED | PII(DUTY)
	    | F_LABEL | F_SEARCH | F_FILTER, 1, 1, 50, NULL, "G41", NULL },
	{ "org_name", "单位", "Organisation of the expert.", T_TEXT, F_FILTER |
	    F_SEARCH, 0, 0, 100, NULL, "G41", NULL },
	{ "specialties", "专长", "What the expert is good at.", T_CODES,
	    F_FILTER, 0, 0, 0, "expert_specialty", "G41", NULL },
	{ "phone", "电话", "Telephone of the expert.", T_TEXT, PII(CONTACT), 2,
	    0, 40, NULL, "G41", check_phone },
};

const struct entity expert_entity = { .name = "expert",
	.path = "experts",
	.table = "expert",
	.label = "人才库专家",
	.text = "Experts for evaluations: name, organisation, specialities.",
	.fields = expert_fields,
	.nfields = COUNT(expert_fields),
	.group = "contact",
	.action = ACTION_NONE,
	.shared = true,
	.business = true };

static const struct field evaluation_fields[] = {
	{ "project_id", "项目", "Project it belongs to.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "level", "论证级别", "Level that evaluates.", T_CODE, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "evaluation_level", "G25", NULL },
	{ "mode", "论证方式", "Who evaluates.", T_CODE, F_REQUIRED | F_FILTER,
	    0, 0, 0, "evaluation_mode", "G23", NULL },
	{ "project_kind", "项目类型",
	    "Kind of project, which decides what is judged.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "evaluation_kind", "G20", NULL },
	{ "complex", "技术复杂或涉法",
	    "Technically complex, of heavy policy or legal weight.", T_BOOL,
	    F_REQUIRED | F_FILTER, 0, 0, 0, NULL, "G23", NULL },
	{ "dim_direction", "资金投向", "Where the money goes.", T_TEXT, 0, 0,
	    0, 1000, NULL, "G20", NULL },
	{ "dim_feasible", "项目可行性", "Whether it can be done.", T_TEXT, 0,
	    0, 0, 1000, NULL, "G20", NULL },
	{ "dim_content", "建设内容", "Whether the content fits.", T_TEXT, 0, 0,
	    0, 1000, NULL, "G20", NULL },
	{ "dim_economic", "经济效益", "Economic benefit.", T_TEXT, 0, 0, 0,
	    1000, NULL, "G20", NULL },
	{ "dim_social", "社会效益", "Social benefit.", T_TEXT, 0, 0, 0, 1000,
	    NULL, "G20", NULL },
	{ "dim_special", "分类论证意见",
	    "What the kind of project needs judged besides.", T_TEXT, 0, 0, 0,
	    2000, NULL, "G21", NULL },
	{ "report_file_id", "论证报告", "Report of the evaluation.", T_REF, 0,
	    0, 0, 0, "attachment", "G20", NULL },
	{ "conclusion", "论证结论", "Conclusion of the evaluation.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "evaluation_conclusion", "G20",
	    NULL },
	{ "doc_no", "论证文号", "Number of the conclusion.", T_TEXT, F_COMMAND,
	    0, 0, 60, NULL, "G25", NULL },
	{ "concluded_on", "论证日期", "Day of the conclusion.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "G20", NULL },
	{ "concluded_by", "论证人", "User who concluded.", T_REF, F_COMMAND, 0,
	    0, 0, "app_user", "G25", NULL },
	{ "state", "状态", "State of the evaluation.", T_CODE, F_COMMAND |
	    F_FILTER, 0, 0, 0, "evaluation_state", "G20", NULL },
};

static const struct refusal evaluation_refusals[] = {
	{ "row_kept", "voided_at", "G25",
	    "已作结论的论证不能作废，结论有误的请重新论证",
	    "is not made void once concluded: evaluate again" },
	{ "evaluation_mode", "mode", "G23",
	    "技术复杂、政策性强或涉法的项目不能只由部门论证",
	    "is not the department alone for what is complex" },
	{ 0 },
};

const struct entity evaluation_entity = { .name = "evaluation",
	.path = "evaluations",
	.table = "evaluation",
	.label = "评估论证",
	.text = "Evaluations of a project before it is admitted.",
	.fields = evaluation_fields,
	.nfields = COUNT(evaluation_fields),
	.refusals = evaluation_refusals,
	.group = "evaluation",
	.moves = evaluation_moves,
	.nmoves = COUNT(evaluation_moves),
	.state = "state",
	.initial = "draft",
	.ended = L("concluded"),
	.parent = "project_id",
	.action = ACTION_NONE,
	.business = true };

static const struct field evaluation_expert_fields[] = {
	{ "evaluation_id", "评估论证", "Evaluation the expert took part in.",
	    T_REF, F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "evaluation",
	    "G23", NULL },
	{ "expert_id", "专家", "Expert who took part.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "expert", "G41", NULL },
	{ "opinion", "专家意见", "Opinion of the expert.", T_TEXT, 0, 0, 0,
	    2000, NULL, "G23", NULL },
};

const struct entity evaluation_expert_entity = { .name = "evaluation_expert",
	.path = "evaluation-experts",
	.table = "evaluation_expert",
	.label = "论证专家",
	.text = "Experts who took part in an evaluation.",
	.fields = evaluation_expert_fields,
	.nfields = COUNT(evaluation_expert_fields),
	.group = "evaluation",
	.parent = "evaluation_id",
	.key = L("evaluation_id", "expert_id"),
	.action = ACTION_NONE,
	.business = true };
