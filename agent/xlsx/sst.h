/* The shared strings: one block of text and an offset for each. */
#ifndef XLSX_SST_H
#define XLSX_SST_H

#include "zip.h"

struct sst {
	char *text;	/* NUL-ended one after another */
	size_t len, cap;
	uint32_t *at;	/* n + 1 offsets */
	size_t n, at_cap;
};

/* e may be NULL: none. Free in any case. */
enum refusal sst_read(struct sst *, struct zip *, const struct zip_entry *e);
void sst_free(struct sst *);

#endif
