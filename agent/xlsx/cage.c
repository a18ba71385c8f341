/* The keeper of the cage: starts the child, checks what it says, ends it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "cage.h"
#include "frame.h"

#define BLOCK 65536u
#define EXIT_NO_CAGE 3

static void child(int, int, const struct budget *) __attribute__((noreturn));
static bool listen_to(int, const struct budget *, struct frame_reader *);
static int reap(pid_t, bool);
static enum refusal explain(struct why *, int status, bool in_time);

/* The sentences of the latest refusal in this thread. */
static _Thread_local struct why last;

enum refusal
cage_stream(int fd, const struct budget *budget, const struct row_sink *sink,
    const char **zh, const char **en)
{
	struct frame_reader reader = { .budget = budget, .sink = sink,
		.why = &last };
	int pipes[2], status;
	bool in_time;
	pid_t pid;

	memset(&last, 0, sizeof(last));
	*zh = last.zh;
	*en = last.en;
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return refuse(&last, REFUSED_IO, "", "");
	pid = fork();
	if (pid == 0)
		child(fd, pipes[1], budget);
	close(pipes[1]);
	if (pid < 0) {
		close(pipes[0]);
		return refuse(&last, REFUSED_IO, "", "");
	}
	in_time = listen_to(pipes[0], budget, &reader);
	close(pipes[0]);
	status = reap(pid, reader.ended);
	frame_reader_free(&reader);
	return reader.ended || reader.stopped ? last.code :
	    explain(&last, status, in_time);
}

static void
child(int fd, int out, const struct budget *budget)
{
	struct frame_writer writer = { .fd = 1 };
	struct row_sink sink = frame_sink;
	const char *zh, *en;
	enum refusal code;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	/* both may be 0 or 1 already: move them out of the way first */
	fd = fcntl(fd, F_DUPFD, 10);
	out = fcntl(out, F_DUPFD, 10);
	if (fd < 0 || out < 0 || dup2(fd, 0) < 0 || dup2(out, 1) < 0 ||
	    !cage_enter(budget))
		_exit(EXIT_NO_CAGE);
	sink.arg = &writer;
	code = workbook_stream(0, budget, &sink, &zh, &en);
	frame_end(&writer, code, zh, en);
	_exit(writer.failed ? 1 : 0);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the end frame, or until the child falls silent or talks nonsense;
 * false: it took too long. */
static bool
listen_to(int in, const struct budget *budget, struct frame_reader *r)
{
	struct pollfd p = { .fd = in, .events = POLLIN };
	size_t len, cap, most;
	int64_t left, deadline;
	bool in_time = true;
	char *data;
	ssize_t n;
	long used;

	deadline = now_ms() + (int64_t)budget->seconds * 2000 + 2000;
	most = (size_t)(budget->text + 24 * budget->cells) + BLOCK;
	cap = 2 * BLOCK;
	data = malloc(cap);
	REQUIRE(data != NULL);
	for (len = 0; !r->ended && !r->stopped; len -= (size_t)used) {
		used = 0;
		left = deadline - now_ms();
		in_time = left > 0 && (n = poll(&p, 1, (int)left)) != 0;
		if (!in_time)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (cap - len < BLOCK) {
			/* no row is larger than all the text there may be */
			if (cap > most)
				break;
			cap *= 2;
			data = realloc(data, cap);
			REQUIRE(data != NULL);
		}
		n = read(in, data + len, BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		used = frame_read(r, data, len);
		if (used < 0)
			break;
		if (used > 0)
			memmove(data, data + used, len - (size_t)used);
	}
	free(data);
	return in_time;
}

static int
reap(pid_t pid, bool ended)
{
	int status;

	if (!ended)
		kill(pid, SIGKILL);
	status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

/* The child gave no result: what an administrator should look at. */
static enum refusal
explain(struct why *why, int status, bool in_time)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_CAGE)
		return refuse(why, REFUSED_IO, "无法建立读取文件的隔离环境。",
		    "The sandbox could not be set up (seccomp, rlimits). ");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return refuse(why, REFUSED_TIMEOUT, "读取用时过长。",
		    "Reading took too long. ");
	/* Killed, and not by us: the machine's doing, not the file's. */
	if (in_time && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return refuse(why, REFUSED_IO, "读取程序被系统中止。",
		    "The reader was killed by the system. ");
	return refuse(why, REFUSED_TIMEOUT, "", "");
}
