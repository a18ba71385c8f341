/* Signing in, from the moment the person is known: second factor, session. */
#include "login.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "audit.h"
#include "base/text.h"
#include "identity.h"
#include "scope.h"
#include "seal.h"
#include "second.h"
#include "settings.h"
#include "totp.h"

#define ACCOUNT_TRIES "5"  /* failures, then 15 minutes */
#define ADDRESS_TRIES "20" /* an office shares one address */

#define WHO "SELECT u.id, u.password, u.login, t.secret, t.last_step,"         \
	" u.division_code FROM app_user u LEFT JOIN user_totp t"              \
	" ON t.user_id = u.id AND t.confirmed_at IS NOT NULL"

static const struct stmt find_user = { "login_user",
	WHO " WHERE u.login = $1 AND u.status = 'active'" };
static const struct stmt find_identity = { "login_identity",
	WHO " JOIN user_identity i ON i.user_id = u.id"
	" WHERE i.provider = $1 AND i.subject = $2 AND u.status = 'active'" };
static const struct stmt find_locks = { "login_locks",
	"SELECT ceil(extract(epoch FROM max(locked_until) - now()))::int"
	" FROM login_failure WHERE key IN ($1, $2) AND locked_until > now()" };
static const struct stmt count_failure = { "login_failed",
	"INSERT INTO login_failure AS f (key, failures) VALUES ($1, 1)"
	" ON CONFLICT (key) DO UPDATE SET last_at = now(),"
	" failures = CASE WHEN f.last_at < now() - interval '15 minutes'"
	" THEN 1 ELSE f.failures + 1 END,"
	" locked_until = CASE WHEN f.failures + 1 >= $2::int"
	" AND f.last_at >= now() - interval '15 minutes'"
	" THEN now() + interval '15 minutes' END"
	" RETURNING locked_until IS NOT NULL" };
static const struct stmt forget_failures = { "login_forget",
	"DELETE FROM login_failure WHERE key = $1" };
/* A second factor is used up in the statement that opens the session: of two
 * requests with the same code one finds nothing left. */
static const struct stmt open_session = { "login_session",
	"WITH g AS (SELECT g.id, g.division_code FROM role_grant g"
	" WHERE g.user_id = $2::uuid AND g.valid_from <= now()"
	" AND (g.valid_to IS NULL OR g.valid_to > now())"
	" AND ($5::text IS NULL OR g.role = $5)"
	" AND ($6::uuid IS NULL OR g.id = $6::uuid)"
	" ORDER BY g.created_at, g.role LIMIT 1),"
	" step AS (UPDATE user_totp SET last_step = $8::bigint"
	" WHERE user_id = $2::uuid AND last_step < $8::bigint RETURNING 1),"
	" code AS (UPDATE recovery_code SET used_at = now()"
	" WHERE user_id = $2::uuid AND hash = $9 AND used_at IS NULL"
	" RETURNING 1), second AS (SELECT ($8::bigint IS NULL OR EXISTS"
	" (SELECT FROM step)) AND ($9::text IS NULL OR EXISTS"
	" (SELECT FROM code)) AS fine),"
	" s AS (INSERT INTO session (id, user_id, grant_id, division_code,"
	" token_hash, remote, method, expires_at)"
	" SELECT $1::uuid, $2::uuid, g.id, g.division_code, $3, $4, $7,"
	" now() + interval '12 hours' FROM g, second WHERE second.fine"
	" RETURNING expires_at, grant_id),"
	" u AS (UPDATE app_user SET last_login_at = now()"
	" WHERE id = $2::uuid AND EXISTS (SELECT FROM s))"
	" SELECT second.fine, " SQL_UTC("s.expires_at") ", u.name,"
	" u.must_change, r.role"
	" FROM second JOIN app_user u ON u.id = $2::uuid LEFT JOIN s ON true"
	" LEFT JOIN role_grant r ON r.id = s.grant_id" };
static const struct stmt *const statements[] = { &find_user, &find_identity,
	&find_locks, &count_failure, &forget_failures, &open_session };

static void keys(struct request *, struct login *);
static bool second(struct request *, struct login *);
static enum next note(struct request *, struct login *);
static enum next tell(struct request *, struct login *);

void
login_init(void)
{
	password_init();
	db_register(statements, COUNT(statements));
}

