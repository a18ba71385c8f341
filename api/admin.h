/* Configuration for administrators: places, organisations, people, actions. */
#ifndef API_ADMIN_H
#define API_ADMIN_H

#include <jansson.h>

#include "request.h"

/* Statements and routes; before the workers connect. */
void admin_init(void);	 /* loads of places and organisations */
void places_init(void);	 /* reads of places and organisations */
void reorganise_init(void); /* places that end, with all they have */
void users_init(void);	 /* people and their roles, written … */
void users_list_init(void); /* … and read */
void actions_init(void);
void roles_init(void);
void code_sets_init(void); /* what coded fields hold */

/* users_grants.c: the grants of one person, faults with their path. */
void grants_check(struct request *, json_t *user, const char *path);
json_t *grants_schema(void);
/* A fault for what goes beyond the caller's own grant, by grant_beyond()'s
 * word for it; and the answer when the database said so. */
void grants_beyond(struct request *, const char *path, const char *what);
enum next grants_fail(struct request *);
enum next fail_beyond(struct request *);

/* What they take, for the OpenAPI document. */
json_t *users_schema(void);
json_t *actions_schema(void);
/* What is read: the entity's own fields and the parts of what is written. */
json_t *actions_shown_schema(const json_t *written, const json_t *own);

/* {"loaded":n,"changed":m}: what came, and what is different now. */
enum next reply_loaded(struct request *, size_t loaded, int changed);

#endif
