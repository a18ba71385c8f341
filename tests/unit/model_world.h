/*
 * The world of the protocol model: one ledger, its server, its files, the
 * people who edit them and the oracle that knows who typed what.
 *
 * Columns: n (natural key), a, b, the group m+u, and p, which files only ever
 * show masked. Typed values are "v<serial>:<logical row>.<column>".
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "merge.h"
#include "plan.h"

enum { N, A, B, M, U, P, NF };
static const struct merge_column COLUMN[NF] = {
	{ "n", 0 }, { "a", 0 }, { "b", 0 }, { "m", 1 }, { "u", 1 }, { "p", 0 },
};

enum { MAX_ROWS = 1024, MAX_VALUES = 8192, MAX_FILES = 2, STAFF = 2 };

enum fault {
	I1_LOSS, I2_DIVERGED, I3_DUPLICATE, I4_ECHO, I5_MISPLACED, I6_REVERT,
	I7_DELETED, GROUP_TORN, NO_PROGRESS, FAULTS
};
static const char *const FAULT[FAULTS] = {
	"I1 a typed value is nowhere", "I2 file and server differ",
	"I3 one row became two", "I4 a quiet system writes",
	"I5 a row took another's name", "I6 a silent return to an old value",
	"I7 deleted without evidence", "a group of cells was torn apart",
	"the planner never comes to rest",
};

struct vals {
	const char *v[NF];
};

struct server_row {
	struct vals *hist;
	int nhist, cap;
	bool deleted;
	int logical; /* who it is to the oracle; 0 = a blank spare */
};

struct export_row {
	int row, rev;
	bool spare, pending, gone;
	bool inherited; /* of a copy that delivered nothing to it yet */
	const char *origin;
	struct vals base, shown;     /* exported: real, and as shown */
	struct vals shadow, meant;   /* NULL entries; shown, and real */
	const char **earlier[NF];    /* NULL-ended, or NULL */
};

struct export {
	struct export_row *row;
	int n, cap;
	bool deletions;
	int clone_of; /* of a copy of the file; 0 = none */
	bool adopted;
};

/* A row in a workbook. */
struct line {
	const char *token;
	struct vals cell;
	int logical;
	bool mark;
};

struct book {
	int export;	 /* 0 = an untemplated file */
	int save;	 /* no two saves have the same bytes */
	bool untouched;	 /* as exported, never saved by anybody */
	bool pristine;	 /* the first save of what was opened untouched */
	struct line *line;
	int n, cap;
	uint64_t had[MAX_ROWS / 64]; /* logical rows ever in this lineage */
};

struct desk { /* somebody's program with the file open */
	bool open;
	int file;
	struct book book;
};

struct done { /* a batch the server answered */
	uint64_t key;
	bool ok;
	struct done *next;
};

struct origin {
	char op_id[65];
	int row;
	struct origin *next;
};

struct world {
	uint64_t rng;
	struct arena arena; /* lives for the run */
	/* how this world is */
	bool lockless;	    /* a stale copy may be saved over a newer file */
	bool copies;	    /* people copy the file and edit the copy */
	unsigned without;

	/* the server */
	struct server_row row[MAX_ROWS];
	int nrows;
	struct export *exports;
	int nexports, exports_cap;
	int seq;
	struct done *inbox;
	struct origin *origins;

	/* the share, and the people */
	struct book file[MAX_FILES];
	bool exists[MAX_FILES];
	struct desk desk[STAFF];
	struct book stick; /* an older file on somebody's USB stick */
	int saves;

	/* the oracle */
	int serial, logical;
	bool spooled[MAX_VALUES], kept[MAX_VALUES];
	bool copied_name[MAX_VALUES]; /* a person made the duplicate */
	bool copied[MAX_ROWS];	      /* a copy of a row, or copied itself */
	/* Two diverging copies, and one gave up the row's token: only the
	 * name is left to know it by, and names can be changed. */
	bool unknowable[MAX_ROWS];
	unsigned faults[FAULTS];
	bool trace;

