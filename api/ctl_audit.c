/* taizhangctl audit verify and audit key. */
#include "ctl_audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/err.h"
#include "base/secret.h"
#include "ctl.h"

#define PAGE "2000"
#define PROGRESS_MS 2000
#define SAID_MAX 20

static bool own_key(char out[HASH_HEX]);
static bool keys_of(struct verify *, const char *list);
static int connect_to(struct verify *, const char *url);
static uint64_t now_ms(void);

int
ctl_audit_key(struct ctl *c, int argc, char **argv)
{
	char key[HASH_HEX];

	(void)c;
	if (!ctl_options(argc, argv, NULL, 0, NULL))
		return CTL_USAGE;
	if (!own_key(key))
		return ctl_fail(CTL_USAGE, "读不到 TAIZHANG_SECRETS 中的 audit",
		    "cannot read the file audit of TAIZHANG_SECRETS", NULL);
	printf("%s\n", key);
	return CTL_OK;
}

int
ctl_audit_verify(struct ctl *c, int argc, char **argv)
{
	const char *url = getenv("DATABASE_AUDIT_URL"), *key = NULL;
	const char *witness = NULL;
	const struct ctl_option options[] = { { "--database", &url, false },
		{ "--key", &key, false }, { "--witness", &witness, false } };
	struct verify v = { .told_ms = now_ms() };
	bool readable = true;
	int rest = 0, code;

	(void)c;
	if (!ctl_options(argc, argv, options, COUNT(options), &rest))
		return CTL_USAGE;
	if (!keys_of(&v, key))
		return ctl_fail(CTL_USAGE, "请用 --key 给出签名公钥，或设置 TAIZHANG_SECRETS",
		    "give the public key by --key, or set TAIZHANG_SECRETS",
		    key);
	code = connect_to(&v, url);
	if (code == CTL_OK)
		verify_log(&v);
	if (code == CTL_OK && !v.failed && witness != NULL)
		readable = verify_witness(&v, witness);
	for (int i = rest; code == CTL_OK && i < argc && !v.failed; i++)
		readable = verify_witness(&v, argv[i]) && readable;
	if (code == CTL_OK && !v.failed)
		verify_rows(&v);
	PQfinish(v.db);
	if (code != CTL_OK)
		return code;
	if (v.failed || !readable)
		return CTL_UNREACHABLE;
	printf("已核对 %llu 个事件、%llu 个签名树头、%llu 个历史版本、%llu 行、%llu 个见证，"
	    "%u 处异常 / %llu events, %llu heads, %llu revisions, %llu rows "
	    "and %llu witnesses checked, %u faults\n",
	    (unsigned long long)v.events, (unsigned long long)v.heads,
	    (unsigned long long)v.revisions, (unsigned long long)v.rows,
	    (unsigned long long)v.witnesses, v.bad,
	    (unsigned long long)v.events, (unsigned long long)v.heads,
	    (unsigned long long)v.revisions, (unsigned long long)v.rows,
	    (unsigned long long)v.witnesses, v.bad);
	return v.bad == 0 ? CTL_OK : CTL_REFUSED;
}

void
verify_bad(struct verify *v, const char *zh, const char *en,
    const char *what, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, what);
	(void)vsnprintf(text, sizeof text, what, ap);
	va_end(ap);
	if (++v->bad == SAID_MAX + 1)
		printf("…\n");
	if (v->bad <= SAID_MAX)
		printf("%s / %s: %s\n", zh, en, text);
}

PGresult *
verify_ask(struct verify *v, const char *sql, int n,
    const char *const *values)
{
	PGresult *r = PQexecParams(v->db, sql, n, NULL, values, NULL, NULL, 0);
	ExecStatusType st = PQresultStatus(r);

	if (st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK)
		return r;
	v->failed = true;
	(void)ctl_fail(CTL_UNREACHABLE, "数据库拒绝", "the database refused",
	    PQerrorMessage(v->db));
	PQclear(r);
	return NULL;
}

bool
verify_trusts(const struct verify *v, const char *key)
{
	for (unsigned i = 0; i < v->nkeys; i++)
		if (strcmp(v->key[i], key) == 0)
			return true;
	return false;
}

