/* Attachments (附件): the file lies beside the database, under its digest. */
#include "../base/err.h"
#include "chapters.h"

static const struct field attachment_fields[] = {
	{ "name", "文件名", "Name of the file as it was sent.", T_TEXT,
	    F_REQUIRED | F_CREATE | F_LABEL | F_FILTER | F_SEARCH, 0, 1, 200,
	    NULL, "3.3", NULL },
	{ "mime", "类型", "Media type, found in the content.", T_TEXT,
	    F_SERVER | F_FILTER, 0, 0, 100, NULL, "3.3", NULL },
	{ "bytes", "大小", "Size in bytes.", T_INT, F_SERVER, 0, 0, 0, NULL,
	    "3.3", NULL },
	{ "sha256", "摘要", "SHA-256 of the content, in hexadecimal.", T_TEXT,
	    F_SERVER | F_FILTER, 0, 64, 64, NULL, "3.3", NULL },
	{ "note", "说明", "What it shows.", T_TEXT, F_SEARCH, 0, 0, 500, NULL,
	    "3.3", NULL },
};

static const struct refusal attachment_refusals[] = {
	{ "attachment_fixed", "sha256", "3.3", "附件的内容和名称登记后不能修改",
	    "never changes: send another file" },
	{ 0 },
};

const struct entity attachment_entity = { .name = "attachment",
	.path = "attachments",
	.table = "attachment",
	.category = "id",
	.searched = true,
	.label = "附件",
	.text = "Files kept as evidence or archive: photos, scans, workbooks.",
	.fields = attachment_fields,
	.nfields = COUNT(attachment_fields),
	.refusals = attachment_refusals,
	.action = ACTION_OPTIONAL,
	.business = true };
