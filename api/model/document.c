/* Source documents (domain.md 3.3). */
#include "../base/err.h"
#include "chapters.h"
#include "people_chapter.h"

static const struct field source_document_fields[] = {
	{ "doc_no", "文号", "Number of the document.", T_TEXT, F_REQUIRED |
	    F_CREATE | F_FILTER | F_SORT | F_SEARCH, 0, 1, 60, NULL, "Y1",
	    NULL },
	{ "title", "标题", "Title of the document.", T_TEXT, F_REQUIRED |
	    F_LABEL | F_SEARCH, 0, 1, 200, NULL, "Y1", NULL },
	{ "issuer_org_id", "发文单位", "Organisation that issued it.", T_REF,
	    F_FILTER, 0, 0, 0, "org_unit", "Y1", NULL },
	{ "issuer_names", "发文单位名称",
	    "Issuers as printed, of joint documents too.", T_TEXT, 0, 0, 0,
	    200, NULL, "Y1", NULL },
	{ "issued_on", "发文日期", "Day it was issued.", T_DATE, F_REQUIRED |
	    F_FILTER | F_SORT, 0, 0, 0, NULL, "Y1", NULL },
	{ "version_tag", "版本", "Version as printed, such as 试行.", T_TEXT,
	    F_FILTER, 0, 0, 30, NULL, "B1", NULL },
	{ "file_id", "文件附件", "The document itself.", T_REF, 0, 0, 0, 0,
	    "attachment", "Y1", NULL },
	{ "public", "公开", "Whether the document is public.", T_BOOL,
	    F_FILTER, 0, 0, 0, NULL, "T1", NULL },
};

const struct entity source_document_entity = { .name = "source_document",
	.path = "source-documents",
	.table = "source_document",
	.label = "文件",
	.text = "Notices and plans that work rests on, with their numbers.",
	.fields = source_document_fields,
	.nfields = COUNT(source_document_fields),
	.group = "document",
	.key = L("doc_no"),
	.action = ACTION_OPTIONAL,
	.shared = true,
	.business = true };

static const struct field source_document_basis_fields[] = {
	{ "document_id", "文件", "Document that rests on the other.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "source_document", "B1",
	    NULL },
	{ "basis_id", "依据文件", "Document it rests on.", T_REF, F_REQUIRED |
	    F_CREATE | F_FILTER, 0, 0, 0, "source_document", "B1", NULL },
};

static const struct refusal source_document_basis_refusals[] = {
	{ "source_document_basis_self", "basis_id", "B1",
	    "文件不能以自己为依据", "is another document" },
	{ 0 },
};

const struct entity source_document_basis_entity = {
	.name = "source_document_basis",
	.path = "source-document-bases",
	.table = "source_document_basis",
	.label = "文件依据",
	.text = "Which document another one rests on.",
	.fields = source_document_basis_fields,
	.nfields = COUNT(source_document_basis_fields),
	.refusals = source_document_basis_refusals,
	.group = "document",
	.parent = "document_id",
	.key = L("document_id", "basis_id"),
	.action = ACTION_NONE,
	.shared = true,
	.business = true };