void
login_body(struct request *r, struct login *l, const json_t *body,
    const char *const *more)
{
	static const char *const common[] = { "role", "grant", "totp", NULL };
	const char **const to[] = { &l->role, &l->grant, &l->totp };
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)body, key, v) {
		size_t i = 0, k = 0;

		while (common[i] != NULL && strcmp(common[i], key) != 0)
			i++;
		while (more[k] != NULL && strcmp(more[k], key) != 0)
			k++;
		if (common[i] == NULL && more[k] == NULL)
			fault(r, arena_printf(&r->arena, "/%s", key), "DQ-02",
			    "unknown_field", "没有这个字段", "unknown field");
		else if (!json_is_string(v) && !json_is_null(v))
			fault(r, arena_printf(&r->arena, "/%s", key), "DQ-02",
			    "malformed", "应为文字", "must be text");
		else if (common[i] != NULL)
			*to[i] = json_string_value(v);
	}
	if (l->grant != NULL && !uuid_ok(l->grant))
		fault(r, "/grant", "DQ-02", "malformed", "不是有效的编号",
		    "is no identifier");
}

void
login_ask(struct request *r, struct login *l)
{
	l->name = text_canon(&r->arena, l->name);
	batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
	batch_addv(&r->batch, &find_user, 1, l->name);
	keys(r, l);
	batch_add(&r->batch, &find_locks, 2, l->keys);
}

void
login_ask_identity(struct request *r, struct login *l, const char *provider,
    const char *subject)
{
	l->name = arena_printf(&r->arena, "%s %s", provider, subject);
	batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
	batch_addv(&r->batch, &find_identity, 2, provider, subject);
	keys(r, l);
	batch_add(&r->batch, &find_locks, 2, l->keys);
}

static void
keys(struct request *r, struct login *l)
{
	l->keys[0] = arena_printf(&r->arena, "account:%s", l->name);
	l->keys[1] = arena_printf(&r->arena, "address:%s",
	    r->remote != NULL ? r->remote : "");
}

bool
login_found(struct request *r, struct login *l)
{
	const struct rows *user = batch_rows(&r->batch, 0);

	if (locked(r, batch_rows(&r->batch, 1)))
		return false;
	l->hash = password_nobody();
	if (rows_n(user) == 1) {
		l->user = rows_text(user, 0, 0);
		l->hash = rows_text(user, 0, 1);
		l->name = rows_text(user, 0, 2);
		l->sealed = rows_text(user, 0, 3);
		l->last = l->sealed != NULL ? rows_long(user, 0, 4) : 0;
		l->division = rows_text(user, 0, 5);
	}
	return true;
}

enum next
login_open(struct request *r, struct login *l)
{
	char *hash;

	l->proven = l->proven && l->user != NULL;
	if (l->proven && l->sealed != NULL && l->totp == NULL)
		return fail(r, E_IDENTITY, "totp_required",
		    "请输入动态验证码", "A one-time code (totp) is needed.");
	l->second_wrong = l->proven && l->sealed != NULL && !second(r, l);
	/* What came of it is for the log to say, in the same transaction:
	 * neither is without the other. */
	batch_open(&r->batch, &r->arena, &scope_system, LANE_SLOW);
	r->batch.hold = true;
	if (!l->proven || l->second_wrong) {
		batch_addv(&r->batch, &count_failure, 2, l->keys[0],
		    ACCOUNT_TRIES);
		batch_addv(&r->batch, &count_failure, 2, l->keys[1],
		    ADDRESS_TRIES);
		return NEXT_DB;
	}
	bearer_new("tz_u_", l->token);
	hash = arena_alloc(&r->arena, SHA_HEX_LEN + 1);
	sha256_hex(l->token, strlen(l->token), hash);
	uuid_new(l->id);
	batch_addv(&r->batch, &forget_failures, 1, l->keys[0]);
	batch_addv(&r->batch, &open_session, 9, l->id, l->user, hash,
	    r->remote, l->role, l->grant, l->method, l->step, l->recovery);
	return NEXT_DB;
}

/* A code of the authenticator, or a recovery code; whether a recovery code is
 * good is for the database to say. */
static bool
second(struct request *r, struct login *l)
{
	unsigned char secret[TOTP_SECRET];
	int64_t step = -1;

	if (strlen(l->totp) != TOTP_DIGITS) {
		l->recovery = recovery_digest(r, l->user, l->totp);
		return l->recovery != NULL;
	}
	if (unseal("login", l->user, l->sealed, secret, sizeof secret))
		step = totp_find(secret, l->totp, time(NULL), l->last);
	sodium_memzero(secret, sizeof secret);
	l->step = arena_int(&r->arena, step);
	return step >= 0;
}

