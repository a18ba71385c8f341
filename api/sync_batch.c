/*
 * PUT /v1/sync/batches/{key}: one transaction on one connection — lock and
 * read, decide, write, keep the answer with its key.
 */
#include "sync_merge.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/err.h"
#include "base/log.h"
#include "base/uid.h"
#include "entity.h"
#include "query.h"
#include "sync.h"
#include "value_list.h"

#define KEY_LEN 52
#define PARAMS 16

enum {
	STAGE_OPENED,
	STAGE_NAMED,
	STAGE_READ,
	STAGE_WRITTEN,
	STAGE_STORED
};
enum { AT_EXPORT, AT_INBOX, AT_KNOWN, AT_PENDING };
enum {
	AT_NOW,
	AT_PAST,
	AT_HELD,
	AT_CONFLICTS,
	AT_REQUESTS,
	AT_HEADER,
	AT_HEADER_THEN
};

static enum next begin(struct request *);
static enum next failed(struct push *);
static enum next opened(struct push *);
static void take_known(struct push *);
static enum next plan_read(struct push *);
static enum next read_rows(struct push *);
static enum next answered(struct push *);
static void open_batch(struct push *);
static const char *
ids_of(struct push *, const char *const *more, size_t nmore);

/* The export's row lock makes batches of one export wait for each other:
 * their shadows and their inserts have no races. */
static const struct stmt export_stmt = { "sync_batch_export",
	"SELECT " BOOK_COLUMNS ", e.kind, e.header_rev, b.direction"
	" FROM sheet_export e JOIN sheet_binding b ON b.id = e.binding_id"
	" JOIN sheet_ledger l ON l.id = e.ledger_id"
	" JOIN sheet_template t ON t.code = e.template_code"
	" AND t.version = e.template_version" BOOK_JOINS
	" WHERE e.id = $1::uuid AND e.binding_id = $2::uuid"
	" AND e.ledger_id = $3::uuid FOR NO KEY UPDATE OF e" };
static const struct stmt inbox_stmt = { "sync_batch_inbox",
	"SELECT body_sha, response FROM sheet_batch WHERE key = $1::text"
	" AND binding_id = $2::uuid" };
static const struct stmt known_stmt = { "sync_batch_known",
	"SELECT m.rev, m.overrides::text, sp.row_id IS NOT NULL, EXISTS ("
	"SELECT FROM sheet_pending p WHERE p.export_id = $1::uuid"
	" AND p.row_id = x.id), s.cells::text, coalesce(s.gone, false),"
	" s.meant::text FROM unnest($2::uuid[]) WITH ORDINALITY x (id, at)"
	" LEFT JOIN sheet_manifest m ON m.export_id = $1::uuid"
	" AND m.row_id = x.id"
	" LEFT JOIN sheet_spare sp ON sp.export_id = $1::uuid"
	" AND sp.row_id = x.id"
	" LEFT JOIN sheet_shadow s ON s.export_id = $1::uuid"
	" AND s.row_id = x.id ORDER BY x.at" };
static const struct stmt replayed_stmt = { "sync_batch_replayed",
	"SELECT op_id, row_id FROM sheet_pending WHERE op_id = ANY ($1::text[])"
	" AND export_id = $2::uuid" };
static const struct stmt held_stmt = { "sync_batch_held",
	"SELECT row_id, name, value, base FROM sheet_held"
	" WHERE row_id = ANY ($1::uuid[]) AND closed_at IS NULL" };
static const struct stmt conflicts_stmt = { "sync_batch_conflicts",
	"SELECT row_id, name, id, file, system FROM sheet_conflict"
	" WHERE row_id = ANY ($1::uuid[]) AND state = 'open' ORDER BY id" };
static const struct stmt requests_stmt = { "sync_batch_requests",
	"SELECT row_id, command, id FROM sheet_request"
	" WHERE row_id = ANY ($1::uuid[]) AND state = 'open'" };
static const struct stmt header_stmt = { "sync_batch_header",
	"SELECT cells::text, rev FROM sheet_header WHERE ledger_id = $1::uuid"
	" FOR UPDATE" };
