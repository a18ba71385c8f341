/* Third-party applications: what a scope says, who gets a token. */
#ifndef API_CLIENT_H
#define API_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

void clients_init(void); /* /v1/clients */
void token_init(void);	 /* /v1/token */

/* entity:verb[:action], of an entity of the model; the action's code is at
 * *action, if there is one. */
bool client_scope_ok(const char *scope, size_t len, const char **action);

#define CLIENT_SECRET "tz_s_" /* how a secret begins */

#endif
