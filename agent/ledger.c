/* Finds a ledger's headings in a workbook, wherever staff have moved them. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

#define HEADING_ROWS 60	     /* looked at from the top */
#define HEADING_COLUMNS LEDGER_COLUMNS_MAX

#define EXTRA_MAX 40
#define EXTRA_HEADING_CHARS 60
#define MERGES_MAX 5000	     /* a sheet beyond is not a ledger */

struct fit {
	const struct sheet *sheet;
	size_t sheet_index;
	unsigned row;
	double coverage;
	unsigned *at;		/* per template column, 0 = not found */
};

static void fit_best(struct arena *, const struct template *,
    const struct workbook *, struct fit *);
static void fit_sheet(struct arena *, const struct template *,
    const struct sheet *, struct fit *);
static void fit_row(struct arena *, const struct template *,
    const struct sheet *, unsigned row, struct fit *);
static void headings(struct arena *, const struct sheet *, unsigned row,
    unsigned last, const char **leaf, const char **above, bool *own);
static bool heading_is(struct arena *, const struct template_column *,
    const char *leaf, const char *above);
static bool has_group_word(const struct template_column *, const char *);
static const char *const *keys_of(struct arena *, const char *label,
    const json_t *aliases);
static bool key_in(const char *const *, const char *key);
static bool columns_take(struct arena *, const struct template *,
    const struct fit *, struct ledger *, unsigned *mark_col, const char **);
static void extra_take(struct arena *, struct ledger *, unsigned col,
    unsigned *mark_col);
static const char *expanded(const struct sheet *, unsigned row,
    unsigned col);
static unsigned row_end(const struct sheet *, unsigned row);
static const char *text_of(const json_t *, const char *key);

bool
template_read(struct arena *a, const json_t *j, struct template *t,
    const char **why)
{
	static const char *const roles[] = { [COLUMN_STATE] = "state",
		[COLUMN_READONLY] = "readonly", [COLUMN_SEQ] = "seq",
		[COLUMN_TOKEN] = "token" };
	const json_t *lists[2] = { json_object_get(j, "columns"),
		json_object_get(j, "hidden") };
	size_t n = json_array_size(lists[0]) + json_array_size(lists[1]);
	*t = (struct template){
		.json = j,
		.code = text_of(j, "code"),
		.sheet = text_of(j, "sheet"),
		.name = text_of(j, "name"),
		.column = arena_array(a, n + 1, sizeof *t->column),
		.first_row = (unsigned)json_integer_value(
		    json_object_get(j, "first_row")),
	};
	*why = "template without columns, sheet or first_row";
	if (n == 0 || !*t->sheet || t->first_row < 2)
		return false;
	t->header_last = t->first_row - 1;
	for (size_t k = 0; k < 2; k++) {
		size_t i;
		const json_t *c;
		json_array_foreach(lists[k], i, c) {
			struct template_column *tc =
			    &t->column[t->ncolumns++];
			const char *role = text_of(c, "role");
			bool known = *text_of(c, "kind") == '\0';
			tc->name = json_string_value(
			    json_object_get(c, "name"));
			tc->label = text_of(c, "label");
			tc->group_label = json_string_value(
			    json_object_get(c, "group_label"));
			tc->keys = keys_of(a, tc->label,
			    json_object_get(c, "aliases"));
			tc->group_keys = keys_of(a, tc->group_label,
			    json_object_get(c, "group_aliases"));
			tc->col = column_number(text_of(c, "col"));
			tc->hidden = k == 1;
			tc->kind = known ? K_TEXT
			    : kind_find(text_of(c, "kind"), &known);
			for (size_t r = 0; r < COUNT(roles); r++)
				if (roles[r] && strcmp(role, roles[r]) == 0)
					tc->role = (enum column_role)r;
			*why = arena_printf(a, "template column %s",
			    text_of(c, "col"));
			if (!known || !tc->col || (*role && !tc->role))
				return false;
			if (!tc->name && tc->role != COLUMN_SEQ &&
			    tc->role != COLUMN_TOKEN)
				return false;
		}
	}
	return true;
}

