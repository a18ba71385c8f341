/* File descriptors on Kore's event loop, for files that do not speak Kore. */
#include "loop.h"

#include <fcntl.h>
#include <stddef.h>
#include <time.h>

#include "kore_in.h"

#define WATCH_MAX 64

enum place { PLACE_FREE, PLACE_LIVE, PLACE_DEAD };

struct watch {
	struct kore_event event; /* first: Kore is handed this pointer */
	enum place place;
	int fd;
	void (*ready)(void *);
	void *arg;
};

/* Never freed: events of the same turn may still point at a dead one. */
static struct watch watches[WATCH_MAX];

static void watch_event(void *, int);

struct watch *
loop_watch(int fd, void (*ready)(void *), void *arg)
{
	struct watch *w = NULL;

	for (size_t i = 0; i < WATCH_MAX && w == NULL; i++)
		if (watches[i].place == PLACE_FREE)
			w = &watches[i];
	if (w == NULL)
		return NULL;
	w->place = PLACE_LIVE;
	w->event.type = KORE_TYPE_PGSQL_CONN;
	w->event.flags = 0;
	w->event.handle = watch_event;
	w->fd = fd;
	w->ready = ready;
	w->arg = arg;
	kore_platform_event_level_read(fd, w);
	return w;
}

void
loop_watch_write(struct watch *w, int fd, bool on)
{
	w->fd = fd;
	if (on)
		kore_platform_event_level_all(fd, w);
	else
		kore_platform_event_level_read(fd, w);
}

void
loop_unwatch(struct watch *w)
{
	if (w == NULL)
		return;
	if (fcntl(w->fd, F_GETFD) != -1) {
		/* Kore dies of removing what is not there: libpq may have
		 * closed the descriptor and opened the same number again. */
		kore_platform_event_level_read(w->fd, w);
		kore_platform_disable_read(w->fd);
	}
	w->place = PLACE_DEAD;
}

void
loop_sweep(void)
{
	for (size_t i = 0; i < WATCH_MAX; i++)
		if (watches[i].place == PLACE_DEAD)
			watches[i].place = PLACE_FREE;
}

void
loop_soon(void (*call)(void *, uint64_t), void *arg)
{
	(void)kore_timer_add(call, 0, arg, KORE_TIMER_ONESHOT);
}

uint64_t
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
now_ms(void)
{
	return now_us() / 1000;
}

uint64_t
now_about_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
watch_event(void *arg, int error)
{
	struct watch *w = arg;

	(void)error;
	w->event.flags = 0;
	if (w->place == PLACE_LIVE)
		w->ready(w->arg);
}