static const struct stmt header_then_stmt = { "sync_batch_header_then",
	"SELECT cells::text FROM sheet_header_history"
	" WHERE ledger_id = $1::uuid AND rev = $2::int" };
static const struct stmt store_stmt = { "sync_batch_store",
	"INSERT INTO sheet_batch (key, binding_id, export_id, division_code,"
	" body_sha, body, response) VALUES ($1::text, $2::uuid, $3::uuid,"
	" $4::bigint, $5::text, $6::text, $7::text)" };

static const struct stmt *const statements[] = { &export_stmt, &inbox_stmt,
	&known_stmt, &replayed_stmt, &held_stmt, &conflicts_stmt,
	&requests_stmt, &header_stmt, &header_then_stmt, &store_stmt };

void
sync_batch_init(void)
{
	db_register(statements, COUNT(statements));
	sync_apply_init();
	names_init();
}

enum next
sync_batch(struct request *r)
{
	struct push *p = r->state;

	if (r->step == 0)
		return begin(r);
	if (r->batch.failed >= 0)
		return failed(p);
	switch (p->stage++) {
	case STAGE_OPENED: return opened(p);
	case STAGE_NAMED: return plan_read(p);
	case STAGE_READ: return read_rows(p);
	case STAGE_WRITTEN: return answered(p);
	default: return reply(r, 200);
	}
}

static enum next
begin(struct request *r)
{
	struct push *p;
	const char **ops;
	char sha[SHA_HEX_LEN + 1];
	size_t n = 0;

	r->state = p = arena_alloc(&r->arena, sizeof(*p));
	p->r = r;
	p->key = r->arg[0];
	if (strlen(p->key) != KEY_LEN ||
	    strspn(p->key, "abcdefghijklmnopqrstuvwxyz234567") != KEY_LEN)
		return fail(r, E_INPUT, "bad_key", "批次编号无效",
		    "The key is not 52 characters of base 32.");
	if (!push_parse(p))
		return NEXT_FAIL;
	sha256_hex(r->body, r->body_len, sha);
	p->body_sha = arena_strdup(&r->arena, sha);
	ops = arena_array(&r->arena, p->nrows + 1, sizeof(char *));
	for (size_t i = 0; i < p->nrows; i++)
		if (p->row[i].op_id != NULL)
			ops[n++] = p->row[i].op_id;
	r->who.scope.origin = p->key;
	r->who.scope.trail = audit_trail(r, p->key, p->file_sha);
	open_batch(p);
	batch_addv(
	    &r->batch, &export_stmt, 3, p->export, r->who.binding, p->ledger);
	batch_addv(&r->batch, &inbox_stmt, 2, p->key, r->who.binding);
	batch_addv(&r->batch, &known_stmt, 2, p->export,
	    ids_of(p, NULL, 0));
	batch_addv(&r->batch, &replayed_stmt, 2, text_array(&r->arena, ops, n),
	    p->export);
	p->stage = STAGE_OPENED;
	return NEXT_DB;
}

static enum next
opened(struct push *p)
{
	struct request *r = p->r;
	const struct rows *export = batch_rows(&r->batch, AT_EXPORT);
	const struct rows *inbox = batch_rows(&r->batch, AT_INBOX);

	if (rows_n(export) == 0)
		return fail(r, E_UNKNOWN, "not_found", "没有这个导出版本",
		    "No such export.");
	if (rows_n(inbox) > 0) {
		if (strcmp(rows_text(inbox, 0, 0), p->body_sha) != 0)
			return fail(r, E_INPUT, "idempotency_mismatch",
			    "同一批次编号的内容不同",
			    "The key was used for another body.");
		buf_str(&r->reply, rows_text(inbox, 0, 1));
		return reply(r, 200);
	}
	if (!book_take(r, export, 0, 0, &p->book))
		return NEXT_FAIL;
	if (strcmp(rows_text(export, 0, BOOK_NCOLUMNS + 2), "out") == 0)
		return fail(r, E_DENIED, "write_only",
		    "该目录只下发台账，不接收修改",
		    "The folder's direction is out: nothing comes back.");
	p->adopted =
	    strcmp(rows_text(export, 0, BOOK_NCOLUMNS), "adopted") == 0;
	p->export_header_rev = rows_long(export, 0, BOOK_NCOLUMNS + 1);
	if (!push_resolve(p))
		return NEXT_FAIL;
	take_known(p);
	if (names_concern(p)) {
		open_batch(p);
		names_plan(p);
		return NEXT_DB;
	}
	p->stage = STAGE_READ;
	return plan_read(p);
}

