/*
 * Attachments (附件): POST takes a file piece by piece into the store, GET
 * …/content gives it out. Their rows are like those of any other entity.
 */
#ifndef API_ATTACH_H
#define API_ATTACH_H

#include "request.h"

void attach_init(void); /* routes and statements */

enum next attach_upload(struct request *);
enum next attach_content(struct request *);

/* attach_taken.c: whether sending it, from its first byte or from another, is
 * a taking away of its own that the log is to tell of. */
bool attach_taking(const struct request *, bool from_start);
void attach_taken(const struct request *); /* and it was sent */

#endif
