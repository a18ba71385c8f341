/* What sheets left for people, as lists: conflicts, requests, files; and what
 * agents say about files. */
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "base/err.h"
#include "base/text.h"
#include "base/uid.h"
#include "book.h"
#include "cursor.h"
#include "entity.h"
#include "query.h"
#include "scope.h"
#include "sync.h"

#define LIMIT_MAX 200
#define LIMIT_DEFAULT 50
/* $1 lo, $2 hi, $3 state, $4 ledger, $5 row, $6 last path, $7 last id,
 * $8 limit, $9 line and what is narrower, $10 clearance */
#define PAGE(t)                                                        \
	" WHERE " t ".division_code BETWEEN $1::bigint AND $2::bigint" \
	" AND ($3::text IS NULL OR " t ".state = $3::text)"            \
	" AND ($4::uuid IS NULL OR " t ".ledger_id = $4::uuid)"

/* What is about a row is seen when the row is; a header block has no line. */
#define SEEN(t, lo, hi, line, clearance)                                     \
	" AND ((" t ".row_id = " t ".ledger_id AND " line "::text[] = '{\"\"}')" \
	" OR EXISTS (SELECT FROM issue i WHERE i.id = " t ".row_id"          \
	" AND i.division_code BETWEEN " lo "::bigint AND " hi "::bigint"     \
	" AND ((" line "::text[])[1] = '' OR i.competent_line = ("           \
	line "::text[])[1])"                                                 \
	" AND ((" line "::text[])[2] IS NULL OR narrow_sees(" line           \
	"::text[], 'issue', i.id))"                                          \
	" AND i.sensitivity <= " clearance "::int))"

struct list {
	const struct stmt *stmt;
	const char *const *state; /* what ?state= may be, NULL-ended */
	const char *const *key;
	size_t nkeys;
	const char *name;
};

static enum next list(struct request *, const struct list *);
static bool one_of(const char *const *, const char *);
static void
item_json(struct request *, const struct list *, const struct rows *, int);

static const char *const conflict_states[] = { "open", "resolved", "overtyped",
	NULL };
static const char *const conflict_keys[] = { "id", "code", "ledger", "row",
	"name", "kind", "division", "base", "system", "file", "system_by",
	"system_at", "path", "at", "state", "choice", "value", "resolved_at",
	"rev" };
#define CONFLICT_COLUMNS                                                   \
	"SELECT c.id, c.code, c.ledger_id, c.row_id, c.name, c.kind,"      \
	" lpad(c.division_code::text, 12, '0'), c.base, c.system, c.file," \
	" c.system_by, " SQL_UTC("c.system_at") ", c.path, "               \
	SQL_UTC("c.at") ", c.state, c.choice, c.value, "                   \
	SQL_UTC("c.resolved_at") ", c.rev FROM sheet_conflict c"
static const struct stmt conflicts_stmt = { "sync_conflicts",
	CONFLICT_COLUMNS PAGE("c") SEEN("c", "$1", "$2", "$9", "$10")
		 " AND ($5::uuid IS NULL OR c.row_id = $5::uuid)"
		 " AND ($6::text IS NULL OR c.id > $7::uuid)"
		 " ORDER BY c.id LIMIT $8::int" };
static const struct stmt conflict_stmt = { "sync_conflict",
	CONFLICT_COLUMNS " WHERE c.id = $1::uuid AND c.division_code"
			 " BETWEEN $2::bigint AND $3::bigint"
	SEEN("c", "$2", "$3", "$4", "$5") };
static const struct list conflicts = { &conflicts_stmt, conflict_states,
	conflict_keys, COUNT(conflict_keys), "conflicts" };

static const char *const request_states[] = { "open", "done", "withdrawn",
	NULL };
static const char *const request_keys[] = { "id", "ledger", "entity", "row",
	"command", "division", "path", "at", "state", "closed_at" };
static const struct stmt requests_stmt = { "sync_requests",
	"SELECT q.id, q.ledger_id, q.entity, q.row_id, q.command,"
	" lpad(q.division_code::text, 12, '0'), q.path, " SQL_UTC("q.at") ","
	" q.state, " SQL_UTC("q.closed_at") " FROM sheet_request q"
	PAGE("q") SEEN("q", "$1", "$2", "$9", "$10")
	" AND ($5::uuid IS NULL OR q.row_id = $5::uuid)"
	" AND ($6::text IS NULL OR q.id > $7::uuid)"
	" ORDER BY q.id LIMIT $8::int" };
