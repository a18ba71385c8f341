/* One upload: what its request and the thread that works on it share. */
#ifndef API_ATTACH_IN_H
#define API_ATTACH_IN_H

#include "base/buf.h"
#include "filetype.h"
#include "multipart.h"
#include "request.h"
#include "store.h"

#define UPLOAD_PIECE ((size_t)256 << 10)
#define UPLOAD_FIELD_MAX 4096

enum { FIELD_NAME, FIELD_NOTE, FIELD_DIVISION, FIELD_ACTION,
	FIELD_SENSITIVITY, FIELDS };

/* Either the loop has it or a thread, never both. */
struct upload {
	struct deposit d;
	enum stored stored;
	int error;	       /* errno of STORE_BROKEN */
	struct objection wrong; /* code NULL: none */
	bool multipart, opened, file, last, ready;
	struct multipart parser;
	struct buf *filling;   /* the field whose part is read; NULL: the file */
	char sent[1025];       /* name of the file as sent */
	char declared[256];    /* its Content-Type */
	char name[FILE_NAME_MAX];
	const struct filetype *type;
	struct buf field[FIELDS];
	unsigned char given_field[FIELDS];
	uint64_t coming;       /* bytes announced */
	size_t got;	       /* in piece[] */
	char *piece;
	/* Of the loop. */
	bool busy, left;       /* a thread has it; the request is gone */
	char bytes[24];
	struct given given[4];
};

extern const char *const upload_fields[FIELDS];

/* Its body is a form. */
void upload_form(struct upload *, const char *boundary);
/* NULL when there is no such field, or it was given before. */
struct buf *upload_field(struct upload *, const char *name);
/* In a thread: takes piece[], and when it is the last, the file becomes a
 * content of the store, its type and name known. */
void upload_work(void *);

#endif
