/* See zipw.h. Sizes are bounded by the reader's budget, far below zip64. */
#include "zipw.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define LOCAL_SIG 0x04034b50u
#define CENTRAL_SIG 0x02014b50u
#define END_SIG 0x06054b50u
#define LOCAL_LEN 30
#define CENTRAL_LEN 46
#define END_LEN 22
#define UTF8_NAME 0x0800u
#define DOS_1980 0x00210000u /* date << 16 | time */
#define LEVEL 6
#define CENTRAL_MOST (64u << 20)

static void put16(unsigned char *, unsigned);
static void put32(unsigned char *, uint32_t);
static void emit(struct zipw *, const void *, size_t);

void
zipw_open(struct zipw *z, int fd)
{
	memset(z, 0, sizeof(*z));
	z->fd = fd;
	buf_init(&z->central, CENTRAL_MOST);
	z->deflate = libdeflate_alloc_compressor(LEVEL);
	REQUIRE(z->deflate != NULL);
}

void
zipw_copy(struct zipw *z, const struct zip_entry *e)
{
	uint64_t offset = z->at;
	char *record;

	buf_add(&z->central, e->central, e->central_len);
	if (z->central.over || offset > UINT32_MAX) {
		z->bad = true;
		return;
	}
	record = z->central.data + z->central.len - e->central_len;
	for (unsigned i = 0; i < e->offset_width; i++)
		record[e->offset_at + i] = (char)(offset >> (8 * i));
	emit(z, e->local, e->local_len);
	z->nentries++;
}

void
zipw_put(struct zipw *z, const char *name, const struct zip_entry *like,
    const void *data, size_t len)
{
	unsigned char h[CENTRAL_LEN] = { 0 };
	uint32_t when = DOS_1980;
	unsigned flags = UTF8_NAME;
	size_t name_len = strlen(name), packed, bound;
	void *out;

	if (like != NULL) {
		const unsigned char *c = like->central;

		memcpy(h, c, CENTRAL_LEN);
		flags = like->flags & UTF8_NAME;
		name = (const char *)c + CENTRAL_LEN;
		name_len = c[28] | (size_t)c[29] << 8;
		when = c[12] | (uint32_t)c[13] << 8 | (uint32_t)c[14] << 16 |
		    (uint32_t)c[15] << 24;
	}
	bound = libdeflate_deflate_compress_bound(z->deflate, len);
	if (len > UINT32_MAX || z->at > UINT32_MAX ||
	    (out = malloc(bound + 1)) == NULL) {
		z->bad = true;
		return;
	}
	packed = libdeflate_deflate_compress(z->deflate, data, len, out,
	    bound);
	if (packed == 0)
		z->bad = true;

	put32(h, CENTRAL_SIG);
	put16(h + 6, 20); /* 2.0 can read it */
	put16(h + 8, flags);
	put16(h + 10, ZIP_DEFLATE);
	put32(h + 12, when);
	put32(h + 16, zip_crc(0, data, len));
	put32(h + 20, (uint32_t)packed);
	put32(h + 24, (uint32_t)len);
	put16(h + 28, (unsigned)name_len);
	memset(h + 30, 0, 6); /* no extra, no comment, first disk */
	put32(h + 42, (uint32_t)z->at);
	buf_add(&z->central, h, CENTRAL_LEN);
	buf_add(&z->central, name, name_len);

	/* The local header is the record's middle: version … name length. */
	memmove(h + 4, h + 6, 24);
	put32(h, LOCAL_SIG);
	put16(h + 28, 0);
	emit(z, h, LOCAL_LEN);
	emit(z, name, name_len);
	emit(z, out, packed);
	free(out);
	z->nentries++;
}

bool
zipw_close(struct zipw *z, const void *comment, size_t comment_len)
{
	unsigned char h[END_LEN] = { 0 };
	uint64_t begin = z->at;

	if (begin + z->central.len > UINT32_MAX || z->nentries > 65534 ||
	    comment_len > 65535 || z->central.over)
		z->bad = true;
	emit(z, z->central.data, z->central.len);
	put32(h, END_SIG);
	put16(h + 8, (unsigned)z->nentries);
	put16(h + 10, (unsigned)z->nentries);
	put32(h + 12, (uint32_t)z->central.len);
	put32(h + 16, (uint32_t)begin);
	put16(h + 20, (unsigned)comment_len);
	emit(z, h, END_LEN);
	emit(z, comment, comment_len);
	libdeflate_free_compressor(z->deflate);
	buf_free(&z->central);
	return !z->bad;
}

static void
emit(struct zipw *z, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0 && !z->bad) {
		ssize_t w = write(z->fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			z->bad = true;
			return;
		}
		p += w;
		n -= (size_t)w;
		z->at += (uint64_t)w;
	}
}

static void
put16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v & 0xff);
	p[1] = (unsigned char)(v >> 8 & 0xff);
}

static void
put32(unsigned char *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}