enum next
login_answer(struct request *r, struct login *l)
{
	if (r->batch.failed >= 0)
		return fail(r, E_BUSY, NULL, NULL, NULL);
	if (l->rows == NULL)
		return note(r, l);
	if (!l->proven)
		return fail(r, E_IDENTITY, "login_failed", "用户名或密码不正确",
		    "The login or the password is wrong.");
	if (l->second_wrong)
		return fail(r, E_IDENTITY, "totp_wrong",
		    "动态验证码不正确或已使用，请用新的验证码",
		    "The one-time code is wrong or was used: take the next.");
	if (rows_text(l->rows, 0, 1) == NULL)
		return fail(r, E_DENIED, "no_role", "该用户没有被授予任何角色",
		    "No such role is granted to this user.");
	return tell(r, l);
}

static enum next
note(struct request *r, struct login *l)
{
	struct audit_event e = { .verb = "login", .outcome = "failed",
		.actor = l->user, .division = l->division };
	const char *why = !l->proven ? "password" : "totp";
	bool lockout = false;

	l->rows = batch_rows(&r->batch, 1);
	if (!l->proven || l->second_wrong) {
		lockout = *rows_text(batch_rows(&r->batch, 0), 0, 0) == 't';
	} else {
		l->second_wrong = *rows_text(l->rows, 0, 0) != 't';
		if (!l->second_wrong && rows_text(l->rows, 0, 1) == NULL)
			why = "role";
		else if (!l->second_wrong)
			why = NULL;
	}
	if (why == NULL) {
		e.outcome = "ok";
		e.session = l->id;
	}
	e.detail = arena_printf(&r->arena, "{\"method\":\"%s\"%s%s%s%s}",
	    l->method, why != NULL ? ",\"wrong\":\"" : "",
	    why != NULL ? why : "", why != NULL ? "\"" : "",
	    lockout ? ",\"lockout\":true" : "");
	batch_open(&r->batch, &r->arena, &scope_system, LANE_SLOW);
	r->batch.last = true;
	audit_note(r, &e);
	return NEXT_DB;
}

static enum next
tell(struct request *r, struct login *l)
{
	const struct rows *s = l->rows;
	struct buf *b = &r->reply;
	unsigned must = 0;

	if (*rows_text(s, 0, 3) == 't')
		must |= MUST_PASSWORD;
	if (l->sealed == NULL && second_needed(rows_text(s, 0, 4)))
		must |= MUST_TOTP;
	buf_str(b, "{\"token\":");
	buf_json(b, l->token);
	buf_key(b, "expires_at");
	buf_json(b, rows_text(s, 0, 1));
	buf_key(b, "id");
	buf_json(b, l->id);
	buf_key(b, "user");
	buf_str(b, "{\"id\":");
	buf_json(b, l->user);
	buf_key(b, "login");
	buf_json(b, l->name);
	buf_key(b, "name");
	buf_json(b, rows_text(s, 0, 2));
	buf_char(b, '}');
	must_write(b, must);
	buf_char(b, '}');
	reply_header(r, "cache-control", "no-store");
	return reply(r, 201);
}

void
must_write(struct buf *b, unsigned must)
{
	buf_key(b, "must");
	buf_char(b, '[');
	if (must & MUST_PASSWORD)
		buf_json(b, "password");
	if (must & MUST_TOTP) {
		buf_comma(b);
		buf_json(b, "totp");
	}
	buf_char(b, ']');
}

void
lock_ask(struct request *r, const char *account)
{
	const char *key = arena_printf(&r->arena, "account:%s", account);

	batch_addv(&r->batch, &find_locks, 2, key, key);
}

bool
locked(struct request *r, const struct rows *locks)
{
	if (rows_text(locks, 0, 0) == NULL)
		return false;
	reply_header(r, "retry-after", rows_text(locks, 0, 0));
	(void)fail(r, E_LIMIT, "locked", "登录失败次数过多，请 15 分钟后再试",
	    "Too many failures; try again in 15 minutes.");
	return true;
}

void
lock_count(struct request *r, const char *account)
{
	batch_addv(&r->batch, &count_failure, 2, arena_printf(&r->arena,
	    "account:%s", account), ACCOUNT_TRIES);
}

/* Leaders, auditors, administrators (4.7): said by the role. */
bool
second_needed(const char *role)
{
	const struct role *is = role_find(role);

	return !settings()->easy_login && is != NULL && is->second_factor;
}
