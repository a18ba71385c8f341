/* Guards and relations of the issue's lifecycle. */
#include "issue_guard.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "entity.h"
#include "model/chapters.h"
#include "move.h"
#include "scope.h"

static const struct entity *issue(void);
static const char *get(const char *const *row, const char *name);
static bool is(const char *a, const char *b);
static bool role(const struct request *, const char *code);
static bool township(const struct request *);
static bool department(const struct request *, const char *const *row);
static const char *subject(const char *const *row);
static const char *unmet(const char **zh, const char **en, const char *code,
    const char *say_zh, const char *say_en);

const char *
guard_due(struct request *r, const char *const *row, const char **zh,
    const char **en)
{
	const char *due = get(row, "due_on"), *mode = get(row, "rectify_mode");
	const char *stop = action_param(row_action(issue(), row),
	    "hard_stop_on");

	if (is(mode, "limited") && due == NULL)
		return unmet(zh, en, "due_on",
		    "限期整改必须写明整改时限 due_on",
		    "A limited rectification needs due_on.");
	/* Later only what lasts, and as the county approved it (A27). */
	if (due != NULL && stop != NULL && strcmp(due, stop) > 0 &&
	    !(is(mode, "long_term") && get(row, "next_review_on") != NULL))
		return unmet(zh, en, "hard_stop",
		    arena_printf(&r->arena, "整改时限不能晚于 %s；需要长期坚持的，"
		    "由县批准转长期坚持", stop),
		    arena_printf(&r->arena, "due_on must be %s or earlier; "
		    "what lasts is suspended by the county.", stop));
	return NULL;
}

const char *
guard_on_spot(struct request *r, const char *const *row, const char **zh,
    const char **en)
{
	const char *mode = get(row, "rectify_mode");

	(void)r;
	if (mode != NULL && !is(mode, "immediate"))
		return unmet(zh, en, "not_immediate",
		    "只有立行立改的问题可以当场整改",
		    "Only rectify_mode immediate can be fixed on the spot.");
	return NULL;
}

const char *
guard_complete(struct request *r, const char *const *row, const char **zh,
    const char **en)
{
	(void)r;
	if (!is(get(row, "is_completed"), "t"))
		return unmet(zh, en, "not_completed",
		    "整改尚未完成：进展情况应以“已完成”开头，或给出 is_completed",
		    "is_completed must be true.");
	return NULL;
}

const char *
guard_accept(struct request *r, const char *const *row, const char **zh,
    const char **en)
{
	const char *submitter = get(row, "submitted_by");

	if (submitter == NULL || strcmp(submitter, r->who.id) == 0)
		return unmet(zh, en, "two_persons",
		    "申请人与验收人必须是两个人，请由另一位有权人员办理",
		    "The acceptor must be another person than the one who "
		    "asked for acceptance.");
	return NULL;
}

const char *
guard_reject(struct request *r, const char *const *row, const char **zh,
    const char **en)
{
	if (move_text(r, "opinion") == NULL)
		return unmet(zh, en, "no_opinion", "退回时必须写明验收意见 opinion",
		    "opinion must be given.");
	if (!json_is_string(json_object_get(request_json(r), "due_on")))
		return unmet(zh, en, "no_new_due",
		    "退回时必须重新写明整改时限 due_on",
		    "A new due_on must be given.");
	return guard_due(r, row, zh, en);
}

const char *
guard_suspend(struct request *r, const char *const *row, const char **zh,
    const char **en)
{
	(void)r;
	if (!is(get(row, "rectify_mode"), "long_term"))
		return unmet(zh, en, "not_long_term",
		    "只有整改方式为“长期坚持”的问题可以转为长期坚持",
		    "rectify_mode must be long_term.");
	return NULL;
}

const char *
guard_merge(struct request *r, const char *const *row, const char **zh,
    const char **en)
{
	static const char *const same[] = { "action_id", "category",
		"subject_kind", "project_uid", "project_id", "household_id",
		"unit_org_id", "unit_code" };
	const char *const *target = move_target(r);
	const char *village, *own = get(row, "village_code");
	bool other = false;

	/* What has ended would end this one without acceptance (F21). */
	if (target == NULL || is(get(target, "id"), get(row, "id")) ||
	    is(get(target, "state"), "merged") ||
	    is(get(target, "state"), "voided") ||
	    is(get(target, "state"), "closed"))
		return unmet(zh, en, "no_target",
		    "合并的目标问题不存在、已销号、已作废或就是它自己",
		    "merged_into_id must be another open issue.");
	village = get(target, "village_code");
	for (size_t i = 0; i < COUNT(same); i++) {
		const char *a = get(row, same[i]), *b = get(target, same[i]);

		other = other || (a == NULL) != (b == NULL) ||
		    (a != NULL && !is(a, b));
	}
	/* Where it lies may be told in one of them only. */
	other = other || (own != NULL && village != NULL && !is(own, village));
	if (other)
		return unmet(zh, en, "other_subject",
		    "只能合并到同一单位、同一对象、同一类别的问题",
		    "The target must have the same unit, subject and "
		    "category.");
	return NULL;
}

