/* XML parts through expat, and what both XML engines have in common. */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "xml.h"

#define BLOCK 65536
#define SMALL_MAX ((size_t)32 << 20)

struct expat_run {
	struct zip *zip;
	const struct zip_entry *entry;
	struct xml_filter filter;
	XML_Parser parser;
	unsigned depth;
	bool stopped;
};

static void XMLCALL on_start(void *, const XML_Char *, const XML_Char **);
static void XMLCALL on_end(void *, const XML_Char *);
static void XMLCALL on_text(void *, const XML_Char *, int);
static void XMLCALL on_doctype(void *, const XML_Char *, const XML_Char *,
    const XML_Char *, int);
static bool expat_feed(struct expat_run *, struct zip_stream *);
static bool is_utf8(struct zip *, const struct zip_entry *);

static const struct {
	enum xml_ns ns;
	const char *uri;
} known[] = {
	{ XML_MAIN,
	    "http://schemas.openxmlformats.org/spreadsheetml/2006/main" },
	{ XML_MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main" },
	{ XML_MC,
	    "http://schemas.openxmlformats.org/markup-compatibility/2006" },
	{ XML_REL, "http://schemas.openxmlformats.org/officeDocument/2006/"
	    "relationships" },
	{ XML_REL,
	    "http://purl.oclc.org/ooxml/officeDocument/relationships" },
	{ XML_PACKAGE,
	    "http://schemas.openxmlformats.org/package/2006/relationships" },
	{ XML_PACKAGE,
	    "http://schemas.openxmlformats.org/package/2006/content-types" },
	{ XML_RESERVED, "http://www.w3.org/XML/1998/namespace" },
};

enum xml_ns
xml_namespace(const char *uri, size_t len)
{
	size_t i;

	if (len == 0)
		return XML_NONE;
	for (i = 0; i < COUNT(known); i++)
		if (strlen(known[i].uri) == len &&
		    memcmp(known[i].uri, uri, len) == 0)
			return known[i].ns;
	return XML_OTHER;
}

const char *
xml_attr(const struct xml_attr *attr, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (attr[i].ns == XML_NONE && strcmp(attr[i].name, name) == 0)
			return attr[i].value;
	return NULL;
}

/*
 * We understand no extension, so a Choice is never ours and the Fallback
 * always is; both wrappers disappear.
 */
bool
xml_filter_start(struct xml_filter *f, enum xml_ns ns, const char *name,
    size_t len, const struct xml_attr *attr, size_t nattrs)
{
	if (f->skip > 0) {
		f->skip++;
		return true;
	}
	if (ns == XML_MC) {
		if (strcmp(name, "AlternateContent") != 0 &&
		    strcmp(name, "Fallback") != 0)
			f->skip = 1;
		return true;
	}
	return f->handler->start(f->handler->arg, ns, name, len, attr,
	    nattrs);
}

bool
xml_filter_end(struct xml_filter *f, enum xml_ns ns, const char *name,
    size_t len)
{
	if (f->skip > 0) {
		f->skip--;
		return true;
	}
	if (ns == XML_MC)
		return true;
	return f->handler->end(f->handler->arg, ns, name, len);
}

bool
xml_filter_text(struct xml_filter *f, const char *s, size_t n)
{
	if (f->skip > 0)
		return true;
	return f->handler->text(f->handler->arg, s, n);
}

enum refusal
xml_damaged(struct zip *zip, const struct zip_entry *e, const char *en)
{
	char detail[256];

	snprintf(detail, sizeof(detail), "%.80s: %s. ", e->name, en);
	return refuse(zip->why, REFUSED_DAMAGED, "文件内部数据有错。", detail);
}

enum refusal
xml_read(struct zip *zip, const struct zip_entry *e,
    const struct xml_handler *handler)
{
	return is_utf8(zip, e) ? xml_scan(zip, e, handler) :
	    xml_small(zip, e, handler);
}

/* expat keeps a whole token in memory, however long. */
enum refusal
xml_small(struct zip *zip, const struct zip_entry *e,
    const struct xml_handler *handler)
{
	char detail[128];

	if (e->size <= SMALL_MAX)
		return xml_expat(zip, e, handler);
	snprintf(detail, sizeof(detail), "%.80s is too large. ", e->name);
	return refuse(zip->why, REFUSED_BOMB, "文件内部数据过大。", detail);
}

/* A byte order mark or the declaration says otherwise; expat knows more. */
static bool
is_utf8(struct zip *zip, const struct zip_entry *e)
{
	struct zip_stream *s;
	char head[256], *p;
	long n, used;

	s = zip_stream_open(zip, e);
	for (used = 0; used < (long)sizeof(head) - 1; used += n) {
		n = zip_stream_read(s, head + used,
		    sizeof(head) - 1 - (size_t)used);
		if (n <= 0)
			break;
	}
	zip_stream_close(s);
	head[used] = '\0';
	if (used >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 ||
	    memcmp(head, "\xfe\xff", 2) == 0 || head[0] == '\0' ||
	    head[1] == '\0'))
		return false;
	p = strstr(head, "?>");
	if (p == NULL && strstr(head, "<?xml") != NULL)
		return false;
	if (p != NULL)
		*p = '\0';
	if ((p = strstr(head, "<?xml")) == NULL ||
	    (p = strstr(p, "encoding")) == NULL)
		return true;
	p += strlen("encoding");
	p += strspn(p, " \t\r\n=\"'");
	return strncasecmp(p, "utf-8", 5) == 0 && strchr("\"'", p[5]) != NULL;
}

