/* Any form, cut anywhere: the same parts, and never more than was sent. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "byte_range.h"
#include "file_name.h"
#include "multipart.h"

#define MUST(x)                                                                \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What was told, and that begin, data and end come in their order. */
struct told {
	struct buf text;
	size_t data;
	bool inside;
};

static bool
begin(void *arg, const struct part *p)
{
	struct told *t = arg;

	MUST(!t->inside && *p->name != '\0');
	t->inside = true;
	buf_printf(&t->text, "[%s|%s|%s|%d]", p->name, p->filename, p->type,
	    p->file);
	return true;
}

static bool
data(void *arg, const char *s, size_t n)
{
	struct told *t = arg;

	MUST(t->inside && n > 0);
	t->data += n;
	buf_add(&t->text, s, n);
	return true;
}

static bool
end(void *arg)
{
	struct told *t = arg;

	MUST(t->inside);
	t->inside = false;
	buf_str(&t->text, "]");
	return true;
}

static const char *
parse(struct told *t, const char *boundary, const char *p, size_t n,
    size_t piece)
{
	struct multipart_sink sink = { begin, data, end, t };
	struct multipart *m = malloc(sizeof(*m));
	const char *wrong;

	memset(t, 0, sizeof(*t));
	buf_init(&t->text, 1 << 20);
	multipart_open(m, boundary, &sink);
	for (size_t at = 0; at < n; at += piece)
		(void)multipart_feed(m, p + at, n - at < piece ? n - at
							       : piece);
	wrong = multipart_close(m);
	MUST(t->data <= n);
	MUST(wrong != NULL || !t->inside);
	free(m);
	return wrong;
}

static void
names(char *text)
{
	uint64_t first, last;
	struct arena a;
	char *name;

	arena_init(&a, 0);
	name = file_name_clean(&a, text);
	if (name != NULL) {
		MUST(*name != '\0' && utf8_ok(name, strlen(name)));
		MUST(utf8_len(name) <= FILE_NAME_CHARS);
		MUST(strpbrk(name, "/\\\r\n\"") == NULL);
		/* Clean stays clean. */
		MUST(strcmp(file_name_clean(&a, name), name) == 0);
		MUST(strpbrk(file_name_disposition(&a, name), "\r\n") == NULL);
	}
	(void)byte_range(text, 100, &first, &last);
	MUST(first <= last && last <= 100);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char boundary[MULTIPART_BOUNDARY_MAX + 1];
	struct told whole, cut;
	char *text, *body;
	const char *wrong, *wrong2;
	size_t piece;

	if (size < 2 || size > 65536)
		return 0;
	piece = 1 + bytes[0];
	text = calloc(1, size + 1);
	memcpy(text, bytes + 1, size - 1);
	names(text);
	/* The first line is a Content-Type, the rest the body. */
	body = memchr(text, '\n', size - 1);
	if (body != NULL) {
		*body++ = '\0';
		if (!multipart_boundary(text, boundary))
			memcpy(boundary, "B", 2);
		size -= (size_t)(body - text) + 1;
		wrong = parse(&whole, boundary, body, size, size + 1);
		wrong2 = parse(&cut, boundary, body, size, piece);
		MUST((wrong == NULL) == (wrong2 == NULL));
		MUST(wrong == NULL || strcmp(wrong, wrong2) == 0);
		MUST(wrong != NULL || (whole.text.len == cut.text.len &&
		    (whole.text.len == 0 || memcmp(whole.text.data,
		    cut.text.data, cut.text.len) == 0)));
		buf_free(&whole.text);
		buf_free(&cut.text);
	}
	free(text);
	return 0;
}