static const struct list requests = { &requests_stmt, request_states,
	request_keys, COUNT(request_keys), "requests" };

static const char *const file_states[] = { "ok", "quarantined", "held", "copy",
	"unmatched", NULL };
static const char *const file_keys[] = { "binding", "path", "division",
	"file_sha", "state", "code", "zh", "en", "ledger", "at" };
/* A file holds rows of every line: who is bound to one is told of none. */
static const struct stmt files_stmt = { "sync_files",
	"SELECT f.binding_id, f.path, lpad(f.division_code::text, 12, '0'),"
	" f.file_sha, f.state, f.code, f.zh, f.en, f.ledger_id, "
	SQL_UTC("f.at")
	" FROM sheet_file f" PAGE("f")
	" AND $5::uuid IS NULL AND $9::text[] = '{\"\"}' AND $10::int IS NOT NULL"
	" AND ($6::text IS NULL OR (f.path, f.binding_id)"
	" > ($6::text, $7::uuid))"
	" ORDER BY f.path, f.binding_id LIMIT $8::int" };
static const struct list files = { &files_stmt, file_states, file_keys,
	COUNT(file_keys), "files" };

static const struct stmt report_stmt = { "sync_file_report",
	"INSERT INTO sheet_file AS f (binding_id, path, division_code,"
	" file_sha, state, code, zh, en, ledger_id) SELECT b.id, $2::text,"
	" b.division_code, $3::text, $4::text, $5::text, $6::text, $7::text,"
	" (SELECT ledger_id FROM sheet_binding_ledger"
	" WHERE binding_id = b.id AND ledger_id = $8::uuid)"
	" FROM sheet_binding b WHERE b.id = $1::uuid"
	" ON CONFLICT (binding_id, path) DO UPDATE SET"
	" file_sha = excluded.file_sha, state = excluded.state,"
	" code = excluded.code, zh = excluded.zh, en = excluded.en,"
	" ledger_id = excluded.ledger_id, at = now()" };
static const struct stmt *const statements[] = { &conflicts_stmt,
	&conflict_stmt, &requests_stmt, &files_stmt, &report_stmt };

void
sync_lists_init(void)
{
	db_register(statements, COUNT(statements));
}

enum next
sync_conflicts(struct request *r)
{
	return list(r, &conflicts);
}

enum next
sync_requests(struct request *r)
{
	return list(r, &requests);
}

/* For those whose rows they hold, and for who looks after the folders. */
enum next
sync_files(struct request *r)
{
	if (!who_may(&r->who, V_READ, "issue") &&
	    !who_may(&r->who, V_CONFIGURE, "action"))
		return fail(r, E_DENIED, NULL, NULL, NULL);
	return list(r, &files);
}

enum next
sync_conflict(struct request *r)
{
	const char *scope[4];
	const struct rows *rows;

	if (r->step == 0) {
		if (!uuid_ok(r->arg[0]))
			return fail_unknown(r);
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		query_scope(&r->arena, &r->who.scope, scope);
		batch_addv(&r->batch, &conflict_stmt, 5, r->arg[0], scope[0],
		    scope[1], scope[2], scope[3]);
		return NEXT_DB;
	}
	rows = batch_rows(&r->batch, 0);
	if (rows_n(rows) == 0)
		return fail_unknown(r);
	item_json(r, &conflicts, rows, 0);
	reply_etag(r, rows_long(rows, 0, (int)COUNT(conflict_keys) - 1));
	return reply(r, 200);
}

