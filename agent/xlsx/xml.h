/*
 * XML parts as events. Two engines feed the same handler: the strict scanner
 * (scan.c) for what is large, expat (xml.c) for small parts, for encodings
 * other than UTF-8, and as the oracle in tests. Both refuse DOCTYPE, resolve
 * namespaces, and replace mc:AlternateContent by its fallback.
 */
#ifndef XLSX_XML_H
#define XLSX_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "zip.h"

#define XML_DEPTH 64
#define XML_ATTRS 64

enum xml_ns {
	XML_NONE,	/* attributes without prefix */
	XML_MAIN,	/* SpreadsheetML, transitional or strict */
	XML_MC,		/* markup compatibility */
	XML_REL,	/* r:id in workbook.xml and friends */
	XML_PACKAGE,	/* relationships and content types parts */
	XML_RESERVED,	/* xml: and xmlns: */
	XML_OTHER
};

/* Both texts end with NUL and last until the handler returns. */
struct xml_attr {
	enum xml_ns ns;
	const char *name;	/* without prefix */
	size_t name_len;
	const char *value;	/* decoded */
	size_t value_len;
};

/*
 * Handlers return false to stop; the reason must then stand in why, unless
 * the handler just has enough.
 */
struct xml_handler {
	void *arg;
	bool (*start)(void *arg, enum xml_ns, const char *name, size_t len,
	    const struct xml_attr *, size_t nattrs);
	bool (*end)(void *arg, enum xml_ns, const char *name, size_t len);
	/* A run of text may come in pieces; not NUL-ended. */
	bool (*text)(void *arg, const char *, size_t);
};

/* READ_OK also when a handler stopped without a reason. */
enum refusal xml_scan(struct zip *, const struct zip_entry *,
    const struct xml_handler *);
enum refusal xml_expat(struct zip *, const struct zip_entry *,
    const struct xml_handler *);
/* expat, for parts that are never large; larger ones are refused. */
enum refusal xml_small(struct zip *, const struct zip_entry *,
    const struct xml_handler *);
/* The scanner, or expat for parts that are not UTF-8. */
enum refusal xml_read(struct zip *, const struct zip_entry *,
    const struct xml_handler *);

/* NULL if absent. */
const char *xml_attr(const struct xml_attr *, size_t n, const char *name);

/* ---- between an engine and its handler ---- */

/* Which elements of mc:AlternateContent are passed on. */
struct xml_filter {
	const struct xml_handler *handler;
	unsigned skip;	/* depth inside an alternative not taken */
};

enum xml_ns xml_namespace(const char *uri, size_t len);
bool xml_filter_start(struct xml_filter *, enum xml_ns, const char *, size_t,
    const struct xml_attr *, size_t);
bool xml_filter_end(struct xml_filter *, enum xml_ns, const char *, size_t);
bool xml_filter_text(struct xml_filter *, const char *, size_t);
enum refusal xml_damaged(struct zip *, const struct zip_entry *,
    const char *en);

#endif
