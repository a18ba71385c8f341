/* THE PIPELINE: one version of one workbook, from the spool to the server
 * and back into the folder. */
#include "sync.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event.h"
#include "pass.h"
#include "report.h"
#include "swap.h"
#include "watch.h"

#define NOTES_BESIDE 20 /* a note is read, not searched */
#define AGAIN_S 600	/* what the server refused is tried again */
#define UNTOLD_S 60	/* a note that the disk refused */
#define PLAN_ATTEMPTS 4 /* bases may move under a plan; then it is later */

static void pass_begin(struct pass *, struct site *, struct file_state *,
    const char *sha);
static enum err pass_finish(struct pass *, enum err);
static void notes_beside(struct pass *);
static bool pass_clean(const struct pass *);
static enum err versions(struct site *);
static enum err versions_in_order(struct site *, const char *first);
static enum err rounds(struct site *);
static bool waiting(struct site *, const char *path);
static void drop_blob(struct site *, const char *sha);

enum err
sync_version(struct site *site, const char *path, const char *sha)
{
	struct pass p;
	struct file_state file;
	enum err e = OK;

	pass_begin(&p, site, &file, sha);
	state_file_get(site->state, &p.arena, site->id, path, &file);
	file.recheck_in = 0; /* this is the look that was due */
	if (!pass_look(&p, &e) || !pass_adopt(&p, &e))
		return pass_finish(&p, e);
	if (!p.known_bytes && (e = pass_resolve(&p)) != OK)
		return pass_finish(&p, e);
	for (int attempt = 0; attempt < PLAN_ATTEMPTS; attempt++) {
		if (p.known_bytes)
			break;
		if (!pass_fetch(&p, &e))
			return pass_finish(&p, e);
		pass_decide(&p);
		if (json_array_size(p.rows) == 0)
			break;
		if ((e = pass_tell(&p)) != OK || p.incomplete)
			return pass_finish(&p, e);
	}
	pass_remember(&p);
	if (pass_clean(&p) && pass_due(&p))
		e = pass_deliver(&p);
	return pass_finish(&p, e);
}

/* Nothing unsaid and nothing pending: a new export may replace the file. */
static bool
pass_clean(const struct pass *p)
{
	return p->role == ROLE_PRIMARY && !p->known_bytes &&
	    !p->incomplete && json_array_size(p->rows) == 0 &&
	    p->plan.hold == HOLD_NONE && p->plan.nheld == 0 &&
	    p->plan.wait_until == 0 && strcmp(p->verdict.state, "ok") == 0;
}

static void
pass_begin(struct pass *p, struct site *site, struct file_state *file,
    const char *sha)
{
	*p = (struct pass){ .site = site, .file = file, .sha = sha,
		.fd = -1 };
	arena_init(&p->arena, PASS_MEMORY);
	p->verdict = (struct verdict){ "ok", "", "", "", NULL };
}

/* Says what came of it, in the folder and to the server. */
static enum err
pass_finish(struct pass *p, enum err e)
{
	struct site *s = p->site;
	const struct verdict *v = &p->verdict;
	if (e == OK) {
		notes_beside(p);
		if (!report_put(s->root_fd, p->file->path, v)) {
			s->refused = true;
			p->file->recheck_in = clock_s() + UNTOLD_S;
		}
		if (p->incomplete && p->file->recheck_in <= clock_s())
			p->file->recheck_in = clock_s() + AGAIN_S;
		p->file->condition = v->state;
		state_file_put(s->state, s->id, p->file);
		e = site_tell(s, p->file->path, p->sha, v->state, v->code,
		    v->zh, v->en, p->ledger_id);
	}
	event(e == OK ? "info" : "warn", "version", "path", p->file->path,
	    "sha", p->sha, "result", e == OK ? v->state : "later", "code",
	    v->code, "merged", event_n((long long)p->merged), NULL);
	if (p->fd >= 0)
		close(p->fd);
	json_decref(p->base_json);
	json_decref(p->rows);
	arena_free(&p->arena);
	return e;
}

/* What only the reader knows stands in 校验结果 of a main file; of a file that
 * is not written, or not now, it stands in the note. */
static void
notes_beside(struct pass *p)
{
	struct verdict *v = &p->verdict;
	const struct ledger *l = &p->ledger;
	size_t n = l->nnotes < NOTES_BESIDE ? l->nnotes : NOTES_BESIDE;
	if (n == 0 || !v->advice || (p->role == ROLE_PRIMARY &&
		strcmp(v->state, "ok") == 0))
		return;
	for (size_t i = 0; i < n; i++) {
		const struct cell_note *c = &l->note[i];
		v->advice = arena_printf(&p->arena, "%s\n%s第%u行%s%s：%s。%s",
		    v->advice, i == 0 ? "请核对：\n" : "", c->sheet_row,
		    *c->label ? " " : "", c->label, c->zh, c->fix);
	}
	if (n < l->nnotes)
		v->advice = arena_printf(&p->arena, "%s\n……共 %zu 处。",
		    v->advice, l->nnotes);
}

