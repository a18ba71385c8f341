/* Any bytes as a header value with parameters: what is read is bounded text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "header_value.h"

#define MUST(x)                                                                \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const names[] = { "boundary", "name", "filename",
		"charset", "" };
	char *data = malloc(size + 1), small[8], out[300];

	MUST(data != NULL);
	memcpy(data, bytes, size);
	data[size] = '\0';
	for (size_t i = 0; *names[i] != '\0'; i++) {
		memset(out, 'x', sizeof(out));
		if (header_param(data, names[i], out, sizeof(out)))
			MUST(memchr(out, '\0', sizeof(out)) != NULL &&
			    strlen(out) <= size);
		if (header_param(data, names[i], small, sizeof(small)))
			MUST(memchr(small, '\0', sizeof(small)) != NULL);
	}
	memset(out, 'x', sizeof(out));
	if (header_filename(data, out, sizeof(out)))
		MUST(memchr(out, '\0', sizeof(out)) != NULL &&
		    strlen(out) <= size);
	(void)header_is(data, "multipart/form-data");
	(void)header_is(data, "");
	free(data);
	return 0;
}
