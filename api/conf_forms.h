/* What answers to questionnaires tell of people, and of which categories of
 * issues they are, as this worker read it. */
#ifndef API_CONF_FORMS_H
#define API_CONF_FORMS_H

#include <stddef.h>

#include "db.h"
#include "model/model.h"

/* part: header, answers or notes; a note is kept by the section, which has
 * the classes of all its questions. */
struct answer_class {
	const char *form, *part, *key;
	enum pii class;
	const char *category; /* of the issues it raises (5.2) */
};

struct form_classes {
	const struct answer_class *at; /* by form */
	size_t n;
};

extern const struct stmt conf_forms_sql;
struct form_classes conf_forms_take(struct arena *, const struct rows *);
/* Categories of the questions that raise issues, and of sections' notes. */
extern const struct stmt conf_categories_sql;
struct form_classes conf_categories_take(struct arena *, const struct rows *);
/* Those of a form: at least one entry, of no class; none = it is unknown. */
struct form_classes conf_form(const struct form_classes *, const char *form);

#endif
