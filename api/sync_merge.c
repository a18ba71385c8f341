/*
 * Decides every row of a batch: base, server and file, cell by cell. No
 * database: everything was read under the rows' locks before.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "base/uid.h"
#include "entity.h"
#include "sync_merge.h"

#define SHOWN_CHARS 60 /* of a text that only names its row */

static void decide(struct push *, struct push_row *);
static void decide_op(struct look *);
static void first_time(struct look *);
static void reject(struct push_row *, const struct reason *);
static void means(struct look *);
static const char *text_of(const json_t *cells, const char *name);
static bool claims_hold(const struct look *);
static struct reason why_fixed(const struct push *, const struct push_row *);
static void decide_cells(struct look *);
static void decide_delete(struct look *);
static void decide_deleted(struct look *);
static const char *known_as(const struct look *);
static void
take_merged(struct look *, const struct merge_row *, const char **sql);
static void new_row(struct push *, struct push_row *);
static void start_next(struct look *);
static void set_next(struct look *, size_t, const char *sql);

void
push_decide(struct push *p)
{
	for (size_t i = 0; i < p->nrows; i++)
		decide(p, &p->row[i]);
}

int
push_open(const struct rows *open, const char *row, const char *name)
{
	for (int i = 0; i < rows_n(open); i++)
		if (strcmp(rows_text(open, i, 0), row) == 0 &&
		    strcmp(rows_text(open, i, 1), name) == 0)
			return i;
	return -1;
}

static void
decide(struct push *p, struct push_row *row)
{
	struct look look;

	row->outcome = "noop";
	if (row->known == KNOWN_HEADER) {
		header_decide(p, row);
		return;
	}
	if (row->op == PUSH_INSERT) {
		if (row->replayed)
			return;
		new_row(p, row);
	} else if (row->known == KNOWN_NOT ||
		   (row->now == NULL && row->known == KNOWN_ROW)) {
		row->outcome = "not_found";
		return;
	}
	push_look(p, row, &look);
	if (!claims_hold(&look)) {
		row->outcome = "base_mismatch";
		return;
	}
	row->deliver = true;
	means(&look);
	if (row->op != PUSH_SEEN)
		decide_op(&look);
	names_decided(p, row, look.base);
}

static void
decide_op(struct look *l)
{
	struct push_row *row = l->row;

	if (row->op != PUSH_DELETE && row->now == NULL)
		first_time(l);
	if (row->op != PUSH_DELETE && !row->voided && twin_decide(l))
		return;
	row->fixed = why_fixed(l->p, row);
	if (row->op == PUSH_DELETE)
		decide_delete(l);
	else if (row->now == NULL && l->p->book.ended.code != NULL)
		reject(row, &l->p->book.ended);
	else if (row->voided)
		decide_deleted(l);
	else
		decide_cells(l);
}

/* There is nowhere to put it, so the server keeps nothing of it: the row stays
 * in its file, where its staff are told, and the rest of the batch goes on. */
static void
reject(struct push_row *row, const struct reason *why)
{
	row->outcome = "rejected";
	row->why = why;
	row->deliver = false;
}

/* There is no row yet: what its file said before, when it was refused, is
 * part of what it says now. */
static void
first_time(struct look *l)
{
	for (size_t i = 0; i < l->p->ncolumns; i++) {
		if (l->file[i] == NULL && *l->base[i] != '\0')
			l->file[i] = l->base[i];
		l->meant[i] = "";
	}
}

/* Kept beside the shadow, for the next merge. */
static void
means(struct look *l)
{
	for (size_t i = 0; i < l->p->ncolumns; i++) {
		const struct ledger_column *c = l->p->column[i];
		const char *text;

		if (l->file[i] == NULL || c->role != COLUMN_INPUT)
			continue;
		text = cell_shown(l, i);
		if (text == NULL)
			text = l->meant[i];
		if (strcmp(text, l->file[i]) == 0)
			continue;
		if (l->row->means == NULL)
			l->row->means = request_keep_json(l->p->r, "{}");
		json_object_set_new(
		    l->row->means, c->name, json_string(text));
	}
}

/* B(r,c) = shadow, else what the export showed in place of the value, else
 * the value at the revision it showed; blank for rows it did not have. */
