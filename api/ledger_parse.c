/* A template is refused, with the path of every fault, unless the model knows
 * every field it names: afterwards nobody has to check again. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "ledger.h"

#define COLUMNS_MAX 100
#define EXTRA_MAX 4000 /* characters of an extra column unless it says less */

struct parse {
	struct arena *arena;
	struct ledger *out;
	ledger_fault *fault;
	void *arg;
	bool bad;
};

static void wrong(struct parse *, const char *pointer, const char *code,
    const char *zh, const char *en);
static void known_keys(
    struct parse *, const json_t *, const char *pointer, const char *allowed);
static const char *
text_of(struct parse *, const json_t *, const char *key, const char *pointer);
static void parse_head(struct parse *, json_t *);
static void parse_columns(struct parse *, const json_t *, const char *list);
static void parse_column(struct parse *, const json_t *, const char *pointer);
static void parse_state(struct parse *, const json_t *, const char *pointer,
    struct ledger_column *);
static void parse_kind(struct parse *, const json_t *, const char *pointer,
    struct ledger_column *);
static void parse_header(struct parse *, const json_t *);
static void parse_key(struct parse *, const json_t *);
static void parse_derive(struct parse *, const json_t *);

static const char template_keys[] =
    " code version entity kind sheet name title title_blank file_name annex "
    "title_range header_block header_rows first_row columns hidden "
    "natural_key footnote instructions end_markers spare_rows lists derive "
    "defaults ";
static const char column_keys[] =
    " col label group_label name kind role set list required max width align "
    "aliases group_aliases command prompt group ";
static const char header_keys[] = " range label name kind aliases ";

bool
ledger_parse(struct arena *a, json_t *spec, struct ledger *l,
    ledger_fault *fault, void *arg)
{
	struct parse p = { a, l, fault, arg, false };

	memset(l, 0, sizeof(*l));
	l->spec = spec;
	if (!json_is_object(spec)) {
		wrong(&p, "", "not_an_object", "模板应为 JSON 对象",
		    "the template must be an object");
		return false;
	}
	known_keys(&p, spec, "", template_keys);
	parse_head(&p, spec);
	if (l->entity == NULL)
		return false;
	l->column = arena_array(a, COLUMNS_MAX, sizeof(*l->column));
	parse_columns(&p, spec, "columns");
	parse_columns(&p, spec, "hidden");
	if (l->ncolumns == 0)
		wrong(
		    &p, "/columns", "required", "模板没有任何列", "no columns");
	parse_header(&p, spec);
	parse_key(&p, spec);
	parse_derive(&p, spec);
	return !p.bad;
}

