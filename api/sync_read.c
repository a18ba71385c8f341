/* What an agent sent: its shape first, then its names against the form. */
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "base/uid.h"
#include "sync_batch.h"

#define PATH_CHARS_MAX 1000
#define HEADING_CHARS_MAX 200

static const char *text_member(
    struct push *, const json_t *, const char *key, const char *pointer);
static bool hex64(const char *);
static void parse_row(struct push *, json_t *, size_t index);
static void
check_cells(struct push *, const struct push_row *, const char *pointer);
static void known_members(
    struct push *, const json_t *, const char *pointer, const char *allowed);
static void refuse(struct push *, const char *pointer, const char *code,
    const char *zh, const char *en);
static bool
resolve_name(struct push *, const struct push_row *, const char *name);

bool
push_parse(struct push *p)
{
	json_t *body = request_body(p->r), *rows, *v;
	size_t i;

	if (body == NULL)
		return false;
	known_members(p, body, "", " export ledger file_sha path chunk rows ");
	p->export = text_member(p, body, "export", "/export");
	p->ledger = text_member(p, body, "ledger", "/ledger");
	p->file_sha = text_member(p, body, "file_sha", "/file_sha");
	p->path = text_member(p, body, "path", "/path");
	if (!uuid_ok(p->export))
		refuse(p, "/export", "malformed", "不是编号", "not a uuid");
	if (!uuid_ok(p->ledger))
		refuse(p, "/ledger", "malformed", "不是编号", "not a uuid");
	if (!hex64(p->file_sha))
		refuse(p, "/file_sha", "malformed", "不是 SHA-256",
		    "not a SHA-256 in lower-case hex");
	if (utf8_len(p->path) > PATH_CHARS_MAX)
		refuse(p, "/path", "too_long", "路径太长", "path too long");
	if (!json_is_integer(json_object_get(body, "chunk")))
		refuse(p, "/chunk", "required", "缺少分块序号",
		    "the number of the chunk is missing");
	rows = json_object_get(body, "rows");
	if (!json_is_array(rows) || json_array_size(rows) > PUSH_ROWS_MAX) {
		refuse(p, "/rows", "too_many", "每批最多500行",
		    "rows must be a list of at most 500");
		rows = NULL;
	}
	p->row = arena_array(&p->r->arena, PUSH_ROWS_MAX, sizeof(*p->row));
	json_array_foreach(rows, i, v) parse_row(p, v, i);
	if (p->r->faults == NULL)
		return true;
	fail(p->r, E_INPUT, "bad_batch", "批次内容不符合约定",
	    "The batch is not of the agreed form.");
	return false;
}

bool
push_resolve(struct push *p)
{
	const struct ledger *l = p->book.form;

	p->column = arena_array(
	    &p->r->arena, l->ncolumns + PUSH_EXTRA_MAX, sizeof(*p->column));
	for (size_t i = 0; i < l->ncolumns; i++)
		p->column[p->ncolumns++] = &l->column[i];
	for (size_t i = 0; i < p->nrows; i++) {
		struct push_row *row = &p->row[i];
		const char *name;
		json_t *v;

		if (strcmp(row->id == NULL ? "" : row->id, p->book.id) == 0)
			row->known = KNOWN_HEADER;
		json_object_foreach(row->cells, name,
		    v) if (!resolve_name(p, row, name)) refuse(p,
		    arena_printf(&p->r->arena, "/rows/%zu/f/%s", i, name),
		    "unknown_column", "模板中没有这一列",
		    "not a column of the form");
	}
	if (p->r->faults == NULL)
		return true;
	fail(p->r, E_INPUT, "bad_batch", "批次内容不符合约定",
	    "The batch is not of the agreed form.");
	return false;
}

