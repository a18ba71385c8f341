/* taizhangctl audit verify: events against leaves, leaves against the tree,
 * the tree against its signed heads, in one walk along the log. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "audit_leaf.h"
#include "base/err.h"
#include "ctl_audit.h"

#define LEAF_MAX (1u << 20)
#define KEPT_MAX 512
#define MINUTE 60000000ll
/* A transaction has the time of its beginning; none lasts longer. */
#define LONGEST (6 * 60 * MINUTE)
#define UNSEALED (2 * MINUTE)

enum { E_DATA = AUDIT_NCOLUMNS, E_SAFE, E_NOW };
enum { L_POS, L_TXID, L_ID, L_FIELDS, L_SEED, L_ROOT, L_SHA, L_SM3 };
enum { H_SEQ, H_SIZE, H_LINE };

static const char events_sql[] = "SELECT " AUDIT_COLUMNS ", h.data::text,"
    " e.txid < c.base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
    " (extract(epoch FROM now()) * 1000000)::bigint"
    " FROM audit.event e CROSS JOIN audit.clock c LEFT JOIN public.history h"
    " ON h.entity = e.entity AND h.row_id = e.row_id AND h.rev = e.rev"
    " ORDER BY e.txid, e.id";
static const char leaves_sql[] = "SELECT pos, txid, id, fields,"
    " encode(seed, 'hex'), encode(root, 'hex'), encode(sha256, 'hex'),"
    " encode(sm3, 'hex') FROM audit.leaf ORDER BY pos";
static const char heads_sql[] =
    "SELECT seq, size, line FROM audit.head ORDER BY seq";
static const char kept_sql[] = "SELECT field, encode(salt, 'hex'),"
    " encode(commitment, 'hex') FROM audit.kept WHERE pos = $1::bigint";

struct walk {
	struct verify *v;
	struct rowset event, leaf, head;
	bool is_event, is_leaf, is_head; /* there is one at hand */
	struct merkle tree;
	struct head now, last;	/* heads: at hand, and the one before it */
	char line[HEAD_LINE], last_line[HEAD_LINE];
	uint64_t good;		/* leaves up to the last head that is right */
	char first[37];		/* event of the leaf after that */
	bool broken;		/* roots say nothing any more */
	bool late;		/* said that nobody seals */
	struct buf bytes;
};

static void take_leaf(struct walk *);
static void check_event(struct walk *, struct hashes *);
static bool check_revision(struct walk *, const unsigned char *root);
static bool root_kept(struct walk *, const char *data,
    unsigned char out[HASH_LEN]);
static void check_time(struct walk *);
static void take_head(struct walk *);
static void check_head(struct walk *, const char *line);
static void check_tail(struct walk *);
static void next_event(struct walk *);
static void next_head(struct walk *);
static int order(const struct walk *);
static bool unhex(const char *hex, unsigned char *out, size_t n);

void
verify_log(struct verify *v)
{
	struct walk w = { .v = v };

	buf_init(&w.bytes, LEAF_MAX);
	memset(w.last.prev, '0', HASH_HEX - 1);
	if (!rowset_open(v, &w.event, "events", events_sql) ||
	    !rowset_open(v, &w.leaf, "leaves", leaves_sql) ||
	    !rowset_open(v, &w.head, "heads", heads_sql))
		return;
	next_event(&w);
	next_head(&w);
	while ((w.is_leaf = rowset_next(v, &w.leaf)))
		take_leaf(&w);
	if (w.is_head)
		verify_bad(v, "日志尾部被截断", "the end of the log is gone",
		    "head %" PRIu64 " covers %" PRIu64 " events, %" PRIu64
		    " are left", w.now.seq, w.now.size, w.tree.size);
	else if (w.last.size != w.tree.size)
		verify_bad(v, "有未签名的叶子", "leaves under no head",
		    "event %s", w.first);
	for (; w.is_event; next_event(&w))
		check_tail(&w);
	v->leaves = w.tree.size;
	rowset_close(v, &w.event);
	rowset_close(v, &w.leaf);
	rowset_close(v, &w.head);
	buf_free(&w.bytes);
}

