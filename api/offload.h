/* The worker's few threads for work that would hold up the loop. */
#ifndef API_OFFLOAD_H
#define API_OFFLOAD_H

#include "request.h"

void offload_open(void); /* in each worker */
void offload_close(void);
void offload_forget(struct request *);

#endif
