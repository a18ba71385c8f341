/*
 * GET /v1/changes: what happened to the rows a caller may read, in order and
 * without gaps, waiting for more when there is none.
 *
 * The order is that of table change (0061): a page ends where transactions
 * are still running, so that nothing can appear behind a reader. Long polls
 * are woken by the job runner, which looks at the order for all of them.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "after.h"
#include "base/uid.h"
#include "entity.h"
#include "identity.h"
#include "list.h"
#include "loop.h"
#include "move.h"
#include "query.h"
#include "query_string.h"
#include "route.h"
#include "scope.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define WAIT_MAX_S 30
#define LOOK_AGAIN_MS 2000 /* while nobody wakes us */

enum { PAGE = 1, PARKED, DATA };

struct feed {
	int phase;
	int64_t lo, hi;		/* the division that is asked for */
	struct place at;	/* where the next page begins */
	const char *entities;	/* array literal */
	long limit;
	const char *filter;	/* what cursors are bound to */
	const char *entity, *after;
	bool from_start, now, data, more;
	uint64_t until_ms;
	struct item {
		const char *entity, *id, *rev, *kind, *at, *cursor, *giver;
		const char **row; /* as it is now, if it can be read */
	} *item;
	int n;
	size_t asked;		/* entities whose rows were asked for */
	const struct entity *of[BATCH_MAX];
	struct selection all;
};

static enum next feed_get(struct request *);
static bool take(struct request *, struct feed *);
static bool take_param(struct request *, struct feed *, const struct param *);
static bool take_entities(struct request *, struct feed *);
static bool take_number(struct request *, const struct param *, long low,
    long high, long *out);
static enum next take_after(struct request *, struct feed *);
static enum next ask(struct request *, struct feed *, bool waited);
static enum next came(struct request *, struct feed *);
static void take_items(struct request *, struct feed *, const struct rows *);
static enum next ask_rows(struct request *, struct feed *);
static void take_rows(struct request *, struct feed *);
static enum next answer(struct request *, struct feed *);
static bool refuse(struct request *, const char *name, const char *zh,
    const char *en);

static const struct stmt session_still = { "feed_session",
	"SELECT 1 WHERE session_counts($1)" };
/* Who does not wait was looked at a moment ago; an application never does. */
static const struct stmt known_still = { "feed_known",
	"SELECT 1 WHERE $1::text IS NOT NULL" };
static const struct stmt *const statements[] = { &session_still,
	&known_still };

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/changes", .right = RIGHT_READ,
	    .open = OPEN_CLIENT,
	    .handle = feed_get, .lane = LANE_SLOW, .id = "listChanges",
	    .summary = "What happened since, in order and without gaps",
	    .summary_zh = "变更流：按先后、不遗漏；wait 可等待新变更",
	    .reply_schema = "ChangeList",
	    .params = "changesAfter changesLimit changesWait changesEntity "
		"changesData division", .fails = "410" },
};

void
feed_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
feed_get(struct request *r)
{
	struct feed *f = r->state;
	enum next next;

	if (f == NULL) {
		r->state = f = arena_alloc(&r->arena, sizeof *f);
		if (!take(r, f))
			return fail(r, E_INPUT, "invalid", "查询参数不正确",
			    "A query parameter is not right.");
		if ((next = take_after(r, f)) != NEXT_DB)
			return next;
		return ask(r, f, false);
	}
	if (f->phase == PARKED)
		return ask(r, f, true);
	if (r->batch.failed >= 0)
		return fail(r, E_INTERNAL, NULL, NULL, NULL);
	if (f->phase == PAGE)
		return came(r, f);
	take_rows(r, f);
	return ask_rows(r, f);
}

static bool
take(struct request *r, struct feed *f)
{
	const struct scope *s = &r->who.scope;

	f->lo = s->lo;
	f->hi = s->hi;
	f->limit = LIMIT_DEFAULT;
	f->all.extras = true;
	f->entity = "";
	f->until_ms = now_ms();
	for (const struct param *p = r->params; p != NULL; p = p->next)
		if (!take_param(r, f, p))
			return false;
	f->filter = arena_printf(&r->arena, "%s\n%lld", f->entity,
	    (long long)f->lo);
	return take_entities(r, f);
}

