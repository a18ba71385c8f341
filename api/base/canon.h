/*
 * One meaning, one text: how a cell of a given kind is written so that equal
 * values are equal strings (sync-and-security.md 1.4, domain.md 6.0).
 * Used by the agent before it compares and by the API before it stores.
 */
#ifndef BASE_CANON_H
#define BASE_CANON_H

#include <stdbool.h>

#include "arena.h"

enum kind {
	K_TEXT,
	K_CODE,	  /* the label printed in the ledger, or the code */
	K_BOOL,	  /* 是 否 */
	K_DATE,	  /* 2023-04-06, 2023-04 (month), 2023 (year) */
	K_INT,
	K_WAN,	  /* 万元, 6 decimals */
	K_YUAN,	  /* 元, 2 decimals */
	K_PERCENT,/* 2 decimals */
	K_PHONE,
	K__MAX
};

/*
 * The canonical display text of what was typed; "" for blank. When the text
 * has no reading of that kind, returns the text_canon() of it and sets
 * *good to false: the value is kept as typed and reported, never dropped.
 * year (0 = unknown) completes dates such as 4月6日.
 */
char *canon(struct arena *, enum kind, const char *typed, int year,
    bool *good);
enum kind kind_find(const char *name, bool *found);
const char *kind_name(enum kind);

/* Days since 1970-01-01 of a canonical full date; false if not one. */
bool date_days(const char *canonical, long *days);
/* Excel serial day (1900 system unless d1904) to canonical date. */
char *date_of_serial(struct arena *, double serial, bool d1904);

#endif
