/* Header values with parameters: Content-Type, Content-Disposition. Pure. */
#ifndef API_HEADER_VALUE_H
#define API_HEADER_VALUE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A parameter of `type; name=token; name="quoted"`, with \ escapes undone;
 * "" when it is absent. False when the value is malformed, names a parameter
 * twice, or does not fit.
 */
bool header_param(const char *value, const char *name, char *out, size_t size);
/* The file name of a Content-Disposition: filename* (UTF-8 only) before
 * filename; "" if none. False as above. */
bool header_filename(const char *value, char *out, size_t size);
/* Whether the part before the parameters is this word, in any case. */
bool header_is(const char *value, const char *word);

#endif
