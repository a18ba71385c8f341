/* Masks of answers, one by one. */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "conf.h"
#include "entity.h"
#include "mask.h"
#include "scope.h"
#include "value.h"

/* What the form of a row says of its answers. */
struct form {
	struct form_classes classes;
	struct form_classes categories; /* for whom they narrow (5.2) */
	int64_t division;
};

static struct form form_of(const struct request *, const struct entity *,
    const char *const *row);
static bool of_category(const struct request *, const struct form *,
    const char *part, const char *key);
static enum mask mask_key(struct request *, const struct form *,
    const char *part, const char *key, enum pii *);
static enum mask mask_answer(struct request *, enum pii);
static json_t *shown(struct request *, enum pii, const json_t *, enum mask);

void
field_json(struct request *r, struct buf *b, const struct entity *e,
    const struct field *f, const char *const *row, const char *sql)
{
	enum mask mask = mask_field(&r->who, e, f, row);

	if (sql != NULL && mask == MASK_NONE &&
	    field_pii(f) == PII_ANSWERS && answers_masked(r, e, f, row)) {
		answers_json(r, b, e, f, row);
		return;
	}
	value_to_json(b, f, sql, mask);
	if (sql != NULL && mask == MASK_NONE && field_sensitive(f))
		audit_shown(r, f->name);
}

bool
answers_masked(struct request *r, const struct entity *e,
    const struct field *f, const char *const *row)
{
	struct form form = form_of(r, e, row);
	struct form_classes all = form.classes;

	if (form.categories.n > 0)
		return true;
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(all.at[i].part, f->name) == 0 &&
		    mask_answer(r, all.at[i].class) != MASK_NONE)
			return true;
	return all.n == 0;
}

void
answers_json(struct request *r, struct buf *b, const struct entity *e,
    const struct field *f, const char *const *row)
{
	const char *sql = row[field_index(e, f->name)], *key;
	json_t *all = sql != NULL ? json_loads(sql, 0, NULL) : NULL, *v;
	struct form form = form_of(r, e, row);
	enum pii class = PII_NONE;

	buf_char(b, '{');
	json_object_foreach(all, key, v) {
		enum mask mask = mask_key(r, &form, f->name, key, &class);
		json_t *as = shown(r, class, v, mask);
		char *text = json_dumps(as, JSON_ENCODE_ANY | JSON_COMPACT);

		buf_key(b, key);
		buf_str(b, text != NULL ? text : "null");
		free(text);
		json_decref(as);
	}
	buf_char(b, '}');
	json_decref(all);
}

json_t *
answers_take(struct request *r, const struct entity *e, const struct field *f,
    const char *const *row, const json_t *body)
{
	const char *sql = row[field_index(e, f->name)], *key;
	json_t *was = sql != NULL ? json_loads(sql, 0, NULL) : NULL, *v, *as;
	struct form form = form_of(r, e, row);
	json_t *out = json_copy((json_t *)(uintptr_t)body);
	enum pii class = PII_NONE;
	bool good = true;

	json_object_foreach((json_t *)(uintptr_t)body, key, v) {
		enum mask mask = mask_key(r, &form, f->name, key, &class);

		if (mask == MASK_NONE)
			continue;
		as = shown(r, class, json_object_get(was, key), mask);
		if (json_equal(as, v) != 1) {
			good = false;
			fault(r, arena_printf(&r->arena, "/%s/%s", f->name,
			    key), "DQ-02", "masked",
			    "该项对您是脱敏显示的，不能修改",
			    "is masked for you and cannot be written");
		}
		json_decref(as);
		json_object_del(out, key);
	}
	/* What is masked stays, also where the body leaves it out. */
	json_object_foreach(was, key, v)
		if (mask_key(r, &form, f->name, key, &class) != MASK_NONE)
			json_object_set(out, key, v);
	json_decref(was);
	if (good)
		return out;
	json_decref(out);
	return NULL;
}

static struct form
form_of(const struct request *r, const struct entity *e,
    const char *const *row)
{
	const char *id = row_get(e, row, "template_id");
	struct form form = { .classes = conf_answers(id != NULL ? id : "") };

	if (text_given(r->who.scope.category)) {
		form.categories = conf_categories(id != NULL ? id : "");
		form.division = strtoll(row_get(e, row, "division_code"),
		    NULL, 10);
	}
	return form;
}

/* Whether a question, or one of a section, raises issues of the caller's
 * categories, or none at all. */
static bool
of_category(const struct request *r, const struct form *form,
    const char *part, const char *key)
{
	bool other = false;

	for (size_t i = 0; i < form->categories.n; i++) {
		const struct answer_class *c = &form->categories.at[i];

		if (strcmp(c->key, key) != 0 || strcmp(c->part, part) != 0)
			continue;
		if (scope_category(&r->who, c->category, form->division))
			return true;
		other = true;
	}
	return !other;
}

/* The strictest of its classes; nothing of an unknown form is shown, or of
 * categories that are not the caller's. */
static enum mask
mask_key(struct request *r, const struct form *form, const char *part,
    const char *key, enum pii *class)
{
	enum mask mask = form->classes.n > 0 && of_category(r, form, part, key)
	    ? MASK_NONE : MASK_HIDDEN;

	*class = PII_NONE;
	for (size_t i = 0; i < form->classes.n; i++) {
		const struct answer_class *c = &form->classes.at[i];
		enum mask m = mask_answer(r, c->class);

		if (m <= mask || strcmp(c->key, key) != 0 ||
		    strcmp(c->part, part) != 0)
			continue;
		mask = m;
		*class = c->class;
	}
	return mask;
}

/* Those who survey their own villages know what they were told; only what is
 * said of the helper is not for the helper. */
static enum mask
mask_answer(struct request *r, enum pii class)
{
	if (class == PII_NONE)
		return MASK_NONE;
	if (class != PII_OPINION && class != PII_DISCIPLINE &&
	    r->who.scope.clearance >= 2 &&
	    mask_of(mask_profile(&r->who), PII_HEALTH) == MASK_NONE)
		return MASK_NONE;
	return mask_class(&r->who, class);
}

/* A note or a list has no part to show. */
static json_t *
shown(struct request *r, enum pii class, const json_t *v, enum mask mask)
{
	const char *text = NULL;

	if (mask == MASK_NONE)
		return json_incref((json_t *)(uintptr_t)v);
	if (json_is_integer(v))
		text = arena_printf(&r->arena, "%lld",
		    (long long)json_integer_value(v));
	else if (json_is_string(v))
		text = json_string_value(v);
	text = mask_text(&r->arena, class, text, mask);
	return text != NULL ? json_string(text) : json_null();
}
