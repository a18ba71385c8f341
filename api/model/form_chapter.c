/* Questionnaires (domain.md 3.3). */
#include "chapters.h"
#include "form_chapter.h"

const struct entity *const form_chapter[] = {
	&form_template_entity,
	&form_question_entity,
	&form_response_entity,
	&form_finding_entity,
	&sign_off_entity,
	NULL,
};