static void
parse_row(struct push *p, json_t *v, size_t index)
{
	static const struct {
		const char *name, *members;
	} ops[] = {
		[PUSH_UPDATE] = { "upd", " op row at f " },
		[PUSH_INSERT] = { "ins", " op op_id at copied_from f " },
		[PUSH_DELETE] = { "del", " op row base " },
		[PUSH_BACK] = { "back", " op row at base f " },
		[PUSH_SEEN] = { "seen", " op row at f gone " },
	};
	const char *at = arena_printf(&p->r->arena, "/rows/%zu", index);
	const char *op = json_string_value(json_object_get(v, "op"));
	struct push_row *row = &p->row[p->nrows];
	size_t i = 0;

	while (i < COUNT(ops) && (op == NULL || strcmp(ops[i].name, op) != 0))
		i++;
	if (i == COUNT(ops)) {
		refuse(p, at, "unknown_op", "未知操作", "unknown op");
		return;
	}
	known_members(p, v, at, ops[i].members);
	row->op = (enum push_op)i;
	row->cells = json_object_get(v, "f");
	row->claimed = json_object_get(v, "base");
	row->lacks = json_is_true(json_object_get(v, "gone"));
	row->copied_from = json_string_value(json_object_get(v, "copied_from"));
	if (row->op == PUSH_INSERT) {
		row->op_id = text_member(p, v, "op_id", at);
		if (!hex64(row->op_id))
			refuse(p, at, "malformed", "op_id 不是 SHA-256",
			    "op_id is not a SHA-256");
	} else {
		row->id = text_member(p, v, "row", at);
		if (!uuid_ok(row->id))
			refuse(p, at, "malformed", "行编号无效",
			    "row is not a uuid");
		for (size_t k = 0; k < p->nrows; k++)
			if (p->row[k].id != NULL &&
			    strcmp(p->row[k].id, row->id) == 0)
				refuse(p, at, "duplicate", "同一行出现两次",
				    "the row stands twice in the batch");
	}
	if (row->copied_from != NULL && !uuid_ok(row->copied_from))
		refuse(p, at, "malformed", "copied_from 无效",
		    "copied_from is not a uuid");
	check_cells(p, row, at);
	p->nrows++;
}

/* f: upd, seen [base, new] or [base, new, raw]; ins value or [value, raw]; back
 * value. base: texts. */
static void
check_cells(struct push *p, const struct push_row *row, const char *at)
{
	const char *name;
	json_t *v;

	if ((row->op != PUSH_DELETE && !row->lacks &&
	    !json_is_object(row->cells)) ||
	    ((row->op == PUSH_DELETE || row->op == PUSH_BACK) &&
		!json_is_object(row->claimed)))
		refuse(p, at, "required", "缺少 f 或 base",
		    "f or base is missing");
	json_object_foreach(row->cells, name, v)
	{
		size_t n = json_array_size(v), texts = 0;

		for (size_t i = 0; i < n; i++)
			texts += json_is_string(json_array_get(v, i));
		if (row->op == PUSH_UPDATE || row->op == PUSH_SEEN ?
		    (n != 2 && n != 3) || texts != n :
		    !json_is_string(v) && (n != 2 || texts != n))
			refuse(p, arena_printf(&p->r->arena, "%s/f/%s", at,
			    name), "malformed", "单元格格式错误",
			    "a cell of the wrong shape");
	}
	json_object_foreach(row->claimed, name, v) if (!json_is_string(v))
	    refuse(p, arena_printf(&p->r->arena, "%s/base/%s", at, name),
		"malformed", "单元格格式错误", "a cell of the wrong shape");
}

/* Columns of staff are made known as they come. */
static bool
resolve_name(struct push *p, const struct push_row *row, const char *name)
{
	struct ledger_column *c;

	if (row->known == KNOWN_HEADER) {
		for (size_t i = 0; i < p->book.form->nheaders; i++)
			if (strcmp(p->book.form->header[i].name, name) == 0)
				return true;
		return false;
	}
	for (size_t i = 0; i < p->ncolumns; i++)
		if (strcmp(p->column[i]->name, name) == 0)
			return true;
	if (strncmp(name, "extra.", 6) != 0 || name[6] == '\0' ||
	    utf8_len(name) > HEADING_CHARS_MAX || !text_printable(name + 6) ||
	    p->ncolumns == p->book.form->ncolumns + PUSH_EXTRA_MAX)
		return false;
	c = arena_alloc(&p->r->arena, sizeof(*c));
	*c = (struct ledger_column) { .name = name,
		.label = name + 6,
		.kind = K_TEXT,
		.at = -1,
		.max = 4000 };
	p->column[p->ncolumns++] = c;
	return true;
}

static const char *
text_member(
    struct push *p, const json_t *o, const char *key, const char *pointer)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (s == NULL) {
		refuse(p, pointer, "required", "缺少必需的文字",
		    "a text is required");
		return "";
	}
	return s;
}

static bool
hex64(const char *s)
{
	return strlen(s) == SHA_HEX_LEN &&
	       strspn(s, "0123456789abcdef") == SHA_HEX_LEN;
}

static void
known_members(
    struct push *p, const json_t *o, const char *at, const char *allowed)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		(void)v;
		if (strstr(allowed, arena_printf(&p->r->arena, " %s ", key)) ==
		    NULL)
			refuse(p, arena_printf(&p->r->arena, "%s/%s", at, key),
			    "unknown_field", "未知字段", "unknown field");
	}
}

static void
refuse(struct push *p, const char *pointer, const char *code, const char *zh,
    const char *en)
{
	fault(p->r, pointer, "DQ-00", code, zh, en);
}
