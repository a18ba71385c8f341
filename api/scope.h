/*
 * What follows from roles: which verbs on which entity, at which level a row
 * may be written, who stands for whom (domain.md 5.1, 5.2). The roles are
 * data (0082_roles.sql), read with the configuration.
 */
#ifndef API_SCOPE_H
#define API_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request.h"
#include "route.h"

enum verb {
	V_READ = 1 << 0,
	V_CREATE = 1 << 1,
	V_CHANGE = 1 << 2,
	V_MOVE = 1 << 3, /* the move itself says who */
	V_SYNC = 1 << 4,
	V_CONFIGURE = 1 << 5,
	V_SECURE = 1 << 6,
	V_AUDIT = 1 << 7,
	V_UNMASK = 1 << 8,	/* for a reason … */
	V_UNMASK_CASE = 1 << 9, /* … for a case or legal basis */
	V_ERASE = 1 << 10,
};

struct permit {
	const char *group; /* entity_group(); NULL ends the list */
	unsigned verbs;
	unsigned most; /* it can be narrowed to fewer, and back to these */
};

struct role {
	const char *code, *label;
	int level;	/* files and writes rows of this level; 0 = that of
			   the grant's division */
	int clearance;	/* default of a grant */
	bool line;	/* the grant must name a sector line */
	bool category;	/* … and an organisation, whose categories of issues
			   are all it reaches of them */
	bool second_factor;
	bool active;	/* may still be granted */
	const char *own;     /* "", assigned, operator, task */
	const char *profile; /* how much personal data it is shown */
	const struct permit *permits;
	const char *const *plays; /* codes it stands for, NULL-ended */
	enum role_part part;
};

/* The role's part: PART_NOBODY for none. */
enum role_part role_part(const char *code);
const struct role *role_find(const char *code);
/* group: an entity's name, or a group of rights that is none; NULL = any. */
bool role_may(const struct role *, unsigned verb, const char *entity);
/* Whether the caller's role is the one that a command names, or stands for
 * it. */
bool role_plays(const struct principal *, const char *code);
/* A verb by its name; 0 for none. Names in order of the bits, NULL-ended. */
unsigned verb_of(const char *name);
extern const char *const verb_names[];
const char *role_part_name(enum role_part);
enum role_part role_part_of(const char *name);
/* Whether rights are given on it: the group of an entity, or one of those
 * that have none. */
bool role_group_known(const char *group);

/* The same of the caller: an application's token must have the scope, too. */
bool who_may(const struct principal *, unsigned verb, const char *entity);
/* client_scope.c: whether the token's scopes, of an application, allow it. */
struct move;
bool client_may(const struct principal *, unsigned verb, const char *entity);
bool client_gives(const struct principal *, const char *entity,
    const struct move *);

/* OK or E_DENIED: whether the caller's role grants the route's right. */
enum err scope_grants(const struct principal *, enum right,
    const char *entity);
/* Whether any role there is grants it: else the route is nobody's. */
bool scope_given(enum right, const char *entity);
/* Whether a row filed at that level is the caller's own to write: its own
 * level, or a township for its villages (代录). */
bool scope_writes(const struct principal *, int filing_level);
/* Whether the division lies in the caller's range and coverage. */
bool scope_covers(const struct principal *, int64_t division);
/* Whether issues of that category there are among those that the caller is
 * narrowed to; of who is not narrowed by category, none. */
bool scope_category(const struct principal *, const char *category,
    int64_t division);
/* Whether it is narrowed by action, coverage, own rows or category. */
bool scope_narrow(const struct scope *);
bool text_given(const char *); /* neither NULL nor "" */

/* 0 nation … 5 village; and the last code of a division's subtree. */
int division_level(int64_t code);
int64_t division_last(int64_t code);

#endif
