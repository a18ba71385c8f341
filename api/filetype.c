/* Which files may be kept: by content, declared type and ending of the name. */
#include "filetype.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

#define OOXML "application/vnd.openxmlformats-officedocument."

static const struct filetype types[] = {
	{ "jpeg", CONTENT_JPEG, "image/jpeg", "image/jpg image/pjpeg",
	    "jpg jpeg jfif", 'i', false },
	{ "png", CONTENT_PNG, "image/png", "image/x-png", "png", 'i', false },
	{ "gif", CONTENT_GIF, "image/gif", "", "gif", 'i', false },
	{ "webp", CONTENT_WEBP, "image/webp", "", "webp", 'i', false },
	{ "heic", CONTENT_HEIC, "image/heic", "image/heif", "heic heif", 'i',
	    false },
	{ "tiff", CONTENT_TIFF, "image/tiff", "image/tif", "tif tiff", 'i',
	    false },
	{ "pdf", CONTENT_PDF, "application/pdf", "application/x-pdf", "pdf", 0,
	    false },
	{ "ofd", CONTENT_OFD, "application/ofd", "", "ofd", 0, false },
	{ "docx", CONTENT_DOCX, OOXML "wordprocessingml.document",
	    "application/wps-office.docx application/zip "
	    "application/x-zip-compressed", "docx", 0, false },
	{ "xlsx", CONTENT_XLSX, OOXML "spreadsheetml.sheet",
	    "application/wps-office.xlsx application/zip "
	    "application/x-zip-compressed", "xlsx", 0, false },
	{ "pptx", CONTENT_PPTX, OOXML "presentationml.presentation",
	    "application/wps-office.pptx application/zip "
	    "application/x-zip-compressed", "pptx", 0, false },
	{ "doc", CONTENT_DOC, "application/msword",
	    "application/wps-office.doc", "doc", 0, false },
	{ "wps", CONTENT_DOC, "application/wps-office.wps",
	    "application/vnd.ms-works", "wps", 0, false },
	{ "xls", CONTENT_XLS, "application/vnd.ms-excel",
	    "application/wps-office.xls application/x-xls", "xls", 0, false },
	{ "et", CONTENT_XLS, "application/wps-office.et", "", "et", 0, false },
	{ "ppt", CONTENT_PPT, "application/vnd.ms-powerpoint",
	    "application/wps-office.ppt", "ppt", 0, false },
	{ "dps", CONTENT_PPT, "application/wps-office.dps", "", "dps", 0,
	    false },
	{ "txt", CONTENT_TEXT, "text/plain", "", "txt log", 0, false },
	/* Windows calls a CSV what opens it. */
	{ "csv", CONTENT_TEXT, "text/csv",
	    "application/csv application/vnd.ms-excel", "csv", 0, false },
	{ "mp4", CONTENT_MP4, "video/mp4", "", "mp4 m4v", 'v', false },
	{ "mov", CONTENT_MOV, "video/quicktime", "", "mov", 'v', false },
	{ "zip", CONTENT_ZIP, "application/zip",
	    "application/x-zip-compressed", "zip", 0, true },
};

/* Why files of no type are refused. */
static const struct {
	enum content content;
	const char *code, *zh, *en;
} refusals[] = {
	{ CONTENT_EMPTY, "empty", "文件是空的", "The file is empty." },
	{ CONTENT_PROGRAM, "type_not_allowed", "不能上传程序文件",
	    "Programs are not taken." },
	{ CONTENT_SCRIPT, "type_not_allowed", "不能上传脚本文件",
	    "Scripts are not taken." },
	{ CONTENT_MARKUP, "type_not_allowed",
	    "文件内容是网页或 XML（HTML、SVG），不能上传",
	    "The content is HTML, SVG or XML, which is not taken." },
	{ CONTENT_MACRO, "type_not_allowed",
	    "文件中含有宏，请另存为不带宏的文件后再上传",
	    "The document carries macros: save it without them." },
	{ CONTENT_PACKED, "type_not_allowed", "不能上传压缩包，请解压后逐个上传",
	    "Archives are not taken: send the files one by one." },
	{ CONTENT_ZIP, "type_not_allowed", "不能上传压缩包，请解压后逐个上传",
	    "Archives are not taken: send the files one by one." },
	{ CONTENT_UNKNOWN, "type_not_allowed", "无法识别文件类型，或不允许此类文件",
	    "The content is of no type that is taken." },
};

