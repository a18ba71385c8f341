/* References, ends of line and the forbidden ]]> in XML text. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "scan_text.h"
#include "utf8.h"

#define REFERENCE_MAX 16

/* Bytes that need a look, by where the text stands. */
static const unsigned char special[256] = {
	['&'] = 1 << TEXT_CONTENT | 1 << TEXT_ATTRIBUTE,
	['\r'] = 1 << TEXT_CONTENT | 1 << TEXT_ATTRIBUTE | 1 << TEXT_CDATA,
	['\n'] = 1 << TEXT_ATTRIBUTE, ['\t'] = 1 << TEXT_ATTRIBUTE,
	['>'] = 1 << TEXT_CONTENT,
};

/* The character behind '&', its length in *used; 0 = none. */
static uint32_t
reference(const char *p, size_t n, size_t *used)
{
	static const struct { const char *name; uint32_t c; } named[] = {
		{ "lt;", '<' }, { "gt;", '>' }, { "amp;", '&' },
		{ "quot;", '"' }, { "apos;", '\'' },
	};
	uint32_t c, digit, base;
	size_t i;

	if (n > 0 && p[0] != '#') {
		for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
			*used = strlen(named[i].name);
			if (*used <= n &&
			    memcmp(p, named[i].name, *used) == 0)
				return named[i].c;
		}
		return 0;
	}
	base = n > 1 && p[1] == 'x' ? 16 : 10;
	i = base == 16 ? 2 : 1;
	for (c = 0; i < n && p[i] != ';'; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			digit = (uint32_t)(p[i] - '0');
		else if (base == 16 && (p[i] | 0x20) >= 'a' &&
		    (p[i] | 0x20) <= 'f')
			digit = (uint32_t)((p[i] | 0x20) - 'a') + 10;
		else
			return 0;
		c = c * base + digit;
		if (c > 0x10ffff)
			return 0;
	}
	*used = i + 1;
	return i < n && xml_char_ok(c) ? c : 0;
}

long
text_decode(char *s, size_t n, enum text_where where)
{
	size_t in, out, used, brackets;
	unsigned char bit;
	uint32_t c;

	bit = (unsigned char)(1u << where);
	for (in = 0; in < n && !(special[(unsigned char)s[in]] & bit); in++)
		continue;
	if (in == n)
		return (long)n;
	for (brackets = 0; brackets < in && s[in - brackets - 1] == ']';)
		brackets++;
	for (out = in; in < n; in++) {
		if (!(special[(unsigned char)s[in]] & bit)) {
			brackets = s[in] == ']' ? brackets + 1 : 0;
			s[out++] = s[in];
			continue;
		}
		if (s[in] == '>') {
			if (brackets >= 2)
				return -1;
			s[out++] = '>';
		} else if (s[in] == '&') {
			c = reference(s + in + 1, n - in - 1, &used);
			if (c == 0)
				return -1;
			in += used;
			out += utf8_put(s + out, c);
		} else {
			if (s[in] == '\r' && in + 1 < n && s[in + 1] == '\n')
				in++;
			s[out++] = where == TEXT_ATTRIBUTE ? ' ' : '\n';
		}
		brackets = 0;
	}
	return (long)out;
}

size_t
text_safe_cut(const char *s, size_t n)
{
	size_t i;

	for (i = n; i > 0 && n - i < REFERENCE_MAX; i--) {
		if (s[i - 1] == ';')
			break;
		if (s[i - 1] == '&')
			return i - 1;
	}
	while (n > 0 && (s[n - 1] == '\r' || s[n - 1] == ']'))
		n--;
	return n;
}
