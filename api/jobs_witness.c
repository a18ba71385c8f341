/* Copies of the log's heads outside the database: the system's log, and a
 * file that may lie on another machine (TAIZHANG_WITNESS). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "audit_head.h"
#include "jobs.h"

bool
jobs_witness(const char *line)
{
	const char *path = getenv("TAIZHANG_WITNESS");
	char text[HEAD_LINE + 1];
	struct stat st;
	int fd, n = snprintf(text, sizeof text, "%s\n", line);
	bool good;

	openlog("taizhang", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_NOTICE, "%s", line);
	if (path == NULL || *path == '\0')
		return true;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
	    0640);
	good = fd != -1 && fstat(fd, &st) == 0 && write(fd, text, (size_t)n) ==
	    n;
	/* Half a line would be taken for a forged one. */
	if (!good && fd != -1)
		(void)!ftruncate(fd, st.st_size);
	if (fd != -1)
		(void)close(fd);
	return good;
}
