/* as_of=: rows as they stood at a time, read from their history. */
#ifndef API_AS_OF_H
#define API_AS_OF_H

#include "list.h"
#include "request.h"

#define AS_OF_MAX 50000 /* revisions one list looks through */

/* GET of one row. */
enum next as_of_get(struct request *, const char *moment);
/* A list: the parameter; false after fault(). */
bool as_of_read(struct request *, struct list *, const char *value);
/* What stands in place of the table in FROM. */
void as_of_from(struct buf *, const struct list *);
/* The statement that tells whether it was too much, added to the page's; and
 * its answer: true after fail(). */
void as_of_guard(struct request *, const struct list *);
bool as_of_refused(struct request *);

#endif
