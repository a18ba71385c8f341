/* How deep a JSON text nests, before a parser recurses into it. */
#ifndef API_JSON_DEPTH_H
#define API_JSON_DEPTH_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 64

bool json_depth_ok(const char *, size_t, unsigned max);

#endif
