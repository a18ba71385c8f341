/* Risk, classification and plans (domain.md 3.3). */
#include "risk_chapter.h"

#include "chapters.h"

const struct entity *const risk_chapter[] = {
	&risk_assessment_entity,
	&risk_milestone_entity,
	&downgrade_application_entity,
	&risk_episode_entity,
	&classification_case_entity,
	&classification_opinion_entity,
	&idle_fact_entity,
	&elimination_step_entity,
	&rectification_plan_entity,
	&rectification_task_entity,
	NULL,
};
