/* The conditions of a request, one by one: person, grant, role, place, row,
 * command. */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "issue_guard.h"
#include "login.h"
#include "move_plan.h"
#include "query.h"
#include "scope.h"

#define DEMANDS_MAX 20 /* commands whose demands are asked in one batch */

static void add(struct whys *, const char *code, const char *zh,
    const char *en);
static void unseen_narrow(struct request *, const struct explained *,
    struct whys *);
static bool of_category(const struct request *, const struct explained *);
static void own_coverage(const struct request *, const struct explained *,
    struct whys *);
static bool gives_ever(const struct request *, const struct move *);
static void why_guard(struct request *, const struct explained *,
    const struct move *, struct whys *);
static void why_demands(struct request *, const struct explained *,
    const struct move *, size_t at, struct whys *);
static const char *who_list(struct request *, const struct explained *,
    const struct move *, bool en);

static void
add(struct whys *w, const char *code, const char *zh, const char *en)
{
	if (w->n < WHY_MAX)
		w->at[w->n++] = (struct why) { code, zh, en };
}

void
why_person(struct request *r, const struct explained *x, int grant,
    struct whys *w)
{
	const struct rows *u = x->user;
	const char *shut = rows_text(x->grants, grant, 14);

	if (*rows_text(u, 0, 3) != 't')
		add(w, "locked", "该用户已停用或锁定", "The user is locked.");
	if (shut != NULL)
		add(w, "locked_out", arena_printf(&r->arena,
		    "该账号登录失败次数过多，%s（北京时间）之前不能登录", shut),
		    arena_printf(&r->arena, "Too many failed sign-ins: the "
		    "account is locked until %s (Asia/Shanghai).", shut));
	if (*rows_text(u, 0, 6) == 't')
		add(w, "password_change_required", "该用户须先修改密码",
		    "The user must change the password first.");
	if (*rows_text(u, 0, 7) != 't' && second_needed(r->who.role))
		add(w, "totp_setup_required", "该用户须先设置动态验证码",
		    "The user must set up the second factor first.");
	if (*rows_text(x->grants, grant, 6) != 't')
		add(w, "not_valid", "这项授权尚未生效或已到期",
		    "The grant is not valid now.");
}

/* The role has the right; some are given on no group in particular. */
void
why_verb(struct request *r, const struct explained *x, unsigned verb,
    struct whys *w)
{
	const struct role *role = role_find(r->who.role);
	const char *label = x->entity != NULL ? x->entity->label : x->group;
	const char *name = x->entity != NULL ? x->entity->path : x->group;

	if (role == NULL || !role_may(role, verb, verb == V_SYNC ||
	    verb >= V_CONFIGURE ? NULL : x->entity != NULL ? x->entity->name
	    : x->group))
		add(w, "role", arena_printf(&r->arena, verb == V_READ
		    ? "这个角色不能查看“%s”" : verb == V_MOVE
		    ? "这个角色不能对“%s”办理任何命令"
		    : "这个角色没有“%s”的这项权限", label), arena_printf(
		    &r->arena, verb == V_READ ? "The role does not read %s."
		    : verb == V_MOVE ? "The role gives no commands on %s."
		    : "The role has no such right on %s.", name));
	else if (r->who.readonly && verb != V_READ && verb != V_AUDIT)
		add(w, "readonly", "这个角色只能查看",
		    "The role only reads.");
}

/* What both walls ask of a row or a place. */
void
why_unseen(struct request *r, const struct explained *x, struct whys *w)
{
	const struct entity *e = x->entity;
	const char *code = x->row != NULL ? row_get(e, x->row,
	    "division_code") : x->place;
	int64_t at = code != NULL ? strtoll(code, NULL, 10) : 0;
	bool shared = e != NULL && e->shared && x->row != NULL;
	bool below = shared && r->who.scope.lo >= at &&
	    r->who.scope.lo <= division_last(at);

	if (code != NULL && !below && (at < r->who.division ||
	    at > division_last(r->who.division)))
		add(w, "division", "这条记录不在授权的区划之内",
		    "The row is not within the grant's division.");
	else if (code != NULL && !below && !scope_covers(&r->who, at))
		add(w, "coverage", "这条记录不在授权组织覆盖的区划之内",
		    "The row is not within the coverage of the grant's "
		    "organisation.");
	if (x->row != NULL)
		unseen_narrow(r, x, w);
}

