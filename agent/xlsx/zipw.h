/*
 * Writes a zip archive to a descriptor: entries of another archive byte for
 * byte, and new ones. The first failure stands; zipw_close() tells.
 */
#ifndef XLSX_ZIPW_H
#define XLSX_ZIPW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "zip.h"

struct libdeflate_compressor;

struct zipw {
	int fd;
	uint64_t at;	    /* bytes written */
	struct buf central; /* directory so far */
	size_t nentries;
	struct libdeflate_compressor *deflate;
	bool bad;
};

/* Writes from the descriptor's position on; it stays the caller's. */
void zipw_open(struct zipw *, int fd);
/* The entry as it lies in its file: header, data and directory record. */
void zipw_copy(struct zipw *, const struct zip_entry *);
/*
 * New bytes, deflated. like: the entry they replace, whose name, time and
 * attributes stay; NULL: a new entry of this name, dated 1980.
 */
void zipw_put(struct zipw *, const char *name, const struct zip_entry *like,
    const void *, size_t);
/* Directory and end; releases everything. false: not all was written. */
bool zipw_close(struct zipw *, const void *comment, size_t comment_len);

#endif