void
push_look(struct push *p, struct push_row *row, struct look *l)
{
	struct arena *a = &p->r->arena;
	const struct codes *codes = book_codes(&p->book);
	const char **then = row->past != NULL ? row->past : row->now;
	json_t *extra_then =
	    then == NULL ? NULL : ledger_extra(p->book.form->entity, then);

	*l = (struct look) { .p = p,
		.row = row,
		.base = arena_array(a, p->ncolumns, sizeof(char *)),
		.meant = arena_array(a, p->ncolumns, sizeof(char *)),
		.given = arena_array(a, p->ncolumns, sizeof(char *)),
		.server = arena_array(a, p->ncolumns, sizeof(char *)),
		.file = arena_array(a, p->ncolumns, sizeof(char *)) };
	for (size_t i = 0; i < p->ncolumns; i++) {
		const struct ledger_column *c = p->column[i];
		const char *b = text_of(row->shadow, c->name), *m = NULL;
		bool shown = row->known == KNOWN_ROW && !p->adopted;

		l->server[i] = row->now == NULL ? ""
						: ledger_show(a, c, codes,
						      row->now, row->extra);
		l->given[i] =
		    shown ? ledger_show(a, c, codes, then, extra_then) : "";
		if (b != NULL) {
			m = text_of(row->meant, c->name);
			l->base[i] = b;
			l->meant[i] = m != NULL ? m : b;
		} else {
			b = text_of(row->overrides, c->name);
			l->base[i] = shown ? book_shown(p->r, &p->book, c,
						 then, extra_then, b)
				     : b != NULL ? b
						 : "";
			l->meant[i] = b != NULL ? b : l->given[i];
		}
		l->file[i] = file_cell(row, c->name);
	}
	json_decref(extra_then);
}

static const char *
text_of(const json_t *cells, const char *name)
{
	return json_string_value(json_object_get(cells, name));
}

static bool
claims_hold(const struct look *l)
{
	const struct push_row *row = l->row;

	if (row->known == KNOWN_ROW && !l->p->adopted && row->past == NULL &&
	    row->rev != row->shown_rev)
		return false; /* the revision it names was never kept */
	for (size_t i = 0; i < l->p->ncolumns; i++) {
		const char *name = l->p->column[i]->name, *claim;

		if (row->op == PUSH_UPDATE || row->op == PUSH_SEEN)
			claim = json_string_value(json_array_get(
			    json_object_get(row->cells, name), 0));
		else
			claim = json_string_value(
			    json_object_get(row->claimed, name));
		if (claim != NULL && strcmp(claim, l->base[i]) != 0)
			return false;
	}
	return true;
}

/* The same two rules as for a change through the API: a row is written at
 * the level that files it (a township also for its villages), and not after
 * its end. What is typed all the same is held and shown. */
static struct reason
why_fixed(const struct push *p, const struct push_row *row)
{
	const struct entity *e = p->book.form->entity;
	const char *level, *state;

	if (row->now == NULL)
		return (struct reason) { 0 };
	level = row->now[field_index(e, "filing_level")];
	state = e->state == NULL ? "" : row->now[field_index(e, e->state)];
	if (level != NULL && strcmp(level, p->book.level) < 0)
		return (struct reason) { "5.1", "other_level",
			"该行由上级单位填报，本表不能修改，请联系填报单位",
			"the row is filed by a higher level" };
	if (strcmp(state, "closed") == 0 || strcmp(state, "merged") == 0)
		return (struct reason) { "3.5.5", "not_editable",
			"该行已销号或合并，不能再修改",
			"the row was closed or merged" };
	return (struct reason) { 0 };
}

