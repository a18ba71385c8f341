/* The model's entities and moves as JSON Schema, and the few fixed ones. */
#include <string.h>

#include "admin.h"
#include "openapi.h"
#include "route.h"

#define SET(o, key, v) json_object_set_new(o, key, v)

/* Schemas that no entity gives. */
static const char fixed[] = "{"
"\"Problem\":{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\","
"\"code\",\"request_id\"],\"properties\":{\"type\":{\"type\":\"string\"},"
"\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
"\"code\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"},"
"\"request_id\":{\"type\":\"string\"},\"faults\":{\"type\":\"array\","
"\"items\":{\"$ref\":\"#/components/schemas/Fault\"}}}},"
"\"Fault\":{\"type\":\"object\",\"properties\":{\"pointer\":{\"type\":"
"\"string\"},\"rule\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},"
"\"message\":{\"type\":\"string\"},\"zh\":{\"type\":\"string\"},"
"\"en\":{\"type\":\"string\"},\"level\":{\"enum\":[\"error\",\"warning\","
"\"info\"]}}},"
"\"Login\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":"
"[\"login\",\"password\"],\"properties\":{\"login\":{\"type\":\"string\","
"\"maxLength\":64},\"password\":{\"type\":\"string\"},\"role\":{\"type\":"
"\"string\",\"description\":\"Which of one's roles; the first by default.\"}"
"}},"
"\"Session\":{\"type\":\"object\",\"required\":[\"token\",\"expires_at\"],"
"\"properties\":{\"token\":{\"type\":\"string\"},\"expires_at\":{\"type\":"
"\"string\",\"format\":\"date-time\"},\"user\":{\"type\":\"object\","
"\"properties\":{\"id\":{\"type\":\"string\"},\"login\":{\"type\":\"string\"}"
",\"name\":{\"type\":\"string\"}}}}},"
"\"Me\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},"
"\"login\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},\"org\":{"
"\"type\":\"string\"},\"role\":{\"type\":\"string\"},\"division\":{\"type\":"
"\"string\"},\"division_name\":{\"type\":\"string\"},\"line\":{\"type\":"
"\"string\"},\"level\":{\"type\":\"integer\"},\"clearance\":{\"type\":"
"\"integer\"},\"grants\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
"}},"
"\"Loaded\":{\"type\":\"object\",\"properties\":{\"loaded\":{\"type\":"
"\"integer\",\"description\":\"Items that were sent.\"},\"changed\":{\"type\":"
"\"integer\",\"description\":\"Rows that are different now.\"}}},"
"\"HistoryList\":{\"type\":\"object\",\"properties\":{\"items\":{\"type\":"
"\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"rev\":{\"type\":"
"\"integer\"},\"at\":{\"type\":\"string\",\"format\":\"date-time\"},"
"\"actor\":{\"type\":[\"string\",\"null\"]},\"actor_name\":{\"type\":["
"\"string\",\"null\"]},\"channel\":{\"type\":\"string\"},\"origin\":{"
"\"type\":\"string\"},\"data\":{\"type\":\"object\"}}}},\"next\":{\"type\":["
"\"string\",\"null\"]}}},"
"\"Object\":{\"type\":\"object\"}}";

enum use { USE_READ, USE_NEW, USE_CHANGE };

static json_t *entity_schema(const struct entity *, enum use);
static void entity_extras(json_t *props);
static json_t *list_schema(const char *of, const char *key);
static json_t *bulk_schema(const struct entity *);
static json_t *move_schema(const struct entity *, const struct move *);
static json_t *ref(const char *name);
static char *join(char *out, size_t size, const char *a, const char *b);

json_t *
openapi_schemas(void)
{
	json_t *all = json_loads(fixed, 0, NULL);
	char name[160];

	REQUIRE(all != NULL);
	SET(all, "UserBulk", users_schema());
	SET(all, "ActionFile", actions_schema());
	for (size_t i = 0; i < entity_count(); i++) {
		const struct entity *e = entity_at(i);

		SET(all, e->name, entity_schema(e, USE_READ));
		SET(all, join(name, sizeof name, e->name, "New"),
		    entity_schema(e, USE_NEW));
		SET(all, join(name, sizeof name, e->name, "Change"),
		    entity_schema(e, USE_CHANGE));
		SET(all, join(name, sizeof name, e->name, "List"),
		    list_schema(e->name, "items"));
		SET(all, join(name, sizeof name, e->name, "Bulk"),
		    bulk_schema(e));
		for (size_t k = 0; k < e->nmoves; k++) {
			snprintf(name, sizeof name, "%s_%s", e->name,
			    e->moves[k].name);
			SET(all, name, move_schema(e, &e->moves[k]));
		}
	}
	return all;
}

