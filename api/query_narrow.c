/* The scope in statements: range, line, clearance, and what few callers are
 * narrowed to: an action, an organisation's coverage, rows of their own. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "query.h"
#include "scope.h"

/* Columns that name whose a row is (narrow_owners() in SQL). */
static const char *const owners[] = { "id", "project_id", "household_id",
	"operator_id", "implementing_operator_id", "operating_operator_id",
	"owner_operator_id", "owner_household_id" };

static const char *narrow_array(struct arena *, const struct scope *);
static void where_narrow(struct buf *, const struct entity *,
    const char *prefix);
static void element(struct buf *, const char *);
static void columns(struct buf *, const struct entity *, const char *prefix);
static void narrow_own(struct buf *, const struct entity *,
    const struct scope *, const char *prefix);

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
	const char *const part[] = { s->line, s->action, s->cover, s->own };
	const char *text;
	struct buf b;

	buf_init(&b, 64 * 1024);
	for (size_t i = 0; i < (scope_narrow(s) ? COUNT(part) : 1); i++) {
		buf_char(&b, i == 0 ? '{' : ',');
		element(&b, part[i]);
	}
	buf_char(&b, '}');
	REQUIRE(!b.over);
	text = arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return text;
}

void
query_where(struct buf *b, const struct entity *e)
{
	if (!e->shared) {
		query_where_own(b, e, "");
		return;
	}
	buf_str(b, "(division_code BETWEEN $1::bigint AND $2::bigint"
	    " OR $1::bigint BETWEEN division_code AND"
	    " division_hi(division_code)) AND (($3::text[])[2] IS NULL OR"
	    " narrow_shares($3::text[], $1::bigint, division_code, action_id))"
	    " AND sensitivity <= $4::int");
}

/* What is shared is still written by its own division only. */
void
query_where_own(struct buf *b, const struct entity *e, const char *prefix)
{
	buf_printf(b, "%sdivision_code BETWEEN $1::bigint AND $2::bigint",
	    prefix);
	if (e->business || field_index(e, "competent_line") >= 0)
		buf_printf(b, " AND (($3::text[])[1] = '' OR"
		    " %scompetent_line = ($3::text[])[1])"
		    " AND %ssensitivity <= $4::int", prefix, prefix);
	else
		buf_str(b, SCOPE_REST);
	where_narrow(b, e, prefix);
}

static void
where_narrow(struct buf *b, const struct entity *e, const char *prefix)
{
	if (e->business) {
		buf_printf(b, " AND (($3::text[])[2] IS NULL OR"
		    " narrow_lets($3::text[], %sdivision_code, %saction_id,"
		    " ARRAY[", prefix, prefix);
		columns(b, e, prefix);
		buf_str(b, "]))");
	} else if (field_index(e, "row_id") >= 0) {
		buf_str(b, SCOPE_TOLD("entity", "row_id"));
	} else if (field_index(e, "issue_id") >= 0) {
		buf_str(b, SCOPE_TOLD("'issue'", "issue_id"));
	} else {
		buf_str(b, SCOPE_PLACE("division_code"));
	}
}

void
query_narrow(struct buf *b, const struct entity *e, const struct scope *s,
    const char *prefix)
{
	if (text_given(s->action))
		buf_printf(b, " AND (%saction_id IS NULL OR %saction_id = "
		    "'%s')", prefix, prefix, s->action);
	query_cover(b, s, prefix, e->shared);
	if (text_given(s->own) && !e->shared)
		narrow_own(b, e, s, prefix);
}

/* A short OR of ranges (D3). */
void
query_cover(struct buf *b, const struct scope *s, const char *prefix,
    bool above)
{
	if (!text_given(s->cover))
		return;
	buf_str(b, " AND (false");
	for (const char *p = s->cover; (p = strchr(p, '[')) != NULL;) {
		char *end;
		long long lo = strtoll(p + 1, &end, 10);
		long long hi = strtoll(end + 1, &end, 10);

		buf_printf(b, " OR %sdivision_code BETWEEN %lld AND %lld",
		    prefix, lo, hi - 1);
		p = end;
	}
	if (above)
		buf_printf(b, " OR %lld BETWEEN %sdivision_code AND"
		    " division_hi(%sdivision_code)", (long long)s->lo, prefix,
		    prefix);
	buf_char(b, ')');
}

static void
narrow_own(struct buf *b, const struct entity *e, const struct scope *s,
    const char *prefix)
{
	buf_str(b, " AND ARRAY[");
	columns(b, e, prefix);
	buf_printf(b, "] && '%s'::uuid[]", s->own);
}

static void
columns(struct buf *b, const struct entity *e, const char *prefix)
{
	const char *comma = "";

	for (size_t i = 0; i < COUNT(owners); i++) {
		if (field_index(e, owners[i]) < 0)
			continue;
		buf_printf(b, "%s%s%s", comma, prefix, owners[i]);
		comma = ", ";
	}
}

static void
element(struct buf *b, const char *text)
{
	buf_char(b, '"');
	for (const char *p = text != NULL ? text : ""; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			buf_char(b, '\\');
		buf_char(b, *p);
	}
	buf_char(b, '"');
}
