/* See log.h: whole lines in each write, so that several processes mix well. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE 2048

static enum level most = LOG_INFO;
static bool holding;
static char held[16 * LINE];
static size_t nheld;

static size_t stamp(char *, enum level);
static void end(enum level, size_t n);

void
log_level(enum level l)
{
	most = l;
}

void
log_line(enum level l, const char *fmt, ...)
{
	char *line = held + nheld;
	va_list ap;
	size_t n;
	int more;

	if (l > most)
		return;
	n = stamp(line, l);
	va_start(ap, fmt);
	more = vsnprintf(line + n, LINE - n - 1, fmt, ap);
	va_end(ap);
	if (more >= 0)
		end(l, n + (size_t)more);
}

void
log_texts(enum level l, const char *first, ...)
{
	char *line = held + nheld;
	va_list ap;
	size_t n;

	if (l > most)
		return;
	n = stamp(line, l);
	va_start(ap, first);
	for (const char *s = first; s != NULL; s = va_arg(ap, const char *)) {
		size_t len = strlen(s);

		if (len > LINE - 2 - n)
			len = LINE - 2 - n;
		memcpy(line + n, s, len);
		n += len;
	}
	va_end(ap);
	end(l, n);
}

/* Time and level at the line's begin. */
static size_t
stamp(char *line, enum level l)
{
	static const char *const names[] = { [LOG_ERROR] = "Z error ",
		[LOG_WARN] = "Z warn ", [LOG_INFO] = "Z info ",
		[LOG_DEBUG] = "Z debug " };
	static char second[32]; /* up to the point */
	static time_t stamped;
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != stamped) {
		gmtime_r(&now.tv_sec, &tm);
		(void)strftime(second, sizeof(second), "%Y-%m-%dT%H:%M:%S.",
		    &tm);
		stamped = now.tv_sec;
	}
	n = strlen(second);
	memcpy(line, second, n);
	for (long ms = now.tv_nsec / 1000000, k = 100; k > 0; k /= 10)
		line[n++] = (char)('0' + ms / k % 10);
	memcpy(line + n, names[l], strlen(names[l]));
	return n + strlen(names[l]);
}

/* n: how long the line would be. */
static void
end(enum level l, size_t n)
{
	if (n > LINE - 2)
		n = LINE - 2;
	held[nheld + n] = '\n';
	nheld += n + 1;
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