static void
parse_head(struct parse *p, json_t *spec)
{
	struct ledger *l = p->out;
	const json_t *v;
	const char *entity = text_of(p, spec, "entity", "/entity");

	l->code = text_of(p, spec, "code", "/code");
	l->name = text_of(p, spec, "name", "/name");
	l->title = text_of(p, spec, "title", "/title");
	l->file_name = text_of(p, spec, "file_name", "/file_name");
	(void)text_of(p, spec, "sheet", "/sheet");
	if (!isupper((unsigned char)l->code[0]) || strlen(l->code) > 16 ||
	    strspn(l->code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") !=
		strlen(l->code))
		wrong(p, "/code", "malformed", "模板编号应为大写字母和数字",
		    "a code is capital letters and digits");
	v = json_object_get(spec, "version");
	l->version = (int)json_integer_value(v);
	if (l->version < 1 || json_integer_value(v) > 100000)
		wrong(p, "/version", "malformed", "版本应为正整数",
		    "version must be a positive integer");
	v = json_object_get(spec, "spare_rows");
	l->spare_rows = (size_t)json_integer_value(v);
	if (json_integer_value(v) < 0 || json_integer_value(v) > 1000)
		wrong(p, "/spare_rows", "out_of_range", "备用行为0至1000行",
		    "spare_rows must be 0 to 1000");
	l->entity = entity_find(entity);
	if (l->entity == NULL || !l->entity->business) {
		l->entity = NULL;
		wrong(p, "/entity", "unknown_entity", "没有这种业务对象",
		    "no such business entity");
	}
}

static void
parse_columns(struct parse *p, const json_t *spec, const char *list)
{
	const json_t *c;
	size_t i;

	json_array_foreach(json_object_get(spec, list), i, c)
	{
		const char *at = arena_printf(p->arena, "/%s/%zu", list, i);
		const char *role =
		    json_string_value(json_object_get(c, "role"));

		if (!json_is_object(c)) {
			wrong(p, at, "not_an_object", "列应为对象",
			    "a column is an object");
			continue;
		}
		known_keys(p, c, at, column_keys);
		(void)text_of(
		    p, c, "col", arena_printf(p->arena, "%s/col", at));
		(void)text_of(
		    p, c, "label", arena_printf(p->arena, "%s/label", at));
		if (role != NULL &&
		    (strcmp(role, "seq") == 0 || strcmp(role, "token") == 0))
			continue;
		if (p->out->ncolumns == COLUMNS_MAX) {
			wrong(p, at, "too_many", "列太多", "too many columns");
			return;
		}
		parse_column(p, c, at);
	}
}

static void
parse_column(struct parse *p, const json_t *spec, const char *at)
{
	struct ledger *l = p->out;
	struct ledger_column *c = &l->column[l->ncolumns];
	const char *group =
	    json_string_value(json_object_get(spec, "group_label"));
	const char *where = arena_printf(p->arena, "%s/name", at);
	const char *label = json_string_value(json_object_get(spec, "label"));

	*c = (struct ledger_column) { .at = -1, .max = EXTRA_MAX };
	c->name = text_of(p, spec, "name", where);
	c->label = label == NULL ? "" : label;
	if (group != NULL)
		c->label = arena_printf(p->arena, "%s·%s", group, c->label);
	c->group = (int)json_integer_value(json_object_get(spec, "group"));
	c->set = json_string_value(json_object_get(spec, "set"));
	if (json_integer_value(json_object_get(spec, "max")) > 0)
		c->max = (long)json_integer_value(json_object_get(spec, "max"));
	if (*c->name == '\0')
		return;
	if (ledger_column(l, c->name) >= 0)
		wrong(p, where, "duplicate", "同一字段出现两次",
		    "the field is printed twice");
	if (strncmp(c->name, "extra.", 6) != 0) {
		c->at = field_index(l->entity, c->name);
		if (c->at < 0) {
			wrong(p, where, "unknown_field", "没有这个字段",
			    "no such field");
			return;
		}
		c->field = field_at(l->entity, c->at);
		if (c->field->clearance > SHEET_CLEARANCE)
			wrong(p, where, "clearance",
			    "该字段密级过高，不能印在台账中",
			    "the field is above what a sheet may show");
	}
	parse_kind(p, spec, at, c);
	parse_state(p, spec, at, c);
	l->ncolumns++;
}

/* The role; a column that staff fill must be theirs to fill. */
static void
parse_state(struct parse *p, const json_t *spec, const char *at,
    struct ledger_column *c)
{
	const char *role = json_string_value(json_object_get(spec, "role"));
	const char *where = arena_printf(p->arena, "%s/role", at);

	c->command = json_string_value(json_object_get(spec, "command"));
	if (role == NULL) {
		c->role = COLUMN_INPUT;
		if (c->field != NULL &&
		    (c->field->flags & (F_COMMAND | F_SERVER | F_CREATE)) != 0)
			wrong(p, where, "not_writable", "该字段不能由表格填写",
			    "sheets may not write the field");
	} else if (strcmp(role, "readonly") == 0) {
		c->role = COLUMN_READONLY;
	} else if (strcmp(role, "state") == 0) {
		c->role = COLUMN_STATE;
		if (c->field == NULL || c->field->type != T_BOOL)
			wrong(p, where, "not_a_state", "状态列应为是/否字段",
			    "a state column is a yes/no field");
		for (size_t i = 0;
		     c->command != NULL && i < p->out->entity->nmoves; i++)
			if (strcmp(p->out->entity->moves[i].name, c->command) ==
			    0)
				return;
		wrong(p, arena_printf(p->arena, "%s/command", at),
		    "unknown_command", "没有这个命令", "no such command");
	} else {
		wrong(p, where, "unknown_role", "没有这种列", "no such role");
	}
}

static void
parse_kind(struct parse *p, const json_t *spec, const char *at,
    struct ledger_column *c)
{
	static const enum type type_of[K__MAX] = {
		[K_TEXT] = T_TEXT,
		[K_CODE] = T_CODE,
		[K_BOOL] = T_BOOL,
		[K_DATE] = T_DATE,
		[K_INT] = T_INT,
		[K_WAN] = T_MONEY,
		[K_YUAN] = T_MONEY,
		[K_PERCENT] = T_RATIO,
		[K_PHONE] = T_TEXT,
	};
	const char *kind = json_string_value(json_object_get(spec, "kind"));
	const char *list = json_string_value(json_object_get(spec, "list"));
	const char *where = arena_printf(p->arena, "%s/kind", at);
	bool found = false;

	c->kind = kind_find(kind == NULL ? "text" : kind, &found);
	c->closed = list != NULL && strcmp(list, "closed") == 0;
	if (!found) {
		wrong(p, where, "unknown_kind", "没有这种内容类型",
		    "no such kind");
		return;
	}
	if (c->field == NULL)
		return;
	/* A text field may keep a date of less precision than a day. */
	if (type_of[c->kind] != c->field->type &&
	    !(c->kind == K_DATE && c->field->type == T_TEXT) &&
	    c->kind != K_TEXT)
		wrong(p, where, "wrong_kind", "内容类型与字段不符",
		    "the kind does not fit the field");
	if (c->kind == K_CODE && (c->set == NULL || c->field->of == NULL ||
				     strcmp(c->set, c->field->of) != 0))
		wrong(p, arena_printf(p->arena, "%s/set", at), "wrong_set",
		    "代码集与字段不符", "the code set is not the field's");
}

static void
parse_header(struct parse *p, const json_t *spec)
{
	const json_t *list = json_object_get(spec, "header_block"), *h;
	struct ledger *l = p->out;
	size_t i;

	l->header = arena_array(
	    p->arena, json_array_size(list) + 1, sizeof(*l->header));
	json_array_foreach(list, i, h)
	{
		const char *at = arena_printf(p->arena, "/header_block/%zu", i);
		const char *kind =
		    json_string_value(json_object_get(h, "kind"));
		struct ledger_header *out = &l->header[l->nheaders++];
		bool found = false;

		known_keys(p, h, at, header_keys);
		out->name = text_of(p, h, "name", at);
		out->label = text_of(p, h, "label", at);
		(void)text_of(p, h, "range", at);
		out->kind = kind_find(kind == NULL ? "text" : kind, &found);
		if (!found)
			wrong(p, at, "unknown_kind", "没有这种内容类型",
			    "no such kind");
	}
}

static void
parse_key(struct parse *p, const json_t *spec)
{
	const json_t *list = json_object_get(spec, "natural_key"), *k;
	struct ledger *l = p->out;
	size_t i;

	l->key =
	    arena_array(p->arena, json_array_size(list) + 1, sizeof(*l->key));
	json_array_foreach(list, i, k)
	{
		const char *at = arena_printf(p->arena, "/natural_key/%zu", i);
		int column = ledger_column(l, text_of(p, k, "name", at));

		known_keys(p, k, at, " name chars ");
		if (column < 0) {
			wrong(p, at, "unknown_field", "没有这个列",
			    "no such column");
			continue;
		}
		l->key[l->nkeys].column = (size_t)column;
		l->key[l->nkeys++].chars =
		    (size_t)json_integer_value(json_object_get(k, "chars"));
	}
	if (l->nkeys == 0)
		wrong(p, "/natural_key", "required", "模板没有自然键",
		    "a template needs a natural key");
}

static void
parse_derive(struct parse *p, const json_t *spec)
{
	const json_t *list = json_object_get(spec, "derive");
	const json_t *defaults = json_object_get(spec, "defaults"), *v;
	const char *why = "", *name;

	if (list != NULL) {
		p->out->derive =
		    derive_load(p->arena, p->out->entity, list, &why);
		if (p->out->derive == NULL)
			wrong(p, "/derive", "not_understood",
			    "无法识别的提取规则", why);
	}
	json_object_foreach((json_t *)(uintptr_t)defaults, name, v)
	{
		if (field_index(p->out->entity, name) < 0 || !json_is_string(v))
			wrong(p, arena_printf(p->arena, "/defaults/%s", name),
			    "unknown_field", "没有这个字段", "no such field");
	}
}

static const char *
text_of(struct parse *p, const json_t *o, const char *key, const char *at)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (s == NULL || *s == '\0') {
		wrong(
		    p, at, "required", "缺少必需的文字", "a text is required");
		return "";
	}
	return s;
}

static void
known_keys(
    struct parse *p, const json_t *o, const char *at, const char *allowed)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		const char *found =
		    strstr(allowed, arena_printf(p->arena, " %s ", key));

		(void)v;
		if (found == NULL)
			wrong(p, arena_printf(p->arena, "%s/%s", at, key),
			    "unknown_key", "模板中没有这一项",
			    "not part of a template");
	}
}

static void
wrong(struct parse *p, const char *pointer, const char *code, const char *zh,
    const char *en)
{
	p->bad = true;
	p->fault(p->arg, pointer, code, zh, en);
}
