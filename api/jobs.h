/* taizhang-jobs: what the service does by itself, beside the requests. */
#ifndef API_JOBS_H
#define API_JOBS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "db.h"

#define JOBS_LOCK "7263002" /* first half of a runner's advisory lock */

/* jobs_db.c: one connection, as the role taizhang_jobs; it blocks. */
extern const struct scope jobs_everything;
bool jobs_db_up(void); /* connects if need be */
void jobs_db_down(void);
/* A transaction in that scope. After a failure nothing more is asked in it,
 * and jobs_end() says false. */
void jobs_begin(const struct scope *);
void jobs_scope(const struct scope *); /* from here on in another one */
/* The statement is prepared once a connection and known by its address: a
 * constant. jobs_ask_once() takes any text. */
PGresult *jobs_ask(const char *sql, int n, const char *const *values);
PGresult *jobs_ask_once(const char *sql, int n, const char *const *values);
bool jobs_end(void);
const char *jobs_text(const PGresult *, int row, int col); /* NULL = null */

/* jobs_feed.c: wakes those who wait for changes, and writes down what each
 * webhook is to be told. */
void jobs_feed(void);
void jobs_owners(void);
void jobs_prune(void);

/* jobs_files.c: what uploads left behind, a share of the store at a time: all
 * of it within a day if called every ten minutes. */
void jobs_files(void);

/* jobs_privacy.c: erases what was kept long enough, some at a time; true:
 * there may be more. */
bool jobs_privacy(void);

/* jobs_send.c, jobs_result.c: tells them. */
bool jobs_send_open(void);
void jobs_send_claim(void);
/* Goes on with what is on its way, for at most that long. */
void jobs_send_turn(int wait_ms);
unsigned jobs_send_busy(void);
void jobs_send_close(void);

struct sent {
	const char *delivery, *webhook;
	long status;	   /* 0: no answer */
	const char *error; /* NULL: delivered */
	bool alone;	   /* the fault is this one's, not the receiver's */
	int attempts;
	long retry_after_s;
};
void jobs_result(const struct sent *);

/* jobs_seal.c: the log's tree and its heads. */
bool jobs_seal_open(void);
void jobs_seal(void);
void jobs_partitions(void);
/* jobs_witness.c: false if the head could not be copied there. */
bool jobs_witness(const char *line);

uint64_t jobs_now_ms(void);

#endif
