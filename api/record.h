/*
 * What any row may have beside itself: the log of commands given on it, and
 * evidence. Both are seen exactly when their row is.
 */
#ifndef API_RECORD_H
#define API_RECORD_H

#include "model/model.h"
#include "request.h"

void record_init(void); /* statements; after query_init() */

/* opinion, reason or note: the texts any command takes. */
bool record_text_name(const char *);
bool record_text_ok(const json_t *);
/* Faults of a command's "evidence" list, as the body gives it. */
void record_check_evidence(struct request *, const json_t *);
/* Plan the records of a command; the row is as the batch has left it. texts
 * are canonical or NULL. */
struct record_texts {
	const char *reason, *opinion, *note;
};
void record_command(struct request *, const struct entity *,
    const char *command, const char *from, const char *to,
    const struct record_texts *);
void record_evidence(struct request *, const struct entity *,
    const json_t *list);
/* Plans one part of the row r->arg[0], of which the id is set here: a piece of
 * evidence of any entity, or what an issue has beside. */
void record_part(struct request *, const struct entity *of,
    const struct entity *part, const char **row);

/* How much evidence the row has and who gave the last command on it: planned,
 * then read from the statement's rows. NULL: nobody yet. */
unsigned record_facts(struct request *, const struct entity *,
    const char *id);
long record_facts_evidence(const struct rows *);
const char *record_facts_giver(const struct rows *);

#endif
