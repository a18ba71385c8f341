/* Roles × rights, and the level a row is written at. */
#include "scope.h"

#include <string.h>

#include "model/model.h"

const struct role *
role_find(const char *code)
{
	for (size_t i = 0; code != NULL && i < nroles; i++)
		if (strcmp(roles[i].code, code) == 0)
			return &roles[i];
	return NULL;
}

bool
role_may(const struct role *role, unsigned verb, const char *entity)
{
	const struct entity *e = entity != NULL ? entity_find(entity) : NULL;
	const char *group = e != NULL ? entity_group(e) : entity;

	for (const struct permit *p = role->permits; p->group != NULL; p++)
		if ((p->verbs & verb) != 0 &&
		    (group == NULL || strcmp(p->group, group) == 0))
			return true;
	return false;
}

enum err
scope_grants(const struct principal *who, enum right right,
    const char *entity)
{
	const struct role *role = role_find(who->role);
	unsigned verb = 0;

	if (role == NULL)
		return E_DENIED;
	switch (right) {
	case RIGHT_PUBLIC:
	case RIGHT_SELF: return OK;
	case RIGHT_READ: verb = V_READ; break;
	case RIGHT_CREATE: verb = V_CREATE; break;
	case RIGHT_CHANGE: verb = V_CHANGE; break;
	case RIGHT_MOVE: verb = V_MOVE; break;
	case RIGHT_SYNC: verb = V_SYNC; break;
	case RIGHT_CONFIGURE: verb = V_CONFIGURE; break;
	case RIGHT_UNDECLARED: return E_DENIED;
	}
	/* A binding's token is not a person, and a person not a binding. */
	if ((right == RIGHT_SYNC) != (who->binding[0] != '\0'))
		return E_DENIED;
	if (right == RIGHT_SYNC || right == RIGHT_CONFIGURE)
		entity = NULL;
	return role_may(role, verb, entity) ? OK : E_DENIED;
}

bool
scope_writes(const struct principal *who, int filing_level)
{
	return filing_level == who->level ||
	    (who->level == 4 && filing_level == 5);
}

bool
scope_covers(const struct principal *who, int64_t division)
{
	return division >= who->scope.lo && division <= who->scope.hi;
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
