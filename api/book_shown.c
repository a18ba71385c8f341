/* What a workbook's cells say to the folder that it is for (5.3, I15). */
#include <string.h>

#include "book.h"

static bool sees_row(struct principal *, const struct entity *);

const char *
book_shown(struct request *r, const struct book *book,
    const struct ledger_column *c, const char *const *row, const json_t *extra,
    const char *typed)
{
	enum mask mask = c->field == NULL ? MASK_NONE
	    : mask_field(&r->who, book->form->entity, c->field, row);
	const char *text;

	if (mask == MASK_NONE)
		return typed != NULL ? typed : ledger_show(&r->arena, c,
		    book_codes(book), row, extra);
	text = mask_value(&r->arena, c->field, typed != NULL ? typed
	    : row[c->at], mask);
	return text != NULL ? text : "";
}

void
cell_json(struct buf *b, const struct entity *e, const char *name,
    const char *text, struct principal *who)
{
	const struct field *f = field_at(e, field_index(e, name));

	if (text == NULL || (*name == '\0' && !sees_row(who, e)))
		buf_str(b, "null");
	else if (f != NULL && mask_field(who, e, f, NULL) != MASK_NONE)
		value_to_json(b, f, text, mask_field(who, e, f, NULL));
	else
		buf_json(b, text);
}

/* Whether nothing that a sheet may show of a row is masked. */
static bool
sees_row(struct principal *who, const struct entity *e)
{
	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (f->clearance <= SHEET_CLEARANCE &&
		    mask_field(who, e, f, NULL) != MASK_NONE)
			return false;
	}
	return true;
}
