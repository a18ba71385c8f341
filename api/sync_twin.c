/* A row of the batch whose name another row has: it is that row, or people
 * have to say what it is. */
#include <string.h>

#include "base/err.h"
#include "entity.h"
#include "sync_merge.h"

static bool become(struct look *, const char *twin);
static void refuse(struct look *, const char *twin);

bool
twin_decide(struct look *l)
{
	struct push_row *row = l->row;
	const char *twin;

	if (!l->p->twins)
		return false;
	twin = names_twin(l->p, row, names_next_key(l));
	if (twin == NULL)
		return false;
	if (row->op == PUSH_INSERT && !names_known(l->p, twin) &&
	    become(l, twin))
		return false;
	refuse(l, twin);
	return true;
}

/* Somebody entered it in another file: what this one says is merged into it
 * like cells that were blank when the file was written. */
static bool
become(struct look *l, const char *twin)
{
	struct push_row *row = l->row, was = *row;

	row->id = twin;
	push_take_now(l->p, row);
	if (row->now == NULL || row->voided) {
		*row = was;
		return false;
	}
	push_look(l->p, row, l);
	return true;
}

/* A new row has nothing of its own to stand beside: its conflict is told at
 * the row that has the name, and only if it says something else. */
static void
refuse(struct look *l, const char *twin)
{
	struct push *p = l->p;
	struct push_row *row = l->row, there = { .id = twin };
	struct look other;
	json_t *cells = request_keep_json(p->r, "{}");
	const char *text = "";
	bool fresh = row->now == NULL, differs = false;

	push_take_now(p, &there);
	push_look(p, &there, &other);
	for (size_t i = 0; i < p->ncolumns; i++) {
		const struct ledger_column *c = p->column[i];
		const char *f = l->file[i], *value = cell_shown(l, i);

		if (f == NULL || c->role != COLUMN_INPUT ||
		    strcmp(f, fresh ? "" : l->base[i]) == 0)
			continue;
		differs |= strcmp(value == NULL ? f : value,
			       other.server[i]) != 0;
		json_object_set_new(
		    cells, c->name, json_string(value == NULL ? f : value));
		text = arena_printf(&p->r->arena, "%s%s%s：%s", text,
		    *text != '\0' ? "；" : "", c->label, f);
	}
	row->refused = fresh;
	if (fresh && !differs)
		return;
	leave_conflict_on(l, fresh ? twin : row->id, "", "same_key", "",
	    "系统中已有同名的另一行", text, cells);
	row->outcome = "conflict";
}
