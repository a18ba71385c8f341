/* A workbook written row by row (sheet_out.h). */
#include "sheet_out.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/canon.h"
#include "base/err.h"
#include "base/text.h"
#include "zip_out.h"

#define SHEETS_MAX 400
#define ROWS_MAX 1048576u	/* of a sheet, the heading among them */
#define SHEET_BYTES (3ull << 30) /* a sheet of longer rows ends earlier */
#define CELL_MAX 32767		/* characters */
#define NOTES_MAX 8
#define EPOCH_SERIAL 25569	/* 1970-01-01 in the 1900 system */
#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define REL "http://schemas.openxmlformats.org/officeDocument/2006/"	\
	"relationships"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."

struct sheet_out {
	struct arena arena;
	struct zip_out *zip;
	const char *title;
	const char **column, **letter;
	size_t ncolumns;
	struct buf xml;	   /* of the sheet, not packed yet */
	unsigned sheets, row;
	bool begun;	   /* the parts before the first sheet are out */
	size_t at;	   /* next column */
	size_t row_from;   /* where the row begins in xml */
	uint64_t bytes;	   /* of the sheet */
	unsigned nnotes;
	const char *note[NOTES_MAX][2];
};

/* Every sheet is of the default type, so that there may be any number. */
static const char content_types[] = XML "<Types xmlns=\"" PACKAGE
    "content-types\"><Default Extension=\"rels\" ContentType=\"application/"
    "vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\""
    "xml\" ContentType=\"" TYPE "worksheet+xml\"/><Override PartName=\""
    "/xl/workbook.xml\" ContentType=\"" TYPE "sheet.main+xml\"/><Override "
    "PartName=\"/xl/styles.xml\" ContentType=\"" TYPE "styles+xml\"/>"
    "</Types>";
static const char root_rels[] = XML "<Relationships xmlns=\"" PACKAGE
    "relationships\"><Relationship Id=\"rId1\" Type=\"" REL
    "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
/* 0 plain, 1 heading, 2 date, 3 money: as the cell kinds below have them. */
static const char styles[] = XML "<styleSheet xmlns=\"" MAIN "\">"
    "<numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-"
    "dd\"/></numFmts><fonts count=\"2\"><font><sz val=\"11\"/><name val=\""
    "宋体\"/></font><font><b/><sz val=\"11\"/><name val=\"宋体\"/></font>"
    "</fonts><fills count=\"2\"><fill><patternFill patternType=\"none\"/>"
    "</fill><fill><patternFill patternType=\"gray125\"/></fill></fills>"
    "<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/>"
    "</border></borders><cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId="
    "\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs><cellXfs count=\"4\">"
    "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>"
    "<xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" "
    "applyFont=\"1\"/><xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId"
    "=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/><xf numFmtId=\"4\" fontId="
    "\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>"
    "</cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId="
    "\"0\" builtinId=\"0\"/></cellStyles></styleSheet>";
static const char sheet_head[] = XML "<worksheet xmlns=\"" MAIN "\">"
    "<sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" "
    "topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>"
    "</sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>"
    "<sheetData>";
static const char sheet_tail[] = "</sheetData></worksheet>";

static void sheet_begin(struct sheet_out *);
static void sheet_end(struct sheet_out *, struct buf *);
static void entry(struct sheet_out *, const char *name, const char *text,
    struct buf *);
static void notes(struct sheet_out *, struct buf *);
static void workbook(struct sheet_out *, struct buf *);
static const char *letters(struct arena *, size_t column);
static bool is_number(const char *);
static void text_cell(struct buf *, const char *);

struct sheet_out *
sheet_new(const char *title, const char *const *columns, size_t n)
{
	struct sheet_out *s = calloc(1, sizeof(*s));

	REQUIRE(s != NULL);
	arena_init(&s->arena, 0);
	s->zip = zip_new();
	s->title = utf8_head(&s->arena, title, 25);
	s->ncolumns = n;
	s->column = arena_array(&s->arena, n, sizeof *s->column);
	s->letter = arena_array(&s->arena, n, sizeof *s->letter);
	for (size_t i = 0; i < n; i++) {
		s->column[i] = arena_strdup(&s->arena, columns[i]);
		s->letter[i] = letters(&s->arena, i);
	}
	buf_init(&s->xml, 64u << 20);
	return s;
}

void
sheet_free(struct sheet_out *s)
{
	if (s == NULL)
		return;
	zip_free(s->zip);
	buf_free(&s->xml);
	arena_free(&s->arena);
	free(s);
}

