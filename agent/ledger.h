/*
 * A workbook seen through a ledger's template: which sheet, which headings,
 * which rows, in canonical texts (domain.md 6.0). Pure: from a template (the
 * API's JSON) and a workbook to plain rows.
 */
#ifndef AGENT_LEDGER_H
#define AGENT_LEDGER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/canon.h"
#include "plan.h"
#include "xlsx/workbook.h"

enum column_role { COLUMN_INPUT, COLUMN_STATE, COLUMN_READONLY, COLUMN_SEQ,
	COLUMN_TOKEN, COLUMN_EXTRA };

/* A column as the template describes it. */
struct template_column {
	const char *name;	/* NULL for 序号 and the token */
	const char *label, *group_label;
	/* text_key() of label and aliases; NULL-ended, never NULL */
	const char *const *keys, *const *group_keys;
	enum kind kind;
	enum column_role role;
	unsigned col;		/* where a fresh workbook has it */
	bool hidden;
};

/* Borrows from the JSON it was made of. */
struct template {
	const json_t *json;
	const char *code, *sheet, *name;
	unsigned header_last, first_row;
	size_t ncolumns;	/* printed first, then hidden */
	struct template_column *column;
};

/* A column of the sheet whose cells are compared. */
struct column {
	const char *name;	/* "category", "extra.村组" */
	const char *label;	/* for people */
	enum kind kind;
	enum column_role role;	/* INPUT, STATE, READONLY or EXTRA */
	unsigned col;		/* in the sheet, 1-based */
	bool key;
};

struct header_cell {
	const char *name, *label;
	enum kind kind;
	bool found;		/* its label stands in the sheet */
	unsigned row, col;
	const char *label_shown;/* the label as the sheet has it */
	const char *value;	/* canonical */
	const char *raw;
};

/* Something about a cell that only the reader can know. */
struct cell_note {
	unsigned sheet_row;
	const char *label;	/* heading, "" = the row */
	const char *value;
	const char *rule;
	const char *zh, *en, *fix;
};
#define LEDGER_NOTES_MAX 1000
#define LEDGER_COLUMNS_MAX 400	/* looked at */
#define LEDGER_COVERAGE_MIN 0.8 /* of the headings */
#define LEDGER_COVERAGE_LIKE 0.5 /* below: some other table */

struct ledger {
	const struct sheet *sheet;
	size_t sheet_index;
	unsigned header_row, first_row;
	unsigned last_row;	/* last with a token or a text; 0 = none */
	unsigned end_row;	/* of 备注, or of what stands far below; 0 = none */
	double coverage;
	bool date1904;
	unsigned token_col;	/* 0: the sheet has none */
	unsigned free_col;	/* first column without heading */
	unsigned seq_col;	/* 序号, 0: none */
	size_t nfixed;		/* hidden columns the system fills */
	struct column *fixed;
	size_t ncols;
	struct column *col;
	size_t nrows;
	struct file_row *row;
	/* Beside row[]: what was typed, and cells whose value cannot be known
	 * (a formula without result, an error, lost digits, a merged key):
	 * nothing may be said about them. */
	const char ***raw;
	bool **unsaid;
	bool *apart;		/* the server did not take the row: it stays as
				 * it was typed */
	const struct key_part *part; /* the natural key, for plan_key() */
	size_t nparts;
	size_t nheader;
	struct header_cell *header;
	size_t nnotes;
	struct cell_note *note;
};

/* Identity the workbook carries, "" where it has none. */
struct identity {
	const char *format, *template_code, *ledger, *instance, *export, *mac,
	    *division;
	long seq;
};

bool template_read(struct arena *, const json_t *, struct template *,
    const char **why);

void identity_read(struct arena *, const struct workbook *,
    struct identity *);

/*
 * False: no sheet carries at least 80 % of the template's headings, or a
 * column of the natural key is missing, or the sheet is beyond reason; why
 * is Chinese. year completes dates such as 4月6日.
 */
bool ledger_of_book(struct arena *, const struct template *,
    const struct workbook *, int year, struct ledger *, const char **why);
/* Only the headings: how well the best sheet fits, 0 to 1. */
double ledger_fit(struct arena *, const struct template *,
    const struct workbook *);

/* For people: which headings the best sheet lacks, or that it is hidden. */
const char *ledger_lacks(struct arena *, const struct template *,
    const struct workbook *);

/* 1-based column of "M"; 0 if not one. */
unsigned column_number(const char *letters);

/* ---- between ledger.c, ledger_head.c, ledger_rows.c, ledger_unread.c ---- */
/* The row of the headings, 0 if the sheet is not of this template. */
unsigned ledger_heading(struct arena *, const struct template *,
    const struct sheet *);
/* What stands over a column, "" = nothing. */
const char *ledger_heading_text(const struct ledger *, unsigned col);
/* Is this the row that ends the table? */
bool ledger_ends(struct arena *, const struct template *,
    const struct ledger *, const struct row *);
/* Notes what the workbook holds and nobody reads. */
void ledger_unread(struct arena *, const struct template *,
    const struct workbook *, struct ledger *);
void ledger_header(struct arena *, const struct template *, int year,
    struct ledger *);
const struct cell *grid_cell(const struct sheet *, unsigned row,
    unsigned col);
/* "" if there is none. */
const char *grid_text(const struct sheet *, unsigned row, unsigned col);
const struct range *grid_merge(const struct sheet *, unsigned row,
    unsigned col);
/* Where in row[] a row of the sheet is; nrows if nowhere. */
size_t ledger_row_at(const struct ledger *, unsigned sheet_row);
bool ledger_rows(struct arena *, const struct template *, int year,
    unsigned mark_col, struct ledger *, const char **why);
void ledger_note(struct arena *, struct ledger *, unsigned sheet_row,
    const char *label, const char *value, const char *rule, const char *zh,
    const char *en, const char *fix);
/* Is a note of this rule made anew by every reading? */
bool ledger_note_lasts(const char *rule);

#endif
