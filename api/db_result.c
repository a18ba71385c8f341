/* What comes back on a connection, given to the batch it belongs to. */
#include <string.h>

#include "base/log.h"
#include "db_conn.h"
#include "standby.h"

static void take(struct conn *, struct job *, const struct expect *,
    PGresult *);
static void prepared(struct conn *, struct job *, const struct expect *,
    PGresult *);
static void failed(struct job *, unsigned index, PGresult *);
static void finish(struct conn *, struct job *);
static bool going_down(const PGresult *);

void
conn_result(struct conn *c, PGresult *res)
{
	struct job *j = c->head;

	if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
		PQclear(res);
		finish(c, j);
		return;
	}
	if (PQresultStatus(res) == PGRES_FATAL_ERROR && going_down(res))
		j->err = E_UNKNOWN;
	if (j->at < j->n) {
		take(c, j, &j->expect[j->at++], res);
		return;
	}
	/* An error at the Sync itself: the implicit commit failed. */
	if (PQresultStatus(res) == PGRES_FATAL_ERROR && j->batch != NULL)
		failed(j, j->batch->n - 1, res);
	else
		PQclear(res);
}

/* Takes res over. */
static void
take(struct conn *c, struct job *j, const struct expect *e, PGresult *res)
{
	bool bad = PQresultStatus(res) == PGRES_FATAL_ERROR;

	switch (e->part) {
	case PART_ROWS:
		if (j->batch == NULL) {
			PQclear(res);
		} else if (bad) {
			failed(j, e->index, res);
		} else if (j->batch->at[e->index].rows != NULL) {
			PQclear(res); /* of a statement that did not prepare */
		} else {
			j->batch->at[e->index].rows = rows_new(res);
		}
		return;
	case PART_PREPARE:
		prepared(c, j, e, res);
		return;
	case PART_COMMIT:
		if (bad && j->batch != NULL) {
			failed(j, e->index, res);
			return;
		}
		break;
	case PART_GATE:
		if (PQresultStatus(res) == PGRES_TUPLES_OK) {
			standby_came(PQgetvalue(res, 0, 0));
		} else if (bad) {
			if (j->err == OK)
				standby_missed(j->floor);
			j->err = E_BUSY;
		}
		break;
	case PART_BEGIN:
	case PART_SCOPE:
	case PART_CLOSE:
		if (bad && j->err == OK) {
			log_line(LOG_ERROR, "event=db_error connection=%s "
			    "part=%d sqlstate=%s reason=%s", c->kind,
			    (int)e->part,
			    PQresultErrorField(res, PG_DIAG_SQLSTATE),
			    log_q(PQresultErrorField(res,
				PG_DIAG_MESSAGE_PRIMARY)));
			j->err = E_INTERNAL;
		}
		break;
	}
	PQclear(res);
}

static void
prepared(struct conn *c, struct job *j, const struct expect *e, PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);
	struct text_slot *t = &c->text[e->text];

	if (status == PGRES_COMMAND_OK) {
		if (e->slot >= 0)
			c->broken[e->slot] = false;
		PQclear(res);
		return;
	}
	/* It failed, or was not reached because another failed before it. */
	if (e->slot >= 0)
		c->prepared[e->slot] = false;
	else if (t->serial == e->serial)
		t->prepared = false;
	if (status != PGRES_FATAL_ERROR) {
		PQclear(res);
		return;
	}
	if (e->slot >= 0 && !c->broken[e->slot]) {
		c->broken[e->slot] = true;
		log_line(LOG_ERROR, "event=db_prepare statement=%s "
		    "sqlstate=%s reason=%s", stmt_at((size_t)e->slot)->name,
		    PQresultErrorField(res, PG_DIAG_SQLSTATE),
		    log_q(PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY)));
	}
	if (j->batch != NULL)
		failed(j, e->index, res);
	else
		PQclear(res);
}

/* Only the first failure of a batch is told. */
static void
failed(struct job *j, unsigned index, PGresult *res)
{
	struct batch *b = j->batch;

	if (b->failed >= 0) {
		PQclear(res);
		return;
	}
	b->failed = (int)index;
	db_rows_free(b->at[index].rows);
	b->at[index].rows = rows_new(res);
}

/* The batch is complete. */
static void
finish(struct conn *c, struct job *j)
{
	bool bad = j->err != OK || (j->batch != NULL && j->batch->failed >= 0);
	bool open = !j->internal && (c->held || j->keep);

	c->head = j->next;
	if (c->head == NULL)
		c->tail = &c->head;
	else
		c->head->since_ms = now_about_ms(); /* its turn begins now */
	c->inflight--;
	if (j->together)
		c->together = false;
	if (open && j->last && !bad) {
		if (c->hold != NULL)
			c->hold->conn = NULL;
		c->held = false;
		c->hold = NULL;
	} else if (open && bad && j->save && j->err == OK &&
	    j->hold != NULL) {
		conn_undo(c);
	} else if (open && (bad || j->hold == NULL)) {
		conn_rollback(c);
	} else if (open) {
		c->held = true;
		c->hold = j->hold;
		c->hold->conn = c;
	} else if (c->held && c->hold == NULL && c->head == NULL) {
		/* Its owner left while the last batch was being undone. */
		conn_rollback(c);
	}
	db_finished(c, j);
}

/* The server is stopping or was told to stop us. */
static bool
going_down(const PGresult *res)
{
	const char *s = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return s == NULL || strncmp(s, "57P0", 4) == 0 ||
	    strncmp(s, "08", 2) == 0;
}
