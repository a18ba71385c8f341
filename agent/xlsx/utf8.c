/* UTF-8 and control characters checked a block at a time. */
#include <string.h>

#include "utf8.h"

#define ONES 0x0101010101010101ull
#define HIGHS 0x8080808080808080ull

/*
 * Length of the character at p, 0 = not allowed, -1 = cut off by the end.
 * Surrogates, overlong forms, C0 controls, U+FFFE and U+FFFF are not allowed.
 */
static int
one(const unsigned char *p, size_t n)
{
	unsigned c;
	int len, i;

	c = p[0];
	if (c < 0x80)
		return c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
	if (c < 0xc2 || c > 0xf4)
		return 0;
	len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	for (i = 1; i < len; i++) {
		if ((size_t)i == n)
			return -1;
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		if (i == 1 && ((c == 0xe0 && p[1] < 0xa0) ||
		    (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
		    (c == 0xf4 && p[1] > 0x8f)))
			return 0;
	}
	if (c == 0xef && p[1] == 0xbf && p[2] > 0xbd)
		return 0;
	return len;
}

size_t
utf8_check(const char *s, size_t n, bool *bad)
{
	const unsigned char *p, *end;
	uint64_t w;
	int len;

	*bad = false;
	p = (const unsigned char *)s;
	end = p + n;
	while (p < end) {
		while (end - p >= 8) {
			memcpy(&w, p, 8);
			if ((w | (w - ONES * 0x20)) & HIGHS)
				break;
			p += 8;
		}
		/* the usual Chinese characters, U+4000 to U+CFFF */
		while (end - p >= 3 && p[0] >= 0xe4 && p[0] <= 0xec &&
		    (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80)
			p += 3;
		if (p == end)
			break;
		len = one(p, (size_t)(end - p));
		if (len <= 0) {
			*bad = len == 0;
			break;
		}
		p += len;
	}
	return (size_t)(p - (const unsigned char *)s);
}

bool
xml_char_ok(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' ||
	    (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) ||
	    (c >= 0x10000 && c <= 0x10ffff);
}

size_t
utf8_put(char *s, uint32_t c)
{
	if (c < 0x80) {
		s[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		s[0] = (char)(0xc0 | c >> 6);
		s[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		s[0] = (char)(0xe0 | c >> 12);
		s[1] = (char)(0x80 | (c >> 6 & 0x3f));
		s[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	s[0] = (char)(0xf0 | c >> 18);
	s[1] = (char)(0x80 | (c >> 12 & 0x3f));
	s[2] = (char)(0x80 | (c >> 6 & 0x3f));
	s[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

size_t
utf8_units(const char *s, size_t n)
{
	size_t i, units;
	unsigned char c;

	units = 0;
	for (i = 0; i < n; i++) {
		c = (unsigned char)s[i];
		units += (size_t)((c & 0xc0) != 0x80) + (size_t)(c >= 0xf0);
	}
	return units;
}
