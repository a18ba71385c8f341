/* A new export into the workbook that staff own: asked for, patched into a
 * copy, read back, and swapped in (sync-and-security.md 1.8). */
#include "pass.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "swap.h"
#include "watch.h"
#include "writeback.h"

#define FAILED_S 60

static bool newer(const struct pass *);
static bool notes_shown(struct pass *);
static size_t note_of_line(const struct ledger *, const struct sheet *,
    unsigned row);
static enum err export_get(struct pass *, json_t **);
static bool patch(struct pass *, struct writeback *, const char *tmp,
    char h1[SHA_HEX_LEN + 1]);
static enum refusal read_back(struct pass *, int fd,
    const struct writeback *, const char **why);
static void later(struct pass *);
static enum err exchange(struct pass *, const json_t *export,
    const char *tmp, const char *h1);
static void took(struct pass *, const json_t *export, const char *h1);

/* Is there something to show, and may it be shown now? */
bool
pass_due(struct pass *p)
{
	struct site *s = p->site;
	struct file_state *f = p->file;
	long seq = site_seq(s, p->ledger_id);
	long gap = s->conf->write_back_s >= 0 ? s->conf->write_back_s
	    : site_number(s, "write_back_s", 600);
	if (strcmp(site_direction(s), "in") == 0)
		return false;
	if (seq <= f->seq && notes_shown(p) && p->ledger.token_col &&
	    !p->decided)
		return false;
	if (!s->once && f->written_at && clock_s() - f->written_at < gap)
		return false;
	return !newer(p) && !watch_waiting(s, f->path) &&
	    site_free(s, f->path);
}

/* Saved again since: that version is read before anything is written. */
static bool
newer(const struct pass *p)
{
	return state_int(p->site->state, 0, "SELECT 1 FROM observation"
	    " WHERE binding = ? AND path = ? AND sha <> ? LIMIT 1", "sss",
	    p->site->id, p->file->path, p->sha) == 1;
}

/* What only the reader knows must stand in 校验结果 already, each of it, and
 * nothing that he found once and finds no more. */
static bool
notes_shown(struct pass *p)
{
	const struct ledger *l = &p->ledger;
	const struct sheet *s = NULL;
	bool *stands = arena_array(&p->arena, l->nnotes + 1,
	    sizeof *stands);
	size_t found = 0;
	for (size_t i = 0; i < p->book->nsheets; i++)
		if (strcmp(p->book->sheet[i].name, "校验结果") == 0)
			s = &p->book->sheet[i];
	for (size_t r = 0; s && r < s->nrows; r++) {
		size_t n = note_of_line(l, s, s->row[r].row);
		if (n == l->nnotes && ledger_note_lasts(grid_text(s,
			s->row[r].row, 4)))
			return false;
		found += n < l->nnotes && !stands[n];
		stands[n] = true;
	}
	return found == l->nnotes;
}

/* Which note a line of 校验结果 shows; nnotes if none. */
static size_t
note_of_line(const struct ledger *l, const struct sheet *s, unsigned row)
{
	unsigned long of = strtoul(grid_text(s, row, 1), NULL, 10);
	const char *label = grid_text(s, row, 2), *rule = grid_text(s, row, 4);
	const char *zh = grid_text(s, row, 5);
	size_t n;
	for (n = 0; n < l->nnotes; n++) {
		const struct cell_note *note = &l->note[n];
		if (note->sheet_row == of && strcmp(label, note->label) == 0 &&
		    strcmp(rule, note->rule) == 0 && strstr(zh, note->zh))
			break;
	}
	return n;
}

enum err
pass_deliver(struct pass *p)
{
	char tmp[UUID_LEN + 1], h1[SHA_HEX_LEN + 1];
	struct writeback w;
	json_t *export = NULL;
	const char *why;
	enum err e = export_get(p, &export);
	if (e != OK)
		return e;
	uuid_new(tmp);
	if (!writeback_make(&p->arena, &p->template, &p->ledger,
		p->base.known, p->plan.match, export, &w, &why)) {
		pass_refuse(p, "held", "CANNOT_WRITE", arena_printf(
		    &p->arena, "系统有新内容，但无法写入本表：%s", why),
		    "the workbook cannot take the export",
		    "按上面的说明处理并保存后，系统会再次写入。");
	} else if (patch(p, &w, tmp, h1)) {
		e = exchange(p, export, tmp, h1);
	}
	json_decref(export);
	return e;
}

static enum err
export_get(struct pass *p, json_t **export)
{
	const char *path = arena_printf(&p->arena,
	    "/v1/sync/ledgers/%s/exports", p->ledger_id);
	json_t *body = json_pack("{ssssss}", "instance", p->instance, "kind",
	    "primary", "path", p->file->path);
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	REQUIRE(text);
	enum err e = client_call(p->site->client, &(struct ask){
		.method = "POST", .path = path, .body = text,
		.if_match = -1 }, export);
	free(text);
	const char *id = json_string_value(json_object_get(*export,
	    "export"));
	if (e == OK && id && uuid_ok(id))
		return OK;
	event("warn", "export_refused", "path", p->file->path, "why",
	    client_problem(p->site->client), NULL);
	json_decref(*export);
	*export = NULL;
	return E_BUSY;
}