static void
take_leaf(struct walk *w)
{
	uint64_t pos = strtoull(rowset_text(&w->leaf, L_POS), NULL, 10);
	const char *id = rowset_text(&w->leaf, L_ID);
	struct hashes h;

	if (pos != w->tree.size && !w->broken) {
		verify_bad(w->v, "缺少叶子", "a leaf is gone", "position %"
		    PRIu64 ", before event %s", w->tree.size, id);
		w->broken = true;
	}
	for (; w->is_event && order(w) < 0; next_event(w))
		verify_bad(w->v, "事件从未封存，是后加的",
		    "an event was put in afterwards", "event %s",
		    rowset_text(&w->event, A_ID));
	if (!unhex(rowset_text(&w->leaf, L_SHA), h.sha256, HASH_LEN) ||
	    !unhex(rowset_text(&w->leaf, L_SM3), h.sm3, HASH_LEN))
		verify_bad(w->v, "叶子损坏", "a leaf is damaged", "event %s", id);
	if (w->first[0] == '\0')
		(void)snprintf(w->first, sizeof w->first, "%s", id);
	if (w->is_event && order(w) == 0) {
		check_event(w, &h);
		check_time(w);
		next_event(w);
	} else {
		verify_bad(w->v, "事件被删除或改动了次序",
		    "an event is gone or out of order", "event %s", id);
	}
	merkle_add(&w->tree, &h, NULL, NULL);
	while (w->is_head && w->now.size <= w->tree.size)
		take_head(w);
}

/* stored: the hash of the leaf; afterwards that of the event as it is, so
 * that the roots tell when both were changed alike. */
static void
check_event(struct walk *w, struct hashes *stored)
{
	const char *value[AUDIT_NCOLUMNS], *hex = rowset_text(&w->leaf, L_ROOT);
	unsigned char root[HASH_LEN];
	struct hashes h;

	for (int i = 0; i < AUDIT_NCOLUMNS; i++)
		value[i] = rowset_text(&w->event, i);
	if (hex != NULL && !unhex(hex, root, HASH_LEN))
		hex = NULL;
	buf_reset(&w->bytes);
	audit_leaf(&w->bytes, value, rowset_text(&w->leaf, L_FIELDS),
	    hex != NULL ? root : NULL);
	merkle_leaf(w->bytes.data, w->bytes.len, &h);
	if (w->bytes.over || memcmp(&h, stored, sizeof h) != 0)
		verify_bad(w->v, "事件被改动", "an event was changed",
		    "event %s", value[A_ID]);
	else if (!check_revision(w, hex != NULL ? root : NULL))
		verify_bad(w->v, "历史版本与封存时不同",
		    "a revision is not what was sealed",
		    "event %s, %s %s rev %s", value[A_ID], value[A_ENTITY],
		    value[A_ROW], value[A_REV]);
}

static bool
check_revision(struct walk *w, const unsigned char *root)
{
	const char *data = rowset_text(&w->event, E_DATA);
	unsigned char seed[SEED_LEN], found[HASH_LEN];
	const char *hex = rowset_text(&w->leaf, L_SEED);

	if (root == NULL || data == NULL)
		return root == NULL && data == NULL &&
		    rowset_text(&w->event, A_REV) == NULL;
	w->v->revisions++;
	if (hex == NULL)
		return root_kept(w, data, found) &&
		    memcmp(found, root, HASH_LEN) == 0;
	return unhex(hex, seed, SEED_LEN) &&
	    audit_root(data, seed, NULL, found) &&
	    memcmp(found, root, HASH_LEN) == 0;
}

/* Of a revision of which fields were erased. */
static bool
root_kept(struct walk *w, const char *data, unsigned char out[HASH_LEN])
{
	const char *const pos[] = { rowset_text(&w->leaf, L_POS) };
	unsigned char bytes[KEPT_MAX][SALT_LEN + HASH_LEN];
	struct kept kept[KEPT_MAX + 1] = { { .key = NULL } };
	PGresult *r = verify_ask(w->v, kept_sql, 1, pos);
	bool good = r != NULL && PQntuples(r) <= KEPT_MAX;

	for (int i = 0; good && i < PQntuples(r); i++) {
		bool salt = !PQgetisnull(r, i, 1);

		kept[i].key = PQgetvalue(r, i, 0);
		kept[i].salt = salt ? bytes[i] : NULL;
		kept[i].commitment = bytes[i] + SALT_LEN;
		good = (!salt || unhex(PQgetvalue(r, i, 1), bytes[i],
		    SALT_LEN)) && unhex(PQgetvalue(r, i, 2),
		    bytes[i] + SALT_LEN, HASH_LEN);
	}
	good = good && audit_root(data, NULL, kept, out);
	PQclear(r);
	return good;
}

/* Between the head before and the head after it, as far as clocks go: one
 * that was set right goes back. */
static void
check_time(struct walk *w)
{
	long long at = strtoll(rowset_text(&w->event, A_AT), NULL, 10);
	long long from = w->last.at_us < w->now.at_us ? w->last.at_us
	    : w->now.at_us;

	if (!w->is_head || w->broken)
		return;
	if (at > w->now.at_us + MINUTE ||
	    (w->last.seq > 0 && at < from - LONGEST))
		verify_bad(w->v, "事件的时间与封存时间不符",
		    "an event has not the time it was sealed at", "event %s",
		    rowset_text(&w->event, A_ID));
}

