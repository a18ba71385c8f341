/* Office documents: which one a package is says its directory. Nothing is ever
 * unpacked, and no more than a bounded directory is read. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "filetype_in.h"

#define ZIP_TAIL ((size_t)(22 + 65535)) /* the end record and its comment */
#define ZIP_DIRECTORY_MAX ((size_t)4 << 20)
#define OLE_SECTORS_MAX 256u

static enum content zip_names(const unsigned char *, size_t);
static bool zip_is(const unsigned char *name, size_t n, const char *word);
static enum content ole_directory(int fd, uint64_t size, unsigned shift,
    uint32_t sector, const unsigned char *header);
static void ole_names(const unsigned char *, size_t, enum content *found,
    bool *macro);
static bool ole_is(const unsigned char *entry, const char *word);
static uint32_t le32(const unsigned char *);
static uint16_t le16(const unsigned char *);

enum content
zip_content(int fd, uint64_t size)
{
	size_t n = size < ZIP_TAIL ? (size_t)size : ZIP_TAIL, at;
	unsigned char *tail = malloc(n), *directory = NULL;
	enum content found = CONTENT_PACKED;
	uint32_t len, offset;

	REQUIRE(tail != NULL);
	if (n < 22 || !read_at(fd, tail, n, size - n))
		goto out;
	for (at = n - 22; at > 0; at--)
		if (memcmp(tail + at, "PK\5\6", 4) == 0)
			break;
	if (memcmp(tail + at, "PK\5\6", 4) != 0)
		goto out;
	len = le32(tail + at + 12);
	offset = le32(tail + at + 16);
	if (len > ZIP_DIRECTORY_MAX || (uint64_t)offset + len > size ||
	    len == 0)
		goto out;
	directory = malloc(len);
	REQUIRE(directory != NULL);
	if (read_at(fd, directory, len, offset))
		found = zip_names(directory, len);
out:
	free(directory);
	free(tail);
	return found;
}

/* The names in a central directory. */
static enum content
zip_names(const unsigned char *p, size_t n)
{
	static const struct {
		const char *name;
		enum content content;
	} marks[] = { { "word/document.xml", CONTENT_DOCX },
		{ "xl/workbook.xml", CONTENT_XLSX },
		{ "ppt/presentation.xml", CONTENT_PPTX } };
	enum content found = CONTENT_ZIP;
	bool office = false, macro = false, ofd = false;

	while (n >= 46 && memcmp(p, "PK\1\2", 4) == 0) {
		size_t len = le16(p + 28), all = 46 + len + le16(p + 30) +
		    (size_t)le16(p + 32);
		const unsigned char *name = p + 46;

		if (all > n)
			return CONTENT_PACKED;
		office = office || zip_is(name, len, "[Content_Types].xml");
		ofd = ofd || zip_is(name, len, "OFD.xml");
		macro = macro || (len >= 14 && strncasecmp(
		    (const char *)name + len - 14, "vbaProject.bin", 14) == 0);
		for (size_t i = 0; i < COUNT(marks); i++)
			if (zip_is(name, len, marks[i].name))
				found = marks[i].content;
		p += all;
		n -= all;
	}
	if (office && found != CONTENT_ZIP)
		return macro ? CONTENT_MACRO : found;
	return ofd ? CONTENT_OFD : CONTENT_ZIP;
}

static bool
zip_is(const unsigned char *name, size_t n, const char *word)
{
	return n == strlen(word) &&
	    strncasecmp((const char *)name, word, n) == 0;
}

/* The old format is a small file system: [MS-CFB]. */
enum content
ole_content(int fd, uint64_t size)
{
	unsigned char header[512];
	unsigned shift;

	if (size < sizeof(header) || !read_at(fd, header, sizeof(header), 0))
		return CONTENT_UNKNOWN;
	shift = le16(header + 30);
	if (shift != 9 && shift != 12)
		return CONTENT_UNKNOWN;
	return ole_directory(fd, size, shift, le32(header + 48), header);
}

/* From sector to sector by the allocation table, of which the header names the
 * first 109 sectors: enough for the directory of any document we take. */
static enum content
ole_directory(int fd, uint64_t size, unsigned shift, uint32_t sector,
    const unsigned char *header)
{
	unsigned char *s = malloc((size_t)1 << shift);
	uint32_t per = 1u << (shift - 2);
	enum content found = CONTENT_UNKNOWN;
	bool macro = false;

	REQUIRE(s != NULL);
	for (unsigned i = 0; i < OLE_SECTORS_MAX && sector < 0xfffffff0u; i++) {
		uint64_t at = ((uint64_t)sector + 1) << shift;
		unsigned char next[4];
		uint32_t table;

		if (at + (1u << shift) > size ||
		    !read_at(fd, s, (size_t)1 << shift, at))
			break;
		ole_names(s, (size_t)1 << shift, &found, &macro);
		if (sector / per >= 109)
			break;
		table = le32(header + 76 + 4 * (size_t)(sector / per));
		at = (((uint64_t)table + 1) << shift) + 4 * (sector % per);
		if (at + 4 > size || !read_at(fd, next, 4, at))
			break;
		sector = le32(next);
	}
	free(s);
	return macro && found != CONTENT_UNKNOWN ? CONTENT_MACRO : found;
}

static void
ole_names(const unsigned char *s, size_t n, enum content *found, bool *macro)
{
	static const struct {
		const char *name;
		enum content content;
	} marks[] = { { "WordDocument", CONTENT_DOC },
		{ "Workbook", CONTENT_XLS }, { "Book", CONTENT_XLS },
		{ "PowerPoint Document", CONTENT_PPT } };

	for (size_t at = 0; at + 128 <= n; at += 128) {
		for (size_t i = 0; i < COUNT(marks); i++)
			if (ole_is(s + at, marks[i].name))
				*found = marks[i].content;
		*macro = *macro || ole_is(s + at, "_VBA_PROJECT") ||
		    ole_is(s + at, "_VBA_PROJECT_CUR") ||
		    ole_is(s + at, "Macros");
	}
}

/* A name is UTF-16, its length in bytes with the final NUL at 64. */
static bool
ole_is(const unsigned char *entry, const char *word)
{
	size_t n = strlen(word);

	if (le16(entry + 64) != 2 * (n + 1))
		return false;
	for (size_t i = 0; i < n; i++)
		if (entry[2 * i] != (unsigned char)word[i] ||
		    entry[2 * i + 1] != 0)
			return false;
	return true;
}

static uint32_t
le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static uint16_t
le16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}
