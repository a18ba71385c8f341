/*
 * The sealer: events that are complete become leaves of the tree, and the tree
 * gets a signed head, within a second and outside every request
 * (sync-and-security.md 4.6). Asked once a second rather than told: a NOTIFY
 * by every write would have all commits wait for one lock.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "audit_head.h"
#include "audit_leaf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "jobs.h"

#define SEAL_MS 1000
#define PAGE 2000
#define PAGES_MAX 20
#define LEAF_MAX (1u << 20)
#define ROOT_AT (AUDIT_NCOLUMNS) /* history's data, and that before it */

/* Who else seals has the same numbers of heads and leaves: only one of two
 * transactions ends well, and the other begins anew from what is stored. */
static const char lock[] = "SELECT pg_try_advisory_xact_lock(7263003)";
static const char last_head[] = "SELECT h.line, (extract(epoch FROM now())"
    " * 1000000)::bigint, coalesce(l.txid, 0), coalesce(l.id,"
    " '00000000-0000-0000-0000-000000000000') FROM (SELECT max(seq) AS seq"
    " FROM audit.head) m LEFT JOIN audit.head h ON h.seq = m.seq"
    " LEFT JOIN audit.leaf l ON l.pos = h.size - 1";
/* One look into the index for each revision: joined, and with no statistics
 * of a table that has just grown, the planner would go through all of history
 * for each event. */
static const char events[] = "SELECT " AUDIT_COLUMNS ","
    " (SELECT h.data::text FROM history h WHERE h.entity = e.entity"
    " AND h.row_id = e.row_id AND h.rev = e.rev),"
    " (SELECT p.data::text FROM history p WHERE p.entity = e.entity"
    " AND p.row_id = e.row_id AND p.rev = e.rev - 1 AND e.verb = 'change')"
    " FROM audit.event e WHERE (txid, id) > ($1::bigint, $2::uuid)"
    " AND txid < audit.safe() ORDER BY txid, id LIMIT $3::int";
static const char add_leaves[] = "INSERT INTO audit.leaf (pos, txid, id,"
    " fields, seed, root, sha256, sm3) SELECT $1::bigint + n - 1, txid, id,"
    " nullif(fields, '-'), decode(nullif(seed, '-'), 'hex'),"
    " decode(nullif(root, '-'), 'hex'), decode(sha, 'hex'),"
    " decode(sm3, 'hex') FROM unnest($2::bigint[], $3::uuid[], $4::text[],"
    " $5::text[], $6::text[], $7::text[], $8::text[]) WITH ORDINALITY"
    " AS x (txid, id, fields, seed, root, sha, sm3, n)";
static const char add_nodes[] = "INSERT INTO audit.node (level, idx, sha256,"
    " sm3) SELECT level, idx, decode(sha, 'hex'), decode(sm3, 'hex')"
    " FROM unnest($1::int[], $2::bigint[], $3::text[], $4::text[])"
    " AS x (level, idx, sha, sm3)";
static const char add_head[] = "INSERT INTO audit.head (seq, size, line)"
    " VALUES ($1::bigint, $2::bigint, $3)";

/* One seal under way: columns of the leaves and nodes as arrays. */
enum { L_TXID, L_ID, L_FIELDS, L_SEED, L_ROOT, L_SHA, L_SM3, L__MAX };
enum { N_LEVEL, N_INDEX, N_SHA, N_SM3, N__MAX };
struct seal {
	struct merkle tree;
	struct head head;
	struct buf leaf[L__MAX], node[N__MAX], bytes;
	unsigned nnodes;
	char line[HEAD_LINE];
};

static unsigned char seed[HEAD_SEED];
static struct merkle known; /* the tree under the head known_seq */
static uint64_t known_seq;
static char known_line[HEAD_LINE];

static bool page(struct seal *, bool *more);
static bool begin(struct seal *, char txid[24], char id[37]);
static bool tree_of(struct seal *);
static bool leaf(struct seal *, const PGresult *, int row);
static void item(struct buf *, const char *text);
static merkle_told node;
static bool store(struct seal *);

bool
jobs_seal_open(void)
{
	const char *folder = getenv("TAIZHANG_SECRETS");
	char path[4096], text[HEAD_SEED + 1];
	const char *why;
	size_t n;

	(void)snprintf(path, sizeof path, "%s/audit", folder != NULL ? folder
	    : ".");
	why = secret_file(path, text, sizeof text, &n);
	if (why == NULL && n != HEAD_SEED)
		why = "it must hold 32 bytes of key";
	if (why != NULL) {
		log_line(LOG_ERROR, "event=settings file=%s reason=%s",
		    log_q(path), log_q(why));
		return false;
	}
	memcpy(seed, text, HEAD_SEED);
	sodium_memzero(text, sizeof text);
	return true;
}

