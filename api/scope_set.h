/*
 * The caller's scope as settings of a transaction: what both walls read (D3).
 * Requests and jobs set the same ones by the same text.
 */
#ifndef API_SCOPE_SET_H
#define API_SCOPE_SET_H

#include "base/text.h"
#include "db.h"

/* What a batch that writes nothing needs. */
#define SCOPE_SET_READ                                                         \
	"select set_config('app.lo', $1, true),"                               \
	" set_config('app.hi', $2, true),"                                     \
	" set_config('app.line', $3, true),"                                   \
	" set_config('app.clearance', $4, true)"
/* History, feed and log say who wrote. */
#define SCOPE_SET                                                              \
	SCOPE_SET_READ ", set_config('app.actor', $5, true),"                  \
		       " set_config('app.channel', $6, true),"                 \
		       " set_config('app.origin', $7, true),"                  \
		       " set_config('app.trail', $8, true)"
/* Few scopes are narrowed; the others say no more. */
#define SCOPE_SET_NARROW                                                       \
	SCOPE_SET ", set_config('app.action', $9, true),"                      \
		  " set_config('app.cover', $10, true),"                       \
		  " set_config('app.own', $11, true),"                         \
		  " set_config('app.category', $12, true)"
#define SCOPE_VALUES 12

struct scope_values {
	char lo[U64_TEXT], hi[U64_TEXT], clearance[U64_TEXT];
	const char *at[SCOPE_VALUES]; /* $1 … $12 */
};
void scope_values(const struct scope *, struct scope_values *);

#endif
