/*
 * The sync planner, pure (sync-and-security.md 1.4–1.6): from what a workbook
 * shows and what the server knows about its export, which operations to push.
 * No I/O, no clock but the one passed in. Property-tested as a whole protocol
 * with the server's merge (tests/unit/test_plan_model.c).
 *
 * Values are canonical display texts, never NULL, "" for blank.
 *
 * The caller pushes the operations in their order and plans the same file
 * again until plan.settled; only then may a new export replace the file.
 *
 * Rules the design text leaves open, and how they are decided here:
 * - A row whose cells are all blank is an absent row, not a row of blanks:
 *   clearing a row needs the evidence of a deletion.
 * - A save is stale when none of the cells that files of this export delivered
 *   is still there and at least one is back at its exported value; a third,
 *   newly typed value says nothing either way. A row typed into this export
 *   that vanished is such a return: its exported value is nothing. When
 *   an older export is saved over a newer one, a spare row under another name
 *   is another's row, however alike; all else is weighed as ever.
 * - What a stale save shows again must be told to the server (OP_SEEN): else
 *   the new values of the same save, once delivered, make the save look
 *   current and the next plan reverts what was suppressed. These operations
 *   come first, so that a plan lost half-way is still recognised.
 * - A copy of the file shares no shadow with the original: it has an export of
 *   its own, cloned from the original's with its shadow, spare and pending
 *   rows, and is always planned with old_copy. A spare that one of them filled
 *   is by its key known to the other. What was typed below the spares before
 *   the file was copied is inserted by both. So when an insert has the natural
 *   key of a live row, and the export knows no row by that key, the server
 *   takes it as that row, merged from a blank base; but holds it as a conflict
 *   if the export knows that row by another key. An update that would give a
 *   row such a key is a conflict, too.
 * - A pending row has no token, so a row that carries a copied one may be it:
 *   the row its op_id says (the same bytes planned again), or by likeness.
 * - The key of a batch is never made of content alone: the same bytes can ask
 *   for the same operations again after others have undone them, and a stored
 *   answer would then stand for work that was not done. It holds a nonce that
 *   lives in the outbox; without the outbox, bases and op_ids keep the order.
 * - In a stale save nothing absent is deleted, now or by a later plan of it.
 */
#ifndef AGENT_PLAN_H
#define AGENT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* A row the server knows for this export. */
struct known_row {
	const char *row;	   /* uuid */
	const char *token;	   /* as exported; NULL for pending rows */
	const char *const *base;   /* value at the token's revision, as shown
				      in the export; all "" for spares */
	const char *const *shadow; /* what files of this export delivered last;
				      NULL entries: nothing delivered */
	const char *key;	   /* natural key of the effective base; if
				      that is blank, of what the server has
				      (adopted, or a spare another copy of
				      the file filled); "" if blank too */
	bool spare;		   /* pre-minted, not yet a row */
	bool pending;		   /* inserted from this export */
	bool inherited;		   /* of a copy: its shadow is the original's,
				      the copy delivered nothing yet */
	const char *origin;	   /* op_id that inserted it; NULL = unknown */
	bool gone;		   /* reported as deleted by this export */
	int64_t absent_since;	   /* seconds, first seen absent; 0 = never */
	/* Per column: NULL-ended list of what files of this export delivered
	 * before the shadow, or NULL. May itself be NULL. Only for notices. */
	const char *const *const *earlier;
};

/* A row of the workbook. */
struct file_row {
	const char *token;	   /* hidden cell as read, "" if none */
	const char *const *cell;
	const char *key;
	unsigned sheet_row;	   /* 1-based, for messages */
	bool delete_mark;	   /* 删除 mark column says so */
	bool unread;		   /* holds cells whose value cannot be known:
				      not blank, whatever cell[] says */
};

enum op_kind {
	OP_UPDATE,
	OP_INSERT,
	OP_DELETE,
	OP_BACK,   /* reported as deleted, and in the file again */
	OP_SEEN,   /* an old copy shows value (or, if gone, lacks the row):
		      changes the export's shadow, never the row */
};

