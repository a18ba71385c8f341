/*
 * The parts of a package that know its sheets: workbook.xml, its
 * relationships, the content types. Changed only where they must be.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "patch.h"
#include "xmlw.h"

#define REL_TYPE "http://schemas.openxmlformats.org/officeDocument/2006/" \
	"relationships"
#define REL_STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships"
#define SHEET_TYPE "application/vnd.openxmlformats-officedocument." \
	"spreadsheetml.worksheet+xml"

static const char *calc_place(const char *p, const char *end,
    const struct tag *root);
static void cut_sheet(struct cut *, const struct tag *,
    const struct book_change *);
static void add_sheets(struct cut *, const struct tag *sheets_end,
    const struct book_change *);
static void cut_name(struct arena *, struct cut *, const struct tag *,
    const struct book_change *);
static bool names_part(const struct tag *, const char *attr,
    const char *part);
static bool root_of(const char *xml, const char *end, const char *name,
    const char **p, struct tag *root);

bool
book_needs_change(const struct book_change *c)
{
	if (c->nnew > 0 || c->recalculate)
		return true;
	for (size_t i = 0; i < c->book->nsheets; i++)
		if (c->change[i].grow_to > 0 ||
		    (strcmp(c->book->sheet[i].name, c->meta) == 0 &&
		    c->book->sheet[i].visibility != SHEET_VERY_HIDDEN))
			return true;
	return false;
}

bool
book_patch_part(struct arena *a, const char *xml, size_t len,
    const struct book_change *c, struct cut *cut)
{
	const char *p, *end = xml + len, *place = NULL;
	struct tag root, t;

	cut_begin(cut, xml, len);
	if (!root_of(xml, end, "workbook", &p, &root))
		return false;
	if (c->recalculate)
		place = calc_place(p, end, &root);
	while (tag_next(&p, end, &t)) {
		if (tag_is(&t, &root, "sheet") && !t.close)
			cut_sheet(cut, &t, c);
		else if (tag_is(&t, &root, "sheets") && t.close)
			add_sheets(cut, &t, c);
		else if (tag_is(&t, &root, "definedName") && !t.close)
			cut_name(a, cut, &t, c);
		else if (tag_is(&t, &root, "calcPr") && !t.close &&
		    c->recalculate)
			cut_attr(cut, &t, "fullCalcOnLoad", "1");
		if (t.end == place) {
			cut_copy(cut, place);
			element_open(&cut->out, &root.prefix, "calcPr");
			buf_str(&cut->out, " fullCalcOnLoad=\"1\"/>");
		}
	}
	return p != NULL && cut_end(cut);
}

/* The relationships of the workbook part. */
bool
rels_patch_part(const char *xml, size_t len, const struct book_change *c,
    struct cut *cut)
{
	const char *p, *end = xml + len;
	struct tag root, t;

	cut_begin(cut, xml, len);
	if (!root_of(xml, end, "Relationships", &p, &root))
		return false;
	while (tag_next(&p, end, &t)) {
		if (c->dropped != NULL && names_part(&t, "Target",
			c->dropped)) {
			cut_copy(cut, t.begin);
			p = tag_skip(&t, end);
			cut_drop(cut, p != NULL ? p : end);
		} else if (tag_is(&t, &root, "Relationships") && t.close) {
			cut_copy(cut, t.begin);
			for (size_t i = 0; i < c->nnew; i++) {
				element_open(&cut->out, &root.prefix,
				    "Relationship");
				buf_printf(&cut->out, " Id=\"%s\" Type=\"%s/"
				    "worksheet\" Target=\"%s\"/>",
				    c->new_sheet[i].id,
				    c->strict ? REL_STRICT : REL_TYPE,
				    c->new_sheet[i].target);
			}
		}
		if (p == NULL)
			return false;
	}
	return p != NULL && cut_end(cut);
}

/* [Content_Types].xml */
bool
types_patch_part(const char *xml, size_t len, const struct book_change *c,
    struct cut *cut)
{
	const char *p, *end = xml + len;
	struct tag root, t;

