/*
 * Who sees which personal data, and how (domain.md 5.3): a role's profile and
 * a field's class give the mask, the class gives what stands in its place.
 * pii_mask() of 0092 says the same in SQL; a test compares them.
 */
#ifndef API_MASK_H
#define API_MASK_H

#include <stdbool.h>

#include "base/arena.h"
#include "model/model.h"

struct principal;

enum mask {
	MASK_NONE,    /* the value itself */
	MASK_PARTIAL, /* 138****0000, 张*, 510***********123X */
	MASK_BAND,    /* 1–2万元, 3–4人 */
	MASK_HIDDEN,
};

/* Of a field in a row; row may be NULL, or a row that is not known yet. */
enum mask mask_field(struct principal *, const struct entity *,
    const struct field *, const char *const *row);
/* Of a class alone, as profile and role have it: for answers to questions. */
enum mask mask_class(struct principal *, enum pii);
/* As a profile alone has it, "masked", "full" …; anything else sees nothing. */
enum mask mask_of(const char *profile, enum pii);
/* What stands in the value's place; NULL: nothing does. Values are text as the
 * database has them, "" stays. */
const char *mask_text(struct arena *, enum pii, const char *value, enum mask);
/* The same of a field's value; only texts and numbers have a part to show. */
const char *mask_value(struct arena *, const struct field *, const char *sql,
    enum mask);
/* The profile of his role, or of the folder a workbook is for. */
const char *mask_profile(const struct principal *);

/* Whether whoever reads it is noted (4.6): what 个人信息保护法 28 calls
 * sensitive, and whatever is for few. */
bool field_sensitive(const struct field *);

/* Stable names, as forms and SQL have them: duty, contact, … */
const char *pii_name(enum pii);
enum pii pii_find(const char *name); /* PII_NONE if there is none */

#endif
