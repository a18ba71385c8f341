/* Any bytes before the HTTP parser: whatever passes keeps its promises. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gate_check.h"
#include "json_depth.h"
#include "query_string.h"

#define MUST(x)                                                                \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* In a passed block nothing is left that Kore reads differently. */
static void
passed(const char *data, size_t len, const struct gate_block *b)
{
	unsigned lines = 0;

	MUST(b->head <= len && b->head >= 4);
	MUST(memcmp(data + b->head - 4, "\r\n\r\n", 4) == 0);
	for (size_t i = 0; i < b->head; i++) {
		MUST(data[i] == '\r' || data[i] == '\n' ||
		    (data[i] >= ' ' && data[i] <= '~'));
		MUST((data[i] == '\r') == (i + 1 < b->head &&
		    data[i + 1] == '\n'));
		lines += data[i] == '\n';
	}
	MUST(lines <= GATE_HEADERS_MAX + 2);
	MUST(b->body <= 4096);
	MUST(!b->has_body || len - b->head <= b->body);
	MUST(b->has_body || len == b->head || b->close);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *data = malloc(size + 1);
	struct gate_block b, b2;
	const char *where;
	struct param *p;
	struct arena a;

	if (data == NULL)
		return 0;
	memcpy(data, bytes, size);
	data[size] = '\0';
	switch (gate_check(data, size, 16384, 4096, &b)) {
	case GATE_MORE:
		MUST(size < 16384);
		break;
	case GATE_REFUSE:
		MUST(b.status >= 400 && b.code && b.zh && b.en);
		break;
	case GATE_PASS:
		passed(data, size, &b);
		/* Without what follows, it is the same block. */
		MUST(gate_check(data, b.head, 16384, 4096, &b2) == GATE_PASS);
		MUST(b2.head == b.head && b2.body == b.body);
		break;
	}
	arena_init(&a, 0);
	(void)query_parse(&a, data, &p, &where);
	(void)path_decode(&a, data);
	(void)json_depth_ok(data, size, 64);
	arena_free(&a);
	free(data);
	return 0;
}
