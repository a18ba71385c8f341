/*
 * Lifecycle commands, the same way for every entity: read the row, decide by
 * the model's table, write row and records in one transaction.
 */
#include "move.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/uid.h"
#include "entity.h"
#include "idem.h"
#include "issue_guard.h"
#include "move_record.h"
#include "query.h"
#include "route.h"
#include "rules.h"
#include "scope.h"

enum { BEGIN, CLAIMED, READ, WRITTEN, KEPT };

struct work {
	int phase;
	const struct move *move;
	const char **row;
	const char *const *target;
	const json_t *body;
	long evidence;
};

/* What a command writes besides the fields of its body. @ values are the
 * moment's: the day, the caller, the text of the body. NULL clears. */
static const struct effect {
	const char *move, *field, *value;
} effects[] = {
	{ "fix_on_spot", "rectify_mode", "immediate" },
	{ "fix_on_spot", "is_completed", "t" },
	{ "fix_on_spot", "submitted_on", "@today" },
	{ "fix_on_spot", "submitted_by", "@me" },
	{ "fix_on_spot", "attempt", "@next" },
	{ "complete", "submitted_on", "@today" },
	{ "complete", "submitted_by", "@me" },
	{ "complete", "attempt", "@next" },
	{ "accept", "accepted", "t" },
	{ "accept", "accepted_on", "@today" },
	{ "accept", "accepted_by", "@me" },
	{ "accept", "acceptor_org", "@org" },
	{ "accept", "self_verified", "f" },
	{ "reject", "is_completed", NULL },
	{ "close", "closed", "t" },
	{ "close", "closed_on", "@today" },
	{ "close", "closed_by", "@me" },
	{ "self_close", "self_verified", "t" },
	{ "self_close", "accepted", "t" },
	{ "self_close", "accepted_on", "@today" },
	{ "self_close", "accepted_by", "@me" },
	{ "self_close", "acceptor_org", "@org" },
	{ "self_close", "closed", "t" },
	{ "self_close", "closed_on", "@today" },
	{ "self_close", "closed_by", "@me" },
	{ "void", "voided_at", "@now" },
	{ "void", "voided_by", "@me" },
	{ "void", "void_reason", "@reason" },
	{ "reopen", "accepted", NULL },
	{ "reopen", "accepted_on", NULL },
	{ "reopen", "accepted_by", NULL },
	{ "reopen", "acceptor_org", NULL },
	{ "reopen", "self_verified", NULL },
	{ "reopen", "closed", NULL },
	{ "reopen", "closed_on", NULL },
	{ "reopen", "closed_by", NULL },
	{ "reopen", "is_completed", NULL },
};

static enum next begin(struct request *, struct work *);
static enum next look(struct request *, struct work *);
static enum next decide(struct request *, struct work *);
static bool take_body(struct request *, const struct entity *,
    struct work *);
static bool needs_met(struct request *, const struct entity *,
    struct work *);
static void apply(struct request *, const struct entity *, struct work *);
static const char *value_now(struct request *, const struct entity *,
    struct work *, const char *);
static enum next write_all(struct request *, const struct entity *,
    struct work *, long rev);
static enum next refuse_who(struct request *, const struct work *);
static enum next refuse_state(struct request *, const struct entity *,
    const struct work *);

void
move_init(void)
{
	static struct arena forever;

	record_init();
	arena_init(&forever, 0);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);
		struct route *t = arena_array(&forever, e->nmoves + 1,
		    sizeof *t);

		for (size_t k = 0; k < e->nmoves; k++)
			t[k] = (struct route) { .method = M_POST,
				.pattern = arena_printf(&forever,
				    "/v1/%s/{id}/%s", e->path,
				    e->moves[k].name),
				.right = RIGHT_MOVE,
				.entity = e->name,
				.handle = move_handle,
				.lane = LANE_FAST,
				.id = arena_printf(&forever, "%s_%s",
				    e->moves[k].name, e->name),
				.summary = e->moves[k].text,
				.summary_zh = e->moves[k].label,
				.request_schema = arena_printf(&forever,
				    "%s_%s", e->name, e->moves[k].name),
				.reply_schema = e->name };
		route_register(t, e->nmoves);
	}
}

