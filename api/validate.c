/* A JSON body over a row: all faults of all fields at once. */
#include <string.h>

#include "base/buf.h"
#include "entity.h"
#include "value.h"

static void read_field(struct request *, const struct entity *,
    const struct codes *, int, const json_t *, bool create, const char **row,
    bool *changed);
static bool still_masked(struct request *, const struct field *,
    const char *was, const json_t *);
static bool same(const char *, const char *);

bool
body_read(struct request *r, const struct entity *e,
    const struct codes *codes, const json_t *body, bool create,
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
			read_field(r, e, codes, i, v, create, row, changed);
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
    const struct codes *codes, int i, const json_t *v, bool create,
    const char **row, bool *changed)
{
	const struct field *f = field_at(e, i);
	const char *at = arena_printf(&r->arena, "/%s", f->name), *sql;
	struct reason why;

	if ((f->flags & (F_SERVER | F_COMMAND)) ||
	    ((f->flags & F_CREATE) && !create)) {
		fault(r, at, "DQ-02", "read_only",
		    f->flags & F_COMMAND ? "这个字段只能通过命令改变"
					 : "这个字段不能修改",
		    f->flags & F_COMMAND ? "is changed by commands only"
					 : "cannot be written");
		return;
	}
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
	if (same(row[i], sql))
		return;
	row[i] = sql;
	changed[i] = true;
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
