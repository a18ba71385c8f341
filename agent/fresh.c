/* Workbooks for ledgers that have none in their folder yet. */
#include "sync.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "event.h"
#include "settle.h"
#include "swap.h"
#include "xlsx/ledger_write.h"
#include "xlsx/workbook.h"

static bool has_file(struct site *, const char *ledger, const char *name);
static bool name_good(const char *);
static enum err fresh_one(struct site *, const json_t *);
static void remember(struct site *, const char *ledger, const char *name,
    const char *sha, const json_t *export);
static bool fresh_write(struct site *, const json_t *template,
    const json_t *export, const char *tmp, char sha[SHA_HEX_LEN + 1]);

enum err
sync_fresh(struct site *s)
{
	const json_t *list = json_object_get(s->info, "ledgers"), *l;
	size_t i;
	if (strcmp(site_direction(s), "in") == 0)
		return OK;
	json_array_foreach(list, i, l) {
		const char *id = json_string_value(json_object_get(l, "id"));
		const char *name = json_string_value(json_object_get(l,
		    "file"));
		if (!id || !name || has_file(s, id, name))
			continue;
		if (!name_good(name)) {
			event("error", "file_name_refused", "ledger", id,
			    NULL);
			continue;
		}
		enum err e = fresh_one(s, l);
		if (e != OK)
			return e;
	}
	return OK;
}

/* Seen once is enough: a missing file is replaced only on request (1.6). */
static bool
has_file(struct site *s, const char *ledger, const char *name)
{
	struct stat st;
	return state_int(s->state, 0, "SELECT 1 FROM file WHERE binding = ?"
	    " AND ledger = ? AND role = 1", "ss", s->id, ledger) == 1 ||
	    fstatat(s->root_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* It comes from the server and becomes a path: one plain name. */
static bool
name_good(const char *name)
{
	return utf8_ok(name, strlen(name)) && text_printable(name) &&
	    !strchr(name, '/') && strlen(name) <= 200 &&
	    !name_ignored(name) && name_sheet(name);
}

static enum err
fresh_one(struct site *s, const json_t *l)
{
	char path[128], tmp[UUID_LEN + 1], sha[SHA_HEX_LEN + 1];
	const char *id = json_string_value(json_object_get(l, "id"));
	const char *name = json_string_value(json_object_get(l, "file"));
	const char *code = json_string_value(json_object_get(l, "template"));
	json_t *template, *export = NULL;
	enum err e = site_template(s, code ? code : "", &template);
	if (e != OK)
		return e == E_BUSY ? E_BUSY : OK;
	snprintf(path, sizeof path, "/v1/sync/ledgers/%s/exports", id);
	json_t *body = json_pack("{snssss}", "instance", "kind", "primary",
	    "path", name);
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	REQUIRE(text);
	e = client_call(s->client, &(struct ask){ .method = "POST",
		.path = path, .body = text, .if_match = -1 }, &export);
	free(text);
	if (e != OK) {
		event("warn", "export_refused", "path", name, "why",
		    client_problem(s->client), NULL);
		s->refused = true;
		return e == E_BUSY ? E_BUSY : OK;
	}
	uuid_new(tmp);
	bool placed = fresh_write(s, template, export, tmp, sha);
	if (placed) {
		/* Before it can be seen: a copy of it says nothing new. */
		state_own_add(s->state, sha);
		placed = swap_place(s->root_fd, tmp, name);
	}
	if (placed)
		remember(s, id, name, sha, export);
	if (!placed) {
		swap_drop(s->root_fd, tmp);
		s->refused = true;
	}
	event(placed ? "info" : "error", "fresh_ledger", "path", name, NULL);
	json_decref(export);
	return OK;
}

/* Known from its birth: the first save of staff is no first contact. */
static void
remember(struct site *s, const char *ledger, const char *name,
    const char *sha, const json_t *export)
{
	char copy[SHA_HEX_LEN + 1];
	struct tuple t;
	struct file_state f = { .path = name, .size = -1, .racy = true,
		.ledger = ledger, .role = ROLE_PRIMARY, .condition = "ok",
		.instance = json_string_value(json_object_get(export,
		    "instance")),
		.export = json_string_value(json_object_get(export,
		    "export")),
		.seq = (int64_t)json_integer_value(json_object_get(export,
		    "seq")) };
	/* Changed or gone already: then the scan finds it. */
	if (spool_take(s->spool, s->root_fd, name, false, copy, &t) !=
	    SPOOL_OK || strcmp(copy, sha) != 0)
		return;
	f.sha = f.done_sha = sha;
	state_file_put(s->state, s->id, &f);
}

static bool
fresh_write(struct site *s, const json_t *template, const json_t *export,
    const char *tmp, char sha[SHA_HEX_LEN + 1])
{
	char path[4096], why[256] = "";
	const char *zh = "", *en = "";
	struct arena a;
	struct stat st;
	struct workbook *book;
	int n = snprintf(path, sizeof path, "%s/" OWN_DIR "/tmp/%s",
	    s->binding->folder, tmp);
	if (n < 0 || (size_t)n >= sizeof path)
		return false;
	if (!ledger_write(path, template, export, why, sizeof why)) {
		event("error", "ledger_not_written", "why", why, NULL);
		return false;
	}
	int fd = open_beneath(s->root_fd, path + strlen(s->binding->folder) +
	    1, O_RDWR);
	if (fd < 0)
		return false;
	/* Staff write into it: as open as the folder is. */
	bool ok = fstat(s->root_fd, &st) == 0 &&
	    fchmod(fd, st.st_mode & 0666) == 0;
	if (ok && fchown(fd, st.st_uid, st.st_gid) &&
	    fchown(fd, (uid_t)-1, st.st_gid))
		event("warn", "owner_not_set", "path", path, NULL);
	arena_init(&a, 0);
	ok = ok && fsync(fd) == 0 && workbook_read(&a, fd, &budget_default,
	    &book, &zh, &en) == READ_OK && sha_of_fd(fd, sha);
	if (!ok)
		event("error", "ledger_not_written", "why", en, NULL);
	arena_free(&a);
	close(fd);
	return ok;
}
