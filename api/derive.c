/* The "derive" rules of a template: parts read out of a composed text. */
#include "derive.h"

#include <string.h>

#include "base/canon.h"
#include "base/err.h"
#include "base/text.h"
#include "value.h"

enum way { AFTER, PREFIX, BETWEEN };

struct rule {
	int from, to;	    /* field indexes */
	enum way way;
	bool date;	    /* the part is read as a date */
	const char **start; /* labels that begin the part, NULL-ended */
	const char **stop;  /* what ends it, NULL-ended */
	const char *until;  /* characters that end it */
	bool *truth;	    /* PREFIX: what each start means */
};

struct derive {
	struct rule *rule;
	size_t n;
};

static const char **strings(struct arena *, const json_t *);
static bool load_rule(struct arena *, const struct entity *, const json_t *,
    size_t at, struct rule *, const char **why);
static bool load_map(struct arena *, const json_t *, struct rule *);
static const char *part(struct arena *, const struct rule *, const char *);
static const char *part_after(struct arena *, const struct rule *,
    const char *);
static const char *earliest(const char *text, const char *const *words,
    size_t *len);
static const char *stored(struct arena *, const struct entity *,
    const struct rule *, int year, const char *text);

struct derive *
derive_load(struct arena *a, const struct entity *e, const json_t *list,
    const char **why)
{
	struct derive *d = arena_alloc(a, sizeof *d);

	if (list != NULL && !json_is_array(list)) {
		*why = "/derive: must be a list";
		return NULL;
	}
	d->n = json_array_size(list);
	d->rule = arena_array(a, d->n + 1, sizeof *d->rule);
	for (size_t i = 0; i < d->n; i++)
		if (!load_rule(a, e, json_array_get(list, i), i, &d->rule[i],
		    why))
			return NULL;
	return d;
}

void
derive_apply(struct arena *a, const struct derive *d, const struct entity *e,
    int year, const char **row, bool *changed)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct rule *r = &d->rule[i];
		const char *text;

		if (changed != NULL && (!changed[r->from] || changed[r->to]))
			continue;
		text = row[r->from] != NULL ? part(a, r, row[r->from]) : NULL;
		row[r->to] = text != NULL ? stored(a, e, r, year, text) : NULL;
	}
	for (size_t i = 0; changed != NULL && i < d->n; i++)
		if (changed[d->rule[i].from])
			changed[d->rule[i].to] = true;
}

static bool
load_rule(struct arena *a, const struct entity *e, const json_t *o, size_t at,
    struct rule *r, const char **why)
{
	const char *from = json_string_value(json_object_get(o, "from"));
	const char *name = json_string_value(json_object_get(o, "name"));
	const char *kind = json_string_value(json_object_get(o, "kind"));
	const char *as = json_string_value(json_object_get(o, "as"));
	const char *until = json_string_value(json_object_get(o, "until"));
	bool ok;

	*why = arena_printf(a, "/derive/%zu: unknown field or kind", at);
	if (from == NULL || name == NULL || kind == NULL)
		return false;
	r->from = field_index(e, from);
	r->to = field_index(e, name);
	if (r->from < 0 || r->to < 0 || (as != NULL &&
	    strcmp(as, "date") != 0))
		return false;
	r->date = as != NULL;
	r->until = until != NULL ? arena_strdup(a, until) : "";
	if (strcmp(kind, "after") == 0) {
		r->way = AFTER;
		r->start = strings(a, json_object_get(o, "labels"));
		ok = r->start != NULL;
	} else if (strcmp(kind, "between") == 0) {
		r->way = BETWEEN;
		r->start = strings(a, json_object_get(o, "before"));
		r->stop = strings(a, json_object_get(o, "after"));
		ok = r->start != NULL && r->stop != NULL;
	} else {
		r->way = PREFIX;
		ok = strcmp(kind, "prefix") == 0 &&
		    load_map(a, json_object_get(o, "map"), r);
	}
	return ok;
}

