/* Names of files: from whoever sent them, and back in a header. */
#include "file_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/text.h"

#define ENDING_MAX 16

static char *scrub(struct arena *, const char *);
static char *cut(struct arena *, char *);
static bool invisible(uint32_t);
static bool device(const char *);
static uint32_t decode(const unsigned char *, size_t *len);

char *
file_name_clean(struct arena *a, const char *name)
{
	char *out;

	if (!utf8_ok(name, strlen(name)))
		return NULL;
	for (const char *s = name; *s != '\0'; s++)
		if (*s == '/' || *s == '\\')
			name = s + 1;
	/* What is taken away may bare something that must go too. */
	for (;; name = out) {
		out = cut(a, scrub(a, name));
		if (*out == '\0')
			return arena_strdup(a, "附件");
		if (device(out))
			out = arena_printf(a, "_%s", out);
		if (strcmp(out, name) == 0)
			return out;
	}
}

char *
file_name_disposition(struct arena *a, const char *name)
{
	char *ascii = arena_alloc(a, strlen(name) + 1), *to = ascii;
	char *coded = arena_alloc(a, 3 * strlen(name) + 1), *at = coded;
	static const char hex[] = "0123456789ABCDEF";
	const unsigned char *p;

	for (p = (const unsigned char *)name; *p != '\0'; p++) {
		/* One _ for each character, not for each of its bytes. */
		if ((*p & 0xc0) != 0x80)
			*to++ = *p < ' ' || *p > '~' || *p == '"' ||
			    *p == '\\' || *p == '%' ? '_' : (char)*p;
		if (isalnum(*p) || strchr("!#$&+-.^_`|~", *p) != NULL) {
			*at++ = (char)*p;
		} else {
			*at++ = '%';
			*at++ = hex[*p >> 4];
			*at++ = hex[*p & 0xf];
		}
	}
	return arena_printf(a, "attachment; filename=\"%s\"; "
	    "filename*=UTF-8''%s", ascii, coded);
}

static char *
scrub(struct arena *a, const char *sent)
{
	const char *name = text_canon(a, sent);
	char *out = arena_alloc(a, strlen(name) + 1), *to = out;
	size_t len;

	for (const char *p = name; *p != '\0'; p += len) {
		uint32_t c = decode((const unsigned char *)p, &len);

		if (c < ' ' || c == 0x7f || invisible(c))
			continue;
		if (c < 0x80 && strchr("<>:\"|?*", (int)c) != NULL) {
			*to++ = '_';
			continue;
		}
		memcpy(to, p, len);
		to += len;
	}
	/* Windows drops these at the end, others hide what begins so. */
	while (to > out && (to[-1] == '.' || to[-1] == ' '))
		to--;
	*to = '\0';
	return out + strspn(out, ". ");
}

/* To 200 characters, at the cost of the stem. */
static char *
cut(struct arena *a, char *name)
{
	const char *dot = strrchr(name, '.');
	size_t n = utf8_len(name), tail;

	if (n <= FILE_NAME_CHARS)
		return name;
	if (dot == NULL || dot == name || strlen(dot) > ENDING_MAX)
		return utf8_head(a, name, FILE_NAME_CHARS);
	tail = utf8_len(dot);
	return arena_printf(a, "%s%s", utf8_head(a, name,
	    FILE_NAME_CHARS - tail), dot);
}

/* Bidi controls, zero width, tags, byte order marks, private use. */
static bool
invisible(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = { { 0x80, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff0, 0xffff },
		{ 0xe0000, 0xe0fff } };

	for (size_t i = 0; i < COUNT(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Names that Windows takes for devices, whatever their ending. */
static bool
device(const char *name)
{
	static const char *const names[] = { "CON", "PRN", "AUX", "NUL" };
	size_t n = strcspn(name, ".");

	for (size_t i = 0; i < COUNT(names); i++)
		if (n == 3 && strncasecmp(name, names[i], 3) == 0)
			return true;
	return n == 4 && isdigit((unsigned char)name[3]) &&
	    (strncasecmp(name, "COM", 3) == 0 ||
	    strncasecmp(name, "LPT", 3) == 0);
}

/* Of valid UTF-8. */
static uint32_t
decode(const unsigned char *p, size_t *len)
{
	*len = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	if (*len == 1)
		return *p;
	uint32_t c = *p & (0xffu >> (*len + 1));

	for (size_t i = 1; i < *len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}
