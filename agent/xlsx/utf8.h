/* Which bytes may stand in an XML 1.0 document that is UTF-8. */
#ifndef XLSX_UTF8_H
#define XLSX_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How many bytes of s are whole, allowed characters: n, or less where an
 * incomplete character ends the block, or *bad is set.
 */
size_t utf8_check(const char *s, size_t n, bool *bad);
bool xml_char_ok(uint32_t);
/* Writes 1–4 bytes, returns how many. */
size_t utf8_put(char *, uint32_t);
/* UTF-16 units, as Excel counts characters; s is valid. */
size_t utf8_units(const char *s, size_t n);

#endif
