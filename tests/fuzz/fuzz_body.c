/* Any JSON over any field: what is taken is text that SQL and JSON can hold,
 * and writing it out again gives JSON. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "codes.h"
#include "json_depth.h"
#include "model/model.h"
#include "value.h"

#define MUST(x)                                                                \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A field of one's own: the first bytes choose its type and limits. */
static struct field
field_of(const uint8_t *b)
{
	static const struct field any = { "x", "某栏", "A field.", T_TEXT, 0,
		0, 0, 0, "set", "D4", NULL };
	struct field f = any;

	f.type = (enum type)(b[0] % (T_DECIMAL + 1));
	f.flags = b[1] & 1 ? PII(CONTACT) : 0;
	f.clearance = b[1] >> 6;
	f.min = b[2];
	f.max = b[3] == 0 ? 0 : f.min + b[3];
	return f;
}

static void
taken(struct arena *a, const struct field *f, const char *sql)
{
	struct buf b;
	json_t *v;

	MUST(utf8_ok(sql, strlen(sql)));
	for (int mask = MASK_NONE; mask <= MASK_HIDDEN; mask++) {
		buf_init(&b, 1 << 22);
		value_to_json(&b, f, sql, (enum mask)mask);
		v = json_loadb(b.data, b.len, JSON_DECODE_ANY |
		    JSON_ALLOW_NUL, NULL);
		/* A list of codes is stored as an array of PostgreSQL's. */
		MUST(v != NULL || f->type == T_CODES);
		json_decref(v);
		buf_free(&b);
	}
	(void)a;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct reason why = { NULL, NULL, NULL, NULL };
	const char *sql = NULL;
	struct codes *codes;
	struct field f;
	struct arena a;
	json_t *v;

	if (size < 5)
		return 0;
	f = field_of(bytes);
	if (!utf8_ok((const char *)bytes + 4, size - 4) ||
	    !json_depth_ok((const char *)bytes + 4, size - 4, 64))
		return 0;
	v = json_loadb((const char *)bytes + 4, size - 4,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (v == NULL)
		return 0;
	arena_init(&a, 0);
	codes = codes_new(&a, NULL);
	codes_add(codes, "set", "one", "其一");
	codes_add(codes, "set", "two", "其二");
	if (!value_from_json(&a, &f, codes, v, &sql, &why))
		MUST(why.code != NULL && why.zh != NULL && why.en != NULL);
	else if (sql != NULL)
		taken(&a, &f, sql);
	json_decref(v);
	arena_free(&a);
	return 0;
}
