/*
 * List cursors: opaque, signed, and bound to the caller and to the filter
 * they were made under.
 */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include "request.h"

/* binding: everything the next page must have in common with this one. */
char *cursor_make(struct request *, const char *binding, const char *last,
    const char *id);
/* False unless it was made by us for this caller and binding. */
bool cursor_read(struct request *, const char *cursor, const char *binding,
    const char **last, const char **id);

#endif
