/* What an agent's folder holds, its forms, and what moved since. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/uid.h"
#include "book.h"
#include "entity.h"
#include "loop.h"
#include "sync.h"

#define WAIT_MAX_S 55
#define LOOK_AGAIN_MS 5000 /* a notification may fall between look and wait */

struct poll {
	uint64_t until_ms;
	bool asked;
};

static const char *file_name(struct request *, const char *pattern,
    const char *action, const char *code, const char *unit);
static const char *cursor_of(struct request *, const struct rows *);
static enum next plan_seqs(struct request *);

static const struct stmt binding_stmt = { "sync_binding",
	"SELECT b.id, b.name, lpad(b.division_code::text, 12, '0'), b.unit,"
	" b.action_id, b.direction, b.state_columns, b.delete_after_s,"
	" b.write_back_s, b.settle_s FROM sheet_binding b"
	" WHERE b.id = $1::uuid AND b.revoked_at IS NULL" };
static const struct stmt ledgers_stmt = { "sync_binding_ledgers",
	"SELECT l.id, l.template_code, l.template_version, l.unit, l.seq,"
	" t.spec ->> 'file_name' FROM sheet_binding_ledger bl"
	" JOIN sheet_ledger l ON l.id = bl.ledger_id"
	" JOIN sheet_template t ON t.code = l.template_code"
	" AND t.version = l.template_version"
	" WHERE bl.binding_id = $1::uuid ORDER BY l.id" };
static const struct stmt template_stmt = { "sync_template",
	"SELECT t.code, t.version, t.spec::text, b.action_id"
	" FROM sheet_template t, sheet_binding b WHERE t.code = $1::text"
	" AND ($2::int IS NULL OR t.version = $2::int) AND b.id = $3::uuid"
	" AND EXISTS (SELECT FROM sheet_binding_ledger bl JOIN sheet_ledger l"
	" ON l.id = bl.ledger_id WHERE bl.binding_id = b.id"
	" AND l.template_code = t.code) ORDER BY t.version DESC LIMIT 1" };
static const struct stmt *const statements[] = { &binding_stmt, &ledgers_stmt,
	&template_stmt };

void
sync_feed_init(void)
{
	db_register(statements, COUNT(statements));
}

enum next
sync_binding(struct request *r)
{
	static const char *const key[] = { "id", "name", "division", "unit" };
	struct buf *b = &r->reply;
	const struct rows *binding, *ledgers;
	const struct action_facts *action;

	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		batch_addv(&r->batch, &binding_stmt, 1, r->who.binding);
		batch_addv(&r->batch, &ledgers_stmt, 1, r->who.binding);
		return NEXT_DB;
	}
	binding = batch_rows(&r->batch, 0);
	ledgers = batch_rows(&r->batch, 1);
	action =
	    rows_n(binding) == 0 ? NULL : conf_action(rows_text(binding, 0, 4));
	if (action == NULL)
		return fail_unknown(r);
	buf_char(b, '{');
	for (size_t i = 0; i < COUNT(key); i++) {
		buf_key(b, key[i]);
		buf_json(b, rows_text(binding, 0, (int)i));
	}
	buf_str(b, ",\"action\":{");
	buf_key(b, "id");
	buf_json(b, action->id);
	buf_key(b, "code");
	buf_json(b, action->code);
	buf_key(b, "name");
	buf_json(b, action->name);
	buf_printf(b, ",\"year\":%d}", action->year);
	buf_key(b, "direction");
	buf_json(b, rows_text(binding, 0, 5));
	buf_key(b, "state_columns");
	buf_json(b, rows_text(binding, 0, 6));
	buf_printf(b,
	    ",\"delete_after_s\":%s,\"write_back_s\":%s,"
	    "\"settle_s\":%s",
	    rows_text(binding, 0, 7), rows_text(binding, 0, 8),
	    rows_text(binding, 0, 9));
	buf_key(b, "server_epoch");
	buf_json(b, conf_epoch());
	buf_key(b, "ledgers");
	buf_char(b, '[');
	for (int i = 0; i < rows_n(ledgers); i++) {
		buf_comma(b);
		buf_char(b, '{');
		buf_key(b, "id");
		buf_json(b, rows_text(ledgers, i, 0));
		buf_key(b, "template");
		buf_json(b, rows_text(ledgers, i, 1));
		buf_printf(b, ",\"version\":%s", rows_text(ledgers, i, 2));
		buf_key(b, "unit");
		buf_json(b, rows_text(ledgers, i, 3));
		buf_key(b, "file");
		buf_json(b,
		    file_name(r, rows_text(ledgers, i, 5), action->short_name,
			rows_text(ledgers, i, 1), rows_text(ledgers, i, 3)));
		buf_printf(b, ",\"seq\":%s}", rows_text(ledgers, i, 4));
	}
	buf_str(b, "]}");
	return reply(r, 200);
}

/* Answers when the cursor is no longer where the books are, or when time is
 * up. The cursor is a digest: a restored database that went back moves, too. */
