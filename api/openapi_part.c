/* The hand-written parts of the document: api/schemas/, linked in as texts. */
#include <stdio.h>

#include "base/err.h"
#include "openapi.h"

/* Made by the Makefile, NULL-ended. */
extern const char *const openapi_parts[];

json_t *
openapi_parts_read(void)
{
	json_t *all = json_pack("{s:{},s:{},s:{}}", "schemas", "parameters",
	    "headers");

	for (const char *const *text = openapi_parts; *text != NULL; text++) {
		json_t *one = json_loads(*text, JSON_REJECT_DUPLICATES, NULL);
		const char *kind, *name;
		json_t *members, *v;

		REQUIRE(one != NULL);
		json_object_foreach(one, kind, members) {
			json_t *into = json_object_get(all, kind);

			REQUIRE(into != NULL);
			json_object_foreach(members, name, v) {
				REQUIRE(json_object_get(into, name) == NULL);
				json_object_set(into, name, v);
			}
		}
		json_decref(one);
	}
	return all;
}

json_t *
openapi_ref(const char *kind, const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "#/components/%s/%s", kind, name);
	return json_pack("{s:s}", "$ref", path);
}