struct op {
	enum op_kind kind;
	const char *row;	   /* uuid; NULL for inserts */
	char op_id[65];		   /* inserts: hex SHA-256 (1.7) */
	const char *copied_from;   /* uuid or NULL */
	unsigned sheet_row;	   /* 0: not in the file */
	bool gone;		   /* OP_SEEN only */
	/*
	 * One entry per column, NULL where the op says nothing: blank cells
	 * of an insert, unchanged cells of an update, all values of a delete.
	 * Inserts have no base (all NULL); OP_BACK has all of both.
	 */
	const char **base;
	const char **value;
};

enum notice_kind {
	NOTICE_REVERT,	   /* 回退提示: a cell returned to an earlier value,
			      or a row typed into this export vanished */
	NOTICE_TOKEN_BAD,  /* token malformed or not of this export */
	NOTICE_COPIED,	   /* a copied row became a new row */
	NOTICE_AMBIGUOUS,  /* copies alike: held, both flagged */
	NOTICE_STALE,	   /* an older copy was saved over a newer file */
};

struct notice {
	enum notice_kind kind;
	const char *row;	   /* uuid of the known row, or NULL */
	unsigned sheet_row;	   /* 0: not in the file */
	int column;		   /* -1 = the whole row */
};

enum plan_hold {
	HOLD_NONE,
	HOLD_MISSORT,	   /* 疑似排序错位: nothing is pushed */
	HOLD_MASS_DELETE,  /* deletions held, everything else flows */
};

struct plan_options {
	size_t ncols;
	int64_t now;		   /* seconds > 0, any monotonic origin
				      shared with absent_since */
	int64_t delete_after;	   /* seconds absent before a delete (1.6) */
	bool deletions;		   /* false: first contact, branch, resync */
	bool confirmed;		   /* mass deletion confirmed by a person */
	bool superseded;	   /* a newer export stood in the file when
				      this save replaced it */
	bool old_copy;		   /* the shadow stems from another file: old
				      values in this one are no wish */
	const char *instance;	   /* for op_id */
	const char *export_id;
	const char *file_sha;
	const char *sheet;
	unsigned without;	   /* test only: safeguards removed, bit set */
};
enum {
	WITHOUT_SHADOW = 1, WITHOUT_PENDING = 2, WITHOUT_STALE = 4,
	WITHOUT_COLLISION = 8, TOKEN_FIRST = 32,
	WITHOUT_MANIFEST = 16, /* the caller's: known rows that are not E's */
	WITHOUT_SEEN = 64, WITHOUT_OLD_COPY = 128,
};

struct plan {
	struct op *op;
	size_t nops;
	struct notice *notice;
	size_t nnotices;
	enum plan_hold hold;
	bool stale;
	size_t nheld;		   /* file rows held as ambiguous */
	int64_t wait_until;	   /* a deletion ripens then; 0 = none */
	/* Nothing to push, nothing held, nothing ripening: a new export may
	 * replace the file. */
	bool settled;
	/* which known row each file row is, -1 = new, held or blank; for
	 * write-back and for reports */
	int *match;		   /* nfile entries */
	/* known rows the file lacks: the caller keeps absent_since for these,
	 * and forgets it for all others */
	bool *absent;		   /* nknown entries */
};

/*
 * The natural key of a row: text_key() of each part, the first chars
 * characters of it (0 = all), joined by '|'; "" if all are blank. For
 * known_row.key, cells are shadow over base; if the key of those is blank,
 * the key cells the server gives.
 */
struct key_part {
	int column;
	unsigned chars;
};
char *plan_key(struct arena *, const char *const *cells,
    const struct key_part *, size_t n);

void plan_make(struct arena *, const struct plan_options *,
    const struct known_row *, size_t nknown, const struct file_row *,
    size_t nfile, struct plan *);

#endif
