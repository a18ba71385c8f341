/*
 * Who is asking: what serve.c needs of the module that knows identities
 * (auth.c). The lookup is a batch of its own on the fast lane; what it found
 * may be remembered for some seconds by the hash of the token.
 */
#ifndef API_AUTH_H
#define API_AUTH_H

#include <stdbool.h>

#include "request.h"

struct auth_hooks {
	/*
	 * Adds the token's lookup to r->batch (opened with scope_system on the
	 * fast lane). false: there is no token, or none that could be one.
	 * Adds nothing when the identity is remembered: accept() comes next.
	 */
	bool (*plan)(struct request *);
	/*
	 * After the lookup: opens another batch when more must be read first
	 * (configuration that has changed). May be NULL.
	 */
	bool (*more)(struct request *);
	/*
	 * Reads the rows (r->batch.n == 0: from memory), fills r->who with its
	 * scope, and decides whether r->route->right is granted: OK,
	 * E_IDENTITY, E_DENIED or E_UNKNOWN, with fail() or without.
	 */
	enum err (*accept)(struct request *);
};

/*
 * Before the workers start; implemented by serve.c. Without hooks only
 * public routes are served. For a RIGHT_PUBLIC route neither is called.
 */
void auth_register(const struct auth_hooks *);

#endif
