/* Lists of codes and decimal numbers at the borders: JSON, cell, SQL text. */
#include "value_list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/text.h"
#include "codes.h"

#define CODES_MAX 100 /* in one list, where the model does not say */
#define WHOLE 14      /* digits of numeric(18,4) before the point */
#define SCALE 4

static bool refuse(struct reason *, const char *code, const char *zh,
    const char *en);
static bool needs_quotes(const char *);
static size_t array_read(struct arena *, const char *sql,
    const char *const **out);

bool
codes_from_json(struct arena *a, const struct field *f,
    const struct codes *codes, const json_t *v, const char **sql,
    struct reason *why)
{
	size_t max = f->max > 0 ? (size_t)f->max : CODES_MAX, n = 0;
	const char **list;

	if (!json_is_array(v))
		return refuse(why, "not_list", "只能是代码的列表",
		    "must be a list of codes");
	if (json_array_size(v) > max)
		return refuse(why, "too_many", arena_printf(a,
		    "最多 %zu 项", max), arena_printf(a,
		    "has more than %zu members", max));
	list = arena_array(a, json_array_size(v) + 1, sizeof *list);
	for (size_t i = 0; i < json_array_size(v); i++) {
		const char *s = json_string_value(json_array_get(v, i));
		bool had = false;

		if (s == NULL)
			return refuse(why, "not_string", "只能是代码的列表",
			    "must be a list of codes");
		s = codes_find(codes, f->of, text_canon(a, s));
		if (s == NULL)
			return refuse(why, "not_in_list", arena_printf(a,
			    "第 %zu 项不在可选范围内", i + 1),
			    arena_printf(a, "member %zu is not in the list",
			    i + 1));
		for (size_t k = 0; k < n; k++)
			had = had || strcmp(list[k], s) == 0;
		if (!had)
			list[n++] = s;
	}
	*sql = n == 0 ? NULL : text_array(a, list, n);
	return true;
}

bool
codes_from_cell(struct arena *a, const struct field *f,
    const struct codes *codes, const char *shown, const char **sql,
    struct reason *why)
{
	static const char *const marks[] = { "、", "，", "；", ",", ";",
		"\n" };
	json_t *list = json_array();
	bool ok;

	while (*shown != '\0') {
		size_t n = strlen(shown), skip = 0;

		for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
			const char *at = strstr(shown, marks[i]);

			if (at != NULL && (size_t)(at - shown) < n) {
				n = (size_t)(at - shown);
				skip = strlen(marks[i]);
			}
		}
		if (n > 0)
			json_array_append_new(list, json_stringn(shown, n));
		shown += n + skip;
	}
	ok = codes_from_json(a, f, codes, list, sql, why);
	json_decref(list);
	return ok;
}

const char *
codes_to_cell(struct arena *a, const struct field *f,
    const struct codes *codes, const char *sql)
{
	const char *const *list, *s = "";
	size_t n = array_read(a, sql, &list);

	for (size_t i = 0; i < n; i++)
		s = arena_printf(a, "%s%s%s", s, i > 0 ? "、" : "",
		    codes_label(codes, f->of, list[i]));
	return s;
}

void
codes_to_json(struct buf *out, const char *sql)
{
	const char *const *list;
	struct arena a;
	size_t n;

	arena_init(&a, 0);
	n = array_read(&a, sql, &list);
	buf_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(out, ',');
		buf_json(out, list[i]);
	}
	buf_char(out, ']');
	arena_free(&a);
}

const char *
codes_of_json(struct arena *a, const char *text)
{
	json_t *list = json_loads(text, 0, NULL);
	const char **out = arena_array(a, json_array_size(list) + 1,
	    sizeof *out);
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s != NULL)
			out[n++] = arena_strdup(a, s);
	}
	json_decref(list);
	return n == 0 ? NULL : text_array(a, out, n);
}

