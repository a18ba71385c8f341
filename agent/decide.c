/* The workbook against what the server knows: plan it, tell it, keep what
 * the next pass needs. */
#include "pass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "event.h"

#define REFUSED_S 600
#define CONFIRM "确认删除"
#define RESTORE "取消删除"

static int64_t absent_find(void *, const char *row);
static bool asked(struct pass *, const char *word);
static void notices(struct pass *);
static void holds(struct pass *);
static void set_apart(struct pass *, const json_t *rejected);
static void told_adopted(struct pass *, const char *file);
static const char *conflicts_told(struct pass *);
static void absent_keep(struct pass *);
static const struct sheet *sheet_named(const struct workbook *,
    const char *name);
static const char *choice_of(struct pass *, const char *typed,
    const char *value, bool known, const char **why);
static enum err resolve_one(struct pass *, const struct sheet *, unsigned row,
    const char *choose, const char *value);
static void undecided(struct pass *, const struct sheet *, unsigned row,
    const char *why);

bool
pass_fetch(struct pass *p, enum err *e)
{
	char path[128];
	struct site *s = p->site;
	json_decref(p->base_json);
	p->base_json = NULL;
	snprintf(path, sizeof path, "/v1/sync/exports/%s", p->export_id);
	*e = client_call(s->client, &(struct ask){ .method = "GET",
		.path = path, .if_match = -1 }, &p->base_json);
	if (*e == E_BUSY || *e == E_IDENTITY) {
		*e = E_BUSY;
		return false;
	}
	bool got = *e == OK && base_read(&p->arena, p->base_json, &p->ledger,
	    absent_find, p, &p->base);
	if (got && strcmp(p->base.ledger, p->ledger_id) == 0)
		return true;
	*e = OK;
	return pass_refuse(p, "quarantined", "UNKNOWN_EXPORT",
	    "系统中没有这份台账的导出记录，没有读取",
	    "the workbook names an export that does not exist here",
	    "请把内容填到本文件夹内系统生成的台账里，或联系系统管理员。");
}

static int64_t
absent_find(void *arg, const char *row)
{
	struct pass *p = arg;
	return state_int(p->site->state, 0, "SELECT since FROM absent"
	    " WHERE binding = ? AND instance = ? AND row = ? AND boot = ?",
	    "ssss", p->site->id, p->instance, row, p->site->state->boot);
}

void
pass_decide(struct pass *p)
{
	const struct site *s = p->site;
	/* A first look at an instance, and resync, delete nothing (1.6). */
	bool known = p->file->instance && strcmp(p->file->instance,
	    p->instance) == 0;
	bool restore = asked(p, RESTORE);
	struct plan_options o = {
		.ncols = p->ledger.ncols,
		.now = clock_s() + 1,
		.delete_after = site_number(s, "delete_after_s", 600),
		.deletions = p->role == ROLE_PRIMARY && known &&
		    p->base.deletions && !restore,
		.confirmed = asked(p, CONFIRM),
		.superseded = p->role == ROLE_PRIMARY && known &&
		    p->id.seq < p->file->seq,
		.old_copy = p->base.branch,
		.instance = p->instance,
		.export_id = p->export_id,
		.file_sha = p->sha,
		.sheet = p->template.sheet,
	};
	plan_make(&p->arena, &o, p->base.known, p->base.nknown,
	    p->ledger.row, p->ledger.nrows, &p->plan);
	json_decref(p->rows);
	p->rows = push_rows(&p->plan, &p->base, &p->ledger);
	p->decided |= restore;
	notices(p);
	holds(p);
}

/* In 校验结果, anywhere: a person wants the many deletions, or none. */
static bool
asked(struct pass *p, const char *word)
{
	const struct sheet *s = sheet_named(p->book, "校验结果");
	for (size_t r = 0; s && r < s->nrows; r++)
		for (size_t c = 0; c < s->row[r].ncells; c++)
			if (strcmp(text_key(&p->arena, s->row[r].cell[c].text),
				word) == 0)
				return true;
	return false;
}

