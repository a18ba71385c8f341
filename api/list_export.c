/*
 * All rows of a list as a file: NDJSON, CSV or a workbook, by Accept or
 * ?format=. Rows are read in batches that each begin where the last one
 * ended, so no transaction and no connection waits for a slow reader; the
 * next batch is on its way while this one is written. Without sort= they come
 * by place and creation, which an index gives at any scope and nothing
 * changes: every row that is there all the while is in the file once.
 */
#include "list_export.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "as_of.h"
#include "audit.h"
#include "limit.h"
#include "list.h"
#include "query.h"
#include "sheet_out.h"

#define EXPORTS_MAX 4		 /* at a time, per worker */
#define PART_BYTES (64u * 1024)	 /* before it goes out */
#define BATCH_BYTES (1u << 20)	 /* of column text, about */
#define BATCH_ROWS 2000
#define BATCH_FIRST 100
#define KEY_MAX 3

/* A witness of the log (4.6): it goes wherever the workbook goes. */
static const struct stmt log_head = { NULL, "SELECT audit.head_at(now())" };
static unsigned running;

static struct export *open_export(struct request *, struct list *);
static void let_go(void *);
static void head(struct request *, const struct list *);
static enum next write_rows(struct request *, struct export *);
static bool ask(struct request *, struct export *);
static void build(struct request *, struct export *);
static void build_one(struct request *, struct export *, bool first);
static void take(struct request *, struct export *);
static void note(struct request *, struct export *);
static enum next end(struct request *, struct export *);
static long fitting(const struct rows *);
static enum format accepted(const char *accept);

static const struct kind_of_file {
	const char *name, *type;
} kinds[] = {
	[FORMAT_JSON] = { "json", "application/json" },
	[FORMAT_NDJSON] = { "ndjson", "application/x-ndjson" },
	[FORMAT_CSV] = { "csv", "text/csv" },
	[FORMAT_XLSX] = { "xlsx", "application/vnd.openxmlformats-"
	    "officedocument.spreadsheetml.sheet" },
};

enum format
list_format(struct request *r, bool *known)
{
	const char *name = request_param(r, "format");

	*known = true;
	if (name == NULL)
		return accepted(request_header(r, "accept"));
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (enum format)i;
	*known = false;
	return FORMAT_JSON;
}

enum next
list_export(struct request *r, struct list *l)
{
	struct export *x = l->export;

	if (x == NULL) {
		if (l->count || request_param(r, "limit") != NULL) {
			(void)list_refuse(r, l->count ? "count" : "limit",
			    "not_with_format",
			    "导出包含全部记录，不能与 limit、count 同用",
			    "does not go with a format that holds all rows");
			return fail(r, E_INPUT, "invalid", "查询参数不正确",
			    "A query parameter is not right.");
		}
		x = open_export(r, l);
		return x != NULL && ask(r, x) ? NEXT_WAIT :
		    fail(r, E_BUSY, "busy", "正在进行的导出较多，请稍后再试",
		    "Too many downloads at the moment; try again later.");
	}
	return write_rows(r, x);
}

static struct export *
open_export(struct request *r, struct list *l)
{
	struct export *x;

	if (running == EXPORTS_MAX)
		return NULL;
	running++;
	x = calloc(1, sizeof(*x));
	REQUIRE(x != NULL);
	x->list = l;
	l->by_place = !l->sorted;
	x->size = BATCH_FIRST;
	x->people = l->format != FORMAT_NDJSON;
	arena_init(&x->scratch, EXPORT_ARENA);
	l->export = x;
	r->held = x;
	r->let_go = let_go;
	build(r, x);
	head(r, l);
	export_begin(r, x);
	return x;
}

static void
let_go(void *held)
{
	struct export *x = held;

	running--;
	export_end(x);
	arena_free(&x->scratch);
	for (int i = 0; i < KEY_MAX; i++)
		free(x->key[i]);
	free(x);
}

