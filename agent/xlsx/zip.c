/* The zip directory of a workbook, checked against itself and the file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "zip_in.h"

#define EOCD_LEN 22
#define EOCD64_LEN 56
#define LOCATOR64_LEN 20
#define SIG_EOCD 0x06054b50u
#define SIG_EOCD64 0x06064b50u
#define SIG_LOCATOR64 0x07064b50u

/* Where the directory lies, as the end record (or its zip64 twin) says. */
struct directory {
	uint64_t at, len, entries;
};

static enum refusal load(struct zip *, int);
static enum refusal find_end(struct zip *, struct directory *);
static enum refusal read_end64(struct zip *, size_t, struct directory *);
static enum refusal read_directory(struct zip *, const struct directory *);
static enum refusal check_layout(struct zip *);
static enum refusal check_names(struct zip *);

enum refusal
zip_open(struct zip *zip, int fd, const struct budget *budget,
    struct why *why)
{
	struct directory dir = { 0 };
	enum refusal code;

	memset(zip, 0, sizeof(*zip));
	zip->budget = budget;
	zip->why = why;
	code = load(zip, fd);
	if (code == READ_OK)
		code = find_end(zip, &dir);
	if (code == READ_OK)
		code = read_directory(zip, &dir);
	if (code == READ_OK)
		code = check_layout(zip);
	if (code == READ_OK)
		code = check_names(zip);
	if (code != READ_OK)
		zip_close(zip);
	return code;
}

void
zip_close(struct zip *zip)
{
	free(zip->bytes);
	free(zip->entry);
	free(zip->by_name);
	free(zip->names);
	zip->bytes = NULL;
	zip->entry = NULL;
	zip->by_name = NULL;
	zip->names = NULL;
	zip->nentries = 0;
}