static void
unseen_narrow(struct request *r, const struct explained *x, struct whys *w)
{
	const struct scope *s = &r->who.scope;
	const char *line = row_get(x->entity, x->row, "competent_line");
	const char *action = row_get(x->entity, x->row, "action_id");
	long sensitivity = strtol(row_get(x->entity, x->row, "sensitivity"),
	    NULL, 10);

	if (*s->line != '\0' && !x->entity->shared &&
	    strcmp(line != NULL ? line : "", s->line) != 0)
		add(w, "line", "这条记录不属于授权的条线",
		    "The row is not of the grant's sector line.");
	if (sensitivity > s->clearance && x->blind)
		add(w, "clearance", "这条记录的敏感级别高于授权的级别",
		    "The row's sensitivity is above the grant's clearance.");
	else if (sensitivity > s->clearance)
		add(w, "clearance", arena_printf(&r->arena,
		    "这条记录的敏感级别为 %ld，授权只到 %d", sensitivity,
		    s->clearance), arena_printf(&r->arena,
		    "The row's sensitivity is %ld, the grant's clearance %d.",
		    sensitivity, s->clearance));
	if (text_given(s->action) && action != NULL &&
	    strcmp(action, s->action) != 0)
		add(w, "action", "这条记录属于另一个专项行动",
		    "The row is of another action than the grant's.");
	if (text_given(s->category) && !of_category(r, x))
		add(w, "category", "这条记录不属于授权组织负责的问题类别",
		    "The row is of a category that the grant's organisation "
		    "does not cover there.");
	if (text_given(s->own) && !x->entity->shared &&
	    !query_owned(x->entity, x->row, s->own))
		add(w, "own", "这条记录不在该用户负责的对象之列",
		    "The row is none of those that are the user's own.");
}

/* By its own category, or that of one of the issues it is of. What is of an
 * issue that the asker does not see is of none that he could tell of. */
static bool
of_category(const struct request *r, const struct explained *x)
{
	const char *of = x->entity->category;
	int n = x->issues != NULL ? rows_n(x->issues) : 0;

	if (of == NULL || row_get(x->entity, x->row, of) == NULL)
		return true;
	if (x->issues == NULL)
		return scope_category(&r->who, row_get(x->entity, x->row, of),
		    strtoll(row_get(x->entity, x->row, "division_code"), NULL,
		    10));
	for (int i = 0; i < n; i++)
		if (scope_category(&r->who, rows_text(x->issues, i, 0),
		    rows_long(x->issues, i, 1)))
			return true;
	return n == 0 && strcmp(of, "id") == 0;
}

/* What a change of fields asks beyond the right to. */
void
why_locked(struct request *r, const struct explained *x, struct whys *w)
{
	const char *zh, *en, *code;

	if (x->row == NULL || x->entity == NULL)
		return;
	code = row_locked(r, x->entity, x->row, &zh, &en);
	if (code != NULL)
		add(w, strcmp(code, "other_level") == 0 ? "level" : "state",
		    zh, en);
	own_coverage(r, x, w);
}

static void
own_coverage(const struct request *r, const struct explained *x,
    struct whys *w)
{
	if (move_own_coverage(r, x->entity, x->row))
		add(w, "own_coverage",
		    "其本人的授权按这个单位的覆盖范围确定，须由另一位有权人员办理",
		    "A grant of the user's own is narrowed to this coverage: "
		    "for another person.");
}

void
why_move(struct request *r, const struct explained *x, size_t at,
    struct whys *w)
{
	const struct entity *e = x->entity;
	const struct move *m = move_at(e, at);

	if (x->row == NULL) { /* by his role, or by what the row says */
		if (!gives_ever(r, m))
			add(w, "who", who_list(r, x, m, false),
			    who_list(r, x, m, true));
		return;
	}
	if (w->n == 0 && !move_who(r, e, m, x->row))
		add(w, "who", who_list(r, x, m, false),
		    who_list(r, x, m, true));
	if (!move_from(e, m, x->row)) {
		(void)refuse_state(r, e, m, x->row);
		add(w, "state", x->blind ? "这条记录现在的状态不能办理这个命令"
		    : r->detail_zh, x->blind
		    ? "The command does not start from the row's state."
		    : r->detail_en);
	}
	if (move_restores(m))
		own_coverage(r, x, w);
	why_guard(r, x, m, w);
	why_demands(r, x, m, at, w);
	r->faults = NULL;
	r->faults_end = &r->faults;
	r->err = OK;
	r->code = r->detail_zh = r->detail_en = NULL;
}

