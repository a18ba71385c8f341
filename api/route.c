/* The list of routes and the search in it. */
#include "route.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "model/model.h"
#include "query_string.h"
#include "scope.h"
#include "settings.h"

#define BUCKETS 512
#define BODY_DEFAULT (1u << 20) /* where the route does not say */
#define BODY_NOBODY (64u << 10) /* where there is no route */
#define STREAM_AROUND (64u << 10) /* form fields around a file */

/* Those with the same segment after /v1 hang together, in the order they were
 * registered; what begins with {…} there is looked at for every path. */
static struct entry {
	const struct route *route;
	size_t prefix; /* bytes before the pattern's first {…} */
	int literal;   /* its literal segments */
	short next;    /* of the bucket: place + 1, 0 = the last */
} entries[ROUTES_MAX];
static struct bucket {
	short first, last;
} buckets[BUCKETS + 1];
static size_t nroutes;

static const char *const names[] = { [M_GET] = "GET", [M_HEAD] = "HEAD",
	[M_POST] = "POST", [M_PUT] = "PUT", [M_PATCH] = "PATCH",
	[M_DELETE] = "DELETE", [M_OPTIONS] = "OPTIONS" };

static struct bucket *bucket(const char *path);
static short walk(const char *path, bool *any, short at);
static bool matches(struct arena *, const char *path, const char *pattern,
    const char *args[ROUTE_ARGS_MAX]);
static int literals(const char *pattern);

void
route_register(const struct route *list, size_t n)
{
	REQUIRE(nroutes + n <= ROUTES_MAX);
	for (size_t i = 0; i < n; i++) {
		struct entry *e = &entries[nroutes++];
		struct bucket *b = bucket(list[i].pattern);

		e->route = &list[i];
		e->prefix = strcspn(list[i].pattern, "{");
		e->literal = literals(list[i].pattern);
		if (b->last != 0)
			entries[b->last - 1].next = (short)nroutes;
		else
			b->first = (short)nroutes;
		b->last = (short)nroutes;
	}
}

const struct route *
route_of(enum method m, const char *pattern)
{
	for (short i = bucket(pattern)->first; i != 0;
	     i = entries[i - 1].next)
		if (entries[i - 1].route->method == m &&
		    strcmp(entries[i - 1].route->pattern, pattern) == 0)
			return entries[i - 1].route;
	return NULL;
}

/* Of several patterns that fit, the one with more literal segments counts:
 * /v1/sessions/current before /v1/sessions/{id}. */
enum err
route_find(struct request *r, const char **allow)
{
	enum method want = r->method == M_HEAD ? M_GET : r->method;
	const char *args[ROUTE_ARGS_MAX];
	unsigned allowed = 0;
	int best = -1, fits = -1;
	bool any = false;

	r->route = NULL;
	for (short i = walk(r->path, &any, 0); i != 0;
	     i = walk(r->path, &any, i)) {
		const struct entry *e = &entries[i - 1];
		const struct route *t = e->route;
		int n = e->literal;

		/* The first one that fits as well has been taken. */
		if (n < fits || n == best ||
		    strncmp(r->path, t->pattern, e->prefix) != 0 ||
		    !matches(&r->arena, r->path, t->pattern, args))
			continue;
		if (n > fits) {
			fits = n;
			allowed = 0;
		}
		allowed |= 1u << t->method;
		if (t->method == want && n > best) {
			best = n;
			r->route = t;
			memcpy(r->arg, args, sizeof(args));
		}
	}
	*allow = NULL;
	if (fits < 0)
		return E_UNKNOWN;
	if (r->route != NULL && best == fits)
		return OK;
	r->route = NULL;
	*allow = "OPTIONS";
	if (allowed & (1u << M_GET))
		allowed |= 1u << M_HEAD;
	for (size_t m = 0; m < COUNT(names); m++)
		if (allowed & (1u << m))
			*allow = arena_printf(&r->arena, "%s, %s", *allow,
			    names[m]);
	return E_METHOD;
}

size_t
route_body_max(const struct route *t)
{
	if (t->stream)
		return route_stream_max();
	return t->body_max != 0 ? t->body_max : BODY_DEFAULT;
}

size_t
route_stream_max(void)
{
	return ((size_t)settings()->file_mb << 20) + STREAM_AROUND;
}

