/* POST /v1/<path>/bulk: the journey of many rows, and what is said of them. */
#include "bulk.h"

#include <stdlib.h>
#include <string.h>

#include "base/uid.h"
#include "idem.h"
#include "problem.h"
#include "scope.h"

#define SLICE 50 /* rows that are merged in one turn of the loop */

/* Ends the transaction. */
static const struct stmt nothing = { "bulk_end", "SELECT 1" };

enum { LOOKED, MERGING, WRITING, ENDED };

static enum next begin(struct request *);
static bool take_flags(struct request *, struct bulk *);
static bool take_items(struct request *, struct bulk *);
static void take_item(struct request *, const struct entity *, struct bulk *,
    size_t i, const json_t *);
static enum next look(struct request *, struct bulk *);
static enum next merge(struct request *, struct bulk *);
static void merge_row(struct request *, const struct entity *, struct bulk *,
    size_t i);
static void change_row(struct request *, const struct entity *, struct bulk *,
    size_t i);
static enum next finish(struct request *, struct bulk *);
static enum next refuse(struct request *, struct bulk *);
static void render(struct request *, const struct bulk *);
static void render_faults(struct request *, const struct bulk_row *);

enum next
entity_bulk(struct request *r)
{
	const struct entity *e = request_entity(r);
	struct bulk *b = r->state;
	enum next next;

	if (b == NULL)
		return begin(r);
	switch (b->phase) {
	case LOOKED:
		if (r->batch.failed >= 0)
			return fail_data(r);
		match_take(r, e, b);
		b->phase = MERGING;
		return merge(r, b);
	case MERGING:
		return merge(r, b);
	case WRITING:
		write_take(r, e, b);
		next = write_next(r, e, b);
		return next == NEXT_DONE ? finish(r, b) : next;
	default:
		return r->batch.failed >= 0 ? fail_data(r) : NEXT_DONE;
	}
}

void
bulk_batch(struct request *r)
{
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	r->batch.hold = true;
}

void
bulk_fault(struct request *r, struct bulk *b, size_t i, unsigned status,
    const char *pointer, const char *rule, const char *code, const char *zh,
    const char *en)
{
	fault(r, pointer, rule, code, zh, en);
	bulk_faults(r, b, i, status);
}

static enum next
begin(struct request *r)
{
	struct bulk *b = arena_alloc(&r->arena, sizeof *b);

	if (request_json(r) == NULL)
		return NEXT_FAIL;
	if (!take_flags(r, b) || !take_items(r, b))
		return fail(r, E_INPUT, "invalid",
		    "应为 {\"items\": […]}，每项一条记录，最多 1000 条",
		    "The body is {\"items\": […]}, of at most 1000 rows.");
	r->state = b;
	return look(r, b);
}

static bool
take_flags(struct request *r, struct bulk *b)
{
	static const char *const names[] = { "atomic", "dry_run" };
	bool *const flags[] = { &b->atomic, &b->dry };

	b->atomic = true;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *v = request_param(r, names[i]);

		if (v == NULL)
			continue;
		*flags[i] = strcmp(v, "true") == 0;
		if (!*flags[i] && strcmp(v, "false") != 0) {
			fault(r, arena_printf(&r->arena, "?%s", names[i]),
			    "DQ-02", "not_boolean", "只能是 true 或 false",
			    "must be true or false");
			return false;
		}
	}
	return true;
}

static bool
take_items(struct request *r, struct bulk *b)
{
	const json_t *body = request_json(r), *items, *one;
	size_t i;

	if (body == NULL)
		return false;
	items = json_object_get(body, "items");
	if (!json_is_array(items) || json_array_size(items) > BULK_MAX ||
	    json_array_size(items) == 0 || json_object_size(body) != 1) {
		fault(r, "/items", "DQ-02", "not_a_list",
		    "应为 1 至 1000 条记录的列表，此外没有其他字段",
		    "must be a list of 1 to 1000 rows, and nothing beside it");
		return false;
	}
	b->n = json_array_size(items);
	b->row = arena_array(&r->arena, b->n, sizeof *b->row);
	json_array_foreach(items, i, one)
		take_item(r, request_entity(r), b, i, one);
	return true;
}

