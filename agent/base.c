/* From the server's account of an export to the planner's known rows. */
#include "base.h"

#include <string.h>

#include "base/uid.h"

static bool row_read(struct arena *, const json_t *, const struct ledger *,
    struct known_row *);
static const char *const *texts_of(struct arena *, const json_t *list);
static const char *cell_of(const json_t *cells, const char *name);
static const char *text_of(const json_t *, const char *key);

bool
base_read(struct arena *a, const json_t *j, const struct ledger *l,
    absent_since since, void *arg, struct base *out)
{
	const json_t *rows = json_object_get(j, "rows"), *row;
	const json_t *deletions = json_object_get(j, "deletions");
	size_t i;
	*out = (struct base){
		.json = j,
		.export = text_of(j, "export"),
		.ledger = text_of(j, "ledger"),
		.instance = text_of(j, "instance"),
		.adopted = strcmp(text_of(j, "kind"), "adopted") == 0,
		.branch = strcmp(text_of(j, "kind"), "branch") == 0,
		.seq = (long)json_integer_value(json_object_get(j, "seq")),
		.known = arena_array(a, json_array_size(rows) + 1,
		    sizeof *out->known),
	};
	out->deletions = deletions ? json_is_true(deletions) : !out->adopted;
	if (!json_is_array(rows) || !uuid_ok(out->export))
		return false;
	json_array_foreach(rows, i, row) {
		struct known_row *k = &out->known[out->nknown];
		if (strcmp(text_of(row, "kind"), "header") == 0) {
			out->header = row;
			continue;
		}
		if (!row_read(a, row, l, k))
			return false;
		if (since)
			k->absent_since = since(arg, k->row);
		out->nknown++;
	}
	return true;
}

static bool
row_read(struct arena *a, const json_t *row, const struct ledger *l,
    struct known_row *k)
{
	const json_t *base = json_object_get(row, "base");
	const json_t *shadow = json_object_get(row, "shadow");
	const json_t *key = json_object_get(row, "key");
	const json_t *earlier = json_object_get(row, "earlier");
	const char *kind = text_of(row, "kind");
	const char **b = arena_array(a, l->ncols + 1, sizeof *b);
	const char **s = arena_array(a, l->ncols + 1, sizeof *s);
	const char **shown = arena_array(a, l->ncols + 1, sizeof *shown);
	const char **known = arena_array(a, l->ncols + 1, sizeof *known);
	const char *const **before = arena_array(a, l->ncols + 1,
	    sizeof *before);
	*k = (struct known_row){
		.row = text_of(row, "row"),
		.token = json_string_value(json_object_get(row, "token")),
		.base = b,
		.shadow = s,
		.spare = strcmp(kind, "spare") == 0,
		.pending = strcmp(kind, "pending") == 0,
		.inherited = json_is_true(json_object_get(row, "inherited")),
		.gone = json_is_true(json_object_get(row, "gone")),
		.origin = json_string_value(json_object_get(row, "op_id")),
	};
	for (size_t c = 0; c < l->ncols; c++) {
		const char *name = l->col[c].name;
		b[c] = cell_of(base, name);
		s[c] = json_string_value(json_object_get(shadow, name));
		shown[c] = s[c] ? s[c] : b[c];
		known[c] = cell_of(key, name);
		before[c] = texts_of(a, json_object_get(earlier, name));
	}
	if (earlier)
		k->earlier = before;
	k->key = plan_key(a, shown, l->part, l->nparts);
	if (!*k->key && key)
		k->key = plan_key(a, known, l->part, l->nparts);
	return uuid_ok(k->row);
}

/* NULL-ended, or NULL. */
static const char *const *
texts_of(struct arena *a, const json_t *list)
{
	size_t i, n = 0;
	const json_t *v;
	if (!json_is_array(list))
		return NULL;
	const char **out = arena_array(a, json_array_size(list) + 1,
	    sizeof *out);
	json_array_foreach(list, i, v)
		if (json_is_string(v))
			out[n++] = json_string_value(v);
	return out;
}

const char *
known_value(const struct known_row *k, size_t column)
{
	return k->shadow[column] ? k->shadow[column] : k->base[column];
}

json_t *
header_op(const struct base *b, const struct ledger *l)
{
	const json_t *base, *shadow;
	json_t *f;
	if (!b->header)
		return NULL;
	base = json_object_get(b->header, "base");
	shadow = json_object_get(b->header, "shadow");
	f = json_object();
	for (size_t i = 0; i < l->nheader; i++) {
		const struct header_cell *h = &l->header[i];
		const char *had = json_string_value(
		    json_object_get(shadow, h->name));
		if (!had)
			had = cell_of(base, h->name);
		/* What a copy was made with is no wish. */
		if (!h->found || strcmp(had, h->value) == 0 || (b->branch &&
			strcmp(cell_of(base, h->name), h->value) == 0))
			continue;
		json_t *pair = json_pack("[ss]", had, h->value);
		if (strcmp(h->raw, h->value) != 0)
			json_array_append_new(pair, json_string(h->raw));
		json_object_set_new(f, h->name, pair);
	}
	if (json_object_size(f) == 0) {
		json_decref(f);
		return NULL;
	}
	return json_pack("{sssssiso}", "op", "upd", "row",
	    text_of(b->header, "row"), "at", 0, "f", f);
}

static const char *
cell_of(const json_t *cells, const char *name)
{
	const char *s = json_string_value(json_object_get(cells, name));
	return s ? s : "";
}

static const char *
text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}
