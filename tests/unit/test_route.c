/* Finding routes, and refusing to start on a broken list of them. */
#include "route.h"

#include "base/log.h"

#include "no_kore.h"

#include "check.h"

static enum next
handle(struct request *r)
{
	return reply(r, 200);
}

#define ROUTE(m, p, name, body)                                                \
	{ .method = m, .pattern = p, .right = RIGHT_PUBLIC, .handle = handle,  \
	  .id = name, .body_max = body }

static const struct route good[] = {
	ROUTE(M_GET, "/", "root", 0),
	ROUTE(M_GET, "/v1/items", "list", 0),
	ROUTE(M_POST, "/v1/items", "create", 2000000),
	ROUTE(M_POST, "/v1/items:bulk", "bulk", 4000000),
	ROUTE(M_GET, "/v1/items/{id}", "get", 0),
	ROUTE(M_PATCH, "/v1/items/{id}", "change", 5000),
	ROUTE(M_GET, "/v1/items/current", "current", 0),
	ROUTE(M_POST, "/v1/items/{id}/{move}", "move", 0),
	ROUTE(M_GET, "/v1/{a}/x/{b}/y/{c}", "three", 0),
	{ .method = M_POST, .pattern = "/v1/files", .right = RIGHT_PUBLIC,
	    .handle = handle, .id = "files", .stream = true },
};

static void
test_find(void **state)
{
	static const struct {
		enum method method;
		const char *path, *id, *arg, *allow; /* id NULL: not found */
	} table[] = {
		{ M_GET, "/", "root", NULL, NULL },
		{ M_GET, "/v1/items", "list", NULL, NULL },
		{ M_HEAD, "/v1/items", "list", NULL, NULL },
		{ M_POST, "/v1/items", "create", NULL, NULL },
		{ M_POST, "/v1/items:bulk", "bulk", NULL, NULL },
		{ M_GET, "/v1/items/7", "get", "7", NULL },
		{ M_GET, "/v1/items/{id}", "get", "{id}", NULL },
		{ M_GET, "/v1/items/current", "current", NULL, NULL },
		{ M_POST, "/v1/items/7/accept", "move", "7", NULL },
		{ M_GET, "/v1/1/x/2/y/3", "three", "1", NULL },
		{ M_GET, "", NULL, NULL, NULL },
		{ M_GET, "/v1", NULL, NULL, NULL },
		{ M_GET, "/v1/item", NULL, NULL, NULL },
		{ M_GET, "/v1/items/", NULL, NULL, NULL },
		{ M_GET, "/v1/items/7/accept/x", NULL, NULL, NULL },
		{ M_GET, "/v2/items", NULL, NULL, NULL },
		{ M_PUT, "/v1/items", NULL, NULL,
		    "OPTIONS, GET, HEAD, POST" },
		{ M_DELETE, "/v1/items/7", NULL, NULL,
		    "OPTIONS, GET, HEAD, PATCH" },
		/* A literal hides what the pattern would take. */
		{ M_PATCH, "/v1/items/current", NULL, NULL,
		    "OPTIONS, GET, HEAD" },
		{ M_GET, "/v1/items/7/accept", NULL, NULL, "OPTIONS, POST" },
		{ M_OPTIONS, "/v1/items:bulk", NULL, NULL, "OPTIONS, POST" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct request r = { .method = table[i].method,
			.path = table[i].path };
		const char *allow;
		enum err e = route_find(&r, &allow);

		CHECK_STR(i, r.route ? r.route->id : "-",
		    table[i].id ? table[i].id : "-");
		CHECK_STR(i, r.route && r.arg[0] ? r.arg[0] : "-",
		    table[i].arg ? table[i].arg : "-");
		CHECK_STR(i, allow ? allow : "-",
		    table[i].allow ? table[i].allow : "-");
		assert_int_equal(e, table[i].id ? OK :
		    table[i].allow ? E_METHOD : E_UNKNOWN);
		arena_free(&r.arena);
	}
}

static void
test_body_room(void **state)
{
	static const struct {
		const char *target;
		size_t room;
		bool streams;
	} table[] = {
		{ "/v1/items", 2000000, false },
		{ "/v1/items?a=/x", 2000000, false },
		{ "/v1/%69tems", 2000000, false },
		{ "/v1/items%3Abulk", 4000000, false },
		{ "/v1/items/7", 1 << 20, false },
		{ "/nowhere", 64 << 10, false },
		{ "/v1/../items", 64 << 10, false },
		{ "/%", 64 << 10, false },
		/* settings_read() was not called: a file of no bytes. */
		{ "/v1/files?name=x", 64 << 10, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		bool streams = false;

		assert_int_equal(route_body_room(table[i].target,
		    strlen(table[i].target), &streams), table[i].room);
		assert_int_equal(streams, table[i].streams);
	}
}

/* Each of these alone keeps the server from starting. */
static void
test_check(void **state)
{
	static const struct route bad[] = {
		{ .method = M_GET, .pattern = "/a", .handle = handle,
		    .id = "a" },
		{ .method = M_GET, .pattern = "/b", .right = RIGHT_PUBLIC,
		    .id = "b" },
		{ .method = M_GET, .pattern = "/c", .right = RIGHT_PUBLIC,
		    .handle = handle },
		{ .method = M_GET, .pattern = "/d", .right = RIGHT_READ,
		    .handle = handle, .id = "d", .entity = "no_such" },
		{ .method = M_HEAD, .pattern = "/e", .right = RIGHT_PUBLIC,
		    .handle = handle, .id = "e" },
		{ .method = M_GET, .pattern = "/f", .right = RIGHT_PUBLIC,
		    .handle = handle, .id = "list" },
		{ .method = M_GET, .pattern = "/v1/items",
		    .right = RIGHT_PUBLIC, .handle = handle, .id = "g" },
	};

	(void)state;
	log_level(LOG_ERROR);
	assert_true(route_check());
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_non_null(route_wrong(&bad[i], route_count()));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_body_room),
		cmocka_unit_test(test_check),
	};

	route_register(good, COUNT(good));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
