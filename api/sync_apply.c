/*
 * Writes what was decided: a handful of set-based statements whatever the
 * number of rows. Rows first, then what stands beside them: the order in
 * which everybody locks (0011_sheet_work.sql).
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/uid.h"
#include "sync_batch.h"

#define PAYLOAD_MAX (16u << 20)

enum { AT_INSERT, AT_UPDATE, AT_SEQ, AT__NONE = BATCH_MAX };

static void plan_rows(struct push *, bool insert, unsigned *at);
static void mark_deleted(struct push *, struct push_row *);
static void plan_header(struct push *);
static bool lands(const struct push_row *);
static void plan_pending(struct push *);
static void plan_shadow(struct push *);
static void plan_left(struct push *, const struct stmt *, const struct left *);
static void left_json(struct push *, struct buf *, const struct left *);
static const char *payload(struct push *, struct buf *);
static void json_add(struct buf *, const json_t *);
static void names_json(struct buf *, const char *key, const struct name *);
static void why_json(struct buf *, const struct reason *);
static void take_revs(struct push *, unsigned at);

static const struct stmt header_stmt = { "sheet_header_write",
	"WITH now AS (UPDATE sheet_header SET cells = cells || $2::jsonb,"
	" rev = rev + 1 WHERE ledger_id = $1::uuid"
	" RETURNING ledger_id, rev, division_code, cells)"
	" INSERT INTO sheet_header_history (ledger_id, rev, division_code,"
	" cells) SELECT * FROM now RETURNING rev" };
static const struct stmt pending_stmt = { "sheet_pending_write",
	"INSERT INTO sheet_pending (op_id, export_id, row_id, division_code,"
	" copied_from) SELECT x.op_id, $1::uuid, x.row, $2::bigint,"
	" x.copied_from FROM jsonb_to_recordset($3::jsonb)"
	" AS x (op_id text, \"row\" uuid, copied_from uuid)" };
/* What a cell said before is kept once; what it meant goes with its text. */
static const struct stmt shadow_stmt = { "sheet_shadow_write",
	"INSERT INTO sheet_shadow AS s (export_id, row_id, division_code,"
	" cells, gone, meant) SELECT $1::uuid, x.row, $2::bigint, x.cells,"
	" x.gone, coalesce(x.meant, '{}') FROM jsonb_to_recordset($3::jsonb)"
	" AS x (\"row\" uuid, cells jsonb, gone boolean, meant jsonb)"
	" ON CONFLICT (export_id, row_id) DO UPDATE"
	" SET cells = s.cells || excluded.cells, gone = excluded.gone,"
	" inherited = false, meant = (s.meant - array(SELECT jsonb_object_keys(excluded.cells)))"
	" || excluded.meant,"
	" earlier = s.earlier || (SELECT coalesce(jsonb_object_agg(c.key,"
	" coalesce(s.earlier -> c.key, '[]') || (s.cells -> c.key)), '{}')"
	" FROM jsonb_each(excluded.cells) c WHERE s.cells -> c.key <> c.value"
	" AND NOT coalesce(s.earlier -> c.key, '[]') @> (s.cells -> c.key))" };
/* $1 list, $2 ledger, $3 division, $4 export, $5 file_sha, $6 path,
 * $7 binding, $8 entity */
#define LEFT_FROM                                                              \
	" FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, \"row\" uuid,"     \
	" name text, kind text, base text, system text, file text,"            \
	" cells jsonb, rule text, code text, zh text, en text, command text)," \
	" (SELECT $2::uuid AS ledger, $3::bigint AS division,"                 \
	" $4::uuid AS export, $5::text AS sha, $6::text AS path,"              \
	" $7::uuid AS binding, $8::text AS entity) AS b"
