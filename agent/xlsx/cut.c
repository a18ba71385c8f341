/* See cut.h. */
#include "cut.h"

#include <string.h>
#include <strings.h>

#include "xmlw.h"

#define OUT_MOST ((size_t)512 << 20)

static const char *find(const char *p, const char *end, const char *what);
static bool attr_span(const struct tag *, const char *name, struct span *all,
    struct span *value);
static bool is_space(char);

bool
tag_next(const char **p, const char *end, struct tag *t)
{
	const char *s = *p, *q;
	char quote = '\0';

	*p = NULL;
	for (;;) {
		s = memchr(s, '<', (size_t)(end - s));
		if (s == NULL) {
			*p = end;
			return false;
		}
		if (end - s >= 4 && memcmp(s, "<!--", 4) == 0)
			s = find(s + 4, end, "-->");
		else if (end - s >= 9 && memcmp(s, "<![CDATA[", 9) == 0)
			s = find(s + 9, end, "]]>");
		else if (end - s >= 2 && s[1] == '?')
			s = find(s + 2, end, "?>");
		else
			break;
		if (s == NULL)
			return false;
	}
	memset(t, 0, sizeof(*t));
	t->begin = s++;
	t->close = s < end && *s == '/';
	if (t->close)
		s++;
	t->prefix.s = t->name.s = s;
	for (q = s; q < end && *q != '>' && *q != '/' && !is_space(*q); q++)
		if (*q == ':' && t->prefix.len == 0) {
			t->prefix.len = (size_t)(q + 1 - s);
			t->name.s = q + 1;
		}
	t->name.len = (size_t)(q - t->name.s);
	for (; q < end && (quote != '\0' || *q != '>'); q++)
		if (quote != '\0' ? *q == quote : *q == '"' || *q == '\'')
			quote = quote != '\0' ? '\0' : *q;
	if (q >= end || t->name.len == 0)
		return false;
	t->empty = !t->close && q[-1] == '/';
	t->end = q + 1;
	*p = t->end;
	return true;
}

bool
tag_is(const struct tag *t, const struct tag *like, const char *name)
{
	return t->name.len == strlen(name) &&
	    memcmp(t->name.s, name, t->name.len) == 0 &&
	    (like == NULL || (t->prefix.len == like->prefix.len &&
	    memcmp(t->prefix.s, like->prefix.s, t->prefix.len) == 0));
}

bool
tag_attr(const struct tag *t, const char *name, struct span *value)
{
	struct span all;

	return attr_span(t, name, &all, value);
}

const char *
tag_skip(const struct tag *t, const char *end)
{
	const char *p = t->end;
	struct tag inner;
	size_t depth = 1;

	if (t->empty)
		return p;
	while (depth > 0 && tag_next(&p, end, &inner)) {
		if (inner.close)
			depth--;
		else if (!inner.empty)
			depth++;
	}
	return depth == 0 ? p : NULL;
}

bool
cut_possible(const char *xml, size_t len)
{
	static const char bom[] = "\xef\xbb\xbf";
	const char *p = xml, *end = xml + len, *q;

	if (len > 3 && memcmp(p, bom, 3) == 0)
		p += 3;
	while (p < end && is_space(*p))
		p++;
	if (p >= end || *p != '<' || memchr(xml, '\0', len) != NULL)
		return false;
	if (end - p > 5 && memcmp(p, "<?xml", 5) == 0) {
		struct tag t = { .begin = p, .name = { p + 2, 3 } };
		struct span encoding;

		if ((q = find(p, end, "?>")) == NULL)
			return false;
		t.end = q;
		if (tag_attr(&t, "encoding", &encoding) &&
		    !(encoding.len == 5 &&
		    strncasecmp(encoding.s, "utf-8", 5) == 0) &&
		    !(encoding.len == 8 &&
		    strncasecmp(encoding.s, "us-ascii", 8) == 0))
			return false;
	}
	return memmem(xml, len, "<!DOCTYPE", 9) == NULL;
}

void
cut_begin(struct cut *c, const char *xml, size_t len)
{
	c->at = xml;
	c->end = xml + len;
	buf_init(&c->out, OUT_MOST);
}

void
cut_copy(struct cut *c, const char *p)
{
	buf_add(&c->out, c->at, (size_t)(p - c->at));
	c->at = p;
}

void
cut_drop(struct cut *c, const char *p)
{
	c->at = p;
}

void
cut_attr(struct cut *c, const struct tag *t, const char *name,
    const char *value)
{
	struct span all, old;

	if (attr_span(t, name, &all, &old)) {
		cut_copy(c, all.s);
		cut_drop(c, all.s + all.len);
	} else {
		cut_copy(c, t->end - (t->empty ? 2 : 1));
		while (c->out.len > 0 && is_space(c->out.data[c->out.len - 1]))
			c->out.len--;
	}
	if (value != NULL) {
		buf_printf(&c->out, " %s=\"", name);
		xml_escape(&c->out, value);
		buf_char(&c->out, '"');
	}
	cut_copy(c, t->end);
}

bool
cut_end(struct cut *c)
{
	cut_copy(c, c->end);
	return !c->out.over;
}

/* Behind what. */
static const char *
find(const char *p, const char *end, const char *what)
{
	const char *at = memmem(p, (size_t)(end - p), what, strlen(what));

	return at != NULL ? at + strlen(what) : NULL;
}

/* all: from the white space before the name to the closing quote. */
static bool
attr_span(const struct tag *t, const char *name, struct span *all,
    struct span *value)
{
	const char *p = t->name.s + t->name.len, *end = t->end;
	size_t n = strlen(name);

	while (p < end) {
		const char *space = p, *key, *close;

		while (p < end && is_space(*p))
			p++;
		key = p;
		while (p < end && *p != '=' && *p != '>' && *p != '/')
			p++;
		if (p >= end || *p != '=')
			return false;
		while (p < end && *p != '"' && *p != '\'')
			p++;
		if (p >= end || (close = memchr(p + 1, *p,
		    (size_t)(end - p - 1))) == NULL)
			return false;
		if (strncmp(key, name, n) == 0 &&
		    (key[n] == '=' || is_space(key[n]))) {
			all->s = space;
			all->len = (size_t)(close + 1 - space);
			value->s = p + 1;
			value->len = (size_t)(close - p - 1);
			return true;
		}
		p = close + 1;
	}
	return false;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
