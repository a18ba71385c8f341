/* Rows → JSON: fields as they are masked, labels, what the caller may do next. */
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "entity.h"
#include "move.h"
#include "rules.h"
#include "value_list.h"

/* What of a row's text does not depend on the row, made once. */
struct plan {
	const struct entity *entity;
	size_t n;
	struct column { /* and one behind the last, whose key is "" */
		const struct field *field;
		const char *key; /* ,"name":null and then the next one's */
		size_t len;	 /* without null */
		bool open;	 /* to everybody, and nobody notes it */
	} *column;
	size_t *coded; /* columns that have labels */
	size_t ncoded;
};

/* What a rule always says in the same words, as JSON: one row of a list in two
 * says it. Known by where its texts stand. */
#define SAID_MAX 512
#define SAID_PROBES 8
struct said {
	struct finding of;
	const char *text[2]; /* zh, en */
	size_t len[2];
};

static const struct plan *plan_of(const struct entity *);
static void plan_make(struct plan *, const struct entity *);
static void render_labels(struct request *, struct buf *,
    const struct plan *, const struct codes *, const char *const *row,
    const struct selection *);
static void render_faults(struct request *, struct buf *,
    const struct entity *, const struct action_facts *,
    const struct codes *, const char *const *row);
static void finding_json(struct buf *, const struct finding *, bool english);
static const struct said *said_of(const struct finding *);
static bool shown(const struct selection *, size_t);

bool
render_fields(struct request *r, const struct entity *e, struct selection *s)
{
	const char *list = request_param(r, "fields");

	s->field = NULL;
	s->extras = true;
	if (list == NULL || *list == '\0')
		return true;
	s->field = arena_array(&r->arena, field_total(e), sizeof(bool));
	s->extras = false;
	while (*list != '\0') {
		size_t n = strcspn(list, ",");
		const char *name = arena_strndup(&r->arena, list, n);
		int i = field_index(e, name);

		if (i < 0) {
			fault(r, "?fields", "DQ-02", "unknown_field",
			    "没有这个字段",
			    arena_printf(&r->arena, "no field %s", name));
			return false;
		}
		s->field[i] = true;
		list += n + (list[n] == ',');
	}
	return true;
}

void
render_row(struct request *r, struct buf *b, const struct entity *e,
    const char *const *row, const struct selection *s)
{
	const struct plan *p = plan_of(e);
	size_t comma = 1; /* the first key goes without */

	buf_char(b, '{');
	for (size_t i = 0; i < p->n; i++) {
		const struct column *c = &p->column[i], *end = c;

		/* Most of a row is null: as many at once as there are. */
		for (; i < p->n && row[i] == NULL && shown(s, i); i++)
			end++;
		if (end > c) {
			buf_add(b, c->key + comma,
			    (size_t)(end->key - c->key) - comma);
			comma = 0;
			c = end;
		}
		if (i == p->n || !shown(s, i))
			continue;
		buf_add(b, c->key + comma, c->len - comma);
		comma = 0;
		if (c->open)
			value_to_json(b, c->field, row[i], MASK_NONE);
		else
			field_json(r, b, e, c->field, row, row[i]);
	}
	if (s->extras && e->business) {
		const struct action_facts *action = row_action(e, row);
		const struct codes *codes = action != NULL ? action->codes
							   : conf_codes();

		render_labels(r, b, p, codes, row, s);
		buf_str(b, ",\"may\":[");
		move_may(r, e, row, b);
		buf_char(b, ']');
		render_faults(r, b, e, action, codes, row);
	}
	buf_char(b, '}');
}

bool
fields_ok(struct request *r, const struct entity *e)
{
	struct selection s;

	if (render_fields(r, e, &s))
		return true;
	fail(r, E_INPUT, "invalid", "参数 fields 有误",
	    "The parameter fields names an unknown field.");
	return false;
}

enum next
reply_row(struct request *r, const struct entity *e, const char *const *row,
    unsigned status)
{
	const char *rev = row_get(e, row, "rev");
	struct selection s;

	if (!fields_ok(r, e))
		return NEXT_FAIL;
	render_fields(r, e, &s);
	buf_reset(&r->reply);
	render_row(r, &r->reply, e, row, &s);
	if (rev != NULL)
		reply_etag(r, strtol(rev, NULL, 10));
	return reply(r, status);
}

static const struct plan *
plan_of(const struct entity *e)
{
	static struct plan plans[ENTITIES_MAX];
	struct plan *p = &plans[entity_number(e)];

	if (p->entity == NULL)
		plan_make(p, e);
	return p;
}