static void
decide_cells(struct look *l)
{
	struct arena *a = &l->p->r->arena;
	size_t n = l->p->ncolumns;
	struct merge_column *group = arena_array(a, n, sizeof(*group));
	const char **base = arena_array(a, n, sizeof(char *));
	const char **file = arena_array(a, n, sizeof(char *));
	const char **sql = arena_array(a, n, sizeof(char *));
	struct merge_row m = { .base = base,
		.file = file,
		.server = l->server,
		.back = l->row->op == PUSH_BACK };

	for (size_t i = 0; i < n; i++) {
		const struct ledger_column *c = l->p->column[i];

		group[i] = (struct merge_column) { c->name, c->group };
		if (c->role == COLUMN_INPUT) {
			base[i] = l->meant[i];
			file[i] = l->file[i];
			if (l->file[i] != NULL)
				cell_input(l, base, file, i, sql);
		} else if (l->file[i] != NULL && c->role == COLUMN_STATE) {
			cell_state(l, i);
		} else if (l->file[i] != NULL) {
			cell_readonly(l, i);
		}
	}
	merge_update(a, group, n, &m);
	take_merged(l, &m, sql);
}

/* What the merge says becomes the next row, conflicts, and the outcome. */
static void
take_merged(struct look *l, const struct merge_row *m, const char **sql)
{
	struct push *p = l->p;
	struct push_row *row = l->row;
	bool fresh = row->now == NULL;

	for (size_t i = 0; i < p->ncolumns; i++) {
		const char *name = p->column[i]->name;
		const char *f = m->file[i] != NULL ? m->file[i] : m->base[i];

		if (m->cell[i] == CELL_APPLY) {
			if (row->next == NULL)
				start_next(l);
			set_next(l, i, sql[i]);
		}
		if (m->cell[i] == CELL_CONFLICT)
			leave_conflict(
			    l, name, "cell", m->base[i], l->server[i], f, NULL);
		else if (m->file[i] != NULL)
			leave_settled(l, name);
	}
	if (fresh && row->next == NULL && (row->held || row->requests))
		start_next(l);
	if (row->next != NULL) {
		if (p->book.form->derive != NULL)
			derive_apply(&p->r->arena, p->book.form->derive,
			    p->book.form->entity, p->book.action->year,
			    row->next, row->changed);
		row->insert = fresh;
		row->update = !fresh;
	}
	if (row->conflicts != NULL)
		row->outcome = "conflict";
	else if (row->insert)
		row->outcome = "inserted";
	else if (row->held != NULL)
		row->outcome = "held";
	else if (row->update)
		row->outcome = m->outcome == ROW_MERGED ? "merged" : "applied";
	else if (row->requests != NULL)
		row->outcome = "request";
}

/* A row that the file no longer has: a tombstone only if nobody touched it
 * since, and nothing that was accepted vanishes by a keystroke. */
static void
decide_delete(struct look *l)
{
	struct push *p = l->p;
	struct push_row *row = l->row;
	const char **claimed =
	    arena_array(&p->r->arena, p->ncolumns, sizeof(char *));
	bool ok = row->fixed.code == NULL;

	if (row->now == NULL || row->voided)
		return;
	for (size_t i = 0; i < p->ncolumns; i++) {
		const struct ledger_column *c = p->column[i];
		int open = push_open(p->open_held, row->id, c->name);

		if (c->role == COLUMN_STATE && strcmp(l->server[i], "是") == 0)
			ok = false;
		if (c->role == COLUMN_INPUT && open < 0)
			claimed[i] = l->meant[i];
	}
	if (!ok || !merge_delete_ok(p->ncolumns, claimed, l->server)) {
		leave_conflict(l, "", "delete_edit", "",
		    "系统中已修改或已验收，未删除", "本表已删除该行", NULL);
		row->outcome = "conflict";
		return;
	}
	for (size_t i = 0; i < p->ncolumns; i++)
		if (push_open(p->open_held, row->id, p->column[i]->name) >= 0)
			leave_add(p, &p->no_held, row->id, p->column[i]->name);
	start_next(l);
	row->voided = row->update = true;
	row->outcome = "deleted";
}

/* The server deleted what the file edits or brings back: kept, not raised
 * from the dead. */
