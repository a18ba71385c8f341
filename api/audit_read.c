/* GET /v1/audit: the log for auditors and audit administrators, within their
 * range; with each event the path from its leaf to a signed head. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "audit.h"
#include "audit_head.h"
#include "audit_leaf.h"
#include "base/uid.h"
#include "cursor.h"
#include "list_export.h"
#include "query_string.h"
#include "route.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define POS AUDIT_NCOLUMNS /* columns of both statements behind the event */
enum { FIELDS = POS + 1, ACTOR_NAME, VIEWER_NAME };

struct work {
	long limit;
	enum format format;
	const char *binding; /* what a cursor is bound to */
	const struct rows *event, *sealed; /* the one that is asked for */
};

#define LIST "SELECT " AUDIT_COLUMNS ", x.pos, x.fields, u.name, v.name" \
	" FROM audit.list($1::bigint, $2::bigint, $3, $4::int, $5::jsonb," \
	" $6::bigint, $7::uuid, $8::int) x CROSS JOIN LATERAL" \
	" (SELECT (x.event).*) e LEFT JOIN app_user u ON u.id = e.actor" \
	" LEFT JOIN app_user v ON v.id = e.viewer" \
	" ORDER BY e.at DESC, e.id DESC"
static const struct stmt list = { "audit_list", LIST };
static const struct stmt sealed = { "audit_sealed",
	"SELECT * FROM audit.sealed($1::uuid)" };
static const struct stmt hashes = { "audit_hashes",
	"SELECT * FROM audit.hashes($1::bigint, $2::bigint)" };
static const struct stmt heads = { "audit_heads",
	"SELECT * FROM audit.heads($1::bigint, $2::int)" };
static const struct stmt *const statements[] = { &list, &sealed, &hashes,
	&heads };

static enum next events_get(struct request *);
static enum next event_get(struct request *);
static enum next heads_get(struct request *);
static enum next ask(struct request *, struct work *);
static const char *filter_of(const struct param *, const char **name);
static bool time_ok(const char *);
static const char *number(struct request *, long low, long high, long *out);
static enum next refuse(struct request *, const char *name);
static void plan(struct request *, const char *filters,
    const char *const after[2],
    long limit);
static enum next answer(struct request *, const struct work *);
static void write_event(struct buf *, const struct rows *, int at);
static void write_csv(struct request *, const struct rows *, int at);
static const char *text_of(struct request *, const struct rows *, int at,
    int col);
static void write_time(char out[32], const char *us);
static enum next write_proof(struct request *, const struct work *);
static bool path_of(struct request *, const struct rows *, uint64_t pos,
    uint64_t size);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/audit", .right = RIGHT_AUDIT,
	    .handle = events_get, .lane = LANE_SLOW, .id = "listAuditEvents",
	    .summary = "The log, newest first",
	    .summary_zh = "审计日志，最近的在前；可按时间、人员、记录、动作等查询",
	    .reply_schema = "AuditList", .reply_type = "application/json "
		"text/csv application/x-ndjson", .params = "auditFrom auditTo "
		"auditActor auditViewer auditEntity auditRow auditVerb "
		"auditOutcome auditRequest auditLimit auditFormat cursor" },
	{ .method = M_GET, .pattern = "/v1/audit/{id}", .right = RIGHT_AUDIT,
	    .handle = event_get, .lane = LANE_FAST, .id = "getAuditEvent",
	    .summary = "One event, and the proof that it is in the log",
	    .summary_zh = "一条审计事件及其存在证明（Merkle 路径和签名的树头）",
	    .reply_schema = "AuditProof" },
	{ .method = M_GET, .pattern = "/v1/audit/heads", .right = RIGHT_AUDIT,
	    .handle = heads_get, .lane = LANE_FAST, .id = "listAuditHeads",
	    .summary = "Signed heads of the log, to be kept elsewhere",
	    .summary_zh = "日志的签名树头，供另行留存比对",
	    .reply_schema = "AuditHeads", .params = "auditAfter auditLimit" },
};

void
audit_read_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

/* ---- lists ---------------------------------------------------------------- */

static enum next
events_get(struct request *r)
{
	struct work *w = r->state;

	if (w != NULL)
		return answer(r, w);
	r->state = w = arena_alloc(&r->arena, sizeof *w);
	return ask(r, w);
}

