/* GET /v1/attachments/{id}/content: the file, in parts that threads read. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "audit.h"
#include "base/log.h"
#include "byte_range.h"
#include "entity.h"
#include "file_name.h"
#include "query.h"
#include "route.h"
#include "settings.h"
#include "store.h"

#define PIECE ((size_t)256 << 10)

/* Either the loop has it or a thread, never both. */
struct outflow {
	char path[STORE_PATH_MAX];
	int fd;		   /* -1: not open yet */
	uint64_t size;	   /* as the row says */
	uint64_t at, end;  /* what is still to go out */
	char *piece;
	size_t got;
	const char *wrong; /* what is wrong with the file */
	bool ready;	   /* piece[] is to go out */
	bool part, begun;  /* not from the first byte; the first piece is out */
	const struct request *told; /* of whose taking the log is told */
	bool busy, left;   /* a thread has it; the request is gone */
};

static enum next plan(struct request *);
static enum next begin(struct request *);
static enum next ranged(struct request *, struct outflow *, const char *etag);
static void headers(struct request *, const char *const *row,
    const char *etag);
static enum next fetch(struct request *, struct outflow *);
static void fetch_work(void *);
static const char *open_checked(struct outflow *);
static void fetched(struct request *, void *);
static enum next give(struct request *, struct outflow *);
static enum next lost(struct request *, const struct outflow *);
static void let_go(void *);
static void release(struct outflow *);

enum next
attach_content(struct request *r)
{
	struct outflow *o = r->held;

	if (r->state == NULL)
		return plan(r);
	if (o == NULL)
		return begin(r);
	return o->ready ? give(r, o) : fetch(r, o);
}

static enum next
plan(struct request *r)
{
	const char *p[6];

	if (!uuid_ok(r->arg[0]))
		return fail_unknown(r);
	r->state = r; /* planned */
	batch_open(&r->batch, &r->arena, &r->who.scope, r->route->lane);
	batch_add(&r->batch, query_stmt(request_entity(r), Q_GET),
	    query_params(&r->arena, request_entity(r), Q_GET, &r->who.scope,
	    r->arg[0], NULL, NULL, p), p);
	return NEXT_DB;
}

static enum next
begin(struct request *r)
{
	const struct entity *e = request_entity(r);
	const struct rows *rows = batch_rows(&r->batch, 0);
	const char **row, *etag;
	struct outflow *o;

	if (rows_n(rows) != 1)
		return fail_unknown(r);
	row = query_row(&r->arena, e, rows, 0);
	etag = arena_printf(&r->arena, "\"%s\"", row_get(e, row, "sha256"));
	headers(r, row, etag);
	if (request_if_none_match(r, etag))
		return reply(r, 200); /* http.c makes it 304 */
	o = calloc(1, sizeof(*o));
	REQUIRE(o != NULL);
	o->fd = -1;
	o->size = strtoull(row_get(e, row, "bytes"), NULL, 10);
	r->held = o;
	r->let_go = let_go;
	if (settings()->files == NULL || !store_path(settings()->files,
	    row_get(e, row, "sha256"), o->path)) {
		o->wrong = "no store";
		return lost(r, o);
	}
	return ranged(r, o, etag);
}

static enum next
ranged(struct request *r, struct outflow *o, const char *etag)
{
	const char *range = request_header(r, "range");
	const char *fresh = request_header(r, "if-range");

	/* A range of another version would spoil what the client has. */
	if (r->method != M_GET || (fresh != NULL && strcmp(fresh, etag) != 0))
		range = NULL;
	switch (byte_range(range, o->size, &o->at, &o->end)) {
	case RANGE_ALL:
		(void)reply(r, 200);
		break;
	case RANGE_PART:
		(void)reply(r, 206);
		reply_header(r, "content-range", arena_printf(&r->arena,
		    "bytes %llu-%llu/%llu", (unsigned long long)o->at,
		    (unsigned long long)o->end - 1,
		    (unsigned long long)o->size));
		break;
	case RANGE_NONE:
		r->headers = NULL;
		reply_header(r, "content-range", arena_printf(&r->arena,
		    "bytes */%llu", (unsigned long long)o->size));
		return fail(r, E_INPUT, "range", "请求的范围超出文件大小",
		    "The range lies beyond the end of the file.");
	}
	r->length = o->end - o->at;
	o->part = o->at > 0;
	if (r->method == M_HEAD)
		o->at = o->end; /* there, but not read */
	return fetch(r, o);
}

