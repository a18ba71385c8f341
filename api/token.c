/*
 * POST /v1/token: tokens of third-party applications. client_credentials (RFC
 * 6749 4.4) for the application itself, which then sees what is published and
 * aggregated; token exchange (RFC 8693) for a person whose own session token
 * it presents: the rights are those of both, never wider than either.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "audit.h"
#include "base/uid.h"
#include "client.h"
#include "identity.h"
#include "login.h"
#include "query_string.h"
#include "route.h"
#include "scope.h"

#define LIFE "3600"
#define EXCHANGE "urn:ietf:params:oauth:grant-type:token-exchange"
#define ACCESS_TOKEN "urn:ietf:params:oauth:token-type:access_token"
#define NOBODY "00000000-0000-0000-0000-000000000000"

enum { FIND, GIVE, TOLD };

struct work {
	int phase;
	const char *grant_type, *id, *secret, *scope, *division;
	const char *subject; /* digest of the person's token */
	bool basic;
	const char *scopes;  /* granted, as text and as an array */
	int64_t lo, hi;
	char token[BEARER_MAX], own[UUID_LEN + 1];
};

static const struct stmt find_client = { "token_client",
	"SELECT secret_hash, array_to_string(scopes, ' '),"
	" array_to_string(divisions, ' '), division_code"
	" FROM client_app WHERE id = $1::uuid AND status = 'active'"
	" AND valid_to > now()" };
static const struct stmt find_subject = { "token_subject",
	"SELECT s.id, u.id, g.lo, g.hi, g.role, g.division_code,"
	" EXISTS (SELECT FROM user_totp t WHERE t.user_id = u.id"
	" AND t.confirmed_at IS NOT NULL), (SELECT code FROM action"
	" WHERE id = g.action_id)"
	" FROM session s JOIN app_user u ON u.id = s.user_id"
	" JOIN grant_reach g ON g.id = s.grant_id AND g.valid"
	" WHERE s.token_hash = $1 AND s.revoked_at IS NULL"
	" AND s.expires_at > now()"
	" AND s.last_seen_at > now() - interval '30 minutes'"
	" AND u.status = 'active' AND NOT u.must_change"
	" AND s.viewer_id IS NULL" };
static const struct stmt insert = { "token_insert",
	"INSERT INTO client_token (id, client_id, session_id, lo, hi, scopes,"
	" action_id, token_hash, expires_at) VALUES ($1::uuid, $2::uuid,"
	" $3::uuid, $4::bigint, $5::bigint, string_to_array($6, ' '),"
	" CASE WHEN $7::text IS NULL THEN NULL ELSE (SELECT coalesce((SELECT"
	" id FROM action WHERE code = $7), '" NOBODY "')) END, $8,"
	" now() + interval '" LIFE " seconds')" };
static const struct stmt *const statements[] = { &find_client, &find_subject,
	&insert };

static enum next token_post(struct request *);
static enum next read_form(struct request *, struct work *);
static bool basic(struct request *, struct work *);
static enum next refuse(struct request *, unsigned status, const char *error,
    const char *why);
static enum next give(struct request *, struct work *);
static bool same_secret(const char *secret, const char *hash);
static bool choose_scopes(struct request *, struct work *,
    const char *granted);
static bool listed(const char *list, const char *one, size_t len);
static bool one_action(struct request *, const char *scopes,
    const char **action);
static int choose_division(struct work *, const char *divisions, int64_t lo,
    int64_t hi);
static enum next insert_it(struct request *, struct work *,
    const struct rows *subject, const char *division, const char *action);
static enum next answer(struct request *, const struct work *);

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/token", .right = RIGHT_PUBLIC,
	    .handle = token_post, .lane = LANE_FAST, .secret = true,
	    .id = "createToken", .body_max = 8192, .done = "200 400 401",
	    .summary = "A token for a third-party application (RFC 6749, 8693)",
	    .summary_zh = "第三方应用获取令牌",
	    .request_schema = "TokenRequest", .reply_schema = "Token",
	    .request_type = "application/x-www-form-urlencoded" },
};

void
token_init(void)
{
	db_register(statements, COUNT(statements));
	route_register(routes, COUNT(routes));
}

static enum next
token_post(struct request *r)
{
	struct work *w = r->state;

	if (w == NULL) {
		r->state = w = arena_alloc(&r->arena, sizeof *w);
		return read_form(r, w);
	}
	if (++w->phase == GIVE)
		return give(r, w);
	if (r->batch.failed >= 0) /* the action is not there */
		return refuse(r, 400, "invalid_scope", "no such action");
	return answer(r, w);
}