/* All rows that the batch may write, locked in one order. */
static enum next
plan_read(struct push *p)
{
	struct request *r = p->r;
	const char *ids, *revs, **rev, **id, *param[PARAMS];
	const char **twin =
	    arena_array(&r->arena, p->nrows + 1, sizeof(char *));
	struct stmt *now, *past;
	size_t n = 0, twins = p->names == NULL ? 0 : names_take(p, twin);

	p->stage = STAGE_READ;
	id = arena_array(&r->arena, p->nrows + 1, sizeof(char *));
	rev = arena_array(&r->arena, p->nrows + 1, sizeof(char *));
	for (size_t i = 0; i < p->nrows; i++) {
		if (p->row[i].known != KNOWN_ROW)
			continue;
		id[n] = p->row[i].id;
		rev[n++] = arena_printf(&r->arena, "%ld", p->row[i].shown_rev);
	}
	ids = ids_of(p, twin, twins);
	revs = text_array(&r->arena, rev, n);
	now = arena_alloc(&r->arena, sizeof(*now));
	past = arena_alloc(&r->arena, sizeof(*past));
	now->sql = book_sql(r, p->book.form->entity, BOOK_LOCK);
	past->sql = book_sql(r, p->book.form->entity, BOOK_PAST);
	query_scope(&r->arena, &r->who.scope, param);
	param[4] = ids;
	param[5] = p->book.action->id;
	param[6] = p->book.covers_lo;
	param[7] = p->book.covers_hi;
	open_batch(p);
	batch_add(&r->batch, now, 8, param);
	batch_addv(&r->batch, past, 3, p->book.form->entity->table,
	    text_array(&r->arena, id, n), revs);
	batch_addv(&r->batch, &held_stmt, 1, ids);
	batch_addv(&r->batch, &conflicts_stmt, 1, ids);
	batch_addv(&r->batch, &requests_stmt, 1, ids);
	batch_addv(&r->batch, &header_stmt, 1, p->book.id);
	batch_addv(&r->batch, &header_then_stmt, 2, p->book.id,
	    arena_printf(&r->arena, "%ld", p->export_header_rev));
	if (twins > 0)
		names_plan_known(p);
	p->twins = twins > 0;
	return NEXT_DB;
}

/* Which rows the export knows, and what its files delivered before. */
static void
take_known(struct push *p)
{
	const struct rows *known = batch_rows(&p->r->batch, AT_KNOWN);
	const struct rows *old = batch_rows(&p->r->batch, AT_PENDING);
	int at = 0;

	for (size_t i = 0; i < p->nrows; i++) {
		struct push_row *row = &p->row[i];

		if (row->op == PUSH_INSERT) {
			for (int k = 0; k < rows_n(old); k++)
				if (strcmp(rows_text(old, k, 0), row->op_id) ==
				    0) {
					row->replayed = true;
					row->id = rows_text(old, k, 1);
				}
			continue;
		}
		row->overrides =
		    request_keep_json(p->r, rows_text(known, at, 1));
		row->shadow = request_keep_json(p->r, rows_text(known, at, 4));
		row->gone = *rows_text(known, at, 5) == 't';
		row->meant = request_keep_json(p->r, rows_text(known, at, 6));
		if (row->known == KNOWN_HEADER) {
			;
		} else if (rows_text(known, at, 0) != NULL) {
			row->known = KNOWN_ROW;
			row->shown_rev = rows_long(known, at, 0);
		} else if (*rows_text(known, at, 2) == 't') {
			row->known = KNOWN_SPARE;
		} else if (*rows_text(known, at, 3) == 't') {
			row->known = KNOWN_PENDING;
		}
		at++;
	}
}

