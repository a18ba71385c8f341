/* What belongs to a classing: opinions, facts, steps (T14, T61-T66). */
#include "../base/err.h"
#include "chapters.h"
#include "risk_chapter.h"

static const struct field classification_opinion_fields[] = {
	{ "case_id", "认定", "Case.", T_REF, F_REQUIRED | F_CREATE | F_FILTER,
	    0, 0, 0, "classification_case", "3.3", NULL },
	{ "round", "轮次", "Round it was given in.", T_INT, F_SERVER | F_FILTER,
	    0, 0, 0, NULL, "3.5.3", NULL },
	{ "stage", "环节", "Stage that gave it.", T_CODE, F_SERVER | F_FILTER,
	    0, 0, 0, "opinion_stage", "T29", NULL },
	{ "class4", "类别", "Class it determined.", T_CODE, F_SERVER | F_FILTER,
	    0, 0, 0, "class4", "T61", NULL },
	{ "batch4", "四个一批", "Batch it determined.", T_CODE,
	    F_SERVER | F_FILTER, 0, 0, 0, "batch4", "T65", NULL },
	{ "text", "意见", "The opinion.", T_TEXT, F_SERVER, 0, 0, 4000, NULL,
	    "T64", NULL },
	{ "method", "核查方式", "How it was verified.", T_CODE,
	    F_SERVER | F_FILTER, 0, 0, 0, "verify_method", "T27", NULL },
	{ "truthful", "自查属实", "Whether the self-check was true.", T_BOOL,
	    F_SERVER, 0, 0, 0, NULL, "T27", NULL },
	{ "org_id", "单位", "Organisation that gave it.", T_REF,
	    F_SERVER | F_FILTER, 0, 0, 0, "org_unit", "T61", NULL },
	{ "signer", "签认人", "Who signed.", T_TEXT, F_SERVER | PII(DUTY), 1, 0,
	    50, NULL, "T61", NULL },
	{ "seal_file_id", "盖章件", "Sealed form.", T_REF, F_SERVER, 0, 0, 0,
	    "attachment", "T61", NULL },
	{ "opined_on", "日期", "Day of the opinion.", T_DATE,
	    F_SERVER | F_FILTER | F_SORT, 0, 0, 0, NULL, "T61", NULL },
};

const struct entity classification_opinion_entity = {
	.name = "classification_opinion",
	.path = "classification-opinions",
	.table = "classification_opinion",
	.label = "认定意见",
	.text = "Opinions of each stage of a case, kept by the commands; a "
	    "return voids them.",
	.fields = classification_opinion_fields,
	.nfields = COUNT(classification_opinion_fields),
	.group = "class",
	.parent = "case_id",
	.key = L("case_id", "round", "stage"),
	.action = ACTION_REQUIRED,
	.business = true };

static const struct field idle_fact_fields[] = {
	{ "case_id", "认定", "Case.", T_REF, F_REQUIRED | F_CREATE | F_FILTER,
	    0, 0, 0, "classification_case", "3.3", NULL },
	{ "causes", "主要原因", "Causes.", T_CODES, F_REQUIRED | F_FILTER, 0, 0,
	    0, "idle_cause", "T66", NULL },
	{ "cause_text", "原因说明", "The causes in words.", T_TEXT, F_SEARCH, 0,
	    0, 2000, NULL, "T62", NULL },
	{ "cause_nature", "原因性质", "Force majeure, business or misconduct.",
	    T_CODE, F_FILTER, 2, 0, 0, "cause_nature", "T46", NULL },
	{ "fund_amount_fen", "涉及资金", "Funds concerned.", T_MONEY, F_FILTER,
	    0, 0, 9000000000000000, NULL, "T26", NULL },
	{ "existing_assets", "现有资产", "Assets that are left.", T_TEXT, 0, 0,
	    0, 2000, NULL, "T63", NULL },
	{ "title_status", "资产确权", "State of their titles.", T_TEXT, 0, 0, 0,
	    2000, NULL, "T63", NULL },
	{ "claims_fen", "债权金额", "Claims, the amount.", T_MONEY, 0, 0, 0,
	    9000000000000000, NULL, "T63", NULL },
	{ "claims_text", "债权", "Claims.", T_TEXT, 0, 0, 0, 2000, NULL, "T63",
	    NULL },
	{ "debts_fen", "债务金额", "Debts, the amount.", T_MONEY, 0, 0, 0,
	    9000000000000000, NULL, "T63", NULL },
	{ "debts_text", "债务", "Debts.", T_TEXT, 0, 0, 0, 2000, NULL, "T63",
	    NULL },
	{ "disputes", "债权债务纠纷", "Disputes over them.", T_TEXT, 0, 0, 0,
	    2000, NULL, "T63", NULL },
	{ "stakeholder_claims", "利益相关方诉求",
	    "What those concerned ask for.", T_TEXT, 0, 0, 0, 2000, NULL, "T63",
	    NULL },
	{ "farmland_flag", "耕地情形", "Whether farmland is misused.", T_CODE,
	    F_FILTER, 0, 0, 0, "farmland_flag", "T41", NULL },
	{ "farmland_area_mu", "耕地面积", "Farmland concerned, in mu.",
	    T_DECIMAL, 0, 0, 0, 0, NULL, "T41", NULL },
	{ "restored_on", "恢复日期", "Day the farmland was restored.", T_DATE,
	    F_FILTER, 0, 0, 0, NULL, "R-23", NULL },
};

static const struct refusal idle_fact_refusals[] = {
	{ "idle_fact_verified", "case_id", "R-15",
	    "已经部门核查的情况不能再改或作废，只能登记耕地恢复日期",
	    "was evaluated by these facts: only restored_on is added" },
	{ 0 },
};

const struct entity idle_fact_entity = { .name = "idle_fact",
	.path = "idle-facts",
	.table = "idle_fact",
	.label = "闲置淘汰情况",
	.text = "Why a project lies idle or is given up, and what is left of "
	    "it.",
	.fields = idle_fact_fields,
	.nfields = COUNT(idle_fact_fields),
	.group = "class",
	.parent = "case_id",
	.key = L("case_id"),
	.refusals = idle_fact_refusals,
	.action = ACTION_REQUIRED,
	.business = true };

static const struct field elimination_step_fields[] = {
	{ "case_id", "认定", "Case.", T_REF, F_REQUIRED | F_CREATE | F_FILTER,
	    0, 0, 0, "classification_case", "3.3", NULL },
	{ "step", "步骤", "Which step.", T_CODE,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "elimination_step",
	    "T14", NULL },
	{ "done_on", "完成日期", "Day it was done.", T_DATE,
	    F_REQUIRED | F_FILTER | F_SORT, 0, 0, 0, NULL, "T14", NULL },
	{ "evidence_id", "佐证", "Evidence of it.", T_REF, 0, 0, 0, 0,
	    "attachment", "T14", NULL },
	{ "note", "说明", "What was done.", T_TEXT, F_SEARCH, 0, 0, 1000, NULL,
	    "T14", NULL },
};

const struct entity elimination_step_entity = { .name = "elimination_step",
	.path = "elimination-steps",
	.table = "elimination_step",
	.label = "淘汰盘活步骤",
	.text = "Steps by which a project is given up or revived, each with "
	    "its evidence.",
	.fields = elimination_step_fields,
	.nfields = COUNT(elimination_step_fields),
	.group = "class",
	.parent = "case_id",
	.key = L("case_id", "step"),
	.action = ACTION_REQUIRED,
	.business = true };
