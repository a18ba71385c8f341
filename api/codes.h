/*
 * Code sets as data (domain.md 3.2): the labels one action prints. An action
 * that brings its own items of a set replaces the whole set for itself.
 * Built once, then only read; strings are the set's own.
 */
#ifndef API_CODES_H
#define API_CODES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct code {
	const char *set, *code, *label;
};

struct codes;

/* Everything lives in the arena. base (or NULL) answers for the sets that
 * this one has no item of. */
struct codes *codes_new(struct arena *, const struct codes *base);
/* Items of one set stay in the order they were added in. */
void codes_add(struct codes *, const char *set, const char *code,
    const char *label);

/* The code meant by a label or a code (width and blanks do not matter), or
 * NULL: not in the set. */
const char *codes_find(const struct codes *, const char *set,
    const char *typed);
/* The label of a code; the code itself when the set does not know it. */
const char *codes_label(const struct codes *, const char *set,
    const char *code);
/* The items in order; 0 when the set is unknown. */
size_t codes_items(const struct codes *, const char *set,
    const struct code **items);
/* The names of all sets, the base's too, in order; how many. */
size_t codes_sets(const struct codes *, struct arena *, const char ***sets);

#endif
