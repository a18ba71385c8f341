/*
 * The numbered rules of domain.md as functions: a row's values in, findings
 * out. Pure: no database, no clock. The API's writes and the merge of sheets
 * call the same ones.
 */
#ifndef API_RULES_H
#define API_RULES_H

#include "base/arena.h"
#include "codes.h"
#include "conf.h"
#include "model/model.h"

struct finding {
	const char *name; /* field */
	const char *rule; /* Y55, R-17 … */
	const char *code; /* stable: missing, later_than … */
	const char *level;/* error | warning | info */
	const char *zh, *en;
	bool made; /* of this row alone: the texts live as long as it does */
};

struct findings {
	struct finding *at;
	size_t n, cap;
};

void finding_add(struct arena *, struct findings *, const struct finding *);

/* Every rule of a row. row: one entry per field in field_index() order, SQL
 * text, NULL = null. action may be NULL: its dates are then not checked. */
void rules_issue(struct arena *, const struct entity *, const struct codes *,
    const struct action_facts *, const char *const *row, struct findings *);
/* Whether the row is complete enough for the lifecycle (no error). */
bool findings_clean(const struct findings *);

#endif