void
jobs_seal(void)
{
	static uint64_t last_ms;
	bool more = true;

	if (last_ms != 0 && jobs_now_ms() - last_ms < SEAL_MS)
		return;
	last_ms = jobs_now_ms();
	for (int i = 0; more && i < PAGES_MAX; i++) {
		struct seal s = { .nnodes = 0 };
		bool good;

		for (size_t k = 0; k < L__MAX; k++)
			buf_init(&s.leaf[k], 64u << 20);
		for (size_t k = 0; k < N__MAX; k++)
			buf_init(&s.node[k], 1u << 20);
		buf_init(&s.bytes, LEAF_MAX);
		jobs_begin(&jobs_everything);
		good = page(&s, &more);
		if (jobs_end() && good) {
			known = s.tree;
			known_seq = s.head.seq;
			memcpy(known_line, s.line, sizeof known_line);
			if (!jobs_witness(s.line))
				log_line(LOG_WARN, "event=seal reason=%s",
				    log_q("TAIZHANG_WITNESS cannot be "
				    "written"));
		} else if (good) {
			known_seq = 0;
			more = false;
		}
		for (size_t k = 0; k < L__MAX; k++)
			buf_free(&s.leaf[k]);
		for (size_t k = 0; k < N__MAX; k++)
			buf_free(&s.node[k]);
		buf_free(&s.bytes);
	}
}

/* The months ahead. */
void
jobs_partitions(void)
{
	jobs_begin(&jobs_everything);
	PQclear(jobs_ask("SELECT audit.partitions()", 0, NULL));
	(void)jobs_end();
}

/* True if there is a new head. */
static bool
page(struct seal *s, bool *more)
{
	char txid[24], id[37];
	const char *const v[] = { txid, id, "2000" };
	bool good = true;
	PGresult *r;
	int n;

	_Static_assert(PAGE == 2000, "as the statement is told");
	*more = false;
	if (!begin(s, txid, id))
		return false;
	r = jobs_ask(events, COUNT(v), v);
	n = r != NULL ? PQntuples(r) : 0;
	for (int i = 0; i < n && good; i++)
		good = leaf(s, r, i);
	PQclear(r);
	*more = good && n == PAGE;
	return good && n > 0 && store(s);
}

/* The tree as it stands, and after which event it goes on. */
static bool
begin(struct seal *s, char txid[24], char id[37])
{
	PGresult *r = jobs_ask(lock, 0, NULL);
	bool good = r != NULL && *PQgetvalue(r, 0, 0) == 't';

	PQclear(r);
	r = good ? jobs_ask(last_head, 0, NULL) : NULL;
	if (r == NULL)
		return false;
	if (jobs_text(r, 0, 0) != NULL)
		good = head_read(jobs_text(r, 0, 0), &s->head, s->line) ==
		    HEAD_GOOD;
	if (!good)
		log_line(LOG_ERROR, "event=seal reason=%s",
		    log_q("the last head of the log is not a head"));
	(void)snprintf(txid, 24, "%s", jobs_text(r, 0, 2));
	(void)snprintf(id, 37, "%s", jobs_text(r, 0, 3));
	good = good && tree_of(s);
	s->head.at_us = strtoll(jobs_text(r, 0, 1), NULL, 10);
	PQclear(r);
	return good;
}

/* As it is remembered, or from the stored hashes of its right edge. */
static bool
tree_of(struct seal *s)
{
	char n[24], root[HASH_HEX];
	const char *const v[] = { n, n };
	struct stored_set set;
	struct stored *all;
	struct hashes top;
	PGresult *r;
	bool good;

	if (known_seq == s->head.seq && strcmp(known_line, s->line) == 0) {
		s->tree = known;
		return true;
	}
	(void)snprintf(n, sizeof n, "%llu", (unsigned long long)s->head.size);
	r = jobs_ask("SELECT * FROM audit.hashes($1::bigint, $2::bigint)", 2,
	    v);
	if (r == NULL)
		return false;
	set.n = (size_t)PQntuples(r);
	set.at = all = calloc(set.n + 1, sizeof *all);
	REQUIRE(all != NULL);
	for (int i = 0; i < PQntuples(r); i++)
		stored_read(&all[i], PQgetvalue(r, i, 0), PQgetvalue(r, i, 1),
		    PQgetvalue(r, i, 2), PQgetvalue(r, i, 3));
	PQclear(r);
	good = merkle_open(&s->tree, s->head.size, &set);
	free(all);
	merkle_root(&s->tree, &top);
	hash_hex(top.sha256, root);
	good = good && (s->head.seq == 0 || strcmp(root, s->head.sha256) == 0);
	if (!good)
		log_line(LOG_ERROR, "event=seal seq=%llu reason=%s",
		    (unsigned long long)s->head.seq,
		    log_q("the tree is not the one that was signed"));
	return good;
}

