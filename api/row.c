/* Rows by name, their action, what they start with, and refusals. */
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "entity.h"
#include "query.h"

const struct action_facts *
row_action(const struct entity *e, const char *const *row)
{
	return conf_action(row_get(e, row, "action_id"));
}

const struct codes *
row_codes(const struct entity *e, const char *const *row)
{
	const struct action_facts *a = row_action(e, row);

	return a != NULL ? a->codes : conf_codes();
}

const char *
row_get(const struct entity *e, const char *const *row, const char *name)
{
	int i = field_index(e, name);

	return i >= 0 ? row[i] : NULL;
}

void
row_set(const struct entity *e, const char **row, const char *name,
    const char *value)
{
	int i = field_index(e, name);

	REQUIRE(i >= 0);
	row[i] = value;
}

void
row_defaults(const struct entity *e, const struct action_facts *action,
    const char **row)
{
	int due = field_index(e, "due_on");

	if (due >= 0 && row[due] == NULL)
		row[due] = action_param(action, "default_due_on");
}

void
row_derive(struct arena *a, const struct entity *e, const char **row,
    bool *changed)
{
	const struct action_facts *action = row_action(e, row);
	const struct derive *d = conf_derive(e->name);

	if (d != NULL)
		derive_apply(a, d, e, action != NULL ? action->year : 0, row,
		    changed);
}

enum next
fail_unknown(struct request *r)
{
	return fail(r, E_UNKNOWN, NULL, NULL, NULL);
}

enum next
fail_stale(struct request *r, long rev)
{
	reply_etag(r, rev);
	return fail(r, E_STALE, "stale", arena_printf(&r->arena,
	    "这条记录已被他人修改（现为第 %ld 版），请重新读取后再改", rev),
	    arena_printf(&r->arena, "The row has changed since; it is at "
	    "revision %ld.", rev));
}

/* Branches on the constraint's name; the message may quote other rows. */
enum next
fail_data(struct request *r)
{
	const struct rows *bad = r->batch.at[r->batch.failed].rows;
	const char *state = rows_sqlstate(bad), *name = rows_constraint(bad);

	if (strcmp(state, "42501") == 0)
		return fail_unknown(r);
	if (strstr(name, "division") != NULL) {
		fault(r, "/division_code", "DQ-02", "unknown",
		    "没有这个区划", "no such division");
		return fail(r, E_INPUT, "invalid", "有的字段填写不正确",
		    "Some fields are not right.");
	}
	if (strcmp(state, "23505") == 0)
		return fail(r, E_CONFLICT, "duplicate", "已有同样的记录",
		    "There is such a row already.");
	return fail(r, E_INPUT, "refused", "数据库拒绝了这些内容",
	    arena_printf(&r->arena, "The database refused it (%s).", name));
}
