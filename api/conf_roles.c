/* The roles of a configuration, out of the rows of role and role_right. */
#include "conf_roles.h"

#include <string.h>

#include <jansson.h>

#include "base/err.h"
#include "scope.h"

static void take_one(struct arena *, struct role *, const struct rows *,
    int at, const struct rows *rights);
static const char *const *texts(struct arena *, const char *json);
static unsigned verbs(const char *json);

void
roles_take(struct arena *a, struct roles *out, const struct rows *roles,
    const struct rows *rights)
{
	size_t n = (size_t)rows_n(roles);
	struct role *role = arena_array(a, n + 1, sizeof *role);

	for (size_t i = 0; i < n; i++)
		take_one(a, &role[i], roles, (int)i, rights);
	*out = (struct roles) { role, n };
}

static void
take_one(struct arena *a, struct role *role, const struct rows *r, int at,
    const struct rows *rights)
{
	struct permit *p = arena_array(a, (size_t)rows_n(rights) + 1,
	    sizeof *p);
	size_t n = 0;

	*role = (struct role) {
		.code = arena_strdup(a, rows_text(r, at, 0)),
		.label = arena_strdup(a, rows_text(r, at, 1)),
		.level = (int)rows_long(r, at, 2),
		.clearance = (int)rows_long(r, at, 3),
		.line = *rows_text(r, at, 4) == 't',
		.second_factor = *rows_text(r, at, 5) == 't',
		.active = *rows_text(r, at, 6) == 't',
		.own = arena_strdup(a, rows_text(r, at, 7)),
		.profile = arena_strdup(a, rows_text(r, at, 8)),
		.part = role_part_of(rows_text(r, at, 9)),
		.plays = texts(a, rows_text(r, at, 10)),
		.category = *rows_text(r, at, 11) == 't',
		.permits = p,
	};
	for (int i = 0; i < rows_n(rights); i++)
		if (strcmp(rows_text(rights, i, 0), role->code) == 0)
			p[n++] = (struct permit) {
				arena_strdup(a, rows_text(rights, i, 1)),
				verbs(rows_text(rights, i, 2)),
				verbs(rows_text(rights, i, 3)) };
}

static const char *const *
texts(struct arena *a, const char *json)
{
	json_t *list = json_loads(json, 0, NULL);
	size_t n = json_array_size(list);
	const char **out = arena_array(a, n + 1, sizeof *out);

	for (size_t i = 0; i < n; i++)
		out[i] = arena_strdup(a, json_string_value(
		    json_array_get(list, i)));
	json_decref(list);
	return out;
}

static unsigned
verbs(const char *json)
{
	json_t *list = json_loads(json, 0, NULL);
	unsigned set = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		set |= verb_of(json_string_value(json_array_get(list, i)));
	json_decref(list);
	return set;
}