/* What the agent has to say about a file; the last word counts. */
enum next
sync_file_report(struct request *r)
{
	static const char *const key[] = { "path", "file_sha", "state", "code",
		"zh", "en", "ledger" };
	const char *text[COUNT(key)], *name;
	json_t *body, *v;

	if (r->step > 0)
		return r->batch.failed >= 0 ? fail_data(r) : reply(r, 204);
	body = request_body(r);
	if (body == NULL)
		return NEXT_FAIL;
	json_object_foreach(body, name,
	    v) if (!one_of((const char *const[]) { "path", "file_sha", "state",
			       "code", "zh", "en", "ledger", NULL },
		       name) ||
		   (!json_is_string(v) && !json_is_null(v)))
	    fault(r, arena_printf(&r->arena, "/%s", name), "DQ-00",
		"unknown_field", "未知字段", "unknown field or not a text");
	for (size_t i = 0; i < COUNT(key); i++)
		text[i] = json_string_value(json_object_get(body, key[i]));
	if (text[0] == NULL || utf8_len(text[0]) > 1000)
		fault(r, "/path", "DQ-00", "required", "缺少路径",
		    "path is missing or too long");
	if (text[2] == NULL || !one_of(file_states, text[2]))
		fault(r, "/state", "DQ-00", "not_in_list", "未知状态",
		    "unknown state");
	if (text[6] != NULL && !uuid_ok(text[6]))
		fault(r, "/ledger", "DQ-00", "malformed", "不是编号",
		    "not a uuid");
	if (r->faults != NULL)
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	for (size_t i = 1; i < 6; i++)
		if (text[i] == NULL)
			text[i] = "";
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_addv(&r->batch, &report_stmt, 8, r->who.binding, text[0], text[1],
	    text[2], text[3], text[4], text[5], text[6]);
	return NEXT_DB;
}

static enum next
list(struct request *r, const struct list *l)
{
	const char *state = request_param(r, "state");
	const char *ledger = request_param(r, "ledger");
	const char *row = request_param(r, "row");
	const char *cursor = request_param(r, "cursor");
	const char *limit = request_param(r, "limit");
	const char *last = NULL, *id = NULL, *scope[4];
	const char *bound = arena_printf(&r->arena, "%s|%s|%s|%s", l->name,
	    state ? state : "", ledger ? ledger : "", row ? row : "");
	long n = limit == NULL ? LIMIT_DEFAULT : strtol(limit, NULL, 10);
	struct buf *b = &r->reply;
	const struct rows *rows;

	if (r->step == 0) {
		if (state != NULL && !one_of(l->state, state))
			asked_wrong(r, "state");
		if (ledger != NULL && !uuid_ok(ledger))
			asked_wrong(r, "ledger");
		if (row != NULL && !uuid_ok(row))
			asked_wrong(r, "row");
		if (n < 1 || n > LIMIT_MAX ||
		    (limit != NULL && limit[strspn(limit, "0123456789")]))
			asked_wrong(r, "limit");
		if (cursor != NULL && !cursor_read(r, cursor, bound, &last,
		    &id))
			asked_wrong(r, "cursor");
		if (r->faults != NULL)
			return asked_refuse(r);
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
		query_scope(&r->arena, &r->who.scope, scope);
		batch_addv(&r->batch, l->stmt, 10, scope[0], scope[1], state,
		    ledger, row, last, id,
		    arena_printf(&r->arena, "%ld", n + 1), scope[2],
		    scope[3]);
		return NEXT_DB;
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	rows = batch_rows(&r->batch, 0);
	buf_str(b, "{\"items\":[");
	for (int i = 0; i < rows_n(rows) && i < n; i++) {
		buf_comma(b);
		item_json(r, l, rows, i);
	}
	buf_str(b, "],\"next\":");
	buf_json(b, rows_n(rows) > n
			? cursor_make(r, bound, rows_text(rows, (int)n - 1, 1),
			      rows_text(rows, (int)n - 1, 0))
			: NULL);
	buf_char(b, '}');
	return reply(r, 200);
}

static void
item_json(
    struct request *r, const struct list *l, const struct rows *rows, int i)
{
	static const char *const values[] = { "base", "system", "file", "value",
		NULL };
	struct buf *b = &r->reply;
	const char *name = "";

	buf_char(b, '{');
	for (size_t k = 0; k < l->nkeys; k++) {
		const char *text = rows_text(rows, i, (int)k);

		if (strcmp(l->key[k], "name") == 0)
			name = text;
		buf_key(b, l->key[k]);
		if (strcmp(l->key[k], "rev") == 0)
			buf_str(b, text);
		else if (l == &conflicts && one_of(values, l->key[k]))
			cell_json(b, entity_find("issue"), name, text,
			    &r->who);
		else
			buf_json(b, text);
	}
	buf_char(b, '}');
}

static bool
one_of(const char *const *list, const char *s)
{
	while (*list != NULL && strcmp(*list, s) != 0)
		list++;
	return *list != NULL;
}
