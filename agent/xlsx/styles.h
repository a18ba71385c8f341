/* What kind of value each cell style shows. */
#ifndef XLSX_STYLES_H
#define XLSX_STYLES_H

#include "book.h"

enum format {
	FORMAT_NUMBER,
	FORMAT_DATE,	 /* a day, no time of day */
	FORMAT_DATETIME,
	FORMAT_TIME,	 /* time of day only */
	FORMAT_DURATION, /* [h]:mm */
	FORMAT_PERCENT,	 /* a number shown times hundred, with its sign */
};

struct styles {
	size_t n;
	unsigned char *format;	/* enum format, by cell style index */
};

/* e may be NULL: no styles. format is to be freed. */
enum refusal styles_read(struct styles *, struct zip *,
    const struct zip_entry *e);
void styles_free(struct styles *);

enum format format_builtin(unsigned id);
enum format format_code(const char *);

#endif