static void
headers(struct request *r, const char *const *row, const char *etag)
{
	const struct entity *e = request_entity(r);

	r->type = arena_strdup(&r->arena, row_get(e, row, "mime"));
	reply_header(r, "etag", etag);
	reply_header(r, "accept-ranges", "bytes");
	reply_header(r, "cache-control", "private, no-cache");
	reply_header(r, "content-security-policy",
	    "default-src 'none'; frame-ancestors 'none'; sandbox");
	reply_header(r, "content-disposition", file_name_disposition(
	    &r->arena, row_get(e, row, "name")));
}

static enum next
fetch(struct request *r, struct outflow *o)
{
	if (o->piece == NULL)
		o->piece = malloc(PIECE);
	REQUIRE(o->piece != NULL);
	o->busy = true;
	if (request_offload(r, fetch_work, fetched, o))
		return NEXT_WAIT;
	o->busy = false;
	return fail(r, E_BUSY, NULL, NULL, NULL);
}

static void
fetch_work(void *arg)
{
	struct outflow *o = arg;
	size_t want = o->end - o->at < PIECE ? (size_t)(o->end - o->at) : PIECE;

	if (o->fd == -1 && (o->wrong = open_checked(o)) != NULL)
		return;
	while (o->got < want) {
		ssize_t n = pread(o->fd, o->piece + o->got, want - o->got,
		    (off_t)o->at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			o->wrong = n == 0 ? "it was cut short"
					  : strerrordesc_np(errno);
			return;
		}
		o->got += (size_t)n;
		o->at += (uint64_t)n;
	}
}

/* NULL, or what is wrong. */
static const char *
open_checked(struct outflow *o)
{
	struct stat st;

	o->fd = open(o->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (o->fd == -1 || fstat(o->fd, &st) == -1)
		return strerrordesc_np(errno);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != o->size)
		return "its size is not that of the row";
	return NULL;
}

static void
fetched(struct request *r, void *arg)
{
	struct outflow *o = arg;

	(void)r;
	o->busy = false;
	o->ready = true;
	if (o->left)
		release(o);
}

/* What was read goes out; what is left is read when it is out. */
static enum next
give(struct request *r, struct outflow *o)
{
	o->ready = false;
	if (o->wrong != NULL)
		return lost(r, o);
	if (r->method == M_HEAD)
		return NEXT_PART; /* the length without the bytes */
	if (!o->begun && attach_taking(r, !o->part)) {
		audit_file(r, r->type, -1);
		o->told = r;
	}
	o->begun = true;
	buf_add(&r->reply, o->piece, o->got);
	o->got = 0;
	return o->at == o->end ? NEXT_DONE : NEXT_PART;
}

static enum next
lost(struct request *r, const struct outflow *o)
{
	log_line(LOG_ERROR, "event=content_lost request=%s attachment=%s "
	    "reason=%s", r->id, r->arg[0], log_q(o->wrong));
	r->headers = NULL;
	return fail(r, E_INTERNAL, "content_lost",
	    "附件的文件缺失或损坏，请联系管理员从备份恢复",
	    "The attachment's file is missing or damaged: ask the "
	    "administrator to restore it.");
}

static void
let_go(void *held)
{
	struct outflow *o = held;

	if (o->told != NULL && o->told->status < 400)
		attach_taken(o->told);
	o->left = true;
	if (!o->busy)
		release(o);
}

static void
release(struct outflow *o)
{
	if (o->fd != -1)
		(void)close(o->fd);
	free(o->piece);
	free(o);
}
