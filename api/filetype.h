/*
 * What a file is, told by its content and never by its name: pure but for the
 * reading of the file, so that it can be tested by itself.
 */
#ifndef API_FILETYPE_H
#define API_FILETYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum content {
	CONTENT_UNKNOWN,
	CONTENT_EMPTY,
	CONTENT_PROGRAM, /* executables and libraries */
	CONTENT_SCRIPT,	 /* a shebang line */
	CONTENT_MARKUP,	 /* HTML, SVG, XML: text that begins with < */
	CONTENT_MACRO,	 /* an office document that carries macros */
	CONTENT_PACKED,	 /* rar, 7z, gzip … */
	CONTENT_ZIP,
	CONTENT_JPEG, CONTENT_PNG, CONTENT_GIF, CONTENT_WEBP, CONTENT_HEIC,
	CONTENT_TIFF, CONTENT_PDF, CONTENT_OFD, CONTENT_DOCX, CONTENT_XLSX,
	CONTENT_PPTX, CONTENT_DOC, CONTENT_XLS, CONTENT_PPT, CONTENT_TEXT,
	CONTENT_MP4, CONTENT_MOV,
};

struct filetype {
	const char *code;    /* jpeg: in TAIZHANG_FILE_TYPES */
	enum content content;
	const char *mime;
	const char *aliases; /* what clients call it too, blank separated */
	const char *exts;    /* of names, the usual one first */
	char family;	     /* i image, v video, 0 */
	bool optional;	     /* only where the setting names it */
};

/* At any offset; reads at most 64 KB before it knows, but all of a text and
 * the directory of a package. CONTENT_UNKNOWN also when reading fails. */
enum content content_of(int fd, uint64_t size);

/* Why it is refused: the field, a stable code, both languages. */
struct objection {
	const char *pointer, *code, *zh, *en;
};
#define FILE_NAME_MAX 1100 /* bytes: 200 characters and an ending */
/*
 * The type of a file that may be kept, else NULL and why. allowed: codes, NULL
 * for the default ones; declared: its Content-Type or "". The ending of the
 * name, clean already, is made to agree with the content where that is
 * harmless.
 */
const struct filetype *filetype_judge(enum content, const char *allowed,
    const char *declared, char name[FILE_NAME_MAX], struct objection *);
/* The codes that are allowed, as a sentence part; and of a wrong list the
 * first unknown code, NULL if there is none. */
void filetype_list(const char *allowed, char *out, size_t size);
const char *filetype_unknown(const char *allowed);

#endif
