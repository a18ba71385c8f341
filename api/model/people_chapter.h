/* People, operators, documents and yearly facts, for people_chapter.c. */
#ifndef MODEL_PEOPLE_CHAPTER_H
#define MODEL_PEOPLE_CHAPTER_H

#include "model.h"

extern const struct entity village_year_fact_entity;	/* place_year.c */
extern const struct entity county_year_fact_entity;
extern const struct entity org_coverage_entity;		/* org_parts.c */
extern const struct entity org_member_entity;
extern const struct entity contact_entity;
extern const struct entity operator_entity;		/* operator.c */
extern const struct entity operator_indicator_entity;
extern const struct entity operator_feedback_entity;
extern const struct entity source_document_entity;	/* document.c */
extern const struct entity source_document_basis_entity;

#endif
