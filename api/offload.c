/* The worker's few threads for work that would hold up the loop. */
#include "offload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "loop.h"
#include "metrics.h"

#define THREADS 2
#define WAITING_MAX 64

struct offloaded {
	struct offloaded *next;
	struct request *r; /* loop's thread only; NULL: left */
	void (*work)(void *);
	void (*done)(struct request *, void *);
	void *arg;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct offloaded *todo, **todo_end = &todo; /* under lock */
static struct offloaded *ready, **ready_end = &ready;
static bool stopping;
static unsigned waiting; /* the loop's: given away and not back */
static int bell = -1;
static struct watch *bell_watch;
static pthread_t threads[THREADS];

static void *worker_thread(void *);
static void collect(void *);

void
offload_open(void)
{
	sigset_t all, before;

	bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	REQUIRE(bell != -1);
	bell_watch = loop_watch(bell, collect, NULL);
	REQUIRE(bell_watch != NULL);
	/* Signals are the loop's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, worker_thread,
		    NULL) == 0);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
offload_close(void)
{
	if (bell == -1)
		return;
	(void)pthread_mutex_lock(&lock);
	stopping = true;
	(void)pthread_cond_broadcast(&more);
	(void)pthread_mutex_unlock(&lock);
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
}

bool
request_offload(struct request *r, void (*work)(void *),
    void (*done)(struct request *, void *), void *arg)
{
	struct offloaded *o;

	if (waiting == WAITING_MAX || r->offloaded != NULL)
		return false;
	o = calloc(1, sizeof(*o));
	REQUIRE(o != NULL);
	o->r = r;
	o->work = work;
	o->done = done;
	o->arg = arg;
	r->offloaded = o;
	waiting++;
	metrics_count(COUNTER_OFFLOADED);
	(void)pthread_mutex_lock(&lock);
	*todo_end = o;
	todo_end = &o->next;
	(void)pthread_cond_signal(&more);
	(void)pthread_mutex_unlock(&lock);
	return true;
}

void
offload_forget(struct request *r)
{
	if (r->offloaded != NULL)
		r->offloaded->r = NULL;
	r->offloaded = NULL;
}

static void *
worker_thread(void *arg)
{
	static const uint64_t one = 1;

	(void)arg;
	(void)pthread_mutex_lock(&lock);
	for (;;) {
		struct offloaded *o;

		while (todo == NULL && !stopping)
			(void)pthread_cond_wait(&more, &lock);
		if (stopping)
			break;
		o = todo;
		todo = o->next;
		if (todo == NULL)
			todo_end = &todo;
		(void)pthread_mutex_unlock(&lock);
		o->work(o->arg);
		(void)pthread_mutex_lock(&lock);
		o->next = NULL;
		*ready_end = o;
		ready_end = &o->next;
		while (write(bell, &one, sizeof(one)) == -1 && errno == EINTR)
			;
	}
	(void)pthread_mutex_unlock(&lock);
	return NULL;
}

/* On the loop's thread: what is done goes back to its request. */
static void
collect(void *arg)
{
	struct offloaded *o, *next;
	uint64_t n;

	(void)arg;
	if (read(bell, &n, sizeof(n)) == -1 && errno != EAGAIN)
		return;
	(void)pthread_mutex_lock(&lock);
	o = ready;
	ready = NULL;
	ready_end = &ready;
	(void)pthread_mutex_unlock(&lock);
	for (; o != NULL; o = next) {
		next = o->next;
		waiting--;
		if (o->r != NULL)
			o->r->offloaded = NULL;
		o->done(o->r, o->arg);
		if (o->r != NULL)
			request_wake(o->r);
		free(o);
	}
}
