/* Between sync_merge.c, sync_cells.c and sync_header.c: one row while it is decided. */
#ifndef API_SYNC_MERGE_H
#define API_SYNC_MERGE_H

#include "sync_batch.h"

/* A value per column of the push. */
struct look {
	struct push *p;
	struct push_row *row;
	const char **base;   /* B by the server's own memory, as the file says
				it */
	const char **meant;  /* B as a value */
	const char **given;  /* what the export showed */
	const char **server; /* S */
	const char **file;   /* F as delivered; NULL: not in this op */
};

/* What a delivered cell of each role does. cell_input() gives the merge its
 * base and file, and the SQL text of the file's value. */
void cell_input(struct look *, const char **base, const char **file, size_t,
    const char **sql);
void cell_state(struct look *, size_t);
void cell_readonly(struct look *, size_t);

/* What F comes to as a value; NULL: not in this op, or cannot be stored. */
const char *cell_shown(const struct look *, size_t);
/* What the file says; NULL if the op does not name the cell. */
const char *file_cell(const struct push_row *, const char *name);
/* sync_header.c: the texts above the table, merged like cells. */
void header_decide(struct push *, struct push_row *);

/* sync_names.c: two rows of one name. In this order: does the batch name rows;
 * the rows of the book; which of them are needed locked (at most one per row
 * of the batch, into ids); if any, what the export calls its rows. */
void names_init(void);
bool names_concern(const struct push *);
void names_plan(struct push *);
size_t names_take(struct push *, const char **ids);
void names_plan_known(struct push *);
void names_take_known(struct push *);
/* The name the row would have after its merge; "" if that is not new. */
const char *names_next_key(struct look *);
/* Another live row of that name, if the export knows none by it; or NULL. */
const char *
names_twin(struct push *, const struct push_row *, const char *key);
bool names_known(const struct push *, const char *id);
void names_decided(
    struct push *, const struct push_row *, const char *const *base);
/* sync_twin.c: true: the name is taken, and people are told; false: go on,
 * maybe as the row that is there already. */
bool twin_decide(struct look *);
/* sync_merge.c */
void push_look(struct push *, struct push_row *, struct look *);

struct left *
leave_add(struct push *, struct left **, const char *row, const char *name);
/* Raised once: the same disagreement that is open already keeps its name; a
 * newer one takes its place. cells: of a whole row, or NULL. */
void leave_conflict(struct look *, const char *name, const char *kind,
    const char *base, const char *system, const char *file, json_t *cells);
/* The same about another row than the one that is decided. */
void leave_conflict_on(struct look *, const char *row, const char *name,
    const char *kind, const char *base, const char *system, const char *file,
    json_t *cells);
/* Typing the cell anew ends its conflict. */
void leave_settled(struct look *, const char *name);
/* What a file may not do: shown to its staff, level error or warning. */
void leave_finding(struct look *, const char *name, const char *file,
    const char *level, const char *rule, const char *zh, const char *en);

#endif
