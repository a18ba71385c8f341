/* POST /v1/attachments: from the connection to a thread, piece by piece, and at
 * the end a row like any other. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "attach.h"
#include "attach_in.h"
#include "base/log.h"
#include "base/text.h"
#include "entity.h"
#include "header_value.h"
#include "idem.h"
#include "query_string.h"
#include "settings.h"

#define UPLOADS_MAX 24u /* of one worker at a time: each has a buffer */

static unsigned uploads;

static enum next begin(struct request *);
static bool framing(struct request *, struct upload *);
static bool query_fields(struct request *, struct upload *);
static enum next hand_over(struct request *, struct upload *);
static void came_back(struct request *, void *);
static void let_go(void *);
static void release(struct upload *);
static enum next refused(struct request *, struct upload *);
static bool describe(struct request *, struct upload *);
static json_t *field_json(int field, const char *text);
static enum next keep_row(struct request *);

enum next
attach_upload(struct request *r)
{
	struct upload *u = r->held;
	enum next next;

	if (u == NULL) {
		next = begin(r);
		if (next != NEXT_DONE)
			return next;
		u = r->held;
	} else if (u->ready) {
		return keep_row(r);
	} else if (u->opened && u->got == 0) { /* a piece was worked on */
		if (u->wrong.code != NULL || u->stored != STORED)
			return refused(r, u);
		if (u->last) {
			u->ready = describe(r, u);
			return u->ready ? keep_row(r)
			    : fail(r, E_INPUT, "invalid",
			    "有的字段填写不正确", "Some fields are not right.");
		}
	} else { /* a piece has come */
		return hand_over(r, u);
	}
	if (!request_read(r, u->piece, UPLOAD_PIECE, &u->got))
		return NEXT_WAIT;
	return hand_over(r, u);
}

/* All of it is known: a row like any other, made once for a key. */
static enum next
keep_row(struct request *r)
{
	enum next next = idem_begin(r);

	return next == NEXT_DONE && r->flow.idem != IDEM_AGAIN
	    ? entity_create(r) : next;
}

/* NEXT_DONE: go on and read. */
static enum next
begin(struct request *r)
{
	struct upload *u;

	if (settings()->files == NULL)
		return fail(r, E_BUSY, "no_storage", "系统没有设置附件存放目录，请联系管理员",
		    "TAIZHANG_FILES is not set: ask the administrator.");
	if (request_unread(r) == 0) {
		fault(r, "/file", "DQ-01", "empty", "文件是空的",
		    "The file is empty.");
		return fail(r, E_INPUT, "invalid", "没有收到文件",
		    "There is no file in the request.");
	}
	if (uploads == UPLOADS_MAX)
		return fail(r, E_BUSY, NULL, NULL, NULL);
	u = calloc(1, sizeof(*u));
	REQUIRE(u != NULL);
	u->d.fd = -1;
	u->piece = malloc(UPLOAD_PIECE);
	REQUIRE(u->piece != NULL);
	for (int i = 0; i < FIELDS; i++)
		buf_init(&u->field[i], UPLOAD_FIELD_MAX);
	u->coming = request_unread(r);
	uploads++;
	r->held = u;
	r->let_go = let_go;
	if (!framing(r, u) || !query_fields(r, u))
		return NEXT_FAIL;
	return NEXT_DONE;
}

/* A form with a file in it, or the file itself. */
static bool
framing(struct request *r, struct upload *u)
{
	const char *type = request_header(r, "content-type");
	const char *how = request_header(r, "content-disposition");
	char boundary[MULTIPART_BOUNDARY_MAX + 1];

	if (type != NULL && strncasecmp(type, "multipart/", 10) == 0) {
		if (!multipart_boundary(type, boundary)) {
			(void)fail(r, E_INPUT, "content_type",
			    "Content-Type 应为带 boundary 的 "
			    "multipart/form-data",
			    "Content-Type must be multipart/form-data with a "
			    "boundary.");
			return false;
		}
		u->multipart = true;
		upload_form(u, boundary);
		return true;
	}
	u->file = true;
	if (type != NULL && strlen(type) < sizeof(u->declared))
		memcpy(u->declared, type, strlen(type) + 1);
	if (how != NULL && !header_filename(how, u->sent, sizeof(u->sent))) {
		(void)fail(r, E_INPUT, "bad_disposition",
		    "Content-Disposition 请求头无效",
		    "Content-Disposition is not valid.");
		return false;
	}
	return true;
}

