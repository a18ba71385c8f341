/* People, operators, documents and yearly facts of places (domain.md 3.3). */
#include "people_chapter.h"

#include "chapters.h"

const struct entity *const people_chapter[] = {
	&village_year_fact_entity,
	&county_year_fact_entity,
	&org_coverage_entity,
	&org_member_entity,
	&contact_entity,
	&operator_entity,
	&operator_indicator_entity,
	&operator_feedback_entity,
	&source_document_entity,
	&source_document_basis_entity,
	NULL,
};