/* Into .ledger-sync/tmp on the same disk, durable, and read back. */
static bool
patch(struct pass *p, struct writeback *w, const char *tmp,
    char h1[SHA_HEX_LEN + 1])
{
	struct site *s = p->site;
	const char *zh = "", *en = "";
	enum refusal r = REFUSED_IO;
	int out = swap_tmp(s->root_fd, tmp);
	if (out < 0)
		goto out;
	r = workbook_patch(p->fd, out, w->patch, w->npatches, &zh, &en);
	if (r == REFUSED_IO)
		goto out;
	if (r != READ_OK) {
		pass_refuse(p, "held", "CANNOT_PATCH", arena_printf(
		    &p->arena, "系统有新内容，但无法写入本表：%s", zh), en,
		    "处理并保存后，系统会再次写入。");
		goto out;
	}
	r = REFUSED_IO; /* also if it is gone or unreadable meanwhile */
	if (!swap_dress(s->root_fd, p->file->path, out))
		goto out;
	r = read_back(p, out, w, &en);
	if (r == REFUSED_IO)
		goto out;
	if (r != READ_OK) {
		event("error", "patch_differs", "path", p->file->path, "why",
		    en, NULL);
		pass_refuse(p, "held", "PATCH_DIFFERS",
		    "系统有新内容，但写入后核对不一致，已放弃写入", en,
		    "原文件没有改动。请联系系统管理员。");
		goto out;
	}
	if (!sha_of_fd(out, h1))
		r = REFUSED_IO;
out:
	if (out >= 0)
		close(out);
	if (r != READ_OK)
		swap_drop(s->root_fd, tmp);
	if (r == REFUSED_IO)
		later(p);
	return r == READ_OK;
}

/* The disk's fault, not the workbook's: nothing is said beside it. */
static void
later(struct pass *p)
{
	p->site->refused = true;
	p->file->recheck_in = clock_s() + FAILED_S;
	event("error", "cannot_write", "path", p->file->path, NULL);
}

static enum refusal
read_back(struct pass *p, int fd, const struct writeback *w,
    const char **why)
{
	const char *zh;
	struct workbook *after;
	struct ledger l;
	enum refusal r = workbook_read(&p->arena, fd, &budget_default, &after,
	    &zh, why);
	if (r != READ_OK)
		return r;
	if (!writeback_check(&p->arena, p->book, after, w, why) ||
	    !ledger_of_book(&p->arena, &p->template, after,
		site_year(p->site), &l, why))
		return REFUSED_DAMAGED;
	/* Every row of the export stands where it was meant to stand. */
	for (size_t i = 0; i < w->nplaced; i++) {
		const char *token = json_string_value(json_object_get(
		    w->placed[i].json, "token"));
		if (!token || strcmp(grid_text(l.sheet,
			w->placed[i].sheet_row, l.token_col), token) != 0) {
			*why = "a token is not where it was meant to be";
			return REFUSED_DAMAGED;
		}
	}
	return READ_OK;
}

static enum err
exchange(struct pass *p, const json_t *export, const char *tmp,
    const char *h1)
{
	struct site *s = p->site;
	char version[UUID_LEN + 1];
	uuid_new(version);
	struct swap sw = { .root_fd = s->root_fd, .path = p->file->path,
		.tmp = tmp, .version = version, .h0 = p->sha, .h1 = h1,
		.network = s->binding->network };
	state_begin(s->state);
	state_run(s->state, "INSERT INTO intent(binding, path, h0, h1, tmp,"
	    " version) VALUES(?,?,?,?,?,?)", "ssssss", s->id, p->file->path,
	    p->sha, h1, tmp, version);
	state_own_add(s->state, h1);
	state_commit(s->state);
	enum swapped r = swap(&sw);
	if (r != SWAP_DONE)
		swap_drop(s->root_fd, tmp);
	state_begin(s->state);
	if (r == SWAP_DONE) {
		state_run(s->state, "INSERT INTO version(binding, path, sha,"
		    " instance, name, since, boot, at)"
		    " VALUES(?,?,?,?,?,?,?,?)", "sssssisi", s->id,
		    p->file->path, p->sha, p->instance, version, clock_s(),
		    s->state->boot, (int64_t)time(NULL));
		took(p, export, h1);
	}
	state_run(s->state, "DELETE FROM intent WHERE version = ?", "s",
	    version);
	state_commit(s->state);
	if (r == SWAP_CHANGED) { /* somebody saved: that comes first */
		watch_candidate(s->watch, p->file->path);
		s->settled = false;
	}
	if (r == SWAP_BUSY)
		(void)site_free(s, p->file->path);
	if (r == SWAP_FAILED)
		later(p);
	event("info", "write_back", "path", p->file->path, "result",
	    r == SWAP_DONE ? "done" : r == SWAP_BUSY ? "open" :
	    r == SWAP_CHANGED ? "changed" : r == SWAP_GONE ? "gone" :
	    "failed", NULL);
	return OK;
}

/* The echo is known by its hash: no new version to look at. */
static void
took(struct pass *p, const json_t *export, const char *h1)
{
	struct site *s = p->site;
	struct file_state *f = p->file;
	struct tuple t;
	char sha[SHA_HEX_LEN + 1];
	f->written_at = clock_s();
	f->export = arena_strdup(&p->arena, json_string_value(
	    json_object_get(export, "export")));
	f->seq = (int64_t)json_integer_value(json_object_get(export, "seq"));
	f->recheck_in = 0;
	f->sha = arena_strdup(&p->arena, h1);
	f->done_sha = f->sha;
	/* Our own copy of it, for the next write-back. If it has changed
	 * again meanwhile the scan will find that. */
	if (spool_take(s->spool, s->root_fd, f->path, false, sha, &t) ==
		SPOOL_OK && strcmp(sha, h1) == 0) {
		f->dev = t.dev;
		f->ino = t.ino;
		f->size = t.size;
		f->mtime_ns = t.mtime_ns;
		f->ctime_ns = t.ctime_ns;
		f->racy = true;
	} else {
		f->size = -1;
	}
	p->sha = f->sha;
	state_file_put(s->state, s->id, f);
}
