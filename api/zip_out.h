/* A zip archive as a stream: sizes follow the data, so nothing is kept. */
#ifndef API_ZIP_OUT_H
#define API_ZIP_OUT_H

#include <stddef.h>

#include "base/buf.h"

struct zip_out;

struct zip_out *zip_new(void);
/* One entry after the other, each below 4 GB as it is and deflated; the names
 * live as long as the archive. */
void zip_entry_begin(struct zip_out *, const char *name);
/* Deflates into out what can be deflated now. */
void zip_entry_add(struct zip_out *, const void *, size_t, struct buf *out);
void zip_entry_end(struct zip_out *, struct buf *out);
void zip_finish(struct zip_out *, struct buf *out); /* the directory */
void zip_free(struct zip_out *); /* NULL-safe */

#endif
