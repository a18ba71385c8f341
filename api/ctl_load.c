/* taizhangctl load: configuration files through the API, in their order. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "ctl.h"

#define FILES_MAX 1000
#define PATH_BYTES 4096

/* What a file holds is told by the member that only it has; a file may hold
 * several. The stages run in this order over all files. */
static const struct stage {
	const char *member, *path;
	bool whole;   /* the file itself is the body */
	bool initial; /* takes the initial password */
	/* Several calls; path NULL. */
	int (*load)(struct ctl *, const json_t *, const char *what);
} stages[] = {
	{ "divisions", "/v1/divisions:bulk", false, false, NULL },
	{ "orgs", "/v1/orgs", false, false, NULL },
	{ "phases", "/v1/actions", true, false, NULL },
	{ "columns", "/v1/ledger-templates", true, false, NULL },
	{ "users", "/v1/users", false, true, NULL },
	{ "coverages", NULL, false, false, ctl_coverages },
	{ "forms", NULL, false, false, ctl_forms },
};

struct file {
	char name[PATH_BYTES];
	json_t *body;
	struct file *next;
};

static int collect(struct file ***end, const char *path, bool named,
    size_t *n);
static int read_one(struct file ***end, const char *path, size_t *n);
static int push(struct ctl *, const struct stage *, const struct file *,
    const char *initial);
static bool known(const json_t *);
static char *first_line(const char *path);

int
ctl_load(struct ctl *c, int argc, char **argv)
{
	struct file *files = NULL, **end = &files, *f;
	const char *from = NULL;
	const struct ctl_option options[] = {
		{ "--initial-password-file", &from, false } };
	char *initial = NULL;
	size_t n = 0;
	int code = CTL_OK, rest;

	if (!ctl_options(argc, argv, options, COUNT(options), &rest))
		return CTL_USAGE;
	if (rest == argc)
		return ctl_fail(CTL_USAGE, "请给出文件或目录",
		    "name files or folders", NULL);
	if (from != NULL && (initial = first_line(from)) == NULL)
		return CTL_USAGE;
	for (int i = rest; i < argc && code == CTL_OK; i++)
		code = collect(&end, argv[i], true, &n);
	for (size_t s = 0; s < COUNT(stages); s++)
		for (f = files; f != NULL && code == CTL_OK; f = f->next)
			code = push(c, &stages[s], f, initial);
	while ((f = files) != NULL) {
		files = f->next;
		json_decref(f->body);
		free(f);
	}
	ctl_forget(initial);
	return code;
}

/* Folders are entered; of what lies in them, only *.json counts. */
static int
collect(struct file ***end, const char *path, bool named, size_t *n)
{
	struct dirent **list;
	size_t len = strlen(path);
	char sub[PATH_BYTES];
	struct stat st;
	int count, code = CTL_OK;

	if (stat(path, &st) != 0)
		return ctl_fail(CTL_USAGE, "无法读取", strerror(errno), path);
	if (!S_ISDIR(st.st_mode)) {
		if (named || (len > 5 && strcmp(path + len - 5, ".json") == 0))
			return read_one(end, path, n);
		return CTL_OK;
	}
	count = scandir(path, &list, NULL, alphasort);
	if (count < 0)
		return ctl_fail(CTL_USAGE, "无法读取", strerror(errno), path);
	for (int i = 0; i < count; i++) {
		int full = snprintf(sub, sizeof sub, "%s/%s", path,
		    list[i]->d_name);

		if (list[i]->d_name[0] != '.' && code == CTL_OK)
			code = full < (int)sizeof sub
			    ? collect(end, sub, false, n)
			    : ctl_fail(CTL_USAGE, "路径过长", "path too long",
			    sub);
		free(list[i]);
	}
	free(list);
	return code;
}

static int
read_one(struct file ***end, const char *path, size_t *n)
{
	struct file *f = calloc(1, sizeof *f);
	json_error_t e;
	char why[PATH_BYTES + JSON_ERROR_TEXT_LENGTH + 32];

	REQUIRE(f != NULL);
	if (++*n > FILES_MAX) {
		free(f);
		return ctl_fail(CTL_USAGE, "文件过多", "too many files", path);
	}
	(void)snprintf(f->name, sizeof f->name, "%s", path);
	f->body = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	**end = f;
	*end = &f->next;
	if (f->body == NULL) {
		(void)snprintf(why, sizeof why, "%s:%d: %s", path, e.line,
		    e.text);
		return ctl_fail(CTL_REFUSED, "不是有效的 JSON 文件",
		    "not a JSON file", why);
	}
	if (!known(f->body))
		return ctl_fail(CTL_REFUSED,
		    "无法识别：没有 divisions、orgs、users、phases、columns、"
		    "coverages 或 forms", "not recognised: it has no "
		    "divisions, orgs, users, phases, columns, coverages or "
		    "forms", path);
	return CTL_OK;
}

static bool
known(const json_t *body)
{
	for (size_t s = 0; s < COUNT(stages); s++)
		if (json_object_get(body, stages[s].member) != NULL)
			return true;
	return false;
}

static int
push(struct ctl *c, const struct stage *s, const struct file *f,
    const char *initial)
{
	json_t *part = json_object_get(f->body, s->member), *body;
	int code;

	if (part == NULL)
		return CTL_OK;
	if (s->path == NULL)
		return s->load(c, part, f->name);
	if (s->whole)
		return ctl_call(c, "POST", s->path, f->body, f->name, NULL);
	body = json_pack("{sO}", s->member, part);
	REQUIRE(body != NULL);
	if (s->initial && initial != NULL)
		json_object_set_new(body, "initial_password",
		    json_string(initial));
	code = ctl_call(c, "POST", s->path, body, f->name, NULL);
	json_decref(body);
	return code;
}

/* To be wiped and freed; NULL after saying why not. */
static char *
first_line(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = f != NULL ? getline(&line, &cap, f) : -1;

	if (f != NULL)
		(void)fclose(f);
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		line[--n] = '\0';
	if (n > 0)
		return line;
	free(line);
	(void)ctl_fail(CTL_USAGE, "密码文件为空或无法读取",
	    "the password file is empty or cannot be read", path);
	return NULL;
}
