/*
 * multipart/form-data, taken apart as it comes in, in any pieces: pure, so that
 * it can be tested and fuzzed by itself. Nothing of a part but its headers is
 * ever kept.
 */
#ifndef API_MULTIPART_H
#define API_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_BOUNDARY_MAX 70 /* RFC 2046 */
#define MULTIPART_PARTS_MAX 32
#define MULTIPART_HEAD_MAX 4096	  /* header bytes of one part */
#define MULTIPART_EXTRA_MAX 4096  /* before the first part, after the last */

struct part {
	char name[101];	      /* of the form field */
	char filename[1025];  /* as sent: to be cleaned */
	char type[101];	      /* Content-Type, "" if none */
	bool file;	      /* it has a file name */
};

/* A part begins, some of its bytes, it ends. False stops the parser, whose
 * reason is then "stopped". */
struct multipart_sink {
	bool (*begin)(void *, const struct part *);
	bool (*data)(void *, const char *, size_t);
	bool (*end)(void *);
	void *arg;
};

struct multipart {
	struct multipart_sink sink;
	char mark[4 + MULTIPART_BOUNDARY_MAX + 1]; /* CR LF - - boundary */
	size_t mark_len, matched;
	bool fresh;	      /* nothing of the part's data has come */
	enum { MP_BEFORE, MP_MARKED, MP_HEAD, MP_DATA, MP_AFTER, MP_BROKEN }
	    at;
	char tail[2];	      /* what follows a boundary */
	size_t ntail;
	char head[MULTIPART_HEAD_MAX];
	size_t nhead, extra;
	unsigned parts;
	const char *wrong;    /* a stable code, once broken */
	struct part part;
};

/* The boundary of a Content-Type; false: it is not multipart/form-data with a
 * boundary that is allowed. */
bool multipart_boundary(const char *type,
    char out[MULTIPART_BOUNDARY_MAX + 1]);
void multipart_open(struct multipart *, const char *boundary,
    const struct multipart_sink *);
/* NULL, or why it cannot go on; then it never goes on. */
const char *multipart_feed(struct multipart *, const char *, size_t);
/* NULL when the last boundary has been seen. */
const char *multipart_close(struct multipart *);

#endif
