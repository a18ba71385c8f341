/* What an export shows, and what the server knows of it afterwards. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/err.h"
#include "base/uid.h"
#include "entity.h"
#include "query.h"
#include "settings.h"
#include "sync.h"
#include "sync_export.h"

#define MAC_BYTES 10

static void note(struct export *);
static void identity_json(struct export *);
static void row_json(struct export *, const struct rows *, int, bool fresh,
    struct buf *findings);
static void token_json(struct export *, const char *row, long rev);
static void raw_json(struct buf *, const char *key, const char *text);
static void blank_json(struct export *, const char *key);
static void held_names_json(struct buf *, const json_t *overrides);
static void key_json(struct export *, const char *const *fields);
static void blank_rows(struct export *, unsigned at, bool spare);
static void
filled_json(struct export *, const char *row, const char *shadow);
static void earlier_json(struct buf *, const char *text);
static enum next get(struct request *, struct export *);

/* A witness of the log (4.6): it goes wherever the workbook goes. */
static const struct stmt head_stmt = { "sync_export_head",
	"SELECT audit.head_at((SELECT exported_at FROM sheet_export"
	" WHERE id = $1::uuid))" };
static const struct stmt spares_stmt = { "sync_shown_spares",
	"SELECT p.row_id, s.cells::text, coalesce(s.gone, false),"
	" s.earlier::text, s.inherited FROM sheet_spare p LEFT JOIN sheet_shadow s"
	" ON s.export_id = p.export_id AND s.row_id = p.row_id"
	" WHERE p.export_id = $1::uuid ORDER BY p.position" };
static const struct stmt pending_stmt = { "sync_shown_pending",
	"SELECT p.row_id, s.cells::text, coalesce(s.gone, false),"
	" s.earlier::text, p.op_id FROM sheet_pending p LEFT JOIN sheet_shadow s"
	" ON s.export_id = p.export_id AND s.row_id = p.row_id"
	" WHERE p.export_id = $1::uuid ORDER BY p.row_id" };
static const struct stmt header_stmt = { "sync_shown_header",
	"SELECT h.cells::text, s.cells::text FROM sheet_header_history h"
	" LEFT JOIN sheet_shadow s ON s.export_id = $1::uuid"
	" AND s.row_id = h.ledger_id"
	" WHERE h.ledger_id = $2::uuid AND h.rev = $3::int" };
static const struct stmt known_stmt = { "sync_shown_export",
	"SELECT " BOOK_COLUMNS ", e.instance_id, e.kind, e.path, e.seq,"
	" e.header_rev, " EXPORTED_AT ", e.of_export FROM sheet_export e"
	" JOIN sheet_ledger l ON l.id = e.ledger_id"
	" JOIN sheet_template t ON t.code = e.template_code"
	" AND t.version = e.template_version" BOOK_JOINS
	" WHERE e.id = $1::uuid AND e.binding_id = $2::uuid" };
static const struct stmt *const statements[] = { &head_stmt, &spares_stmt,
	&pending_stmt, &header_stmt, &known_stmt };

void
export_shown_init(void)
{
	db_register(statements, COUNT(statements));
	beside_init();
}

void
export_plan_shown(struct export *x, bool fresh)
{
	struct batch *b = &x->r->batch;
	struct stmt *rows = arena_alloc(&x->r->arena, sizeof(*rows));
	struct stmt *filled = arena_alloc(&x->r->arena, sizeof(*filled));
	const struct entity *e = x->book.form->entity;
	const char *param[5];

	note(x);
	x->at_head = batch_addv(b, &head_stmt, 1, x->id);
	rows->sql = book_sql(x->r, e, BOOK_SHOWN);
	x->at_rows = batch_addv(b, rows, 2, x->id, e->table);
	x->at_spares = batch_addv(b, &spares_stmt, 1, x->id);
	if (fresh) {
		beside_plan(x);
		return;
	}
	x->at_pending = batch_addv(b, &pending_stmt, 1, x->id);
	filled->sql = book_sql(x->r, e, BOOK_FILLED);
	query_scope(&x->r->arena, &x->r->who.scope, param);
	param[4] = x->id;
	x->at_filled = batch_add(b, filled, 5, param);
	x->at_header = batch_addv(b, &header_stmt, 3, x->id, x->book.id,
	    arena_printf(&x->r->arena, "%ld", x->header_rev));
}

