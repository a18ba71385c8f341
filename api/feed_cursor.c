/* Cursors of the change feed: a place, sealed with the server's key. */
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "base/uid.h"
#include "conf.h"
#include "feed.h"
#include "scope.h"
#include "settings.h"

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define MAC crypto_aead_xchacha20poly1305_ietf_ABYTES
#define MARK 8

/* Whoever reaches other rows now, or reads a restored database, begins anew:
 * rows that came into reach have no change of their own. */
struct sealed {
	unsigned char scope[MARK];
	int64_t pos, seq, floor;
	int64_t begin; /* not in cursors of before it was known */
};
#define SEALED_LEAST offsetof(struct sealed, begin)

static void key_of(unsigned char key[32]);
static void mark(struct request *, unsigned char out[MARK]);
static const char *bound(struct request *, const char *filter);

const char *
place_seal(struct request *r, const char *filter, struct place p)
{
	unsigned char key[32], out[NONCE + sizeof(struct sealed) + MAC];
	size_t room = sodium_base64_encoded_len(sizeof out,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	const char *ad = bound(r, filter);
	char *text = arena_alloc(&r->arena, room);
	struct sealed s = { .pos = p.pos, .seq = p.seq, .floor = p.floor,
		.begin = p.begin };

	key_of(key);
	mark(r, s.scope);
	randombytes_buf(out, NONCE);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL,
	    (const unsigned char *)&s, sizeof s, (const unsigned char *)ad,
	    strlen(ad), NULL, out, key);
	sodium_bin2base64(text, room, out, sizeof out,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return text;
}

enum place_read
place_open(struct request *r, const char *filter, const char *cursor,
    struct place *p)
{
	unsigned char key[32], in[NONCE + sizeof(struct sealed) + MAC];
	unsigned char now[MARK];
	const char *ad = bound(r, filter);
	struct sealed s;
	size_t n;

	if (sodium_base642bin(in, sizeof in, cursor, strlen(cursor), NULL, &n,
	    NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    (n != sizeof in && n != NONCE + SEALED_LEAST + MAC))
		return PLACE_BAD;
	key_of(key);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)&s,
	    NULL, NULL, in + NONCE, n - NONCE, (const unsigned char *)ad,
	    strlen(ad), in, key) != 0)
		return PLACE_BAD;
	mark(r, now);
	if (sodium_memcmp(now, s.scope, MARK) != 0)
		return PLACE_OTHER_SCOPE;
	p->pos = s.pos;
	p->seq = s.seq;
	p->floor = s.floor;
	p->begin = n == sizeof in ? s.begin : s.pos;
	return PLACE_GOOD;
}

/* Of the same secret as the cursors of lists, and yet another key. */
static void
key_of(unsigned char key[32])
{
	static const unsigned char use[] = "change feed";

	(void)crypto_generichash(key, 32, use, sizeof use - 1,
	    secret_key("cursor"), SECRET_LEN);
}

static void
mark(struct request *r, unsigned char out[MARK])
{
	const struct scope *s = &r->who.scope;
	const char *narrow[] = { s->action, s->cover, s->own, s->category };
	const char *text = arena_printf(&r->arena, "%lld %lld %s %d %s %s",
	    (long long)s->lo, (long long)s->hi, s->line, s->clearance,
	    r->who.role, conf_epoch());
	unsigned char full[16];

	for (size_t i = 0; i < COUNT(narrow); i++)
		text = arena_printf(&r->arena, "%s\n%s", text,
		    text_given(narrow[i]) ? narrow[i] : "");
	(void)crypto_generichash(full, sizeof full, (const unsigned char *)text,
	    strlen(text), NULL, 0);
	memcpy(out, full, MARK);
}

static const char *
bound(struct request *r, const char *filter)
{
	return arena_printf(&r->arena, "%s\n%s", r->who.id, filter);
}
