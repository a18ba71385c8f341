/* What the environment decides, read once before the workers start. */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "fetch.h"
#include "filetype.h"

static struct settings now;
static struct credential wechat, oidc;
static struct {
	const char *name;
	unsigned char key[SECRET_LEN];
} secrets[] = { { .name = "row" }, { .name = "cursor" }, { .name = "webhook" },
	{ .name = "login" } };

static bool number(const char *name, unsigned low, unsigned high,
    unsigned fallback, unsigned *out);
static const char *text(const char *name, const char *fallback);
static bool origins_ok(const char *list);
static bool secrets_read(const char *folder);
static bool outside_read(const char *folder);
static bool credential_read(const char *folder, const char *name,
    struct credential *);
static bool refuse(const char *path, const char *why);

bool
settings_read(void)
{
	const char *path = text("TAIZHANG_SECRETS", NULL);

	now.database = text("DATABASE_URL", "");
	now.standby = text("STANDBY_URL", NULL);
	now.bind = text("TAIZHANG_BIND", "127.0.0.1");
	now.unix_path = text("TAIZHANG_UNIX", NULL);
	now.cors = text("TAIZHANG_CORS", "");
	now.webhook_ca = text("TAIZHANG_WEBHOOK_CA", NULL);
	now.webhook_hosts = text("TAIZHANG_WEBHOOK_HOSTS", "");
	now.files = text("TAIZHANG_FILES", NULL);
	now.file_types = text("TAIZHANG_FILE_TYPES", NULL);
	now.easy_login = strcmp(text("TAIZHANG_EASY_LOGIN", "no"), "yes") == 0;
	if (!number("TAIZHANG_PORT", 0, 65535, 8080, &now.port) ||
	    !number("TAIZHANG_DB_FAST", 1, 4, 1, &now.fast) ||
	    !number("TAIZHANG_DB_SLOW", 1, 8, 2, &now.slow) ||
	    !number("TAIZHANG_DB_FAST_MS", 100, 60000, 2000, &now.fast_ms) ||
	    !number("TAIZHANG_DB_SLOW_MS", 100, 600000, 15000, &now.slow_ms) ||
	    !number("TAIZHANG_RATE_ADDRESS", 0, 10000000, 30000,
	    &now.rate_address) ||
	    !number("TAIZHANG_RATE_CALLER", 0, 10000000, 6000,
	    &now.rate_caller) ||
	    !number("TAIZHANG_RATE_LOGIN", 0, 10000000, 300,
	    &now.rate_login) ||
	    !number("TAIZHANG_DRAIN_MS", 0, 600000, 10000, &now.drain_ms) ||
	    !number("TAIZHANG_WEBHOOK_RETRY_MS", 1, 60000, 1000,
		&now.webhook_retry_ms) ||
	    !number("TAIZHANG_WEBHOOK_GIVE_UP_S", 0, 2592000, 86400,
		&now.webhook_give_up_s) ||
	    !number("TAIZHANG_HASHES", 1, 64, 2, &now.hashes) ||
	    !number("TAIZHANG_FEED_DAYS", 1, 3650, 90, &now.feed_days) ||
	    !number("TAIZHANG_FILE_MB", 1, 1000, 50, &now.file_mb) ||
	    !number("TAIZHANG_FILES_SPARE_MB", 0, 1u << 30, 512,
	    &now.files_spare_mb))
		return false;
	if (now.port == 0 && now.unix_path == NULL) {
		log_line(LOG_ERROR, "event=settings reason=%s",
		    log_q("neither TAIZHANG_PORT nor TAIZHANG_UNIX is set"));
		return false;
	}
	if (!origins_ok(now.cors)) {
		log_line(LOG_ERROR, "event=settings name=TAIZHANG_CORS "
		    "value=%s reason=%s", log_q(now.cors),
		    log_q("origins look like https://name:port, without a "
		    "path; * and null are none"));
		return false;
	}
	if (filetype_unknown(now.file_types) != NULL) {
		log_line(LOG_ERROR, "event=settings name=TAIZHANG_FILE_TYPES "
		    "value=%s reason=%s",
		    log_q(filetype_unknown(now.file_types)),
		    log_q("there is no such type"));
		return false;
	}
	if (path == NULL) {
		log_line(LOG_ERROR, "event=settings reason=%s",
		    log_q("TAIZHANG_SECRETS must name the secrets folder"));
		return false;
	}
	return secrets_read(path) && outside_read(path);
}