/* False: history holds what this server does not write. Then nothing is
 * sealed, and the verifier names it. */
static bool
leaf(struct seal *s, const PGresult *r, int row)
{
	const char *value[AUDIT_NCOLUMNS], *data = jobs_text(r, row, ROOT_AT);
	const char *was = jobs_text(r, row, ROOT_AT + 1), *fields = NULL;
	unsigned char salt[SEED_LEN], root[HASH_LEN];
	char hex[HASH_HEX];
	struct hashes h;
	struct buf names;
	bool good = true;

	for (int i = 0; i < AUDIT_NCOLUMNS; i++)
		value[i] = jobs_text(r, row, i);
	buf_init(&names, 1u << 16);
	if (data != NULL) {
		randombytes_buf(salt, sizeof salt);
		good = audit_root(data, salt, NULL, root);
		if (good && was != NULL)
			audit_fields(&names, was, data);
		if (names.len > 0)
			fields = names.data;
	}
	buf_reset(&s->bytes);
	audit_leaf(&s->bytes, value, fields, data != NULL ? root : NULL);
	if (!good || s->bytes.over || names.over) {
		log_line(LOG_ERROR, "event=seal id=%s reason=%s", value[A_ID],
		    log_q("the revision of this event cannot be read"));
		buf_free(&names);
		return false;
	}
	merkle_leaf(s->bytes.data, s->bytes.len, &h);
	item(&s->leaf[L_TXID], value[A_TXID]);
	item(&s->leaf[L_ID], value[A_ID]);
	item(&s->leaf[L_FIELDS], fields != NULL ? fields : "-");
	item(&s->leaf[L_SEED], data != NULL ? sodium_bin2hex(hex, sizeof hex,
	    salt, sizeof salt) : "-");
	if (data != NULL)
		hash_hex(root, hex);
	item(&s->leaf[L_ROOT], data != NULL ? hex : "-");
	hash_hex(h.sha256, hex);
	item(&s->leaf[L_SHA], hex);
	hash_hex(h.sm3, hex);
	item(&s->leaf[L_SM3], hex);
	merkle_add(&s->tree, &h, node, s);
	buf_free(&names);
	return true;
}

/* Of an array; names of columns, hex and numbers need only quotes. */
static void
item(struct buf *b, const char *text)
{
	buf_str(b, b->len == 0 ? "{\"" : ",\"");
	buf_str(b, text);
	buf_char(b, '"');
}

static void
node(void *arg, unsigned level, uint64_t index, const struct hashes *h)
{
	struct seal *s = arg;
	char text[24], hex[HASH_HEX];

	(void)snprintf(text, sizeof text, "%u", level);
	item(&s->node[N_LEVEL], text);
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)index);
	item(&s->node[N_INDEX], text);
	hash_hex(h->sha256, hex);
	item(&s->node[N_SHA], hex);
	hash_hex(h->sm3, hex);
	item(&s->node[N_SM3], hex);
	s->nnodes++;
}

static bool
store(struct seal *s)
{
	const char *v[1 + L__MAX];
	char first[24], seq[24], size[24];
	struct hashes top;
	PGresult *r;

	(void)snprintf(first, sizeof first, "%llu",
	    (unsigned long long)s->head.size);
	v[0] = first;
	for (size_t k = 0; k < L__MAX; k++) {
		buf_char(&s->leaf[k], '}');
		REQUIRE(!s->leaf[k].over);
		v[1 + k] = s->leaf[k].data;
	}
	PQclear(jobs_ask(add_leaves, COUNT(v), v));
	for (size_t k = 0; k < N__MAX && s->nnodes > 0; k++) {
		buf_char(&s->node[k], '}');
		REQUIRE(!s->node[k].over);
		v[k] = s->node[k].data;
	}
	if (s->nnodes > 0)
		PQclear(jobs_ask(add_nodes, N__MAX, v));
	if (s->head.seq > 0)
		head_digest(s->line, s->head.prev);
	else
		memset(s->head.prev, '0', HASH_HEX - 1);
	merkle_root(&s->tree, &top);
	hash_hex(top.sha256, s->head.sha256);
	hash_hex(top.sm3, s->head.sm3);
	s->head.seq++;
	s->head.size = s->tree.size;
	head_sign(&s->head, seed, s->line);
	(void)snprintf(seq, sizeof seq, "%llu",
	    (unsigned long long)s->head.seq);
	(void)snprintf(size, sizeof size, "%llu",
	    (unsigned long long)s->head.size);
	v[0] = seq;
	v[1] = size;
	v[2] = s->line;
	r = jobs_ask(add_head, 3, v);
	PQclear(r);
	return r != NULL;
}
