/* A JSON body over a row: all faults of all fields at once. */
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "base/buf.h"
#include "entity.h"
#include "value.h"

static void read_field(struct request *, const struct entity *,
    const struct codes *, int, const json_t *, enum body_use,
    const char **row, bool *changed);
static bool fixed(struct request *, const struct field *, const json_t *,
    enum body_use, const char *was, enum mask);
static bool out_of_reach(struct request *, const struct field *,
    const char *sql, enum body_use);
static bool as_shown(const struct field *, const char *was, const json_t *,
    enum mask);
static bool same(const char *, const char *);
static bool same_json(const char *, const json_t *);

bool
body_read(struct request *r, const struct entity *e,
    const struct codes *codes, const json_t *body, enum body_use use,
    const char **row, bool *changed)
{
	json_t *own = json_incref(json_copy((json_t *)(uintptr_t)body));
	struct fault **before = r->faults_end;
	const char *name;
	json_t *v;

	json_object_foreach(own, name, v) {
		int i = field_index(e, name);
		const char *at = arena_printf(&r->arena, "/%s", name);

		if (i < 0)
			fault(r, at, "DQ-02", "unknown_field", "没有这个字段",
			    "unknown field");
		else
			read_field(r, e, codes, i, v, use, row, changed);
	}
	json_decref(own);
	json_decref(own);
	return r->faults_end == before;
}

bool
body_complete(struct request *r, const struct entity *e,
    const char *const *row)
{
	struct fault **before = r->faults_end;

	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if ((f->flags & F_REQUIRED) && row[i] == NULL)
			fault(r, arena_printf(&r->arena, "/%s", f->name),
			    "DQ-01", "required",
			    arena_printf(&r->arena, "请填写“%s”", f->label),
			    arena_printf(&r->arena, "%s is required",
			    f->name));
	}
	return r->faults_end == before;
}

static void
read_field(struct request *r, const struct entity *e,
    const struct codes *codes, int i, const json_t *v, enum body_use use,
    const char **row, bool *changed)
{
	const struct field *f = field_at(e, i);
	const char *at = arena_printf(&r->arena, "/%s", f->name), *sql;
	enum mask mask = mask_field(&r->who, e, f, row);
	json_t *whole = NULL;
	struct reason why;

	if (fixed(r, f, v, use, row[i], mask))
		return;
	if (mask != MASK_NONE) {
		if (!as_shown(f, row[i], v, mask))
			fault(r, at, "DQ-02", "masked",
			    "该字段对您是脱敏显示的，不能修改",
			    "is masked for you and cannot be written");
		return;
	}
	if (field_pii(f) == PII_ANSWERS && row[i] != NULL &&
	    json_is_object(v) && answers_masked(r, e, f, row)) {
		whole = answers_take(r, e, f, row, v);
		if (whole == NULL)
			return;
		v = whole;
	}
	if (!value_from_json(&r->arena, f, codes, v, &sql, &why)) {
		fault(r, at, why.rule, why.code, why.zh, why.en);
		goto out;
	}
	if (sql == NULL && (f->flags & F_REQUIRED)) {
		fault(r, at, "DQ-01", "required",
		    arena_printf(&r->arena, "“%s”不能为空", f->label),
		    "cannot be blank");
		goto out;
	}
	if (out_of_reach(r, f, sql, use) ||
	    (f->type == T_JSON ? same_json(row[i], v) : same(row[i], sql)))
		goto out;
	row[i] = sql;
	changed[i] = true;
out:
	json_decref(whole);
}

/* What this use of a body cannot write. */
static bool
fixed(struct request *r, const struct field *f, const json_t *v,
    enum body_use use, const char *was, enum mask mask)
{
	bool command = (f->flags & F_COMMAND) != 0;

	if (!(f->flags & F_SERVER) && (!command || use == BODY_COMMAND) &&
	    (!(f->flags & F_CREATE) || use == BODY_CREATE))
		return false;
	if ((use == BODY_REPLACE || (f->flags & F_CREATE)) &&
	    as_shown(f, was, v, mask))
		return true;
	fault(r, arena_printf(&r->arena, "/%s", f->name), "DQ-02",
	    "read_only", command ? "这个字段只能通过命令改变"
	    : "这个字段不能修改", command ? "is changed by commands only"
	    : "cannot be written");
	return true;
}

/* Nobody puts a row where he could not see it himself. */
static bool
out_of_reach(struct request *r, const struct field *f, const char *sql,
    enum body_use use)
{
	const char *line = r->who.scope.line;

	if (strcmp(f->name, "sensitivity") == 0 && sql != NULL &&
	    strtol(sql, NULL, 10) > r->who.scope.clearance) {
		fault(r, "/sensitivity", "5.3", "above_clearance",
		    "敏感级别不能高于您自己的查看级别",
		    "must not be above your own clearance");
		return true;
	}
	if (strcmp(f->name, "competent_line") == 0 && *line != '\0' &&
	    (sql != NULL ? strcmp(sql, line) != 0 : use != BODY_CREATE)) {
		fault(r, "/competent_line", "5.1", "other_line",
		    "只能是您所在部门的条线",
		    "must be the line of your own department");
		return true;
	}
	return false;
}

/* A masked value that comes back as it was shown means: unchanged. */
static bool
as_shown(const struct field *f, const char *was, const json_t *v,
    enum mask mask)
{
	struct buf shown;
	bool equal;
	char *text;

	buf_init(&shown, 64 * 1024);
	value_to_json(&shown, f, was, mask);
	text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	equal = text != NULL && !shown.over && strcmp(text, shown.data) == 0;
	free(text);
	buf_free(&shown);
	return equal;
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The database prints it another way. */
static bool
same_json(const char *was, const json_t *v)
{
	json_t *old = was != NULL ? json_loads(was, 0, NULL) : json_null();
	bool equal = json_equal(old, v) == 1;

	json_decref(old);
	return equal;
}
