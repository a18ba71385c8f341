/* Files of attachments: what they are, what they are called, what of them is
 * asked for, and where they lie. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "byte_range.h"
#include "file_name.h"
#include "filetype.h"
#include "store.h"

#include "check.h"
#include "scratch.h"

/* ---- content ------------------------------------------------------------------ */

static enum content
content(const char *bytes, size_t n)
{
	int fd = memfd_create("x", 0);
	enum content found;

	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	found = content_of(fd, n);
	close(fd);
	return found;
}

#define BYTES(s) s, sizeof(s) - 1

static void
test_content(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum content want;
	} table[] = {
		{ BYTES(""), CONTENT_EMPTY },
		{ BYTES("\xff\xd8\xff\xe0"), CONTENT_JPEG },
		{ BYTES("\xff\xd8\xff<html>"), CONTENT_JPEG },
		{ BYTES("\xff\xd8"), CONTENT_UNKNOWN },
		{ BYTES("\x89PNG\r\n\x1a\n"), CONTENT_PNG },
		{ BYTES("\x89PNG\n\x1a\n"), CONTENT_UNKNOWN },
		{ BYTES("GIF89a"), CONTENT_GIF },
		{ BYTES("RIFF....WEBPVP8 "), CONTENT_WEBP },
		{ BYTES("RIFF....WAVEfmt \0"), CONTENT_UNKNOWN },
		{ BYTES("\0\0\0\x18" "ftypheic"), CONTENT_HEIC },
		{ BYTES("\0\0\0\x18" "ftypmp42"), CONTENT_MP4 },
		{ BYTES("\0\0\0\x18" "ftypqt  "), CONTENT_MOV },
		{ BYTES("\0\0\0\x18" "ftypxxxx"), CONTENT_UNKNOWN },
		{ BYTES("II*\0\x08\0\0\0"), CONTENT_TIFF },
		{ BYTES("%PDF-1.7"), CONTENT_PDF },
		{ BYTES("MZ\x90\0"), CONTENT_PROGRAM },
		{ BYTES("\x7f" "ELF\2"), CONTENT_PROGRAM },
		{ BYTES("L\0\0\0\1\x14\2\0"), CONTENT_PROGRAM },
		{ BYTES("#!/bin/sh\n"), CONTENT_SCRIPT },
		{ BYTES("Rar!\x1a\7"), CONTENT_PACKED },
		{ BYTES("7z\xbc\xaf\x27\x1c"), CONTENT_PACKED },
		{ BYTES("\x1f\x8b\x08"), CONTENT_PACKED },
		{ BYTES("PK\3\4 and nothing else of a package"),
		    CONTENT_PACKED },
		{ BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
		    CONTENT_UNKNOWN },
		/* Text: UTF-8 or GB 18030, and what begins with < is none. */
		{ BYTES("plain\r\n\ttext\n"), CONTENT_TEXT },
		{ BYTES("项目名称,金额\n"), CONTENT_TEXT },
		{ BYTES("\xef\xbb\xbf" "a,b\n"), CONTENT_TEXT },
		{ BYTES("\xcf\xee\xc4\xbf\xc3\xfb\xb3\xc6,1\n"),
		    CONTENT_TEXT },
		{ BYTES("\x81\x30\x81\x30"), CONTENT_TEXT },
		{ BYTES("\x81\x30\x81"), CONTENT_UNKNOWN },
		{ BYTES("\xe9\xa1"), CONTENT_TEXT }, /* two bytes of GB */
		{ BYTES("\xe9\xa1\xb9\xe9"), CONTENT_TEXT },
		{ BYTES("\xe9"), CONTENT_UNKNOWN },
		{ BYTES("\xed\xa0\x80"), CONTENT_UNKNOWN },
		{ BYTES("\xff\xfe" "a\0"), CONTENT_UNKNOWN },
		{ BYTES("a\0b"), CONTENT_UNKNOWN },
		{ BYTES("a\x1b[31m"), CONTENT_UNKNOWN },
		{ BYTES("<html>"), CONTENT_MARKUP },
		{ BYTES(" \r\n\t<!DOCTYPE html>"), CONTENT_MARKUP },
		{ BYTES("\xef\xbb\xbf<svg/>"), CONTENT_MARKUP },
		{ BYTES("<?xml version='1.0'?>"), CONTENT_MARKUP },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (content(table[i].bytes, table[i].n) != table[i].want)
			fail_msg("row %zu: %d", i,
			    (int)content(table[i].bytes, table[i].n));
}

