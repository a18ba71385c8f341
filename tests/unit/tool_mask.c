/* Masks as C has them, for a test that compares: profile, class, value by
 * tabs; "=text" or "null" for each line. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "mask.h"

int
main(void)
{
	static char line[4096];

	while (fgets(line, sizeof line, stdin) != NULL) {
		char *class = strchr(line, '\t'), *value;
		struct arena a;
		const char *s;
		enum pii pii;

		line[strcspn(line, "\n")] = '\0';
		if (class == NULL || (value = strchr(class + 1, '\t')) == NULL)
			return 1;
		*class++ = *value++ = '\0';
		pii = pii_find(class);
		arena_init(&a, 0);
		s = mask_text(&a, pii, value, mask_of(line, pii));
		printf("%s%s\n", s != NULL ? "=" : "null", s != NULL ? s : "");
		arena_free(&a);
	}
	return 0;
}
