/* The numbered rules of an issue. */
#include "rules.h"

#include <string.h>

#include "base/canon.h"
#include "base/err.h"

/* The columns the rules read; a list asks some dozens of times per row. */
enum column {
	DESCRIPTION, PROGRESS_TEXT, IS_COMPLETED, INCOMPLETE_REASON, EXPECTED_ON,
	CLOSED, ACCEPTED, LEADER_NAME, RECTIFY_MODE, DUE_ON,
	NEXT_REVIEW_ON, ACCEPTED_ON, D_UNIT_OR_PROJECT, D_ENTITY, D_HAPPENED_ON, D_BASIC
};
static const char *const names[] = {
	[DESCRIPTION] = "description",
	[PROGRESS_TEXT] = "progress_text",
	[IS_COMPLETED] = "is_completed",
	[INCOMPLETE_REASON] = "incomplete_reason",
	[EXPECTED_ON] = "expected_on",
	[CLOSED] = "closed",
	[ACCEPTED] = "accepted",
	[LEADER_NAME] = "leader_name",
	[RECTIFY_MODE] = "rectify_mode",
	[DUE_ON] = "due_on",
	[NEXT_REVIEW_ON] = "next_review_on",
	[ACCEPTED_ON] = "accepted_on",
	[D_UNIT_OR_PROJECT] = "d_unit_or_project",
	[D_ENTITY] = "d_entity",
	[D_HAPPENED_ON] = "d_happened_on",
	[D_BASIC] = "d_basic"
};
static int column_of[COUNT(names)];
/* What a complete row of the ledger holds. */
static struct must {
	int column;
	const char *zh, *en; /* that it is missing */
} must[64];
static size_t nmust;

/* What every rule reads. */
struct look {
	struct arena *arena;
	const struct entity *entity;
	const struct action_facts *action;
	const char *const *row;
	struct findings *out;
};

static void rule_r17(const struct look *);
static void rule_y55(const struct look *);
static void rule_y56(const struct look *);
static void rule_y57(const struct look *);
static void rule_y34(const struct look *);
static void rule_y36(const struct look *);
static void rule_a1(const struct look *);
static void rule_r24(const struct look *);
static void learn(const struct entity *);
static const char *get(const struct look *, enum column);
static bool yes(const struct look *, enum column);
static void say(const struct look *, const char *name, const char *rule,
    const char *code, const char *level, const char *zh, const char *en);
static void say_of(const struct look *, const char *name, const char *rule,
    const char *code, const char *level, const char *zh, const char *en);

void
rules_issue(struct arena *a, const struct entity *e, const struct codes *codes,
    const struct action_facts *action, const char *const *row,
    struct findings *out)
{
	const struct look l = { a, e, action, row, out };

	(void)codes;
	learn(e);
	rule_r17(&l);
	rule_y55(&l);
	rule_y56(&l);
	rule_y57(&l);
	rule_y34(&l);
	rule_y36(&l);
	rule_a1(&l);
	rule_r24(&l);
}

bool
findings_clean(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->at[i].level, "error") == 0)
			return false;
	return true;
}

void
finding_add(struct arena *a, struct findings *f, const struct finding *one)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 16;
		struct finding *at = arena_array(a, cap, sizeof *at);

		if (f->n > 0)
			memcpy(at, f->at, f->n * sizeof *at);
		f->at = at;
		f->cap = cap;
	}
	f->at[f->n++] = *one;
}

/* R-17 (DQ-01): what a complete row of the ledger holds. */
static void
rule_r17(const struct look *l)
{
	for (size_t i = 0; i < nmust; i++) {
		const struct must *m = &must[i];

		if (l->row[m->column] == NULL)
			say(l, field_at(l->entity, m->column)->name, "R-17",
			    "missing", "error", m->zh, m->en);
	}
}

/* Y55: the description names project, entity, time and facts. */
static void
rule_y55(const struct look *l)
{
	static const struct {
		enum column column;
		const char *zh, *en;
	} part[] = {
		{ D_UNIT_OR_PROJECT, "没有写明部门或项目名称，请写成“项目名称：……”",
		    "does not name the project or department" },
		{ D_ENTITY, "没有写明项目实施主体，请写成“实施主体：……”",
		    "does not name the implementing entity" },
		{ D_HAPPENED_ON, "没有写明问题发生时间，或写法认不出，请写成"
		    "“发生时间：2023年4月6日”",
		    "does not say when it happened" },
		{ D_BASIC, "没有写明问题的基本情况，请写成“基本情况：……”",
		    "does not give the facts" },
	};

	if (get(l, DESCRIPTION) == NULL)
		return;
	for (size_t i = 0; i < COUNT(part); i++)
		if (get(l, part[i].column) == NULL)
			say(l, "description", "Y55", names[part[i].column],
			    "warning", part[i].zh, part[i].en);
}

