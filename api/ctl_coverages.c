/* taizhangctl load, what organisations cover: each once, however often. */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define PATH_BYTES 512

static int cover(struct ctl *, json_t *one, const json_t *orgs,
    const char *what);
static int pages(struct ctl *, const char *path, const char *what,
    json_t *items);
static const char *org_id(const json_t *orgs, const json_t *one);

int
ctl_coverages(struct ctl *c, const json_t *list, const char *what)
{
	json_t *orgs = json_array();
	int code;

	REQUIRE(orgs != NULL);
	code = json_is_array(list) ? pages(c, "/v1/orgs?", what, orgs)
	    : ctl_fail(CTL_REFUSED, "coverages 应为列表",
	    "coverages must be a list", what);
	for (size_t i = 0; i < json_array_size(list) && code == CTL_OK; i++)
		code = cover(c, json_array_get(list, i), orgs, what);
	json_decref(orgs);
	return code;
}

/* An organisation is named by its code, as everywhere in files; what it covers
 * is where it is, unless the file says otherwise. */
static int
cover(struct ctl *c, json_t *one, const json_t *orgs, const char *what)
{
	json_t *body = json_copy(one), *there = json_array();
	const char *id = org_id(orgs, one);
	char path[PATH_BYTES];
	bool have = false;
	int code;

	REQUIRE(body != NULL && there != NULL);
	json_object_set_new(body, "org_id", json_string(id != NULL ? id : ""));
	json_object_set(body, "division_code", json_object_get(one,
	    json_object_get(one, "division_code") != NULL ? "division_code"
	    : "org_division"));
	json_object_del(body, "org");
	json_object_del(body, "org_division");
	(void)snprintf(path, sizeof path,
	    "/v1/org-coverages?org_id=%s&fields=division_code,category_code&",
	    id != NULL ? id : "");
	code = id != NULL ? pages(c, path, what, there)
	    : ctl_fail(CTL_REFUSED, "没有这个单位",
	    "no such organisation", what);
	for (size_t i = 0; i < json_array_size(there); i++) {
		const json_t *row = json_array_get(there, i);
		const json_t *category = json_object_get(body,
		    "category_code");

		have = have || (json_equal(json_object_get(row,
		    "division_code"), json_object_get(body, "division_code"))
		    && (category != NULL ? json_equal(category,
		    json_object_get(row, "category_code"))
		    : json_is_null(json_object_get(row, "category_code"))));
	}
	if (code == CTL_OK && !have)
		code = ctl_call(c, "POST", "/v1/org-coverages", body, what,
		    NULL);
	json_decref(there);
	json_decref(body);
	return code;
}

/* All items of a list; the path ends where a parameter may follow. */
static int
pages(struct ctl *c, const char *path, const char *what, json_t *items)
{
	char page[2 * PATH_BYTES], cursor[PATH_BYTES] = "";
	int code, n;

	do {
		json_t *reply = NULL;
		const char *next;

		n = snprintf(page, sizeof page, "%s%s%s", path,
		    *cursor != '\0' ? "cursor=" : "", cursor);
		if (n > 0 && *cursor == '\0')
			page[n - 1] = '\0'; /* ? or & */
		code = ctl_call(c, "GET", page, NULL, what, &reply);
		json_array_extend(items, json_object_get(reply, "items"));
		next = json_string_value(json_object_get(reply, "next"));
		n = snprintf(cursor, sizeof cursor, "%s",
		    next != NULL ? next : "");
		REQUIRE(n < (int)sizeof cursor);
		json_decref(reply);
	} while (code == CTL_OK && *cursor != '\0');
	return code;
}

static const char *
org_id(const json_t *orgs, const json_t *one)
{
	for (size_t i = 0; i < json_array_size(orgs); i++) {
		const json_t *org = json_array_get(orgs, i);

		if (json_equal(json_object_get(org, "code"),
		    json_object_get(one, "org")) &&
		    json_equal(json_object_get(org, "division_code"),
		    json_object_get(one, "org_division")))
			return json_string_value(json_object_get(org, "id"));
	}
	return NULL;
}
