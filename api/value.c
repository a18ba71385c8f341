/* A field's value at the borders: JSON, ledger text and SQL text. */
#include "value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/phone.h"
#include "base/text.h"
#include "base/uid.h"
#include "codes.h"
#include "value_list.h"

#define EXTRA_KEY 100   /* characters of a staff column's heading */
#define EXTRA_TEXT 4000 /* and of what stands in it */

static bool refuse(struct reason *, const char *code, const char *zh,
    const char *en);
static bool string_in(struct arena *, const struct field *,
    const struct codes *, const char *, const char **sql, struct reason *);
static bool text_in(struct arena *, const struct field *, const char *,
    const char **sql, struct reason *);
static bool range_in(const struct field *, long long, struct reason *);
static bool json_ok(const struct field *, const json_t *, struct reason *);
static bool json_printable(const json_t *);
static char *json_text(const json_t *);
static const char *money_show(struct arena *, const char *sql, unsigned dec);
static bool money_read(struct arena *, const char *shown, unsigned dec,
    const char **sql);
static void masked(struct buf *, const struct field *, const char *sql,
    enum mask);

/* Refused in any text: it could reorder or hide what people read. */
static const char unprintable_zh[] = "含有不可见的控制字符";
static const char unprintable_en[] = "contains control characters";

bool
value_is_date(const char *s)
{
	long days;

	return strlen(s) == 10 && s[4] == '-' && s[7] == '-' &&
	    strspn(s, "0123456789-") == 10 && date_days(s, &days);
}

bool
value_from_json(struct arena *a, const struct field *f,
    const struct codes *codes, const json_t *v, const char **sql,
    struct reason *why)
{
	*sql = NULL;
	if (json_is_null(v))
		return true;
	switch (f->type) {
	case T_BOOL:
		if (!json_is_boolean(v))
			return refuse(why, "not_boolean", "只能是 true 或 false",
			    "must be true or false");
		*sql = json_is_true(v) ? "t" : "f";
		return true;
	case T_INT:
	case T_MONEY:
	case T_RATIO:
		if (!json_is_integer(v))
			return refuse(why, "not_integer", "只能是整数",
			    "must be an integer");
		*sql = arena_printf(a, "%lld",
		    (long long)json_integer_value(v));
		return range_in(f, (long long)json_integer_value(v), why);
	case T_JSON:
		if (!json_ok(f, v, why))
			return false;
		char *text = json_text(v);
		*sql = arena_strdup(a, text != NULL ? text : "{}");
		free(text);
		return true;
	case T_CODES:
		return codes_from_json(a, f, codes, v, sql, why);
	default:
		if (!json_is_string(v))
			return refuse(why, "not_string", "只能是文字",
			    "must be a string");
		return string_in(a, f, codes,
		    text_canon(a, json_string_value(v)), sql, why);
	}
}

bool
value_from_cell(struct arena *a, const struct field *f, enum kind kind,
    const struct codes *codes, int year, const char *shown, const char **sql,
    struct reason *why)
{
	bool good = true;
	const char *s = canon(a, kind, shown, year, &good);
	char *end;

	*sql = NULL;
	if (!good && kind == K_PHONE)
		return refuse(why, "malformed", phone_zh, phone_en);
	if (!good)
		return refuse(why, "not_readable", "这一格的内容无法识别",
		    "cannot be read as this kind of value");
	if (*s == '\0')
		return true;
	switch (f->type) {
	case T_BOOL:
		if (strcmp(s, "是") != 0 && strcmp(s, "否") != 0)
			return refuse(why, "not_boolean", "只能填“是”或“否”",
			    "must be 是 or 否");
		*sql = strcmp(s, "是") == 0 ? "t" : "f";
		return true;
	case T_INT:
		*sql = s;
		long long n = strtoll(s, &end, 10);
		if (*end != '\0')
			return refuse(why, "not_integer", "只能填整数",
			    "must be an integer");
		return range_in(f, n, why);
	case T_MONEY:
		if (!money_read(a, s, kind == K_WAN ? 6 : 2, sql))
			return refuse(why, "not_an_amount", "金额无法识别",
			    "cannot be read as an amount");
		return true;
	case T_RATIO:
		if (!money_read(a, s, 2, sql))
			return refuse(why, "not_a_percentage", "百分比无法识别",
			    "cannot be read as a percentage");
		return true;
	case T_JSON:
		return refuse(why, "not_a_column", "这一栏不能在表格中填写",
		    "cannot be written in a sheet");
	case T_CODES:
		return codes_from_cell(a, f, codes, s, sql, why);
	default:
		return string_in(a, f, codes, s, sql, why);
	}
}

