/* See canon.h: one reader per kind of cell, tried on folded text. */
#include "canon.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "phone.h"
#include "text.h"

#define DIGITS_MOST 15 /* of the integer part: what a double carries */

static char *fold(struct arena *, const char *);
static char *canon_bool(struct arena *, char *, bool *);
static char *canon_date(struct arena *, char *, int, bool *);
static char *canon_decimal(struct arena *, char *, enum kind, bool *);
static char *canon_phone(struct arena *, char *, bool *);
static bool eat(const char **, const char *);
static bool eat_number(const char **, int digits, int *);
static bool eat_sep(const char **, const char *word);
static int month_days(int year, int month);
static long days_from_civil(int y, int m, int d);

static const struct {
	const char *name;
	int scale;	       /* decimals, -1 = not a number */
	const char *unit;      /* suffix that may be typed */
	const char *other;     /* suffix that contradicts the unit */
} kinds[] = {
	[K_TEXT] = { "text", -1, NULL, NULL },
	[K_CODE] = { "code", -1, NULL, NULL },
	[K_BOOL] = { "bool", -1, NULL, NULL },
	[K_DATE] = { "date", -1, NULL, NULL },
	[K_INT] = { "int", 0, NULL, NULL },
	[K_WAN] = { "wan", 6, "万元", "元" },
	[K_YUAN] = { "yuan", 2, "元", "万元" },
	[K_PERCENT] = { "percent", 2, "%", NULL },
	[K_PHONE] = { "phone", -1, NULL, NULL },
};
_Static_assert(COUNT(kinds) == K__MAX, "a description for every kind");

char *
canon(struct arena *a, enum kind kind, const char *typed, int year, bool *good)
{
	char *text = text_canon(a, typed), *folded, *out;

	*good = true;
	if (*text == '\0' || kind == K_TEXT || kind == K_CODE)
		return text;
	folded = fold(a, text);
	if (kind == K_BOOL)
		out = canon_bool(a, folded, good);
	else if (kind == K_DATE)
		out = canon_date(a, folded, year, good);
	else if (kind == K_PHONE)
		out = canon_phone(a, folded, good);
	else
		out = canon_decimal(a, folded, kind, good);
	return *good ? out : text;
}

enum kind
kind_find(const char *name, bool *found)
{
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			break;
	*found = i < COUNT(kinds);
	return *found ? (enum kind)i : K_TEXT;
}

const char *
kind_name(enum kind k)
{
	REQUIRE((size_t)k < COUNT(kinds));
	return kinds[k].name;
}

bool
date_days(const char *s, long *days)
{
	const char *p = s;
	int y, m, d;

	if (!eat_number(&p, 4, &y) || !eat(&p, "-") ||
	    !eat_number(&p, 2, &m) || !eat(&p, "-") ||
	    !eat_number(&p, 2, &d) || *p != '\0' || y < 1 || m < 1 ||
	    m > 12 || d < 1 || d > month_days(y, m))
		return false;
	*days = days_from_civil(y, m, d);
	return true;
}

/*
 * Serial 60 is 1900-02-29, a day that never was; it reads as the 28th. Days
 * before it count from one day later than days after it.
 */
char *
date_of_serial(struct arena *a, double serial, bool d1904)
{
	long z, era, doe, yoe, y, doy, mp, d, m;

	if (!(serial >= 0 && serial < 2958466))
		return arena_strdup(a, "");
	z = (long)floor(serial);
	if (d1904)
		z += days_from_civil(1904, 1, 1);
	else
		z += days_from_civil(1899, 12, 30) + (z < 60 ? 1 : 0);
	z += 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	y = yoe + era * 400;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	d = doy - (153 * mp + 2) / 5 + 1;
	m = mp < 10 ? mp + 3 : mp - 9;
	return arena_printf(a, "%04ld-%02ld-%02ld", y + (m <= 2), m, d);
}

/* Full width to half width, blanks out: what numbers and dates are read from. */
static char *
fold(struct arena *a, const char *s)
{
	char *out = arena_strdup(a, s), *w = out;
	const unsigned char *p = (const unsigned char *)s;

	while (*p != '\0') {
		if (p[0] == 0xef && p[1] >= 0xbc && p[1] <= 0xbd) {
			unsigned c = (unsigned)(p[1] & 3) << 6 | (p[2] & 0x3f);

			/* U+FF01…FF5E are ASCII 0x21…0x7e */
			if (c >= 1 && c <= 0x5e) {
				*w++ = (char)(c + 0x20);
				p += 3;
				continue;
			}
		}
		if (*p == ' ' || *p == '\t' || *p == '\n') {
			p++;
			continue;
		}
		if (p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80) {
			p += 3;
			continue;
		}
		*w++ = (char)*p++;
	}
	*w = '\0';
	return out;
}

static char *
canon_bool(struct arena *a, char *s, bool *good)
{
	static const char *const yes[] = { "是", "√", "✓", "✔", "☑", "Y",
		"y", "YES", "yes", "对", "已", "1", "TRUE", "true" };
	static const char *const no[] = { "否", "×", "✗", "✘", "N", "n", "NO",
		"no", "未", "0", "FALSE", "false" };

	for (size_t i = 0; i < COUNT(yes); i++)
		if (strcmp(s, yes[i]) == 0)
			return arena_strdup(a, "是");
	for (size_t i = 0; i < COUNT(no); i++)
		if (strcmp(s, no[i]) == 0)
			return arena_strdup(a, "否");
	*good = false;
	return s;
}