size_t
route_body_room(const char *target, size_t len, bool *stream)
{
	const char *mark = memchr(target, '?', len);
	const char *args[ROUTE_ARGS_MAX], *path;
	size_t room = BODY_NOBODY;
	bool any = false;
	struct arena a;

	arena_init(&a, 0);
	if (mark != NULL)
		len = (size_t)(mark - target);
	path = path_decode(&a, arena_strndup(&a, target, len));
	for (short i = path != NULL ? walk(path, &any, 0) : 0; i != 0;
	     i = walk(path, &any, i)) {
		const struct route *t = entries[i - 1].route;

		if (!matches(&a, path, t->pattern, args))
			continue;
		if (route_body_max(t) > room)
			room = route_body_max(t);
		*stream = *stream || t->stream;
	}
	arena_free(&a);
	return room;
}

size_t
route_number(const struct route *t)
{
	for (short i = bucket(t->pattern)->first; i != 0;
	     i = entries[i - 1].next)
		if (entries[i - 1].route == t)
			return (size_t)i - 1;
	return nroutes;
}

size_t
route_count(void)
{
	return nroutes;
}

const struct route *
route_at(size_t i)
{
	return entries[i].route;
}

const char *
method_name(enum method m)
{
	return names[m];
}

bool
route_check(void)
{
	bool ok = true;

	for (size_t i = 0; i < nroutes; i++) {
		const struct route *t = entries[i].route;
		const char *wrong = route_wrong(t, i);

		if (wrong == NULL)
			continue;
		log_line(LOG_ERROR, "event=route method=%s pattern=%s "
		    "reason=%s", names[t->method], t->pattern, log_q(wrong));
		ok = false;
	}
	return ok;
}

const struct route *
route_nobodys(void)
{
	for (size_t i = 0; i < nroutes; i++)
		if (!scope_given(entries[i].route->right,
		    entries[i].route->entity))
			return entries[i].route;
	return NULL;
}

const char *
route_wrong(const struct route *t, size_t before)
{
	if (t->right == RIGHT_UNDECLARED)
		return "no right is declared";
	if (t->handle == NULL)
		return "no handler";
	if (t->id == NULL || *t->id == '\0')
		return "no operation id";
	if (t->entity != NULL && entity_find(t->entity) == NULL)
		return "the entity is not in the model";
	if (t->entity == NULL && (t->right == RIGHT_CREATE ||
	    t->right == RIGHT_CHANGE || t->right == RIGHT_MOVE))
		return "the right is on no entity";
	if (t->method == M_HEAD || t->method == M_OPTIONS)
		return "HEAD and OPTIONS are answered by themselves";
	for (size_t k = 0; k < before; k++) {
		const struct route *other = entries[k].route;

		if (strcmp(other->id, t->id) == 0)
			return "another route has the operation id";
		if (other->method == t->method &&
		    strcmp(other->pattern, t->pattern) == 0)
			return "another route has the method and pattern";
	}
	return NULL;
}

/* Where the routes of a path or pattern hang. */
static struct bucket *
bucket(const char *path)
{
	size_t skip = strncmp(path, "/v1/", 4) == 0 ? 4 : 0;
	unsigned h = 2166136261u;

	if (path[skip] == '{' || strncmp(path, "/{", 2) == 0)
		return &buckets[BUCKETS];
	for (const char *p = path + skip; *p != '\0' && (*p != '/' ||
	     p == path); p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	return &buckets[h % BUCKETS];
}

/* The next candidate after `at` (0: the first): those of the path's bucket,
 * then those for any path. */
static short
walk(const char *path, bool *any, short at)
{
	short next = at == 0 ? bucket(path)->first : entries[at - 1].next;

	if (next == 0 && !*any) {
		*any = true;
		next = buckets[BUCKETS].first;
	}
	return next;
}

/* Segment by segment; {…} takes any one segment. */
static bool
matches(struct arena *a, const char *path, const char *pattern,
    const char *args[ROUTE_ARGS_MAX])
{
	const char *p = path, *q = pattern;
	size_t n = 0;

	memset(args, 0, sizeof(*args) * ROUTE_ARGS_MAX);
	while (*q != '\0') {
		size_t plen, qlen;

		if (*p != '/' || *q != '/')
			return false;
		p++, q++;
		plen = (size_t)(strchrnul(p, '/') - p);
		qlen = (size_t)(strchrnul(q, '/') - q);
		if (*q == '{') {
			if (plen == 0 || n == ROUTE_ARGS_MAX)
				return false;
			args[n++] = p;
		} else if (plen != qlen || memcmp(p, q, plen) != 0) {
			return false;
		}
		p += plen;
		q += qlen;
	}
	if (*p != '\0')
		return false;
	for (size_t i = 0; i < n; i++)
		args[i] = arena_strndup(a, args[i],
		    (size_t)(strchrnul(args[i], '/') - args[i]));
	return true;
}

static int
literals(const char *pattern)
{
	int n = 0;

	for (const char *p = pattern; *p != '\0'; p++)
		n += *p == '/' && p[1] != '{';
	return n;
}
