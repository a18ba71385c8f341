/* The query of a request target, decoded strictly: bad input is refused. */
#include "query_string.h"

#include <string.h>

#include "base/text.h"

static int hex(char);
static const char *add(struct arena *, const char *, size_t, struct param ***,
    struct param *, const char **);

const char *
query_parse(struct arena *a, const char *raw, struct param **out,
    const char **where)
{
	struct param **end = out;
	unsigned n = 0;

	*out = NULL;
	*where = "";
	if (*raw == '\0')
		return NULL;
	for (const char *p = raw;; p++) {
		size_t len = strcspn(p, "&");
		const char *wrong;

		if (++n > QUERY_PARAMS_MAX)
			return "too_many_parameters";
		wrong = add(a, p, len, &end, *out, where);
		if (wrong != NULL)
			return wrong;
		p += len;
		if (*p == '\0')
			return NULL;
	}
}

char *
percent_decode(struct arena *a, const char *s, size_t n, bool plus)
{
	char *out = arena_alloc(a, n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '+' && plus) {
			c = ' ';
		} else if (c == '%') {
			if (i + 2 >= n || hex(s[i + 1]) < 0 ||
			    hex(s[i + 2]) < 0)
				return NULL;
			c = (unsigned char)(hex(s[i + 1]) << 4 |
			    hex(s[i + 2]));
			i += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return NULL;
		out[len++] = (char)c;
	}
	return utf8_ok(out, len) ? out : NULL;
}

char *
path_decode(struct arena *a, const char *raw)
{
	size_t n = strlen(raw), len = 0;
	char *out = arena_alloc(a, n + 2);
	const char *p = raw;

	if (*p != '/')
		return NULL;
	if (p[1] == '\0')
		return arena_strdup(a, raw);
	while (*p == '/') {
		size_t seg = strcspn(++p, "/");
		char *one = percent_decode(a, p, seg, false);

		if (one == NULL || *one == '\0' || strchr(one, '/') != NULL ||
		    strcmp(one, ".") == 0 || strcmp(one, "..") == 0)
			return NULL;
		out[len++] = '/';
		memcpy(out + len, one, strlen(one));
		len += strlen(one);
		p += seg;
	}
	return out;
}

static const char *
add(struct arena *a, const char *s, size_t n, struct param ***end,
    struct param *first, const char **where)
{
	const char *eq = memchr(s, '=', n);
	size_t nlen = eq == NULL ? n : (size_t)(eq - s);
	struct param *p = arena_alloc(a, sizeof(*p));

	p->name = percent_decode(a, s, nlen, true);
	if (p->name == NULL || *p->name == '\0')
		return "malformed";
	*where = p->name;
	p->value = eq == NULL ? "" :
	    percent_decode(a, eq + 1, n - nlen - 1, true);
	if (p->value == NULL)
		return "malformed";
	for (; first != NULL; first = first->next)
		if (strcmp(first->name, p->name) == 0)
			return "repeated";
	**end = p;
	*end = &p->next;
	return NULL;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
