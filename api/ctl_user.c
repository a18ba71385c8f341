/* taizhangctl login and user add. */
#include <string.h>

#include "base/err.h"
#include "ctl.h"

int
ctl_login(struct ctl *c, int argc, char **argv)
{
	const char *login = NULL, *totp = NULL, *file = c->token_file, *token;
	const struct ctl_option options[] = { { "--login", &login, true },
		{ "--totp", &totp, false } };
	json_t *body, *got = NULL;
	char *password;
	int code;

	if (!ctl_options(argc, argv, options, COUNT(options), NULL))
		return CTL_USAGE;
	if (file == NULL || *file == '\0')
		return ctl_fail(CTL_USAGE,
		    "请用 --token-file 指定令牌文件",
		    "name the token file with --token-file", NULL);
	if ((password = ctl_password()) == NULL)
		return CTL_USAGE;
	body = json_pack("{ssssss*}", "login", login, "password", password,
	    "totp", totp);
	ctl_forget(password);
	if (body == NULL)
		return ctl_fail(CTL_USAGE, "不是有效的 UTF-8 文本",
		    "not valid UTF-8", NULL);
	c->token_file = NULL; /* an old token says nothing about this */
	code = ctl_call(c, "POST", "/v1/sessions", body, login, &got);
	json_decref(body);
	token = json_string_value(json_object_get(got, "token"));
	if (code == CTL_OK)
		code = token != NULL ? ctl_keep(file, token)
		    : ctl_fail(CTL_REFUSED, "接口的回答无法识别",
		    "the API's answer has no token", c->api);
	json_decref(got);
	return code;
}

int
ctl_user_add(struct ctl *c, int argc, char **argv)
{
	const char *login = NULL, *name = NULL, *unit = NULL, *role = NULL;
	const char *phone = NULL, *org = NULL, *line = NULL;
	const struct ctl_option options[] = { { "--login", &login, true },
		{ "--name", &name, true }, { "--unit", &unit, true },
		{ "--role", &role, true }, { "--phone", &phone, false },
		{ "--org", &org, false }, { "--line", &line, false } };
	char *password;
	json_t *body;
	int code;

	if (!ctl_options(argc, argv, options, COUNT(options), NULL))
		return CTL_USAGE;
	if ((password = ctl_password()) == NULL)
		return CTL_USAGE;
	body = json_pack("{ss ss ss ss s[{ss}]}", "login", login, "name", name,
	    "division_code", unit, "password", password, "grants", "role",
	    role);
	ctl_forget(password);
	if (body == NULL)
		return ctl_fail(CTL_USAGE, "不是有效的 UTF-8 文本",
		    "not valid UTF-8", NULL);
	if (phone != NULL)
		json_object_set_new(body, "phone", json_string(phone));
	if (org != NULL)
		json_object_set_new(body, "org", json_string(org));
	if (line != NULL)
		json_object_set_new(json_array_get(json_object_get(body,
		    "grants"), 0), "line_code", json_string(line));
	code = ctl_call(c, "POST", "/v1/users", body, login, NULL);
	json_decref(body);
	return code;
}