enum refusal
xml_expat(struct zip *zip, const struct zip_entry *e,
    const struct xml_handler *handler)
{
	struct expat_run run = { .zip = zip, .entry = e,
		.filter = { .handler = handler } };
	struct zip_stream *s;
	bool whole;

	run.parser = XML_ParserCreateNS(NULL, ' ');
	REQUIRE(run.parser != NULL);
	XML_SetUserData(run.parser, &run);
	XML_SetElementHandler(run.parser, on_start, on_end);
	XML_SetCharacterDataHandler(run.parser, on_text);
	XML_SetStartDoctypeDeclHandler(run.parser, on_doctype);
	s = zip_stream_open(zip, e);
	whole = expat_feed(&run, s);
	zip_stream_close(s);
	if (!whole && !run.stopped && zip->why->code == READ_OK)
		xml_damaged(zip, e,
		    XML_ErrorString(XML_GetErrorCode(run.parser)));
	XML_ParserFree(run.parser);
	return zip->why->code;
}

static bool
expat_feed(struct expat_run *run, struct zip_stream *s)
{
	void *block;
	long n;

	do {
		block = XML_GetBuffer(run->parser, BLOCK);
		REQUIRE(block != NULL);
		n = zip_stream_read(s, block, BLOCK);
		if (n < 0)
			return false;
		if (XML_ParseBuffer(run->parser, (int)n, n == 0) !=
		    XML_STATUS_OK)
			return false;
	} while (n > 0);
	return true;
}

static void
stop(struct expat_run *run)
{
	run->stopped = true;
	XML_StopParser(run->parser, XML_FALSE);
}

/* "uri local" or "local" */
static const char *
split(const XML_Char *name, enum xml_ns *ns)
{
	const char *local;

	local = strrchr(name, ' ');
	if (local == NULL) {
		*ns = XML_NONE;
		return name;
	}
	*ns = xml_namespace(name, (size_t)(local - name));
	return local + 1;
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **pairs)
{
	struct expat_run *run = arg;
	struct xml_attr attr[XML_ATTRS];
	const char *local;
	enum xml_ns ns;
	size_t n;

	if (run->stopped)
		return;
	for (n = 0; pairs[2 * n] != NULL && n < XML_ATTRS; n++) {
		attr[n].name = split(pairs[2 * n], &attr[n].ns);
		attr[n].name_len = strlen(attr[n].name);
		attr[n].value = pairs[2 * n + 1];
		attr[n].value_len = strlen(attr[n].value);
	}
	if (pairs[2 * n] != NULL || ++run->depth > XML_DEPTH) {
		refuse(run->zip->why, REFUSED_BOMB, "XML 结构过于复杂。",
		    "XML too deep or with too many attributes. ");
		stop(run);
		return;
	}
	local = split(name, &ns);
	if (!xml_filter_start(&run->filter, ns, local, strlen(local), attr, n))
		stop(run);
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct expat_run *run = arg;
	const char *local;
	enum xml_ns ns;

	if (run->stopped)
		return;
	run->depth--;
	local = split(name, &ns);
	if (!xml_filter_end(&run->filter, ns, local, strlen(local)))
		stop(run);
}

static void XMLCALL
on_text(void *arg, const XML_Char *s, int n)
{
	struct expat_run *run = arg;

	if (!run->stopped && !xml_filter_text(&run->filter, s, (size_t)n))
		stop(run);
}

static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid,
    const XML_Char *pubid, int internal)
{
	struct expat_run *run = arg;

	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	refuse(run->zip->why, REFUSED_DOCTYPE, "", "");
	stop(run);
}
