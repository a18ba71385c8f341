/* Small workbooks for unit tests: stored entries in a memory file. */
#ifndef TESTS_XLSX_PACK_H
#define TESTS_XLSX_PACK_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "xlsx/zip.h"

#define PACK_MAIN \
	"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define PACK_REL \
	"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACK_PACKAGE "http://schemas.openxmlformats.org/package/2006"

struct pack_part {
	const char *name, *data;
	size_t len;	/* 0: strlen(data) */
};

static inline void
pack_le(struct buf *out, uint64_t v, int bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		buf_char(out, (char)(unsigned char)v);
}

static inline void
pack_fields(struct buf *out, const struct pack_part *p, size_t len)
{
	pack_le(out, 20, 2);
	pack_le(out, 0, 8);	/* flags, stored, time, date */
	pack_le(out, zip_crc(0, p->data, len), 4);
	pack_le(out, len, 4);
	pack_le(out, len, 4);
	pack_le(out, strlen(p->name), 2);
	pack_le(out, 0, 2);
}

static inline void
pack_bytes(struct buf *out, const struct pack_part *part, size_t n)
{
	size_t i, len, directory, at[64];

	for (i = 0; i < n; i++) {
		len = part[i].len == 0 ? strlen(part[i].data) : part[i].len;
		at[i] = out->len;
		pack_le(out, 0x04034b50, 4);
		pack_fields(out, &part[i], len);
		buf_str(out, part[i].name);
		buf_add(out, part[i].data, len);
	}
	directory = out->len;
	for (i = 0; i < n; i++) {
		len = part[i].len == 0 ? strlen(part[i].data) : part[i].len;
		pack_le(out, 0x02014b50, 4);
		pack_le(out, 20, 2);
		pack_fields(out, &part[i], len);
		pack_le(out, 0, 10);
		pack_le(out, at[i], 4);
		buf_str(out, part[i].name);
	}
	len = out->len - directory;
	pack_le(out, 0x06054b50, 4);
	pack_le(out, 0, 4);
	pack_le(out, n, 2);
	pack_le(out, n, 2);
	pack_le(out, len, 4);
	pack_le(out, directory, 4);
	pack_le(out, 0, 2);
}

/* A descriptor of the bytes, to be closed. */
static inline int
pack_file(const void *data, size_t len)
{
	int fd;

	fd = memfd_create("test", 0);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		return -1;
	return fd;
}

static inline int
pack_fd(const struct pack_part *part, size_t n)
{
	struct buf out;
	int fd;

	buf_init(&out, (size_t)1 << 30);
	pack_bytes(&out, part, n);
	fd = pack_file(out.data, out.len);
	buf_free(&out);
	return fd;
}

/* A workbook of one sheet; styles and sst may be NULL. */
static inline int
pack_book(const char *book_more, const char *sheet, const char *sst,
    const char *styles)
{
	struct buf book;
	int fd;

	buf_init(&book, 4096);
	buf_printf(&book, "<workbook xmlns='%s' xmlns:r='%s'>%s<sheets><sheet "
	    "name='台账' sheetId='1' r:id='a'/></sheets></workbook>",
	    PACK_MAIN, PACK_REL, book_more);
	const struct pack_part parts[] = {
		{ "_rels/.rels", "<Relationships xmlns='" PACK_PACKAGE
		    "/relationships'><Relationship Id='x' Type='" PACK_REL
		    "/officeDocument' Target='/xl/workbook.xml'/>"
		    "</Relationships>", 0 },
		{ "xl/workbook.xml", book.data, 0 },
		{ "xl/_rels/workbook.xml.rels", "<Relationships xmlns='"
		    PACK_PACKAGE "/relationships'>"
		    "<Relationship Id='a' Type='" PACK_REL "/worksheet' "
		    "Target='../xl/./SHEET1.xml'/>"
		    "<Relationship Id='b' Type='" PACK_REL "/sharedStrings' "
		    "Target='sst.xml'/>"
		    "<Relationship Id='c' Type='" PACK_REL "/styles' "
		    "Target='styles.xml'/></Relationships>", 0 },
		{ "xl/sheet1.xml", sheet, 0 },
		{ "xl/sst.xml", sst == NULL ? "<sst xmlns='" PACK_MAIN "'/>" :
		    sst, 0 },
		{ "xl/styles.xml", styles == NULL ? "<styleSheet xmlns='"
		    PACK_MAIN "'/>" : styles, 0 },
	};
	fd = pack_fd(parts, sizeof(parts) / sizeof(parts[0]));
	buf_free(&book);
	return fd;
}

#endif
