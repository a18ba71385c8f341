/* Idempotency keys, per actor, kept with the reply they led to. */
#include "idem.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "entity.h"
#include "route.h"
#include "settings.h"

#define NOBODY "00000000-0000-0000-0000-000000000000"
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64 sodium_base64_VARIANT_ORIGINAL

static const struct stmt claim = { "idem_claim",
	"INSERT INTO idempotency (actor, key, path, body_sha)"
	" VALUES ($1::uuid, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING key" };
static const struct stmt find = { "idem_find",
	"SELECT path = $3 AND body_sha = $4, status, etag, location, reply"
	" FROM idempotency WHERE actor = $1::uuid AND key = $2" };
static const struct stmt keep = { "idem_keep",
	"INSERT INTO idempotency AS i (actor, key, path, body_sha, status,"
	" etag, location, reply) VALUES ($1::uuid, $2, $3, $4, $5::int, $6,"
	" $7, $8) ON CONFLICT (actor, key) DO UPDATE SET"
	" status = excluded.status, etag = excluded.etag,"
	" location = excluded.location, reply = excluded.reply"
	" WHERE i.status IS NULL" };
static const struct stmt settle = { "idem_settle",
	"SET CONSTRAINTS ALL IMMEDIATE" };
static const struct stmt *const statements[] = { &claim, &find, &keep,
	&settle };

/* Of the login: whoever it is, nobody is known yet. */
static const struct scope nobody = { .lo = 0, .hi = 999999999999, .line = "",
	.clearance = 4, .actor = NOBODY, .channel = "api", .origin = "" };

static const char *idem_key(const struct request *);
static bool login(const struct request *);
static enum next ask(struct request *);
static enum next asked(struct request *);
static enum next replay(struct request *, const struct rows *);
static const char *digest(struct request *);
static void seal_key(unsigned char key[SECRET_LEN]);
static const char *seal(struct request *);
static bool unseal(struct request *, const char *text);
static const char *header_out(const struct request *, const char *name);

void
idem_init(void)
{
	db_register(statements, COUNT(statements));
}

enum next
idem_begin(struct request *r)
{
	if (r->flow.idem == IDEM_ASKED)
		return asked(r);
	return r->flow.idem != IDEM_NONE || idem_key(r) == NULL ? NEXT_DONE
								 : ask(r);
}

bool
idem_join(struct request *r)
{
	if (r->flow.idem != IDEM_OURS)
		return true;
	r->batch.lane = LANE_SLOW;
	r->batch.hold = true;
	r->batch.last = false;
	return r->flow.hold.conn != NULL;
}

enum next
idem_end(struct request *r)
{
	const char *etag = header_out(r, "etag");

	if (r->flow.idem == IDEM_KEPT)
		return r->batch.failed >= 0 ? fail_data(r) : NEXT_DONE;
	if (r->flow.idem != IDEM_OURS && r->flow.idem != IDEM_LATER)
		return NEXT_DONE;
	batch_open(&r->batch, &r->arena, login(r) ? &nobody : &r->who.scope,
	    LANE_SLOW);
	r->batch.hold = r->batch.last = !login(r);
	if (etag != NULL)
		etag = arena_printf(&r->arena, "%ld",
		    strtol(etag + 1, NULL, 10));
	batch_addv(&r->batch, &keep, 8, login(r) ? NOBODY : r->who.id,
	    idem_key(r), r->path, digest(r),
	    arena_printf(&r->arena, "%u", r->status), etag,
	    header_out(r, "location"), seal(r));
	r->flow.idem = IDEM_KEPT;
	return NEXT_DB;
}

/* NULL when the caller sent none. */
static const char *
idem_key(const struct request *r)
{
	return r->method == M_POST && !dry_run(r)
	    ? request_header(r, "idempotency-key") : NULL;
}

static bool
login(const struct request *r)
{
	return r->route->right == RIGHT_PUBLIC;
}

static enum next
ask(struct request *r)
{
	const char *key = idem_key(r), *sum = digest(r);
	const char *actor = login(r) ? NOBODY : r->who.id;

	if (*key == '\0' || !utf8_ok(key, strlen(key)) || utf8_len(key) > 200)
		return fail(r, E_INPUT, "bad_idempotency_key",
		    "Idempotency-Key 应为 1 至 200 个字符",
		    "Idempotency-Key has 1 to 200 characters.");
	batch_open(&r->batch, &r->arena, login(r) ? &nobody : &r->who.scope,
	    LANE_SLOW);
	r->batch.hold = !login(r);
	if (!login(r))
		batch_addv(&r->batch, &claim, 4, actor, key, r->path, sum);
	batch_addv(&r->batch, &find, 4, actor, key, r->path, sum);
	r->flow.idem = IDEM_ASKED;
	return NEXT_DB;
}

