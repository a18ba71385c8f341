/* One row of one ledger and a push of it, for tests of what becomes of cells:
 * stand-ins for the server around the decision. */
#ifndef SYNC_WORLD_H
#define SYNC_WORLD_H

#include <stdlib.h>

#include "entity.h"
#include "model/chapters.h"
#include "scope.h"
#include "sync_merge.h"

#include "check.h" /* last: its fail() is a macro, ours a function */

/* Stand-ins for the server around the decision. */
#define NONE                   \
	{                      \
		.name = "none" \
	}
const struct move issue_moves[] = { { .name = "accept" }, NONE, NONE, NONE,
	NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
	NONE };
const size_t nissue_moves = sizeof(issue_moves) / sizeof(issue_moves[0]);

struct rows {
	int n;
	const char *text[4][5];
};

int
rows_n(const struct rows *rows)
{
	return rows->n;
}

const char *
rows_text(const struct rows *rows, int row, int col)
{
	return rows->text[row][col];
}

static json_t *kept;

json_t *
request_keep_json(struct request *r, const char *text)
{
	json_t *v = text == NULL ? NULL : json_loads(text, 0, NULL);

	(void)r;
	if (v != NULL)
		json_array_append_new(kept, v);
	return v;
}

const struct role *
role_find(const char *code)
{
	static const struct role agent = { .code = "sheet_agent",
		.profile = "full" };

	return strcmp(code, agent.code) == 0 ? &agent : NULL;
}

const struct codes *
book_codes(const struct book *b)
{
	return b->action->codes;
}

void
row_defaults(
    const struct entity *e, const struct action_facts *action, const char **row)
{
	(void)action;
	row[field_index(e, "due_on")] = "2023-06-30";
}

/* No row here has another one's name. */
bool
twin_decide(struct look *l)
{
	(void)l;
	return false;
}

void
names_decided(
    struct push *p, const struct push_row *row, const char *const *base)
{
	(void)p;
	(void)row;
	(void)base;
}

/* ---- one row, one cell ------------------------------------------------------
 */

#define ROW "01900000-0000-7000-8000-000000000001"

static const char form[] =
    "{\"code\":\"T1\",\"version\":1,\"entity\":\"issue\",\"sheet\":\"s\","
    "\"name\":\"n\",\"title\":\"t\",\"file_name\":\"f\",\"columns\":["
    "{\"col\":\"A\",\"label\":\"类别\",\"name\":\"category\","
    "\"kind\":\"code\",\"set\":\"issue_category\",\"list\":\"closed\"},"
    "{\"col\":\"B\",\"label\":\"目标\",\"name\":\"goal\"},"
    "{\"col\":\"C\",\"label\":\"验收\",\"name\":\"accepted\","
    "\"kind\":\"bool\",\"role\":\"state\",\"command\":\"accept\"},"
    "{\"col\":\"D\",\"label\":\"电话\",\"name\":\"leader_phone\"},"
    "{\"col\":\"E\",\"label\":\"领导\",\"name\":\"leader_name\"}],"
    "\"hidden\":[{\"col\":\"F\",\"label\":\"项目\","
    "\"name\":\"project_uid\",\"role\":\"readonly\"}],"
    "\"defaults\":{\"source\":\"自查自纠\"},"
    "\"natural_key\":[{\"name\":\"category\"}]}";

struct world {
	struct arena arena;
	struct request r;
	struct push p;
	struct ledger form;
	struct action_facts action;
	struct rows held, conflicts, requests;
	struct push_row row;
	json_t *spec;
};

static void
refused(void *arg, const char *pointer, const char *code, const char *zh,
    const char *en)
{
	(void)arg;
	(void)zh;
	print_error("%s %s %s\n", pointer, code, en);
	fail();
}

static void
world_open(struct world *w)
{
	struct codes *codes;

	memset(w, 0, sizeof(*w));
	kept = json_array();
	arena_init(&w->arena, 0);
	w->spec = json_loads(form, 0, NULL);
	assert_true(ledger_parse(&w->arena, w->spec, &w->form, refused, NULL));
	codes = codes_new(&w->arena, NULL);
	codes_add(codes, "issue_category", "Y-1", "立项批复");
	codes_add(codes, "issue_category", "Y-6", "其他");
	codes_add(codes, "issue_source", "self_check", "自查自纠");
	w->action =
	    (struct action_facts) { .id = "a", .year = 2023, .codes = codes };
	w->r.who.scope.line = "";
	w->r.who.scope.clearance = 2;
	w->r.who.role = "sheet_agent";
	strcpy(w->r.who.binding, "b");
	w->r.who.level = 4;
	w->p = (struct push) { .r = &w->r,
		.row = &w->row,
		.nrows = 1,
		.book = { .id = "b",
		    .division = "430981107000",
		    .level = "4",
		    .action = &w->action,
		    .form = &w->form },
		.open_held = &w->held,
		.open_conflicts = &w->conflicts,
		.open_requests = &w->requests };
	arena_init(&w->r.arena, 0);
	w->p.column =
	    arena_array(&w->arena, w->form.ncolumns, sizeof(*w->p.column));
	for (size_t i = 0; i < w->form.ncolumns; i++)
		w->p.column[w->p.ncolumns++] = &w->form.column[i];
	w->row.id = ROW;
	w->row.known = KNOWN_ROW;
	w->row.rev = w->row.shown_rev = 1;
}

static void
world_close(struct world *w)
{
	json_decref(kept);
	json_decref(w->spec);
	arena_free(&w->arena);
	arena_free(&w->r.arena);
}

/* A row of the database with this goal and category. */
static const char **
issue_row(struct world *w, const char *name, const char *value)
{
	const struct entity *e = w->form.entity;
	const char **row =
	    arena_array(&w->arena, field_total(e), sizeof(char *));

	row[field_index(e, "id")] = ROW;
	row[field_index(e, "category")] = "Y-1";
	row[field_index(e, "filing_level")] = "4";
	row[field_index(e, "state")] = "found";
	row[field_index(e, "extra")] = "{}";
	row[field_index(e, name)] = value;
	return row;
}

static json_t *
cell(const char *name, const char *base, const char *value)
{
	return json_pack("{s:[s,s]}", name, base, value);
}

static size_t
count(const struct left *list)
{
	size_t n = 0;

	for (; list != NULL; list = list->next)
		n++;
	return n;
}

#endif
