/*
 * One request on its way through serve.c: what each stage reads and adds.
 *
 *	http.c   method, path, query, headers, body
 *	route.c  route, arg[]
 *	auth.c   who
 *	handler  batch (plan) … reply (render), or fail()
 */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "db.h"
#include "model/model.h"

enum method { M_GET, M_HEAD, M_POST, M_PUT, M_PATCH, M_DELETE, M_OPTIONS };

/* How far the Idempotency-Key of a request has come (idem.c). */
enum idem {
	IDEM_NONE,
	IDEM_ASKED, /* the claim is on its way */
	IDEM_OURS,  /* … and made: all that follows is its transaction's */
	IDEM_LATER, /* of a login: there is no reply yet */
	IDEM_AGAIN, /* the reply of the first time is given */
	IDEM_KEPT,  /* the reply is on its way to be kept */
};

enum next {
	NEXT_DB,   /* the batch is planned: send it, call me with the rows */
	NEXT_DONE, /* the reply is complete */
	NEXT_FAIL, /* fail() was called */
	NEXT_WAIT, /* parked: request_wake() will call me again */
	NEXT_PART, /* the reply so far goes out; call me when it is out */
};

/* One thing wrong with what was sent; all of them go out at once. */
struct fault {
	const char *pointer; /* JSON pointer, or cell such as 第6行 B列 */
	const char *rule;    /* DQ-02, R-17, Y57 … */
	const char *code;    /* stable: required, not_in_list, too_long … */
	const char *zh, *en;
	const char *level;   /* error | warning */
	struct fault *next;
};

/* What a grant is of: business, one of the three administrators that exclude
 * one another, audit, and those who are not people (domain.md 5.2). */
enum role_part {
	PART_NOBODY,
	PART_BUSINESS,
	PART_SYSTEM,
	PART_SECURITY,
	PART_AUDIT,
	PART_AUDITOR,
	PART_AGENT,
	PART_CLIENT,
	PART_PUBLIC,
};

struct principal {
	char id[37];	     /* user or client uuid; "" = nobody */
	char login[64];
	char name[128];
	char org[37];	     /* organisation uuid, "" = none */
	char org_name[256];
	char binding[37];    /* of a sheet agent, else "" */
	const char *role;    /* role code, static or in the arena */
	int level;	     /* 1 province … 5 village */
	int64_t division;
	struct scope scope;
	enum role_part part;
	char grant[37];	     /* the one grant a session acts under */
	char session[37];    /* or the agent's token */
	char client[37];     /* third-party application, else "" */
	char via[37];	     /* … that acts for this user */
	char action[37];     /* the grant's only action; "" = all */
	const char *covered_by; /* organisations whose coverage any grant of
				   his is narrowed to, blank separated; NULL */
	const char *scopes;  /* … its token's, blank separated */
	unsigned rate;	     /* … requests within ten seconds */
	unsigned export_rows; /* … rows a day as files */
	bool personal;	     /* … sees the personal data its user sees */
	char viewer[37];     /* administrator who views as this user */
	unsigned must;	     /* MUST_… of login.h, before anything else */
	bool auditor;	     /* every access is logged */
	bool readonly;	     /* auditors, and views as somebody */
	bool sees_known; /* mask.c's own: a mask for each class */
	unsigned char sees[PII__MAX];
};

struct route;
struct request;
struct param;
struct waiter;
struct offloaded;
struct mine;
struct turn;
struct told;
struct shown;
typedef enum next handler(struct request *);

#define ROUTE_ARGS_MAX 4
#define REPLY_MAX (32u << 20) /* bytes of one reply */

/* A field that the server sets, found by the handler itself. */
struct given {
	const char *field, *value; /* field NULL ends the list */
};

/* What is left of the caller's quota, told in the reply; of several the one
 * that is counted last, which is the narrower. name NULL: none counted. */
struct quota {
	const char *name;
	unsigned most, window_s, left, wait_s;
};

struct header {
	const char *name, *value;
	struct header *next;
};

struct request {
	struct arena arena;
	char id[37];		/* request id, uuid; in the log and problems */
	uint64_t began_us;

	enum method method;	/* effective, after X-HTTP-Method-Override */
	const char *path;	/* decoded and normalised, without query */
	const char *query;	/* raw, "" if none */
	const char *body;
	size_t body_len;
	const char *remote;
	const char *lang;	/* "zh" (default) or "en" */
	void *http;		/* http.c's own */

	const struct route *route;
	const char *arg[ROUTE_ARGS_MAX]; /* {…} of the pattern, in order */
	struct param *params; /* of the query, decoded */

	struct principal who;
	const struct rows *found; /* auth.c's own */

