/* The cage: what the child may not do, and what its keeper does not believe. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/err.h"
#include "check.h"
#include "xlsx_pack.h"
#include "xlsx/cage.h"
#include "xlsx/frame.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static void
act_open(void)
{
	(void)!open("/etc/passwd", O_RDONLY);
}

static void
act_socket(void)
{
	(void)!socket(AF_INET, SOCK_STREAM, 0);
}

static void
act_fork(void)
{
	if (fork() == 0)
		_exit(0);
}

static void
act_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void
act_kill(void)
{
	kill(getppid(), 0);
}

static void
act_code(void)
{
	(void)!mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
act_map_input(void)
{
	(void)!mmap(NULL, 4096, PROT_READ, MAP_SHARED, 0, 0);
}

static void
act_spin(void)
{
	volatile unsigned long n;

	for (n = 0; ; n++)
		continue;
}

static void
act_hoard(void)
{
	char *p;
	size_t i;

	for (i = 0; i < 64; i++) {
		p = malloc((size_t)16 << 20);
		if (p == NULL)
			_exit(42);
		memset(p, 1, (size_t)16 << 20);
	}
}

static void
act_read_and_write(void)
{
	char c;

	if (pread(0, &c, 1, 0) != 1 || c != 'x' || write(1, "y", 1) != 1)
		_exit(1);
}

/* The status of a child that enters the cage and then does this. */
static int
caged(void (*act)(void))
{
	struct budget budget = budget_default;
	int status, input, result[2];
	pid_t pid;

	budget.seconds = 1;
	input = pack_file("x", 1);
	assert_true(input >= 0 && pipe(result) == 0);
	pid = fork();
	if (pid == 0) {
		if (dup2(input, 0) < 0 || dup2(result[1], 1) < 0 ||
		    !cage_enter(&budget))
			_exit(99);
		act();
		_exit(0);
	}
	assert_true(pid > 0);
	waitpid(pid, &status, 0);
	close(input);
	close(result[0]);
	close(result[1]);
	return status;
}

