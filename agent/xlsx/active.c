/* Content that acts: macros, links out of the file, embedded objects. */
#include <string.h>

#include "base/err.h"
#include "reader.h"
#include "xml.h"

/* Relationship types, by last segment, that a ledger has no use for. */
static const struct {
	const char *type, *zh, *en;
} unwanted[] = {
	{ "vbaProject", "发现宏。", "Found macros. " },
	{ "xlMacrosheet", "发现宏表。", "Found a macro sheet. " },
	{ "xlIntlMacrosheet", "发现宏表。", "Found a macro sheet. " },
	{ "dialogsheet", "发现对话框表。", "Found a dialog sheet. " },
	{ "attachedToolbars", "发现自定义工具栏。",
	    "Found attached toolbars. " },
	{ "externalLink", "发现外部工作簿链接。",
	    "Found links to other workbooks. " },
	{ "connections", "发现数据连接。", "Found data connections. " },
	{ "oleObject", "发现嵌入对象。", "Found embedded objects. " },
	{ "package", "发现嵌入文件。", "Found embedded files. " },
	{ "control", "发现 ActiveX 控件。", "Found ActiveX controls. " },
	{ "activeXControlBinary", "发现 ActiveX 控件。",
	    "Found ActiveX controls. " },
};

/* Functions that reach out; HYPERLINK only when its target is spelt out. */
static const char *const reaching[] = { "WEBSERVICE", "IMAGE", "RTD", "DDE",
	"CALL", "REGISTER", "REGISTER.ID", "EXEC" };
static const char *const remote[] = { "http:", "https:", "ftp:", "file:",
	"\\\\" };

static const char *called(const char *, const char *, size_t *);
static bool dde(const char *, size_t);

/* Links for people to click on are harmless; pictures fetched are not. */
static enum refusal
check_relations(const struct relations *relations, struct why *why)
{
	const struct relation *r;
	const char *type;
	size_t i, k;

	for (i = 0; i < relations->n; i++) {
		r = &relations->relation[i];
		type = r->type;
		if (r->external && strcmp(type, "hyperlink") != 0 &&
		    strcmp(type, "externalLinkPath") != 0)
			return refuse(why, REFUSED_MACROS,
			    "发现链接到文件之外的内容。",
			    "Found content linked from outside. ");
		for (k = 0; k < COUNT(unwanted); k++)
			if (strcmp(type, unwanted[k].type) == 0)
				return refuse(why, REFUSED_MACROS,
				    unwanted[k].zh, unwanted[k].en);
	}
	return READ_OK;
}

enum refusal
active_check(struct reader *r)
{
	struct relations relations;
	const struct zip_entry *e;
	struct arena arena;
	enum refusal code;
	size_t i, n;

	/* a part that nobody refers to is still there for Excel to find */
	for (i = 0; i < r->zip.nentries; i++) {
		e = &r->zip.entry[i];
		n = strlen(e->name);
		if (n >= 14 &&
		    strcasecmp(e->name + n - 14, "vbaProject.bin") == 0)
			return refuse(r->why, REFUSED_MACROS, "发现宏。",
			    "Found macros. ");
	}
	code = READ_OK;
	for (i = 0; code == READ_OK && i < r->zip.nentries; i++) {
		e = &r->zip.entry[i];
		n = strlen(e->name);
		if (n < 5 || strcasecmp(e->name + n - 5, ".rels") != 0)
			continue;
		arena_init(&arena, 0);
		code = relations_read_entry(&relations, &arena, &r->zip, e,
		    "");
		if (code == READ_OK)
			code = check_relations(&relations, r->why);
		arena_free(&arena);
	}
	return code;
}

/*
 * Text in quotes counts too: a formula that only names WEBSERVICE( in a text
 * is quarantined as well, which is rare and does no harm.
 */
bool
formula_active(const char *f, size_t len)
{
	const char *p, *name;
	size_t i, n;

	for (p = f; (p = memchr(p, '(', len - (size_t)(p - f))) != NULL; p++) {
		name = called(f, p, &n);
		for (i = 0; i < COUNT(reaching); i++)
			if (n == strlen(reaching[i]) &&
			    strncasecmp(name, reaching[i], n) == 0)
				return true;
		if (n != 9 || strncasecmp(name, "HYPERLINK", n) != 0)
			continue;
		for (i = 0; i < COUNT(remote); i++)
			if (strcasestr(p, remote[i]) != NULL)
				return true;
	}
	return memchr(f, '|', len) != NULL && dde(f, len);
}

/* The name before a bracket, without the prefixes of newer functions. */
static const char *
called(const char *f, const char *p, size_t *n)
{
	const char *end;

	while (p > f && p[-1] == ' ')
		p--;
	end = p;
	while (p > f && end - p < 32 && (p[-1] == '_' || p[-1] == '.' ||
	    (p[-1] >= '0' && p[-1] <= '9') ||
	    ((p[-1] | 0x20) >= 'a' && (p[-1] | 0x20) <= 'z')))
		p--;
	while (end - p > 6 && (strncasecmp(p, "_xlfn.", 6) == 0 ||
	    strncasecmp(p, "_xlws.", 6) == 0))
		p += 6;
	*n = (size_t)(end - p);
	return p;
}

/* program|'topic'!item: a bar outside of quotes and brackets. */
static bool
dde(const char *f, size_t len)
{
	char quote;
	size_t i;
	unsigned bracket;

	quote = '\0';
	bracket = 0;
	for (i = 0; i < len; i++) {
		if (quote != '\0')
			quote = f[i] == quote ? '\0' : quote;
		else if (f[i] == '"' || (f[i] == '\'' && bracket == 0))
			quote = f[i];
		else if (f[i] == '[')
			bracket++;
		else if (f[i] == ']' && bracket > 0)
			bracket--;
		else if (f[i] == '|' && bracket == 0)
			return true;
	}
	return false;
}
