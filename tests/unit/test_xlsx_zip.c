/* The zip directory: every byte changed, every length cut, raw access. */
#include <stdlib.h>

#include "base/err.h"
#include "check.h"
#include "xlsx_pack.h"

#define SHEET "<worksheet xmlns='" PACK_MAIN "'><sheetData><row><c t='s'>" \
	"<v>0</v></c><c><v>42</v></c></row></sheetData></worksheet>"
#define SST "<sst xmlns='" PACK_MAIN "'><si><t>台账</t></si></sst>"

struct seen {
	char text[256];
};

static bool
on_row(void *arg, const struct row *row)
{
	struct seen *seen = arg;
	size_t i, n;

	for (i = 0; i < row->ncells; i++) {
		n = strlen(seen->text);
		snprintf(seen->text + n, sizeof(seen->text) - n, "%u:%u=%s ",
		    row->row, row->cell[i].col, row->cell[i].text);
	}
	return true;
}

static enum refusal
stream(const void *data, size_t len, struct seen *seen)
{
	const struct row_sink sink = { .arg = seen, .row = on_row };
	const char *zh, *en;
	enum refusal code;
	int fd;

	seen->text[0] = '\0';
	fd = pack_file(data, len);
	assert_true(fd >= 0);
	code = workbook_stream(fd, &budget_default, &sink, &zh, &en);
	close(fd);
	assert_true((code == READ_OK) == (zh[0] == '\0'));
	return code;
}

static char *
good_file(size_t *len)
{
	char *data;
	int fd;

	fd = pack_book("", SHEET, SST, NULL);
	*len = (size_t)lseek(fd, 0, SEEK_END);
	data = malloc(*len);
	assert_non_null(data);
	assert_int_equal(pread(fd, data, *len, 0), (ssize_t)*len);
	close(fd);
	return data;
}

/*
 * A changed byte is refused or changes nothing that is read: times, versions
 * and attributes of entries mean nothing to us.
 */
static void
every_byte_changed(void **state)
{
	static const unsigned char with[] = { 0x01, 0x80, 0xff, 0x20 };
	struct seen want, seen;
	size_t i, k, len, refused;
	char *data;

	(void)state;
	data = good_file(&len);
	assert_int_equal(stream(data, len, &want), READ_OK);
	assert_string_equal(want.text, "1:1=台账 1:2=42 ");
	for (i = refused = 0; i < len; i++)
		for (k = 0; k < COUNT(with); k++) {
			data[i] = (char)(data[i] ^ with[k]);
			if (stream(data, len, &seen) != READ_OK)
				refused++;
			else
				CHECK_STR(i, seen.text, want.text);
			data[i] = (char)(data[i] ^ with[k]);
		}
	/* most bytes mean something */
	assert_true(refused > len * COUNT(with) * 3 / 4);
	free(data);
}

static void
every_length(void **state)
{
	struct seen seen;
	enum refusal code;
	size_t len, n;
	char *data;

	(void)state;
	data = good_file(&len);
	for (n = 0; n < len; n++) {
		code = stream(data, n, &seen);
		assert_int_equal(code, n == 0 ? REFUSED_EMPTY :
		    REFUSED_TRUNCATED);
	}
	free(data);
}

/* The raw records are the file: a writer that copies them copies it all. */
static void
raw_records(void **state)
{
	struct why why = { 0 };
	const struct zip_entry *e;
	struct zip zip;
	size_t i, at, len;
	uint32_t offset;
	char *data;
	int fd;

	(void)state;
	data = good_file(&len);
	fd = pack_file(data, len);
	assert_int_equal(zip_open(&zip, fd, &budget_default, &why), READ_OK);
	assert_int_equal(zip.nentries, 6);
	for (i = at = 0; i < zip.nentries; i++) {
		e = &zip.entry[i];
		assert_int_equal(e->offset, at);
		assert_memory_equal(e->local, data + at, e->local_len);
		assert_ptr_equal(e->local, zip.bytes + at);
		at += e->local_len;
		assert_int_equal(e->offset_width, 4);
		memcpy(&offset, e->central + e->offset_at, 4);
		assert_int_equal(offset, e->offset);
	}
	assert_int_equal(at, zip.directory_at);
	for (i = 0; i < zip.nentries; i++) {
		assert_memory_equal(zip.entry[i].central, data + at,
		    zip.entry[i].central_len);
		at += zip.entry[i].central_len;
	}
	assert_int_equal(at + 22, len);
	zip_close(&zip);
	close(fd);
	free(data);
}

