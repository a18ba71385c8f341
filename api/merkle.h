/*
 * The Merkle tree of RFC 6962 over SHA-256 and SM3 side by side: a leaf is
 * H(0x00 ‖ data), a node H(0x01 ‖ left ‖ right), no leaves H().
 *
 * Of a tree of n leaves only the leaves and every eighth level are stored: a
 * root, or the path from a leaf to it, takes at most 512 of them per level.
 */
#ifndef API_MERKLE_H
#define API_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_LEN 32
#define HASH_HEX (2 * HASH_LEN + 1)
#define MERKLE_BAND 8	/* levels between two that are stored */
#define MERKLE_MAX 64

struct hashes {
	unsigned char sha256[HASH_LEN], sm3[HASH_LEN];
};

void merkle_leaf(const void *data, size_t n, struct hashes *);
void merkle_node(const struct hashes *left, const struct hashes *right,
    struct hashes *);

/* What a growing tree must remember: the roots of its complete subtrees. */
struct merkle {
	uint64_t size;
	unsigned n;
	struct hashes peak[MERKLE_MAX];
};
/* told() gets each subtree that is complete now and whose level is stored. */
typedef void merkle_told(void *, unsigned level, uint64_t index,
    const struct hashes *);
void merkle_add(struct merkle *, const struct hashes *leaf, merkle_told *,
    void *);
void merkle_root(const struct merkle *, struct hashes *);

/* Stored hashes, ordered by level and index. */
struct stored {
	unsigned level;
	uint64_t index;
	struct hashes hash;
};
/* As audit.hashes() gives it, all of it text. */
void stored_read(struct stored *, const char *level, const char *index,
    const char *sha256, const char *sm3);
struct stored_set {
	const struct stored *at;
	size_t n;
};
/* The tree of that size, from its right edge; false if a hash is missing. */
bool merkle_open(struct merkle *, uint64_t size, const struct stored_set *);
/* The hashes that lead from a leaf to the root of a tree of that size, lowest
 * first; their number, or -1. */
int merkle_path(uint64_t leaf, uint64_t size, const struct stored_set *,
    struct hashes path[MERKLE_MAX]);

void hash_hex(const unsigned char in[HASH_LEN], char out[HASH_HEX]);

#endif
