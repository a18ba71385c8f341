/* Five passes, from strong evidence to weak; see align.h. */
#include "align.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/uid.h"

enum {
	CONTRADICTED_PC = 30,
	UNEXPLAINED_PC = 5,
};

static void survey(struct align *);
static void collisions(struct align *);
static void claim_by_token(struct align *, bool key_too);
static void settle(struct align *, int known);
static void match_by_origin(struct align *);
static void match_by_key(struct align *);
static void judge_sort(struct align *);
static bool unlike(const struct align *, size_t row, size_t known);

void
align_rows(struct align *a)
{
	survey(a);
	collisions(a);
	if (a->opt->without & TOKEN_FIRST)
		claim_by_token(a, false);
	claim_by_token(a, true);
	match_by_key(a);
	match_by_origin(a);
	judge_sort(a);
	if (a->missort)
		return;
	/* Pending rows bear no token, so these cannot wait for pass 3. */
	align_by_namesake(a, true);
	align_by_likeness(a, true);
	claim_by_token(a, false);
	align_by_namesake(a, false);
	align_by_likeness(a, false);
}

const char *
align_base(const struct align *a, size_t known, size_t col)
{
	const struct known_row *k = &a->known[known];

	if (k->shadow != NULL && k->shadow[col] != NULL &&
	    !(a->opt->without & WITHOUT_SHADOW))
		return k->shadow[col];
	return k->base[col];
}

bool
align_base_blank(const struct align *a, size_t known)
{
	return align_filled(a, known) == 0;
}

int
align_op_id(const struct align *a, size_t row, char out[SHA_HEX_LEN + 1])
{
	const struct plan_options *opt = a->opt;
	const char *const *cell = a->file[row].cell;
	char number[16];
	const char *head[] = { opt->instance, opt->export_id, opt->file_sha,
		opt->sheet, number };
	size_t bytes = 0, n = 0;
	char *text;

	snprintf(number, sizeof(number), "%u", a->file[row].sheet_row);
	for (size_t i = 0; i < COUNT(head); i++)
		bytes += strlen(head[i]) + 1;
	for (size_t c = 0; c < opt->ncols; c++)
		bytes += strlen(cell[c]) + 1;
	text = arena_alloc(a->arena, bytes);
	for (size_t i = 0; i < COUNT(head); i++)
		n = (size_t)(stpcpy(text + n, head[i]) - text) + 1;
	for (size_t c = 0; c < opt->ncols; c++)
		n = (size_t)(stpcpy(text + n, cell[c]) - text) + 1;
	sha256_hex(text, bytes, out);
	for (;;) {
		int k = strmap_get(&a->origins, out, NOBODY);

		if (k == NOBODY || a->owner[k] == NOBODY)
			return k;
		sha256_hex(out, SHA_HEX_LEN, out);
	}
}

/* Who is blank, and whose token stands where. */
static void
survey(struct align *a)
{
	struct strmap tokens;

	a->state = arena_array(a->arena, a->nfile, sizeof(a->state[0]));
	a->match = arena_array(a->arena, a->nfile, sizeof(a->match[0]));
	a->token = arena_array(a->arena, a->nfile, sizeof(a->token[0]));
	a->collided = arena_array(a->arena, a->nfile, sizeof(bool));
	a->next = arena_array(a->arena, a->nfile, sizeof(a->next[0]));
	a->owner = arena_array(a->arena, a->nknown, sizeof(a->owner[0]));
	a->claim = arena_array(a->arena, a->nknown, sizeof(a->claim[0]));

	strmap_init(a->arena, &tokens, a->nknown);
	for (size_t k = 0; k < a->nknown; k++) {
		a->owner[k] = a->claim[k] = NOBODY;
		if (a->known[k].pending && (a->opt->without & WITHOUT_PENDING))
			a->owner[k] = IGNORED;
		else if (a->known[k].token != NULL)
			strmap_put(&tokens, a->known[k].token, (int)k);
	}
	for (size_t i = 0; i < a->nfile; i++) {
		const struct file_row *row = &a->file[i];

		a->match[i] = a->next[i] = a->token[i] = NOBODY;
		a->state[i] = row->unread ? STATE_ROW : STATE_BLANK;
		for (size_t c = 0; c < a->opt->ncols; c++)
			if (row->cell[c][0] != '\0')
				a->state[i] = STATE_ROW;
		if (row->token[0] != '\0')
			a->token[i] = strmap_get(&tokens, row->token, NOBODY);
	}
}

