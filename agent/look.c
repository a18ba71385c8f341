/* From a copy in the spool to rows of a known ledger, or to a reason why
 * not. */
#include "pass.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event.h"
#include "report.h"
#include "swap.h"

#define ARRIVING_S (10 * 60)
#define UNREAD_S 60

static bool refused(struct pass *, enum refusal, const char *zh,
    const char *en);
static bool csv_refused(struct pass *, enum err *);
static bool still_arriving(struct pass *, enum refusal);
static bool known_ledger(struct pass *, enum err *);
static bool typed_form(struct pass *, enum err *);
static bool almost_form(struct pass *, const json_t *ledger, enum err *);
static bool template_of(struct pass *, const char *code, enum err *);
static enum role role_of(struct pass *);
static bool first_seen(struct pass *, enum err *);
static bool stands(struct pass *, const char *path);
static bool bytes_known(struct pass *);
static bool branch_known(struct pass *);
static bool export_new(struct pass *, const char *kind, const char *of,
    const char *key, enum err *);

bool
pass_look(struct pass *p, enum err *e)
{
	const char *zh = "", *en = "", *why;
	struct budget budget = budget_default;
	p->fd = spool_get(p->site->spool, p->sha);
	if (p->fd < 0) {
		/* Lost with the disk's sector: have it read again. */
		p->file->sha = NULL;
		p->file->size = -1;
		p->incomplete = true;
		return false;
	}
	if (budget.packed > p->site->spool->limit)
		budget.packed = p->site->spool->limit;
	if (csv_named(p->file->path))
		return csv_refused(p, e);
	enum refusal r = workbook_read(&p->arena, p->fd, &budget, &p->book,
	    &zh, &en);
	if (r != READ_OK)
		return refused(p, r, zh, en);
	state_run(p->site->state, "DELETE FROM quarantine WHERE binding = ?"
	    " AND path = ?", "ss", p->site->id, p->file->path);
	identity_read(&p->arena, p->book, &p->id);
	bool ours = strcmp(p->id.format, "taizhang/1") == 0 &&
	    uuid_ok(p->id.export) && uuid_ok(p->id.ledger) &&
	    uuid_ok(p->id.instance);
	if (!(ours ? known_ledger(p, e) : typed_form(p, e)))
		return false;
	if (!ledger_of_book(&p->arena, &p->template, p->book,
		site_year(p->site), &p->ledger, &why))
		return pass_refuse(p, "quarantined", "TEMPLATE_MISMATCH", why,
		    "headings do not fit the template",
		    "请按上面的说明和表样改正后，再保存一次。原文件没有改动。");
	p->role = role_of(p);
	if (p->role == ROLE_PRIMARY && !first_seen(p, e))
		return false;
	p->known_bytes = p->role == ROLE_BRANCH && bytes_known(p);
	if (p->known_bytes)
		p->verdict = (struct verdict){ "copy", "COPY",
			"此为副本，内容与主文件的某个版本相同",
			"copy of a known version", NULL };
	return true;
}

bool
pass_refuse(struct pass *p, const char *state, const char *code,
    const char *zh, const char *en, const char *advice)
{
	p->verdict = (struct verdict){ state, code, zh, en, advice };
	return false;
}

/* ---- files that cannot be read ---- */

static bool
refused(struct pass *p, enum refusal r, const char *zh, const char *en)
{
	static const char *const codes[REFUSED__MAX] = {
		[REFUSED_EMPTY] = "EMPTY", [REFUSED_NOT_ZIP] = "NOT_ZIP",
		[REFUSED_TRUNCATED] = "TRUNCATED",
		[REFUSED_DAMAGED] = "DAMAGED",
		[REFUSED_ENCRYPTED] = "ENCRYPTED", [REFUSED_XLS] = "XLS",
		[REFUSED_XLSB] = "XLSB", [REFUSED_HTML] = "HTML",
		[REFUSED_ODS] = "ODS", [REFUSED_OWNER_FILE] = "OWNER_FILE",
		[REFUSED_MACROS] = "MACROS", [REFUSED_DOCTYPE] = "DOCTYPE",
		[REFUSED_BOMB] = "BOMB", [REFUSED_TIMEOUT] = "TIMEOUT",
		[REFUSED_IO] = "IO",
	};
	const char *code = r < REFUSED__MAX && codes[r] ? codes[r] : "READ";
	bool arriving = still_arriving(p, r);
	/* Not the file's fault: it is tried again, ever more patiently. */
	if (arriving || r == REFUSED_IO)
		p->file->recheck_in = clock_s() + (arriving &&
		    r == REFUSED_IO ? UNREAD_S : ARRIVING_S);
	if (arriving) {
		p->incomplete = true;
		return pass_refuse(p, "held", "ARRIVING",
		    "文件可能还在复制", "the file may still be arriving",
		    NULL);
	}
	return pass_refuse(p, "quarantined", code, zh, en,
	    "原文件没有改动，也没有读取。请按上面的说明处理后，再保存一次。");
}

