/* A JSON body over a row: all faults of all fields at once. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "entity.h"
#include "value.h"

static void read_field(struct request *, const struct entity *,
    const struct codes *, int, const json_t *, enum body_use,
    const char **row, bool *changed);
static bool fixed(struct request *, const struct field *, const json_t *,
    enum body_use, const char *was);
static bool out_of_reach(struct request *, const struct field *,
    const char *sql, enum body_use);
static bool still_masked(struct request *, const struct field *,
    const char *was, const json_t *);
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
	struct reason why;

	if (fixed(r, f, v, use, row[i]))
		return;
	if (f->clearance > r->who.scope.clearance) {
		if (!still_masked(r, f, row[i], v))
			fault(r, at, "DQ-02", "masked",
			    "该字段对您是脱敏显示的，不能修改",
			    "is masked for you and cannot be written");
		return;
	}
	if (!value_from_json(&r->arena, f, codes, v, &sql, &why)) {
		fault(r, at, why.rule, why.code, why.zh, why.en);
		return;
	}
	if (sql == NULL && (f->flags & F_REQUIRED)) {
		fault(r, at, "DQ-01", "required",
		    arena_printf(&r->arena, "“%s”不能为空", f->label),
		    "cannot be blank");
		return;
	}
	if (out_of_reach(r, f, sql, use))
		return;
	if (f->type == T_JSON ? same_json(row[i], v) : same(row[i], sql))
		return;
	row[i] = sql;
	changed[i] = true;
}

/* What this use of a body cannot write. */
static bool
fixed(struct request *r, const struct field *f, const json_t *v,
    enum body_use use, const char *was)
{
	bool command = (f->flags & F_COMMAND) != 0;

	if (!(f->flags & F_SERVER) && (!command || use == BODY_COMMAND) &&
	    (!(f->flags & F_CREATE) || use == BODY_CREATE))
		return false;
	if ((use == BODY_REPLACE || (f->flags & F_CREATE)) &&
	    still_masked(r, f, was, v))
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
still_masked(struct request *r, const struct field *f, const char *was,
    const json_t *v)
{
	struct buf shown;
	bool equal;
	char *text;

	buf_init(&shown, 64 * 1024);
	value_to_json(&shown, f, was, r->who.scope.clearance);
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
