/* Bearer token → principal; and the routes of one's own session. */
#include "auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "audit.h"
#include "base/uid.h"
#include "conf.h"
#include "identity.h"
#include "login.h"
#include "loop.h"
#include "notify.h"
#include "route.h"
#include "scope.h"

#define KNOWN 1024 /* sessions a worker remembers */
#define KNOWN_MS 4000
#define IDLE "interval '30 minutes'"

/*
 * A session as this worker last found it. Only reads of business rows are
 * granted by it, and not for long; a change of identities or configuration
 * that PostgreSQL notifies forgets all of them at once.
 */
static struct known {
	char hash[SHA_HEX_LEN + 1];
	time_t seen;	   /* its use was written then */
	uint64_t found_ms; /* 0: look it up */
	struct principal who;
	char line[64];
} known[KNOWN];
static uint64_t forgotten_ms;

/* Columns both kinds of token give: id, login, name, org, org name, role,
 * division, first and last code of the range, line, clearance, binding, the
 * grant, the session or the token itself, what the grant is narrowed to
 * (action, coverage, own rows, categories), whether the password must be
 * changed, whether there is a second factor, and what any grant of his is
 * narrowed to the coverage of (5.1), now or to come. */
#define COVERED_BY                                                             \
	"(SELECT string_agg(own.cover_org_id::text, ' ') FROM role_grant own"  \
	" WHERE own.user_id = u.id AND own.cover_org_id IS NOT NULL"           \
	" AND (own.valid_to IS NULL OR own.valid_to > now()))"
static const struct stmt user_find = { "auth_user",
	"SELECT u.id, u.login, u.name, o.id, o.name, g.role, g.division_code,"
	" g.lo, g.hi, g.line_code, g.clearance, NULL, g.id, s.id,"
	" g.action_id, g.cover, g.owned, g.category, u.must_change,"
	" EXISTS (SELECT FROM user_totp t"
	" WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL), " COVERED_BY
	" FROM session s JOIN app_user u ON u.id = s.user_id"
	" JOIN grant_reach g ON g.id = s.grant_id AND g.valid"
	" LEFT JOIN org_unit o ON o.id = u.org_id"
	" WHERE s.token_hash = $1 AND s.revoked_at IS NULL"
	" AND s.expires_at > now() AND s.last_seen_at > now() - " IDLE
	" AND u.status = 'active'" };
static const struct stmt user_seen = { "auth_seen",
	"UPDATE session SET last_seen_at = now() WHERE token_hash = $1"
	" AND revoked_at IS NULL AND last_seen_at > now() - " IDLE
	" AND last_seen_at < now() - interval '1 minute'" };
static const struct stmt agent_find = { "auth_agent",
	"SELECT t.id, '', t.name, o.id, o.name, 'sheet_agent',"
	" t.division_code, t.division_code, division_hi(t.division_code),"
	" t.line_code, t.clearance, t.binding_id, NULL, t.id, NULL, NULL, NULL,"
	" NULL, false, true, NULL"
	" FROM agent_token t LEFT JOIN org_unit o ON o.id = t.org_id"
	" WHERE t.token_hash = $1 AND t.revoked_at IS NULL"
	" AND (t.expires_at IS NULL OR t.expires_at > now())" };
/* … and of an application: whose it is, for whom it acts, what it may, how
 * often, whether it sees personal data. The rights are those of its user,
 * within its own: never wider than either, and ended with either. */
