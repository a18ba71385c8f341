/* Idempotency keys, per actor, kept with the reply they led to. */
#include "idem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/uid.h"
#include "entity.h"
#include "route.h"

static const struct stmt claim = { "idem_claim",
	"INSERT INTO idempotency (actor, key, path, body_sha)"
	" VALUES ($1::uuid, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING key" };
static const struct stmt find = { "idem_find",
	"SELECT path = $3 AND body_sha = $4, status, etag, reply"
	" FROM idempotency WHERE actor = $1::uuid AND key = $2" };
static const struct stmt keep = { "idem_keep",
	"UPDATE idempotency SET status = $3::int, etag = $4, reply = $5"
	" WHERE actor = $1::uuid AND key = $2" };
static const struct stmt settle = { "idem_settle",
	"SET CONSTRAINTS ALL IMMEDIATE" };
static const struct stmt *const statements[] = { &claim, &find, &keep,
	&settle };

static void replay_location(struct request *, const char *reply);

void
idem_init(void)
{
	db_register(statements, COUNT(statements));
}

const char *
idem_key(const struct request *r)
{
	return r->method == M_POST && !dry_run(r)
	    ? request_header(r, "idempotency-key") : NULL;
}

enum next
idem_claim(struct request *r)
{
	const char *key = idem_key(r);
	char *sha = arena_alloc(&r->arena, SHA_HEX_LEN + 1), *all;
	const char *scope;
	size_t n;

	if (*key == '\0' || !utf8_ok(key, strlen(key)) || utf8_len(key) > 200)
		return fail(r, E_INPUT, "bad_idempotency_key",
		    "Idempotency-Key 应为 1 至 200 个字符",
		    "Idempotency-Key has 1 to 200 characters.");
	/* Whoever reaches other rows by now asks another question. */
	scope = arena_printf(&r->arena, "%lld %lld %s %d %s\n",
	    (long long)r->who.scope.lo, (long long)r->who.scope.hi,
	    r->who.scope.line != NULL ? r->who.scope.line : "",
	    r->who.scope.clearance, r->who.role);
	n = strlen(scope);
	all = arena_alloc(&r->arena, n + r->body_len + 1);
	memcpy(all, scope, n);
	if (r->body_len > 0)
		memcpy(all + n, r->body, r->body_len);
	sha256_hex(all, n + r->body_len, sha);
	idem_batch(r);
	batch_addv(&r->batch, &claim, 4, r->who.id, key, r->path, sha);
	batch_addv(&r->batch, &find, 4, r->who.id, key, r->path, sha);
	return NEXT_DB;
}

enum next
idem_claimed(struct request *r)
{
	const struct rows *found = batch_rows(&r->batch, 1);

	if (rows_n(batch_rows(&r->batch, 0)) == 1)
		return NEXT_DB;
	if (rows_n(found) != 1)
		return fail(r, E_BUSY, NULL, NULL, NULL);
	if (*rows_text(found, 0, 0) != 't')
		return fail(r, E_INPUT, "idempotency_mismatch",
		    "同一个 Idempotency-Key 已用于另一个请求",
		    "The Idempotency-Key was used for another request.");
	if (rows_text(found, 0, 1) == NULL)
		return fail(r, E_BUSY, NULL, NULL, NULL);
	if (rows_text(found, 0, 2) != NULL)
		reply_etag(r, rows_long(found, 0, 2));
	reply_header(r, "idempotency-replayed", "true");
	replay_location(r, rows_text(found, 0, 3));
	buf_reset(&r->reply);
	buf_str(&r->reply, rows_text(found, 0, 3));
	return reply(r, (unsigned)rows_long(found, 0, 1));
}

/* Where the thing made then is; its address is its collection's and its id. */
static void
replay_location(struct request *r, const char *reply)
{
	const struct entity *e = r->route->entity != NULL
	    ? entity_find(r->route->entity) : NULL;
	const char *id, *collection;
	json_t *body;

	if (e == NULL)
		return;
	collection = arena_printf(&r->arena, "/v1/%s", e->path);
	body = json_loads(reply, 0, NULL);
	id = json_string_value(json_object_get(body, "id"));
	if (id != NULL && strcmp(r->path, collection) == 0)
		reply_header(r, "location", arena_printf(&r->arena, "%s/%s",
		    collection, id));
	json_decref(body);
}

void
idem_batch(struct request *r)
{
	bool hold = idem_key(r) != NULL || dry_run(r);

	batch_open(&r->batch, &r->arena, &r->who.scope,
	    hold ? LANE_SLOW : LANE_FAST);
	r->batch.hold = hold;
}

enum next
idem_keep(struct request *r)
{
	const char *etag = NULL;

	if (idem_key(r) == NULL)
		return NEXT_DONE;
	for (const struct header *h = r->headers; h != NULL; h = h->next)
		if (strcasecmp(h->name, "etag") == 0)
			etag = arena_printf(&r->arena, "%ld",
			    strtol(h->value + 1, NULL, 10));
	idem_batch(r);
	r->batch.last = true;
	batch_addv(&r->batch, &keep, 5, r->who.id, idem_key(r),
	    arena_printf(&r->arena, "%u", r->status), etag,
	    arena_strndup(&r->arena, r->reply.data, r->reply.len));
	return NEXT_DB;
}

bool
dry_run_ok(struct request *r)
{
	const char *v = request_param(r, "dry_run");

	if (v == NULL || strcmp(v, "true") == 0 || strcmp(v, "false") == 0)
		return true;
	fault(r, "?dry_run", "DQ-02", "not_boolean", "只能是 true 或 false",
	    "must be true or false");
	fail(r, E_INPUT, "invalid", "参数 dry_run 只能是 true 或 false",
	    "The parameter dry_run is true or false.");
	return false;
}

bool
dry_run(const struct request *r)
{
	const char *v = request_param(r, "dry_run");

	return v != NULL && strcmp(v, "true") == 0;
}

void
idem_settle(struct request *r)
{
	if (dry_run(r))
		batch_addv(&r->batch, &settle, 0);
}

enum next
idem_finish(struct request *r)
{
	return r->batch.failed >= 0 ? fail_data(r) : NEXT_DONE;
}
