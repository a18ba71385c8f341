/* One zip entry: its directory record, local header and data descriptor. */
#include <string.h>

#include "zip_in.h"

#define CENTRAL_LEN 46
#define LOCAL_LEN 30
#define SIG_CENTRAL 0x02014b50u
#define SIG_DESCRIPTOR 0x08074b50u
#define FLAG_ENCRYPTED (0x0001u | 0x0040u | 0x2000u)
/* Compression level and the encoding of the name may differ harmlessly. */
#define FLAGS_THAT_MATTER (FLAG_ENCRYPTED | ZIP_DESCRIPTOR)

static bool central_extra64(const struct zip *, struct zip_entry *, size_t,
    size_t, bool);
static enum refusal read_local(struct zip *, struct zip_entry *, uint64_t);
static bool local_extra64(const unsigned char *, uint64_t, uint64_t *,
    uint64_t *);
static bool read_descriptor(const struct zip *, struct zip_entry *, uint64_t,
    uint64_t *);

enum refusal
zip_read_entry(struct zip *zip, struct zip_entry *e, size_t *at, size_t end,
    char **name)
{
	const unsigned char *p;
	size_t i, name_len, extra_len;

	if (end - *at < CENTRAL_LEN)
		return zip_damaged(zip, "压缩包目录被截断。",
		    "The directory is cut short. ");
	p = zip->bytes + *at;
	name_len = le16(p + 28);
	extra_len = le16(p + 30);
	e->central = p;
	e->central_len = CENTRAL_LEN + name_len + extra_len + le16(p + 32);
	if (le32(p) != SIG_CENTRAL || end - *at < e->central_len)
		return zip_damaged(zip, "压缩包目录被截断。",
		    "The directory is cut short. ");
	e->flags = le16(p + 8);
	e->method = le16(p + 10);
	e->crc = le32(p + 16);
	if (e->flags & FLAG_ENCRYPTED)
		return refuse(zip->why, REFUSED_ENCRYPTED, "", "");
	if (e->method != ZIP_STORED && e->method != ZIP_DEFLATE)
		return zip_damaged(zip, "压缩方式不支持。",
		    "A compression method that workbooks do not use. ");
	if (!central_extra64(zip, e, CENTRAL_LEN + name_len, extra_len,
	    le16(p + 34) == 0xffff))
		return zip_damaged(zip, "压缩包 zip64 信息不对。",
		    "A zip64 extra field is wrong. ");
	if (name_len == 0 || memchr(p + CENTRAL_LEN, '\0', name_len) != NULL)
		return zip_damaged(zip, "压缩包内文件名不对。",
		    "An entry has a bad name. ");
	e->name = *name;
	for (i = 0; i < name_len; i++)
		(*name)[i] = p[CENTRAL_LEN + i] == '\\' ? '/' :
		    (char)p[CENTRAL_LEN + i];
	(*name)[name_len] = '\0';
	*name += name_len + 1;
	*at += e->central_len;
	return read_local(zip, e, e->offset);
}

/*
 * Sizes and offset, from the zip64 extra field where the record says so.
 * The field lists only what does not fit, in this order.
 */
static bool
central_extra64(const struct zip *zip, struct zip_entry *e, size_t at,
    size_t len, bool disk)
{
	const unsigned char *p, *x;
	size_t i, n, used;

	p = e->central;
	e->size = le32(p + 24);
	e->packed = le32(p + 20);
	e->offset = le32(p + 42);
	e->offset_at = 42;
	e->offset_width = 4;
	for (i = 0; i + 4 <= len; i += 4 + n) {
		x = p + at + i;
		n = le16(x + 2);
		if (i + 4 + n > len)
			return false;
		if (le16(x) != 0x0001)
			continue;
		used = 0;
		if (e->size == 0xffffffff && used + 8 <= n) {
			e->size = le64(x + 4 + used);
			used += 8;
		}
		if (e->packed == 0xffffffff && used + 8 <= n) {
			e->packed = le64(x + 4 + used);
			used += 8;
		}
		if (e->offset == 0xffffffff && used + 8 <= n) {
			e->offset = le64(x + 4 + used);
			e->offset_at = at + i + 4 + used;
			e->offset_width = 8;
		}
		break;
	}
	return !disk && e->size <= INT64_MAX / 4096 && e->packed <= zip->len &&
	    e->offset < zip->len;
}

