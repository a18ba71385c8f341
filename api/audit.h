/*
 * The log of who did what (sync-and-security.md 4.6, I24). Changes of rows log
 * themselves, by triggers. Everything else is noted by the code that does it,
 * in the transaction that does it.
 */
#ifndef API_AUDIT_H
#define API_AUDIT_H

#include "request.h"

struct audit_event {
	const char *verb;    /* login, unmask, export … */
	const char *outcome; /* ok (NULL), refused, failed */
	const char *entity;  /* table; NULL = of no row */
	const char *row;     /* uuid; NULL */
	const char *division; /* code; NULL = the caller's */
	const char *actor;   /* uuid; NULL = the caller, if there is one */
	const char *session; /* uuid; NULL = the caller's, if there is one */
	const char *detail;  /* JSON object of names, codes and counts, never
				of personal values; NULL */
};

void audit_init(void); /* statements */
void audit_read_init(void); /* statements and routes */

/* Adds the event to the request's batch, which is open. */
void audit_note(struct request *, const struct audit_event *);

/* The reply shows this field, which is field_sensitive(), unmasked. */
void audit_shown(struct request *, const char *field);

/* The reply is a file that is taken away: "export", whatever is in it. Of one
 * that is longer than is known yet (rows -1) a second event, in a batch that this
 * opens, tells before its end how long it was, and all that it showed. */
void audit_file(struct request *, const char *format, long rows);
void audit_file_end(struct request *, long rows);

/* For scope.trail: where a request's changes come from. A batch of a workbook
 * has a key and the workbook's SHA-256, else NULL. */
const char *audit_trail(struct request *, const char *batch,
    const char *file_sha);

/*
 * serve.c: what the handler said goes out only after its event is stored, if
 * there must be one: auditors' and applications' every access, whoever views
 * as somebody, readers of the log, files that are taken away, and replies with
 * what audit_shown() told.
 * True: the event is on its way. *said is then kept until audit_told().
 */
bool audit_access(struct request *, enum next *said);
bool audit_told(struct request *, enum next *said);
/* The event is still on its way. */
bool audit_waits(const struct request *);
void audit_forget(struct request *);

#endif
