/* Which commands a caller may give on a row: by its state and by who asks.
 * An entity without a command of that name can be made void and restored. */
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "issue_guard.h"
#include "model/chapters.h"
#include "move.h"
#include "scope.h"

static const struct effect voided[] = {
	{ "voided_at", "@now" },
	{ "voided_by", "@me" },
	{ "void_reason", "@reason" },
	{ NULL, NULL },
};
static const struct effect restored[] = {
	{ "voided_at", NULL },
	{ "voided_by", NULL },
	{ "void_reason", NULL },
	{ NULL, NULL },
};

/* .to NULL: the state stays. Whoever files the row, or a level above. */
static const struct move common[] = {
	{ .name = "void",
	    .label = "作废",
	    .text = "Make void what was recorded by mistake.",
	    .who = L("@filer", "@above"),
	    .source = "3.1(5)",
	    .flags = M_REASON,
	    .effects = voided },
	{ .name = "restore",
	    .label = "恢复",
	    .text = "Take back that it was made void.",
	    .who = L("@filer", "@above"),
	    .source = "3.1(5)",
	    .flags = M_REASON,
	    .effects = restored },
};

/* Where a row stands in its life. */
struct stand {
	const char *state;
	bool isvoid;
};

/* The commands that a role could ever give, and those of them that start from
 * where the last row stood: most rows of a list stand at the same place. */
struct mine {
	const struct entity *entity;
	const char *role;
	const struct move **move, **here;
	size_t n, nhere;
	struct stand at;
	bool stood;
};

static struct mine *mine_of(struct request *, const struct entity *);
static void mine_here(struct request *, struct mine *, struct stand);
static bool own_void(const struct entity *);
static struct stand stand_of(const struct entity *, const char *const *row);
static bool starts(const struct entity *, const struct move *,
    const struct stand *);
static bool moves(const struct request *, const struct entity *);
static bool concerns(const struct request *, const struct entity *,
    const struct move *, const char *const *row);
static bool is_filer(const struct request *, const struct entity *,
    const char *const *row);
static bool is_above(const struct request *, const struct entity *,
    const char *const *row);
static bool barred(struct request *, const struct entity *,
    const struct move *, const char *const *row);

size_t
move_count(const struct entity *e)
{
	return e->nmoves + (e->business && !e->append && !own_void(e)
	    ? COUNT(common) : 0);
}

const struct move *
move_at(const struct entity *e, size_t i)
{
	return i < e->nmoves ? &e->moves[i] : &common[i - e->nmoves];
}

const struct move *
move_find(const struct entity *e, const char *name)
{
	for (size_t i = 0; i < move_count(e); i++)
		if (strcmp(move_at(e, i)->name, name) == 0)
			return move_at(e, i);
	return NULL;
}

bool
move_restores(const struct move *m)
{
	return m == &common[1];
}

bool
move_from(const struct entity *e, const struct move *m,
    const char *const *row)
{
	struct stand at = stand_of(e, row);

	return starts(e, m, &at);
}

bool
move_who(const struct request *r, const struct entity *e,
    const struct move *m, const char *const *row)
{
	return moves(r, e) && concerns(r, e, m, row);
}

bool
move_two_persons(const struct entity *e)
{
	for (size_t i = 0; i < e->nmoves; i++)
		if (e->moves[i].flags & M_OTHER)
			return true;
	return false;
}

bool
move_asks_giver(struct request *r, const struct entity *e)
{
	const struct mine *mine = mine_of(r, e);

	for (size_t i = 0; i < mine->n; i++)
		if (mine->move[i]->flags & M_OTHER)
			return true;
	return false;
}

void
move_may(struct request *r, const struct entity *e, const char *const *row,
    struct buf *b)
{
	struct mine *mine = mine_of(r, e);

	mine_here(r, mine, stand_of(e, row));
	for (size_t i = 0; i < mine->nhere; i++) {
		const struct move *m = mine->here[i];

		if (!concerns(r, e, m, row) || barred(r, e, m, row))
			continue;
		buf_comma(b);
		buf_json(b, m->name);
	}
}

