/* What a workbook holds beside the rows that are read. It is told, so that
 * nothing anybody typed is passed over in silence (I1). */
#include "ledger.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "xlsx/value.h"

#define MANY_RULE "其余"
#define TYPED_CELLS 3 /* fewer are a signature or a total, not a row */

/* A page that only the system fills. */
struct report_page {
	const char *name;
	unsigned columns;
	unsigned own;		/* filled in every line of ours */
	unsigned first, last;	/* where staff answer, read by decide.c */
};
static const struct report_page pages[] = {
	{ "校验结果", 7, 4, 0, 0 },
	{ "冲突", 13, 12, 9, 10 },
};
/* Said there by us in a line of its own, or asked for. */
static const char *const page_words[] = { "没有需要改正的内容。",
	"没有冲突。", "确认删除", "取消删除" };

static void other_sheets(struct arena *, const struct template *,
    const struct workbook *, struct ledger *);
static void rows_below(struct arena *, const struct template *,
    struct ledger *);
static bool row_typed(struct arena *, const struct ledger *,
    const struct row *);
static void columns_unnamed(struct arena *, struct ledger *);
static bool column_known(const struct ledger *, unsigned col);
static void labels_gone(struct arena *, const struct template *,
    struct ledger *);
static void columns_gone(struct arena *, const struct template *,
    struct ledger *);
static void reports_typed(struct arena *, const struct sheet *,
    struct ledger *);
static bool report_own(struct arena *, const struct sheet *,
    const struct report_page *, const struct row *, const struct cell *);

void
ledger_unread(struct arena *a, const struct template *t,
    const struct workbook *wb, struct ledger *l)
{
	other_sheets(a, t, wb, l);
	rows_below(a, t, l);
	columns_unnamed(a, l);
	columns_gone(a, t, l);
	if (!l->token_col)
		return;
	labels_gone(a, t, l);
	for (size_t s = 0; s < wb->nsheets; s++)
		reports_typed(a, &wb->sheet[s], l);
}

void
ledger_note(struct arena *a, struct ledger *l, unsigned sheet_row,
    const char *label, const char *value, const char *rule, const char *zh,
    const char *en, const char *fix)
{
	for (size_t i = 0; i < l->nnotes; i++) { /* a plan made anew */
		const struct cell_note *n = &l->note[i];
		if (n->sheet_row == sheet_row && strcmp(n->rule, rule) == 0 &&
		    strcmp(n->label, label) == 0)
			return;
	}
	if (l->nnotes == LEDGER_NOTES_MAX)
		return;
	struct cell_note *note = &l->note[l->nnotes++];
	*note = (struct cell_note){ sheet_row, label, value, rule, zh, en,
		fix };
	if (l->nnotes == LEDGER_NOTES_MAX)
		*note = (struct cell_note){ 0, "", "", MANY_RULE,
			arena_printf(a, "以上只列出了 %d 处，其余还有，没有"
			"列出", LEDGER_NOTES_MAX - 1),
			"there are more, not listed",
			"请先改正已列出的各处，保存后系统会再列出其余的。" };
}

/* Told at every reading until it is put right. */
bool
ledger_note_lasts(const char *rule)
{
	static const char *const rules[] = { "公式", "数字位数", "合并单元格",
		"表头", "表尾", "多页", "删除标记", MANY_RULE };
	for (size_t i = 0; i < COUNT(rules); i++)
		if (strcmp(rule, rules[i]) == 0)
			return true;
	return false;
}

/* The ledger copied within its workbook, or one sheet for each village. */
static void
other_sheets(struct arena *a, const struct template *t,
    const struct workbook *wb, struct ledger *l)
{
	for (size_t s = 0; s < wb->nsheets; s++) {
		const struct sheet *sheet = &wb->sheet[s];
		unsigned heading = s == l->sheet_index ? 0
		    : ledger_heading(a, t, sheet);
		size_t n = 0;
		for (size_t i = 0; heading && i < sheet->nrows; i++) {
			size_t said = 0;
			for (size_t c = 0; c < sheet->row[i].ncells; c++)
				said += *sheet->row[i].cell[c].text != '\0';
			n += sheet->row[i].row > heading && said >
			    TYPED_CELLS;
		}
		if (n > 0)
			ledger_note(a, l, l->header_row, arena_printf(a,
			    "工作表“%s”", sheet->name), "", "多页",
			    arena_printf(a, "表头与台账相同，但一个文件只读取"
			    "“%s”一页，这一页的 %zu 行没有读取",
			    l->sheet->name, n), "another sheet of the same"
			    " headings, not read", arena_printf(a, "请把要填"
			    "报的内容移到“%s”页；如只是备份，请删去这一页。",
			    l->sheet->name));
	}
}

/* Under 备注, or after a gap so long that the table seems to be over. */
static void
rows_below(struct arena *a, const struct template *t, struct ledger *l)
{
	const struct sheet *s = l->sheet;
	unsigned first = 0;
	size_t n = 0;
	for (size_t i = 0; l->end_row && i < s->nrows; i++) {
		const struct row *row = &s->row[i];
		if (row->row < l->end_row || ledger_ends(a, t, l, row) ||
		    !row_typed(a, l, row))
			continue;
		first = first ? first : row->row;
		n++;
	}
	if (n > 0)
		ledger_note(a, l, first, "", "", "表尾", arena_printf(a,
		    "从第%u行起有 %zu 行填在“备注”一行的下面，或与上面隔了"
		    "太多空行，没有读取", first, n), "rows below the end of"
		    " the table, not read",
		    "请把这些行移到“备注”一行的上方，紧接在已填的行下面。");
}