/* id and rev say which row is meant; the rest is its body. */
static void
take_item(struct request *r, const struct entity *e, struct bulk *b, size_t i,
    const json_t *one)
{
	struct bulk_row *w = &b->row[i];
	const json_t *id = json_object_get(one, "id");
	const json_t *rev = json_object_get(one, "rev");

	w->body = one;
	if (!json_is_object(one)) {
		bulk_fault(r, b, i, 422, "", "DQ-02", "not_object",
		    "应为对象", "must be an object");
		return;
	}
	if (id != NULL && (!json_is_string(id) ||
	    !uuid_ok(json_string_value(id)))) {
		bulk_fault(r, b, i, 422, "/id", "DQ-02", "not_an_id",
		    "不是有效的编号", "is not an identifier");
		return;
	}
	if (rev != NULL && (!json_is_integer(rev) || id == NULL)) {
		bulk_fault(r, b, i, 422, "/rev", "DQ-02", "not_integer",
		    "版本号 rev 是整数，并须同时给出编号 id",
		    "is an integer and goes with an id");
		return;
	}
	if (id != NULL)
		w->id = arena_strdup(&r->arena, json_string_value(id));
	if (rev != NULL)
		w->rev = arena_printf(&r->arena, "%lld",
		    (long long)json_integer_value(rev));
	if (id != NULL && e->append)
		bulk_fault(r, b, i, 422, "/id", "DQ-02", "append_only",
		    "这类记录只能新增，不能修改",
		    "rows of this kind are added, never changed");
	json_object_del((json_t *)(uintptr_t)one, "rev");
	json_object_del((json_t *)(uintptr_t)one, "id");
}

static enum next
look(struct request *r, struct bulk *b)
{
	b->phase = LOOKED;
	bulk_batch(r);
	match_plan(r, request_entity(r), b);
	return NEXT_DB;
}

/* A slice in each turn, so that others are served in between (D2). */
static enum next
merge(struct request *r, struct bulk *b)
{
	const struct entity *e = request_entity(r);
	size_t end = b->done + SLICE < b->n ? b->done + SLICE : b->n;
	enum next next;

	for (; b->done < end; b->done++)
		if (b->row[b->done].what != BULK_BAD)
			merge_row(r, e, b, b->done);
	if (b->done < b->n)
		return request_yield(r);
	if (b->atomic && b->nbad > 0)
		return refuse(r, b);
	b->phase = WRITING;
	next = write_next(r, e, b);
	return next == NEXT_DONE ? finish(r, b) : next;
}

static void
merge_row(struct request *r, const struct entity *e, struct bulk *b, size_t i)
{
	struct bulk_row *w = &b->row[i];

	match_references(r, e, b, i);
	w->row = arena_array(&r->arena, field_total(e), sizeof *w->row);
	if (w->was != NULL) {
		memcpy(w->row, w->was, field_total(e) * sizeof *w->row);
		change_row(r, e, b, i);
		return;
	}
	if (w->id != NULL) {
		bulk_fault(r, b, i, 404, "/id", "DQ-02", "unknown",
		    "没有这条记录", "no such row");
		return;
	}
	w->what = BULK_NEW;
	if (!row_new(r, e, w->body, w->parent, w->row) || r->faults != NULL)
		bulk_faults(r, b, i, 422);
}

static void
change_row(struct request *r, const struct entity *e, struct bulk *b, size_t i)
{
	struct bulk_row *w = &b->row[i];
	bool *changed = arena_array(&r->arena, field_total(e), 1);
	const char *code, *zh, *en;

	if (e->append || !who_may(&r->who, V_CHANGE, e->name)) {
		bulk_fault(r, b, i, 403, "", "5.2", "who",
		    "已有这条记录，您不能修改它",
		    "The row is there, and you may not change it.");
		return;
	}
	code = row_locked(r, e, w->was, &zh, &en);
	if (code != NULL && strcmp(code, "other_level") == 0) {
		bulk_fault(r, b, i, 403, "", "5.1", code, zh, en);
		return;
	}
	if (w->rev != NULL && strcmp(w->rev, row_get(e, w->was, "rev")) != 0) {
		bulk_fault(r, b, i, 412, "/rev", "3.5", "stale",
		    arena_printf(&r->arena, "这条记录已被修改，现为第 %s 版",
		    row_get(e, w->was, "rev")),
		    arena_printf(&r->arena, "the row is at revision %s",
		    row_get(e, w->was, "rev")));
		return;
	}
	if (code != NULL) {
		bulk_fault(r, b, i, 409, "", "5.1", code, zh, en);
		return;
	}
	if (!row_merge(r, e, w->body, w->row, changed) ||
	    r->faults != NULL) {
		bulk_faults(r, b, i, 422);
		return;
	}
	w->what = BULK_SAME;
	for (size_t k = 0; k < field_total(e); k++)
		if (changed[k])
			w->what = BULK_CHANGED;
}

