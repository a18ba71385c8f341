/* The parts of a workbook, found through relationships and content types. */
#include <string.h>
#include <stdlib.h>

#include "base/err.h"
#include "book.h"
#include "xml.h"

#define RELATIONS_MAX 20000
#define SHEETS_MAX 1024
#define NAME_MAX_BYTES 255	/* Excel: 31 characters */

struct relations_run {
	struct arena *arena;
	struct zip *zip;
	const char *part;
	struct relations *relations;
	size_t cap;
};

struct book_run {
	struct arena *arena;
	struct zip *zip;
	struct book *book;
	size_t cap;
	unsigned depth;
	bool root_wrong;
};

static enum refusal no_workbook(struct zip *);
static enum refusal read_workbook(struct book *, struct arena *,
    struct zip *);
static enum refusal link_sheets(struct book *, struct zip *);
static bool on_relation(void *, enum xml_ns, const char *, size_t,
    const struct xml_attr *, size_t);
static bool on_book(void *, enum xml_ns, const char *, size_t,
    const struct xml_attr *, size_t);
static bool on_book_end(void *, enum xml_ns, const char *, size_t);
static bool on_sheet(struct book_run *, const struct xml_attr *, size_t);

static bool
ignore_end(void *arg, enum xml_ns ns, const char *name, size_t len)
{
	(void)arg;
	(void)ns;
	(void)name;
	(void)len;
	return true;
}

static bool
ignore_text(void *arg, const char *s, size_t n)
{
	(void)arg;
	(void)s;
	(void)n;
	return true;
}

enum refusal
book_open(struct book *book, struct arena *arena, struct zip *zip)
{
	struct relations root;
	const struct relation *main;
	enum refusal code;
	size_t i;

	memset(book, 0, sizeof(*book));
	book->content_types = zip_find(zip, "[Content_Types].xml");
	code = relations_read(&root, arena, zip, "");
	if (code != READ_OK)
		return code;
	main = relation_find(&root, "officeDocument");
	if (main == NULL || main->entry == NULL)
		return no_workbook(zip);
	for (i = 0; i < root.n; i++)
		if (&root.relation[i] != main &&
		    strcmp(root.relation[i].type, "officeDocument") == 0)
			return refuse(zip->why, REFUSED_DAMAGED,
			    "文件里有两个工作簿。",
			    "The package names two workbooks. ");
	i = strlen(main->target);
	if (i > 4 && strcasecmp(main->target + i - 4, ".bin") == 0)
		return refuse(zip->why, REFUSED_XLSB, "", "");
	book->entry = main->entry;
	for (i = 0; i < zip->nentries; i++)
		if (strncasecmp(zip->entry[i].name, "_xmlsignatures/",
		    15) == 0)
			book->signed_package = true;
	code = relations_read(&book->relations, arena, zip, main->target);
	if (code == READ_OK)
		code = read_workbook(book, arena, zip);
	if (code == READ_OK)
		code = link_sheets(book, zip);
	return code;
}

/* A zip, but of what? */
static enum refusal
no_workbook(struct zip *zip)
{
	const struct zip_entry *e;
	char *type;
	size_t len;
	bool ods;

	ods = zip_find(zip, "content.xml") != NULL &&
	    zip_find(zip, "META-INF/manifest.xml") != NULL;
	e = zip_find(zip, "mimetype");
	if (!ods && e != NULL && e->size < 200) {
		type = zip_read_all(zip, e, 200, &len);
		if (type == NULL)
			return zip->why->code;
		ods = strstr(type, "opendocument") != NULL;
		free(type);
	}
	if (ods)
		return refuse(zip->why, REFUSED_ODS, "", "");
	return refuse(zip->why, REFUSED_NOT_ZIP, "压缩包里没有工作簿。",
	    "There is no workbook in the package. ");
}

static enum refusal
read_workbook(struct book *book, struct arena *arena, struct zip *zip)
{
	struct book_run run = { .arena = arena, .zip = zip, .book = book };
	const struct xml_handler handler = { .arg = &run, .start = on_book,
		.end = on_book_end, .text = ignore_text };
	const struct relation *r;
	enum refusal code;

	code = xml_small(zip, book->entry, &handler);
	if (code != READ_OK)
		return code;
	if (run.root_wrong)
		return refuse(zip->why, REFUSED_NOT_ZIP,
		    "主文档不是工作簿，或是测试版软件的格式。",
		    "The main part is not a workbook, or from a beta version. ");
	if ((r = relation_find(&book->relations, "sharedStrings")) != NULL)
		book->sst = r->entry;
	if ((r = relation_find(&book->relations, "styles")) != NULL)
		book->styles = r->entry;
	book->shared_workbook =
	    relation_find(&book->relations, "revisionHeaders") != NULL;
	if (book->nsheets == 0)
		return refuse(zip->why, REFUSED_DAMAGED, "没有工作表。",
		    "The workbook has no sheets. ");
	return READ_OK;
}

