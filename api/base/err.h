/* The few errors the program tells apart; the sentence beside says why. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdio.h>
#include <stdlib.h>

enum err {
	OK = 0,
	E_INPUT,	/* what was sent is wrong: 400/422, with faults */
	E_IDENTITY,	/* nobody, or no longer anybody: 401 */
	E_UNKNOWN,	/* absent or outside the scope: the same 404 */
	E_DENIED,	/* inside the scope, but not this act: 403 */
	E_METHOD,	/* the path exists, the method does not: 405 */
	E_STATE,	/* the lifecycle does not allow it now: 409 */
	E_CONFLICT,	/* a unique key or an idempotency key is taken: 409 */
	E_STALE,	/* If-Match names an older revision: 412 */
	E_PRECONDITION, /* If-Match is missing: 428 */
	E_LIMIT,	/* too large, too many: 413/429 */
	E_BUSY,		/* no database, no room: 503 + Retry-After */
	E_INTERNAL,	/* we are wrong: 500 */
	E__MAX
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What only a bug can break. Never for input. */
#define REQUIRE(x)                                                             \
	do {                                                                   \
		if (!(x)) {                                                    \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__,       \
			    __LINE__, #x);                                     \
			abort();                                               \
		}                                                              \
	} while (0)

#endif
