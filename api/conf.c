/* The worker's snapshot of actions and code sets. */
#include "conf.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "conf_roles.h"
#include "scope.h"

#define KEEP_S 120 /* longer than any request lives */
#define OLD_MAX 8

struct snapshot {
	struct arena arena;
	long seq;
	char epoch[40];
	struct codes *codes;
	struct action_facts *action;
	size_t nactions;
	const char **derived; /* entities, beside their rules */
	struct derive **derive;
	size_t nderived;
	struct roles roles;
	struct form_classes forms, categories;
	time_t replaced;
};

static struct snapshot *now, *old[OLD_MAX];

static const struct stmt conf_question = { "conf_question",
	"SELECT 1 FROM server_state WHERE conf_seq <> $1::bigint" };
static const struct stmt conf_state = { "conf_state",
	"SELECT conf_seq, epoch FROM server_state" };
static const struct stmt conf_items = { "conf_items",
	"SELECT set_code, code, label FROM code_item"
	" ORDER BY set_code, sort, code" };
static const struct stmt conf_actions_sql = { "conf_actions",
	"SELECT id, code, name, coalesce(short_name, name), division_code,"
	" year, start_on, coalesce(end_on::text, ''), status, lead_orgs"
	" FROM action ORDER BY code" };
static const struct stmt conf_phases = { "conf_phases",
	"SELECT action_id, seq, kind, name, start_on,"
	" coalesce(end_on::text, '') FROM action_phase"
	" ORDER BY action_id, seq" };
static const struct stmt conf_params = { "conf_params",
	"SELECT action_id, key, value FROM action_param"
	" ORDER BY action_id, key" };
static const struct stmt conf_overrides = { "conf_overrides",
	"SELECT action_id, set_code, code, label FROM code_override"
	" ORDER BY action_id, set_code, sort, code" };
/* The newest version of each entity's template decides. */
static const struct stmt conf_templates = { "conf_templates",
	"SELECT DISTINCT ON (entity) entity, spec->'derive'"
	" FROM sheet_template"
	" WHERE spec->'derive' IS NOT NULL ORDER BY entity, code, version DESC" };
static const struct stmt conf_roles_sql = { "conf_roles",
	"SELECT code, label, level, clearance, needs_line, second_factor,"
	" status = 'active', own, pii_profile, part, to_json(plays),"
	" by_category"
	" FROM role ORDER BY sort, code" };
static const struct stmt conf_rights = { "conf_rights",
	"SELECT role, entity_group, to_json(verbs), to_json(most)"
	" FROM role_right ORDER BY role, entity_group" };
static const struct stmt *const conf_all[] = { &conf_state, &conf_items,
	&conf_actions_sql, &conf_phases, &conf_params, &conf_overrides,
	&conf_templates, &conf_roles_sql, &conf_rights, &conf_forms_sql,
	&conf_categories_sql, &conf_question };
#define READS (COUNT(conf_all) - 1) /* the question is not one of them */

static void take_action(struct snapshot *, const struct batch *, int at);
static void take_derive(struct snapshot *, const struct rows *);
static void take_parts(struct snapshot *, struct action_facts *,
    const struct rows *phases, const struct rows *params);
static void retire(struct snapshot *);
static const char *copy(struct snapshot *, const struct rows *, int, int);

void
conf_init(void)
{
	db_register(conf_all, COUNT(conf_all));
}

long
conf_seq(void)
{
	return now != NULL ? now->seq : 0;
}

unsigned
conf_ask(struct batch *b)
{
	return batch_addv(b, &conf_question, 1,
	    arena_printf(b->arena, "%ld", conf_seq()));
}

bool
conf_changed(const struct batch *b, unsigned index)
{
	return rows_n(batch_rows(b, index)) > 0;
}

void
conf_plan(struct batch *b)
{
	for (size_t i = 0; i < READS; i++)
		batch_add(b, conf_all[i], 0, NULL);
}

/* The first statement's sequence counts: a change that commits between two
 * of them is read again with the next request. */
void
conf_take(const struct batch *b)
{
	const struct rows *state = batch_rows(b, 0);
	const struct rows *items = batch_rows(b, 1);
	struct snapshot *s;

	if (rows_n(state) == 0)
		return;
	s = calloc(1, sizeof *s);
	REQUIRE(s != NULL);
	arena_init(&s->arena, 0);
	s->seq = rows_long(state, 0, 0);
	snprintf(s->epoch, sizeof s->epoch, "%s", rows_text(state, 0, 1));
	s->codes = codes_new(&s->arena, NULL);
	for (int i = 0; i < rows_n(items); i++)
		codes_add(s->codes, rows_text(items, i, 0),
		    rows_text(items, i, 1), rows_text(items, i, 2));
	s->nactions = (size_t)rows_n(batch_rows(b, 2));
	s->action = arena_array(&s->arena, s->nactions + 1,
	    sizeof *s->action);
	for (size_t i = 0; i < s->nactions; i++)
		take_action(s, b, (int)i);
	take_derive(s, batch_rows(b, 6));
	roles_take(&s->arena, &s->roles, batch_rows(b, 7), batch_rows(b, 8));
	s->forms = conf_forms_take(&s->arena, batch_rows(b, 9));
	s->categories = conf_categories_take(&s->arena, batch_rows(b, 10));
	retire(now);
	now = s;
}

const struct action_facts *
conf_action(const char *key)
{
	for (size_t i = 0; i < conf_actions(); i++) {
		const struct action_facts *a = &now->action[i];

		if (key != NULL && (strcmp(a->id, key) == 0 ||
		    strcmp(a->code, key) == 0))
			return a;
	}
	return NULL;
}

