/* taizhang-jobs: the loop of the job runner. */
#include "jobs.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/secret.h"
#include "settings.h"

#define LOOK_MS 200
#define PRUNE_MS (10 * 60 * 1000)
#define BACKOFF_MAX_MS 5000

static volatile sig_atomic_t told_to_stop;

static void on_stop(int);
static void work(void);
static void drain(void);

int
main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_stop };

	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "usage: taizhang-jobs    (all settings are "
		    "environment, as the API's)\n");
		return 2;
	}
	(void)setvbuf(stderr, NULL, _IOLBF, 0);
	secret_process();
	if (sodium_init() < 0 || !settings_read() || !jobs_send_open() ||
	    !jobs_seal_open())
		return 1;
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGINT, &act, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	log_line(LOG_INFO, "event=jobs_start");
	work();
	drain();
	jobs_send_close();
	jobs_db_down();
	log_line(LOG_INFO, "event=jobs_stop");
	return 0;
}

uint64_t
jobs_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
work(void)
{
	uint64_t look = 0, prune = 0;
	bool expired = false;
	int backoff = LOOK_MS;

	while (!told_to_stop) {
		uint64_t now = jobs_now_ms();

		if (!jobs_db_up()) {
			jobs_send_turn(backoff);
			backoff = backoff * 2 < BACKOFF_MAX_MS ? backoff * 2
							       : BACKOFF_MAX_MS;
			continue;
		}
		backoff = LOOK_MS;
		if (now - look >= LOOK_MS) {
			look = now;
			jobs_owners();
			jobs_feed();
			jobs_seal();
			jobs_send_claim();
			if (expired)
				expired = jobs_privacy();
		}
		if (prune == 0 || now - prune >= PRUNE_MS) {
			prune = now;
			jobs_prune();
			jobs_files();
			expired = jobs_privacy();
			jobs_partitions();
		}
		jobs_send_turn(LOOK_MS / 2);
	}
}

/* What is on its way may still arrive; what does not is sent again by the
 * next runner. */
static void
drain(void)
{
	uint64_t until = jobs_now_ms() + settings()->drain_ms;

	while (jobs_send_busy() > 0 && jobs_now_ms() < until)
		jobs_send_turn(LOOK_MS);
}

static void
on_stop(int sig)
{
	(void)sig;
	told_to_stop = 1;
}