/* As PostgreSQL prints it: four places, so that what is read back is equal. */
bool
decimal_in(struct arena *a, const struct field *f, const char *s,
    const char **sql, struct reason *why)
{
	bool neg = *s == '-';
	const char *whole = s + neg, *part;
	size_t n, places = 0;
	long long v;

	while (*whole == '0' && isdigit((unsigned char)whole[1]))
		whole++;
	n = strspn(whole, "0123456789");
	part = whole + n;
	if (*part == '.')
		places = strspn(++part, "0123456789");
	if (n == 0 || part[places] != '\0' || (part[-1] == '.' && places == 0))
		return refuse(why, "not_decimal", "只能是数字，如 12.5",
		    "must be a decimal number such as 12.5");
	while (places > SCALE && part[places - 1] == '0')
		places--;
	if (n > WHOLE || places > SCALE)
		return refuse(why, "out_of_range", "最多 14 位整数、4 位小数",
		    "has 14 digits and 4 decimal places at most");
	v = strtoll(whole, NULL, 10);
	neg = neg && (v != 0 || strspn(part, "0") < places);
	if ((f->min != 0 || f->max != 0) && (v > f->max || (v == f->max &&
	    strspn(part, "0") < places && !neg) || (neg ? -v : v) < f->min ||
	    (neg && -v == f->min && strspn(part, "0") < places)))
		return refuse(why, "out_of_range", "超出允许的范围",
		    "is out of range");
	*sql = arena_printf(a, "%s%.*s.%.*s%.*s", neg ? "-" : "", (int)n,
	    whole, (int)places, part, (int)(SCALE - places), "0000");
	return true;
}

/* Without the zeros that the column's scale adds. */
const char *
decimal_show(struct arena *a, const char *sql)
{
	size_t n = strlen(sql);

	if (strchr(sql, '.') == NULL)
		return sql;
	while (n > 0 && sql[n - 1] == '0')
		n--;
	if (n > 0 && sql[n - 1] == '.')
		n--;
	return arena_strndup(a, sql, n);
}

void
decimal_to_json(struct buf *out, const char *sql)
{
	struct arena a;

	arena_init(&a, 0);
	buf_json(out, decimal_show(&a, sql));
	arena_free(&a);
}

static bool
refuse(struct reason *why, const char *code, const char *zh, const char *en)
{
	*why = (struct reason) { "DQ-02", code, zh, en };
	return false;
}

const char *
text_array(struct arena *a, const char *const *list, size_t n)
{
	struct buf b;
	const char *s;

	buf_init(&b, 1 << 20);
	buf_char(&b, '{');
	for (size_t i = 0; i < n; i++) {
		if (needs_quotes(list[i])) {
			buf_element(&b, list[i]);
			continue;
		}
		if (i > 0)
			buf_char(&b, ',');
		buf_str(&b, list[i]);
	}
	buf_char(&b, '}');
	REQUIRE(!b.over);
	s = arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return s;
}

static bool
needs_quotes(const char *s)
{
	return *s == '\0' || strpbrk(s, "{},\"\\ \t\n\r\v\f") != NULL ||
	    strcasecmp(s, "null") == 0;
}

static size_t
array_read(struct arena *a, const char *sql, const char *const **out)
{
	const char **list = arena_array(a, strlen(sql) + 1, sizeof *list);
	size_t n = 0;

	*out = list;
	if (*sql++ != '{')
		return 0;
	while (*sql != '\0' && *sql != '}') {
		char *word = arena_alloc(a, strlen(sql) + 1), *to = word;
		bool quoted = *sql == '"';

		for (sql += quoted; *sql != '\0'; sql++) {
			if (quoted ? *sql == '"' : *sql == ',' || *sql == '}')
				break;
			if (*sql == '\\')
				sql++;
			*to++ = *sql;
		}
		sql += quoted && *sql == '"';
		*to = '\0';
		list[n++] = word;
		sql += *sql == ',';
	}
	return n;
}
