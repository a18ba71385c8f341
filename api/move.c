/*
 * Lifecycle commands, the same way for every entity: read the row and what
 * the command depends on, decide by the model's table, write row and records
 * in one transaction. What changed in between is looked at once more.
 */
#include "move.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/uid.h"
#include "idem.h"
#include "look.h"
#include "move_plan.h"
#include "query.h"
#include "record.h"
#include "scope.h"

enum { READ = 1, WRITTEN };

struct work {
	int phase;
	const struct move *move;
	const char **row;
	const char *const *target;
	const json_t *body;
	long evidence;
	const char *from;
	/* Where the answers lie in the batch. */
	unsigned facts, asked, merged, first, pieces, now;
};

static enum next begin(struct request *);
static enum next look(struct request *, struct work *);
static enum next decide(struct request *, struct work *);
static bool take_body(struct request *, const struct entity *,
    struct work *);
static bool take_one(struct request *, struct work *, const char *name,
    const json_t *, json_t *fields);
static bool needs_met(struct request *, const struct entity *,
    struct work *);
static bool guards_met(struct request *, const struct entity *,
    struct work *, enum next *);
static void apply(struct request *, const struct entity *, struct work *);
static const char *value_now(struct request *, const struct entity *,
    struct work *, const struct effect *);
static enum next write_all(struct request *, const struct entity *,
    struct work *, long rev);
static enum next answer(struct request *, struct work *);
static const char *canon_text(struct request *, const char *name);

enum next
move_handle(struct request *r)
{
	struct work *w = r->state;

	if (w == NULL)
		return begin(r);
	if (r->batch.failed >= 0)
		return fail_data(r);
	return w->phase == READ ? decide(r, w) : answer(r, w);
}

static enum next
begin(struct request *r)
{
	struct work *w = r->state = arena_alloc(&r->arena, sizeof *w);
	const struct entity *e = request_entity(r);

	w->move = move_find(e, strrchr(r->route->pattern, '/') + 1);
	REQUIRE(w->move != NULL);
	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	if (r->body_len > 0 && (w->body = request_json(r)) == NULL)
		return NEXT_FAIL;
	if (!fields_ok(r, e) || !dry_run_ok(r))
		return NEXT_FAIL;
	return look(r, w);
}

static enum next
look(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	const char *target = json_string_value(json_object_get(w->body,
	    "merged_into_id"));
	const char *p[6];

	w->phase = READ;
	dry_batch(r);
	batch_add(&r->batch, query_stmt(e, Q_GET), query_params(&r->arena, e,
	    Q_GET, &r->who.scope, r->arg[0], NULL, NULL, p), p);
	w->facts = record_facts(r, e, r->arg[0]);
	w->asked = move_ask(r, e, w->move, r->who.id);
	w->merged = r->batch.n;
	if (target != NULL && uuid_ok(target) &&
	    move_lists(w->move->take, "merged_into_id"))
		batch_add(&r->batch, query_stmt(e, Q_GET),
		    query_params(&r->arena, e, Q_GET, &r->who.scope,
		    arena_strdup(&r->arena, target), NULL, NULL, p), p);
	if (w->body != NULL) {
		look_plan(r, e, w->body, &w->first);
		look_plan_list(r, entity_find("evidence"),
		    json_object_get(w->body, "evidence"), &w->pieces);
	}
	return NEXT_DB;
}