static void
notices(struct pass *p)
{
	static const struct { const char *rule, *zh, *en, *fix; } texts[] = {
		[NOTICE_REVERT] = { "回退提示", "内容退回到了以前的值",
		    "returned to an earlier value",
		    "如不是有意改回，请重新填写。" },
		[NOTICE_TOKEN_BAD] = { "系统编号", "隐藏的系统编号不是本表的，"
		    "或已被改动，已按内容辨认",
		    "row token foreign or damaged, matched by content",
		    "从别处粘贴来的行，请核对内容；请不要改动隐藏的列。" },
		[NOTICE_COPIED] = { "复制行", "由另一行复制而来，已作为新的"
		    "一行登记", "a copied row became a new row", "" },
		[NOTICE_AMBIGUOUS] = { "重复行", "与另一行完全相同，无法"
		    "辨认，没有登记", "copies alike, held",
		    "请删去重复的行，或改成不同的内容。" },
		[NOTICE_STALE] = { "旧版本", "保存的是较早打开的版本，较新的"
		    "内容没有被它覆盖", "an older copy was saved",
		    "请重新打开文件核对。" },
	};
	/* Only the plan that finds them tells: pushed, they are gone. */
	for (size_t i = 0; i < p->plan.nnotices; i++) {
		const struct notice *n = &p->plan.notice[i];
		/* A form that lost its identity is known by its words. */
		if (p->role == ROLE_ADOPTED && n->kind == NOTICE_TOKEN_BAD)
			continue;
		bool cell = n->column >= 0 &&
		    (size_t)n->column < p->ledger.ncols;
		ledger_note(&p->arena, &p->ledger, n->sheet_row, cell
		    ? p->ledger.col[n->column].label : "", "",
		    texts[n->kind].rule, texts[n->kind].zh,
		    texts[n->kind].en, texts[n->kind].fix);
	}
}

static void
holds(struct pass *p)
{
	static const struct verdict missort = { "held", "MISSORT",
		"疑似排序错位：多数行的内容与系统编号对不上，没有读取",
		"rows and tokens disagree: nothing was pushed",
		"请撤销排序，或选中整张表重新排序后保存。" };
	static const struct verdict alike = { "held", "AMBIGUOUS",
		"有内容完全相同的行，无法辨认，这些行没有登记",
		"rows alike were held",
		"请删去重复的行，或改成不同的内容，再保存一次。" };
	size_t gone = 0;
	for (size_t k = 0; k < p->base.nknown; k++)
		gone += p->plan.absent[k];
	if (p->plan.hold == HOLD_MISSORT)
		p->verdict = missort;
	else if (p->plan.hold == HOLD_MASS_DELETE)
		p->verdict = (struct verdict){ "held", "MASS_DELETE",
			arena_printf(&p->arena, "一次删除的行较多（表中少了 %zu "
			    "行），删除没有执行，其余内容已读取", gone),
			"many rows vanished: deletions are held",
			"如确要删除，请在“校验结果”页任一空格内填写“"
			CONFIRM "”后保存；如不是有意删除，请填写“" RESTORE
			"”后保存，系统会把这些行写回表中。" };
	else if (p->plan.nheld > 0)
		p->verdict = alike;
}

enum err
pass_tell(struct pass *p)
{
	struct site *s = p->site;
	struct origin o = { s->id, p->instance, p->export_id, p->ledger_id,
		p->file->path, p->sha };
	struct answers got = { .seq = -1 };
	if (strcmp(site_direction(s), "out") == 0) {
		p->incomplete = true;
		pass_refuse(p, "held", "OUT_ONLY", "本文件夹的台账只供查看，"
		    "填写的内容没有读取", "this binding takes nothing in",
		    "请到填报单位的文件夹里填写。");
		return OK;
	}
	push_store(s->state, &o, p->rows);
	enum err e = push_send(s->state, s->client, s->id, &got);
	if (got.seq >= 0)
		site_seq_set(s, p->ledger_id, got.seq);
	p->merged += got.changed;
	p->conflicts += got.conflicts;
	event("info", "pushed", "path", p->file->path, "rows",
	    event_n((long long)got.rows), "changed",
	    event_n((long long)got.changed), "conflicts",
	    event_n((long long)got.conflicts), "held",
	    event_n((long long)got.held), NULL);
	set_apart(p, got.rejected);
	json_decref(got.rejected);
	if (got.refused) {
		p->incomplete = true;
		event("error", "batch_refused", "path", p->file->path, "why",
		    got.why, NULL);
		p->verdict = (struct verdict){ "held", "REFUSED",
			arena_printf(&p->arena, "系统没有接受这次保存的内容：%s",
			    got.said), "the server refused a batch",
			"请按上面的说明处理后保存；如不清楚，请联系系统管理员。" };
	}
	return e;
}

/* Each stays in its place with the server's reason, in 校验结果 and beside the
 * file; nothing else waits for it (P8). */