static int
fold(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static int
name_compare(const char *a, const char *b)
{
	while (*a != '\0' && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold((unsigned char)*a) - fold((unsigned char)*b);
}

const struct zip_entry *
zip_find(const struct zip *zip, const char *name)
{
	size_t lo, hi, mid;
	int order;

	if (*name == '/')
		name++;
	lo = 0;
	hi = zip->nentries;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		order = name_compare(name, zip->by_name[mid]->name);
		if (order == 0)
			return zip->by_name[mid];
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static enum refusal
load(struct zip *zip, int fd)
{
	struct stat st;
	ssize_t n;
	size_t at;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return refuse(zip->why, REFUSED_IO, "", "");
	if (st.st_size == 0)
		return refuse(zip->why, REFUSED_EMPTY, "", "");
	if ((uint64_t)st.st_size > zip->budget->packed)
		return refuse_at(zip->why, REFUSED_BOMB,
		    "文件大于 %zu MB。", "The file is over %zu MB. ",
		    zip->budget->packed >> 20);
	zip->len = (size_t)st.st_size;
	zip->bytes = malloc(zip->len);
	if (zip->bytes == NULL)
		return refuse(zip->why, REFUSED_BOMB, "", "");
	for (at = 0; at < zip->len; at += (size_t)n) {
		n = pread(fd, zip->bytes + at, zip->len - at, (off_t)at);
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n <= 0)
			return refuse(zip->why, REFUSED_IO, "", "");
	}
	return READ_OK;
}

/*
 * The end record must end exactly where the file does. A file that begins
 * like a zip but has no end record is one that is still being copied.
 */
static enum refusal
find_end(struct zip *zip, struct directory *dir)
{
	const unsigned char *p;
	size_t at, low;
	bool seen;

	seen = false;
	if (zip->len < 4 || le32(zip->bytes) != SIG_LOCAL)
		return refuse(zip->why, REFUSED_NOT_ZIP, "", "");
	if (zip->len < EOCD_LEN)
		return refuse(zip->why, REFUSED_TRUNCATED, "", "");
	at = zip->len - EOCD_LEN;
	low = at > 0xffff ? at - 0xffff : 0;
	for (;; at--) {
		p = zip->bytes + at;
		if (p[0] == 'P' && le32(p) == SIG_EOCD) {
			seen = true;
			if (at + EOCD_LEN + le16(p + 20) == zip->len)
				break;
		}
		if (at == low)
			return seen ? zip_damaged(zip, "压缩包结尾不对。",
			    "Bytes follow the end of the package. ") :
			    refuse(zip->why, REFUSED_TRUNCATED, "", "");
	}
	if (le16(p + 4) != 0 && le16(p + 4) != 0xffff)
		return zip_damaged(zip, "压缩包分卷。", "A split archive. ");
	dir->entries = le16(p + 10);
	dir->len = le32(p + 12);
	dir->at = le32(p + 16);
	zip->comment = p + EOCD_LEN;
	zip->comment_len = le16(p + 20);
	if (dir->entries != le16(p + 8))
		return zip_damaged(zip, "压缩包分卷。", "A split archive. ");
	if (at >= LOCATOR64_LEN &&
	    le32(zip->bytes + at - LOCATOR64_LEN) == SIG_LOCATOR64)
		return read_end64(zip, at - LOCATOR64_LEN, dir);
	if (dir->at + dir->len != at)
		return zip_damaged(zip, "压缩包目录位置不对。",
		    "The directory is not where the end record says. ");
	return READ_OK;
}

/* Where both records give a number they must give the same one. */
static enum refusal
read_end64(struct zip *zip, size_t locator, struct directory *dir)
{
	const unsigned char *p;
	uint64_t at;
	bool same;

	at = le64(zip->bytes + locator + 8);
	if (locator < EOCD64_LEN || at > locator - EOCD64_LEN)
		return zip_damaged(zip, "压缩包目录位置不对。",
		    "The zip64 end record is outside the file. ");
	p = zip->bytes + at;
	if (le32(p) != SIG_EOCD64 || at + 12 + le64(p + 4) != locator ||
	    le64(p + 24) != le64(p + 32))
		return zip_damaged(zip, "压缩包目录不对。",
		    "The zip64 end record is wrong. ");
	same = (dir->entries == 0xffff || dir->entries == le64(p + 32)) &&
	    (dir->len == 0xffffffff || dir->len == le64(p + 40)) &&
	    (dir->at == 0xffffffff || dir->at == le64(p + 48));
	dir->entries = le64(p + 32);
	dir->len = le64(p + 40);
	dir->at = le64(p + 48);
	if (!same || dir->len > at || dir->at != at - dir->len)
		return zip_damaged(zip, "压缩包目录前后不一致。",
		    "The two end records disagree. ");
	return READ_OK;
}

static enum refusal
read_directory(struct zip *zip, const struct directory *dir)
{
	enum refusal code;
	uint64_t total;
	size_t at, end, i;
	char *name;

	if (dir->entries > zip->budget->entries)
		return refuse_at(zip->why, REFUSED_BOMB,
		    "压缩包内文件多于 %zu 个。", "Over %zu zip entries. ",
		    zip->budget->entries);
	if (dir->entries == 0)
		return refuse(zip->why, REFUSED_NOT_ZIP, "", "");
	zip->directory_at = (size_t)dir->at;
	end = (size_t)(dir->at + dir->len);
	zip->entry = calloc((size_t)dir->entries, sizeof(*zip->entry));
	zip->names = malloc((size_t)dir->len + 1);
	if (zip->entry == NULL || zip->names == NULL)
		return refuse(zip->why, REFUSED_BOMB, "", "");
	at = zip->directory_at;
	name = zip->names;
	total = 0;
	for (i = 0; i < dir->entries; i++) {
		code = zip_read_entry(zip, &zip->entry[i], &at, end, &name);
		if (code != READ_OK)
			return code;
		zip->nentries = i + 1;
		total += zip->entry[i].size;
		if (total > zip->budget->inflated)
			return refuse_at(zip->why, REFUSED_BOMB,
			    "解压后大于 %zu MB。", "Over %zu MB unpacked. ",
			    (size_t)(zip->budget->inflated >> 20));
	}
	if (at != end)
		return zip_damaged(zip, "压缩包目录长度不对。",
		    "The directory is longer than its entries. ");
	return READ_OK;
}

static int
by_offset(const void *a, const void *b)
{
	const struct zip_entry *const *x = a, *const *y = b;

	return ((*x)->offset > (*y)->offset) - ((*x)->offset < (*y)->offset);
}

static int
by_folded_name(const void *a, const void *b)
{
	const struct zip_entry *const *x = a, *const *y = b;

	return name_compare((*x)->name, (*y)->name);
}

static enum refusal
check_layout(struct zip *zip)
{
	struct zip_entry **v;
	size_t i;

	zip->by_name = calloc(zip->nentries, sizeof(*zip->by_name));
	if (zip->by_name == NULL)
		return refuse(zip->why, REFUSED_BOMB, "", "");
	v = zip->by_name;
	for (i = 0; i < zip->nentries; i++)
		v[i] = &zip->entry[i];
	qsort(v, zip->nentries, sizeof(*v), by_offset);
	for (i = 1; i < zip->nentries; i++)
		if (v[i - 1]->offset + v[i - 1]->local_len > v[i]->offset)
			return refuse(zip->why, REFUSED_BOMB,
			    "压缩包内容互相重叠。", "Zip entries overlap. ");
	return READ_OK;
}

static enum refusal
check_names(struct zip *zip)
{
	struct zip_entry **v;
	size_t i;

	v = zip->by_name;
	qsort(v, zip->nentries, sizeof(*v), by_folded_name);
	for (i = 1; i < zip->nentries; i++)
		if (name_compare(v[i - 1]->name, v[i]->name) == 0)
			return zip_damaged(zip, "压缩包内有重名文件。",
			    "Two entries have the same name. ");
	return READ_OK;
}
