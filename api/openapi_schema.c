/* The model's entities and moves as JSON Schema. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "base/err.h"
#include "conf.h"
#include "mask.h"
#include "move.h"
#include "openapi.h"

enum use { USE_READ, USE_NEW, USE_CHANGE };

static void field_limits(json_t *, const struct field *);
static json_t *entity_schema(const struct entity *, enum use);
static json_t *property(const struct entity *, const struct field *, enum use);
static json_t *states(const struct field *);
static void entity_extras(json_t *props);
static void list_schemas(json_t *all);
static json_t *list_schema(const char *of);
static json_t *rows_schema(const struct entity *);
static json_t *bulk_schema(const struct entity *);
static json_t *move_schema(const struct entity *, const struct move *);
static void move_example(const struct entity *, const struct move *, json_t *);
static char *join(char *out, size_t size, const char *a, const char *b);

void
openapi_schemas(json_t *all)
{
	char name[160];

	SET(all, "UserBulk", users_schema());
	SET(all, "ActionFile", actions_schema());
	SET(all, "Object", json_pack("{s:s}", "type", "object"));
	list_schemas(all);
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		SET(all, e->name, entity_schema(e, USE_READ));
		SET(all, join(name, sizeof name, e->name, "New"),
		    entity_schema(e, USE_NEW));
		SET(all, join(name, sizeof name, e->name, "Change"),
		    entity_schema(e, USE_CHANGE));
		SET(all, join(name, sizeof name, e->name, "List"),
		    list_schema(e->name));
		SET(all, join(name, sizeof name, e->name, "Rows"),
		    rows_schema(e));
		SET(all, join(name, sizeof name, e->name, "Bulk"),
		    bulk_schema(e));
		for (size_t k = 0; k < move_count(e); k++) {
			snprintf(name, sizeof name, "%s_%s", e->name,
			    move_at(e, k)->name);
			SET(all, name, move_schema(e, move_at(e, k)));
		}
	}
	SET(all, "ActionWhole", actions_shown_schema(json_object_get(all,
	    "ActionFile"), json_object_get(all, "action")));
}

json_t *
openapi_field(const struct field *f)
{
	static const char *const type[] = { [T_TEXT] = "string",
		[T_INT] = "integer", [T_MONEY] = "integer",
		[T_RATIO] = "integer", [T_DATE] = "string",
		[T_TIME] = "string", [T_BOOL] = "boolean",
		[T_CODE] = "string", [T_REF] = "string",
		[T_DIVISION] = "string", [T_JSON] = "object",
		[T_CODES] = "array", [T_DECIMAL] = "string" };
	json_t *o = json_object();

	/* A list is as good as an object where the model passes JSON on. */
	if (f->type == T_JSON) {
		SET(o, "items", json_object());
		SET(o, "additionalProperties", json_true());
		SET(o, "type", json_pack("[s,s,s]", "object", "array",
		    "null"));
	} else if (field_pii(f) == PII_INCOME || field_pii(f) == PII_MEMBERS) {
		/* A band of it, where it is masked: 1–2万元. */
		SET(o, "type", json_pack("[s,s,s]", type[f->type], "string",
		    "null"));
	} else {
		SET(o, "type", json_pack("[s,s]", type[f->type], "null"));
	}
	SET(o, "title", json_string(f->label));
	SET(o, "description", json_string(f->text));
	field_limits(o, f);
	if (f->flags & (F_SERVER | F_COMMAND))
		SET(o, "readOnly", json_true());
	if (f->type == T_CODE || f->type == T_CODES)
		SET(o, "x-code-set", json_string(f->of));
	if (f->type == T_REF && f->of != NULL &&
	    entity_find(f->of) != NULL)
		SET(o, "x-entity", json_string(f->of));
	if (f->clearance > 0)
		SET(o, "x-clearance", json_integer(f->clearance));
	if (field_pii(f) != PII_NONE)
		SET(o, "x-personal", json_string(pii_name(field_pii(f))));
	SET(o, "x-source", json_string(f->source));
	return o;
}