enum next
move_handle(struct request *r)
{
	struct work *w = r->state;
	enum next next;

	if (w == NULL) {
		r->state = w = arena_alloc(&r->arena, sizeof *w);
		return begin(r, w);
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	switch (w->phase) {
	case CLAIMED:
		if ((next = idem_claimed(r)) != NEXT_DB)
			return next;
		return look(r, w);
	case READ:
		return decide(r, w);
	case WRITTEN: {
		const struct entity *e = request_entity(r);
		const struct rows *rows = batch_rows(&r->batch, 0);

		if (rows_n(rows) != 1) /* somebody was faster */
			return look(r, w);
		w->phase = KEPT;
		if (reply_row(r, e, query_row(&r->arena, e, rows, 0), 200) ==
		    NEXT_FAIL)
			return NEXT_FAIL;
		return idem_keep(r);
	}
	default:
		return idem_finish(r);
	}
}

static enum next
begin(struct request *r, struct work *w)
{
	const char *slash = strrchr(r->path, '/');

	w->move = move_find(request_entity(r), slash + 1);
	REQUIRE(w->move != NULL);
	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	if (r->body_len > 0 && (w->body = request_json(r)) == NULL)
		return NEXT_FAIL;
	if (!fields_ok(r, request_entity(r)))
		return NEXT_FAIL;
	if (idem_key(r) == NULL)
		return look(r, w);
	w->phase = CLAIMED;
	return idem_claim(r);
}

static enum next
look(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	const char *target = json_string_value(json_object_get(w->body,
	    "merged_into_id"));
	const char *p[6];

	w->phase = READ;
	idem_batch(r);
	batch_add(&r->batch, query_stmt(e, Q_GET), query_params(&r->arena, e,
	    Q_GET, &r->who.scope, r->arg[0], NULL, NULL, p), p);
	record_count(r, r->arg[0]);
	if (target != NULL && uuid_ok(target))
		batch_add(&r->batch, query_stmt(e, Q_GET),
		    query_params(&r->arena, e, Q_GET, &r->who.scope,
		    arena_strdup(&r->arena, target), NULL, NULL, p), p);
	return NEXT_DB;
}

static enum next
decide(struct request *r, struct work *w)
{
	const struct entity *e = request_entity(r);
	const struct rows *rows = batch_rows(&r->batch, 0);
	const char *code, *zh = NULL, *en = NULL;
	long rev, want;

	if (rows_n(rows) != 1)
		return fail_unknown(r);
	w->row = query_row(&r->arena, e, rows, 0);
	w->evidence = rows_long(batch_rows(&r->batch, 1), 0, 0);
	if (r->batch.n > 2 && rows_n(batch_rows(&r->batch, 2)) == 1)
		w->target = query_row(&r->arena, e, batch_rows(&r->batch, 2),
		    0);
	rev = strtol(row_get(e, w->row, "rev"), NULL, 10);
	if (request_header(r, "if-match") != NULL) {
		if (request_if_match(r, &want) != OK)
			return fail(r, E_INPUT, NULL, NULL, NULL);
		if (want != rev)
			return fail_stale(r, rev);
	}
	if (!move_who(r, e, w->move, w->row))
		return refuse_who(r, w);
	if (!move_from(e, w->move, w->row))
		return refuse_state(r, e, w);
	if (!take_body(r, e, w) || !needs_met(r, e, w))
		return fail(r, E_INPUT, "needs", "这个命令还缺少必需的内容",
		    "The command lacks what it needs.");
	if (w->move->guard != NULL &&
	    (code = w->move->guard(r, w->row, &zh, &en)) != NULL) {
		fault(r, "", w->move->source, code, zh, en);
		return fail(r, E_STATE, code, zh, en);
	}
	apply(r, e, w);
	return write_all(r, e, w, rev);
}

/* Fields the move takes, evidence, and the three texts; nothing else. */
static bool
take_body(struct request *r, const struct entity *e, struct work *w)
{
	bool *changed = arena_array(&r->arena, field_total(e), 1);
	json_t *own = w->body != NULL
	    ? json_copy((json_t *)(uintptr_t)w->body) : json_object();
	json_t *fields = json_object();
	const char *name;
	json_t *v;
	bool ok;

	json_object_foreach(own, name, v) {
		const char *at = arena_printf(&r->arena, "/%s", name);

		if (move_lists(w->move->take, name) &&
		    strcmp(name, "merged_into_id") != 0 &&
		    strcmp(name, "next_review_on") != 0)
			json_object_set(fields, name, v);
		else if (move_lists(w->move->take, name))
			row_set(e, w->row, name, json_is_string(v)
			    ? arena_strdup(&r->arena, json_string_value(v))
			    : NULL);
		else if (strcmp(name, "evidence") == 0)
			record_check_evidence(r, v);
		else if (!record_text_name(name))
			fault(r, at, "DQ-02", "unknown_field",
			    "这个命令没有这个字段",
			    "is no field of this command");
		else if (!record_text_ok(v))
			fault(r, at, "DQ-02", "not_string", "应为 2000 字以内的文字",
			    "must be a text of 2000 characters at most");
	}
	if (row_get(e, w->row, "next_review_on") != NULL)
		record_check_date(r, "/next_review_on",
		    row_get(e, w->row, "next_review_on"));
	ok = body_read(r, e, row_codes(e, w->row), fields, false, w->row,
	    changed) && r->faults == NULL;
	json_decref(fields);
	json_decref(own);
	if (ok)
		row_derive(&r->arena, e, w->row, changed);
	w->evidence += (long)json_array_size(json_object_get(w->body,
	    "evidence"));
	return ok;
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

static void
apply(struct request *r, const struct entity *e, struct work *w)
{
	for (size_t i = 0; i < COUNT(effects); i++)
		if (strcmp(effects[i].move, w->move->name) == 0)
			row_set(e, w->row, effects[i].field, value_now(r, e,
			    w, effects[i].value));
	row_set(e, w->row, e->state, w->move->to);
}

static const char *
value_now(struct request *r, const struct entity *e, struct work *w,
    const char *value)
{
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
		return move_text(r, "reason");
	if (strcmp(value, "@next") == 0)
		return arena_printf(&r->arena, "%ld",
		    strtol(row_get(e, w->row, "attempt"), NULL, 10) + 1);
	if (strcmp(value, "@now") == 0)
		return "now";
	gmtime_r(&t, &tm);
	return arena_printf(&r->arena, "%04d-%02d-%02d", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday);
}

static enum next
write_all(struct request *r, const struct entity *e, struct work *w, long rev)
{
	const char *p[PARAMS_MAX];
	unsigned n = query_params(&r->arena, e, Q_UPDATE, &r->who.scope,
	    r->arg[0], arena_printf(&r->arena, "%ld", rev), w->row, p);

	w->phase = WRITTEN;
	idem_batch(r);
	batch_add(&r->batch, query_stmt(e, Q_UPDATE), n, p);
	record_add(r, e, w->move, w->row, w->body);
	return NEXT_DB;
}

long
move_evidence(const struct request *r)
{
	const struct work *w = r->state;

	return w->evidence;
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

static enum next
refuse_who(struct request *r, const struct work *w)
{
	const char *zh = "您的角色或单位不能办理这个命令";
	const char *en = "Your role or organisation may not do this.";

	for (size_t i = 0; w->move->who[i] != NULL; i++)
		if (strcmp(w->move->who[i], "@acceptor") == 0)
			issue_acceptor(w->row, &zh, &en);
	fault(r, "", w->move->source, "who", zh, en);
	return fail(r, E_DENIED, "who", zh, en);
}

static enum next
refuse_state(struct request *r, const struct entity *e, const struct work *w)
{
	const struct codes *codes = row_codes(e, w->row);
	const char *set = field_at(e, field_index(e, e->state))->of;
	const char *state = row_get(e, w->row, e->state);
	const char *zh = "", *en = "";

	for (size_t i = 0; w->move->from && w->move->from[i]; i++) {
		zh = arena_printf(&r->arena, "%s%s“%s”", zh,
		    i > 0 ? "或" : "",
		    codes_label(codes, set, w->move->from[i]));
		en = arena_printf(&r->arena, "%s%s%s", en,
		    i > 0 ? " or " : "", w->move->from[i]);
	}
	if (w->move->from == NULL) {
		zh = "未销号、未作废";
		en = "open";
	}
	zh = arena_printf(&r->arena, "“%s”只能在%s时办理，现在是“%s”",
	    w->move->label, zh, codes_label(codes, set, state));
	en = arena_printf(&r->arena, "%s needs the state %s; it is %s.",
	    w->move->name, en, state);
	fault(r, "", w->move->source, "state", zh, en);
	return fail(r, E_STATE, "state", zh, en);
}
