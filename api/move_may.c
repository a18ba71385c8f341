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

/* The commands that a role could ever give, and those of the last row with all
 * that was asked of it to find them: most rows of a list are alike in that. */
#define ALIKE_MAX 1024
struct mine {
	const struct entity *entity;
	const char *role;
	const struct move **move;
	size_t n;
	bool *asked; /* by column */
	char alike[ALIKE_MAX];
	size_t len; /* 0: nothing is known */
	char *may;
	size_t nmay;
};

static struct mine *mine_of(struct request *, const struct entity *);
static void mine_find(struct request *, struct mine *,
    const char *const *row);
static size_t mine_alike(const struct mine *, const char *giver,
    const char *const *row, char out[ALIKE_MAX]);
static bool append(char **at, const char *end, const char *value);
static bool own_void(const struct entity *);
static bool moves(const struct request *, const struct entity *);
static bool concerns(const struct request *, const struct entity *,
    const struct move *, const char *const *row);
static bool is_filer(const struct request *, const struct entity *,
    const char *const *row);
static bool is_above(const struct request *, const struct entity *,
    const char *const *row);
static bool barred(struct request *, const struct entity *,
    const struct move *, const char *const *row);

bool
move_own_coverage(const struct request *r, const struct entity *e,
    const char *const *row)
{
	return r->who.covered_by != NULL &&
	    strcmp(e->name, "org_coverage") == 0 &&
	    strstr(r->who.covered_by, row_get(e, row, "org_id")) != NULL;
}

size_t
move_count(const struct entity *e)
{
	return e->nmoves + (e->business && !e->append && !own_void(e) &&
	    entity_made(e) ? COUNT(common) : 0);
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
	const char *state = e->state != NULL ? row_get(e, row, e->state)
					     : NULL;
	bool isvoid = row_get(e, row, "voided_at") != NULL;

	if (move_restores(m))
		return isvoid;
	if (m == &common[0])
		return !isvoid;
	if (isvoid && (!own_void(e) || m->from == NULL))
		return false;
	return m->from != NULL ? move_lists(m->from, state)
			       : !move_lists(e->ended, state);
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
	char alike[ALIKE_MAX];

	if (mine->len == 0 || mine_alike(mine, r->giver, row, alike) !=
	    mine->len || memcmp(alike, mine->alike, mine->len) != 0)
		mine_find(r, mine, row);
	buf_add(b, mine->may, mine->nmay);
}

/* Of the rows of one list, the same commands come into question. */
static struct mine *
mine_of(struct request *r, const struct entity *e)
{
	struct mine *mine = r->mine;
	size_t n, room = 1;

	if (mine != NULL && mine->entity == e && mine->role == r->who.role)
		return mine;
	mine = r->mine = arena_alloc(&r->arena, sizeof *mine);
	*mine = (struct mine) { .entity = e, .role = r->who.role };
	n = moves(r, e) ? move_count(e) : 0;
	mine->move = arena_array(&r->arena, n + 1, sizeof *mine->move);
	mine->asked = arena_array(&r->arena, field_total(e), sizeof(bool));
	for (size_t i = 0; i < n; i++) {
		const struct move *m = move_at(e, i);

		for (size_t k = 0; m->who[k] != NULL; k++) {
			if (*m->who[k] != '@' &&
			    !role_plays(&r->who, m->who[k]))
				continue;
			mine->move[mine->n++] = m;
			room += strlen(m->name) + strlen(",\"\"");
			break;
		}
	}
	mine->may = arena_alloc(&r->arena, room);
	return mine;
}

static void
mine_find(struct request *r, struct mine *mine, const char *const *row)
{
	const struct entity *e = mine->entity;
	char *to = mine->may;

	row_watch(e, mine->asked);
	for (size_t i = 0; i < mine->n; i++) {
		const struct move *m = mine->move[i];

		if (!move_from(e, m, row) || !concerns(r, e, m, row) ||
		    barred(r, e, m, row))
			continue;
		to = stpcpy(to, to == mine->may ? "\"" : ",\"");
		to = stpcpy(to, m->name);
		to = stpcpy(to, "\"");
	}
	row_watch(e, NULL);
	mine->nmay = (size_t)(to - mine->may);
	mine->len = mine_alike(mine, r->giver, row, mine->alike);
}

/* What was ever asked of these rows, of this one; 0 when it is too long. */
static size_t
mine_alike(const struct mine *mine, const char *giver, const char *const *row,
    char out[ALIKE_MAX])
{
	size_t n = field_total(mine->entity);
	char *at = out;

	if (!append(&at, out + ALIKE_MAX, giver))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (mine->asked[i] && !append(&at, out + ALIKE_MAX, row[i]))
			return 0;
	return (size_t)(at - out);
}

static bool
append(char **at, const char *end, const char *value)
{
	size_t n = value != NULL ? strlen(value) + 1 : 1;

	if ((size_t)(end - *at) < n + 1)
		return false;
	*(*at)++ = value != NULL ? '=' : '-';
	memcpy(*at, value != NULL ? value : "", n);
	*at += n;
	return true;
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
	if (move_restores(m) && move_own_coverage(r, e, row))
		return true;
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