void
sheet_note(struct sheet_out *s, const char *key, const char *value)
{
	REQUIRE(s->nnotes < NOTES_MAX);
	s->note[s->nnotes][0] = arena_strdup(&s->arena, key);
	s->note[s->nnotes++][1] = arena_strdup(&s->arena, value);
}

void
sheet_row(struct sheet_out *s)
{
	if (s->row == 0)
		sheet_begin(s);
	s->row_from = s->xml.len;
	s->row++;
	s->at = 0;
	buf_printf(&s->xml, "<row r=\"%u\">", s->row);
}

void
sheet_cell(struct sheet_out *s, enum sheet_cell kind, const char *text)
{
	static const char *const style[] = { [SHEET_TEXT] = "",
		[SHEET_NUMBER] = "", [SHEET_MONEY] = " s=\"3\"",
		[SHEET_DATE] = " s=\"2\"", [SHEET_HEAD] = " s=\"1\"" };
	struct buf *b = &s->xml;
	size_t at = s->at++;
	char row[16];
	long days;
	bool value;

	REQUIRE(at < s->ncolumns);
	if (text == NULL || *text == '\0')
		return;
	value = kind == SHEET_DATE ? strlen(text) == 10 &&
	    date_days(text, &days) && days > -EPOCH_SERIAL + 60
	    : (kind == SHEET_NUMBER || kind == SHEET_MONEY) &&
	    is_number(text);
	(void)snprintf(row, sizeof(row), "%u", s->row);
	buf_str(b, "<c r=\"");
	buf_str(b, s->letter[at]);
	buf_str(b, row);
	buf_char(b, '"');
	buf_str(b, value || kind == SHEET_HEAD ? style[kind] : "");
	if (!value) {
		buf_str(b, " t=\"inlineStr\"><is><t xml:space=\"preserve\">");
		text_cell(b, text);
		buf_str(b, "</t></is></c>");
		return;
	}
	buf_str(b, "><v>");
	if (kind == SHEET_DATE)
		buf_printf(b, "%ld", days + EPOCH_SERIAL);
	else
		buf_str(b, text);
	buf_str(b, "</v></c>");
}

size_t
sheet_row_end(struct sheet_out *s)
{
	buf_str(&s->xml, "</row>");
	s->bytes += s->xml.len - s->row_from;
	return s->xml.len - s->row_from;
}

bool
sheet_flush(struct sheet_out *s, struct buf *out)
{
	if (s->xml.len == 0)
		return true;
	if (!s->begun) {
		s->begun = true;
		entry(s, "[Content_Types].xml", content_types, out);
		entry(s, "_rels/.rels", root_rels, out);
		entry(s, "xl/styles.xml", styles, out);
		zip_entry_begin(s->zip, "xl/worksheets/sheet1.xml");
	}
	REQUIRE(!s->xml.over);
	zip_entry_add(s->zip, s->xml.data, s->xml.len, out);
	buf_reset(&s->xml);
	if (s->row >= ROWS_MAX - 4096 || s->bytes > SHEET_BYTES)
		sheet_end(s, out);
	return s->sheets < SHEETS_MAX;
}

bool
sheet_finish(struct sheet_out *s, struct buf *out)
{
	if (s->sheets == 0)
		sheet_begin(s); /* nothing but the heading */
	if (!sheet_flush(s, out))
		return false;
	if (s->row > 0)
		sheet_end(s, out);
	if (s->nnotes > 0)
		notes(s, out);
	workbook(s, out);
	zip_finish(s->zip, out);
	return !out->over;
}

static void
sheet_begin(struct sheet_out *s)
{
	s->sheets++;
	s->bytes = 0;
	if (s->sheets > 1)
		zip_entry_begin(s->zip, arena_printf(&s->arena,
		    "xl/worksheets/sheet%u.xml", s->sheets));
	buf_str(&s->xml, sheet_head);
	s->row = 1;
	s->at = 0;
	buf_str(&s->xml, "<row r=\"1\">");
	for (size_t i = 0; i < s->ncolumns; i++)
		sheet_cell(s, SHEET_HEAD, s->column[i]);
	buf_str(&s->xml, "</row>");
}

static void
sheet_end(struct sheet_out *s, struct buf *out)
{
	zip_entry_add(s->zip, sheet_tail, sizeof(sheet_tail) - 1, out);
	zip_entry_end(s->zip, out);
	s->row = 0;
}

