/* What the files that tell content share. */
#ifndef API_FILETYPE_IN_H
#define API_FILETYPE_IN_H

#include "filetype.h"

/* Where in a text a reader is, by either encoding. */
struct text {
	bool utf8, gb;
	unsigned char first;	 /* visible byte, 0: none yet */
	unsigned more;		 /* bytes of a UTF-8 character to come */
	unsigned char low, high; /* of the next of them */
	int gb_at;
};

/* All n bytes, or false. */
bool read_at(int fd, void *into, size_t n, uint64_t at);
enum content zip_content(int fd, uint64_t size);
enum content ole_content(int fd, uint64_t size);

#endif
