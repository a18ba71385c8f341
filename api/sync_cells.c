/* What single cells of a push do, and what they leave for people. */
#include <string.h>

#include "base/err.h"
#include "base/uid.h"
#include "sync_merge.h"

static bool
cell_read(const struct look *, size_t, const char **sql, struct reason *);
static const char *shown(const struct look *, size_t, const char *sql);
static const char *unmasked(const struct look *, size_t);
static void hold(struct look *, size_t, const char *base, struct reason);
static void names_add(struct push *, struct name **, const char *);

/* A cell that cannot be stored is held as typed; one that was held is merged
 * from what it was before that. */
void
cell_input(struct look *l, const char **base, const char **file, size_t i,
    const char **sql)
{
	struct push *p = l->p;
	const struct ledger_column *c = p->column[i];
	int open = push_open(p->open_held, l->row->id, c->name);
	struct reason why = { 0 };

	if (open >= 0)
		base[i] = rows_text(p->open_held, open, 3);
	if (l->row->fixed.code != NULL) {
		why = l->row->fixed;
	} else if (cell_read(l, i, &sql[i], &why)) {
		file[i] = shown(l, i, sql[i]);
		if (open >= 0)
			leave_add(p, &p->no_held, l->row->id, c->name);
		return;
	}
	/* Back to what it was: nothing is left to hold. */
	if (strcmp(l->file[i], base[i]) == 0) {
		file[i] = l->file[i];
		if (open >= 0)
			leave_add(p, &p->no_held, l->row->id, c->name);
		return;
	}
	file[i] = NULL;
	hold(l, i, base[i], why);
}

const char *
cell_shown(const struct look *l, size_t i)
{
	const char *sql;
	struct reason why;

	if (l->file[i] == NULL || !cell_read(l, i, &sql, &why))
		return NULL;
	return shown(l, i, sql);
}

/* A mask stands for the value it was made of; one of no known value is no
 * value at all. */
static bool
cell_read(
    const struct look *l, size_t i, const char **sql, struct reason *why)
{
	const struct push *p = l->p;
	const struct ledger_column *c = p->column[i];
	const char *text = unmasked(l, i);

	if (text == NULL) {
		*why = (struct reason) { "DQ-02", "masked",
			"填写的是隐去了部分内容的值，请填写完整内容",
			"a mask of no known value" };
		return false;
	}
	return ledger_read(&p->r->arena, c, book_codes(&p->book),
	    p->book.action->year, text, sql, why);
}

/* What the cell will show: a code typed is its label. */
static const char *
shown(const struct look *l, size_t i, const char *sql)
{
	const struct ledger_column *c = l->p->column[i];

	if (sql == NULL)
		return "";
	return c->field == NULL ? sql
				: value_to_cell(&l->p->r->arena, c->field,
				      c->kind, book_codes(&l->p->book), sql);
}

/* The value that the file's text stands for; NULL if it may not be written: a
 * mask of no known value, or anything else where the folder sees masks. */
static const char *
unmasked(const struct look *l, size_t i)
{
	const struct push *p = l->p;
	const struct ledger_column *c = p->column[i];
	enum mask mask = c->field == NULL ? MASK_NONE : mask_field(&p->r->who,
	    p->book.form->entity, c->field, l->row->now);
	/* Unmasked here, it may show what was copied from elsewhere. */
	enum mask like = mask == MASK_NONE ? MASK_PARTIAL : mask;
	const char *const real[] = { l->meant == NULL ? "" : l->meant[i],
		l->server == NULL ? "" : l->server[i],
		l->given == NULL ? "" : l->given[i] };
	struct masked pair[COUNT(real) + 1];
	const char *text;

	if (mask == MASK_NONE && (c->field == NULL || strchr(l->file[i],
	    '*') == NULL || field_pii(c->field) == PII_NONE))
		return l->file[i];
	for (size_t k = 0; k < COUNT(real); k++) {
		text = mask_value(&p->r->arena, c->field, real[k], like);
		pair[k + 1] = (struct masked) { text != NULL ? text : "",
			real[k] };
	}
	/* What the export showed stands for what it stood for then. */
	pair[0] = mask != MASK_NONE && l->base != NULL
	    ? (struct masked) { l->base[i], real[0] } : pair[1];
	text = merge_unmask(pair, COUNT(pair), l->file[i]);
	return text == l->file[i] ? NULL : text;
}

/* 是 asks for the command, taking it back withdraws; nothing is written. What
 * is neither is held as typed. */