const char *
value_to_cell(struct arena *a, const struct field *f, enum kind kind,
    const struct codes *codes, const char *sql)
{
	if (sql == NULL)
		return "";
	switch (f->type) {
	case T_BOOL:
		return *sql == 't' ? "是" : "否";
	case T_CODE:
		return codes_label(codes, f->of, sql);
	case T_CODES:
		return codes_to_cell(a, f, codes, sql);
	case T_DECIMAL:
		return decimal_show(a, sql);
	case T_MONEY:
		return money_show(a, sql, kind == K_WAN ? 6 : 2);
	case T_RATIO:
		return money_show(a, sql, 2);
	case T_DIVISION:
		return arena_printf(a, "%012lld", strtoll(sql, NULL, 10));
	case T_TIME:
		return time_iso(arena_alloc(a, TIME_ISO), sql);
	default:
		return sql;
	}
}

void
value_to_json(struct buf *out, const struct field *f, const char *sql,
    enum mask mask)
{
	if (sql == NULL) {
		buf_str(out, "null");
		return;
	}
	if (mask != MASK_NONE) {
		masked(out, f, sql, mask);
		return;
	}
	switch (f->type) {
	case T_BOOL:
		buf_str(out, *sql == 't' ? "true" : "false");
		return;
	case T_INT:
	case T_MONEY:
	case T_RATIO:
	case T_JSON:
		buf_str(out, sql);
		return;
	case T_DIVISION:
		buf_char(out, '"');
		for (size_t n = strlen(sql); n < 12; n++)
			buf_char(out, '0');
		buf_str(out, sql);
		buf_char(out, '"');
		return;
	case T_CODES:
		codes_to_json(out, sql);
		return;
	case T_DECIMAL:
		decimal_to_json(out, sql);
		return;
	case T_TIME:
		buf_json(out, time_iso((char[TIME_ISO]) { "" }, sql));
		return;
	default:
		buf_json(out, sql);
	}
}

static bool
refuse(struct reason *why, const char *code, const char *zh, const char *en)
{
	*why = (struct reason) { "DQ-02", code, zh, en };
	return false;
}

static bool
string_in(struct arena *a, const struct field *f, const struct codes *codes,
    const char *s, const char **sql, struct reason *why)
{
	*sql = NULL;
	if (*s == '\0')
		return true;
	if (f->type == T_TEXT)
		return text_in(a, f, s, sql, why);
	if (f->type == T_DECIMAL)
		return decimal_in(a, f, s, sql, why);
	if (f->type == T_DATE && !value_is_date(s))
		return refuse(why, "not_a_date", "日期写成 2023-04-06",
		    "a date is written 2023-04-06");
	if (f->type == T_TIME && !time_utc(a, &s))
		return refuse(why, "not_a_time", "时间写成 2023-04-06T08:00:00Z",
		    "a time is written 2023-04-06T08:00:00Z");
	if (f->type == T_REF && !uuid_ok(s))
		return refuse(why, "not_an_id", "不是有效的编号",
		    "is not an identifier");
	if (f->type == T_DIVISION &&
	    (strlen(s) != 12 || strspn(s, "0123456789") != 12))
		return refuse(why, "not_a_division", "区划代码为 12 位数字",
		    "a division code has 12 digits");
	if (f->type == T_CODE && (s = codes_find(codes, f->of, s)) == NULL)
		return refuse(why, "not_in_list", "不在可选范围内",
		    "is not in the list");
	*sql = s;
	return true;
}

static bool
text_in(struct arena *a, const struct field *f, const char *s,
    const char **sql, struct reason *why)
{
	const char *zh, *en;
	size_t n = utf8_len(s);

	*sql = s;
	if (!text_printable(s))
		return refuse(why, "unprintable", unprintable_zh,
		    unprintable_en);
	if (f->max > 0 && n > (size_t)f->max)
		return refuse(why, "too_long",
		    arena_printf(a, "最多 %ld 个字，现有 %zu 个", f->max, n),
		    arena_printf(a, "has %zu characters, %ld are allowed", n,
		    f->max));
	if (f->min > 0 && n < (size_t)f->min)
		return refuse(why, "too_short",
		    arena_printf(a, "至少 %ld 个字", f->min),
		    arena_printf(a, "needs %ld characters", f->min));
	if (f->check != NULL && !f->check(s, &zh, &en))
		return refuse(why, "malformed", zh, en);
	return true;
}