static bool
take_param(struct request *r, struct feed *f, const struct param *p)
{
	long n = 0;

	if (strcmp(p->name, "after") == 0) {
		f->after = p->value;
		return true;
	}
	if (strcmp(p->name, "entity") == 0) {
		f->entity = p->value;
		return true;
	}
	if (strcmp(p->name, "limit") == 0)
		return take_number(r, p, 1, LIMIT_MAX, &f->limit);
	if (strcmp(p->name, "wait") == 0) {
		if (!take_number(r, p, 0, WAIT_MAX_S, &n))
			return false;
		if (r->who.client[0] == '\0')
			f->until_ms += (uint64_t)n * 1000;
		return true;
	}
	if (strcmp(p->name, "data") == 0) {
		f->data = strcmp(p->value, "true") == 0;
		return f->data || strcmp(p->value, "false") == 0 ||
		    refuse(r, "data", "只能是 true 或 false",
		    "must be true or false");
	}
	if (strcmp(p->name, "division") == 0) {
		int64_t code = strtoll(p->value, NULL, 10);

		if (strlen(p->value) != 12 ||
		    strspn(p->value, "0123456789") != 12 ||
		    !scope_covers(&r->who, code))
			return refuse(r, "division", "没有这个区划",
			    "is no division of yours");
		f->lo = code;
		f->hi = division_last(code);
		return true;
	}
	return refuse(r, p->name, "不支持这个参数", "is no parameter here");
}

/* Those that were asked for and that the role may read. */
static bool
take_entities(struct request *r, struct feed *f)
{
	const char *list = "";
	bool all = *f->entity == '\0';

	for (size_t i = 0; i < entity_count() && all; i++) {
		const struct entity *e = entity_at(i);

		if (e->business && who_may(&r->who, V_READ, e->name))
			list = arena_printf(&r->arena, "%s%s%s", list,
			    *list ? "," : "", e->table);
	}
	for (const char *p = f->entity; *p != '\0';) {
		size_t len = strcspn(p, ",");
		const struct entity *e = entity_find(arena_strndup(&r->arena,
		    p, len));

		if (e == NULL || !e->business ||
		    !who_may(&r->who, V_READ, e->name))
			return refuse(r, "entity", "没有这类记录，或无权查看",
			    "names no entity that you may read");
		list = arena_printf(&r->arena, "%s%s%s", list,
		    *list ? "," : "", e->table);
		p += len + (p[len] == ',');
	}
	f->entities = arena_printf(&r->arena, "{%s}", list);
	return true;
}

static bool
take_number(struct request *r, const struct param *p, long low, long high,
    long *out)
{
	size_t n = strlen(p->value);

	*out = strtol(p->value, NULL, 10);
	if (n == 0 || n > 9 || strspn(p->value, "0123456789") != n ||
	    *out < low || *out > high)
		return refuse(r, p->name, arena_printf(&r->arena,
		    "应为 %ld 至 %ld", low, high), arena_printf(&r->arena,
		    "must be %ld to %ld", low, high));
	return true;
}

/* NEXT_DB: go on from f->at. */
static enum next
take_after(struct request *r, struct feed *f)
{
	f->at = (struct place) { .floor = -1, .begin = INT64_MAX };
	if (f->after == NULL || *f->after == '\0') {
		f->from_start = true;
		return NEXT_DB;
	}
	if (strcmp(f->after, "now") == 0) {
		f->now = true;
		f->at.pos = INT64_MAX;
		return NEXT_DB;
	}
	switch (place_open(r, f->filter, f->after, &f->at)) {
	case PLACE_GOOD:
		return NEXT_DB;
	case PLACE_OTHER_SCOPE:
		return fail(r, E_STATE, "cursor_expired",
		    "您的管辖范围或数据库已变化，请不带 after 从头读取",
		    "Your scope or the database is another one now: read "
		    "again from the beginning, without after.");
	default:
		refuse(r, "after", "变更流游标无效", "is no cursor of this feed");
		return fail(r, E_INPUT, "bad_cursor", "变更流游标无效",
		    "after is not a cursor of this feed.");
	}
}

