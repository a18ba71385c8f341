/* The grants of a person who is loaded: which role, where, narrowed to what. */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "base/uid.h"
#include "entity.h"
#include "model/model.h"
#include "scope.h"
#include "shape.h"

#define OWN_MAX 200

static const struct field grant_fields[] = {
	{ "role", "角色", "Role code.", T_TEXT, F_REQUIRED, 0, 1, 40, NULL,
	    "5.1", NULL },
	{ "division_code", "范围", "Root of the range; default the person's.",
	    T_DIVISION, 0, 0, 0, 0, NULL, "5.1", NULL },
	{ "line_code", "条线", "Sector line the role is bound to.", T_TEXT, 0,
	    0, 0, 40, NULL, "5.1", NULL },
	{ "clearance", "权限级别", "0 open to 4 disciplinary.", T_INT, 0, 0,
	    0, 4, NULL, "5.3", NULL },
	{ "action", "专项行动", "Code of the only action it is for.", T_TEXT,
	    0, 0, 0, 60, NULL, "5.1", NULL },
	{ "cover_org", "按组织覆盖", "Code of the organisation in that "
	    "division whose coverage it is narrowed to.", T_TEXT, 0, 0, 0, 60,
	    NULL, "5.1", NULL },
	{ "valid_from", "生效时间", "From when it counts; default now.", T_TIME,
	    0, 0, 0, 0, NULL, "R-25", NULL },
	{ "valid_to", "失效时间", "Until when it counts.", T_TIME, 0, 0, 0, 0,
	    NULL, "R-25", NULL },
};

static void check_grant(struct request *, json_t *grant, const json_t *user,
    const char *path);
static void check_own(struct request *, const struct role *,
    const json_t *own, const char *path);

json_t *
grants_schema(void)
{
	json_t *grant = shape_schema(grant_fields, COUNT(grant_fields));

	json_object_set_new(json_object_get(grant, "properties"), "own",
	    json_pack("{ss s{ss ss} si ss}", "type", "array", "items", "type",
	    "string", "format", "uuid", "maxItems", OWN_MAX, "description",
	    "Rows it is narrowed to: households or their helper's contact, "
	    "operators, projects."));
	return grant;
}

void
grants_check(struct request *r, json_t *user, const char *path)
{
	static const char *const more[] = { "own", NULL };
	json_t *list = json_object_get(user, "grants");
	const char *own = arena_printf(&r->arena, "%s/grants", path);
	struct fault **before = r->faults_end;

	if (list == NULL) {
		shape_fault(r, path, "grants", "required", "请填写角色",
		    "is required; it may be an empty list");
		return;
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_object(json_array_get(list, i)))
			list = NULL;
	if (!json_is_array(list)) {
		shape_fault(r, path, "grants", "not_a_list", "应为列表",
		    "is a list of grants");
		return;
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		shape_check(r, grant_fields, COUNT(grant_fields), more,
		    json_array_get(list, i), arena_printf(&r->arena, "%s/%zu",
		    own, i));
	if (r->faults_end != before)
		return;
	for (size_t i = 0; i < json_array_size(list); i++)
		check_grant(r, json_array_get(list, i), user,
		    arena_printf(&r->arena, "%s/%zu", own, i));
}

/* Fills in the role's own clearance where none is given. */
static void
check_grant(struct request *r, json_t *grant, const json_t *user,
    const char *path)
{
	const struct role *role = role_find(json_string_value(
	    json_object_get(grant, "role")));
	const char *line = json_string_value(json_object_get(grant,
	    "line_code"));
	const char *code = json_string_value(json_object_get(grant,
	    "division_code"));
	int64_t division;

	if (code == NULL)
		code = json_string_value(json_object_get(user,
		    "division_code"));
	if (role == NULL || !role->active || role->part == PART_AGENT ||
	    role->part == PART_CLIENT || role->part == PART_PUBLIC) {
		shape_fault(r, path, "role", "not_in_list", "没有这个角色",
		    "no such role");
		return;
	}
	division = code != NULL ? strtoll(code, NULL, 10) : -1;
	if (code == NULL || !scope_covers(&r->who, division))
		shape_fault(r, path, "division_code", "unknown",
		    "没有这个区划", "no such division");
	else if (role->level != 0 && role->level != division_level(division))
		shape_fault(r, path, "division_code", "out_of_range",
		    "该角色不属于这一级", "the role is of another level");
	if (role->line && (line == NULL || *line == '\0'))
		shape_fault(r, path, "line_code", "required",
		    "该角色须指定条线", "the role needs a sector line");
	if (role->category && json_object_get(grant, "cover_org") == NULL)
		shape_fault(r, path, "cover_org", "required",
		    "该角色须指定按其问题类别覆盖的组织",
		    "the role needs the organisation whose categories it "
		    "covers");
	check_own(r, role, json_object_get(grant, "own"), path);
	if (json_object_get(grant, "clearance") == NULL)
		json_object_set_new(grant, "clearance",
		    json_integer(role->clearance));
}

void
grants_beyond(struct request *r, const char *path, const char *what)
{
	static const struct {
		const char *what, *name, *zh, *en;
	} words[] = {
		{ "oneself", "login", "不能管理自己的账号和授权",
		    "nobody administers himself" },
		{ "user", "login", "该用户有超出您权限的授权，请由上级安全管理员办理",
		    "has grants beyond yours: for an administrator above" },
		{ "role", "role", "您不能授予这个角色", "is none that you grant" },
		{ "division_code", "division_code", "超出您的区划范围",
		    "is beyond your own divisions" },
		{ "line_code", "line_code", "超出您的条线",
		    "is beyond your own sector line" },
		{ "clearance", "clearance", "高于您可授予的权限级别",
		    "is above your own" },
		{ "action", "action", "超出您的专项行动",
		    "is beyond your own action" },
		{ "valid_to", "valid_to", "不能晚于您自己授权的失效时间",
		    "is later than the end of your own grant" },
		{ "valid_from", "valid_from", "不能早于您自己授权的生效时间",
		    "is earlier than your own grant" },
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i].what, what) == 0)
			shape_fault(r, path, words[i].name, "beyond_own",
			    words[i].zh, words[i].en);
}

enum next
grants_fail(struct request *r)
{
	const char *broken = rows_constraint(
	    r->batch.at[r->batch.failed].rows);

	if (strcmp(broken, "role_grant_beyond") != 0 &&
	    strcmp(broken, "app_user_beyond") != 0 &&
	    strcmp(broken, "client_app_beyond") != 0)
		return fail_data(r);
	return fail_beyond(r);
}

enum next
fail_beyond(struct request *r)
{
	return fail(r, E_DENIED, "beyond_own",
	    "超出您自己的权限，请由上级安全管理员办理",
	    "It is beyond your own grant: for an administrator above.");
}

/* Whose rows: households or their helper, operators, projects. */
static void
check_own(struct request *r, const struct role *role, const json_t *own,
    const char *path)
{
	size_t n = json_array_size(own);

	if (own == NULL && *role->own == '\0')
		return;
	for (size_t i = 0; i < n; i++) {
		const char *id = json_string_value(json_array_get(own, i));

		if (id == NULL || !uuid_ok(id))
			shape_fault(r, path, "own", "malformed",
			    "应为记录 id 的列表", "is a list of ids of rows");
	}
	if (n < 1 || n > OWN_MAX)
		shape_fault(r, path, "own", "required",
		    "该角色须指定其农户、经营主体或项目（1 至 200 个）",
		    "the role needs the rows that are its own, 1 to 200");
}
