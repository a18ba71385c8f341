/* What move.c is made of: the statements of a command and its refusals. */
#ifndef API_MOVE_PLAN_H
#define API_MOVE_PLAN_H

#include "entity.h"
#include "move.h"

/* Plans the command's demands, to be told by move_unmet(); and once more in
 * the transaction that writes, where they must still hold. */
unsigned move_ask(struct request *, const struct entity *,
    const struct move *, const char *user);
void move_unmet(struct request *, const struct move *, unsigned asked);
void move_must(struct request *, const struct entity *, const struct move *);
/* After the update: it must have made that revision. */
void move_hit(struct request *, const struct entity *, long rev);
/* What follows from the command; false: nothing does. */
bool move_also(struct request *, const struct entity *, const struct move *,
    long rev);
/* The batch ended because something had changed in between. */

enum next refuse_who(struct request *, const struct move *,
    const char *const *row);
enum next refuse_state(struct request *, const struct entity *,
    const struct move *, const char *const *row);

#endif