static void
lookups(void **state)
{
	const struct pack_part parts[] = {
		{ "xl/Sheet.xml", "one", 0 }, { "xl\\b.xml", "two", 0 },
		{ "a", "three", 0 },
	};
	static const struct { const char *name, *want; } table[] = {
		{ "xl/Sheet.xml", "one" }, { "XL/sheet.XML", "one" },
		{ "/xl/sheet.xml", "one" }, { "xl/b.xml", "two" },
		{ "a", "three" }, { "A", "three" }, { "aa", NULL },
		{ "", NULL }, { "xl/", NULL }, { "xl\\b.xml", NULL },
		{ "//a", NULL },
	};
	const struct zip_entry *e;
	struct why why = { 0 };
	struct zip zip;
	size_t i, n;
	char *all;
	int fd;

	(void)state;
	fd = pack_fd(parts, COUNT(parts));
	assert_int_equal(zip_open(&zip, fd, &budget_default, &why), READ_OK);
	for (i = 0; i < COUNT(table); i++) {
		e = zip_find(&zip, table[i].name);
		assert_true((e == NULL) == (table[i].want == NULL));
		if (e == NULL)
			continue;
		all = zip_read_all(&zip, e, 100, &n);
		assert_non_null(all);
		assert_int_equal(n, strlen(table[i].want));
		CHECK_STR(i, all, table[i].want);
		free(all);
	}
	assert_null(zip_read_all(&zip, &zip.entry[2], 4, &n));
	assert_int_equal(why.code, REFUSED_BOMB);
	zip_close(&zip);
	close(fd);
}

/* Each refusal has a name and two sentences that say what to do. */
static void
sentences(void **state)
{
	struct why why;
	int code, other;

	(void)state;
	for (code = REFUSED_EMPTY; code < REFUSED__MAX; code++) {
		memset(&why, 0, sizeof(why));
		assert_int_equal(refuse(&why, (enum refusal)code, "", ""),
		    code);
		assert_true(strlen(why.zh) > 30 && strlen(why.en) > 30);
		for (other = READ_OK; other < code; other++)
			assert_string_not_equal(
			    refusal_name((enum refusal)code),
			    refusal_name((enum refusal)other));
		/* the first reason stays */
		assert_int_equal(refuse(&why, REFUSED_IO, "", ""), code);
	}
}

/* A sentence that is too long ends with a whole character. */
static void
long_sentences(void **state)
{
	char detail[2000];
	struct why why;
	size_t i, shift;

	(void)state;
	for (shift = 0; shift < 4; shift++) {
		memset(&why, 0, sizeof(why));
		memset(detail, 'x', shift);
		for (i = shift; i + 3 < sizeof(detail); i += 3)
			memcpy(detail + i, "台", 3);
		detail[i] = '\0';
		refuse(&why, REFUSED_IO, detail, detail);
		i = strlen(why.zh);
		assert_true(i > sizeof(why.zh) - 5 && i < sizeof(why.zh));
		assert_int_equal((i - shift) % 3, 0);
		assert_memory_equal(why.zh + i - 3, "台", 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_changed),
		cmocka_unit_test(every_length),
		cmocka_unit_test(raw_records),
		cmocka_unit_test(lookups),
		cmocka_unit_test(sentences),
		cmocka_unit_test(long_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