/*
 * Two people filled the same spare row: its token says one row, its text is
 * another's, and the first text is nowhere else in the file. The token is
 * worth nothing then.
 */
static void
collisions(struct align *a)
{
	struct strmap keys;

	if (a->opt->without & WITHOUT_COLLISION)
		return;
	strmap_init(a->arena, &keys, a->nfile);
	for (size_t i = 0; i < a->nfile; i++)
		if (a->state[i] == STATE_ROW)
			strmap_put(&keys, a->file[i].key, 1);
	for (size_t i = 0; i < a->nfile; i++) {
		int k = a->token[i];

		if (k == NOBODY || a->state[i] != STATE_ROW ||
		    !a->known[k].spare || a->known[k].key[0] == '\0' ||
		    !unlike(a, i, (size_t)k) ||
		    strmap_get(&keys, a->known[k].key, 0) != 0)
			continue;
		a->token[i] = NOBODY;
		a->collided[i] = true;
		/* Filled in another copy of the file, or seen before: this
		 * one is as current as it was. */
		if (!a->known[k].gone && !align_base_blank(a, (size_t)k))
			a->collision = true;
	}
}

/*
 * Passes 1 and 3. Every file row claims the row of its token; of several
 * claimants the one most like the base keeps it.
 */
static void
claim_by_token(struct align *a, bool key_too)
{
	/* Backwards, so that each list of claimants is in file order. */
	for (size_t i = a->nfile; i-- > 0;) {
		int k = a->token[i];

		if (k == NOBODY || !align_free(a, i) || a->owner[k] != NOBODY)
			continue;
		if (key_too && strcmp(a->file[i].key, a->known[k].key) != 0)
			continue;
		a->next[i] = a->claim[k];
		a->claim[k] = (int)i;
	}
	for (size_t k = 0; k < a->nknown; k++) {
		if (a->claim[k] != NOBODY)
			settle(a, (int)k);
		a->claim[k] = NOBODY;
	}
}

static void
settle(struct align *a, int k)
{
	int best = a->claim[k];
	unsigned most = 0, ties = 0;

	if (a->next[best] == NOBODY) {
		align_seat(a, best, k);
		return;
	}
	for (int i = a->claim[k]; i != NOBODY; i = a->next[i]) {
		unsigned n = align_alike(a, (size_t)i, (size_t)k);

		if (n > most || i == best) {
			best = i;
			most = n;
			ties = 0;
		} else if (n == most) {
			ties++;
		}
	}
	if (ties == 0) {
		align_seat(a, best, k);
		return;
	}
	a->owner[k] = RIVALS;
	for (int i = a->claim[k]; i != NOBODY; i = a->next[i])
		if (align_alike(a, (size_t)i, (size_t)k) == most)
			a->state[i] = STATE_HELD;
}

/* Pass 2: the natural key, where it is unique on both sides. */
static void
match_by_key(struct align *a)
{
	struct strmap rows, known;

	strmap_init(a->arena, &rows, a->nfile);
	strmap_init(a->arena, &known, a->nknown);
	for (size_t i = 0; i < a->nfile; i++)
		if (align_free(a, i) && a->file[i].key[0] != '\0')
			++*strmap_put(&rows, a->file[i].key, 0);
	for (size_t k = 0; k < a->nknown; k++) {
		int *at;

		if (a->owner[k] != NOBODY || a->known[k].key[0] == '\0')
			continue;
		at = strmap_put(&known, a->known[k].key, IGNORED);
		*at = *at == IGNORED ? (int)k : RIVALS;
	}
	for (size_t i = 0; i < a->nfile; i++) {
		int k;

		if (!align_free(a, i) || a->file[i].key[0] == '\0' ||
		    strmap_get(&rows, a->file[i].key, 0) != 1)
			continue;
		k = strmap_get(&known, a->file[i].key, NOBODY);
		if (k >= 0)
			align_seat(a, (int)i, k);
	}
}

