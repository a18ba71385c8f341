/* Benefit links and households (domain.md 3.3). */
#include "benefit_chapter.h"

#include "chapters.h"

const struct entity *const benefit_chapter[] = {
	&benefit_mechanism_entity,
	&benefit_agreement_entity,
	&benefit_record_entity,
	&household_entity,
	&household_year_fact_entity,
	&person_flag_entity,
	NULL,
};
