/* Sends what the planner found, exactly once however often it is sent. */
#include "push.h"

#include <sodium.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OUTBOX_DAYS 90
#define TRIES_MAX 5 /* answers 500 to one batch */

static json_t *row_of(const struct op *, const struct base *,
    const struct ledger *);
static json_t *update_cells(const struct op *, const struct ledger *,
    const char *const *raw, const bool *unsaid);
static json_t *insert_cells(const struct op *, const struct ledger *,
    const char *const *raw, const bool *unsaid);
static json_t *base_cells(const struct op *, const struct ledger *);
static void missing_cells(json_t *base, const struct base *,
    const char *row);
static const json_t *json_row(const struct base *, const char *row);
static bool is_seen(const json_t *row);
static void batch_store(struct state *, const struct origin *, size_t chunk,
    json_t *rows, const char *nonce);
static bool hopeless(struct state *, const char *key, long status);
static void answer_keep(struct state *, const char *key, long status,
    const char *response);
static void count(const json_t *reply, const char *body, struct answers *);
static void rejected(const json_t *sent, size_t at, const json_t *why,
    struct answers *);

json_t *
push_rows(const struct plan *p, const struct base *b, const struct ledger *l)
{
	json_t *rows = json_array();
	json_t *header = header_op(b, l);
	if (header)
		json_array_append_new(rows, header);
	for (size_t i = 0; i < p->nops; i++) {
		json_t *row = row_of(&p->op[i], b, l);
		if (row)
			json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *
row_of(const struct op *op, const struct base *b, const struct ledger *l)
{
	size_t at = ledger_row_at(l, op->sheet_row);
	const char *const *raw = at < l->nrows ? l->raw[at] : NULL;
	const bool *unsaid = at < l->nrows ? l->unsaid[at] : NULL;
	json_t *f, *row;
	if (at < l->nrows && l->apart[at])
		return NULL;
	switch (op->kind) {
	case OP_UPDATE:
		f = update_cells(op, l, raw, unsaid);
		if (json_object_size(f) == 0) {
			json_decref(f);
			return NULL;
		}
		return json_pack("{sssssiso}", "op", "upd", "row", op->row,
		    "at", (int)op->sheet_row, "f", f);
	case OP_INSERT:
		f = insert_cells(op, l, raw, unsaid);
		if (json_object_size(f) == 0) { /* nothing that was read */
			json_decref(f);
			return NULL;
		}
		row = json_pack("{sssssiso}", "op", "ins", "op_id",
		    op->op_id, "at", (int)op->sheet_row, "f", f);
		if (op->copied_from)
			json_object_set_new(row, "copied_from",
			    json_string(op->copied_from));
		return row;
	case OP_DELETE:
		f = base_cells(op, l);
		missing_cells(f, b, op->row);
		return json_pack("{ssssso}", "op", "del", "row", op->row,
		    "base", f);
	case OP_BACK:
		return json_pack("{sssssisoso}", "op", "back", "row",
		    op->row, "at", (int)op->sheet_row, "base",
		    base_cells(op, l), "f",
		    insert_cells(op, l, raw, unsaid));
	case OP_SEEN:
		if (op->gone)
			return json_pack("{sssssb}", "op", "seen", "row",
			    op->row, "gone", 1);
		return json_pack("{sssssiso}", "op", "seen", "row", op->row,
		    "at", (int)op->sheet_row, "f",
		    update_cells(op, l, raw, NULL));
	}
	return NULL;
}

/* name: [base, new] or [base, new, typed] */
static json_t *
update_cells(const struct op *op, const struct ledger *l,
    const char *const *raw, const bool *unsaid)
{
	json_t *f = json_object();
	for (size_t c = 0; c < l->ncols; c++) {
		if (!op->value[c] || (unsaid && unsaid[c]))
			continue;
		json_t *pair = json_pack("[ss]", op->base[c] ? op->base[c] :
		    "", op->value[c]);
		if (raw && *raw[c] && strcmp(raw[c], op->value[c]) != 0)
			json_array_append_new(pair, json_string(raw[c]));
		json_object_set_new(f, l->col[c].name, pair);
	}
	return f;
}

/* name: value or [value, typed] */
static json_t *
insert_cells(const struct op *op, const struct ledger *l,
    const char *const *raw, const bool *unsaid)
{
	json_t *f = json_object();
	for (size_t c = 0; c < l->ncols; c++) {
		if (!op->value[c] || (unsaid && unsaid[c]))
			continue;
		json_t *value = json_string(op->value[c]);
		if (raw && *raw[c] && strcmp(raw[c], op->value[c]) != 0)
			value = json_pack("[os]", value, raw[c]);
		json_object_set_new(f, l->col[c].name, value);
	}
	return f;
}

static json_t *
base_cells(const struct op *op, const struct ledger *l)
{
	json_t *f = json_object();
	for (size_t c = 0; c < l->ncols; c++)
		if (op->base[c])
			json_object_set_new(f, l->col[c].name,
			    json_string(op->base[c]));
	return f;
}

/* Columns the sheet no longer has are unchanged, not blank. */
static void
missing_cells(json_t *base, const struct base *b, const char *row)
{
	const json_t *known = json_row(b, row);
	const json_t *shadow = json_object_get(known, "shadow");
	json_t *cells = json_object_get(known, "base"), *value;
	const char *name;
	json_object_foreach(cells, name, value) {
		json_t *later = json_object_get(shadow, name);
		if (!json_object_get(base, name))
			json_object_set(base, name, json_is_string(later)
			    ? later : value);
	}
}

static const json_t *
json_row(const struct base *b, const char *row)
{
	const json_t *rows = json_object_get(b->json, "rows"), *r;
	size_t i;
	json_array_foreach(rows, i, r) {
		const char *id = json_string_value(json_object_get(r, "row"));
		if (id && strcmp(id, row) == 0)
			return r;
	}
	return NULL;
}

static bool
is_seen(const json_t *row)
{
	const char *op = json_string_value(json_object_get(row, "op"));
	return op && strcmp(op, "seen") == 0;
}

void
push_store(struct state *st, const struct origin *o, json_t *rows)
{
	char nonce[128];
	size_t i, bytes = 0, chunk = 0;
	json_t *row, *batch = json_array();
	bool seen = false;
	const char *life = NULL;
	struct arena a;
	arena_init(&a, 0);
	sqlite3_stmt *s = state_query(st, "SELECT id FROM life", "");
	while (state_row(st, s))
		life = state_text(&a, s, 0);
	state_begin(st);
	/* The same bytes may come back and mean the same step once more: no
	 * two plans share a key, only re-sent batches do. */
	snprintf(nonce, sizeof nonce, "%s %lld", life ? life : "",
	    (long long)state_int(st, 0, "SELECT seq FROM sqlite_sequence"
	    " WHERE name = 'outbox'", ""));
	json_array_foreach(rows, i, row) {
		char *text = json_dumps(row, JSON_COMPACT);
		REQUIRE(text);
		size_t n = strlen(text) + 1;
		free(text);
		/* A batch names a row once: what an old copy shows goes
		 * before, what was typed into the same row after. */
		bool was = seen;
		seen = is_seen(row);
		if (json_array_size(batch) == BATCH_ROWS ||
		    (json_array_size(batch) > 0 && (was != seen ||
		    bytes + n > BATCH_BYTES))) {
			batch_store(st, o, chunk++, batch, nonce);
			json_array_clear(batch);
			bytes = 0;
		}
		json_array_append(batch, row);
		bytes += n;
	}
	if (json_array_size(batch) > 0)
		batch_store(st, o, chunk, batch, nonce);
	state_commit(st);
	json_decref(batch);
	arena_free(&a);
}

static void
batch_store(struct state *st, const struct origin *o, size_t chunk,
    json_t *rows, const char *nonce)
{
	char key[PUSH_KEY_LEN + 1];
	json_t *body = json_pack("{sssssssssisO}", "export", o->export,
	    "ledger", o->ledger, "file_sha", o->file_sha, "path", o->path,
	    "chunk", (int)chunk, "rows", rows);
	char *text = json_dumps(body, JSON_COMPACT);
	REQUIRE(text);
	push_key(o, chunk, text, nonce, key);
	state_run(st, "INSERT INTO outbox(binding, path, key, body, at)"
	    " VALUES(?,?,?,?,?)", "ssssi", o->binding, o->path, key, text,
	    (int64_t)time(NULL));
	free(text);
	json_decref(body);
}

void
push_key(const struct origin *o, size_t chunk, const char *body,
    const char *nonce, char key[PUSH_KEY_LEN + 1])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char plan[crypto_hash_sha256_BYTES], d[sizeof plan + 1];
	crypto_hash_sha256_state h;
	char number[24];
	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(&h, (const unsigned char *)body,
	    strlen(body));
	crypto_hash_sha256_update(&h, (const unsigned char *)nonce,
	    strlen(nonce));
	crypto_hash_sha256_final(&h, plan);
	snprintf(number, sizeof number, "%zu", chunk);
	const char *parts[] = { o->binding, o->instance, o->file_sha,
		o->export, number };
	crypto_hash_sha256_init(&h);
	for (size_t i = 0; i < COUNT(parts); i++)
		crypto_hash_sha256_update(&h,
		    (const unsigned char *)parts[i], strlen(parts[i]) + 1);
	crypto_hash_sha256_update(&h, plan, sizeof plan);
	crypto_hash_sha256_final(&h, d);
	d[sizeof plan] = 0;
	for (unsigned i = 0; i < PUSH_KEY_LEN; i++) {
		unsigned bit = i * 5, two = (unsigned)d[bit / 8] << 8 |
		    d[bit / 8 + 1];
		key[i] = digits[two >> (11 - bit % 8) & 31];
	}
	key[PUSH_KEY_LEN] = '\0';
}

enum err
push_send(struct state *st, struct client *c, const char *binding,
    struct answers *out)
{
	for (;;) {
		char path[128];
		struct arena a;
		const char *key = NULL, *body = NULL;
		json_t *reply = NULL;
		arena_init(&a, 0);
		sqlite3_stmt *s = state_query(st, "SELECT key, body FROM"
		    " outbox WHERE binding = ? AND status = 0"
		    " ORDER BY n LIMIT 1", "s", binding);
		while (state_row(st, s)) {
			key = state_text(&a, s, 0);
			body = state_text(&a, s, 1);
		}
		if (!key) {
			arena_free(&a);
			return OK;
		}
		snprintf(path, sizeof path, "/v1/sync/batches/%s", key);
		enum err e = client_call(c, &(struct ask){ .method = "PUT",
			.path = path, .body = body, .if_match = -1 }, &reply);
		if ((e == E_BUSY || e == E_IDENTITY) && !hopeless(st, key,
			client_status(c))) {
			arena_free(&a);
			return E_BUSY;
		}
		if (e == OK) {
			count(reply, body, out);
		} else {
			out->refused = true;
			snprintf(out->why, sizeof out->why, "%s",
			    client_problem(c));
			snprintf(out->said, sizeof out->said, "%s",
			    client_said(c));
		}
		answer_keep(st, key, client_status(c), client_body(c));
		json_decref(reply);
		arena_free(&a);
	}
}

/* A batch the server fails on again and again must not block the others:
 * it is put aside, reported, and planned anew later. */
static bool
hopeless(struct state *st, const char *key, long status)
{
	if (status != 500)
		return false;
	state_run(st, "UPDATE outbox SET tries = tries + 1 WHERE key = ?",
	    "s", key);
	return state_int(st, 0, "SELECT tries FROM outbox WHERE key = ?",
	    "s", key) >= TRIES_MAX;
}

static void
answer_keep(struct state *st, const char *key, long status,
    const char *response)
{
	state_run(st, "UPDATE outbox SET status = ?, response = ?"
	    " WHERE key = ?", "iss", (int64_t)status, response, key);
}

static void
count(const json_t *reply, const char *body, struct answers *out)
{
	const json_t *results = json_object_get(reply, "results"), *r;
	const json_t *seq = json_object_get(reply, "seq");
	json_t *sent = NULL;
	size_t i;
	if (json_is_integer(seq))
		out->seq = (long)json_integer_value(seq);
	json_array_foreach(results, i, r) {
		const char *outcome = json_string_value(
		    json_object_get(r, "outcome"));
		outcome = outcome ? outcome : "";
		out->rows++;
		out->conflicts += json_array_size(
		    json_object_get(r, "conflicts"));
		out->held += json_array_size(json_object_get(r, "held"));
		out->requests += json_array_size(
		    json_object_get(r, "requests"));
		if (strcmp(outcome, "rejected") == 0) {
			sent = sent ? sent : json_loads(body, 0, NULL);
			rejected(sent, i, json_object_get(r, "why"), out);
		} else if (strcmp(outcome, "base_mismatch") == 0)
			out->mismatch = true;
		else if (strcmp(outcome, "noop") != 0 &&
		    strcmp(outcome, "not_found") != 0 &&
		    strcmp(outcome, "conflict") != 0)
			out->changed++;
	}
	json_decref(sent);
}

/* Where the row stands in its file, which the server does not say. */
static void
rejected(const json_t *sent, size_t i, const json_t *why, struct answers *out)
{
	const json_t *row = json_array_get(json_object_get(sent, "rows"), i);
	json_t *one = json_pack("{sOsO}", "at", json_object_get(row, "at"),
	    "why", why);
	if (!out->rejected)
		out->rejected = json_array();
	if (one)
		json_array_append_new(out->rejected, one);
}

void
push_again(struct state *st, const char *binding)
{
	state_run(st, "UPDATE outbox SET status = 0 WHERE binding = ?"
	    " AND status BETWEEN 200 AND 299 AND at > ?", "si", binding,
	    (int64_t)time(NULL) - OUTBOX_DAYS * 86400);
}