/*
 * The same bytes again: this very row was inserted as that pending row. If
 * that one was found elsewhere by better evidence, the row needs another id.
 */
static void
match_by_origin(struct align *a)
{
	size_t n = 0;

	strmap_init(a->arena, &a->origins, a->nknown);
	for (size_t k = 0; k < a->nknown; k++) {
		if (a->known[k].origin == NULL || a->owner[k] == IGNORED)
			continue;
		strmap_put(&a->origins, a->known[k].origin, (int)k);
		n++;
	}
	for (size_t i = 0; n > 0 && i < a->nfile; i++) {
		char id[SHA_HEX_LEN + 1];
		int k;

		if (!align_free(a, i))
			continue;
		k = align_op_id(a, i, id);
		if (k != NOBODY)
			align_seat(a, (int)i, k);
	}
}

/*
 * A sort that left the hidden column behind is repaired by pass 2, unless
 * too many tokens remain that nothing but their wrong neighbours vouch for.
 * Copied rows are no such thing: their token's row is there, with its token.
 */
static void
judge_sort(struct align *a)
{
	size_t rows = 0, contradicted = 0, unexplained = 0;

	for (size_t i = 0; i < a->nfile; i++) {
		int k = a->token[i], j;

		rows += a->state[i] != STATE_BLANK;
		if (k == NOBODY || a->state[i] != STATE_ROW)
			continue;
		j = a->owner[k];
		if (j == RIVALS || (j >= 0 && a->token[j] == k))
			continue;
		contradicted += a->match[i] != NOBODY &&
		    !a->known[a->match[i]].pending;
		unexplained += a->match[i] == NOBODY;
	}
	a->missort = contradicted * 100 > rows * CONTRADICTED_PC &&
	    unexplained * 100 > rows * UNEXPLAINED_PC;
}

/*
 * Nothing speaks for one row under two names: another key, and less than half
 * of what was delivered is left, or none of it was delivered here. A single
 * delivered cell is no row yet: correcting it is no collision. Whoever saved
 * an older copy never saw what was delivered and corrected nothing.
 */
static bool
unlike(const struct align *a, size_t row, size_t known)
{
	unsigned filled = align_filled(a, known);

	if (strcmp(a->file[row].key, a->known[known].key) == 0)
		return false;
	return filled == 0 || a->known[known].inherited ||
	    a->opt->superseded ||
	    (filled > 1 && align_alike(a, row, known) * 2 < filled);
}

unsigned
align_filled(const struct align *a, size_t known)
{
	unsigned n = 0;

	for (size_t c = 0; c < a->opt->ncols; c++)
		n += align_base(a, known, c)[0] != '\0';
	return n;
}

/* Cells that are filled and equal. */
unsigned
align_alike(const struct align *a, size_t row, size_t known)
{
	unsigned n = 0;

	for (size_t c = 0; c < a->opt->ncols; c++) {
		const char *value = a->file[row].cell[c];

		n += value[0] != '\0' &&
		    strcmp(value, align_base(a, known, c)) == 0;
	}
	return n;
}

/* Its token says a row that is still missing. */
bool
align_vouched(const struct align *a, size_t row)
{
	return a->token[row] != NOBODY && a->owner[a->token[row]] == NOBODY;
}

bool
align_free(const struct align *a, size_t row)
{
	return a->state[row] == STATE_ROW && a->match[row] == NOBODY;
}

void
align_seat(struct align *a, int row, int known)
{
	REQUIRE(a->match[row] == NOBODY && a->owner[known] == NOBODY);
	a->match[row] = known;
	a->owner[known] = row;
}