static const struct stmt held_stmt = { "sheet_held_write",
	"INSERT INTO sheet_held AS k (id, ledger_id, row_id, name,"
	" division_code, value, base, rule, code, zh, en, export_id)"
	" SELECT x.id, b.ledger, x.row, x.name, b.division, x.file, x.base,"
	" x.rule, x.code, x.zh, x.en, b.export" LEFT_FROM
	" ON CONFLICT (row_id, name) WHERE closed_at IS NULL DO UPDATE"
	" SET value = excluded.value, rule = excluded.rule,"
	" code = excluded.code, zh = excluded.zh, en = excluded.en,"
	" export_id = excluded.export_id, at = now()" };
static const struct stmt unheld_stmt = { "sheet_held_close",
	"UPDATE sheet_held k SET closed_at = now()" LEFT_FROM
	" WHERE k.row_id = x.row AND k.name = x.name AND k.closed_at IS NULL" };
/* Who changed it in the system: the last revision that brought the value. A
 * name outside the folder's scope is not told. */
static const struct stmt conflict_stmt = { "sheet_conflict_write",
	"INSERT INTO sheet_conflict (id, code, ledger_id, row_id, name, kind,"
	" division_code, base, system, file, cells, system_by, system_at,"
	" binding_id, export_id, file_sha, path)"
	" SELECT x.id, 'K' || upper(substr(md5(x.id::text), 1, 4)), b.ledger,"
	" x.row, x.name, x.kind, b.division, x.base, x.system, x.file,"
	" x.cells, CASE WHEN w.at IS NULL THEN '' ELSE"
	" coalesce(o.name || ' ' || u.name, u.name, f.name, '上级单位') END,"
	" w.at, b.binding, b.export, b.sha, b.path" LEFT_FROM
	" LEFT JOIN LATERAL (SELECT h.actor, h.at FROM history h"
	" LEFT JOIN history p ON p.entity = h.entity AND p.row_id = h.row_id"
	" AND p.rev = h.rev - 1 WHERE h.entity = b.entity"
	" AND h.row_id = x.row AND (x.kind <> 'cell' OR"
	" (h.data -> x.name) IS DISTINCT FROM (p.data -> x.name))"
	" ORDER BY h.rev DESC LIMIT 1) w ON true"
	" LEFT JOIN app_user u ON u.id = w.actor"
	" LEFT JOIN org_unit o ON o.id = u.org_id"
	" LEFT JOIN agent_token k ON k.id = w.actor"
	" LEFT JOIN sheet_binding f ON f.id IN (w.actor, k.binding_id)" };
static const struct stmt overtyped_stmt = { "sheet_conflict_overtyped",
	"UPDATE sheet_conflict c SET state = 'overtyped', rev = c.rev + 1,"
	" resolved_by = app_actor(), resolved_at = now()" LEFT_FROM
	" WHERE c.row_id = x.row AND c.name = x.name AND c.state = 'open'" };
static const struct stmt request_stmt = { "sheet_request_write",
	"INSERT INTO sheet_request (id, ledger_id, entity, row_id, name,"
	" command, division_code, binding_id, export_id, file_sha, path)"
	" SELECT x.id, b.ledger, b.entity, x.row, x.name, x.command,"
	" b.division, b.binding, b.export, b.sha, b.path" LEFT_FROM
	" ON CONFLICT (row_id, command) WHERE state = 'open' DO NOTHING" };
static const struct stmt withdrawn_stmt = { "sheet_request_withdraw",
	"UPDATE sheet_request q SET state = 'withdrawn',"
	" closed_by = app_actor(), closed_at = now()" LEFT_FROM
	" WHERE q.row_id = x.row AND q.command = x.command"
	" AND q.state = 'open'" };
static const struct stmt finding_stmt = { "sheet_finding_write",
	"INSERT INTO sheet_finding AS k (row_id, name, ledger_id,"
	" division_code, value, rule, level, zh, en)"
	" SELECT x.row, x.name, b.ledger, b.division, x.file, x.rule, x.kind,"
	" x.zh, x.en" LEFT_FROM
	" ON CONFLICT (row_id, name) DO UPDATE SET value = excluded.value,"
	" rule = excluded.rule, level = excluded.level, zh = excluded.zh,"
	" en = excluded.en, at = now()" };
