/*
 * The zip directory of a workbook, read strictly: what two programs could
 * understand differently (overlaps, duplicate names, local headers that
 * disagree with the directory) is refused. The whole file is held in private
 * memory, never mapped, so nobody can change it under us.
 */
#ifndef XLSX_ZIP_H
#define XLSX_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refuse.h"
#include "workbook.h"

#define ZIP_STORED 0
#define ZIP_DEFLATE 8
#define ZIP_DESCRIPTOR 0x0008u /* flag: sizes follow the data */

struct zip_entry {
	const char *name;  /* NUL-ended, '\' turned into '/' */
	unsigned method;   /* ZIP_STORED or ZIP_DEFLATE, nothing else */
	unsigned flags;
	uint32_t crc;
	uint64_t packed;   /* bytes at data */
	uint64_t size;	   /* bytes when inflated, as declared */
	bool checked;	   /* once inflated to the end: size and CRC right */
	const unsigned char *data;

	/*
	 * The entry as it lies in the file, for a writer that copies it byte
	 * for byte: local = header, name, extra, data and descriptor;
	 * central = its directory record, in which offset_width bytes
	 * (4, or 8 in a zip64 extra field) at offset_at hold the position of
	 * the local header.
	 */
	const unsigned char *local;
	size_t local_len;
	const unsigned char *central;
	size_t central_len;
	size_t offset_at;
	unsigned offset_width;
	uint64_t offset;
};

struct zip {
	unsigned char *bytes;
	size_t len;
	size_t nentries;	     /* in directory order */
	struct zip_entry *entry;
	struct zip_entry **by_name;  /* sorted, names folded to lower case */
	const unsigned char *comment;/* of the archive */
	size_t comment_len;
	size_t directory_at;	     /* where the central directory begins */
	uint64_t inflated;	     /* so far, all entries */
	const struct budget *budget; /* borrowed */
	struct why *why;	     /* borrowed */
	char *names;
};

/*
 * Reads fd from its beginning (pread, the position is not touched). On
 * refusal nothing needs closing, but zip_close() does no harm. budget and
 * why must outlive the zip. Only the directory is checked here.
 */
enum refusal zip_open(struct zip *, int fd, const struct budget *,
    struct why *);
void zip_close(struct zip *);

/* Part names are compared without case (OPC); a leading '/' is ignored. */
const struct zip_entry *zip_find(const struct zip *, const char *name);

/* ---- inflating: counted against the budget, CRC checked at the end ---- */

struct zip_stream;

/* Never NULL. */
struct zip_stream *zip_stream_open(struct zip *, const struct zip_entry *);
/*
 * Up to n bytes; 0 = the end, size and CRC were right; -1 = refused, the
 * zip's why says it.
 */
long zip_stream_read(struct zip_stream *, void *, size_t n);
void zip_stream_close(struct zip_stream *);

/*
 * A whole part of at most limit bytes, NUL-ended behind its length, to be
 * freed by the caller; NULL: refused.
 */
char *zip_read_all(struct zip *, const struct zip_entry *, size_t limit,
    size_t *len);
/* Inflates to nowhere: is it intact? */
enum refusal zip_verify(struct zip *, const struct zip_entry *);
/* The same for every entry not yet read to its end. */
enum refusal zip_verify_rest(struct zip *);

/* The CRC-32 of zip, continued from crc (0 to begin). */
uint32_t zip_crc(uint32_t crc, const void *, size_t);

#endif
