/*
 * GET /v1/<path>/{id}/explain?user=: by which grant somebody sees a row or
 * not, and what each command would say to him: the shorthand of GET
 * /v1/explain for all commands of a row at once. Asked by those who answer for
 * others, about people and rows within their own scope; of grants beyond it
 * nothing is said.
 */
#include "explain.h"

#include "base/uid.h"
#include "entity.h"
#include "move.h"
#include "route.h"
#include "scope.h"

enum { ROW = 1, WHO, ASKED };

struct work {
	int phase;
	struct explained x;
};

static enum next explain(struct request *);
static enum next answer(struct request *, struct work *);
static bool render_grant(struct request *, struct work *, int grant);
static void render_command(struct request *, const struct explained *,
    size_t at);
static void render_needs(struct request *, const struct explained *,
    const struct move *);

void
explain_row_init(void)
{
	static struct arena forever;
	struct route *t;
	size_t n = 0;

	arena_init(&forever, 0);
	t = arena_array(&forever, entity_count(), sizeof *t);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		if (!e->business)
			continue;
		t[n++] = (struct route) { .method = M_GET,
			.pattern = arena_printf(&forever,
			    "/v1/%s/{id}/explain", e->path),
			.right = RIGHT_READ,
			.entity = e->name,
			.handle = explain,
			.lane = LANE_FAST,
			.id = arena_printf(&forever, "explain%s",
			    entity_camel(&forever, e->name)),
			.summary = "Why somebody can or cannot see a row and "
			    "give its commands",
			.summary_zh = "某人为何能或不能查看、办理",
			.reply_schema = "Explanation",
			.params = "explainUser" };
	}
	route_register(t, n);
}

static enum next
explain(struct request *r)
{
	const char *user = request_param(r, "user");
	struct work *w = r->state;

	if (w == NULL) {
		if (!role_may(role_find(r->who.role), V_READ, "explain"))
			return fail(r, E_DENIED, NULL, NULL, NULL);
		if (!uuid_ok(r->arg[0]))
			return fail_unknown(r);
		r->state = w = arena_alloc(&r->arena, sizeof *w);
		w->x.entity = request_entity(r);
		explain_row(r, w->x.entity);
		w->phase = ROW;
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail(r, E_INTERNAL, NULL, NULL, NULL);
	switch (w->phase++) {
	case ROW:
		if (!explain_row_found(r, &w->x))
			return NEXT_FAIL;
		explain_who(r, user != NULL ? user : r->who.id);
		return NEXT_DB;
	case WHO:
		if (!explain_who_found(r, &w->x))
			return NEXT_FAIL;
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		explain_demands(r, &w->x, NULL);
		return r->batch.n > 0 ? NEXT_DB : answer(r, w);
	default:
		return answer(r, w);
	}
}

static enum next
answer(struct request *r, struct work *w)
{
	struct buf *b = &r->reply;
	bool seen = false;

	explain_who_write(r, &w->x);
	buf_printf(b, ",\"entity\":\"%s\",\"id\":\"%s\",\"grants\":[",
	    w->x.entity->name, r->arg[0]);
	for (int i = 0; i < rows_n(w->x.grants); i++)
		seen = render_grant(r, w, i) || seen;
	buf_printf(b, "],\"sees\":%s}", seen ? "true" : "false");
	return reply(r, 200);
}

/* Whether the row is seen by it. */
static bool
render_grant(struct request *r, struct work *w, int grant)
{
	struct principal me = r->who;
	struct buf *b = &r->reply;
	struct whys why = { 0 };

	explain_as(r, &w->x, grant);
	why_person(r, &w->x, grant, &why);
	why_verb(r, &w->x, V_READ, &why);
	why_unseen(r, &w->x, &why);
	buf_comma(b);
	buf_char(b, '{');
	explain_grant_write(r, &w->x, grant);
	buf_printf(b, ",\"sees\":%s,\"unseen\":", why.n == 0 ? "true"
	    : "false");
	why_write_all(b, &why);
	buf_str(b, ",\"commands\":[");
	for (size_t i = 0; why.n == 0 && i < move_count(w->x.entity); i++)
		render_command(r, &w->x, i);
	buf_str(b, "]}");
	r->who = me;
	return why.n == 0;
}

static void
render_command(struct request *r, const struct explained *x, size_t at)
{
	const struct move *m = move_at(x->entity, at);
	struct buf *b = &r->reply;
	struct whys why = { 0 };

	why_verb(r, x, V_MOVE, &why);
	why_move(r, x, at, &why);
	buf_comma(b);
	buf_char(b, '{');
	buf_key(b, "command");
	buf_json(b, m->name);
	buf_key(b, "label");
	buf_json(b, m->label);
	buf_printf(b, ",\"may\":%s,\"refused\":", why.n == 0 ? "true"
	    : "false");
	why_write_all(b, &why);
	buf_str(b, ",\"needs\":[");
	if (why.n == 0)
		render_needs(r, x, m);
	buf_str(b, "]}");
}

/* What the body would have to bring. */
static void
render_needs(struct request *r, const struct explained *x,
    const struct move *m)
{
	struct buf *b = &r->reply;

	for (size_t i = 0; m->need != NULL && m->need[i] != NULL; i++) {
		const struct field *f = field_at(x->entity, field_index(
		    x->entity, m->need[i]));

		if (row_get(x->entity, x->row, f->name) != NULL)
			continue;
		buf_comma(b);
		why_write(b, &(struct why){ f->name, arena_printf(&r->arena,
		    "须填写“%s”", f->label), arena_printf(&r->arena,
		    "%s must be given.", f->name) });
	}
	if (m->flags & M_REASON) {
		buf_comma(b);
		why_write(b, &(struct why){ "reason", "须写明原因",
		    "reason must be given." });
	}
	if ((m->flags & M_EVIDENCE) && x->evidence == 0) {
		buf_comma(b);
		why_write(b, &(struct why){ "evidence",
		    "至少需要一份佐证材料",
		    "At least one piece of evidence is needed." });
	}
}
