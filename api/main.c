/* Kore's hooks: the parent prepares, each worker opens its own listener, its
 * database connections and its tick, and drains when it is told to stop. */
#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "kore_in.h"
#include <kore/seccomp.h>

#include "after.h"
#include "base/log.h"
#include "base/secret.h"
#include "chapters.h"
#include "db_lane.h"
#include "gate.h"
#include "limit.h"
#include "loop.h"
#include "metrics.h"
#include "notify.h"
#include "offload.h"
#include "route.h"
#include "settings.h"

#define TICK_MS 100
#define BACKLOG 1024

/*
 * Beyond Kore's own list, and only these (tests/e2e/test_engine.py runs once
 * with tracing): our listener, half-close and death with the parent; threads
 * and their bell; the store of attachments; what libcurl and the resolver need
 * to ask an identity server; what glibc needs for stat, localtime, growing
 * realloc, qsort of more than a kilobyte, and abort.
 */
/* clang-format off */
KORE_SECCOMP_FILTER("api",
	KORE_SYSCALL_ALLOW(bind),
	KORE_SYSCALL_ALLOW(listen),
	KORE_SYSCALL_ALLOW(shutdown),
	KORE_SYSCALL_ALLOW(prctl),
	KORE_SYSCALL_ALLOW(getppid),
	KORE_SYSCALL_ALLOW(clone3),
	KORE_SYSCALL_ALLOW(rseq),
	KORE_SYSCALL_ALLOW(set_robust_list),
	KORE_SYSCALL_ALLOW(eventfd2),
	KORE_SYSCALL_ALLOW(newfstatat),
	KORE_SYSCALL_ALLOW(pread64),
	KORE_SYSCALL_ALLOW(statfs),
	KORE_SYSCALL_ALLOW(mkdir),
	KORE_SYSCALL_ALLOW(link),
	KORE_SYSCALL_ALLOW(rename),
	KORE_SYSCALL_ALLOW(flock),
	KORE_SYSCALL_ALLOW(fsync),
	KORE_SYSCALL_ALLOW(utimensat),
	KORE_SYSCALL_ALLOW(mremap),
	KORE_SYSCALL_ALLOW(sysinfo),
	KORE_SYSCALL_ALLOW(getpeername),
	KORE_SYSCALL_ALLOW(getsockname),
	KORE_SYSCALL_ALLOW(sendmmsg),
	KORE_SYSCALL_ALLOW(recvmsg),
	KORE_SYSCALL_ALLOW(uname),
	KORE_SYSCALL_ALLOW(gettid),
	KORE_SYSCALL_ALLOW(tgkill))
/* clang-format on */

void kore_parent_configure(int, char **);
void kore_parent_teardown(void);
void kore_worker_configure(void);
void kore_worker_teardown(void);
void kore_seccomp_hook(void);

static pid_t parent;
static int unix_fd = -1;
static volatile sig_atomic_t told_to_stop;
static struct kore_server *server;

static bool unix_listen(const char *path);
static void listener_add(int fd, int family);
static void tcp_listen(void);
static bool bodies_fit(void);
static void signals(void);
static void on_stop(int);
static void on_crash(int);
static void tick(void *, uint64_t);
static void accept_or_not(void);
static void drain(uint64_t now);

/* In the parent, before the workers are made: what is wrong is said once and
 * ends the start. */
void
kore_parent_configure(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	/* Or workers repeat what they inherit in the buffer. */
	(void)fflush(stdout);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	parent = getpid();
	(void)signal(SIGHUP, SIG_IGN);
	secret_process(); /* the workers inherit it */
	if (!settings_read())
		exit(1);
	chapters();
	if (!route_check() || !bodies_fit())
		exit(1);
	if (settings()->unix_path != NULL &&
	    !unix_listen(settings()->unix_path))
		exit(1);
	metrics_init(worker_count);
	limit_init();
	after_init();
}

/* What a route takes must not be cut by the server's own limit. */
static bool
bodies_fit(void)
{
	for (size_t i = 0; i < route_count(); i++)
		if (!route_at(i)->stream &&
		    route_body_max(route_at(i)) > http_body_max) {
			log_line(LOG_ERROR, "event=conf route=%s reason=%s",
			    route_at(i)->id,
			    log_q("http_body_max is below its body_max"));
			return false;
		}
	return true;
}

void
kore_parent_teardown(void)
{
	if (settings()->unix_path != NULL)
		(void)unlink(settings()->unix_path);
}

