/*
 * GET /v1/explain?user=&action=&object=: which grant lets somebody do
 * something, or which condition refuses, first of those that a request meets.
 * Anybody asks about himself; security administrators and those who have the
 * right to explain about people and rows within their own scope (issue 4.7).
 */
#include "explain.h"

#include <string.h>

#include "base/uid.h"
#include "entity.h"
#include "move.h"
#include "route.h"
#include "scope.h"

enum { WHO = 1, ROW, ASKED };

struct work {
	int phase;
	struct explained x;
	unsigned verb;		/* V_…, or … */
	const struct move *move; /* … the command */
	size_t at;		/* its number */
	const char *action;	/* entity:verb, canonical */
	const char *user;
};

static enum next explain(struct request *);
static enum next begin(struct request *, struct work *);
static enum next look(struct request *, struct work *);
static bool read_action(struct request *, struct work *);
static bool read_verb(struct request *, struct work *, const char *verb);
static bool read_object(struct request *, struct work *);
static bool read_place(struct work *, const char *id);
static const struct entity *entity_named(const char *, size_t len);
static bool wrong(struct request *, const char *pointer, const char *zh,
    const char *en);
static enum next answer(struct request *, struct work *);
static bool render_grant(struct request *, struct work *, int grant,
    struct why *first);
static void judge(struct request *, const struct work *, int grant,
    struct whys *);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/explain", .right = RIGHT_SELF,
	    .handle = explain, .lane = LANE_FAST, .id = "explain",
	    .summary = "Which grant allows, or which condition refuses",
	    .summary_zh = "说明某人能否办理及其原因",
	    .reply_schema = "Reasoning", .fails = "403 404 422",
	    .params = "explainUser explainAction explainObject" },
};

void
explain_init(void)
{
	explain_who_init();
	explain_row_init();
	route_register(routes, COUNT(routes));
}

static enum next
explain(struct request *r)
{
	struct work *w = r->state;

	if (w == NULL) {
		r->state = w = arena_alloc(&r->arena, sizeof *w);
		w->phase = WHO;
		return begin(r, w);
	}
	if (r->batch.failed >= 0)
		return fail(r, E_INTERNAL, NULL, NULL, NULL);
	switch (w->phase++) {
	case WHO:
		if (!explain_who_found(r, &w->x))
			return NEXT_FAIL;
		return look(r, w);
	case ROW:
		if (!explain_row_found(r, &w->x))
			return NEXT_FAIL;
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		if (w->move != NULL)
			explain_demands(r, &w->x, w->move);
		return r->batch.n > 0 ? NEXT_DB : answer(r, w);
	default:
		return answer(r, w);
	}
}

static enum next
begin(struct request *r, struct work *w)
{
	const char *user = request_param(r, "user");
	bool self = user == NULL || strcmp(user, r->who.id) == 0 ||
	    strcmp(user, r->who.login) == 0;

	if (!self && !role_may(role_find(r->who.role), V_READ, "explain"))
		return fail(r, E_DENIED, NULL, NULL, NULL);
	w->user = self ? r->who.id : user;
	if (!read_action(r, w) || !read_object(r, w))
		return NEXT_FAIL;
	/* Who may see no rows of the entity hears conditions only, and that
	 * as security administrator: he decides who may. */
	w->x.blind = !role_may(role_find(r->who.role), V_READ,
	    w->x.entity != NULL ? w->x.entity->name : w->x.group);
	if (w->x.blind && r->arg[0] != NULL &&
	    r->who.part != PART_SECURITY)
		return fail_unknown(r);
	if (w->x.blind && r->who.part == PART_SECURITY)
		r->who.scope.clearance = 4;
	explain_who(r, w->user);
	return NEXT_DB;
}

static enum next
look(struct request *r, struct work *w)
{
	if (r->arg[0] == NULL)
		return answer(r, w);
	explain_row(r, w->x.entity);
	return NEXT_DB;
}

/* entity:verb, entity:command, or the latter alone with an object. */
static bool
read_action(struct request *r, struct work *w)
{
	const char *action = request_param(r, "action");
	const char *object = request_param(r, "object");
	const char *colon = action != NULL ? strchr(action, ':') : NULL;
	const char *slash = object != NULL ? strchr(object, '/') : NULL;
	const char *of = colon != NULL ? action : object;
	size_t len = colon != NULL ? (size_t)(colon - action)
	    : slash != NULL ? (size_t)(slash - object) : 0;

	if (action == NULL || len == 0)
		return wrong(r, "?action", "应为 实体:动作，如 issue:read",
		    "is entity:verb or entity:command");
	w->x.entity = entity_named(of, len);
	w->x.group = arena_strndup(&r->arena, of, len);
	if (w->x.entity == NULL && !role_group_known(w->x.group))
		return wrong(r, "?action", "没有这类记录",
		    "names no such entity");
	return read_verb(r, w, colon != NULL ? colon + 1 : action);
}