	unsigned step;		/* how often the handler was called before */
	struct batch batch;	/* planned by the handler, answered by db.c */
	void *state;		/* the handler's own, in the arena */
	const char *giver;	/* of the last command on the row that is
				   replied, if known: for `may` */
	/* The handler's own, which also outlives a transaction that starts
	 * over; let_go() is called once, with the request. */
	void *held;
	void (*let_go)(void *held);
	const struct given *given; /* for entity_create() */

	enum err err;		/* of fail() */
	const char *detail_zh, *detail_en, *code;
	struct fault *faults, **faults_end;

	unsigned status;	/* 0 until the reply is decided */
	uint64_t length;	/* of a reply in parts, where it is known */
	const char *type;	/* content type; default application/json */
	struct buf reply;
	struct header *headers;	/* out */
	struct quota quota;	/* limit.c's own */

	json_t *json;		/* of request_json() */
	struct flow {		/* serve.c's own */
		unsigned stage, retries;
		uint64_t deadline_ms;
		enum err came;	/* how the last batch came back */
		bool pending;	/* a batch is on its way */
		bool parted;	/* a part of the reply is out */
		bool ahead;	/* … and the handler goes on meanwhile */
		bool home;	/* it is read on the primary (after.h) */
		bool told;	/* of what others wrote there */
		enum idem idem;
		struct job *job;
		struct hold hold;
		struct rows **kept;
		unsigned nkept, keptmax;
	} flow;
	struct waiter *waiter;	/* notify.c's own */
	struct offloaded *offloaded; /* offload.c's own */
	struct mine *mine;	/* move_may.c's own */
	struct turn *turn;	/* yield.c's own */
	struct told *told;	/* audit.c's own */
	struct shown *shown;	/* audit.c's own */
};

/* In: NULL when absent. Header names are case-insensitive. */
const char *request_header(const struct request *, const char *name);
/* The decoded value of a query parameter; NULL when absent. A repeated or
 * malformed parameter fails the request before the handler runs. */
const char *request_param(const struct request *, const char *name);
/* The body as a JSON object (UTF-8, depth and size bounded, duplicates
 * refused), owned by the request; NULL after fail(). */
json_t *request_json(struct request *);

/* Of a route that streams: the next bytes of the body, as many as there is room
 * for or are left; *got 0 is its end. False: not yet; NEXT_WAIT, the handler is
 * called when they have come. into and got live as long as the request. */
bool request_read(struct request *, char *into, size_t room, size_t *got);
uint64_t request_unread(const struct request *);

/* Out. */
void reply_header(struct request *, const char *name, const char *value);
void reply_etag(struct request *, long rev); /* ETag: "rev" */
/* Whether If-None-Match names the tag (quoted). */
bool request_if_none_match(const struct request *, const char *etag);
/* If-Match as a revision: OK, E_PRECONDITION when absent, E_INPUT. */
enum err request_if_match(struct request *, long *rev);
enum next reply(struct request *, unsigned status);

/* Refuse: the sentence in both languages says what to do next. */
enum next fail(struct request *, enum err, const char *code, const char *zh,
    const char *en);
/* Adds one fault; fail(E_INPUT) is decided by the caller afterwards. */
void fault(struct request *, const char *pointer, const char *rule,
    const char *code, const char *zh, const char *en);

/*
 * Replies of any length (NEXT_PART): each part is made when the one before it
 * has been handed to the kernel, so a slow client holds back its own export
 * and nothing else. The status and the headers are decided with the first
 * part; to fail() after it cuts the reply off, visibly. Meanwhile
 * request_ahead() may have sent the next batch: the handler is called while
 * it is on its way, and answers NEXT_WAIT when it has nothing left to do.
 */
bool request_ahead(struct request *); /* false: fail(E_BUSY) */
bool request_back(const struct request *); /* no batch is on its way */
/* Rows that the handler has done with, before the request ends. */
void request_done_with(struct request *, const struct rows *);

/* Parking (NEXT_WAIT): from the loop's own thread only. */
void request_wake(struct request *);
/* Runs work(arg) on one of the worker's bounded threads (argon2 …), then
 * wakes the request. false when the queue is full (answer E_BUSY). The
 * request may be gone when work ends: arg must not live in its arena, and
 * done(arg) frees it on the loop's thread, r NULL if the client left. */
bool request_offload(struct request *, void (*work)(void *),
    void (*done)(struct request *r, void *arg), void *arg);
/* The same for work that waits for another server, on threads of its own. */
bool request_offload_ask(struct request *, void (*work)(void *),
    void (*done)(struct request *r, void *arg), void *arg);
/* Parks the request for one turn of the loop: a long job in slices (D2). */
enum next request_yield(struct request *);
/* Parks the request until NOTIFY on the channel "ledger" or the timeout. */
enum next request_wait_notify(struct request *, unsigned timeout_ms);
/* The same for the channel "change". */
enum next request_wait_change(struct request *, unsigned timeout_ms);

#endif
