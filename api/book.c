/* Books: their form, and the SQL of their rows derived from the model. */
#include "book.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "query.h"

#define SQL_MAX (128 * 1024)
#define KEPT "\x01kept" /* where the request's own object owns others */

static struct reason reason_of(const json_t *);
static const char *taken(struct request *, struct buf *);
static void manifest_sql(struct buf *, const struct entity *);
static void shown_sql(struct buf *, const struct entity *);
static void select_past(struct buf *, const struct entity *);

bool
book_take(struct request *r, const struct rows *rows, int row, int first,
    struct book *b)
{
	const char *f[BOOK_NCOLUMNS];

	for (int i = 0; i < BOOK_NCOLUMNS; i++)
		f[i] = rows_text(rows, row, first + i);
	b->id = f[0];
	b->unit = f[1];
	b->division = f[2];
	b->covers_lo = f[3];
	b->covers_hi = f[4];
	b->level = f[5];
	b->action = conf_action(f[6]);
	b->seq = strtol(f[7], NULL, 10);
	b->form = ledger_stored(f[8], (int)strtol(f[9], NULL, 10), f[10]);
	b->header_rev = strtol(f[11], NULL, 10);
	b->header = request_keep_json(r, f[12]);
	b->ended = reason_of(request_keep_json(r, f[13]));
	if (b->action == NULL || b->form == NULL) {
		fail(r, E_BUSY, "not_ready", "台账配置正在更新，请稍后重试",
		    "The ledger's configuration is being read; try again.");
		return false;
	}
	return true;
}

/* Of a fault that the database words; NULL: none. */
static struct reason
reason_of(const json_t *fault)
{
	return (struct reason) {
		json_string_value(json_object_get(fault, "rule")),
		json_string_value(json_object_get(fault, "code")),
		json_string_value(json_object_get(fault, "zh")),
		json_string_value(json_object_get(fault, "en")),
	};
}

const struct codes *
book_codes(const struct book *b)
{
	return b->action->codes;
}

json_t *
request_body(struct request *r)
{
	json_t *body = request_json(r);

	/* Not of a body that was sent, nor of an earlier run. */
	if (body != NULL)
		json_object_del(body, KEPT);
	return body;
}

json_t *
request_keep_json(struct request *r, const char *text)
{
	json_t *v, *kept;

	if (text == NULL)
		return NULL;
	v = json_loads(text, JSON_DECODE_ANY, NULL);
	if (v == NULL)
		return NULL;
	if (r->json == NULL)
		r->json = json_object();
	kept = json_object_get(r->json, KEPT);
	if (kept == NULL) {
		kept = json_array();
		json_object_set_new(r->json, KEPT, kept);
	}
	json_array_append_new(kept, v);
	return v;
}

const char *
book_sql(struct request *r, const struct entity *e, enum book_sql which)
{
	struct buf b;

	buf_init(&b, SQL_MAX);
	switch (which) {
	case BOOK_LOCK:
	case BOOK_NOW:
		buf_str(&b, "SELECT ");
		query_columns(&b, e);
		buf_printf(&b, " FROM %s WHERE ", e->table);
		query_where(&b, e);
		if (which == BOOK_LOCK)
			buf_str(&b,
			    " AND id = ANY ($5::uuid[])"
			    " AND action_id = $6::uuid AND division_code"
			    " BETWEEN $7::bigint AND $8::bigint"
			    " ORDER BY id FOR UPDATE");
		else
			buf_str(&b,
			    " AND action_id = $5::uuid AND division_code"
			    " BETWEEN $6::bigint AND $7::bigint"
			    " AND voided_at IS NULL AND id > $8::uuid"
			    " ORDER BY id LIMIT $9::int");
		break;
	case BOOK_PAST:
		buf_printf(&b,
		    "SELECT k.id, v.* FROM"
		    " unnest($2::uuid[], $3::bigint[]) AS k (id, rev)"
		    " JOIN %s t ON t.id = k.id AND t.rev <> k.rev"
		    " JOIN history h ON h.entity = $1::text"
		    " AND h.row_id = k.id AND h.rev = k.rev",
		    e->table);
		select_past(&b, e);
		break;
	case BOOK_MANIFEST: manifest_sql(&b, e); break;
	case BOOK_SHOWN: shown_sql(&b, e); break;
	case BOOK_FILLED:
		buf_str(&b, "SELECT ");
		query_columns(&b, e);
		buf_printf(&b, " FROM %s WHERE ", e->table);
		query_where(&b, e);
		buf_str(&b, " AND id IN (SELECT row_id FROM sheet_spare"
			    " WHERE export_id = $5::uuid)");
		break;
	}
	return taken(r, &b);
}

const char *
book_insert_sql(struct request *r, const struct entity *e, const bool *columns)
{
	struct buf b;

	buf_init(&b, SQL_MAX);
	for (int pass = 0; pass < 2; pass++) {
		if (pass == 0)
			buf_printf(&b, "INSERT INTO %s (id", e->table);
		else
			buf_str(&b, ") SELECT id");
		for (size_t i = 0; i < field_total(e); i++)
			if (columns[i])
				buf_printf(
				    &b, ", %s", field_at(e, (int)i)->name);
	}
	buf_printf(&b,
	    " FROM jsonb_populate_recordset(NULL::%s, $1::jsonb)"
	    " ORDER BY id RETURNING id, rev",
	    e->table);
	return taken(r, &b);
}