static enum next
read_rows(struct push *p)
{
	struct request *r = p->r;
	const struct entity *e = p->book.form->entity;
	const struct rows *past = batch_rows(&r->batch, AT_PAST);
	const struct rows *header = batch_rows(&r->batch, AT_HEADER);
	const struct rows *then = batch_rows(&r->batch, AT_HEADER_THEN);

	for (size_t i = 0; i < p->nrows; i++) {
		struct push_row *row = &p->row[i];

		push_take_now(p, row);
		for (int k = 0; row->known == KNOWN_ROW && k < rows_n(past);
		     k++)
			if (strcmp(rows_text(past, k, 0), row->id) == 0) {
				row->past = arena_array(
				    &r->arena, field_total(e), sizeof(char *));
				for (size_t f = 0; f < field_total(e); f++)
					row->past[f] =
					    rows_text(past, k, (int)f + 1);
			}
		if (row->known == KNOWN_HEADER)
			row->rev = rows_long(header, 0, 1);
	}
	p->open_held = batch_rows(&r->batch, AT_HELD);
	p->open_conflicts = batch_rows(&r->batch, AT_CONFLICTS);
	p->open_requests = batch_rows(&r->batch, AT_REQUESTS);
	p->book.header = request_keep_json(r, rows_text(header, 0, 0));
	p->header_then = request_keep_json(
	    r, rows_n(then) > 0 ? rows_text(then, 0, 0) : NULL);
	if (p->twins)
		names_take_known(p);
	push_decide(p);
	open_batch(p);
	push_plan_writes(p);
	return NEXT_DB;
}

void
push_take_now(struct push *p, struct push_row *row)
{
	const struct entity *e = p->book.form->entity;
	const struct rows *now = batch_rows(&p->r->batch, AT_NOW);
	int id = field_index(e, "id");

	for (int k = 0; row->id != NULL && k < rows_n(now); k++) {
		if (strcmp(rows_text(now, k, id), row->id) != 0)
			continue;
		row->now = query_row(&p->r->arena, e, now, k);
		row->rev = rows_long(now, k, field_index(e, "rev"));
		row->voided = row->now[field_index(e, "voided_at")] != NULL;
		row->extra = request_keep_json(
		    p->r, row->now[field_index(e, "extra")]);
	}
}

/* The answer is part of the transaction: it exists exactly when its effects
 * do. */
static enum next
answered(struct push *p)
{
	struct request *r = p->r;

	push_render(p);
	open_batch(p);
	r->batch.last = true;
	batch_addv(&r->batch, &store_stmt, 7, p->key, r->who.binding, p->export,
	    p->book.division, p->body_sha,
	    arena_strndup(&r->arena, r->body, r->body_len),
	    arena_strndup(&r->arena, r->reply.data, r->reply.len));
	return NEXT_DB;
}

/* Nothing of the batch stays. A key that another export's batch took is the
 * sender's mistake; the rest is told as any other write's. */
static enum next
failed(struct push *p)
{
	struct request *r = p->r;

	if (strcmp(rows_constraint(r->batch.at[r->batch.failed].rows),
		"sheet_batch_pkey") == 0)
		return fail(r, E_INPUT, "idempotency_mismatch",
		    "同一批次编号的内容不同",
		    "The key was used for another body.");
	/* The message itself may quote a cell. */
	log_line(LOG_ERROR,
	    "event=batch request=%s statement=%d sqlstate=%s constraint=%s",
	    r->id, r->batch.failed,
	    rows_sqlstate(r->batch.at[r->batch.failed].rows),
	    log_q(rows_constraint(r->batch.at[r->batch.failed].rows)));
	return fail_data(r);
}

static void
open_batch(struct push *p)
{
	batch_open(&p->r->batch, &p->r->arena, &p->r->who.scope, LANE_SLOW);
	p->r->batch.hold = true;
}

/* All rows the batch names and some more, one array. Inserts have none yet. */
static const char *
ids_of(struct push *p, const char *const *more, size_t nmore)
{
	const char **id =
	    arena_array(&p->r->arena, p->nrows + nmore + 1, sizeof(char *));
	size_t n = 0;

	for (size_t i = 0; i < p->nrows; i++)
		if (p->row[i].op != PUSH_INSERT)
			id[n++] = p->row[i].id;
	for (size_t i = 0; i < nmore; i++)
		id[n++] = more[i];
	return text_array(&p->r->arena, id, n);
}
