/* What the environment decides, read once before the workers start. */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

#include <stdbool.h>

struct settings {
	const char *database;	   /* DATABASE_URL: URI or libpq conninfo */
	const char *standby;	   /* STANDBY_URL: the same of a streaming standby
				      that takes reads; NULL = none */
	const char *bind;	   /* TAIZHANG_BIND, numeric; default 127.0.0.1 */
	unsigned port;		   /* TAIZHANG_PORT; default 8080, 0 = none */
	const char *unix_path;	   /* TAIZHANG_UNIX; NULL = none */
	const char *cors;	   /* TAIZHANG_CORS: origins, blank separated */
	const char *webhook_hosts; /* TAIZHANG_WEBHOOK_HOSTS: target.h */
	const char *webhook_ca;	   /* TAIZHANG_WEBHOOK_CA: file; NULL = the
				      system's */
	unsigned webhook_retry_ms; /* TAIZHANG_WEBHOOK_RETRY_MS; 1000 */
	unsigned webhook_give_up_s;/* TAIZHANG_WEBHOOK_GIVE_UP_S; a day */
	unsigned feed_days;	   /* TAIZHANG_FEED_DAYS; default 90 */
	unsigned fast, slow;	   /* TAIZHANG_DB_FAST 1, TAIZHANG_DB_SLOW 2 */
	unsigned fast_ms, slow_ms; /* statement_timeout of each lane */
	/* Requests of an address and of a caller within 10 s, logins of an
	 * address within 60 s; 0 = no limit. TAIZHANG_RATE_ADDRESS 30000,
	 * TAIZHANG_RATE_CALLER 6000, TAIZHANG_RATE_LOGIN 300 */
	unsigned rate_address, rate_caller, rate_login;
	unsigned hashes;	   /* TAIZHANG_HASHES: passwords looked at at a
				      time, 64 MiB each; default 2 */
	bool easy_login;	   /* TAIZHANG_EASY_LOGIN=yes: for trying out only;
				      no second factor is asked for, and what an
				      administrator gave need not be changed */
	/* Other servers that know who somebody is; NULL = none. Their names for
	 * us and the secrets are files of the secrets folder, wechat and oidc,
	 * of two lines. */
	const char *wechat;	   /* TAIZHANG_WECHAT: address of code2session */
	const char *oidc;	   /* TAIZHANG_OIDC: the issuer's address */
	const char *oidc_redirect; /* TAIZHANG_OIDC_REDIRECT: the page that
				      hands state and code on to us */
	const char *login_ca;	   /* TAIZHANG_LOGIN_CA: file; NULL = the
				      system's */
	unsigned drain_ms;	   /* TAIZHANG_DRAIN_MS; default 10000 */
	const char *files;	   /* TAIZHANG_FILES: where attachments lie; NULL =
				      none are taken */
	unsigned file_mb;	   /* TAIZHANG_FILE_MB: one file; default 50 */
	unsigned files_spare_mb;   /* TAIZHANG_FILES_SPARE_MB: left free on that
				      disk; default 512 */
	const char *file_types;	   /* TAIZHANG_FILE_TYPES: names of filetype.h,
				      blank separated; NULL = those by default */
};

/* False, with the reason in the log, when a value makes no sense or a key of
 * the secrets folder (TAIZHANG_SECRETS) cannot be used. */
bool settings_read(void);
const struct settings *settings(void);

/* Who we are to another server: "wechat", "oidc". */
struct credential {
	char id[128], secret[256];
};
const struct credential *credential(const char *name);

#define SECRET_LEN 32
/* The key in the secrets folder's file of that name: "row" for the macs of
 * ledger rows, "cursor" for the cursors of lists, "webhook" for their
 * secrets, "login" for second factors. */
const unsigned char *secret_key(const char *name);

#endif