static bool
csv_refused(struct pass *p, enum err *e)
{
	if (csv_ledger(p, e))
		return pass_refuse(p, "quarantined", "CSV",
		    "这是 .csv 文本，不是 Excel 工作簿，没有读取",
		    "a ledger saved as text, not read",
		    "请在 Excel 或 WPS 里打开，把内容填到本文件夹内系统生成的台账里；"
		    "填好后把本文件移走。");
	return *e == OK && pass_refuse(p, "unmatched", "UNMATCHED",
	    "不是本文件夹的台账，没有读取", "text of no ledger", NULL);
}

/* Half a workbook is no error for ten minutes (1.3). */
static bool
still_arriving(struct pass *p, enum refusal r)
{
	struct site *s = p->site;
	int64_t since = clock_s();
	const char *boot = NULL;
	bool found = false;
	if (r != REFUSED_TRUNCATED && r != REFUSED_EMPTY &&
	    r != REFUSED_DAMAGED && r != REFUSED_IO)
		return false;
	sqlite3_stmt *q = state_query(s->state, "SELECT since, boot FROM"
	    " quarantine WHERE binding = ? AND path = ? AND sha = ?", "sss",
	    s->id, p->file->path, p->sha);
	while (state_row(s->state, q)) {
		since = sqlite3_column_int64(q, 0);
		boot = state_text(&p->arena, q, 1);
		found = true;
	}
	if (found && state_age(s->state, since, boot) >= ARRIVING_S)
		return false;
	if (!found || state_age(s->state, since, boot) < 0)
		state_run(s->state, "INSERT OR REPLACE INTO quarantine"
		    "(binding, path, sha, code, since, boot)"
		    " VALUES(?,?,?,'ARRIVING',?,?)", "sssis", s->id,
		    p->file->path, p->sha, clock_s(), s->state->boot);
	return true;
}

/* ---- which ledger, which instance ---- */

static bool
known_ledger(struct pass *p, enum err *e)
{
	const json_t *l = site_ledger(p->site, p->id.ledger);
	if (!l)
		return pass_refuse(p, "quarantined", "FOREIGN",
		    "这份台账不属于本文件夹的单位，没有读取",
		    "a ledger of another binding",
		    "请把它放回原来的文件夹。");
	p->ledger_id = p->id.ledger;
	p->export_id = p->id.export;
	p->instance = p->id.instance;
	return template_of(p, json_string_value(json_object_get(l,
	    "template")), e);
}

/* No identity: staff made it from the paper form. The headings decide. */
static bool
typed_form(struct pass *p, enum err *e)
{
	const json_t *list = json_object_get(p->site->info, "ledgers"), *l;
	size_t i, best = 0;
	double fit = 0;
	bool tie = false;
	json_array_foreach(list, i, l) {
		struct template t;
		const char *why;
		json_t *json;
		const char *code = json_string_value(json_object_get(l,
		    "template"));
		*e = site_template(p->site, code ? code : "", &json);
		if (*e == E_BUSY)
			return false;
		if (*e != OK || !template_read(&p->arena, json, &t, &why))
			continue;
		double f = ledger_fit(&p->arena, &t, p->book);
		tie = f > 0 && f == fit ? true : f > fit ? false : tie;
		if (f > fit) {
			fit = f;
			best = i;
		}
	}
	*e = OK;
	if (fit >= LEDGER_COVERAGE_LIKE && fit < LEDGER_COVERAGE_MIN)
		return almost_form(p, json_array_get(list, best), e);
	if (fit < LEDGER_COVERAGE_MIN)
		return pass_refuse(p, "unmatched", "UNMATCHED",
		    "不是本文件夹的台账，没有读取",
		    "headings of no ledger of this binding", NULL);
	if (tie)
		return pass_refuse(p, "quarantined", "AMBIGUOUS_FORM",
		    "无法确定这份表对应哪一份台账",
		    "the headings fit several ledgers",
		    "请把内容填到本文件夹内系统生成的台账里。");
	l = json_array_get(list, best);
	p->ledger_id = json_string_value(json_object_get(l, "id"));
	return template_of(p, json_string_value(json_object_get(l,
	    "template")), e);
}

