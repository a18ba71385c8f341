/* From the change feed to what each webhook is to be told. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "feed.h"
#include "jobs.h"
#include "query.h"
#include "scope.h"
#include "settings.h"

#define PAGE 500
#define PAGES_MAX 20 /* of one webhook, before the next one's turn */
#define PRUNE_STEP "5000"

static bool moved(void);
static bool tell(struct arena *, const PGresult *, int row);
static struct scope scope_of(const PGresult *, int row);
static bool write_page(struct arena *, const char *webhook,
    const struct place *was, const struct place *is, const PGresult *page);
static const char *array(struct arena *, const PGresult *, int col);

static bool behind; /* somebody has more to read than was read */

void
jobs_feed(void)
{
	struct arena a;
	PGresult *hooks;

	if (!moved() && !behind)
		return;
	behind = false;
	jobs_begin(&jobs_everything);
	hooks = jobs_ask("SELECT h.id, lo, hi, h.line, h.clearance, action,"
	    " cover, own, category, (SELECT coalesce(array_agg(e), '{}')"
	    " FROM unnest(h.entities::text[]) e"
	    " WHERE role_reads(w.role, s.groups ->> e))"
	    " FROM webhook_scopes() h JOIN webhook w USING (id)"
	    " JOIN webhook_state s ON s.webhook_id = w.id", 0, NULL);
	if (jobs_end() && hooks != NULL) {
		for (int i = 0; i < PQntuples(hooks); i++) {
			int pages = 0;

			arena_init(&a, 0);
			while (tell(&a, hooks, i))
				if (++pages == PAGES_MAX) {
					behind = true;
					break;
				}
			arena_free(&a);
		}
	}
	PQclear(hooks);
}

/* Whose grant has ended is told nothing more. */
void
jobs_owners(void)
{
	jobs_begin(&jobs_everything);
	PQclear(jobs_ask("UPDATE webhook w SET active = false, notice ="
	    " '登记人的授权已失效或改变，推送已停用 / The owner''s grant has"
	    " ended or changed.' WHERE active AND voided_at IS NULL AND NOT"
	    " EXISTS (SELECT FROM role_grant g JOIN app_user u"
	    " ON u.id = g.user_id WHERE g.id = w.grant_id AND g.role = w.role"
	    " AND u.status = 'active' AND g.valid_from <= now()"
	    " AND (g.valid_to IS NULL OR g.valid_to > now())"
	    " AND g.line_code = w.line AND g.clearance >= w.clearance"
	    " AND w.division_code BETWEEN g.division_code AND"
	    " division_hi(g.division_code))", 0, NULL));
	(void)jobs_end();
}

void
jobs_prune(void)
{
	char days[32];
	const char *v[] = { days, PRUNE_STEP };
	bool more = true;

	snprintf(days, sizeof days, "%u days", settings()->feed_days);
	for (int i = 0; more && i < 100; i++) {
		PGresult *r;

		jobs_begin(&jobs_everything);
		r = jobs_ask("SELECT feed_prune(now() - $1::interval,"
		    " $2::int)", 2, v);
		more = r != NULL && *PQgetvalue(r, 0, 0) == 't';
		PQclear(r);
		more = jobs_end() && more;
	}
	jobs_begin(&jobs_everything);
	/* They are not sent (jobs_send.c), and must not wait for ever. */
	PQclear(jobs_ask("UPDATE webhook_delivery d SET state = 'failed',"
	    " error = 'not_readable' FROM webhook w JOIN webhook_state s"
	    " ON s.webhook_id = w.id WHERE w.id = d.webhook_id"
	    " AND d.state = 'pending' AND d.claimed_by IS NULL"
	    " AND NOT role_reads(w.role, s.groups ->> d.entity)", 0, NULL));
	PQclear(jobs_ask("DELETE FROM webhook_delivery WHERE state <>"
	    " 'pending' AND (tried_at < now() - interval '30 days'"
	    " OR tried_at IS NULL AND at < now() - interval '30 days')", 0,
	    NULL));
	PQclear(jobs_ask("DELETE FROM idempotency WHERE created_at <"
	    " now() - interval '30 days'", 0, NULL));
	(void)jobs_end();
}

/* Whether the end of what is complete has moved; then those who wait are
 * woken, once for however many changes. */