void
identity_read(struct arena *a, const struct workbook *wb,
    struct identity *id)
{
	*id = (struct identity){ "", "", "", "", "", "", "", 0 };
	const struct { const char *key; const char **into; } keys[] = {
		{ "format", &id->format },
		{ "template", &id->template_code },
		{ "ledger", &id->ledger },
		{ "instance", &id->instance },
		{ "export", &id->export },
		{ "mac", &id->mac },
		{ "division", &id->division },
	};
	for (size_t s = 0; s < wb->nsheets; s++) {
		const struct sheet *sheet = &wb->sheet[s];
		if (strcmp(sheet->name, "_meta") != 0)
			continue;
		for (unsigned r = 1; r <= 40; r++) {
			const char *key = grid_text(sheet, r, 1);
			const char *value = text_canon(a,
			    grid_text(sheet, r, 2));
			for (size_t k = 0; k < COUNT(keys); k++)
				if (strcmp(keys[k].key, key) == 0)
					*keys[k].into = value;
			if (strcmp(key, "seq") == 0)
				id->seq = strtol(value, NULL, 10);
		}
	}
}

double
ledger_fit(struct arena *a, const struct template *t,
    const struct workbook *wb)
{
	struct fit f;
	fit_best(a, t, wb, &f);
	return f.coverage;
}

bool
ledger_of_book(struct arena *a, const struct template *t,
    const struct workbook *wb, int year, struct ledger *l, const char **why)
{
	struct fit f;
	unsigned mark_col = 0;
	*l = (struct ledger){ 0 };
	fit_best(a, t, wb, &f);
	if (f.coverage < LEDGER_COVERAGE_MIN) {
		*why = ledger_lacks(a, t, wb);
		return false;
	}
	l->sheet = f.sheet;
	l->sheet_index = f.sheet_index;
	l->header_row = f.row;
	l->first_row = row_end(f.sheet, f.row) + 1;
	l->coverage = f.coverage;
	l->date1904 = wb->date1904;
	l->note = arena_array(a, LEDGER_NOTES_MAX, sizeof *l->note);
	if (!columns_take(a, t, &f, l, &mark_col, why))
		return false;
	ledger_header(a, t, year, l);
	if (!ledger_rows(a, t, year, mark_col, l, why))
		return false;
	ledger_unread(a, t, wb, l);
	return true;
}

const char *
ledger_lacks(struct arena *a, const struct template *t,
    const struct workbook *wb)
{
	const char *lacks = "";
	struct fit f;
	for (size_t s = 0; s < wb->nsheets; s++) {
		struct sheet sheet = wb->sheet[s];
		if (sheet.visibility == SHEET_VISIBLE)
			continue;
		sheet.visibility = SHEET_VISIBLE;
		if (ledger_heading(a, t, &sheet))
			return arena_printf(a, "台账的“%s”页被隐藏了，请取消"
			    "隐藏", sheet.name);
	}
	fit_best(a, t, wb, &f);
	for (size_t k = 0; k < t->ncolumns; k++)
		if (!t->column[k].hidden && (!f.at || !f.at[k]))
			lacks = arena_printf(a, "%s“%s%s”", lacks,
			    t->column[k].group_label ? t->column[k].group_label
						     : "", t->column[k].label);
	return arena_printf(a, "没有找到与“%s”相符的表头（至少要有八成栏目名称"
	    "相同），缺少%s", t->name, lacks);
}

static void
fit_best(struct arena *a, const struct template *t,
    const struct workbook *wb, struct fit *best)
{
	*best = (struct fit){ .coverage = 0 };
	for (size_t s = 0; s < wb->nsheets; s++) {
		struct fit f;
		/* Of equals the sheet that bears the template's name wins. */
		bool named = strcmp(wb->sheet[s].name, t->sheet) == 0;
		fit_sheet(a, t, &wb->sheet[s], &f);
		f.sheet_index = s;
		if (f.coverage > best->coverage || (named &&
			f.coverage > 0 && f.coverage == best->coverage))
			*best = f;
	}
}

static void
fit_sheet(struct arena *a, const struct template *t,
    const struct sheet *sheet, struct fit *best)
{
	*best = (struct fit){ .coverage = 0 };
	if (sheet->visibility != SHEET_VISIBLE || sheet->nmerges > MERGES_MAX)
		return;
	for (size_t i = 0; i < sheet->nrows; i++) {
		struct fit f = { .sheet = sheet };
		if (sheet->row[i].row > HEADING_ROWS)
			break;
		fit_row(a, t, sheet, sheet->row[i].row, &f);
		/* Of equals the lower row holds the leaves. */
		if (f.coverage > 0 && f.coverage >= best->coverage)
			*best = f;
	}
}

unsigned
ledger_heading(struct arena *a, const struct template *t,
    const struct sheet *sheet)
{
	struct fit f;
	fit_sheet(a, t, sheet, &f);
	return f.coverage < LEDGER_COVERAGE_MIN ? 0 : f.row;
}