static bool
read_verb(struct request *r, struct work *w, const char *verb)
{
	const struct entity *e = w->x.entity;

	w->verb = verb_of(verb);
	w->action = arena_printf(&r->arena, "%s:%s", e != NULL ? e->name
	    : w->x.group, verb);
	if (w->verb != 0)
		return true;
	w->move = e != NULL ? move_find(e, verb) : NULL;
	while (w->move != NULL && move_at(e, w->at) != w->move)
		w->at++;
	w->verb = V_MOVE;
	return w->move != NULL || wrong(r, "?action",
	    "没有这个动作或命令", "names no such verb or command");
}

/* <entity>/<id>, or the id alone; a place of the tree is division/<code>. */
static bool
read_object(struct request *r, struct work *w)
{
	const char *object = request_param(r, "object");
	const char *slash = object != NULL ? strchr(object, '/') : NULL;
	const struct entity *of;
	size_t len;

	if (object == NULL)
		return true;
	len = slash != NULL ? (size_t)(slash - object) : 0;
	of = slash != NULL ? entity_named(object, len) : w->x.entity;
	if ((slash != NULL && len == 8 && strncmp(object, "division", 8) == 0)
	    || (slash == NULL && strlen(object) == 12))
		return read_place(w, slash != NULL ? slash + 1 : object) ||
		    wrong(r, "?object", "没有这个区划", "is no division");
	if (of == NULL || of != w->x.entity || !of->business)
		return wrong(r, "?object", "应为这类记录的 实体/编号",
		    "is entity/id, of the entity of the action");
	r->arg[0] = slash != NULL ? slash + 1 : object;
	if (uuid_ok(r->arg[0]))
		return true;
	(void)fail_unknown(r);
	return false;
}

static bool
read_place(struct work *w, const char *code)
{
	w->x.place = code;
	return strlen(code) == 12 && strspn(code, "0123456789") == 12;
}

/* By its name or by its path: issue, issues. */
static const struct entity *
entity_named(const char *name, size_t len)
{
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		if ((strlen(e->name) == len && strncmp(e->name, name, len) ==
		    0) || (e->path != NULL && strlen(e->path) == len &&
		    strncmp(e->path, name, len) == 0))
			return e;
	}
	return NULL;
}

static bool
wrong(struct request *r, const char *pointer, const char *zh, const char *en)
{
	fault(r, pointer, "DQ-02", "unknown", zh, en);
	(void)fail(r, E_INPUT, "invalid", NULL, NULL);
	return false;
}

static enum next
answer(struct request *r, struct work *w)
{
	struct buf *b = &r->reply;
	struct why first = { "no_grant", "该用户没有（您范围内的）授权",
		"The user has no grant, within your scope." };
	bool allowed = false;

	explain_who_write(r, &w->x);
	buf_key(b, "action");
	buf_json(b, w->action);
	buf_key(b, "object");
	buf_json(b, request_param(r, "object"));
	buf_str(b, ",\"grants\":[");
	for (int i = 0; i < rows_n(w->x.grants); i++)
		allowed = render_grant(r, w, i, i == 0 ? &first : NULL) ||
		    allowed;
	buf_printf(b, "],\"allowed\":%s,\"refused\":", allowed ? "true"
	    : "false");
	if (allowed)
		buf_str(b, "null");
	else
		why_write(b, &first);
	buf_char(b, '}');
	return reply(r, 200);
}

/* Whether it allows; else the first condition that refuses. */
static bool
render_grant(struct request *r, struct work *w, int grant, struct why *first)
{
	struct principal me = r->who;
	struct buf *b = &r->reply;
	struct whys why = { 0 };

	explain_as(r, &w->x, grant);
	judge(r, w, grant, &why);
	buf_comma(b);
	buf_char(b, '{');
	explain_grant_write(r, &w->x, grant);
	buf_printf(b, ",\"allowed\":%s,\"refused\":", why.n == 0 ? "true"
	    : "false");
	if (why.n == 0)
		buf_str(b, "null");
	else
		why_write(b, &why.at[0]);
	buf_char(b, '}');
	if (first != NULL && why.n > 0)
		*first = why.at[0];
	r->who = me;
	return why.n == 0;
}

/* In the order of a request; what comes later is not looked at. */
static void
judge(struct request *r, const struct work *w, int grant, struct whys *why)
{
	why_person(r, &w->x, grant, why);
	why_verb(r, &w->x, w->verb, why);
	if (why->n == 0)
		why_unseen(r, &w->x, why);
	if (why->n == 0 && w->verb == V_CHANGE)
		why_locked(r, &w->x, why);
	if (why->n == 0 && w->move != NULL)
		why_move(r, &w->x, w->at, why);
}
