/* taizhangctl audit verify: one run over the log (sync-and-security.md 4.6). */
#ifndef API_CTL_AUDIT_H
#define API_CTL_AUDIT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "audit_head.h"

#define AUDIT_KEYS 8

struct verify {
	PGconn *db;
	char key[AUDIT_KEYS][HASH_HEX]; /* that heads may be signed with */
	unsigned nkeys;
	uint64_t events, leaves, heads, revisions, rows, witnesses;
	uint64_t told_ms; /* progress */
	unsigned bad;
	bool failed;	  /* the database did not answer: nothing is said */
};

/* One more thing that is wrong; what names the event, the row or the head. */
void verify_bad(struct verify *, const char *zh, const char *en,
    const char *what, ...) __attribute__((format(printf, 4, 5)));
/* What a statement gives; NULL after saying what went wrong. */
PGresult *verify_ask(struct verify *, const char *sql, int n,
    const char *const *values);
bool verify_trusts(const struct verify *, const char *key);
void verify_progress(struct verify *);

/* Rows one by one, through a cursor of that name. */
struct rowset {
	const char *name;
	PGresult *page;
	int at;
};
/* sql is a query; false if it cannot be asked. Then there may be no row. */
bool rowset_open(struct verify *, struct rowset *, const char *name,
    const char *sql);
bool rowset_next(struct verify *, struct rowset *);
/* NULL: null. */
const char *rowset_text(const struct rowset *, int col);
void rowset_close(struct verify *, struct rowset *);

void verify_log(struct verify *);	/* ctl_audit_log.c */
void verify_rows(struct verify *);	/* ctl_audit_rows.c */
/* ctl_audit_witness.c: heads in a workbook or a text; false if unreadable. */
bool verify_witness(struct verify *, const char *path);

#endif
