/* Parameters nobody knows are refused, not overlooked. */
#include "asked.h"

#include <string.h>

#include "entity.h"
#include "openapi.h"
#include "query_string.h"
#include "route.h"
#include "serve.h"

static const char *names[ROUTES_MAX]; /* " from to "; NULL: not checked */

static bool checked(const struct route *);
static bool fine(struct request *);
static const char *names_of(struct arena *, const struct route *,
    const json_t *components);

void
asked_init(void)
{
	static struct arena forever;
	json_t *components = openapi_parts_read();

	arena_init(&forever, 0);
	openapi_parameters(json_object_get(components, "parameters"));
	for (size_t i = 0; i < route_count(); i++)
		if (checked(route_at(i)))
			names[i] = names_of(&forever, route_at(i), components);
	json_decref(components);
	serve_first(fine);
}

void
asked_wrong(struct request *r, const char *name)
{
	fault(r, arena_printf(&r->arena, "?%s", name), "DQ-02", "invalid",
	    "参数的值不正确", "has a value that does not fit");
}

enum next
asked_refuse(struct request *r)
{
	return fail(r, E_INPUT, "invalid", "查询参数不正确",
	    "A query parameter is not right.");
}

enum next
asked_refused(struct request *r, const char *name)
{
	asked_wrong(r, name);
	return asked_refuse(r);
}

/* Not where anybody signs in: what a browser brings back from an identity
 * server comes with whatever that server added. Lists know more names. */
static bool
checked(const struct route *t)
{
	return (t->method == M_GET || t->right != RIGHT_PUBLIC) &&
	    strncmp(t->pattern, "/v1/", 4) == 0 && t->handle != entity_list;
}

static const char *
names_of(struct arena *a, const struct route *t, const json_t *components)
{
	const json_t *shared = json_object_get(components, "parameters"), *p;
	json_t *asked = openapi_asked(t, components);
	const char *all = " ";
	size_t i;

	json_array_foreach(asked, i, p) {
		const char *of = json_string_value(json_object_get(p, "$ref"));

		if (of != NULL)
			p = json_object_get(shared, strrchr(of, '/') + 1);
		if (strcmp(json_string_value(json_object_get(p, "in")),
		    "query") == 0)
			all = arena_printf(a, "%s%s ", all, json_string_value(
			    json_object_get(p, "name")));
	}
	json_decref(asked);
	return all;
}

static bool
fine(struct request *r)
{
	const char *known;

	if (r->params == NULL ||
	    (known = names[route_number(r->route)]) == NULL)
		return true;
	for (const struct param *p = r->params; p != NULL; p = p->next)
		if (strchr(p->name, ' ') != NULL || strstr(known,
		    arena_printf(&r->arena, " %s ", p->name)) == NULL)
			fault(r, arena_printf(&r->arena, "?%s", p->name),
			    "DQ-02", "unknown_parameter", "没有这个查询参数",
			    "is no parameter of this address");
	if (r->faults == NULL)
		return true;
	(void)asked_refuse(r);
	return false;
}
