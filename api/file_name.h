/* Names of files: from whoever sent them, and back in a header. Pure. */
#ifndef API_FILE_NAME_H
#define API_FILE_NAME_H

#include "base/arena.h"

#define FILE_NAME_CHARS 200

/*
 * What is kept of a name: its last path part, NFC, without control, bidi and
 * invisible characters, with _ for what Windows forbids, at most 200
 * characters of which an ending is never cut. Never empty. NULL: not UTF-8.
 */
char *file_name_clean(struct arena *, const char *);
/* attachment; filename="ascii"; filename*=UTF-8''… */
char *file_name_disposition(struct arena *, const char *);

#endif
