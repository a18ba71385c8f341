/*
 * argon2id on a worker's thread: 64 MiB and 3 passes never touch the loop, and
 * all workers together never hold more than a few of them (4.3 API2).
 */
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "identity.h"
#include "pwhash.h"
#include "settings.h"

/* In memory that the workers share. Robust: one that is killed while it holds
 * a seat leaves it to the next. */
static struct seats {
	unsigned n;
	_Atomic unsigned turn;
	pthread_mutex_t seat[];
} *seats;

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
static pthread_mutex_t *sit_down(void);
static void work_hash(void *);
static void work_verify(void *);
static void work_done(struct request *, void *);

void
password_init(void)
{
	unsigned n = settings()->hashes > 0 ? settings()->hashes : 1;
	pthread_mutexattr_t a;

	seats = mmap(NULL, sizeof *seats + n * sizeof *seats->seat,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(seats != MAP_FAILED && pthread_mutexattr_init(&a) == 0 &&
	    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED) == 0 &&
	    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST) == 0);
	for (seats->n = 0; seats->n < n; seats->n++)
		REQUIRE(pthread_mutex_init(&seats->seat[seats->n], &a) == 0);
	(void)pthread_mutexattr_destroy(&a);
}

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
	/* Who has none is refused as slowly as everybody. */
	if (*hash != '$')
		hash = password_nobody();
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

/* A free seat, or the one whose turn it is when it is given up. */
static pthread_mutex_t *
sit_down(void)
{
	pthread_mutex_t *m = NULL;
	int e = EBUSY;

	for (unsigned i = 0; i < seats->n && e == EBUSY; i++) {
		m = &seats->seat[i];
		e = pthread_mutex_trylock(m);
	}
	if (e == EBUSY) {
		m = &seats->seat[seats->turn++ % seats->n];
		e = pthread_mutex_lock(m);
	}
	if (e == EOWNERDEAD)
		e = pthread_mutex_consistent(m);
	REQUIRE(e == 0);
	return m;
}

static void
work_hash(void *arg)
{
	pthread_mutex_t *seat = sit_down();
	struct work *w = arg;

	w->ok = pwhash(w->plain, w->hash);
	if (!w->ok)
		w->hash[0] = '\0';
	(void)pthread_mutex_unlock(seat);
}

static void
work_verify(void *arg)
{
	pthread_mutex_t *seat = sit_down();
	struct work *w = arg;

	w->ok = crypto_pwhash_str_verify(w->hash, w->plain,
	    strlen(w->plain)) == 0;
	(void)pthread_mutex_unlock(seat);
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
