/* The header block of a book (单位 填表人 联系电话 填表时间): texts above the
 * table, with revisions of their own, merged like cells. */
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "sync_merge.h"

#define TEXT_CHARS_MAX 200

static const char *
base_of(const struct push *, const struct push_row *, const char *name);
static bool claims_hold(const struct push *, const struct push_row *);
static void decide(struct look *, const struct ledger_header *);
static bool
storable(struct look *, const struct ledger_header *, const char *file);

void
header_decide(struct push *p, struct push_row *row)
{
	struct look look = { .p = p, .row = row };

	if (row->op != PUSH_UPDATE) {
		row->outcome = "not_found";
		return;
	}
	if (!claims_hold(p, row)) {
		row->outcome = "base_mismatch";
		return;
	}
	row->deliver = true;
	for (size_t i = 0; i < p->book.form->nheaders; i++)
		if (file_cell(row, p->book.form->header[i].name) != NULL)
			decide(&look, &p->book.form->header[i]);
	if (row->conflicts != NULL)
		row->outcome = "conflict";
}

static void
decide(struct look *l, const struct ledger_header *h)
{
	struct push *p = l->p;
	const char *base = base_of(p, l->row, h->name);
	const char *server =
	    json_string_value(json_object_get(p->book.header, h->name));
	const char *file = file_cell(l->row, h->name);
	enum cell_outcome is;

	server = server == NULL ? "" : server;
	leave_add(p, &p->no_finding, l->row->id, h->name);
	if (!storable(l, h, file))
		return;
	is = merge_cell(base, server, file);
	if (is == CELL_CONFLICT) {
		leave_conflict(l, h->name, "cell", base, server, file, NULL);
		return;
	}
	leave_settled(l, h->name);
	if (is == CELL_APPLY) {
		if (p->header_next == NULL)
			p->header_next = request_keep_json(p->r, "{}");
		json_object_set_new(p->header_next, h->name, json_string(file));
		l->row->outcome = "applied";
	}
}

/* Texts as people write them; what is not a text for print is refused, what
 * is not of its kind is only pointed out. */
static bool
storable(struct look *l, const struct ledger_header *h, const char *file)
{
	bool good = true;

	if (utf8_len(file) > TEXT_CHARS_MAX || !text_printable(file)) {
		leave_finding(l, h->name, file, "error", "DQ-03",
		    "超过 200 个字或含有控制字符，没有采用，请改短后重新填写",
		    "too long or not printable; not taken");
		return false;
	}
	(void)canon(
	    &l->p->r->arena, h->kind, file, l->p->book.action->year, &good);
	if (!good)
		leave_finding(l, h->name, file, "warning", "DQ-02",
		    h->kind == K_DATE ? "认不出是哪一天，请写成 2023年4月6日 或"
		    " 2023-04-06" : h->kind == K_PHONE ? "请填写 11 位手机号，或"
		    "带区号的固定电话，如 0737-2700000" : "表头内容格式不规范",
		    "not of the kind expected here");
	return true;
}

static const char *
base_of(const struct push *p, const struct push_row *row, const char *name)
{
	const char *b = json_string_value(json_object_get(row->shadow, name));

	if (b == NULL && !p->adopted)
		b = json_string_value(json_object_get(p->header_then, name));
	return b == NULL ? "" : b;
}

static bool
claims_hold(const struct push *p, const struct push_row *row)
{
	const char *name;
	json_t *v;

	json_object_foreach(row->cells, name,
	    v) if (strcmp(json_string_value(json_array_get(v, 0)),
		       base_of(p, row, name)) != 0) return false;
	return true;
}