/* A sheet of a kind we do not know would be data lost in silence. */
static enum refusal
link_sheets(struct book *book, struct zip *zip)
{
	struct book_sheet *sheet;
	const struct relation *r, *found;
	size_t i, k, matches;

	for (i = 0; i < book->nsheets; i++) {
		sheet = &book->sheet[i];
		found = NULL;
		for (k = matches = 0; k < book->relations.n; k++) {
			r = &book->relations.relation[k];
			if (strcmp(r->id, sheet->id) == 0) {
				found = r;
				matches++;
			}
		}
		if (matches != 1 || found->entry == NULL)
			return refuse_at(zip->why, REFUSED_DAMAGED,
			    "工作表“%.100s”的内容缺失。",
			    "Sheet \"%.100s\" has no part. ", sheet->name);
		sheet->entry = found->entry;
		sheet->type = found->type;
		if (strcmp(found->type, "xlMacrosheet") == 0 ||
		    strcmp(found->type, "xlIntlMacrosheet") == 0 ||
		    strcmp(found->type, "dialogsheet") == 0)
			return refuse(zip->why, REFUSED_MACROS,
			    "发现宏表或对话框表。",
			    "Found a macro or dialog sheet. ");
		if (strcmp(found->type, "worksheet") != 0 &&
		    strcmp(found->type, "chartsheet") != 0)
			return refuse_at(zip->why, REFUSED_DAMAGED,
			    "工作表“%.100s”的类型未知。",
			    "Sheet \"%.100s\" is of no known type. ",
			    sheet->name);
	}
	return READ_OK;
}

