/* Where a scope reaches: places, and categories of issues there; pure. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "scope.h"

static bool ranges_hold(const char *ranges, int64_t division);

bool
scope_covers(const struct principal *who, int64_t division)
{
	if (division < who->scope.lo || division > who->scope.hi)
		return false;
	return !text_given(who->scope.cover) ||
	    ranges_hold(who->scope.cover, division);
}

/* A multirange as PostgreSQL prints it: {[lo,hi),[lo,hi)}. */
static bool
ranges_hold(const char *ranges, int64_t division)
{
	for (const char *p = ranges; (p = strchr(p, '[')) != NULL;) {
		char *end;
		int64_t lo = strtoll(p + 1, &end, 10);
		int64_t hi = strtoll(end + 1, &end, 10);

		if (division >= lo && division < hi)
			return true;
		p = end;
	}
	return false;
}

/* From the category up its tree, as narrow_category() does: F-2-1, F-2, F. */
bool
scope_category(const struct principal *who, const char *category,
    int64_t division)
{
	const char *text = who->scope.category, *end;
	json_t *all = text_given(text) ? json_loads(text, 0, NULL) : NULL;
	bool found = false;

	for (end = category != NULL ? category + strlen(category) : NULL;
	    end != NULL && !found; end = memrchr(category, '-',
	    (size_t)(end - category))) {
		const char *ranges = json_string_value(json_object_getn(all,
		    category, (size_t)(end - category)));

		found = ranges != NULL && ranges_hold(ranges, division);
	}
	json_decref(all);
	return found;
}