void
cell_state(struct look *l, size_t i)
{
	static const struct reason neither = { "DQ-02", "not_in_list",
		"只能填“是”或“否”", "must be 是 or 否" };
	struct push *p = l->p;
	const struct ledger_column *c = p->column[i];
	bool yes = strcmp(l->file[i], "是") == 0;
	bool no = strcmp(l->file[i], "否") == 0 || *l->file[i] == '\0';
	bool is = strcmp(l->server[i], "是") == 0;
	bool open = push_open(p->open_requests, l->row->id, c->command) >= 0;
	struct left *request;

	leave_add(p, &p->no_finding, l->row->id, c->name);
	if (!yes && !no)
		hold(l, i, l->server[i], neither);
	else if (push_open(p->open_held, l->row->id, c->name) >= 0)
		leave_add(p, &p->no_held, l->row->id, c->name);
	if (no && is)
		leave_finding(l, c->name, l->file[i], "warning", "Y57",
		    "系统中已为“是”，不能在表格中撤销，请联系验收单位",
		    "is done already; a sheet cannot undo it");
	if (yes && !is)
		names_add(l->p, &l->row->requests, c->command);
	if (yes && !is && !open) {
		request = leave_add(p, &p->new_request, l->row->id, c->name);
		request->command = c->command;
	} else if (!yes && open) {
		request = leave_add(p, &p->no_request, l->row->id, c->name);
		request->command = c->command;
	}
}

static void
hold(struct look *l, size_t i, const char *base, struct reason why)
{
	const char *name = l->p->column[i]->name;
	struct left *held = leave_add(l->p, &l->p->new_held, l->row->id, name);

	held->base = base;
	held->file = l->file[i];
	held->why = why;
	names_add(l->p, &l->row->held, name);
}

void
cell_readonly(struct look *l, size_t i)
{
	leave_add(l->p, &l->p->no_finding, l->row->id, l->p->column[i]->name);
	if (strcmp(l->file[i], l->server[i]) != 0)
		leave_finding(l, l->p->column[i]->name, l->file[i], "warning",
		    "DQ-04", "本栏由系统填写，表中的修改没有采用",
		    "the system fills this column; the change was not taken");
}

void
leave_conflict(struct look *l, const char *name, const char *kind,
    const char *base, const char *system, const char *file, json_t *cells)
{
	leave_conflict_on(
	    l, l->row->id, name, kind, base, system, file, cells);
}

void
leave_conflict_on(struct look *l, const char *row, const char *name,
    const char *kind, const char *base, const char *system, const char *file,
    json_t *cells)
{
	struct push *p = l->p;
	int open = push_open(p->open_conflicts, row, name);
	struct left *c;
	char id[UUID_LEN + 1];

	if (open >= 0 &&
	    strcmp(rows_text(p->open_conflicts, open, 3), file) == 0 &&
	    strcmp(rows_text(p->open_conflicts, open, 4), system) == 0) {
		names_add(l->p, &l->row->conflicts,
		    rows_text(p->open_conflicts, open, 2));
		return;
	}
	if (open >= 0)
		leave_add(p, &p->no_conflict, row, name);
	uuid_new(id);
	c = leave_add(p, &p->new_conflict, row, name);
	c->id = arena_strdup(&p->r->arena, id);
	c->kind = kind;
	c->base = base;
	c->system = system;
	c->file = file;
	c->cells = cells;
	names_add(l->p, &l->row->conflicts, c->id);
}

void
leave_settled(struct look *l, const char *name)
{
	if (push_open(l->p->open_conflicts, l->row->id, name) >= 0)
		leave_add(l->p, &l->p->no_conflict, l->row->id, name);
}

void
leave_finding(struct look *l, const char *name, const char *file,
    const char *level, const char *rule, const char *zh, const char *en)
{
	struct left *f = leave_add(l->p, &l->p->new_finding, l->row->id, name);

	f->kind = level;
	f->file = file;
	f->why = (struct reason) { rule, "", zh, en };
}

struct left *
leave_add(struct push *p, struct left **list, const char *row, const char *name)
{
	struct left *one = arena_alloc(&p->r->arena, sizeof(*one));

	one->row = row;
	one->name = name;
	one->next = *list;
	*list = one;
	return one;
}

/* In the order they came. */
static void
names_add(struct push *p, struct name **list, const char *text)
{
	struct name *one = arena_alloc(&p->r->arena, sizeof(*one));

	one->text = text;
	while (*list != NULL)
		list = &(*list)->next;
	*list = one;
}

const char *
file_cell(const struct push_row *row, const char *name)
{
	const json_t *v = json_object_get(row->cells, name);

	if (json_is_string(v))
		return json_string_value(v);
	return json_string_value(
	    json_array_get(v, row->op == PUSH_UPDATE || row->op == PUSH_SEEN ? 1 : 0));
}
