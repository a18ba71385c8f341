/* What the parts of the ledger writer share; nobody else includes this. */
#ifndef XLSX_LEDGER_DRAW_H
#define XLSX_LEDGER_DRAW_H

#include <jansson.h>

#include "base/arena.h"
#include "fit.h"
#include "form.h"
#include "lxw.h"

#define PAPER_A4 9

enum look_id {
	LOOK_ANNEX, LOOK_TITLE, LOOK_BOX, LOOK_HEAD, LOOK_SEQ, LOOK_LEFT,
	LOOK_CENTER, LOOK_STATE, LOOK_DATE, LOOK_NUMBER, LOOK_KEY, LOOK_ROW,
	LOOK_FOOTNOTE, LOOK_HELP_TITLE, LOOK_HELP_PART, LOOK_HELP,
	LOOK_REPORT_HEAD, LOOK_REPORT, LOOK_ANSWER, LOOK_PLAIN, LOOK_FINDING,
	LOOK_CONFLICT, LOOK__MAX
};

struct drawing {
	struct arena *arena;
	struct pen pen;
	struct form form;
	const json_t *template, *export, *rows, *spares;
	lxw_format *look[LOOK__MAX];
	size_t nextra;	   /* columns of staff's own, kept and given back */
	const char **extra;/* their headings */
	unsigned last_row; /* of the data, spares included */
};

/* ledger_sheet.c: the printed sheet */
void draw_ledger(struct drawing *);
/* ledger_aside.c: everything beside it */
void draw_help(struct drawing *);
void draw_reports(struct drawing *, const struct sheet_patch *);
void draw_codes(struct drawing *);
/* "=_codes!$B$2:$B$7" for a column's list; NULL if it has none */
const char *list_formula(struct drawing *, const struct form_column *);

/* Sheet row of a row (uuid) of the export, the header block for its ledger. */
unsigned drawing_row(void *drawing, const char *row);

#endif