/* The local header must tell the same story as the directory. */
static enum refusal
read_local(struct zip *zip, struct zip_entry *e, uint64_t at)
{
	const unsigned char *p;
	uint64_t head, end, packed, size;
	bool late;

	if (at > zip->directory_at || zip->directory_at - at < LOCAL_LEN)
		return zip_damaged(zip, "压缩包内容位置不对。",
		    "An entry lies outside the package. ");
	p = zip->bytes + at;
	head = LOCAL_LEN + (uint64_t)le16(p + 26) + le16(p + 28);
	if (le32(p) != SIG_LOCAL || head > zip->directory_at - at ||
	    e->packed > zip->directory_at - at - head)
		return zip_damaged(zip, "压缩包内容位置不对。",
		    "An entry lies outside the package. ");
	e->local = p;
	e->data = p + head;
	late = (e->flags & ZIP_DESCRIPTOR) != 0;
	packed = le32(p + 18);
	size = le32(p + 22);
	if ((packed == 0xffffffff || size == 0xffffffff) &&
	    !local_extra64(p, head, &packed, &size))
		return zip_damaged(zip, "压缩包 zip64 信息不对。",
		    "A zip64 extra field is wrong. ");
	/* with a descriptor the header may leave crc and sizes 0 */
	if (((le16(p + 6) ^ e->flags) & FLAGS_THAT_MATTER) != 0 ||
	    le16(p + 8) != e->method ||
	    le16(p + 26) != le16(e->central + 28) ||
	    memcmp(p + LOCAL_LEN, e->central + CENTRAL_LEN,
	    le16(p + 26)) != 0 ||
	    (le32(p + 14) != e->crc && !(late && le32(p + 14) == 0)) ||
	    (packed != e->packed && !(late && packed == 0)) ||
	    (size != e->size && !(late && size == 0)))
		return zip_damaged(zip, "压缩包内容与目录不一致。",
		    "A local header disagrees with the directory. ");
	if (e->method == ZIP_STORED && e->packed != e->size)
		return zip_damaged(zip, "压缩包内容与目录不一致。",
		    "A stored entry has two sizes. ");
	end = at + head + e->packed;
	if (late && !read_descriptor(zip, e, end, &end))
		return zip_damaged(zip, "压缩包内容与目录不一致。",
		    "A data descriptor disagrees with the directory. ");
	e->local_len = (size_t)(end - at);
	return READ_OK;
}

/* Both sizes, size first; a local header must give both. */
static bool
local_extra64(const unsigned char *p, uint64_t head, uint64_t *packed,
    uint64_t *size)
{
	const unsigned char *x, *end;

	end = p + head;
	for (x = p + LOCAL_LEN + le16(p + 26); end - x >= 20;
	    x += 4 + le16(x + 2)) {
		if (le16(x) != 0x0001 || le16(x + 2) < 16)
			continue;
		*size = le64(x + 4);
		*packed = le64(x + 12);
		return true;
	}
	return false;
}

/* With or without signature, with 4- or 8-byte sizes: all are in use. */
static bool
read_descriptor(const struct zip *zip, struct zip_entry *e, uint64_t at,
    uint64_t *end)
{
	const unsigned char *p;
	uint64_t room, skip;

	room = zip->directory_at - at;
	p = zip->bytes + at;
	skip = room >= 16 && le32(p) == SIG_DESCRIPTOR ? 4 : 0;
	p += skip;
	room -= skip;
	if (room >= 20 && le32(p) == e->crc && le64(p + 4) == e->packed &&
	    le64(p + 12) == e->size) {
		*end = at + skip + 20;
		return true;
	}
	if (room >= 12 && le32(p) == e->crc && le32(p + 4) == e->packed &&
	    le32(p + 8) == e->size) {
		*end = at + skip + 12;
		return true;
	}
	return false;
}