static void
set_apart(struct pass *p, const json_t *list)
{
	const json_t *one;
	size_t i;
	json_array_foreach(list, i, one) {
		json_t *why = json_object_get(one, "why");
		unsigned row = (unsigned)json_integer_value(
		    json_object_get(one, "at"));
		size_t at = ledger_row_at(&p->ledger, row);
		const char *rule, *zh, *en;
		if (at == p->ledger.nrows || json_unpack(why, "{ssssss}",
			"rule", &rule, "zh", &zh, "en", &en) != 0)
			continue;
		zh = arena_strdup(&p->arena, zh);
		p->ledger.apart[at] = true;
		ledger_note(&p->arena, &p->ledger, row, "", "",
		    arena_strdup(&p->arena, rule), zh,
		    arena_strdup(&p->arena, en),
		    "请按说明填到别处，再从本表删去该行。");
		p->verdict = (struct verdict){ "ok", "ROWS_REJECTED",
			arena_printf(&p->arena, "有 %zu 行没有登记：%s",
			    ++p->napart, zh), "rows were not taken",
			"这些行仍在表中，行号见“校验结果”页。请按说明填到别处，"
			"再从本表删去；其余内容已读取。" };
	}
}

void
pass_remember(struct pass *p)
{
	struct file_state *f = p->file;
	const json_t *ledger = site_ledger(p->site, p->ledger_id);
	const char *file = json_string_value(json_object_get(ledger,
	    "file"));
	/* A plan that still has something to say was refused or keeps
	 * moving: another look later. */
	bool unsaid = json_array_size(p->rows) > 0;
	if (unsaid)
		p->incomplete = true;
	bool told = strcmp(p->verdict.state, "ok") != 0 || p->napart > 0;
	if (p->role == ROLE_ADOPTED && !told)
		told_adopted(p, file ? file : "");
	if (p->role == ROLE_BRANCH && !told)
		p->verdict = (struct verdict){ "copy", "COPY",
			arena_printf(&p->arena, "此为副本，已并入 %zu 处修改，"
			    "请改用主文件%s", p->merged, conflicts_told(p)),
			"copy, merged",
			"请打开主文件核对，然后删除或移走这个副本。" };
	f->role = p->role;
	f->ledger = p->ledger_id;
	f->recheck_in = unsaid ? clock_s() + REFUSED_S : 0;
	if (p->role == ROLE_PRIMARY) {
		f->instance = p->instance;
		f->export = p->export_id;
		f->seq = p->id.seq;
		absent_keep(p);
		if (p->plan.wait_until && !unsaid)
			f->recheck_in = p->plan.wait_until;
	} else if (p->role == ROLE_BRANCH) {
		f->instance = p->id.instance;
	}
	/* What is held has not reached the server. */
	f->done_sha = !p->incomplete && (p->known_bytes ||
	    (p->plan.hold == HOLD_NONE && p->plan.nheld == 0)) ? p->sha
	    : NULL;
	state_file_put(p->site->state, p->site->id, f);
}

/* Under the ledger's own name the main file has lost its identity: only when
 * it makes room is there a new one. */
static void
told_adopted(struct pass *p, const char *file)
{
	p->verdict = (struct verdict){ "ok", "ADOPTED", arena_printf(&p->arena,
		"这份表没有系统编号，内容已按栏目读入（本次 %zu 行）%s",
		p->merged, conflicts_told(p)),
		"typed form, read by its headings", arena_printf(&p->arena,
		strcmp(p->file->path, file) == 0
		? "本表的隐藏页已丢失，系统不能再写入。请把本表改名，系统会重新生成"
		"“%s”，今后请在那里填写；核对无误后把本表移走。"
		: "今后请在主文件“%s”里填写，核对无误后把本表移走。", file) };
}

static const char *
conflicts_told(struct pass *p)
{
	return p->conflicts ? arena_printf(&p->arena, "；另有 %zu 行系统中也"
	    "已改动，见主文件的“冲突”页", p->conflicts) : "";
}

/* When each missing row was first missed; rows that are back are forgotten. */
static void
absent_keep(struct pass *p)
{
	struct site *s = p->site;
	if (p->known_bytes)
		return;
	state_begin(s->state);
	for (size_t k = 0; k < p->base.nknown; k++) {
		const struct known_row *known = &p->base.known[k];
		if (p->plan.absent[k] && !known->absent_since)
			state_run(s->state, "INSERT OR REPLACE INTO absent("
			    "binding, instance, row, since, boot)"
			    " VALUES(?,?,?,?,?)", "sssis", s->id,
			    p->instance, known->row, clock_s() + 1,
			    s->state->boot);
		else if (!p->plan.absent[k] && known->absent_since)
			state_run(s->state, "DELETE FROM absent WHERE"
			    " binding = ? AND instance = ? AND row = ?",
			    "sss", s->id, p->instance, known->row);
	}
	state_commit(s->state);
}

/* ---- the 冲突 sheet ---- */

enum { CONFLICT_ROW = 2, CONFLICT_COLUMN, CONFLICT_CHOICE = 9, CONFLICT_VALUE,
	CONFLICT_ID = 12, CONFLICT_REV };

