/* What a command leaves behind besides the row: evidence, acceptance, note. */
#ifndef API_MOVE_RECORD_H
#define API_MOVE_RECORD_H

#include "model/model.h"
#include "request.h"

void record_init(void);
/* Plans the count of an issue's evidence. */
void record_count(struct request *, const char *id);
/* Faults of the body's "evidence" list. */
void record_check_evidence(struct request *, const json_t *);
void record_check_date(struct request *, const char *pointer,
    const char *date);
/* opinion, reason or note. */
bool record_text_name(const char *);
bool record_text_ok(const json_t *);
/* Plans the records of a command; they are written only if the row of the
 * batch's first statement was. */
void record_add(struct request *, const struct entity *, const struct move *,
    const char *const *row, const json_t *body);

#endif
