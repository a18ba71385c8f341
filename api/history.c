/* GET /v1/<path>/{id}/history: every revision, and what each one changed. */
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "base/uid.h"
#include "entity.h"
#include "query.h"
#include "route.h"
#include "value_list.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200

struct work {
	long limit;
};

/* One more than the page: the oldest needs what was before it. Values come as
 * text, which keeps decimals as they are. */
static const struct stmt history_list = { "history_list",
	"SELECT h.rev, h.at, h.actor, u.name, h.channel, h.origin,"
	" (SELECT jsonb_object_agg(d.key, d.value)"
	" FROM jsonb_each_text(h.data) d), c.command, c.reason, c.opinion,"
	" c.note FROM history h"
	" LEFT JOIN app_user u ON u.id = h.actor"
	" LEFT JOIN command c ON c.entity = h.entity AND c.row_id = h.row_id"
	" AND c.rev = h.rev WHERE (h.division_code BETWEEN $1::bigint"
	" AND $2::bigint" SCOPE_LINE("h.line")
	" OR $9::boolean AND (h.division_code BETWEEN $1::bigint AND $2::bigint"
	" OR $1::bigint BETWEEN h.division_code AND"
	" division_hi(h.division_code)))" SCOPE_TOLD("h.entity", "h.row_id")
	" AND h.sensitivity <= $4::int AND h.row_id = $5::uuid"
	" AND h.entity = $6 AND ($7::bigint IS NULL OR h.rev < $7::bigint)"
	" ORDER BY h.rev DESC LIMIT $8::int + 1" };
enum { REV, AT, ACTOR, ACTOR_NAME, CHANNEL, ORIGIN, DATA, COMMAND };
static const struct stmt *const statements[] = { &history_list };

static enum next begin(struct request *);
static enum next refuse(struct request *, const char *pointer,
    const char *code, const char *zh, const char *en);
static bool number_ok(const char *, size_t digits);
static const char **row_of(struct request *, const struct entity *,
    const struct rows *, int at);
static const char *value_of(struct request *, const struct field *,
    const json_t *);
static void render_revision(struct request *, const struct entity *,
    const struct rows *, int at);
static void render_command(struct buf *, const struct rows *, int at);
static void render_changes(struct request *, const struct entity *,
    const char *const *was, const char *const *is);
static bool told(const struct field *);

void
entity_statements(void)
{
	db_register(statements, COUNT(statements));
}

enum next
entity_history(struct request *r)
{
	const struct entity *e = request_entity(r);
	const struct work *w = r->state;
	struct buf *b = &r->reply;
	const struct rows *rows;
	int n;

	if (w == NULL)
		return begin(r);
	if (rows_n(batch_rows(&r->batch, 0)) != 1)
		return fail_unknown(r);
	rows = batch_rows(&r->batch, 1);
	n = rows_n(rows);
	buf_str(b, "{");
	buf_key(b, "items");
	buf_str(b, "[");
	for (int i = 0; i < n && i < w->limit; i++)
		render_revision(r, e, rows, i);
	buf_str(b, "]");
	buf_key(b, "next");
	if (n > w->limit)
		buf_json(b, rows_text(rows, (int)w->limit - 1, REV));
	else
		buf_str(b, "null");
	buf_str(b, "}");
	return reply(r, 200);
}

static enum next
begin(struct request *r)
{
	const struct entity *e = request_entity(r);
	const char *before = request_param(r, "before");
	const char *limit = request_param(r, "limit");
	struct work *w = r->state = arena_alloc(&r->arena, sizeof *w);
	const char *p[9];

	if (before != NULL && !number_ok(before, 18))
		return refuse(r, "?before", "not_integer", "应为版本号",
		    "is a revision");
	w->limit = limit == NULL ? LIMIT_DEFAULT : !number_ok(limit, 3) ? 0
	    : strtol(limit, NULL, 10);
	if (w->limit < 1 || w->limit > LIMIT_MAX)
		return refuse(r, "?limit", "out_of_range", "每页 1 至 200 条",
		    "must be 1 to 200");
	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	batch_open(&r->batch, &r->arena, &r->who.scope, r->route->lane);
	batch_read(&r->batch, query_stmt(e, Q_GET), query_params(&r->arena, e,
	    Q_GET, &r->who.scope, r->arg[0], NULL, NULL, p), p);
	query_scope(&r->arena, &r->who.scope, p);
	p[4] = r->arg[0];
	p[5] = e->table;
	p[6] = before;
	p[7] = arena_printf(&r->arena, "%ld", w->limit);
	p[8] = e->shared ? "t" : "f";
	batch_read(&r->batch, &history_list, 9, p);
	return NEXT_DB;
}

