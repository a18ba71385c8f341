/*
 * Two rows of one name (natural key). The same issue entered into two files
 * is one row; a change that would give a row another one's name is for people
 * to decide. Names a file knows are its own business: who sees both rows has
 * a reason for the second.
 */
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "entity.h"
#include "query.h"
#include "sync_merge.h"

#define SQL_MAX (16 * 1024)

struct named {
	const char *id, *key;
};

struct names {
	struct named *live; /* rows of the book, and those this batch makes */
	size_t nlive;
	struct named *known; /* rows of the export, as its files name them */
	size_t nknown;
	unsigned at_live, at_manifest, at_blank;
};

static const char *keys_sql(struct push *);
static const char *live_key(struct push *, const struct rows *, int row);
static const char *said_key(struct push *, const struct push_row *, size_t n);
static const char *whole_key(struct push *, const char **cells);
static const char *known_key(struct push *, const char **fields,
    const json_t *overrides, const json_t *shadow);
static void known_add(struct push *, const char *id, const char *key);

/* Batches of a book that may name rows wait for each other: neither enters
 * what the other is about to. */
static const struct stmt lock_stmt = { "sync_names_lock",
	"SELECT pg_advisory_xact_lock(hashtextextended('name ' || $1::text,"
	" 0))" };
static const struct stmt blank_stmt = { "sync_names_blank",
	"SELECT k.row_id, s.cells::text FROM (SELECT row_id FROM sheet_spare"
	" WHERE export_id = $1::uuid UNION SELECT row_id FROM sheet_pending"
	" WHERE export_id = $1::uuid) k LEFT JOIN sheet_shadow s"
	" ON s.export_id = $1::uuid AND s.row_id = k.row_id" };
static const struct stmt *const statements[] = { &lock_stmt, &blank_stmt };

void
names_init(void)
{
	db_register(statements, COUNT(statements));
}

bool
names_concern(const struct push *p)
{
	const struct ledger *l = p->book.form;

	for (size_t i = 0; i < p->nrows; i++) {
		const struct push_row *row = &p->row[i];

		if (row->known == KNOWN_HEADER || row->replayed ||
		    row->op == PUSH_DELETE || row->op == PUSH_SEEN)
			continue;
		for (size_t k = 0; k < l->nkeys; k++)
			if (file_cell(row, l->column[l->key[k].column].name))
				return true;
	}
	return false;
}

void
names_plan(struct push *p)
{
	struct batch *b = &p->r->batch;
	struct stmt *keys = arena_alloc(&p->r->arena, sizeof(*keys));
	const char *param[8];

	p->names = arena_alloc(&p->r->arena, sizeof(*p->names));
	keys->sql = keys_sql(p);
	query_scope(&p->r->arena, &p->r->who.scope, param);
	param[4] = p->book.action->id;
	param[5] = p->book.covers_lo;
	param[6] = p->book.covers_hi;
	batch_addv(b, &lock_stmt, 1, p->book.id);
	p->names->at_live = batch_add(b, keys, 7, param);
}

size_t
names_take(struct push *p, const char **ids)
{
	struct names *m = p->names;
	const struct rows *rows = batch_rows(&p->r->batch, m->at_live);
	size_t n = 0, nrows = (size_t)rows_n(rows);

	m->live = arena_array(
	    &p->r->arena, nrows + p->nrows + 1, sizeof(*m->live));
	for (int i = 0; i < rows_n(rows); i++)
		m->live[m->nlive++] = (struct named) { rows_text(rows, i, 0),
			live_key(p, rows, i) };
	for (size_t i = 0; i < p->nrows; i++) {
		const struct push_row *row = &p->row[i];
		const char *key;

		if (row->known == KNOWN_HEADER || row->replayed ||
		    row->op == PUSH_DELETE || row->op == PUSH_SEEN)
			continue;
		key = said_key(p, row, nrows);
		for (size_t k = 0; *key != '\0' && k < nrows; k++)
			if (strcmp(m->live[k].key, key) == 0 &&
			    strcmp(m->live[k].id, row->id ? row->id : "") !=
				0) {
				ids[n++] = m->live[k].id;
				break;
			}
	}
	return n;
}

void
names_plan_known(struct push *p)
{
	struct batch *b = &p->r->batch;
	struct stmt *shown = arena_alloc(&p->r->arena, sizeof(*shown));

	shown->sql = book_sql(p->r, p->book.form->entity, BOOK_SHOWN);
	p->names->at_manifest = batch_addv(
	    b, shown, 2, p->export, p->book.form->entity->table);
	p->names->at_blank = batch_addv(b, &blank_stmt, 1, p->export);
}