static void
field_limits(json_t *o, const struct field *f)
{
	switch (f->type) {
	case T_DATE:
		SET(o, "format", json_string("date"));
		break;
	case T_TIME:
		SET(o, "format", json_string("date-time"));
		break;
	case T_REF:
		SET(o, "format", json_string("uuid"));
		break;
	case T_DIVISION:
		SET(o, "pattern", json_string("^[0-9]{12}$"));
		break;
	case T_DECIMAL:
		SET(o, "pattern", json_string(
		    "^-?[0-9]{1,14}(\\.[0-9]{1,4})?$"));
		break;
	case T_CODES:
		SET(o, "items", json_pack("{s:s}", "type", "string"));
		SET(o, "maxItems", json_integer(f->max > 0 ? f->max : 100));
		break;
	case T_TEXT:
		if (f->max > 0)
			SET(o, "maxLength", json_integer(f->max));
		break;
	case T_INT:
	case T_MONEY:
	case T_RATIO:
		SET(o, "format", json_string(f->type == T_MONEY ? "int64"
		    : "int32"));
		if (f->min == 0 && f->max == 0)
			break;
		SET(o, "minimum", json_integer(f->min));
		SET(o, "maximum", json_integer(f->max));
		break;
	case T_BOOL:
	case T_CODE:
	case T_JSON:
		break;
	}
}

static json_t *
entity_schema(const struct entity *e, enum use use)
{
	json_t *o = json_object(), *props = json_object();
	json_t *required = json_array(), *example;

	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (use != USE_READ && (f->flags & (F_SERVER | F_COMMAND)))
			continue;
		if (use == USE_CHANGE && (f->flags & F_CREATE))
			continue;
		if (use != USE_READ && e->business && e->action ==
		    ACTION_NONE && strcmp(f->name, "action_id") == 0)
			continue;
		SET(props, f->name, property(e, f, use));
		if (use == USE_NEW && (f->flags & F_REQUIRED))
			json_array_append_new(required, json_string(f->name));
	}
	if (use == USE_READ && e->business)
		entity_extras(props);
	SET(o, "type", json_string("object"));
	SET(o, "title", json_string(e->label));
	SET(o, "description", json_string(e->text));
	SET(o, "properties", props);
	if (use != USE_READ)
		SET(o, "additionalProperties", json_false());
	if (json_array_size(required) > 0)
		SET(o, "required", required);
	else
		json_decref(required);
	example = openapi_example_of(e, use != USE_READ);
	for (size_t i = 0; i < field_total(e); i++)
		if (json_object_get(props, field_at(e, (int)i)->name) == NULL)
			json_object_del(example, field_at(e, (int)i)->name);
	SET(o, "example", example);
	return o;
}

/* What is written is what is read, but for the obligatory: no null there. */
static json_t *
property(const struct entity *e, const struct field *f, enum use use)
{
	char path[200];
	json_t *o, *known;

	if (use != USE_READ && !(f->flags & F_REQUIRED)) {
		snprintf(path, sizeof path, "%s/properties/%s", e->name,
		    f->name);
		return openapi_ref("schemas", path);
	}
	o = openapi_field(f);
	if (use == USE_READ && e->state != NULL &&
	    strcmp(f->name, e->state) == 0 && (known = states(f)) != NULL)
		SET(o, "enum", known);
	if (use != USE_READ) {
		SET(o, "type", json_incref(json_array_get(json_object_get(o,
		    "type"), 0)));
		if (f->type == T_TEXT)
			SET(o, "minLength", json_integer(f->min > 0 ? f->min
			    : 1));
	}
	return o;
}

/* As the set of codes has them; NULL while that is not known. */
static json_t *
states(const struct field *f)
{
	const struct code *items;
	size_t n = conf_seq() == 0 || f->of == NULL ? 0
	    : codes_items(conf_codes(), f->of, &items);
	json_t *all;

	if (n == 0)
		return NULL;
	all = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_string(items[i].code));
	json_array_append_new(all, json_null());
	return all;
}

static void
entity_extras(json_t *props)
{
	SET(props, "labels", json_pack("{s:s,s:s,s:{s:[s,s,s],s:{s:s}}}",
	    "type", "object", "description", "What the codes are printed as.",
	    "additionalProperties", "type", "string", "array", "null", "items",
	    "type", "string"));
	SET(props, "may", json_pack("{s:s,s:s,s:{s:s}}", "type", "array",
	    "description", "Commands the caller may give now.", "items",
	    "type", "string"));
	SET(props, "expanded", json_pack("{s:s,s:s,s:{s:[s,s],s:{s:{s:s},"
	    "s:{s:[s,s]}}}}", "type", "object", "description",
	    "Of ?expand=: what the fields refer to.", "additionalProperties",
	    "type", "object", "null", "properties", "id", "type", "string",
	    "label", "type", "string", "null"));
	SET(props, "faults", json_pack("{s:s,s:s,s:o}", "type", "array",
	    "description", "What the rules find in the row.", "items",
	    openapi_ref("schemas", "Fault")));
}

/* Of every schema of the parts that a list could be of; what no route names
 * is left out afterwards. */