static enum next
read_form(struct request *r, struct work *w)
{
	const char *type = request_header(r, "content-type"), *where;
	const char *subject_type = NULL, *subject = NULL;
	const struct {
		const char *name, **to;
	} members[] = { { "grant_type", &w->grant_type },
		{ "client_id", &w->id }, { "client_secret", &w->secret },
		{ "scope", &w->scope }, { "division", &w->division },
		{ "subject_token", &subject },
		{ "subject_token_type", &subject_type } };
	struct param *form = NULL;
	char *hash;

	if (type == NULL || strncasecmp(type,
	    "application/x-www-form-urlencoded", 33) != 0 ||
	    query_parse(&r->arena, arena_strndup(&r->arena, r->body != NULL
	    ? r->body : "", r->body_len), &form, &where) != NULL)
		return refuse(r, 400, "invalid_request",
		    "the body must be a form");
	for (const struct param *p = form; p != NULL; p = p->next)
		for (size_t i = 0; i < COUNT(members); i++)
			if (strcmp(p->name, members[i].name) == 0)
				*members[i].to = p->value;
	if (!basic(r, w))
		return refuse(r, 400, "invalid_request",
		    "the client authenticates in one way, not in two");
	if (w->id == NULL || w->secret == NULL || !uuid_ok(w->id))
		return refuse(r, 401, "invalid_client", "no such client");
	if (w->grant_type == NULL)
		return refuse(r, 400, "invalid_request", "no grant_type");
	if (strcmp(w->grant_type, EXCHANGE) == 0) {
		if (subject == NULL || subject_type == NULL ||
		    strcmp(subject_type, ACCESS_TOKEN) != 0)
			return refuse(r, 400, "invalid_request",
			    "subject_token and its type are needed");
		hash = arena_alloc(&r->arena, SHA_HEX_LEN + 1);
		sha256_hex(subject, strlen(subject), hash);
		w->subject = hash;
	} else if (strcmp(w->grant_type, "client_credentials") != 0) {
		return refuse(r, 400, "unsupported_grant_type",
		    "client_credentials or token-exchange");
	}
	batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
	batch_addv(&r->batch, &find_client, 1, w->id);
	batch_addv(&r->batch, &find_subject, 1, w->subject);
	return NEXT_DB;
}