enum next
sync_ledgers(struct request *r)
{
	const char *after = request_param(r, "after");
	const char *wait = request_param(r, "wait");
	struct poll *p = r->state;
	const struct rows *rows;
	struct buf *b = &r->reply;
	const char *cursor;
	uint64_t now = now_ms();

	if (r->step == 0 || p == NULL) {
		long s = wait == NULL ? 0 : strtol(wait, NULL, 10);

		if (s < 0 || s > WAIT_MAX_S)
			return fail(r, E_INPUT, "invalid",
			    "参数 wait 应为 0 至 55 秒",
			    "The parameter wait is 0 to 55 seconds.");
		r->state = p = arena_alloc(&r->arena, sizeof(*p));
		p->until_ms = now + (uint64_t)s * 1000;
		return plan_seqs(r);
	}
	if (!p->asked)
		return plan_seqs(r);
	p->asked = false;
	rows = batch_rows(&r->batch, 0);
	cursor = cursor_of(r, rows);
	if (after != NULL && strcmp(after, cursor) == 0 && now < p->until_ms) {
		uint64_t left = p->until_ms - now;

		return request_wait_notify(
		    r, left < LOOK_AGAIN_MS ? (unsigned)left : LOOK_AGAIN_MS);
	}
	buf_char(b, '{');
	buf_key(b, "cursor");
	buf_json(b, cursor);
	buf_key(b, "ledgers");
	buf_char(b, '[');
	for (int i = 0; i < rows_n(rows); i++) {
		buf_comma(b);
		buf_char(b, '{');
		buf_key(b, "id");
		buf_json(b, rows_text(rows, i, 0));
		buf_printf(b, ",\"seq\":%s}", rows_text(rows, i, 4));
	}
	buf_str(b, "]}");
	return reply(r, 200);
}

static enum next
plan_seqs(struct request *r)
{
	struct poll *p = r->state;

	p->asked = true;
	batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
	batch_addv(&r->batch, &ledgers_stmt, 1, r->who.binding);
	return NEXT_DB;
}

enum next
sync_template(struct request *r)
{
	const char *version = request_param(r, "version");
	const struct rows *rows;
	const struct ledger *l;
	const struct action_facts *action;
	json_t *spec;
	char *text;

	if (r->step == 0) {
		if (version != NULL &&
		    (*version == '\0' || strlen(version) > 5 ||
			strspn(version, "0123456789") != strlen(version)))
			return fail_unknown(r);
		batch_open(&r->batch, &r->arena, &r->who.scope, LANE_FAST);
		batch_addv(&r->batch, &template_stmt, 3, r->arg[0], version,
		    r->who.binding);
		return NEXT_DB;
	}
	rows = batch_rows(&r->batch, 0);
	if (rows_n(rows) == 0)
		return fail_unknown(r);
	l = ledger_stored(rows_text(rows, 0, 0), (int)rows_long(rows, 0, 1),
	    rows_text(rows, 0, 2));
	action = conf_action(rows_text(rows, 0, 3));
	if (l == NULL || action == NULL)
		return fail(r, E_BUSY, NULL, NULL, NULL);
	spec = ledger_resolved(l, action->codes);
	text = json_dumps(spec, JSON_COMPACT);
	REQUIRE(text != NULL);
	buf_str(&r->reply, text);
	free(text);
	json_decref(spec);
	return reply(r, 200);
}

/* {action}, {code}, {unit}; nothing that a file system would mistake. */
static const char *
file_name(struct request *r, const char *pattern, const char *action,
    const char *code, const char *unit)
{
	const struct {
		const char *name, *value;
	} part[] = { { "{action}", action }, { "{code}", code },
		{ "{unit}", unit } };
	struct buf b;
	char *out;

	buf_init(&b, 4096);
	while (*pattern != '\0') {
		size_t i = 0;

		while (i < COUNT(part) && strncmp(pattern, part[i].name,
					      strlen(part[i].name)) != 0)
			i++;
		if (i < COUNT(part)) {
			buf_str(&b, part[i].value);
			pattern += strlen(part[i].name);
		} else {
			buf_char(&b, *pattern++);
		}
	}
	out = arena_strndup(&r->arena, b.data, b.len);
	buf_free(&b);
	for (char *p = out; *p != '\0'; p++)
		if (strchr("/\\:*?\"<>|", *p) != NULL)
			*p = '_';
	return out;
}

static const char *
cursor_of(struct request *r, const struct rows *rows)
{
	struct buf b;
	char hex[SHA_HEX_LEN + 1];

	buf_init(&b, 1 << 20);
	for (int i = 0; i < rows_n(rows); i++)
		buf_printf(&b, "%s %s %s\n", rows_text(rows, i, 0),
		    rows_text(rows, i, 2), rows_text(rows, i, 4));
	sha256_hex(b.data == NULL ? "" : b.data, b.len, hex);
	buf_free(&b);
	return arena_strndup(&r->arena, hex, 32);
}
