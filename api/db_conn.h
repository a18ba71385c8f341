/* Inside the database part: connections, the batches on them, statements. */
#ifndef API_DB_CONN_H
#define API_DB_CONN_H

#include <libpq-fe.h>

#include "base/err.h"
#include "db.h"
#include "db_lane.h"
#include "loop.h"

#define SLOTS_MAX 1024 /* registered statements */
#define TEXTS_MAX 128  /* others a connection keeps */

/* What the next result of a batch belongs to. */
enum part { PART_BEGIN, PART_GATE, PART_SCOPE, PART_PREPARE, PART_ROWS,
	PART_COMMIT, PART_CLOSE };

struct expect {
	enum part part;
	unsigned index; /* of the statement in its batch */
	int slot;	/* PREPARE: registered statement, else -1 */
	unsigned text;	/* PREPARE: place in the cache of texts */
	unsigned serial;
};

struct job {
	struct job *next;
	struct batch *batch; /* NULL: nobody waits for it any more */
	struct hold *hold;
	db_done *done;
	void *arg;
	enum lane lane;
	bool aside;	       /* it is the standby's */
	uint64_t floor;	       /* … which must have come so far */
	bool keep, save, last; /* batch.hold, .save and .last */
	struct queue *queue; /* in which it waits; NULL = it is sent */
	bool together;	     /* a read by id, or many of them */
	bool internal;	     /* rollback, preparing, LISTEN */
	enum err err;
	uint64_t since_ms;   /* queued, then sent */
	unsigned limit_ms;   /* batch.limit_ms */
	unsigned n, at;
	struct expect expect[3 * BATCH_MAX + 6];
};

/* Oldest first. */
struct queue {
	struct job *head, **tail;
	unsigned n;
};

/* A result, or a part of one that others have parts of, too. */
struct rows {
	PGresult *res;
	int first, n;	  /* the rows of res */
	unsigned shares;  /* parts that are not freed yet, and itself */
	struct rows *of;  /* a part: of this */
};

enum conn_state { CONN_DOWN, CONN_CONNECTING, CONN_SETTING_UP, CONN_READY };

struct text_slot {
	const struct stmt *of; /* with a name; else NULL */
	char *sql;
	uint64_t hash, used;
	unsigned serial;
	char name[16]; /* on the server: t<serial> */
	bool prepared;
};

struct conn {
	const char *kind; /* fast, slow, notify; for the log */
	bool notify;
	bool aside; /* to the standby */
	enum lane lane;
	enum conn_state state;
	PGconn *pg;
	struct watch *watch;
	bool writing;
	uint64_t since_ms, retry_ms, told_ms;
	unsigned backoff_ms;
	struct job *head, **tail;
	unsigned inflight;
	bool together;	  /* reads by id are among them */
	bool held;	  /* a transaction is open between two batches */
	struct hold *hold; /* whose */
	bool prepared[SLOTS_MAX];
	bool broken[SLOTS_MAX]; /* did not prepare at the last attempt */
	struct text_slot text[TEXTS_MAX];
	unsigned serial;
	uint64_t used;
};

/* db_conn.c */
void conn_open(struct conn *, const char *kind);
/* Sends the batch and takes it over: it ends in db_finished(). */
void conn_send(struct conn *, struct job *);
void conn_rollback(struct conn *);
void conn_undo(struct conn *);
void conn_tick(struct conn *, uint64_t now, unsigned hung_ms);
void conn_close(struct conn *);
void conn_reset(struct conn *, const char *why);

/* db_result.c: the next result of the oldest batch on the connection. */
void conn_result(struct conn *, PGresult *);

/* db_stmt.c */
const struct stmt *stmt_at(size_t);
size_t stmt_count(void);
int stmt_slot(const struct stmt *); /* -1: not registered */
/* Queues Parse (and the eviction of another text) if the connection does not
 * know the statement yet; returns what to bind. NULL: the connection is
 * lost. */
const char *stmt_ready(struct conn *, struct job *, unsigned index,
    const struct stmt *);
void stmt_forget(struct conn *); /* everything, with the connection */
/* The first registered statement that did not prepare, or NULL. */
const struct stmt *stmt_broken(const struct conn *);

/* db_queue.c */
void queue_init(struct queue *);
void queue_put(struct queue *, struct job *);
struct job *queue_take(struct queue *); /* not of an empty one */
void queue_drop(struct job *);
/* A read by id that may wait for others' like it. */
bool together_may(const struct batch *);
/* The first of those and all that ask the same, as one job. */
struct job *together_take(struct queue *);

/* db_batch.c */
struct rows *rows_new(PGresult *); /* owns it */
/* One row of it, or none (-1); or the failure. Both are freed. */
struct rows *rows_share(struct rows *, int row);

/* db.c */
void db_finished(struct conn *, struct job *); /* owns the job */
void db_conn_changed(struct conn *);
void job_expect(struct job *, enum part, unsigned index);

/* notify.c */
void notify_received(const char *channel, const char *payload);
void notify_connected(void);

#endif