static void
forbidden(void **state)
{
	void (*const act[])(void) = { act_open, act_socket, act_fork,
		act_exec, act_kill, act_code, act_map_input };
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < COUNT(act) && !SANITIZED; i++) {
		status = caged(act[i]);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static void
bounded(void **state)
{
	int status;

	(void)state;
	status = caged(act_spin);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGXCPU);
	if (SANITIZED)
		return;
	status = caged(act_hoard);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void
allowed(void **state)
{
	int status;

	(void)state;
	status = caged(act_read_and_write);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Field of /proc/PID/status. */
static void
status_of(pid_t pid, const char *field, char *out, size_t n)
{
	char path[64], line[256];
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			snprintf(out, n, "%s", line + strlen(field));
	fclose(f);
}

/* Root does not stay root, and the filter is in force. */
static void
nobody(void **state)
{
	struct budget budget = budget_default;
	char line[256], c;
	int go[2], ready[2], status;
	pid_t pid;

	(void)state;
	assert_true(pipe(go) == 0 && pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		if (dup2(go[0], 0) < 0 || dup2(ready[1], 1) < 0 ||
		    !cage_enter(&budget) || write(1, "r", 1) != 1)
			_exit(99);
		(void)!read(0, &c, 1);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	status_of(pid, "Uid:\t", line, sizeof(line));
	if (geteuid() == 0)
		assert_string_equal(line, "65534\t65534\t65534\t65534\n");
	else
		assert_int_equal(strtoul(line, NULL, 10), geteuid());
	status_of(pid, "NoNewPrivs:\t", line, sizeof(line));
	assert_string_equal(line, "1\n");
	status_of(pid, "Seccomp:\t", line, sizeof(line));
	assert_string_equal(line, SANITIZED ? "0\n" : "2\n");
	close(go[0]);
	close(go[1]);
	close(ready[0]);
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- the keeper ---- */

static bool
keep_row(void *arg, const struct row *row)
{
	unsigned long *sum = arg;
	size_t i;

	/* everything given out must be usable */
	for (i = 0; i < row->ncells; i++)
		*sum += row->cell[i].col + strlen(row->cell[i].text) +
		    (row->cell[i].number != 0);
	return true;
}

/* The bytes a healthy child writes. */
static size_t
healthy(char *data, size_t size)
{
	const struct cell cells[] = {
		{ .col = 1, .type = CELL_TEXT, .text = "台账" },
		{ .col = 3, .type = CELL_NUMBER, .number = 1.5, .text = "1.5",
		    .formula = true, .inexact = true },
	};
	const struct row row = { .row = 7, .ncells = 2, .cell = cells };
	const struct range range = { 1, 2, 3, 4 };
	struct frame_writer w = { 0 };
	ssize_t n;

	w.fd = pack_file("", 0);
	frame_sink.book(&w, true);
	frame_sink.sheet(&w, 0, "一", SHEET_HIDDEN);
	frame_sink.row(&w, &row);
	frame_sink.merge(&w, &range);
	frame_end(&w, READ_OK, "", "");
	assert_false(w.failed);
	n = pread(w.fd, data, size, 0);
	assert_true(n > 0 && (size_t)n < size);
	close(w.fd);
	return (size_t)n;
}

static long
believe(char *data, size_t len, bool *ended)
{
	unsigned long sum = 0;
	struct row_sink sink = { .arg = &sum, .row = keep_row };
	struct why why = { 0 };
	struct frame_reader r = { .budget = &budget_default, .sink = &sink,
		.why = &why };
	long used;

	used = frame_read(&r, data, len);
	*ended = r.ended;
	frame_reader_free(&r);
	return used;
}

/* One row as large as the budgets allow, through the whole cage. */
static void
largest_row(void **state)
{
	const char *zh, *en;
	unsigned long sum = 0;
	const struct row_sink sink = { .arg = &sum, .row = keep_row };
	struct buf sheet, sst;
	size_t i;
	int fd;

	(void)state;
	buf_init(&sst, 1 << 20);
	buf_init(&sheet, 1 << 20);
	buf_str(&sst, "<sst xmlns='" PACK_MAIN "'><si><t>");
	for (i = 0; i < 32767; i++)
		buf_char(&sst, 'x');
	buf_str(&sst, "</t></si></sst>");
	buf_str(&sheet, "<worksheet xmlns='" PACK_MAIN "'><sheetData><row>");
	for (i = 0; i < 2000; i++)
		buf_str(&sheet, "<c t='s'><v>0</v></c>");
	buf_str(&sheet, "</row></sheetData></worksheet>");
	fd = pack_book("", sheet.data, sst.data, NULL);
	assert_int_equal(cage_stream(fd, &budget_default, &sink, &zh, &en),
	    READ_OK);
	assert_int_equal(sum, 2000 * 32767ul + 2000 * 2001 / 2);
	close(fd);
	buf_free(&sheet);
	buf_free(&sst);
}

/* Whatever a broken child writes: believed or refused, never a crash. */
static void
frames(void **state)
{
	char good[512], bad[512];
	size_t len, i, refused;
	unsigned char bit;
	bool ended;

	(void)state;
	len = healthy(good, sizeof(good));
	memcpy(bad, good, len);
	assert_int_equal(believe(bad, len, &ended), len);
	assert_true(ended);
	for (i = 0; i < len; i++) {
		memcpy(bad, good, len);
		assert_true(believe(bad, i, &ended) <= (long)i);
		assert_false(ended);
	}
	for (i = refused = 0; i < len; i++)
		for (bit = 1; bit != 0; bit = (unsigned char)(bit << 1)) {
			memcpy(bad, good, len);
			bad[i] = (char)(bad[i] ^ bit);
			if (believe(bad, len, &ended) < 0 || !ended)
				refused++;
		}
	assert_true(refused > len * 8 / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbidden),
		cmocka_unit_test(bounded),
		cmocka_unit_test(allowed),
		cmocka_unit_test(nobody),
		cmocka_unit_test(largest_row),
		cmocka_unit_test(frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