/* Y56: not complete → why, and when it will be. */
static void
rule_y56(const struct look *l)
{
	const char *done = get(l, IS_COMPLETED);

	if (get(l, PROGRESS_TEXT) != NULL && done == NULL)
		say(l, "progress_text", "Y56", "completion", "warning",
		    "没有写明是否完成，请以“已完成”或“未完成”开头",
		    "does not begin with 已完成 or 未完成");
	if (done == NULL || *done != 'f')
		return;
	if (get(l, INCOMPLETE_REASON) == NULL)
		say(l, "progress_text", "Y56", "reason", "error",
		    "未完成的要写明原因，请写“原因：……”",
		    "gives no reason for not being complete");
	if (get(l, EXPECTED_ON) == NULL)
		say(l, "progress_text", "Y56", "expected", "error",
		    "未完成的要写明预计完成时间；写了而认不出的，请写成"
		    "“预计2023年5月31日完成”",
		    "gives no expected day of completion");
}

/* Y57: closed only after accepted. */
static void
rule_y57(const struct look *l)
{
	if (yes(l, CLOSED) && !yes(l, ACCEPTED))
		say(l, "closed", "Y57", "not_accepted", "error",
		    "先验收，后销号：尚未验收，不能销号",
		    "cannot be closed before it is accepted");
}

/* Y34 (§8 A21): one issue, one leader; the first of several counts. */
static void
rule_y34(const struct look *l)
{
	const char *v = get(l, LEADER_NAME);

	if (v != NULL && (strstr(v, "、") != NULL || strchr(v, ',') != NULL ||
	    strstr(v, "，") != NULL || strchr(v, '/') != NULL ||
	    strchr(v, ';') != NULL || strstr(v, "；") != NULL))
		say(l, "leader_name", "Y34", "several", "warning",
		    "一个问题只填一名整改责任领导，多人时以第一人为准",
		    "names several leaders; the first one counts");
}

/* Y36: what cannot be rectified at once has a time limit. */
static void
rule_y36(const struct look *l)
{
	const char *mode = get(l, RECTIFY_MODE);

	if (mode != NULL && strcmp(mode, "limited") == 0 &&
	    get(l, DUE_ON) == NULL)
		say(l, "due_on", "Y36", "missing", "error",
		    "限期整改的要写明整改时限", "has no time limit");
}

/* §8 A1: everything is rectified by the hard stop of the action, but for what
 * lasts and the county has under review (A27). */
static void
rule_a1(const struct look *l)
{
	const char *due = get(l, DUE_ON), *mode = get(l, RECTIFY_MODE);
	const char *stop;

	if (due == NULL || (mode != NULL && strcmp(mode, "long_term") == 0 &&
	    get(l, NEXT_REVIEW_ON) != NULL))
		return;
	stop = action_param(l->action, "hard_stop_on");
	if (stop == NULL || strcmp(due, stop) <= 0)
		return;
	say_of(l, "due_on", "R-17", "later_than", "error",
	    arena_printf(l->arena, "整改时限不能晚于 %s", stop),
	    arena_printf(l->arena, "is later than %s", stop));
}

/* acceptance outside its phase is allowed and flagged. */
static void
rule_r24(const struct look *l)
{
	const char *on = get(l, ACCEPTED_ON), *word = NULL, *from, *to;

	if (on == NULL)
		return;
	from = action_param(l->action, "accept_from");
	to = action_param(l->action, "accept_to");
	if (from != NULL && strcmp(on, from) < 0)
		word = "早于";
	if (to != NULL && strcmp(on, to) > 0)
		word = "晚于";
	if (word == NULL)
		return;
	say_of(l, "accepted_on", "R-24", "outside_phase", "warning",
	    arena_printf(l->arena, "验收日期%s验收阶段（%s 至 %s）", word,
	    from != NULL ? from : "", to != NULL ? to : ""),
	    "acceptance lies outside its phase");
}

static void
learn(const struct entity *e)
{
	static const struct entity *of;
	static struct arena forever;

	if (of == e)
		return;
	of = e;
	for (size_t i = 0; i < COUNT(names); i++) {
		column_of[i] = field_index(e, names[i]);
		REQUIRE(column_of[i] >= 0);
	}
	nmust = 0;
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (!(f->flags & F_ROW))
			continue;
		REQUIRE(nmust < COUNT(must));
		must[nmust++] = (struct must) { (int)i,
			arena_printf(&forever, "“%s”没有填写", f->label),
			arena_printf(&forever, "%s is missing", f->name) };
	}
}

static const char *
get(const struct look *l, enum column c)
{
	return l->row[column_of[c]];
}

static bool
yes(const struct look *l, enum column c)
{
	const char *v = get(l, c);

	return v != NULL && *v == 't';
}

static void
say(const struct look *l, const char *name, const char *rule,
    const char *code, const char *level, const char *zh, const char *en)
{
	const struct finding f = { name, rule, code, level, zh, en, false };

	finding_add(l->arena, l->out, &f);
}

/* The same in words that are made for this row. */
static void
say_of(const struct look *l, const char *name, const char *rule,
    const char *code, const char *level, const char *zh, const char *en)
{
	const struct finding f = { name, rule, code, level, zh, en, true };

	finding_add(l->arena, l->out, &f);
}
