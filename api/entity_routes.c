/* The routes of every business entity, derived from the model. */
#include <ctype.h>
#include <string.h>

#include "bulk.h"
#include "entity.h"
#include "route.h"

/* One kind of route; id, summary and schemas are made with the entity's name,
 * the ids of lists with its path. */
static const struct shape {
	enum method method;
	const char *under; /* after /v1/<path> */
	enum right right;
	handler *handle;
	enum lane lane;
	const char *verb, *noun; /* operation: verb Entity noun */
	bool plural;
	bool changes; /* not of what is only added to */
	const char *text;	   /* before the name, English */
	const char *zh, *zh_after; /* around the label */
	/* Schemas: the entity's name and this; =Name stands alone. */
	const char *takes, *gives;
	size_t body_max;
} shapes[] = {
	{ M_GET, "", RIGHT_READ, entity_list, LANE_SLOW, "list", "", true,
	    false, "List", "查询", "", NULL, "List", 0 },
	{ M_POST, "", RIGHT_CREATE, entity_create, LANE_FAST, "create", "",
	    false, false, "Create", "登记", "", "New", "", 0 },
	{ M_POST, "/bulk", RIGHT_CREATE, entity_bulk, LANE_SLOW, "bulk", "",
	    true, false, "Create or change many", "批量登记或修改", "", "Rows",
	    "=BulkResult", 8u << 20 },
	{ M_GET, "/{id}", RIGHT_READ, entity_get, LANE_FAST, "get", "", false,
	    false, "Read", "查看", "", NULL, "", 0 },
	{ M_PATCH, "/{id}", RIGHT_CHANGE, entity_change, LANE_FAST, "change",
	    "", false, true, "Change fields of", "修改", "", "Change", "", 0 },
	{ M_PUT, "/{id}", RIGHT_CHANGE, entity_change, LANE_FAST, "replace",
	    "", false, true, "Replace", "整条替换", "", "New", "", 0 },
	{ M_GET, "/{id}/history", RIGHT_READ, entity_history, LANE_SLOW,
	    "list", "History", false, false, "Every revision of", "",
	    "的修改历史", NULL, "=HistoryList", 0 },
};

static struct route make(struct arena *, const struct entity *,
    const struct shape *);
static const char *words(struct arena *, const char *);

/* A part that has registered the same method and pattern before does that
 * operation its own way. */
void
entity_init(void)
{
	static struct arena forever;

	arena_init(&forever, 0);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);
		struct route *all = arena_array(&forever, COUNT(shapes),
		    sizeof *all);
		size_t n = 0;

		for (size_t k = 0; e->business && k < COUNT(shapes); k++) {
			if ((shapes[k].changes && e->append) ||
			    (shapes[k].right == RIGHT_CREATE && !entity_made(e)))
				continue;
			all[n] = make(&forever, e, &shapes[k]);
			if (route_of(all[n].method, all[n].pattern) == NULL)
				n++;
		}
		route_register(all, n);
	}
}

static struct route
make(struct arena *a, const struct entity *e, const struct shape *s)
{
	return (struct route) {
		.method = s->method,
		.pattern = arena_printf(a, "/v1/%s%s", e->path, s->under),
		.right = s->right,
		.entity = e->name,
		.handle = s->handle,
		.lane = s->lane,
		.id = arena_printf(a, "%s%s%s", s->verb,
		    entity_camel(a, s->plural ? e->path : e->name), s->noun),
		.summary = arena_printf(a, "%s %s", s->text, words(a,
		    s->plural ? e->path : e->name)),
		.summary_zh = arena_printf(a, "%s%s%s", s->zh, e->label,
		    s->zh_after),
		.body_max = s->body_max,
		.request_schema = s->takes != NULL
		    ? arena_printf(a, "%s%s", e->name, s->takes) : NULL,
		.reply_schema = *s->gives == '='
		    ? s->gives + 1
		    : arena_printf(a, "%s%s", e->name, s->gives),
	};
}

const char *
entity_camel(struct arena *a, const char *name)
{
	char *out = arena_alloc(a, strlen(name) + 1), *to = out;
	bool up = true;

	for (; *name != '\0'; name++) {
		if (*name == '-' || *name == '_') {
			up = true;
			continue;
		}
		*to++ = up ? (char)toupper((unsigned char)*name) : *name;
		up = false;
	}
	*to = '\0';
	return out;
}

static const char *
words(struct arena *a, const char *name)
{
	char *out = arena_strdup(a, name);

	for (char *p = out; *p != '\0'; p++)
		if (*p == '-' || *p == '_')
			*p = ' ';
	return out;
}
