/* Any bytes as a request target: a path that is taken has no tricks left, and
 * parameters that are taken are texts with names of their own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "query_string.h"

#define MUST(x)                                                                \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
text_ok(const char *s)
{
	MUST(utf8_ok(s, strlen(s)));
	for (; *s != '\0'; s++)
		MUST((unsigned char)*s >= 0x20 && *s != 0x7f);
}

static void
path_ok(const char *path)
{
	text_ok(path);
	MUST(*path == '/');
	if (path[1] == '\0')
		return;
	for (const char *p = path; *p != '\0';) {
		size_t n = strcspn(++p, "/");

		MUST(n > 0);
		MUST(!(n == 1 && p[0] == '.'));
		MUST(!(n == 2 && p[0] == '.' && p[1] == '.'));
		p += n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *data = malloc(size + 1), *mark, *path;
	struct param *list = NULL;
	const char *where, *wrong;
	struct arena a;
	unsigned n = 0;

	MUST(data != NULL);
	memcpy(data, bytes, size);
	data[size] = '\0';
	arena_init(&a, 0);
	mark = strchr(data, '?');
	wrong = query_parse(&a, mark != NULL ? mark + 1 : "", &list, &where);
	MUST(where != NULL);
	for (struct param *p = list; wrong == NULL && p != NULL; p = p->next) {
		MUST(*p->name != '\0' && ++n <= QUERY_PARAMS_MAX);
		text_ok(p->name);
		text_ok(p->value);
		for (struct param *q = p->next; q != NULL; q = q->next)
			MUST(strcmp(p->name, q->name) != 0);
	}
	if (mark != NULL)
		*mark = '\0';
	path = path_decode(&a, data);
	if (path != NULL)
		path_ok(path);
	arena_free(&a);
	free(data);
	return 0;
}
