/*
 * Signing in through another server: a WeChat mini-program hands over its
 * code, a browser comes back from an OpenID Connect server with one. Who it is
 * there is bound to a person here once, in a session opened by password.
 */
#include <string.h>

#include <sodium.h>

#include "audit.h"
#include "base/uid.h"
#include "fetch.h"
#include "identity.h"
#include "login.h"
#include "provider.h"
#include "route.h"
#include "settings.h"

#define CODE_MAX 2000
#define KEPT 43 /* 32 bytes in base 64 */

enum { NEW, KEPT_BACK, TOLD, KNOWN, FOUND, OPENED };

struct visit {
	struct login login;
	int phase;
	enum provider provider;
	const char *code, *state;
	struct told_by told;
	char nonce[KEPT + 1], verifier[KEPT + 1];
};

static const struct stmt keep = { "outside_keep",
	"WITH old AS (DELETE FROM login_state WHERE expires_at < now())"
	" INSERT INTO login_state (hash, nonce, verifier, expires_at)"
	" VALUES ($1, $2, $3, now() + interval '10 minutes')" };
static const struct stmt take = { "outside_take",
	"DELETE FROM login_state WHERE hash = $1 AND expires_at > now()"
	" RETURNING nonce, verifier" };
static const struct stmt bind = { "outside_bind",
	"INSERT INTO user_identity (provider, subject, user_id)"
	" VALUES ($1, $2, (SELECT user_id FROM session WHERE id = $3::uuid"
	" AND method = 'password'))" };
static const struct stmt mine = { "outside_mine",
	"SELECT provider, " SQL_UTC("created_at") " FROM user_identity"
	" WHERE user_id = $1::uuid AND provider = coalesce($2, provider)"
	" ORDER BY provider" };
static const struct stmt loose = { "outside_loose",
	"DELETE FROM user_identity WHERE user_id = $1::uuid"
	" AND provider = $2" };
static const struct stmt *const statements[] = { &keep, &take, &bind, &mine,
	&loose };

static enum next wechat_login(struct request *);
static enum next oidc_login(struct request *);
static enum next oidc_start(struct request *);
static enum next identity_list(struct request *);
static enum next identity_bind(struct request *);
static enum next identity_loose(struct request *);
static enum next sign_in(struct request *, enum provider);
static bool read_visit(struct request *, struct visit *,
    const char *const *members);
static enum next off(struct request *);
static enum next exchange(struct request *, struct visit *);
static enum next told(struct request *, const struct visit *);
static enum next known(struct request *, struct visit *);
static void random_text(char out[KEPT + 1]);
static enum next answer_start(struct request *, const struct visit *);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/sessions/wechat",
	    .right = RIGHT_PUBLIC, .handle = wechat_login, .lane = LANE_FAST,
	    .secret = true, .id = "createSessionWechat",
	    .summary = "Sign in with a WeChat mini-program's code",
	    .summary_zh = "微信小程序登录",
	    .request_schema = "LoginWechat", .reply_schema = "Session",
	    .body_max = 8192 },
	{ .method = M_POST, .pattern = "/v1/sessions/oidc/start",
	    .right = RIGHT_PUBLIC, .handle = oidc_start, .lane = LANE_FAST,
	    .secret = true, .id = "startSessionOidc",
	    .summary = "Where to send the browser to sign in elsewhere",
	    .summary_zh = "统一身份认证：获取跳转地址",
	    .reply_schema = "OidcStart", .body_max = 4096, .fails = "404" },
	{ .method = M_POST, .pattern = "/v1/sessions/oidc",
	    .right = RIGHT_PUBLIC, .handle = oidc_login, .lane = LANE_FAST,
	    .secret = true, .id = "createSessionOidc",
	    .summary = "Sign in with what the identity server sent back",
	    .summary_zh = "统一身份认证登录", .request_schema = "LoginOidc",
	    .reply_schema = "Session", .body_max = 8192 },
	{ .method = M_GET, .pattern = "/v1/me/identities",
	    .right = RIGHT_SELF, .handle = identity_list, .lane = LANE_FAST,
	    .id = "listIdentities", .summary = "Where else I am known",
	    .summary_zh = "已绑定的外部身份",
	    .reply_schema = "IdentityList" },
	{ .method = M_POST, .pattern = "/v1/me/identities",
	    .right = RIGHT_SELF, .handle = identity_bind, .lane = LANE_FAST,
	    .secret = true, .id = "bindIdentity",
	    .summary = "Bind who I am elsewhere; in a session by password",
	    .summary_zh = "绑定外部身份（须先用密码登录）",
	    .request_schema = "IdentityBind", .body_max = 8192,
	    .done = "204" },
	{ .method = M_DELETE, .pattern = "/v1/me/identities/{provider}",
	    .right = RIGHT_SELF, .handle = identity_loose, .lane = LANE_FAST,
	    .id = "unbindIdentity", .summary = "Undo a binding",
	    .summary_zh = "解除外部身份绑定" },
};