static enum next
asked(struct request *r)
{
	const struct rows *found;

	if (r->batch.failed >= 0)
		return fail_data(r);
	found = batch_rows(&r->batch, r->batch.n - 1);
	if (login(r) && rows_n(found) == 0) {
		r->flow.idem = IDEM_LATER;
		return NEXT_DONE;
	}
	if (!login(r) && rows_n(batch_rows(&r->batch, 0)) == 1) {
		r->flow.idem = IDEM_OURS;
		return NEXT_DONE;
	}
	if (rows_n(found) != 1)
		return fail(r, E_BUSY, NULL, NULL, NULL);
	if (*rows_text(found, 0, 0) != 't')
		return fail(r, E_INPUT, "idempotency_mismatch",
		    "同一个 Idempotency-Key 已用于另一个请求",
		    "The Idempotency-Key was used for another request.");
	r->flow.idem = IDEM_AGAIN;
	return replay(r, found);
}

static enum next
replay(struct request *r, const struct rows *found)
{
	const char *location = rows_text(found, 0, 3);

	if (rows_text(found, 0, 1) == NULL ||
	    !unseal(r, rows_text(found, 0, 4)))
		return fail(r, E_BUSY, NULL, NULL, NULL);
	if (rows_text(found, 0, 2) != NULL)
		reply_etag(r, rows_long(found, 0, 2));
	if (location != NULL)
		reply_header(r, "location", location);
	reply_header(r, "cache-control", "no-store");
	reply_header(r, "idempotency-replayed", "true");
	return reply(r, (unsigned)rows_long(found, 0, 1));
}

/* What was sent, and by whom: whoever reaches other rows by now asks another
 * question. With a key of ours, for there may be a password in it. */
static const char *
digest(struct request *r)
{
	const struct scope *s = login(r) ? &nobody : &r->who.scope;
	const char *who = arena_printf(&r->arena,
	    "idempotency digest %lld %lld %s %d %s %s %s\n", (long long)s->lo,
	    (long long)s->hi, s->line != NULL ? s->line : "", s->clearance,
	    login(r) ? "" : r->who.role, login(r) ? "" : r->who.grant,
	    r->query);
	char *out = arena_alloc(&r->arena, 2 * crypto_generichash_BYTES + 1);
	unsigned char sum[crypto_generichash_BYTES];
	crypto_generichash_state state;

	crypto_generichash_init(&state, secret_key("row"), SECRET_LEN,
	    sizeof sum);
	crypto_generichash_update(&state, (const unsigned char *)who,
	    strlen(who));
	if (r->body_len > 0)
		crypto_generichash_update(&state,
		    (const unsigned char *)r->body, r->body_len);
	crypto_generichash_final(&state, sum, sizeof sum);
	return sodium_bin2hex(out, 2 * sizeof sum + 1, sum, sizeof sum);
}

static void
seal_key(unsigned char key[SECRET_LEN])
{
	static const unsigned char what[] = "idempotency seal";

	crypto_generichash(key, SECRET_LEN, what, sizeof what,
	    secret_key("row"), SECRET_LEN);
}

/* The reply, as base64 of nonce and ciphertext. */
static const char *
seal(struct request *r)
{
	size_t n = NONCE + r->reply.len + TAG;
	size_t room = sodium_base64_encoded_len(n, BASE64);
	unsigned char *all = malloc(n), key[SECRET_LEN];
	char *out = arena_alloc(&r->arena, room);

	REQUIRE(all != NULL);
	seal_key(key);
	randombytes_buf(all, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(all + NONCE, NULL,
	    (const unsigned char *)r->reply.data, r->reply.len, NULL, 0, NULL,
	    all, key);
	(void)sodium_bin2base64(out, room, all, n, BASE64);
	sodium_memzero(key, sizeof key);
	free(all);
	return out;
}

/* Into r->reply; false for what was kept under another key. */
static bool
unseal(struct request *r, const char *text)
{
	size_t max = text != NULL ? strlen(text) : 0, n = 0;
	unsigned char *all = malloc(max + 1), *clear = malloc(max + 1);
	unsigned char key[SECRET_LEN];
	unsigned long long len = 0;
	bool ok;

	REQUIRE(all != NULL && clear != NULL);
	seal_key(key);
	ok = sodium_base642bin(all, max + 1, text != NULL ? text : "", max,
	    NULL, &n, NULL, BASE64) == 0 && n >= NONCE + TAG &&
	    crypto_aead_xchacha20poly1305_ietf_decrypt(clear, &len, NULL,
	    all + NONCE, n - NONCE, NULL, 0, all, key) == 0;
	buf_reset(&r->reply);
	if (ok)
		buf_add(&r->reply, (const char *)clear, (size_t)len);
	sodium_memzero(key, sizeof key);
	free(all);
	free(clear);
	return ok;
}

static const char *
header_out(const struct request *r, const char *name)
{
	for (const struct header *h = r->headers; h != NULL; h = h->next)
		if (strcasecmp(h->name, name) == 0)
			return h->value;
	return NULL;
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
dry_batch(struct request *r)
{
	bool dry = dry_run(r);

	batch_open(&r->batch, &r->arena, &r->who.scope,
	    dry ? LANE_SLOW : r->route->lane);
	r->batch.hold = dry;
}

void
dry_settle(struct request *r)
{
	if (dry_run(r))
		batch_addv(&r->batch, &settle, 0);
}
