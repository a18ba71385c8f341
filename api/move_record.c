/* Records of commands. Their inserts hang on the row's update: same now(). */
#include "move_record.h"

#include <string.h>

#include "base/text.h"
#include "base/uid.h"
#include "entity.h"
#include "move.h"
#include "value.h"

#define EVIDENCE_MAX 10

#define WRITTEN " FROM issue i WHERE i.id = $6::uuid AND i.updated_at = now()" \
	" AND i.division_code BETWEEN $1::bigint AND $2::bigint"               \
	" AND ($3::text = '' OR i.competent_line = $3::text)"                  \
	" AND i.sensitivity <= $4::int"

static const struct stmt count = { "evidence_count",
	"SELECT count(*) FROM evidence WHERE issue_id = $1::uuid" };
static const struct stmt add_evidence = { "evidence_add",
	"INSERT INTO evidence (id, issue_id, kind, title, reference, sha256,"
	" note, division_code) SELECT $5::uuid, i.id, $7, $8, $9, $10, $11,"
	" i.division_code" WRITTEN };
static const struct stmt add_acceptance = { "acceptance_add",
	"INSERT INTO issue_acceptance (id, issue_id, attempt, command, result,"
	" opinion, requested_on, requested_by, self_verified, division_code)"
	" SELECT $5::uuid, i.id, i.attempt, $7, $8, $9, i.submitted_on,"
	" i.submitted_by, coalesce(i.self_verified, false),"
	" i.division_code" WRITTEN };
static const struct stmt add_progress = { "progress_add",
	"INSERT INTO issue_progress (id, issue_id, noted_on, text,"
	" division_code) SELECT $5::uuid, i.id,"
	" (now() AT TIME ZONE 'Asia/Shanghai')::date, $7, i.division_code"
	WRITTEN };
static const struct stmt *const statements[] = { &count, &add_evidence,
	&add_acceptance, &add_progress };

static const char *const texts[] = { "opinion", "reason", "note" };

/* Commands that are attempts at acceptance, and how they end. */
static const struct {
	const char *move, *result;
} verdicts[] = {
	{ "accept", "passed" },
	{ "reject", "failed" },
	{ "self_close", "passed" },
	{ "close", "closed" },
	{ "reopen", "reopened" },
};

static unsigned head(struct request *, const char **p);

void
record_init(void)
{
	db_register(statements, COUNT(statements));
}

void
record_count(struct request *r, const char *id)
{
	batch_add(&r->batch, &count, 1, &id);
}

bool
record_text_name(const char *name)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		if (strcmp(texts[i], name) == 0)
			return true;
	return false;
}

bool
record_text_ok(const json_t *v)
{
	const char *s = json_string_value(v);

	return s != NULL && utf8_len(s) <= 2000 && text_printable(s);
}

void
record_check_date(struct request *r, const char *pointer, const char *date)
{
	if (!value_is_date(date))
		fault(r, pointer, "DQ-02", "not_a_date", "日期写成 2023-04-06",
		    "a date is written 2023-04-06");
}

void
record_check_evidence(struct request *r, const json_t *list)
{
	const struct entity *e = entity_find("evidence");

	if (!json_is_array(list) || json_array_size(list) > EVIDENCE_MAX) {
		fault(r, "/evidence", "DQ-02", "not_a_list",
		    "佐证材料应为最多 10 项的列表",
		    "must be a list of 10 at most");
		return;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char **row = arena_array(&r->arena, field_total(e),
		    sizeof *row);
		bool *changed = arena_array(&r->arena, field_total(e), 1);
		const json_t *one = json_array_get(list, i);

		if (!json_is_object(one) || !body_read(r, e, conf_codes(),
		    one, true, row, changed) || !body_complete(r, e, row))
			fault(r, arena_printf(&r->arena, "/evidence/%zu", i),
			    "DQ-02", "invalid",
			    "佐证材料须有类型 kind 和名称 title",
			    "needs kind and title, and nothing unknown");
	}
}

void
record_add(struct request *r, const struct entity *e, const struct move *m,
    const char *const *row, const json_t *body)
{
	const json_t *list = json_object_get(body, "evidence");
	const struct entity *ev = entity_find("evidence");
	const char *p[11], *text = move_text(r, "note");
	bool verdict = false;
	unsigned n;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char **one = arena_array(&r->arena, field_total(ev),
		    sizeof *one);
		bool *changed = arena_array(&r->arena, field_total(ev), 1);

		body_read(r, ev, conf_codes(), json_array_get(list, i), true,
		    one, changed);
		n = head(r, p);
		p[n++] = row_get(ev, one, "kind");
		p[n++] = row_get(ev, one, "title");
		p[n++] = row_get(ev, one, "reference");
		p[n++] = row_get(ev, one, "sha256");
		p[n++] = row_get(ev, one, "note");
		batch_add(&r->batch, &add_evidence, n, p);
	}
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		if (strcmp(verdicts[i].move, m->name) != 0)
			continue;
		n = head(r, p);
		p[n++] = m->name;
		p[n++] = verdicts[i].result;
		p[n++] = move_text(r, "opinion") != NULL
		    ? move_text(r, "opinion") : move_text(r, "reason");
		batch_add(&r->batch, &add_acceptance, n, p);
		verdict = true;
	}
	if (text == NULL && !verdict)
		text = move_text(r, "reason");
	if (text == NULL && strcmp(m->name, "complete") == 0)
		text = row_get(e, row, "progress_text");
	if (text == NULL)
		return;
	n = head(r, p);
	p[n++] = text_canon(&r->arena, text);
	batch_add(&r->batch, &add_progress, n, p);
}

/* $1…$4 the scope, $5 a new id, $6 the issue. */
static unsigned
head(struct request *r, const char **p)
{
	char *id = arena_alloc(&r->arena, UUID_LEN + 1);

	uuid_new(id);
	p[0] = arena_printf(&r->arena, "%lld", (long long)r->who.scope.lo);
	p[1] = arena_printf(&r->arena, "%lld", (long long)r->who.scope.hi);
	p[2] = r->who.scope.line;
	p[3] = arena_printf(&r->arena, "%d", r->who.scope.clearance);
	p[4] = id;
	p[5] = r->arg[0];
	return 6;
}
