/*
 * What a staff-owned workbook must show after an export: cells that differ,
 * tokens, spares, the block above the headings, and the agent's own sheets
 * (sync-and-security.md 1.8). Pure.
 */
#ifndef AGENT_WRITEBACK_H
#define AGENT_WRITEBACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base.h"
#include "ledger.h"
#include "plan.h"
#include "xlsx/workbook.h"

#define WRITEBACK_SHEETS 4

struct placed {		   /* where each row of the export stands now */
	const char *row;
	const json_t *json;
	unsigned sheet_row;
};

struct writeback {
	struct sheet_patch patch[WRITEBACK_SHEETS];
	size_t npatches;
	size_t changed;	   /* cells of rows and headings, without tokens */
	struct placed *placed;
	size_t nplaced;
};

/*
 * match[] says which known row each file row is (plan.h); every row with
 * content must have one. false: the workbook cannot take it; why is Chinese
 * and names the cell.
 */
bool writeback_make(struct arena *, const struct template *,
    const struct ledger *, const struct known_row *, const int *match,
    json_t *export, struct writeback *, const char **why);

/* After: exactly these cells of before have changed. false: why says what
 * else did. */
bool writeback_check(struct arena *, const struct workbook *before,
    const struct workbook *after, const struct writeback *,
    const char **why);

#endif
