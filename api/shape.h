/*
 * What is loaded from files: objects checked against field tables, every
 * fault with the JSON pointer of what is wrong.
 */
#ifndef API_SHAPE_H
#define API_SHAPE_H

#include "model/model.h"
#include "request.h"

/*
 * A deep copy of the body (the request's own may be read again), freed with
 * shape_text(). NULL after fail().
 */
json_t *shape_body(struct request *);
/* The items of {"<name>": […]}, or the body itself as the only one: a new
 * array. More than max, or no objects, is a fault. path: where they stand. */
json_t *shape_items(struct request *, json_t *body, const char *name,
    size_t max, const char **path);

/*
 * Faults for unknown members, wrong values and, with F_REQUIRED, missing
 * ones; texts are replaced by what is stored. others: further members, which
 * the caller checks, NULL-ended, or NULL. "note" is always allowed.
 */
void shape_check(struct request *, const struct field *, size_t n,
    const char *const *others, json_t *object, const char *path);
/* The same for each of a list; false when it is not one. */
bool shape_list(struct request *, const struct field *, size_t n,
    json_t *list, const char *path);

/* The JSON Schema of what shape_check() lets through; the caller adds what
 * it checks itself. */
json_t *shape_schema(const struct field *, size_t n);
/* A list of such. */
json_t *shape_schema_list(json_t *item);

/* One fault at path/name. */
void shape_fault(struct request *, const char *path, const char *name,
    const char *code, const char *zh, const char *en);
/* Its text in the arena; the value is released. */
const char *shape_text(struct request *, json_t *);
/* The one answer to all faults. */
enum next shape_refuse(struct request *);

#endif
