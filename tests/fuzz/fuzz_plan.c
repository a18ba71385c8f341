/*
 * The planner on arbitrary rows: every row of the file is one thing, every
 * known row at most one row of the file, and delivering what was planned
 * comes to rest.
 */
#include <string.h>

#include "base/err.h"
#include "plan.h"

enum { COLS = 4, KNOWN = 20, FILES = 24, MORE = 120, ROUNDS = 8 };

struct bytes {
	const uint8_t *at, *end;
};

struct scene {
	struct arena arena;
	struct plan_options opt;
	struct known_row known[KNOWN + MORE];
	const char *base[KNOWN + MORE][COLS], *shadow[KNOWN + MORE][COLS];
	struct file_row file[FILES];
	const char *cell[FILES][COLS];
	size_t nknown, nfile;
};

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const VALUE[] = { "", "是", "否", "a", "b", "c", "d", "e" };

static unsigned
take(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

/* Half of the values follow the row, so that files resemble what is known. */
static const char *
value(struct scene *s, struct bytes *b, unsigned row, unsigned col)
{
	unsigned v = take(b);

	if (v % 2 == 0)
		return arena_printf(&s->arena, "%u.%u", row, col);
	return VALUE[v / 2 % COUNT(VALUE)];
}

static void
set_key(struct known_row *k)
{
	k->key = k->shadow[0] != NULL ? k->shadow[0] : k->base[0];
}

static void
read_known(struct scene *s, struct bytes *b, unsigned i)
{
	struct known_row *k = &s->known[i];
	unsigned flags = take(b);

	k->row = arena_printf(&s->arena, "r%u", i);
	k->pending = flags % 4 == 1;
	k->spare = flags % 4 == 2;
	k->gone = (flags & 16) != 0;
	k->absent_since = flags & 32 ? 1 : 0;
	k->base = s->base[i];
	k->shadow = s->shadow[i];
	if (!k->pending)
		k->token = arena_printf(&s->arena, "t%u", i);
	for (unsigned c = 0; c < COLS; c++) {
		s->base[i][c] = k->pending || k->spare ? "" :
		    value(s, b, i, c);
		if (k->pending || (flags & 64))
			s->shadow[i][c] = value(s, b, i, c);
	}
	set_key(k);
}

static void
read_file(struct scene *s, struct bytes *b, unsigned i)
{
	unsigned token = take(b), like = take(b) % KNOWN;
	struct file_row *f = &s->file[i];

	f->token = token % 3 == 0 ? "" : arena_printf(&s->arena, "t%u",
	    token % 3 == 1 ? like : token % (KNOWN + 4));
	for (unsigned c = 0; c < COLS; c++)
		s->cell[i][c] = value(s, b, like, c);
	f->cell = s->cell[i];
	f->key = f->cell[0];
	f->sheet_row = i + 6;
	f->delete_mark = token > 240;
}

static bool
filled(const struct file_row *f)
{
	for (int c = 0; c < COLS; c++)
		if (f->cell[c][0] != '\0')
			return true;
	return false;
}

static void
check_matches(const struct scene *s, const struct plan *p)
{
	bool owned[KNOWN + MORE] = { false };
	size_t rows = 0, said = p->nheld;

	for (size_t i = 0; i < s->nfile; i++) {
		int k = p->match[i];

		rows += filled(&s->file[i]);
		if (k < 0)
			continue;
		REQUIRE((size_t)k < s->nknown && !owned[k]);
		REQUIRE(filled(&s->file[i]) && !p->absent[k]);
		owned[k] = true;
		said++;
	}
	for (size_t i = 0; i < p->nops; i++)
		said += p->op[i].kind == OP_INSERT;
	REQUIRE(said == rows || p->hold == HOLD_MISSORT);
}

static size_t
known_of(const struct scene *s, const char *row)
{
	for (size_t k = 0; k < s->nknown; k++)
		if (strcmp(s->known[k].row, row) == 0)
			return k;
	REQUIRE(false);
	return 0;
}

static void
deliver_insert(struct scene *s, const struct op *op)
{
	size_t k = s->nknown++;

	REQUIRE(k < KNOWN + MORE);
	for (size_t i = 0; i < k; i++)
		REQUIRE(s->known[i].origin == NULL ||
		    strcmp(s->known[i].origin, op->op_id) != 0);
	s->known[k] = (struct known_row){
		.row = arena_printf(&s->arena, "r%zu", k),
		.base = s->base[k], .shadow = s->shadow[k],
		.pending = true,
		.origin = arena_strdup(&s->arena, op->op_id),
	};
	for (int c = 0; c < COLS; c++) {
		s->base[k][c] = "";
		s->shadow[k][c] = op->value[c] != NULL ? op->value[c] : "";
	}
	set_key(&s->known[k]);
}

/* As the server does with an export. */
static void
deliver(struct scene *s, const struct op *op)
{
	struct known_row *row;
	size_t k;

	if (op->kind == OP_INSERT) {
		deliver_insert(s, op);
		return;
	}
	k = known_of(s, op->row);
	row = &s->known[k];
	for (int c = 0; c < COLS; c++) {
		const char *base = row->shadow[c] != NULL ? row->shadow[c] :
		    row->base[c];

		REQUIRE(op->base[c] == NULL || strcmp(op->base[c], base) == 0);
		if (op->value[c] != NULL)
			s->shadow[k][c] = op->value[c];
	}
	if (op->kind == OP_DELETE || op->gone)
		row->gone = true;
	if (op->kind == OP_BACK)
		row->gone = false;
	set_key(row);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, data + size };
	struct scene s;
	struct plan p;
	unsigned how = take(&b);

	memset(&s, 0, sizeof(s));
	arena_init(&s.arena, 0);
	s.nknown = take(&b) % (KNOWN + 1);
	s.nfile = take(&b) % (FILES + 1);
	s.opt = (struct plan_options){ .ncols = COLS, .now = 1000,
		.delete_after = 10, .deletions = how & 1,
		.confirmed = how & 2, .old_copy = how & 4, .instance = "i",
		.export_id = "e", .file_sha = "f", .sheet = "s" };
	for (unsigned i = 0; i < s.nknown; i++)
		read_known(&s, &b, i);
	for (unsigned i = 0; i < s.nfile; i++)
		read_file(&s, &b, i);
	for (int round = 0; round < ROUNDS; round++) {
		plan_make(&s.arena, &s.opt, s.known, s.nknown, s.file,
		    s.nfile, &p);
		check_matches(&s, &p);
		for (size_t i = 0; i < p.nops; i++)
			deliver(&s, &p.op[i]);
		if (p.nops == 0)
			break;
	}
	REQUIRE(p.nops == 0);
	REQUIRE(p.settled == (p.hold == HOLD_NONE && p.nheld == 0 &&
	    p.wait_until == 0));
	arena_free(&s.arena);
	return 0;
}