const struct settings *
settings(void)
{
	return &now;
}

const unsigned char *
secret_key(const char *name)
{
	for (size_t i = 0; i < COUNT(secrets); i++)
		if (strcmp(secrets[i].name, name) == 0)
			return secrets[i].key;
	REQUIRE(!"a key of that name");
	return NULL;
}

/* What a browser sends as Origin, so that nobody waits for a match in vain;
 * and never null, which any page may call itself. */
static bool
origins_ok(const char *list)
{
	for (const char *p = list; *p != '\0';) {
		size_t n = strcspn(p, " "), scheme;

		scheme = strncmp(p, "https://", 8) == 0 ? 8 :
		    strncmp(p, "http://", 7) == 0 ? 7 : 0;
		if (n > 0 && (scheme == 0 || n == scheme || strspn(p + scheme,
		    "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") < n - scheme))
			return false;
		p += n + strspn(p + n, " ");
	}
	return true;
}

static bool
secrets_read(const char *folder)
{
	char path[4096], text[SECRET_LEN + 1];

	for (size_t i = 0; i < COUNT(secrets); i++) {
		const char *why;
		size_t n;

		(void)snprintf(path, sizeof(path), "%s/%s", folder,
		    secrets[i].name);
		why = secret_file(path, text, sizeof(text), &n);
		if (why == NULL && n != SECRET_LEN)
			why = "it must hold 32 bytes of key";
		if (why != NULL)
			return refuse(path, why);
		memcpy(secrets[i].key, text, SECRET_LEN);
	}
	explicit_bzero(text, sizeof(text));
	return true;
}

static bool
outside_read(const char *folder)
{
	now.wechat = text("TAIZHANG_WECHAT", NULL);
	now.oidc = text("TAIZHANG_OIDC", NULL);
	now.oidc_redirect = text("TAIZHANG_OIDC_REDIRECT", "");
	now.login_ca = text("TAIZHANG_LOGIN_CA", NULL);
	if ((now.wechat != NULL && !fetch_allowed(now.wechat)) ||
	    (now.oidc != NULL && !fetch_allowed(now.oidc))) {
		log_line(LOG_ERROR, "event=settings reason=%s",
		    log_q("TAIZHANG_WECHAT and TAIZHANG_OIDC must be https"));
		return false;
	}
	return (now.wechat == NULL ||
	    credential_read(folder, "wechat", &wechat)) &&
	    (now.oidc == NULL || credential_read(folder, "oidc", &oidc));
}

const struct credential *
credential(const char *name)
{
	return strcmp(name, "wechat") == 0 ? &wechat : &oidc;
}

static bool
credential_read(const char *folder, const char *name, struct credential *c)
{
	char path[4096], both[sizeof(c->id) + sizeof(c->secret)];
	const char *why;
	size_t n, id;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	why = secret_file(path, both, sizeof(both), &n);
	id = strcspn(both, "\r\n");
	if (why == NULL && (id == 0 || id >= sizeof(c->id) ||
	    both[id] == '\0'))
		why = "it must hold two lines: our id there, and the secret";
	if (why != NULL)
		return refuse(path, why);
	(void)snprintf(c->id, sizeof(c->id), "%.*s", (int)id, both);
	id += strspn(both + id, "\r\n");
	n = strcspn(both + id, "\r\n");
	(void)snprintf(c->secret, sizeof(c->secret), "%.*s", (int)n,
	    both + id);
	explicit_bzero(both, sizeof(both));
	return n > 0 || refuse(path, "it has no secret");
}

static bool
refuse(const char *path, const char *why)
{
	log_line(LOG_ERROR, "event=settings file=%s reason=%s", log_q(path),
	    log_q(why));
	return false;
}

static bool
number(const char *name, unsigned low, unsigned high, unsigned fallback,
    unsigned *out)
{
	const char *value = text(name, NULL);
	unsigned long n;
	char *end;

	*out = fallback;
	if (value == NULL)
		return true;
	n = strtoul(value, &end, 10);
	if (*end != '\0' || *value == '-' || n < low || n > high) {
		log_line(LOG_ERROR, "event=settings name=%s low=%u high=%u "
		    "reason=%s", name, low, high, log_q("not in range"));
		return false;
	}
	*out = (unsigned)n;
	return true;
}

static const char *
text(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value == NULL || *value == '\0' ? fallback : value;
}
