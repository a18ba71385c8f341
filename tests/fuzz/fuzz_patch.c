/*
 * Parts of a package as staff's programs may have left them: patched without
 * harm or refused, and what was patched can be patched again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "xlsx/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
static enum refusal patch_once(struct arena *, const char *, size_t,
    const struct sheet_patch *, struct cut *);
static void patch_names(struct arena *, const char *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct put puts[] = {
		{ 1, 1, PUT_TEXT, "甲 <&>\n_x0041_", 0 },
		{ 2, 2, PUT_NUMBER, "", 0.5 }, { 2, 3, PUT_BLANK, "", 0 },
		{ 7, 16, PUT_TEXT, "丙", 0 }, { 20, 1, PUT_TEXT, "丁", 0 },
	};
	struct sheet_patch patch = { .style_row = 2, .nputs = COUNT(puts),
		.put = puts };
	char *xml = malloc(size + 1);
	struct arena arena;
	struct cut once, twice;

	memcpy(xml, data, size);
	xml[size] = '\0';
	arena_init(&arena, 0);
	for (int replace = 0; replace < 2; replace++) {
		patch.replace = replace == 1;
		if (patch_once(&arena, xml, size, &patch, &once) == READ_OK) {
			REQUIRE(patch_once(&arena, once.out.data,
			    once.out.len, &patch, &twice) == READ_OK);
			buf_free(&twice.out);
		}
		buf_free(&once.out);
	}
	patch_names(&arena, xml, size);
	arena_free(&arena);
	free(xml);
	return 0;
}

static enum refusal
patch_once(struct arena *a, const char *xml, size_t len,
    const struct sheet_patch *patch, struct cut *cut)
{
	struct sheet_change change;
	struct why why = { 0 };

	return sheet_patch_part(a, xml, len, patch, cut, &change, &why);
}

static void
patch_names(struct arena *a, const char *xml, size_t len)
{
	struct book_sheet sheets[] = {
		{ .name = "_meta", .sheet_id = 1 },
		{ .name = "台账", .sheet_id = 2 },
	};
	struct sheet_change changes[] = { { .formulas = false },
		{ .style_row = 6, .grow_to = 70 } };
	struct book book = { .nsheets = 2, .sheet = sheets };
	struct new_sheet added = { .name = "冲突", .part = "xl/new.xml",
		.target = arena_strdup(a, "new.xml"), .id = "rId9",
		.sheet_id = 3 };
	struct book_change change = { .book = &book, .change = changes,
		.nnew = 1, .new_sheet = &added, .meta = "_meta",
		.recalculate = true, .dropped = "xl/calcChain.xml" };
	struct cut cut = { 0 };

	REQUIRE(book_needs_change(&change));
	book_patch_part(a, xml, len, &change, &cut);
	buf_free(&cut.out);
	rels_patch_part(xml, len, &change, &cut);
	buf_free(&cut.out);
	types_patch_part(xml, len, &change, &cut);
	buf_free(&cut.out);
}
