/* taizhangctl load, questionnaires: a template once, then what it lacks. */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define PATH_BYTES 512

static int template_id(struct ctl *, json_t *form, const char *what,
    char *id, size_t size);
static int questions(struct ctl *, const json_t *form, const char *id,
    const char *what);
static int missing(struct ctl *, const json_t *list, const json_t *there,
    const char *id, const char *what);

/* What is loaded twice is there once; a version that was answered is never
 * rewritten: whoever changes a question gives the form its next version. */
int
ctl_forms(struct ctl *c, const json_t *forms, const char *what)
{
	int code = CTL_OK;
	char id[64];

	if (!json_is_array(forms))
		return ctl_fail(CTL_REFUSED, "forms 应为列表",
		    "forms must be a list", what);
	for (size_t i = 0; i < json_array_size(forms) && code == CTL_OK; i++) {
		json_t *form = json_array_get(forms, i);

		code = template_id(c, form, what, id, sizeof id);
		if (code == CTL_OK)
			code = questions(c, form, id, what);
	}
	return code;
}

static int
template_id(struct ctl *c, json_t *form, const char *what, char *id,
    size_t size)
{
	const char *name = json_string_value(json_object_get(form, "code")),
		   *have;
	json_t *reply = NULL, *body;
	char path[PATH_BYTES];
	int code;

	if (name == NULL || strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "0123456789-") != strlen(name) || strlen(name) > 40)
		return ctl_fail(CTL_REFUSED, "问卷须有代码：小写字母、数字和“-”",
		    "a form needs a code of small letters, digits and -",
		    what);
	(void)snprintf(path, sizeof path,
	    "/v1/form-templates?code=%s&version=%lld&fields=id", name,
	    (long long)json_integer_value(json_object_get(form, "version")));
	code = ctl_call(c, "GET", path, NULL, what, &reply);
	have = json_string_value(json_object_get(json_array_get(
	    json_object_get(reply, "items"), 0), "id"));
	if (code == CTL_OK && have == NULL) {
		json_decref(reply);
		reply = NULL;
		body = json_copy(form);
		REQUIRE(body != NULL);
		json_object_del(body, "questions");
		code = ctl_call(c, "POST", "/v1/form-templates", body, what,
		    &reply);
		json_decref(body);
		have = json_string_value(json_object_get(reply, "id"));
	}
	if (code == CTL_OK)
		(void)snprintf(id, size, "%s", have != NULL ? have : "");
	json_decref(reply);
	return code;
}

static int
questions(struct ctl *c, const json_t *form, const char *id, const char *what)
{
	json_t *there = json_array(), *reply;
	char path[PATH_BYTES], cursor[PATH_BYTES / 2] = "";
	int code, n;

	REQUIRE(there != NULL);
	do {
		const char *next;

		reply = NULL;
		n = snprintf(path, sizeof path, "/v1/form-questions?template_id"
		    "=%s&limit=100&fields=qid%s%s", id,
		    *cursor != '\0' ? "&cursor=" : "", cursor);
		code = n < (int)sizeof path
		    ? ctl_call(c, "GET", path, NULL, what, &reply)
		    : CTL_REFUSED;
		json_array_extend(there, json_object_get(reply, "items"));
		next = json_string_value(json_object_get(reply, "next"));
		(void)snprintf(cursor, sizeof cursor, "%s",
		    next != NULL ? next : "");
		json_decref(reply);
	} while (code == CTL_OK && *cursor != '\0');
	if (code == CTL_OK)
		code = missing(c, json_object_get(form, "questions"), there,
		    id, what);
	json_decref(there);
	return code;
}

static int
missing(struct ctl *c, const json_t *list, const json_t *there,
    const char *id, const char *what)
{
	int code = CTL_OK;

	for (size_t i = 0; i < json_array_size(list) && code == CTL_OK; i++) {
		json_t *q = json_copy(json_array_get(list, i));
		bool have = false;

		for (size_t k = 0; k < json_array_size(there); k++)
			have = have || json_equal(json_object_get(
			    json_array_get(there, k), "qid"),
			    json_object_get(q, "qid"));
		json_object_set_new(q, "template_id", json_string(id));
		if (!have)
			code = ctl_call(c, "POST", "/v1/form-questions", q,
			    what, NULL);
		json_decref(q);
	}
	return code;
}
