/* The entities of the chapter of benefit. */
#ifndef MODEL_BENEFIT_CHAPTER_H
#define MODEL_BENEFIT_CHAPTER_H

#include "model.h"

extern const struct entity benefit_mechanism_entity; /* benefit.c */
extern const struct entity benefit_agreement_entity;
extern const struct entity benefit_record_entity;

extern const struct entity household_entity; /* household.c */
extern const struct entity household_year_fact_entity;
extern const struct entity person_flag_entity;

#endif
