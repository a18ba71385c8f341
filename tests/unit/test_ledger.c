/* Templates of ledgers: what the model does not know is refused with its
 * path; what a row shows and what a cell says go through one place. */
#include "check.h"

#include <stdlib.h>

#include "ledger.h"
#include "model/chapters.h"

/* A stand-in: the commands themselves would bring the whole server along. */
#define NONE                   \
	{                      \
		.name = "none" \
	}
const struct move issue_moves[] = { { .name = "accept" }, NONE, NONE, NONE,
	NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
	NONE };
const size_t nissue_moves = sizeof(issue_moves) / sizeof(issue_moves[0]);

static const char template[] =
    "{\"code\":\"T1\",\"version\":2,\"entity\":\"issue\",\"sheet\":\"s\","
    "\"name\":\"n\",\"title\":\"t\",\"file_name\":\"{unit}.xlsx\","
    "\"header_block\":[{\"range\":\"A3:B3\",\"label\":\"填表人：\","
    "\"name\":\"filler_name\",\"kind\":\"text\"}],"
    "\"columns\":["
    "{\"col\":\"A\",\"label\":\"序号\",\"role\":\"seq\"},"
    "{\"col\":\"B\",\"label\":\"问题类别\",\"name\":\"category\","
    "\"kind\":\"code\",\"set\":\"issue_category\",\"list\":\"closed\"},"
    "{\"col\":\"C\",\"label\":\"描述\",\"name\":\"description\"},"
    "{\"col\":\"D\",\"group_label\":\"领导\",\"label\":\"电话\","
    "\"name\":\"leader_phone\",\"kind\":\"phone\",\"group\":1},"
    "{\"col\":\"E\",\"label\":\"面积\",\"name\":\"extra.面积\","
    "\"kind\":\"int\"},"
    "{\"col\":\"F\",\"label\":\"是否验收\",\"name\":\"accepted\","
    "\"kind\":\"bool\",\"role\":\"state\",\"command\":\"accept\"}],"
    "\"hidden\":[{\"col\":\"G\",\"label\":\"编号\",\"role\":\"token\"},"
    "{\"col\":\"H\",\"label\":\"项目\",\"name\":\"project_uid\","
    "\"role\":\"readonly\"}],"
    "\"natural_key\":[{\"name\":\"category\"},"
    "{\"name\":\"description\",\"chars\":4}],\"spare_rows\":5,"
    "\"lists\":{\"category\":[\"老标签\"],\"accepted\":[\"是\",\"否\"]},"
    "\"derive\":[{\"from\":\"description\",\"name\":\"d_entity\","
    "\"kind\":\"after\",\"labels\":[\"主体：\"],\"until\":\"；\"}]}";

struct faults {
	size_t n;
	char pointer[20][80], code[20][40];
};

static void
note(void *arg, const char *pointer, const char *code, const char *zh,
    const char *en)
{
	struct faults *f = arg;

	assert_true(*zh != '\0' && *en != '\0' && f->n < 20);
	snprintf(f->pointer[f->n], sizeof(f->pointer[0]), "%s", pointer);
	snprintf(f->code[f->n++], sizeof(f->code[0]), "%s", code);
}

static json_t *
spec_with(const char *from, const char *to)
{
	char text[4096];
	const char *at = strstr(template, from);
	json_t *spec;

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - template), template,
	    to, at + strlen(from));
	spec = json_loads(text, 0, NULL);
	assert_non_null(spec);
	return spec;
}

static void
test_parse(void **state)
{
	struct arena a;
	struct ledger l;
	struct faults f = { 0 };
	json_t *spec = spec_with("T1", "T1");
	int at;

	(void)state;
	arena_init(&a, 0);
	assert_true(ledger_parse(&a, spec, &l, note, &f));
	assert_int_equal(l.ncolumns, 6); /* 序号 and the token have no name */
	assert_int_equal(l.version, 2);
	assert_int_equal(l.spare_rows, 5);
	at = ledger_column(&l, "leader_phone");
	assert_string_equal(l.column[at].label, "领导·电话");
	assert_int_equal(l.column[at].group, 1);
	at = ledger_column(&l, "accepted");
	assert_int_equal(l.column[at].role, COLUMN_STATE);
	assert_int_equal(ledger_column(&l, "nothing"), -1);
	/* A derived field is shown by the text it comes from. */
	assert_int_equal(
	    ledger_shows(&l, "d_entity"), ledger_column(&l, "description"));
	assert_int_equal(ledger_shows(&l, "cause"), -1);
	json_decref(spec);
	arena_free(&a);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *from, *to, *pointer, *code;
	} rows[] = {
		{ "\"category\",\"kind\"", "\"categorie\",\"kind\"",
		    "/columns/1/name", "unknown_field" },
		{ "\"description\"},{", "\"category\"},{", "/columns/2/name",
		    "duplicate" },
		{ "\"kind\":\"phone\"", "\"kind\":\"smell\"", "/columns/3/kind",
		    "unknown_kind" },
		{ "\"kind\":\"phone\"", "\"kind\":\"date\",\"x\":1",
		    "/columns/3/x", "unknown_key" },
		{ "\"command\":\"accept\"", "\"command\":\"explode\"",
		    "/columns/5/command", "unknown_command" },
		{ "\"role\":\"state\",", "", "/columns/5/role",
		    "not_writable" },
		{ "\"role\":\"readonly\"", "\"role\":\"magic\"",
		    "/hidden/1/role", "unknown_role" },
		{ "\"leader_phone\"", "\"accountability_ref\"",
		    "/columns/3/name", "clearance" },
		{ "\"set\":\"issue_category\"", "\"set\":\"issue_source\"",
		    "/columns/1/set", "wrong_set" },
		{ "\"entity\":\"issue\"", "\"entity\":\"division\"", "/entity",
		    "unknown_entity" },
		{ "\"version\":2", "\"version\":0", "/version", "malformed" },
		{ "\"code\":\"T1\"", "\"code\":\"t 1\"", "/code", "malformed" },
		{ "\"spare_rows\":5", "\"spare_rows\":1000000", "/spare_rows",
		    "out_of_range" },
		{ "{\"name\":\"category\"},", "{\"name\":\"goal\"},",
		    "/natural_key/0", "unknown_field" },
		{ "\"name\":\"d_entity\"", "\"name\":\"d_entities\"", "/derive",
		    "not_understood" },
		{ "\"sheet\":\"s\",", "", "/sheet", "required" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a;
		struct ledger l;
		struct faults f = { 0 };
		json_t *spec = spec_with(rows[i].from, rows[i].to);
		bool found = false;

		arena_init(&a, 0);
		if (ledger_parse(&a, spec, &l, note, &f)) {
			print_error("row %zu was accepted\n", i);
			fail();
		}
		for (size_t k = 0; k < f.n; k++)
			found |= strcmp(f.pointer[k], rows[i].pointer) == 0 &&
				 strcmp(f.code[k], rows[i].code) == 0;
		if (!found) {
			print_error("row %zu: first fault %s %s\n", i,
			    f.pointer[0], f.code[0]);
			fail();
		}
		json_decref(spec);
		arena_free(&a);
	}
}

