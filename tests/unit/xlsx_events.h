/* The events of an XML part as text, so that two engines can be compared. */
#ifndef TESTS_XLSX_EVENTS_H
#define TESTS_XLSX_EVENTS_H

#include <string.h>

#include "base/buf.h"
#include "xlsx/xml.h"

static inline bool
event_start(void *arg, enum xml_ns ns, const char *name, size_t len,
    const struct xml_attr *attr, size_t n)
{
	struct buf *out = arg;
	size_t i, k, best;
	bool done[XML_ATTRS] = { false };

	buf_printf(out, "\n(%d %.*s", (int)ns, (int)len, name);
	/* expat gives attributes in their own order: sort by name */
	for (i = 0; i < n; i++) {
		for (k = 0, best = n; k < n; k++)
			if (!done[k] && (best == n || strcmp(attr[k].name,
			    attr[best].name) < 0))
				best = k;
		done[best] = true;
		/* expat keeps declarations of namespaces to itself */
		if (attr[best].ns == XML_RESERVED ||
		    strcmp(attr[best].name, "xmlns") == 0)
			continue;
		buf_printf(out, " %d:%s=", (int)attr[best].ns,
		    attr[best].name);
		buf_add(out, attr[best].value, attr[best].value_len);
	}
	buf_str(out, "\n-");
	return !out->over;
}

static inline bool
event_end(void *arg, enum xml_ns ns, const char *name, size_t len)
{
	struct buf *out = arg;

	buf_printf(out, "\n)%d %.*s\n-", (int)ns, (int)len, name);
	return !out->over;
}

static inline bool
event_text(void *arg, const char *s, size_t n)
{
	struct buf *out = arg;

	buf_add(out, s, n);
	return !out->over;
}

#endif