static const struct stmt client_find = { "auth_client",
	"SELECT coalesce(u.id, c.id), coalesce(u.login, ''),"
	" coalesce(u.name, c.name), o.id, o.name,"
	" coalesce(g.role, 'api_client'), coalesce(g.division_code, t.lo),"
	" greatest(t.lo, coalesce(g.lo, t.lo)),"
	" least(t.hi, coalesce(g.hi, t.hi)), coalesce(g.line_code, ''),"
	" least(coalesce(g.clearance, 0), c.clearance), NULL, g.id, t.id,"
	" coalesce(t.action_id, g.action_id), g.cover, g.owned, g.category,"
	" false, true, " COVERED_BY ", c.id, u.id, array_to_string(t.scopes, ' '), c.rate,"
	" c.personal, c.export_rows"
	" FROM client_token t JOIN client_app c ON c.id = t.client_id"
	" AND c.status = 'active' AND c.valid_to > now()"
	" LEFT JOIN session s ON s.id = t.session_id"
	" LEFT JOIN app_user u ON u.id = s.user_id"
	" LEFT JOIN grant_reach g ON g.id = s.grant_id AND g.valid"
	" LEFT JOIN org_unit o ON o.id = coalesce(u.org_id, c.org_id)"
	" WHERE t.token_hash = $1 AND t.revoked_at IS NULL"
	" AND t.expires_at > now() AND (t.session_id IS NULL"
	" OR (s.revoked_at IS NULL AND s.expires_at > now()"
	" AND s.last_seen_at > now() - " IDLE " AND u.status = 'active'"
	" AND NOT u.must_change AND g.id IS NOT NULL"
	" AND (t.action_id IS NULL OR g.action_id IS NULL"
	" OR t.action_id = g.action_id)))" };
/* … and of a session in which an administrator looks as somebody: under that
 * grant, but no further than his own range, and at nothing that is personal
 * (3.1). It ends with his own session. */
static const struct stmt view_find = { "auth_view",
	"SELECT u.id, u.login, u.name, o.id, o.name, g.role, g.division_code,"
	" greatest(g.lo, v.lo), least(g.hi, v.hi), g.line_code,"
	" least(g.clearance, 1), NULL, g.id, s.id, g.action_id, g.cover,"
	" g.owned, g.category, false, true, " COVERED_BY ", s.viewer_id"
	" FROM session s"
	" JOIN app_user u ON u.id = s.user_id AND u.status = 'active'"
	" JOIN grant_reach g ON g.id = s.grant_id AND g.valid"
	" JOIN session w ON w.id = s.viewer_session"
	" JOIN grant_reach v ON v.id = w.grant_id AND v.valid"
	" LEFT JOIN org_unit o ON o.id = u.org_id"
	" WHERE s.token_hash = $1 AND s.revoked_at IS NULL"
	" AND s.expires_at > now() AND session_viewed(s)" };
static const struct stmt *const statements[] = { &user_find, &user_seen,
	&agent_find, &client_find, &view_find };

static bool auth_plan(struct request *);
static bool auth_more(struct request *);
static enum err auth_accept(struct request *);
static enum err unready(struct request *);
static bool client_route(const struct request *);
static bool looks_only(struct request *);
static bool token_is(const struct request *, const char *prefix);
static struct known *known_of(const char *hash);
static bool remembered(struct request *, const char *hash);
static void remember(struct request *);
static void forget(const char *payload);
static bool seen_lately(const char *hash);
static void fill(struct request *, const struct rows *);
static void scope_of(struct request *, const char *line);
static void copy(char *out, size_t size, const char *text);

static const struct auth_hooks hooks = { auth_plan, auth_more,
	auth_accept };

void
auth_init(void)
{
	db_register(statements, COUNT(statements));
	auth_register(&hooks);
	notify_subscribe("conf", forget);
}

const char *
auth_token_hash(struct request *r)
{
	const char *h = request_header(r, "authorization");
	char *hash;

	if (h == NULL || strncasecmp(h, "Bearer ", 7) != 0)
		return NULL;
	for (h += 7; *h == ' '; h++)
		continue;
	if (!bearer_ok(h) || (strncmp(h, "tz_u_", 5) != 0 &&
	    strncmp(h, "tz_a_", 5) != 0 && strncmp(h, "tz_c_", 5) != 0 &&
	    strncmp(h, "tz_v_", 5) != 0))
		return NULL;
	hash = arena_alloc(&r->arena, SHA_HEX_LEN + 1);
	sha256_hex(h, strlen(h), hash);
	return hash;
}

/* Row 0 is who, row 1 whether the configuration has changed. */
static bool
auth_plan(struct request *r)
{
	const char *hash = auth_token_hash(r);
	const struct stmt *other;

	if (hash == NULL)
		return false;
	memset(&r->who, 0, sizeof r->who); /* the stage may start over */
	r->found = NULL;
	other = token_is(r, "tz_a_") ? &agent_find :
	    token_is(r, "tz_c_") ? &client_find :
	    token_is(r, "tz_v_") ? &view_find : NULL;
	if (other != NULL) {
		batch_add(&r->batch, other, 1, &hash);
		conf_ask(&r->batch);
		return true;
	}
	if (remembered(r, hash))
		return true;
	batch_add(&r->batch, &user_find, 1, &hash);
	conf_ask(&r->batch);
	if (seen_lately(hash))
		return true;
	batch_add(&r->batch, &user_seen, 1, &hash);
	return true;
}

