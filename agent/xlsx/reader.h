/* What the parts of one streaming read share. */
#ifndef XLSX_READER_H
#define XLSX_READER_H

#include "book.h"
#include "sst.h"
#include "styles.h"

struct reader {
	struct arena arena;
	struct zip zip;
	struct book book;
	struct sst sst;
	struct styles styles;
	const struct row_sink *sink;
	struct why *why;
	uint64_t text, cells;	/* given out so far */
	bool stopped;		/* by the sink */
};

/* Not a zip at all: what is it? READ_OK if it begins like a zip. */
enum refusal sniff(int fd, const struct budget *, struct why *);
/* Macros, external links, embedded objects: refused (sync 4.4). */
enum refusal active_check(struct reader *);
/* A formula that reaches out of the workbook. */
bool formula_active(const char *, size_t);
enum refusal sheet_read(struct reader *, const struct book_sheet *);

#endif
