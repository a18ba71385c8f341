/* See log.h: whole lines in each write, so that several processes mix well. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LINE 2048

static enum level most = LOG_INFO;
static bool holding;
static char held[16 * LINE];
static size_t nheld;

void
log_level(enum level l)
{
	most = l;
}

void
log_line(enum level l, const char *fmt, ...)
{
	static const char *const names[] = { [LOG_ERROR] = "error",
		[LOG_WARN] = "warn", [LOG_INFO] = "info",
		[LOG_DEBUG] = "debug" };
	static char stamp[32];
	static time_t stamped;
	char *line = held + nheld;
	struct timespec now;
	struct tm tm;
	va_list ap;
	size_t n;
	int more;

	if (l > most)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != stamped) {
		gmtime_r(&now.tv_sec, &tm);
		(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
		stamped = now.tv_sec;
	}
	n = (size_t)snprintf(line, LINE, "%s.%03ldZ %s ", stamp,
	    now.tv_nsec / 1000000, names[l]);
	va_start(ap, fmt);
	more = vsnprintf(line + n, LINE - n - 1, fmt, ap);
	va_end(ap);
	if (more < 0)
		return;
	n += (size_t)more;
	if (n > LINE - 2)
		n = LINE - 2;
	line[n++] = '\n';
	nheld += n;
	if (!holding || l != LOG_INFO || sizeof(held) - nheld < LINE)
		log_flush();
}

void
log_hold(bool on)
{
	holding = on;
	log_flush();
}

void
log_flush(void)
{
	size_t n = nheld;

	nheld = 0;
	if (n > 0 && write(STDERR_FILENO, held, n) < 0)
		return; /* nowhere left to say so */
}

const char *
log_q(const char *s)
{
	static char ring[8][256];
	static unsigned turn;
	char *out = ring[turn++ % 8];
	size_t n = 0;

	out[n++] = '"';
	for (; s != NULL && *s != '\0' && n < 250; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			out[n++] = '\\';
		out[n++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}
