/* Projects and the library (domain.md 3.3). */
#include "project_chapter.h"

#include "chapters.h"

const struct entity *const project_chapter[] = {
	&project_entity,
	&project_bundle_entity,
	&project_location_entity,
	&project_change_entity,
	&project_funding_entity,
	&library_entry_entity,
	&expert_entity,
	&evaluation_entity,
	&evaluation_expert_entity,
	&filing_review_entity,
	NULL,
};
