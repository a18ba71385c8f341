/* Passes of align.c where neither token nor key decides: names that several
 * rows bear, and likeness. */
#include "align.h"

#include <string.h>

enum {
	RARE = 64,     /* a value more missing rows share proves nothing */
	MIN_ALIKE = 2, /* cells that make a row without token known */
	ROUNDS = 4,    /* beyond them a row of many rivals is a new one */
};

/* Missing rows that show a value, as linked lists (pass 4). */
struct sighting {
	int known, next, count;
};

struct claim {
	int row;
	unsigned alike; /* 0 = no claim */
};

struct missing {
	struct sighting *sighting;
	int n;
	struct strmap values; /* to the first sighting */
	size_t *stamp;	      /* per known row: file row + 1 that saw it last */
	struct claim *claim;  /* per known row: the best so far */
};

/* Which rows of one name are put together. */
struct who {
	bool pending_only, vouched, identical;
};

static void match_namesakes(struct align *, struct who);
static int best_namesake(const struct align *, size_t row, int *first,
    const int *next, bool identical);
static bool is_missing(const struct align *, size_t known, bool pending_only);
static void sight(const struct align *, struct missing *, size_t known);
static bool seat_best(struct align *, struct missing *, bool pending_only);
static int most_alike(const struct align *, size_t row, struct missing *,
    unsigned *likeness);

/*
 * Rows whose key is not unique, as after copying a row and leaving its name:
 * each is one of the known rows of that key, the most alike; only what is
 * beyond their number is new. Else every save would insert them again.
 */
void
align_by_namesake(struct align *a, bool pending_only)
{
	match_namesakes(a, (struct who){ pending_only, false, true });
	if (pending_only)
		match_namesakes(a, (struct who){ true, true, true });
	match_namesakes(a, (struct who){ pending_only, false, false });
}

static void
match_namesakes(struct align *a, struct who who)
{
	int *next = arena_array(a->arena, a->nknown, sizeof(next[0]));
	struct strmap keys;

	strmap_init(a->arena, &keys, a->nknown + a->nfile);
	for (size_t k = a->nknown; k-- > 0;) {
		int *head;

		if (a->owner[k] != NOBODY || a->known[k].key[0] == '\0' ||
		    (who.pending_only && !a->known[k].pending))
			continue;
		head = strmap_put(&keys, a->known[k].key, NOBODY);
		next[k] = *head;
		*head = (int)k;
	}
	for (size_t i = 0; i < a->nfile; i++) {
		int k = NOBODY;

		if (a->file[i].key[0] != '\0' && align_free(a, i) &&
		    align_vouched(a, i) == who.vouched)
			k = best_namesake(a, i, strmap_put(&keys,
			    a->file[i].key, NOBODY), next, who.identical);
		if (k != NOBODY)
			align_seat(a, (int)i, k);
	}
}

/* Among the first RARE that are free. */
static int
best_namesake(const struct align *a, size_t row, int *first, const int *next,
    bool identical)
{
	unsigned most = 0, tried = 0;
	int best = NOBODY;

	while (*first != NOBODY && a->owner[*first] != NOBODY)
		*first = next[*first];
	for (int k = *first; k != NOBODY && tried < RARE; k = next[k]) {
		unsigned n;

		if (a->owner[k] != NOBODY)
			continue;
		/* A copy may be an earlier copy, not just any row. */
		if (a->token[row] != NOBODY && !a->known[k].pending)
			continue;
		tried++;
		n = align_alike(a, row, (size_t)k);
		if (identical && n < align_filled(a, (size_t)k))
			continue;
		if (best == NOBODY || n > most) {
			best = k;
			most = n;
		}
	}
	return best;
}

/*
 * Pass 4: rows without a token against rows still missing, rows with a copied
 * token against pending rows still missing. Candidates are missing rows that
 * share a value which is rare among them.
 * Before pass 3 with pending_only: a renamed copy is rather the pending row it
 * was than the row it was copied from, when that one is no longer there.
 */
