/*
 * Batches that wait for a connection. Reads by id with the same scope and the
 * same question that wait together go out together, as one statement for a
 * list of ids: whatever comes while one such is on its way.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "db_conn.h"
#include "metrics.h"
#include "scope.h"

#define TOGETHER_MAX 64 /* ids in one statement */
#define IDS_MAX (TOGETHER_MAX * 64)

/* Statements for many, and who waits for them, in the order of their list. */
struct together {
	struct job *asked[TOGETHER_MAX];
	size_t n;
	struct batch batch;
	struct hold hold; /* none */
	struct arena arena;
};

static struct job *take(struct queue *, struct job **);
static size_t take_alike(struct queue *, struct job **out);
static bool alike(const struct batch *, const struct batch *);
static struct job *ask_for(struct job *const *, size_t n);
static void ask_one(struct together *, unsigned at);
static void answered(void *, enum err);
static void share(struct together *, unsigned at);

void
queue_init(struct queue *q)
{
	q->head = NULL;
	q->tail = &q->head;
	q->n = 0;
}

void
queue_put(struct queue *q, struct job *j)
{
	j->next = NULL;
	j->queue = q;
	*q->tail = j;
	q->tail = &j->next;
	q->n++;
}

struct job *
queue_take(struct queue *q)
{
	return take(q, &q->head);
}

void
queue_drop(struct job *j)
{
	struct job **p = &j->queue->head;

	while (*p != j)
		p = &(*p)->next;
	(void)take(j->queue, p);
}

bool
together_may(const struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->at[i].many == NULL)
			return false;
	return !b->aside && !b->hold && b->limit_ms == 0 && !b->scope->looks &&
	    !scope_narrow(b->scope);
}

struct job *
together_take(struct queue *q)
{
	struct job *of[TOGETHER_MAX], *j;
	size_t n = take_alike(q, of);

	j = n == 1 ? of[0] : ask_for(of, n);
	j->together = true;
	return j;
}

static struct job *
take(struct queue *q, struct job **at)
{
	struct job *j = *at;

	*at = j->next;
	if (*at == NULL)
		q->tail = at;
	j->queue = NULL;
	q->n--;
	return j;
}

/* The first, and all that ask what it asks. */
static size_t
take_alike(struct queue *q, struct job **out)
{
	struct job **at = &q->head;
	size_t n = 1;

	out[0] = queue_take(q);
	while (*at != NULL && n < TOGETHER_MAX) {
		if (alike((*at)->batch, out[0]->batch))
			out[n++] = take(q, at);
		else
			at = &(*at)->next;
	}
	return n;
}

/* Whoever asks, the answer would be the same: all that the two walls of a read
 * know of him is equal. */
static bool
alike(const struct batch *a, const struct batch *b)
{
	const struct scope *s = a->scope, *t = b->scope;

	if (a->n != b->n || s->lo != t->lo || s->hi != t->hi ||
	    s->clearance != t->clearance || strcmp(s->line, t->line) != 0)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		const struct planned *p = &a->at[i], *q = &b->at[i];

		if (p->many != q->many)
			return false;
		for (unsigned k = 0; k + 1 < p->nparams; k++)
			if (strcmp(p->value[k], q->value[k]) != 0)
				return false;
	}
	return true;
}

static struct job *
ask_for(struct job *const *of, size_t n)
{
	const struct batch *first = of[0]->batch;
	struct together *t = calloc(1, sizeof(*t));
	struct job *j = calloc(1, sizeof(*j));

	REQUIRE(t != NULL && j != NULL);
	t->n = n;
	memcpy(t->asked, of, n * sizeof(*of));
	batch_open(&t->batch, &t->arena, first->scope, first->lane);
	for (unsigned i = 0; i < first->n; i++)
		ask_one(t, i);
	for (size_t i = 0; i < n; i++)
		metrics_count(COUNTER_DB_TOGETHER);
	j->batch = &t->batch;
	j->hold = &t->hold;
	j->done = answered;
	j->arg = t;
	j->lane = first->lane;
	return j;
}

/* The texts are copied when it is sent. */
static void
ask_one(struct together *t, unsigned at)
{
	const struct planned *p = &t->asked[0]->batch->at[at];
	const char *value[PARAMS_MAX];
	unsigned last = p->nparams - 1;
	struct buf ids;

	buf_init(&ids, IDS_MAX);
	buf_char(&ids, '{');
	for (size_t i = 0; i < t->n; i++)
		buf_element(&ids, t->asked[i]->batch->at[at].value[last]);
	buf_char(&ids, '}');
	REQUIRE(!ids.over);
	memcpy(value, p->value, last * sizeof(*value));
	value[last] = arena_strndup(&t->arena, ids.data, ids.len);
	buf_free(&ids);
	batch_read(&t->batch, p->many, p->nparams, value);
}

/* Each has his row, or none; or what went wrong for all. */
static void
answered(void *arg, enum err err)
{
	struct together *t = arg;

	for (unsigned i = 0; err == OK && i < t->batch.n; i++)
		share(t, i);
	for (size_t i = 0; i < t->n; i++) {
		struct job *j = t->asked[i];

		j->err = err;
		if (j->batch != NULL)
			j->batch->failed = t->batch.failed;
		db_finished(NULL, j);
	}
	for (unsigned i = 0; i < t->batch.n; i++)
		db_rows_free(t->batch.at[i].rows);
	arena_free(&t->arena);
	free(t);
}

static void
share(struct together *t, unsigned at)
{
	struct rows *rows = t->batch.at[at].rows;
	int row[TOGETHER_MAX], n = rows != NULL ? rows_n(rows) : 0;

	for (size_t i = 0; i < t->n; i++)
		row[i] = -1;
	for (int i = 0; i < n; i++)
		row[rows_long(rows, i, rows_cols(rows) - 1) - 1] = i;
	for (size_t i = 0; rows != NULL && i < t->n; i++)
		if (t->asked[i]->batch != NULL)
			t->asked[i]->batch->at[at].rows = rows_share(rows,
			    row[i]);
}
