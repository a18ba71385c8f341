/* Scopes of third-party applications: entity:verb[:action] (domain.md 5.2). */
#include <string.h>

#include "base/err.h"
#include "client.h"
#include "model/model.h"
#include "move.h"
#include "scope.h"

static const struct {
	const char *name;
	unsigned verbs;
} verbs[] = { { "read", V_READ }, { "create", V_CREATE },
	{ "change", V_CHANGE }, { "move", V_MOVE }, { "approve", V_MOVE } };

static bool has(const struct principal *, const char *entity,
    const char *verb);

bool
client_scope_ok(const char *scope, size_t len, const char **action)
{
	size_t n = strcspn(scope, ":"), k;
	const char *rest = scope + n + 1;
	char name[64];

	*action = NULL;
	if (n >= len || n >= sizeof name)
		return false;
	memcpy(name, scope, n);
	name[n] = '\0';
	if (entity_find(name) == NULL)
		return false;
	len -= n + 1;
	k = strcspn(rest, ": ");
	if (k > len)
		k = len;
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strlen(verbs[i].name) != k ||
		    strncmp(verbs[i].name, rest, k) != 0)
			continue;
		if (k == len)
			return true;
		*action = rest + k + 1;
		return len > k + 1 && len - k - 1 <= 63;
	}
	return false;
}

/* Whoever is no application has no scopes to keep to. */
bool
client_may(const struct principal *who, unsigned verb, const char *entity)
{
	if (who->client[0] == '\0')
		return true;
	if (entity == NULL) /* the route asks again of each it shows */
		return verb == V_READ;
	for (size_t i = 0; i < COUNT(verbs); i++)
		if ((verbs[i].verbs & verb) != 0 &&
		    has(who, entity, verbs[i].name))
			return true;
	return false;
}

/* What needs another person than the one before is an approval: a scope of
 * its own, which `move` does not include. */
bool
client_gives(const struct principal *who, const char *entity,
    const struct move *m)
{
	return who->client[0] == '\0' || has(who, entity,
	    (m->flags & M_OTHER) != 0 ? "approve" : "move");
}

/* The action has narrowed the whole token already. */
static bool
has(const struct principal *who, const char *entity, const char *verb)
{
	size_t n = strlen(entity), k = strlen(verb);

	for (const char *p = who->scopes; p != NULL && *p != '\0';
	     p += strspn(p, " ")) {
		if (strncmp(p, entity, n) == 0 && p[n] == ':' &&
		    strncmp(p + n + 1, verb, k) == 0 &&
		    strchr(": ", p[n + 1 + k]) != NULL)
			return true;
		p += strcspn(p, " ");
	}
	return false;
}
