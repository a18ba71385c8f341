/* What the environment decides, read once before the workers start. */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

#include <stdbool.h>

struct settings {
	const char *database;	   /* DATABASE_URL: URI or libpq conninfo */
	const char *bind;	   /* TAIZHANG_BIND, numeric; default 127.0.0.1 */
	unsigned port;		   /* TAIZHANG_PORT; default 8080, 0 = none */
	const char *unix_path;	   /* TAIZHANG_UNIX; NULL = none */
	const char *cors;	   /* TAIZHANG_CORS: origins, blank separated */
	unsigned fast, slow;	   /* TAIZHANG_DB_FAST 1, TAIZHANG_DB_SLOW 2 */
	unsigned fast_ms, slow_ms; /* statement_timeout of each lane */
	unsigned drain_ms;	   /* TAIZHANG_DRAIN_MS; default 10000 */
};

/* False, with the reason in the log, when a value makes no sense or a key of
 * the secrets folder (TAIZHANG_SECRETS) cannot be used. */
bool settings_read(void);
const struct settings *settings(void);

#define SECRET_LEN 32
/* The key in the secrets folder's file of that name: "row" for the macs of
 * ledger rows, "cursor" for the cursors of lists. */
const unsigned char *secret_key(const char *name);

#endif
