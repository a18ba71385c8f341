/*
 * The sheets of a ledger that only the agent fills: what is wrong, what is
 * in conflict, and whose workbook this is.
 */
#include "ledger_write.h"

#include <stdio.h>
#include <string.h>

#include "base/canon.h"
#include "base/err.h"
#include "form.h"

#define FINDINGS_COLUMNS 7
#define CONFLICTS_COLUMNS 13

struct list_of_puts {
	struct arena *arena;
	struct put *put;
	size_t n, most;
};

struct report {
	struct arena *arena;
	struct form form;
	const json_t *export;
	unsigned (*at)(void *, const char *);
	void *arg;
};

static void findings(const struct report *, struct sheet_patch *);
static void conflicts(const struct report *, struct sheet_patch *);
static void meta(const struct report *, const json_t *, struct sheet_patch *);
static void begin(struct list_of_puts *, struct arena *, size_t most);
static void text(struct list_of_puts *, unsigned row, unsigned col,
    const char *);
static void nothing(struct list_of_puts *, unsigned columns, const char *);
static void number(struct list_of_puts *, unsigned row, unsigned col,
    unsigned);
static void finish(const struct list_of_puts *, struct sheet_patch *,
    const char *name, unsigned style_row);
static const char *token_of(const struct report *, const char *row);
static const char *prompt_of(const struct form *, const char *name);
static const char *beijing(struct arena *, const char *rfc3339);
static const char *scalar(struct arena *, const json_t *);

bool
ledger_reports(struct arena *a, const json_t *template, const json_t *export,
    unsigned (*at)(void *, const char *), void *arg,
    struct sheet_patch out[LEDGER_REPORTS], char *why, size_t why_size)
{
	struct report r = { .arena = a, .export = export, .at = at,
		.arg = arg };

	if (!form_read(&r.form, a, template, why, why_size))
		return false;
	findings(&r, &out[0]);
	conflicts(&r, &out[1]);
	meta(&r, template, &out[2]);
	return true;
}

static void
findings(const struct report *r, struct sheet_patch *out)
{
	static const char *const heads[FINDINGS_COLUMNS] = { "行号", "列",
		"您填写的内容", "规则", "说明", "怎样改", "系统编号" };
	const json_t *list = json_object_get(r->export, "findings");
	size_t n = json_array_size(list);
	struct list_of_puts p;

	begin(&p, r->arena, (n + 2) * FINDINGS_COLUMNS);
	for (unsigned i = 0; i < FINDINGS_COLUMNS; i++)
		text(&p, 1, i + 1, heads[i]);
	for (size_t i = 0; i < n; i++) {
		const json_t *f = json_array_get(list, i);
		const char *name = json_text(f, "name");
		const char *fix = json_text(f, "fix");
		const char *level = json_text(f, "level");
		unsigned row = (unsigned)i + 2;

		number(&p, row, 1, r->at(r->arg, json_text(f, "row")));
		text(&p, row, 2, form_label(&r->form, r->arena, name));
		text(&p, row, 3, json_text(f, "value"));
		text(&p, row, 4, json_text(f, "rule"));
		text(&p, row, 5, arena_printf(r->arena, "%s%s",
		    strcmp(level, "error") == 0 ? "【须改正】" :
		    strcmp(level, "warning") == 0 ? "【请核对】" : "【提示】",
		    json_text(f, "zh")));
		text(&p, row, 6, *fix != '\0' ? fix :
		    strcmp(level, "info") == 0 ? "" :
		    prompt_of(&r->form, name));
		text(&p, row, 7, token_of(r, json_text(f, "row")));
	}
	if (n == 0)
		nothing(&p, FINDINGS_COLUMNS, "没有需要改正的内容。");
	finish(&p, out, SHEET_FINDINGS, 2);
	out->hidden_from = FINDINGS_COLUMNS;
}