static enum next
decide(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	const struct rows *rows = batch_rows(&r->batch, 0);
	enum next refused;
	long rev, want;

	if (rows_n(rows) != 1)
		return fail_unknown(r);
	w->row = query_row(&r->arena, e, rows, 0);
	w->evidence = record_facts_evidence(batch_rows(&r->batch, w->facts));
	w->from = e->state != NULL ? row_get(e, w->row, e->state) : NULL;
	if (r->batch.n > w->merged &&
	    r->batch.at[w->merged].stmt == query_stmt(e, Q_GET) &&
	    rows_n(batch_rows(&r->batch, w->merged)) == 1)
		w->target = query_row(&r->arena, e, batch_rows(&r->batch,
		    w->merged), 0);
	rev = strtol(row_get(e, w->row, "rev"), NULL, 10);
	if (request_header(r, "if-match") != NULL) {
		if (request_if_match(r, &want) != OK)
			return fail(r, E_INPUT, NULL, NULL, NULL);
		if (want != rev)
			return fail_stale(r, rev);
	}
	if (!move_who(r, e, w->move, w->row))
		return refuse_who(r, w->move, w->row);
	if (!move_from(e, w->move, w->row))
		return refuse_state(r, e, w->move, w->row);
	if (!take_body(r, e, w) || !needs_met(r, e, w))
		return fail(r, E_INPUT, "needs", "这个命令还缺少必需的内容",
		    "The command lacks what it needs.");
	if (!guards_met(r, e, w, &refused))
		return refused;
	apply(r, e, w);
	return write_all(r, e, w, rev);
}

/* Fields the move takes, evidence, and the three texts; nothing else. */
static bool
take_body(struct request *r, const struct entity *e, struct work *w)
{
	bool *changed = arena_array(&r->arena, field_total(e), 1);
	json_t *fields, *own;
	const char *name;
	json_t *v;
	bool ok;

	if (w->body == NULL)
		return true;
	fields = json_object();
	own = json_copy((json_t *)(uintptr_t)w->body);
	json_object_foreach(own, name, v)
		(void)take_one(r, w, name, v, fields);
	look_take(r, e, fields, w->row, w->first);
	look_take_list(r, entity_find("evidence"), json_object_get(w->body,
	    "evidence"), w->pieces);
	ok = body_read(r, e, row_codes(e, w->row), fields, BODY_COMMAND,
	    w->row, changed) && r->faults == NULL;
	json_decref(fields);
	json_decref(own);
	if (ok)
		row_derive(&r->arena, e, w->row, changed);
	w->evidence += (long)json_array_size(json_object_get(w->body,
	    "evidence"));
	return ok;
}

static bool
take_one(struct request *r, struct work *w, const char *name,
    const json_t *v, json_t *fields)
{
	const char *at = arena_printf(&r->arena, "/%s", name);

	if (move_lists(w->move->take, name))
		json_object_set(fields, name, (json_t *)(uintptr_t)v);
	else if (strcmp(name, "evidence") == 0)
		record_check_evidence(r, v);
	else if (!record_text_name(name))
		fault(r, at, "DQ-02", "unknown_field", "这个命令没有这个字段",
		    "is no field of this command");
	else if (!record_text_ok(v))
		fault(r, at, "DQ-02", "not_string", "应为 2000 字以内的文字",
		    "must be a text of 2000 characters at most");
	return r->faults == NULL;
}

static bool
needs_met(struct request *r, const struct entity *e, struct work *w)
{
	for (size_t i = 0; w->move->need && w->move->need[i]; i++) {
		const char *name = w->move->need[i];
		const struct field *f = field_at(e, field_index(e, name));

		if (row_get(e, w->row, name) == NULL)
			fault(r, arena_printf(&r->arena, "/%s", name),
			    w->move->source, "needed",
			    arena_printf(&r->arena, "“%s”前须填写“%s”",
			    w->move->label, f->label),
			    arena_printf(&r->arena, "%s needs %s",
			    w->move->name, name));
	}
	return r->faults == NULL;
}

/* Every one that is not is told; the first gives the reply its code. */
static bool
guards_met(struct request *r, const struct entity *e, struct work *w,
    enum next *refused)
{
	const struct move *m = w->move;
	const char *code, *zh = NULL, *en = NULL, *giver;

