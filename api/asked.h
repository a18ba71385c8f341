/*
 * What a GET may be asked for in its query: the parameters that the OpenAPI
 * document gives its route, and no others. Lists of entities know theirs by
 * themselves, for each caller (list_filter.c).
 */
#ifndef API_ASKED_H
#define API_ASKED_H

#include "request.h"

void asked_init(void); /* after every route is registered */
/* The value of that parameter does not fit: a fault at ?name. */
void asked_wrong(struct request *, const char *name);
enum next asked_refuse(struct request *); /* with the faults there are */
enum next asked_refused(struct request *, const char *name); /* both */

#endif
