/* GET /v1/roles: what each role may. PUT /v1/roles/{code}: one more, or one
 * that may less (domain.md 5.2); by the installation's security
 * administrator. */
#include <string.h>

#include "admin.h"
#include "conf.h"
#include "entity.h"
#include "model/model.h"
#include "route.h"
#include "scope.h"
#include "shape.h"

static const struct field role_fields[] = {
	{ "label", "名称", "Name of the role.", T_TEXT, 0, 0, 1, 40, NULL, "5.2",
	    NULL },
	{ "level", "层级", "Level it files and decides at; 0 = that of the "
	    "grant's division.", T_INT, 0, 0, 0, 5, NULL, "5.2", NULL },
	{ "clearance", "权限级别", "Clearance of a grant that names none.",
	    T_INT, 0, 0, 0, 4, NULL, "5.3", NULL },
	{ "needs_line", "须指定条线", "Whether a grant must name a line.",
	    T_BOOL, 0, 0, 0, 0, NULL, "5.2", NULL },
	{ "by_category", "限问题类别", "Whether a grant reaches only issues of "
	    "the categories that its organisation covers.", T_BOOL, 0, 0, 0,
	    0, NULL, "5.2", NULL },
	{ "own", "限本人对象", "assigned, operator, task, or nothing.", T_TEXT,
	    0, 0, 0, 10, NULL, "5.1", NULL },
	{ "pii_profile", "个人信息", "full, township, contacts, masked, "
	    "aggregate or none.", T_TEXT, 0, 0, 1, 10, NULL, "5.3", NULL },
	{ "second_factor", "双因素登录", "Whether signing in takes two factors.",
	    T_BOOL, 0, 0, 0, 0, NULL, "4.3", NULL },
	{ "status", "状态", "active or retired.", T_TEXT, 0, 0, 1, 10, NULL,
	    "5.2", NULL },
};
/* From what shows least to what shows most. */
static const char *const profiles[] = { "none", "aggregate", "masked",
	"contacts", "township", "full", NULL };
static const char *const owns[] = { "", "assigned", "operator", "task", NULL };
static const char *const statuses[] = { "active", "retired", NULL };

static const struct stmt put_role = { "roles_put",
	"INSERT INTO role AS r (code, label, level, clearance, needs_line,"
	" by_category, own, pii_profile, second_factor, status, plays)"
	" SELECT $1, n.label, n.level, n.clearance, n.needs_line,"
	" n.by_category, n.own, n.pii_profile, n.second_factor, n.status,"
	" n.plays"
	" FROM jsonb_to_record($2::jsonb) AS n (label text, level int,"
	" clearance int, needs_line boolean, by_category boolean, own text,"
	" pii_profile text, second_factor boolean, status text, plays text[])"
	" ON CONFLICT (code) DO UPDATE SET label = excluded.label,"
	" level = excluded.level, clearance = excluded.clearance,"
	" needs_line = excluded.needs_line,"
	" by_category = excluded.by_category, own = excluded.own,"
	" pii_profile = excluded.pii_profile,"
	" second_factor = excluded.second_factor, status = excluded.status,"
	" plays = excluded.plays" };
static const struct stmt put_rights = { "roles_put_rights",
	"INSERT INTO role_right AS r (role, entity_group, verbs, most)"
	" SELECT $1, g.key, v.verbs, v.verbs FROM jsonb_each($2::jsonb) g,"
	" LATERAL (SELECT coalesce(array_agg(x), '{}') AS verbs"
	" FROM jsonb_array_elements_text(g.value) x) v"
	" ON CONFLICT (role, entity_group) DO UPDATE SET verbs ="
	" excluded.verbs WHERE r.verbs <> excluded.verbs" };
static const struct stmt end_rights = { "roles_end_rights",
	"UPDATE role_right SET verbs = '{}' WHERE role = $1"
	" AND NOT $2::jsonb ? entity_group AND verbs <> '{}'" };
static const struct stmt *const statements[] = { &put_role, &put_rights,
	&end_rights };