enum err
sync_site(struct site *s)
{
	struct answers sent = { 0 };
	enum err e;
	if (!s->info && (e = site_refresh(s)) != OK)
		return e;
	s->refused = false;
	/* What was promised to the outbox goes first: a new plan would be
	 * made against a base that does not know of it. */
	e = push_send(s->state, s->client, s->id, &sent);
	json_decref(sent.rejected); /* the version's own plan tells of them */
	if (e != OK || (e = versions(s)) != OK || (e = rounds(s)) != OK)
		return e;
	return s->settled ? sync_fresh(s) : OK;
}

/*
 * In the order they were saved, none skipped; those that bear a ledger's own
 * name first, so that after amnesia a copy is not taken for the main file.
 */
static enum err
versions(struct site *s)
{
	const json_t *list = json_object_get(s->info, "ledgers"), *l;
	json_t *names = json_array();
	size_t i;
	json_array_foreach(list, i, l)
		json_array_append(names, json_object_get(l, "file"));
	char *first = json_dumps(names, JSON_COMPACT);
	json_decref(names);
	REQUIRE(first);
	enum err e = versions_in_order(s, first);
	free(first);
	return e;
}

static enum err
versions_in_order(struct site *s, const char *first)
{
	for (;;) {
		struct arena a;
		const char *path = NULL, *sha = NULL;
		int64_t n = 0;
		arena_init(&a, 0);
		sqlite3_stmt *q = state_query(s->state, "SELECT n, path, sha"
		    " FROM observation WHERE binding = ?"
		    " ORDER BY path NOT IN (SELECT value FROM json_each(?)),"
		    " n LIMIT 1", "ss", s->id, first);
		while (state_row(s->state, q)) {
			n = sqlite3_column_int64(q, 0);
			path = state_text(&a, q, 1);
			sha = state_text(&a, q, 2);
		}
		enum err e = path ? sync_version(s, path, sha)
				  : E_UNKNOWN;
		if (e == OK) {
			state_run(s->state, "DELETE FROM observation"
			    " WHERE n = ?", "i", n);
			drop_blob(s, sha);
		}
		arena_free(&a);
		if (!path)
			return OK;
		if (e != OK)
			return E_BUSY;
	}
}

/* Versions already pushed whose time has come: a deletion ripened, the
 * server has something new, a half-copied file should be whole now. */
static enum err
rounds(struct site *s)
{
	struct arena a;
	struct file_state *files;
	enum err worst = OK;
	arena_init(&a, 0);
	size_t n = state_files(s->state, &a, s->id, &files);
	for (size_t i = 0; i < n; i++) {
		struct file_state *f = &files[i];
		bool ripe = f->recheck_in && clock_s() >= f->recheck_in;
		bool news = f->role == ROLE_PRIMARY && f->ledger &&
		    f->condition && strcmp(f->condition, "ok") == 0 &&
		    !f->recheck_in && site_seq(s, f->ledger) > f->seq;
		if (f->missing_since || !f->sha || waiting(s, f->path) ||
		    watch_waiting(s, f->path) || (!ripe && !news))
			continue;
		if (news && !ripe && !s->once && f->written_at &&
		    clock_s() - f->written_at < (s->conf->write_back_s >= 0
			? s->conf->write_back_s
			: site_number(s, "write_back_s", 600)))
			continue;
		if (news && !ripe && !site_free(s, f->path))
			continue;
		enum err e = sync_version(s, f->path, f->sha);
		if (e != OK)
			worst = e;
		if (e == E_BUSY && client_retry_ms(s->client) > 0)
			break;
	}
	arena_free(&a);
	return worst;
}

static bool
waiting(struct site *s, const char *path)
{
	return state_int(s->state, 0, "SELECT 1 FROM observation"
	    " WHERE binding = ? AND path = ? LIMIT 1", "ss", s->id, path) ==
	    1;
}

/* A copy nobody names any more. */
static void
drop_blob(struct site *s, const char *sha)
{
	if (!state_int(s->state, 0, "SELECT 1 WHERE EXISTS(SELECT 1 FROM"
		" observation WHERE sha = ?1) OR EXISTS(SELECT 1 FROM file"
		" WHERE sha = ?1) OR EXISTS(SELECT 1 FROM version"
		" WHERE sha = ?1)", "s", sha))
		spool_drop(s->spool, sha);
}
