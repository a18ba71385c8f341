/* GET /v1/code-sets: what coded fields hold and how it is printed (domain.md
 * 3.2), as the worker last read it. */
#include <stddef.h>

#include "admin.h"
#include "asked.h"
#include "conf.h"
#include "route.h"
#include "scope.h"

static enum next code_sets(struct request *);
static bool in_reach(const struct request *, const struct action_facts *);
static void render(struct buf *, const struct codes *, const char *set);

static const struct route routes[] = {
	{ .method = M_GET, .pattern = "/v1/code-sets", .right = RIGHT_SELF,
	    .open = OPEN_CLIENT, .handle = code_sets, .lane = LANE_FAST,
	    .id = "listCodeSets",
	    .summary = "Code sets: what coded fields hold, as an action "
		       "prints it",
	    .summary_zh = "代码集及其名称", .reply_schema = "CodeSetList",
	    .params = "action codeSet" },
};

void
code_sets_init(void)
{
	route_register(routes, COUNT(routes));
}

static enum next
code_sets(struct request *r)
{
	const char *named = request_param(r, "action");
	const char *set = request_param(r, "set");
	const struct action_facts *a = conf_action(named);
	const struct codes *codes = conf_codes();
	const struct code *items;
	const char **sets = &set;
	size_t n = 1;

	if (named != NULL && (a == NULL || !in_reach(r, a)))
		return asked_refused(r, "action");
	if (a != NULL)
		codes = a->codes;
	if (set != NULL && codes_items(codes, set, &items) == 0)
		return asked_refused(r, "set");
	if (set == NULL)
		n = codes_sets(codes, &r->arena, &sets);
	buf_str(&r->reply, "{\"items\":[");
	for (size_t i = 0; i < n; i++)
		render(&r->reply, codes, sets[i]);
	buf_str(&r->reply, "]}");
	return reply(r, 200);
}

/* As a place is: to those at, below or above where it takes place. */
static bool
in_reach(const struct request *r, const struct action_facts *a)
{
	return a->division <= r->who.scope.hi &&
	    division_last(a->division) >= r->who.scope.lo;
}

static void
render(struct buf *b, const struct codes *codes, const char *set)
{
	const struct code *item;
	size_t n = codes_items(codes, set, &item);

	buf_comma(b);
	buf_str(b, "{");
	buf_key(b, "set");
	buf_json(b, set);
	buf_key(b, "items");
	buf_str(b, "[");
	for (size_t i = 0; i < n; i++) {
		buf_comma(b);
		buf_str(b, "{");
		buf_key(b, "code");
		buf_json(b, item[i].code);
		buf_key(b, "label");
		buf_json(b, item[i].label);
		buf_str(b, "}");
	}
	buf_str(b, "]}");
}