static const struct filetype *by_content(enum content, const char *ext);
static const struct filetype *by_ext(const char *ext);
static bool allowed_type(const struct filetype *, const char *allowed);
static bool declared_fits(const struct filetype *, const char *declared);
static bool listed(const char *list, const char *word, size_t n);
static const char *ending(const char *name);

const struct filetype *
filetype_judge(enum content content, const char *allowed,
    const char *declared, char name[FILE_NAME_MAX], struct objection *o)
{
	const char *ext = ending(name);
	const struct filetype *t = by_content(content, ext);
	const struct filetype *named = by_ext(ext);
	size_t n = strlen(name), first;

	if (t == NULL || !allowed_type(t, allowed)) {
		size_t i = 0;

		while (refusals[i].content != content &&
		    refusals[i].content != CONTENT_UNKNOWN)
			i++;
		*o = (struct objection) { "/file", refusals[i].code,
			refusals[i].zh, refusals[i].en };
		return NULL;
	}
	if (!declared_fits(t, declared)) {
		*o = (struct objection) { "/file", "type_mismatch",
			"文件内容与声明的类型（Content-Type）不符",
			"The content is not of the declared Content-Type." };
		return NULL;
	}
	if (named != NULL && named->content == content)
		return t;
	/* Phones call any picture .jpg. */
	if (named != NULL && named->family != 0 && named->family == t->family)
		n -= strlen(ext) + 1;
	else if (*ext != '\0') {
		*o = (struct objection) { "/name", "name_mismatch",
			"文件扩展名与内容不符，请改正扩展名",
			"The ending of the name does not fit the content." };
		return NULL;
	}
	first = strcspn(t->exts, " ");
	REQUIRE(n + 1 + first < FILE_NAME_MAX);
	name[n] = '.';
	memcpy(name + n + 1, t->exts, first);
	name[n + 1 + first] = '\0';
	return t;
}

void
filetype_list(const char *allowed, char *out, size_t size)
{
	size_t n = 0;

	*out = '\0';
	for (size_t i = 0; i < COUNT(types) && n < size; i++)
		if (allowed_type(&types[i], allowed))
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    n > 0 ? " " : "", types[i].code);
}

const char *
filetype_unknown(const char *allowed)
{
	for (const char *p = allowed; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, " "), i = 0;

		while (i < COUNT(types) && (strlen(types[i].code) != n ||
		    strncmp(types[i].code, p, n) != 0))
			i++;
		if (n > 0 && i == COUNT(types))
			return p;
		p += n + strspn(p + n, " ");
	}
	return NULL;
}

/* Of several types with one content the ending chooses, else the first. */
static const struct filetype *
by_content(enum content content, const char *ext)
{
	const struct filetype *first = NULL;

	for (size_t i = 0; i < COUNT(types); i++) {
		if (types[i].content != content)
			continue;
		if (listed(types[i].exts, ext, strlen(ext)))
			return &types[i];
		if (first == NULL)
			first = &types[i];
	}
	return first;
}

static const struct filetype *
by_ext(const char *ext)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (listed(types[i].exts, ext, strlen(ext)))
			return &types[i];
	return NULL;
}

static bool
allowed_type(const struct filetype *t, const char *allowed)
{
	return allowed == NULL ? !t->optional
	    : listed(allowed, t->code, strlen(t->code));
}

/* Clients that do not know say octet-stream, or nothing. */
static bool
declared_fits(const struct filetype *t, const char *declared)
{
	size_t n = strcspn(declared, "; \t");

	if (n == 0 || listed("application/octet-stream binary/octet-stream",
	    declared, n))
		return true;
	if ((t->family == 'i' && strncasecmp(declared, "image/", 6) == 0 &&
	    strncasecmp(declared, "image/svg", 9) != 0) ||
	    (t->family == 'v' && strncasecmp(declared, "video/", 6) == 0))
		return true;
	for (size_t i = 0; i < COUNT(types); i++)
		if (types[i].content == t->content &&
		    (listed(types[i].mime, declared, n) ||
		    listed(types[i].aliases, declared, n)))
			return true;
	return false;
}

static bool
listed(const char *list, const char *word, size_t n)
{
	for (const char *p = list; n > 0 && *p != '\0';) {
		size_t len = strcspn(p, " ");

		if (len == n && strncasecmp(p, word, n) == 0)
			return true;
		p += len + strspn(p + len, " ");
	}
	return false;
}

/* "" when there is none; a name that begins with a dot has none. */
static const char *
ending(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot == NULL || dot == name ? "" : dot + 1;
}
