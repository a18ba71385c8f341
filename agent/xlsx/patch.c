/*
 * Changes a workbook that belongs to staff (xlsx.md 4): the sheet parts
 * named, what must follow from them, and not one byte besides.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ledger_write.h"
#include "patch.h"
#include "xml.h"
#include "zipw.h"

#define PART_MOST ((size_t)256 << 20)
#define NEW_MOST 8

/* A part that is written anew; entry NULL: one that was not there. */
struct part {
	const struct zip_entry *entry;
	const char *name;
	struct buf data;
};

struct patch {
	struct arena arena;
	struct zip zip;
	struct book book;
	struct why *why;
	struct part *part;
	size_t nparts, most;
	struct book_change change;
	struct sheet_change *sheet; /* one for each of the book's */
	struct new_sheet added[NEW_MOST];
	const struct zip_entry *dropped;
};

static enum refusal open_package(struct patch *, int fd);
static enum refusal patch_sheets(struct patch *, const struct sheet_patch *,
    size_t n);
static enum refusal patch_sheet(struct patch *, size_t index,
    const struct sheet_patch *);
static enum refusal add_sheet(struct patch *, const struct sheet_patch *);
static bool id_taken(const struct patch *, const char *id);
static enum refusal patch_names(struct patch *);
static enum refusal patch_part(struct patch *, const struct zip_entry *,
    const char *what);
static bool well_formed(struct patch *, const struct zip_entry *);
static bool on_start(void *, enum xml_ns, const char *, size_t,
    const struct xml_attr *, size_t);
static bool on_end(void *, enum xml_ns, const char *, size_t);
static bool on_text(void *, const char *, size_t);
static bool has_formulas(struct patch *);
static void new_part(struct patch *, const struct zip_entry *,
    const char *name, struct buf);
static enum refusal write_package(struct patch *, int out_fd);

enum refusal
workbook_patch(int fd, int out_fd, const struct sheet_patch *patches,
    size_t npatches, const char **zh, const char **en)
{
	static _Thread_local struct why why;
	struct patch p = { .why = &why };

	memset(&why, 0, sizeof(why));
	arena_init(&p.arena, 0);
	if (open_package(&p, fd) == READ_OK) {
		p.most = npatches + 3; /* workbook, relationships, types */
		p.part = arena_array(&p.arena, p.most, sizeof(*p.part));
		if (patch_sheets(&p, patches, npatches) == READ_OK &&
		    patch_names(&p) == READ_OK)
			write_package(&p, out_fd);
	}
	for (size_t i = 0; i < p.nparts; i++)
		buf_free(&p.part[i].data);
	zip_close(&p.zip);
	arena_free(&p.arena);
	*zh = why.zh;
	*en = why.en;
	return why.code;
}

enum refusal
unpatchable(struct why *why, const char *zh, const char *en)
{
	return refuse(why, REFUSED_UNPATCHABLE, zh, en);
}

static enum refusal
open_package(struct patch *p, int fd)
{
	static const char strict[] = "purl.oclc.org/ooxml/spreadsheetml/main";
	size_t len;
	char *xml;

	if (zip_open(&p->zip, fd, &budget_default, p->why) != READ_OK ||
	    book_open(&p->book, &p->arena, &p->zip) != READ_OK)
		return p->why->code;
	if (p->book.signed_package)
		return unpatchable(p->why, "工作簿带有数字签名",
		    "the workbook is signed");
	if (p->book.shared_workbook)
		return unpatchable(p->why, "工作簿设为“共享工作簿”",
		    "the workbook is shared (revisions)");
	p->sheet = arena_array(&p->arena, p->book.nsheets + 1,
	    sizeof(*p->sheet));
	p->change.book = &p->book;
	p->change.change = p->sheet;
	p->change.new_sheet = p->added;
	p->change.meta = SHEET_META;
	xml = zip_read_all(&p->zip, p->book.entry, PART_MOST, &len);
	if (xml == NULL)
		return p->why->code;
	p->change.strict = memmem(xml, len, strict, strlen(strict)) != NULL;
	free(xml);
	return READ_OK;
}