static void
conflicts(const struct report *r, struct sheet_patch *out)
{
	static const char *const heads[CONFLICTS_COLUMNS] = { "编号", "行号",
		"列", "原值", "系统值", "本表值", "系统修改人", "时间", "处理",
		"新值", "系统编号", "冲突标识", "版本" };
	const json_t *list = json_object_get(r->export, "conflicts");
	size_t n = json_array_size(list);
	struct list_of_puts p;

	begin(&p, r->arena, (n + 2) * CONFLICTS_COLUMNS);
	for (unsigned i = 0; i < CONFLICTS_COLUMNS; i++)
		text(&p, 1, i + 1, heads[i]);
	for (size_t i = 0; i < n; i++) {
		const json_t *c = json_array_get(list, i);
		unsigned row = (unsigned)i + 2;

		text(&p, row, 1, json_text(c, "code"));
		number(&p, row, 2, r->at(r->arg, json_text(c, "row")));
		text(&p, row, 3, form_label(&r->form, r->arena,
		    json_text(c, "name")));
		text(&p, row, 4, json_text(c, "base"));
		text(&p, row, 5, json_text(c, "system"));
		text(&p, row, 6, json_text(c, "file"));
		text(&p, row, 7, json_text(c, "system_by"));
		text(&p, row, 8, beijing(r->arena, json_text(c, "at")));
		text(&p, row, 9, "");
		text(&p, row, 10, "");
		text(&p, row, 11, token_of(r, json_text(c, "row")));
		text(&p, row, 12, json_text(c, "id"));
		text(&p, row, 13, scalar(r->arena,
		    json_object_get(c, "rev")));
	}
	if (n == 0)
		nothing(&p, CONFLICTS_COLUMNS, "没有冲突。");
	finish(&p, out, SHEET_CONFLICTS, 2);
	out->hidden_from = CONFLICTS_COLUMNS - 2;
	out->choice_col = 9;
	out->choices = "采用系统,采用本表,改为";
}

static void
meta(const struct report *r, const json_t *template, struct sheet_patch *out)
{
	static const char *const keys[] = { "template", "version", "ledger",
		"instance", "export", "mac", "action", "unit", "division",
		"exported_at", "seq", "head" };
	struct list_of_puts p;

	begin(&p, r->arena, (COUNT(keys) + 1) * 2);
	text(&p, 1, 1, "format");
	text(&p, 1, 2, "taizhang/1");
	for (unsigned i = 0; i < COUNT(keys); i++) {
		const json_t *v = json_object_get(r->export, keys[i]);

		if (strcmp(keys[i], "template") == 0)
			v = json_object_get(template, "code");
		else if (strcmp(keys[i], "version") == 0)
			v = json_object_get(template, "version");
		text(&p, i + 2, 1, keys[i]);
		text(&p, i + 2, 2, scalar(r->arena, v));
	}
	finish(&p, out, SHEET_META, 0);
}

static void
begin(struct list_of_puts *p, struct arena *a, size_t most)
{
	*p = (struct list_of_puts){ .arena = a, .most = most };
	p->put = arena_array(a, most, sizeof(*p->put));
}

static void
text(struct list_of_puts *p, unsigned row, unsigned col, const char *s)
{
	REQUIRE(p->n < p->most);
	p->put[p->n++] = (struct put){ .row = row, .col = col,
		.type = *s == '\0' ? PUT_BLANK : PUT_TEXT, .text = s };
}

/* A row that says so, and keeps the looks of rows for later ones. */
static void
nothing(struct list_of_puts *p, unsigned columns, const char *s)
{
	for (unsigned col = 1; col <= columns; col++)
		text(p, 2, col, col == 5 ? s : "");
}

static void
number(struct list_of_puts *p, unsigned row, unsigned col, unsigned v)
{
	REQUIRE(p->n < p->most);
	p->put[p->n++] = (struct put){ .row = row, .col = col,
		.type = v == 0 ? PUT_BLANK : PUT_NUMBER, .text = "",
		.number = v };
}

static void
finish(const struct list_of_puts *p, struct sheet_patch *out,
    const char *name, unsigned style_row)
{
	*out = (struct sheet_patch){ .name = name, .replace = true,
		.nputs = p->n, .put = p->put, .style_row = style_row };
}

static const char *
token_of(const struct report *r, const char *row)
{
	const json_t *rows = json_object_get(r->export, "rows"), *j;
	size_t i;

	json_array_foreach(rows, i, j)
		if (strcmp(json_text(j, "row"), row) == 0)
			return json_text(j, "token");
	return "";
}

static const char *
prompt_of(const struct form *f, const char *name)
{
	name = form_source(f, name);
	for (size_t i = 0; i < f->ncolumns; i++)
		if (strcmp(f->column[i].name, name) == 0)
			return f->column[i].prompt;
	return "";
}

/* 2023-04-06T02:02:03Z is read in China as 2023-04-06 10:02. */
static const char *
beijing(struct arena *a, const char *rfc3339)
{
	int hour, minute;
	long days;
	char *day = arena_strndup(a, rfc3339, 10);

	if (!date_days(day, &days) ||
	    sscanf(rfc3339 + 10, "T%2d:%2d", &hour, &minute) != 2)
		return rfc3339;
	hour += 8;
	if (hour >= 24)
		day = date_of_serial(a, (double)(days + 1 + 25569), false);
	return arena_printf(a, "%s %02d:%02d", day, hour % 24, minute);
}

static const char *
scalar(struct arena *a, const json_t *v)
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		return arena_printf(a, "%lld",
		    (long long)json_integer_value(v));
	/* an action or unit sent whole */
	if (json_is_object(v))
		return *json_text(v, "code") != '\0' ? json_text(v, "code") :
		    json_text(v, "name");
	return "";
}