void
outside_init(void)
{
	fetch_init();
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
wechat_login(struct request *r)
{
	return sign_in(r, WECHAT);
}

static enum next
oidc_login(struct request *r)
{
	return sign_in(r, OIDC);
}

static enum next
sign_in(struct request *r, enum provider p)
{
	static const char *const members[] = { "code", NULL, NULL };
	static const char *const with_state[] = { "code", "state", NULL };
	struct visit *v = r->state;
	enum next next;

	if (v == NULL) {
		r->state = v = arena_alloc(&r->arena, sizeof *v);
		v->provider = p;
		v->login.method = provider_name(p);
		if (!provider_on(p))
			return off(r);
		if (!read_visit(r, v, p == OIDC ? with_state : members))
			return NEXT_FAIL;
	}
	if (v->phase <= TOLD) {
		next = exchange(r, v);
		if (next != NEXT_DONE)
			return next;
		v->phase = KNOWN;
	}
	switch (v->phase++) {
	case KNOWN:
		login_ask_identity(r, &v->login, provider_name(p),
		    v->told.subject);
		return NEXT_DB;
	case FOUND:
		return known(r, v);
	default:
		if (v->login.user != NULL)
			return login_answer(r, &v->login);
		if (r->batch.failed >= 0)
			return fail(r, E_BUSY, NULL, NULL, NULL);
		return fail(r, E_IDENTITY, "not_bound",
		    "该身份尚未绑定用户，请先用密码登录并绑定",
		    "Nobody is bound to it: sign in by password and bind it.");
	}
}

static enum next
known(struct request *r, struct visit *v)
{
	if (!login_found(r, &v->login))
		return NEXT_FAIL;
	if (v->login.user != NULL) {
		v->login.proven = true;
		return login_open(r, &v->login);
	}
	batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
	audit_note(r, &(struct audit_event){ .verb = "login",
	    .outcome = "failed", .detail = v->provider == WECHAT ?
	    "{\"method\":\"wechat\",\"wrong\":\"not_bound\"}" :
	    "{\"method\":\"oidc\",\"wrong\":\"not_bound\"}" });
	return NEXT_DB;
}

static bool
read_visit(struct request *r, struct visit *v, const char *const *members)
{
	const json_t *body = request_json(r);

	if (body == NULL)
		return false;
	login_body(r, &v->login, body, members);
	v->code = json_string_value(json_object_get(body, "code"));
	v->state = json_string_value(json_object_get(body, "state"));
	if (v->code == NULL || *v->code == '\0' ||
	    strlen(v->code) > CODE_MAX)
		fault(r, "/code", "DQ-01", "required", "缺少登录凭证 code",
		    "the code is required");
	if (v->provider == OIDC && (v->state == NULL || *v->state == '\0'))
		fault(r, "/state", "DQ-01", "required", "缺少 state",
		    "the state is required");
	if (r->faults != NULL)
		(void)fail(r, E_INPUT, "invalid", "提交的内容不完整",
		    "The body is not complete.");
	return r->faults == NULL;
}

static enum next
off(struct request *r)
{
	return fail(r, E_UNKNOWN, "provider_off", "没有启用这种登录方式",
	    "This installation has no such server.");
}

/* Until NEXT_DONE: told.subject is who it is there. A state counts once, good
 * answer or bad. */
static enum next
exchange(struct request *r, struct visit *v)
{
	const struct rows *kept;
	char *hash;

	if (v->phase == NEW && v->provider == OIDC) {
		v->phase = KEPT_BACK;
		hash = arena_alloc(&r->arena, SHA_HEX_LEN + 1);
		sha256_hex(v->state, strlen(v->state), hash);
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		batch_addv(&r->batch, &take, 1, hash);
		return NEXT_DB;
	}
	if (v->phase == KEPT_BACK) {
		kept = batch_rows(&r->batch, 0);
		if (rows_n(kept) == 0)
			return fail(r, E_IDENTITY, "state_unknown",
			    "登录请求不存在、已使用或已超过 10 分钟，请重新登录",
			    "No such state, or it was used or is older than "
			    "ten minutes: start again.");
		(void)snprintf(v->nonce, sizeof v->nonce, "%s",
		    rows_text(kept, 0, 0));
		(void)snprintf(v->verifier, sizeof v->verifier, "%s",
		    rows_text(kept, 0, 1));
	}
	if (v->phase != TOLD) {
		v->phase = TOLD;
		return provider_ask(r, v->provider, v->code, v->verifier,
		    v->nonce, &v->told);
	}
	return told(r, v);
}

static enum next
told(struct request *r, const struct visit *v)
{
	if (v->told.why == NULL)
		return NEXT_DONE;
	if (v->told.down)
		return fail(r, E_BUSY, "provider_down",
		    "身份认证服务暂时无法访问，请稍后再试或用密码登录",
		    "The identity server does not answer: try again, or "
		    "sign in by password.");
	return fail(r, E_IDENTITY, "provider_refused",
	    "身份认证服务没有确认您的身份，请重新登录",
	    "The identity server does not say who it is: start again.");
}

static enum next
oidc_start(struct request *r)
{
	struct visit *v = r->state;
	char digest[SHA_HEX_LEN + 1];

	if (v == NULL) {
		r->state = v = arena_alloc(&r->arena, sizeof *v);
		v->provider = OIDC;
		return provider_on(OIDC) ? provider_endpoint(r, &v->told)
					 : off(r);
	}
	if (v->phase != NEW)
		return answer_start(r, v);
	v->phase = OPENED;
	if (v->told.why != NULL)
		return told(r, v);
	random_text(v->nonce);
	random_text(v->verifier);
	v->state = arena_alloc(&r->arena, KEPT + 1);
	random_text((char *)(uintptr_t)v->state);
	sha256_hex(v->state, KEPT, digest);
	batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
	batch_addv(&r->batch, &keep, 3, arena_strdup(&r->arena, digest),
	    v->nonce, v->verifier);
	return NEXT_DB;
}

static enum next
answer_start(struct request *r, const struct visit *v)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	char challenge[KEPT + 1];
	struct buf url;

	crypto_hash_sha256(sum, (const unsigned char *)v->verifier, KEPT);
	sodium_bin2base64(challenge, sizeof challenge, sum, sizeof sum,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_init(&url, 8192);
	buf_str(&url, v->told.endpoint);
	if (strchr(url.data, '?') == NULL)
		buf_char(&url, '?');
	form_add(&url, "response_type", "code");
	form_add(&url, "client_id", credential("oidc")->id);
	form_add(&url, "redirect_uri", settings()->oidc_redirect);
	form_add(&url, "scope", "openid");
	form_add(&url, "state", v->state);
	form_add(&url, "nonce", v->nonce);
	form_add(&url, "code_challenge", challenge);
	form_add(&url, "code_challenge_method", "S256");
	buf_str(&r->reply, "{\"authorization_url\":");
	buf_json(&r->reply, url.data);
	buf_key(&r->reply, "state");
	buf_json(&r->reply, v->state);
	buf_char(&r->reply, '}');
	buf_free(&url);
	reply_header(r, "cache-control", "no-store");
	return reply(r, 201);
}

static void
random_text(char out[KEPT + 1])
{
	unsigned char raw[32];

	randombytes_buf(raw, sizeof raw);
	sodium_bin2base64(out, KEPT + 1, raw, sizeof raw,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static enum next
identity_list(struct request *r)
{
	const struct rows *l;

	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
		batch_addv(&r->batch, &mine, 2, r->who.id, (char *)NULL);
		return NEXT_DB;
	}
	l = batch_rows(&r->batch, 0);
	buf_str(&r->reply, "{\"items\":[");
	for (int i = 0; i < rows_n(l); i++) {
		buf_comma(&r->reply);
		buf_str(&r->reply, "{\"provider\":");
		buf_json(&r->reply, rows_text(l, i, 0));
		buf_key(&r->reply, "since");
		buf_json(&r->reply, rows_text(l, i, 1));
		buf_char(&r->reply, '}');
	}
	buf_str(&r->reply, "]}");
	return reply(r, 200);
}

static enum next
identity_bind(struct request *r)
{
	static const char *const members[] = { "provider", "code", "state",
		NULL };
	struct visit *v = r->state;
	const char *name;
	enum next next;

	if (v == NULL) {
		r->state = v = arena_alloc(&r->arena, sizeof *v);
		if (request_json(r) == NULL)
			return NEXT_FAIL;
		name = json_string_value(json_object_get(request_json(r),
		    "provider"));
		v->provider = provider_find(name != NULL ? name : "");
		if (!provider_on(v->provider))
			return off(r);
		if (!read_visit(r, v, members))
			return NEXT_FAIL;
	}
	if (v->phase <= TOLD) {
		next = exchange(r, v);
		if (next != NEXT_DONE)
			return next;
		v->phase = KNOWN;
		batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
		batch_addv(&r->batch, &bind, 3, provider_name(v->provider),
		    v->told.subject, r->who.session);
		audit_note(r, &(struct audit_event){ .verb = "bind",
		    .entity = "app_user", .row = r->who.id,
		    .detail = v->provider == WECHAT ?
		    "{\"provider\":\"wechat\"}" : "{\"provider\":\"oidc\"}" });
		return NEXT_DB;
	}
	/* Taken, or no user: the database refused it, with its event. */
	if (r->batch.failed >= 0)
		return fail(r, E_CONFLICT, "not_bindable",
		    "该身份或您的帐号已绑定，或本次不是用密码登录",
		    "It or you are bound already, or this session was not "
		    "opened by password.");
	return reply(r, 204);
}

static enum next
identity_loose(struct request *r)
{
	if (r->step == 0) {
		batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
		batch_addv(&r->batch, &mine, 2, r->who.id, r->arg[0]);
		return NEXT_DB;
	}
	if (r->step > 1)
		return reply(r, 204);
	if (rows_n(batch_rows(&r->batch, 0)) == 0)
		return fail(r, E_UNKNOWN, NULL, NULL, NULL);
	batch_open(&r->batch, &r->arena, scope_own(r), LANE_FAST);
	batch_addv(&r->batch, &loose, 2, r->who.id, r->arg[0]);
	audit_note(r, &(struct audit_event){ .verb = "unbind",
	    .entity = "app_user", .row = r->who.id });
	return NEXT_DB;
}
