/* Open addressing with linear probing; at most half full. */
#include "strmap.h"

#include <string.h>

static uint32_t hash_text(const char *);
static struct strslot *probe(const struct strmap *, const char *, uint32_t);

void
strmap_init(struct arena *arena, struct strmap *map, size_t n)
{
	size_t size = 16;

	while (size < n * 2)
		size *= 2;
	map->slot = arena_array(arena, size, sizeof(map->slot[0]));
	map->mask = size - 1;
}

int *
strmap_put(struct strmap *map, const char *key, int fresh)
{
	uint32_t hash = hash_text(key);
	struct strslot *slot = probe(map, key, hash);

	if (slot->key == NULL)
		*slot = (struct strslot){ key, hash, fresh };
	return &slot->value;
}

int
strmap_get(const struct strmap *map, const char *key, int absent)
{
	const struct strslot *slot = probe(map, key, hash_text(key));

	return slot->key == NULL ? absent : slot->value;
}

static struct strslot *
probe(const struct strmap *map, const char *key, uint32_t hash)
{
	size_t at = hash & map->mask;

	while (map->slot[at].key != NULL &&
	    (map->slot[at].hash != hash || strcmp(map->slot[at].key, key) != 0))
		at = (at + 1) & map->mask;
	return &map->slot[at];
}

/* FNV-1a, with a last mix because only low bits pick the slot. */
static uint32_t
hash_text(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	h ^= h >> 16;
	h *= 0x7feb352du;
	return h ^ h >> 15;
}