static enum next
ask(struct request *r, struct work *w)
{
	const char *cursor = request_param(r, "cursor");
	const char *format = request_param(r, "format");
	const char *after[2] = { NULL, NULL }, *name;
	json_t *filters = json_object();
	const char *text;
	char *made;

	for (const struct param *p = r->params; p != NULL; p = p->next) {
		text = filter_of(p, &name);
		if (text == NULL) {
			json_decref(filters);
			return refuse(r, p->name);
		}
		if (*name != '\0')
			json_object_set_new(filters, name, json_string(text));
	}
	made = json_dumps(filters, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(filters);
	REQUIRE(made != NULL);
	w->binding = arena_strdup(&r->arena, made);
	free(made);
	w->format = format == NULL || strcmp(format, "json") == 0 ? FORMAT_JSON
	    : strcmp(format, "csv") == 0 ? FORMAT_CSV : FORMAT_NDJSON;
	w->limit = LIMIT_DEFAULT;
	if (number(r, 1, LIMIT_MAX, &w->limit) != NULL)
		return refuse(r, "limit");
	if (cursor != NULL && !cursor_read(r, cursor, w->binding, &after[0],
	    &after[1]))
		return refuse(r, "cursor");
	plan(r, w->binding, after, w->limit + 1);
	return NEXT_DB;
}

/* The value, and as what audit.list() knows it: "" is no filter. NULL: wrong. */
static const char *
filter_of(const struct param *p, const char **name)
{
	static const struct filter {
		const char *param, *name, *kind;
	} filters[] = { { "from", "from", "time" }, { "to", "to", "time" },
		{ "actor", "actor", "uuid" },
		{ "viewer", "viewer", "uuid" }, { "row", "row_id", "uuid" },
		{ "entity", "entity", "word" }, { "verb", "verb", "word" },
		{ "outcome", "outcome", "word" },
		{ "request", "request", "uuid" },
		{ "format", "", "format" }, { "limit", "", "" },
		{ "cursor", "", "" } };

	for (size_t i = 0; i < COUNT(filters); i++) {
		const struct filter *f = &filters[i];
		const char *v = p->value;

		if (strcmp(p->name, f->param) != 0)
			continue;
		*name = f->name;
		if ((strcmp(f->kind, "uuid") == 0 && !uuid_ok(v)) ||
		    (strcmp(f->kind, "time") == 0 && !time_ok(v)) ||
		    (strcmp(f->kind, "word") == 0 && (*v == '\0' ||
		    v[strspn(v, "abcdefghijklmnopqrstuvwxyz_0123456789")] !=
		    '\0')) || (strcmp(f->kind, "format") == 0 &&
		    strcmp(v, "json") != 0 && strcmp(v, "csv") != 0 &&
		    strcmp(v, "ndjson") != 0))
			return NULL;
		return v;
	}
	return NULL;
}

/* A day, or a time of UTC: 2026-03-15, 2026-03-15T08:30:00Z. */
static bool
time_ok(const char *s)
{
	const char *rest;
	struct tm t;

	memset(&t, 0, sizeof t);
	rest = strptime(s, strlen(s) == 10 ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%SZ",
	    &t);
	return rest != NULL && *rest == '\0' && t.tm_year >= 100 &&
	    t.tm_year < 300;
}

/* Of the parameter limit; NULL if it is fine. */
static const char *
number(struct request *r, long low, long high, long *out)
{
	const char *s = request_param(r, "limit");
	char *end;

	if (s == NULL)
		return NULL;
	*out = strtol(s, &end, 10);
	return *s < '0' || *s > '9' || *end != '\0' || *out < low ||
	    *out > high ? s : NULL;
}

static enum next
refuse(struct request *r, const char *name)
{
	fault(r, arena_printf(&r->arena, "?%s", name), "DQ-02", "invalid",
	    "查询参数的值不正确", "the value is not right");
	return fail(r, E_INPUT, "invalid", "查询参数不正确",
	    "A query parameter is not right.");
}

/* An event tells that a row exists, never what is in it: who keeps the log
 * sees all of them in his range, an auditor those of his clearance. */
static void
plan(struct request *r, const char *filters, const char *const after[2],
    long limit)
{
	const struct scope *s = &r->who.scope;
	int clearance = r->who.part == PART_AUDIT ? 4 : s->clearance;

	batch_open(&r->batch, &r->arena, s, r->route->lane);
	batch_addv(&r->batch, &list, 8,
	    arena_int(&r->arena, s->lo),
	    arena_int(&r->arena, s->hi), s->line,
	    arena_printf(&r->arena, "%d", clearance), filters, after[0],
	    after[1], arena_printf(&r->arena, "%ld", limit));
}

static enum next
answer(struct request *r, const struct work *w)
{
	const struct rows *rows = batch_rows(&r->batch, 0);
	int n = rows_n(rows), shown = n > w->limit ? (int)w->limit : n;
	const char *next = n <= w->limit ? NULL : cursor_make(r, w->binding,
	    rows_text(rows, shown - 1, A_AT), rows_text(rows, shown - 1,
	    A_ID));
	struct buf *b = &r->reply;

	buf_str(b, w->format == FORMAT_JSON ? "{\"items\":[" : "");
	for (int i = 0; w->format == FORMAT_CSV && i < AUDIT_NCOLUMNS; i++)
		csv_cell(b, audit_columns[i], i == 0, true);
	buf_str(b, w->format == FORMAT_CSV ? ",position,fields\r\n" : "");
	for (int i = 0; i < shown; i++) {
		if (w->format == FORMAT_JSON && i > 0)
			buf_char(b, ',');
		if (w->format == FORMAT_CSV)
			write_csv(r, rows, i);
		else
			write_event(b, rows, i);
		buf_str(b, w->format == FORMAT_NDJSON ? "\n" : "");
	}
	if (w->format == FORMAT_JSON) {
		buf_str(b, "],\"next\":");
		buf_json(b, next);
		buf_char(b, '}');
	} else {
		r->type = w->format == FORMAT_CSV ? "text/csv; charset=utf-8"
		    : "application/x-ndjson";
		if (next != NULL)
			reply_header(r, "x-next-cursor", next);
		if (r->method != M_HEAD)
			audit_file(r, w->format == FORMAT_CSV ? "csv"
			    : "ndjson", shown);
	}
	return reply(r, 200);
}

static void
write_event(struct buf *b, const struct rows *rows, int at)
{
	char when[32];

	buf_char(b, '{');
	for (int i = 0; i < AUDIT_NCOLUMNS; i++) {
		const char *v = rows_text(rows, at, i);

		buf_key(b, audit_columns[i]);
		if (v == NULL) {
			buf_str(b, "null");
		} else if (i == A_AT) {
			write_time(when, v);
			buf_json(b, when);
		} else if (i == A_DIVISION) {
			buf_printf(b, "\"%012lld\"", strtoll(v, NULL, 10));
		} else if (i == A_TXID || i == A_REV || i == A_SENSITIVITY ||
		    i == A_DETAIL) {
			buf_str(b, v);
		} else {
			buf_json(b, v);
		}
	}
	buf_key(b, "actor_name");
	buf_json(b, rows_text(rows, at, ACTOR_NAME));
	buf_key(b, "viewer_name");
	buf_json(b, rows_text(rows, at, VIEWER_NAME));
	buf_key(b, "position");
	buf_str(b, rows_text(rows, at, POS) != NULL ? rows_text(rows, at, POS)
	    : "null");
	buf_key(b, "fields");
	buf_json(b, rows_text(rows, at, FIELDS));
	buf_char(b, '}');
}

static void
write_csv(struct request *r, const struct rows *rows, int at)
{
	for (int i = 0; i <= FIELDS; i++)
		csv_cell(&r->reply, text_of(r, rows, at, i), i == 0, false);
	buf_str(&r->reply, "\r\n");
}

static const char *
text_of(struct request *r, const struct rows *rows, int at, int col)
{
	const char *v = rows_text(rows, at, col);
	char when[32];

	if (v == NULL || (col != A_AT && col != A_DIVISION))
		return v;
	if (col == A_DIVISION)
		return arena_printf(&r->arena, "%012lld", strtoll(v, NULL, 10));
	write_time(when, v);
	return arena_strdup(&r->arena, when);
}

static void
write_time(char out[32], const char *us)
{
	long long n = strtoll(us, NULL, 10);
	time_t s = (time_t)(n / 1000000);
	struct tm t;
	size_t len;

	(void)gmtime_r(&s, &t);
	len = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &t);
	(void)snprintf(out + len, 32 - len, ".%06uZ", (unsigned)(n % 1000000));
}

