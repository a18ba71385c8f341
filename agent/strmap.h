/* Text → int, sized once, in an arena: what the planner looks rows up by. */
#ifndef AGENT_STRMAP_H
#define AGENT_STRMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct strslot {
	const char *key; /* NULL: free */
	uint32_t hash;
	int value;
};

struct strmap {
	struct strslot *slot;
	size_t mask;
};

/* Room for n different keys; keys are borrowed. */
void strmap_init(struct arena *, struct strmap *, size_t n);
/* The value of key; a key not seen before gets `fresh`. */
int *strmap_put(struct strmap *, const char *key, int fresh);
/* The value of key, or `absent`. */
int strmap_get(const struct strmap *, const char *key, int absent);

#endif
