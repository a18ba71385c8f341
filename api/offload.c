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

#define THREADS_MAX 4

struct offloaded {
	struct offloaded *next;
	struct line *line;
	struct request *r; /* loop's thread only; NULL: left */
	void (*work)(void *);
	void (*done)(struct request *, void *);
	void *arg;
};

/* Who waits for another server must not hold up who waits for a processor:
 * each has threads of its own. */
static struct line {
	const unsigned nthreads, most;
	unsigned waiting; /* the loop's: given away and not back */
	struct offloaded *todo, **todo_end; /* under lock */
	pthread_cond_t more;
	pthread_t threads[THREADS_MAX];
} work_line = { .nthreads = 2, .most = 64, .todo_end = &work_line.todo,
	.more = PTHREAD_COND_INITIALIZER },
  ask_line = { .nthreads = THREADS_MAX, .most = 32,
	.todo_end = &ask_line.todo, .more = PTHREAD_COND_INITIALIZER };
static struct line *const lines[] = { &work_line, &ask_line };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct offloaded *ready, **ready_end = &ready; /* under lock */
static bool stopping;
static int bell = -1;
static struct watch *bell_watch;

static bool give(struct line *, struct request *, void (*work)(void *),
    void (*done)(struct request *, void *), void *arg);
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
	for (size_t k = 0; k < COUNT(lines); k++)
		for (size_t i = 0; i < lines[k]->nthreads; i++)
			REQUIRE(pthread_create(&lines[k]->threads[i], NULL,
			    worker_thread, lines[k]) == 0);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
offload_close(void)
{
	if (bell == -1)
		return;
	(void)pthread_mutex_lock(&lock);
	stopping = true;
	for (size_t k = 0; k < COUNT(lines); k++)
		(void)pthread_cond_broadcast(&lines[k]->more);
	(void)pthread_mutex_unlock(&lock);
	for (size_t k = 0; k < COUNT(lines); k++)
		for (size_t i = 0; i < lines[k]->nthreads; i++)
			(void)pthread_join(lines[k]->threads[i], NULL);
}

bool
request_offload(struct request *r, void (*work)(void *),
    void (*done)(struct request *, void *), void *arg)
{
	return give(&work_line, r, work, done, arg);
}

bool
request_offload_ask(struct request *r, void (*work)(void *),
    void (*done)(struct request *, void *), void *arg)
{
	return give(&ask_line, r, work, done, arg);
}

static bool
give(struct line *l, struct request *r, void (*work)(void *),
    void (*done)(struct request *, void *), void *arg)
{
	struct offloaded *o;

	if (l->waiting == l->most || r->offloaded != NULL)
		return false;
	o = calloc(1, sizeof(*o));
	REQUIRE(o != NULL);
	o->r = r;
	o->line = l;
	o->work = work;
	o->done = done;
	o->arg = arg;
	r->offloaded = o;
	l->waiting++;
	metrics_count(COUNTER_OFFLOADED);
	(void)pthread_mutex_lock(&lock);
	*l->todo_end = o;
	l->todo_end = &o->next;
	(void)pthread_cond_signal(&l->more);
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
	struct line *l = arg;

	(void)pthread_mutex_lock(&lock);
	for (;;) {
		struct offloaded *o;

		while (l->todo == NULL && !stopping)
			(void)pthread_cond_wait(&l->more, &lock);
		if (stopping)
			break;
		o = l->todo;
		l->todo = o->next;
		if (l->todo == NULL)
			l->todo_end = &l->todo;
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
		o->line->waiting--;
		if (o->r != NULL)
			o->r->offloaded = NULL;
		o->done(o->r, o->arg);
		if (o->r != NULL)
			request_wake(o->r);
		free(o);
	}
}
