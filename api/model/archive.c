/* Archives (归档): catalogues and the files they ask for (T69, R-18). */
#include "../base/err.h"
#include "archive_chapter.h"
#include "chapters.h"

static const struct field archive_catalog_fields[] = {
	{ "code", "代码", "Stable code of the catalogue.", T_TEXT,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 1, 40, NULL, "T69", NULL },
	{ "version", "版次", "Version of the catalogue.", T_INT,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 1, 999, NULL, "T69", NULL },
	{ "name", "名称", "Name as printed.", T_TEXT,
	    F_REQUIRED | F_LABEL | F_SEARCH, 0, 1, 200, NULL, "T69", NULL },
	{ "applies_to", "适用对象", "What it is kept for.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "archive_owner", "T69", NULL },
	{ "note", "说明", "Remark.", T_TEXT, 0, 0, 0, 1000, NULL, "T69", NULL },
};

const struct entity archive_catalog_entity = { .name = "archive_catalog",
	.path = "archive-catalogs",
	.table = "archive_catalog",
	.label = "归档目录",
	.text = "Catalogues of what an archive must hold.",
	.fields = archive_catalog_fields,
	.nfields = COUNT(archive_catalog_fields),
	.group = "template",
	.key = L("code", "version"),
	.action = ACTION_OPTIONAL,
	.shared = true,
	.business = true };

static const struct field archive_item_def_fields[] = {
	{ "catalog_id", "归档目录", "Catalogue it belongs to.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "archive_catalog",
	    "T69", NULL },
	{ "seq", "序号", "Number in the catalogue.", T_INT,
	    F_REQUIRED | F_CREATE | F_FILTER | F_SORT, 0, 1, 999, NULL, "T69",
	    NULL },
	{ "name", "归档内容", "What shall be kept.", T_TEXT,
	    F_REQUIRED | F_LABEL | F_SEARCH, 0, 1, 200, NULL, "T69", NULL },
	{ "required", "要求", "Always, if the condition holds, or at will.",
	    T_CODE, F_REQUIRED | F_FILTER, 0, 0, 0, "archive_required", "T69",
	    NULL },
	{ "condition", "条件", "Condition under which it is required.", T_CODE,
	    0, 0, 0, 0, "archive_condition", "R-18", NULL },
	{ "doc_kind", "材料类型", "Kind of document.", T_CODE, F_FILTER, 0, 0,
	    0, "archive_doc_kind", "T69", NULL },
	{ "must_sign", "须签字盖章", "Whether it must be signed and sealed.",
	    T_BOOL, 0, 0, 0, 0, NULL, "T69", NULL },
	{ "copy_allowed", "可用复印件", "Whether a copy will do.", T_BOOL, 0,
	    0, 0, 0, NULL, "T69", NULL },
	{ "note", "备注", "Remark as printed.", T_TEXT, 0, 0, 0, 500, NULL,
	    "T69", NULL },
};

static const struct refusal archive_item_def_refusals[] = {
	{ "archive_item_def_condition", "condition", "R-18",
	    "只有“如需”的内容才有条件", "belongs to what is needed only at times" },
	{ 0 },
};

const struct entity archive_item_def_entity = { .name = "archive_item_def",
	.path = "archive-item-defs",
	.table = "archive_item_def",
	.label = "归档内容",
	.text = "Entries of a catalogue and when they are required.",
	.fields = archive_item_def_fields,
	.nfields = COUNT(archive_item_def_fields),
	.group = "template",
	.parent = "catalog_id",
	.key = L("catalog_id", "seq"),
	.refusals = archive_item_def_refusals,
	.action = ACTION_OPTIONAL,
	.shared = true,
	.business = true };

static const struct field archive_file_fields[] = {
	{ "item_def_id", "归档内容", "Entry of the catalogue it fills.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "archive_item_def",
	    "T69", NULL },
	{ "project_id", "项目", "Project it is kept for.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "T69", NULL },
	{ "household_id", "农户", "Household it is kept for.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "household", "3.3", NULL },
	{ "title", "材料名称", "Name of the document.", T_TEXT,
	    F_REQUIRED | F_LABEL | F_SEARCH, 0, 1, 200, NULL, "T69", NULL },
	{ "attachment_id", "附件", "The file itself.", T_REF,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "attachment", "T69", NULL },
	{ "original_or_copy", "原件或复印件", "Original or copy.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "archive_form", "T69", NULL },
	{ "signed_sealed", "已签字盖章", "Whether it is signed and sealed.",
	    T_BOOL, F_FILTER, 0, 0, 0, NULL, "T69", NULL },
	{ "doc_no", "文号", "Number of the document.", T_TEXT, 0, 0, 0, 60,
	    NULL, "T69", NULL },
	{ "doc_on", "日期", "Date of the document.", T_DATE, F_FILTER, 0, 0, 0,
	    NULL, "T69", NULL },
	{ "checked_on", "核对日期", "Day it was checked.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "R-18", NULL },
	{ "checked_by", "核对人", "Who checked it.", T_REF, F_COMMAND, 0, 0, 0,
	    "app_user", "R-18", NULL },
	{ "state", "状态", "Whether it was checked.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "archive_file_state", "R-18", NULL },
};

#define CHECKERS                                                               \
	L("township_lead", "dept_lead", "lead_bureau", "task_force")

static const struct move archive_file_moves[] = {
	{ .name = "check",
		.label = "核对",
		.text = "Find the document complete and in order.",
		.from = L("kept"),
		.to = "checked",
		.who = CHECKERS,
		.source = "R-18",
		.effects = (const struct effect[]) { { "checked_on", "@today" },
			{ "checked_by", "@me" }, { 0 } },
		.demands = (const struct demand[]) {
			{ .code = "same_person",
				.sql = "r.created_by IS DISTINCT FROM $2",
				.zh = "归档人不能核对自己归档的材料",
				.en = "Who filed it does not check it." },
			{ .code = "unsigned",
				.sql = "r.signed_sealed IS TRUE OR EXISTS ("
				       "SELECT FROM archive_item_def d"
				       " WHERE d.id = r.item_def_id"
				       " AND d.must_sign IS NOT TRUE)",
				.zh = "这项材料须签字盖章",
				.en = "This document must be signed and "
				      "sealed." },
			{ .code = "copy",
				.sql = "r.original_or_copy = 'original' OR"
				       " EXISTS (SELECT FROM archive_item_def d"
				       " WHERE d.id = r.item_def_id"
				       " AND d.copy_allowed IS TRUE)",
				.zh = "这项材料须存原件",
				.en = "The original of this document must be "
				      "kept." },
			{ 0 } } },
	{ .name = "return",
		.label = "退回补正",
		.text = "Send the document back to be put in order.",
		.from = L("kept", "checked"),
		.to = "returned",
		.who = CHECKERS,
		.source = "R-18",
		.flags = M_REASON,
		.effects = (const struct effect[]) { { "checked_on", NULL },
			{ "checked_by", NULL }, { 0 } } },
	{ .name = "resubmit",
		.label = "补正后归档",
		.text = "File it again once it is in order.",
		.from = L("returned"),
		.to = "kept",
		.take = L("attachment_id", "original_or_copy", "signed_sealed",
		    "doc_no", "doc_on"),
		.who = L("village_admin", "township_clerk", "dept_clerk",
		    "lead_bureau", "task_force"),
		.source = "R-18" },
};

static const struct refusal archive_file_refusals[] = {
	{ "archive_file_subject", "household_id", "R-18",
	    "项目和农户只能填一个",
	    "or project_id is given, not both" },
	{ 0 },
};

const struct entity archive_file_entity = { .name = "archive_file",
	.path = "archive-files",
	.table = "archive_file",
	.label = "归档材料",
	.text = "Documents kept in an archive, by the entry they fill.",
	.fields = archive_file_fields,
	.nfields = COUNT(archive_file_fields),
	.refusals = archive_file_refusals,
	.moves = archive_file_moves,
	.nmoves = COUNT(archive_file_moves),
	.state = "state",
	.initial = "kept",
	.ended = L("checked"),
	.group = "archive",
	.action = ACTION_OPTIONAL,
	.business = true };
