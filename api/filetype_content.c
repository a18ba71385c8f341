/* What a file is: its first bytes, and for packages their directories. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "filetype.h"
#include "filetype_in.h"

#define HEAD ((size_t)4096)
#define PIECE ((size_t)64 << 10)

/* offset and length of the bytes at the beginning of a file. */
#define MAGIC(at, bytes, content) { at, bytes, sizeof(bytes) - 1, content }
static const struct {
	size_t at;
	const char *bytes;
	size_t n;
	enum content content;
} magics[] = {
	MAGIC(0, "\xff\xd8\xff", CONTENT_JPEG),
	MAGIC(0, "\x89PNG\r\n\x1a\n", CONTENT_PNG),
	MAGIC(0, "GIF87a", CONTENT_GIF),
	MAGIC(0, "GIF89a", CONTENT_GIF),
	MAGIC(8, "WEBPVP8", CONTENT_WEBP), /* and RIFF before it */
	MAGIC(0, "II*\0", CONTENT_TIFF),
	MAGIC(0, "MM\0*", CONTENT_TIFF),
	MAGIC(0, "%PDF-", CONTENT_PDF),
	MAGIC(0, "MZ", CONTENT_PROGRAM),
	MAGIC(0, "\x7f" "ELF", CONTENT_PROGRAM),
	MAGIC(0, "\xca\xfe\xba\xbe", CONTENT_PROGRAM),
	MAGIC(0, "\xfe\xed\xfa", CONTENT_PROGRAM),
	MAGIC(0, "\xcf\xfa\xed\xfe", CONTENT_PROGRAM),
	MAGIC(0, "\0asm", CONTENT_PROGRAM),
	MAGIC(0, "L\0\0\0\x01\x14\x02", CONTENT_PROGRAM), /* a shortcut */
	MAGIC(0, "#!", CONTENT_SCRIPT),
	MAGIC(0, "Rar!", CONTENT_PACKED),
	MAGIC(0, "7z\xbc\xaf\x27\x1c", CONTENT_PACKED),
	MAGIC(0, "\x1f\x8b", CONTENT_PACKED),
	MAGIC(0, "BZh", CONTENT_PACKED),
	MAGIC(0, "\xfd" "7zXZ", CONTENT_PACKED),
	MAGIC(0, "MSCF", CONTENT_PACKED),
	MAGIC(257, "ustar", CONTENT_PACKED),
};

static enum content iso_media(const unsigned char *, size_t);
static enum content text(int fd, uint64_t size);
static bool text_piece(struct text *, const unsigned char *, size_t);
static bool utf8_next(struct text *, unsigned char);
static bool gb_next(struct text *, unsigned char);

enum content
content_of(int fd, uint64_t size)
{
	unsigned char head[HEAD];
	size_t want = size < HEAD ? (size_t)size : HEAD;

	if (size == 0)
		return CONTENT_EMPTY;
	if (!read_at(fd, head, want, 0))
		return CONTENT_UNKNOWN;
	if (want >= 4 && memcmp(head, "PK\3\4", 4) == 0)
		return zip_content(fd, size);
	if (want >= 8 && memcmp(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
	    8) == 0)
		return ole_content(fd, size);
	if (want >= 12 && memcmp(head + 4, "ftyp", 4) == 0)
		return iso_media(head, want);
	for (size_t i = 0; i < COUNT(magics); i++)
		if (magics[i].at + magics[i].n <= want &&
		    memcmp(head + magics[i].at, magics[i].bytes,
		    magics[i].n) == 0 && (magics[i].at != 8 ||
		    memcmp(head, "RIFF", 4) == 0))
			return magics[i].content;
	return text(fd, size);
}

bool
read_at(int fd, void *into, size_t n, uint64_t at)
{
	char *p = into;

	while (n > 0) {
		ssize_t got = pread(fd, p, n, (off_t)at);

		if (got <= 0)
			return false;
		p += got;
		at += (size_t)got;
		n -= (size_t)got;
	}
	return true;
}

