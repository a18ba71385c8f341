/* Header values with parameters: Content-Type, Content-Disposition. */
#include "header_value.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *param_read(const char *p, const char **name,
    size_t *name_len, char *out, size_t size);
static const char *quoted(const char *p, char *out, size_t size);
static bool extended(const char *in, char *out, size_t size);
static bool put(char *out, size_t size, size_t *n, char c);

bool
header_is(const char *value, const char *word)
{
	size_t n = strlen(word);

	return strncasecmp(value, word, n) == 0 &&
	    value[n + strspn(value + n, " \t")] ==
	    (strchr(value, ';') != NULL ? ';' : '\0');
}

bool
header_param(const char *value, const char *name, char *out, size_t size)
{
	const char *p = value + strcspn(value, ";");
	bool found = false;

	*out = '\0';
	while (*p == ';') {
		char scratch[1100];
		const char *key;
		size_t len, want = strlen(name);

		p++;
		p += strspn(p, " \t");
		if (*p == '\0')
			break; /* a semicolon at the end */
		p = param_read(p, &key, &len, scratch, sizeof(scratch));
		if (p == NULL)
			return false;
		if (len != want || strncasecmp(key, name, len) != 0)
			continue;
		if (found || strlen(scratch) >= size)
			return false;
		found = true;
		memcpy(out, scratch, strlen(scratch) + 1);
	}
	return *p == '\0';
}

bool
header_filename(const char *value, char *out, size_t size)
{
	char coded[1100];

	if (!header_param(value, "filename*", coded, sizeof(coded)))
		return false;
	if (*coded != '\0')
		return extended(coded, out, size);
	return header_param(value, "filename", out, size);
}

/* name=value at p: behind it, or NULL. */
static const char *
param_read(const char *p, const char **name, size_t *name_len, char *out,
    size_t size)
{
	size_t n = 0;

	*name = p;
	*name_len = strcspn(p, "=; \t\"");
	p += *name_len;
	if (*name_len == 0 || *p != '=')
		return NULL;
	p++;
	if (*p == '"') {
		p = quoted(p + 1, out, size);
		if (p == NULL)
			return NULL;
	} else {
		while (*p != '\0' && strchr("; \t\"", *p) == NULL)
			if (!put(out, size, &n, *p++))
				return NULL;
		out[n] = '\0';
	}
	p += strspn(p, " \t");
	return *p == ';' || *p == '\0' ? p : NULL;
}

/* A backslash before a quote or a backslash is an escape; before anything
 * else browsers mean it (C:\photo.jpg). */
static const char *
quoted(const char *p, char *out, size_t size)
{
	size_t n = 0;

	for (; *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		if (*p == '\0' || !put(out, size, &n, *p))
			return NULL;
	}
	out[n] = '\0';
	return p + 1;
}

/* UTF-8'lang'percent-coded (RFC 8187). */
static bool
extended(const char *in, char *out, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const char *p = strchr(in, '\'');
	size_t n = 0;

	if (strncasecmp(in, "UTF-8'", 6) != 0 ||
	    (p = strchr(p + 1, '\'')) == NULL)
		return false;
	for (p++; *p != '\0'; p++) {
		char c = *p;

		if (c == '%') {
			const char *hi, *lo;

			if (!isxdigit((unsigned char)p[1]) ||
			    !isxdigit((unsigned char)p[2]))
				return false;
			hi = strchr(hex, tolower((unsigned char)p[1]));
			lo = strchr(hex, tolower((unsigned char)p[2]));
			c = (char)(((hi - hex) << 4) | (lo - hex));
			p += 2;
			if (c == '\0')
				return false;
		}
		if (!put(out, size, &n, c))
			return false;
	}
	out[n] = '\0';
	return true;
}

static bool
put(char *out, size_t size, size_t *n, char c)
{
	if (*n + 1 >= size)
		return false;
	out[(*n)++] = c;
	return true;
}
