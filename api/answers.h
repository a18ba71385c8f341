/*
 * Answers to a questionnaire: a JSON field of which each member has a class
 * of its own, as its form declares it (PII_ANSWERS, domain.md 5.3).
 */
#ifndef API_ANSWERS_H
#define API_ANSWERS_H

#include "request.h"

/* Whether some of a field's members are masked for the caller. */
bool answers_masked(struct request *, const struct entity *,
    const struct field *, const char *const *row);
/* The field as the caller sees it, appended. */
void answers_json(struct request *, struct buf *, const struct entity *,
    const struct field *, const char *const *row);
/* What a body says in its place: masks that come back as they were shown mean
 * the values behind them. A new reference; NULL after fault(). */
json_t *answers_take(struct request *, const struct entity *,
    const struct field *, const char *const *row, const json_t *body);

/* Any field of a row as the caller sees it, appended. */
void field_json(struct request *, struct buf *, const struct entity *,
    const struct field *, const char *const *row, const char *sql);

#endif
