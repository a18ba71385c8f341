/* Examples for the document: for each type of field a value that fits. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "conf.h"
#include "openapi.h"

#define ID "0190f3a2-4b7c-7d10-9a55-2f1c3c8e0001"

/* Where the type alone does not tell: what the server asks of a field, or of
 * several together. */
static const struct {
	const char *entity, *field, *json;
} fitting[] = {
	{ "action", "code", "\"bangfu-2026\"" },
	{ "action", "doc_issuers", "[]" },
	{ "action", "doc_parents", "[]" },
	{ "action", "lead_orgs", "[]" },
	{ "action", "scope_fund_types", "[]" },
	{ "action", "status", "\"draft\"" },
	{ "asset_operation_year", "distribution", "[]" },
	{ "classification_case", "consultations", "[]" },
	{ "county_year_fact", "division_code", "\"430981000000\"" },
	{ "division", "kind", "\"cunwei\"" },
	{ "division", "code", "\"430981107801\"" },
	{ "division", "level", "5" },
	{ "division", "parent_code", "\"430981107000\"" },
	{ "division", "successor_code", "null" },
	{ "division", "valid_to", "null" },
	{ "filing_review", "division_code", "\"430981000000\"" },
	{ "form_question", "choices", "[]" },
	{ "form_question", "responsible_lines", "[]" },
	{ "form_question", "sum_of", "[]" },
	{ "form_template", "header_fields", "[]" },
	{ "form_template", "sections", "[]" },
	{ "form_template", "sign_blocks", "[]" },
	{ "fund_allocation", "division_code", "\"430981000000\"" },
	{ "fund_progress_snapshot", "division_code", "\"430981000000\"" },
	{ "org_unit", "code", "\"xczxb\"" },
	{ "org_unit", "kind", "\"sector_dept\"" },
	{ "org_unit", "level", "4" },
	{ "org_unit", "parent_org_id", "null" },
	{ "report_def", "blocks", "[]" },
	{ "report_def", "figures", "[]" },
	{ "report_def", "units", "[]" },
	{ "risk_assessment", "flag_notes", "[]" },
	{ "village_year_fact", "division_code", "\"430981001201\"" },
	{ "webhook", "entities", "[\"issue\"]" },
	{ "webhook", "url", "\"https://hook.example.cn/changes\"" },
};

static json_t *fits(const struct entity *, const struct field *);
static json_t *text_example(const struct field *);
static json_t *number_example(const struct field *);
static json_t *code_example(const struct field *);

json_t *
openapi_example(const struct field *f)
{
	json_t *code;

	switch (f->type) {
	case T_TEXT:
		return text_example(f);
	case T_INT:
	case T_MONEY:
	case T_RATIO:
		return number_example(f);
	case T_DATE:
		return json_string("2026-03-15");
	case T_TIME:
		return json_string("2026-03-15T08:30:00Z");
	case T_BOOL:
		return json_true();
	case T_CODE:
		return code_example(f);
	case T_CODES:
		code = code_example(f);
		return code != NULL ? json_pack("[o]", code) : NULL;
	case T_REF:
		return json_string(ID);
	case T_DIVISION:
		return json_string("430981001000");
	case T_DECIMAL:
		return json_string("12.5");
	case T_JSON:
		return json_object();
	}
	return NULL;
}

json_t *
openapi_example_of(const struct entity *e, bool writable)
{
	json_t *o = json_object();

	for (size_t i = 0; i < field_total(e); i++) {
		const struct field *f = field_at(e, (int)i);
		json_t *v;

		if (writable && (f->flags & (F_SERVER | F_COMMAND)))
			continue;
		if (e->state != NULL && strcmp(f->name, e->state) == 0 &&
		    e->initial != NULL)
			v = json_string(e->initial);
		else if ((v = fits(e, f)) == NULL)
			v = openapi_example(f);
		if (v != NULL)
			SET(o, f->name, v);
	}
	return o;
}

static json_t *
fits(const struct entity *e, const struct field *f)
{
	for (size_t i = 0; i < COUNT(fitting); i++)
		if (strcmp(fitting[i].entity, e->name) == 0 &&
		    strcmp(fitting[i].field, f->name) == 0)
			return json_loads(fitting[i].json, JSON_DECODE_ANY,
			    NULL);
	return NULL;
}

/* The label, unless the field wants a text of a kind. */
static json_t *
text_example(const struct field *f)
{
	static const char *const kinds[] = { "13800000000", "2026-03",
		"2026-03-15", "91430900MA4L0000X0", "91430900000000000X",
		"430981001000", "430900000000000000", "H2.1" };
	const char *zh, *en;
	size_t n = utf8_len(f->label);

	if ((f->max == 0 || (long)n <= f->max) && (long)n >= f->min &&
	    (f->check == NULL || f->check(f->label, &zh, &en)))
		return json_string(f->label);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		long len = (long)strlen(kinds[i]);

		if ((f->max == 0 || len <= f->max) && len >= f->min &&
		    (f->check == NULL || f->check(kinds[i], &zh, &en)))
			return json_string(kinds[i]);
	}
	if (f->check == NULL && f->max > 0 && f->max < 12)
		return json_stringn("123456789012", (size_t)f->max);
	return NULL;
}

static json_t *
number_example(const struct field *f)
{
	json_int_t n = f->type == T_MONEY ? 12500000 :
	    f->type == T_RATIO ? 2500 : 1;

	if (f->max != 0 && n > f->max)
		n = f->max;
	if ((f->min != 0 || f->max != 0) && n < f->min)
		n = f->min;
	return json_integer(n);
}

/* The first of its set, as the database has it. */
static json_t *
code_example(const struct field *f)
{
	const struct code *items;

	if (conf_seq() == 0 || f->of == NULL ||
	    codes_items(conf_codes(), f->of, &items) == 0)
		return NULL;
	return json_string(items[0].code);
}