static void
entry(struct sheet_out *s, const char *name, const char *text,
    struct buf *out)
{
	zip_entry_begin(s->zip, name);
	zip_entry_add(s->zip, text, strlen(text), out);
	zip_entry_end(s->zip, out);
}

/* The sheet after the last one. */
static void
notes(struct sheet_out *s, struct buf *out)
{
	struct buf b;

	buf_init(&b, 1u << 20);
	buf_str(&b, XML "<worksheet xmlns=\"" MAIN "\"><sheetData>");
	for (unsigned i = 0; i < s->nnotes; i++) {
		buf_printf(&b, "<row r=\"%u\">", i + 1);
		for (unsigned k = 0; k < 2; k++) {
			buf_printf(&b, "<c r=\"%c%u\" t=\"inlineStr\"><is><t "
			    "xml:space=\"preserve\">", 'A' + (int)k, i + 1);
			text_cell(&b, s->note[i][k]);
			buf_str(&b, "</t></is></c>");
		}
		buf_str(&b, "</row>");
	}
	buf_str(&b, sheet_tail);
	entry(s, arena_printf(&s->arena, "xl/worksheets/sheet%u.xml",
	    s->sheets + 1), b.data, out);
	buf_free(&b);
}

static void
workbook(struct sheet_out *s, struct buf *out)
{
	unsigned last = s->sheets + (s->nnotes > 0);

	struct buf b;

	buf_init(&b, 1u << 20);
	buf_str(&b, XML "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" REL
	    "\"><sheets>");
	for (unsigned i = 1; i <= s->sheets; i++) {
		buf_str(&b, "<sheet name=\"");
		text_cell(&b, s->title);
		if (i > 1)
			buf_printf(&b, " %u", i);
		buf_printf(&b, "\" sheetId=\"%u\" r:id=\"rId%u\"/>", i, i);
	}
	if (s->nnotes > 0)
		buf_printf(&b, "<sheet name=\"_meta\" sheetId=\"%u\" state=\""
		    "veryHidden\" r:id=\"rId%u\"/>", last, last);
	buf_str(&b, "</sheets></workbook>");
	entry(s, "xl/workbook.xml", b.data, out);
	buf_reset(&b);
	buf_str(&b, XML "<Relationships xmlns=\"" PACKAGE "relationships\">");
	for (unsigned i = 1; i <= last; i++)
		buf_printf(&b, "<Relationship Id=\"rId%u\" Type=\"" REL
		    "/worksheet\" Target=\"worksheets/sheet%u.xml\"/>", i, i);
	buf_printf(&b, "<Relationship Id=\"rId%u\" Type=\"" REL
	    "/styles\" Target=\"styles.xml\"/></Relationships>", last + 1);
	entry(s, "xl/_rels/workbook.xml.rels", b.data, out);
	buf_free(&b);
}

static const char *
letters(struct arena *a, size_t column)
{
	char text[8];
	size_t i = sizeof(text) - 1;

	text[i] = '\0';
	for (column++; column > 0; column = (column - 1) / 26)
		text[--i] = (char)('A' + (column - 1) % 26);
	return arena_strdup(a, text + i);
}

/* Beyond 15 digits a spreadsheet would round it: such stay text. */
static bool
is_number(const char *s)
{
	size_t digits = 0;
	bool point = false;

	s += *s == '-';
	if (!isdigit((unsigned char)*s))
		return false;
	for (; *s != '\0'; s++) {
		if (*s == '.' && !point)
			point = true;
		else if (isdigit((unsigned char)*s))
			digits++;
		else
			return false;
	}
	return digits <= 15;
}

/* What XML cannot hold is left out; what only looks like an escape of
 * spreadsheets (_x000D_) is escaped. */
static void
text_cell(struct buf *b, const char *s)
{
	size_t chars = 0;

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c & 0xc0) != 0x80 && ++chars > CELL_MAX)
			break;
		if (c == '&')
			buf_str(b, "&amp;");
		else if (c == '<')
			buf_str(b, "&lt;");
		else if (c == '>')
			buf_str(b, "&gt;");
		else if (c == '"')
			buf_str(b, "&quot;");
		else if (c == '_' && s[1] == 'x' && isxdigit((unsigned char)
		    s[2]) && isxdigit((unsigned char)s[3]) && isxdigit(
		    (unsigned char)s[4]) && isxdigit((unsigned char)s[5]) &&
		    s[6] == '_')
			buf_str(b, "_x005F_");
		else if (c >= 0x20 || c == '\t' || c == '\n')
			buf_char(b, *s);
	}
}