static void
take_head(struct walk *w)
{
	char root[HASH_HEX], sm3[HASH_HEX];
	struct hashes h;

	if (w->now.size < w->tree.size && !w->broken)
		verify_bad(w->v, "树头次序不对", "heads are out of order",
		    "head %" PRIu64, w->now.seq);
	merkle_root(&w->tree, &h);
	hash_hex(h.sha256, root);
	hash_hex(h.sm3, sm3);
	if (!w->broken && (strcmp(root, w->now.sha256) != 0 ||
	    strcmp(sm3, w->now.sm3) != 0)) {
		verify_bad(w->v, "树根与签名的不符",
		    "the tree is not the one that was signed",
		    "head %" PRIu64 ", events %" PRIu64 " to %" PRIu64
		    ", the first of them %s", w->now.seq, w->good,
		    w->tree.size - 1, w->first);
		w->broken = true;
	}
	w->good = w->tree.size;
	w->first[0] = '\0';
	w->last = w->now;
	memcpy(w->last_line, w->line, sizeof w->last_line);
	w->v->heads++;
	next_head(w);
}

static void
next_head(struct walk *w)
{
	const char *line;

	w->is_head = rowset_next(w->v, &w->head);
	if (!w->is_head)
		return;
	line = rowset_text(&w->head, H_LINE);
	check_head(w, line);
	w->now.size = strtoull(rowset_text(&w->head, H_SIZE), NULL, 10);
}

/* The line by itself, and its link to the one before. */
static void
check_head(struct walk *w, const char *line)
{
	enum head_read read = head_read(line, &w->now, w->line);
	const char *seq = rowset_text(&w->head, H_SEQ);
	const char *size = rowset_text(&w->head, H_SIZE);
	char prev[HASH_HEX];

	memcpy(prev, w->last.prev, sizeof prev);
	if (w->last.seq > 0)
		head_digest(w->last_line, prev);
	if (read != HEAD_GOOD || strcmp(w->line, line) != 0)
		verify_bad(w->v, "树头的签名不对", "a head's signature is wrong",
		    "head %s", seq);
	else if (!verify_trusts(w->v, w->now.key))
		verify_bad(w->v, "树头用了别的密钥签名",
		    "a head is signed with another key", "head %s", seq);
	else if (w->now.seq != strtoull(seq, NULL, 10) ||
	    w->now.size != strtoull(size, NULL, 10) ||
	    w->now.seq != w->last.seq + 1 || w->now.size <= w->last.size ||
	    strcmp(w->now.prev, prev) != 0)
		verify_bad(w->v, "树头不接前一个",
		    "a head does not follow the one before", "head %s", seq);
	else if (w->now.at_us < w->last.at_us)
		printf("注意：服务器时钟曾经倒退 / note: the clock went back: "
		    "head %s\n", seq);
}

/* What is not sealed yet: only of the last moments. */
static void
check_tail(struct walk *w)
{
	long long at = strtoll(rowset_text(&w->event, A_AT), NULL, 10);
	long long now = strtoll(rowset_text(&w->event, E_NOW), NULL, 10);
	bool complete = *rowset_text(&w->event, E_SAFE) == 't';

	if (rowset_text(&w->event, A_REV) != NULL &&
	    rowset_text(&w->event, E_DATA) == NULL)
		verify_bad(w->v, "历史版本缺失", "a revision is gone",
		    "event %s", rowset_text(&w->event, A_ID));
	if (!complete || now - at < UNSEALED || w->late)
		return;
	w->late = true;
	verify_bad(w->v, "事件长时间没有封存，或时间是倒填的",
	    "an event is old and not sealed", "event %s",
	    rowset_text(&w->event, A_ID));
}

static void
next_event(struct walk *w)
{
	w->is_event = rowset_next(w->v, &w->event);
	w->v->events += w->is_event;
}

/* Of the event and the leaf at hand. */
static int
order(const struct walk *w)
{
	long long e = strtoll(rowset_text(&w->event, A_TXID), NULL, 10);
	long long l = strtoll(rowset_text(&w->leaf, L_TXID), NULL, 10);

	if (e != l)
		return e < l ? -1 : 1;
	return strcmp(rowset_text(&w->event, A_ID),
	    rowset_text(&w->leaf, L_ID));
}

static bool
unhex(const char *hex, unsigned char *out, size_t n)
{
	size_t got = 0;

	memset(out, 0, n);
	return hex != NULL && sodium_hex2bin(out, n, hex, strlen(hex), NULL,
	    &got, NULL) == 0 && got == n;
}
