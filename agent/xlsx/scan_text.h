/* XML text decoded in place: references and ends of line. */
#ifndef XLSX_SCAN_TEXT_H
#define XLSX_SCAN_TEXT_H

#include <stddef.h>

enum text_where { TEXT_CONTENT, TEXT_ATTRIBUTE, TEXT_CDATA };

/* The new length, never more than n; -1: not well-formed. */
long text_decode(char *, size_t n, enum text_where);
/*
 * How much of an unfinished run may be decoded now: no reference, CRLF or
 * "]]>" is cut in two.
 */
size_t text_safe_cut(const char *, size_t n);

#endif