static bool
gives_ever(const struct request *r, const struct move *m)
{
	for (size_t i = 0; m->who[i] != NULL; i++)
		if (*m->who[i] == '@' || role_plays(&r->who, m->who[i]))
			return true;
	return false;
}

static void
why_guard(struct request *r, const struct explained *x,
    const struct move *m, struct whys *w)
{
	const char *giver = x->giver != NULL ? x->giver
	    : row_get(x->entity, x->row, "created_by");
	bool acceptor = move_lists(m->who, "@acceptor");

	if ((m->flags & M_OTHER) && giver != NULL &&
	    strcmp(giver, r->who.id) == 0)
		add(w, "two_persons",
		    "上一步由其本人办理，这一步须由另一位有权人员办理",
		    "He gave the last command; another person must give "
		    "this one.");
	if (m->guard != NULL && move_from(x->entity, m, x->row) &&
	    issue_barred(r, m, x->row))
		add(w, "guard", arena_printf(&r->arena,
		    "“%s”的前提尚不具备：%s", m->label, acceptor
		    ? "申请人与验收人必须是两个人" : "整改方式应为“长期坚持”"),
		    acceptor ? "The acceptor must be another person than the "
		    "one who asked for acceptance."
		    : "rectify_mode must be long_term.");
}

static void
why_demands(struct request *r, const struct explained *x,
    const struct move *m, size_t at, struct whys *w)
{
	const struct rows *rows;

	if (at >= COUNT(x->asked) || x->asked[at] == 0)
		return;
	rows = batch_rows(&r->batch, x->asked[at] - 1);
	for (int i = 0; m->demands[i].code != NULL; i++) {
		const char *met = rows_n(rows) == 1 ? rows_text(rows, 0, i)
						    : NULL;

		if (met == NULL || *met != 't')
			add(w, m->demands[i].code, m->demands[i].zh,
			    m->demands[i].en);
	}
}

void
explain_demands(struct request *r, struct explained *x,
    const struct move *only)
{
	const struct entity *e = x->entity;

	for (size_t i = 0; i < move_count(e) && i < COUNT(x->asked); i++) {
		const struct move *m = move_at(e, i);

		if ((only == NULL || only == m) && m->demands != NULL &&
		    move_from(e, m, x->row) && r->batch.n < DEMANDS_MAX)
			x->asked[i] = 1 + move_ask(r, e, m,
			    rows_text(x->user, 0, 0));
	}
}

/* By role, or by what one has to do with the row. */
static const char *
who_list(struct request *r, const struct explained *x, const struct move *m,
    bool en)
{
	static const struct {
		const char *who, *zh, *en;
	} relation[] = {
		{ "@above", "上级（县级及以上）", "a level above, county or more" },
		{ "@filer", "填报层级的经办人", "whoever files such rows" },
		{ "@responsible", "整改责任单位", "the responsible party" },
		{ "@acceptor", "有权验收的单位", "whoever may accept" },
		{ "@self", "行业部门负责人（自核自销）",
		    "the department's own lead" },
	};
	const char *list = "", *comma = en ? ", " : "、";

	for (size_t i = 0; m->who[i] != NULL; i++) {
		const struct role *role = role_find(m->who[i]);
		const char *zh = role != NULL ? role->label : m->who[i];
		const char *name = m->who[i];

		for (size_t k = 0; k < COUNT(relation); k++)
			if (strcmp(relation[k].who, m->who[i]) == 0) {
				zh = relation[k].zh;
				name = relation[k].en;
			}
		/* Who accepts depends on what the row says. */
		if (strcmp(m->who[i], "@acceptor") == 0 && x->row != NULL &&
		    !x->blind)
			issue_acceptor(x->row, &zh, &name);
		list = arena_printf(&r->arena, "%s%s%s", list, i > 0 ? comma
		    : "", en ? name : zh);
	}
	return arena_printf(&r->arena, en ? "It is for: %s."
	    : "这个命令由以下人员办理：%s", list);
}

void
why_write(struct buf *b, const struct why *why)
{
	buf_printf(b, "{\"code\":\"%s\",\"zh\":", why->code);
	buf_json(b, why->zh);
	buf_key(b, "en");
	buf_json(b, why->en);
	buf_char(b, '}');
}

void
why_write_all(struct buf *b, const struct whys *w)
{
	buf_char(b, '[');
	for (unsigned i = 0; i < w->n; i++) {
		buf_comma(b);
		why_write(b, &w->at[i]);
	}
	buf_char(b, ']');
}