static enum refusal
patch_sheets(struct patch *p, const struct sheet_patch *patches, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		enum refusal code;

		while (k < p->book.nsheets &&
		    strcmp(p->book.sheet[k].name, patches[i].name) != 0)
			k++;
		if (k < p->book.nsheets)
			code = patch_sheet(p, k, &patches[i]);
		else if (patches[i].replace)
			code = add_sheet(p, &patches[i]);
		else
			code = unpatchable(p->why, arena_printf(&p->arena,
			    "没有名为“%s”的工作表", patches[i].name),
			    "a sheet is missing");
		if (code != READ_OK)
			return code;
	}
	return READ_OK;
}

static enum refusal
patch_sheet(struct patch *p, size_t index, const struct sheet_patch *patch)
{
	const struct book_sheet *s = &p->book.sheet[index];
	struct cut cut;
	size_t len;
	char *xml;

	if (strcmp(s->type, "worksheet") != 0)
		return unpatchable(p->why, "不是普通工作表",
		    "not a worksheet");
	for (size_t i = 0; i < p->nparts; i++)
		REQUIRE(p->part[i].entry != s->entry);
	if (!well_formed(p, s->entry))
		return p->why->code;
	xml = zip_read_all(&p->zip, s->entry, PART_MOST, &len);
	if (xml == NULL)
		return p->why->code;
	sheet_patch_part(&p->arena, xml, len, patch, &cut, &p->sheet[index],
	    p->why);
	new_part(p, s->entry, s->entry->name, cut.out);
	if (p->sheet[index].formulas)
		p->change.recalculate = true;
	free(xml);
	return p->why->code;
}

static enum refusal
add_sheet(struct patch *p, const struct sheet_patch *patch)
{
	struct new_sheet *s = &p->added[p->change.nnew];
	const char *slash = strrchr(p->book.entry->name, '/');
	int folder = slash == NULL ? 0 :
	    (int)(slash + 1 - p->book.entry->name);
	unsigned n = 1;
	struct buf b;

	REQUIRE(p->change.nnew < NEW_MOST);
	s->name = patch->name;
	s->visibility = strcmp(patch->name, SHEET_META) == 0 ?
	    SHEET_VERY_HIDDEN : SHEET_VISIBLE;
	for (size_t i = 0; i < p->book.nsheets; i++)
		if (p->book.sheet[i].sheet_id > s->sheet_id)
			s->sheet_id = p->book.sheet[i].sheet_id;
	s->sheet_id += 1 + (unsigned)p->change.nnew;
	p->change.nnew++;
	do {
		s->target = arena_printf(&p->arena, "worksheets/taizhang%u.xml",
		    n);
		s->part = arena_printf(&p->arena, "%.*s%s", folder,
		    p->book.entry->name, s->target);
		snprintf(s->id, sizeof(s->id), "rIdTaizhang%u", n++);
	} while (zip_find(&p->zip, s->part) != NULL || id_taken(p, s->id));
	buf_init(&b, PART_MOST);
	sheet_new_part(&p->arena, patch, p->change.strict, &b, p->why);
	new_part(p, NULL, s->part, b);
	return p->why->code;
}

static bool
id_taken(const struct patch *p, const char *id)
{
	for (size_t i = 0; i < p->book.relations.n; i++)
		if (strcmp(p->book.relations.relation[i].id, id) == 0)
			return true;
	for (size_t i = 0; i + 1 < p->change.nnew; i++)
		if (strcmp(p->added[i].id, id) == 0)
			return true;
	return false;
}

/* The parts that must follow. */
static enum refusal
patch_names(struct patch *p)
{
	const struct relation *calc = relation_find(&p->book.relations,
	    "calcChain");
	const char *name = p->book.entry->name, *slash = strrchr(name, '/');
	int folder = slash == NULL ? 0 : (int)(slash + 1 - name);
	const struct zip_entry *rels = zip_find(&p->zip, arena_printf(
	    &p->arena, "%.*s_rels/%s.rels", folder, name, name + folder));

	/* A chain that names cells without formulas damages the file. */
	for (size_t i = 0; i < p->book.nsheets; i++)
		if (p->sheet[i].formulas_lost && calc != NULL)
			p->dropped = calc->entry;
	if (p->dropped != NULL)
		p->change.dropped = p->dropped->name;
	if (!p->change.recalculate)
		p->change.recalculate = calc != NULL || has_formulas(p);
	if (p->why->code == READ_OK && book_needs_change(&p->change))
		patch_part(p, p->book.entry, "workbook");
	if (p->why->code == READ_OK &&
	    (p->change.nnew > 0 || p->dropped != NULL) &&
	    patch_part(p, rels, "relations") == READ_OK)
		patch_part(p, p->book.content_types, "types");
	return p->why->code;
}