static bool
auth_more(struct request *r)
{
	if (rows_n(batch_rows(&r->batch, 0)) == 0 ||
	    !conf_changed(&r->batch, 1))
		return false;
	r->found = batch_rows(&r->batch, 0);
	batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
	conf_plan(&r->batch);
	return true;
}

static enum err
auth_accept(struct request *r)
{
	if (r->found != NULL) {
		conf_take(&r->batch);
		fill(r, r->found);
	} else if (r->batch.n > 0) {
		if (rows_n(batch_rows(&r->batch, 0)) == 0)
			return E_IDENTITY;
		fill(r, batch_rows(&r->batch, 0));
		remember(r);
	}
	if (r->who.must != 0 && !(r->route->open & OPEN_UNREADY))
		return unready(r);
	if ((r->who.client[0] != '\0' || r->who.binding[0] != '\0') &&
	    !client_route(r))
		return E_DENIED;
	if (r->who.viewer[0] != '\0' && !looks_only(r))
		return E_DENIED;
	return scope_grants(&r->who, r->route->right, r->route->entity);
}

/* An application or agent comes to rows of the model, and to where it is
 * expected: it is no person that has passwords and sessions. What is done with
 * a right to read besides reading is not for it. */
static bool
client_route(const struct request *r)
{
	const struct route *t = r->route;

	if (t->open & OPEN_CLIENT)
		return true;
	return t->entity != NULL && t->right != RIGHT_SELF &&
	    (t->right != RIGHT_READ || t->method == M_GET);
}

/* Who looks as somebody else asks, and leaves; nothing else, whatever the
 * other may. */
static bool
looks_only(struct request *r)
{
	if (r->method == M_GET || r->method == M_HEAD ||
	    (r->route->open & OPEN_VIEW))
		return true;
	(void)fail(r, E_DENIED, "view_only",
	    "以他人身份查看时不能进行任何修改",
	    "A view as somebody else changes nothing.");
	return false;
}

static bool
token_is(const struct request *r, const char *prefix)
{
	return strstr(request_header(r, "authorization"), prefix) != NULL;
}

static enum err
unready(struct request *r)
{
	bool password = (r->who.must & MUST_PASSWORD) != 0;

	(void)fail(r, E_DENIED, password ? "password_change_required" :
	    "totp_setup_required", password ? "请先修改密码" :
	    "请先设置动态验证码", password ? "Change the password first." :
	    "Set up the second factor first.");
	return E_DENIED;
}

const struct scope *
scope_own(struct request *r)
{
	struct scope *s = arena_alloc(&r->arena, sizeof *s);

	*s = scope_system;
	s->actor = r->who.id;
	s->channel = "api";
	s->origin = r->id;
	s->trail = r->who.scope.trail;
	s->looks = r->who.viewer[0] != '\0' && !(r->route->open & OPEN_VIEW);
	return s;
}

/* The place a session has, whoever is in it now. */
static struct known *
known_of(const char *hash)
{
	size_t i = 0;

	for (size_t k = 0; k < 8; k++)
		i = i * 16 + (size_t)(hash[k] <= '9' ? hash[k] - '0'
						     : hash[k] - 'a' + 10);
	return &known[i % KNOWN];
}

static bool
remembered(struct request *r, const char *hash)
{
	const struct known *k = known_of(hash);

	if (r->route->right != RIGHT_READ || k->found_ms == 0 ||
	    now_ms() - k->found_ms > KNOWN_MS || strcmp(k->hash, hash) != 0)
		return false;
	r->who = k->who;
	scope_of(r, k->line);
	return true;
}

/* What was found together with the answer that the configuration is still
 * the one in memory. Not what a person still has to do: done at one worker, it
 * must be done at all of them with the next request. */