static enum next roles_list(struct request *);
static enum next role_put(struct request *);
static enum next store(struct request *, const json_t *body);
static void render(struct buf *, const struct role *);
static void check(struct request *, const struct role *, const json_t *body);
static void check_word(struct request *, const json_t *body,
    const char *name, const char *const *words);
static void check_plays(struct request *, const struct role *,
    const json_t *plays);
static void check_rights(struct request *, const struct role *,
    const json_t *body, const json_t *rights);
static void check_wide(struct request *, const json_t *body,
    const struct role *played);
static bool kept(const json_t *body, const char *name);
static unsigned most(const struct role *, const json_t *plays,
    const char *group);
static int rank(const char *profile);
static const char *text(const json_t *body, const char *name);
static json_t *filled(const struct role *, const json_t *body);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/roles", .right = RIGHT_SELF,
	    .handle = roles_list, .lane = LANE_FAST, .id = "listRoles",
	    .summary = "Roles, and what each may do",
	    .summary_zh = "角色及其权限", .reply_schema = "RoleList" },
	{ .method = M_PUT, .pattern = "/v1/roles/{code}",
	    .right = RIGHT_SECURE, .handle = role_put, .lane = LANE_SLOW,
	    .id = "putRole", .summary = "Add a role, or narrow one",
	    .summary_zh = "增加角色，或收窄其权限",
	    .request_schema = "RoleNew", .reply_schema = "Loaded" },
};

void
roles_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
roles_list(struct request *r)
{
	const struct roles *all = conf_roles();

	buf_str(&r->reply, "{\"items\":[");
	for (size_t i = 0; i < all->n; i++)
		render(&r->reply, &all->role[i]);
	buf_str(&r->reply, "]}");
	return reply(r, 200);
}

static void
render(struct buf *b, const struct role *role)
{
	const char *const pair[] = { "code", role->code, "label", role->label,
		"part", role_part_name(role->part), "own", role->own,
		"pii_profile", role->profile, "status",
		role->active ? "active" : "retired" };

	buf_comma(b);
	buf_char(b, '{');
	for (size_t i = 0; i < COUNT(pair); i += 2) {
		buf_key(b, pair[i]);
		buf_json(b, pair[i + 1]);
	}
	buf_printf(b, ",\"level\":%d,\"clearance\":%d,\"needs_line\":%s,"
	    "\"by_category\":%s,\"second_factor\":%s,\"plays\":[",
	    role->level, role->clearance,
	    role->line ? "true" : "false",
	    role->category ? "true" : "false",
	    role->second_factor ? "true" : "false");
	for (size_t i = 0; role->plays[i] != NULL; i++) {
		buf_comma(b);
		buf_json(b, role->plays[i]);
	}
	buf_str(b, "],\"rights\":{");
	for (const struct permit *p = role->permits; p->group != NULL; p++) {
		if (p->verbs == 0)
			continue;
		buf_key(b, p->group);
		buf_char(b, '[');
		for (size_t i = 0; verb_names[i] != NULL; i++) {
			if (!(p->verbs & (1u << i)))
				continue;
			buf_comma(b);
			buf_json(b, verb_names[i]);
		}
		buf_char(b, ']');
	}
	buf_str(b, "}}");
}

static enum next
role_put(struct request *r)
{
	static const char *const others[] = { "plays", "rights", NULL };
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const struct role *role = role_find(r->arg[0]);
	json_t *body;
	enum next next;

	if (r->state != NULL)
		return r->batch.failed >= 0 ? fail_data(r)
		    : reply_loaded(r, 1,
		    rows_affected(batch_rows(&r->batch, 0)));
	if (r->who.division != 0)
		return fail(r, E_DENIED, "installation",
		    "角色由全国范围的安全管理员统一维护",
		    "Roles are for the administrator of the installation.");
	if (role != NULL && role->part != PART_BUSINESS)
		return fail(r, E_DENIED, "reserved",
		    "管理员、审计、同步代理和第三方应用的角色不能更改",
		    "Roles of administrators, auditors, agents and "
		    "applications are not changed.");
	if (role == NULL && (r->arg[0][0] < 'a' || r->arg[0][0] > 'z' ||
	    strlen(r->arg[0]) > 40 || r->arg[0][strspn(r->arg[0],
	    letters)] != '\0'))
		return fail_unknown(r);
	if ((body = shape_body(r)) == NULL)
		return NEXT_FAIL;
	shape_check(r, role_fields, COUNT(role_fields), others, body, "");
	if (r->faults == NULL)
		check(r, role, body);
	next = r->faults != NULL ? shape_refuse(r)
	    : store(r, body);
	json_decref(body);
	return next;
}

