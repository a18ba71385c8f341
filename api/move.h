/* Lifecycle commands: POST /v1/<entity>/{id}/<move> (domain.md 3.5). */
#ifndef API_MOVE_H
#define API_MOVE_H

#include "model/model.h"
#include "request.h"

void move_init(void); /* one route per move of every entity */
enum next move_handle(struct request *);

/* Appends the names of the moves the caller may ask for in this state. */
void move_may(struct request *, const struct entity *,
    const char *const *row, struct buf *);
/* The entity's own commands, then void and restore where it has none such. */
size_t move_count(const struct entity *);
const struct move *move_at(const struct entity *, size_t);
const struct move *move_find(const struct entity *, const char *name);
/* The common restore, which starts from any void row. */
bool move_restores(const struct move *);
/* Whether a command of it needs another person than the last one did: `may`
 * then wants request.giver. */
bool move_two_persons(const struct entity *);
/* … of those that the caller's role could give. */
bool move_asks_giver(struct request *, const struct entity *);
/* Whether the row is in a state the command starts from. */
bool move_from(const struct entity *, const struct move *,
    const char *const *row);
/* Whether the caller may give the command on this row at all. */
bool move_who(const struct request *, const struct entity *,
    const struct move *, const char *const *row);
/* Whether the row is what a grant of the caller's own is narrowed to: for
 * another person to change or restore, as org_coverage_own() has it. */
bool move_own_coverage(const struct request *, const struct entity *,
    const char *const *row);
/* Whether a NULL-ended list (NULL: an empty one) holds the name. */
bool move_lists(const char *const *list, const char *name);

/* For guards, while a command is being decided. */
/* opinion, reason or note of the body; NULL when not given. */
const char *move_text(const struct request *, const char *name);
/* The row named by merged_into_id, if the caller may see it; or NULL. */
const char *const *move_target(const struct request *);

#endif
