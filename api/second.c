/* The second factor: set up, confirmed by its first code, taken away by a
 * security administrator when it is lost. */
#include "second.h"

#include <string.h>
#include <time.h>

#include <sodium.h>

#include "admin.h"
#include "audit.h"
#include "identity.h"
#include "login.h"
#include "prove.h"
#include "route.h"
#include "seal.h"
#include "totp.h"

#define CODES 10
#define CODE_LEN 10 /* 50 bits */
#define CODE_TEXT (CODE_LEN + 2)

enum { NEW, ASKED, STORED, ANSWER };

struct setup {
	struct prove prove;
	int phase;
	const char *password, *code;
	unsigned char secret[TOTP_SECRET];
	char codes[CODES][CODE_TEXT];
};

static const struct stmt put = { "totp_put",
	"INSERT INTO user_totp AS t (user_id, secret)"
	" VALUES ($1::uuid, $2::bytea) ON CONFLICT (user_id) DO UPDATE"
	" SET secret = excluded.secret, created_at = now(), last_step = 0"
	" WHERE t.confirmed_at IS NULL RETURNING 1" };
static const struct stmt find = { "totp_find",
	"SELECT secret FROM user_totp WHERE user_id = $1::uuid"
	" AND confirmed_at IS NULL" };
static const struct stmt confirm = { "totp_confirm",
	"UPDATE user_totp SET confirmed_at = now(), last_step = $2::bigint"
	" WHERE user_id = $1::uuid AND confirmed_at IS NULL RETURNING 1" };
static const struct stmt put_codes = { "totp_codes",
	"INSERT INTO recovery_code (user_id, hash)"
	" SELECT $1::uuid, h FROM unnest($2::text[]) h" };
/* Who stands outside the administrator's subtree is not there. */
static const struct stmt person = { "totp_person",
	"SELECT user_beyond($4::uuid, id) FROM app_user WHERE id = $1::uuid"
	" AND division_code BETWEEN $2::bigint AND $3::bigint" };
static const struct stmt take = { "totp_take",
	"WITH t AS (DELETE FROM user_totp WHERE user_id = $1::uuid)"
	" UPDATE session SET revoked_at = now() WHERE revoked_at IS NULL"
	" AND user_id = $1::uuid" };
static const struct stmt *const statements[] = { &put, &find, &confirm,
	&put_codes, &person, &take };

static enum next setup(struct request *);
static enum next answer_setup(struct request *, const struct setup *);
static enum next confirm_it(struct request *);
static enum next check(struct request *, struct setup *);
static enum next store(struct request *, struct setup *, int64_t step);
static enum next answer_codes(struct request *, const struct setup *);
static enum next take_away(struct request *);
static const char *member(struct request *, const char *name);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/me/totp", .right = RIGHT_SELF,
	    .open = OPEN_UNREADY, .handle = setup, .lane = LANE_FAST,
	    .secret = true, .id = "setUpTotp", .done = "201",
	    .summary = "Set up the second factor: its secret, shown once",
	    .summary_zh = "设置动态验证码：密钥只显示一次",
	    .request_schema = "TotpSetUp", .reply_schema = "TotpSecret",
	    .body_max = 4096 },
	{ .method = M_POST, .pattern = "/v1/me/totp/confirm",
	    .right = RIGHT_SELF, .open = OPEN_UNREADY, .handle = confirm_it,
	    .lane = LANE_FAST, .secret = true, .id = "confirmTotp",
	    .summary = "Confirm the second factor by its first code",
	    .summary_zh = "用首个动态验证码确认启用",
	    .request_schema = "TotpConfirm", .reply_schema = "RecoveryCodes",
	    .body_max = 4096 },
	{ .method = M_DELETE, .pattern = "/v1/users/{id}/totp",
	    .right = RIGHT_SECURE, .handle = take_away, .lane = LANE_FAST,
	    .id = "removeTotp",
	    .summary = "Take a lost second factor away; ends the sessions",
	    .summary_zh = "解除遗失的动态验证码，其会话随之结束" },
};

void
second_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