/* Of the rows of one list, the same commands come into question. */
static struct mine *
mine_of(struct request *r, const struct entity *e)
{
	struct mine *mine = r->mine;
	size_t n;

	if (mine != NULL && mine->entity == e && mine->role == r->who.role)
		return mine;
	mine = r->mine = arena_alloc(&r->arena, sizeof *mine);
	*mine = (struct mine) { .entity = e, .role = r->who.role };
	n = moves(r, e) ? move_count(e) : 0;
	mine->move = arena_array(&r->arena, n + 1, sizeof *mine->move);
	mine->here = arena_array(&r->arena, n + 1, sizeof *mine->here);
	for (size_t i = 0; i < n; i++) {
		const struct move *m = move_at(e, i);

		for (size_t k = 0; m->who[k] != NULL; k++) {
			if (*m->who[k] != '@' &&
			    !role_plays(&r->who, m->who[k]))
				continue;
			mine->move[mine->n++] = m;
			break;
		}
	}
	return mine;
}

static void
mine_here(struct request *r, struct mine *mine, struct stand at)
{
	const char *was = mine->at.state;

	if (mine->stood && at.isvoid == mine->at.isvoid &&
	    (was == NULL || at.state == NULL ? was == at.state
	    : strcmp(was, at.state) == 0))
		return;
	mine->stood = true;
	mine->at.isvoid = at.isvoid;
	mine->at.state = at.state == NULL ? NULL
	    : arena_strdup(&r->arena, at.state);
	mine->nhere = 0;
	for (size_t i = 0; i < mine->n; i++)
		if (starts(mine->entity, mine->move[i], &at))
			mine->here[mine->nhere++] = mine->move[i];
}

static bool
own_void(const struct entity *e)
{
	for (size_t i = 0; i < e->nmoves; i++)
		if (strcmp(e->moves[i].name, common[0].name) == 0 ||
		    strcmp(e->moves[i].name, common[1].name) == 0)
			return true;
	return false;
}

static struct stand
stand_of(const struct entity *e, const char *const *row)
{
	return (struct stand) {
		.state = e->state != NULL ? row_get(e, row, e->state) : NULL,
		.isvoid = row_get(e, row, "voided_at") != NULL,
	};
}

/* Whether the command starts from there. */
static bool
starts(const struct entity *e, const struct move *m, const struct stand *at)
{
	if (move_restores(m))
		return at->isvoid;
	if (m == &common[0])
		return !at->isvoid;
	if (at->isvoid && (!own_void(e) || m->from == NULL))
		return false;
	return m->from != NULL ? move_lists(m->from, at->state)
			       : !move_lists(e->ended, at->state);
}

/* Whether the caller's role gives commands at all. */
static bool
moves(const struct request *r, const struct entity *e)
{
	return who_may(&r->who, V_MOVE, e->name);
}

/* Whether this command on this row is the caller's. */
static bool
concerns(const struct request *r, const struct entity *e,
    const struct move *m, const char *const *row)
{
	if (!client_gives(&r->who, e->name, m) || !row_owned(r, e, row))
		return false;
	for (size_t i = 0; m->who[i] != NULL; i++) {
		const char *who = m->who[i];

		if (*who != '@' ? role_plays(&r->who, who)
		    : strcmp(who, "@above") == 0 ? is_above(r, e, row)
		    : strcmp(who, "@filer") == 0 ? is_filer(r, e, row)
		    : issue_relation(r, who, row))
			return true;
	}
	return false;
}

/* Whoever could change its fields. */
static bool
is_filer(const struct request *r, const struct entity *e,
    const char *const *row)
{
	return who_may(&r->who, V_CHANGE, e->name) &&
	    scope_writes(&r->who, (int)strtol(row_get(e, row,
	    "filing_level"), NULL, 10));
}

/* A level above the one that files the row, county or more. */
static bool
is_above(const struct request *r, const struct entity *e,
    const char *const *row)
{
	return r->who.level < strtol(row_get(e, row, "filing_level"), NULL,
	    10) && r->who.level >= 2;
}

/* Its guard would refuse whatever the body says. */
static bool
barred(struct request *r, const struct entity *e, const struct move *m,
    const char *const *row)
{
	if (m->flags & M_OTHER) {
		const char *giver = r->giver != NULL ? r->giver
		    : row_get(e, row, "created_by");

		if (giver != NULL && strcmp(giver, r->who.id) == 0)
			return true;
	}
	return m->guard != NULL && issue_barred(r, m, row);
}

bool
move_lists(const char *const *list, const char *name)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}