const struct action_facts *
conf_action_of(int64_t division)
{
	const struct action_facts *only = NULL;

	for (size_t i = 0; i < conf_actions(); i++) {
		const struct action_facts *a = conf_action_at(i);

		if (strcmp(a->status, "active") != 0 ||
		    division > division_last(a->division) ||
		    division_last(division) < a->division)
			continue;
		if (only != NULL)
			return NULL;
		only = a;
	}
	return only;
}

size_t
conf_actions(void)
{
	return now != NULL ? now->nactions : 0;
}

const struct action_facts *
conf_action_at(size_t i)
{
	return i < conf_actions() ? &now->action[i] : NULL;
}

const struct codes *
conf_codes(void)
{
	return now != NULL ? now->codes : NULL;
}

const char *
conf_epoch(void)
{
	return now != NULL ? now->epoch : "";
}

const struct roles *
conf_roles(void)
{
	static const struct roles none;

	return now != NULL ? &now->roles : &none;
}

const struct derive *
conf_derive(const char *entity)
{
	for (size_t i = 0; now != NULL && i < now->nderived; i++)
		if (strcmp(now->derived[i], entity) == 0)
			return now->derive[i];
	return NULL;
}

struct form_classes
conf_answers(const char *form)
{
	return now != NULL ? conf_form(&now->forms, form)
			   : (struct form_classes) { NULL, 0 };
}

struct form_classes
conf_categories(const char *form)
{
	return now != NULL ? conf_form(&now->categories, form)
			   : (struct form_classes) { NULL, 0 };
}

static void
take_action(struct snapshot *s, const struct batch *b, int at)
{
	const struct rows *r = batch_rows(b, 2);
	const struct rows *over = batch_rows(b, 5);
	struct action_facts *a = &s->action[at];
	struct codes *codes = codes_new(&s->arena, s->codes);

	a->id = copy(s, r, at, 0);
	a->code = copy(s, r, at, 1);
	a->name = copy(s, r, at, 2);
	a->short_name = copy(s, r, at, 3);
	a->division = strtoll(rows_text(r, at, 4), NULL, 10);
	a->year = (int)rows_long(r, at, 5);
	a->start_on = copy(s, r, at, 6);
	a->end_on = copy(s, r, at, 7);
	a->status = copy(s, r, at, 8);
	a->lead_orgs = copy(s, r, at, 9);
	for (int i = 0; i < rows_n(over); i++)
		if (strcmp(rows_text(over, i, 0), a->id) == 0)
			codes_add(codes, rows_text(over, i, 1),
			    rows_text(over, i, 2), rows_text(over, i, 3));
	a->codes = codes;
	take_parts(s, a, batch_rows(b, 3), batch_rows(b, 4));
}

static void
take_derive(struct snapshot *s, const struct rows *r)
{
	size_t n = (size_t)rows_n(r);

	s->derived = arena_array(&s->arena, n + 1, sizeof *s->derived);
	s->derive = arena_array(&s->arena, n + 1, sizeof *s->derive);
	for (int i = 0; i < rows_n(r); i++) {
		const struct entity *e = entity_find(rows_text(r, i, 0));
		json_t *list = json_loads(rows_text(r, i, 1), 0, NULL);
		struct derive *d = NULL;
		const char *why;

		if (e != NULL && list != NULL)
			d = derive_load(&s->arena, e, list, &why);
		json_decref(list);
		if (d == NULL)
			continue;
		s->derived[s->nderived] = e->name;
		s->derive[s->nderived++] = d;
	}
}

static void
take_parts(struct snapshot *s, struct action_facts *a,
    const struct rows *phases, const struct rows *params)
{
	struct action_phase *phase = arena_array(&s->arena,
	    (size_t)rows_n(phases) + 1, sizeof *phase);
	const char **param = arena_array(&s->arena,
	    2 * (size_t)rows_n(params) + 1, sizeof *param);

	for (int i = 0; i < rows_n(phases); i++)
		if (strcmp(rows_text(phases, i, 0), a->id) == 0)
			phase[a->nphases++] = (struct action_phase) {
				(int)rows_long(phases, i, 1),
				copy(s, phases, i, 2), copy(s, phases, i, 3),
				copy(s, phases, i, 4), copy(s, phases, i, 5)
			};
	for (int i = 0; i < rows_n(params); i++) {
		if (strcmp(rows_text(params, i, 0), a->id) != 0)
			continue;
		param[2 * a->nparams] = copy(s, params, i, 1);
		param[2 * a->nparams + 1] = copy(s, params, i, 2);
		a->nparams++;
	}
	a->phase = phase;
	a->param = param;
}

/* Requests under way may still hold pointers into it. */
static void
retire(struct snapshot *s)
{
	time_t t = time(NULL);
	size_t oldest = 0;

	if (s == NULL)
		return;
	s->replaced = t;
	for (size_t i = 0; i < OLD_MAX; i++) {
		if (old[i] != NULL && t - old[i]->replaced > KEEP_S) {
			arena_free(&old[i]->arena);
			free(old[i]);
			old[i] = NULL;
		}
	}
	for (size_t i = 0; i < OLD_MAX; i++) {
		if (old[i] == NULL) {
			old[i] = s;
			return;
		}
		if (old[i]->replaced < old[oldest]->replaced)
			oldest = i;
	}
	/* Eight changes within two minutes: the oldest is left to leak rather
	 * than to dangle. */
	old[oldest] = s;
}

static const char *
copy(struct snapshot *s, const struct rows *r, int row, int col)
{
	const char *text = rows_text(r, row, col);

	return arena_strdup(&s->arena, text != NULL ? text : "");
}
