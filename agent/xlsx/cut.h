/*
 * Changing a part of a package without touching the rest of it: tags are
 * found in the bytes as they are, and what is not replaced is copied. The
 * part has been read by the strict reader before.
 */
#ifndef XLSX_CUT_H
#define XLSX_CUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct span {
	const char *s;
	size_t len;
};

struct tag {
	const char *begin, *end; /* of <…>, end behind the > */
	struct span prefix;	 /* with its colon, "" if none */
	struct span name;	 /* local */
	bool close, empty;	 /* </…>, <…/> */
};

/*
 * The next tag at or behind *p, which moves behind it; comments, CDATA and
 * instructions are passed over. false: none is left, or the text is broken
 * (then *p is NULL).
 */
bool tag_next(const char **p, const char *end, struct tag *);
/* Local name, and the same prefix as like (NULL: any prefix). */
bool tag_is(const struct tag *, const struct tag *like, const char *name);
/* The raw value of an attribute without prefix. */
bool tag_attr(const struct tag *, const char *name, struct span *);
/* Behind the end tag of an open element; NULL if it has none. */
const char *tag_skip(const struct tag *, const char *end);

/* UTF-8 without a DOCTYPE: what cutting works on. */
bool cut_possible(const char *xml, size_t len);

struct cut {
	const char *at, *end; /* not yet copied */
	struct buf out;
};

void cut_begin(struct cut *, const char *xml, size_t len);
/* Copies up to p. */
void cut_copy(struct cut *, const char *p);
/* Leaves out what lies between here and p. */
void cut_drop(struct cut *, const char *p);
/* Copies up to and including the tag, with one attribute set or (value
 * NULL) removed. value is escaped. */
void cut_attr(struct cut *, const struct tag *, const char *name,
    const char *value);
/* The rest; the new bytes are in out.data until buf_free(). false: limit. */
bool cut_end(struct cut *);

#endif