static const struct stmt cleared_stmt = { "sheet_finding_clear",
	"DELETE FROM sheet_finding k USING (SELECT x.*" LEFT_FROM ") AS x"
	" WHERE k.row_id = x.row AND k.name = x.name" };
/* What a file may not do is said once: a save of the export that said it has
 * read it. What a header is not stands there until it is changed. */
static const struct stmt read_stmt = { "sync_finding_read",
	"DELETE FROM sheet_finding k USING sheet_export e WHERE e.id = $1::uuid"
	" AND e.kind = 'primary' AND k.ledger_id = e.ledger_id"
	" AND k.row_id <> k.ledger_id AND k.at < e.exported_at" };
static const struct stmt seq_stmt = { "sheet_ledger_seq",
	"SELECT seq FROM sheet_ledger WHERE id = $1::uuid" };

static const struct stmt *const statements[] = { &header_stmt, &pending_stmt,
	&shadow_stmt, &held_stmt, &unheld_stmt, &conflict_stmt, &overtyped_stmt,
	&request_stmt, &withdrawn_stmt, &read_stmt, &finding_stmt,
	&cleared_stmt,
	&seq_stmt };

void
sync_apply_init(void)
{
	db_register(statements, COUNT(statements));
}

void
push_plan_writes(struct push *p)
{
	p->at[AT_INSERT] = p->at[AT_UPDATE] = AT__NONE;
	for (size_t i = 0; i < p->nrows; i++)
		if (p->row[i].op == PUSH_DELETE && p->row[i].update)
			mark_deleted(p, &p->row[i]);
	plan_rows(p, true, &p->at[AT_INSERT]);
	plan_rows(p, false, &p->at[AT_UPDATE]);
	plan_header(p);
	plan_pending(p);
	plan_shadow(p);
	plan_left(p, &unheld_stmt, p->no_held);
	plan_left(p, &held_stmt, p->new_held);
	plan_left(p, &overtyped_stmt, p->no_conflict);
	plan_left(p, &conflict_stmt, p->new_conflict);
	plan_left(p, &withdrawn_stmt, p->no_request);
	plan_left(p, &request_stmt, p->new_request);
	batch_addv(&p->r->batch, &read_stmt, 1, p->export);
	plan_left(p, &cleared_stmt, p->no_finding);
	plan_left(p, &finding_stmt, p->new_finding);
	p->at[AT_SEQ] = batch_addv(&p->r->batch, &seq_stmt, 1, p->book.id);
}

void
push_render(struct push *p)
{
	struct buf *b = &p->r->reply;

	take_revs(p, p->at[AT_INSERT]);
	take_revs(p, p->at[AT_UPDATE]);
	buf_str(b, "{\"results\":[");
	for (size_t i = 0; i < p->nrows; i++) {
		const struct push_row *row = &p->row[i];
		bool there = row->now != NULL || row->insert || row->replayed ||
			     row->op != PUSH_INSERT || row->refused;

		buf_comma(b);
		buf_char(b, '{');
		buf_key(b, "row");
		buf_json(b, there ? row->id : NULL);
		buf_key(b, "outcome");
		buf_json(b, row->outcome);
		buf_key(b, "rev");
		buf_printf(b, "%ld", row->rev);
		names_json(b, "conflicts", row->conflicts);
		names_json(b, "held", row->held);
		names_json(b, "requests", row->requests);
		why_json(b, row->why);
		buf_char(b, '}');
	}
	buf_printf(b, "],\"seq\":%s}",
	    rows_text(batch_rows(&p->r->batch, p->at[AT_SEQ]), 0, 0));
}

