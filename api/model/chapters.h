/* The entities of all chapters, for model.c alone. */
#ifndef MODEL_CHAPTERS_H
#define MODEL_CHAPTERS_H

#include "model.h"

extern const struct entity division_entity;	     /* place.c */
extern const struct entity org_unit_entity;	     /* people.c */
extern const struct entity action_entity;	     /* action.c */
extern const struct entity issue_entity;	     /* issue.c */
extern const struct entity issue_progress_entity;    /* issue_parts.c */
extern const struct entity issue_acceptance_entity;
extern const struct entity evidence_entity;

extern const struct move issue_moves[]; /* issue_moves.c */
extern const size_t nissue_moves;

#endif
