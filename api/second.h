/* The second factor: what others need of it. */
#ifndef API_SECOND_H
#define API_SECOND_H

#include "request.h"

void second_init(void); /* statements and routes */

/* The digest of a recovery code as people type it; NULL if it cannot be one. */
const char *recovery_digest(struct request *, const char *user,
    const char *typed);

#endif
