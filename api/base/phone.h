/* Telephone numbers, as one rule for fields, cells and people's accounts. */
#ifndef BASE_PHONE_H
#define BASE_PHONE_H

#include <stdbool.h>

/*
 * A mobile number (11 digits from 13 to 19), or a land line with its area code
 * and perhaps an extension, with or without +86, blanks and hyphens between
 * the parts; or several, parted by / , ; or 、.
 */
bool phone_ok(const char *);
extern const char phone_zh[], phone_en[]; /* what to write instead */

#endif
