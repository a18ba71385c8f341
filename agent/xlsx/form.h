/* A ledger template (conf/ledgers) as the workbook writer needs it. */
#ifndef XLSX_FORM_H
#define XLSX_FORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/canon.h"
#include "workbook.h"

enum role { ROLE_INPUT, ROLE_SEQ, ROLE_STATE, ROLE_READONLY, ROLE_TOKEN };
enum list { LIST_NONE, LIST_OPEN, LIST_CLOSED };

struct form_column {
	unsigned col;	     /* 1-based */
	const char *label;   /* leaf heading */
	const char *group;   /* heading above it, "" if none */
	const char *name;    /* field, "" for seq and token */
	const char *prompt;  /* "" if none */
	enum kind kind;
	enum role role;
	enum list list;
	bool centered;
	double width;
	size_t max;	     /* characters, 0 = no limit */
};

struct form_box {
	struct range range;
	const char *label, *name;
};

struct form {
	const char *sheet, *name, *title, *title_blank, *annex, *footnote;
	unsigned annex_row, annex_col;
	struct range title_range;
	unsigned header_first, header_last, first_row;
	size_t nboxes;
	struct form_box *box;	       /* the header block */
	size_t ncolumns;
	struct form_column *column;    /* printed */
	size_t nhidden;
	struct form_column *hidden;
	const json_t *instructions, *lists, *derive;
	unsigned last_printed, last_hidden;
};

/*
 * Everything borrowed from the JSON and the arena. false: why names the key
 * that is wrong.
 */
bool form_read(struct form *, struct arena *, const json_t *, char *why,
    size_t why_size);
/*
 * 整改责任领导·电话, or the leaf alone. A field read out of a column goes by
 * that column; what is Chinese already is a label; "" for anything else.
 */
const char *form_label(const struct form *, struct arena *, const char *name);
/* The column's field that name is derived from, or name itself. */
const char *form_source(const struct form *, const char *name);
/* "B6" or "B6:C7". */
bool form_range(const char *, struct range *);
/* "" unless the key holds a string. */
const char *json_text(const json_t *object, const char *key);

#endif