void
verify_progress(struct verify *v)
{
	if (now_ms() - v->told_ms < PROGRESS_MS)
		return;
	v->told_ms = now_ms();
	fprintf(stderr, "… %llu 个事件，%llu 行 / %llu events, %llu rows\n",
	    (unsigned long long)v->events, (unsigned long long)v->rows,
	    (unsigned long long)v->events, (unsigned long long)v->rows);
}

/* ---- rows ----------------------------------------------------------------- */

bool
rowset_open(struct verify *v, struct rowset *s, const char *name,
    const char *sql)
{
	size_t n = strlen(sql) + strlen(name) + 64;
	char *text = malloc(n);
	PGresult *r;

	REQUIRE(text != NULL);
	(void)snprintf(text, n, "DECLARE %s NO SCROLL CURSOR FOR %s", name,
	    sql);
	r = verify_ask(v, text, 0, NULL);
	free(text);
	PQclear(r);
	*s = (struct rowset){ .name = name };
	return r != NULL;
}

bool
rowset_next(struct verify *v, struct rowset *s)
{
	char sql[96];

	if (s->page != NULL && ++s->at < PQntuples(s->page))
		return true;
	if (s->page != NULL && PQntuples(s->page) == 0)
		return false;
	PQclear(s->page);
	(void)snprintf(sql, sizeof sql, "FETCH " PAGE " FROM %s", s->name);
	s->page = verify_ask(v, sql, 0, NULL);
	s->at = 0;
	verify_progress(v);
	return s->page != NULL && PQntuples(s->page) > 0;
}

const char *
rowset_text(const struct rowset *s, int col)
{
	return PQgetisnull(s->page, s->at, col) ? NULL
	    : PQgetvalue(s->page, s->at, col);
}

void
rowset_close(struct verify *v, struct rowset *s)
{
	char sql[96];

	PQclear(s->page);
	s->page = NULL;
	(void)snprintf(sql, sizeof sql, "CLOSE %s", s->name);
	if (!v->failed)
		PQclear(verify_ask(v, sql, 0, NULL));
}

/* ---- beginning ------------------------------------------------------------ */

static bool
own_key(char out[HASH_HEX])
{
	const char *folder = getenv("TAIZHANG_SECRETS");
	char path[4096], seed[HEAD_SEED + 1];
	bool good;
	size_t n;

	if (folder == NULL)
		return false;
	(void)snprintf(path, sizeof path, "%s/audit", folder);
	good = secret_file(path, seed, sizeof seed, &n) == NULL &&
	    n == HEAD_SEED;
	if (good)
		head_key((unsigned char *)seed, out);
	sodium_memzero(seed, sizeof seed);
	return good;
}

/* Separated by commas: a log may have been signed with several in turn. */
static bool
keys_of(struct verify *v, const char *list)
{
	if (list == NULL) {
		v->nkeys = 1;
		return own_key(v->key[0]);
	}
	while (v->nkeys < AUDIT_KEYS && strspn(list, "0123456789abcdef") == 64) {
		memcpy(v->key[v->nkeys++], list, 64);
		list += 64;
		if (*list == '\0')
			return true;
		if (*list++ != ',')
			return false;
	}
	return false;
}

/* One picture of everything; rows that the walls would hide are an error. */
static int
connect_to(struct verify *v, const char *url)
{
	static const char *const first[] = {
		"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		"SET LOCAL row_security = off", "SET LOCAL TimeZone = 'UTC'",
		"SET LOCAL DateStyle = 'ISO'", "SET LOCAL jit = off",
		"SET LOCAL search_path = pg_catalog" };

	if (url == NULL || *url == '\0')
		url = getenv("DATABASE_ADMIN_URL");
	if (url == NULL || *url == '\0')
		return ctl_fail(CTL_USAGE, "请用 --database 或 DATABASE_AUDIT_URL 给出数据库",
		    "give the database by --database or DATABASE_AUDIT_URL",
		    NULL);
	v->db = PQconnectdb(url);
	if (PQstatus(v->db) != CONNECTION_OK)
		return ctl_fail(CTL_UNREACHABLE, "连接不上数据库",
		    "the database cannot be reached", PQerrorMessage(v->db));
	for (size_t i = 0; i < COUNT(first) && !v->failed; i++)
		PQclear(verify_ask(v, first[i], 0, NULL));
	return v->failed ? CTL_UNREACHABLE : CTL_OK;
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
