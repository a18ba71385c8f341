/*
 * A ledger's form as data: the template JSON that administrators post,
 * checked against the model once and then read by everybody who fills,
 * merges or prints a book of that form. Nothing here knows any ledger.
 */
#ifndef API_LEDGER_H
#define API_LEDGER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/canon.h"
#include "codes.h"
#include "derive.h"
#include "model/model.h"
#include "value.h"

#define SHEET_CLEARANCE 2 /* of agents; no form prints a field above it */

enum column_role {
	COLUMN_INPUT,
	COLUMN_STATE,	 /* read only; 是 asks for the command */
	COLUMN_READONLY, /* a difference is a warning */
};

struct ledger_column {
	const char *name;  /* field, or extra.<heading> */
	const char *label; /* as printed; 整改责任领导·姓名 */
	enum kind kind;
	enum column_role role;
	const char *command;	   /* of a state column */
	const struct field *field; /* NULL: kept in the row's extra */
	int at;			   /* field_index(), -1 for extra */
	int group;		   /* > 0: merges as one with its group */
	long max;		   /* characters, of extra columns */
	bool closed;		   /* of a list: nothing else is stored */
	const char *set;	   /* code set behind the list, or NULL */
};

struct ledger_header {
	const char *name, *label;
	enum kind kind;
};

struct ledger {
	const char *code, *name, *title, *file_name;
	int version;
	const struct entity *entity;
	struct ledger_column *column; /* named ones, also hidden ones */
	size_t ncolumns;
	struct ledger_header *header;
	size_t nheaders;
	struct ledger_key {
		size_t column;
		size_t chars; /* 0 = all */
	} * key;
	size_t nkeys;
	size_t spare_rows;
	struct derive *derive; /* NULL = none */
	json_t *spec;
};

/* Called for everything that is wrong with a template. */
typedef void ledger_fault(void *arg, const char *pointer, const char *code,
    const char *zh, const char *en);

/* False after at least one fault. spec is borrowed for the arena's life. */
bool ledger_parse(
    struct arena *, json_t *spec, struct ledger *, ledger_fault *, void *arg);
/* The worker's copy of a stored template, which never changes: parsed from
 * text on first use. Only a broken table makes it NULL. */
const struct ledger *
ledger_stored(const char *code, int version, const char *text);

/* Index, or -1. */
int ledger_column(const struct ledger *, const char *name);
/* The printed column that shows a field: its own, or the one it is derived
 * from; -1 if none. */
int ledger_shows(const struct ledger *, const char *field);
/* The template as agents get it: with "lists" as the action words them. */
json_t *ledger_resolved(const struct ledger *, const struct codes *);

/* What the column shows of a row in field order. extra: the row's extra
 * object, NULL if it has none. */
const char *ledger_show(struct arena *, const struct ledger_column *,
    const struct codes *, const char *const *row, const json_t *extra);
/* The row's extra object, NULL when empty; released by the caller. */
json_t *ledger_extra(const struct entity *, const char *const *row);
/* What was typed → SQL text (or the text of the extra column); false: held,
 * reason is set. */
bool
ledger_read(struct arena *, const struct ledger_column *, const struct codes *,
    int year, const char *shown, const char **sql, struct reason *);
/* The natural key of shown cells (one per column); "" when blank. */
const char *ledger_natural_key(
    struct arena *, const struct ledger *, const char *const *cells);

#endif
