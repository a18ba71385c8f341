/* argon2id on a worker's thread: 64 MiB and 3 passes never touch the loop. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "pwhash.h"

struct work {
	char plain[PWHASH_PLAIN_MAX + 1];
	char hash[PWHASH_LEN];
	bool ok;
	/* in the request's arena; only touched while it lives */
	char *hash_out;
	bool *ok_out;
};

static struct work *new_work(const char *plain);
static enum next start(struct request *, struct work *,
    void (*)(void *));
static void work_hash(void *);
static void work_verify(void *);
static void work_done(struct request *, void *);

enum next
password_hash(struct request *r, const char *plain, char *out)
{
	struct work *w = new_work(plain);

	*out = '\0';
	w->hash_out = out;
	return start(r, w, work_hash);
}

enum next
password_verify(struct request *r, const char *plain, const char *hash,
    bool *ok)
{
	struct work *w = new_work(plain);

	*ok = false;
	w->ok_out = ok;
	snprintf(w->hash, sizeof w->hash, "%s", hash);
	return start(r, w, work_verify);
}

/* A hash of random bytes made once by this very code's parameters. */
const char *
password_nobody(void)
{
	return "$argon2id$v=19$m=65536,t=3,p=1$"
	       "c2FsdHNhbHRzYWx0c2FsdA$"
	       "Zm9yIGFuIHVua25vd24gdXNlciBubyBtYXRjaCAhISE";
}

static struct work *
new_work(const char *plain)
{
	struct work *w = calloc(1, sizeof *w);

	REQUIRE(w != NULL);
	/* A longer one was never set, so cutting it off cannot let it in. */
	snprintf(w->plain, sizeof w->plain, "%s",
	    strlen(plain) <= PWHASH_PLAIN_MAX ? plain : "");
	return w;
}

static enum next
start(struct request *r, struct work *w, void (*work)(void *))
{
	if (request_offload(r, work, work_done, w))
		return NEXT_WAIT;
	free(w);
	return fail(r, E_BUSY, "busy", "系统繁忙，请稍后再试",
	    "Too many at once; try again shortly.");
}

static void
work_hash(void *arg)
{
	struct work *w = arg;

	w->ok = pwhash(w->plain, w->hash);
	if (!w->ok)
		w->hash[0] = '\0';
}

static void
work_verify(void *arg)
{
	struct work *w = arg;

	w->ok = crypto_pwhash_str_verify(w->hash, w->plain,
	    strlen(w->plain)) == 0;
}

static void
work_done(struct request *r, void *arg)
{
	struct work *w = arg;

	if (r != NULL && w->hash_out != NULL)
		snprintf(w->hash_out, PASSWORD_HASH, "%s", w->hash);
	if (r != NULL && w->ok_out != NULL)
		*w->ok_out = w->ok;
	sodium_memzero(w, sizeof *w);
	free(w);
}
