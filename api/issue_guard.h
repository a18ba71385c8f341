/*
 * The guards of the issue's lifecycle and who stands in which relation to a
 * row (domain.md 3.5.5, R-05). A guard returns NULL when it is satisfied,
 * else a stable code and what would satisfy it.
 */
#ifndef API_ISSUE_GUARD_H
#define API_ISSUE_GUARD_H

#include <stdbool.h>

#include "request.h"

#define GUARD(name)                                                            \
	const char *name(struct request *, const char *const *row,             \
	    const char **zh, const char **en)

GUARD(guard_due);
GUARD(guard_on_spot);
GUARD(guard_complete);
GUARD(guard_accept);
GUARD(guard_reject);
GUARD(guard_suspend);
GUARD(guard_merge);

/* @responsible, @acceptor, @self. */
bool issue_relation(const struct request *, const char *relation,
    const char *const *row);
/* Its guard refuses the command whatever the body says. */
struct move;
bool issue_barred(struct request *, const struct move *,
    const char *const *row);
/* Who accepts is settled once acceptance is asked for: faults for what
 * a change of fields would turn. */
bool issue_settled(struct request *, const char *const *row,
    const bool *changed);
/* Who may accept, in words. */
void issue_acceptor(const char *const *row, const char **zh,
    const char **en);

#endif
