/* The scope in statements: range, line, clearance, and what few callers are
 * narrowed to: an action, an organisation's coverage, rows of their own,
 * categories of issues. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "look.h"
#include "query.h"
#include "scope.h"

/* Columns that name whose a row is (narrow_owners() in SQL). */
static const char *const owners[] = { "id", "project_id", "household_id",
	"operator_id", "implementing_operator_id", "operating_operator_id",
	"owner_operator_id", "owner_household_id" };

static void where_narrow(struct buf *, const struct entity *,
    const char *prefix);
static void whose(struct buf *, const struct entity *, const char *prefix,
    unsigned depth);
static void where_category(struct buf *, const struct entity *,
    const char *narrow, const char *prefix);
static void columns(struct buf *, const struct entity *, const char *prefix);
static void narrow_own(struct buf *, const struct entity *,
    const struct scope *, const char *prefix);
static void narrow_category(struct buf *, const struct entity *,
    const struct scope *, const char *prefix);

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
		    " narrow_lets($3::text[], %sdivision_code, %saction_id, ",
		    prefix, prefix);
		whose(b, e, prefix, 1);
		buf_char(b, ')');
		where_category(b, e, "$3::text[]", prefix);
		buf_char(b, ')');
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
	if (text_given(s->category))
		narrow_category(b, e, s, prefix);
}

/* The codes are staff's own texts. */
static void
narrow_category(struct buf *b, const struct entity *e, const struct scope *s,
    const char *prefix)
{
	const char *scope[4];
	struct arena scratch;
	struct buf narrow;

	if (e->category == NULL)
		return;
	arena_init(&scratch, 0);
	buf_init(&narrow, 64 * 1024);
	query_scope(&scratch, s, scope);
	buf_str(&narrow, "E'");
	for (const char *p = scope[2]; *p != '\0'; p++) {
		if (*p == '\'' || *p == '\\')
			buf_char(&narrow, '\\');
		buf_char(&narrow, *p);
	}
	buf_str(&narrow, "'::text[]");
	REQUIRE(!narrow.over);
	where_category(b, e, narrow.data, prefix);
	buf_free(&narrow);
	arena_free(&scratch);
}

/* Of an issue by its own, of what is of an issue by that category, of
 * a file by what it is evidence of; the same is narrow_categories() in SQL. */
static void
where_category(struct buf *b, const struct entity *e, const char *narrow,
    const char *prefix)
{
	int at = e->category != NULL ? field_index(e, e->category) : -1;

	if (at < 0)
		return;
	if (field_at(e, at)->type == T_CODE)
		buf_printf(b, " AND narrow_category(%s, %sdivision_code, %s%s)",
		    narrow, prefix, prefix, e->category);
	else
		buf_printf(b, " AND %s(%s, %s%s)", strcmp(e->category, "id")
		    == 0 ? "narrow_file" : "narrow_issue", narrow, prefix,
		    e->category);
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
	buf_str(b, " AND (");
	whose(b, e, prefix, 1);
	buf_printf(b, ") && '%s'::uuid[]", s->own);
}

/* Of the row itself and of the rows that it belongs to, however far up. */
static void
whose(struct buf *b, const struct entity *e, const char *prefix,
    unsigned depth)
{
	const struct entity *of = entity_parent(e);
	char up[16];

	buf_str(b, "ARRAY[");
	columns(b, e, prefix);
	buf_char(b, ']');
	if (of == NULL)
		return;
	/* The child's column stands inside the parent's statement. */
	REQUIRE(*prefix != '\0' || field_index(of, e->parent) < 0);
	(void)snprintf(up, sizeof up, "o%u.", depth);
	buf_str(b, " || (SELECT ");
	whose(b, of, up, depth + 1);
	buf_printf(b, " FROM %s o%u WHERE %sid = %s%s)", of->table, depth, up,
	    prefix, e->parent);
}

bool
query_owned(const struct entity *e, const char *const *row, const char *own)
{
	for (size_t i = 0; i < COUNT(owners); i++) {
		int at = field_index(e, owners[i]);

		if (at >= 0 && row[at] != NULL && strstr(own, row[at]) != NULL)
			return true;
	}
	return false;
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
