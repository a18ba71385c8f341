/* Entries of a zip inflated as a stream, counted and checked on the way. */
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "zip.h"

/* Beyond this a part must not be more than RATIO times its packed size: huge
 * formatted but empty sheets are real, and small. */
#define RATIO_FROM ((uint64_t)64 << 20)
#define RATIO 200u

struct zip_stream {
	struct zip *zip;
	const struct zip_entry *entry;
	struct inflate_state state;
	uint64_t given;
	uint32_t crc;
	bool failed;
};

static long inflate_some(struct zip_stream *, void *, size_t);
static long fail(struct zip_stream *, enum refusal, const char *,
    const char *);

uint32_t
zip_crc(uint32_t crc, const void *data, size_t n)
{
	return crc32_gzip_refl(crc, data, n);
}

struct zip_stream *
zip_stream_open(struct zip *zip, const struct zip_entry *e)
{
	struct zip_stream *s;

	s = malloc(sizeof(*s));
	REQUIRE(s != NULL);
	s->zip = zip;
	s->entry = e;
	s->given = 0;
	s->crc = 0;
	s->failed = false;
	isal_inflate_init(&s->state);
	s->state.crc_flag = ISAL_DEFLATE;
	/* igzip's pointers lack const; it only reads the input */
	s->state.next_in = zip->bytes + (e->data - zip->bytes);
	s->state.avail_in = (uint32_t)e->packed;
	return s;
}

void
zip_stream_close(struct zip_stream *s)
{
	free(s);
}

long
zip_stream_read(struct zip_stream *s, void *out, size_t n)
{
	uint64_t left;
	long got;

	if (s->failed)
		return -1;
	if (n > 1u << 30)
		n = 1u << 30;
	if (s->entry->method == ZIP_STORED || s->entry->packed == 0) {
		/* folders are marked as deflated by some, with no data */
		left = s->entry->packed - s->given;
		got = (long)(n < left ? n : left);
		memcpy(out, s->entry->data + s->given, (size_t)got);
	} else {
		got = inflate_some(s, out, n);
	}
	if (got < 0)
		return got;
	s->given += (uint64_t)got;
	s->zip->inflated += (uint64_t)got;
	if (s->given > s->entry->size)
		return fail(s, REFUSED_DAMAGED, "压缩包内容长度不对。",
		    "An entry is longer than declared. ");
	/* each entry is read a few times at most */
	if (s->zip->inflated > 16 * s->zip->budget->inflated)
		return fail(s, REFUSED_BOMB, "解压后过大。",
		    "Too much data when unpacked. ");
	s->crc = zip_crc(s->crc, out, (size_t)got);
	if (got > 0 || n == 0)
		return got;
	if (s->given != s->entry->size || s->crc != s->entry->crc)
		return fail(s, REFUSED_DAMAGED, "压缩包内容校验不符。",
		    "The checksum of an entry is wrong. ");
	s->zip->entry[s->entry - s->zip->entry].checked = true;
	return 0;
}

static long
inflate_some(struct zip_stream *s, void *out, size_t n)
{
	struct inflate_state *z;
	uint64_t total;
	int rc;

	z = &s->state;
	if (z->block_state == ISAL_BLOCK_FINISH)
		return 0;
	z->next_out = out;
	z->avail_out = (uint32_t)n;
	rc = isal_inflate(z);
	if (rc < 0)
		return fail(s, REFUSED_DAMAGED, "压缩数据错误。",
		    "The compressed data is wrong. ");
	n -= z->avail_out;
	if (z->block_state == ISAL_BLOCK_FINISH) {
		if (z->avail_in != 0 || z->read_in_length >= 8)
			return fail(s, REFUSED_DAMAGED, "压缩数据错误。",
			    "Bytes follow the compressed data. ");
	} else if (n == 0) {
		return fail(s, REFUSED_DAMAGED, "压缩数据不完整。",
		    "The compressed data is cut short. ");
	}
	total = s->given + n;
	if (total > RATIO_FROM && total > RATIO * s->entry->packed)
		return fail(s, REFUSED_BOMB, "压缩率异常。",
		    "A part is packed far too well. ");
	return (long)n;
}

char *
zip_read_all(struct zip *zip, const struct zip_entry *e, size_t limit,
    size_t *len)
{
	struct zip_stream *s;
	char *all;
	size_t used;
	long got;

	*len = 0;
	if (e->size > limit) {
		refuse_at(zip->why, REFUSED_BOMB, "%s 过大。",
		    "%s is too large. ", e->name);
		return NULL;
	}
	all = malloc((size_t)e->size + 1);
	if (all == NULL) {
		refuse(zip->why, REFUSED_BOMB, "", "");
		return NULL;
	}
	s = zip_stream_open(zip, e);
	used = 0;
	/* one byte of room more than declared, so that excess is seen */
	while ((got = zip_stream_read(s, all + used,
	    (size_t)e->size + 1 - used)) > 0)
		used += (size_t)got;
	zip_stream_close(s);
	if (got < 0) {
		free(all);
		return NULL;
	}
	all[used] = '\0';
	*len = used;
	return all;
}

enum refusal
zip_verify(struct zip *zip, const struct zip_entry *e)
{
	struct zip_stream *s;
	char *block;
	long got;

	block = malloc(65536);
	REQUIRE(block != NULL);
	s = zip_stream_open(zip, e);
	while ((got = zip_stream_read(s, block, 65536)) > 0)
		continue;
	zip_stream_close(s);
	free(block);
	return got == 0 ? READ_OK : zip->why->code;
}

enum refusal
zip_verify_rest(struct zip *zip)
{
	enum refusal code;
	size_t i;

	for (i = 0; i < zip->nentries; i++)
		if (!zip->entry[i].checked) {
			code = zip_verify(zip, &zip->entry[i]);
			if (code != READ_OK)
				return code;
		}
	return READ_OK;
}

static long
fail(struct zip_stream *s, enum refusal code, const char *zh, const char *en)
{
	s->failed = true;
	refuse(s->zip->why, code, zh, en);
	return -1;
}
