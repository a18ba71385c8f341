/* Batches as handlers plan them, and the rows that come back. */
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "db_conn.h"

void
batch_open(struct batch *b, struct arena *a, const struct scope *s,
    enum lane lane)
{
	memset(b, 0, sizeof(*b));
	b->arena = a;
	b->scope = s;
	b->lane = lane;
	b->failed = -1;
}

unsigned
batch_add(struct batch *b, const struct stmt *s, unsigned nparams,
    const char *const *values)
{
	struct planned *p;
	const char **copy;

	REQUIRE(b->arena != NULL && b->n < BATCH_MAX && nparams <= PARAMS_MAX);
	copy = arena_array(b->arena, nparams + 1, sizeof(*copy));
	for (unsigned i = 0; i < nparams; i++)
		copy[i] = values[i];
	p = &b->at[b->n];
	p->stmt = s;
	p->nparams = nparams;
	p->value = copy;
	p->reads = false;
	p->many = NULL;
	p->rows = NULL;
	return b->n++;
}

unsigned
batch_read(struct batch *b, const struct stmt *s, unsigned nparams,
    const char *const *values)
{
	unsigned i = batch_add(b, s, nparams, values);

	b->at[i].reads = true;
	return i;
}

unsigned
batch_by_id(struct batch *b, const struct stmt *s, const struct stmt *many,
    unsigned nparams, const char *const *values)
{
	unsigned i = batch_read(b, s, nparams, values);

	b->at[i].many = many;
	return i;
}

unsigned
batch_addv(struct batch *b, const struct stmt *s, unsigned nparams, ...)
{
	const char *values[PARAMS_MAX];
	va_list ap;

	REQUIRE(nparams <= PARAMS_MAX);
	va_start(ap, nparams);
	for (unsigned i = 0; i < nparams; i++)
		values[i] = va_arg(ap, const char *);
	va_end(ap);
	return batch_add(b, s, nparams, values);
}

const struct rows *
batch_rows(const struct batch *b, unsigned index)
{
	REQUIRE(index < b->n && b->at[index].rows != NULL);
	return b->at[index].rows;
}

struct rows *
rows_new(PGresult *res)
{
	struct rows *r = calloc(1, sizeof(*r));

	REQUIRE(r != NULL);
	r->res = res;
	r->n = PQntuples(res);
	r->shares = 1;
	return r;
}

struct rows *
rows_share(struct rows *of, int row)
{
	struct rows *r = rows_new(of->res);

	r->first = row;
	r->n = row >= 0;
	r->of = of;
	of->shares++;
	return r;
}

int
rows_n(const struct rows *r)
{
	return r->n;
}

int
rows_cols(const struct rows *r)
{
	return PQnfields(r->res);
}

const char *
rows_text(const struct rows *r, int row, int col)
{
	row += r->first;
	return PQgetisnull(r->res, row, col) ? NULL :
	    PQgetvalue(r->res, row, col);
}

/* libpq keeps one value for all nulls of a result: only the first is asked
 * for. */
void
rows_row(const struct rows *r, int row, size_t n, const char **out)
{
	const char *null = NULL;

	row += r->first;
	for (size_t i = 0; i < n; i++) {
		const char *s = PQgetvalue(r->res, row, (int)i);

		if (*s == '\0' && (s == null ||
		    PQgetisnull(r->res, row, (int)i) != 0)) {
			null = s;
			s = NULL;
		}
		out[i] = s;
	}
}

int
rows_len(const struct rows *r, int row, int col)
{
	return PQgetlength(r->res, r->first + row, col);
}

long
rows_long(const struct rows *r, int row, int col)
{
	const char *s = rows_text(r, row, col);

	return s == NULL ? 0 : strtol(s, NULL, 10);
}

int
rows_affected(const struct rows *r)
{
	return (int)strtol(PQcmdTuples(r->res), NULL, 10);
}

static const char *
field(const struct rows *r, int which)
{
	const char *s = r == NULL ? NULL : PQresultErrorField(r->res, which);

	return s == NULL ? "" : s;
}

const char *
rows_sqlstate(const struct rows *r)
{
	return field(r, PG_DIAG_SQLSTATE);
}

const char *
rows_constraint(const struct rows *r)
{
	return field(r, PG_DIAG_CONSTRAINT_NAME);
}

const char *
rows_table(const struct rows *r)
{
	return field(r, PG_DIAG_TABLE_NAME);
}

const char *
rows_message(const struct rows *r)
{
	return field(r, PG_DIAG_MESSAGE_PRIMARY);
}

const char *
rows_detail(const struct rows *r)
{
	return field(r, PG_DIAG_MESSAGE_DETAIL);
}

void
db_rows_free(struct rows *r)
{
	struct rows *of = r != NULL ? r->of : NULL;

	if (r == NULL || --r->shares > 0)
		return;
	if (of == NULL)
		PQclear(r->res);
	free(r);
	db_rows_free(of);
}