/* ---- one event ------------------------------------------------------------ */

static enum next
event_get(struct request *r)
{
	static const char *const none[2] = { NULL, NULL };
	struct work *w = r->state;

	if (w == NULL) {
		if (!uuid_ok(r->arg[0]))
			return fail(r, E_UNKNOWN, NULL, NULL, NULL);
		r->state = w = arena_alloc(&r->arena, sizeof *w);
		plan(r, arena_printf(&r->arena, "{\"id\":\"%s\"}", r->arg[0]),
		    none, 1);
		batch_addv(&r->batch, &sealed, 1, r->arg[0]);
		return NEXT_DB;
	}
	if (w->event != NULL)
		return write_proof(r, w);
	w->event = batch_rows(&r->batch, 0);
	w->sealed = batch_rows(&r->batch, 1);
	if (rows_n(w->event) == 0)
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	if (rows_n(w->sealed) == 0)
		return write_proof(r, w);
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_addv(&r->batch, &hashes, 2, rows_text(w->sealed, 0, 3),
	    rows_text(w->sealed, 0, 0));
	return NEXT_DB;
}

/* values are the bytes of the leaf, column by column, beside what they mean. */
static enum next
write_proof(struct request *r, const struct work *w)
{
	const struct rows *e = w->event, *at = w->sealed;
	bool proven = rows_n(at) == 1;
	struct buf *b = &r->reply;

	buf_str(b, "{\"event\":");
	write_event(b, e, 0);
	buf_key(b, "values");
	buf_char(b, '[');
	for (int i = 0; i < AUDIT_NCOLUMNS; i++) {
		buf_comma(b);
		buf_json(b, rows_text(e, 0, i));
	}
	buf_char(b, ']');
	buf_key(b, "fields");
	buf_json(b, proven ? rows_text(at, 0, 1) : NULL);
	buf_key(b, "root");
	buf_json(b, proven ? rows_text(at, 0, 2) : NULL);
	buf_key(b, "head");
	buf_json(b, proven ? rows_text(at, 0, 4) : NULL);
	buf_key(b, "proof");
	if (!proven)
		buf_str(b, "null");
	else if (!path_of(r, batch_rows(&r->batch, 0),
	    (uint64_t)rows_long(at, 0, 0), (uint64_t)rows_long(at, 0, 3)))
		return fail(r, E_INTERNAL, NULL, NULL, NULL);
	buf_char(b, '}');
	return reply(r, 200);
}