/* Beside a plain file the fields come in the query; in a form, as parts. */
static bool
query_fields(struct request *r, struct upload *u)
{
	for (const struct param *p = r->params; p != NULL; p = p->next) {
		struct buf *b;

		if (strcmp(p->name, "fields") == 0)
			continue;
		b = upload_field(u, p->name);
		if (b != NULL)
			buf_str(b, p->value);
		if (b == NULL || b->over) {
			(void)fail(r, E_INPUT, "bad_query",
			    arena_printf(&r->arena, "查询参数 %s 无效", p->name),
			    arena_printf(&r->arena, "Query parameter %s is not "
			    "known here, or too long.", p->name));
			return false;
		}
	}
	return true;
}

/* The piece goes to a thread; the connection is not read meanwhile. */
static enum next
hand_over(struct request *r, struct upload *u)
{
	u->last = request_unread(r) == 0;
	u->busy = true;
	if (request_offload(r, upload_work, came_back, u))
		return NEXT_WAIT;
	u->busy = false;
	return fail(r, E_BUSY, NULL, NULL, NULL);
}

static void
came_back(struct request *r, void *arg)
{
	struct upload *u = arg;

	(void)r;
	u->busy = false;
	u->got = 0;
	if (u->left)
		release(u);
}

static void
let_go(void *held)
{
	struct upload *u = held;

	u->left = true;
	if (!u->busy)
		release(u);
}

static void
release(struct upload *u)
{
	store_drop(&u->d);
	for (int i = 0; i < FIELDS; i++)
		buf_free(&u->field[i]);
	free(u->piece);
	free(u);
	uploads--;
}

static enum next
refused(struct request *r, struct upload *u)
{
	const struct objection *o = &u->wrong;
	char list[512];

	if (o->code == NULL && u->stored == STORE_FULL)
		return fail(r, E_BUSY, "storage_full",
		    "存放附件的磁盘空间不足，文件没有保存，请联系管理员",
		    "The disk for attachments is full; nothing was kept. Ask "
		    "the administrator.");
	if (o->code == NULL) {
		log_line(LOG_ERROR, "event=store request=%s reason=%s", r->id,
		    log_q(strerror(u->error)));
		return fail(r, E_INTERNAL, "storage_failed",
		    "附件无法写入存放目录，请联系管理员",
		    "The attachment could not be written: ask the "
		    "administrator.");
	}
	if (strcmp(o->code, "type_not_allowed") == 0) {
		filetype_list(settings()->file_types, list, sizeof(list));
		fault(r, o->pointer, "DQ-02", o->code,
		    arena_printf(&r->arena, "%s。可以上传：%s", o->zh, list),
		    arena_printf(&r->arena, "%s Allowed: %s.", o->en, list));
	} else {
		fault(r, o->pointer, "DQ-02", o->code, o->zh, o->en);
	}
	return fail(r, E_INPUT, "invalid", "文件或字段不符合要求，没有保存",
	    "The file or a field was refused; nothing was kept.");
}

/* The row to be made, as if it had come as JSON. */
static bool
describe(struct request *r, struct upload *u)
{
	char *text;

	r->json = json_object();
	for (int i = 0; i < FIELDS; i++) {
		const char *value = u->field[i].len > 0 ? u->field[i].data
							: NULL;

		if (i == FIELD_NAME)
			value = u->name;
		if (value == NULL)
			continue;
		if (!utf8_ok(value, strlen(value)) ||
		    (i != FIELD_NAME && strlen(value) != u->field[i].len)) {
			fault(r, arena_printf(&r->arena, "/%s",
			    upload_fields[i]), "DQ-02", "bad_utf8",
			    "不是有效的 UTF-8 文本", "not valid UTF-8");
			return false;
		}
		(void)json_object_set_new(r->json, upload_fields[i],
		    field_json(i, value));
	}
	(void)snprintf(u->bytes, sizeof(u->bytes), "%llu",
	    (unsigned long long)u->d.bytes);
	u->given[0] = (struct given) { "mime", u->type->mime };
	u->given[1] = (struct given) { "bytes", u->bytes };
	u->given[2] = (struct given) { "sha256", u->d.sha256 };
	r->given = u->given;
	/* What a repetition is compared by. */
	text = json_dumps(r->json, JSON_COMPACT | JSON_SORT_KEYS);
	REQUIRE(text != NULL);
	r->body = arena_printf(&r->arena, "%s %s", u->d.sha256, text);
	r->body_len = strlen(r->body);
	free(text);
	return true;
}

static json_t *
field_json(int field, const char *text)
{
	if (field == FIELD_SENSITIVITY && strspn(text, "0123456789") ==
	    strlen(text) && strlen(text) < 6)
		return json_integer(strtol(text, NULL, 10));
	return json_string(text);
}
