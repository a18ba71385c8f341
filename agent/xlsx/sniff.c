/* Files that are not zips, told apart by their content. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "reader.h"

#define HEAD 4096u
#define OWNER_LEN 165

static enum refusal old_container(int, size_t, struct why *);
static bool owner_file(const unsigned char *, size_t);
static bool zeros(const unsigned char *, size_t);
static bool markup(const unsigned char *, size_t);

enum refusal
sniff(int fd, const struct budget *budget, struct why *why)
{
	static const unsigned char cfb[8] = { 0xd0, 0xcf, 0x11, 0xe0, 0xa1,
		0xb1, 0x1a, 0xe1 };
	unsigned char head[HEAD];
	struct stat st;
	ssize_t got;
	size_t n;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (got = pread(fd, head, sizeof(head), 0)) < 0)
		return refuse(why, REFUSED_IO, "", "");
	n = (size_t)got;
	if (n == 0)
		return refuse(why, REFUSED_EMPTY, "", "");
	if (n >= 4 && memcmp(head, "PK\3\4", 4) == 0)
		return READ_OK;
	if (n < 4 && memcmp(head, "PK\3\4", n) == 0)
		return refuse(why, REFUSED_TRUNCATED, "", "");
	if (n >= 8 && memcmp(head, cfb, 8) == 0)
		return old_container(fd, (size_t)st.st_size >
		    budget->packed ? budget->packed : (size_t)st.st_size, why);
	/* BIFF 2 to 5 without container */
	if (n >= 8 && head[0] == 0x09 && (head[1] & ~0x0e) == 0 &&
	    head[3] == 0 && head[2] <= 16)
		return refuse(why, REFUSED_XLS, "", "");
	if (owner_file(head, n))
		return refuse(why, REFUSED_OWNER_FILE, "", "");
	if (markup(head, n))
		return refuse(why, REFUSED_HTML, "", "");
	/* space set aside by a copy that has not begun to write */
	if (zeros(head, n))
		return refuse(why, REFUSED_TRUNCATED, "", "");
	return refuse(why, REFUSED_NOT_ZIP, "", "");
}

/* Is there a stream of this name? Directory entries are 128 bytes, aligned. */
static bool
has_stream(const unsigned char *p, size_t len, const char *name)
{
	size_t at, i, n;

	n = strlen(name);
	for (at = 512; at + 128 <= len; at += 128) {
		if (p[at + 64] != 2 * (n + 1) || p[at + 65] != 0 ||
		    p[at + 66] != 2)
			continue;
		for (i = 0; i < n; i++)
			if (p[at + 2 * i] != (unsigned char)name[i] ||
			    p[at + 2 * i + 1] != 0)
				break;
		if (i == n)
			return true;
	}
	return false;
}

/* The compound file of old Office: a password, or the old format. */
static enum refusal
old_container(int fd, size_t len, struct why *why)
{
	unsigned char *all;
	enum refusal code;
	ssize_t got;

	all = malloc(len);
	REQUIRE(all != NULL);
	got = pread(fd, all, len, 0);
	if (got < 0)
		code = refuse(why, REFUSED_IO, "", "");
	else if (has_stream(all, (size_t)got, "EncryptedPackage"))
		code = refuse(why, REFUSED_ENCRYPTED, "", "");
	else if (has_stream(all, (size_t)got, "Workbook") ||
	    has_stream(all, (size_t)got, "Book"))
		code = refuse(why, REFUSED_XLS, "", "");
	else
		code = refuse(why, REFUSED_NOT_ZIP, "", "");
	free(all);
	return code;
}

/*
 * Excel: length byte, user name padded to 54 bytes, then length and the name
 * in UTF-16, 165 bytes in all. LibreOffice: ",user,host,date,profile;".
 */
static bool
owner_file(const unsigned char *p, size_t n)
{
	size_t i, commas;

	if (n == OWNER_LEN && p[0] >= 1 && p[0] <= 54 && p[55] <= 54 &&
	    p[56] == 0) {
		for (i = 1 + (size_t)p[0]; i < 55; i++)
			if (p[i] != ' ' && p[i] != 0)
				return false;
		return true;
	}
	for (i = commas = 0; i < n; i++) {
		commas += p[i] == ',';
		if (p[i] < ' ')
			return false;
	}
	return n < 1024 && p[0] == ',' && commas >= 3 && p[n - 1] == ';';
}

static bool
zeros(const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && p[i] == 0; i++)
		continue;
	return i == n;
}

/* HTML, MHTML or XML under another name, also in UTF-16. */
static bool
markup(const unsigned char *p, size_t n)
{
	static const char *const mark[] = { "<html", "<!doctype html",
		"<table", "<meta", "<head", "<body", "<?xml", "<workbook",
		"mime-version:" };
	char text[HEAD + 1];
	size_t i, len;

	for (i = len = 0; i < n; i++)
		if (p[i] != 0)
			text[len++] = (char)p[i];
	text[len] = '\0';
	i = memcmp(text, "\xff\xfe", 2) == 0 ||
	    memcmp(text, "\xfe\xff", 2) == 0 ? 2 :
	    strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	i += strspn(text + i, " \t\r\n");
	for (len = 0; len < COUNT(mark); len++)
		if (strncasecmp(text + i, mark[len], strlen(mark[len])) == 0)
			return true;
	return false;
}
