/* Numbers, dates and escapes of cells as text. */
#ifndef XLSX_VALUE_H
#define XLSX_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "styles.h"
#include "workbook.h"

#define VALUE_TEXT 40	/* room for any text made here */

/*
 * A number as SpreadsheetML writes it, NUL-ended; false: not one. What does
 * not fit a double becomes infinite.
 */
bool number_parse(const char *, size_t len, double *);
/* %.15g, without "-0". Returns the length. */
size_t number_text(double, char out[VALUE_TEXT]);
/* The same, quicker where the text it was parsed from will do. */
size_t number_text_of(double, const char *s, size_t len,
    char out[VALUE_TEXT]);

/*
 * The number as shown by a date or time format: type and ISO 8601 text. A
 * number that is no date (negative, after 9999) stays CELL_NUMBER.
 */
enum cell_type date_text(double, enum format, bool date1904,
    char out[VALUE_TEXT]);
/* An ISO 8601 text (cells of type d) as a serial number; false: not one. */
bool date_parse(const char *, bool date1904, double *serial,
    enum format *);

/*
 * _xHHHH_ escapes decoded in place (surrogate pairs too); what would become
 * a NUL, a control character or half a pair stays as it is. Returns the
 * new length.
 */
size_t unescape(char *, size_t len);

/* "B7", upper or lower case, at most XFD1048576; false: not a reference. */
bool ref_parse(const char *, size_t len, unsigned *row, unsigned *col);
bool range_parse(const char *, struct range *);
/* "B" */
void column_name(unsigned col, char out[8]);

#define ROW_MAX 1048576u
#define COLUMN_MAX 16384u

#endif