static bool
load_map(struct arena *a, const json_t *map, struct rule *r)
{
	size_t n = json_object_size(map), i = 0;
	const char *key;
	json_t *v;

	if (n == 0)
		return false;
	r->start = arena_array(a, n + 1, sizeof *r->start);
	r->truth = arena_array(a, n, sizeof *r->truth);
	json_t *own = json_deep_copy(map); /* iterating wants it not const */
	json_object_foreach(own, key, v) {
		if (!json_is_boolean(v))
			break;
		r->start[i] = arena_strdup(a, key);
		r->truth[i++] = json_is_true(v);
	}
	json_decref(own);
	return i == n;
}

static const char **
strings(struct arena *a, const json_t *list)
{
	size_t n = json_array_size(list);
	const char **out = arena_array(a, n + 1, sizeof *out);

	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s == NULL || *s == '\0')
			return NULL;
		out[i] = arena_strdup(a, s);
	}
	return n > 0 ? out : NULL;
}

/* The raw text of a part, or NULL when the text does not hold it. */
static const char *
part(struct arena *a, const struct rule *r, const char *text)
{
	const char *best = NULL;
	size_t len = 0;

	if (r->way != PREFIX)
		return part_after(a, r, text);
	/* The longest beginning counts: 已整改完成 before 已完成. */
	for (size_t i = 0; r->start[i] != NULL; i++) {
		size_t n = strlen(r->start[i]);

		if (n > len && strncmp(text, r->start[i], n) == 0) {
			best = r->truth[i] ? "t" : "f";
			len = n;
		}
	}
	return best;
}

/* AFTER: up to a character of until. BETWEEN: up to the first stop word. */
static const char *
part_after(struct arena *a, const struct rule *r, const char *text)
{
	size_t len, n;
	const char *begin = earliest(text, r->start, &len), *end;

	if (begin == NULL)
		return NULL;
	begin += len;
	if (r->way == BETWEEN) {
		end = earliest(begin, r->stop, &len);
		n = end != NULL ? (size_t)(end - begin) : strlen(begin);
	} else {
		n = strlen(begin);
		for (const char *c = r->until; *c != '\0'; c += len) {
			char one[5] = "";

			len = strlen(utf8_head(a, c, 1));
			memcpy(one, c, len);
			end = strstr(begin, one);
			if (end != NULL && (size_t)(end - begin) < n)
				n = (size_t)(end - begin);
		}
	}
	begin = text_canon(a, arena_strndup(a, begin, n));
	return *begin != '\0' ? begin : NULL;
}

/* The first place of any word; of two at one place, the longer. */
static const char *
earliest(const char *text, const char *const *words, size_t *len)
{
	const char *best = NULL;

	for (size_t i = 0; words[i] != NULL; i++) {
		const char *at = strstr(text, words[i]);
		size_t n = strlen(words[i]);

		if (at == NULL || (best != NULL && (at > best ||
		    (at == best && n <= *len))))
			continue;
		best = at;
		*len = n;
	}
	return best;
}

/* A part that does not fit its field is left out, not an error: the text
 * that staff wrote stays as it is. */
static const char *
stored(struct arena *a, const struct entity *e, const struct rule *r, int year,
    const char *text)
{
	const struct field *f = field_at(e, r->to);
	struct reason why;
	const char *sql;
	long days;
	bool good;

	if (r->way == PREFIX)
		return text;
	if (r->date) {
		text = canon(a, K_DATE, text, year, &good);
		if (!good || (f->type == T_DATE && !date_days(text, &days)))
			return NULL;
	}
	if (f->type == T_TEXT && f->max > 0 &&
	    utf8_len(text) > (size_t)f->max)
		text = utf8_head(a, text, (size_t)f->max);
	return value_from_cell(a, f, K_TEXT, NULL, year, text, &sql, &why)
	    ? sql : NULL;
}