static void
remember(struct request *r)
{
	const char *hash = r->who.binding[0] == '\0' &&
	    r->who.client[0] == '\0' ? auth_token_hash(r) : NULL;
	struct known *k;

	if (hash == NULL || strlen(r->who.scope.line) >= sizeof k->line ||
	    scope_narrow(&r->who.scope) || r->who.covered_by != NULL ||
	    r->who.must != 0)
		return;
	k = known_of(hash);
	/* Another session has the place now, or the answer may be older than
	 * the change that was notified. */
	if (strcmp(k->hash, hash) != 0 ||
	    r->began_us / 1000 <= forgotten_ms)
		return;
	k->who = r->who;
	copy(k->line, sizeof k->line, r->who.scope.line);
	k->found_ms = r->began_us / 1000;
}

static void
forget(const char *payload)
{
	(void)payload;
	forgotten_ms = now_ms();
	for (size_t i = 0; i < KNOWN; i++)
		known[i].found_ms = 0;
}

/* Whether this worker noted the session's use within the last half minute:
 * then it need not be written again. A forgotten one is only written twice. */
static bool
seen_lately(const char *hash)
{
	struct known *k = known_of(hash);
	time_t now = time(NULL);

	if (strcmp(k->hash, hash) == 0 && now - k->seen < 30)
		return true;
	copy(k->hash, sizeof k->hash, hash);
	k->seen = now;
	k->found_ms = 0;
	return false;
}

static void
fill(struct request *r, const struct rows *f)
{
	struct principal *who = &r->who;
	const struct role *role = role_find(rows_text(f, 0, 5));

	copy(who->id, sizeof who->id, rows_text(f, 0, 0));
	copy(who->login, sizeof who->login, rows_text(f, 0, 1));
	copy(who->name, sizeof who->name, rows_text(f, 0, 2));
	copy(who->org, sizeof who->org, rows_text(f, 0, 3));
	copy(who->org_name, sizeof who->org_name, rows_text(f, 0, 4));
	copy(who->binding, sizeof who->binding, rows_text(f, 0, 11));
	copy(who->grant, sizeof who->grant, rows_text(f, 0, 12));
	copy(who->session, sizeof who->session, rows_text(f, 0, 13));
	copy(who->action, sizeof who->action, rows_text(f, 0, 14));
	who->role = role != NULL ? role->code : "";
	who->must = *rows_text(f, 0, 18) == 't' ? MUST_PASSWORD : 0;
	if (*rows_text(f, 0, 19) != 't' && second_needed(who->role))
		who->must |= MUST_TOTP;
	who->part = role_part(who->role);
	who->auditor = who->readonly = who->part == PART_AUDITOR;
	who->division = strtoll(rows_text(f, 0, 6), NULL, 10);
	who->level = role != NULL && role->level > 0 ? role->level
	    : division_level(who->division);
	who->scope.lo = strtoll(rows_text(f, 0, 7), NULL, 10);
	who->scope.hi = strtoll(rows_text(f, 0, 8), NULL, 10);
	who->scope.clearance = (int)rows_long(f, 0, 10);
	who->scope.cover = rows_text(f, 0, 15);
	who->scope.own = rows_text(f, 0, 16);
	who->scope.category = rows_text(f, 0, 17);
	who->covered_by = rows_text(f, 0, 20);
	if (rows_cols(f) == 22) {
		copy(who->viewer, sizeof who->viewer, rows_text(f, 0, 21));
		who->readonly = who->scope.looks = true;
	} else if (rows_cols(f) > 22) {
		copy(who->client, sizeof who->client, rows_text(f, 0, 21));
		copy(who->via, sizeof who->via, rows_text(f, 0, 22));
		who->scopes = rows_text(f, 0, 23);
		who->rate = (unsigned)rows_long(f, 0, 24);
		who->personal = *rows_text(f, 0, 25) == 't';
		who->export_rows = (unsigned)rows_long(f, 0, 26);
	}
	scope_of(r, rows_text(f, 0, 9));
}

/* The scope's pointers are into the request. */
static void
scope_of(struct request *r, const char *line)
{
	struct principal *who = &r->who;

	who->scope.line = arena_strdup(&r->arena, line);
	who->scope.action = who->action;
	who->scope.actor = who->id;
	who->scope.channel = who->binding[0] != '\0' ? "sheet" : "api";
	who->scope.origin = r->id;
	who->scope.trail = audit_trail(r, NULL, NULL);
}

static void
copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}