const char *
recovery_digest(struct request *r, const char *user, const char *typed)
{
	char *digest = arena_alloc(&r->arena, 65);
	char plain[CODE_LEN + 1];
	size_t n = 0;

	for (; *typed != '\0'; typed++) {
		char c = *typed >= 'A' && *typed <= 'Z' ?
		    (char)(*typed + 'a' - 'A') : *typed;

		if (c == '-' || c == ' ')
			continue;
		if (n == CODE_LEN || !((c >= 'a' && c <= 'z') ||
		    (c >= '2' && c <= '7')))
			return NULL;
		plain[n++] = c;
	}
	if (n != CODE_LEN)
		return NULL;
	plain[n] = '\0';
	seal_digest("login", user, plain, digest);
	sodium_memzero(plain, sizeof plain);
	return digest;
}

static enum next
setup(struct request *r)
{
	char *sealed = arena_alloc(&r->arena, SEAL_HEX(TOTP_SECRET));
	struct setup *s = r->state;
	enum next next;

	if (s == NULL) {
		r->state = s = arena_alloc(&r->arena, sizeof *s);
		s->password = member(r, "password");
		if (s->password == NULL)
			return NEXT_FAIL;
	}
	if (s->phase == NEW) {
		next = prove(r, &s->prove, s->password);
		if (next != NEXT_DONE)
			return next;
		s->phase = ANSWER;
		randombytes_buf(s->secret, sizeof s->secret);
		seal("login", r->who.id, s->secret, sizeof s->secret, sealed);
		batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
		batch_addv(&r->batch, &put, 2, r->who.id, sealed);
		audit_note(r, &(struct audit_event){ .verb = "totp_set_up",
		    .entity = "app_user", .row = r->who.id });
		return NEXT_DB;
	}
	if (rows_n(batch_rows(&r->batch, 0)) == 0)
		return fail(r, E_CONFLICT, "totp_exists",
		    "动态验证码已启用，如已遗失请联系安全管理员解除",
		    "There is one: if it is lost, a security administrator "
		    "takes it away.");
	return answer_setup(r, s);
}

static enum next
answer_setup(struct request *r, const struct setup *s)
{
	static const char issuer[] = "%E5%8F%B0%E8%B4%A6"; /* 台账 */
	char text[TOTP_SECRET_TEXT];

	base32(s->secret, sizeof s->secret, text);
	buf_str(&r->reply, "{\"secret\":");
	buf_json(&r->reply, text);
	buf_key(&r->reply, "uri");
	buf_json(&r->reply, arena_printf(&r->arena, "otpauth://totp/%s:%s"
	    "?secret=%s&issuer=%s&algorithm=SHA1&digits=6&period=30", issuer,
	    r->who.login, text, issuer));
	buf_char(&r->reply, '}');
	sodium_memzero(text, sizeof text);
	reply_header(r, "cache-control", "no-store");
	return reply(r, 201);
}

static enum next
confirm_it(struct request *r)
{
	struct setup *s = r->state;

	if (s == NULL) {
		r->state = s = arena_alloc(&r->arena, sizeof *s);
		s->code = member(r, "totp");
		if (s->code == NULL)
			return NEXT_FAIL;
	}
	switch (s->phase++) {
	case NEW:
		batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
		batch_addv(&r->batch, &find, 1, r->who.id);
		lock_ask(r, r->who.login);
		return NEXT_DB;
	case ASKED:
		return check(r, s);
	default:
		if (r->batch.failed >= 0)
			return fail(r, E_BUSY, NULL, NULL, NULL);
		return answer_codes(r, s);
	}
}

static enum next
check(struct request *r, struct setup *s)
{
	const struct rows *found = batch_rows(&r->batch, 0);
	int64_t step = -1;

	if (locked(r, batch_rows(&r->batch, 1)))
		return NEXT_FAIL;
	if (rows_n(found) == 0)
		return fail(r, E_STATE, "totp_not_set_up",
		    "没有待确认的动态验证码，请先设置",
		    "None waits to be confirmed: set it up first.");
	if (unseal("login", r->who.id, rows_text(found, 0, 0), s->secret,
	    sizeof s->secret))
		step = totp_find(s->secret, s->code, time(NULL), 0);
	sodium_memzero(s->secret, sizeof s->secret);
	return store(r, s, step);
}