void
kore_worker_configure(void)
{
	/* A parent that was killed must not leave us behind with the port. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
	signals();
	/* Replies and results of some 100 KB come and go with every list:
	 * fetching fresh pages for each costs more than keeping them. */
	(void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
	metrics_worker((unsigned)(worker->id - 1));
	server = kore_server_lookup("api");
	if (server == NULL)
		fatal("conf: there is no server called api");
	if (settings()->port != 0)
		tcp_listen();
	if (unix_fd != -1)
		listener_add(unix_fd, AF_UNIX);
	offload_open();
	db_open();
	(void)kore_timer_add(tick, TICK_MS, NULL, 0);
	log_hold(true);
}

void
kore_worker_teardown(void)
{
	offload_close();
	db_close();
	log_hold(false);
}

static void
tick(void *arg, uint64_t now)
{
	(void)arg;
	log_flush();
	loop_sweep();
	db_tick(now);
	notify_tick(now);
	gate_tick(now);
	if (told_to_stop)
		drain(now);
	else
		accept_or_not();
}

/* Without room Kore leaves new connections in the kernel, and would be told
 * of them again and again: listen only while there is room. */
static void
accept_or_not(void)
{
	static bool deaf;
	bool full = worker_active_connections >= worker_max_connections;
	struct listener *l;

	if (full == deaf || (deaf && gate_crowded()))
		return;
	deaf = full;
	LIST_FOREACH(l, &server->listeners, list) {
		if (deaf)
			kore_platform_disable_read(l->fd);
		else
			kore_platform_event_schedule(l->fd, EPOLLIN, 0, l);
	}
	log_line(LOG_WARN, "event=connections full=%s", deaf ? "yes" : "no");
}

/* Kore would drop what is being answered: first no more new connections and
 * requests, then the end once nothing is left or time is up. */
static void
drain(uint64_t now)
{
	static uint64_t began;
	struct listener *l;

	if (began == 0) {
		began = now;
		worker_accept_threshold = 0;
		while ((l = LIST_FIRST(&server->listeners)) != NULL) {
			/* Who is in the queue already is not turned away. */
			l->evt.flags |= KORE_EVENT_READ;
			kore_listener_accept(l, 0);
			kore_listener_free(l);
		}
		notify_drain();
		gate_drain();
	}
	if ((http_request_count == 0 && gate_quiet() &&
	    now - began > GATE_GRACE_MS) ||
	    now - began >= settings()->drain_ms)
		sig_recv = SIGTERM;
}

static void
signals(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_stop;
	(void)sigfillset(&sa.sa_mask);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGQUIT, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	/* What led there is worth most then; after it the signal kills. */
	sa.sa_handler = on_crash;
	sa.sa_flags = (int)SA_RESETHAND;
	(void)sigaction(SIGABRT, &sa, NULL);
	(void)sigaction(SIGSEGV, &sa, NULL);
	(void)sigaction(SIGBUS, &sa, NULL);
	/* Kore's reload would swap the module under live requests. */
	(void)signal(SIGHUP, SIG_IGN);
}

static void
on_stop(int sig)
{
	(void)sig;
	told_to_stop = 1;
}

static void
on_crash(int sig)
{
	(void)sig;
	log_flush();
}

/* One per worker: the kernel spreads the connections. */
static void
tcp_listen(void)
{
	struct addrinfo hints, *ai;
	char port[8];
	int fd, on = 1, r;

	memset(&hints, 0, sizeof(hints));
	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
	(void)snprintf(port, sizeof(port), "%u", settings()->port);
	r = getaddrinfo(settings()->bind, port, &hints, &ai);
	if (r != 0)
		fatal("TAIZHANG_BIND %s: %s", settings()->bind,
		    gai_strerror(r));
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    listen(fd, BACKLOG) == -1)
		fatal("cannot listen on %s port %s: %s", settings()->bind,
		    port, strerror(errno));
	listener_add(fd, ai->ai_family);
	freeaddrinfo(ai);
}

/* Shared by the workers; made by the parent, which outlives them. */
static bool
unix_listen(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(sun.sun_path)) {
		log_line(LOG_ERROR, "event=listen path=%s reason=%s",
		    log_q(path), log_q("the path is too long"));
		return false;
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	(void)unlink(path);
	unix_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (unix_fd == -1 ||
	    bind(unix_fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    chmod(path, 0660) == -1 || listen(unix_fd, BACKLOG) == -1) {
		log_line(LOG_ERROR, "event=listen path=%s reason=%s",
		    log_q(path), log_q(strerror(errno)));
		return false;
	}
	return true;
}

static void
listener_add(int fd, int family)
{
	struct listener *l = kore_listener_create(server);

	l->fd = fd;
	l->family = family;
	l->connect = kore_runtime_getcall("gate_connect");
	if (l->connect == NULL)
		fatal("gate_connect is not in the module");
}