/* What the request has learnt to be wrong belongs to this row. */
void
bulk_faults(struct request *r, struct bulk *b, size_t i, unsigned status)
{
	struct bulk_row *w = &b->row[i];

	for (struct fault *f = r->faults; f != NULL; f = f->next)
		f->pointer = arena_printf(&r->arena, "/items/%zu%s", i,
		    f->pointer);
	if (w->what != BULK_BAD)
		b->nbad++;
	w->what = BULK_BAD;
	w->status = status;
	w->code = r->faults != NULL ? r->faults->code : "refused";
	w->faults = r->faults;
	r->faults = NULL;
	r->faults_end = NULL;
}

/* Every row is decided: the reply, and the end of the transaction. */
static enum next
finish(struct request *r, struct bulk *b)
{
	if (b->atomic && b->nbad > 0)
		return refuse(r, b);
	render(r, b);
	(void)reply(r, 200);
	/* What nobody ends is rolled back. */
	if (b->dry)
		return NEXT_DONE;
	b->phase = ENDED;
	bulk_batch(r);
	r->batch.last = true;
	batch_add(&r->batch, &nothing, 0, NULL);
	return NEXT_DB;
}

/* All or nothing, and it is nothing: with every fault of every row. */
static enum next
refuse(struct request *r, struct bulk *b)
{
	struct fault **end = &r->faults;
	enum err err = E_INPUT;

	for (size_t i = 0; i < b->n; i++) {
		if (b->row[i].what != BULK_BAD)
			continue;
		if (b->row[i].status == 403)
			err = E_DENIED;
		else if (b->row[i].status == 409 && err == E_INPUT)
			err = E_CONFLICT;
		for (*end = b->row[i].faults; *end != NULL;)
			end = &(*end)->next;
	}
	r->faults_end = end;
	return fail(r, err, "bulk_refused", arena_printf(&r->arena,
	    "有 %zu 条记录不正确，因此一条也没有写入", b->nbad),
	    arena_printf(&r->arena, "%zu rows are not right, so none was "
	    "written.", b->nbad));
}

static void
render(struct request *r, const struct bulk *b)
{
	static const unsigned status[] = { [BULK_NEW] = 201,
		[BULK_CHANGED] = 200, [BULK_SAME] = 200 };
	static const char *const word[] = { [BULK_NEW] = "created",
		[BULK_CHANGED] = "changed", [BULK_SAME] = "unchanged",
		[BULK_BAD] = "refused" };
	const struct entity *e = request_entity(r);
	size_t count[COUNT(word)] = { 0 };
	struct buf *o = &r->reply;

	buf_reset(o);
	buf_str(o, "{\"items\":[");
	for (size_t i = 0; i < b->n; i++) {
		const struct bulk_row *w = &b->row[i];

		count[w->what]++;
		buf_printf(o, "%s{\"index\":%zu,\"status\":%u,\"result\":"
		    "\"%s\"", i > 0 ? "," : "", i, w->what == BULK_BAD
		    ? w->status : status[w->what], word[w->what]);
		if (w->what == BULK_BAD) {
			render_faults(r, w);
		} else {
			buf_str(o, ",\"id\":");
			buf_json(o, row_get(e, w->row, "id"));
			buf_printf(o, ",\"rev\":%s", w->new_rev != NULL
			    ? w->new_rev : row_get(e, w->row, "rev"));
		}
		buf_char(o, '}');
	}
	buf_printf(o, "],\"created\":%zu,\"changed\":%zu,\"unchanged\":%zu,"
	    "\"refused\":%zu,\"dry_run\":%s}", count[BULK_NEW],
	    count[BULK_CHANGED], count[BULK_SAME], count[BULK_BAD],
	    b->dry ? "true" : "false");
}

static void
render_faults(struct request *r, const struct bulk_row *w)
{
	bool english = strcmp(r->lang, "en") == 0;
	struct buf *o = &r->reply;

	buf_str(o, ",\"code\":");
	buf_json(o, w->code);
	buf_str(o, ",\"faults\":[");
	for (const struct fault *f = w->faults; f != NULL; f = f->next) {
		if (f != w->faults)
			buf_char(o, ',');
		fault_write(o, f, english);
	}
	buf_char(o, ']');
}