static enum next
store(struct request *r, const json_t *body)
{
	const json_t *rights = json_object_get(body, "rights");
	const char *p[2] = { r->arg[0], shape_text(r, filled(role_find(
	    r->arg[0]), body)) };

	r->state = r;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_add(&r->batch, &put_role, 2, p);
	if (rights != NULL) {
		batch_addv(&r->batch, &put_rights, 2, p[0], shape_text(r,
		    json_deep_copy(rights)));
		batch_addv(&r->batch, &end_rights, 2, p[0], shape_text(r,
		    json_deep_copy(rights)));
	}
	return NEXT_DB;
}

/* What the body leaves out stays, or is the narrowest. */
static json_t *
filled(const struct role *role, const json_t *body)
{
	json_t *out = role != NULL ? json_pack(
	    "{ss si si sb sb ss ss sb ss s[]}", "label", role->label, "level",
	    role->level, "clearance", role->clearance, "needs_line",
	    role->line, "by_category", role->category, "own", role->own,
	    "pii_profile", role->profile,
	    "second_factor", role->second_factor, "status",
	    role->active ? "active" : "retired", "plays")
	    : json_pack("{si sb sb ss ss sb ss}", "clearance", 0, "needs_line",
	    false, "by_category", false, "own", "", "pii_profile", "none",
	    "second_factor", false, "status", "active");
	json_t *plays = json_object_get(out, "plays");

	REQUIRE(out != NULL);
	for (size_t i = 0; role != NULL && role->plays[i] != NULL; i++)
		json_array_append_new(plays, json_string(role->plays[i]));
	json_object_update(out, (json_t *)(uintptr_t)body);
	json_object_del(out, "rights");
	return out;
}

static void
check(struct request *r, const struct role *role, const json_t *body)
{
	static const char *const needed[] = { "label", "level", "plays",
		"rights" };
	const json_t *plays = json_object_get(body, "plays");
	const json_t *rights = json_object_get(body, "rights");

	for (size_t i = 0; role == NULL && i < COUNT(needed); i++)
		if (json_object_get(body, needed[i]) == NULL)
			shape_fault(r, "", needed[i], "required",
			    "新角色须填写", "is required of a new role");
	check_word(r, body, "own", owns);
	check_word(r, body, "pii_profile", profiles);
	check_word(r, body, "status", statuses);
	check_plays(r, role, plays);
	if (r->faults != NULL)
		return;
	check_rights(r, role, body, rights);
	if (role != NULL)
		check_wide(r, body, role);
	for (size_t i = 0; role == NULL && i < json_array_size(plays); i++)
		check_wide(r, body, role_find(json_string_value(
		    json_array_get(plays, i))));
}

