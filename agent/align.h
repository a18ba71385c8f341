/*
 * Which known row each row of a workbook is (sync-and-security.md 1.5).
 * Five passes, each file row and each known row used once.
 */
#ifndef AGENT_ALIGN_H
#define AGENT_ALIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"
#include "strmap.h"

enum { NOBODY = -1, RIVALS = -2, IGNORED = -3 };

enum row_state {
	STATE_ROW,
	STATE_BLANK, /* no visible cell is filled */
	STATE_HELD,  /* as like its row as another copy: nobody can tell */
};

struct align {
	struct arena *arena;
	const struct plan_options *opt;
	const struct known_row *known;
	size_t nknown;
	const struct file_row *file;
	size_t nfile;

	/* per file row */
	enum row_state *state;
	int *match;	 /* known row or NOBODY */
	int *token;	 /* known row that has this token, or NOBODY */
	bool *collided;	 /* its spare row belongs to another's text by now */
	int *next;	 /* scratch: the next claimant of the same row */
	/* per known row */
	int *owner;	 /* file row, NOBODY, RIVALS or IGNORED */
	int *claim;	 /* scratch: first claimant */

	struct strmap origins; /* op_id → known row */
	bool missort;	 /* hold the whole file */
	bool collision;	 /* two people filled one spare row */
};

void align_rows(struct align *);

/* Effective base: what files of the export delivered, else as exported. */
const char *align_base(const struct align *, size_t known, size_t col);
bool align_base_blank(const struct align *, size_t known);
/*
 * The identity of an insert: forever the same for the same row of the same
 * saved bytes (1.7), but never one whose row is matched elsewhere. The pending
 * row it made if that is still free, or NOBODY.
 */
int align_op_id(const struct align *, size_t row, char out[65]);

/* ---- shared by the passes (align.c, align_weak.c) ---- */

/* pending_only: before pass 3, rows whose token's row is missing as well. */
void align_by_namesake(struct align *, bool pending_only);
void align_by_likeness(struct align *, bool pending_only);
/* Cells of the row that are filled and equal to the base. */
unsigned align_alike(const struct align *, size_t row, size_t known);
unsigned align_filled(const struct align *, size_t known);
bool align_free(const struct align *, size_t row);
/* Its token says a row that is still missing. */
bool align_vouched(const struct align *, size_t row);
void align_seat(struct align *, int row, int known);

#endif
