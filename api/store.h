/*
 * Where attachments lie: each content once, under its SHA-256, as
 * <folder>/ab/cd/<digest>. What is coming in lies in <folder>/tmp until it is
 * whole; it appears under its digest by one rename, or not at all. Blocks on
 * the disk: for threads and command lines, not for the loop.
 */
#ifndef API_STORE_H
#define API_STORE_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/uid.h"

#define STORE_PATH_MAX 4096
/* Younger content is never swept: its row may be on the way. */
#define STORE_KEEP_S (24 * 3600)

enum stored {
	STORED,
	STORE_FULL,   /* the disk, a quota, or less than is to be spared */
	STORE_BROKEN, /* errno says why */
};

/* One file on its way in. */
struct deposit {
	const char *folder;
	char temp[STORE_PATH_MAX];
	int fd;		/* -1: none */
	uint64_t bytes;
	crypto_hash_sha256_state sum;
	char sha256[SHA_HEX_LEN + 1]; /* after store_keep() */
};

/* coming: bytes announced; spare: bytes that must stay free. */
enum stored store_open(struct deposit *, const char *folder, uint64_t coming,
    uint64_t spare);
enum stored store_add(struct deposit *, const void *, size_t);
/* On the disk for good, under its digest; a content that is there already is
 * kept once. */
enum stored store_keep(struct deposit *);
/* Closes and, unless it was kept, removes. After a failed open too. */
void store_drop(struct deposit *);

/* The path of a content; false when it is no digest or does not fit. */
bool store_path(const char *folder, const char *sha256,
    char out[STORE_PATH_MAX]);
/* Reads a content through: its digest and size. False with errno. */
bool store_sum(int fd, char sha256[SHA_HEX_LEN + 1], uint64_t *bytes);

/* Every content of n of the store's STORE_PARTS parts, in no order; stops when
 * each() says so. False when a folder cannot be read. */
#define STORE_PARTS 0x10000u
bool store_each(const char *folder, unsigned first, unsigned n,
    bool (*each)(void *, const char *sha256, uint64_t bytes, time_t at),
    void *arg);
/* Removes a content nobody refers to, if it is old enough still when the store
 * is locked. 1 removed, 0 not, -1 errno. */
int store_remove(const char *folder, const char *sha256);
/* Uploads that were never finished. How many were removed. */
unsigned store_sweep_temp(const char *folder);

#endif