/* Meant as a ledger, as it seems: it is not passed over in silence. */
static bool
almost_form(struct pass *p, const json_t *ledger, enum err *e)
{
	return template_of(p, json_string_value(json_object_get(ledger,
	    "template")), e) && pass_refuse(p, "quarantined", "ALMOST",
	    ledger_lacks(&p->arena, &p->template, p->book),
	    "most headings of a ledger, but not enough",
	    "如是要填报的台账，请按表样补全表头各栏的名称，再保存一次；如不是，"
	    "请把它移出本文件夹。");
}

static bool
template_of(struct pass *p, const char *code, enum err *e)
{
	const char *why = "";
	json_t *json;
	*e = site_template(p->site, code ? code : "", &json);
	if (*e == E_BUSY)
		return false;
	if (*e == OK && template_read(&p->arena, json, &p->template, &why))
		return true;
	event("error", "template_unusable", "template", code, "why", *e == OK
	    ? why : client_problem(p->site->client), NULL);
	p->incomplete = true;
	pass_refuse(p, "held", "TEMPLATE", arena_printf(&p->arena,
	    "系统暂时不能提供这份台账的表样：%s", *e == OK ? why :
	    client_said(p->site->client)), "template unavailable",
	    "请联系系统管理员。");
	*e = OK;
	return false;
}

/* One path per instance is primary: the first seen, or the one that is left
 * after a move (1.2). */