void
align_by_likeness(struct align *a, bool pending_only)
{
	struct missing m = { .n = 0 };
	size_t missing = 0, loose = 0;

	for (size_t i = 0; i < a->nfile; i++)
		loose += align_free(a, i) && align_vouched(a, i) == pending_only;
	for (size_t k = 0; k < a->nknown; k++)
		missing += is_missing(a, k, pending_only);
	if (loose == 0 || missing == 0)
		return;

	m.sighting = arena_array(a->arena, missing * a->opt->ncols,
	    sizeof(m.sighting[0]));
	m.claim = arena_array(a->arena, a->nknown, sizeof(m.claim[0]));
	m.stamp = arena_array(a->arena, a->nknown, sizeof(m.stamp[0]));
	strmap_init(a->arena, &m.values, missing * a->opt->ncols);
	for (size_t k = 0; k < a->nknown; k++)
		if (is_missing(a, k, pending_only))
			sight(a, &m, k);
	for (int i = 0; i < ROUNDS && seat_best(a, &m, pending_only); i++)
		;
}

/* Each row claims the missing row it is most like, which takes the most alike
 * of its claimants; the others look again. False: nobody claims. */
static bool
seat_best(struct align *a, struct missing *m, bool pending_only)
{
	bool any = false;

	memset(m->claim, 0, a->nknown * sizeof(m->claim[0]));
	memset(m->stamp, 0, a->nknown * sizeof(m->stamp[0]));
	for (size_t i = 0; i < a->nfile; i++) {
		unsigned n;
		int k;

		if (!align_free(a, i) || align_vouched(a, i) != pending_only)
			continue;
		k = most_alike(a, i, m, &n);
		if (k != NOBODY && n > m->claim[k].alike)
			m->claim[k] = (struct claim){ (int)i, n };
	}
	for (size_t k = 0; k < a->nknown; k++) {
		if (m->claim[k].alike == 0)
			continue;
		align_seat(a, m->claim[k].row, (int)k);
		any = true;
	}
	return any;
}

/* What the original typed into a spare is known to its copy by name alone, and
 * so is anything typed into a newer file to an older copy: two rows of one
 * township are alike in most of their cells. */
static bool
is_missing(const struct align *a, size_t known, bool pending_only)
{
	const struct known_row *k = &a->known[known];

	if (a->opt->superseded && (k->spare || k->pending))
		return false;
	return a->owner[known] == NOBODY && !(k->spare && k->inherited) &&
	    (k->pending || !pending_only) &&
	    !align_base_blank(a, known);
}

static void
sight(const struct align *a, struct missing *m, size_t known)
{
	for (size_t c = 0; c < a->opt->ncols; c++) {
		const char *value = align_base(a, known, c);
		int *head;

		if (value[0] == '\0')
			continue;
		head = strmap_put(&m->values, value, NOBODY);
		m->sighting[m->n] = (struct sighting){ (int)known, *head,
		    *head == NOBODY ? 1 : m->sighting[*head].count + 1 };
		*head = m->n++;
	}
}

/* The strictly most alike missing row, if most of it is left, or NOBODY. */
static int
most_alike(const struct align *a, size_t row, struct missing *m,
    unsigned *likeness)
{
	unsigned most = 0;
	int best = NOBODY, token = a->token[row];

	/* Its token's own row is a candidate as good as any. */
	if (align_vouched(a, row))
		most = align_alike(a, row, (size_t)token);
	for (size_t c = 0; c < a->opt->ncols; c++) {
		const char *value = a->file[row].cell[c];
		int s;

		if (value[0] == '\0')
			continue;
		s = strmap_get(&m->values, value, NOBODY);
		if (s == NOBODY || m->sighting[s].count > RARE)
			continue;
		for (; s != NOBODY; s = m->sighting[s].next) {
			int k = m->sighting[s].known;
			unsigned n;

			if (a->owner[k] != NOBODY || m->stamp[k] == row + 1)
				continue;
			m->stamp[k] = row + 1;
			n = align_alike(a, row, (size_t)k);
			if (n == most)
				best = NOBODY;
			if (n > most) {
				most = n;
				best = k;
			}
		}
	}
	if (best == NOBODY || most < MIN_ALIKE ||
	    most * 2 <= align_filled(a, (size_t)best))
		return NOBODY;
	/* A copy may be an earlier copy, not just any row. */
	if (token != NOBODY && !a->known[best].pending)
		return NOBODY;
	*likeness = most;
	return best;
}