/* A central directory of these names, as far as anybody looks. */
static enum content
package(const char *const *names, size_t directory_lies)
{
	char all[4096] = "PK\3\4";
	size_t n = 4, at = 4;

	for (; *names != NULL; names++) {
		size_t len = strlen(*names);

		memcpy(all + n, "PK\1\2", 4);
		all[n + 28] = (char)len;
		memcpy(all + n + 46, *names, len);
		n += 46 + len;
	}
	memcpy(all + n, "PK\5\6", 4);
	all[n + 12] = (char)((n - at + directory_lies) & 0xff);
	all[n + 13] = (char)((n - at + directory_lies) >> 8);
	all[n + 16] = (char)at;
	return content(all, n + 22);
}

#define NAMES(...) (const char *const[]) { __VA_ARGS__, NULL }

static void
test_package(void **state)
{
	(void)state;
	assert_int_equal(package(NAMES("_rels/.rels", "word/document.xml",
	    "[Content_Types].xml"), 0), CONTENT_DOCX);
	assert_int_equal(package(NAMES("[Content_Types].xml",
	    "xl/workbook.xml"), 0), CONTENT_XLSX);
	assert_int_equal(package(NAMES("[content_types].xml",
	    "ppt/presentation.xml"), 0), CONTENT_PPTX);
	assert_int_equal(package(NAMES("OFD.xml", "Doc_0/Document.xml"), 0),
	    CONTENT_OFD);
	assert_int_equal(package(NAMES("[Content_Types].xml",
	    "xl/workbook.xml", "xl/vbaProject.bin"), 0), CONTENT_MACRO);
	assert_int_equal(package(NAMES("[Content_Types].xml",
	    "word/document.xml", "word/VBAproject.BIN"), 0), CONTENT_MACRO);
	assert_int_equal(package(NAMES("word/document.xml"), 0), CONTENT_ZIP);
	assert_int_equal(package(NAMES("[Content_Types].xml"), 0),
	    CONTENT_ZIP);
	assert_int_equal(package(NAMES("evil.exe"), 0), CONTENT_ZIP);
	/* A directory that would lie beyond the file. */
	assert_int_equal(package(NAMES("evil.exe"), 60000), CONTENT_PACKED);
}

/* ---- verdicts ------------------------------------------------------------------- */

