/*
 * PostgreSQL as the handlers see it: a batch of prepared statements goes out
 * in one round trip with its own Sync, its results come back as text columns.
 * Nobody outside db.c sees a PGconn. Nothing here blocks.
 *
 * Every batch is one transaction (reads by id may share one: batch_by_id()).
 * Its first statement, added by db.c, puts the caller's scope into app.* with
 * set_config(…, true): the context of the row-level security that stands
 * behind every predicate (D3).
 */
#ifndef API_DB_H
#define API_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct job;  /* a batch on its way */
struct conn;

/* The connection a request keeps between two steps (batch.hold). */
struct hold {
	struct conn *conn; /* NULL: none */
	bool lost;	   /* it had one: the transaction is gone */
};

/* What a principal may reach; every batch carries one. */
struct scope {
	int64_t lo, hi;	       /* divisions lo ≤ code ≤ hi (D3) */
	const char *line;      /* sector line (条线), "" = every line */
	int clearance;	       /* 0 open … 4 disciplinary */
	const char *actor;     /* user or client uuid, "" = the system */
	const char *channel;   /* api | sheet | job */
	const char *origin;    /* request id, or batch key of a sheet */
	const char *trail;     /* audit_trail(): who and from where, for the log;
				  NULL = the system */
	/* Narrower than the range; NULL or "" = not narrowed. */
	const char *action;    /* uuid: rows of this action and of none */
	const char *cover;     /* int8multirange within lo..hi (coverage) */
	const char *own;       /* uuid[]: rows that are one of these or name
				  one as their owner */
	const char *category;  /* {code: int8multirange}: issues of these
				  categories, each there */
	bool looks;	       /* PostgreSQL refuses whatever writes */
};
extern const struct scope scope_system; /* lo..hi = everything; never for a
					   principal's own reads */

enum lane {
	LANE_FAST, /* pipelined, short: by id, by key, one write */
	LANE_SLOW, /* one batch in flight: lists, exports, several steps */
};

/* A statement. With a name it lives as long as the process: registered, it is
 * prepared on every connection; else at its first use, and kept among those
 * used last. name NULL: the same, known by its text (filtered lists), which
 * lives as long as the request. */
struct stmt {
	const char *name;
	const char *sql;
};

/* A time as the API says it. */
#define SQL_UTC(column)                                                        \
	"to_char(" column " AT TIME ZONE 'UTC',"                               \
	" 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#define BATCH_MAX 24   /* statements in one batch */
#define PARAMS_MAX 192 /* parameters of one statement */

struct rows; /* one result; borrowed until the request ends or is run again
		after a serialization failure */

struct batch {
	struct arena *arena;
	const struct scope *scope;
	enum lane lane;
	bool hold;   /* keep transaction and connection for the next step
			(slow lane only); a request that ends while holding
			without `last` is rolled back */
	bool save;   /* of a held transaction: a failure undoes this batch
			only, and the transaction goes on */
	bool last;   /* this batch ends a held transaction with COMMIT */
	unsigned limit_ms; /* what its statements may take; 0 = as its lane
			      says */
	bool aside;  /* it only reads: on the standby if that is near; where it
			was answered, once it is (standby.h) */
	bool probe;  /* … and asks the standby itself, however it is */
	uint64_t after; /* what it sees at least: a position of the primary */
	unsigned n;
	struct planned {
		const struct stmt *stmt;
		unsigned nparams;
		const char *const *value; /* NULL = SQL null; text format */
		bool reads;		  /* it selects and does nothing else */
		const struct stmt *many;  /* batch_by_id() */
		struct rows *rows;	  /* filled by db.c */
	} at[BATCH_MAX];
	int failed; /* index of the statement that failed, or -1 */
};

void batch_open(struct batch *, struct arena *, const struct scope *,
    enum lane);
/* Values are copied as pointers: they must live until the answer. Returns
 * the index of the statement, for batch_rows(). */
unsigned batch_add(struct batch *, const struct stmt *, unsigned nparams,
    const char *const *values);
/* The same of a statement that only selects: a batch of such needs less of a
 * context. */
unsigned batch_read(struct batch *, const struct stmt *, unsigned nparams,
    const char *const *values);
/* The same of one row by its id, which is the last value, and a UUID; no value
 * is NULL. `many` is the statement for a list of ids: one more column has the
 * place in that list, from 1. A batch of such may go together with others' of
 * equal scope (db_queue.c). */
unsigned batch_by_id(struct batch *, const struct stmt *,
    const struct stmt *many, unsigned nparams, const char *const *values);
/* The same as batch_add() with the values given one by one, all const char *. */
unsigned batch_addv(struct batch *, const struct stmt *, unsigned nparams,
    ...);
const struct rows *batch_rows(const struct batch *, unsigned index);

/* Results. Never NULL for a statement of a batch that did not fail. */
int rows_n(const struct rows *);
int rows_cols(const struct rows *);
const char *rows_text(const struct rows *, int row, int col); /* NULL = null */
/* The first n columns of a row. */
void rows_row(const struct rows *, int row, size_t n, const char **out);
int rows_len(const struct rows *, int row, int col);
long rows_long(const struct rows *, int row, int col);
int rows_affected(const struct rows *);
/* Of a failed statement; "" otherwise. */
const char *rows_sqlstate(const struct rows *);
const char *rows_constraint(const struct rows *);
const char *rows_table(const struct rows *);
const char *rows_detail(const struct rows *);
const char *rows_message(const struct rows *);

/*
 * Statements with a name are registered before the worker connects and are
 * prepared on every connection; one that does not prepare leaves the worker
 * not ready (GET /readyz says which).
 */
void db_register(const struct stmt *const *, size_t n);

#endif
