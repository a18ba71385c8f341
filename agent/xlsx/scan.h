/* The inside of the strict XML scanner: its state and its two halves. */
#ifndef XLSX_SCAN_H
#define XLSX_SCAN_H

#include "xml.h"

#define BINDINGS 64
#define NAMES_MAX 8192

enum { C_NAME = 1, C_START = 2, C_SPACE = 4, C_STOP = 8 };

/* C_STOP ends a quick walk through an attribute value. */
extern const unsigned char scan_class[256];

struct qname {
	char *s;	/* NUL-ended when the tag is complete */
	size_t len, local;
};

struct binding {
	char *prefix;
	size_t len;
	unsigned depth;
	enum xml_ns ns;
};

struct scan {
	struct zip *zip;
	const struct zip_entry *entry;
	struct zip_stream *stream;
	struct xml_filter filter;
	char *buf;	/* buf[len] is NUL, which no document contains */
	size_t cap, pos, len;
	char tail[4];	/* half a character at the end of a block */
	size_t ntail;
	bool eof, stopped, begun, root_seen;
	unsigned depth;
	char names[NAMES_MAX];	/* of the open elements, one after another */
	size_t name_at[XML_DEPTH + 1];
	enum xml_ns ns_at[XML_DEPTH];
	size_t local_at[XML_DEPTH];
	enum xml_ns default_ns;
	size_t nbindings;
	struct binding binding[BINDINGS];
	size_t nattrs;
	struct qname attr_name[XML_ATTRS];
	bool attr_raw[XML_ATTRS];	/* value needs decoding */
	struct xml_attr attr[XML_ATTRS];
};

/* What became of the markup at pos. */
enum step { STEP_DONE, STEP_MORE, STEP_STOP };

/* scan_tag.c: the tag at pos, which is '<' and a name or "</". */
enum step scan_start_tag(struct scan *);
enum step scan_end_tag(struct scan *);
/* scan.c */
enum step scan_bad(struct scan *, const char *en);
enum step scan_too_much(struct scan *);

#endif