static void
list_schemas(json_t *all)
{
	const char *name;
	json_t *v, *copy = json_copy(all);
	char list[160];

	json_object_foreach(copy, name, v) {
		(void)v;
		join(list, sizeof list, name, "List");
		if (json_object_get(all, list) == NULL)
			SET(all, list, list_schema(name));
	}
	json_decref(copy);
}

static json_t *
list_schema(const char *of)
{
	json_t *o = json_pack("{s:s,s:s,s:[s,s],s:{s:{s:s,s:o},"
	    "s:{s:[s,s],s:s},s:{s:s,s:s}}}", "type", "object", "description",
	    "A page.", "required", "items", "next", "properties", "items",
	    "type", "array", "items", openapi_ref("schemas", of), "next",
	    "type", "string", "null", "description",
	    "The cursor of the next page; null on the last.", "count", "type",
	    "integer", "description", "All rows that fit, if asked for.");

	REQUIRE(o != NULL);
	SET(o, "example", json_pack("{s:[],s:n}", "items", "next"));
	return o;
}

/* Rows of POST …/bulk: new ones, or with the id of one that is there. */
static json_t *
rows_schema(const struct entity *e)
{
	json_t *row = entity_schema(e, USE_NEW), *example;
	json_t *props = json_object_get(row, "properties");

	SET(props, "id", json_pack("{s:s,s:s,s:s}", "type", "string",
	    "format", "uuid", "description", "Of a row that is there."));
	SET(props, "rev", json_pack("{s:s,s:s}", "type", "integer",
	    "description", "The revision that is changed."));
	json_object_del(row, "required");
	example = json_deep_copy(json_object_get(row, "example"));
	json_object_del(row, "example");
	return json_pack("{s:s,s:s,s:b,s:[s],s:{s:{s:s,s:i,s:i,s:o}},"
	    "s:{s:[o]}}", "type", "object", "description",
	    "Rows, by id or by natural key.", "additionalProperties", 0,
	    "required", "items", "properties", "items", "type", "array",
	    "minItems", 1, "maxItems", 1000, "items", row, "example", "items",
	    example);
}

static json_t *
bulk_schema(const struct entity *e)
{
	char name[160];
	json_t *example = openapi_example_of(e, true);

	join(name, sizeof name, e->name, "New");
	return json_pack("{s:s,s:s,s:[s],s:{s:{s:s,s:o},s:{s:s}},"
	    "s:{s:[o]}}", "type", "object", "description",
	    "All items of a file; note is not stored.", "required", e->path,
	    "properties", e->path, "type", "array", "items",
	    openapi_ref("schemas", name), "note", "type", "string", "example",
	    e->path, example);
}

static json_t *
move_schema(const struct entity *e, const struct move *m)
{
	static const char *const texts[] = { "opinion", "reason", "note" };
	json_t *o = json_object(), *props = json_object();
	json_t *example = json_object();

	for (size_t i = 0; m->take != NULL && m->take[i] != NULL; i++) {
		const struct field *f = field_at(e, field_index(e,
		    m->take[i]));
		json_t *p = openapi_field(f);

		json_object_del(p, "readOnly");
		SET(props, f->name, p);
	}
	for (size_t i = 0; i < COUNT(texts); i++)
		SET(props, texts[i], json_pack("{s:[s,s],s:i}", "type",
		    "string", "null", "maxLength", 2000));
	SET(props, "evidence", json_pack("{s:s,s:i,s:o}", "type", "array",
	    "maxItems", 10, "items", openapi_ref("schemas", "evidenceNew")));
	move_example(e, m, example);
	SET(o, "type", json_string("object"));
	SET(o, "title", json_string(m->label));
	SET(o, "description", json_string(m->text));
	SET(o, "additionalProperties", json_false());
	SET(o, "properties", props);
	if (m->flags & M_REASON)
		SET(o, "required", json_pack("[s]", "reason"));
	SET(o, "example", example);
	return o;
}

/* What the command must be given. */
static void
move_example(const struct entity *e, const struct move *m, json_t *example)
{
	for (size_t i = 0; m->take != NULL && m->take[i] != NULL; i++) {
		const struct field *f = field_at(e, field_index(e,
		    m->take[i]));
		json_t *v = openapi_example(f);

		if (v != NULL)
			SET(example, f->name, v);
	}
	if (m->flags & M_REASON)
		SET(example, "reason", json_string("填报有误"));
	else
		SET(example, "note", json_string("已现场核实"));
}

static char *
join(char *out, size_t size, const char *a, const char *b)
{
	snprintf(out, size, "%s%s", a, b);
	return out;
}
