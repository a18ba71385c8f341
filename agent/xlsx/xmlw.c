/* See xmlw.h. */
#include "xmlw.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define CELL_MOST 32767 /* UTF-16 units */
#define ESCAPED 7	/* bytes of _x005F_ */

static unsigned escape_code(const char *);
static size_t utf16_len(const char *);

const char *
cell_escape(struct arena *a, const char *s)
{
	size_t n = strlen(s), w = 0, i;
	char *out;

	if (!utf8_ok(s, n) || utf16_len(s) > CELL_MOST)
		return NULL;
	for (i = 0; i < n && escape_code(s + i) == 0;)
		i++;
	if (i == n)
		return s;
	out = arena_alloc(a, n * ESCAPED + 1);
	for (; *s != '\0'; s++) {
		unsigned code = escape_code(s);

		if (code == 0) {
			out[w++] = *s;
			continue;
		}
		w += (size_t)snprintf(out + w, ESCAPED + 1, "_x%04X_", code);
		if (code > 0xff)
			s += 2;
	}
	out[w] = '\0';
	return out;
}

void
xml_escape(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		size_t n = strcspn(s, "&<>\"\t\n\r");

		buf_add(b, s, n);
		s += n;
		if (*s == '\0')
			return;
		if (*s == '&')
			buf_str(b, "&amp;");
		else if (*s == '<')
			buf_str(b, "&lt;");
		else if (*s == '>')
			buf_str(b, "&gt;");
		else if (*s == '"')
			buf_str(b, "&quot;");
		else
			buf_printf(b, "&#%d;", *s);
	}
}

/* The character at s if it must not stand as it is, else 0. */
static unsigned
escape_code(const char *s)
{
	unsigned char c = (unsigned char)*s;

	if (c == '_') /* _xHHHH_ */
		return s[1] == 'x' &&
		    strspn(s + 2, "0123456789abcdefABCDEF") == 4 &&
		    s[6] == '_' ? '_' : 0;
	if (c < 0x20)
		return c == '\t' || c == '\n' ? 0 : c;
	if (c != 0xef || (unsigned char)s[1] != 0xbf)
		return 0;
	c = (unsigned char)s[2];
	return c == 0xbe ? 0xfffe : c == 0xbf ? 0xffff : 0;
}

static size_t
utf16_len(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c & 0xc0) != 0x80)
			n += c >= 0xf0 ? 2 : 1;
	}
	return n;
}
