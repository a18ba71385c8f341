/* How much room text takes in a sheet, near enough to open well. */
#ifndef XLSX_FIT_H
#define XLSX_FIT_H

#define LINE_HEIGHT 14.5  /* points, of the body */
#define HEIGHT_MOST 400.0 /* Excel's own limit is 409 */
#define COLUMN_WIDTH 9.0  /* of a column that says nothing */

/* Wide characters count two. */
double text_width(const char *);
/* Lines that text needs at a column width, at least 1. */
unsigned lines_at(const char *, double width);
/* Points for so many lines, at least least. */
double height_of(unsigned lines, double least);

#endif
