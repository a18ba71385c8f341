/* What a thread does with an upload: parts, digest, disk, type, name. */
#include <errno.h>
#include <string.h>

#include "attach_in.h"
#include "base/err.h"
#include "file_name.h"
#include "settings.h"

const char *const upload_fields[FIELDS] = { [FIELD_NAME] = "name",
	[FIELD_NOTE] = "note", [FIELD_DIVISION] = "division_code",
	[FIELD_ACTION] = "action_id", [FIELD_SENSITIVITY] = "sensitivity" };

static bool part_begin(void *, const struct part *);
static bool part_data(void *, const char *, size_t);
static bool part_end(void *);
static bool add(struct upload *, const char *, size_t);
static void form_wrong(struct upload *, const char *code);
static void complete(struct upload *);
static bool named(struct upload *);
static void stored(struct upload *, enum stored);
static void wrong(struct upload *, const char *pointer, const char *code,
    const char *zh, const char *en);

void
upload_form(struct upload *u, const char *boundary)
{
	const struct multipart_sink sink = { part_begin, part_data, part_end,
		u };

	multipart_open(&u->parser, boundary, &sink);
}

struct buf *
upload_field(struct upload *u, const char *name)
{
	for (int i = 0; i < FIELDS; i++)
		if (strcmp(upload_fields[i], name) == 0)
			return u->given_field[i]++ == 0 ? &u->field[i] : NULL;
	return NULL;
}

void
upload_work(void *arg)
{
	struct upload *u = arg;

	if (!u->opened) {
		u->opened = true;
		stored(u, store_open(&u->d, settings()->files, u->coming,
		    (uint64_t)settings()->files_spare_mb << 20));
	}
	if (u->stored == STORED && u->multipart)
		form_wrong(u, multipart_feed(&u->parser, u->piece, u->got));
	else if (u->stored == STORED)
		(void)add(u, u->piece, u->got);
	if (u->last && u->stored == STORED && u->wrong.code == NULL)
		complete(u);
	/* Gone before anybody is told so. */
	if (u->stored != STORED || u->wrong.code != NULL)
		store_drop(&u->d);
	u->got = 0;
}

static bool
part_begin(void *arg, const struct part *part)
{
	struct upload *u = arg;

	u->filling = NULL;
	if (!part->file) {
		u->filling = upload_field(u, part->name);
		if (u->filling == NULL)
			wrong(u, "", "unknown_field",
			    "表单中有未知或重复的字段，可以有 name、note、"
			    "division_code、action_id、sensitivity 各一个",
			    "A field is unknown or repeated; there may be "
			    "name, note, division_code, action_id and "
			    "sensitivity.");
		return u->filling != NULL;
	}
	if (u->file) {
		wrong(u, "/file", "too_many_files", "一次只能上传一个文件",
		    "Send one file at a time.");
		return false;
	}
	u->file = true;
	memcpy(u->sent, part->filename, sizeof(part->filename));
	memcpy(u->declared, part->type, sizeof(part->type));
	return true;
}

static bool
part_data(void *arg, const char *data, size_t n)
{
	struct upload *u = arg;

	if (u->filling == NULL)
		return add(u, data, n);
	buf_add(u->filling, data, n);
	if (u->filling->over)
		wrong(u, "", "too_long", "表单字段过长",
		    "A field of the form is too long.");
	return !u->filling->over;
}

static bool
part_end(void *arg)
{
	struct upload *u = arg;

	u->filling = NULL;
	return true;
}

static bool
add(struct upload *u, const char *data, size_t n)
{
	if (u->d.bytes + n > (uint64_t)settings()->file_mb << 20) {
		wrong(u, "/file", "too_large", "文件过大",
		    "The file is too large.");
		return false;
	}
	stored(u, store_add(&u->d, data, n));
	return u->stored == STORED;
}

/* The sink has said why it stopped; else the form itself is broken. */
static void
form_wrong(struct upload *u, const char *code)
{
	if (code == NULL || u->wrong.code != NULL || u->stored != STORED)
		return;
	wrong(u, "", code, "上传的表单（multipart）格式错误或不完整",
	    "The multipart form is malformed or cut short.");
}

static void
complete(struct upload *u)
{
	if (u->multipart)
		form_wrong(u, multipart_close(&u->parser));
	if (u->wrong.code == NULL && !u->file)
		wrong(u, "/file", "required", "表单中没有文件",
		    "The form holds no file.");
	if (u->wrong.code != NULL || !named(u))
		return;
	u->type = filetype_judge(content_of(u->d.fd, u->d.bytes),
	    settings()->file_types, u->declared, u->name, &u->wrong);
	if (u->type != NULL)
		stored(u, store_keep(&u->d));
}

/* What the sender calls it, before what its device called it. */
static bool
named(struct upload *u)
{
	const struct buf *b = &u->field[FIELD_NAME];
	struct arena a;
	char *name;

	arena_init(&a, 0);
	name = file_name_clean(&a, b->len > 0 ? b->data : u->sent);
	if (name == NULL)
		wrong(u, "/name", "bad_utf8", "文件名不是有效的 UTF-8 文本",
		    "The name is not valid UTF-8.");
	else
		memcpy(u->name, name, strlen(name) + 1);
	arena_free(&a);
	return name != NULL;
}

static void
stored(struct upload *u, enum stored how)
{
	if (how == STORED)
		return;
	u->stored = how;
	u->error = errno;
}

static void
wrong(struct upload *u, const char *pointer, const char *code, const char *zh,
    const char *en)
{
	if (u->wrong.code == NULL)
		u->wrong = (struct objection) { pointer, code, zh, en };
}