void
names_take_known(struct push *p)
{
	struct names *m = p->names;
	const struct rows *rows = batch_rows(&p->r->batch, m->at_manifest);
	const struct rows *blank = batch_rows(&p->r->batch, m->at_blank);
	size_t n = field_total(p->book.form->entity);
	const char **fields = arena_array(&p->r->arena, n, sizeof(char *));

	m->known = arena_array(&p->r->arena,
	    (size_t)(rows_n(rows) + rows_n(blank)) + p->nrows + 1,
	    sizeof(*m->known));
	for (int i = 0; i < rows_n(rows); i++) {
		for (size_t f = 0; f < n; f++)
			fields[f] = rows_text(rows, i, (int)f + SHOWN_FIELDS);
		known_add(p, rows_text(rows, i, 4),
		    known_key(p, p->adopted ? NULL : fields,
			request_keep_json(p->r, rows_text(rows, i, 1)),
			request_keep_json(p->r, rows_text(rows, i, 2))));
	}
	for (int i = 0; i < rows_n(blank); i++)
		known_add(p, rows_text(blank, i, 0),
		    known_key(p, NULL, NULL,
			request_keep_json(p->r, rows_text(blank, i, 1))));
}

const char *
names_twin(struct push *p, const struct push_row *row, const char *key)
{
	const struct names *m = p->names;

	if (m == NULL || m->known == NULL || *key == '\0')
		return NULL;
	for (size_t i = 0; i < m->nknown; i++)
		if (strcmp(m->known[i].key, key) == 0)
			return NULL;
	for (size_t i = 0; i < m->nlive; i++)
		if (strcmp(m->live[i].key, key) == 0 &&
		    strcmp(m->live[i].id, row->id) != 0)
			return m->live[i].id;
	return NULL;
}

bool
names_known(const struct push *p, const char *id)
{
	for (size_t i = 0; i < p->names->nknown; i++)
		if (strcmp(p->names->known[i].id, id) == 0)
			return true;
	return false;
}

/* The next rows of the batch meet this one as it is now. */
void
names_decided(struct push *p, const struct push_row *row,
    const char *const *base)
{
	struct names *m = p->names;
	size_t n = p->ncolumns, i = 0;
	const char **cells = arena_array(&p->r->arena, n, sizeof(char *));
	json_t *extra;

	if (m == NULL || m->known == NULL)
		return;
	for (size_t c = 0; c < n; c++) {
		cells[c] = file_cell(row, p->column[c]->name);
		if (cells[c] == NULL)
			cells[c] = base[c];
	}
	if (row->deliver)
		known_add(p, row->id, whole_key(p, cells));
	if (row->next == NULL)
		return;
	extra = ledger_extra(p->book.form->entity, row->next);
	for (size_t c = 0; c < p->book.form->ncolumns; c++)
		cells[c] = book_shown(p->r, &p->book, p->column[c],
		    row->next, extra, NULL);
	json_decref(extra);
	while (i < m->nlive && strcmp(m->live[i].id, row->id) != 0)
		i++;
	if (i == m->nlive)
		m->nlive++;
	m->live[i] = (struct named) { row->id,
		row->voided ? "" : whole_key(p, cells) };
}

const char *
names_next_key(struct look *l)
{
	struct push *p = l->p;
	const struct ledger *form = p->book.form;
	const char **cells =
	    arena_array(&p->r->arena, p->ncolumns, sizeof(char *));
	bool same = true;

	for (size_t i = 0; i < form->nkeys; i++) {
		size_t c = form->key[i].column;
		const char *f = cell_shown(l, c);
		enum cell_outcome is = f == NULL ? CELL_SAME
			: merge_cell(l->meant[c], l->server[c], f);

		cells[c] = is == CELL_APPLY ? f : l->server[c];
		same &= strcmp(cells[c], l->server[c]) == 0;
	}
	return same ? "" : whole_key(p, cells);
}

