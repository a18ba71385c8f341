/* Numbers, dates and escapes of cells, exactly as Excel means them. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "value.h"

#define DAY_MS 86400000ll
#define SERIAL_MAX 2958465.0	/* 9999-12-31 */

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
number_parse(const char *s, size_t len, double *out)
{
	static const double power[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
		1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	const char *p;
	uint64_t mantissa;
	unsigned digits, decimals;

	p = s;
	mantissa = 0;
	digits = decimals = 0;
	if (*p == '-' || *p == '+')
		p++;
	for (; digit(*p); p++, digits++)
		if (digits < 16)
			mantissa = mantissa * 10 + (unsigned)(*p - '0');
	if (*p == '.')
		for (p++; digit(*p); p++, digits++, decimals++)
			if (digits < 16)
				mantissa = mantissa * 10 +
				    (unsigned)(*p - '0');
	if (digits == 0)
		return false;
	if (p == s + len && digits <= 15) {
		/* exact: both are below 2^53, the quotient rounds once */
		*out = (double)mantissa / power[decimals];
		if (*s == '-' && mantissa != 0)
			*out = -*out;
		return true;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '-' || *p == '+')
			p++;
		if (!digit(*p))
			return false;
		while (digit(*p))
			p++;
	}
	if (p != s + len)
		return false;
	*out = strtod(s, NULL);
	if (*out == 0)
		*out = 0;
	return true;
}

/*
 * Up to 15 digits without exponent come back from a double as they went in,
 * so their shortest form is the text itself without needless zeros.
 */
static size_t
plain_text(const char *s, size_t len, char out[VALUE_TEXT])
{
	size_t n;

	n = 0;
	if (*s == '-')
		out[n++] = '-';
	if (*s == '-' || *s == '+') {
		s++;
		len--;
	}
	while (len > 1 && s[0] == '0' && s[1] != '.') {
		s++;
		len--;
	}
	while (s[len - 1] == '0')
		len--;
	if (s[len - 1] == '.')
		len--;
	memcpy(out + n, s, len);
	out[n + len] = '\0';
	return n + len;
}

size_t
number_text_of(double v, const char *s, size_t len, char out[VALUE_TEXT])
{
	size_t i, digits;
	bool point;

	digits = 0;
	point = false;
	for (i = 0; i < len && s[i] != 'e' && s[i] != 'E'; i++) {
		digits += digit(s[i]);
		point |= s[i] == '.';
	}
	if (i == len && point && digits <= 15 && fabs(v) >= 0.001 &&
	    s[0] != '.' && s[1] != '.')
		return plain_text(s, len, out);
	return number_text(v, out);
}

size_t
number_text(double v, char out[VALUE_TEXT])
{
	char back[24];
	uint64_t whole;
	size_t n, len;
	int wrote;

	if (v == 0)
		v = 0;
	if (v > -1e15 && v < 1e15 && v == trunc(v)) {
		whole = (uint64_t)fabs(v);
		n = sizeof(back);
		do {
			back[--n] = (char)('0' + whole % 10);
			whole /= 10;
		} while (whole > 0);
		if (v < 0)
			back[--n] = '-';
		len = sizeof(back) - n;
		memcpy(out, back + n, len);
		out[len] = '\0';
		return len;
	}
	wrote = snprintf(out, VALUE_TEXT, "%.15g", v);
	return wrote < 0 ? 0 : (size_t)wrote;
}

/* Days since 1970-01-01 of a civil date, and back (proleptic Gregorian). */
static int64_t
days_of(int64_t y, unsigned m, unsigned d)
{
	int64_t era, year_of_era, day_of_year;

	y -= m <= 2;
	era = y / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year - 719468;
}

