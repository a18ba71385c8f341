/* A download on its way: batches come in, rows go out (list_export.c). */
#ifndef API_LIST_EXPORT_H
#define API_LIST_EXPORT_H

#include "base/arena.h"
#include "list.h"

#define EXPORT_ARENA (64u << 20)

struct sheet_out;

struct export {
	struct list *list;
	struct arena scratch;	 /* of one part */
	struct stmt stmt[2];	 /* the first batch, and those after a key */
	char *key[3], limit[24];
	int nkey;
	long size;		 /* rows of a batch */
	const struct rows *rows; /* being written */
	int at, n;
	bool more;		 /* after these */
	bool told, ending;	 /* the log has its length, is getting it */
	long total;		 /* rows so far */
	bool people;		 /* labels and local times, not codes */
	size_t written;		 /* bytes, before they are packed */
	struct sheet_out *sheet;
	const bool *shown;	 /* columns; NULL = all */
};

/* list_write.c: what stands in the file. False: it has grown too large. */
void export_begin(struct request *, struct export *);
void export_row(struct request *, struct export *, int at);
bool export_flush(struct request *, struct export *);
bool export_last(struct request *, struct export *);
void export_end(struct export *);
/* RFC 4180. A text that a spreadsheet would take for a formula has an
 * apostrophe before it; typed: it is a number or a date of ours. */
void csv_cell(struct buf *, const char *, bool first, bool typed);

#endif
