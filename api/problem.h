/* Errors as people and programs read them: RFC 9457, Chinese and English. */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include <stddef.h>

#include "request.h"

/* The request's err, code, detail and faults as status and body. */
void problem_reply(struct request *);
/* The same for what never became a request; returns the length. */
int problem_short(char *out, size_t size, unsigned status, const char *code,
    const char *zh, const char *en);
/* The stable code that reply carries. */
const char *problem_code(const struct request *);
const char *problem_title(unsigned status);

/* One fault as an object. */
void fault_write(struct buf *, const struct fault *, bool en);

#endif
