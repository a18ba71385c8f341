/* Classes of answers: read with the configuration, found by form. */
#include "conf_forms.h"

#include <string.h>

#include "mask.h"

/* One that was made void still says what was answered to it, unless another
 * has its number now. */
#define QUESTIONS                                                              \
	" FROM form_question q WHERE (voided_at IS NULL OR NOT EXISTS"         \
	" (SELECT FROM form_question n WHERE n.template_id = q.template_id"    \
	" AND n.qid = q.qid AND n.voided_at IS NULL))"

const struct stmt conf_forms_sql = { "conf_forms",
	"SELECT * FROM (SELECT template_id::text AS form, 'answers' AS part,"
	" qid AS key, pii_class AS class" QUESTIONS " AND pii_class IS NOT NULL"
	" UNION ALL SELECT DISTINCT"
	" template_id::text, 'notes', section, pii_class" QUESTIONS
	" AND pii_class IS NOT NULL UNION ALL SELECT"
	" t.id::text, 'header', h->>'name', h->>'class' FROM form_template t,"
	" jsonb_array_elements(t.header_fields) h WHERE h ? 'class' UNION ALL"
	" SELECT id::text, '', '', '' FROM form_template) AS x ORDER BY form"
	" COLLATE \"C\", part, key" };

const struct stmt conf_categories_sql = { "conf_categories",
	"SELECT * FROM (SELECT template_id::text AS form, 'answers' AS part,"
	" qid AS key, category_code" QUESTIONS
	" UNION SELECT template_id::text, 'notes', section, category_code"
	QUESTIONS ") AS x"
	" WHERE category_code IS NOT NULL ORDER BY form COLLATE \"C\"" };

static struct form_classes take(struct arena *, const struct rows *,
    void (*say)(struct answer_class *, const char *));
static void say_class(struct answer_class *, const char *);
static void say_category(struct answer_class *, const char *);
static const char *copy(struct arena *, const struct rows *, int, int);

struct form_classes
conf_forms_take(struct arena *a, const struct rows *rows)
{
	return take(a, rows, say_class);
}

struct form_classes
conf_categories_take(struct arena *a, const struct rows *rows)
{
	return take(a, rows, say_category);
}

struct form_classes
conf_form(const struct form_classes *all, const char *form)
{
	size_t lo = 0, hi = all->n, n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(all->at[mid].form, form) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (n = lo; n < all->n && strcmp(all->at[n].form, form) == 0; n++)
		;
	return (struct form_classes) { all->at + lo, n - lo };
}

/* Form, part, key and what the last column says of it. */
static struct form_classes
take(struct arena *a, const struct rows *rows,
    void (*say)(struct answer_class *, const char *))
{
	size_t n = (size_t)rows_n(rows);
	struct answer_class *at = arena_array(a, n + 1, sizeof *at);

	for (size_t i = 0; i < n; i++) {
		at[i] = (struct answer_class) { .form = copy(a, rows, (int)i, 0),
			.part = copy(a, rows, (int)i, 1),
			.key = copy(a, rows, (int)i, 2), .class = PII_NONE };
		say(&at[i], copy(a, rows, (int)i, 3));
	}
	return (struct form_classes) { at, n };
}

/* A class we do not know is hidden rather than shown. */
static void
say_class(struct answer_class *c, const char *class)
{
	c->class = pii_find(class);
	if (c->class == PII_NONE && *class != '\0')
		c->class = PII_DISCIPLINE;
}

static void
say_category(struct answer_class *c, const char *category)
{
	c->category = category;
}

static const char *
copy(struct arena *a, const struct rows *r, int row, int col)
{
	const char *text = rows_text(r, row, col);

	return arena_strdup(a, text != NULL ? text : "");
}
