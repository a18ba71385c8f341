/* An export while it is made or read back, and how it is shown. */
#ifndef API_SYNC_EXPORT_H
#define API_SYNC_EXPORT_H

#include "book.h"

#define EXPORTED_AT SQL_UTC("exported_at")

struct export
{
	struct request *r;
	struct book book;
	unsigned stage, read;
	const char *id, *instance, *kind, *path, *exported_at;
	const char *of; /* of a branch: the export its copy carries */
	bool adopted;
	size_t spares;
	long seq, header_rev; /* as exported */
	unsigned at_book, at_export, at_head;
	/* of export_plan_shown() */
	unsigned at_rows, at_spares, at_held, at_requests, at_conflicts,
	    at_findings, at_pending, at_filled, at_header;
};

void export_shown_init(void);
/* Adds the statements that read the export's rows back. fresh: also what
 * stands beside them now; else what its files have delivered since. */
void export_plan_shown(struct export *, bool fresh);
void export_render_new(struct export *);
void export_render_known(struct export *);
/* Reads x->id back and says what is known of it; the reply's status. */
enum next export_read(struct export *);
enum next export_known(struct export *, unsigned status);

/* sync_beside.c: what stands beside the rows. Findings are collected in a
 * buffer, as the rows are written one by one. */
void beside_init(void);
void beside_plan(struct export *);
/* What the row itself breaks. */
void beside_row(struct export *, const char *row, const char *const *fields,
    const json_t *overrides, struct buf *findings);
void beside_book(struct export *, struct buf *findings);
void beside_conflicts(struct export *);

/* sync_branch.c: the export of a copy, made when it is first asked for. */
void sync_branch_init(void);
void branch_plan(struct export *);
/* After that batch: x->id is the branch; false: there is nothing to copy. */
bool branch_made(struct export *);

#endif