	/* figures */
	uint64_t planned, digest;
	unsigned commits, conflicts, held, stale, missorted, writes;
};

static inline uint32_t
roll(struct world *w, uint32_t below)
{
	uint64_t z = (w->rng += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(((z ^ z >> 31) >> 32) * below >> 32);
}

static inline bool
chance(struct world *w, uint32_t percent)
{
	return roll(w, 100) < percent;
}

static inline void
fault(struct world *w, enum fault f)
{
	if (w->trace)
		printf("*** %s\n", FAULT[f]);
	w->faults[f]++;
}

static inline bool
blank(const struct vals *v)
{
	for (int c = 0; c < NF; c++)
		if (v->v[c] != NULL && v->v[c][0] != '\0')
			return false;
	return true;
}

static inline bool
same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* The serial of a typed value, 0 for anything else. */
static inline int
serial_of(const char *v)
{
	return v != NULL && v[0] == 'v' ? (int)strtol(v + 1, NULL, 10) : 0;
}

static inline int
logical_of(const char *v)
{
	const char *colon = v == NULL ? NULL : strchr(v, ':');

	return colon != NULL ? (int)strtol(colon + 1, NULL, 10) : 0;
}

static inline const char *
type(struct world *w, int logical, int col)
{
	REQUIRE(w->serial + 1 < MAX_VALUES);
	return arena_printf(&w->arena, "v%d:%d.%d", ++w->serial, logical, col);
}

static inline int
new_logical(struct world *w)
{
	REQUIRE(w->logical + 1 < MAX_ROWS);
	return ++w->logical;
}

static inline void
keep(struct world *w, const char *v)
{
	w->kept[serial_of(v)] = true;
}

/* What a file shows of a value: of p only a digit that many share. */
static inline const char *
shown(struct world *w, int col, const char *v)
{
	if (col != P || v[0] == '\0')
		return v;
	return arena_printf(&w->arena, "*%d", serial_of(v) % 5);
}

static inline struct line *
line_add(struct world *w, struct book *b, int at)
{
	if (b->n == b->cap) {
		struct line *old = b->line;

		b->cap = b->cap == 0 ? 16 : b->cap * 2;
		b->line = arena_array(&w->arena, (size_t)b->cap, sizeof(*old));
		if (b->n > 0)
			memcpy(b->line, old, (size_t)b->n * sizeof(*old));
	}
	memmove(&b->line[at + 1], &b->line[at],
	    (size_t)(b->n - at) * sizeof(b->line[0]));
	b->n++;
	b->line[at] = (struct line){ .token = "" };
	for (int c = 0; c < NF; c++)
		b->line[at].cell.v[c] = "";
	return &b->line[at];
}

static inline struct book
book_copy(struct world *w, const struct book *b)
{
	struct book c = *b;

	c.cap = b->n + 4;
	c.line = arena_array(&w->arena, (size_t)c.cap, sizeof(c.line[0]));
	if (b->n > 0)
		memcpy(c.line, b->line, (size_t)b->n * sizeof(c.line[0]));
	return c;
}

static inline void
book_had(struct book *b, int logical)
{
	b->had[logical / 64] |= (uint64_t)1 << (logical % 64);
}

static inline bool
had(const struct book *b, int logical)
{
	return b->had[logical / 64] >> (logical % 64) & 1;
}

static inline uint64_t
mix(uint64_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return (h ^ 0xff) * 1099511628211u;
}

static inline uint64_t
book_hash(const struct book *b)
{
	uint64_t h = 14695981039346656037u ^ (uint64_t)b->export << 32 ^
	    (uint64_t)b->save;

	for (int i = 0; i < b->n; i++) {
		h = mix(h, b->line[i].token) + b->line[i].mark;
		for (int c = 0; c < NF; c++)
			h = mix(h, b->line[i].cell.v[c]);
	}
	return h;
}

#endif
