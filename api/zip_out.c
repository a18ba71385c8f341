/* A zip archive as a stream: sizes follow the data, so nothing is kept. */
#include "zip_out.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "base/err.h"

#define ENTRIES_MAX 512
#define LOCAL_SIG 0x04034b50u
#define CENTRAL_SIG 0x02014b50u
#define SIZES_SIG 0x08074b50u
#define END_SIG 0x06054b50u
#define FLAGS (0x0008u | 0x0800u) /* sizes follow; names are UTF-8 */
#define DEFLATE 8u
#define DATE_1980 0x0021u

struct zip_out {
	struct isal_zstream z;
	uint8_t level[ISAL_DEF_LVL1_DEFAULT];
	uint64_t at;
	bool large;
	size_t n;
	struct entry {
		const char *name;
		uint64_t begin;
		uint32_t crc;
		uint64_t packed, size;
	} entry[ENTRIES_MAX];
};

static void le(struct buf *, unsigned bytes, uint64_t);
static void put(struct zip_out *, struct buf *out, const struct buf *);
static void deflate(struct zip_out *, struct buf *out);

struct zip_out *
zip_new(void)
{
	struct zip_out *z = calloc(1, sizeof(*z));

	REQUIRE(z != NULL);
	return z;
}

void
zip_free(struct zip_out *z)
{
	free(z);
}

bool
zip_too_large(const struct zip_out *z)
{
	return z->large;
}

void
zip_entry_begin(struct zip_out *z, const char *name)
{
	struct entry *e = &z->entry[z->n];

	REQUIRE(z->n < ENTRIES_MAX);
	z->n++;
	e->name = name;
	e->begin = UINT64_MAX; /* written with the first bytes */
	isal_deflate_init(&z->z);
	z->z.level = 1;
	z->z.level_buf = z->level;
	z->z.level_buf_size = sizeof(z->level);
	z->z.gzip_flag = IGZIP_DEFLATE;
	z->z.flush = NO_FLUSH;
}

void
zip_entry_add(struct zip_out *z, const void *data, size_t n, struct buf *out)
{
	struct entry *e = &z->entry[z->n - 1];
	union {
		const void *in;
		uint8_t *bytes;
	} p = { data };
	struct buf h;

	if (e->begin == UINT64_MAX) {
		e->begin = z->at;
		buf_init(&h, 1024);
		le(&h, 4, LOCAL_SIG);
		le(&h, 2, 20);
		le(&h, 2, FLAGS);
		le(&h, 2, DEFLATE);
		le(&h, 4, (uint64_t)DATE_1980 << 16);
		le(&h, 4, 0);
		le(&h, 4, 0);
		le(&h, 4, 0);
		le(&h, 2, strlen(e->name));
		le(&h, 2, 0);
		buf_str(&h, e->name);
		put(z, out, &h);
		buf_free(&h);
	}
	e->crc = crc32_gzip_refl(e->crc, p.bytes, n);
	e->size += n;
	z->z.next_in = p.bytes;
	z->z.avail_in = (uint32_t)n;
	REQUIRE(n <= UINT32_MAX);
	deflate(z, out);
}

void
zip_entry_end(struct zip_out *z, struct buf *out)
{
	struct entry *e = &z->entry[z->n - 1];
	struct buf h;

	z->z.end_of_stream = 1;
	zip_entry_add(z, "", 0, out);
	buf_init(&h, 64);
	le(&h, 4, SIZES_SIG);
	le(&h, 4, e->crc);
	le(&h, 4, e->packed);
	le(&h, 4, e->size);
	put(z, out, &h);
	buf_free(&h);
	if (e->size > UINT32_MAX || e->packed > UINT32_MAX)
		z->large = true;
}

bool
zip_finish(struct zip_out *z, struct buf *out)
{
	uint64_t begin = z->at;
	struct buf h;

	buf_init(&h, 256 * 1024);
	for (size_t i = 0; i < z->n; i++) {
		const struct entry *e = &z->entry[i];

		le(&h, 4, CENTRAL_SIG);
		le(&h, 2, 20);
		le(&h, 2, 20);
		le(&h, 2, FLAGS);
		le(&h, 2, DEFLATE);
		le(&h, 4, (uint64_t)DATE_1980 << 16);
		le(&h, 4, e->crc);
		le(&h, 4, e->packed);
		le(&h, 4, e->size);
		le(&h, 2, strlen(e->name));
		for (int zero = 0; zero < 6; zero++)
			le(&h, 2, 0);
		le(&h, 4, e->begin);
		buf_str(&h, e->name);
	}
	put(z, out, &h);
	buf_reset(&h);
	le(&h, 4, END_SIG);
	le(&h, 4, 0);
	le(&h, 2, z->n);
	le(&h, 2, z->n);
	le(&h, 4, z->at - begin);
	le(&h, 4, begin);
	le(&h, 2, 0);
	put(z, out, &h);
	buf_free(&h);
	return !z->large;
}

static void
le(struct buf *b, unsigned bytes, uint64_t v)
{
	for (; bytes > 0; bytes--, v >>= 8)
		buf_char(b, (char)(v & 0xff));
}

static void
put(struct zip_out *z, struct buf *out, const struct buf *h)
{
	REQUIRE(!h->over);
	buf_add(out, h->data, h->len);
	z->at += h->len;
	z->large = z->large || z->at > UINT32_MAX;
}

static void
deflate(struct zip_out *z, struct buf *out)
{
	struct entry *e = &z->entry[z->n - 1];
	uint8_t room[16 * 1024];

	do {
		size_t n;

		z->z.next_out = room;
		z->z.avail_out = sizeof(room);
		REQUIRE(isal_deflate(&z->z) == COMP_OK);
		n = sizeof(room) - z->z.avail_out;
		buf_add(out, room, n);
		e->packed += n;
		z->at += n;
	} while (z->z.avail_out == 0 || z->z.avail_in > 0);
	z->large = z->large || z->at > UINT32_MAX;
}
