/* See form.h: the template is data of a county, so every key is checked. */
#include "form.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

#define COLUMNS_MOST 200
#define ROW_MOST 1000

static bool read_boxes(struct form *, struct arena *, const json_t *,
    const char **);
static bool read_columns(struct form *, struct arena *, const json_t *,
    const char **);
static bool read_column(struct form_column *, const json_t *);
static bool read_role(struct form_column *, const char *);
static bool sheet_name_ok(const char *);
static bool column_parse(const char **, unsigned *);
static bool row_parse(const char **, unsigned *);

bool
form_read(struct form *f, struct arena *a, const json_t *t, char *why,
    size_t why_size)
{
	const char *key = NULL;
	const json_t *rows = json_object_get(t, "header_rows");
	struct range annex = { 0 };

	memset(f, 0, sizeof(*f));
	f->sheet = json_text(t, "sheet");
	f->name = json_text(t, "name");
	f->title = json_text(t, "title");
	f->title_blank = json_text(t, "title_blank");
	f->footnote = json_text(t, "footnote");
	f->annex = json_text(json_object_get(t, "annex"), "text");
	f->instructions = json_object_get(t, "instructions");
	f->lists = json_object_get(t, "lists");
	f->derive = json_object_get(t, "derive");
	f->header_first = (unsigned)json_integer_value(
	    json_array_get(rows, 0));
	f->header_last = (unsigned)json_integer_value(
	    json_array_get(rows, json_array_size(rows) - 1));
	f->first_row = (unsigned)json_integer_value(
	    json_object_get(t, "first_row"));
	if (!sheet_name_ok(f->sheet))
		key = "sheet";
	else if (*f->title == '\0' ||
	    !form_range(json_text(t, "title_range"), &f->title_range))
		key = "title_range";
	else if (*f->annex != '\0' && !form_range(json_text(
		     json_object_get(t, "annex"), "cell"), &annex))
		key = "annex";
	else if (f->header_first <= f->title_range.row2 ||
	    f->header_last < f->header_first ||
	    f->header_last > f->header_first + 1)
		key = "header_rows";
	else if (f->first_row != f->header_last + 1 ||
	    f->first_row > ROW_MOST)
		key = "first_row";
	f->annex_row = annex.row1;
	f->annex_col = annex.col1;
	if (key == NULL && read_boxes(f, a, t, &key) &&
	    read_columns(f, a, t, &key))
		return true;
	snprintf(why, why_size, "template %s: %s", json_text(t, "code"), key);
	return false;
}

const char *
form_label(const struct form *f, struct arena *a, const char *name)
{
	if (*name == '\0')
		return "";
	name = form_source(f, name);
	for (size_t i = 0; i < f->ncolumns; i++) {
		const struct form_column *c = &f->column[i];

		if (strcmp(c->name, name) == 0)
			return *c->group == '\0' ? c->label :
			    arena_printf(a, "%s·%s", c->group, c->label);
	}
	for (size_t i = 0; i < f->nhidden; i++)
		if (strcmp(f->hidden[i].name, name) == 0)
			return f->hidden[i].label;
	for (size_t i = 0; i < f->nboxes; i++)
		if (strcmp(f->box[i].name, name) == 0) {
			char *s = arena_strdup(a, f->box[i].label);
			size_t n = strlen(s);

			if (n > 3 && strcmp(s + n - 3, "：") == 0)
				s[n - 3] = '\0';
			return s;
		}
	if (strncmp(name, "extra.", 6) == 0)
		return name + 6;
	return (unsigned char)*name >= 0x80 ? name : "";
}

const char *
form_source(const struct form *f, const char *name)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(f->derive, i, rule)
		if (strcmp(json_text(rule, "name"), name) == 0)
			return json_text(rule, "from");
	return name;
}

bool
form_range(const char *s, struct range *r)
{
	if (!column_parse(&s, &r->col1) || !row_parse(&s, &r->row1))
		return false;
	r->col2 = r->col1;
	r->row2 = r->row1;
	if (*s == ':') {
		s++;
		if (!column_parse(&s, &r->col2) || !row_parse(&s, &r->row2))
			return false;
	}
	return *s == '\0' && r->col2 >= r->col1 && r->row2 >= r->row1;
}

const char *
json_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? s : "";
}