/* Whose rows went into a folder, and when: what leaves with a file is known
 * by its export. */
static void
note(struct export *x)
{
	audit_note(x->r, &(struct audit_event){ .verb = "sync_export",
	    .entity = "sheet_ledger", .row = x->book.id,
	    .division = x->book.division, .detail = arena_printf(
	    &x->r->arena, "{\"export\":\"%s\",\"template\":\"%s\","
	    "\"kind\":\"%s\"}", x->id, x->book.form->code, x->kind) });
}

enum next
sync_export_get(struct request *r)
{
	struct export *x = r->state;

	if (r->step == 0) {
		if (!uuid_ok(r->arg[0]))
			return fail_unknown(r);
		r->state = x = arena_alloc(&r->arena, sizeof(*x));
		x->r = r;
		x->id = r->arg[0];
		return export_read(x);
	}
	if (r->batch.failed >= 0)
		return fail_data(r);
	return export_known(x, 200);
}

enum next
export_read(struct export *x)
{
	struct request *r = x->r;

	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	batch_addv(&r->batch, &known_stmt, 2, x->id, r->who.binding);
	return NEXT_DB;
}

enum next
export_known(struct export *x, unsigned status)
{
	if (x->read++ == 0)
		return get(x->r, x);
	export_render_known(x);
	return reply(x->r, status);
}

static enum next
get(struct request *r, struct export *x)
{
	const struct rows *rows = batch_rows(&r->batch, 0);

	if (rows_n(rows) == 0)
		return fail_unknown(r);
	if (!book_take(r, rows, 0, 0, &x->book))
		return NEXT_FAIL;
	x->instance = rows_text(rows, 0, BOOK_NCOLUMNS);
	x->kind = rows_text(rows, 0, BOOK_NCOLUMNS + 1);
	x->path = rows_text(rows, 0, BOOK_NCOLUMNS + 2);
	x->seq = rows_long(rows, 0, BOOK_NCOLUMNS + 3);
	x->header_rev = rows_long(rows, 0, BOOK_NCOLUMNS + 4);
	x->exported_at = rows_text(rows, 0, BOOK_NCOLUMNS + 5);
	x->of = rows_text(rows, 0, BOOK_NCOLUMNS + 6);
	x->adopted = strcmp(x->kind, "adopted") == 0;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_SLOW);
	export_plan_shown(x, false);
	return NEXT_DB;
}

void
export_render_new(struct export *x)
{
	struct buf *b = &x->r->reply, findings;
	const struct rows *rows = batch_rows(&x->r->batch, x->at_rows);
	const struct rows *spares = batch_rows(&x->r->batch, x->at_spares);
	char *header = json_dumps(x->book.header, JSON_COMPACT);

	REQUIRE(header != NULL);
	x->seq = x->book.seq;
	x->header_rev = x->book.header_rev;
	buf_init(&findings, REPLY_MAX);
	identity_json(x);
	buf_key(b, "header");
	buf_char(b, '{');
	buf_key(b, "row");
	buf_json(b, x->book.id);
	buf_key(b, "rev");
	buf_printf(b, "%ld", x->header_rev);
	raw_json(b, "cells", header);
	free(header);
	buf_char(b, '}');
	buf_key(b, "rows");
	buf_char(b, '[');
	for (int i = 0; i < rows_n(rows); i++)
		row_json(x, rows, i, true, &findings);
	buf_char(b, ']');
	buf_key(b, "spares");
	buf_char(b, '[');
	for (int i = 0; i < rows_n(spares); i++) {
		buf_comma(b);
		buf_char(b, '{');
		token_json(x, rows_text(spares, i, 0), 0);
		buf_char(b, '}');
	}
	buf_char(b, ']');
	beside_book(x, &findings);
	buf_key(b, "findings");
	buf_char(b, '[');
	buf_add(b, findings.data, findings.len);
	buf_char(b, ']');
	b->over |= findings.over;
	buf_free(&findings);
	beside_conflicts(x);
	buf_char(b, '}');
}