json_t *
openapi_field(const struct field *f)
{
	static const char *const type[] = { [T_TEXT] = "string",
		[T_INT] = "integer", [T_MONEY] = "integer",
		[T_RATIO] = "integer", [T_DATE] = "string",
		[T_TIME] = "string", [T_BOOL] = "boolean",
		[T_CODE] = "string", [T_REF] = "string",
		[T_DIVISION] = "string", [T_JSON] = "object" };
	json_t *o = json_object();

	/* A list is as good as an object where the model passes JSON on. */
	if (f->type == T_JSON)
		SET(o, "items", json_object());
	if (f->type != T_JSON)
		SET(o, "type", json_pack("[s,s]", type[f->type], "null"));
	else
		SET(o, "type", json_pack("[s,s,s]", "object", "array",
		    "null"));
	SET(o, "title", json_string(f->label));
	SET(o, "description", json_string(f->text));
	if (f->type == T_DATE)
		SET(o, "format", json_string("date"));
	if (f->type == T_TIME)
		SET(o, "format", json_string("date-time"));
	if (f->type == T_REF)
		SET(o, "format", json_string("uuid"));
	if (f->type == T_DIVISION)
		SET(o, "pattern", json_string("^[0-9]{12}$"));
	if (f->type == T_TEXT && f->max > 0)
		SET(o, "maxLength", json_integer(f->max));
	if (f->type == T_TEXT && f->min > 0)
		SET(o, "minLength", json_integer(f->min));
	if (f->type == T_INT && (f->min != 0 || f->max != 0)) {
		SET(o, "minimum", json_integer(f->min));
		SET(o, "maximum", json_integer(f->max));
	}
	if (f->flags & (F_SERVER | F_COMMAND))
		SET(o, "readOnly", json_true());
	if (f->type == T_CODE)
		SET(o, "x-code-set", json_string(f->of));
	if (f->clearance > 0)
		SET(o, "x-clearance", json_integer(f->clearance));
	SET(o, "x-source", json_string(f->source));
	return o;
}

static json_t *
entity_schema(const struct entity *e, enum use use)
{
	json_t *o = json_object(), *props = json_object();
	json_t *required = json_array();

	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (use != USE_READ && (f->flags & (F_SERVER | F_COMMAND)))
			continue;
		if (use == USE_CHANGE && (f->flags & F_CREATE))
			continue;
		SET(props, f->name, openapi_field(f));
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
	return o;
}

static void
entity_extras(json_t *props)
{
	SET(props, "labels", json_pack("{s:s,s:s,s:{s:s}}", "type", "object",
	    "description", "What the codes are printed as.",
	    "additionalProperties", "type", "string"));
	SET(props, "may", json_pack("{s:s,s:s,s:{s:s}}", "type", "array",
	    "description", "Commands the caller may give now.", "items",
	    "type", "string"));
	SET(props, "requests", json_pack("{s:s,s:s,s:{s:s}}", "type", "array",
	    "description", "Commands that sheets ask for; not in lists.",
	    "items", "type", "object"));
	SET(props, "faults", json_pack("{s:s,s:s,s:o}", "type", "array",
	    "description", "What the rules find in the row.", "items",
	    ref("Fault")));
}

static json_t *
list_schema(const char *of, const char *key)
{
	return json_pack("{s:s,s:{s:{s:s,s:o},s:{s:[s,s]},s:{s:s}}}", "type",
	    "object", "properties", key, "type", "array", "items", ref(of),
	    "next", "type", "string", "null", "count", "type", "integer");
}

static json_t *
bulk_schema(const struct entity *e)
{
	char name[160];

	join(name, sizeof name, e->name, "New");
	return json_pack("{s:s,s:[s],s:{s:{s:s,s:o},s:{s:s}}}", "type",
	    "object", "required", e->path, "properties", e->path, "type",
	    "array", "items", ref(name), "note", "type", "string");
}

static json_t *
move_schema(const struct entity *e, const struct move *m)
{
	static const char *const texts[] = { "opinion", "reason", "note" };
	json_t *o = json_object(), *props = json_object();

	for (size_t i = 0; m->take != NULL && m->take[i] != NULL; i++) {
		json_t *f = openapi_field(field_at(e, field_index(e,
		    m->take[i])));

		json_object_del(f, "readOnly");
		SET(props, m->take[i], f);
	}
	for (size_t i = 0; i < COUNT(texts); i++)
		SET(props, texts[i], json_pack("{s:s,s:i}", "type", "string",
		    "maxLength", 2000));
	SET(props, "evidence", json_pack("{s:s,s:i,s:o}", "type", "array",
	    "maxItems", 10, "items", ref("evidenceNew")));
	SET(o, "type", json_string("object"));
	SET(o, "title", json_string(m->label));
	SET(o, "description", json_string(m->text));
	SET(o, "additionalProperties", json_false());
	SET(o, "properties", props);
	return o;
}

static json_t *
ref(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "#/components/schemas/%s", name);
	return json_pack("{s:s}", "$ref", path);
}

static char *
join(char *out, size_t size, const char *a, const char *b)
{
	snprintf(out, size, "%s%s", a, b);
	return out;
}