static void
fit_row(struct arena *a, const struct template *t, const struct sheet *sheet,
    unsigned row, struct fit *f)
{
	const char *leaf[HEADING_COLUMNS + 1], *above[HEADING_COLUMNS + 1];
	bool own[HEADING_COLUMNS + 1];
	size_t leaves = 0, found = 0, here = 0;
	unsigned last = 0;
	f->row = row;
	f->at = arena_array(a, t->ncolumns, sizeof *f->at);
	for (size_t i = 0; i < sheet->nrows && sheet->row[i].row <= row; i++)
		if (sheet->row[i].ncells > 0) {
			const struct row *r = &sheet->row[i];
			unsigned c = r->cell[r->ncells - 1].col;
			last = c > last ? c : last;
		}
	if (last > HEADING_COLUMNS)
		last = HEADING_COLUMNS;
	headings(a, sheet, row, last, leaf, above, own);
	for (size_t k = 0; k < t->ncolumns; k++) {
		const struct template_column *tc = &t->column[k];
		leaves += !tc->hidden;
		for (unsigned c = 1; c <= last && !f->at[k]; c++) {
			if (!*leaf[c] || !heading_is(a, tc, leaf[c],
				above[c]))
				continue;
			f->at[k] = c;
			leaf[c] = "";
			found += !tc->hidden;
			here += !tc->hidden && own[c];
		}
	}
	f->coverage = leaves && here ? (double)found / (double)leaves : 0;
}

/*
 * The keys of a row's headings. One that stands a row higher alone counts
 * here too, merged with this row or not; a group's name reaches to the right.
 */
static void
headings(struct arena *a, const struct sheet *sheet, unsigned row,
    unsigned last, const char **leaf, const char **above, bool *own)
{
	for (unsigned c = 1; c <= last; c++) {
		const char *up = row > 1 ? text_key(a, expanded(sheet,
		    row - 1, c)) : "";
		leaf[c] = text_key(a, expanded(sheet, row, c));
		own[c] = *leaf[c] != '\0';
		above[c] = own[c] ? up : "";
		if (own[c] && !*up && c > 1 && own[c - 1])
			above[c] = above[c - 1];
		if (!own[c])
			leaf[c] = up;
	}
}

/* A grouped leaf needs its group above it, or both in one heading. */
static bool
heading_is(struct arena *a, const struct template_column *tc,
    const char *leaf, const char *above)
{
	if (!tc->group_label)
		return key_in(tc->keys, leaf);
	if (key_in(tc->group_keys, above))
		return key_in(tc->keys, leaf);
	if (strcmp(leaf, arena_printf(a, "%s%s", tc->group_keys[0],
		tc->keys[0])) == 0)
		return true;
	/* 领导姓名 standing alone says enough, 姓名 and 联系电话 do not. */
	return strlen(leaf) > strlen(tc->keys[0]) &&
	    key_in(tc->keys, leaf) && has_group_word(tc, leaf);
}

static bool
has_group_word(const struct template_column *tc, const char *leaf)
{
	/* the last two characters of the group: 整改责任领导 → 领导 */
	const char *g = tc->group_keys[0];
	size_t n = strlen(g);
	for (int chars = 0; n > 0 && chars < 2; chars++)
		while (n > 0 && ((unsigned char)g[--n] & 0xc0) == 0x80)
			;
	return g[n] && strstr(leaf, g + n);
}

static const char *const *
keys_of(struct arena *a, const char *label, const json_t *aliases)
{
	const char **keys = arena_array(a, json_array_size(aliases) + 2,
	    sizeof *keys);
	size_t n = 0, i;
	const json_t *alias;
	if (label)
		keys[n++] = text_key(a, label);
	json_array_foreach(aliases, i, alias)
		if (json_is_string(alias))
			keys[n++] = text_key(a, json_string_value(alias));
	return keys;
}

static bool
key_in(const char *const *keys, const char *key)
{
	for (; *keys; keys++)
		if (*key && strcmp(*keys, key) == 0)
			return true;
	return false;
}