static enum next
refuse(struct request *r, const char *pointer, const char *code,
    const char *zh, const char *en)
{
	fault(r, pointer, "DQ-02", code, zh, en);
	return fail(r, E_INPUT, "invalid", "查询参数不正确",
	    "A query parameter is not right.");
}

static bool
number_ok(const char *s, size_t digits)
{
	return *s != '\0' && strlen(s) <= digits &&
	    strspn(s, "0123456789") == strlen(s);
}

/* The row as it stood then, by the fields of today. */
static const char **
row_of(struct request *r, const struct entity *e, const struct rows *rows,
    int at)
{
	const char **row = arena_array(&r->arena, field_total(e),
	    sizeof *row);
	json_t *data;

	if (at >= rows_n(rows))
		return row;
	data = json_loads(rows_text(rows, at, DATA), 0, NULL);
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		row[i] = value_of(r, f, json_object_get(data, f->name));
	}
	json_decref(data);
	return row;
}

static const char *
value_of(struct request *r, const struct field *f, const json_t *v)
{
	const char *s = json_string_value(v);

	if (s == NULL)
		return NULL;
	if (f->type == T_BOOL)
		return *s == 't' ? "t" : "f";
	if (f->type == T_CODES)
		return codes_of_json(&r->arena, s);
	return arena_strdup(&r->arena, s);
}

/* A revision shows no more than the row itself would. */
static void
render_revision(struct request *r, const struct entity *e,
    const struct rows *rows, int at)
{
	static const struct field when = { .type = T_TIME };
	static const char *const name[] = { [ACTOR] = "actor",
		[ACTOR_NAME] = "actor_name", [CHANNEL] = "channel",
		[ORIGIN] = "origin" };
	const struct selection all = { NULL, false };
	const char **row = row_of(r, e, rows, at);
	struct buf *b = &r->reply;

	buf_comma(b);
	buf_str(b, "{");
	buf_key(b, "rev");
	buf_str(b, rows_text(rows, at, REV));
	buf_key(b, "at");
	value_to_json(b, &when, rows_text(rows, at, AT), MASK_NONE);
	for (int i = ACTOR; i <= ORIGIN; i++) {
		buf_key(b, name[i]);
		buf_json(b, rows_text(rows, at, i));
	}
	buf_key(b, "command");
	render_command(b, rows, at);
	buf_key(b, "changes");
	render_changes(r, e, row_of(r, e, rows, at + 1), row);
	buf_key(b, "data");
	render_row(r, b, e, row, &all);
	buf_str(b, "}");
}

static void
render_command(struct buf *b, const struct rows *rows, int at)
{
	static const char *const name[] = { "name", "reason", "opinion",
		"note" };

	if (rows_text(rows, at, COMMAND) == NULL) {
		buf_str(b, "null");
		return;
	}
	buf_str(b, "{");
	for (int i = 0; i < (int)COUNT(name); i++) {
		buf_key(b, name[i]);
		buf_json(b, rows_text(rows, at, COMMAND + i));
	}
	buf_str(b, "}");
}

static void
render_changes(struct request *r, const struct entity *e,
    const char *const *was, const char *const *is)
{
	struct buf *b = &r->reply;

	buf_str(b, "[");
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (was[i] == is[i] || (was[i] != NULL && is[i] != NULL &&
		    strcmp(was[i], is[i]) == 0) || !told(f))
			continue;
		buf_comma(b);
		buf_str(b, "{");
		buf_key(b, "field");
		buf_json(b, f->name);
		buf_key(b, "label");
		buf_json(b, f->label);
		buf_key(b, "before");
		field_json(r, b, e, f, was, was[i]);
		buf_key(b, "after");
		field_json(r, b, e, f, is, is[i]);
		buf_str(b, "}");
	}
	buf_str(b, "]");
}

/* Not what every revision changes, and says beside its changes. */
static bool
told(const struct field *f)
{
	static const char *const own[] = { "id", "rev", "created_at",
		"created_by", "updated_at", "updated_by", "unit_code",
		"channel" };

	for (size_t i = 0; i < COUNT(own); i++)
		if (strcmp(f->name, own[i]) == 0)
			return false;
	return true;
}