static enum next
ask(struct request *r, struct feed *f, bool waited)
{
	struct stmt *s = arena_alloc(&r->arena, sizeof *s);
	const char *hash = auth_token_hash(r), *v[FEED_VALUES];
	const struct scope *scope = &r->who.scope;
	struct buf b;

	buf_init(&b, 8192);
	feed_sql(&b, f->lo, f->hi, scope);
	REQUIRE(!b.over);
	s->sql = arena_strndup(&r->arena, b.data, b.len);
	buf_free(&b);
	query_scope(&r->arena, scope, v);
	v[0] = arena_int(&r->arena, f->lo);
	v[1] = arena_int(&r->arena, f->hi);
	v[4] = arena_int(&r->arena, f->at.pos);
	v[5] = arena_int(&r->arena, f->at.seq);
	v[6] = f->entities;
	v[7] = arena_int(&r->arena, f->limit);
	v[8] = arena_int(&r->arena, f->at.begin);
	f->phase = PAGE;
	batch_open(&r->batch, &r->arena, scope, waited ? LANE_FAST :
	    LANE_SLOW);
	batch_read(&r->batch, s, feed_values(scope), v);
	if (!waited) {
		batch_read(&r->batch, &known_still, 1, &hash);
		return NEXT_DB;
	}
	/* What woke us is on the primary, and whether the session still is. */
	batch_add(&r->batch, &session_still, 1, &hash);
	after_told(r);
	return NEXT_DB;
}

static enum next
came(struct request *r, struct feed *f)
{
	const struct rows *rows = batch_rows(&r->batch, 0);
	int64_t safe = rows_long(rows, 0, 0), floor = rows_long(rows, 0, 1);
	const char *end = rows_text(rows, 0, 2);
	struct place *at = &f->at;
	uint64_t now = now_ms();

	if (rows_n(batch_rows(&r->batch, 1)) != 1) /* ended meanwhile */
		return fail(r, E_IDENTITY, NULL, NULL, NULL);
	if (at->begin == INT64_MAX)
		at->begin = safe;
	if (f->from_start)
		at->floor = floor;
	else if (!f->now && at->pos < floor && at->floor != floor)
		return fail(r, E_STATE, "cursor_expired",
		    "游标早于保留期限，请不带 after 从头读取：每条记录的最后状态都在",
		    "The cursor is older than what is kept: read again from "
		    "the beginning, without after; the last state of every "
		    "row is there.");
	f->from_start = false;
	take_items(r, f, rows);
	if (end != NULL) { /* the look was cut short there */
		char *rest;

		at->pos = strtoll(end, &rest, 10);
		at->seq = strtoll(rest, NULL, 10);
		f->more = true;
	} else if (!f->more && (f->now || at->pos < safe)) {
		at->pos = safe - 1;
		at->seq = INT64_MAX;
	}
	f->now = false;
	if (f->n == 0 && !f->more && now < f->until_ms) {
		uint64_t left = f->until_ms - now;

		f->phase = PARKED;
		return request_wait_change(r, left < LOOK_AGAIN_MS
		    ? (unsigned)left : LOOK_AGAIN_MS);
	}
	return f->data ? ask_rows(r, f) : answer(r, f);
}

/* Each change with the cursor behind it. */
static void
take_items(struct request *r, struct feed *f, const struct rows *rows)
{
	int n = rows_text(rows, 0, 3) == NULL ? 0 : rows_n(rows);

	f->more = n > f->limit;
	f->n = f->more ? (int)f->limit : n;
	f->item = arena_array(&r->arena, (size_t)f->n + 1, sizeof *f->item);
	for (int i = 0; i < f->n; i++) {
		struct item *x = &f->item[i];

		f->at.pos = rows_long(rows, i, 3);
		f->at.seq = rows_long(rows, i, 4);
		x->cursor = place_seal(r, f->filter, f->at);
		x->entity = rows_text(rows, i, 5);
		x->id = rows_text(rows, i, 6);
		x->rev = rows_text(rows, i, 7);
		x->kind = rows_text(rows, i, 8);
		x->at = rows_text(rows, i, 9);
	}
}