static bool
columns_take(struct arena *a, const struct template *t, const struct fit *f,
    struct ledger *l, unsigned *mark_col, const char **why)
{
	const json_t *keys = json_object_get(t->json, "natural_key"), *key;
	bool used[HEADING_COLUMNS + 1] = { false };
	size_t i;
	l->col = arena_array(a, t->ncolumns + EXTRA_MAX, sizeof *l->col);
	l->fixed = arena_array(a, t->ncolumns, sizeof *l->fixed);
	for (size_t k = 0; k < t->ncolumns; k++) {
		const struct template_column *tc = &t->column[k];
		used[f->at[k]] = true;
		if (tc->role == COLUMN_TOKEN)
			l->token_col = f->at[k];
		if (tc->role == COLUMN_SEQ)
			l->seq_col = f->at[k];
		if (!f->at[k] || !tc->name)
			continue;
		struct column c = { .name = tc->name,
			.label = tc->group_label ? arena_printf(a, "%s·%s",
			    tc->group_label, tc->label) : tc->label,
			.kind = tc->kind, .role = tc->role, .col = f->at[k] };
		if (tc->hidden)
			l->fixed[l->nfixed++] = c;
		else
			l->col[l->ncols++] = c;
	}
	json_array_foreach(keys, i, key) {
		const char *name = text_of(key, "name"), *label = name;
		bool found = false;
		for (size_t c = 0; c < l->ncols; c++)
			if (strcmp(l->col[c].name, name) == 0)
				found = l->col[c].key = true;
		for (size_t k = 0; k < t->ncolumns; k++)
			if (t->column[k].name && strcmp(t->column[k].name,
				name) == 0)
				label = t->column[k].label;
		if (!found) {
			*why = arena_printf(a, "表中缺少“%s”一栏，无法辨认各行",
			    label);
			return false;
		}
	}
	for (unsigned c = 1; c <= HEADING_COLUMNS; c++) {
		if (used[c])
			continue;
		if (*ledger_heading_text(l, c))
			extra_take(a, l, c, mark_col);
		else if (!l->free_col && c > t->column[t->ncolumns - 1].col)
			l->free_col = c;
	}
	return true;
}

const char *
ledger_heading_text(const struct ledger *l, unsigned col)
{
	const char *text = expanded(l->sheet, l->header_row, col);
	const struct range *m;
	if (*text || l->header_row == 1)
		return text;
	/* What spans columns there is a title, not a heading. */
	m = grid_merge(l->sheet, l->header_row - 1, col);
	return m && m->col1 != m->col2 ? ""
	    : expanded(l->sheet, l->header_row - 1, col);
}

/* A heading the template does not know: staff's own column, kept for them. */
static void
extra_take(struct arena *a, struct ledger *l, unsigned col,
    unsigned *mark_col)
{
	const char *heading = text_canon(a, ledger_heading_text(l, col));
	const char *key = text_key(a, heading);
	if (strcmp(key, "删除") == 0 || strcmp(key, "删除标记") == 0) {
		*mark_col = col;
		return;
	}
	size_t extras = 0;
	char *one = arena_strdup(a, heading), *w = one;
	for (const char *p = heading; *p; p++)
		if (*p != '\n' && *p != '\t')
			*w++ = *p;
	*w = '\0';
	const char *name = arena_printf(a, "extra.%s", one);
	bool taken = utf8_len(one) > EXTRA_HEADING_CHARS || !*key;
	for (size_t i = 0; i < l->ncols; i++) {
		extras += l->col[i].role == COLUMN_EXTRA;
		taken |= strcmp(l->col[i].name, name) == 0;
	}
	if (taken || extras == EXTRA_MAX) {
		ledger_note(a, l, l->header_row, one, "", "表头",
		    "本栏不是表内栏目，也无法另存：栏目名称重复、过长或过多",
		    "extra column not kept: heading repeated, too long or "
		    "too many", "请修改这一栏的栏目名称。");
		return;
	}
	l->col[l->ncols++] = (struct column){ .name = name, .label = one,
		.kind = K_TEXT, .role = COLUMN_EXTRA, .col = col };
}

/* The last row any merged heading of this row reaches. */
static unsigned
row_end(const struct sheet *sheet, unsigned row)
{
	unsigned end = row;
	for (size_t i = 0; i < sheet->nmerges; i++) {
		const struct range *m = &sheet->merge[i];
		if (m->row1 <= row && row <= m->row2 && m->row2 > end)
			end = m->row2;
	}
	return end;
}

static const char *
expanded(const struct sheet *sheet, unsigned row, unsigned col)
{
	const char *text = grid_text(sheet, row, col);
	if (*text)
		return text;
	const struct range *m = grid_merge(sheet, row, col);
	return m ? grid_text(sheet, m->row1, m->col1) : "";
}

static const char *
text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}
