/*
 * What a body refers to: the row it belongs to (entity.parent) and every
 * T_REF in it, looked up in the caller's scope before anything is written.
 * What he cannot see is answered as what does not exist.
 */
#ifndef API_LOOK_H
#define API_LOOK_H

#include "entity.h"

void look_init(void); /* statements; after query_init() */
/* Adds to the open batch what the body needs to be looked up; false: nothing
 * was. first is where that begins, for look_take(). */
bool look_plan(struct request *, const struct entity *, const json_t *body,
    unsigned *first);
/* Faults for whatever was not there; what stays as it stood in the row (was,
 * NULL of a new one) needs no seeing. */
void look_take(struct request *, const struct entity *, const json_t *body,
    const char *const *was, unsigned first);
/* The same of a list of bodies that stands in the body as "evidence". */
void look_plan_list(struct request *, const struct entity *,
    const json_t *list, unsigned *first);
void look_take_list(struct request *, const struct entity *,
    const json_t *list, unsigned first);
/* The row that a new one belongs to: planned alone, then taken; NULL: none. */
bool look_parent(struct request *, const struct entity *, const json_t *body);
const char *const *look_parent_row(struct request *, const struct entity *,
    unsigned index);
/* The identifier a body gives for a field, if that must be looked up, and the
 * statement ($1-$4 scope, $5 ids) that does; NULL: nothing to look up. */
const char *look_named(const struct field *, const json_t *body);
const struct stmt *look_statement(const struct entity *,
    const struct field *);
/* Whether field i of the row that the caller reads names id already. */
bool look_kept(struct request *, const struct entity *, size_t i,
    const char *id, const char *const *was);
const struct entity *entity_parent(const struct entity *);

#endif
