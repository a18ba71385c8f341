/* Commands and evidence: their statements, made for every entity. */
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
static const struct stmt *const statements[] = { &facts };

static struct stmt add_command[ENTITIES_MAX], add_evidence[ENTITIES_MAX];

static const char *const texts[] = { "opinion", "reason", "note" };

static const char *command_sql(struct arena *, const struct entity *);
static const char *evidence_sql(struct arena *, const struct entity *);

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
			evidence_sql(&forever, e) };
	}
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
	batch_addv(&r->batch, &add_command[entity_number(e)], 7, r->arg[0],
	    command, from, to, t->reason, t->opinion, t->note);
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
		record_evidence_one(r, e, one);
	}
}

void
record_evidence_one(struct request *r, const struct entity *e,
    const char **piece)
{
	const struct entity *ev = entity_find("evidence");
	char *id = arena_alloc(&r->arena, UUID_LEN + 1);
	const char *p[16];
	unsigned n = 4;

	uuid_new(id);
	row_set(ev, piece, "id", id);
	query_scope(&r->arena, &r->who.scope, p);
	p[n++] = r->arg[0];
	p[n++] = id;
	for (size_t i = 0; i < field_total(ev); i++)
		if (!(field_at(ev, (int)i)->flags & F_SERVER))
			p[n++] = piece[i];
	batch_add(&r->batch, &add_evidence[entity_number(e)], n, p);
}

unsigned
record_facts(struct request *r, const struct entity *e, const char *id)
{
	return batch_addv(&r->batch, &facts, 2, e->name, id);
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
	    " to_state, reason, opinion, note, rev, by, division_code,"
	    " competent_line, sensitivity) SELECT '%s', id, $2, $3, $4, $5,"
	    " $6, $7, rev, updated_by, division_code, competent_line,"
	    " sensitivity FROM %s WHERE id = $1::uuid", e->name, e->table);
}

/* The scope is the row's; a row out of reach gets none. */
static const char *
evidence_sql(struct arena *a, const struct entity *e)
{
	const struct entity *ev = entity_find("evidence");
	const char *sql;
	struct buf cols, vals;
	unsigned n = 7;

	buf_init(&cols, 8192);
	buf_init(&vals, 8192);
	for (size_t i = 0; i < field_total(ev); i++) {
		const struct field *f = field_at(ev, (int)i);

		if (f->flags & F_SERVER)
			continue;
		buf_printf(&cols, "%s, ", f->name);
		buf_printf(&vals, "$%u::%s, ", n++, query_cast(f));
	}
	buf_printf(&vals, "'%s', division_code, competent_line, sensitivity"
	    " FROM %s WHERE id = $5::uuid AND ", e->name, e->table);
	query_where(&vals, e);
	buf_str(&vals, " RETURNING ");
	query_columns(&vals, ev);
	REQUIRE(!cols.over && !vals.over);
	sql = arena_printf(a, "INSERT INTO evidence (row_id, id, %sentity,"
	    " division_code, competent_line, sensitivity)"
	    " SELECT $5::uuid, $6::uuid, %s", cols.data, vals.data);
	buf_free(&cols);
	buf_free(&vals);
	return sql;
}
