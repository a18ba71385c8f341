/* Which commands a caller may give on a row: by its state and by who asks. */
#include "move.h"

#include <string.h>

#include "entity.h"
#include "issue_guard.h"
#include "scope.h"

static bool starts(const struct move *, const char *state);
static bool moves(const struct request *, const struct entity *);
static bool concerns(const struct request *, const struct move *,
    const char *const *row);

const struct move *
move_find(const struct entity *e, const char *name)
{
	for (size_t i = 0; i < e->nmoves; i++)
		if (strcmp(e->moves[i].name, name) == 0)
			return &e->moves[i];
	return NULL;
}

bool
move_from(const struct entity *e, const struct move *m,
    const char *const *row)
{
	return starts(m, row_get(e, row, e->state));
}

bool
move_who(const struct request *r, const struct entity *e,
    const struct move *m, const char *const *row)
{
	return moves(r, e) && concerns(r, m, row);
}

void
move_may(struct request *r, const struct entity *e, const char *const *row,
    struct buf *b)
{
	const char *state;

	if (e->nmoves == 0 || !moves(r, e))
		return;
	state = row_get(e, row, e->state);
	for (size_t i = 0; i < e->nmoves; i++) {
		if (!starts(&e->moves[i], state) ||
		    !concerns(r, &e->moves[i], row) ||
		    issue_barred(r, &e->moves[i], row))
			continue;
		buf_comma(b);
		buf_json(b, e->moves[i].name);
	}
}

/* Whether the command starts from this state. */
static bool
starts(const struct move *m, const char *state)
{
	static const char *const ended[] = { "closed", "voided", "merged",
		NULL };

	return m->from != NULL ? move_lists(m->from, state)
			       : !move_lists(ended, state);
}

/* Whether the caller's role gives commands at all. */
static bool
moves(const struct request *r, const struct entity *e)
{
	const struct role *role = role_find(r->who.role);

	return role != NULL && role_may(role, V_MOVE, e->name);
}

/* Whether this command on this row is the caller's. */
static bool
concerns(const struct request *r, const struct move *m,
    const char *const *row)
{
	for (size_t i = 0; m->who[i] != NULL; i++)
		if (m->who[i][0] == '@' ? issue_relation(r, m->who[i], row)
					: strcmp(m->who[i], r->who.role) == 0)
			return true;
	return false;
}

bool
move_lists(const char *const *list, const char *name)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}
