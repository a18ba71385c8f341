/* The agent's log: JSON lines. */
#include "event.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"

#define LINE_MAX_BYTES 8192

static int quiet_now;

void
event_quiet(int quiet)
{
	quiet_now = quiet;
}

void
event(const char *level, const char *what, ...)
{
	char stamp[40];
	struct timespec now;
	struct tm tm;
	struct buf b;
	va_list ap;
	const char *key;
	if (quiet_now && strcmp(level, "error") != 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_init(&b, LINE_MAX_BYTES);
	buf_char(&b, '{');
	buf_key(&b, "time");
	buf_json(&b, stamp);
	buf_key(&b, "level");
	buf_json(&b, level);
	buf_key(&b, "event");
	buf_json(&b, what);
	va_start(ap, what);
	while ((key = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);
		buf_key(&b, key);
		/* Names of files need not be UTF-8. */
		buf_json(&b, value && !utf8_ok(value, strlen(value))
		    ? "(not UTF-8)" : value);
	}
	va_end(ap);
	buf_str(&b, "}\n");
	if (!b.over && b.data && write(STDERR_FILENO, b.data, b.len) < 0)
		(void)0;
	buf_free(&b);
}

const char *
event_n(long long n)
{
	static char text[8][24];
	static unsigned next;
	char *s = text[next++ % 8];
	snprintf(s, sizeof text[0], "%lld", n);
	return s;
}
