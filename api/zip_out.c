/* A zip archive as a stream: sizes follow the data, so nothing is kept. Beyond
 * 4 GB its directory is that of Zip64; no entry ever is as long. */
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
#define END64_SIG 0x06064b50u
#define WHERE64_SIG 0x07064b50u
#define EXTRA64 1u
#define V20 20u /* what a reader must know: deflate */
#define V45 45u /* Zip64 */
#define FLAGS (0x0008u | 0x0800u) /* sizes follow; names are UTF-8 */
#define DEFLATE 8u
#define DATE_1980 0x0021u

struct zip_out {
	struct isal_zstream z;
	uint8_t level[ISAL_DEF_LVL1_DEFAULT];
	uint64_t at;
	size_t n;
	struct entry {
		const char *name;
		uint64_t begin;
		uint32_t crc;
		uint64_t packed, size;
	} entry[ENTRIES_MAX];
};

static void le(struct buf *, unsigned bytes, uint64_t);
static void directory(struct buf *, const struct entry *);
static void end64(struct buf *, size_t n, uint64_t begin, uint64_t end);
static uint64_t small(uint64_t);
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
		le(&h, 2, V20);
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
	REQUIRE(e->size <= UINT32_MAX && e->packed <= UINT32_MAX);
	buf_init(&h, 64);
	le(&h, 4, SIZES_SIG);
	le(&h, 4, e->crc);
	le(&h, 4, e->packed);
	le(&h, 4, e->size);
	put(z, out, &h);
	buf_free(&h);
}

void
zip_finish(struct zip_out *z, struct buf *out)
{
	uint64_t begin = z->at;
	struct buf h;

	buf_init(&h, 256 * 1024);
	for (size_t i = 0; i < z->n; i++)
		directory(&h, &z->entry[i]);
	put(z, out, &h);
	buf_reset(&h);
	if (z->at > UINT32_MAX)
		end64(&h, z->n, begin, z->at);
	le(&h, 4, END_SIG);
	le(&h, 4, 0);
	le(&h, 2, z->n);
	le(&h, 2, z->n);
	le(&h, 4, z->at - begin);
	le(&h, 4, small(begin));
	le(&h, 2, 0);
	put(z, out, &h);
	buf_free(&h);
}

static void
directory(struct buf *h, const struct entry *e)
{
	bool far = e->begin >= UINT32_MAX;

	le(h, 4, CENTRAL_SIG);
	le(h, 2, V45);
	le(h, 2, far ? V45 : V20);
	le(h, 2, FLAGS);
	le(h, 2, DEFLATE);
	le(h, 4, (uint64_t)DATE_1980 << 16);
	le(h, 4, e->crc);
	le(h, 4, e->packed);
	le(h, 4, e->size);
	le(h, 2, strlen(e->name));
	le(h, 2, far ? 12 : 0);
	le(h, 2, 0); /* no comment, disk 0, no attributes */
	le(h, 2, 0);
	le(h, 2, 0);
	le(h, 4, 0);
	le(h, 4, small(e->begin));
	buf_str(h, e->name);
	if (far) {
		le(h, 2, EXTRA64);
		le(h, 2, 8);
		le(h, 8, e->begin);
	}
}

/* The end of the directory in 64 bits, and where that stands. */
static void
end64(struct buf *h, size_t n, uint64_t begin, uint64_t end)
{
	le(h, 4, END64_SIG);
	le(h, 8, 44); /* bytes after these */
	le(h, 2, V45);
	le(h, 2, V45);
	le(h, 4, 0);
	le(h, 4, 0);
	le(h, 8, n);
	le(h, 8, n);
	le(h, 8, end - begin);
	le(h, 8, begin);
	le(h, 4, WHERE64_SIG);
	le(h, 4, 0);
	le(h, 8, end);
	le(h, 4, 1);
}

/* As a field of 32 bits has it: all ones = look in Zip64. */
static uint64_t
small(uint64_t v)
{
	return v < UINT32_MAX ? v : UINT32_MAX;
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
}
