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
const struct move *move_find(const struct entity *, const char *name);
/* Whether the row is in a state the command starts from. */
bool move_from(const struct entity *, const struct move *,
    const char *const *row);
/* Whether the caller may give the command on this row at all. */
bool move_who(const struct request *, const struct entity *,
    const struct move *, const char *const *row);
/* Whether a NULL-ended list (NULL: an empty one) holds the name. */
bool move_lists(const char *const *list, const char *name);

/* For guards, while a command is being decided. */
long move_evidence(const struct request *);	/* pieces, old and new */
/* opinion, reason or note of the body; NULL when not given. */
const char *move_text(const struct request *, const char *name);
/* The row named by merged_into_id, if the caller may see it; or NULL. */
const char *const *move_target(const struct request *);

#endif
