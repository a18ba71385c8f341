/* Any text as a cursor: only what was made for this caller and list is read,
 * and it is read as it was made. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/uid.h"
#include "cursor.h"

#define MUST(x)                                                                \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)
#define ID "0190f3a2-4b7c-7d10-9a55-2f1c3c8e0001"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *data = malloc(size + 1), *made;
	const char *last, *id;
	struct request r;

	MUST(data != NULL);
	memcpy(data, bytes, size);
	data[size] = '\0';
	memset(&r, 0, sizeof(r));
	arena_init(&r.arena, 0);
	memcpy(r.who.id, ID, sizeof(ID));
	/* Sixteen bytes of MAC are not guessed. */
	MUST(!cursor_read(&r, data, "issue", &last, &id));
	/* The same bytes as the value a page ended with. */
	if (strlen(data) < 600) {
		made = cursor_make(&r, "issue", data, ID);
		if (cursor_read(&r, made, "issue", &last, &id))
			MUST(strcmp(last, data) == 0 && strcmp(id, ID) == 0);
		MUST(!cursor_read(&r, made, "project", &last, &id));
		made[0] = made[0] == 'A' ? 'B' : 'A';
		MUST(!cursor_read(&r, made, "issue", &last, &id));
	}
	arena_free(&r.arena);
	free(data);
	return 0;
}
