/* The child gives up its rights: user, files, memory, time, system calls. */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "cage.h"

#define NOBODY 65534

/* Sanitizers need address space and calls that the cage forbids. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static bool close_rest(void);
static bool drop_user(void);
static bool limit(const struct budget *);
static bool filter(void);

bool
cage_enter(const struct budget *budget)
{
	return close_rest() && drop_user() && limit(budget) &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0) == 0 && (SANITIZED || filter());
}

/* Even without stderr: nothing is left but input and result. */
static bool
close_rest(void)
{
	struct rlimit r;
	unsigned fd, first;

	first = SANITIZED ? 3 : 2;
	if (close_range(first, ~0u, 0) == 0)
		return true;
	/* kernels before 5.9 */
	if (errno != ENOSYS || getrlimit(RLIMIT_NOFILE, &r) != 0)
		return false;
	for (fd = first; fd < r.rlim_max && fd < 1u << 20; fd++)
		close((int)fd);
	return true;
}

/* Root can and must leave; anybody else stays who he is. */
static bool
drop_user(void)
{
	if (geteuid() != 0)
		return true;
	/* not granted in every container; the filter has no socket() anyway */
	(void)!unshare(CLONE_NEWNET);
	return setgroups(0, NULL) == 0 &&
	    setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	    setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

/* Bytes of address space that came with the fork. */
static size_t
inherited(void)
{
	unsigned long pages;
	FILE *f;
	int n;

	f = fopen("/proc/self/statm", "re");
	if (f == NULL)
		return 0;
	n = fscanf(f, "%lu", &pages);
	fclose(f);
	return n == 1 ? (size_t)pages * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static bool
limit(const struct budget *budget)
{
	const struct {
		__rlimit_resource_t what;
		rlim_t most;
	} limits[] = {
		{ RLIMIT_CPU, budget->seconds },
		{ RLIMIT_AS, SANITIZED ? RLIM_INFINITY :
		    inherited() + budget->memory },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 0 },
		{ RLIMIT_NOFILE, 0 },
	};
	struct rlimit r;
	size_t i;

	for (i = 0; i < COUNT(limits); i++) {
		r.rlim_cur = r.rlim_max = limits[i].most;
		/* a second more, so that SIGXCPU says what happened */
		if (limits[i].what == RLIMIT_CPU)
			r.rlim_max++;
		if (setrlimit(limits[i].what, &r) != 0)
			return false;
	}
	return true;
}

/* Anything else ends the process at once. */
static bool
filter(void)
{
	static const int allowed[] = {
		SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write),
		SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek),
		SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk),
		SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(clock_gettime),
		SCMP_SYS(getrandom), SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn),
		SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill),
		SCMP_SYS(restart_syscall), SCMP_SYS(exit),
		SCMP_SYS(exit_group),
	};
	scmp_filter_ctx ctx;
	size_t i;
	bool good;

	ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (ctx == NULL)
		return false;
	good = true;
	for (i = 0; i < COUNT(allowed); i++)
		good = good && seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
		    allowed[i], 0) == 0;
	/* memory, never code, never the input file mapped */
	good = good && seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	    SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)) == 0;
	good = good && seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
	    SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
	good = good && seccomp_load(ctx) == 0;
	seccomp_release(ctx);
	return good;
}
