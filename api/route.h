/*
 * The only list of routes: method, pattern, the right it needs, handler.
 * A route without a right does not start the server (D3); OpenAPI is printed
 * from the same table. Each chapter of handlers exports its own rows.
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "request.h"

#define ROUTES_MAX 4096 /* also of what is counted for each */

enum right {
	RIGHT_UNDECLARED = 0, /* refuses to start */
	RIGHT_PUBLIC,	      /* no identity needed */
	RIGHT_SELF,	      /* any identity, about itself */
	RIGHT_READ,	      /* verb read on the route's entity */
	RIGHT_CREATE,
	RIGHT_CHANGE,
	RIGHT_MOVE,	      /* a lifecycle command: the move says who */
	RIGHT_SYNC,	      /* a sheet agent, on its own binding */
	RIGHT_CONFIGURE,      /* system administrators: conf, bindings */
	RIGHT_SECURE,	      /* security administrators: users, roles, grants,
				 clients */
	RIGHT_AUDIT,	      /* audit administrators and auditors: the log */
};

/* Who else a route of RIGHT_SELF is open to. */
enum {
	OPEN_UNREADY = 1 << 0, /* who must first change the password or set up
				  the second factor */
	OPEN_CLIENT = 1 << 1,  /* third-party applications */
	OPEN_VIEW = 1 << 2,    /* not only reading: who looks as somebody */
};

struct entity;
struct route {
	enum method method;
	const char *pattern;	/* "/v1/issues/{id}/accept" */
	enum right right;
	unsigned open;		/* OPEN_… */
	const char *entity;	/* name in the model, NULL if none */
	handler *handle;
	enum lane lane;
	const char *id;		/* operationId */
	const char *summary;	/* OpenAPI, English */
	const char *summary_zh;
	/* OpenAPI: entities, moves and the members of api/schemas/ by name. */
	const char *request_schema, *reply_schema;
	size_t body_max;	/* bytes; 0 = 1 MiB for bodies */
	const char *params;	/* parameters of api/schemas/, blank separated */
	const char *done;	/* statuses with the reply; NULL = derived */
	const char *fails;	/* statuses beside those of its kind */
	const char *request_type, *reply_type; /* NULL = application/json */
	bool secret;		/* its body or reply holds one: overwritten
				   when the request ends */
	bool stream;		/* the handler takes the body by request_read();
				   it may be as large as a file */
};

void route_register(const struct route *, size_t n);
/* OK, E_UNKNOWN or E_METHOD (allow: the methods, comma separated). HEAD finds
 * the route of GET. */
enum err route_find(struct request *, const char **allow);
/* The bytes a body may have: of the route, and, before a body is read, the
 * most that any method at a raw request target takes (*stream: whether a handler
 * there takes it piece by piece). */
size_t route_body_max(const struct route *);
size_t route_body_room(const char *target, size_t len, bool *stream);
size_t route_stream_max(void);
/* Exactly that method and pattern; NULL if nobody registered it. */
const struct route *route_of(enum method, const char *pattern);
const char *method_name(enum method);
size_t route_count(void);
const struct route *route_at(size_t);
/* route_at() of it; route_count() when it is none of them. */
size_t route_number(const struct route *);
/* Every route declares a right and a known entity; prints what is wrong. */
bool route_check(void);
/* With the roles at hand: a route that no role is given the right to; NULL if
 * there is none. */
const struct route *route_nobodys(void);
/* Of one route, among the first `before` of the list; NULL if it is fine. */
const char *route_wrong(const struct route *, size_t before);

#endif
