/* taizhang-agent: keeps workbooks in shared folders and the API in step. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "client.h"
#include "conf.h"
#include "event.h"
#include "inspect.h"
#include "loop.h"

#define VERSION "1.0"
#define CONF_DEFAULT "/etc/taizhang/agent.conf"

enum { EXIT_GOOD = 0, EXIT_LEFT = 1, EXIT_USAGE = 2 };

static const char usage[] =
    "taizhang-agent [--config FILE] [run]          watch the bound folders\n"
    "taizhang-agent [--config FILE] once DIR       one full pass over the\n"
    "                                              bindings at or below DIR\n"
    "taizhang-agent [--config FILE] init [DIR]     mark folders as bound\n"
    "taizhang-agent inspect FILE…                  what a workbook contains\n"
    "taizhang-agent --version | --help\n"
    "\n"
    "FILE is " CONF_DEFAULT " unless given. Its keys:\n"
    "  api = http://127.0.0.1:8080     state = /var/lib/taizhang-agent\n"
    "  ca_file, settle_s, scan_s, network_scan_s, write_back_s,\n"
    "  free_floor_mib, file_limit_mib, debug\n"
    "  [binding]   folder = …   token_file = …   network = yes|no\n"
    "Exit: 0 done; 1 something did not reach the API or could not be read;\n"
    "2 wrong usage or configuration; 3 the state directory failed;\n"
    "inspect: see inspect --help.\n";

static struct stop stop = { 0, -1 };

static void on_signal(int);
static bool signals(void);
static int command(int, char **, const char *conf_path);
static int with_conf(const char *conf_path, const char *name,
    const char *dir);

int
main(int argc, char **argv)
{
	const char *conf_path = CONF_DEFAULT;
	int i = 1;
	umask(0002);
	secret_process();
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			return EXIT_GOOD;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("taizhang-agent " VERSION);
			return EXIT_GOOD;
		}
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
			conf_path = argv[++i];
		} else if (strncmp(argv[i], "--config=", 9) == 0) {
			conf_path = argv[i] + 9;
		} else {
			fprintf(stderr, "taizhang-agent: unknown option %s\n",
			    argv[i]);
			return EXIT_USAGE;
		}
	}
	return command(argc - i, argv + i, conf_path);
}

static int
command(int argc, char **argv, const char *conf_path)
{
	const char *name = argc > 0 ? argv[0] : "run";
	if (strcmp(name, "inspect") == 0)
		return inspect_main(argc, argv);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			return EXIT_GOOD;
		}
	bool run = strcmp(name, "run") == 0, once = strcmp(name, "once") == 0,
	     init = strcmp(name, "init") == 0;
	if ((run && argc <= 1) || (once && argc == 2) || (init && argc <= 2))
		return with_conf(conf_path, name, argc > 1 ? argv[1] : NULL);
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int
with_conf(const char *conf_path, const char *name, const char *dir)
{
	char why[512];
	struct arena a;
	struct conf conf;
	int code = EXIT_USAGE;
	arena_init(&a, 0);
	if (!conf_read(&a, conf_path, &conf, why, sizeof why)) {
		fprintf(stderr, "taizhang-agent: %s\n", why);
		goto out;
	}
	log_level(conf.debug ? LOG_DEBUG : LOG_INFO);
	if (!signals() || !client_start()) {
		fprintf(stderr, "taizhang-agent: %s\n", strerror(errno));
		goto out;
	}
	client_heed(&stop.now);
	event_quiet(strcmp(name, "run") != 0 && !conf.debug);
	code = strcmp(name, "run") == 0 ? loop_run(&conf, &stop)
	    : strcmp(name, "once") == 0 ? loop_once(&conf, dir, &stop)
	    : loop_init(&conf, dir);
	client_stop();
out:
	arena_free(&a);
	return code;
}

static bool
signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	stop.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigemptyset(&act.sa_mask);
	return stop.fd >= 0 && sigaction(SIGTERM, &act, NULL) == 0 &&
	    sigaction(SIGINT, &act, NULL) == 0 &&
	    sigaction(SIGPIPE, &ignore, NULL) == 0 &&
	    /* a lease of ours is being broken: it is held for moments only */
	    sigaction(SIGIO, &ignore, NULL) == 0;
}

static void
on_signal(int signal_number)
{
	int saved = errno;
	uint64_t one = 1;
	(void)signal_number;
	stop.now = 1;
	if (write(stop.fd, &one, sizeof one) < 0)
		stop.now = 1;
	errno = saved;
}