/* The brand tells pictures from films; of several brands the major one. */
static enum content
iso_media(const unsigned char *head, size_t n)
{
	static const struct {
		const char *brand;
		enum content content;
	} brands[] = { { "heic", CONTENT_HEIC }, { "heix", CONTENT_HEIC },
		{ "heim", CONTENT_HEIC }, { "heis", CONTENT_HEIC },
		{ "mif1", CONTENT_HEIC }, { "msf1", CONTENT_HEIC },
		{ "hevc", CONTENT_HEIC }, { "qt  ", CONTENT_MOV },
		{ "isom", CONTENT_MP4 }, { "iso2", CONTENT_MP4 },
		{ "iso4", CONTENT_MP4 }, { "iso5", CONTENT_MP4 },
		{ "iso6", CONTENT_MP4 }, { "mp41", CONTENT_MP4 },
		{ "mp42", CONTENT_MP4 }, { "avc1", CONTENT_MP4 },
		{ "M4V ", CONTENT_MP4 }, { "MSNV", CONTENT_MP4 } };

	(void)n;
	for (size_t i = 0; i < COUNT(brands); i++)
		if (memcmp(head + 8, brands[i].brand, 4) == 0)
			return brands[i].content;
	return CONTENT_UNKNOWN;
}

/* UTF-8 or GB 18030 to the last byte, without control bytes. */
static enum content
text(int fd, uint64_t size)
{
	struct text t = { .utf8 = true, .gb = true };
	unsigned char *piece = malloc(PIECE);
	enum content found = CONTENT_UNKNOWN;

	REQUIRE(piece != NULL);
	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;

		if (!read_at(fd, piece, n, at) || !text_piece(&t, piece, n))
			goto out;
		at += n;
	}
	if ((t.utf8 && t.more == 0) || (t.gb && t.gb_at == 0))
		found = t.first == '<' ? CONTENT_MARKUP : CONTENT_TEXT;
out:
	free(piece);
	return found;
}

static bool
text_piece(struct text *t, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = p[i];

		if ((c < ' ' && c != '\n' && c != '\r' && c != '\t' &&
		    c != '\f') || c == 0x7f)
			return false;
		t->utf8 = t->utf8 && utf8_next(t, c);
		t->gb = t->gb && gb_next(t, c);
		if (!t->utf8 && !t->gb)
			return false;
		/* The first that is no blank and no byte order mark. */
		if (t->first == 0 && c > ' ' && c != 0xef && c != 0xbb &&
		    c != 0xbf)
			t->first = c;
	}
	return true;
}

static bool
utf8_next(struct text *t, unsigned char c)
{
	if (t->more > 0) {
		bool ok = c >= t->low && c <= t->high;

		t->more--;
		t->low = 0x80;
		t->high = 0xbf;
		return ok;
	}
	t->low = 0x80;
	t->high = 0xbf;
	if (c < 0x80)
		return true;
	if (c < 0xc2 || c > 0xf4)
		return false;
	t->more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	if (c == 0xe0)
		t->low = 0xa0;
	else if (c == 0xed)
		t->high = 0x9f;
	else if (c == 0xf0)
		t->low = 0x90;
	else if (c == 0xf4)
		t->high = 0x8f;
	return true;
}

/* One byte, two (81–FE 40–FE), or four (81–FE 30–39 81–FE 30–39). */
static bool
gb_next(struct text *t, unsigned char c)
{
	bool lead = c >= 0x81 && c <= 0xfe, digit = c >= '0' && c <= '9';

	switch (t->gb_at) {
	case 0:
		t->gb_at = c < 0x80 ? 0 : 1;
		return c < 0x80 || lead;
	case 1:
		t->gb_at = digit ? 2 : 0;
		return digit || (c >= 0x40 && c <= 0xfe && c != 0x7f);
	case 2:
		t->gb_at = 3;
		return lead;
	default:
		t->gb_at = 0;
		return digit;
	}
}
