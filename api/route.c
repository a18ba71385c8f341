/* The list of routes and the search in it. */
#include "route.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "model/model.h"
#include "query_string.h"

#define ROUTES_MAX 512
#define BODY_DEFAULT (1u << 20) /* where the route does not say */
#define BODY_NOBODY (64u << 10) /* where there is no route */

static const struct route *routes[ROUTES_MAX];
/* Of each pattern: bytes before its first {…}, and its literal segments. */
static size_t prefix[ROUTES_MAX];
static int literal[ROUTES_MAX];
static size_t nroutes;

static const char *const names[] = { [M_GET] = "GET", [M_HEAD] = "HEAD",
	[M_POST] = "POST", [M_PUT] = "PUT", [M_PATCH] = "PATCH",
	[M_DELETE] = "DELETE", [M_OPTIONS] = "OPTIONS" };

static bool matches(struct arena *, const char *path, const char *pattern,
    const char *args[ROUTE_ARGS_MAX]);
static int literals(const char *pattern);

void
route_register(const struct route *list, size_t n)
{
	REQUIRE(nroutes + n <= ROUTES_MAX);
	for (size_t i = 0; i < n; i++) {
		prefix[nroutes] = strcspn(list[i].pattern, "{");
		literal[nroutes] = literals(list[i].pattern);
		routes[nroutes++] = &list[i];
	}
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

	r->route = NULL;
	for (size_t i = 0; i < nroutes; i++) {
		const struct route *t = routes[i];
		int n = literal[i];

		if (n < fits ||
		    strncmp(r->path, t->pattern, prefix[i]) != 0 ||
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
	return t->body_max != 0 ? t->body_max : BODY_DEFAULT;
}

size_t
route_body_room(const char *target, size_t len)
{
	const char *mark = memchr(target, '?', len);
	const char *args[ROUTE_ARGS_MAX], *path;
	size_t room = BODY_NOBODY;
	struct arena a;

	arena_init(&a, 0);
	if (mark != NULL)
		len = (size_t)(mark - target);
	path = path_decode(&a, arena_strndup(&a, target, len));
	for (size_t i = 0; path != NULL && i < nroutes; i++)
		if (matches(&a, path, routes[i]->pattern, args) &&
		    route_body_max(routes[i]) > room)
			room = route_body_max(routes[i]);
	arena_free(&a);
	return room;
}

size_t
route_count(void)
{
	return nroutes;
}

const struct route *
route_at(size_t i)
{
	return routes[i];
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
		const char *wrong = route_wrong(routes[i], i);

		if (wrong == NULL)
			continue;
		log_line(LOG_ERROR, "event=route method=%s pattern=%s "
		    "reason=%s", names[routes[i]->method], routes[i]->pattern,
		    log_q(wrong));
		ok = false;
	}
	return ok;
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
	if (t->method == M_HEAD || t->method == M_OPTIONS)
		return "HEAD and OPTIONS are answered by themselves";
	for (size_t k = 0; k < before; k++) {
		if (strcmp(routes[k]->id, t->id) == 0)
			return "another route has the operation id";
		if (routes[k]->method == t->method &&
		    strcmp(routes[k]->pattern, t->pattern) == 0)
			return "another route has the method and pattern";
	}
	return NULL;
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
		plen = strcspn(++p, "/");
		qlen = strcspn(++q, "/");
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
		args[i] = arena_strndup(a, args[i], strcspn(args[i], "/"));
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