static void
test_judge(void **state)
{
	static const struct {
		enum content content;
		const char *allowed, *declared, *name;
		const char *type, *kept; /* type NULL: refused with kept */
	} table[] = {
		{ CONTENT_JPEG, NULL, "image/jpeg", "a.jpg", "jpeg", "a.jpg" },
		{ CONTENT_JPEG, NULL, "", "a.JPEG", "jpeg", "a.JPEG" },
		{ CONTENT_JPEG, NULL, "application/octet-stream", "a", "jpeg",
		    "a.jpg" },
		{ CONTENT_PNG, NULL, "image/jpeg; x=y", "现场.jpg", "png",
		    "现场.png" },
		{ CONTENT_JPEG, NULL, "image/svg+xml", "a.jpg", NULL,
		    "type_mismatch" },
		{ CONTENT_JPEG, NULL, "text/html", "a.jpg", NULL,
		    "type_mismatch" },
		{ CONTENT_JPEG, NULL, "", "a.html", NULL, "name_mismatch" },
		{ CONTENT_JPEG, NULL, "", "a.jpg.exe", NULL, "name_mismatch" },
		{ CONTENT_JPEG, NULL, "", "a.pdf", NULL, "name_mismatch" },
		{ CONTENT_DOC, NULL, "", "a.wps", "wps", "a.wps" },
		{ CONTENT_DOC, NULL, "application/msword", "a", "doc",
		    "a.doc" },
		{ CONTENT_XLS, NULL, "", "a.et", "et", "a.et" },
		{ CONTENT_XLSX, NULL, "application/zip", "a.xlsx", "xlsx",
		    "a.xlsx" },
		{ CONTENT_XLSX, NULL, "", "a.docx", NULL, "name_mismatch" },
		{ CONTENT_TEXT, NULL, "application/vnd.ms-excel", "a.csv",
		    "csv", "a.csv" },
		{ CONTENT_TEXT, NULL, "text/plain", "a.js", NULL,
		    "name_mismatch" },
		{ CONTENT_TEXT, NULL, "text/javascript", "a.txt", NULL,
		    "type_mismatch" },
		{ CONTENT_MP4, NULL, "video/mp4", "a.mov", "mp4", "a.mp4" },
		{ CONTENT_ZIP, NULL, "", "a.zip", NULL, "type_not_allowed" },
		{ CONTENT_ZIP, "jpeg zip", "", "a.zip", "zip", "a.zip" },
		{ CONTENT_PDF, "jpeg zip", "", "a.pdf", NULL,
		    "type_not_allowed" },
		{ CONTENT_PROGRAM, NULL, "", "a.jpg", NULL,
		    "type_not_allowed" },
		{ CONTENT_MARKUP, NULL, "", "a.jpg", NULL,
		    "type_not_allowed" },
		{ CONTENT_MACRO, NULL, "", "a.xlsx", NULL,
		    "type_not_allowed" },
		{ CONTENT_EMPTY, NULL, "", "a.jpg", NULL, "empty" },
		{ CONTENT_UNKNOWN, NULL, "", "a.bin", NULL,
		    "type_not_allowed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char name[FILE_NAME_MAX];
		struct objection o = { 0 };
		const struct filetype *t;

		snprintf(name, sizeof(name), "%s", table[i].name);
		t = filetype_judge(table[i].content, table[i].allowed,
		    table[i].declared, name, &o);
		CHECK_STR(i, t != NULL ? t->code : "-",
		    table[i].type != NULL ? table[i].type : "-");
		CHECK_STR(i, t != NULL ? name : o.code, table[i].kept);
		if (t == NULL)
			assert_true(o.pointer && o.zh && o.en);
	}
	assert_null(filetype_unknown(NULL));
	assert_null(filetype_unknown("jpeg  pdf "));
	assert_string_equal(filetype_unknown("jpeg exe pdf"), "exe pdf");
}

/* ---- names ------------------------------------------------------------------------ */

static void
test_names(void **state)
{
	static const struct {
		const char *sent, *kept; /* NULL: refused */
	} table[] = {
		{ "照片.jpg", "照片.jpg" },
		{ "/etc/passwd", "passwd" },
		{ "C:\\Users\\张三\\桌面\\报告.docx", "报告.docx" },
		{ "../../x.pdf", "x.pdf" },
		{ "..", "附件" },
		{ "", "附件" },
		{ "a/", "附件" },
		{ ".htaccess", "htaccess" },
		{ "a.pdf. . ", "a.pdf" },
		{ "a\x01\x1f\x7f.pdf", "a.pdf" },
		{ "fdp\u202e.exe", "fdp.exe" },
		{ "a\u200b\u2066b\u2069\ufeff.pdf", "ab.pdf" },
		{ "a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf" },
		{ "a<b>c:d\"e|f?g*.pdf", "a_b_c_d_e_f_g_.pdf" },
		{ "CON.txt", "_CON.txt" },
		{ "com7", "_com7" },
		{ "COMMON.txt", "COMMON.txt" },
		{ "\xc7\xeb.pdf", NULL },
		{ "a\xed\xa0\x80.pdf", NULL },
	};
	struct arena a;
	char *name, *text;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		name = file_name_clean(&a, table[i].sent);
		CHECK_STR(i, name != NULL ? name : "-",
		    table[i].kept != NULL ? table[i].kept : "-");
	}
	/* Too long: the stem is cut, the ending is not. */
	text = arena_alloc(&a, 3 * 300 + 6);
	for (int i = 0; i < 300; i++)
		memcpy(text + 3 * i, "长", 3);
	memcpy(text + 900, ".docx", 6);
	name = file_name_clean(&a, text);
	assert_int_equal(strlen(name), 3 * 195 + 5);
	assert_string_equal(name + 3 * 195, ".docx");

	assert_string_equal(file_name_disposition(&a, "a \"b\"%.pdf"),
	    "attachment; filename=\"a _b__.pdf\"; "
	    "filename*=UTF-8''a%20%22b%22%25.pdf");
	assert_string_equal(file_name_disposition(&a, "照.jpg"),
	    "attachment; filename=\"_.jpg\"; "
	    "filename*=UTF-8''%E7%85%A7.jpg");
	arena_free(&a);
}

/* ---- ranges ------------------------------------------------------------------------ */

