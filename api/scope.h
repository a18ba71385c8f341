/*
 * Roles as data and what follows from them: which verbs on which entity, at
 * which level a row may be written (domain.md 5.1, 5.2).
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
};

struct permit {
	const char *group; /* entity_group(); NULL ends the list */
	unsigned verbs;
};

struct role {
	const char *code, *label;
	int level;	/* files and writes rows of this level; 0 = that of
			   the grant's division */
	int clearance;	/* default of a grant */
	bool line;	/* the grant must name a sector line */
	const struct permit *permits;
};

/* model/roles.c */
extern const struct role roles[];
extern const size_t nroles;

const struct role *role_find(const char *code);
bool role_may(const struct role *, unsigned verb, const char *entity);
/* OK or E_DENIED: whether the caller's role grants the route's right. */
enum err scope_grants(const struct principal *, enum right,
    const char *entity);
/* Whether a row filed at that level is the caller's own to write: its own
 * level, or a township for its villages (代录). */
bool scope_writes(const struct principal *, int filing_level);
/* Whether the division lies in the caller's range. */
bool scope_covers(const struct principal *, int64_t division);

/* 0 nation … 5 village; and the last code of a division's subtree. */
int division_level(int64_t code);
int64_t division_last(int64_t code);

#endif
