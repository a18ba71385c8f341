/* See text.h: normalisation is utf8proc's, the checks are ours. */
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "err.h"

static size_t sequence(const unsigned char *, size_t);
static bool blank(utf8proc_int32_t);
static char *normal(struct arena *, const char *, utf8proc_option_t);

bool
utf8_ok(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;
	size_t step;

	while (p < end) {
		if (*p >= 1 && *p < 0x80) {
			p++;
			continue;
		}
		if ((step = sequence(p, (size_t)(end - p))) == 0)
			return false;
		p += step;
	}
	return true;
}

const char *
u64_text(char out[U64_TEXT], uint64_t v)
{
	char *p = out + U64_TEXT - 1;

	*p = '\0';
	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	return p;
}

size_t
utf8_len(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

char *
utf8_head(struct arena *a, const char *s, size_t n)
{
	const char *p = s;

	while (*p != '\0' && (n > 0 || ((unsigned char)*p & 0xc0) == 0x80)) {
		if (((unsigned char)*p & 0xc0) != 0x80)
			n--;
		p++;
	}
	return arena_strndup(a, s, (size_t)(p - s));
}

char *
text_canon(struct arena *a, const char *s)
{
	char *t = normal(a, s, UTF8PROC_COMPOSE), *out = t, *begin = t;
	const char *p, *end = t + strlen(t);
	char *keep = t; /* end of the last character that is not blank */
	bool started = false;
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	for (p = t; p < end; p += n) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)p, end - p, &c);
		REQUIRE(n > 0);
		if (c == '\r') {
			if (p[1] == '\n')
				continue;
			c = '\n';
		}
		if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
			continue;
		if (!started && blank(c))
			continue;
		started = true;
		if (c == '\n')
			*out++ = '\n';
		else {
			memmove(out, p, (size_t)n);
			out += n;
		}
		if (!blank(c))
			keep = out;
	}
	*keep = '\0';
	return begin;
}

char *
text_key(struct arena *a, const char *s)
{
	char *t = normal(a, s,
	    UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
	char *out = t;
	const char *p, *end = t + strlen(t);
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	for (p = t; p < end; p += n) {
		utf8proc_category_t cat;

		n = utf8proc_iterate((const utf8proc_uint8_t *)p, end - p, &c);
		REQUIRE(n > 0);
		cat = utf8proc_category(c);
		if (blank(c) || cat == UTF8PROC_CATEGORY_CC ||
		    cat == UTF8PROC_CATEGORY_CF ||
		    (cat >= UTF8PROC_CATEGORY_PC &&
			cat <= UTF8PROC_CATEGORY_PO))
			continue;
		memmove(out, p, (size_t)n);
		out += n;
	}
	*out = '\0';
	return t;
}

bool
text_printable(const char *s)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s;
	utf8proc_ssize_t n, left = (utf8proc_ssize_t)strlen(s);
	utf8proc_int32_t c;

	for (; left > 0; p += n, left -= n) {
		n = utf8proc_iterate(p, left, &c);
		if (n <= 0)
			return false;
		if ((c < 0x20 && c != '\t' && c != '\n') ||
		    (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
		    (c >= 0x2066 && c <= 0x2069) ||
		    c == 0xfffe || c == 0xffff) /* no workbook holds them */
			return false;
	}
	return true;
}

/* Bytes of the well-formed multi-byte sequence at p, 0 if there is none. */
static size_t
sequence(const unsigned char *p, size_t left)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n, i;

	if (*p >= 0xc2 && *p <= 0xdf)
		n = 2;
	else if (*p >= 0xe0 && *p <= 0xef)
		n = 3;
	else if (*p >= 0xf0 && *p <= 0xf4)
		n = 4;
	else
		return 0;
	if (*p == 0xe0)
		lo = 0xa0;
	else if (*p == 0xed)
		hi = 0x9f;
	else if (*p == 0xf0)
		lo = 0x90;
	else if (*p == 0xf4)
		hi = 0x8f;
	if (left < n || p[1] < lo || p[1] > hi)
		return 0;
	for (i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* White space of every script, and what is invisible at an edge. */
static bool
blank(utf8proc_int32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 ||
	    c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200d) ||
	    c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
	    c == 0x2060 || c == 0x3000 || c == 0xfeff;
}

/* Plain ASCII is already normal; everything else goes through utf8proc. */
static char *
normal(struct arena *a, const char *s, utf8proc_option_t how)
{
	utf8proc_uint8_t *mapped = NULL;
	const char *p = s;
	char *copy;

	if ((how & UTF8PROC_CASEFOLD) == 0) {
		while (*p != '\0' && (unsigned char)*p < 0x80)
			p++;
		if (*p == '\0')
			return arena_strdup(a, s);
	}
	if (utf8proc_map((const utf8proc_uint8_t *)s, 0, &mapped,
		how | UTF8PROC_STABLE | UTF8PROC_NULLTERM) < 0)
		REQUIRE(!"valid UTF-8");
	copy = arena_strdup(a, (char *)mapped);
	free(mapped);
	return copy;
}
