/* tool_model ENTITY…: the SQL that the migration of a new entity begins with.
 * tool_model --commands: what the commands of the model ask of the database,
 * as PREPARE statements, for a test to have them all parsed.
 * tool_model --clearance: table, column and clearance of every field that not
 * everybody sees, as ro_clearance has them.
 * tool_model --search: table and column of what business_search() indexes. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "model/model.h"
#include "no_kore.h"

static void table(const struct entity *);
static void fields(const struct entity *);
static void commands(const struct entity *);
static void clearance(const struct entity *);
static void search(const struct entity *);
static void column(const struct field *, bool last);
static void comment(const char *on, const char *name, const char *text);

int
main(int argc, char **argv)
{
	static const struct {
		const char *option;
		void (*print)(const struct entity *);
	} all[] = { { "--commands", commands }, { "--clearance", clearance },
		{ "--fields", fields }, { "--search", search } };

	for (size_t k = 0; argc == 2 && k < COUNT(all); k++) {
		if (strcmp(argv[1], all[k].option) != 0)
			continue;
		for (size_t i = 0; i < entity_count(); i++)
			all[k].print(entity_at(i));
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		const struct entity *e = entity_find(argv[i]);

		if (e == NULL || !e->business) {
			fprintf(stderr, "no such entity: %s\n", argv[i]);
			return 1;
		}
		table(e);
	}
	return 0;
}

/* Table and columns that q= looks through, where an index holds them. */
static void
search(const struct entity *e)
{
	for (size_t i = 0; e->searched && i < field_total(e); i++)
		if (field_searched(e, field_at(e, (int)i)))
			printf("%s\t%s\n", e->table,
			    field_at(e, (int)i)->name);
}

/* Table, column, type, whether lists sort by it, what it says. */
static void
fields(const struct entity *e)
{
	static const char *const type[] = { [T_TEXT] = "T_TEXT",
		[T_INT] = "T_INT", [T_MONEY] = "T_MONEY",
		[T_RATIO] = "T_RATIO", [T_DATE] = "T_DATE",
		[T_TIME] = "T_TIME", [T_BOOL] = "T_BOOL",
		[T_CODE] = "T_CODE", [T_REF] = "T_REF",
		[T_DIVISION] = "T_DIVISION", [T_JSON] = "T_JSON",
		[T_CODES] = "T_CODES", [T_DECIMAL] = "T_DECIMAL" };

	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		printf("%s\t%s\t%s\t%s\t%s\n", e->table, f->name,
		    type[f->type], f->flags & F_SORT ? "sort" : "", f->text);
	}
}

/* As move_plan.c has them. */
static void
commands(const struct entity *e)
{
	for (size_t i = 0; i < e->nmoves; i++) {
		const struct move *m = &e->moves[i];

		for (size_t k = 0; m->demands && m->demands[k].code; k++)
			printf("PREPARE %s_%s_%zu AS SELECT must((%s) IS TRUE)"
			    " FROM (SELECT * FROM %s WHERE id = $1::uuid AND"
			    " $2::uuid IS NOT NULL) AS r;\n", e->name,
			    m->name, k, m->demands[k].sql, e->table);
		for (size_t k = 0; m->also && m->also[k]; k++)
			printf("PREPARE %s_%s_also_%zu AS WITH r AS (SELECT *"
			    " FROM %s WHERE id = $1::uuid AND $2::uuid IS NOT"
			    " NULL AND $3::bigint IS NOT NULL) %s;\n",
			    e->name, m->name, k, e->table, m->also[k]);
	}
}

static void
clearance(const struct entity *e)
{
	for (size_t i = 0; e->business && i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);

		if (f->clearance > 0)
			printf("%s\t%s\t%d\n", e->table, f->name,
			    f->clearance);
	}
}

static void
table(const struct entity *e)
{
	static const char *const action[] = { "none", "optional",
		"required" };
	char name[160];

	printf("CREATE TABLE %s (\n  id uuid PRIMARY KEY,\n", e->table);
	for (size_t i = 0; i < e->nfields; i++)
		column(&e->fields[i], i + 1 == e->nfields);
	printf(");\nCALL business_table('%s', '%s');\n", e->table,
	    action[e->action]);
	if (e->parent != NULL)
		printf("CALL business_child('%s', '%s', '%s');\n", e->table,
		    e->parent, entity_find(field_at(e, field_index(e,
		    e->parent))->of)->table);
	if (e->key != NULL) {
		printf("CALL business_key('%s'", e->table);
		for (size_t i = 0; e->key[i] != NULL; i++)
			printf(", '%s'", e->key[i]);
		puts(");");
	}
	for (size_t i = 0; i < e->nfields; i++)
		if (e->fields[i].flags & F_SORT)
			printf("CALL business_sort('%s', '%s');\n", e->table,
			    e->fields[i].name);
	printf("CALL narrow_sees_make();\nCALL ro_expose('%s');\n", e->table);
	comment("TABLE", e->table, e->text);
	for (size_t i = 0; i < e->nfields; i++) {
		(void)snprintf(name, sizeof name, "%s.%s", e->table,
		    e->fields[i].name);
		comment("COLUMN", name, e->fields[i].text);
	}
}

static void
column(const struct field *f, bool last)
{
	static const char *const type[] = { [T_TEXT] = "text", [T_INT] = "int",
		[T_MONEY] = "bigint", [T_RATIO] = "int", [T_DATE] = "date",
		[T_TIME] = "timestamptz", [T_BOOL] = "boolean",
		[T_CODE] = "text", [T_REF] = "uuid", [T_DIVISION] = "bigint",
		[T_JSON] = "jsonb", [T_CODES] = "text[]",
		[T_DECIMAL] = "numeric(18,4)" };
	const struct entity *of = f->type == T_REF ? entity_find(f->of)
						   : NULL;

	printf("  %s %s%s", f->name, type[f->type],
	    f->flags & F_REQUIRED ? " NOT NULL" : "");
	if (of != NULL)
		printf(" REFERENCES %s", of->table);
	else if (f->type == T_DIVISION)
		printf(" REFERENCES division");
	if (f->type == T_TEXT && f->max > 0)
		printf(" CHECK (char_length(%s) <= %ld)", f->name, f->max);
	else if (f->max > 0 && (f->type == T_INT || f->type == T_MONEY ||
	    f->type == T_RATIO))
		printf(" CHECK (%s BETWEEN %ld AND %ld)", f->name, f->min,
		    f->max);
	puts(last ? "" : ",");
}

static void
comment(const char *on, const char *name, const char *text)
{
	printf("COMMENT ON %s %s IS '", on, name);
	for (; *text != '\0'; text++)
		printf(*text == '\'' ? "''" : "%c", *text);
	puts("';");
}
