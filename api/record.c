/* What belongs to a row: the statements that add it, made for every entity. */
#include "record.h"

#include <string.h>

#include "base/text.h"
#include "base/uid.h"
#include "entity.h"
#include "query.h"

#define EVIDENCE_MAX 10

static const struct stmt facts = { "row_facts",
	"SELECT (SELECT count(*) FROM evidence WHERE entity = $1"
	" AND row_id = $2::uuid), (SELECT by FROM command WHERE entity = $1"
	" AND row_id = $2::uuid ORDER BY id DESC LIMIT 1)" };
static const struct stmt facts_many = { "row_facts_many",
	"SELECT (SELECT count(*) FROM evidence WHERE entity = $1"
	" AND row_id = k.asked_id), (SELECT by FROM command WHERE entity = $1"
	" AND row_id = k.asked_id ORDER BY id DESC LIMIT 1), k.asked_nth"
	" FROM unnest((SELECT $2::uuid[])) WITH ORDINALITY"
	" k(asked_id, asked_nth)" };
static const struct stmt *const statements[] = { &facts, &facts_many };

static struct stmt add_command[ENTITIES_MAX], add_evidence[ENTITIES_MAX];
static struct stmt add_progress;

static const char *const texts[] = { "opinion", "reason", "note" };

static const char *command_sql(struct arena *, const struct entity *);
static const char *part_sql(struct arena *, const struct entity *of,
    const struct entity *part);

void
record_init(void)
{
	static struct arena forever;

	arena_init(&forever, 0);
	db_register(statements, COUNT(statements));
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		if (!e->business)
			continue;
		add_command[i] = (struct stmt) {
			arena_printf(&forever, "%s_command", e->name),
			command_sql(&forever, e) };
		add_evidence[i] = (struct stmt) {
			arena_printf(&forever, "%s_evidence", e->name),
			part_sql(&forever, e, entity_find("evidence")) };
	}
	add_progress = (struct stmt) { "issue_progress",
		part_sql(&forever, entity_find("issue"),
		entity_find("issue_progress")) };
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

	return json_is_null(v) || (s != NULL && utf8_len(s) <= 2000 &&
	    text_printable(s));
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
		    one, BODY_CREATE, row, changed) ||
		    !body_complete(r, e, row))
			fault(r, arena_printf(&r->arena, "/evidence/%zu", i),
			    "DQ-02", "invalid",
			    "佐证材料须有类型 kind 和名称 title",
			    "needs kind and title, and nothing unknown");
	}
}

void
record_command(struct request *r, const struct entity *e, const char *command,
    const char *from, const char *to, const struct record_texts *t)
{
	batch_addv(&r->batch, &add_command[entity_number(e)], 8, r->arg[0],
	    command, from, to, t->reason, t->opinion, t->note,
	    r->who.grant[0] != '\0' ? r->who.grant : NULL);
}

void
record_evidence(struct request *r, const struct entity *e, const json_t *list)
{
	const struct entity *ev = entity_find("evidence");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char **one = arena_array(&r->arena, field_total(ev),
		    sizeof *one);
		bool *changed = arena_array(&r->arena, field_total(ev), 1);

		body_read(r, ev, conf_codes(), json_array_get(list, i),
		    BODY_CREATE, one, changed);
		record_part(r, e, ev, one);
	}
}

void
record_part(struct request *r, const struct entity *of,
    const struct entity *part, const char **row)
{
	char *id = arena_alloc(&r->arena, UUID_LEN + 1);
	const char *p[24];
	unsigned n = 4;

	uuid_new(id);
	row_set(part, row, "id", id);
	query_scope(&r->arena, &r->who.scope, p);
	p[n++] = r->arg[0];
	p[n++] = id;
	for (size_t i = 0; i < field_total(part); i++)
		if (!(field_at(part, (int)i)->flags & F_SERVER))
			p[n++] = row[i];
	batch_add(&r->batch, field_index(part, "row_id") >= 0
	    ? &add_evidence[entity_number(of)] : &add_progress, n, p);
}

unsigned
record_facts(struct request *r, const struct entity *e, const char *id)
{
	return batch_by_id(&r->batch, &facts, &facts_many, 2,
	    (const char *const[]) { e->name, id });
}

long
record_facts_evidence(const struct rows *rows)
{
	return rows_long(rows, 0, 0);
}

const char *
record_facts_giver(const struct rows *rows)
{
	return rows_text(rows, 0, 1);
}

static const char *
command_sql(struct arena *a, const struct entity *e)
{
	return arena_printf(a,
	    "INSERT INTO command (entity, row_id, command, from_state,"
	    " to_state, reason, opinion, note, grant_id, rev, by,"
	    " division_code, competent_line, sensitivity)"
	    " SELECT '%s', id, $2, $3, $4, $5, $6, $7, $8::uuid, rev,"
	    " updated_by, division_code, competent_line, sensitivity FROM %s WHERE id = $1::uuid", e->name, e->table);
}

/* Who sees it is taken from the row; a row out of reach gets none. */
static const char *
part_sql(struct arena *a, const struct entity *of, const struct entity *part)
{
	static const char *const taken[] = { "division_code",
		"competent_line", "sensitivity" };
	const char *sql;
	struct buf cols, vals;
	unsigned n = 7;

	buf_init(&cols, 8192);
	buf_init(&vals, 8192);
	if (field_index(part, "row_id") >= 0) {
		buf_str(&cols, "entity, row_id");
		buf_printf(&vals, "'%s', $5::uuid", of->name);
	} else {
		buf_printf(&cols, "%s_id", of->name);
		buf_str(&vals, "$5::uuid");
	}
	for (size_t i = 0; i < field_total(part); i++) {
		const struct field *f = field_at(part, (int)i);

		if (f->flags & F_SERVER)
			continue;
		buf_printf(&cols, ", %s", f->name);
		if (strcmp(f->name, "noted_on") == 0)
			buf_printf(&vals, ", coalesce($%u::date, (now() AT"
			    " TIME ZONE 'Asia/Shanghai')::date)", n++);
		else
			buf_printf(&vals, ", $%u::%s", n++, query_cast(f));
	}
	for (size_t i = 0; i < COUNT(taken); i++)
		if (field_index(part, taken[i]) >= 0) {
			buf_printf(&cols, ", %s", taken[i]);
			buf_printf(&vals, ", %s", taken[i]);
		}
	buf_printf(&vals, " FROM %s WHERE id = $5::uuid AND ", of->table);
	query_where(&vals, of);
	buf_str(&vals, " RETURNING ");
	query_columns(&vals, part);
	REQUIRE(!cols.over && !vals.over);
	sql = arena_printf(a, "INSERT INTO %s (id, %s) SELECT $6::uuid, %s",
	    part->table, cols.data, vals.data);
	buf_free(&cols);
	buf_free(&vals);
	return sql;
}