static struct codes *
categories(struct arena *a)
{
	struct codes *c = codes_new(a, NULL);

	codes_add(c, "issue_category", "Y-1", "立项批复");
	codes_add(c, "issue_category", "Y-6", "其他");
	return c;
}

static void
test_cells(void **state)
{
	static const struct {
		const char *name, *typed, *sql, *shown;
		bool good;
	} rows[] = {
		{ "category", "其他", "Y-6", "其他", true },
		{ "category", "Y-6", "Y-6", "其他", true },
		{ "category", "胡写", NULL, NULL, false },
		{ "category", "", NULL, "", true },
		{ "extra.面积", "12", "12", "12", true },
		{ "extra.面积", "十二亩", NULL, NULL, false },
		{ "leader_phone", "13800000001", "13800000001", "13800000001",
		    true },
		{ "leader_phone", "电话", NULL, NULL, false },
		{ "description", "一\n二", "一\n二", "一\n二", true },
	};
	struct arena a;
	struct ledger l;
	struct faults f = { 0 };
	json_t *spec = spec_with("T1", "T1");
	struct codes *codes;

	(void)state;
	arena_init(&a, 0);
	codes = categories(&a);
	assert_true(ledger_parse(&a, spec, &l, note, &f));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ledger_column *c =
		    &l.column[ledger_column(&l, rows[i].name)];
		const char **row =
		    arena_array(&a, field_total(l.entity), sizeof(char *));
		const char *sql = NULL;
		struct reason why = { 0 };
		json_t *extra = json_object();

		assert_int_equal(
		    ledger_read(&a, c, codes, 2023, rows[i].typed, &sql, &why),
		    rows[i].good);
		if (!rows[i].good) {
			assert_true(why.code != NULL && why.zh != NULL);
			json_decref(extra);
			continue;
		}
		if (rows[i].sql == NULL)
			assert_null(sql);
		else
			CHECK_STR(i, sql, rows[i].sql);
		if (c->field != NULL)
			row[c->at] = sql;
		else if (sql != NULL)
			json_object_set_new(
			    extra, c->name + 6, json_string(sql));
		CHECK_STR(
		    i, ledger_show(&a, c, codes, row, extra), rows[i].shown);
		json_decref(extra);
	}
	json_decref(spec);
	arena_free(&a);
}

static void
test_key_and_lists(void **state)
{
	const char *cells[6] = { "其他", "柑橘园 滴灌设备闲置", "", "", "",
		"" };
	struct arena a;
	struct ledger l;
	struct faults f = { 0 };
	json_t *spec = spec_with("T1", "T1"), *out, *list;

	(void)state;
	arena_init(&a, 0);
	assert_true(ledger_parse(&a, spec, &l, note, &f));
	assert_string_equal(ledger_natural_key(&a, &l, cells), "其他|柑橘园滴");
	cells[0] = cells[1] = "";
	assert_string_equal(ledger_natural_key(&a, &l, cells), "");
	/* The lists are the action's, not those the template was posted with;
	 * the posted template stays as it is. */
	out = ledger_resolved(&l, categories(&a));
	list = json_object_get(json_object_get(out, "lists"), "category");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(
	    json_string_value(json_array_get(list, 0)), "立项批复");
	list = json_object_get(json_object_get(spec, "lists"), "category");
	assert_int_equal(json_array_size(list), 1);
	list = json_object_get(json_object_get(out, "lists"), "accepted");
	assert_int_equal(json_array_size(list), 2);
	json_decref(out);
	json_decref(spec);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_key_and_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
