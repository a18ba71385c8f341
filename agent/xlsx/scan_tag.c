/* Tags of the XML scanner: names, attributes, namespaces, nesting. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "scan.h"
#include "scan_text.h"

static enum step attribute(struct scan *, char **);
static bool attributes_done(struct scan *);
static bool bind(struct scan *, const struct qname *, const char *, size_t);
static void unbind(struct scan *);
static bool resolve(struct scan *, const struct qname *, enum xml_ns *);
static enum step open_element(struct scan *, struct qname *, bool);

/* A name at *p, moved behind it; false if there is none. */
static inline bool
name_here(char **p, struct qname *name)
{
	char *q;

	q = *p;
	if (!(scan_class[(unsigned char)*q] & C_START))
		return false;
	name->s = q;
	name->local = 0;
	while (scan_class[(unsigned char)*q] & C_NAME)
		q++;
	if (*q == ':') {
		q++;
		if (!(scan_class[(unsigned char)*q] & C_START) && *q != '\0')
			return false;
		name->local = (size_t)(q - name->s);
		while (scan_class[(unsigned char)*q] & C_NAME)
			q++;
	}
	name->len = (size_t)(q - name->s);
	*p = q;
	return true;
}

static inline bool
spaces(char **p)
{
	char *q;

	q = *p;
	while (scan_class[(unsigned char)*q] & C_SPACE)
		q++;
	if (q == *p)
		return false;
	*p = q;
	return true;
}

enum step
scan_start_tag(struct scan *s)
{
	struct qname name;
	enum step step;
	char *p;
	bool space;

	p = s->buf + s->pos + 1;
	if (!name_here(&p, &name))
		return scan_bad(s, "not a tag");
	s->nattrs = 0;
	for (;;) {
		space = spaces(&p);
		if (*p == '>' || (*p == '/' && p[1] == '>'))
			break;
		if (*p == '\0' || (*p == '/' && p[1] == '\0'))
			return STEP_MORE;
		if (!space || *p == '/')
			return scan_bad(s, "not a tag");
		step = attribute(s, &p);
		if (step != STEP_DONE)
			return step;
	}
	space = *p == '/';
	s->pos = (size_t)(p - s->buf) + 1 + (space ? 1 : 0);
	name.s[name.len] = '\0';
	return open_element(s, &name, space);
}

static enum step
attribute(struct scan *s, char **at)
{
	struct qname *name;
	struct xml_attr *a;
	char *p, quote;
	bool raw;

	if (s->nattrs == XML_ATTRS)
		return scan_too_much(s);
	p = *at;
	name = &s->attr_name[s->nattrs];
	a = &s->attr[s->nattrs];
	if (!name_here(&p, name))
		return scan_bad(s, "not an attribute");
	spaces(&p);
	if (*p == '\0')
		return STEP_MORE;
	if (*p++ != '=')
		return scan_bad(s, "an attribute without value");
	spaces(&p);
	quote = *p;
	if (quote == '\0')
		return STEP_MORE;
	if (quote != '"' && quote != '\'')
		return scan_bad(s, "an attribute without quotes");
	a->value = ++p;
	raw = false;
	for (;; p++) {
		while (!(scan_class[(unsigned char)*p] & C_STOP))
			p++;
		if (*p == quote)
			break;
		if (*p == '\0')
			return STEP_MORE;
		if (*p == '<')
			return scan_bad(s, "< in an attribute");
		raw = true;
	}
	a->value_len = (size_t)(p - a->value);
	s->attr_raw[s->nattrs++] = raw;
	*at = p + 1;
	return STEP_DONE;
}

/* The tag is complete: decode values, bind prefixes, refuse duplicates. */
static bool
attributes_done(struct scan *s)
{
	struct xml_attr *a;
	struct qname *q, *other;
	size_t i, k;
	long n;

	for (i = 0; i < s->nattrs; i++) {
		a = &s->attr[i];
		q = &s->attr_name[i];
		for (k = 0; k < i; k++) {
			other = &s->attr_name[k];
			if (other->s[0] == q->s[0] && other->len == q->len &&
			    memcmp(other->s, q->s, q->len) == 0) {
				scan_bad(s, "an attribute twice");
				return false;
			}
		}
		/* both ends are inside the tag, which is behind us */
		q->s[q->len] = '\0';
		n = (long)a->value_len;
		if (s->attr_raw[i])
			n = text_decode(s->buf + (a->value - s->buf),
			    a->value_len, TEXT_ATTRIBUTE);
		if (n < 0) {
			scan_bad(s, "a bad reference in an attribute");
			return false;
		}
		a->value_len = (size_t)n;
		s->buf[(a->value - s->buf) + n] = '\0';
		a->name = q->s + q->local;
		a->name_len = q->len - q->local;
		if (q->s[0] == 'x' && strncmp(q->s, "xmlns", 5) == 0 &&
		    !bind(s, q, a->value, a->value_len))
			return false;
	}
	return true;
}