static enum role
role_of(struct pass *p)
{
	struct site *s = p->site;
	const char *other = NULL;
	bool taken = false; /* by a workbook that is no ledger */
	struct stat st;
	if (!p->instance)
		return ROLE_ADOPTED;
	sqlite3_stmt *q = state_query(s->state, "SELECT path, condition ="
	    " 'unmatched' FROM file WHERE binding = ? AND instance = ?"
	    " AND role = 1 AND path <> ?", "sss", s->id, p->instance,
	    p->file->path);
	while (state_row(s->state, q)) {
		other = state_text(&p->arena, q, 0);
		taken = sqlite3_column_int64(q, 1) == 1;
	}
	if (!other)
		return ROLE_PRIMARY;
	if (!taken && fstatat(s->root_fd, other, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return ROLE_BRANCH;
	event("info", "moved", "from", other, "to", p->file->path, NULL);
	struct file_state was;
	state_file_get(s->state, &p->arena, s->id, other, &was);
	p->file->done_sha = was.done_sha;
	p->file->seq = was.seq;
	p->file->export = was.export;
	state_begin(s->state);
	state_run(s->state, "DELETE FROM file WHERE binding = ? AND path = ?",
	    "ss", s->id, other);
	p->file->instance = p->instance;
	p->file->role = ROLE_PRIMARY;
	state_file_put(s->state, s->id, p->file);
	state_commit(s->state);
	report_put(s->root_fd, other, &p->verdict);
	return ROLE_PRIMARY;
}

/* After amnesia a copy may be met before its original: the server knows for
 * which path the export was made. false: not now. */
static bool
first_seen(struct pass *p, enum err *e)
{
	json_t *reply = NULL;
	if (state_int(p->site->state, 0, "SELECT 1 FROM file WHERE binding = ?"
		" AND instance = ? AND role = 1", "ss", p->site->id,
		p->instance) == 1)
		return true;
	*e = client_call(p->site->client, &(struct ask){ .method = "GET",
		.path = arena_printf(&p->arena, "/v1/sync/exports/%s",
		p->export_id), .if_match = -1 }, &reply);
	if (*e == E_BUSY || *e == E_IDENTITY) {
		json_decref(reply);
		*e = E_BUSY;
		return false;
	}
	const char *path = *e == OK ? json_string_value(json_object_get(reply,
	    "path")) : NULL;
	if (path && strcmp(path, p->file->path) != 0 && stands(p, path))
		p->role = ROLE_BRANCH;
	json_decref(reply);
	*e = OK;
	return true;
}

/* The original, as far as we know: no other workbook took its place. */
static bool
stands(struct pass *p, const char *path)
{
	struct site *s = p->site;
	struct stat st;
	return fstatat(s->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    state_int(s->state, 0, "SELECT 1 FROM file WHERE binding = ?"
	    " AND path = ? AND instance <> ?", "sss", s->id, path,
	    p->instance) != 1;
}

/* Bytes we wrote, or that the primary had: they say nothing new. */
static bool
bytes_known(struct pass *p)
{
	struct site *s = p->site;
	return state_own(s->state, p->sha) || state_int(s->state, 0,
	    "SELECT EXISTS(SELECT 1 FROM version WHERE binding = ?1"
	    " AND sha = ?2) OR EXISTS(SELECT 1 FROM file WHERE binding = ?1"
	    " AND role = 1 AND done_sha = ?2)", "ss", s->id, p->sha) == 1;
}

/* ---- exports for files that are not the primary ---- */

bool
pass_adopt(struct pass *p, enum err *e)
{
	char key[SHA_HEX_LEN + 1];
	const char *what;
	*e = OK;
	if (p->known_bytes)
		return true;
	/* What a copy delivered is known to its branch alone, also when the
	 * original is gone and the copy has become the primary. */
	if (p->role != ROLE_ADOPTED && branch_known(p))
		return true;
	if (p->role == ROLE_PRIMARY)
		return true;
	if (p->role == ROLE_BRANCH) {
		if (!export_new(p, "branch", p->export_id, NULL, e))
			return false;
		state_run(p->site->state, "INSERT OR REPLACE INTO branch("
		    "binding, path, of, export, instance) VALUES(?,?,?,?,?)",
		    "sssss", p->site->id, p->file->path, p->id.export,
		    p->export_id, p->instance);
		return true;
	}
	/* The same file asks for the same export, also after amnesia. */
	what = arena_printf(&p->arena, "adopted|%s|%s|%s", p->site->id,
	    p->ledger_id, p->file->path);
	sha256_hex(what, strlen(what), key);
	return export_new(p, "adopted", NULL, key, e);
}

/* Asked for before: what was forgotten the server finds by the path. */
static bool
branch_known(struct pass *p)
{
	bool found = false;
	sqlite3_stmt *q = state_query(p->site->state, "SELECT export, instance"
	    " FROM branch WHERE binding = ? AND path = ? AND of = ?", "sss",
	    p->site->id, p->file->path, p->id.export);
	while (state_row(p->site->state, q)) {
		p->export_id = state_text(&p->arena, q, 0);
		if (p->role == ROLE_BRANCH)
			p->instance = state_text(&p->arena, q, 1);
		found = true;
	}
	return found;
}

/* of: the export that a copy carries; key: NULL if asking twice is harmless
 * by itself. */
static bool
export_new(struct pass *p, const char *kind, const char *of,
    const char *key, enum err *e)
{
	struct site *s = p->site;
	json_t *reply = NULL;
	const char *path = arena_printf(&p->arena,
	    "/v1/sync/ledgers/%s/exports", p->ledger_id);
	json_t *body = json_pack("{sssnssss*}", "kind", kind, "instance",
	    "path", p->file->path, "of", of);
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	REQUIRE(text);
	*e = client_call(s->client, &(struct ask){ .method = "POST",
		.path = path, .body = text, .idempotency = key,
		.if_match = -1 }, &reply);
	free(text);
	if (*e == E_BUSY || *e == E_IDENTITY) {
		*e = E_BUSY;
		return false;
	}
	const char *id = json_string_value(json_object_get(reply, "export"));
	const char *instance = json_string_value(json_object_get(reply,
	    "instance"));
	if (*e == OK && id && instance) {
		p->export_id = arena_strdup(&p->arena, id);
		p->instance = arena_strdup(&p->arena, instance);
		json_decref(reply);
		return true;
	}
	json_decref(reply);
	*e = OK;
	p->incomplete = true;
	if (of)
		return pass_refuse(p, "copy", "COPY_HELD",
		    "此为副本，内容没有并入", "copy, not merged",
		    "请把改动填到主文件里，然后删除或移走这个副本。");
	return pass_refuse(p, "quarantined", "ADOPT_REFUSED",
	    "系统没有接受这份表", "the server refused the form",
	    "请把内容填到本文件夹内系统生成的台账里，或联系系统管理员。");
}