const char *
book_update_sql(struct request *r, const struct entity *e, const bool *columns)
{
	struct buf b;

	buf_init(&b, SQL_MAX);
	buf_printf(&b, "UPDATE %s t SET id = t.id", e->table);
	for (size_t i = 0; i < field_total(e); i++)
		if (columns[i])
			buf_printf(&b, ", %s = x.%s", field_at(e, (int)i)->name,
			    field_at(e, (int)i)->name);
	buf_printf(&b,
	    " FROM jsonb_populate_recordset(NULL::%s, $1::jsonb) x"
	    " WHERE t.id = x.id RETURNING t.id, t.rev",
	    e->table);
	return taken(r, &b);
}

void
book_row_json(struct buf *b, const struct entity *e, const bool *columns,
    const char *const *row)
{
	buf_comma(b);
	buf_char(b, '{');
	buf_key(b, "id");
	buf_json(b, row[field_index(e, "id")]);
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (!columns[i])
			continue;
		buf_key(b, f->name);
		if (f->type == T_JSON)
			buf_str(b, row[i] == NULL ? "{}" : row[i]);
		else
			buf_json(b, row[i]);
	}
	buf_char(b, '}');
}

void
book_cells_json(struct request *r, struct buf *b, const struct book *book,
    const char *const *row, const json_t *overrides)
{
	const struct ledger *l = book->form;
	json_t *extra = ledger_extra(l->entity, row), *v;
	const char *name;

	buf_char(b, '{');
	for (size_t i = 0; i < l->ncolumns; i++) {
		const struct ledger_column *c = &l->column[i];
		const char *typed =
		    json_string_value(json_object_get(overrides, c->name));

		buf_key(b, c->name);
		buf_json(b, book_shown(r, book, c, row, extra, typed));
	}
	json_object_foreach(extra, name, v)
	{
		const char *key = arena_printf(&r->arena, "extra.%s", name);

		if (!json_is_string(v) || ledger_column(l, key) >= 0)
			continue;
		buf_key(b, key);
		buf_json(b, json_string_value(v));
	}
	buf_char(b, '}');
	json_decref(extra);
}

void
book_findings(struct request *r, const struct book *book,
    const char *const *row, struct findings *out)
{
	const struct ledger *l = book->form;
	struct findings all = { 0 };

	if (strcmp(l->entity->name, "issue") != 0)
		return; /* the only entity with rules of rows */
	rules_issue(
	    &r->arena, l->entity, book_codes(book), book->action, row, &all);
	for (size_t i = 0; i < all.n; i++) {
		int at = all.at[i].name == NULL
			     ? -1
			     : ledger_shows(l, all.at[i].name);

		/* What the form does not print, its staff cannot repair. */
		if (at < 0)
			continue;
		all.at[i].name = l->column[at].name;
		finding_add(&r->arena, out, &all.at[i]);
	}
}

static void
manifest_sql(struct buf *b, const struct entity *e)
{
	buf_str(b, "INSERT INTO sheet_manifest"
		   " (export_id, row_id, division_code, rev, overrides)"
		   " SELECT $5::uuid, id, $9::bigint,"
		   " CASE WHEN $10::boolean THEN rev ELSE 0 END,"
		   " (SELECT jsonb_object_agg(k.name, k.value)"
		   " FROM sheet_held k WHERE k.row_id = issue.id"
		   " AND k.closed_at IS NULL AND $10::boolean) FROM (");
	buf_printf(b, "SELECT id, rev FROM %s WHERE ", e->table);
	query_where(b, e);
	buf_str(b, " AND action_id = $6::uuid AND division_code"
		   " BETWEEN $7::bigint AND $8::bigint"
		   " AND voided_at IS NULL) AS issue ORDER BY id");
}

/* An adopted workbook's rows have no revision: their base is blank, and what
 * they are now serves to recognise them. */
static void
shown_sql(struct buf *b, const struct entity *e)
{
	buf_printf(b,
	    "SELECT m.rev, m.overrides::text, s.cells::text, s.gone,"
	    " m.row_id, s.earlier::text, v.* FROM sheet_manifest m"
	    " LEFT JOIN sheet_shadow s ON s.export_id = m.export_id"
	    " AND s.row_id = m.row_id"
	    " JOIN history h ON h.entity = $2::text"
	    " AND h.row_id = m.row_id AND h.rev = CASE m.rev WHEN 0"
	    " THEN (SELECT rev FROM %s WHERE id = m.row_id)"
	    " ELSE m.rev END",
	    e->table);
	select_past(b, e);
	buf_str(b, " WHERE m.export_id = $1::uuid ORDER BY m.row_id");
}

/* The row as it stood, through the table's own type: one list of columns. */
static void
select_past(struct buf *b, const struct entity *e)
{
	buf_str(b, ", LATERAL (SELECT ");
	query_columns(b, e);
	buf_printf(
	    b, " FROM jsonb_populate_record(NULL::%s, h.data)) v", e->table);
}

static const char *
taken(struct request *r, struct buf *b)
{
	const char *sql;

	REQUIRE(!b->over);
	sql = arena_strndup(&r->arena, b->data, b->len);
	buf_free(b);
	return sql;
}
