/*
 * Fields that are read out of a composed text: the "derive" list of a ledger
 * template, interpreted. The text stays the truth; a part that it does not
 * hold is blank.
 */
#ifndef API_DERIVE_H
#define API_DERIVE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "model/model.h"

struct derive;

/* NULL and *why (a path and a reason) when the list is not understood. */
struct derive *derive_load(struct arena *, const struct entity *,
    const json_t *list, const char **why);
/*
 * Sets the parts of row (field_index() order, SQL text). Only parts whose
 * source is marked in changed are touched, and none that is marked itself:
 * it was given. changed NULL = every source. Parts set are marked in changed.
 */
void derive_apply(struct arena *, const struct derive *,
    const struct entity *, int year, const char **row, bool *changed);

#endif