static void
decide_deleted(struct look *l)
{
	struct push *p = l->p;
	json_t *cells = request_keep_json(p->r, "{}");
	const char *text = "";

	for (size_t i = 0; i < p->ncolumns; i++) {
		const struct ledger_column *c = p->column[i];

		if (l->file[i] == NULL || c->role != COLUMN_INPUT ||
		    strcmp(l->file[i], l->base[i]) == 0)
			continue;
		json_object_set_new(cells, c->name, json_string(l->file[i]));
		text = arena_printf(&p->r->arena, "%s%s%s：%s", text,
		    *text != '\0' ? "；" : "", c->label, l->file[i]);
	}
	if (*text == '\0' && l->row->op != PUSH_BACK)
		return;
	leave_conflict(l, "", "edit_delete", "", arena_printf(&p->r->arena,
	    "系统中已删除该行（%s）", known_as(l)),
	    *text != '\0' ? text : "本表仍有该行", cells);
	l->row->outcome = "conflict";
}

/* The workbook has no such row any more: its key says which it was. */
static const char *
known_as(const struct look *l)
{
	const struct ledger *form = l->p->book.form;
	struct arena *a = &l->p->r->arena;
	const char *text = "";

	for (size_t k = 0; k < form->nkeys; k++)
		for (size_t i = 0; i < l->p->ncolumns; i++)
			if (strcmp(l->p->column[i]->name,
				form->column[form->key[k].column].name) == 0)
				text = arena_printf(a, "%s%s%s", text,
				    *text != '\0' ? "，" : "", utf8_head(a,
				    l->server[i], SHOWN_CHARS));
	return text;
}

/* An inserted row gets its identity; a spare row has one. */
static void
new_row(struct push *p, struct push_row *row)
{
	char id[UUID_LEN + 1];

	uuid_new(id);
	row->id = arena_strdup(&p->r->arena, id);
	row->known = KNOWN_PENDING;
	row->outcome = "noop";
}

/* The row to write: as it is now, or a new one of this book. */
static void
start_next(struct look *l)
{
	struct push *p = l->p;
	struct push_row *row = l->row;
	const struct entity *e = p->book.form->entity;
	const struct scope *who = &p->r->who.scope;
	size_t n = field_total(e);
	const struct {
		const char *name, *value;
	} own[] = {
		{ "id", row->id },
		{ "division_code", p->book.division },
		{ "action_id", p->book.action->id },
		{ "filing_level", p->book.level },
		{ "reporting_org_id", *p->r->who.org ? p->r->who.org : NULL },
		{ "competent_line", *who->line ? who->line : NULL },
	};
	const char *name;
	json_t *v;

	row->next = arena_array(&p->r->arena, n, sizeof(char *));
	row->changed = arena_array(&p->r->arena, n, sizeof(bool));
	if (row->now != NULL) {
		memcpy(row->next, row->now, n * sizeof(char *));
		return;
	}
	json_object_foreach(
	    json_object_get(p->book.form->spec, "defaults"), name, v)
	{
		int at = field_index(e, name);
		const char *sql = NULL;
		struct reason why;

		if (value_from_cell(&p->r->arena, field_at(e, at), K_TEXT,
			book_codes(&p->book), p->book.action->year,
			json_string_value(v), &sql, &why)) {
			row->next[at] = sql;
			row->changed[at] = true;
		}
	}
	row_defaults(e, p->book.action, row->next);
	for (size_t i = 0; i < n; i++)
		row->changed[i] |= row->next[i] != NULL;
	for (size_t i = 0; i < COUNT(own); i++) {
		int at = field_index(e, own[i].name);

		row->next[at] = own[i].value;
		row->changed[at] = own[i].value != NULL;
	}
	row->changed[field_index(e, "id")] = false; /* always written */
}

static void
set_next(struct look *l, size_t i, const char *sql)
{
	const struct ledger_column *c = l->p->column[i];
	struct push_row *row = l->row;
	int at = c->at;
	json_t *extra;
	char *text;

	if (c->field != NULL) {
		row->next[at] = sql;
		row->changed[at] = true;
		return;
	}
	at = field_index(l->p->book.form->entity, "extra");
	extra = ledger_extra(l->p->book.form->entity, row->next);
	if (extra == NULL)
		extra = json_object();
	if (sql == NULL)
		json_object_del(extra, c->name + 6);
	else
		json_object_set_new(extra, c->name + 6, json_string(sql));
	text = json_dumps(extra, JSON_COMPACT);
	REQUIRE(text != NULL);
	row->next[at] = arena_strdup(&l->p->r->arena, text);
	row->changed[at] = true;
	free(text);
	json_decref(extra);
}
