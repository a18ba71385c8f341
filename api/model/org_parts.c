/* Coverage and members of organisations, contacts (domain.md 3.3). */
#include "../base/err.h"
#include "chapters.h"
#include "check.h"
#include "people_chapter.h"

static const struct field org_coverage_fields[] = {
	{ "org_id", "组织", "Organisation that covers the division.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "org_unit", "F12",
	    NULL },
	{ "category_code", "问题类别",
	    "Only issues of this category, for special groups.", T_CODE,
	    F_CREATE | F_FILTER, 0, 0, 0, "issue_category", "F12", NULL },
	{ "from_on", "起始日期", "First day.", T_DATE, 0, 0, 0, 0, NULL, "F12",
	    NULL },
	{ "to_on", "截止日期", "Last day.", T_DATE, 0, 0, 0, 0, NULL, "F12",
	    NULL },
};

static const struct refusal org_coverage_refusals[] = {
	{ "org_coverage_days", "to_on", "F12", "截止日期不能早于起始日期",
	    "is not before from_on" },
	{ "org_coverage_few", "division_code", "5.1",
	    "一个单位最多覆盖八片区域，更多时请改用上一级区划",
	    "is one of more than eight ranges: name a wider division" },
	{ "org_coverage_categories", "category_code", "F12",
	    "一个单位的问题类别覆盖最多一百条",
	    "is one of more than a hundred of the organisation" },
	{ "org_coverage_own", "org_id", "5.1",
	    "您本人的授权按这个单位的覆盖范围确定，须由另一位有权人员办理",
	    "is an organisation whose coverage one's own grant is narrowed "
	    "to: for another person" },
	{ 0 },
};

const struct entity org_coverage_entity = { .name = "org_coverage",
	.path = "org-coverages",
	.table = "org_coverage",
	.label = "组织覆盖范围",
	.text = "The division of the row is one the organisation covers; if "
	    "the row names an action, for grants of that action only.",
	.fields = org_coverage_fields,
	.nfields = COUNT(org_coverage_fields),
	.refusals = org_coverage_refusals,
	.group = "coverage", /* it says how far others' grants reach */
	.key = L("org_id", "category_code"),
	.action = ACTION_OPTIONAL,
	.business = true };

static const struct field contact_fields[] = {
	{ "name", "姓名", "Name of the person.", T_TEXT, F_REQUIRED | PII(DUTY)
	    | F_LABEL | F_SEARCH | F_FILTER, 1, 1, 50, NULL, "Y12", NULL },
	{ "phone", "电话", "Telephone of the person.", T_TEXT, PII(CONTACT), 2,
	    0, 40, NULL, "Y12", check_phone },
	{ "email", "电子邮箱", "Mail address of the person.", T_TEXT,
	    PII(CONTACT), 2, 0, 100, NULL, "Y12", NULL },
	{ "org_id", "单位", "Organisation of the person.", T_REF, F_FILTER, 0,
	    0, 0, "org_unit", "Y51", NULL },
	{ "post", "职务", "Post of the person.", T_TEXT, F_FILTER, 0, 0, 60,
	    NULL, "F24", NULL },
};

const struct entity contact_entity = { .name = "contact",
	.path = "contacts",
	.table = "contact",
	.label = "联系人",
	.text = "People to be reached: name, telephone, organisation, post.",
	.fields = contact_fields,
	.nfields = COUNT(contact_fields),
	.group = "contact",
	.action = ACTION_OPTIONAL,
	.business = true };

static const struct field org_member_fields[] = {
	{ "org_id", "组织", "Organisation it is a member of.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "org_unit", "Y5",
	    NULL },
	{ "user_id", "用户", "Member who signs in.", T_REF, F_CREATE |
	    F_FILTER, 0, 0, 0, "app_user", "Y5", NULL },
	{ "contact_id", "联系人", "Member who does not sign in.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "contact", "Y11", NULL },
	{ "post", "职务", "Post within the group.", T_CODE, F_REQUIRED |
	    F_FILTER, 0, 0, 0, "member_post", "T40", NULL },
	{ "from_on", "起始日期", "First day.", T_DATE, 0, 0, 0, 0, NULL, "Y5",
	    NULL },
	{ "to_on", "截止日期", "Last day.", T_DATE, 0, 0, 0, 0, NULL, "Y5",
	    NULL },
};

static const struct refusal org_member_refusals[] = {
	{ "org_member_who", "user_id", "Y5",
	    "用户和联系人须填一个，且只填一个",
	    "either user_id or contact_id is given, not both" },
	{ "org_member_days", "to_on", "Y5", "截止日期不能早于起始日期",
	    "is not before from_on" },
	{ 0 },
};

const struct entity org_member_entity = { .name = "org_member",
	.path = "org-members",
	.table = "org_member",
	.label = "组织成员",
	.text = "Who belongs to a group or office, and in which post.",
	.fields = org_member_fields,
	.nfields = COUNT(org_member_fields),
	.refusals = org_member_refusals,
	.group = "contact",
	.action = ACTION_OPTIONAL,
	.business = true };
