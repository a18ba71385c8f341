/* What belongs to a row: the commands given on it, and evidence; to an issue
 * also its progress and acceptances. */
#include "../base/err.h"
#include "chapters.h"

/* Seen as the row is, and by whom it was made. */
#define PART_PLACE(of)                                                         \
	{ "division_code", "所属区划", "Division of the " of ".", T_DIVISION,  \
	    F_SERVER, 0, 0, 0, NULL, "3.1(5)", NULL }
#define PART_WALLS                                                             \
	{ "competent_line", "条线", "Sector line of the row.", T_TEXT,         \
	    F_SERVER, 0, 0, 40, NULL, "5.1", NULL },                           \
	{ "sensitivity", "敏感级别", "Sensitivity of the row.", T_INT,         \
	    F_SERVER, 0, 0, 4, NULL, "3.1(5)", NULL }
#define PART_MADE                                                              \
	{ "created_at", "建立时间", "Time of the record.", T_TIME, F_SERVER,   \
	    0, 0, 0, NULL, "3.1", NULL },                                      \
	{ "created_by", "建立人", "Who made it.", T_REF, F_SERVER, 0, 0, 0,    \
	    "app_user", "3.1", NULL }

static const struct field command_fields[] = {
	{ "id", "编号", "Identifier.", T_REF, F_SERVER, 0, 0, 0, "command",
	    "3.1", NULL },
	{ "entity", "类别", "Entity of the row.", T_TEXT, F_SERVER, 0, 0, 64,
	    NULL, "3.5", NULL },
	{ "row_id", "记录", "Row the command was given on.", T_REF, F_SERVER,
	    0, 0, 0, NULL, "3.5", NULL },
	{ "command", "命令", "Name of the command.", T_TEXT,
	    F_SERVER | F_LABEL, 0, 0, 64, NULL, "3.5", NULL },
	{ "from_state", "原状态", "State of the row before it.", T_TEXT,
	    F_SERVER, 0, 0, 64, NULL, "3.5", NULL },
	{ "to_state", "新状态", "State of the row after it.", T_TEXT,
	    F_SERVER, 0, 0, 64, NULL, "3.5", NULL },
	{ "reason", "原因", "Why it was given.", T_TEXT, F_SERVER, 0, 0, 2000,
	    NULL, "3.5", NULL },
	{ "opinion", "意见", "Opinion given with it.", T_TEXT, F_SERVER, 0, 0,
	    2000, NULL, "3.5", NULL },
	{ "note", "备注", "Remark given with it.", T_TEXT, F_SERVER, 0, 0,
	    2000, NULL, "3.5", NULL },
	{ "rev", "版本", "Revision of the row that it made.", T_INT, F_SERVER,
	    0, 0, 0, NULL, "3.1(5)", NULL },
	{ "by", "办理人", "Who gave it.", T_REF, F_SERVER, 0, 0, 0,
	    "app_user", "3.5", NULL },
	{ "grant_id", "所依授权", "Grant it was given under.", T_REF, F_SERVER,
	    0, 0, 0, "role_grant", "R-25", NULL },
	{ "at", "办理时间", "When it was given.", T_TIME, F_SERVER, 0, 0, 0,
	    NULL, "3.5", NULL },
	PART_PLACE("row"),
	PART_WALLS,
};

const struct entity command_entity = { .name = "command",
	.path = "commands",
	.table = "command",
	.label = "办理记录",
	.text = "Every command that was given on any row; never changed.",
	.fields = command_fields,
	.nfields = COUNT(command_fields),
	.append = true };

static const struct field evidence_fields[] = {
	{ "id", "编号", "Identifier.", T_REF, F_SERVER, 0, 0, 0, "evidence",
	    "3.1", NULL },
	{ "entity", "类别", "Entity of the row.", T_TEXT, F_SERVER, 0, 0, 64,
	    NULL, "3.5", NULL },
	{ "row_id", "记录", "Row it belongs to.", T_REF, F_SERVER, 0, 0, 0,
	    NULL, "3.3", NULL },
	{ "kind", "类型", "Kind of evidence.", T_CODE, F_REQUIRED, 0, 0, 0,
	    "evidence_kind", "3.5.5", NULL },
	{ "title", "名称", "What it shows.", T_TEXT, F_REQUIRED | F_LABEL, 0,
	    1, 200, NULL, "3.5.5", NULL },
	{ "attachment_id", "附件", "The file itself, if it is kept.", T_REF,
	    0, 0, 0, 0, "attachment", "3.3", NULL },
	{ "reference", "出处", "Where it lies: file name, path or number.",
	    T_TEXT, 0, 0, 0, 500, NULL, "3.5.5", NULL },
	{ "sha256", "摘要", "SHA-256 of the file, hex.", T_TEXT, 0, 0, 64, 64,
	    NULL, "3.5.5", NULL },
	{ "note", "说明", "Remark.", T_TEXT, 0, 0, 0, 1000, NULL, "3.5.5",
	    NULL },
	PART_PLACE("row"),
	PART_WALLS,
	PART_MADE,
};

const struct entity evidence_entity = { .name = "evidence",
	.path = "evidence",
	.table = "evidence",
	.label = "佐证",
	.text = "Evidence of any row: what it is and where it lies.",
	.fields = evidence_fields,
	.nfields = COUNT(evidence_fields),
	.append = true };

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
	PART_PLACE("issue"),
	PART_MADE,
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
	PART_PLACE("issue"),
	PART_MADE,
};

const struct entity issue_acceptance_entity = { .name = "issue_acceptance",
	.path = "acceptances",
	.table = "issue_acceptance",
	.label = "验收记录",
	.text = "Every attempt at acceptance, passed or not.",
	.fields = issue_acceptance_fields,
	.nfields = COUNT(issue_acceptance_fields) };