	if (m->guard != NULL && (code = m->guard(r, w->row, &zh, &en)) != NULL)
		fault(r, "", m->source, code, zh, en);
	if ((m->flags & M_REASON) && move_text(r, "reason") == NULL)
		fault(r, "/reason", m->source, "no_reason",
		    "必须写明原因 reason", "reason must be given.");
	if ((m->flags & M_EVIDENCE) && w->evidence == 0)
		fault(r, "/evidence", m->source, "no_evidence",
		    "至少需要一份佐证材料",
		    "At least one piece of evidence is needed.");
	giver = record_facts_giver(batch_rows(&r->batch, w->facts));
	if (giver == NULL)
		giver = row_get(e, w->row, "created_by");
	if ((m->flags & M_OTHER) && giver != NULL &&
	    strcmp(giver, r->who.id) == 0)
		fault(r, "", m->source, "two_persons",
		    "上一步由您本人办理，这一步须由另一位有权人员办理",
		    "Another person than the one who gave the last command "
		    "must give this one.");
	move_unmet(r, m, w->asked);
	if (r->faults == NULL)
		return true;
	*refused = fail(r, E_STATE, r->faults->code, r->faults->zh,
	    r->faults->en);
	return false;
}

static void
apply(struct request *r, const struct entity *e, struct work *w)
{
	for (const struct effect *f = w->move->effects;
	     f != NULL && f->field != NULL; f++)
		row_set(e, w->row, f->field, value_now(r, e, w, f));
	if (w->move->to != NULL)
		row_set(e, w->row, e->state, w->move->to);
}

static const char *
value_now(struct request *r, const struct entity *e, struct work *w,
    const struct effect *f)
{
	const char *value = f->value, *was = row_get(e, w->row, f->field);
	time_t t = time(NULL) + 8 * 3600; /* Asia/Shanghai has no summer */
	struct tm tm;

	if (value == NULL || *value != '@')
		return value;
	if (strcmp(value, "@me") == 0)
		return r->who.id;
	if (strcmp(value, "@org") == 0)
		return r->who.org_name[0] != '\0' ? r->who.org_name
						  : r->who.name;
	if (strcmp(value, "@reason") == 0)
		return canon_text(r, "reason");
	if (strcmp(value, "@next") == 0)
		return arena_printf(&r->arena, "%ld",
		    (was != NULL ? strtol(was, NULL, 10) : 0) + 1);
	if (strcmp(value, "@now") == 0)
		return "now";
	REQUIRE(strcmp(value, "@today") == 0);
	gmtime_r(&t, &tm);
	return arena_printf(&r->arena, "%04d-%02d-%02d", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday);
}

/* The row, then the log, the evidence and whatever else follows from it; none
 * of it if the row or a demand is not any more as it was decided on. */
static enum next
write_all(struct request *r, const struct entity *e, struct work *w, long rev)
{
	const struct record_texts texts = { canon_text(r, "reason"),
		canon_text(r, "opinion"), canon_text(r, "note") };
	const char *p[PARAMS_MAX];
	unsigned n = query_params(&r->arena, e, Q_UPDATE, &r->who.scope,
	    r->arg[0], arena_printf(&r->arena, "%ld", rev), w->row, p);

	w->phase = WRITTEN;
	dry_batch(r);
	move_must(r, e, w->move);
	w->now = batch_add(&r->batch, query_stmt(e, Q_UPDATE), n, p);
	move_hit(r, e, rev + 1);
	record_command(r, e, w->move->name, w->from,
	    w->move->to != NULL ? w->move->to : w->from, &texts);
	record_evidence(r, e, json_object_get(w->body, "evidence"));
	if (move_also(r, e, w->move, rev + 1))
		w->now = batch_add(&r->batch, query_stmt(e, Q_GET),
		    query_params(&r->arena, e, Q_GET, &r->who.scope,
		    r->arg[0], NULL, NULL, p), p);
	dry_settle(r);
	return NEXT_DB;
}

static enum next
answer(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	const struct rows *rows = batch_rows(&r->batch, w->now);

	if (rows_n(rows) != 1)
		return fail_unknown(r);
	r->giver = r->who.id;
	return reply_row(r, e, query_row(&r->arena, e, rows, 0), 200);
}

static const char *
canon_text(struct request *r, const char *name)
{
	const char *s = move_text(r, name);

	return s != NULL ? text_canon(&r->arena, s) : NULL;
}

const char *
move_text(const struct request *r, const char *name)
{
	const struct work *w = r->state;
	const char *s = json_string_value(json_object_get(w->body, name));

	return s != NULL && *s != '\0' ? s : NULL;
}

const char *const *
move_target(const struct request *r)
{
	const struct work *w = r->state;

	return w->target;
}