static bool
range_in(const struct field *f, long long n, struct reason *why)
{
	if ((f->min != 0 || f->max != 0) && (n < f->min || n > f->max))
		return refuse(why, "out_of_range", "超出允许的范围",
		    "is out of range");
	if (f->type == T_INT && (n > INT32_MAX || n < INT32_MIN))
		return refuse(why, "out_of_range", "数值过大",
		    "is too large");
	return true;
}

/* With a max it is an object of so many plain values, as columns are. */
static bool
json_ok(const struct field *f, const json_t *v, struct reason *why)
{
	const char *key;
	json_t *one;

	if (!json_is_object(v) && (f->max > 0 || !json_is_array(v)))
		return refuse(why, "not_object", "只能是对象",
		    "must be an object");
	if (f->max > 0 && json_object_size(v) > (size_t)f->max)
		return refuse(why, "too_many", "栏目过多",
		    "has too many members");
	if (!json_printable(v))
		return refuse(why, "unprintable", unprintable_zh,
		    unprintable_en);
	if (f->max == 0)
		return true;
	json_object_foreach((json_t *)(uintptr_t)v, key, one) {
		const char *text = json_string_value(one);

		if (json_is_object(one) || json_is_array(one))
			return refuse(why, "not_plain", "每一栏只能是单个值",
			    "each member must be a plain value");
		if (*key == '\0' || utf8_len(key) > EXTRA_KEY ||
		    (text != NULL && utf8_len(text) > EXTRA_TEXT))
			return refuse(why, "too_long", "栏名或内容过长",
			    "has a name or a text that is too long");
	}
	return true;
}

/* It would stand in a workbook, which cannot hold control characters. */
static bool
json_printable(const json_t *v)
{
	const char *key;
	json_t *one;
	size_t i;

	if (json_is_string(v))
		return text_printable(json_string_value(v));
	json_array_foreach(v, i, one)
		if (!json_printable(one))
			return false;
	json_object_foreach((json_t *)(uintptr_t)v, key, one)
		if (!text_printable(key) || !json_printable(one))
			return false;
	return true;
}

/* 0.1 as it was sent, not 0.10000000000000001: the fewest digits that read as
 * the same number. */
static char *
json_text(const json_t *v)
{
	for (int digits = 15;; digits++) {
		char *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS |
		    JSON_REAL_PRECISION(digits));
		json_t *again;
		bool same;

		if (text == NULL || digits == 17 || strchr(text, '.') == NULL)
			return text;
		again = json_loads(text, 0, NULL);
		same = json_equal(again, v);
		json_decref(again);
		if (same)
			return text;
		free(text);
	}
}

/* 分 → 元 (dec 2) or 万元 (dec 6), trailing zeros dropped. */
static const char *
money_show(struct arena *a, const char *sql, unsigned dec)
{
	long long unit = dec == 6 ? 1000000 : 100, v = strtoll(sql, NULL, 10);
	unsigned long long abs = v < 0 ? 0ULL - (unsigned long long)v
				       : (unsigned long long)v;
	char *s = arena_printf(a, "%s%llu.%0*llu", v < 0 ? "-" : "",
	    abs / (unsigned long long)unit, (int)dec,
	    abs % (unsigned long long)unit);
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == '0')
		s[--n] = '\0';
	if (n > 0 && s[n - 1] == '.')
		s[--n] = '\0';
	return s;
}

static bool
money_read(struct arena *a, const char *shown, unsigned dec, const char **sql)
{
	bool neg = *shown == '-';
	unsigned seen = 0;
	bool point = false;
	long long v = 0;

	for (const char *p = shown + neg; *p != '\0'; p++) {
		if (*p == '.' && !point) {
			point = true;
		} else if (!isdigit((unsigned char)*p) || v > INT64_MAX / 100) {
			return false;
		} else if (!point || seen < dec) {
			v = v * 10 + (*p - '0');
			seen += point;
		} else if (*p != '0') {
			return false;
		}
	}
	for (; seen < dec; seen++) {
		if (v > INT64_MAX / 100)
			return false;
		v *= 10;
	}
	*sql = arena_printf(a, "%s%lld", neg ? "-" : "", v);
	return true;
}

/* What a mask leaves of a value. */
static void
masked(struct buf *out, const struct field *f, const char *sql,
    enum mask mask)
{
	struct arena a;
	const char *text;

	arena_init(&a, 0);
	text = mask_value(&a, f, sql, mask);
	if (text == NULL)
		buf_str(out, "null");
	else
		buf_json(out, text);
	arena_free(&a);
}
