/* taizhangctl auditor: logins of auditors who read by SQL (0094_ro.sql). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/err.h"
#include "ctl.h"
#include "ctl_db.h"

#define SECRET_BYTES 24

static int keep(PGconn *, const char *role, const char *out, char *verifier,
    size_t size);

/* The password is made here, shown once, and reaches the server only as the
 * verifier of SCRAM: it stands in no log. */
int
ctl_auditor_add(struct ctl *c, int argc, char **argv)
{
	const char *role = NULL, *mandate = NULL, *unit = NULL, *line = "",
		   *clearance = "1", *action = NULL, *days = "30", *out = NULL;
	const struct ctl_option options[] = { { "--role", &role, true },
		{ "--mandate", &mandate, true }, { "--unit", &unit, true },
		{ "--line", &line, false }, { "--clearance", &clearance, false },
		{ "--action", &action, false }, { "--days", &days, false },
		{ "--password-out", &out, false } };
	char verifier[256];
	PGresult *res;
	PGconn *db;
	int code;

	(void)c;
	if (!ctl_options(argc, argv, options, COUNT(options), NULL))
		return CTL_USAGE;
	code = ctl_db_open(&db);
	if (code == CTL_OK) {
		const char *const p[] = { role, verifier, mandate, unit, line,
			clearance, action, days };

		code = keep(db, role, out, verifier, sizeof(verifier));
		res = code != CTL_OK ? NULL : ctl_db_run(db,
		    "SELECT auditor_login_add($1, $2, $3, $4::bigint, $5,"
		    " $6::int, $7, now() + make_interval(days => $8::int))",
		    COUNT(p), p);
		if (code == CTL_OK && res == NULL) {
			code = CTL_REFUSED;
			if (out != NULL)
				(void)remove(out);
		}
		PQclear(res);
	}
	PQfinish(db);
	return code;
}

static int
keep(PGconn *db, const char *role, const char *out, char *verifier,
    size_t size)
{
	unsigned char raw[SECRET_BYTES];
	char secret[2 * SECRET_BYTES];
	char *made;
	int code = CTL_OK;

	randombytes_buf(raw, sizeof(raw));
	(void)sodium_bin2base64(secret, sizeof(secret), raw, sizeof(raw),
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	made = PQencryptPasswordConn(db, secret, role, "scram-sha-256");
	if (made == NULL || strlen(made) >= size)
		code = ctl_fail(CTL_REFUSED, "无法生成密码",
		    "the password cannot be made", PQerrorMessage(db));
	else
		(void)snprintf(verifier, size, "%s", made);
	PQfreemem(made);
	if (code == CTL_OK && out != NULL)
		code = ctl_keep(out, secret);
	else if (code == CTL_OK)
		puts(secret);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(raw, sizeof(raw));
	return code;
}

int
ctl_auditor_end(struct ctl *c, int argc, char **argv)
{
	const char *role = NULL;
	const struct ctl_option options[] = { { "--role", &role, true } };
	PGresult *res;
	PGconn *db;
	int code;

	(void)c;
	if (!ctl_options(argc, argv, options, COUNT(options), NULL))
		return CTL_USAGE;
	code = ctl_db_open(&db);
	if (code == CTL_OK) {
		res = ctl_db_run(db, "SELECT auditor_login_end($1)", 1, &role);
		if (res == NULL)
			code = CTL_REFUSED;
		else if (*PQgetvalue(res, 0, 0) != 't')
			code = ctl_fail(CTL_REFUSED, "没有这个有效的审计账号",
			    "there is no such login that is still good", role);
		PQclear(res);
	}
	PQfinish(db);
	return code;
}

int
ctl_auditors(struct ctl *c, int argc, char **argv)
{
	PGresult *res = NULL;
	PGconn *db;
	int code;

	(void)c;
	if (!ctl_options(argc, argv, NULL, 0, NULL))
		return CTL_USAGE;
	code = ctl_db_open(&db);
	if (code == CTL_OK) {
		res = ctl_db_run(db, "SELECT role, division_code, clearance,"
		    " coalesce(revoked_at, valid_to)::timestamptz(0), CASE WHEN"
		    " revoked_at IS NOT NULL THEN '已终止 / ended' WHEN valid_to"
		    " <= now() THEN '已到期 / expired' ELSE '有效 / good' END,"
		    " mandate FROM auditor_login ORDER BY valid_from, role", 0,
		    NULL);
		if (res == NULL)
			code = CTL_REFUSED;
	}
	for (int i = 0; code == CTL_OK && i < PQntuples(res); i++)
		for (int k = 0; k < PQnfields(res); k++)
			printf("%s%c", PQgetvalue(res, i, k),
			    k + 1 < PQnfields(res) ? '\t' : '\n');
	PQclear(res);
	PQfinish(db);
	return code;
}