static bool
path_of(struct request *r, const struct rows *rows, uint64_t pos,
    uint64_t size)
{
	struct stored *all = arena_array(&r->arena, (size_t)rows_n(rows) + 1,
	    sizeof *all);
	struct stored_set set = { all, (size_t)rows_n(rows) };
	struct hashes path[MERKLE_MAX];
	struct buf *b = &r->reply;
	char hex[HASH_HEX];
	int n;

	for (int i = 0; i < rows_n(rows); i++)
		stored_read(&all[i], rows_text(rows, i, 0),
		    rows_text(rows, i, 1), rows_text(rows, i, 2),
		    rows_text(rows, i, 3));
	n = merkle_path(pos, size, &set, path);
	buf_printf(b, "{\"index\":%" PRIu64 ",\"size\":%" PRIu64, pos, size);
	for (int sm3 = 0; sm3 < 2; sm3++) {
		buf_key(b, sm3 ? "sm3" : "sha256");
		buf_char(b, '[');
		for (int i = 0; i < n; i++) {
			hash_hex(sm3 ? path[i].sm3 : path[i].sha256, hex);
			buf_comma(b);
			buf_json(b, hex);
		}
		buf_char(b, ']');
	}
	buf_char(b, '}');
	return n >= 0;
}

static enum next
heads_get(struct request *r)
{
	const char *after = request_param(r, "after");
	long limit = LIMIT_DEFAULT;
	const struct rows *rows;
	struct buf *b = &r->reply;

	if (r->state == NULL) {
		r->state = r;
		if (number(r, 1, LIMIT_MAX, &limit) != NULL)
			return refuse(r, "limit");
		if (after != NULL && (*after == '\0' || strlen(after) > 18 ||
		    after[strspn(after, "0123456789")] != '\0'))
			return refuse(r, "after");
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		batch_addv(&r->batch, &heads, 2, after,
		    arena_printf(&r->arena, "%ld", limit));
		return NEXT_DB;
	}
	rows = batch_rows(&r->batch, 0);
	buf_str(b, "{\"items\":[");
	for (int i = 0; i < rows_n(rows); i++) {
		buf_comma(b);
		buf_str(b, "{\"seq\":");
		buf_str(b, rows_text(rows, i, 0));
		buf_key(b, "line");
		buf_json(b, rows_text(rows, i, 1));
		buf_char(b, '}');
	}
	buf_str(b, "]}");
	return reply(r, 200);
}
