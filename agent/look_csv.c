/* A ledger saved as .csv: it has neither identity nor formats and is not
 * read, but whoever saved it and goes on typing into it must be told. */
#include "pass.h"

#include <iconv.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"

#define CSV_HEAD (64 * 1024) /* headings stand above */

static char *head_of(struct arena *, int fd);
static size_t headings_in(const struct template *, const char *key,
    size_t *of);

bool
csv_named(const char *path)
{
	size_t n = strlen(path);
	return n > 4 && strcasecmp(path + n - 4, ".csv") == 0;
}

bool
csv_ledger(struct pass *p, enum err *e)
{
	const json_t *list = json_object_get(p->site->info, "ledgers"), *l;
	char *text = head_of(&p->arena, p->fd);
	size_t i;
	*e = OK;
	if (!text)
		return false;
	const char *key = text_key(&p->arena, text);
	json_array_foreach(list, i, l) {
		struct template t;
		const char *why, *code = json_string_value(json_object_get(l,
		    "template"));
		json_t *json;
		size_t of;
		*e = site_template(p->site, code ? code : "", &json);
		if (*e == E_BUSY)
			return false;
		if (*e != OK || !template_read(&p->arena, json, &t, &why))
			continue;
		size_t found = headings_in(&t, key, &of);
		if ((double)found >= LEDGER_COVERAGE_LIKE * (double)of)
			return true;
	}
	*e = OK;
	return false;
}

/* Its beginning in UTF-8, which Excel writes with a mark or not at all: then
 * it is GB18030. NULL: no text. */
static char *
head_of(struct arena *a, int fd)
{
	char *raw = arena_alloc(a, CSV_HEAD + 1);
	ssize_t n = pread(fd, raw, CSV_HEAD, 0);
	char *out = arena_alloc(a, 4 * CSV_HEAD + 1), *in = raw, *end = out;
	size_t left = n < 0 ? 0 : (size_t)n, room = 4 * CSV_HEAD;
	/* Whole lines: a character may be cut at the end. */
	while (n == CSV_HEAD && left > 0 && raw[left - 1] != '\n')
		left--;
	raw[left] = '\0';
	if (utf8_ok(raw, left))
		return raw;
	iconv_t to = iconv_open("UTF-8", "GB18030");
	if (to == (iconv_t)-1)
		return NULL;
	size_t bad = iconv(to, &in, &left, &end, &room);
	iconv_close(to);
	*end = '\0';
	return bad != (size_t)-1 && utf8_ok(out, (size_t)(end - out)) ? out
	    : NULL;
}

static size_t
headings_in(const struct template *t, const char *key, size_t *of)
{
	size_t found = 0;
	*of = 0;
	for (size_t k = 0; k < t->ncolumns; k++) {
		if (t->column[k].hidden)
			continue;
		++*of;
		found += strstr(key, t->column[k].keys[0]) != NULL;
	}
	return found;
}