static void
head(struct request *r, const struct list *l)
{
	const struct kind_of_file *k = &kinds[l->format];
	time_t now = time(NULL) + 8 * 3600; /* the office's day */
	struct tm tm;
	char day[16];
	struct buf b;

	r->type = l->format == FORMAT_CSV ? "text/csv; charset=utf-8; "
	    "header=present" : k->type;
	(void)reply(r, 200);
	(void)gmtime_r(&now, &tm);
	(void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	buf_init(&b, 4096);
	buf_printf(&b, "attachment; filename=\"%s-%s.%s\"; filename*=UTF-8''",
	    l->entity->path, day, k->name);
	for (const char *p = l->entity->label; *p != '\0'; p++)
		buf_printf(&b, "%%%02X", (unsigned char)*p);
	buf_printf(&b, "-%s.%s", day, k->name);
	reply_header(r, "content-disposition", b.data);
	buf_free(&b);
}

static enum next
write_rows(struct request *r, struct export *x)
{
	size_t before = x->written;

	if (x->ending)
		return end(r, x);
	arena_free(&x->scratch);
	arena_init(&x->scratch, EXPORT_ARENA);
	for (;;) {
		if (x->rows == NULL) {
			if (!request_back(r))
				return r->reply.len > 0 ? NEXT_PART : NEXT_WAIT;
			if (r->batch.failed >= 0)
				return fail_data(r);
			if (x->total == 0 && x->list->as_of != NULL &&
			    as_of_refused(r))
				return NEXT_FAIL;
			take(r, x);
			if (!limit_rows(r, (unsigned)x->n))
				return NEXT_FAIL;
			if (x->more && !ask(r, x))
				return fail(r, E_BUSY, NULL, NULL, NULL);
		}
		while (x->at < x->n && x->written - before < PART_BYTES)
			export_row(r, x, x->at++);
		if (x->at == x->n) {
			request_done_with(r, x->rows);
			x->rows = NULL;
			if (!x->more)
				break;
		}
		if (!export_flush(r, x))
			return fail(r, E_LIMIT, NULL, NULL, NULL);
		if (x->written - before >= PART_BYTES) {
			if (r->reply.len > 0)
				return NEXT_PART;
			before = x->written;
		}
	}
	return end(r, x);
}

/* Of a long file the log has that it was taken to its end, and what was in
 * all of it, before its last bytes go out. */
static enum next
end(struct request *r, struct export *x)
{
	if (!x->told) {
		if (!x->ending) {
			x->ending = true;
			audit_file_end(r, x->total);
			if (!request_ahead(r))
				return fail(r, E_BUSY, NULL, NULL, NULL);
		}
		if (!request_back(r))
			return r->reply.len > 0 ? NEXT_PART : NEXT_WAIT;
		if (r->batch.failed >= 0)
			return fail(r, E_BUSY, NULL, NULL, NULL);
	}
	if (!export_last(r, x))
		return fail(r, E_LIMIT, NULL, NULL, NULL);
	return NEXT_DONE;
}

/* What came: how many, whether there are more, and where they begin. */
static void
take(struct request *r, struct export *x)
{
	const struct rows *rows = batch_rows(&r->batch, 0);
	int n = rows_n(rows), cols = rows_cols(rows);

	x->more = n > x->size;
	x->n = x->more ? (int)x->size : n;
	x->at = 0;
	x->rows = rows;
	if (x->total == 0)
		note(r, x);
	x->total += x->n;
	if (!x->more)
		return;
	for (int i = 0; i < x->nkey; i++) {
		free(x->key[i]);
		x->key[i] = strdup(rows_text(rows, x->n - 1,
		    cols - x->nkey + i));
		REQUIRE(x->key[i] != NULL);
	}
	x->size = fitting(rows);
}

/* Of the first batch: the workbook carries a head, the log that it was taken. */
static void
note(struct request *r, struct export *x)
{
	enum format format = x->list->format;

	if (format == FORMAT_XLSX && rows_text(batch_rows(&r->batch, 1), 0,
	    0) != NULL)
		sheet_note(x->sheet, "head", rows_text(batch_rows(&r->batch,
		    1), 0, 0));
	x->told = !x->more || r->method == M_HEAD;
	if (r->method != M_HEAD)
		audit_file(r, kinds[format].name, x->more ? -1 : x->n);
}

/* Rows that come to a batch's bytes, going by these. */
static long
fitting(const struct rows *rows)
{
	size_t bytes = 1;
	long n = rows_n(rows);

	for (int i = 0; i < n; i++)
		for (int k = 0; k < rows_cols(rows); k++)
			bytes += (size_t)rows_len(rows, i, k) + 8;
	n = (long)(BATCH_BYTES / (bytes / (size_t)n + 1));
	return n > BATCH_ROWS ? BATCH_ROWS : n < 10 ? 10 : n;
}

/* The next batch sets out. */
static bool
ask(struct request *r, struct export *x)
{
	struct list *l = x->list;
	const char *p[LIST_BINDS_MAX + 4];
	unsigned n = l->nparams;

	memcpy(p, l->param, n * sizeof *p);
	/* Copied: it is sent again should the connection be lost. */
	(void)snprintf(x->limit, sizeof(x->limit), "%ld", x->size + 1);
	p[n++] = x->limit;
	for (int i = 0; i < x->nkey && x->key[0] != NULL; i++)
		p[n++] = x->key[i];
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_read(&r->batch, &x->stmt[x->key[0] == NULL ? 0 : 1], n, p);
	if (x->key[0] == NULL && l->format == FORMAT_XLSX)
		batch_read(&r->batch, &log_head, 0, NULL);
	if (x->key[0] == NULL)
		as_of_guard(r, l);
	return request_ahead(r);
}

static void
build(struct request *r, struct export *x)
{
	build_one(r, x, true);
	build_one(r, x, false);
}

static void
build_one(struct request *r, struct export *x, bool first)
{
	struct list *l = x->list;
	const struct field *f = field_at(l->entity, l->sort);
	const char *expr[KEY_MAX] = { "division_code", "created_at", "id" };
	const char *cast[KEY_MAX] = { "bigint", "timestamptz", "uuid" };
	bool down = l->sorted && l->down;
	struct buf b;

	x->nkey = KEY_MAX;
	if (l->sorted) {
		expr[0] = list_sort_expr(&r->arena, f);
		cast[0] = query_cast(f);
		expr[1] = expr[2];
		cast[1] = cast[2];
		x->nkey = 2;
	}
	buf_init(&b, LIST_SQL_MAX);
	buf_str(&b, "SELECT ");
	list_columns(&b, l, x->people);
	list_expand_columns(r, &b, l);
	for (int i = 0; i < x->nkey; i++)
		buf_printf(&b, ", %s::text AS key_%d", expr[i], i);
	list_from_where(r, &b, l);
	for (int i = 0; i < x->nkey && !first; i++)
		buf_printf(&b, "%s%s", i == 0 ? " AND (" : ", ", expr[i]);
	for (int i = 0; i < x->nkey && !first; i++)
		buf_printf(&b, "%s$%u::%s", i > 0 ? ", " : down ? ") < ("
		    : ") > (", l->nparams + 2 + (unsigned)i, cast[i]);
	buf_str(&b, first ? "" : ")");
	for (int i = 0; i < x->nkey; i++)
		buf_printf(&b, "%s%s%s", i == 0 ? " ORDER BY " : ", ",
		    expr[i], down ? " DESC" : "");
	buf_printf(&b, " LIMIT $%u::bigint", l->nparams + 1);
	REQUIRE(!b.over);
	x->stmt[first ? 0 : 1].sql = arena_strndup(&r->arena, b.data, b.len);
	buf_free(&b);
}

/* The type with the highest q that we have; the first of equals; JSON when
 * none is named. */
static enum format
accepted(const char *accept)
{
	enum format best = FORMAT_JSON;
	double most = 0;

	for (const char *p = accept; p != NULL && *p != '\0';) {
		size_t len, all;
		double q = 1;

		p += strspn(p, " \t,");
		all = strcspn(p, ",");
		len = strcspn(p, ",; \t");
		for (const char *s = p; s + 1 < p + all; s++)
			if (s[0] == ';' && strspn(s + 1, " \t") + 3 <=
			    (size_t)(p + all - s) && strncasecmp(s + 1 +
			    strspn(s + 1, " \t"), "q=", 2) == 0)
				q = strtod(s + 3 + strspn(s + 1, " \t"), NULL);
		for (size_t i = 0; i < COUNT(kinds); i++)
			if (strlen(kinds[i].type) == len && q > most &&
			    strncasecmp(kinds[i].type, p, len) == 0) {
				most = q;
				best = (enum format)i;
			}
		p += all;
	}
	return best;
}