/* The rows as they are now, of some entities at a time. */
static enum next
ask_rows(struct request *r, struct feed *f)
{
	const char *v[5];

	f->phase = DATA;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	while (f->asked < entity_count() && r->batch.n < BATCH_MAX) {
		const struct entity *e = entity_at(f->asked++);
		struct stmt *s;
		struct buf b;
		bool any = false;

		buf_init(&b, 64 * 1024);
		buf_char(&b, '{');
		for (int i = 0; i < f->n && e->business; i++) {
			if (strcmp(f->item[i].entity, e->table) != 0 ||
			    strcmp(f->item[i].kind, "gone") == 0)
				continue;
			buf_printf(&b, "%s%s", any ? "," : "", f->item[i].id);
			any = true;
		}
		buf_char(&b, '}');
		v[4] = arena_strndup(&r->arena, b.data, b.len);
		buf_reset(&b);
		if (any) {
			s = arena_alloc(&r->arena, sizeof *s);
			buf_str(&b, "SELECT ");
			query_columns(&b, e);
			if (move_two_persons(e))
				list_giver(&b, e);
			buf_printf(&b, " FROM %s AS t WHERE ", e->table);
			query_where(&b, e);
			buf_str(&b, " AND id = ANY ($5::uuid[])");
			s->sql = arena_strndup(&r->arena, b.data, b.len);
			query_scope(&r->arena, &r->who.scope, v);
			REQUIRE(!b.over);
			f->of[batch_read(&r->batch, s, 5, v)] = e;
		}
		buf_free(&b);
	}
	return r->batch.n > 0 ? NEXT_DB : answer(r, f);
}

static void
take_rows(struct request *r, struct feed *f)
{
	for (unsigned k = 0; k < r->batch.n; k++) {
		const struct entity *e = f->of[k];
		const struct rows *rows = batch_rows(&r->batch, k);

		for (int i = 0; i < rows_n(rows); i++) {
			const char **row = query_row(&r->arena, e, rows, i);
			const char *id = row_get(e, row, "id");
			const char *giver = move_two_persons(e)
			    ? rows_text(rows, i, rows_cols(rows) - 1) : NULL;

			for (int n = 0; n < f->n; n++)
				if (strcmp(f->item[n].id, id) == 0) {
					f->item[n].row = row;
					f->item[n].giver = giver;
				}
		}
	}
}

/* Of what left the scope, nothing but that it did. */
static enum next
answer(struct request *r, struct feed *f)
{
	struct buf *b = &r->reply;

	buf_str(b, "{\"items\":[");
	for (int i = 0; i < f->n; i++) {
		const struct item *x = &f->item[i];
		const struct entity *e = entity_find(x->entity);
		bool gone = strcmp(x->kind, "gone") == 0;

		buf_str(b, i > 0 ? ",{" : "{");
		buf_key(b, "cursor");
		buf_json(b, x->cursor);
		buf_key(b, "change");
		buf_json(b, x->kind);
		buf_key(b, "entity");
		buf_json(b, x->entity);
		buf_key(b, "id");
		buf_json(b, x->id);
		if (!gone) {
			buf_printf(b, ",\"rev\":%s,\"at\":\"%s\","
			    "\"href\":\"/v1/%s/%s\"", x->rev, x->at, e->path,
			    x->id);
			r->giver = x->giver;
			if (f->data)
				buf_key(b, "data");
			if (f->data && x->row != NULL)
				render_row(r, b, e, x->row, &f->all);
			else if (f->data)
				buf_str(b, "null");
		}
		buf_char(b, '}');
	}
	buf_str(b, "]");
	buf_key(b, "next");
	buf_json(b, place_seal(r, f->filter, f->at));
	buf_printf(b, ",\"more\":%s}", f->more ? "true" : "false");
	return reply(r, 200);
}

static bool
refuse(struct request *r, const char *name, const char *zh, const char *en)
{
	fault(r, arena_printf(&r->arena, "?%s", name), "DQ-02", "invalid", zh,
	    en);
	return false;
}
