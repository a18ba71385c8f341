/* A bound folder and what the server says of it. */
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "push.h"
#include "settle.h"
#include "swap.h"

#define MARKER OWN_DIR "/id"
#define AGAIN_MS 2000

static bool marker_read(struct site *);
static void epoch_check(struct site *);
static void absent(struct site *, const char *why);

bool
site_open(struct site *s)
{
	if (s->root_fd >= 0) {
		/* The share may have gone or come back under the name. */
		close(s->root_fd);
		s->root_fd = -1;
	}
	s->root_fd = open(s->binding->folder, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	if (s->root_fd < 0) {
		absent(s, strerror(errno));
		return false;
	}
	if (!marker_read(s)) {
		absent(s, "no marker .ledger-sync/id: not mounted, or not "
		    "set up by taizhang-agent init");
		close(s->root_fd);
		s->root_fd = -1;
		return false;
	}
	if (!swap_dirs(s->root_fd)) {
		absent(s, strerror(errno));
		close(s->root_fd);
		s->root_fd = -1;
		return false;
	}
	s->said_absent = false;
	return true;
}

void
site_close(struct site *s)
{
	if (s->root_fd >= 0)
		close(s->root_fd);
	s->root_fd = -1;
	json_decref(s->info);
	json_decref(s->templates);
	s->info = s->templates = NULL;
}

static bool
marker_read(struct site *s)
{
	char id[UUID_LEN + 2];
	int fd = open_beneath(s->root_fd, MARKER, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, id, sizeof id - 1);
	if (fd >= 0)
		close(fd);
	if (n < UUID_LEN)
		return false;
	id[UUID_LEN] = '\0';
	if (!uuid_ok(id))
		return false;
	memcpy(s->id, id, sizeof s->id);
	return true;
}

static void
absent(struct site *s, const char *why)
{
	if (!s->said_absent)
		event("warn", "folder_absent", "folder", s->binding->folder,
		    "why", why, NULL);
	s->said_absent = true;
}

enum err
site_refresh(struct site *s)
{
	json_t *info = NULL;
	enum err e = client_call(s->client, &(struct ask){ .method = "GET",
		.path = "/v1/sync/binding", .if_match = -1 }, &info);
	if (e != OK) {
		event("warn", "binding_unavailable", "folder",
		    s->binding->folder, "why", client_problem(s->client),
		    NULL);
		return e == E_BUSY ? E_BUSY : e;
	}
	const char *id = json_string_value(json_object_get(info, "id"));
	if (!id || (s->id[0] && strcmp(id, s->id) != 0)) {
		event("error", "marker_mismatch", "folder",
		    s->binding->folder, "why",
		    "the folder's marker names another binding than the "
		    "token", NULL);
		json_decref(info);
		return E_DENIED;
	}
	json_decref(s->info);
	s->info = info;
	json_decref(s->templates); /* lists may have changed */
	s->templates = json_object();
	if (s->state)
		epoch_check(s);
	return OK;
}

/* A server restored from a backup lacks what came after it (1.7). */
static void
epoch_check(struct site *s)
{
	struct arena a;
	const char *epoch = json_string_value(json_object_get(s->info,
	    "server_epoch")), *had = NULL;
	if (!epoch)
		return;
	arena_init(&a, 0);
	sqlite3_stmt *q = state_query(s->state, "SELECT epoch FROM cursor"
	    " WHERE binding = ?", "s", s->id);
	while (state_row(s->state, q))
		had = state_text(&a, q, 0);
	if (!had || strcmp(had, epoch) != 0) {
		state_begin(s->state);
		if (had) {
			event("warn", "server_restored", "folder",
			    s->binding->folder, NULL);
			push_again(s->state, s->id);
		}
		state_run(s->state, "INSERT INTO cursor(binding, epoch,"
		    " cursor) VALUES(?,?,'') ON CONFLICT(binding) DO UPDATE"
		    " SET epoch = excluded.epoch, cursor = ''", "ss", s->id,
		    epoch);
		state_commit(s->state);
	}
	arena_free(&a);
}

bool
site_init(struct site *s, char *why, size_t why_size)
{
	char line[UUID_LEN + 2], tmp[UUID_LEN + 1];
	s->root_fd = open(s->binding->folder, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	if (s->root_fd < 0 || !swap_dirs(s->root_fd)) {
		snprintf(why, why_size, "%s: %s", s->binding->folder,
		    strerror(errno));
		return false;
	}
	marker_read(s);
	if (site_refresh(s) != OK) {
		snprintf(why, why_size, "%s: %s", s->binding->folder,
		    s->id[0] && client_status(s->client) == 200
		    ? "already belongs to another binding"
		    : client_problem(s->client));
		return false;
	}
	if (s->id[0])
		return true;
	uuid_new(tmp);
	snprintf(line, sizeof line, "%s\n", json_string_value(
	    json_object_get(s->info, "id")));
	int fd = swap_tmp(s->root_fd, tmp);
	bool ok = fd >= 0 && write(fd, line, strlen(line)) ==
	    (ssize_t)strlen(line) && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	ok = ok && swap_place(s->root_fd, tmp, MARKER);
	if (!ok)
		snprintf(why, why_size, "%s/%s: %s", s->binding->folder,
		    MARKER, strerror(errno));
	return ok && marker_read(s);
}

const json_t *
site_ledger(const struct site *s, const char *ledger)
{
	const json_t *list = json_object_get(s->info, "ledgers"), *l;
	size_t i;
	json_array_foreach(list, i, l) {
		const char *id = json_string_value(json_object_get(l, "id"));
		if (id && strcmp(id, ledger) == 0)
			return l;
	}
	return NULL;
}

long
site_seq(const struct site *s, const char *ledger)
{
	return (long)json_integer_value(json_object_get(site_ledger(s,
	    ledger), "seq"));
}

void
site_seq_set(struct site *s, const char *ledger, long seq)
{
	json_t *list = json_object_get(s->info, "ledgers"), *l;
	size_t i;
	json_array_foreach(list, i, l) {
		const char *id = json_string_value(json_object_get(l, "id"));
		if (id && strcmp(id, ledger) == 0 &&
		    json_integer_value(json_object_get(l, "seq")) < seq)
			json_object_set_new(l, "seq", json_integer(seq));
	}
}

enum err
site_template(struct site *s, const char *code, json_t **borrowed)
{
	char path[128];
	json_t *t = NULL;
	*borrowed = json_object_get(s->templates, code);
	if (*borrowed)
		return OK;
	for (const char *p = code; *p; p++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
			"uvwxyz0123456789_-", *p))
			return E_UNKNOWN;
	if (strlen(code) > 40)
		return E_UNKNOWN;
	snprintf(path, sizeof path, "/v1/sync/templates/%s", code);
	enum err e = client_call(s->client, &(struct ask){ .method = "GET",
		.path = path, .if_match = -1 }, &t);
	if (e != OK)
		return e;
	json_object_set_new(s->templates, code, t);
	*borrowed = t;
	return OK;
}

long
site_number(const struct site *s, const char *key, long otherwise)
{
	const json_t *n = json_object_get(s->info, key);
	return json_is_integer(n) ? (long)json_integer_value(n) : otherwise;
}

const char *
site_direction(const struct site *s)
{
	const char *d = json_string_value(json_object_get(s->info,
	    "direction"));
	return d ? d : "both";
}

int
site_year(const struct site *s)
{
	const json_t *action = json_object_get(s->info, "action");
	return (int)json_integer_value(json_object_get(action, "year"));
}

bool
site_free(struct site *s, const char *path)
{
	struct arena a;
	arena_init(&a, 0);
	bool open = sentinel_found(&a, s->root_fd, path) ||
	    (!s->binding->network && swap_busy(s->root_fd, path));
	arena_free(&a);
	if (open)
		s->again_ms = clock_ms() + AGAIN_MS;
	return !open;
}

enum err
site_tell(struct site *s, const char *path, const char *sha,
    const char *state, const char *code, const char *zh, const char *en,
    const char *ledger)
{
	struct arena a;
	char digest[SHA_HEX_LEN + 1];
	const char *told = NULL;
	json_t *j = json_pack("{ssssssssssss}", "path", path, "file_sha",
	    sha, "state", state, "code", code, "zh", zh, "en", en);
	if (!j) /* a name that is not UTF-8 */
		return OK;
	if (ledger && *ledger)
		json_object_set_new(j, "ledger", json_string(ledger));
	char *body = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	REQUIRE(body);
	sha256_hex(body, strlen(body), digest);
	arena_init(&a, 0);
	sqlite3_stmt *q = state_query(s->state, "SELECT reported FROM file"
	    " WHERE binding = ? AND path = ?", "ss", s->id, path);
	while (state_row(s->state, q))
		told = state_text(&a, q, 0);
	enum err e = OK;
	if (!told || strcmp(told, digest) != 0)
		e = client_call(s->client, &(struct ask){ .method = "POST",
			.path = "/v1/sync/files", .body = body,
			.if_match = -1 }, NULL);
	if (e == OK)
		state_run(s->state, "UPDATE file SET reported = ?"
		    " WHERE binding = ? AND path = ?", "sss", digest, s->id,
		    path);
	else if (e != E_BUSY)
		event("warn", "file_report_refused", "path", path, "why",
		    client_problem(s->client), NULL);
	arena_free(&a);
	free(body);
	return e == E_BUSY ? E_BUSY : OK;
}
