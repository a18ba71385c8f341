/* Text at the borders: checked once, valid UTF-8 without NUL inside. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* Valid UTF-8 (no surrogates, no overlongs) without NUL. */
bool utf8_ok(const char *, size_t bytes);
/* Characters (code points) of valid UTF-8. */
size_t utf8_len(const char *);
/* At most n characters of s; borrowed from the arena. */
char *utf8_head(struct arena *, const char *s, size_t n);

/*
 * What a cell's or a field's text is compared and stored as: NFC, CRLF and
 * CR as LF, outer white space (also U+3000, U+00A0 and zero width) removed,
 * C0 control characters but TAB and LF removed. Never NULL; s must be valid
 * UTF-8.
 */
char *text_canon(struct arena *, const char *s);
/*
 * For keys and headings: additionally NFKC (full width = half width), all
 * white space and punctuation removed, lower case.
 */
char *text_key(struct arena *, const char *s);

/* The number in decimal, somewhere in out: without printf(), for what every
 * request does. */
#define U64_TEXT 21
const char *u64_text(char out[U64_TEXT], uint64_t);

/* Not allowed in text that people read: bidi overrides, C0/C1 controls. */
bool text_printable(const char *);

#endif