/* The forms of domain.md 6.0, with their precision. */
static char *
canon_date(struct arena *a, char *s, int year, bool *good)
{
	const char *p = s;
	int y = year, m = 0, d = 0;

	*good = false;
	if (strlen(s) == 8 && strspn(s, "0123456789") == 8) {
		eat_number(&p, 4, &y);
		eat_number(&p, 2, &m);
		eat_number(&p, 2, &d);
	} else {
		const char *q = p;

		if (eat_number(&q, 4, &y) && eat_sep(&q, "年"))
			p = q;
		else if (eat_number(&p, 4, &y) && *p == '\0') {
			*good = y >= 1900 && y < 2200;
			return arena_printf(a, "%04d", y);
		} else {
			p = s;
			y = year;
		}
		if (*p != '\0') {
			if (!eat_number(&p, 2, &m))
				return s;
			if (*p != '\0' && !eat_sep(&p, "月"))
				return s;
			if (eat(&p, "底") || eat(&p, "末"))
				d = m >= 1 && m <= 12 ? month_days(y, m) : 0;
			else if (*p != '\0' && !eat_number(&p, 2, &d))
				return s;
			(void)(eat(&p, "日") || eat(&p, "号"));
			if (*p == 'T' && strspn(p + 1, "0123456789:.Z") ==
				strlen(p + 1))
				p = "";
		}
	}
	if (*p != '\0' || y < 1900 || y >= 2200 || m < 0 || m > 12 ||
	    (m == 0 && d != 0) || d < 0 || (m > 0 && d > month_days(y, m)))
		return s;
	*good = true;
	if (m == 0)
		return arena_printf(a, "%04d", y);
	if (d == 0)
		return arena_printf(a, "%04d-%02d", y, m);
	return arena_printf(a, "%04d-%02d-%02d", y, m, d);
}

/* A decimal at the kind's scale, without a trailing zero or a plus sign. */
static char *
canon_decimal(struct arena *a, char *s, enum kind kind, bool *good)
{
	const char *unit = kinds[kind].unit, *other = kinds[kind].other;
	size_t n = strlen(s), u = unit != NULL ? strlen(unit) : 0;
	size_t o = other != NULL ? strlen(other) : 0, w = 0;
	char *plain, *end, *out;
	double v;

	*good = false;
	if (u > 0 && n > u && strcmp(s + n - u, unit) == 0 &&
	    !(o > u && n > o && strcmp(s + n - o, other) == 0))
		s[n -= u] = '\0';
	else if (o > 0 && n > o && strcmp(s + n - o, other) == 0)
		return s;
	plain = arena_alloc(a, n + 1);
	for (size_t i = 0; i < n; i++)
		if (s[i] != ',')
			plain[w++] = s[i];
	if (w == 0 || strspn(plain, "0123456789.+-eE") != w ||
	    strspn(plain, "0123456789") > DIGITS_MOST)
		return s;
	v = strtod(plain, &end);
	if (*end != '\0' || !isfinite(v) || fabs(v) >= 1e15)
		return s;
	out = arena_printf(a, "%.*f", kinds[kind].scale,
	    v + copysign(fabs(v) * 4e-16, v)); /* 1.005 means 1.005 */
	if (kinds[kind].scale > 0) {
		n = strlen(out);
		while (out[n - 1] == '0')
			n--;
		if (out[n - 1] == '.')
			n--;
		out[n] = '\0';
	}
	if (strcmp(out, "-0") == 0)
		out++;
	*good = true;
	return out;
}

/* Mobile numbers lose their hyphens; land lines keep what was typed. */
static char *
canon_phone(struct arena *a, char *s, bool *good)
{
	char *digits = arena_alloc(a, strlen(s) + 1);
	size_t n = 0;

	for (const char *p = s; *p != '\0'; p++)
		if (*p != '-')
			digits[n++] = *p;
	if (n == 11 && digits[0] == '1' && strspn(digits, "0123456789") == 11)
		return digits;
	*good = phone_ok(s);
	return s;
}

static bool
eat(const char **p, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*p, word, n) != 0)
		return false;
	*p += n;
	return true;
}

/* Exactly 4, or 1 to 2 digits. */
static bool
eat_number(const char **p, int digits, int *v)
{
	int n = 0;

	*v = 0;
	while (n < digits && (*p)[n] >= '0' && (*p)[n] <= '9')
		*v = *v * 10 + (*p)[n++] - '0';
	if (n == 0 || (digits == 4 && n != 4))
		return false;
	*p += n;
	return true;
}

static bool
eat_sep(const char **p, const char *word)
{
	return eat(p, word) || eat(p, "-") || eat(p, ".") || eat(p, "/");
}

static int
month_days(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };

	if (m < 1 || m > 12)
		return 0;
	return days[m - 1] +
	    (m == 2 && ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0));
}

static long
days_from_civil(int y, int m, int d)
{
	long yy = y - (m <= 2), era = (yy >= 0 ? yy : yy - 399) / 400;
	long yoe = yy - era * 400;
	long doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}