bool
issue_barred(struct request *r, const struct move *m, const char *const *row)
{
	const char *submitter, *zh, *en;

	if (m->guard == guard_accept) {
		submitter = get(row, "submitted_by");
		return submitter == NULL || is(submitter, r->who.id);
	}
	return m->guard == guard_suspend &&
	    guard_suspend(r, row, &zh, &en) != NULL;
}

bool
issue_settled(struct request *r, const char *const *row, const bool *changed)
{
	static const char *const deciding[] = { "responsible_subject_kind",
		"responsible_org_id", "competent_org_id", "competent_line" };
	const char *state = get(row, "state");
	bool settled = is(state, "completed") || is(state, "accepted");

	for (size_t i = 0; settled && i < COUNT(deciding); i++)
		if (changed[field_index(issue(), deciding[i])])
			fault(r, arena_printf(&r->arena, "/%s", deciding[i]),
			    "R-05", "settled",
			    "已申请验收，不能再改变由谁验收",
			    "Who accepts is settled once acceptance is asked "
			    "for.");
	return r->faults == NULL;
}

bool
issue_relation(const struct request *r, const char *relation,
    const char *const *row)
{
	const char *kind = subject(row), *org = get(row,
	    "responsible_org_id");

	if (strcmp(relation, "@self") == 0)
		return is(kind, "sector_dept") && role(r, "dept_lead") &&
		    department(r, row);
	if (strcmp(relation, "@responsible") == 0) {
		if (org != NULL && is(org, r->who.org))
			return true;
		if (is(kind, "sector_dept"))
			return department(r, row);
		if (is(kind, "county"))
			return role(r, "lead_bureau") || role(r, "task_force");
		/* What an operator sees is its own (5.1). */
		return township(r) || (is(kind, "implementing_entity") &&
		    (department(r, row) || role(r, "operator_user")));
	}
	/* @acceptor, R-05 */
	if (is(kind, "implementing_entity") &&
	    (get(row, "competent_org_id") != NULL ||
	    *get(row, "competent_line") != '\0'))
		return role(r, "dept_lead") && department(r, row);
	if (is(kind, "sector_dept"))
		return false;
	if (is(kind, "county"))
		return role(r, "pref_dept");
	/* F12: also the county's special group of the category. */
	return role(r, "lead_bureau") || (role(r, "special_group") &&
	    scope_category(&r->who, get(row, "category"),
	    strtoll(get(row, "division_code"), NULL, 10)));
}

void
issue_acceptor(const char *const *row, const char **zh, const char **en)
{
	const char *kind = subject(row);

	if (is(kind, "sector_dept")) {
		*zh = "整改主体为行业部门，由本部门负责人自核自销（self_close）";
		*en = "The department's own lead uses self_close (Y40).";
	} else if (is(kind, "county")) {
		*zh = "整改主体为县级，由市级对口部门验收";
		*en = "The prefecture's department accepts.";
	} else if (is(kind, "implementing_entity") &&
	    (get(row, "competent_org_id") != NULL ||
	    *get(row, "competent_line") != '\0')) {
		*zh = "整改主体为项目实施主体，由行业主管部门负责人验收";
		*en = "The lead of the competent department accepts.";
	} else {
		*zh = "由县农业农村局、乡村振兴局或该类别的专项工作组验收";
		*en = "The county's lead bureau accepts, or the special group "
		    "of the category.";
	}
}

static const struct entity *
issue(void)
{
	return &issue_entity;
}

static const char *
get(const char *const *row, const char *name)
{
	const char *v = row_get(issue(), row, name);

	return v == NULL && strcmp(name, "competent_line") == 0 ? "" : v;
}

static bool
is(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool
role(const struct request *r, const char *code)
{
	return role_plays(&r->who, code);
}

static bool
township(const struct request *r)
{
	return role(r, "township_clerk") || role(r, "township_lead") ||
	    role(r, "village_admin");
}

/* The caller speaks for the competent department of the row. */
static bool
department(const struct request *r, const char *const *row)
{
	const char *org = get(row, "competent_org_id");
	const char *line = get(row, "competent_line");

	if (!role(r, "dept_clerk") && !role(r, "dept_lead"))
		return false;
	if (org != NULL)
		return is(org, r->who.org);
	return *line != '\0' && is(line, r->who.scope.line);
}

/* Not assigned yet, an issue is the township's that reported it. */
static const char *
subject(const char *const *row)
{
	const char *kind = get(row, "responsible_subject_kind");

	return kind != NULL ? kind : "township";
}

static const char *
unmet(const char **zh, const char **en, const char *code, const char *say_zh,
    const char *say_en)
{
	*zh = say_zh;
	*en = say_en;
	return code;
}
