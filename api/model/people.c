/* Organisations (单位): domain.md 3.3. Users and grants are admin.c's. */
#include "../base/err.h"
#include "chapters.h"
#include "check.h"

static const struct field org_unit_fields[] = {
	{ "id", "编号", "Identifier.", T_REF, F_SERVER, 0, 0, 0, "org_unit",
	    "3.1", NULL },
	{ "code", "代码", "Code, unique within the division.", T_TEXT,
	    F_REQUIRED | F_CREATE, 0, 1, 60, NULL, "3.3", NULL },
	{ "name", "名称", "Full name.", T_TEXT, F_REQUIRED | F_LABEL, 0, 1,
	    100, NULL, "3.3", NULL },
	{ "kind", "类型", "Kind of organisation (org_kind).", T_TEXT,
	    F_REQUIRED | F_FILTER, 0, 1, 40, NULL, "3.2", NULL },
	{ "level", "级别", "0 nation to 5 village.", T_INT, F_REQUIRED, 0, 0,
	    5, NULL, "3.2", NULL },
	{ "division_code", "所在区划", "Division it belongs to.", T_DIVISION,
	    F_REQUIRED | F_FILTER, 0, 0, 0, NULL, "3.3", NULL },
	{ "parent_org_id", "上级单位", "Superior organisation.", T_REF, 0, 0,
	    0, 0, "org_unit", "3.3", NULL },
	{ "line_code", "条线", "Sector line, such as 农业农村.", T_TEXT, 0,
	    0, 0, 40, NULL, "3.3", NULL },
	{ "uscc", "统一社会信用代码", "Unified social credit code.", T_TEXT,
	    0, 0, 18, 18, NULL, "3.3", check_uscc },
	{ "valid_from", "生效日期", "First day of validity.", T_DATE, 0, 0,
	    0, 0, NULL, "3.3", NULL },
	{ "valid_to", "失效日期", "Last day of validity.", T_DATE, 0, 0, 0,
	    0, NULL, "3.3", NULL },
	{ "rev", "版本", "Revision, one more with every change.", T_INT,
	    F_SERVER, 0, 0, 0, NULL, "3.1", NULL },
	{ "created_at", "建立时间", "Time of creation.", T_TIME, F_SERVER, 0,
	    0, 0, NULL, "3.1", NULL },
	{ "created_by", "建立人", "Who created it.", T_REF, F_SERVER, 0, 0,
	    0, "app_user", "3.1", NULL },
	{ "updated_at", "更新时间", "Time of the last change.", T_TIME,
	    F_SERVER, 0, 0, 0, NULL, "3.1", NULL },
	{ "updated_by", "更新人", "Who changed it last.", T_REF, F_SERVER, 0,
	    0, 0, "app_user", "3.1", NULL },
};

const struct entity org_unit_entity = { .name = "org_unit",
	.path = "orgs",
	.table = "org_unit",
	.label = "单位",
	.text = "Organisations: governments, departments, task forces.",
	.fields = org_unit_fields,
	.nfields = COUNT(org_unit_fields) };
