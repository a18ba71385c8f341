/* What belongs to an issue: progress and acceptances. */
#include "../base/err.h"
#include "chapters.h"

static const struct field issue_progress_fields[] = {
	{ "id", "编号", "Identifier.", T_REF, F_SERVER, 0, 0, 0,
	    "issue_progress", "3.1", NULL },
	{ "issue_id", "问题", "Issue it belongs to.", T_REF, F_SERVER, 0, 0, 0,
	    "issue", "3.3", NULL },
	{ "noted_on", "日期", "Day of the note.", T_DATE, 0, 0, 0, 0, NULL,
	    "3.3", NULL },
	{ "text", "进展", "What was done.", T_TEXT, F_REQUIRED, 0, 1, 2000,
	    NULL, "3.3", NULL },
	{ "percent", "完成比例", "Percent done.", T_INT, 0, 0, 0, 100, NULL,
	    "3.3", NULL },
	{ "division_code", "所属区划", "Division of the issue.", T_DIVISION,
	    F_SERVER, 0, 0, 0, NULL, "3.1(5)", NULL },
	{ "created_at", "建立时间", "Time of the record.", T_TIME, F_SERVER, 0,
	    0, 0, NULL, "3.1", NULL },
	{ "created_by", "建立人", "Who made it.", T_REF, F_SERVER, 0, 0, 0,
	    "app_user", "3.1", NULL },
};

const struct entity issue_progress_entity = { .name = "issue_progress",
	.path = "progress",
	.table = "issue_progress",
	.label = "进展",
	.text = "Notes on the progress of an issue; never changed.",
	.fields = issue_progress_fields,
	.nfields = COUNT(issue_progress_fields) };

static const struct field issue_acceptance_fields[] = {
	{ "id", "编号", "Identifier.", T_REF, F_SERVER, 0, 0, 0,
	    "issue_acceptance", "3.1", NULL },
	{ "issue_id", "问题", "Issue it belongs to.", T_REF, F_SERVER, 0, 0, 0,
	    "issue", "3.3", NULL },
	{ "attempt", "次数", "Which attempt.", T_INT, F_SERVER, 0, 0, 0, NULL,
	    "Y39", NULL },
	{ "command", "命令", "Command that was given.", T_TEXT, F_SERVER, 0, 0,
	    20, NULL, "Y39", NULL },
	{ "result", "结果", "passed or failed.", T_TEXT, F_SERVER, 0, 0, 20,
	    NULL, "Y39", NULL },
	{ "opinion", "验收意见", "Opinion of the acceptor.", T_TEXT, F_SERVER,
	    0, 0, 2000, NULL, "Y39", NULL },
	{ "requested_on", "申请日期", "Day of the request.", T_DATE, F_SERVER,
	    0, 0, 0, NULL, "Y38", NULL },
	{ "requested_by", "申请人", "Who requested.", T_REF, F_SERVER, 0, 0, 0,
	    "app_user", "R-05", NULL },
	{ "self_verified", "自核自销",
	    "Verified by the responsible department itself.", T_BOOL, F_SERVER,
	    0, 0, 0, NULL, "Y40", NULL },
	{ "division_code", "所属区划", "Division of the issue.", T_DIVISION,
	    F_SERVER, 0, 0, 0, NULL, "3.1(5)", NULL },
	{ "created_at", "建立时间", "Time of the record.", T_TIME, F_SERVER, 0,
	    0, 0, NULL, "3.1", NULL },
	{ "created_by", "建立人", "Who made it.", T_REF, F_SERVER, 0, 0, 0,
	    "app_user", "3.1", NULL },
};

const struct entity issue_acceptance_entity = { .name = "issue_acceptance",
	.path = "acceptances",
	.table = "issue_acceptance",
	.label = "验收记录",
	.text = "Every attempt at acceptance, passed or not.",
	.fields = issue_acceptance_fields,
	.nfields = COUNT(issue_acceptance_fields) };