static void
test_ranges(void **state)
{
	static const struct {
		const char *header;
		enum range range;
		uint64_t first, end;
	} table[] = {
		{ NULL, RANGE_ALL, 0, 100 },
		{ "bytes=0-", RANGE_PART, 0, 100 },
		{ "bytes=0-0", RANGE_PART, 0, 1 },
		{ "Bytes=10-19", RANGE_PART, 10, 20 },
		{ "bytes=99-99", RANGE_PART, 99, 100 },
		{ "bytes=50-1000", RANGE_PART, 50, 100 },
		{ "bytes=-1", RANGE_PART, 99, 100 },
		{ "bytes=-1000", RANGE_PART, 0, 100 },
		{ "bytes=-0", RANGE_NONE, 0, 100 },
		{ "bytes=100-", RANGE_NONE, 0, 100 },
		{ "bytes=100-200", RANGE_NONE, 0, 100 },
		{ "bytes=99999999999999999999999-", RANGE_NONE, 0, 100 },
		{ "bytes=0-99999999999999999999999", RANGE_PART, 0, 100 },
		{ "bytes=20-10", RANGE_ALL, 0, 100 },
		{ "bytes=0-1,5-6", RANGE_ALL, 0, 100 },
		{ "bytes=-", RANGE_ALL, 0, 100 },
		{ "bytes=", RANGE_ALL, 0, 100 },
		{ "bytes=a-b", RANGE_ALL, 0, 100 },
		{ "bytes=1-2x", RANGE_ALL, 0, 100 },
		{ "items=0-1", RANGE_ALL, 0, 100 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		uint64_t first, end;

		if (byte_range(table[i].header, 100, &first, &end) !=
		    table[i].range || first != table[i].first ||
		    end != table[i].end)
			fail_msg("row %zu", i);
	}
}

/* ---- the store ----------------------------------------------------------------------- */

static unsigned
count(const char *folder)
{
	char command[256];
	unsigned n = 0;
	FILE *f;

	snprintf(command, sizeof(command),
	    "find '%s' -type f ! -name lock | wc -l", folder);
	f = popen(command, "r");
	assert_int_equal(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

static void
put(const char *folder, const char *text, char sha256[SHA_HEX_LEN + 1])
{
	struct deposit d;

	assert_int_equal(store_open(&d, folder, 0, 0), STORED);
	assert_int_equal(store_add(&d, text, strlen(text)), STORED);
	assert_int_equal(store_keep(&d), STORED);
	memcpy(sha256, d.sha256, SHA_HEX_LEN + 1);
	store_drop(&d);
}

static void
test_store(void **state)
{
	struct scratch s = scratch_new();
	char sha[SHA_HEX_LEN + 1], again[SHA_HEX_LEN + 1];
	char path[STORE_PATH_MAX];
	struct deposit d;
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	uint64_t n;
	int fd;

	(void)state;
	put(s.path, "content", sha);
	assert_string_equal(sha, "ed7002b439e9ac845f22357d822bac14"
	    "44730fbdb6016d3ec9432297b9ec9f73");
	assert_true(store_path(s.path, sha, path));
	assert_int_equal(access(path, R_OK), 0);
	/* Once more: kept once, and young again. */
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	put(s.path, "content", again);
	assert_string_equal(sha, again);
	assert_int_equal(count(s.path), 1);
	assert_int_equal(store_remove(s.path, sha), 0);
	/* A damaged file is made good by the next upload. */
	assert_int_equal(truncate(path, 3), 0);
	put(s.path, "content", again);
	fd = open(path, O_RDONLY);
	assert_true(store_sum(fd, again, &n));
	close(fd);
	assert_string_equal(sha, again);
	assert_int_equal(n, 7);
	/* Given up: nothing is left. */
	assert_int_equal(store_open(&d, s.path, 0, 0), STORED);
	assert_int_equal(store_add(&d, "x", 1), STORED);
	assert_int_equal(count(s.path), 2);
	store_drop(&d);
	store_drop(&d);
	assert_int_equal(count(s.path), 1);
	/* Old and unwanted. */
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_int_equal(store_remove(s.path, sha), 1);
	assert_int_equal(store_remove(s.path, sha), 0);
	assert_int_equal(store_remove(s.path, "../../etc/passwd"), -1);
	assert_int_equal(store_open(&d, "/nowhere", 0, 0), STORE_BROKEN);
	scratch_drop(&s);
}

/* What dies in the middle leaves a file that is swept a day later. */
static void
test_sweep(void **state)
{
	struct scratch s = scratch_new();
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct deposit d;

	(void)state;
	assert_int_equal(store_open(&d, s.path, 0, 0), STORED);
	assert_int_equal(store_sweep_temp(s.path), 0);
	assert_int_equal(utimensat(AT_FDCWD, d.temp, old, 0), 0);
	assert_int_equal(store_sweep_temp(s.path), 1);
	assert_int_equal(count(s.path), 0);
	store_drop(&d);
	scratch_drop(&s);
}

static void
test_full(void **state)
{
	struct scratch s = scratch_new();
	struct rlimit before, small;
	struct deposit d;
	char block[4096] = "";

	(void)state;
	/* Less would stay free than must. */
	assert_int_equal(store_open(&d, s.path, 0, 1ull << 60), STORE_FULL);
	assert_int_equal(store_open(&d, s.path, 1ull << 60, 0), STORE_FULL);
	store_drop(&d);
	/* The disk takes no more in the middle of a file. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 6000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(store_open(&d, s.path, 0, 0), STORED);
	assert_int_equal(store_add(&d, block, sizeof(block)), STORED);
	assert_int_equal(store_add(&d, block, sizeof(block)), STORE_FULL);
	setrlimit(RLIMIT_FSIZE, &before);
	store_drop(&d);
	assert_int_equal(count(s.path), 0);
	scratch_drop(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_package),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
