/* Projects and the library: entities and moves, for project_chapter.c. */
#ifndef MODEL_PROJECT_CHAPTER_H
#define MODEL_PROJECT_CHAPTER_H

#include "model.h"

enum { PROJECT_MOVES = 18, LIBRARY_MOVES = 14 };

extern const struct entity project_entity;		/* project.c */
extern const struct move project_moves[PROJECT_MOVES];	/* project_moves.c */
extern const struct quality project_quality[]; /* project_quality.c */
extern const struct entity project_bundle_entity;	/* project_parts.c */
extern const struct entity project_location_entity;
extern const struct entity project_change_entity;
extern const struct entity project_funding_entity;
extern const struct entity library_entry_entity;	/* library.c */
extern const struct move library_moves[LIBRARY_MOVES];	/* library_moves.c */
extern const struct entity expert_entity;		/* evaluation.c */
extern const struct entity evaluation_entity;
extern const struct entity evaluation_expert_entity;
extern const struct entity filing_review_entity;	/* filing.c */

#endif
