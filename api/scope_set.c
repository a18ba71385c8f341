/* A scope as what statements are given of it: settings for the second wall,
 * parameters for the first; pure. */
#include "scope_set.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "query.h"
#include "scope.h"

static const char *given(const char *);
static const char *narrow_array(struct arena *, const struct scope *);

void
scope_values(const struct scope *s, struct scope_values *v)
{
	const char *const text[] = { given(s->actor), given(s->channel),
		given(s->origin), given(s->trail), given(s->action),
		given(s->cover), given(s->own), given(s->category) };

	v->at[0] = u64_text(v->lo, (uint64_t)s->lo);
	v->at[1] = u64_text(v->hi, (uint64_t)s->hi);
	v->at[2] = given(s->line);
	v->at[3] = u64_text(v->clearance, (uint64_t)s->clearance);
	for (unsigned i = 0; i < COUNT(text); i++)
		v->at[4 + i] = text[i];
}

static const char *
given(const char *s)
{
	return s != NULL ? s : "";
}

bool
scope_narrow(const struct scope *s)
{
	return text_given(s->action) || text_given(s->cover) ||
	    text_given(s->own) || text_given(s->category);
}

bool
text_given(const char *s)
{
	return s != NULL && *s != '\0';
}

void
query_scope(struct arena *a, const struct scope *s, const char **out)
{
	char *text = arena_alloc(a, (size_t)3 * U64_TEXT);

	out[0] = u64_text(text, (uint64_t)s->lo);
	out[1] = u64_text(text + U64_TEXT, (uint64_t)s->hi);
	out[2] = text_given(s->line) || scope_narrow(s) ? narrow_array(a, s)
							: "{\"\"}";
	out[3] = u64_text(text + 2 * U64_TEXT, (uint64_t)s->clearance);
}

static const char *
narrow_array(struct arena *a, const struct scope *s)
{
	const char *const part[] = { s->line, s->action, s->cover, s->own,
		s->category };
	const char *text;
	struct buf b;

	buf_init(&b, 64 * 1024);
	buf_char(&b, '{');
	for (size_t i = 0; i < (scope_narrow(s) ? COUNT(part) : 1); i++)
		buf_element(&b, part[i] != NULL ? part[i] : "");
	buf_char(&b, '}');
	REQUIRE(!b.over);
	text = arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return text;
}