void
export_render_known(struct export *x)
{
	struct buf *b = &x->r->reply;
	const struct rows *rows = batch_rows(&x->r->batch, x->at_rows);
	const struct rows *header = batch_rows(&x->r->batch, x->at_header);

	identity_json(x);
	buf_key(b, "rows");
	buf_char(b, '[');
	for (int i = 0; i < rows_n(rows); i++)
		row_json(x, rows, i, false, NULL);
	blank_rows(x, x->at_spares, true);
	blank_rows(x, x->at_pending, false);
	buf_comma(b);
	buf_char(b, '{');
	buf_key(b, "row");
	buf_json(b, x->book.id);
	buf_printf(b, ",\"token\":null,\"kind\":\"header\",\"rev\":%ld",
	    x->header_rev);
	raw_json(b, "base",
	    x->adopted || rows_n(header) == 0 ? NULL : rows_text(header, 0, 0));
	raw_json(
	    b, "shadow", rows_n(header) == 0 ? NULL : rows_text(header, 0, 1));
	buf_str(b, ",\"gone\":false}]}");
}

/* Spares and pending rows: blank when the file was written. */
static void
blank_rows(struct export *x, unsigned at, bool spare)
{
	struct buf *b = &x->r->reply;
	const struct rows *rows = batch_rows(&x->r->batch, at);

	for (int i = 0; i < rows_n(rows); i++) {
		const char *row = rows_text(rows, i, 0);

		buf_comma(b);
		buf_char(b, '{');
		if (spare) {
			token_json(x, row, 0);
			filled_json(x, row, rows_text(rows, i, 1));
			if (rows_text(rows, i, 4) != NULL &&
			    *rows_text(rows, i, 4) == 't')
				buf_str(b, ",\"inherited\":true");
		} else {
			buf_key(b, "row");
			buf_json(b, row);
			buf_str(b, ",\"token\":null");
			buf_key(b, "op_id");
			buf_json(b, rows_text(rows, i, 4));
		}
		buf_printf(b, ",\"kind\":\"%s\",\"rev\":0",
		    spare ? "spare" : "pending");
		blank_json(x, "base");
		raw_json(b, "shadow", rows_text(rows, i, 1));
		earlier_json(b, rows_text(rows, i, 3));
		buf_printf(b, ",\"gone\":%s}",
		    *rows_text(rows, i, 2) == 't' ? "true" : "false");
	}
}

/* A spare that another copy of the file filled is recognised by what the
 * system has. */
static void
filled_json(struct export *x, const char *row, const char *shadow)
{
	const struct rows *rows = batch_rows(&x->r->batch, x->at_filled);
	const struct entity *e = x->book.form->entity;
	const struct ledger *l = x->book.form;
	json_t *own = shadow == NULL ? NULL : json_loads(shadow, 0, NULL);
	bool blank = true;

	for (size_t i = 0; i < l->nkeys; i++) {
		const char *said = json_string_value(
		    json_object_get(own, l->column[l->key[i].column].name));

		blank &= said == NULL || *said == '\0';
	}
	json_decref(own);
	for (int i = 0; blank && i < rows_n(rows); i++)
		if (strcmp(rows_text(rows, i, field_index(e, "id")), row) == 0)
			key_json(x, query_row(&x->r->arena, e, rows, i));
}

static void
earlier_json(struct buf *b, const char *text)
{
	if (text != NULL && strcmp(text, "{}") != 0)
		raw_json(b, "earlier", text);
}

static void
identity_json(struct export *x)
{
	struct buf *b = &x->r->reply;
	const struct book *k = &x->book;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char hex[2 * MAC_BYTES + 1];
	const char *text =
	    arena_printf(&x->r->arena, "%s|%s|%s|%s|%s|%d", x->id, k->id,
		x->instance, k->division, k->form->code, k->form->version);
	const struct {
		const char *key, *value;
	} texts[] = {
		{ "export", x->id },
		{ "ledger", k->id },
		{ "instance", x->instance },
		{ "mac", hex },
		{ "template", k->form->code },
		{ "exported_at", x->exported_at },
		{ "action", k->action->code },
		{ "unit", k->unit },
		{ "division", k->division },
		{ "kind", x->kind },
		{ "path", x->path },
		{ "head", rows_text(batch_rows(&x->r->batch, x->at_head), 0,
		    0) },
	};

	crypto_auth_hmacsha256(
	    mac, (const unsigned char *)text, strlen(text), secret_key("row"));
	sodium_bin2hex(hex, sizeof(hex), mac, MAC_BYTES);
	buf_char(b, '{');
	for (size_t i = 0; i < COUNT(texts); i++) {
		buf_key(b, texts[i].key);
		buf_json(b, texts[i].value);
	}
	buf_printf(b, ",\"seq\":%ld,\"version\":%d,\"deletions\":%s", x->seq,
	    k->form->version,
	    strcmp(x->kind, "primary") == 0 ? "true" : "false");
	if (x->of != NULL) {
		buf_key(b, "of");
		buf_json(b, x->of);
	}
}

