/* taizhangctl binding add, bindings and sync status. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "ctl.h"

static bool seconds(json_t *body, const char *key, const char *text);
static int mark(const char *folder, const char *id);
static int table(struct ctl *, const char *path, const char *const *column,
    size_t n);
static void cell(const json_t *);

int
ctl_binding_add(struct ctl *c, int argc, char **argv)
{
	const char *unit = NULL, *action = NULL, *form = NULL, *name = NULL;
	const char *settle = NULL, *back = NULL, *gone = NULL;
	const char *out = NULL, *folder = NULL, *id, *token;
	const struct ctl_option options[] = { { "--unit", &unit, true },
		{ "--action", &action, true }, { "--template", &form, true },
		{ "--folder", &name, true }, { "--settle", &settle, false },
		{ "--write-back", &back, false },
		{ "--delete-after", &gone, false },
		{ "--token-out", &out, false }, { "--marker", &folder, false } };
	json_t *body, *got = NULL;
	int code;

	if (!ctl_options(argc, argv, options, COUNT(options), NULL))
		return CTL_USAGE;
	body = json_pack("{ss ss ss s[s]}", "name", name, "action", action,
	    "division", unit, "templates", form);
	if (body == NULL || !seconds(body, "settle_s", settle) ||
	    !seconds(body, "write_back_s", back) ||
	    !seconds(body, "delete_after_s", gone)) {
		json_decref(body);
		return ctl_fail(CTL_USAGE, "选项的值不正确",
		    "an option has a value that does not fit", NULL);
	}
	code = ctl_call(c, "POST", "/v1/bindings", body, name, &got);
	json_decref(body);
	id = json_string_value(json_object_get(got, "id"));
	token = json_string_value(json_object_get(got, "token"));
	if (code == CTL_OK && (id == NULL || token == NULL))
		code = ctl_fail(CTL_REFUSED, "接口的回答无法识别",
		    "the API's answer has no token", c->api);
	if (code == CTL_OK && folder != NULL)
		code = mark(folder, id);
	if (code == CTL_OK && out != NULL)
		code = ctl_keep(out, token);
	else if (code == CTL_OK)
		printf("%s\n", token);
	json_decref(got);
	return code;
}

int
ctl_bindings(struct ctl *c, int argc, char **argv)
{
	static const char *const column[] = { "division", "unit", "name",
		"action", "direction", "ledgers", "revoked",
		"last_export_at", "id" };

	if (!ctl_options(argc, argv, NULL, 0, NULL))
		return CTL_USAGE;
	return table(c, "/v1/bindings", column, COUNT(column));
}

int
ctl_sync_status(struct ctl *c, int argc, char **argv)
{
	static const char *const column[] = { "division", "path", "state",
		"code", "zh", "at", "binding" };

	if (!ctl_options(argc, argv, NULL, 0, NULL))
		return CTL_USAGE;
	return table(c, "/v1/sync/files", column, COUNT(column));
}

static bool
seconds(json_t *body, const char *key, const char *text)
{
	char *end;
	long n;

	if (text == NULL)
		return true;
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || *text == '\0' || *end != '\0' || n < 0 || n > 86400)
		return false;
	json_object_set_new(body, key, json_integer(n));
	return true;
}

/* The agent touches a folder only if it carries its binding's id: a share
 * that is not mounted looks like an empty folder. */
static int
mark(const char *folder, const char *id)
{
	char own[4096], path[4200];

	(void)snprintf(own, sizeof own, "%s/.ledger-sync", folder);
	if ((mkdir(folder, 0775) != 0 && errno != EEXIST) ||
	    (mkdir(own, 0700) != 0 && errno != EEXIST))
		return ctl_fail(CTL_REFUSED, "无法建立目录", strerror(errno),
		    own);
	(void)snprintf(path, sizeof path, "%s/id", own);
	return ctl_keep(path, id);
}

/* One line each, columns separated by tabs, for people and for cut(1). */
static int
table(struct ctl *c, const char *path, const char *const *column, size_t n)
{
	json_t *got = NULL, *row;
	int code = ctl_call(c, "GET", path, NULL, path, &got);
	size_t i;

	if (code != CTL_OK)
		return code;
	for (size_t k = 0; k < n; k++)
		printf("%s%s", k > 0 ? "\t" : "", column[k]);
	putchar('\n');
	json_array_foreach(json_object_get(got, "items"), i, row) {
		for (size_t k = 0; k < n; k++) {
			if (k > 0)
				putchar('\t');
			cell(json_object_get(row, column[k]));
		}
		putchar('\n');
	}
	json_decref(got);
	return code;
}

static void
cell(const json_t *v)
{
	if (json_is_string(v))
		printf("%s", json_string_value(v));
	else if (json_is_integer(v))
		printf("%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		printf("%s", json_is_true(v) ? "yes" : "no");
	else
		putchar('-');
}
