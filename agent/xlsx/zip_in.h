/* Shared by the two halves of the zip directory reader. */
#ifndef XLSX_ZIP_IN_H
#define XLSX_ZIP_IN_H

#include "zip.h"

#define SIG_LOCAL 0x04034b50u

static inline unsigned
le16(const unsigned char *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static inline uint32_t
le32(const unsigned char *p)
{
	return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static inline uint64_t
le64(const unsigned char *p)
{
	return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

/*
 * The directory record at *at, which is moved behind it, and the local header
 * it points to; end is where the directory ends. The name is copied to *name.
 */
enum refusal zip_read_entry(struct zip *, struct zip_entry *, size_t *at,
    size_t end, char **name);

static inline enum refusal
zip_damaged(struct zip *zip, const char *zh, const char *en)
{
	return refuse(zip->why, REFUSED_DAMAGED, zh, en);
}

#endif
