/*
 * For the end-to-end tests: writes and patches workbooks from JSON.
 *   tool_workbook write TEMPLATE EXPORT OUT
 *   tool_workbook patch IN OUT PATCHES
 * PATCHES: [{"sheet":…, "replace":bool, "style_row":n,
 *   "puts":[[row, col, text | number | null], …]}, …]
 * exit 0; 1 refused (the sentence on stderr); 2 misused.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "xlsx/ledger_write.h"
#include "xlsx/workbook.h"

#define SHEETS_MOST 8

static int write_fresh(char **);
static int patch(char **);
static void read_puts(struct arena *, const json_t *, struct sheet_patch *);
static json_t *load(const char *path);

int
main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "write") == 0)
		return write_fresh(argv + 2);
	if (argc == 5 && strcmp(argv[1], "patch") == 0)
		return patch(argv + 2);
	fprintf(stderr, "tool_workbook write TEMPLATE EXPORT OUT\n"
	    "tool_workbook patch IN OUT PATCHES\n");
	return 2;
}

static int
write_fresh(char **argv)
{
	json_t *template = load(argv[0]), *export = load(argv[1]);
	char why[512] = "";
	bool ok;

	if (template == NULL || export == NULL)
		return 2;
	ok = ledger_write(argv[2], template, export, why, sizeof(why));
	if (!ok)
		fprintf(stderr, "%s\n", why);
	json_decref(template);
	json_decref(export);
	return ok ? 0 : 1;
}

static int
patch(char **argv)
{
	struct sheet_patch patches[SHEETS_MOST] = { 0 };
	json_t *list = load(argv[2]), *j;
	int in = open(argv[0], O_RDONLY | O_CLOEXEC);
	int out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);
	const char *zh, *en;
	enum refusal code;
	struct arena arena;
	size_t i;

	if (list == NULL || json_array_size(list) > SHEETS_MOST || in < 0 ||
	    out < 0)
		return 2;
	arena_init(&arena, 0);
	json_array_foreach(list, i, j)
		read_puts(&arena, j, &patches[i]);
	code = workbook_patch(in, out, patches, json_array_size(list), &zh,
	    &en);
	if (code != READ_OK)
		fprintf(stderr, "%d %s %s\n", code, zh, en);
	close(in);
	close(out);
	json_decref(list);
	arena_free(&arena);
	return code == READ_OK ? 0 : 1;
}

static void
read_puts(struct arena *a, const json_t *j, struct sheet_patch *out)
{
	const json_t *puts = json_object_get(j, "puts"), *p;
	struct put *put = arena_array(a, json_array_size(puts) + 1,
	    sizeof(*put));
	size_t i;

	out->name = json_string_value(json_object_get(j, "sheet"));
	out->replace = json_is_true(json_object_get(j, "replace"));
	out->style_row = (unsigned)json_integer_value(
	    json_object_get(j, "style_row"));
	out->hide_col = (unsigned)json_integer_value(
	    json_object_get(j, "hide_col"));
	out->hidden_from = (unsigned)json_integer_value(
	    json_object_get(j, "hidden_from"));
	out->choice_col = (unsigned)json_integer_value(
	    json_object_get(j, "choice_col"));
	out->choices = json_string_value(json_object_get(j, "choices"));
	out->put = put;
	out->nputs = json_array_size(puts);
	json_array_foreach(puts, i, p) {
		const json_t *v = json_array_get(p, 2);

		put[i].row = (unsigned)json_integer_value(
		    json_array_get(p, 0));
		put[i].col = (unsigned)json_integer_value(
		    json_array_get(p, 1));
		put[i].type = json_is_string(v) ? PUT_TEXT :
		    json_is_number(v) ? PUT_NUMBER : PUT_BLANK;
		put[i].text = json_is_string(v) ? json_string_value(v) : "";
		put[i].number = json_number_value(v);
	}
}

static json_t *
load(const char *path)
{
	json_error_t e;
	json_t *j = json_load_file(path, JSON_REJECT_DUPLICATES, &e);

	if (j == NULL)
		fprintf(stderr, "%s:%d: %s\n", path, e.line, e.text);
	return j;
}
