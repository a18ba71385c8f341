/* taizhangctl audit verify: every revision has its event, every row stands as
 * its last revision says (I11), and what was erased was erased openly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_leaf.h"
#include "base/buf.h"
#include "base/err.h"
#include "ctl_audit.h"

/* One each: none, and the revision was written past the log; two, and one
 * of the events is invented. */
static const char unlogged[] = "SELECT h.entity, h.row_id, h.rev"
    " FROM public.history h LEFT JOIN audit.event e ON e.entity = h.entity"
    " AND e.row_id = h.row_id AND e.rev = h.rev"
    " GROUP BY 1, 2, 3 HAVING count(e.id) <> 1 ORDER BY 1, 2, 3 LIMIT 20";
static const char secretly[] = "SELECT e.id, e.entity, e.row_id, k.field"
    " FROM audit.kept k JOIN audit.leaf l ON l.pos = k.pos"
    " JOIN audit.event e ON e.id = l.id WHERE k.salt IS NULL"
    " AND NOT EXISTS (SELECT FROM audit.event x WHERE x.verb = 'erase'"
    " AND x.entity = e.entity AND x.row_id = e.row_id"
    " AND x.detail->'fields' ? k.field) LIMIT 20";
static const char tables[] = "SELECT DISTINCT t.name, quote_ident(t.name)"
    " FROM (SELECT entity FROM public.history UNION"
    " SELECT c.relname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid"
    " WHERE g.tgname = 'history_ins') t (name)"
    " WHERE to_regclass('public.' || quote_ident(t.name)) IS NOT NULL"
    " ORDER BY 1";

static void listed(struct verify *, const char *sql, const char *zh,
    const char *en);
static void table(struct verify *, const char *name, const char *quoted);
static void row(struct verify *, const char *name, const struct rowset *);
static const char *differs(const char *is, const char *says, int *len);

void
verify_rows(struct verify *v)
{
	PGresult *r;

	listed(v, unlogged, "历史版本没有对应的事件，或不止一个",
	    "a revision has not exactly one event");
	listed(v, secretly, "字段被擦除，却没有擦除事件",
	    "a field was erased without an event");
	r = v->failed ? NULL : verify_ask(v, tables, 0, NULL);
	for (int i = 0; r != NULL && i < PQntuples(r) && !v->failed; i++)
		table(v, PQgetvalue(r, i, 0), PQgetvalue(r, i, 1));
	PQclear(r);
}

static void
listed(struct verify *v, const char *sql, const char *zh, const char *en)
{
	PGresult *r = v->failed ? NULL : verify_ask(v, sql, 0, NULL);

	for (int i = 0; r != NULL && i < PQntuples(r); i++)
		verify_bad(v, zh, en, "%s %s %s %s", PQgetvalue(r, i, 0),
		    PQgetvalue(r, i, 1), PQgetvalue(r, i, 2),
		    PQnfields(r) > 3 ? PQgetvalue(r, i, 3) : "");
	PQclear(r);
	verify_progress(v);
}

/* Rows with their last revision; then revisions whose row is gone. A name is of
 * another collation than the key of history: uncast, each row would read all of
 * that index. */
static void
table(struct verify *v, const char *name, const char *quoted)
{
	const char *const p[] = { name };
	struct rowset s;
	PGresult *r;
	char sql[1024];

	(void)snprintf(sql, sizeof sql, "SELECT c.id, c.rev,"
	    " to_jsonb(c)::text, h.rev, h.data::text FROM public.%s c"
	    " LEFT JOIN LATERAL (SELECT rev, data FROM public.history"
	    " WHERE entity = (SELECT relname::text COLLATE \"default\""
	    " FROM pg_class WHERE oid = c.tableoid) AND row_id = c.id"
	    " ORDER BY rev DESC LIMIT 1) h ON true ORDER BY c.id", quoted);
	if (!rowset_open(v, &s, "standing", sql))
		return;
	while (rowset_next(v, &s))
		row(v, name, &s);
	rowset_close(v, &s);
	(void)snprintf(sql, sizeof sql, "SELECT DISTINCT h.row_id"
	    " FROM public.history h WHERE h.entity = $1 AND NOT EXISTS"
	    " (SELECT FROM public.%s c WHERE c.id = h.row_id) LIMIT 20",
	    quoted);
	r = v->failed ? NULL : verify_ask(v, sql, 1, p);
	for (int i = 0; r != NULL && i < PQntuples(r); i++)
		verify_bad(v, "行被删除", "a row is gone", "%s %s", name,
		    PQgetvalue(r, i, 0));
	PQclear(r);
}

static void
row(struct verify *v, const char *name, const struct rowset *s)
{
	const char *id = rowset_text(s, 0), *rev = rowset_text(s, 3);
	const char *field;
	int len = 0;

	v->rows++;
	if (rev == NULL || strcmp(rowset_text(s, 1), rev) != 0) {
		verify_bad(v, "行与历史的版本不符",
		    "a row has not the revision of its history", "%s %s", name,
		    id);
		return;
	}
	field = differs(rowset_text(s, 2), rowset_text(s, 4), &len);
	if (field != NULL)
		verify_bad(v, "行与最后的历史版本不符",
		    "a row is not what its last revision says", "%s %s %.*s",
		    name, id, len, field);
}

/* The first member that is not the same; NULL if there is none. A column that
 * came later, or is kept out of history, is not in the revision. */
static const char *
differs(const char *is, const char *says, int *len)
{
	struct member m, o;

	while (member_next(&says, &m)) {
		const char *at = is;
		bool found = false;

		while (!found && member_next(&at, &o))
			found = o.key_len == m.key_len &&
			    memcmp(o.key, m.key, m.key_len) == 0;
		if (!found)
			continue;
		is = at;
		if (o.value_len == m.value_len &&
		    memcmp(o.value, m.value, m.value_len) == 0)
			continue;
		*len = (int)m.key_len;
		return m.key;
	}
	return NULL;
}