	cut_begin(cut, xml, len);
	if (!root_of(xml, end, "Types", &p, &root))
		return false;
	while (tag_next(&p, end, &t)) {
		if (c->dropped != NULL && names_part(&t, "PartName",
			c->dropped)) {
			cut_copy(cut, t.begin);
			p = tag_skip(&t, end);
			cut_drop(cut, p != NULL ? p : end);
		} else if (tag_is(&t, &root, "Types") && t.close) {
			cut_copy(cut, t.begin);
			for (size_t i = 0; i < c->nnew; i++) {
				element_open(&cut->out, &root.prefix,
				    "Override");
				buf_printf(&cut->out, " PartName=\"/%s\" "
				    "ContentType=\"" SHEET_TYPE "\"/>",
				    c->new_sheet[i].part);
			}
		}
		if (p == NULL)
			return false;
	}
	return p != NULL && cut_end(cut);
}

/* Where calcPr may be put; NULL: there is one. */
static const char *
calc_place(const char *p, const char *end, const struct tag *root)
{
	static const char *const before[] = { "sheets", "functionGroups",
		"externalReferences", "definedNames" };
	const char *place = NULL;
	struct tag t;

	while (tag_next(&p, end, &t)) {
		if (tag_is(&t, root, "calcPr"))
			return NULL;
		for (size_t i = 0; i < COUNT(before); i++)
			if ((t.close || t.empty) &&
			    tag_is(&t, root, before[i]))
				place = t.end;
	}
	return place;
}

/* _meta is very hidden, also after a program that does not know that. */
static void
cut_sheet(struct cut *cut, const struct tag *t, const struct book_change *c)
{
	struct span id;

	if (!tag_attr(t, "sheetId", &id))
		return;
	for (size_t i = 0; i < c->book->nsheets; i++) {
		const struct book_sheet *s = &c->book->sheet[i];

		if (s->sheet_id == strtoul(id.s, NULL, 10) &&
		    strcmp(s->name, c->meta) == 0 &&
		    s->visibility != SHEET_VERY_HIDDEN)
			cut_attr(cut, t, "state", "veryHidden");
	}
}

static void
add_sheets(struct cut *cut, const struct tag *sheets_end,
    const struct book_change *c)
{
	cut_copy(cut, sheets_end->begin);
	for (size_t i = 0; i < c->nnew; i++) {
		const struct new_sheet *s = &c->new_sheet[i];

		element_open(&cut->out, &sheets_end->prefix, "sheet");
		buf_str(&cut->out, " name=\"");
		xml_escape(&cut->out, s->name);
		buf_printf(&cut->out, "\" sheetId=\"%u\"%s xmlns:tzr=\"%s\" "
		    "tzr:id=\"%s\"/>", s->sheet_id,
		    s->visibility == SHEET_VERY_HIDDEN ?
		    " state=\"veryHidden\"" : "",
		    c->strict ? REL_STRICT : REL_TYPE, s->id);
	}
}

/* The filter's and the print area's ranges go along with the sheet's. */
static void
cut_name(struct arena *a, struct cut *cut, const struct tag *t,
    const struct book_change *c)
{
	static const char *const growing[] = { "_xlnm._FilterDatabase",
		"_xlnm.Print_Area" };
	struct span name, sheet, text = { t->end, 0 };
	unsigned long i;
	char *grown;

	if (t->empty || !tag_attr(t, "name", &name) ||
	    !tag_attr(t, "localSheetId", &sheet) ||
	    (i = strtoul(sheet.s, NULL, 10)) >= c->book->nsheets ||
	    c->change[i].grow_to == 0)
		return;
	for (size_t k = 0; k < COUNT(growing); k++) {
		if (name.len != strlen(growing[k]) ||
		    memcmp(name.s, growing[k], name.len) != 0)
			continue;
		text.len = strcspn(text.s, "<");
		grown = ranges_grow(a, &text, c->change[i].style_row,
		    c->change[i].grow_to);
		if (grown == NULL)
			return;
		cut_copy(cut, t->end);
		buf_str(&cut->out, grown);
		cut_drop(cut, text.s + text.len);
	}
}

/* Is this attribute the part, in whatever way its path is written? */
static bool
names_part(const struct tag *t, const char *attr, const char *part)
{
	const char *base = strrchr(part, '/');
	struct span v;
	size_t n;

	base = base != NULL ? base + 1 : part;
	n = strlen(base);
	return !t->close && tag_attr(t, attr, &v) && v.len >= n &&
	    memcmp(v.s + v.len - n, base, n) == 0 &&
	    (v.len == n || v.s[v.len - n - 1] == '/');
}

static bool
root_of(const char *xml, const char *end, const char *name, const char **p,
    struct tag *root)
{
	*p = xml;
	return cut_possible(xml, (size_t)(end - xml)) &&
	    tag_next(p, end, root) && !root->empty && !root->close &&
	    tag_is(root, NULL, name);
}