static bool
row_typed(struct arena *a, const struct ledger *l, const struct row *row)
{
	size_t n = 0;
	for (size_t c = 0; c < row->ncells; c++)
		for (size_t k = 0; k < l->ncols; k++)
			n += l->col[k].col == row->cell[c].col &&
			    *text_canon(a, row->cell[c].text);
	return n >= TYPED_CELLS;
}

static void
columns_unnamed(struct arena *a, struct ledger *l)
{
	bool done[LEDGER_COLUMNS_MAX + 1];
	for (unsigned col = 1; col <= LEDGER_COLUMNS_MAX; col++)
		done[col] = column_known(l, col);
	for (size_t i = 0; i < l->sheet->nrows; i++) {
		const struct row *row = &l->sheet->row[i];
		if (ledger_row_at(l, row->row) == l->nrows)
			continue;
		for (size_t c = 0; c < row->ncells; c++) {
			unsigned col = row->cell[c].col;
			const char *text = row->cell[c].text;
			char name[8];
			if (col > LEDGER_COLUMNS_MAX || done[col] ||
			    !*text_canon(a, text))
				continue;
			done[col] = true;
			column_name(col, name);
			ledger_note(a, l, row->row, arena_printf(a, "%s列",
			    name), text_canon(a, text), "表头", "这一列没有栏"
			    "目名称，从本行起的内容没有读取",
			    "a column without heading, not read",
			    "请在表头给这一列写上栏目名称，或删去这些内容。");
		}
	}
}

static bool
column_known(const struct ledger *l, unsigned col)
{
	bool known = col == l->token_col || col == l->seq_col ||
	    *ledger_heading_text(l, col);
	for (size_t k = 0; k < l->ncols && !known; k++)
		known = l->col[k].col == col;
	return known;
}

/* In the block above the headings a label was typed over: what stands in its
 * place is then nobody's. */
static void
labels_gone(struct arena *a, const struct template *t, struct ledger *l)
{
	const json_t *block = json_object_get(t->json, "header_block");
	for (size_t i = 0; i < l->nheader; i++) {
		const char *place = json_string_value(json_object_get(
		    json_array_get(block, i), "range"));
		const char *label = l->header[i].label, *text;
		struct range r;
		unsigned row;
		if (l->header[i].found || !place || !range_parse(place, &r) ||
		    r.row1 + l->header_row <= t->header_last)
			continue;
		row = r.row1 + l->header_row - t->header_last;
		text = text_canon(a, grid_text(l->sheet, row, r.col1));
		if (*text && row < l->header_row)
			ledger_note(a, l, row, label, text, "表头",
			    arena_printf(a, "没有找到“%s”，这一格没有读取",
			    label), "a label above the headings is missing",
			    arena_printf(a, "请写成“%s%s”。", label, text));
	}
}

/* Taken out, or its heading typed over: then its cells are an extra column. */
static void
columns_gone(struct arena *a, const struct template *t, struct ledger *l)
{
	for (size_t k = 0; k < t->ncolumns; k++) {
		const struct template_column *tc = &t->column[k];
		bool found = tc->hidden || !tc->name;
		for (size_t c = 0; c < l->ncols && !found; c++)
			found = strcmp(l->col[c].name, tc->name) == 0;
		if (!found)
			ledger_note(a, l, l->header_row, tc->group_label
			    ? arena_printf(a, "%s·%s", tc->group_label,
			    tc->label) : tc->label, "", "表头",
			    "表中没有这一栏，系统中这一栏的内容没有改动，也没有"
			    "写入本表", "a column of the ledger is missing",
			    "请按表样恢复这一栏的名称，再保存一次。");
	}
}

/* Remarks on the pages that every export replaces: given back in 校验结果. */
static void
reports_typed(struct arena *a, const struct sheet *s, struct ledger *l)
{
	const struct report_page *page = pages;
	while (page < pages + COUNT(pages) && strcmp(page->name, s->name) != 0)
		page++;
	if (page == pages + COUNT(pages))
		return;
	for (size_t i = 0; i < s->nrows; i++)
		for (size_t c = 0; c < s->row[i].ncells; c++) {
			const struct cell *cell = &s->row[i].cell[c];
			char name[8];
			if (report_own(a, s, page, &s->row[i], cell))
				continue;
			column_name(cell->col, name);
			ledger_note(a, l, 0, arena_printf(a, "%s!%s%u",
			    s->name, name, s->row[i].row), text_canon(a,
			    cell->text), "另写", arena_printf(a, "写在“%s”页"
			    "上的话没有读取，系统更新这一页时已移到这里",
			    s->name), "typed on a page that the system fills",
			    "请把要填报的内容填到台账页；要转告上级的，另行联系。");
		}
}

static bool
report_own(struct arena *a, const struct sheet *s,
    const struct report_page *page, const struct row *row,
    const struct cell *cell)
{
	const char *text;
	if ((cell->col >= page->first && cell->col <= page->last) ||
	    (cell->col <= page->columns && (row->row == 1 ||
	    *grid_text(s, row->row, page->own))))
		return true;
	text = text_canon(a, cell->text);
	if (!*text)
		return true;
	for (size_t i = 0; i < COUNT(page_words); i++)
		if (strcmp(text_key(a, text), text_key(a, page_words[i])) == 0)
			return true;
	return false;
}
