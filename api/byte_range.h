/* Range: bytes=… of one file. Pure. */
#ifndef API_BYTE_RANGE_H
#define API_BYTE_RANGE_H

#include <stdint.h>

enum range {
	RANGE_ALL,  /* none, several, or none we understand: the whole file */
	RANGE_PART, /* from first to before end */
	RANGE_NONE, /* nothing of it lies in the file: 416 */
};

/* header may be NULL; size > 0. */
enum range byte_range(const char *header, uint64_t size, uint64_t *first,
    uint64_t *end);

#endif
