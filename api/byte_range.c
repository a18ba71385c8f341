/* Range: bytes=… of one file (RFC 9110, 14.2). */
#include "byte_range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool number(const char **, uint64_t *);

enum range
byte_range(const char *header, uint64_t size, uint64_t *first, uint64_t *end)
{
	uint64_t from = 0, to = 0;
	bool begins, ends;
	const char *p = header;

	*first = 0;
	*end = size;
	if (p == NULL || strncasecmp(p, "bytes=", 6) != 0)
		return RANGE_ALL;
	p += 6;
	begins = number(&p, &from);
	if (*p++ != '-')
		return RANGE_ALL;
	ends = number(&p, &to);
	if (*p != '\0' || (!begins && !ends) || (begins && ends && to < from))
		return RANGE_ALL;
	if (!begins) { /* the last so many */
		if (to == 0)
			return RANGE_NONE;
		*first = to < size ? size - to : 0;
		return RANGE_PART;
	}
	if (from >= size)
		return RANGE_NONE;
	*first = from;
	if (ends && to < size - 1)
		*end = to + 1;
	return RANGE_PART;
}

/* Digits, at least one; what is too large is as good as the largest. */
static bool
number(const char **p, uint64_t *out)
{
	const char *begin = *p;

	for (*out = 0; **p >= '0' && **p <= '9'; (*p)++)
		*out = *out > UINT64_MAX / 20 ? UINT64_MAX / 2
		    : *out * 10 + (uint64_t)(**p - '0');
	return *p > begin;
}