/* Only xmlns and xmlns:prefix reach further than the first line. */
static bool
bind(struct scan *s, const struct qname *q, const char *uri, size_t len)
{
	struct binding *b;

	if (q->len != 5 && q->s[5] != ':')
		return true;
	if (q->local != 0 && len == 0) {
		scan_bad(s, "a prefix bound to nothing");
		return false;
	}
	if (s->nbindings == BINDINGS) {
		scan_too_much(s);
		return false;
	}
	b = &s->binding[s->nbindings++];
	b->len = q->local == 0 ? 0 : q->len - q->local;
	b->prefix = strndup(q->s + q->local, b->len);
	REQUIRE(b->prefix != NULL);
	b->depth = s->depth;
	b->ns = xml_namespace(uri, len);
	if (b->len == 0)
		s->default_ns = b->ns;
	return true;
}

static void
unbind(struct scan *s)
{
	size_t i;

	while (s->nbindings > 0 &&
	    s->binding[s->nbindings - 1].depth == s->depth)
		free(s->binding[--s->nbindings].prefix);
	s->default_ns = XML_NONE;
	for (i = 0; i < s->nbindings; i++)
		if (s->binding[i].len == 0)
			s->default_ns = s->binding[i].ns;
}

/* The namespace of a name with a prefix. */
static bool
resolve(struct scan *s, const struct qname *q, enum xml_ns *ns)
{
	const struct binding *b;
	size_t i, len;

	len = q->local - 1;
	if ((len == 3 && memcmp(q->s, "xml", 3) == 0) ||
	    (len == 5 && memcmp(q->s, "xmlns", 5) == 0)) {
		*ns = XML_RESERVED;
		return true;
	}
	for (i = s->nbindings; i-- > 0;) {
		b = &s->binding[i];
		if (b->len == len && memcmp(b->prefix, q->s, len) == 0) {
			*ns = b->ns;
			return true;
		}
	}
	scan_bad(s, "a prefix without namespace");
	return false;
}

static enum step
open_element(struct scan *s, struct qname *q, bool empty)
{
	enum xml_ns ns;
	const char *local;
	size_t i, at, len;

	if (s->depth == 0 && s->root_seen)
		return scan_bad(s, "two root elements");
	s->root_seen = true;
	at = s->name_at[s->depth];
	if (s->depth == XML_DEPTH || q->len >= NAMES_MAX - at)
		return scan_too_much(s);
	if (!attributes_done(s))
		return STEP_STOP;
	ns = s->default_ns;
	if (q->local != 0 && !resolve(s, q, &ns))
		return STEP_STOP;
	for (i = 0; i < s->nattrs; i++) {
		s->attr[i].ns = XML_NONE;
		if (s->attr_name[i].local != 0 &&
		    !resolve(s, &s->attr_name[i], &s->attr[i].ns))
			return STEP_STOP;
	}
	memcpy(s->names + at, q->s, q->len);
	s->ns_at[s->depth] = ns;
	s->local_at[s->depth] = q->local;
	s->depth++;
	s->name_at[s->depth] = at + q->len;
	local = q->s + q->local;
	len = q->len - q->local;
	if (!xml_filter_start(&s->filter, ns, local, len, s->attr, s->nattrs))
		return STEP_STOP;
	if (!empty)
		return STEP_DONE;
	s->depth--;
	if (!xml_filter_end(&s->filter, ns, local, len))
		return STEP_STOP;
	if (s->nbindings > 0 &&
	    s->binding[s->nbindings - 1].depth == s->depth)
		unbind(s);
	return STEP_DONE;
}

enum step
scan_end_tag(struct scan *s)
{
	char *p, *name;
	size_t at, len, local;

	p = s->buf + s->pos + 2;
	if (s->depth == 0)
		return scan_bad(s, "an end tag too many");
	at = s->name_at[s->depth - 1];
	len = s->name_at[s->depth] - at;
	if (s->len - s->pos - 2 < len)
		return STEP_MORE;
	if (p[0] != s->names[at] ||
	    (len > 1 && memcmp(p, s->names + at, len) != 0))
		return scan_bad(s, "end tags that do not match");
	name = p;
	p += len;
	spaces(&p);
	if (*p == '\0')
		return STEP_MORE;
	if (*p != '>')
		return scan_bad(s, "end tags that do not match");
	s->pos = (size_t)(p - s->buf) + 1;
	name[len] = '\0';
	s->depth--;
	local = s->local_at[s->depth];
	if (!xml_filter_end(&s->filter, s->ns_at[s->depth], name + local,
	    len - local))
		return STEP_STOP;
	if (s->nbindings > 0 &&
	    s->binding[s->nbindings - 1].depth == s->depth)
		unbind(s);
	return STEP_DONE;
}