/* id, then the key's columns. */
static const char *
keys_sql(struct push *p)
{
	const struct ledger *l = p->book.form;
	struct buf b;
	const char *sql;

	buf_init(&b, SQL_MAX);
	buf_str(&b, "SELECT id");
	for (size_t i = 0; i < l->nkeys; i++) {
		const struct field *f = l->column[l->key[i].column].field;

		buf_printf(&b, ", %s", f != NULL ? f->name : "extra");
	}
	buf_printf(&b, " FROM %s WHERE ", l->entity->table);
	query_where(&b, l->entity);
	buf_str(&b, " AND action_id = $5::uuid AND division_code BETWEEN"
		    " $6::bigint AND $7::bigint AND voided_at IS NULL");
	REQUIRE(!b.over);
	sql = arena_strndup(&p->r->arena, b.data, b.len);
	buf_free(&b);
	return sql;
}

static const char *
live_key(struct push *p, const struct rows *rows, int row)
{
	const struct ledger *l = p->book.form;
	struct arena *a = &p->r->arena;
	const char **cells = arena_array(a, p->ncolumns, sizeof(char *));

	for (size_t i = 0; i < l->nkeys; i++) {
		const struct ledger_column *c = &l->column[l->key[i].column];
		const char *text = rows_text(rows, row, (int)i + 1);
		json_t *extra;

		if (c->field != NULL) {
			cells[l->key[i].column] = value_to_cell(a, c->field,
			    c->kind, book_codes(&p->book), text);
			continue;
		}
		extra = request_keep_json(p->r, text);
		text = json_string_value(
		    json_object_get(extra, c->name + strlen("extra.")));
		cells[l->key[i].column] = text == NULL ? "" : text;
	}
	return whole_key(p, cells);
}

/* Before the merge: what the file says over what the system has, or over what
 * it said before if there is no row yet. */
static const char *
said_key(struct push *p, const struct push_row *row, size_t nrows)
{
	const struct ledger *l = p->book.form;
	const struct rows *live = batch_rows(&p->r->batch, p->names->at_live);
	struct arena *a = &p->r->arena;
	const char **cells = arena_array(a, p->ncolumns, sizeof(char *));
	size_t at = 0;

	while (at < nrows && (row->id == NULL ||
		strcmp(rows_text(live, (int)at, 0), row->id) != 0))
		at++;
	for (size_t i = 0; i < l->nkeys; i++) {
		size_t c = l->key[i].column;
		struct look look = { .p = p, .row = (struct push_row *)
			(uintptr_t)row, .file = cells };
		const char *text;

		cells[c] = file_cell(row, l->column[c].name);
		if (cells[c] == NULL)
			cells[c] = json_string_value(json_object_get(
			    row->shadow, l->column[c].name));
		text = cell_shown(&look, c);
		if (text == NULL && at < nrows && l->column[c].field != NULL)
			text = value_to_cell(a, l->column[c].field,
			    l->column[c].kind, book_codes(&p->book),
			    rows_text(live, (int)at, (int)i + 1));
		cells[c] = text == NULL ? "" : text;
	}
	return whole_key(p, cells);
}

/* Half a name is none: rows are typed cell by cell, and many begin alike. */
static const char *
whole_key(struct push *p, const char **cells)
{
	const struct ledger *l = p->book.form;

	for (size_t i = 0; i < l->nkeys; i++)
		if (*text_key(&p->r->arena, cells[l->key[i].column]) == '\0')
			return "";
	return ledger_natural_key(&p->r->arena, l, cells);
}

static const char *
known_key(struct push *p, const char **fields, const json_t *overrides,
    const json_t *shadow)
{
	const struct ledger *l = p->book.form;
	struct arena *a = &p->r->arena;
	const char **cells = arena_array(a, p->ncolumns, sizeof(char *));
	json_t *extra =
	    fields == NULL ? NULL : ledger_extra(l->entity, fields);

	for (size_t i = 0; i < l->nkeys; i++) {
		size_t at = l->key[i].column;
		const struct ledger_column *c = &l->column[at];
		const char *s =
		    json_string_value(json_object_get(shadow, c->name));

		if (s == NULL)
			s = json_string_value(
			    json_object_get(overrides, c->name));
		if (s == NULL && fields != NULL)
			s = book_shown(
			    p->r, &p->book, c, fields, extra, NULL);
		cells[at] = s == NULL ? "" : s;
	}
	json_decref(extra);
	return whole_key(p, cells);
}

static void
known_add(struct push *p, const char *id, const char *key)
{
	struct names *m = p->names;
	size_t i = 0;

	while (i < m->nknown && strcmp(m->known[i].id, id) != 0)
		i++;
	if (i == m->nknown)
		m->nknown++;
	m->known[i] = (struct named) { id, key };
}
