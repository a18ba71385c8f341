/* Checks of single values that no range can say. */
#include "check.h"

#include <ctype.h>
#include <string.h>

#include "../base/canon.h"
#include "../base/phone.h"

static bool digits(const char *, unsigned n);

bool
check_partial_date(const char *v, const char **zh, const char **en)
{
	char full[] = "2000-01-01";
	size_t n = strlen(v);
	long days;

	*zh = "请写成 2023-04-06、2023-04 或 2023";
	*en = "write a date as 2023-04-06, 2023-04 or 2023";
	if (n != 4 && n != 7 && n != 10)
		return false;
	memcpy(full, v, n);
	return digits(full, 4) && digits(full + 5, 2) &&
	    digits(full + 8, 2) && date_days(full, &days);
}

bool
check_phone(const char *v, const char **zh, const char **en)
{
	*zh = phone_zh;
	*en = phone_en;
	return phone_ok(v);
}

bool
check_uscc(const char *v, const char **zh, const char **en)
{
	*zh = "统一社会信用代码为 18 位数字和大写字母";
	*en = "a unified social credit code has 18 digits and capitals";
	return strlen(v) == 18 &&
	    strspn(v, "0123456789ABCDEFGHJKLMNPQRTUWXY") == 18;
}

bool
check_period(const char *v, const char **zh, const char **en)
{
	size_t n = strlen(v);

	*zh = "请写成 2024、2024Q1 或 2024-03";
	*en = "write a period as 2024, 2024Q1 or 2024-03";
	if (n < 4 || !digits(v, 4))
		return false;
	if (n == 4)
		return true;
	if (n == 6)
		return v[4] == 'Q' && v[5] >= '1' && v[5] <= '4';
	return n == 7 && v[4] == '-' && check_partial_date(v, zh, en);
}

static bool
digits(const char *s, unsigned n)
{
	while (n-- > 0)
		if (!isdigit((unsigned char)*s++))
			return false;
	return true;
}