/* client_secret_basic; false when the form names a secret, too. */
static bool
basic(struct request *r, struct work *w)
{
	const char *h = request_header(r, "authorization");
	char raw[512], *colon;
	size_t n = 0;

	if (h == NULL || strncasecmp(h, "Basic ", 6) != 0)
		return true;
	if (w->secret != NULL)
		return false;
	w->basic = true;
	if (sodium_base642bin((unsigned char *)raw, sizeof raw - 1, h + 6,
	    strlen(h + 6), " ", &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return true;
	raw[n] = '\0';
	colon = strchr(raw, ':');
	if (colon != NULL) {
		*colon = '\0';
		w->id = percent_decode(&r->arena, raw, strlen(raw), true);
		w->secret = percent_decode(&r->arena, colon + 1,
		    strlen(colon + 1), true);
	}
	sodium_memzero(raw, sizeof raw);
	return true;
}

/* As RFC 6749 5.2 says it, not RFC 9457. */
static enum next
refuse(struct request *r, unsigned status, const char *error, const char *why)
{
	buf_str(&r->reply, "{\"error\":");
	buf_json(&r->reply, error);
	buf_key(&r->reply, "error_description");
	buf_json(&r->reply, why);
	buf_char(&r->reply, '}');
	reply_header(r, "cache-control", "no-store");
	if (status == 401)
		reply_header(r, "www-authenticate", "Basic");
	r->batch.failed = -1;
	return reply(r, status);
}

static enum next
give(struct request *r, struct work *w)
{
	const struct rows *c = batch_rows(&r->batch, 0);
	const struct rows *s = batch_rows(&r->batch, 1);
	const char *action;
	int n;

	if (rows_n(c) == 0 || !same_secret(w->secret, rows_text(c, 0, 0)))
		return refuse(r, 401, "invalid_client", "no such client");
	if (w->subject != NULL && (rows_n(s) == 0 ||
	    (*rows_text(s, 0, 6) != 't' &&
	    second_needed(rows_text(s, 0, 4)))))
		return refuse(r, 400, "invalid_grant",
		    "subject_token is no session that may act");
	if (!choose_scopes(r, w, rows_text(c, 0, 1)) ||
	    !one_action(r, w->scopes, &action) || (w->subject != NULL &&
	    action != NULL && rows_text(s, 0, 7) != NULL &&
	    strcmp(action, rows_text(s, 0, 7)) != 0))
		return refuse(r, 400, "invalid_scope",
		    "wider than granted, or of several actions");
	n = choose_division(w, rows_text(c, 0, 2), w->subject != NULL ?
	    strtoll(rows_text(s, 0, 2), NULL, 10) : 0, w->subject != NULL ?
	    strtoll(rows_text(s, 0, 3), NULL, 10) : 999999999999);
	if (n > 1)
		return refuse(r, 400, "invalid_request",
		    "name one of your divisions: division=");
	if (n == 0)
		return refuse(r, 400, "invalid_grant",
		    "nothing that both may reach");
	return insert_it(r, w, w->subject != NULL ? s : NULL,
	    rows_text(c, 0, 3), action);
}

static bool
same_secret(const char *secret, const char *hash)
{
	char own[SHA_HEX_LEN + 1];

	sha256_hex(secret, strlen(secret), own);
	return strlen(hash) == SHA_HEX_LEN &&
	    sodium_memcmp(own, hash, SHA_HEX_LEN) == 0;
}

/* Those asked for, all of which must be granted; without a wish all. */
static bool
choose_scopes(struct request *r, struct work *w, const char *granted)
{
	const char *p = w->scope;

	w->scopes = granted;
	if (p == NULL || *p == '\0')
		return true;
	for (; *p != '\0'; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (len > 0 && !listed(granted, p, len))
			return false;
		p += len;
	}
	w->scopes = arena_strdup(&r->arena, w->scope);
	return true;
}

static bool
listed(const char *list, const char *one, size_t len)
{
	for (const char *p = list; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && strncmp(p, one, n) == 0)
			return true;
		p += n;
	}
	return false;
}

/* A scope with an action narrows the whole token to it. */
static bool
one_action(struct request *r, const char *scopes, const char **action)
{
	*action = NULL;
	for (const char *p = scopes; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		const char *at, *own;

		if (n > 0 && !client_scope_ok(p, n, &at))
			return false;
		if (n > 0 && at != NULL) {
			own = arena_strndup(&r->arena, at,
			    n - (size_t)(at - p));
			if (*action != NULL && strcmp(*action, own) != 0)
				return false;
			*action = own;
		}
		p += n;
	}
	return true;
}

/* How many of the application's divisions meet the range; the last of them is
 * what the token reaches. */
static int
choose_division(struct work *w, const char *divisions, int64_t lo, int64_t hi)
{
	int n = 0;

	for (const char *p = divisions; *p != '\0'; p += strspn(p, " ")) {
		int64_t from = strtoll(p, NULL, 10);
		int64_t to = division_last(from);

		p += strcspn(p, " ");
		if (w->division != NULL && *w->division != '\0' &&
		    strtoll(w->division, NULL, 10) != from)
			continue;
		if (from > hi || to < lo)
			continue;
		w->lo = from > lo ? from : lo;
		w->hi = to < hi ? to : hi;
		n++;
	}
	return n;
}

static enum next
insert_it(struct request *r, struct work *w, const struct rows *subject,
    const char *division, const char *action)
{
	char *hash = arena_alloc(&r->arena, SHA_HEX_LEN + 1);

	bearer_new("tz_c_", w->token);
	sha256_hex(w->token, strlen(w->token), hash);
	uuid_new(w->own);
	batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
	batch_addv(&r->batch, &insert, 8, w->own, w->id,
	    subject != NULL ? rows_text(subject, 0, 0) : NULL,
	    arena_int(&r->arena, w->lo),
	    arena_int(&r->arena, w->hi), w->scopes,
	    action, hash);
	audit_note(r, &(struct audit_event){ .verb = "token",
	    .entity = "client_app", .row = w->id, .division = division,
	    .actor = subject != NULL ? rows_text(subject, 0, 1) : w->id,
	    .session = subject != NULL ? rows_text(subject, 0, 0) : NULL });
	return NEXT_DB;
}

static enum next
answer(struct request *r, const struct work *w)
{
	struct buf *b = &r->reply;

	buf_str(b, "{\"access_token\":");
	buf_json(b, w->token);
	buf_str(b, ",\"token_type\":\"Bearer\",\"expires_in\":" LIFE);
	buf_key(b, "scope");
	buf_json(b, w->scopes);
	if (w->subject != NULL) {
		buf_key(b, "issued_token_type");
		buf_json(b, ACCESS_TOKEN);
	}
	buf_char(b, '}');
	reply_header(r, "cache-control", "no-store");
	return reply(r, 200);
}