static enum next
store(struct request *r, struct setup *s, int64_t step)
{
	unsigned char raw[CODES][7];
	struct buf hashes;

	batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
	if (step < 0) {
		lock_count(r, r->who.login);
		audit_note(r, &(struct audit_event){ .verb = "totp_confirm",
		    .outcome = "failed", .entity = "app_user",
		    .row = r->who.id });
		s->codes[0][0] = '\0';
		return NEXT_DB;
	}
	buf_init(&hashes, 4096);
	randombytes_buf(raw, sizeof raw);
	for (size_t i = 0; i < CODES; i++) {
		char *c = s->codes[i], text[13];

		base32(raw[i], sizeof raw[i], text);
		for (size_t k = 0, n = 0; k < CODE_LEN; k++) {
			if (k == CODE_LEN / 2)
				c[n++] = '-';
			c[n++] = text[k] >= 'A' ? (char)(text[k] | 0x20)
						: text[k];
		}
		buf_printf(&hashes, "%c%s", i == 0 ? '{' : ',',
		    recovery_digest(r, r->who.id, c));
	}
	buf_char(&hashes, '}');
	batch_addv(&r->batch, &confirm, 2, r->who.id,
	    arena_int(&r->arena, step));
	batch_addv(&r->batch, &put_codes, 2, r->who.id,
	    arena_strdup(&r->arena, hashes.data));
	buf_free(&hashes);
	audit_note(r, &(struct audit_event){ .verb = "totp_confirm",
	    .entity = "app_user", .row = r->who.id });
	return NEXT_DB;
}

static enum next
answer_codes(struct request *r, const struct setup *s)
{
	if (s->codes[0][0] == '\0') {
		fault(r, "/totp", "DQ-02", "wrong", "动态验证码不正确",
		    "is not the present code");
		return fail(r, E_INPUT, "invalid", "动态验证码不正确",
		    "The code is wrong.");
	}
	buf_str(&r->reply, "{\"recovery_codes\":[");
	for (size_t i = 0; i < CODES; i++) {
		buf_comma(&r->reply);
		buf_json(&r->reply, s->codes[i]);
	}
	buf_str(&r->reply, "]}");
	reply_header(r, "cache-control", "no-store");
	return reply(r, 200);
}

static enum next
take_away(struct request *r)
{
	if (r->step == 0) {
		if (!uuid_ok(r->arg[0]))
			return fail(r, E_UNKNOWN, NULL, NULL, NULL);
		batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
		batch_addv(&r->batch, &person, 4, r->arg[0],
		    arena_int(&r->arena, r->who.scope.lo),
		    arena_int(&r->arena, r->who.scope.hi), r->who.grant);
		return NEXT_DB;
	}
	if (r->step > 1)
		return reply(r, 204);
	if (rows_n(batch_rows(&r->batch, 0)) == 0)
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	if (*rows_text(batch_rows(&r->batch, 0), 0, 0) == 't')
		return fail_beyond(r);
	batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
	batch_addv(&r->batch, &take, 1, r->arg[0]);
	audit_note(r, &(struct audit_event){ .verb = "totp_remove",
	    .entity = "app_user", .row = r->arg[0] });
	return NEXT_DB;
}

/* The body's only member; NULL after fail(). */
static const char *
member(struct request *r, const char *name)
{
	const json_t *body = request_json(r);
	const char *key, *text;
	json_t *v;

	if (body == NULL)
		return NULL;
	json_object_foreach((json_t *)(uintptr_t)body, key, v)
		if (strcmp(key, name) != 0)
			fault(r, arena_printf(&r->arena, "/%s", key), "DQ-02",
			    "unknown_field", "没有这个字段", "unknown field");
	text = json_string_value(json_object_get(body, name));
	if (text == NULL)
		fault(r, arena_printf(&r->arena, "/%s", name), "DQ-01",
		    "required", "请填写", "is required");
	if (r->faults == NULL)
		return text;
	(void)fail(r, E_INPUT, "invalid", "提交的内容不完整",
	    "The body is not complete.");
	return NULL;
}
