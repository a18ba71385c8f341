/* What belongs to a project: places, changes, funding, bundles (3.3). */
#include "../base/err.h"
#include "chapters.h"
#include "project_chapter.h"

static const struct field project_bundle_fields[] = {
	{ "operator_id", "经营主体", "Operator of the bundle.", T_REF,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "operator", "T67", NULL },
	{ "product", "品种", "Product of the bundle.", T_TEXT, F_REQUIRED |
	    F_FILTER | F_SEARCH, 0, 1, 60, NULL, "T67", NULL },
	{ "name", "打捆名称", "Name of the bundle.", T_TEXT, F_REQUIRED |
	    F_LABEL | F_SEARCH | F_FILTER, 0, 1, 200, NULL, "T67", NULL },
	{ "year_from", "起始年度", "First year.", T_INT, F_FILTER, 0, 2000,
	    2100, NULL, "T67", NULL },
	{ "year_to", "截止年度", "Last year.", T_INT, 0, 0, 2000, 2100, NULL,
	    "T67", NULL },
};

static const struct refusal project_bundle_refusals[] = {
	{ "project_bundle_years", "year_to", "T67", "截止年度不能早于起始年度",
	    "is not before year_from" },
	{ 0 },
};

const struct entity project_bundle_entity = { .name = "project_bundle",
	.path = "project-bundles",
	.table = "project_bundle",
	.label = "项目打捆",
	.text = "Projects of one operator and product that are reported "
	    "together.",
	.fields = project_bundle_fields,
	.nfields = COUNT(project_bundle_fields),
	.refusals = project_bundle_refusals,
	.group = "project",
	.key = L("name"),
	.action = ACTION_NONE,
	.business = true };

static const struct field project_location_fields[] = {
	{ "project_id", "项目", "Project it belongs to.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "place_code", "实施地点", "Division the project also lies in.",
	    T_DIVISION, F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, NULL, "T67",
	    NULL },
	{ "share_text", "分摊说明", "What of the project lies there.", T_TEXT,
	    0, 0, 0, 300, NULL, "T67", NULL },
	{ "is_primary", "主要地点", "Whether it is the main place.", T_BOOL,
	    F_FILTER, 0, 0, 0, NULL, "T67", NULL },
};

const struct entity project_location_entity = { .name = "project_location",
	.path = "project-locations",
	.table = "project_location",
	.label = "项目实施地点",
	.text = "Places of a project that lies in several villages.",
	.fields = project_location_fields,
	.nfields = COUNT(project_location_fields),
	.group = "project",
	.parent = "project_id",
	.key = L("project_id", "place_code"),
	.action = ACTION_NONE,
	.business = true };

static const struct field project_change_fields[] = {
	{ "project_id", "项目", "Project it belongs to.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "content", "变更内容", "What is to be changed.", T_TEXT, F_REQUIRED |
	    F_LABEL | F_SEARCH, 0, 1, 2000, NULL, "Y21.3", NULL },
	{ "cause", "变更原因", "Why it is to be changed.", T_TEXT, 0, 0, 0,
	    1000, NULL, "Y21.3", NULL },
	{ "requested_on", "申请日期", "Day the change was asked for.", T_DATE,
	    F_FILTER, 0, 0, 0, NULL, "Y21.3", NULL },
	{ "approved_doc", "变更批复文号",
	    "Number of the document that allows it.", T_TEXT, F_FILTER, 0, 0,
	    100, NULL, "Y21.3", NULL },
	{ "approved_on", "变更批复日期", "Day it was allowed.", T_DATE,
	    F_FILTER, 0, 0, 0, NULL, "Y21.3", NULL },
	{ "applied_on", "变更生效日期",
	    "Day the project was changed accordingly.", T_DATE, F_SERVER |
	    F_FILTER, 0, 0, 0, NULL, "Y21.3", NULL },
};

static const struct refusal project_change_refusals[] = {
	{ "project_change_days", "approved_on", "Y21.3",
	    "变更批复日期不能早于申请日期", "is not before requested_on" },
	{ 0 },
};

const struct entity project_change_entity = { .name = "project_change",
	.path = "project-changes",
	.table = "project_change",
	.label = "项目变更",
	.text = "Changes of content asked for, with the document that "
	    "allowed them.",
	.fields = project_change_fields,
	.nfields = COUNT(project_change_fields),
	.refusals = project_change_refusals,
	.group = "project",
	.parent = "project_id",
	.action = ACTION_NONE,
	.business = true };

static const struct field project_funding_fields[] = {
	{ "project_id", "项目", "Project it belongs to.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "fund_type", "资金类型", "Kind of fund.", T_CODE, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "fund_type", "Y3", NULL },
	{ "fund_level", "资金级次", "Level the fund comes from.", T_CODE,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "fund_level", "G7",
	    NULL },
	{ "year", "年度", "Year of the fund.", T_INT, F_REQUIRED | F_CREATE |
	    F_FILTER | F_SORT, 0, 2000, 2100, NULL, "Y2", NULL },
	{ "batch", "批次", "Batch of the fund.", T_TEXT, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 1, 40, NULL, "B3", NULL },
	{ "planned_fen", "计划金额", "Amount planned.", T_MONEY, F_REQUIRED, 0,
	    0, 9000000000000000, NULL, "G7", NULL },
	{ "arrived_fen", "到位金额", "Amount arrived.", T_MONEY, 0, 0, 0,
	    9000000000000000, NULL, "DQ-05", NULL },
	{ "doc_no", "资金文号", "Number of the document of the fund.", T_TEXT,
	    F_FILTER, 0, 0, 60, NULL, "G7", NULL },
};

const struct entity project_funding_entity = { .name = "project_funding",
	.path = "project-fundings",
	.table = "project_funding",
	.label = "项目资金构成",
	.text = "Where a project's money comes from: fund, level, year, "
	    "batch.",
	.fields = project_funding_fields,
	.nfields = COUNT(project_funding_fields),
	.group = "payment",
	.parent = "project_id",
	.key = L("project_id", "fund_type", "fund_level", "year", "batch"),
	.action = ACTION_NONE,
	.business = true };