static enum refusal
patch_part(struct patch *p, const struct zip_entry *e, const char *what)
{
	struct cut cut = { 0 };
	size_t len;
	char *xml;
	bool ok;

	if (e == NULL)
		return unpatchable(p->why, "", "a part is missing");
	if (!well_formed(p, e))
		return p->why->code;
	xml = zip_read_all(&p->zip, e, PART_MOST, &len);
	if (xml == NULL)
		return p->why->code;
	if (*what == 'w')
		ok = book_patch_part(&p->arena, xml, len, &p->change, &cut);
	else if (*what == 'r')
		ok = rels_patch_part(xml, len, &p->change, &cut);
	else
		ok = types_patch_part(xml, len, &p->change, &cut);
	new_part(p, e, e->name, cut.out);
	free(xml);
	return ok ? READ_OK : unpatchable(p->why, "工作簿的结构特殊", what);
}

/* What the strict reader takes can be cut safely. */
static bool
well_formed(struct patch *p, const struct zip_entry *e)
{
	const struct xml_handler nothing = { .start = on_start,
		.end = on_end, .text = on_text };

	return xml_read(&p->zip, e, &nothing) == READ_OK;
}

static bool
on_start(void *arg, enum xml_ns ns, const char *name, size_t len,
    const struct xml_attr *attr, size_t nattrs)
{
	(void)arg, (void)ns, (void)name, (void)len, (void)attr, (void)nattrs;
	return true;
}

static bool
on_end(void *arg, enum xml_ns ns, const char *name, size_t len)
{
	(void)arg, (void)ns, (void)name, (void)len;
	return true;
}

static bool
on_text(void *arg, const char *s, size_t len)
{
	(void)arg, (void)s, (void)len;
	return true;
}

static bool
has_formulas(struct patch *p)
{
	for (size_t i = 0; i < p->book.nsheets; i++) {
		const char *at;
		bool found = false;
		struct tag t;
		size_t len;
		char *xml = zip_read_all(&p->zip, p->book.sheet[i].entry,
		    PART_MOST, &len);

		if (xml == NULL)
			return false; /* refused, why says it */
		for (at = xml; !found && tag_next(&at, xml + len, &t);)
			found = tag_is(&t, NULL, "f");
		free(xml);
		if (found)
			return true;
	}
	return false;
}

/* Takes the bytes over. */
static void
new_part(struct patch *p, const struct zip_entry *e, const char *name,
    struct buf data)
{
	REQUIRE(p->nparts < p->most);
	p->part[p->nparts++] = (struct part){ .entry = e, .name = name,
		.data = data };
}

/* In the order of the file, new parts behind. */
static enum refusal
write_package(struct patch *p, int out_fd)
{
	struct zipw out;

	zipw_open(&out, out_fd);
	for (size_t i = 0; i < p->zip.nentries; i++) {
		const struct zip_entry *e = &p->zip.entry[i];
		size_t k = 0;

		if (e == p->dropped)
			continue;
		while (k < p->nparts && p->part[k].entry != e)
			k++;
		if (k == p->nparts)
			zipw_copy(&out, e);
		else
			zipw_put(&out, e->name, e, p->part[k].data.data,
			    p->part[k].data.len);
	}
	for (size_t k = 0; k < p->nparts; k++)
		if (p->part[k].entry == NULL)
			zipw_put(&out, p->part[k].name, NULL,
			    p->part[k].data.data, p->part[k].data.len);
	if (!zipw_close(&out, p->zip.comment, p->zip.comment_len))
		return refuse(p->why, REFUSED_IO, "", "");
	return READ_OK;
}