static bool
moved(void)
{
	static char last[64];
	char top[64] = "";
	PGresult *r;

	jobs_begin(&jobs_everything);
	r = jobs_ask("SELECT pos || ' ' || seq FROM change WHERE pos <"
	    " feed_safe() ORDER BY pos DESC, seq DESC LIMIT 1", 0, NULL);
	if (r != NULL && PQntuples(r) == 1)
		snprintf(top, sizeof top, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	if (strcmp(top, last) != 0)
		PQclear(jobs_ask("SELECT pg_notify('change', '')", 0, NULL));
	if (!jobs_end() || strcmp(top, last) == 0)
		return false;
	memcpy(last, top, sizeof last);
	return true;
}

/* What its owner would see of it now: no more than his grant reaches, by both
 * walls, as of any request (D3). */
static struct scope
scope_of(const PGresult *hooks, int row)
{
	return (struct scope) {
		.lo = strtoll(jobs_text(hooks, row, 1), NULL, 10),
		.hi = strtoll(jobs_text(hooks, row, 2), NULL, 10),
		.line = jobs_text(hooks, row, 3),
		.clearance = (int)strtol(jobs_text(hooks, row, 4), NULL, 10),
		.channel = "job",
		.action = jobs_text(hooks, row, 5),
		.cover = jobs_text(hooks, row, 6),
		.own = jobs_text(hooks, row, 7),
		.category = jobs_text(hooks, row, 8),
	};
}

/* One page of one webhook, in its own scope; whether there may be more. */
static bool
tell(struct arena *a, const PGresult *hooks, int row)
{
	const struct scope s = scope_of(hooks, row);
	const char *id = jobs_text(hooks, row, 0), *end, *v[FEED_VALUES];
	struct place was = { .floor = -1 }, is;
	bool more = false, good = true;
	PGresult *state, *page = NULL;
	struct buf sql;
	int n;

	buf_init(&sql, 8192);
	feed_sql(&sql, s.lo, s.hi, &s);
	REQUIRE(!sql.over);
	jobs_begin(&jobs_everything);
	state = jobs_ask("SELECT pos, seq FROM webhook_state"
	    " WHERE webhook_id = $1::uuid", 1, &id);
	if (state != NULL && PQntuples(state) == 1) {
		query_scope(a, &s, v);
		v[4] = jobs_text(state, 0, 0);
		v[5] = jobs_text(state, 0, 1);
		v[6] = jobs_text(hooks, row, 9);
		v[7] = arena_int(a, PAGE);
		v[8] = "0"; /* it is told of nothing from before it was */
		was.pos = strtoll(v[4], NULL, 10);
		was.seq = strtoll(v[5], NULL, 10);
		jobs_scope(&s);
		page = jobs_ask_once(sql.data, (int)feed_values(&s),
		    v);
		/* What is told stands above what it is told of. */
		jobs_scope(&jobs_everything);
	}
	is = was;
	if (page != NULL) {
		n = jobs_text(page, 0, 3) == NULL ? 0 : PQntuples(page);
		end = jobs_text(page, 0, 2);
		more = n > PAGE || end != NULL;
		if (n > PAGE)
			n = PAGE;
		if (n > 0) {
			is.pos = strtoll(jobs_text(page, n - 1, 3), NULL, 10);
			is.seq = strtoll(jobs_text(page, n - 1, 4), NULL, 10);
		}
		if (end != NULL) {
			char *rest;

			is.pos = strtoll(end, &rest, 10);
			is.seq = strtoll(rest, NULL, 10);
		} else if (!more && scope_narrow(&s)) {
			/* Not to look at what he does not see once more. */
			is.pos = strtoll(jobs_text(page, 0, 0), NULL, 10) - 1;
			is.seq = INT64_MAX;
		}
		if (is.pos != was.pos || is.seq != was.seq)
			good = write_page(a, id, &was, &is, n > 0 ? page
			    : NULL);
	}
	buf_free(&sql);
	PQclear(state);
	PQclear(page);
	return jobs_end() && good && more;
}

/* Deliveries and the place move together or not at all. */
static bool
write_page(struct arena *a, const char *webhook, const struct place *was,
    const struct place *is, const PGresult *page)
{
	const char *v[6] = { webhook, arena_int(a, was->pos),
		arena_int(a, was->seq), arena_int(a, is->pos),
		arena_int(a, is->seq) };
	PGresult *r = jobs_ask("UPDATE webhook_state SET pos = $4::bigint,"
	    " seq = $5::bigint WHERE webhook_id = $1::uuid"
	    " AND pos = $2::bigint AND seq = $3::bigint RETURNING 1", 5, v);
	bool ours = r != NULL && PQntuples(r) == 1;

	PQclear(r);
	if (!ours || page == NULL)
		return ours;
	for (int i = 0; i < 5; i++)
		v[i + 1] = array(a, page, 5 + i);
	PQclear(jobs_ask("INSERT INTO webhook_delivery (webhook_id, entity,"
	    " row_id, row_rev, change, at) SELECT $1::uuid, c.entity, c.id,"
	    " CASE WHEN c.kind <> 'gone' THEN c.rev END, c.kind, c.at"
	    " FROM unnest($2::text[], $3::uuid[], $4::bigint[], $5::text[],"
	    " $6::timestamptz[]) WITH ORDINALITY"
	    " AS c (entity, id, rev, kind, at, n) ORDER BY c.n", 6, v));
	return true;
}

/* A column of the page's first PAGE rows; none of its texts needs quotes. */
static const char *
array(struct arena *a, const PGresult *page, int col)
{
	struct buf b;
	const char *out;

	buf_init(&b, 1 << 20);
	buf_char(&b, '{');
	for (int i = 0; i < PQntuples(page) && i < PAGE; i++)
		buf_printf(&b, "%s%s", i > 0 ? "," : "", jobs_text(page, i,
		    col));
	buf_char(&b, '}');
	REQUIRE(!b.over);
	out = arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return out;
}
