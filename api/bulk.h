/*
 * POST /v1/<path>/bulk: many rows at once, each created, or changed if its id
 * or its natural key is there already (D4).
 *
 *	bulk.c        the request's journey, the reply
 *	bulk_match.c  which rows are there, parents, references
 *	bulk_key.c    their natural keys
 *	bulk_write.c  one INSERT and one UPDATE for all; halves when refused
 *
 * The whole request is one transaction. atomic=true (the default) writes all
 * rows or none; atomic=false writes those that are right and says of each
 * other one what is wrong with it.
 */
#ifndef API_BULK_H
#define API_BULK_H

#include "entity.h"

#define BULK_MAX 1000 /* rows of one request */
#define KEY_MAX 16    /* parts of a natural key */

enum bulk_what { BULK_NEW, BULK_CHANGED, BULK_SAME, BULK_BAD };

struct bulk_row {
	const json_t *body; /* as sent, without id and rev */
	const char *id, *rev; /* as sent, or NULL */
	const char *key;    /* natural key as one text; NULL: incomplete */
	enum bulk_what what;
	const char *const *was;	   /* the row that is there, or NULL */
	const char *const *parent; /* the row it belongs to, or NULL */
	const char **row;   /* as it shall be */
	const char *new_rev;
	struct fault *faults;
	unsigned status;    /* of a row that is BAD */
	const char *code;
};

struct bulk {
	int phase;
	bool atomic, dry;
	size_t n, done;	    /* rows; how many are merged */
	struct bulk_row *row;
	struct bulk_match *match;
	struct bulk_write *write;
	size_t ncreated, nchanged, nsame, nbad;
};

enum next entity_bulk(struct request *);

/* A statement of this transaction, which stays open. */
void bulk_batch(struct request *);
/* Of row i, with the pointer below /items/i. Marks it bad. */
void bulk_fault(struct request *, struct bulk *, size_t i, unsigned status,
    const char *pointer, const char *rule, const char *code, const char *zh,
    const char *en);
/* The same of the faults that the request has by now. */
void bulk_faults(struct request *, struct bulk *, size_t i, unsigned status);

/* Adds the statements that find what is there, and takes their answer. */
void match_plan(struct request *, const struct entity *, struct bulk *);
void match_take(struct request *, const struct entity *, struct bulk *);
/* Faults for the references of row i that the caller cannot see. */
void match_references(struct request *, const struct entity *, struct bulk *,
    size_t i);

/* The ids of the rows that have the keys in $6…, for a UNION. */
void key_build(struct buf *, const struct entity *);
/* The key of each row that is not named by its id, and the lists for those
 * parameters. Returns how many. */
size_t key_plan(struct request *, const struct entity *, struct bulk *,
    const char **lists);
/* Of a row that is there; NULL: it has none. */
const char *key_stored(struct request *, const struct entity *,
    const char *const *row);

/* The next statements to send, or NEXT_DONE when every row was decided. */
enum next write_next(struct request *, const struct entity *, struct bulk *);
/* What came back of them. */
void write_take(struct request *, const struct entity *, struct bulk *);

#endif
