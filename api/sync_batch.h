/*
 * One pushed batch on its way through four steps (sync-and-security.md 1.7):
 * sync_batch.c reads what was sent and what is known, sync_merge.c decides
 * every row without a database, sync_apply.c writes the decisions set-based.
 */
#ifndef API_SYNC_BATCH_H
#define API_SYNC_BATCH_H

#include "book.h"
#include "merge.h"

#define PUSH_ROWS_MAX 500
#define PUSH_EXTRA_MAX 100 /* columns of staff in one batch */

enum push_op { PUSH_UPDATE, PUSH_INSERT, PUSH_DELETE, PUSH_BACK,
	PUSH_SEEN /* an old copy shows it: the shadow learns, the row not */
};

/* What the row is to the export its file came from. */
enum known { KNOWN_NOT, KNOWN_ROW, KNOWN_SPARE, KNOWN_PENDING, KNOWN_HEADER };

/* Something that one row leaves for people; written by sync_apply.c. */
struct left {
	struct left *next;
	const char *row, *name;
	const char *id; /* of a new conflict, held cell or request */
	const char *base, *system, *file; /* file: also the held value */
	const char *kind;    /* of a conflict; level of a finding */
	json_t *cells;	     /* edit_delete */
	struct reason why;   /* held cells and findings */
	const char *command; /* requests */
};

struct name {
	struct name *next;
	const char *text;
};

struct push_row {
	/* sent */
	enum push_op op;
	const char *id, *op_id, *copied_from;
	json_t *cells;		/* name → [base, new(, raw)] or value */
	json_t *claimed;	/* del, back: name → base */
	bool lacks;		/* seen: the old copy has no such row */
	/* known */
	enum known known;
	bool replayed; /* ins: its op_id has a row already */
	bool gone;
	long shown_rev;
	json_t *overrides, *shadow;
	json_t *meant;	    /* of the shadow, where it is not the text */
	const char **past; /* the row at shown_rev if that is not now */
	/* now */
	const char **now; /* NULL: there is no row yet */
	json_t *extra;	  /* of now */
	bool voided;
	struct reason fixed; /* why a sheet may not change it; code NULL
				= it may */
	long rev;
	/* decided */
	const char **next; /* the row to write, field order */
	bool *changed;	   /* which of its fields */
	bool insert, update;
	bool deliver; /* the shadow takes the cells */
	bool refused; /* for its name: known to the export, but no row */
	json_t *means; /* of the cells, where it is not the text */
	const char *outcome;
	const struct reason *why; /* rejected: nothing of it is kept */
	struct name *conflicts, *held, *requests;
};

struct push {
	struct request *r;
	struct book book;
	const char *key, *body_sha;
	const char *export, *ledger, *file_sha, *path;
	bool adopted;
	long export_header_rev;
	json_t *header_then; /* header block as the export showed it */
	struct push_row *row;
	size_t nrows;
	/* the form's columns, then those of staff */
	const struct ledger_column **column;
	size_t ncolumns;
	/* open, as read under the lock */
	const struct rows *open_held, *open_conflicts, *open_requests;
	/* decided */
	struct left *new_held, *no_held, *new_conflict, *no_conflict,
	    *new_request, *no_request, *new_finding, *no_finding;
	json_t *header_next; /* NULL: unchanged */
	struct names *names; /* NULL: no row gets a name */
	bool twins;	     /* and some of them are taken */
	/* steps */
	unsigned stage;
	unsigned at[16]; /* statements of the batch just answered */
};

/* sync_read.c: the body's shape; false after fail(). */
bool push_parse(struct push *);
/* The names of the cells against the form; false after fail(). */
bool push_resolve(struct push *);

/* sync_batch.c: the row as it was locked, if it was. */
void push_take_now(struct push *, struct push_row *);

/* sync_merge.c */
void push_decide(struct push *);
/* What the open statements say of a row's cell; -1 = nothing. */
int push_open(const struct rows *, const char *row, const char *name);

/* sync_apply.c */
void sync_apply_init(void);
void push_plan_writes(struct push *);
/* Takes the new revisions and renders the answer into r->reply. */
void push_render(struct push *);

#endif