/* One statement for all rows, of the columns that any of them changes. */
static void
plan_rows(struct push *p, bool insert, unsigned *at)
{
	const struct entity *e = p->book.form->entity;
	size_t n = field_total(e), rows = 0;
	bool *columns = arena_array(&p->r->arena, n, sizeof(bool));
	struct stmt *stmt = arena_alloc(&p->r->arena, sizeof(*stmt));
	struct buf b;

	for (size_t i = 0; i < p->nrows; i++) {
		const struct push_row *row = &p->row[i];

		if (!(insert ? row->insert : row->update))
			continue;
		rows++;
		for (size_t k = 0; k < n; k++)
			columns[k] |= row->changed[k];
	}
	if (rows == 0)
		return;
	buf_init(&b, PAYLOAD_MAX);
	buf_char(&b, '[');
	for (size_t i = 0; i < p->nrows; i++)
		if (insert ? p->row[i].insert : p->row[i].update)
			book_row_json(&b, e, columns, p->row[i].next);
	buf_char(&b, ']');
	stmt->sql = insert ? book_insert_sql(p->r, e, columns)
			   : book_update_sql(p->r, e, columns);
	*at = batch_addv(&p->r->batch, stmt, 1, payload(p, &b));
}

/* A tombstone is the same to everybody: the voided state with its reason. */
static void
mark_deleted(struct push *p, struct push_row *row)
{
	const struct entity *e = p->book.form->entity;
	const struct {
		const char *name, *value;
	} set[] = {
		{ "voided_at", "now" },
		{ "voided_by", *p->r->who.id ? p->r->who.id : NULL },
		{ "void_reason", "在共享表格中删除" },
		{ e->state, "voided" },
	};

	for (size_t i = 0; i < COUNT(set); i++) {
		int at = set[i].name == NULL ? -1 : field_index(e, set[i].name);

		if (at < 0)
			continue;
		row->next[at] = set[i].value;
		row->changed[at] = true;
	}
}

static void
plan_header(struct push *p)
{
	char *text;

	if (p->header_next == NULL)
		return;
	text = json_dumps(p->header_next, JSON_COMPACT);
	REQUIRE(text != NULL);
	batch_addv(&p->r->batch, &header_stmt, 2, p->book.id,
	    arena_strdup(&p->r->arena, text));
	free(text);
}

/* Known to the export from now on: an insert of nothing is not. */
static bool
lands(const struct push_row *row)
{
	return row->op != PUSH_INSERT ||
	       (!row->replayed &&
		   (row->insert || row->now != NULL || row->refused));
}

static void
plan_pending(struct push *p)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, PAYLOAD_MAX);
	buf_char(&b, '[');
	for (size_t i = 0; i < p->nrows; i++) {
		const struct push_row *row = &p->row[i];

		if (row->op != PUSH_INSERT || !lands(row))
			continue;
		n++;
		buf_comma(&b);
		buf_char(&b, '{');
		buf_key(&b, "op_id");
		buf_json(&b, row->op_id);
		buf_key(&b, "row");
		buf_json(&b, row->id);
		buf_key(&b, "copied_from");
		buf_json(&b, row->copied_from);
		buf_char(&b, '}');
	}
	buf_char(&b, ']');
	if (n > 0)
		batch_addv(&p->r->batch, &pending_stmt, 3, p->export,
		    p->book.division, payload(p, &b));
	else
		buf_free(&b);
}

/* What the file delivered, whatever became of it. */
static void
plan_shadow(struct push *p)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, PAYLOAD_MAX);
	buf_char(&b, '[');
	for (size_t i = 0; i < p->nrows; i++) {
		const struct push_row *row = &p->row[i];
		const char *name;
		json_t *v;

		if (!row->deliver || !lands(row))
			continue;
		n++;
		buf_comma(&b);
		buf_char(&b, '{');
		buf_key(&b, "row");
		buf_json(&b, row->id);
		buf_key(&b, "gone");
		buf_str(&b, row->op == PUSH_DELETE || row->lacks ||
		    (row->op == PUSH_SEEN && row->gone) ? "true" : "false");
		buf_key(&b, "cells");
		buf_char(&b, '{');
		json_object_foreach(row->cells, name, v)
		{
			if (json_is_array(v))
				v = json_array_get(v,
				    row->op == PUSH_UPDATE ||
				    row->op == PUSH_SEEN ? 1 : 0);
			buf_key(&b, name);
			buf_json(&b, json_string_value(v));
		}
		buf_char(&b, '}');
		if (row->means != NULL) {
			buf_key(&b, "meant");
			json_add(&b, row->means);
		}
		buf_char(&b, '}');
	}
	buf_char(&b, ']');
	if (n > 0)
		batch_addv(&p->r->batch, &shadow_stmt, 3, p->export,
		    p->book.division, payload(p, &b));
	else
		buf_free(&b);
}

