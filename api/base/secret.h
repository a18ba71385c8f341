/* What must stay secret: files nobody else may read, memory nobody dumps. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads the whole file of at most size - 1 bytes and ends it with a NUL.
 * NULL, or what is wrong with it, as a sentence to log: a file that others
 * may read or write, or that is somebody else's, is refused, not used.
 */
const char *secret_file(const char *path, char *out, size_t size,
    size_t *len);

/* No core dump, and no other process of the user may look into this one. */
void secret_process(void);

#endif
