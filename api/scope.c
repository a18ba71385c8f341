/* Roles × rights, and the level a row is written at. */
#include "scope.h"

#include <string.h>

#include "conf.h"
#include "model/model.h"

const char *const verb_names[] = { "read", "create", "change", "move", "sync",
	"configure", "secure", "audit", "unmask", "unmask_case", "erase", NULL };

static const char *const part_names[] = { [PART_NOBODY] = "",
	[PART_BUSINESS] = "business", [PART_SYSTEM] = "system_admin",
	[PART_SECURITY] = "security_admin", [PART_AUDIT] = "audit_admin",
	[PART_AUDITOR] = "auditor", [PART_AGENT] = "agent",
	[PART_CLIENT] = "client", [PART_PUBLIC] = "public" };

static bool lists(const char *const *list, const char *name);

const struct role *
role_find(const char *code)
{
	static size_t last; /* asked again and again for the same caller */
	const struct roles *all = conf_roles();

	if (code == NULL)
		return NULL;
	if (last < all->n && strcmp(all->role[last].code, code) == 0)
		return &all->role[last];
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->role[i].code, code) == 0)
			return &all->role[last = i];
	return NULL;
}

enum role_part
role_part(const char *code)
{
	const struct role *role = role_find(code);

	return role != NULL ? role->part : PART_NOBODY;
}

const char *
role_part_name(enum role_part part)
{
	return part_names[part];
}

enum role_part
role_part_of(const char *name)
{
	for (size_t i = PART_BUSINESS; i < COUNT(part_names); i++)
		if (strcmp(part_names[i], name) == 0)
			return (enum role_part)i;
	return PART_NOBODY;
}

unsigned
verb_of(const char *name)
{
	for (size_t i = 0; verb_names[i] != NULL; i++)
		if (strcmp(verb_names[i], name) == 0)
			return 1u << i;
	return 0;
}

bool
role_group_known(const char *group)
{
	static const char *const others[] = { "explain", "user", "audit",
		NULL };

	for (size_t i = 0; i < entity_count(); i++)
		if (strcmp(entity_group(entity_at(i)), group) == 0)
			return true;
	return lists(others, group);
}

bool
role_may(const struct role *role, unsigned verb, const char *entity)
{
	const struct entity *e = entity != NULL ? entity_find(entity) : NULL;
	const char *group = e != NULL ? entity_group(e) : entity;

	if (role == NULL)
		return false;
	for (const struct permit *p = role->permits; p->group != NULL; p++)
		if ((p->verbs & verb) != 0 &&
		    (group == NULL || strcmp(p->group, group) == 0))
			return true;
	return false;
}

bool
role_plays(const struct principal *who, const char *code)
{
	const struct role *role;

	if (strcmp(who->role, code) == 0)
		return true;
	role = role_find(who->role);
	return role != NULL && lists(role->plays, code);
}

/* Of an entity's rights; the others are given on no group in particular. */
static unsigned
verb_needed(enum right right)
{
	switch (right) {
	case RIGHT_UNDECLARED:
	case RIGHT_PUBLIC:
	case RIGHT_SELF: break;
	case RIGHT_READ: return V_READ;
	case RIGHT_CREATE: return V_CREATE;
	case RIGHT_CHANGE: return V_CHANGE;
	case RIGHT_MOVE: return V_MOVE;
	case RIGHT_SYNC: return V_SYNC;
	case RIGHT_CONFIGURE: return V_CONFIGURE;
	case RIGHT_SECURE: return V_SECURE;
	case RIGHT_AUDIT: return V_AUDIT;
	}
	return 0;
}

static bool
role_has(const struct role *role, enum right right, const char *entity)
{
	return role_may(role, verb_needed(right), right == RIGHT_SYNC ||
	    right >= RIGHT_CONFIGURE ? NULL : entity);
}

enum err
scope_grants(const struct principal *who, enum right right,
    const char *entity)
{
	const struct role *role = role_find(who->role);

	if (role == NULL || right == RIGHT_UNDECLARED)
		return E_DENIED;
	if (right == RIGHT_PUBLIC || right == RIGHT_SELF)
		return OK;
	/* A binding's token is not a person, and a person not a binding. */
	if ((right == RIGHT_SYNC) != (who->binding[0] != '\0'))
		return E_DENIED;
	if (who->readonly && right != RIGHT_READ && right != RIGHT_AUDIT)
		return E_DENIED;
	return role_has(role, right, entity) && client_may(who,
	    verb_needed(right), right == RIGHT_SYNC ||
	    right >= RIGHT_CONFIGURE ? NULL : entity) ? OK : E_DENIED;
}

bool
who_may(const struct principal *who, unsigned verb, const char *entity)
{
	return role_may(role_find(who->role), verb, entity) &&
	    client_may(who, verb, entity);
}

bool
scope_given(enum right right, const char *entity)
{
	const struct roles *all = conf_roles();

	for (size_t i = 0; i < all->n; i++)
		if (role_has(&all->role[i], right, entity))
			return true;
	return right == RIGHT_PUBLIC || right == RIGHT_SELF;
}

bool
scope_writes(const struct principal *who, int filing_level)
{
	return filing_level == who->level ||
	    (who->level == 4 && filing_level == 5);
}

int
division_level(int64_t code)
{
	if (code == 0)
		return 0;
	if (code % 10000000000 == 0)
		return 1;
	if (code % 100000000 == 0)
		return 2;
	if (code % 1000000 == 0)
		return 3;
	return code % 1000 == 0 ? 4 : 5;
}

int64_t
division_last(int64_t code)
{
	static const int64_t width[] = { 1000000000000, 10000000000,
		100000000, 1000000, 1000, 1 };

	return code + width[division_level(code)] - 1;
}

static bool
lists(const char *const *list, const char *name)
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}