enum err
pass_resolve(struct pass *p)
{
	const struct sheet *s = sheet_named(p->book, "冲突");
	if (!s || !p->id.export[0] || (p->file->done_sha &&
		strcmp(p->file->done_sha, p->sha) == 0))
		return OK;
	for (size_t r = 0; r < s->nrows; r++) {
		unsigned row = s->row[r].row;
		const char *typed = text_canon(&p->arena, grid_text(s, row,
		    CONFLICT_CHOICE));
		const char *value = text_canon(&p->arena, grid_text(s, row,
		    CONFLICT_VALUE));
		if (row < 2 || (!*typed && !*value))
			continue;
		const char *why = "", *choose = choice_of(p, typed, value,
		    uuid_ok(grid_text(s, row, CONFLICT_ID)), &why);
		p->decided = true;
		enum err e = choose ? resolve_one(p, s, row, choose, value)
				    : OK;
		if (!choose)
			undecided(p, s, row, why);
		if (e != OK)
			return e;
	}
	return OK;
}

/* What was chosen, however it is spaced; NULL: nothing, and why. */
static const char *
choice_of(struct pass *p, const char *typed, const char *value, bool known,
    const char **why)
{
	static const struct { const char *typed, *choose; } choices[] = {
		{ "采用系统", "system" }, { "采用本表", "file" },
		{ "改为", "value" }, { "改为→", "value" },
	};
	const char *key = text_key(&p->arena, typed), *choose = NULL;
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
		if (strcmp(key, choices[i].typed) == 0)
			choose = choices[i].choose;
	if (!known)
		*why = "这一行不是系统列出的冲突，或隐藏的列已被改动";
	else if (!choose)
		*why = *typed ? "填写的处理不在可选范围内"
			      : "填写了新值，但没有选择处理";
	else if (strcmp(choose, "value") == 0 && !*value)
		*why = "选了“改为”，但没有填写新值";
	else if (strcmp(choose, "value") != 0 && *value)
		*why = "没有选“改为”，却填写了新值";
	return **why ? NULL : choose;
}

static enum err
resolve_one(struct pass *p, const struct sheet *s, unsigned row,
    const char *choose, const char *value)
{
	char path[128], key[SHA_HEX_LEN + 1];
	const char *id = grid_text(s, row, CONFLICT_ID);
	long rev = strtol(grid_text(s, row, CONFLICT_REV), NULL, 10);
	const char *what = arena_printf(&p->arena, "resolve|%s|%s|%ld|%s|%s",
	    p->site->id, id, rev, choose, value);
	sha256_hex(what, strlen(what), key);
	snprintf(path, sizeof path, "/v1/sync/conflicts/%s/resolve", id);
	json_t *body = json_pack("{ssss*}", "choose", choose, "value",
	    *value ? value : NULL);
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	REQUIRE(text);
	enum err e = client_call(p->site->client, &(struct ask){
		.method = "POST", .path = path, .body = text,
		.idempotency = key, .if_match = rev }, NULL);
	free(text);
	if (e == E_BUSY || e == E_IDENTITY)
		return E_BUSY;
	if (e != OK)
		undecided(p, s, row, client_said(p->site->client));
	event(e == OK ? "info" : "warn", "conflict_decided", "conflict", id,
	    "choose", choose, "why", e == OK ? "" :
	    client_problem(p->site->client), NULL);
	return OK;
}

/* Refused, overtaken or not understood: the next export shows the conflict as
 * it is now; what was typed stands in 校验结果, and why it was not taken. */
static void
undecided(struct pass *p, const struct sheet *s, unsigned row,
    const char *why)
{
	const char *typed = grid_text(s, row, CONFLICT_CHOICE);
	const char *value = grid_text(s, row, CONFLICT_VALUE);
	ledger_note(&p->arena, &p->ledger, (unsigned)strtoul(grid_text(s, row,
	    CONFLICT_ROW), NULL, 10), arena_strdup(&p->arena, grid_text(s,
	    row, CONFLICT_COLUMN)), arena_printf(&p->arena, "%s%s%s", typed,
	    *typed && *value ? "：" : "", value), "冲突处理",
	    arena_printf(&p->arena, "处理没有生效：%s", why),
	    "the decision was refused",
	    "请在“冲突”页“处理”一栏选“采用系统”“采用本表”或“改为”；选“改为”的，"
	    "在“新值”一栏填写。");
}

static const struct sheet *
sheet_named(const struct workbook *wb, const char *name)
{
	for (size_t i = 0; i < wb->nsheets; i++)
		if (strcmp(wb->sheet[i].name, name) == 0)
			return &wb->sheet[i];
	return NULL;
}