static void
civil_of(int64_t days, int *y, int *m, int *d)
{
	int64_t z, era, doe, yoe, doy, mp;

	z = days + 719468;
	era = z / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

/* n digits of v with leading zeros. */
static char *
put_digits(char *out, unsigned v, unsigned n)
{
	unsigned i;

	for (i = n; i > 0; i--) {
		out[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
	return out + n;
}

/*
 * Excel believes that 1900 was a leap year: serial 60 is 29 February, which
 * it shows, and earlier serials are one day later than they count. Returns
 * the end of the text.
 */
static char *
day_text(int64_t serial, bool date1904, char *out)
{
	int y, m, d;

	if (!date1904 && (serial == 60 || serial == 0)) {
		memcpy(out, serial == 60 ? "1900-02-29" : "1900-01-00", 11);
		return out + 10;
	}
	if (date1904)
		serial += 1462;
	else if (serial < 60)
		serial++;
	civil_of(serial - 25569, &y, &m, &d);
	out = put_digits(out, (unsigned)y, 4);
	*out++ = '-';
	out = put_digits(out, (unsigned)m, 2);
	*out++ = '-';
	out = put_digits(out, (unsigned)d, 2);
	*out = '\0';
	return out;
}

/* Hours may need more than two digits in a duration. */
static void
clock_text(int64_t ms, char *out)
{
	unsigned hours, width, n;

	hours = (unsigned)(ms / 3600000);
	width = 2;
	for (n = hours / 100; n > 0; n /= 10)
		width++;
	out = put_digits(out, hours, width);
	*out++ = ':';
	out = put_digits(out, (unsigned)(ms / 60000 % 60), 2);
	*out++ = ':';
	out = put_digits(out, (unsigned)(ms / 1000 % 60), 2);
	if (ms % 1000 != 0) {
		*out++ = '.';
		out = put_digits(out, (unsigned)(ms % 1000), 3);
	}
	*out = '\0';
}

enum cell_type
date_text(double v, enum format format, bool date1904, char out[VALUE_TEXT])
{
	int64_t ms, days;

	if (!(v >= 0 && v < SERIAL_MAX + 1 - (date1904 ? 1462 : 0)) ||
	    format == FORMAT_NUMBER) {
		number_text(v, out);
		return CELL_NUMBER;
	}
	ms = llround(v * (double)DAY_MS);
	if (format == FORMAT_DURATION) {
		clock_text(ms, out);
		return CELL_TIME;
	}
	/* a time style on a day and time: keep the day, it is data */
	if (format == FORMAT_TIME && ms >= DAY_MS)
		format = FORMAT_DATETIME;
	/* a day is the day it falls on, however near midnight */
	days = format == FORMAT_DATE ? (int64_t)floor(v) : ms / DAY_MS;
	if (format == FORMAT_TIME) {
		clock_text(ms, out);
		return CELL_TIME;
	}
	out = day_text(days, date1904, out);
	if (format == FORMAT_DATETIME && ms % DAY_MS != 0) {
		*out++ = 'T';
		clock_text(ms % DAY_MS, out);
	}
	return CELL_DATE;
}

/* n digits at *p, moved behind them. */
static bool
digits(const char **p, unsigned n, unsigned *out)
{
	*out = 0;
	while (n-- > 0) {
		if (!digit(**p))
			return false;
		*out = *out * 10 + (unsigned)(*(*p)++ - '0');
	}
	return true;
}

bool
date_parse(const char *s, bool date1904, double *serial,
    enum format *format)
{
	unsigned y, m, d, hour, minute, second;
	char day[16], *end;
	double part;
	int64_t n;

	hour = minute = second = 0;
	part = 0;
	*format = FORMAT_DATE;
	if (!digits(&s, 4, &y) || *s++ != '-' || !digits(&s, 2, &m) ||
	    *s++ != '-' || !digits(&s, 2, &d) || m < 1 || m > 12 || d < 1)
		return false;
	if (*s == 'T' || *s == ' ') {
		*format = FORMAT_DATETIME;
		s++;
		if (!digits(&s, 2, &hour) || *s++ != ':' ||
		    !digits(&s, 2, &minute))
			return false;
		if (*s == ':' && (s++, !digits(&s, 2, &second)))
			return false;
		if (*s == '.') {
			part = strtod(s, &end);
			s = end;
		}
		if (*s == 'Z')
			s++;
	}
	n = days_of(y, m, d) + 25569;
	if (*s != '\0' || hour > 23 || minute > 59 || second > 59 || y < 1900)
		return false;
	n = date1904 ? n - 1462 : n > 60 ? n : n - 1;
	if (n < 0)
		return false;
	/* 31 February comes out as another day */
	day_text(n, date1904, day);
	if (strtoul(day + 8, NULL, 10) != d)
		return false;
	*serial = (double)n +
	    (hour * 3600 + minute * 60 + second + part) / 86400.0;
	return true;
}

static int
hex4(const char *p)
{
	int v, i;

	for (v = i = 0; i < 4; i++) {
		v <<= 4;
		if (digit(p[i]))
			v |= p[i] - '0';
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			v |= (p[i] | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return v;
}

/* The code unit of an escape at p, which is n bytes long; -1 = none. */
static int
escape(const char *p, size_t n)
{
	return n >= 7 && p[0] == '_' && p[1] == 'x' && p[6] == '_' ?
	    hex4(p + 2) : -1;
}

size_t
unescape(char *s, size_t len)
{
	size_t in, out, used;
	int unit, low;
	uint32_t c;
	char *first;

	first = memchr(s, '_', len);
	if (first == NULL)
		return len;
	for (in = out = (size_t)(first - s); in < len;) {
		unit = escape(s + in, len - in);
		used = 7;
		c = unit < 0 ? 0 : (uint32_t)unit;
		if (unit >= 0xd800 && unit <= 0xdbff) {
			low = escape(s + in + 7, len - in - 7);
			used = 14;
			c = low < 0xdc00 || low > 0xdfff ? 0 : 0x10000 +
			    ((uint32_t)(unit - 0xd800) << 10) +
			    (uint32_t)(low - 0xdc00);
		}
		if (c == 0 || !xml_char_ok(c)) {
			s[out++] = s[in++];
			continue;
		}
		in += used;
		out += utf8_put(s + out, c);
	}
	return out;
}

bool
ref_parse(const char *s, size_t len, unsigned *row, unsigned *col)
{
	unsigned r, c;
	size_t i;

	r = c = 0;
	for (i = 0; i < len && (s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'z' &&
	    c <= COLUMN_MAX; i++)
		c = c * 26 + (unsigned)((s[i] | 0x20) - 'a') + 1;
	if (c == 0 || c > COLUMN_MAX || i == len || s[i] == '0')
		return false;
	for (; i < len && digit(s[i]) && r <= ROW_MAX; i++)
		r = r * 10 + (unsigned)(s[i] - '0');
	if (i < len || r == 0 || r > ROW_MAX)
		return false;
	*row = r;
	*col = c;
	return true;
}

bool
range_parse(const char *s, struct range *r)
{
	const char *colon;

	colon = strchr(s, ':');
	if (colon == NULL) {
		if (!ref_parse(s, strlen(s), &r->row1, &r->col1))
			return false;
		r->row2 = r->row1;
		r->col2 = r->col1;
		return true;
	}
	return ref_parse(s, (size_t)(colon - s), &r->row1, &r->col1) &&
	    ref_parse(colon + 1, strlen(colon + 1), &r->row2, &r->col2) &&
	    r->row1 <= r->row2 && r->col1 <= r->col2;
}

void
column_name(unsigned col, char out[8])
{
	char back[8];
	size_t n;

	n = sizeof(back);
	back[--n] = '\0';
	while (col > 0 && n > 0) {
		back[--n] = (char)('A' + (col - 1) % 26);
		col = (col - 1) / 26;
	}
	memcpy(out, back + n, sizeof(back) - n);
}
