/* The query of a request target, decoded strictly: bad input is refused. */
#ifndef API_QUERY_STRING_H
#define API_QUERY_STRING_H

#include <stdbool.h>

#include "base/arena.h"

#define QUERY_PARAMS_MAX 40

struct param {
	const char *name, *value;
	struct param *next;
};

/*
 * NULL if fine, else what is wrong (a stable code, *where the parameter's
 * name as far as it is known). Names occur once; values are valid UTF-8
 * without control characters; + is a blank; "q" is the same as "q=".
 */
const char *query_parse(struct arena *, const char *raw, struct param **out,
    const char **where);
/* Percent-decoded; NULL when malformed, not UTF-8 or with control bytes. */
char *percent_decode(struct arena *, const char *, size_t n, bool plus);
/*
 * The path of a target: decoded by segments. NULL unless it begins with a
 * slash and has no empty, "." or ".." segment and no encoded slash.
 */
char *path_decode(struct arena *, const char *raw);

#endif