static bool
read_boxes(struct form *f, struct arena *a, const json_t *t, const char **key)
{
	const json_t *boxes = json_object_get(t, "header_block");

	*key = "header_block";
	f->nboxes = json_array_size(boxes);
	if (f->nboxes > COLUMNS_MOST)
		return false;
	f->box = arena_array(a, f->nboxes + 1, sizeof(*f->box));
	for (size_t i = 0; i < f->nboxes; i++) {
		const json_t *b = json_array_get(boxes, i);

		f->box[i].label = json_text(b, "label");
		f->box[i].name = json_text(b, "name");
		if (!form_range(json_text(b, "range"), &f->box[i].range) ||
		    f->box[i].range.row2 >= f->header_first)
			return false;
	}
	return true;
}

static bool
read_columns(struct form *f, struct arena *a, const json_t *t,
    const char **key)
{
	const json_t *columns = json_object_get(t, "columns");
	const json_t *hidden = json_object_get(t, "hidden");

	*key = "columns";
	f->ncolumns = json_array_size(columns);
	f->nhidden = json_array_size(hidden);
	if (f->ncolumns == 0 || f->ncolumns + f->nhidden > COLUMNS_MOST)
		return false;
	f->column = arena_array(a, f->ncolumns, sizeof(*f->column));
	f->hidden = arena_array(a, f->nhidden + 1, sizeof(*f->hidden));
	for (size_t i = 0; i < f->ncolumns; i++) {
		if (!read_column(&f->column[i], json_array_get(columns, i)) ||
		    f->column[i].role == ROLE_TOKEN ||
		    f->column[i].col <= f->last_printed)
			return false;
		f->last_printed = f->column[i].col;
	}
	*key = "hidden";
	f->last_hidden = f->last_printed;
	for (size_t i = 0; i < f->nhidden; i++) {
		if (!read_column(&f->hidden[i], json_array_get(hidden, i)) ||
		    f->hidden[i].col <= f->last_hidden)
			return false;
		f->last_hidden = f->hidden[i].col;
	}
	return true;
}

static bool
read_column(struct form_column *c, const json_t *j)
{
	const char *letters = json_text(j, "col"), *kind = json_text(j, "kind");
	const char *list = json_text(j, "list");
	bool found = true;

	c->label = json_text(j, "label");
	c->group = json_text(j, "group_label");
	c->name = json_text(j, "name");
	c->prompt = json_text(j, "prompt");
	c->kind = *kind != '\0' ? kind_find(kind, &found) : K_TEXT;
	c->centered = strcmp(json_text(j, "align"), "center") == 0;
	c->width = json_number_value(json_object_get(j, "width"));
	c->max = (size_t)json_integer_value(json_object_get(j, "max"));
	c->list = *list == '\0' ? LIST_NONE :
	    strcmp(list, "open") == 0 ? LIST_OPEN : LIST_CLOSED;
	if (!(c->width > 0 && c->width < 256))
		c->width = 10;
	return found && column_parse(&letters, &c->col) && *letters == '\0' &&
	    *c->label != '\0' && read_role(c, json_text(j, "role"));
}

static bool
read_role(struct form_column *c, const char *role)
{
	static const struct {
		const char *name;
		enum role role;
	} roles[] = {
		{ "", ROLE_INPUT },
		{ "seq", ROLE_SEQ },
		{ "state", ROLE_STATE },
		{ "readonly", ROLE_READONLY },
		{ "token", ROLE_TOKEN },
	};

	for (size_t i = 0; i < COUNT(roles); i++)
		if (strcmp(roles[i].name, role) == 0) {
			c->role = roles[i].role;
			return *c->name != '\0' || c->role == ROLE_SEQ ||
			    c->role == ROLE_TOKEN;
		}
	return false;
}

/* Short and plain: it goes into formulas and names, where longer ones
 * overflow buffers of the library. */
static bool
sheet_name_ok(const char *s)
{
	return utf8_ok(s, strlen(s)) && text_printable(s) && *s != '\0' &&
	    *s != '_' && utf8_len(s) <= 20 && strpbrk(s, "[]:*?/\\' !\"") == NULL;
}

static bool
column_parse(const char **s, unsigned *col)
{
	unsigned c = 0;

	for (; **s >= 'A' && **s <= 'Z' && c < 1000; (*s)++)
		c = c * 26 + (unsigned)(**s - 'A' + 1);
	*col = c;
	return c >= 1 && c <= 16384;
}

static bool
row_parse(const char **s, unsigned *row)
{
	unsigned r = 0;

	for (; **s >= '0' && **s <= '9' && r < 1000000; (*s)++)
		r = r * 10 + (unsigned)(**s - '0');
	*row = r;
	return r >= 1 && r <= 1048576;
}