static void
row_json(struct export *x, const struct rows *rows, int i, bool fresh,
    struct buf *findings)
{
	struct buf *b = &x->r->reply;
	size_t n = field_total(x->book.form->entity);
	const char **fields = arena_array(&x->r->arena, n, sizeof(char *));
	long rev = rows_long(rows, i, 0);
	json_t *overrides = rows_text(rows, i, 1) == NULL
				? NULL
				: json_loads(rows_text(rows, i, 1), 0, NULL);
	const char *row = rows_text(rows, i, 4);

	for (size_t f = 0; f < n; f++)
		fields[f] = rows_text(rows, i, (int)f + SHOWN_FIELDS);
	buf_comma(b);
	buf_char(b, '{');
	if (x->adopted) {
		buf_key(b, "row");
		buf_json(b, row);
		buf_str(b, ",\"token\":null");
	} else {
		token_json(x, row, rev);
	}
	buf_printf(b, ",\"rev\":%ld", rev);
	if (x->adopted && !fresh) {
		blank_json(x, "base");
		key_json(x, fields);
	} else {
		buf_key(b, fresh ? "cells" : "base");
		book_cells_json(x->r, b, &x->book, fields, overrides);
	}
	if (fresh) {
		held_names_json(b, overrides);
		beside_row(x, row, fields, overrides, findings);
	} else {
		buf_str(b, ",\"kind\":\"manifest\"");
		raw_json(b, "shadow", rows_text(rows, i, 2));
		earlier_json(b, rows_text(rows, i, 5));
		buf_printf(b, ",\"gone\":%s",
		    rows_text(rows, i, 3) != NULL &&
			    *rows_text(rows, i, 3) == 't'
			? "true"
			: "false");
	}
	buf_char(b, '}');
	json_decref(overrides);
}

static void
token_json(struct export *x, const char *row, long rev)
{
	char token[ROW_TOKEN_MAX];

	row_token(secret_key("row"), x->book.id, row, rev, token);
	buf_key(&x->r->reply, "row");
	buf_json(&x->r->reply, row);
	buf_key(&x->r->reply, "token");
	buf_json(&x->r->reply, token);
}

static void
raw_json(struct buf *b, const char *key, const char *text)
{
	buf_key(b, key);
	buf_str(b, text == NULL ? "{}" : text);
}

static void
blank_json(struct export *x, const char *key)
{
	struct buf *b = &x->r->reply;

	buf_key(b, key);
	buf_char(b, '{');
	for (size_t i = 0; i < x->book.form->ncolumns; i++) {
		buf_key(b, x->book.form->column[i].name);
		buf_str(b, "\"\"");
	}
	buf_char(b, '}');
}

static void
held_names_json(struct buf *b, const json_t *overrides)
{
	const char *name;
	json_t *v;

	buf_key(b, "held");
	buf_char(b, '[');
	json_object_foreach((json_t *)(uintptr_t)overrides, name, v)
	{
		(void)v;
		buf_comma(b);
		buf_json(b, name);
	}
	buf_char(b, ']');
}

/* The cells by which an adopted workbook's rows are recognised. */
static void
key_json(struct export *x, const char *const *fields)
{
	struct buf *b = &x->r->reply;
	json_t *extra = ledger_extra(x->book.form->entity, fields);

	buf_key(b, "key");
	buf_char(b, '{');
	for (size_t i = 0; i < x->book.form->nkeys; i++) {
		const struct ledger_column *c =
		    &x->book.form->column[x->book.form->key[i].column];

		buf_key(b, c->name);
		buf_json(b, book_shown(x->r, &x->book, c, fields, extra, NULL));
	}
	buf_char(b, '}');
	json_decref(extra);
}
