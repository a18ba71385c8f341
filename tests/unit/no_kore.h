/* The functions that speak Kore, doing nothing: a test that links parts of
 * the API includes this once, and needs no framework. */
#ifndef TESTS_NO_KORE_H
#define TESTS_NO_KORE_H

#include "loop.h"
#include "request.h"

const char *
request_header(const struct request *r, const char *name)
{
	(void)r;
	(void)name;
	return NULL;
}

void
request_wake(struct request *r)
{
	(void)r;
}

struct watch *
loop_watch(int fd, void (*ready)(void *), void *arg)
{
	(void)fd;
	(void)ready;
	(void)arg;
	return NULL;
}

void
loop_watch_write(struct watch *w, int fd, bool on)
{
	(void)w;
	(void)fd;
	(void)on;
}

void
loop_unwatch(struct watch *w)
{
	(void)w;
}

void
loop_sweep(void)
{
}

void
loop_soon(void (*call)(void *, uint64_t), void *arg)
{
	(void)call;
	(void)arg;
}

uint64_t
now_ms(void)
{
	return 0;
}

uint64_t
now_about_ms(void)
{
	return 0;
}

uint64_t
now_us(void)
{
	return 0;
}

#endif