static void
check_word(struct request *r, const json_t *body, const char *name,
    const char *const *words)
{
	const char *word = text(body, name);

	if (json_object_get(body, name) == NULL)
		return;
	for (size_t i = 0; word != NULL && words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return;
	shape_fault(r, "", name, "not_in_list", "不在可选范围内",
	    "is none of the words there are");
}

/* A command that names one of them is the new role's too. */
static void
check_plays(struct request *r, const struct role *role, const json_t *plays)
{
	size_t n = json_array_size(plays);

	if (plays == NULL)
		return;
	if (n < 1 || n > 10 || role != NULL)
		shape_fault(r, "", "plays", "out_of_range",
		    "新角色须代行 1 至 10 个已有角色，已有角色不再更改",
		    "a new role stands for 1 to 10 roles, and keeps them");
	for (size_t i = 0; i < n; i++) {
		const struct role *played = role_find(json_string_value(
		    json_array_get(plays, i)));

		if (played == NULL || played->part != PART_BUSINESS)
			shape_fault(r, "/plays", arena_printf(&r->arena, "%zu",
			    i), "not_in_list", "没有这个业务角色",
			    "no such business role");
	}
}

static void
check_rights(struct request *r, const struct role *role, const json_t *body,
    const json_t *rights)
{
	const json_t *plays = json_object_get(body, "plays");
	const char *group;
	json_t *verbs;

	json_object_foreach((json_t *)(uintptr_t)rights, group, verbs) {
		unsigned all = most(role, plays, group);

		if (!role_group_known(group) || !json_is_array(verbs)) {
			shape_fault(r, "/rights", group, "unknown",
			    "没有这类记录", "no such group of entities");
			continue;
		}
		for (size_t i = 0; i < json_array_size(verbs); i++) {
			const char *name = json_string_value(json_array_get(
			    verbs, i));
			unsigned verb = name != NULL ? verb_of(name) : 0;

			if (verb == 0 || !(all & verb))
				shape_fault(r, arena_printf(&r->arena,
				    "/rights/%s", group), arena_printf(
				    &r->arena, "%zu", i), verb == 0 ?
				    "not_in_list" : "wider", verb == 0 ?
				    "没有这个动作" :
				    "超出该角色（或其代行的角色）的权限",
				    verb == 0 ? "no such verb" : "is wider "
				    "than the role, or those it stands for");
		}
	}
	if (rights != NULL && !json_is_object(rights))
		shape_fault(r, "", "rights", "not_object", "应为对象",
		    "is an object of groups and verbs");
}

/* No role comes to more than those it stands for, or than it was. */
static void
check_wide(struct request *r, const json_t *body, const struct role *played)
{
	const json_t *level = json_object_get(body, "level");
	const char *own = text(body, "own"), *profile = text(body,
	    "pii_profile");

	if (level != NULL && json_integer_value(level) != played->level)
		shape_fault(r, "", "level", "wider",
		    "应与代行的角色同级", "is of another level than its roles");
	if (json_integer_value(json_object_get(body, "clearance")) >
	    played->clearance)
		shape_fault(r, "", "clearance", "wider", "高于代行的角色",
		    "is more than that of its roles");
	if (played->line && !kept(body, "needs_line"))
		shape_fault(r, "", "needs_line", "wider",
		    "代行的角色须指定条线", "its roles need a line");
	if (played->category && !kept(body, "by_category"))
		shape_fault(r, "", "by_category", "wider",
		    "代行的角色限于问题类别", "its roles are narrowed by "
		    "category");
	if (*played->own != '\0' && (own == NULL
	    ? json_object_get(body, "plays") != NULL
	    : strcmp(own, played->own) != 0))
		shape_fault(r, "", "own", "wider", "代行的角色只限本人对象",
		    "its roles are for rows of their own");
	if (profile != NULL && rank(profile) > rank(played->profile))
		shape_fault(r, "", "pii_profile", "wider",
		    "比代行的角色看到更多个人信息",
		    "shows more than its roles are shown");
}

/* Whether what its roles demand is demanded of a role's grants still: by a role
 * that is there, where nothing is said. */
static bool
kept(const json_t *body, const char *name)
{
	const json_t *v = json_object_get(body, name);

	return v != NULL ? json_is_true(v)
	    : json_object_get(body, "plays") == NULL;
}

static unsigned
most(const struct role *role, const json_t *plays, const char *group)
{
	unsigned all = 0;
	size_t n = role != NULL ? 1 : json_array_size(plays);

	for (size_t i = 0; i < n; i++) {
		const struct role *one = role != NULL ? role
		    : role_find(json_string_value(json_array_get(plays, i)));

		for (const struct permit *p = one->permits; p->group != NULL;
		    p++)
			if (strcmp(p->group, group) == 0)
				all |= role != NULL ? p->most : p->verbs;
	}
	return all;
}

static int
rank(const char *profile)
{
	for (int i = 0; profiles[i] != NULL; i++)
		if (strcmp(profiles[i], profile) == 0)
			return i;
	return 0;
}

static const char *
text(const json_t *body, const char *name)
{
	return json_string_value(json_object_get(body, name));
}