static bool
on_book(void *arg, enum xml_ns ns, const char *name, size_t len,
    const struct xml_attr *attr, size_t n)
{
	struct book_run *run = arg;
	const char *v;

	(void)len;
	if (run->depth++ == 0 &&
	    (ns != XML_MAIN || strcmp(name, "workbook") != 0)) {
		run->root_wrong = true;
		return false;
	}
	if (ns != XML_MAIN)
		return true;
	if (run->depth == 2 && strcmp(name, "workbookPr") == 0) {
		v = xml_attr(attr, n, "date1904");
		run->book->date1904 = v != NULL &&
		    (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
	}
	if (run->depth == 3 && strcmp(name, "sheet") == 0)
		return on_sheet(run, attr, n);
	return true;
}

static bool
on_book_end(void *arg, enum xml_ns ns, const char *name, size_t len)
{
	struct book_run *run = arg;

	(void)ns;
	(void)name;
	(void)len;
	run->depth--;
	return true;
}

static bool
on_sheet(struct book_run *run, const struct xml_attr *attr, size_t n)
{
	struct book_sheet *sheet, *grown;
	const char *name, *state, *sheet_id;
	size_t i;

	if (run->book->nsheets == run->cap) {
		if (run->cap == SHEETS_MAX) {
			refuse(run->zip->why, REFUSED_BOMB, "工作表过多。",
			    "Too many sheets. ");
			return false;
		}
		run->cap = run->cap == 0 ? 16 : 2 * run->cap;
		grown = arena_array(run->arena, run->cap, sizeof(*grown));
		if (run->book->nsheets > 0)
			memcpy(grown, run->book->sheet,
			    run->book->nsheets * sizeof(*grown));
		run->book->sheet = grown;
	}
	name = xml_attr(attr, n, "name");
	if (name != NULL && strlen(name) > NAME_MAX_BYTES) {
		refuse(run->zip->why, REFUSED_DAMAGED, "工作表名称过长。",
		    "The name of a sheet is too long. ");
		return false;
	}
	state = xml_attr(attr, n, "state");
	sheet_id = xml_attr(attr, n, "sheetId");
	sheet = &run->book->sheet[run->book->nsheets++];
	sheet->name = arena_strdup(run->arena, name == NULL ? "" : name);
	sheet->id = "";
	for (i = 0; i < n; i++)
		if (attr[i].ns == XML_REL && strcmp(attr[i].name, "id") == 0)
			sheet->id = arena_strdup(run->arena, attr[i].value);
	sheet->sheet_id = sheet_id == NULL ? 0 :
	    (unsigned)strtoul(sheet_id, NULL, 10);
	sheet->visibility = state == NULL ? SHEET_VISIBLE :
	    strcmp(state, "hidden") == 0 ? SHEET_HIDDEN :
	    strcmp(state, "veryHidden") == 0 ? SHEET_VERY_HIDDEN :
	    SHEET_VISIBLE;
	return true;
}

/* dir/name → dir/_rels/name.rels */
enum refusal
relations_read(struct relations *relations, struct arena *arena,
    struct zip *zip, const char *part)
{
	const struct zip_entry *e;
	const char *slash;

	memset(relations, 0, sizeof(*relations));
	slash = strrchr(part, '/');
	slash = slash == NULL ? part : slash + 1;
	e = zip_find(zip, arena_printf(arena, "%.*s_rels/%s.rels",
	    (int)(slash - part), part, slash));
	return e == NULL ? READ_OK :
	    relations_read_entry(relations, arena, zip, e, part);
}

enum refusal
relations_read_entry(struct relations *relations, struct arena *arena,
    struct zip *zip, const struct zip_entry *e, const char *part)
{
	struct relations_run run = { .arena = arena, .zip = zip,
		.part = part, .relations = relations };
	const struct xml_handler handler = { .arg = &run,
		.start = on_relation, .end = ignore_end,
		.text = ignore_text };

	memset(relations, 0, sizeof(*relations));
	return xml_small(zip, e, &handler);
}

/* Removes "." and ".." and doubled slashes; never leaves the package. */
static const char *
resolve(struct arena *arena, const char *part, const char *target)
{
	char *path, *in, *out, *end;
	const char *slash;
	size_t n;

	slash = strrchr(part, '/');
	if (*target == '/' || *target == '\\')
		path = arena_strdup(arena, target + 1);
	else
		path = arena_printf(arena, "%.*s%s",
		    slash == NULL ? 0 : (int)(slash + 1 - part), part,
		    target);
	for (in = path; *in != '\0'; in++)
		if (*in == '\\')
			*in = '/';
	for (in = out = path; *in != '\0'; in = end) {
		end = strchrnul(in, '/');
		n = (size_t)(end - in);
		if (*end == '/')
			end++;
		if (n == 0 || (n == 1 && in[0] == '.'))
			continue;
		if (n == 2 && in[0] == '.' && in[1] == '.') {
			while (out > path && *--out != '/')
				continue;
			continue;
		}
		if (out > path)
			*out++ = '/';
		memmove(out, in, n);
		out += n;
	}
	*out = '\0';
	return path;
}

static bool
on_relation(void *arg, enum xml_ns ns, const char *name, size_t len,
    const struct xml_attr *attr, size_t n)
{
	struct relations_run *run = arg;
	struct relations *all = run->relations;
	struct relation *r, *grown;
	const char *id, *type, *target, *mode;

	(void)len;
	if (ns != XML_PACKAGE || strcmp(name, "Relationship") != 0)
		return true;
	id = xml_attr(attr, n, "Id");
	type = xml_attr(attr, n, "Type");
	target = xml_attr(attr, n, "Target");
	mode = xml_attr(attr, n, "TargetMode");
	if (id == NULL || type == NULL || target == NULL)
		return true;
	if (all->n == run->cap) {
		if (run->cap > RELATIONS_MAX) {
			refuse(run->zip->why, REFUSED_BOMB, "关系过多。",
			    "Too many relationships. ");
			return false;
		}
		run->cap = run->cap == 0 ? 16 : 2 * run->cap;
		grown = arena_array(run->arena, run->cap, sizeof(*grown));
		if (all->n > 0)
			memcpy(grown, all->relation, all->n * sizeof(*grown));
		all->relation = grown;
	}
	r = &all->relation[all->n++];
	r->id = arena_strdup(run->arena, id);
	r->external = mode != NULL && strcmp(mode, "External") == 0;
	r->type = strrchr(type, '/') == NULL ? type : strrchr(type, '/') + 1;
	r->type = arena_strdup(run->arena, r->type);
	r->target = r->external ? arena_strdup(run->arena, target) :
	    resolve(run->arena, run->part, target);
	r->entry = r->external ? NULL : zip_find(run->zip, r->target);
	return true;
}

const struct relation *
relation_find(const struct relations *relations, const char *type)
{
	size_t i;

	for (i = 0; i < relations->n; i++)
		if (strcmp(relations->relation[i].type, type) == 0)
			return &relations->relation[i];
	return NULL;
}
