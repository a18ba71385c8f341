/* The entities of the chapter of risk, classification and plans. */
#ifndef MODEL_RISK_CHAPTER_H
#define MODEL_RISK_CHAPTER_H

#include "model.h"

extern const struct entity risk_assessment_entity; /* risk.c */
extern const struct entity risk_milestone_entity;
extern const struct entity downgrade_application_entity;

extern const struct entity risk_episode_entity; /* risk_episode.c */

extern const struct entity classification_case_entity; /* classification.c */

extern const struct entity classification_opinion_entity; /* classification_parts.c */
extern const struct entity idle_fact_entity;
extern const struct entity elimination_step_entity;

extern const struct entity rectification_plan_entity; /* plan.c */
extern const struct entity rectification_task_entity;

#endif
