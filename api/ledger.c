/* Ledgers as data: a parsed template, and cells in and out of its columns. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"

#define STORED_MAX 4096 /* templates × versions one worker keeps */

static void
stored_fault(void *, const char *, const char *, const char *, const char *);

/* Filled by the loop's only thread, never emptied: versions do not change. */
static struct ledger *stored[STORED_MAX];
static size_t nstored;
static struct arena stored_arena;

const struct ledger *
ledger_stored(const char *code, int version, const char *text)
{
	struct ledger *l;
	json_t *spec;

	for (size_t i = 0; i < nstored; i++)
		if (stored[i]->version == version &&
		    strcmp(stored[i]->code, code) == 0)
			return stored[i];
	spec = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (spec == NULL || nstored == STORED_MAX)
		return NULL;
	l = arena_alloc(&stored_arena, sizeof(*l));
	if (!ledger_parse(&stored_arena, spec, l, stored_fault, spec)) {
		json_decref(spec);
		return NULL;
	}
	return stored[nstored++] = l;
}

int
ledger_column(const struct ledger *l, const char *name)
{
	for (size_t i = 0; i < l->ncolumns; i++)
		if (strcmp(l->column[i].name, name) == 0)
			return (int)i;
	return -1;
}

int
ledger_shows(const struct ledger *l, const char *field)
{
	const json_t *rule;
	size_t i;
	int at = ledger_column(l, field);

	if (at >= 0)
		return at;
	json_array_foreach(json_object_get(l->spec, "derive"), i, rule)
	{
		const char *name =
		    json_string_value(json_object_get(rule, "name"));

		if (name != NULL && strcmp(name, field) == 0)
			return ledger_column(l,
			    json_string_value(json_object_get(rule, "from")));
	}
	return -1;
}

json_t *
ledger_resolved(const struct ledger *l, const struct codes *codes)
{
	json_t *out = json_deep_copy(l->spec);
	json_t *lists = json_object_get(out, "lists");

	if (out == NULL)
		abort();
	if (lists == NULL) {
		lists = json_object();
		json_object_set_new(out, "lists", lists);
	}
	for (size_t i = 0; i < l->ncolumns; i++) {
		const struct ledger_column *c = &l->column[i];
		const struct code *item;
		size_t n = codes_items(codes, c->set ? c->set : c->name, &item);
		json_t *list;

		if (n == 0 || json_object_get(lists, c->name) == NULL)
			continue;
		list = json_array();
		for (size_t k = 0; k < n; k++)
			json_array_append_new(list, json_string(item[k].label));
		json_object_set_new(lists, c->name, list);
	}
	return out;
}

json_t *
ledger_extra(const struct entity *e, const char *const *row)
{
	int at = field_index(e, "extra");

	if (at < 0 || row[at] == NULL || strcmp(row[at], "{}") == 0)
		return NULL;
	return json_loads(row[at], 0, NULL);
}

const char *
ledger_show(struct arena *a, const struct ledger_column *c,
    const struct codes *codes, const char *const *row, const json_t *extra)
{
	const char *text;

	if (c->field != NULL)
		return value_to_cell(a, c->field, c->kind, codes, row[c->at]);
	text = json_string_value(json_object_get(extra, c->name + 6));
	return text == NULL ? "" : arena_strdup(a, text);
}

bool
ledger_read(struct arena *a, const struct ledger_column *c,
    const struct codes *codes, int year, const char *shown, const char **sql,
    struct reason *why)
{
	bool good = true;

	if (c->field != NULL)
		return value_from_cell(
		    a, c->field, c->kind, codes, year, shown, sql, why);
	*sql = canon(a, c->kind, shown, year, &good);
	if (!good) {
		*why = (struct reason) { "DQ-02", "not_readable",
			"内容不符合本栏要求的格式",
			"not of the column's kind" };
		return false;
	}
	if (utf8_len(*sql) > (size_t)c->max) {
		*why = (struct reason) { "DQ-03", "too_long", "内容太长",
			"too long" };
		return false;
	}
	if (**sql == '\0')
		*sql = NULL;
	return true;
}

const char *
ledger_natural_key(
    struct arena *a, const struct ledger *l, const char *const *cells)
{
	const char *key = "";
	bool blank = true;

	for (size_t i = 0; i < l->nkeys; i++) {
		char *part = text_key(a, cells[l->key[i].column]);

		if (l->key[i].chars > 0)
			part = utf8_head(a, part, l->key[i].chars);
		blank &= *part == '\0';
		key = arena_printf(a, "%s%s%s", key, i ? "|" : "", part);
	}
	return blank ? "" : key;
}

static void
stored_fault(void *arg, const char *pointer, const char *code, const char *zh,
    const char *en)
{
	(void)zh;
	log_line(LOG_ERROR,
	    "event=template template=%s pointer=%s code=%s "
	    "reason=%s",
	    log_q(json_string_value(json_object_get(arg, "code"))),
	    log_q(pointer), code, log_q(en));
}