static void
plan_left(struct push *p, const struct stmt *stmt, const struct left *list)
{
	struct buf b;

	if (list == NULL)
		return;
	buf_init(&b, PAYLOAD_MAX);
	buf_char(&b, '[');
	for (; list != NULL; list = list->next)
		left_json(p, &b, list);
	buf_char(&b, ']');
	batch_addv(&p->r->batch, stmt, 8, payload(p, &b), p->book.id,
	    p->book.division, p->export, p->file_sha, p->path,
	    p->r->who.binding, p->book.form->entity->table);
}

static void
left_json(struct push *p, struct buf *b, const struct left *one)
{
	const struct {
		const char *key, *value;
	} texts[] = {
		{ "row", one->row },
		{ "name", one->name },
		{ "kind", one->kind },
		{ "base", one->base },
		{ "system", one->system },
		{ "file", one->file },
		{ "rule", one->why.rule },
		{ "code", one->why.code },
		{ "zh", one->why.zh },
		{ "en", one->why.en },
		{ "command", one->command },
	};
	char id[UUID_LEN + 1];

	(void)p;
	uuid_new(id);
	buf_comma(b);
	buf_char(b, '{');
	buf_key(b, "id");
	buf_json(b, one->id != NULL ? one->id : id);
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (texts[i].value == NULL)
			continue;
		buf_key(b, texts[i].key);
		buf_json(b, texts[i].value);
	}
	if (one->cells != NULL) {
		buf_key(b, "cells");
		json_add(b, one->cells);
	}
	buf_char(b, '}');
}

/* The bytes, in the arena. They are bounded by the body that made them. */
static const char *
payload(struct push *p, struct buf *b)
{
	const char *s;

	REQUIRE(!b->over);
	s = arena_strndup(&p->r->arena, b->data, b->len);
	buf_free(b);
	return s;
}

static void
json_add(struct buf *b, const json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT);

	REQUIRE(text != NULL);
	buf_str(b, text);
	free(text);
}

static void
names_json(struct buf *b, const char *key, const struct name *list)
{
	if (list == NULL)
		return;
	buf_key(b, key);
	buf_char(b, '[');
	for (; list != NULL; list = list->next) {
		buf_comma(b);
		buf_json(b, list->text);
	}
	buf_char(b, ']');
}

static void
why_json(struct buf *b, const struct reason *why)
{
	if (why == NULL)
		return;
	buf_key(b, "why");
	buf_char(b, '{');
	buf_key(b, "rule");
	buf_json(b, why->rule);
	buf_key(b, "code");
	buf_json(b, why->code);
	buf_key(b, "zh");
	buf_json(b, why->zh);
	buf_key(b, "en");
	buf_json(b, why->en);
	buf_char(b, '}');
}

static void
take_revs(struct push *p, unsigned at)
{
	const struct rows *rows;

	if (at == AT__NONE)
		return;
	rows = batch_rows(&p->r->batch, at);
	for (int i = 0; i < rows_n(rows); i++)
		for (size_t k = 0; k < p->nrows; k++)
			if (strcmp(p->row[k].id == NULL ? "" : p->row[k].id,
				rows_text(rows, i, 0)) == 0)
				p->row[k].rev = rows_long(rows, i, 1);
}
