/* What a telephone number is (phone.h). */
#include "phone.h"

#include <stddef.h>
#include <string.h>

#define COUNTRY "86"

static bool one(const char **);
static bool land_line(const char **);
static size_t digits(const char **, size_t most);
static void gap(const char **);
static bool parted(const char **);

const char phone_zh[] = "请填写 11 位手机号，或带区号的固定电话，如 0737-2700000；"
			"多个号码用“/”分开";
const char phone_en[] = "a mobile number of 11 digits, or a land line with its "
			"area code (0737-2700000); several are parted by /";

bool
phone_ok(const char *s)
{
	do {
		gap(&s);
		if (!one(&s))
			return false;
		gap(&s);
	} while (parted(&s));
	return *s == '\0';
}

static bool
one(const char **p)
{
	const char *s = *p;
	bool country = *s == '+';

	s += country;
	if (strncmp(s, COUNTRY, 2) == 0 && (country || s[2] == '-' ||
	    s[2] == ' ')) {
		s += 2;
		gap(&s);
	} else if (country) {
		return false;
	}
	if (*s != '1') {
		*p = s;
		return land_line(p);
	}
	if (s[1] < '3' || s[1] > '9')
		return false;
	*p = s;
	return digits(p, 12) == 11;
}

/* 010 and 02x have three digits, the others four; a number begins with
 * neither 0 nor 1. */
static bool
land_line(const char **p)
{
	bool closed = **p == '(';
	size_t area, n;

	*p += closed;
	if (**p != '0' || (*p)[1] < '1' || (*p)[1] > '9')
		return false;
	area = ((*p)[1] == '1' && (*p)[2] == '0') || (*p)[1] == '2' ? 3 : 4;
	for (n = 0; n < area; n++, (*p)++)
		if (**p < '0' || **p > '9')
			return false;
	if (closed && *(*p)++ != ')')
		return false;
	gap(p);
	if (**p < '2' || **p > '9')
		return false;
	for (n = 0; **p >= '0' && **p <= '9'; n++)
		(*p)++;
	if (n == 4 || n == 3) { /* written as 2700 000 */
		gap(p);
		n += digits(p, 5);
	}
	if (n != 7 && n != 8)
		return false;
	if (**p == '-' && (*p)[1] >= '0' && (*p)[1] <= '9') {
		(*p)++;
		n = digits(p, 7);
		return n <= 6;
	}
	return true;
}

/* How many, with one blank or hyphen between groups; one too many ends it. */
static size_t
digits(const char **p, size_t most)
{
	size_t n = 0;

	while (n < most) {
		bool split = n > 0 && (**p == ' ' || **p == '-') &&
		    (*p)[1] >= '0' && (*p)[1] <= '9';

		if ((*p)[split] < '0' || (*p)[split] > '9')
			break;
		*p += split + 1;
		n++;
	}
	return n;
}

static void
gap(const char **p)
{
	while (**p == ' ' || **p == '-')
		(*p)++;
}

static bool
parted(const char **p)
{
	static const char *const marks[] = { "/", ",", ";", "、", "，", "；" };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		size_t n = strlen(marks[i]);

		if (strncmp(*p, marks[i], n) == 0) {
			*p += n;
			return true;
		}
	}
	return false;
}
