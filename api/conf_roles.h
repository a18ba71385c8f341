/* The roles of a configuration, out of the rows of role and role_right. */
#ifndef API_CONF_ROLES_H
#define API_CONF_ROLES_H

#include "base/arena.h"
#include "conf.h"
#include "db.h"

void roles_take(struct arena *, struct roles *, const struct rows *roles,
    const struct rows *rights);

#endif
