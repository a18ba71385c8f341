/* Which reads may go to a standby, and what they must find there (after.h). */
#include "after.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

#include "db_lane.h"
#include "route.h"
#include "settings.h"
#include "standby.h"

#define HEADER "x-write-token"
#define CALLERS 8192u /* 64 KiB; those who share a place wait for each other */
#define NONCE crypto_secretbox_NONCEBYTES
#define SEALED (NONCE + crypto_secretbox_MACBYTES + sizeof(uint64_t))
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* Positions only grow: the last of each caller, for as long as we run. */
static _Atomic uint64_t *wrote;

static const struct stmt position = { "after_position",
	"SELECT pg_current_wal_flush_lsn()" };
static const struct stmt *const statements[] = { &position };

static bool only_reads(const struct request *);
static _Atomic uint64_t *place(const struct request *);
static void key_of(unsigned char key[crypto_secretbox_KEYBYTES]);
static const char *seal(struct request *, uint64_t at);
static bool open_token(const char *, uint64_t *at);

void
after_init(void)
{
	if (settings()->standby == NULL)
		return;
	wrote = mmap(NULL, CALLERS * sizeof(*wrote), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(wrote != MAP_FAILED && sodium_init() >= 0);
	db_register(statements, COUNT(statements));
}

/* What one batch read on the primary, the next does not read on the standby:
 * it would be older. A token that is not ours may mean anything. */
void
after_lead(struct request *r)
{
	const char *token = request_header(r, HEADER);
	uint64_t at = 0;

	if (!only_reads(r) || (token != NULL && !open_token(token, &at)))
		r->flow.home = true;
	if (r->flow.home)
		return;
	r->batch.aside = true;
	r->batch.after = atomic_load(place(r));
	if (at > r->batch.after)
		r->batch.after = at;
}

enum next
after_end(struct request *r)
{
	_Atomic uint64_t *mine;
	uint64_t at, was;

	if (settings()->standby == NULL || (!r->flow.told &&
	    (r->method == M_GET || r->method == M_HEAD ||
	    r->method == M_OPTIONS)))
		return NEXT_DONE;
	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		batch_read(&r->batch, &position, 0, NULL);
		return NEXT_DB;
	}
	/* What is written is written, told or not. */
	if (r->batch.failed >= 0 || r->batch.at[0].rows == NULL)
		return NEXT_DONE;
	at = position_read(rows_text(batch_rows(&r->batch, 0), 0, 0));
	mine = place(r);
	was = atomic_load(mine);
	while (was < at && !atomic_compare_exchange_weak(mine, &was, at))
		continue;
	reply_header(r, HEADER, seal(r, at));
	return NEXT_DONE;
}

void
after_told(struct request *r)
{
	r->flow.told = true;
}

static bool
only_reads(const struct request *r)
{
	const struct batch *b = &r->batch;

	if ((r->method != M_GET && r->method != M_HEAD) || b->hold ||
	    r->route->right != RIGHT_READ || r->flow.hold.conn != NULL)
		return false;
	for (unsigned i = 0; i < b->n; i++)
		if (!b->at[i].reads)
			return false;
	return true;
}

static _Atomic uint64_t *
place(const struct request *r)
{
	uint64_t h = 14695981039346656037u;

	for (const char *p = r->who.id; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	return &wrote[h % CALLERS];
}

/* ---- tokens ---------------------------------------------------------------- */

/* Sealed: how much everybody writes is nobody's business (I22). */
static const char *
seal(struct request *r, uint64_t at)
{
	size_t room = sodium_base64_encoded_len(SEALED, BASE64);
	unsigned char out[SEALED], key[crypto_secretbox_KEYBYTES];
	char *text = arena_alloc(&r->arena, room);

	key_of(key);
	randombytes_buf(out, NONCE);
	(void)crypto_secretbox_easy(out + NONCE, (const unsigned char *)&at,
	    sizeof at, out, key);
	return sodium_bin2base64(text, room, out, sizeof out, BASE64);
}

static bool
open_token(const char *text, uint64_t *at)
{
	unsigned char in[SEALED], key[crypto_secretbox_KEYBYTES];
	size_t n;

	if (sodium_base642bin(in, sizeof in, text, strlen(text), NULL, &n,
	    NULL, BASE64) != 0 || n != sizeof in)
		return false;
	key_of(key);
	return crypto_secretbox_open_easy((unsigned char *)at, in + NONCE,
	    n - NONCE, in, key) == 0;
}

/* Of the same secret as the cursors of lists, and yet another key. */
static void
key_of(unsigned char key[crypto_secretbox_KEYBYTES])
{
	static const unsigned char use[] = "write token";

	(void)crypto_generichash(key, crypto_secretbox_KEYBYTES, use,
	    sizeof use - 1, secret_key("cursor"), SECRET_LEN);
}