static void
plan_make(struct plan *p, const struct entity *e)
{
	static struct arena forever;
	struct buf keys;
	const char *key;

	p->entity = e;
	p->n = field_total(e);
	p->column = arena_array(&forever, p->n + 1, sizeof *p->column);
	p->coded = arena_array(&forever, p->n, sizeof *p->coded);
	buf_init(&keys, REPLY_MAX);
	for (size_t i = 0; i < p->n; i++)
		buf_printf(&keys, ",\"%s\":null", field_at(e, (int)i)->name);
	key = arena_strndup(&forever, keys.data, keys.len);
	p->column[p->n].key = key + keys.len;
	buf_free(&keys);
	for (size_t i = 0; i < p->n; i++) {
		struct column *c = &p->column[i];

		c->field = field_at(e, (int)i);
		c->key = key;
		c->len = strlen(c->field->name) + 4;
		key += c->len + 4;
		c->open = field_pii(c->field) == PII_NONE &&
		    c->field->clearance == 0 && !field_sensitive(c->field);
		if (c->field->type == T_CODE || c->field->type == T_CODES)
			p->coded[p->ncoded++] = i;
	}
}

static void
render_labels(struct request *r, struct buf *b, const struct plan *p,
    const struct codes *codes, const char *const *row,
    const struct selection *s)
{
	size_t comma = 1;

	buf_str(b, ",\"labels\":{");
	for (size_t i = 0; i < p->ncoded; i++) {
		const struct column *c = &p->column[p->coded[i]];
		const char *code = row[p->coded[i]];

		if (code == NULL || !shown(s, p->coded[i]) || (!c->open &&
		    mask_field(&r->who, p->entity, c->field, row) != MASK_NONE))
			continue;
		buf_add(b, c->key + comma, c->len - comma);
		comma = 0;
		buf_json(b, c->field->type == T_CODES
		    ? codes_to_cell(&r->arena, c->field, codes, code)
		    : codes_label(codes, c->field->of, code));
	}
	buf_char(b, '}');
}

static void
render_faults(struct request *r, struct buf *b, const struct entity *e,
    const struct action_facts *action, const struct codes *codes,
    const char *const *row)
{
	bool english = strcmp(r->lang, "en") == 0;
	struct findings found = { NULL, 0, 0 };

	if (strcmp(e->name, "issue") == 0)
		rules_issue(&r->arena, e, codes, action, row, &found);
	buf_str(b, ",\"faults\":[");
	for (size_t i = 0; i < found.n; i++) {
		const struct finding *f = &found.at[i];
		const struct said *s = f->made ? NULL : said_of(f);

		if (i > 0)
			buf_char(b, ',');
		if (s != NULL)
			buf_add(b, s->text[english], s->len[english]);
		else
			finding_json(b, f, english);
	}
	buf_char(b, ']');
}

static void
finding_json(struct buf *b, const struct finding *f, bool english)
{
	buf_str(b, "{\"pointer\":\"/");
	buf_str(b, f->name);
	buf_str(b, "\",\"rule\":");
	buf_json(b, f->rule);
	buf_str(b, ",\"code\":");
	buf_json(b, f->code);
	buf_str(b, ",\"level\":");
	buf_json(b, f->level);
	buf_str(b, ",\"message\":");
	buf_json(b, english ? f->en : f->zh);
	buf_char(b, '}');
}

/* Its text, made at its first use; NULL when there is no place for more. */
static const struct said *
said_of(const struct finding *f)
{
	static struct said all[SAID_MAX];
	static struct arena forever;
	size_t at = (uintptr_t)f->zh / 8 % SAID_MAX;
	struct said *s = NULL;
	struct buf b;

	for (size_t i = 0; i < SAID_PROBES; i++) {
		s = &all[(at + i) % SAID_MAX];
		if (s->of.zh == NULL)
			break;
		if (s->of.zh == f->zh && s->of.name == f->name &&
		    s->of.code == f->code && s->of.rule == f->rule &&
		    s->of.level == f->level && s->of.en == f->en)
			return s;
	}
	if (s->of.zh != NULL)
		return NULL;
	s->of = *f;
	for (int english = 0; english < 2; english++) {
		buf_init(&b, REPLY_MAX);
		finding_json(&b, f, english);
		s->text[english] = arena_strndup(&forever, b.data, b.len);
		s->len[english] = b.len;
		buf_free(&b);
	}
	return s;
}

static bool
shown(const struct selection *s, size_t i)
{
	return s->field == NULL || s->field[i];
}
