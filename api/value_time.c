/* Moments: as people send them, as PostgreSQL prints them, and back. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/canon.h"
#include "base/text.h"
#include "value.h"

static bool offset_read(const char *, long *east);

/* What the connections are set to: DateStyle ISO, TimeZone UTC. */
const char *
time_iso(char out[TIME_ISO], const char *sql)
{
	static const char zeros[] = ".000000Z";
	size_t n = strlen(sql), dot;

	if (n < 19 || sql[10] != ' ' || n > 29)
		return sql; /* infinity, or ISO 8601 already */
	memcpy(out, sql, 19);
	out[10] = 'T';
	memcpy(out + 19, zeros, sizeof zeros);
	dot = sql[19] == '.' ? strspn(sql + 20, "0123456789") : 0;
	if (dot > 0 && dot <= 6)
		memcpy(out + 20, sql + 20, dot);
	return out;
}

/* 2023-04-06T08:00:00Z, with a fraction or an offset if wanted; then as the
 * database prints it, so that the same moment reads the same. */
bool
time_utc(struct arena *a, const char **text)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	const char *s = *text, *fraction = "";
	int year, month, at[4];
	char day[11], dot[9] = "";
	struct tm tm = { .tm_sec = 0 };
	long days, away = 0;
	time_t t;
	size_t n;

	for (n = 0; shape[n] != '\0'; n++)
		if (shape[n] == 'd' ? !isdigit((unsigned char)s[n])
				    : s[n] != shape[n])
			return false;
	memcpy(day, s, 10);
	day[10] = '\0';
	if (sscanf(s, "%d-%d-%dT%d:%d:%d", &year, &month, &at[0], &at[1],
	    &at[2], &at[3]) != 6 || !date_days(day, &days) || at[1] > 23 ||
	    at[2] > 59 || at[3] > 59)
		return false;
	s += n;
	if (*s == '.') {
		fraction = s + 1;
		n = strspn(fraction, "0123456789");
		if (n == 0)
			return false;
		s = fraction + n;
		while (n > 0 && (n > 6 || fraction[n - 1] == '0'))
			n--;
		if (n > 0)
			(void)snprintf(dot, sizeof dot, ".%.*s", (int)n,
			    fraction);
	}
	if (!offset_read(s, &away))
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = at[0];
	tm.tm_hour = at[1];
	tm.tm_min = at[2];
	tm.tm_sec = at[3];
	t = timegm(&tm) - away;
	gmtime_r(&t, &tm);
	if (tm.tm_year + 1900 < 1 || tm.tm_year + 1900 > 9999)
		return false;
	*text = arena_printf(a, "%04d-%02d-%02d %02d:%02d:%02d%s+00",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, dot);
	return true;
}

/* Z, +08:00; seconds east. */
static bool
offset_read(const char *s, long *east)
{
	unsigned hours, minutes;

	if (strcmp(s, "Z") == 0)
		return true;
	if ((*s != '+' && *s != '-') || strlen(s) != 6 || s[3] != ':' ||
	    strspn(s + 1, "0123456789") != 2 ||
	    strspn(s + 4, "0123456789") != 2)
		return false;
	hours = (unsigned)strtoul(s + 1, NULL, 10);
	minutes = (unsigned)strtoul(s + 4, NULL, 10);
	if (hours > 14 || minutes > 59)
		return false;
	*east = (long)(hours * 3600 + minutes * 60) * (*s == '-' ? -1 : 1);
	return true;
}
